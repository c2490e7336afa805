"""A rare yes: five losses of one linear model, and a moved threshold, judged in many ways, over splits.

Two sets of rows. Eights: is a digit an 8, where only so many eights are kept that they are one to twenty others?
Made: 20,000 rows drawn from normal distributions, one yes to a hundred noes. The yeses come from two places, so that a
straight line cannot be right; and the true probability is known.

A linear model, trained to its optimum by L-BFGS, so that no learning rate has to be chosen. What has to be is how much
weight decay: for each loss the one with the least *own* loss on rows set apart, in four folds of the training rows.

- bce: binary cross-entropy, yes above one half;
- bce, moved: the same model, yes above 1 / (1 + w), where w is the number of noes for each yes in training;
- weighted: each row weighs the inverse of how frequent its answer is;
- pos_weight: w for the yeses;
- focal: gamma 2, no alpha;
- focal, alpha: gamma 2, alpha 0.25, as libraries set it.

Beside them, for the made rows, the true probability, judged in the same ways.

Run ``python -m book.experiments.rare_yes`` to record anew; it takes some minutes. The chapter shows the record.
"""

import math
from collections.abc import Callable
from pathlib import Path

import torch
from sklearn import datasets
from sklearn.metrics import average_precision_score
from torch import Tensor

import lossbook
from book.experiments.focal_for_rare import pull_towards
from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "rare_yes.json"
SEEDS = {"eights": range(12), "made": range(12)}
RATIO = {"eights": 20, "made": 100}  # noes for each yes
TEST_SHARE = {"eights": 0.4, "made": 0.5}
ROWS, INPUTS, APART = 20_000, 10, 2.5  # the made rows, and how far the yeses lie from the noes
DECAYS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
FOLDS = 4
GAMMA, ALPHA = 2.0, 0.25

Metrics = dict[str, float]
Criterion = Callable[[Tensor, Tensor], Tensor]


