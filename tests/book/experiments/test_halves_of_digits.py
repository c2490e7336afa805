"""Halves of digits: one training run anew, what belongs together costs least, the parts, and the record."""

import pytest
import torch

from book.experiments import halves_of_digits
from tests.book.experiments.shared import record_of

RECORDED = record_of(halves_of_digits)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["InfoNCE", "NT-Xent"])
def test_halves_are_found_as_recorded(way):
    found = halves_of_digits.run(way, **RECORDED["chosen"][way], seed=0)
    assert found == pytest.approx(RECORDED["runs"]["halves"][way][0], abs=0.05)


def test_halves_that_belong_together_cost_least():
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(50, 32, generator=generator)
    for way, options in halves_of_digits.OPTIONS.items():
        right, wrong = (halves_of_digits.cost(way, options[-1], left, other) for other in (left, left.roll(7, 0)))
        assert right < wrong, way


def test_nobody_is_trained_on_what_judges_or_chooses():
    first, *others = [halves_of_digits.parts(seed) for seed in (0, 5, *halves_of_digits.TUNED_ON)]
    for trained_on, judged_on, chosen_on in (first, *others):
        assert torch.cat([trained_on, judged_on, chosen_on]).sort().values.equal(torch.arange(1797))
        assert chosen_on.equal(first[2])
        assert len(judged_on) == 500
    assert not first[1].equal(others[0][1])


def test_the_record_of_halves_is_whole():
    assert set(RECORDED["runs"]["halves"]) == set(halves_of_digits.OPTIONS) == set(RECORDED["chosen"])
    assert all(len(runs) == len(halves_of_digits.SEEDS) for runs in RECORDED["runs"]["halves"].values())


def test_what_was_chosen_is_the_best_of_what_was_swept():
    for way, options in halves_of_digits.OPTIONS.items():
        swept, chosen = RECORDED["swept"][way], RECORDED["chosen"][way]
        assert set(swept) == {f"{option:g}" for option in options}
        assert swept[f"{chosen['option']:g}"] == max(swept.values())
        assert chosen["rate"] in halves_of_digits.RATES
