"""Chances or sides: one run anew, the ways to judge, the choice of the rate, and the record."""

import pytest
import torch
from torch.nn.functional import one_hot

from book.experiments import chances_or_sides
from tests.book.experiments.shared import record_of

RECORDED = record_of(chances_or_sides)


FIRM = ("error", "brier", "lead", "brier, cooled")


def agrees(found, recorded):
    """Whether a run made anew is a recorded one."""
    return found.keys() == recorded.keys() and all(
        # another CPU rounds otherwise, and training spreads it
        found[metric] == pytest.approx(recorded[metric], abs=0.015)
        for metric in FIRM
    )


def test_a_run_of_chances_or_sides_is_as_recorded_and_no_other():
    (found,) = chances_or_sides.run("mse", 0.003, seeds=(0,))
    assert agrees(found, RECORDED["runs"]["mse"]["0.003"][0])
    assert not agrees(found, RECORDED["runs"]["mse"]["0.001"][0])
    assert not agrees(found, RECORDED["runs"]["brier"]["0.003"][0])


def test_the_lead_does_not_grow_with_the_scores():
    digit = torch.tensor([2, 7])
    ideal = one_hot(digit, 10).float()
    torch.testing.assert_close(chances_or_sides.leads(ideal, digit), torch.ones(2))
    torch.testing.assert_close(chances_or_sides.leads(5 * ideal + 3, digit), torch.ones(2))
    assert (chances_or_sides.leads(-ideal, digit) < 0).all()


def test_the_temperature_is_found():
    generator = torch.Generator().manual_seed(0)
    scores = 2 * torch.randn(4000, 10, generator=generator)
    digit = torch.multinomial(scores.softmax(1), 1, generator=generator)[:, 0]
    assert chances_or_sides.temperature(scores, digit) == pytest.approx(1, rel=0.1)
    assert chances_or_sides.temperature(5 * scores, digit) == pytest.approx(5, rel=0.1)


def test_squared_error_is_read_as_it_says():
    p = torch.full((4, 10), 0.02)
    p[:, 3] = 0.82
    digit = torch.tensor([3, 3, 3, 1])
    found = chances_or_sides.metrics(1.5 * p, digit, warmth=0.5)
    assert found["cross-entropy, as it says"] == pytest.approx(-(3 * p[0, 3].log() + p[0, 0].log()).item() / 4)
    assert found["cross-entropy, cooled"] < found["cross-entropy"]
    assert found["error"] == 0.25


def test_the_rate_is_chosen_by_the_own_loss():
    rates = {"a": [{"own loss apart": 2, "error": 0.1}], "b": [{"own loss apart": 1, "error": 0.3}]}
    assert chances_or_sides.chosen(rates)[0]["error"] == 0.3


def test_the_record_of_chances_or_sides_is_whole():
    assert set(RECORDED["runs"]) == set(chances_or_sides.LOSSES)
    for rates in RECORDED["runs"].values():
        assert set(rates) == {f"{rate:g}" for rate in chances_or_sides.RATES}
        assert all(len(runs) == len(chances_or_sides.SEEDS) for runs in rates.values())
