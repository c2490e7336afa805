"""The variance head: how a network that predicts its own variance goes wrong, and what helps, recorded over seeds.

Two ways to go wrong, each with networks trained by Gaussian NLL in full batches:

1. memorised: 216 patients and a network large enough to learn them by heart (diabetes data). The claimed variance
   falls on the training rows. What does the loss say on held-back rows, epoch by epoch?
2. starved: a small network on the tumour data, once with targets in their own units and once standardised. Where the
   model claims a large variance, the pull on the mean is weak. What is the mean error among the largest fifth?

Run ``python book/experiments/variance_head.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "variance_head.json"
SEEDS = range(10)
# mse: no variance head. floor: a least variance, a tenth of that of the targets. warm: the mean first, by squared
# error. beta: each row's loss times its own variance to the power of one half, without gradient.
REMEDIES = ("mse", "nll", "floor", "warm", "beta")
UNITS = ("own", "standardised")
CHECKPOINTS = (25, 50, 75, 100, 150, 200, 300, 400, 500, 600)
EPOCHS = 600
WARM_UP = 200
FLOOR = 0.1
Z = 1.6448536  # nine in ten of a normal distribution lie within this many standard deviations

Metrics = dict[str, float]


def network(inputs: int, hidden: int, layers: int, seed: int) -> nn.Module:
    """A mean and a raw variance for each row."""
    torch.manual_seed(seed)
    sizes = [inputs, *[hidden] * layers]
    parts = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.Tanh())]
    return nn.Sequential(*parts, nn.Linear(hidden, 2)).double()


def heads(model: nn.Module, x: Tensor, remedy: str) -> tuple[Tensor, Tensor]:
    """The mean, and the variance: softplus of the second output, plus a floor (a tiny one if that is no remedy)."""
    mean, raw = model(x).unbind(dim=1)
    return mean, F.softplus(raw) + (FLOOR if remedy == "floor" else 1e-6)


def cost(model: nn.Module, x: Tensor, y: Tensor, remedy: str, epoch: int) -> Tensor:
    """What is minimised in an epoch."""
    mean, var = heads(model, x, remedy)
    if remedy == "mse" or (remedy == "warm" and epoch < WARM_UP):
        return F.mse_loss(mean, y)
    loss = F.gaussian_nll_loss(mean, y, var, reduction="none")
    return (loss * var.detach().sqrt() if remedy == "beta" else loss).mean()


def judge(mean: Tensor, var: Tensor, y: Tensor) -> Metrics:
    """Loss, error, and how many targets lie inside the interval for nine in ten."""
    return {
        "nll": F.gaussian_nll_loss(mean, y, var).item(),
        "rmse": (mean - y).square().mean().sqrt().item(),
        "covered": ((mean - y).abs() < Z * var.sqrt()).double().mean().item(),
    }


def scaled(part: Tensor, train: Tensor) -> Tensor:
    """In units of the training rows' standard deviation, from their mean."""
    return ((part - train.mean(0)) / train.std(0)).double()


def memorised(remedy: str, seed: int) -> dict[str, dict[str, Metrics]]:
    """One training on the diabetes data: for each checkpoint, the metrics on three sets of rows."""
    outer = data.split(*data.diabetes(), seed)
    inner = data.split(outer.x_train, outer.y_train, seed)  # train, and validation
    x, y = scaled(inner.x_train, inner.x_train), scaled(inner.y_train, inner.y_train)
    rows = {
        "train": (x, y),
        "validation": (scaled(inner.x_test, inner.x_train), scaled(inner.y_test, inner.y_train)),
        "test": (scaled(outer.x_test, inner.x_train), scaled(outer.y_test, inner.y_train)),
    }
    model = network(10, hidden=64, layers=2, seed=seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    seen = {}
    for epoch in range(EPOCHS):
        optimizer.zero_grad()
        cost(model, x, y, remedy, epoch).backward()
        optimizer.step()
        if epoch + 1 in CHECKPOINTS:
            with torch.no_grad():
                outputs = {name: heads(model, part, remedy) for name, (part, _) in rows.items()}
                if remedy == "mse":  # one variance for all, from rows that were not trained on
                    constant = (outputs["validation"][0] - rows["validation"][1]).square().mean()
                    outputs = {name: (mean, constant.expand_as(mean)) for name, (mean, _) in outputs.items()}
                seen[str(epoch + 1)] = {name: judge(*outputs[name], rows[name][1]) for name in rows}
    return seen


def starved(remedy: str, units: str, seed: int) -> Metrics:
    """One training on the tumour data: errors on held-back rows, in the units of the target."""
    tumours = data.tumour_area_error()
    split = data.split(tumours.x[:, None], tumours.y, seed)
    shift, scale = (split.y_train.mean(), split.y_train.std()) if units == "standardised" else (0.0, 1.0)
    x, y = scaled(split.x_train, split.x_train), ((split.y_train - shift) / scale).double()
    model = network(1, hidden=32, layers=1, seed=seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for epoch in range(EPOCHS):
        optimizer.zero_grad()
        cost(model, x, y, remedy, epoch).backward()
        optimizer.step()
    with torch.no_grad():
        mean, _ = heads(model, scaled(split.x_test, split.x_train), remedy)
    error = mean * scale + shift - split.y_test
    large = split.x_test[:, 0] >= split.x_test.quantile(0.8)
    return {"rmse": error.square().mean().sqrt().item(), "large": error[large].mean().item()}


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    record = {
        "about": "Networks that predict their own variance; see book/experiments/variance_head.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "checkpoints": list(CHECKPOINTS),
        "memorised": {remedy: [memorised(remedy, seed) for seed in SEEDS] for remedy in REMEDIES},
        "starved": {
            units: {
                remedy: [starved(remedy, units, seed) for seed in SEEDS] for remedy in REMEDIES if remedy != "floor"
            }
            for units in UNITS
        },
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
