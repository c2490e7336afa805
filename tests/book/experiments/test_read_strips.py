"""Reading strips: one training run anew, the edits, the timed symbols, and the record."""

import pytest
import torch

from book.experiments import read_strips
from lossbook.teach import data
from tests.book.experiments.shared import record_of

RECORDED = record_of(read_strips)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "way"), [(kind, way) for kind, ways in read_strips.WAYS.items() for way in ways])
def test_a_reading_of_strips_is_as_recorded(kind, way):
    found, recorded = read_strips.run(kind, way, 0), RECORDED["runs"][kind][way][0]
    # Another CPU rounds otherwise, and the training spreads it.
    assert found["error"] == pytest.approx(recorded["error"], rel=0.3, abs=0.01)
    assert found["blank"] == pytest.approx(recorded["blank"], abs=0.05)
    assert found["zeros"] == pytest.approx(recorded["zeros"], abs=20)


def test_the_record_is_whole():
    assert {kind: sorted(ways) for kind, ways in RECORDED["runs"].items()} == {
        kind: sorted(ways) for kind, ways in read_strips.WAYS.items()
    }
    runs = [seeds for ways in RECORDED["runs"].values() for seeds in ways.values()]
    assert all(len(seeds) == len(read_strips.SEEDS) == len(RECORDED["seeds"]) for seeds in runs)
    assert (RECORDED["strips"], RECORDED["held_back"]) == (read_strips.STRIPS, read_strips.HELD_BACK)
    assert (RECORDED["epochs"], RECORDED["widest_gaps"]) == (read_strips.EPOCHS, read_strips.WIDEST_GAPS)


def test_edits_are_counted():
    for said, true, count in (([], [], 0), ([], [1, 2], 2), ([1, 2, 3], [1, 3], 1), ([9, 3, 3, 4], [5, 3, 3, 1, 4], 2)):
        assert read_strips.edits(said, true) == read_strips.edits(true, said) == count


@pytest.mark.parametrize("way", ["even", "marked"])
def test_frames_with_a_given_time_read_the_label(way):
    """Each digit in its own frames, the first of them blank: so repeats stay apart."""
    strip = data.strip_of([5, 143, 193, 1500], [2, -1, 1])
    count = read_strips.frames_of(strip).item()
    symbols = read_strips.timed(strip, way)[0]
    assert len(symbols) == count
    runs = symbols.unique_consecutive()
    assert (runs[runs > 0] - 1).tolist() == strip.digits[0].tolist()
    if way == "marked":
        for digit, first, last in zip(strip.digits[0], strip.first[0], strip.last[0], strict=True):
            inside = symbols[first // 2 + 1 : last // 2 + 1]
            assert (inside == digit + 1).float().mean() > 0.6


def test_padding_frames_have_no_symbol():
    strips = data.digit_strips(20, seed=0)
    symbols = read_strips.timed(strips, "marked")
    beyond = torch.arange(symbols.shape[1]) >= read_strips.frames_of(strips)[:, None]
    assert (symbols[beyond] == -100).all()
    assert symbols[~beyond].min() == 0
