"""The atlas shows every row of the catalog once, under a heading that can be linked to, in the section of its task."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from book.notebooks import ROOT, load
from lossbook.catalog import CATALOG, Row
from tests.book.pages import headings


def atlas() -> list:
    return load((ROOT / "book" / "atlas.ipynb").read_text(encoding="utf-8")).cells


def shown(cells: list) -> list[tuple[int, str, str]]:
    """Each heading below the page's own parts: its level, its text, and what the cell after it printed."""
    found = []
    for cell, after in itertools.pairwise(cells):
        if cell.cell_type == "markdown":
            (level, text), *_ = [*headings(cell.source), (0, "")]
            found.append((level, text, printed(after)))
    return found


def printed(cell) -> str:
    return "".join(output["data"].get("text/markdown", "") for output in cell.get("outputs", []) if "data" in output)


def wanted(rows: list[Row]) -> list[tuple[int, str]]:
    """The headings of the cards: one section a task, one heading a loss."""
    headings = []
    for task, entries in itertools.groupby(rows, lambda entry: entry.task):
        headings.append((2, task[0].upper() + task[1:]))
        headings += [(3, entry.name) for entry in entries]
    return headings


def check_atlas(cells: list, rows: list[Row]) -> None:
    found = shown(cells)
    first = next(index for index, (level, _, _) in enumerate(found) if level == 3) - 1
    assert [(level, text) for level, text, _ in found[first:]] == wanted(rows)
    cards = {text: card for level, text, card in found if level == 3}
    table = "".join(output for _, text, output in found if text == "All of them")
    for entry in rows:
        assert f"**{entry.asks}**" in cards[entry.name]
        assert entry.formula in cards[entry.name]
        assert f"| [{entry.name}](#{entry.name.lower()}) | {entry.asks} |" in table.replace("<wbr>", "")


def test_the_atlas_shows_every_row():
    check_atlas(atlas(), list(CATALOG.values()))


def without(name: str) -> list:
    """The atlas without the card of one loss."""
    return [cell for cell in atlas() if cell.source != f'card("{name}")']


@pytest.mark.parametrize(("cells", "rows"), [
    (lambda: without("huber_loss"), list(CATALOG.values())),
    (atlas, list(CATALOG.values())[1:]),
    (atlas, [*CATALOG.values(), dataclasses.replace(CATALOG["ctc_loss"], function="new_loss", task="a new task")]),
    (atlas, [dataclasses.replace(CATALOG["l1_loss"], asks="Other?"), *list(CATALOG.values())[1:]]),
    (atlas, [dataclasses.replace(CATALOG["l1_loss"], task="a count"), *list(CATALOG.values())[1:]]),
])  # fmt: skip
def test_a_wrong_atlas_is_rejected(cells, rows):
    with pytest.raises((AssertionError, KeyError)):
        check_atlas(cells(), rows)


def check_section(entry: Row) -> None:
    """A relative has a section of its own in the chapter of its lead, under the heading that its card links to."""
    page = ROOT / "book" / f"{entry.chapter}.ipynb"
    found = [text for cell in load(page.read_text(encoding="utf-8")).cells for _, text in headings(cell.source)]
    assert bool(entry.section) or entry.lead
    assert not entry.section or found.count(entry.section) == 1


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.name)
def test_a_card_leads_to_a_section(entry):
    check_section(entry)


@pytest.mark.parametrize("facts", [{"section": ""}, {"section": "Smooth L1"}, {"chapter": "binary"}])
def test_a_card_that_leads_nowhere_is_rejected(facts):
    with pytest.raises(AssertionError):
        check_section(dataclasses.replace(CATALOG["smooth_l1_loss"], **facts))
