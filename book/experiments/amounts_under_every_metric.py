"""Amounts under every metric: eight losses for a straight line, each judged by seven metrics, recorded over seeds.

One straight-line model, fitted to its optimum with each loss (L-BFGS from the least-squares start; linear programmes
for the absolute error and the quantiles), so that no learning rate can favour one of them.

1. matrix: the diabetes data with 0, 5 and 20 % of the training targets spoilt, upwards or both ways, and the tumours as
   they are (area error from the radius and its square). Each loss is judged by every metric, on held-back rows that
   are never spoilt.
2. planted: the diabetes inputs, and made-up targets: the least-squares line of the whole set plus normal noise of its
   residuals' spread, drawn anew in each run; then spoilt in the same ways. Each loss that asks for the middle is judged
   by its distance from the planted line. It answers what insurance against spoilt targets costs where none is needed.

A spoilt target has between 200 and 600 added to it, as in ``where_to_bend.py``; both ways: added or taken away, by
the toss of a coin. Where Huber and log-cosh bend is read off the training residuals of the absolute error, spoilt as
they are: 0.5, 1.345 and 3 robust sigmas, and 1.205 for log-cosh. The metrics that have a scale take it from the
residuals on training targets that are not spoilt, and it is the same for all losses. «Total off» is how far the sum of
the predictions is from the sum of the targets, in per cent of the latter.

Run ``python -m book.experiments.amounts_under_every_metric`` to record anew; it takes some minutes.
"""

from pathlib import Path

import torch
from sklearn.linear_model import QuantileRegressor
from torch import Tensor

import lossbook
from book.experiments.where_to_bend import fit, predict, robust_sigma, spoil
from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "amounts_under_every_metric.json"
SEEDS = range(20)
PLANTED_SEEDS = range(60)
BENDS, LOG_COSH = (0.5, 1.345, 3.0), 1.205  # in robust sigmas of the residuals
LEVELS = (0.25, 0.75)
# Each way to spoil: the share of the training targets, and whether it goes both ways.
SPOILT = {
    "nothing spoilt": (0.0, False),
    "5 % upwards": (0.05, False),
    "20 % upwards": (0.2, False),
    "5 % both ways": (0.05, True),
    "20 % both ways": (0.2, True),
}

Metrics = dict[str, float]


def fit_quantile(x: Tensor, y: Tensor, q: float) -> Tensor:
    """The line below which a share of ``q`` of the targets lies, as a linear programme."""
    model = QuantileRegressor(quantile=q, alpha=0.0, solver="highs").fit(x.double().numpy(), y.double().numpy())
    return torch.tensor([*model.coef_, model.intercept_], dtype=torch.float64)


def fits(x: Tensor, y: Tensor, levels: tuple[float, ...] = LEVELS) -> dict[str, Tensor]:
    """The coefficients under every loss."""
    absolute = fit_quantile(x, y, 0.5)
    sigma = robust_sigma(y.double() - predict(x, absolute))
    scale = LOG_COSH * sigma
    return {
        "squared": fit(x, y, lossbook.mse_loss),
        **{f"Huber {bend:g}": fit(x, y, lossbook.HuberLoss(delta=bend * sigma)) for bend in reversed(BENDS)},
        "log-cosh": fit(x, y, lambda said, came: lossbook.log_cosh_loss(said / scale, came / scale)),
        "absolute": absolute,
        **{f"quantile {q:g}": fit_quantile(x, y, q) for q in levels},
    }


def metrics(said: Tensor, came: Tensor, sigma: float) -> Metrics:
    """What the held-back errors come to: in the units of the target, but for Huber and log-cosh, in units of sigma."""
    scale = LOG_COSH * sigma
    return {
        "RMSE": lossbook.mse_loss(said, came).sqrt().item(),
        "Huber": lossbook.huber_loss(said / sigma, came / sigma, delta=BENDS[1]).item(),
        "log-cosh": lossbook.log_cosh_loss(said / scale, came / scale).item(),
        "MAE": lossbook.l1_loss(said, came).item(),
        **{f"pinball {q:g}": lossbook.quantile_loss(said, came, q=q).item() for q in LEVELS},
        "total off": 100 * (said.sum() / came.sum() - 1).abs().item(),
    }


def run(split: data.Split, y_train: Tensor) -> dict[str, Metrics]:
    """Fit with each loss on ``y_train``; judge each on the held-back rows."""
    clean = split.y_train.double() - predict(split.x_train, fit_quantile(split.x_train, split.y_train, 0.5))
    sigma, came = robust_sigma(clean), split.y_test.double()
    return {
        name: metrics(predict(split.x_test, found), came, sigma) for name, found in fits(split.x_train, y_train).items()
    }


def spoilt(y: Tensor, share: float, both_ways: bool, seed: int) -> Tensor:
    """Training targets, a share of them spoilt: upwards, or each by the toss of a coin."""
    found = spoil(y, share, seed)
    if both_ways:
        sign = torch.randint(2, y.shape, generator=torch.Generator().manual_seed(3000 + seed)) * 2 - 1
        found = y + sign * (found - y)
    return found


def patients(seed: int) -> data.Split:
    """One split of the diabetes data, each measurement in units of its standard deviation."""
    x, y = data.diabetes()
    return data.split(x / x.std(0), y, seed)


def tumours(seed: int) -> data.Split:
    """One split of the tumours: the radius from its mean in units of its standard deviation, and its square."""
    amounts = data.tumour_area_error()
    radius = (amounts.x - amounts.x.mean()) / amounts.x.std()
    return data.split(torch.stack([radius, radius.square()], 1), amounts.y, seed)


def planted(share: float, both_ways: bool, seed: int) -> Metrics:
    """One draw of made-up targets: how far each fitted line lies from the planted one, root mean square."""
    x, y = data.diabetes()
    x = x / x.std(0)
    line = predict(x, fit(x, y, lossbook.mse_loss))
    noise = torch.randn(len(y), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    made = line + (y - line).std() * noise
    found = fits(x, spoilt(made, share, both_ways, seed), levels=())
    return {
        name: (predict(x, coefficients) - line).square().mean().sqrt().item() for name, coefficients in found.items()
    }


def by_loss(splits: list[dict[str, Metrics]]) -> dict[str, list[Metrics]]:
    """The runs of each loss."""
    return {name: [found[name] for found in splits] for name in splits[0]}


def matrices() -> dict[str, dict[str, list[Metrics]]]:
    """Every set of rows: the runs of each loss."""
    found = {}
    for name, how in SPOILT.items():
        splits = [patients(seed) for seed in SEEDS]
        found[f"diabetes, {name}"] = by_loss(
            [run(split, spoilt(split.y_train, *how, seed)) for split, seed in zip(splits, SEEDS, strict=True)]
        )
    found["tumours"] = by_loss([run(split, split.y_train) for split in map(tumours, SEEDS)])
    return found


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    record = {
        "about": "Eight losses for amounts under every metric; see book/experiments/amounts_under_every_metric.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "matrix": matrices(),
        "planted_seeds": list(PLANTED_SEEDS),
        "planted": {name: [planted(*how, seed) for seed in PLANTED_SEEDS] for name, how in SPOILT.items()},
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
