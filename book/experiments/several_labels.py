"""Which digits are in the picture? The experiment behind the pictures of the chapter on several labels, over seeds.

The pictures are composed of one to three real digits. Ten labels, from one that is in every second picture to one that
is in one of forty. From seed to seed the frequencies move on by one digit: each is the rarest as often as any, and
what looks like the effect of being rare is not the effect of being a 9.

One network, same start, same batches, same optimiser, four losses:

1. plain: binary cross-entropy over the labels.
2. weighted: the same with ``pos_weight`` no / yes for each label.
3. softmax: cross-entropy against the labels divided by their number.
4. margin: the multi-label margin loss.

Then decisions, by four rules: cut every score in the middle of its range (half); one threshold for all labels, or an
own one for each, of the best F1 on validation pictures; the own ones again, from a tenth of these pictures.

Run ``python book/experiments/several_labels.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from sklearn import metrics
from torch import Tensor, nn

from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "several_labels.json"
SEEDS = range(20)
TRAIN, JUDGE, FEW = 4000, 3000, 300
EPOCHS, BATCH, RATE = 15, 100, 0.003
MISSED = 5.0  # what a missed label costs; a false alarm costs 1
RULES = ("half", "one", "own", "own of few")
LOSSES = ("plain", "weighted", "softmax", "margin")

Pictures = tuple[Tensor, Tensor]


def parts(seed: int) -> tuple[Pictures, Pictures, Pictures]:
    """Pictures to train on, to choose thresholds on, and to judge by. No real digit is in two of the three."""
    order = torch.randperm(1797, generator=torch.Generator().manual_seed(seed)).tolist()
    frequent = [(kind + seed) % 10 for kind in range(10)]
    counts, rows = (TRAIN, JUDGE, JUDGE), (order[:1000], order[1000:1400], order[1400:])
    train, validation, test = (
        data.several_digits(count, 3 * seed + number, of, frequent)
        for number, (count, of) in enumerate(zip(counts, rows, strict=True))
    )
    return train, validation, test


def listed(labels: Tensor) -> Tensor:
    """Zeros and ones as the lists of the multi-label margin: the labels that apply, then -1."""
    kinds = torch.arange(labels.shape[1]).expand(labels.shape)
    return torch.where(labels > 0, kinds, -1).sort(1, descending=True).values


def loss_of(name: str, scores: Tensor, labels: Tensor, pos_weight: Tensor) -> Tensor:
    """The mean loss of a batch."""
    if name == "softmax":
        return F.cross_entropy(scores, labels / labels.sum(1, keepdim=True))
    if name == "margin":
        return F.multilabel_margin_loss(scores, listed(labels))
    weight = pos_weight if name == "weighted" else None
    return F.binary_cross_entropy_with_logits(scores, labels, pos_weight=weight)


def train(name: str, images: Tensor, labels: Tensor, seed: int) -> nn.Module:
    """A network of one hidden layer."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(1000 + seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(128, 256), nn.ReLU(), nn.Linear(256, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    pos_weight = (labels == 0).sum(0) / labels.sum(0)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(images), generator=generator).split(BATCH):
            optimizer.zero_grad()
            loss_of(name, model(images[rows]), labels[rows], pos_weight).backward()
            optimizer.step()
    return model


def best_threshold(scores: Tensor, labels: Tensor) -> float:
    """Of one label: the threshold of the highest F1, halfway between two neighbouring scores."""
    ordered, order = scores.double().sort(descending=True)
    hits = labels[order].double().cumsum(0)
    f1 = 2 * hits / (torch.arange(1, len(scores) + 1) + labels.sum())
    best = int(f1.argmax())
    below = ordered[best + 1] if best + 1 < len(scores) else ordered[best] - 1
    return float((ordered[best] + below) / 2)


def cheapest_threshold(scores: Tensor, labels: Tensor) -> float:
    """Of one label: the threshold at which misses and false alarms cost least."""
    ordered, order = scores.double().sort(descending=True)
    yes = labels[order].double()
    cost = (1 - yes).cumsum(0) + MISSED * (yes.sum() - yes.cumsum(0))
    best = int(cost.argmin())
    below = ordered[best + 1] if best + 1 < len(scores) else ordered[best] - 1
    return float((ordered[best] + below) / 2)


def thresholds(scores: Tensor, labels: Tensor, middle: float) -> dict[str, Tensor]:
    """A threshold for each label, by each of the rules."""

    def own(count: int) -> Tensor:
        return torch.tensor([best_threshold(scores[:count, k], labels[:count, k]) for k in range(10)])

    return {
        "half": torch.full((10,), middle),
        "one": torch.full((10,), best_threshold(scores.flatten(), labels.flatten())),
        "own": own(len(scores)),
        "own of few": own(FEW),
    }


def judged(says: Tensor, labels: Tensor) -> dict[str, float]:
    """The metrics of a decision for each picture and each label."""
    yes = says.float()
    return {
        "elements": yes.eq(labels).float().mean().item(),
        "exact": yes.eq(labels).all(1).float().mean().item(),
        "micro F1": metrics.f1_score(labels, yes, average="micro", zero_division=0),
        "macro F1": metrics.f1_score(labels, yes, average="macro", zero_division=0),
        "cost": (MISSED * labels * (1 - yes) + (1 - labels) * yes).sum(1).mean().item(),
    }


def run(seed: int) -> dict[str, Any]:
    """All losses on one split."""
    (images, labels), (seen, truth), (unseen, hidden) = parts(seed)
    kinds = [(kind + seed) % 10 for kind in range(10)]  # from the commonest to the rarest
    found: dict[str, Any] = {"frequency": truth.mean(0)[kinds].tolist()}
    found["silent"] = judged(torch.zeros_like(hidden), hidden)
    for name in LOSSES:
        model = train(name, images, labels, seed)
        with torch.no_grad():
            scores, fresh = model(seen), model(unseen)
        if name == "softmax":
            scores, fresh = scores.softmax(1), fresh.softmax(1)
        elif name != "margin":
            scores, fresh = scores.sigmoid(), fresh.sigmoid()
        cuts = thresholds(scores, truth, 0.0 if name == "margin" else 0.5)
        one: dict[str, Any] = {rule: judged(fresh > cut, hidden) for rule, cut in cuts.items()}
        one["thresholds"] = cuts["own"][kinds].tolist()
        says = scores > cuts["own"]
        one["F1 there"] = metrics.f1_score(truth, says, average=None, zero_division=0)[kinds].tolist()
        one["average precision"] = metrics.average_precision_score(hidden, fresh)
        one["ranking"] = metrics.label_ranking_average_precision_score(hidden, fresh)
        if name == "plain":
            cheap = torch.tensor([cheapest_threshold(scores[:, k], truth[:, k]) for k in range(10)])
            one["cheapest"] = judged(fresh > cheap, hidden)
            one["by the costs"] = judged(fresh > 1 / (1 + MISSED), hidden)
        found[name] = one
    return found


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    record = {
        "about": "Several labels, four losses, thresholds; see book/experiments/several_labels.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "missed": MISSED,
        "few": FEW,
        "runs": [run(seed) for seed in SEEDS],
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
