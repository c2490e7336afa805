"""Sentences that are outputs, and warnings that are shown."""

import warnings

import pytest
import torch
from IPython.display import Markdown

import lossbook
from lossbook.teach import caught, say, sentences


def test_say_shows_the_numbers_it_is_given(monkeypatch: pytest.MonkeyPatch):
    shown: list[Markdown] = []
    monkeypatch.setattr(sentences, "display", shown.append)
    say("The gap is {gap:.1e} in {place}.", gap=0.00123, place="**float32**")
    assert [one.data for one in shown] == ["The gap is 1.2e-03 in **float32**."]


def test_say_refuses_a_sentence_whose_number_is_missing():
    with pytest.raises(KeyError):
        say("The gap is {gap}.")


def test_caught_prints_the_category_and_the_first_sentence(capsys: pytest.CaptureFixture):
    result = caught(lossbook.mse_loss, torch.zeros(2, 1), torch.ones(2))
    assert result.item() == 1
    out = capsys.readouterr().out
    line = "Using a target size (torch.Size([2])) that is different to the input size (torch.Size([2, 1]))."
    assert out.replace("\n", " ") == f"UserWarning: {line} "
    assert max(map(len, out.splitlines())) <= sentences.PAGE_WIDTH


def test_caught_prints_every_warning_and_passes_arguments_on(capsys: pytest.CaptureFixture):
    def twice(x: int, *, y: int) -> int:
        for text in ("First one! More.", "Version 1.5 is old. More."):
            warnings.warn(text, DeprecationWarning, stacklevel=1)
        return x + y

    assert caught(twice, 1, y=2) == 3
    assert capsys.readouterr().out == "DeprecationWarning: First one!\nDeprecationWarning: Version 1.5 is old.\n"


def test_caught_prints_nothing_where_nothing_warns(capsys: pytest.CaptureFixture):
    assert caught(abs, -1) == 1
    assert capsys.readouterr().out == ""
