"""Order from pairs: the experiment behind the ranking chapter, recorded over seeds.

Linear scores of diabetes patients, held-back patients as judges. Two questions:

1. budget: how many comparisons «this one got worse than that one» order new patients as well as the amounts do?
2. raters: each training patient is judged by one of many raters, who each have their own zero and unit (made up).
   What do the amounts teach, as they are or standardised per rater, and what the pairs within each rater?

Run ``python book/experiments/order_from_pairs.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

import warnings
from collections.abc import Iterable
from pathlib import Path

import torch
from scipy import stats
from torch import Tensor
from torch.nn import functional as F

from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "order_from_pairs.json"
SEEDS = range(30)
# Comparisons for each training patient; None stands for all pairs.
BUDGETS = (0.25, 0.5, 1, 2, 4, 8, None)
RATERS = 50
# How far the zeros of the raters lie apart, in standard deviations of the amounts; at 0 all share one scale.
APART = (0, 1, 2, 4, 8)
DECAY = 0.01  # half of this times the squared weights is added to either pairwise loss
STEPS = 400

Metrics = dict[str, float]


def pairs(amount: Tensor) -> tuple[Tensor, Tensor]:
    """All pairs whose amounts differ: the index of the larger, the index of the smaller."""
    first, second = torch.triu_indices(len(amount), len(amount), 1)
    differ = amount[first] != amount[second]
    first, second = first[differ], second[differ]
    larger = amount[first] > amount[second]
    return torch.where(larger, first, second), torch.where(larger, second, first)


def fit_amounts(x: Tensor, y: Tensor) -> Tensor:
    """Least squares with an intercept, which no order needs and is left out of what comes back."""
    design = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=1)
    return torch.linalg.lstsq(design, y[:, None]).solution[:-1, 0]


def fit_logistic(lead: Tensor) -> Tensor:
    """The weights of least pairwise logistic loss, for rows of measurements of the larger minus the smaller."""
    weights = torch.zeros(lead.shape[1], dtype=lead.dtype, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, tolerance_grad=1e-8, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = F.soft_margin_loss(lead @ weights, torch.ones_like(lead[:, 0])) + DECAY / 2 * weights @ weights
        value.backward()
        return value

    optimizer.step(closure)
    return weights.detach()


def fit_margin(lead: Tensor) -> Tensor:
    """The weights of least margin ranking loss, margin 1, by Adam with a step that shrinks: the loss has kinks."""
    weights = torch.zeros(lead.shape[1], dtype=lead.dtype, requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=0.05)
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, STEPS)
    one, zero = torch.ones_like(lead[:, 0]), torch.zeros_like(lead[:, 0])
    for _ in range(STEPS):
        optimizer.zero_grad()
        value = F.margin_ranking_loss(lead @ weights, zero, one, margin=1.0) + DECAY / 2 * weights @ weights
        value.backward()
        optimizer.step()
        slower.step()
    return weights.detach()


FITS = {"logistic": fit_logistic, "margin": fit_margin}


def metrics(score: Tensor, amount: Tensor) -> Metrics:
    """The share of pairs in the right order, and two rank correlations."""
    larger, smaller = pairs(amount)
    return {
        "right": (score[larger] > score[smaller]).double().mean().item(),
        "tau": stats.kendalltau(score, amount).statistic.item(),
        "spearman": stats.spearmanr(score, amount).statistic.item(),
    }


def parts(seed: int) -> data.Split:
    """The split of one seed, in float64, the measurements with a spread of one."""
    x, y = data.diabetes()
    return data.split((x / x.std(0)).double(), y.double(), seed)


def budget(seed: int, budgets: Iterable[float | None] = BUDGETS) -> dict[str, Metrics]:
    """Least squares on all amounts; both pairwise losses on ever more comparisons, drawn at random."""
    split = parts(seed)
    found = {"amounts": metrics(split.x_test @ fit_amounts(split.x_train, split.y_train), split.y_test)}
    larger, smaller = pairs(split.y_train)
    order = torch.randperm(len(larger), generator=torch.Generator().manual_seed(seed))
    for each in budgets:
        drawn = order if each is None else order[: round(each * len(split.x_train))]
        lead = split.x_train[larger[drawn]] - split.x_train[smaller[drawn]]
        for name, fit in FITS.items():
            found[f"{name} {'all' if each is None else format(each, 'g')}"] = metrics(
                split.x_test @ fit(lead), split.y_test
            )
    return found


def raters(seed: int) -> dict[str, Metrics]:
    """Amounts on fifty scales of their own: as they are, standardised per rater, as pairs within a rater.

    A rater's zero and unit change neither their standardised amounts nor their pairs: those are fitted once.
    """
    split = parts(seed)
    generator = torch.Generator().manual_seed(1000 + seed)
    rater = torch.randint(RATERS, (len(split.y_train),), generator=generator)
    zero = torch.randn(RATERS, generator=generator, dtype=torch.float64)
    unit = torch.randn(RATERS, generator=generator, dtype=torch.float64).exp()
    amount = (split.y_train - split.y_train.mean()) / split.y_train.std()
    fits = {}
    for apart in APART:
        said = amount * unit[rater] + apart * zero[rater] if apart else amount
        fits[f"amounts {apart}"] = fit_amounts(split.x_train, said)
    standard = torch.zeros_like(amount)
    for number in range(RATERS):
        own = rater == number
        spread = amount[own].std() if own.sum() > 1 else torch.tensor(0.0)
        if spread > 0:
            standard[own] = (amount[own] - amount[own].mean()) / spread
    fits["standardised"] = fit_amounts(split.x_train, standard)
    larger, smaller = pairs(amount)
    within = rater[larger] == rater[smaller]
    lead = split.x_train[larger[within]] - split.x_train[smaller[within]]
    fits |= {name: fit(lead) for name, fit in FITS.items()}
    return {name: metrics(split.x_test @ weights, split.y_test) for name, weights in fits.items()}


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    warnings.simplefilter("error")
    record = {
        "about": "Order learned from comparisons or from amounts; see book/experiments/order_from_pairs.py",
        **records.stamp("scikit-learn", "scipy"),
        "seeds": list(SEEDS),
        "budgets": ["all" if each is None else f"{each:g}" for each in BUDGETS],
        "apart": list(APART),
        "raters": [raters(seed) for seed in SEEDS],
        "budget": [budget(seed) for seed in SEEDS],
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
