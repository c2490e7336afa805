"""Where the targets tip from one answer of the table to the next, and the sentence that says so."""

import pytest
import torch

from lossbook.choose import TASKS, suggest


def answer(target: object, task: str, **told: object) -> tuple[str, str]:
    """The key of the answer that is taken, and why."""
    first = suggest(target, task=task, **told).suggestions[0]
    key = next(it.key for it in TASKS[task].branches if it.answer == first.answer)
    return key, " ".join(first.reasons)


def bits(yes: int, no: int) -> torch.Tensor:
    return torch.tensor([1] * yes + [0] * no)


def wild(count: int, of: int) -> torch.Tensor:
    return torch.cat([torch.linspace(0.5, 1.5, of - count), torch.full((count,), 99.5)])


PIXELS = torch.zeros(1, 10, 10).index_put((torch.zeros(9).long(), torch.arange(9), torch.arange(9)), torch.ones(9))
LABELS = torch.stack([bits(50, 50), bits(20, 80)], 1)

BORDERS = [
    ("binary", bits(20, 80), "chance", "20.0% are a yes"),
    ("binary", bits(19, 81), "rare", "19.0% are a yes"),
    ("binary", bits(81, 19), "rare", "81.0% are a yes"),
    ("classes", torch.tensor([0] * 49 + [1] * 10), "chance", "4.9 times"),
    ("classes", torch.tensor([0] * 50 + [1] * 10), "rare", "5 times"),
    ("classes", torch.tensor([0, 2] * 9), "chance", "1 of them never occur"),
    ("labels", LABELS, "chances", "between 20.0% and 50.0%"),
    ("labels", torch.cat([LABELS, torch.zeros(1, 2)]), "rare", "between 19.8% and 49.5%"),
    ("masks", PIXELS, "little", "91.0% of the pixels are 0."),
    ("masks", PIXELS.index_fill(2, torch.tensor([9]), 1.0), "much", "81.0% of the pixels are 0."),
    ("masks", 2 * PIXELS.long(), "much", "of 3 classes"),
    ("counts", [11, 14, 20], "rates", "The variance is 0.93 times the mean"),
    ("counts", [12, 14, 20], "large", "The smallest count is 12."),
    ("counts", [0, 0, 3], "rates", "66.7% are zeros."),
    ("counts", [0, 0, 0, 0], "rates", "100.0% are zeros."),
    ("vocabulary", torch.arange(10_000), "fits", "10000 words"),
    ("vocabulary", torch.arange(10_001), "chunks", "10001 words"),
    ("similarity", [0, 1, 1], "pairs", "of pairs"),
    ("similarity", [0, 1, 2], "triplets", "name kinds"),
    ("amounts", wild(1, 200), "mean", "0.50% of the targets"),
    ("amounts", wild(3, 200), "outliers", "1.50% of the targets"),
    ("amounts", wild(1, 40), "mean", "2.50% of the targets"),
    ("amounts", wild(1, 15), "outliers", "6.67% of the targets"),
]


@pytest.mark.parametrize(("task", "target", "key", "says"), BORDERS, ids=lambda it: it if isinstance(it, str) else "")
def test_the_answer_and_why(task: str, target: object, key: str, says: str):
    taken, why = answer(target, task)
    assert taken == key
    assert says in why


def test_predictions_tell_what_the_targets_cannot():
    target, said = torch.tensor([1.0, 4, 2, 8]), torch.tensor([2.0, 3, 2, 9])
    assert "Residual² over prediction is 0.24 on average" in answer(target, "counts", prediction=said)[1]
    grows = torch.arange(1.0, 31)
    signs = torch.tensor([1.0, -1] * 15)
    key, why = answer(grows + signs * grows / 10, "amounts", prediction=grows)
    assert key == "spread"
    assert "Residuals are 4.6 times as large" in why
    assert answer(grows + signs, "amounts", prediction=grows)[0] == "mean"


def test_a_quarter_of_outliers_puts_the_votes_first():
    assert suggest(wild(49, 200)).suggestions[0].loss == "huber_loss"
    assert suggest(wild(50, 200)).suggestions[0].loss == "l1_loss"
