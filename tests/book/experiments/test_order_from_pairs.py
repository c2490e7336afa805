"""Orders from pairs: one split run anew, the metrics, and the record."""

import pytest
import torch

from book.experiments import order_from_pairs
from tests.book.experiments.shared import record_of

RECORDED = record_of(order_from_pairs)


def test_few_comparisons_order_as_recorded():
    found = order_from_pairs.budget(seed=0, budgets=(0.25, 1))
    for name, metrics in found.items():  # another CPU may turn a pair of nearly equal scores around
        assert metrics == pytest.approx(RECORDED["budget"][0][name], abs=3e-3), name


@pytest.mark.slow
def test_all_comparisons_order_as_recorded():
    found = order_from_pairs.budget(seed=0, budgets=(None,))
    assert found["margin all"] == pytest.approx(RECORDED["budget"][0]["margin all"], abs=3e-3)


def test_raters_order_as_recorded():
    found = order_from_pairs.raters(seed=0)
    assert found.keys() == RECORDED["raters"][0].keys()
    for name, metrics in found.items():
        assert metrics == pytest.approx(RECORDED["raters"][0][name], abs=3e-3), name


def test_the_metrics_of_an_order():
    amount = torch.tensor([1.0, 2.0, 3.0, 3.0])
    assert [len(side) for side in order_from_pairs.pairs(amount)] == [5, 5]
    assert order_from_pairs.metrics(torch.tensor([1.0, 3.0, 2.0, 4.0]), amount)["right"] == 0.8
    backwards = order_from_pairs.metrics(-torch.arange(5.0), torch.arange(5.0))
    assert backwards == pytest.approx({"right": 0.0, "tau": -1.0, "spearman": -1.0})


def test_the_record_is_whole():
    fits = {"amounts"} | {f"{loss} {each}" for loss in order_from_pairs.FITS for each in RECORDED["budgets"]}
    assert len(RECORDED["budget"]) == len(RECORDED["raters"]) == len(order_from_pairs.SEEDS)
    assert all(run.keys() == fits for run in RECORDED["budget"])
    assert RECORDED["apart"] == list(order_from_pairs.APART)
