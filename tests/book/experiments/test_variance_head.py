"""The variance head: one training of each remedy run anew, and the record."""

import pytest

from book.experiments import variance_head
from tests.book.experiments.shared import record_of

RECORDED = record_of(variance_head)


@pytest.mark.slow
@pytest.mark.parametrize("remedy", variance_head.REMEDIES)
def test_a_memorised_training_is_as_recorded(remedy):
    found = variance_head.memorised(remedy, seed=0)
    for epoch in variance_head.CHECKPOINTS[:5]:  # later on, a rounding has grown into a difference
        for rows, metrics in RECORDED["memorised"][remedy][0][str(epoch)].items():
            assert found[str(epoch)][rows] == pytest.approx(metrics, rel=0.02, abs=0.002), (epoch, rows)


@pytest.mark.slow
@pytest.mark.parametrize("units", variance_head.UNITS)
def test_a_starved_training_is_as_recorded(units):
    assert variance_head.starved("nll", units, seed=0) == pytest.approx(RECORDED["starved"][units]["nll"][0], rel=0.01)


def test_the_record_is_whole():
    runs = [*RECORDED["memorised"].values(), *(run for units in RECORDED["starved"].values() for run in units.values())]
    assert [len(seeds) for seeds in runs] == [len(variance_head.SEEDS)] * len(runs)
    assert RECORDED["checkpoints"] == list(variance_head.CHECKPOINTS)
    assert set(RECORDED["memorised"]) == set(variance_head.REMEDIES)
    assert {*RECORDED["starved"]["own"], "floor"} == set(variance_head.REMEDIES)
