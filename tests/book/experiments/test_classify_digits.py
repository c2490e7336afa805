"""Classifying digits: one training run anew, the criteria, the parts, and the record."""

import pytest
import torch

from book.experiments import classify_digits
from tests.book.experiments.shared import assert_whole_split, record_of

RECORDED = record_of(classify_digits)


@pytest.mark.slow
@pytest.mark.parametrize("criterion", classify_digits.CRITERIA)
def test_a_classification_is_as_recorded(criterion):
    found = classify_digits.run(criterion, rate=0.003, seed=0)
    recorded = RECORDED["runs"][criterion]["0.003"][0]
    assert found.keys() == recorded.keys()
    for name in ("right", "sure", "total", "found 8"):  # another CPU rounds otherwise, and training spreads it
        assert found[name] == pytest.approx(recorded[name], abs=0.03), name


@pytest.mark.parametrize("criterion", classify_digits.CRITERIA)
def test_a_criterion_falls_where_the_truth_leads(criterion):
    digit = torch.tensor([3, 8])
    scores = torch.stack([lead * torch.eye(10)[digit] for lead in (0.0, 1.0, 2.0)])
    losses = torch.stack([classify_digits.CRITERIA[criterion](score, digit) for score in scores])
    assert (losses.diff() < 0).all()


def test_the_record_is_whole():
    assert list(RECORDED["runs"]) == sorted(classify_digits.CRITERIA)
    for runs in RECORDED["runs"].values():
        assert set(runs) == {f"{rate:g}" for rate in classify_digits.RATES}
        assert all(len(splits) == len(classify_digits.SEEDS) for splits in runs.values())


def test_each_digit_is_in_one_part_and_a_shown_one_in_none():
    for seed in classify_digits.SEEDS:
        assert_whole_split(classify_digits, seed)
