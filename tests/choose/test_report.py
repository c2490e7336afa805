"""How a report looks: plain text that fits a terminal, a table that escapes, data that goes into json."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch

from lossbook.choose import Report, Suggestion, suggest
from lossbook.choose.readings import Reading
from tests.choose.targets import TARGETS, Expected

VOID = ("br", "hr")


class Tags(HTMLParser):
    """Which elements are open, and all text."""

    def __init__(self, page: str):
        super().__init__()
        self.open, self.text, self.rows = [], "", 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.open += [tag] * (tag not in VOID)
        self.rows += tag == "tr"

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("expected", TARGETS, ids=lambda it: it.name)
def test_a_report_can_be_read_everywhere(expected: Expected):
    report = suggest(expected.target, **expected.told)
    text = str(report)
    assert repr(report) == text
    assert all(len(line) <= 100 for line in text.splitlines())
    assert "  ".join(text.split("\n")) == text.replace("\n", "  ")
    page = Tags(report._repr_html_())
    assert page.open == []
    assert page.rows == 1 + len(report.suggestions)
    for it in report.suggestions:
        assert it.chapter in text
        assert it.call in page.text
        assert it.check_next.replace("`", "") in page.text
    assert "`" not in page.text
    assert json.loads(json.dumps(report.as_dict()))["task"] == report.task


def test_the_lines_are_aligned():
    lines = str(suggest(torch.tensor([1.5, 2.5, 90.0]))).split("\n\n", 1)[1].splitlines()
    started = [line for line in lines if line.startswith("   ") and line[3] != " "]
    assert started
    assert all(line[11] == " " != line[12] for line in lines if line.startswith("   "))


def test_an_answer_is_said_once_and_so_is_what_speaks_for_it():
    report = suggest(torch.tensor([1] * 2 + [0] * 38))
    words = " ".join(str(report).split())
    assert words.count("one of the two answers is rare") == 1
    assert words.count("5.0% are a yes.") == 1
    assert words.count("taken here") == 1
    assert "5.0% are a yes." in report.suggestions[0].reasons


def test_markup_is_escaped():
    strange = Suggestion(
        "mse_loss", hand_over="target < 1", reasons=("<script>alert(1)</script> & more",), answer="<b>"
    )
    seen = suggest([0.5, 1.5]).seen
    report = Report("<i>", "<u>?", seen, (strange,), (Reading("<a>", "<em>"), Reading("b", "<s>")), ("<img>",))
    page = report._repr_html_()
    for mark in ("<script", "<i>", "<u>", "<a>", "<em>", "<s>", "<img>"):
        assert mark not in page
        assert mark.replace("<", "&lt;").replace(">", "&gt;") in page
    assert "&amp; more" in page
    assert "target &lt; 1" in page


def test_the_reading_that_was_taken_stands_first():
    text = str(suggest(torch.tensor([0, 1, 2, 1, 0, 2])))
    assert text.index("so classes if") < text.index("or counts if")
    assert "so " not in str(suggest(torch.tensor([0, 1, 2, 1, 0, 2]), task="classes")).split("?")[0]


def test_the_criterion_is_made_once_and_late():
    it = suggest(torch.arange(9), task="vocabulary").suggestions[1]
    assert it.loss == "linear_cross_entropy"
    assert "criterion" not in vars(it)
    assert it.criterion is it.criterion


def test_a_long_tensor_is_cut_in_words_alone():
    it = Suggestion("cross_entropy", {"weight": torch.arange(9.0)})
    assert it.call == "torch.nn.CrossEntropyLoss(weight=tensor([0, 1, 2, 3, 4, 5, …]))"
    assert len(it.criterion.weight) == 9


def test_a_page_shows_code_as_code_and_knows_the_report_by_its_class():
    page = suggest([0.5, 1.5], task="amounts")._repr_html_()
    assert page.startswith('<div class="suggestions">')
    assert "<code>softplus</code> or <code>exp</code>" in page
    assert "<code>prediction=</code>" in page
    # The cells are grids of two columns: more than one child would stand beside the other.
    cells = page.split("<td>")[1:]
    assert all(cell.startswith(("<code>", "<span>")) or cell[0].isdigit() for cell in cells)
    style = (Path(__file__).parents[2] / "book/_static/book.css").read_text()
    assert ".suggestions table td:nth-child(8)" in style


def test_rows_and_columns_are_told_apart():
    assert "120 targets of the shape (40, 3), 2 distinct" in str(suggest(torch.eye(3).repeat(14, 1)[:40]))
    assert "shape" not in str(suggest([0.5, 1.5])).splitlines()[0]


@pytest.mark.parametrize(
    "target", [[0.0] * 9 + [1.0], (torch.arange(128).view(2, 1, 8, 8) == 3).float()], ids=["answers", "mask"]
)
def test_one_score_is_no_score_per_class(target: object):
    told = {it.loss: it.output_layer for it in suggest(target).suggestions}
    assert told["focal_loss"] == "linear: a score"
    assert told.get("dice_loss", "linear: a score") == "linear: a score"
    of_classes = suggest([0] * 30 + [1] * 6 + [2] * 3, task="classes").suggestions
    assert "linear: a score per class" in {it.output_layer for it in of_classes if it.loss == "focal_loss"}
