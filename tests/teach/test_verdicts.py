"""The book's one rule for «better»: paired_gap."""

import math

import pytest
import torch
from scipy import stats

from lossbook.teach import paired_gap
from lossbook.teach.verdicts import Gap


def test_without_shared_rows_it_is_students_interval():
    first, second = [0.31, 0.28, 0.35, 0.30, 0.29], [0.30, 0.29, 0.31, 0.27, 0.30]
    theirs = stats.ttest_rel(first, second).confidence_interval(0.95)
    ours = paired_gap(first, second, test_per_train=0)
    assert type(ours.mean) is type(ours.half) is float
    assert math.isclose(ours.mean - ours.half, theirs.low)
    assert math.isclose(ours.mean + ours.half, theirs.high)


def test_shared_rows_widen_it_as_in_the_paper():
    """Nadeau and Bengio: the variance of the mean is s² (1/J + n_test / n_train), not s² / J."""
    first, second = torch.rand(10, dtype=torch.float64), torch.rand(10, dtype=torch.float64)
    plain, corrected = (paired_gap(first, second, test_per_train=share) for share in (0, 3 / 7))
    assert math.isclose(corrected.half / plain.half, math.sqrt(1 + 10 * 3 / 7))
    assert corrected.mean == plain.mean


def test_splits_of_the_same_rows_are_judged_better_with_the_correction():
    """Two equally good ways, 400 data sets, ten splits each: how often is a difference found that is not there?"""
    generator = torch.Generator().manual_seed(0)
    found = {0.0: 0, 0.3 / 0.7: 0}  # without the correction, and with it
    for _ in range(400):
        rows = torch.randn(100, generator=generator, dtype=torch.float64)
        picked = [rows[torch.randperm(100, generator=generator)] for _ in range(10)]
        # The method learns the mean of the training rows, its rival says 0; their squared errors on the test rows.
        learned = [((r[70:] - r[:70].mean()) ** 2).mean().item() for r in picked]
        # The rival is shifted so that both are equally good on new data: 1 + 1/70 each.
        rival = [((r[70:] - (1 / 70) ** 0.5) ** 2).mean().item() for r in picked]
        for share in found:
            found[share] += paired_gap(learned, rival, test_per_train=share).verdict() != "tie"
    assert found[0.3 / 0.7] < 0.1 * 400 < found[0.0], found


@pytest.mark.parametrize(
    ("gap", "word"),
    [
        (Gap(0.2, 0.1), "higher"),
        (Gap(-0.2, 0.1), "lower"),
        (Gap(0.1, 0.2), "tie"),
        (Gap(0.0, 0.0), "tie"),
        (Gap(math.nan, 0.1), "tie"),
        (Gap(0.2, math.nan), "tie"),
    ],
)
def test_verdict(gap, word):
    assert gap.verdict() == word
    assert gap.verdict("better", "worse") == {"higher": "better", "lower": "worse"}.get(word, word)


@pytest.mark.parametrize(("first", "second"), [([1.0], [2.0]), ([1.0, 2.0], [1.0, 2.0, 3.0]), ([], [])])
def test_too_few_or_unpaired_runs_are_refused(first, second):
    with pytest.raises(ValueError, match=f"got {len(first)} and {len(second)}"):
        paired_gap(first, second, test_per_train=0)