def eights(seed: int) -> tuple[data.Split, Tensor | None]:
    """All other digits, and so many eights, drawn anew for each seed."""
    pixels, digit = datasets.load_digits(return_X_y=True)
    x, y = torch.tensor(pixels) / 16, (torch.tensor(digit) == 8).double()
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(1000 + seed))
    yes, no = order[y[order] == 1], order[y[order] == 0]
    kept = torch.cat([no, yes[: len(no) // RATIO["eights"]]])
    return data.split(x[kept], y[kept], seed, TEST_SHARE["eights"]), None


def made(seed: int) -> tuple[data.Split, Tensor | None]:
    """Rows of each seed's own, and the true score of those held back."""
    generator = torch.Generator().manual_seed(seed)
    share = 1 / (1 + RATIO["made"])
    y = (torch.rand(ROWS, generator=generator) < share).double()
    x = torch.randn(ROWS, INPUTS, generator=generator, dtype=torch.float64)
    place = torch.randint(2, (ROWS,), generator=generator)
    x[torch.arange(ROWS), place] += APART * y
    split = data.split(x, y, seed, TEST_SHARE["made"])
    nearer = (APART * split.x_test[:, :2] - APART**2 / 2).logsumexp(1) - math.log(2)
    return split, nearer + math.log(share / (1 - share))


SETS = {"eights": eights, "made": made}


def criteria(y: Tensor) -> dict[str, Criterion]:
    """Every loss, with the weights that these training answers ask for."""
    noes, yeses = (1 - y).sum(), y.sum()

    def weighted(x: Tensor, y: Tensor) -> Tensor:
        weight = (noes + yeses) / 2 * (y / yeses + (1 - y) / noes)
        return lossbook.binary_cross_entropy_with_logits(x, y, weight=weight)

    return {
        "bce": lossbook.binary_cross_entropy_with_logits,
        "weighted": weighted,
        "pos_weight": lambda x, y: lossbook.binary_cross_entropy_with_logits(x, y, pos_weight=noes / yeses),
        "focal": lambda x, y: lossbook.focal_loss(x, y, gamma=GAMMA),
        "focal, alpha": lambda x, y: lossbook.focal_loss(x, y, gamma=GAMMA, alpha=ALPHA),
    }


def fit(x: Tensor, y: Tensor, criterion: Criterion, decay: float) -> Tensor:
    """The optimum: a weight for each input, then the bias."""
    line = torch.zeros(x.shape[1] + 1, dtype=x.dtype, requires_grad=True)
    optimizer = torch.optim.LBFGS([line], max_iter=150, history_size=30, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = criterion(score(x, line), y) + decay * line[:-1].square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return line.detach()


def score(x: Tensor, line: Tensor) -> Tensor:
    """What a line says of rows."""
    return x @ line[:-1] + line[-1]


def out_of_fold(x: Tensor, y: Tensor, criterion: Criterion, decay: float) -> Tensor:
    """The score of each training row by a line that did not see it."""
    scores = torch.empty_like(y)
    for fold in range(FOLDS):
        apart = torch.arange(len(y)) % FOLDS == fold
        scores[apart] = score(x[apart], fit(x[~apart], y[~apart], criterion, decay))
    return scores


def train(split: data.Split, criterion: Criterion) -> tuple[Tensor, Tensor, float]:
    """The scores of the rows held back, those of the training rows out of fold, and the weight decay chosen."""
    tried = {decay: out_of_fold(split.x_train, split.y_train, criterion, decay) for decay in DECAYS}
    decay = min(DECAYS, key=lambda each: criterion(tried[each], split.y_train).item())
    line = fit(split.x_train, split.y_train, criterion, decay)
    return score(split.x_test, line), tried[decay], decay


def mistakes(x: Tensor, y: Tensor, cut: float) -> tuple[float, float]:
    """The share of the yeses missed, and the share of the noes that raise an alarm."""
    says = (x > cut).double()
    return ((1 - says) * y).sum().item() / y.sum().item(), (says * (1 - y)).sum().item() / (1 - y).sum().item()


def best_cut(x: Tensor, y: Tensor) -> float:
    """The threshold with the least balanced error: the mean of the two shares of mistakes."""
    order = x.argsort(descending=True)
    found, alarms = y[order].cumsum(0) / y.sum(), (1 - y[order]).cumsum(0) / (1 - y).sum()
    best = int((found - alarms)[:-1].argmax())
    return x[order[best : best + 2]].mean().item()


def calibration_error(said: Tensor, seen: Tensor, groups: int = 10) -> float:
    """How far said and seen are apart in groups of equal size, sorted by what was said: the mean distance."""
    order = said.argsort()
    parts = zip(said[order].chunk(groups), seen[order].chunk(groups), strict=True)
    return sum(len(p) * (p.mean() - y.mean()).abs().item() for p, y in parts) / len(said)


def calibration_floor(said: Tensor, draws: int = 20) -> float:
    """The calibration error that chance alone would show, if what was said were the truth."""
    generator = torch.Generator().manual_seed(0)
    errors = [calibration_error(said, torch.bernoulli(said, generator=generator)) for _ in range(draws)]
    return sum(errors) / draws


def truth_behind(x: Tensor, gamma: float, weight: float) -> Tensor:
    """The probability for which a loss with this gamma, and yeses that weigh so much more, rests at the score ``x``."""
    p = x.sigmoid().clamp(1e-12, 1 - 1e-12)
    yes, no = (pull_towards(q, gamma) for q in (p, 1 - p))
    return no / (weight * yes + no)


def metrics(x: Tensor, y: Tensor, cut: float, moved: float, behind: Tensor) -> Metrics:
    """All that the scores ``x`` of the rows held back are judged by."""
    missed, alarms = mistakes(x, y, cut)
    says, p = (x > cut).double(), x.sigmoid()
    first = x.argsort(descending=True)[: round(2 * y.sum().item())]
    bce = lossbook.binary_cross_entropy
    return {
        "recall": 1 - missed,
        "precision": (says * y).sum().item() / max(says.sum().item(), 1),
        "error": (says != y).double().mean().item(),
        "balanced error": (missed + alarms) / 2,
        "balanced error, moved": sum(mistakes(x, y, moved)) / 2,
        "recall, equal alarms": y[first].sum().item() / y.sum().item(),
        "average precision": float(average_precision_score(y, x)),
        "surprise": lossbook.binary_cross_entropy_with_logits(x, y).item(),
        "brier": (p - y).square().mean().item(),
        "calibration error": calibration_error(p, y),
        "calibration floor": calibration_floor(p),
        "surprise, taken back": bce(behind.clamp(1e-12, 1 - 1e-12), y).item(),
    }


def run(rows: str, seed: int, names: tuple[str, ...] = ()) -> dict[str, Metrics]:
    """One split: every way, or those named."""
    split, truth = SETS[rows](seed)
    y, ratio = split.y_test, ((1 - split.y_train).sum() / split.y_train.sum()).item()
    behind = {"bce": (0, 1), "weighted": (0, ratio), "pos_weight": (0, ratio)}
    behind |= {"focal": (GAMMA, 1), "focal, alpha": (GAMMA, ALPHA / (1 - ALPHA))}
    found = {}
    for name, criterion in criteria(split.y_train).items():
        if names and name not in names:
            continue
        x, apart, decay = train(split, criterion)
        rest = best_cut(apart, split.y_train), truth_behind(x, *behind[name])
        found[name] = metrics(x, y, 0.0, *rest) | {"decay": decay}
        if name == "bce":
            found["bce, moved"] = metrics(x, y, -math.log(ratio), *rest) | {"decay": decay}
    if truth is not None:
        found["truth"] = metrics(truth, y, 0.0, -math.log(RATIO[rows]), truth.sigmoid())
    return found


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    runs = {rows: [run(rows, seed) for seed in SEEDS[rows]] for rows in SETS}
    record = {
        "about": "Five losses and a moved threshold for a rare yes; see book/experiments/rare_yes.py",
        **records.stamp("scikit-learn"),
        "seeds": {rows: list(seeds) for rows, seeds in SEEDS.items()},
        "ratio": RATIO,
        "test share": TEST_SHARE,
        "runs": {
            rows: {name: [found[name] for found in splits] for name in splits[0]} for rows, splits in runs.items()
        },
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
