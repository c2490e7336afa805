"""The next character: the first epoch run anew, the parts, the bits, and the record."""

import pytest
import torch

from book.experiments import next_character
from lossbook.teach import data
from tests.book.experiments.shared import record_of

RECORDED = record_of(next_character)


@pytest.mark.slow
def test_the_first_epoch_of_a_reader_is_as_recorded():
    found = next_character.run(seed=0, epochs=1)["curve"]  # another CPU rounds otherwise
    assert found == pytest.approx(RECORDED["runs"][0]["curve"][:1], rel=0.03)


def test_the_record_is_whole():
    assert len(RECORDED["runs"]) == len(RECORDED["seeds"]) == len(next_character.SEEDS)
    verses = "\n".join(next_character.parts()[1].split("\n")[: next_character.SHOWN])
    for run in RECORDED["runs"]:
        assert len(run["curve"]) == RECORDED["epochs"] == next_character.EPOCHS
        assert len(run["shown"]) == len(verses)
        assert min(run["shown"]) >= 0


def test_what_is_held_back_is_not_trained_on():
    train, held_back = next_character.parts()
    assert held_back + "\n\n" + train == data.king_james()
    assert held_back.startswith("In the beginning")
    assert held_back not in train


def test_the_bits_of_a_reader_are_of_each_character_after_those_before_it():
    text = next_character.numbers("And God said")
    model = next_character.Reader(len(set(data.king_james())))
    found = next_character.bits(model, text)
    changed = next_character.bits(model, torch.cat([text[:-1], text[:1]]))
    assert found.shape == text.shape
    torch.testing.assert_close(found[:-1], changed[:-1])
    assert found[-1] != changed[-1]
