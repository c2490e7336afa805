"""Where to bend: the experiment behind the picture of the Huber chapter, recorded over seeds.

Two questions, each asked of a straight-line model fitted to its optimum:

1. planted: a share of the training targets is spoilt (diabetes data). Which delta gives the smallest error on
   clean held-back rows?
2. real: nothing is spoilt, the outliers are the data's own (tumour data). What does each loss win, and what does
   it cost?

Run ``python book/experiments/where_to_bend.py`` to record anew; it takes a minute or two. The chapter shows the record.
"""

import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from sklearn.linear_model import QuantileRegressor
from torch import Tensor

import lossbook
from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "where_to_bend.json"
SEEDS = range(30)
SHARES = (0.0, 0.05, 0.15, 0.30)
# delta, in units of the robust sigma of the residuals.
BENDS = (0.1, 0.2, 0.4, 0.7, 1.0, 1.345, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0)

Metrics = dict[str, float]


def with_intercept(x: Tensor) -> Tensor:
    """The rows of ``x`` with a column of ones, in float64."""
    return torch.cat([x, torch.ones(len(x), 1)], dim=1).double()


def fit(x: Tensor, y: Tensor, loss: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The coefficients that minimise a smooth, convex loss, from the least-squares start."""
    design, y = with_intercept(x), y.double()
    coefficients = torch.linalg.lstsq(design, y[:, None]).solution[:, 0].requires_grad_()
    optimizer = torch.optim.LBFGS(
        [coefficients], max_iter=500, tolerance_grad=1e-8, tolerance_change=1e-12, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(design @ coefficients, y)
        value.backward()
        return value

    optimizer.step(closure)
    return coefficients.detach()


def fit_l1(x: Tensor, y: Tensor) -> Tensor:
    """The least absolute errors, as a linear programme: gradient steps do not settle on a kink."""
    model = QuantileRegressor(quantile=0.5, alpha=0.0, solver="highs").fit(x.double().numpy(), y.double().numpy())
    return torch.tensor([*model.coef_, model.intercept_], dtype=torch.float64)


def predict(x: Tensor, coefficients: Tensor) -> Tensor:
    """What the straight line says."""
    return with_intercept(x) @ coefficients


def robust_sigma(residuals: Tensor) -> float:
    """Median absolute deviation from the median, scaled to be the standard deviation of a normal variable."""
    return 1.4826 * (residuals - residuals.median()).abs().median().item()


def spoil(y: Tensor, share: float, seed: int) -> Tensor:
    """Add between 200 and 600 to a share of the targets: far above the spread of the diabetes target."""
    generator = torch.Generator().manual_seed(1000 + seed)
    chosen = torch.randperm(len(y), generator=generator)[: round(share * len(y))]
    spoilt = y.clone()
    spoilt[chosen] += 200 + 400 * torch.rand(len(chosen), generator=generator)
    return spoilt


def metrics(error: Tensor) -> Metrics:
    """What the held-back errors come to, in the units of the target."""
    return {
        "rmse": error.square().mean().sqrt().item(),
        "mae": error.abs().mean().item(),
        "bias": error.mean().item(),
    }


def run(split: data.Split, y_train: Tensor) -> dict[str, Metrics]:
    """Fit with L1, with Huber at each bend, with MSE; judge each on the held-back rows."""
    absolute = fit_l1(split.x_train, y_train)
    sigma = robust_sigma(y_train.double() - predict(split.x_train, absolute))
    fits = {"l1": absolute, "mse": fit(split.x_train, y_train, lossbook.mse_loss)}
    for bend in BENDS:
        loss = lossbook.HuberLoss(delta=bend * sigma)
        fits[f"huber {bend:g}"] = fit(split.x_train, y_train, loss)
    return {name: metrics(predict(split.x_test, c) - split.y_test.double()) for name, c in fits.items()}


def spoilt_split(share: float, seed: int) -> tuple[data.Split, Tensor]:
    """One split of the diabetes data, and its training targets with a share of them spoilt."""
    x, y = data.diabetes()
    split = data.split(x / x.std(0), y, seed)
    return split, spoil(split.y_train, share, seed)


def real_split(seed: int) -> tuple[data.Split, Tensor]:
    """One split of the tumour data, and its training targets as they are."""
    amounts = data.tumour_area_error()
    split = data.split(amounts.x[:, None], amounts.y, seed)
    return split, split.y_train


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    warnings.simplefilter("error")
    record = {
        "about": "Huber's delta against the held-back error; see book/experiments/where_to_bend.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "bends": list(BENDS),
        "planted": {f"{share:g}": [run(*spoilt_split(share, seed)) for seed in SEEDS] for share in SHARES},
        "real": [run(*real_split(seed)) for seed in SEEDS],
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
