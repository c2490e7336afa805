"""Ink in noise: one training run anew, the Dice score, the parts, and the record."""

import pytest
import torch

from book.experiments import ink_in_noise
from tests.book.experiments.shared import record_of

RECORDED = record_of(ink_in_noise)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cross-entropy", "both"])
def test_ink_is_marked_as_recorded(name):
    found, recorded = ink_in_noise.run(name, 0), RECORDED["runs"]["ink"][name][0]
    assert found["dice"] == pytest.approx(recorded["dice"], abs=0.04)  # another CPU rounds otherwise
    assert found["surprise"] == pytest.approx(recorded["surprise"], rel=0.2)


def test_the_dice_score_is_of_pictures_with_ink():
    ink = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    says = torch.tensor([[1.0, 0.0, 1.0], [1.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
    assert ink_in_noise.dice_score(says, ink) == pytest.approx((0.5 + 1) / 2)


def test_no_digit_with_ink_is_trained_on_and_judged_by():
    (noisy, ink), (noisy_new, _) = ink_in_noise.parts(4)
    assert len(noisy) == len(ink) == ink_in_noise.TRAIN
    assert len(noisy_new) == ink_in_noise.TEST
    assert not torch.equal(noisy[: len(noisy_new)], noisy_new)


def test_the_record_of_ink_is_whole():
    assert set(RECORDED["runs"]["ink"]) == set(ink_in_noise.LOSSES)
    assert all(len(runs) == len(ink_in_noise.SEEDS) for runs in RECORDED["runs"]["ink"].values())
