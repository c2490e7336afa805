"""Halves of digits: one training run anew, what belongs together costs least, and the record."""

import pytest
import torch

from book.experiments import halves_of_digits
from tests.book.experiments.shared import record_of

RECORDED = record_of(halves_of_digits)


@pytest.mark.slow
def test_halves_are_found_as_recorded():
    found = halves_of_digits.run("temperature 0.1", RECORDED["rates"]["temperature 0.1"], seed=0)
    assert found == pytest.approx(RECORDED["runs"]["halves"]["temperature 0.1"][0], abs=0.05)


def test_halves_that_belong_together_cost_least():
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(50, 32, generator=generator)
    for way in halves_of_digits.WAYS:
        assert halves_of_digits.cost(way, left, left) < halves_of_digits.cost(way, left, left.roll(7, 0)), way


def test_the_record_of_halves_is_whole():
    assert set(RECORDED["runs"]["halves"]) == set(halves_of_digits.WAYS) == set(RECORDED["rates"])
    assert all(len(runs) == len(halves_of_digits.SEEDS) for runs in RECORDED["runs"]["halves"].values())
