"""Early or late: a split run anew, its days, its bill, and the record."""

import pytest
import torch

from book.experiments import early_or_late
from tests.book.experiments.shared import record_of

RECORDED = record_of(early_or_late)


def test_a_split_of_early_or_late_is_as_recorded():
    found, recorded = early_or_late.run(seed=0), RECORDED["runs"][0]
    assert found.keys() == recorded.keys()
    for name, metrics in recorded.items():  # a rounded prediction may fall into the next slot on another CPU
        assert found[name] == pytest.approx(metrics, rel=0.01, abs=2e-3), name


def test_no_day_is_used_twice():
    for seed in early_or_late.SEEDS:
        train, shift, held_back = early_or_late.days(seed)
        assert torch.equal(torch.cat([train, shift, held_back]).sort().values, torch.arange(365))
        assert len(held_back) == early_or_late.DAYS_HELD_BACK
        assert len(shift) == early_or_late.DAYS_FOR_THE_SHIFT


def test_the_bill_charges_each_side_its_price():
    prediction, target = torch.tensor([30.0, 14.0, 20.0]), torch.tensor([20.0, 20.0, 20.0])
    assert early_or_late.bill(prediction, target).tolist() == [50, 6, 0]
    assert early_or_late.squared_bill(prediction, target).tolist() == [500, 36, 0]


def test_the_pull_passes_the_rounding():
    prediction = torch.tensor([31.0, 14.0], requires_grad=True)
    loss = early_or_late.bill_through_rounding(prediction, torch.tensor([20.0, 20.0]))
    assert loss.tolist() == [50, 5]  # of 30 and of 15
    assert torch.autograd.grad(loss.sum(), prediction)[0].tolist() == [5, -1]


def test_the_record_of_early_or_late_is_whole():
    assert len(RECORDED["runs"]) == len(early_or_late.SEEDS) == len(RECORDED["seeds"])
    assert RECORDED["prices"] == [early_or_late.OVER, early_or_late.UNDER]
    assert RECORDED["days"]["held back"] == early_or_late.DAYS_HELD_BACK
    assert RECORDED["days"]["train"] == 365 - early_or_late.DAYS_HELD_BACK
    ways = {*early_or_late.PLAIN, *early_or_late.OWN, *(f"{name}, moved" for name in early_or_late.PLAIN)}
    assert all({*run} == {*ways, "rounded after", "rounded within"} for run in RECORDED["runs"])
