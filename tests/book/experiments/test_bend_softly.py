"""Soft bends: a split run anew, and the record."""

import pytest

from book.experiments import bend_softly
from tests.book.experiments.shared import record_of

RECORDED = record_of(bend_softly)


def test_a_soft_bend_is_as_recorded():
    for rows, found in (("tumours", bend_softly.tumours(0)), ("diabetes, 15% spoilt", bend_softly.planted(0.15, 0))):
        for name, metrics in found.items():
            assert metrics == pytest.approx(RECORDED["runs"][rows][name][0], rel=1e-3, abs=1e-3), name


def test_the_record_of_soft_bends_is_whole():
    assert len(RECORDED["runs"]) == 1 + len(bend_softly.SHARES)
    for ways in RECORDED["runs"].values():
        assert set(ways) == {"mse", "huber", "log-cosh"}
        assert all(len(splits) == len(bend_softly.SEEDS) for splits in ways.values())
