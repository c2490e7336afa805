"""Focal loss for what is rare: the experiment behind the section on focal loss of the page beyond torch, over splits.

Two sets of rows. Heavy years: was a year one of ten visits to a doctor or more (one in eighteen)? Eights: is a digit an
8, where only so many eights are trained on that they are one digit in sixty-six; the eights held back are weighted,
so that they count as much.

One network with one hidden layer, trained with binary cross-entropy, with focal loss (gamma 1, 2 and 5, no alpha), with
focal loss as libraries set it (gamma 2, alpha 0.25), and with ``pos_weight`` as PyTorch's documentation suggests it.

Judged on held-back rows: average precision; the surprise of the probabilities as they are, of the scores divided by
the best temperature, and for focal loss without alpha of the probabilities taken back by its own formula; and F1, with
the threshold at one half and with the best one. Temperature and threshold are chosen on one half of the held-back rows
and judged on the other, both ways round.

Run ``python -m book.experiments.focal_for_rare`` to record anew; it takes some minutes. The chapter shows the record.
"""

from functools import partial
from pathlib import Path

import torch
from sklearn import datasets
from sklearn.metrics import average_precision_score
from torch import Tensor, nn

import lossbook
from book.experiments.weigh_or_move import heavy_years
from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "focal_for_rare.json"
SEEDS = range(12)
EIGHTS = 15  # of about a thousand digits to train on
HIDDEN = 16
STEPS = {"heavy years": 25, "eights": 60}  # of L-BFGS
GAMMAS = (1.0, 2.0, 5.0)

Metrics = dict[str, float]


def eights(seed: int) -> data.Split:
    """Digits, 60 % of them to train on, where all eights but a few are left out."""
    pixels, digit = datasets.load_digits(return_X_y=True)
    x, y = torch.tensor(pixels) / 16 - 0.3, (torch.tensor(digit) == 8).double()
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    train, test = order[: int(0.6 * len(y))], order[int(0.6 * len(y)) :]
    kept = torch.cat([train[y[train] == 0], train[y[train] == 1][:EIGHTS]])
    return data.Split(x[kept], y[kept], x[test], y[test])


SETS = {"heavy years": heavy_years, "eights": eights}


def criteria(y: Tensor) -> dict[str, nn.Module | partial[Tensor]]:
    """Every way to train."""
    ratio = (1 - y).sum() / y.sum()
    focal = {f"focal {gamma:g}": partial(lossbook.focal_loss, gamma=gamma) for gamma in GAMMAS}
    return {
        "bce": nn.BCEWithLogitsLoss(),
        **focal,
        "focal 2, alpha": partial(lossbook.focal_loss, gamma=2.0, alpha=0.25),
        "weighted": nn.BCEWithLogitsLoss(pos_weight=ratio),
    }


def train(split: data.Split, criterion: nn.Module | partial[Tensor], steps: int, seed: int) -> nn.Module:
    """A network, from the same start for each criterion."""
    torch.manual_seed(seed)
    inputs = split.x_train.shape[1]
    model = nn.Sequential(nn.Linear(inputs, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1), nn.Flatten(0)).double()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=steps, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        decay = sum(parameter.square().sum() for parameter in model.parameters() if parameter.dim() == 2)
        loss: Tensor = criterion(model(split.x_train), split.y_train) + 1e-4 * decay
        loss.backward()
        return loss

    optimizer.step(closure)
    return model


def taken_back(p: Tensor, gamma: float) -> Tensor:
    """The true probability for which focal loss would have said ``p``."""
    yes, no = (pull_towards(q, gamma) for q in (p, 1 - p))
    return no / (yes + no)


def pull_towards(p: Tensor, gamma: float) -> Tensor:
    """How hard focal loss pulls the probability ``p`` of what was true upwards: minus its slope in ``p``."""
    return (1 - p) ** gamma / p - gamma * (1 - p) ** (gamma - 1) * p.log()


def temperature(score: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    """The temperature with the least surprise."""
    tried = torch.logspace(-1.5, 1, 101, dtype=torch.float64)
    losses = [lossbook.binary_cross_entropy_with_logits(score / t, y, weight=weight) for t in tried]
    return tried[int(torch.stack(losses).argmin())]


def threshold(score: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    """The score above which to say yes, for the largest F1."""
    order = score.argsort(descending=True)
    hits, said = (weight * y)[order].cumsum(0), weight[order].cumsum(0)
    best = int((2 * hits / (said + (weight * y).sum())).argmax())
    return score[order[best : best + 2]].mean()


def f1(says: Tensor, y: Tensor, weight: Tensor) -> float:
    """The F1 of saying yes to these rows."""
    hits = (weight * says * y).sum()
    return (2 * hits / ((weight * says).sum() + (weight * y).sum())).item()


@torch.no_grad()
def metrics(name: str, split: data.Split, model: nn.Module, weight: Tensor) -> Metrics:
    """All that one network is judged by."""
    score, y = model(split.x_test), split.y_test
    first = torch.rand(len(y), generator=torch.Generator().manual_seed(0)) < 0.5
    warmth, cut = torch.empty_like(score), torch.empty_like(score)
    for own, other in ((first, ~first), (~first, first)):
        chosen_on = score[other], y[other], weight[other]
        warmth[own], cut[own] = temperature(*chosen_on), threshold(*chosen_on)

    def surprise(p: Tensor) -> float:
        p = p.clamp(1e-12, 1 - 1e-12)
        return (weight * lossbook.binary_cross_entropy(p, y, reduction="none")).sum().item() / weight.sum().item()

    found = {
        "average precision": float(average_precision_score(y, score, sample_weight=weight)),
        "surprise": surprise(score.sigmoid()),
        "surprise, cooled": surprise((score / warmth).sigmoid()),
        "temperature": warmth.mean().item(),
        "says": ((weight * score.sigmoid()).sum() / weight.sum()).item(),
        "seen": ((weight * y).sum() / weight.sum()).item(),
        "f1 at half": f1((score > 0).double(), y, weight),
        "f1 moved": f1((score > cut).double(), y, weight),
    }
    if name in {f"focal {gamma:g}" for gamma in GAMMAS}:
        found["surprise, taken back"] = surprise(taken_back(score.sigmoid(), float(name.split()[1])))
    return found


def run(rows: str, seed: int, names: tuple[str, ...] = ()) -> dict[str, Metrics]:
    """One split: every criterion, or those named."""
    split = SETS[rows](seed)
    share, held = split.y_train.mean(), split.y_test.mean()
    odds = share / (1 - share) * (1 - held) / held if rows == "eights" else 1.0
    weight = torch.where(split.y_test == 1, torch.as_tensor(odds).double(), 1.0)
    return {
        name: metrics(name, split, train(split, criterion, STEPS[rows], seed), weight)
        for name, criterion in criteria(split.y_train).items()
        if not names or name in names
    }


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    runs = {rows: [run(rows, seed) for seed in SEEDS] for rows in SETS}
    record = {
        "about": "Focal loss against binary cross-entropy; see book/experiments/focal_for_rare.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "runs": {
            rows: {name: [found[name] for found in splits] for name in splits[0]} for rows, splits in runs.items()
        },
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
