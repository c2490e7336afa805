"""The chart shows the decision table, all of it and nothing else, as pictures and as text."""

import dataclasses
import re
from collections.abc import Mapping

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from book.notebooks import ROOT, load
from lossbook.catalog import CATALOG
from lossbook.choose import TASKS, Task
from lossbook.teach import chart
from lossbook.teach.chart import PARTS, chart_text, decision_chart, leaf


def leaves(part: str, tasks: Mapping[str, Task]) -> list[str]:
    return [leaf(it) for name in PARTS[part] for branch in tasks[name].branches for it in branch.choices]


def wording(part: str, tasks: Mapping[str, Task]) -> str:
    said = [(it.target, it.question, *(branch.answer for branch in it.branches)) for it in map(tasks.get, PARTS[part])]
    return " ".join(words for of_task in said for words in of_task)


def check_picture(figure: Figure, part: str, tasks: Mapping[str, Task] = TASKS) -> None:
    (axes,) = figure.axes
    assert [it.get_text() for it in axes.texts if it.get_gid() == "leaf"] == leaves(part, tasks)
    assert " ".join(it.get_text() for it in axes.texts if it.get_gid() == "words") == wording(part, tasks)


def check_text(text: str, part: str, tasks: Mapping[str, Task] = TASKS) -> None:
    lines = [line for line in text.splitlines() if line.startswith("    - ")]
    shown = [re.sub(r"\[?`(\w+)`(?:\]\([^)]*\))?", r"\1", line[6:]).partition(":")[0] for line in lines]
    assert shown == leaves(part, tasks)
    for name in PARTS[part]:
        assert text.count(f"- **{tasks[name].target}.** {tasks[name].question}\n") == 1
        for branch in tasks[name].branches:
            assert f"  - *{branch.answer}.*\n" in text
            assert all(f": {choice.reason}" in text for choice in branch.choices)


def check_inside(figure: Figure) -> None:
    """Nothing is wider than the picture, and no loss wider than its box."""
    figure.set_dpi(110)
    figure.canvas.draw()
    (axes,) = figure.axes
    edge = figure.bbox.width
    for text in [*axes.texts, *figure.texts]:
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= edge
        if text.get_gid() == "leaf":
            around = [patch.get_window_extent() for patch in axes.patches]
            assert any(it.x0 < box.x0 and box.x1 < it.x1 and it.y0 < box.y0 and box.y1 < it.y1 for it in around)


def without_one(tasks: Mapping[str, Task], name: str) -> dict[str, Task]:
    """The table with the last loss of a task taken out."""
    *others, last = tasks[name].branches
    fewer = dataclasses.replace(last, choices=last.choices[:-1])
    return dict(tasks) | {name: dataclasses.replace(tasks[name], branches=(*others, fewer))}


def test_the_parts_hold_every_task_once_and_so_every_loss():
    assert [name for names in PARTS.values() for name in names] == list(TASKS)
    assert {leaf_.partition(" ")[0] for part in PARTS for leaf_ in leaves(part, TASKS)} == set(CATALOG)


@pytest.mark.parametrize("part", PARTS)
def test_the_picture_is_the_table_and_nothing_sticks_out(part):
    figure = decision_chart(part, title="{answers} answers, {losses} losses")
    answers = sum(len(TASKS[name].branches) for name in PARTS[part])
    losses = len({name.partition(" ")[0] for name in leaves(part, TASKS)})
    assert figure.get_suptitle() == f"{answers} answers, {losses} losses"
    check_picture(figure, part)
    check_inside(figure)
    assert figure.get_size_inches()[0] * 72 < 330  # on a phone of 390 pixels: hardly made smaller
    assert figure.get_size_inches()[1] < 11  # on a sheet of paper
    plt.close("all")


@pytest.mark.parametrize("part", PARTS)
def test_the_text_is_the_table(part):
    check_text(chart_text(part).data, part)


@pytest.mark.parametrize("part", PARTS)
def test_a_loss_left_out_or_added_is_seen(part, monkeypatch: pytest.MonkeyPatch):
    bent = without_one(TASKS, PARTS[part][0])
    for check, drawn in ((check_picture, decision_chart(part, title="")), (check_text, chart_text(part).data)):
        with pytest.raises(AssertionError):
            check(drawn, part, bent)  # one too many
    monkeypatch.setattr(chart, "TASKS", bent)
    for check, drawn in ((check_picture, decision_chart(part, title="")), (check_text, chart_text(part).data)):
        with pytest.raises(AssertionError):
            check(drawn, part)  # one too few
    plt.close("all")


def test_words_that_stick_out_are_seen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chart, "_wide", lambda words, *args, **style: 2.0 * len(words))
    with pytest.raises(AssertionError):
        check_inside(decision_chart("amounts", title="a title"))
    plt.close("all")


def test_a_link_leads_to_the_chapter(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir("book")
    assert "[`huber_loss`](huber.ipynb) (delta): " in chart_text("amounts").data


def calls(source: str) -> set[str]:
    return {f"{name} {part}" for name, part in re.findall(r"(decision_chart|chart_text)\(\"(\w+)\"", source)}


def test_the_page_shows_every_part_both_ways():
    cells = load((ROOT / "book" / "choosing.ipynb").read_text(encoding="utf-8")).cells
    wanted = {f"{name} {part}" for name in ("decision_chart", "chart_text") for part in PARTS}
    assert calls("\n".join(cell.source for cell in cells)) == wanted
    assert calls("\n".join(cell.source for cell in cells[:3])) != wanted
