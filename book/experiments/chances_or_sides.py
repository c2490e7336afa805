"""Chances or sides: four losses of one network for the ten digits, judged in many ways, over seeds.

- cross-entropy;
- multi-margin: each rival shall lag by one, the hinge for several classes;
- mse: squared error of the scores against zeros and a single one;
- brier: squared error of the softmax of the scores against the same.

The network, its start and its batches are those of ``wrong_labels.py``, with all labels true. Each loss is tried with
four learning rates; ``chosen`` takes for each seed that with the least *own* loss on rows set apart.

Judged on held-back rows: what is wrong; each loss by each; the probabilities that softmax makes of the scores, as they
are and with the temperature that suits the rows set apart; and the lead of the true score over its best rival, as a
share of the length of all scores, so that a network which enlarges all its scores gains nothing. A row of zeros with a
single one at the truth has lead 1. Squared error asks for the share of each class itself: its scores are also read so,
cut off below one in a thousand and divided by their sum (``mse, as it says``).

Run ``python -m book.experiments.chances_or_sides`` to record anew. The chapter shows the record.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import one_hot

import lossbook
from book.experiments.rare_yes import calibration_error, calibration_floor
from book.experiments.wrong_labels import (
    APART,
    CLASSES,
    HELD_BACK,
    Layers,
    Loss,
    Metrics,
    Rows,
    hits,
    rows_of,
    scores_of,
    train,
)
from lossbook import records

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "chances_or_sides.json"
SEEDS = range(10)
RATES = (0.001, 0.003, 0.01, 0.03)
EPOCHS = 30
LEAST = 1e-3  # no chance read off a score is smaller

LOSSES: dict[str, Loss] = {
    "cross-entropy": lambda x, y: lossbook.cross_entropy(x, y, reduction="none"),
    "multi-margin": lambda x, y: lossbook.multi_margin_loss(x, y, reduction="none"),
    "mse": lambda x, y: (x - one_hot(y, CLASSES)).square().mean(1),
    "brier": lambda x, y: (x.softmax(1) - one_hot(y, CLASSES)).square().sum(1),
}


def temperature(scores: Tensor, digit: Tensor) -> float:
    """What to divide the scores by, for the least surprise."""
    tried = torch.logspace(-2, 1, 121).tolist()
    return min(tried, key=lambda t: lossbook.cross_entropy(scores / t, digit).item())


def leads(scores: Tensor, digit: Tensor) -> Tensor:
    """How far the true score leads its best rival, where a row of zeros with a single one has lead 1."""
    own = scores.gather(1, digit[:, None])[:, 0]
    rival = scores.masked_fill(one_hot(digit, CLASSES).bool(), -math.inf).max(1).values
    length = (scores - scores.mean(1, keepdim=True)).norm(dim=1)
    return (own - rival) / length * math.sqrt(1 - 1 / CLASSES)


def of_chances(p: Tensor, digit: Tensor) -> Metrics:
    """How good probabilities are."""
    sure, said = p.double().max(1)
    return {
        "cross-entropy": -p.gather(1, digit[:, None]).clamp(min=1e-30).log().mean().item(),
        "brier": (p - one_hot(digit, CLASSES)).square().sum(1).mean().item(),
        "calibration error": calibration_error(sure, (said == digit).double()),
        "calibration floor": calibration_floor(sure.clamp(max=1)),
    }


def metrics(held: Tensor, digit: Tensor, warmth: float) -> Metrics:
    """All that the scores of the rows held back are judged by."""
    as_said = held.clamp(min=LEAST)
    lead = leads(held, digit)
    cooled, read = of_chances((held / warmth).softmax(1), digit), of_chances(as_said / as_said.sum(1, True), digit)
    return {
        "error": 1 - hits(held, digit),
        **{name: loss(held, digit).mean().item() for name, loss in LOSSES.items()},
        **of_chances(held.softmax(1), digit),
        **{f"{name}, cooled": number for name, number in cooled.items()},
        **{f"{name}, as it says": number for name, number in read.items()},
        "lead": lead.mean().item(),
        "lead, last tenth": lead.quantile(0.1).item(),
        "temperature": warmth,
    }


def judge(name: str, layers: Layers, rows: Rows) -> list[Metrics]:
    """For each seed, all that its network is judged by, and its own loss on the rows apart."""
    found = []
    for held, digit, apart, label in zip(
        scores_of(layers, rows["x held"]),
        rows["digit held"],
        scores_of(layers, rows["x apart"]),
        rows["label apart"],
        strict=True,
    ):
        own = {"own loss apart": LOSSES[name](apart, label).mean().item()}
        found.append(metrics(held, digit, temperature(apart, label)) | own)
    return found


def run(name: str, rate: float, seeds: Sequence[int] = SEEDS) -> list[Metrics]:
    """One loss with one learning rate: for each seed the metrics."""
    splits = [rows_of(0.0, seed) for seed in seeds]
    rows = {part: torch.stack([split[part] for split in splits]) for part in splits[0]}
    (found,) = train(LOSSES[name], rate, rows, seeds, [EPOCHS], lambda layers: judge(name, layers, rows))
    return found


def chosen(rates: dict[str, list[Metrics]]) -> list[Metrics]:
    """For each seed the metrics with the rate that has the least own loss on the rows apart."""
    return [min(same, key=lambda each: each["own loss apart"]) for same in zip(*rates.values(), strict=True)]


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    record = {
        "about": "Cross-entropy, multi-margin and squared error for digits; see book/experiments/chances_or_sides.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "epochs": EPOCHS,
        "held back": HELD_BACK,
        "rows": 1797,
        "apart": APART,
        "runs": {name: {f"{rate:g}": run(name, rate) for rate in RATES} for name in LOSSES},
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
