"""Ranges where noise grows: squared error with one spread against Gaussian NLL with a spread for each row, over splits.

Straight lines of the same inputs, fitted to their optimum (least squares; L-BFGS from there), so that no learning rate
can favour one of them:

- one spread: the mean by squared error; the spread is that of the training residuals, for all rows alike;
- own spread: mean and logarithm of the variance by Gaussian NLL, both at once;
- two steps: the mean by squared error, then the logarithm of the variance by Gaussian NLL around that mean.

Four sets: flights (the lateness from the delay at the gate, the hour, airline and month; whole days are held back),
tumours (area error from the radius and its square), food (what a family spends on it, from its income: Engel's data of
1857, as shipped with statsmodels), and the diabetes patients, whose noise hardly grows.

A range for nine in ten is the mean, give or take 1.645 spreads. Judged on held-back rows: RMSE; Gaussian NLL; the
interval score (the width, and twenty times what a target outside is away from the nearer end: smallest for the true
range, Gneiting and Raftery 2007); the share inside, overall and in thirds by the spread that Gaussian NLL claims; and
«thirds off», the mean distance of the three shares from nine in ten, in points.

Run ``python -m book.experiments.ranges_where_noise_grows`` to record anew; it takes a minute or two.
"""

from pathlib import Path

import torch
from torch import Tensor

import lossbook
from book.experiments.amounts_under_every_metric import patients, tumours
from book.experiments.counts_under_every_metric import lowest
from book.experiments.where_to_bend import with_intercept
from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "ranges_where_noise_grows.json"
SEEDS = range(20)
Z = 1.6448536  # nine in ten of a normal distribution lie within this many standard deviations
LEVEL = 0.9

Metrics = dict[str, float]


def flights(seed: int) -> data.Split:
    """Days shuffled, three tenths of them held back: flights of a day share their weather."""
    flown = data.flights()
    # One airline and one month are what the others are compared with.
    x = flown.features[:, [name not in ("AA", "January") for name in flown.names]]
    days = torch.randperm(365, generator=torch.Generator().manual_seed(seed))
    held_back = torch.isin(flown.day, days[: round(0.3 * 365)])
    return data.Split(x[~held_back], flown.late[~held_back], x[held_back], flown.late[held_back])


def food(seed: int) -> data.Split:
    """235 Belgian families: what they spend on food, from their income, in francs a year."""
    from statsmodels.datasets import engel  # here, since it takes a second to load

    table = engel.load_pandas().data
    income, spent = (torch.tensor(table[name].to_numpy(), dtype=torch.float32) for name in ("income", "foodexp"))
    return data.split(income[:, None], spent, seed)


SETS = {"flights": flights, "tumours": tumours, "food": food, "diabetes": patients}


def claims(x: Tensor, y: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """The coefficients of the mean and those of the logarithm of the variance, for each way."""
    mean = torch.linalg.lstsq(x, y[:, None]).solution[:, 0]
    rest = (y - x @ mean).square().sum() / (len(y) - len(mean))
    constant = torch.zeros_like(mean)
    constant[-1] = rest.log()
    around = lowest(lambda s: lossbook.gaussian_nll_loss(x @ mean, y, (x @ s).exp()), constant)
    both = lowest(
        lambda p: lossbook.gaussian_nll_loss(x @ p[: len(mean)], y, (x @ p[len(mean) :]).exp()),
        torch.cat([mean, around]),
    )
    return {
        "one spread": (mean, constant),
        "own spread": (both[: len(mean)], both[len(mean) :]),
        "two steps": (mean, around),
    }


def metrics(mean: Tensor, spread: Tensor, came: Tensor, thirds: tuple[Tensor, ...]) -> Metrics:
    """How good mean and range are, in units of the target; ``thirds`` are rows."""
    error, half = (came - mean).abs(), Z * spread
    inside = (error <= half).double()
    shares = [inside[rows].mean().item() for rows in thirds]
    return {
        "RMSE": error.square().mean().sqrt().item(),
        "Gaussian NLL": lossbook.gaussian_nll_loss(mean, came, spread.square()).item(),
        "interval score": (2 * half + 2 / (1 - LEVEL) * (error - half).clamp(min=0)).mean().item(),
        "thirds off": 100 * sum(abs(share - LEVEL) for share in shares) / len(shares),
        "inside": inside.mean().item(),
        **{f"inside, {name}": share for name, share in zip(("low", "middle", "high"), shares, strict=True)},
        "width": 2 * half.mean().item(),
    }


def run(split: data.Split) -> dict[str, Metrics]:
    """Fit in each way, judge on the held-back rows."""
    shift, scale = split.x_train.mean(0), split.x_train.std(0)
    y = split.y_train.double()
    centre, unit = y.mean(), y.std()
    x, x_new = (with_intercept((part - shift) / scale) for part in (split.x_train, split.x_test))
    found = claims(x, (y - centre) / unit)
    said = {
        name: (x_new @ mean * unit + centre, (x_new @ log_variance / 2).exp() * unit)
        for name, (mean, log_variance) in found.items()
    }
    thirds = said["own spread"][1].argsort(stable=True).chunk(3)
    came = split.y_test.double()
    return {name: metrics(mean, spread, came, thirds) for name, (mean, spread) in said.items()}


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    runs = {rows: [run(draw(seed)) for seed in SEEDS] for rows, draw in SETS.items()}
    record = {
        "about": "One spread against one for each row; see book/experiments/ranges_where_noise_grows.py",
        **records.stamp("scikit-learn", "statsmodels"),
        "seeds": list(SEEDS),
        "runs": {
            rows: {name: [found[name] for found in splits] for name in splits[0]} for rows, splits in runs.items()
        },
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
