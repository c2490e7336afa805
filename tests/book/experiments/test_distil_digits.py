"""Distilling digits: one split run anew, the parts, the costs, and the record."""

import pytest
import torch

from book.experiments import distil_digits
from tests.book.experiments.shared import assert_whole_split, record_of

RECORDED = record_of(distil_digits)


@pytest.mark.slow
def test_a_distillation_is_as_recorded():
    found, recorded = distil_digits.run(seed=0), RECORDED["runs"][0]
    assert found.keys() == recorded.keys()
    for size, judged in recorded.items():
        assert found[size].keys() == judged.keys()
        for name, metrics in judged.items():  # another CPU rounds otherwise, and a long training spreads it
            assert found[size][name]["accuracy"] == pytest.approx(metrics["accuracy"], abs=2.5), (size, name)
            assert found[size][name]["surprise"] == pytest.approx(metrics["surprise"], rel=0.15), (size, name)


def test_each_digit_is_in_one_part_and_a_shown_one_in_none():
    for seed in distil_digits.SEEDS:
        assert_whole_split(distil_digits, seed)


def test_the_record_is_whole():
    sizes = {str(size) for size in distil_digits.SIZES}
    assert len(RECORDED["runs"]) == len(distil_digits.SEEDS)
    assert all(set(run) == sizes for run in RECORDED["runs"])
    assert all(set(judged) == {"teacher", *distil_digits.WAYS} for run in RECORDED["runs"] for judged in run.values())
    assert RECORDED["shown"] == list(distil_digits.SHOWN)


def test_a_student_that_copies_the_scores_costs_nothing_but_the_labels():
    scores = 3 * torch.randn(5, 10, generator=torch.Generator().manual_seed(0))
    costs = distil_digits.costs(scores, scores.argmax(1), scores)
    assert all(abs(costs[f"T = {t:g}"].item()) < 1e-5 for t in distil_digits.TEMPERATURES)
    torch.testing.assert_close(costs["both"], costs["hard"] / 2)
    torch.testing.assert_close(costs["both without T²"], costs["hard"] / 2)
