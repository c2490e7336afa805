"""Ranges for nine targets in ten: the experiment behind the section on quantiles of the page beyond torch, over splits.

A small network on the tumours (one input, a spread that grows), a linear model on the diabetes data (ten inputs). Each
gives a range that should hold nine new targets in ten, in one of three ways:

- quantile: three outputs, trained with the quantile loss at 0.05, 0.5 and 0.95;
- normal: a mean and a variance, trained with Gaussian NLL; the range is that of a normal distribution;
- residual: the mean alone, trained with squared error on three quarters of the rows; the range lies around it as the
  residuals of the last quarter do, so it is equally wide for all.

Judged on held-back rows: the share inside, overall and in the third with the largest predictions of the residual
way and in the third with the smallest; the width; and the quantile loss at 0.05 and 0.95, which is smallest for the
true range. Lastly how often a lower end lies above its upper end.
The models of all splits are trained side by side, as one batch of matrices: no weight belongs to two of them.

Run ``python book/experiments/ranges_for_nine_in_ten.py`` to record anew. The chapter shows the record.
"""

from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import lossbook
from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "ranges_for_nine_in_ten.json"
SEEDS = range(20)
LEVELS = (0.05, 0.5, 0.95)
Z = 1.6448536  # nine in ten of a normal distribution lie within this many standard deviations
STEPS, RATE = 500, 0.01

Layers = list[tuple[Tensor, Tensor]]


def tumours() -> tuple[Tensor, Tensor]:
    """The mean radius, and the area error."""
    amounts = data.tumour_area_error()
    return amounts.x[:, None], amounts.y


SETS = {"tumours": tumours, "diabetes": data.diabetes}
HIDDEN = {"tumours": 8, "diabetes": 0}  # units of the hidden layer; without one the model is linear
OUTPUTS = {"quantile": 3, "normal": 2, "residual": 1}


def starts(*sizes: int) -> Layers:
    """Weights and biases of each layer, as torch starts them, stacked over the seeds."""
    layers: list[list[nn.Linear]] = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        layers.append([nn.Linear(before, after) for before, after in pairwise(sizes)])
    stacked = []
    for same in zip(*layers, strict=True):
        weight, bias = (torch.stack([getattr(layer, name).detach() for layer in same]) for name in ("weight", "bias"))
        stacked.append((weight.requires_grad_(), bias.requires_grad_()))
    return stacked


def outputs_of(layers: Layers, x: Tensor) -> Tensor:
    """What the models say: (seeds, rows, outputs)."""
    for number, (weight, bias) in enumerate(layers):
        x = torch.baddbmm(bias[:, None], x.tanh() if number else x, weight.mT)
    return x


def costs(way: str, said: Tensor, y: Tensor) -> Tensor:
    """The losses of one way of training."""
    if way == "quantile":
        return lossbook.quantile_loss(said, y, q=LEVELS, reduction="none")
    if way == "normal":
        return lossbook.gaussian_nll_loss(said[..., 0], y, variance(said), reduction="none")
    return lossbook.mse_loss(said[..., 0], y, reduction="none")


def variance(said: Tensor) -> Tensor:
    """The second output, made positive."""
    return F.softplus(said[..., 1]) + 1e-4


def train(way: str, x: Tensor, y: Tensor, hidden: int) -> Layers:
    """All models of one way, side by side."""
    layers = starts(x.shape[-1], *[hidden] * (hidden > 0), OUTPUTS[way])
    optimizer = torch.optim.Adam([tensor for layer in layers for tensor in layer], lr=RATE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        costs(way, outputs_of(layers, x), y).flatten(1).mean(1).sum().backward()  # no weight belongs to two seeds
        optimizer.step()
    return layers


@torch.no_grad()
def ranges(way: str, x: Tensor, y: Tensor, x_new: Tensor, hidden: int) -> tuple[Tensor, Tensor, Tensor]:
    """Train, and give the lower end, the middle and the upper end for new rows."""
    kept = len(x[0]) - len(x[0]) // 4 if way == "residual" else len(x[0])
    with torch.enable_grad():
        layers = train(way, x[:, :kept], y[:, :kept], hidden)
    said = outputs_of(layers, x_new)
    if way == "quantile":
        low, middle, high = said.unbind(2)
    elif way == "normal":
        middle, half = said[..., 0], Z * variance(said).sqrt()
        low, high = middle - half, middle + half
    else:
        middle = said[..., 0]
        residual = y[:, kept:] - outputs_of(layers, x[:, kept:])[..., 0]
        low, high = (middle + residual.quantile(q, dim=1, keepdim=True) for q in (LEVELS[0], LEVELS[-1]))
    return low, middle, high


def run(rows: str) -> dict[str, list[dict[str, float]]]:
    """All splits of one set of rows: for each way, the metrics on the held-back rows."""
    splits = [data.split(*SETS[rows](), seed) for seed in SEEDS]
    x, y, x_new, y_new = (torch.stack(parts) for parts in zip(*(vars(split).values() for split in splits), strict=True))
    shift, scale = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    x, x_new = (x - shift) / scale, (x_new - shift) / scale
    centre, unit = y.mean(1, keepdim=True), y.std(1, keepdim=True)
    found = {}
    size = torch.empty(0)
    for way in ("residual", "normal", "quantile"):
        parts = ranges(way, x, (y - centre) / unit, x_new, HIDDEN[rows])
        low, middle, high = (part * unit + centre for part in parts)
        size = middle if way == "residual" else size  # what is called large is the same for all ways
        found[way] = [metrics(*one) for one in zip(low, high, y_new, size, strict=True)]
    return found


def metrics(low: Tensor, high: Tensor, y: Tensor, size: Tensor) -> dict[str, float]:
    """How good a range is, in units of the target."""
    inside = ((low <= y) & (y <= high)).double()
    order = size.argsort()
    third = len(y) // 3
    ends = lossbook.quantile_loss(torch.stack([low, high], 1), y, q=(LEVELS[0], LEVELS[-1]))
    return {
        "covered": inside.mean().item(),
        "covered, small": inside[order[:third]].mean().item(),
        "covered, large": inside[order[-third:]].mean().item(),
        "width": (high - low).mean().item(),
        "ends": ends.item(),
        "crossed": (low > high).double().mean().item(),
    }


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    record = {
        "about": "Ranges by quantile loss, Gaussian NLL, residuals; see book/experiments/ranges_for_nine_in_ten.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "runs": {rows: run(rows) for rows in SETS},
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
