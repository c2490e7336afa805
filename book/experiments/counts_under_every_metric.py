"""Counts under every metric: three losses for the visits to a doctor, each judged by five metrics, over splits.

One model, a straight line for the logarithm: of the rate, under Poisson loss and under squared error, where the
prediction is its exponential; of count + 1, where squared error meets the logarithms and the prediction is the
exponential less one. That last one also with its predictions scaled so that they add up to the training counts: is the
scale all that is wrong with it? Each is fitted to its optimum (L-BFGS with a line search, from the best constant), so
that no learning rate can favour one of them.

Two sizes, since neighbouring rows can be years of one person, both in blocks of a hundred neighbours:

- many: 20 splits of all rows, three tenths of the blocks held back;
- few: the blocks are dealt out to 20 runs once, so that no two runs share a row: 500 rows to train, as many to judge.

Run ``python -m book.experiments.counts_under_every_metric`` to record anew; it takes a minute.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

import lossbook
from book.experiments.where_to_bend import with_intercept
from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "counts_under_every_metric.json"
SEEDS = range(20)
DEALT = 0  # the seed by which the blocks are dealt out for the small runs
BLOCK = 100  # neighbouring rows that stay together
FEW = 5  # blocks to train on, in the small runs
LEAST = 0.01  # no prediction is below: a rate is positive

Metrics = dict[str, float]


def lowest(cost: Callable[[Tensor], Tensor], start: Tensor) -> Tensor:
    """Where a smooth cost is lowest, from a start."""
    point = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [point], max_iter=300, tolerance_grad=1e-8, tolerance_change=1e-11, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = cost(point)
        value.backward()
        return value

    optimizer.step(closure)
    return point.detach()


def predictions(split: data.Split) -> dict[str, Tensor]:
    """What each way of training says of the held-back rows."""
    x, x_new, y = with_intercept(split.x_train), with_intercept(split.x_test), split.y_train.double()
    start = torch.zeros(x.shape[1], dtype=torch.float64)
    start[-1] = y.mean().log()
    poisson = lowest(lambda w: lossbook.poisson_nll_loss(x @ w, y), start)
    squared = lowest(lambda w: lossbook.mse_loss((x @ w).exp(), y), start)
    on_log = torch.linalg.lstsq(x, y.log1p()[:, None]).solution[:, 0]
    scale = y.sum() / (x @ on_log).expm1().sum()
    said = {
        "Poisson": (x_new @ poisson).exp(),
        "squared": (x_new @ squared).exp(),
        "squared on log": (x_new @ on_log).expm1(),
        "squared on log, scaled": (x_new @ on_log).expm1() * scale,
    }
    return {name: rates.clamp(min=LEAST) for name, rates in said.items()}


def metrics(said: Tensor, came: Tensor) -> Metrics:
    """What the predictions are worth: in visits, but for the deviance and the logarithm."""
    surprise = said - torch.special.xlogy(came, said)
    at_best = came - torch.special.xlogy(came, came)
    return {
        "deviance": 2 * (surprise - at_best).mean().item(),
        "RMSE": lossbook.mse_loss(said, came).sqrt().item(),
        "RMSE of logs": lossbook.mse_loss(said.log1p(), came.log1p()).sqrt().item(),
        "MAE": lossbook.l1_loss(said, came).item(),
        "total off": 100 * (said.sum() / came.sum() - 1).abs().item(),
        "total": said.sum().item() / came.sum().item(),
    }


def split_of(train: Tensor, test: Tensor) -> data.Split:
    """The rows of these blocks, standardised by those to train on; what is the same in all of them is left out."""
    x, visits, _ = data.doctor_visits()
    rows = torch.arange(len(x)) // BLOCK
    held, kept = torch.isin(rows, test), torch.isin(rows, train)
    varies = x[kept].std(0) > 1e-3 * x.std(0)
    x = ((x - x[kept].mean(0)) / x[kept].std(0))[:, varies]
    return data.Split(x[kept], visits[kept], x[held], visits[held])


def shuffled_blocks(seed: int) -> Tensor:
    """The numbers of all whole blocks, in random order."""
    whole = len(data.doctor_visits()[1]) // BLOCK
    return torch.randperm(whole, generator=torch.Generator().manual_seed(seed))


def many(seed: int) -> data.Split:
    """All blocks, three tenths of them held back."""
    order = shuffled_blocks(seed)
    held_back = round(0.3 * len(order))
    return split_of(order[held_back:], order[:held_back])


def few(run: int, dealt: int = DEALT) -> data.Split:
    """The blocks of one run, which no other run sees."""
    own = shuffled_blocks(dealt)[run :: len(SEEDS)]
    return split_of(own[:FEW], own[FEW:])


SIZES = {"many": many, "few": few}


def run(split: data.Split) -> dict[str, Metrics]:
    """Every way of training, judged on the held-back rows."""
    came = split.y_test.double()
    return {name: metrics(said, came) for name, said in predictions(split).items()}


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    runs = {size: [run(draw(seed)) for seed in SEEDS] for size, draw in SIZES.items()}
    record = {
        "about": "Three losses for counts under every metric; see book/experiments/counts_under_every_metric.py",
        **records.stamp("statsmodels"),
        "seeds": list(SEEDS),
        "rows": {size: [len(part) for part in (draw(0).y_train, draw(0).y_test)] for size, draw in SIZES.items()},
        "runs": {
            size: {name: [found[name] for found in splits] for name in splits[0]} for size, splits in runs.items()
        },
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
