"""Soft bends: a split run anew, and the record."""

import pytest

from book.experiments import bend_softly, where_to_bend
from tests.book.experiments.shared import record_of

RECORDED = record_of(bend_softly)


def test_a_soft_bend_is_as_recorded():
    splits = {"tumours": where_to_bend.real_split(0), "diabetes, 15% spoilt": where_to_bend.spoilt_split(0.15, 0)}
    for rows, found in ((rows, bend_softly.run(*split)) for rows, split in splits.items()):
        for name, metrics in found.items():
            assert metrics == pytest.approx(RECORDED["runs"][rows][name][0], rel=1e-3, abs=1e-3), name


def test_the_record_of_soft_bends_is_whole():
    assert len(RECORDED["runs"]) == 1 + len(bend_softly.SHARES)
    for ways in RECORDED["runs"].values():
        assert set(ways) == {"mse", "huber", "log-cosh"}
        assert all(len(splits) == len(bend_softly.SEEDS) for splits in ways.values())
