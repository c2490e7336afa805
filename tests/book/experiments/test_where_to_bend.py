"""Where to bend: one split run anew, and the record."""

import copy

import pytest

from book.experiments import where_to_bend
from tests.book.experiments.shared import record_of

RECORDED = record_of(where_to_bend)


def close(found: dict[str, dict[str, float]], recorded: dict[str, dict[str, float]]) -> bool:
    """Whether every fit of a split has its recorded metrics again."""
    return found.keys() == recorded.keys() and all(
        found[fit] == pytest.approx(recorded[fit], rel=1e-3, abs=1e-3) for fit in found
    )


@pytest.mark.slow
@pytest.mark.parametrize("share", where_to_bend.SHARES)
def test_a_planted_split_is_as_recorded(share):
    assert close(where_to_bend.run(*where_to_bend.spoilt_split(share, seed=0)), RECORDED["planted"][f"{share:g}"][0])


def test_a_real_split_is_as_recorded():
    assert close(where_to_bend.run(*where_to_bend.real_split(seed=0)), RECORDED["real"][0])


def test_a_bent_record_is_seen():
    bent = copy.deepcopy(RECORDED["real"][0])
    bent["mse"]["rmse"] *= 1.01
    assert not close(where_to_bend.run(*where_to_bend.real_split(seed=0)), bent)


def test_the_record_is_whole():
    runs = [*RECORDED["planted"].values(), RECORDED["real"]]
    assert [len(splits) for splits in runs] == [len(where_to_bend.SEEDS)] * len(runs)
    assert RECORDED["bends"] == list(where_to_bend.BENDS)
