"""Ranges: one run anew, the metrics of a range, and the record."""

import pytest
import torch

from book.experiments import ranges_for_nine_in_ten
from tests.book.experiments.shared import record_of

RECORDED = record_of(ranges_for_nine_in_ten)


@pytest.mark.slow
def test_ranges_are_as_recorded():
    found = ranges_for_nine_in_ten.run("tumours")
    for way, splits in RECORDED["runs"]["tumours"].items():  # another CPU rounds otherwise, and training spreads it
        for one, recorded in zip(found[way], splits, strict=True):
            assert one["ends"] == pytest.approx(recorded["ends"], rel=0.05), way
            assert one["covered"] == pytest.approx(recorded["covered"], abs=0.03), way


def test_the_metrics_of_a_range():
    y = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    low, high = torch.full((6,), 1.5), torch.tensor([4.5, 4.5, 4.5, 4.5, 4.5, 1.0])
    found = ranges_for_nine_in_ten.metrics(low, high, y, size=y)
    assert (found["covered"], found["covered, small"], found["covered, large"]) == (0.5, 0.5, 0.0)
    assert found["crossed"] == pytest.approx(1 / 6)
    assert found["width"] == pytest.approx((5 * 3 - 0.5) / 6)


def test_the_record_of_ranges_is_whole():
    assert RECORDED["runs"].keys() == ranges_for_nine_in_ten.SETS.keys()
    for ways in RECORDED["runs"].values():
        assert set(ways) == set(ranges_for_nine_in_ten.OUTPUTS)
        assert all(len(splits) == len(ranges_for_nine_in_ten.SEEDS) for splits in ways.values())
