"""Focal loss for what is rare: one run anew, how its chances are taken back, the threshold, and the record."""

import pytest
import torch

import lossbook
from book.experiments import focal_for_rare
from tests.book.experiments.shared import record_of

RECORDED = record_of(focal_for_rare)


@pytest.mark.slow
@pytest.mark.parametrize("rows", focal_for_rare.SETS)
def test_focal_loss_for_what_is_rare_is_as_recorded(rows):
    for name, found in focal_for_rare.run(rows, 0, ("bce", "focal 2")).items():
        recorded = RECORDED["runs"][rows][name][0]  # another CPU rounds otherwise, and training spreads it
        assert found.keys() == recorded.keys()
        assert found["surprise"] == pytest.approx(recorded["surprise"], rel=0.1)
        assert found["average precision"] == pytest.approx(recorded["average precision"], abs=0.05)


@pytest.mark.parametrize("gamma", focal_for_rare.GAMMAS)
def test_what_focal_loss_says_is_taken_back(gamma):
    share = torch.tensor([0.01, 0.2, 0.5, 0.9], dtype=torch.float64)
    said = torch.linspace(1e-4, 1 - 1e-4, 100_001, dtype=torch.float64)
    score, ones = said.logit(), torch.ones_like(said)
    yes, no = (lossbook.focal_loss(score, target, gamma=gamma, reduction="none") for target in (ones, 0 * ones))
    rests = said[(share[:, None] * yes + (1 - share[:, None]) * no).argmin(1)]
    torch.testing.assert_close(focal_for_rare.taken_back(rests, gamma), share, rtol=0.02, atol=0)


def test_the_threshold_of_what_is_rare_is_the_best():
    generator = torch.Generator().manual_seed(0)
    score = torch.randn(200, generator=generator).double()
    y = (score + torch.randn(200, generator=generator) > 1).double()
    weight = torch.where(y == 1, 0.5, 1.0).double()
    cut = focal_for_rare.threshold(score, y, weight)
    best = focal_for_rare.f1((score > cut).double(), y, weight)
    assert all(focal_for_rare.f1((score > at).double(), y, weight) <= best + 1e-12 for at in score)


def test_the_record_of_what_is_rare_is_whole():
    assert RECORDED["runs"].keys() == focal_for_rare.SETS.keys()
    for ways in RECORDED["runs"].values():
        assert set(ways) == set(focal_for_rare.criteria(torch.tensor([0.0, 1.0])))
        assert all(len(splits) == len(focal_for_rare.SEEDS) for splits in ways.values())
