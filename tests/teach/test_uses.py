"""The table of when to use what has one row a loss of the catalog, whole and in its place."""

import dataclasses
import itertools

import pytest

from lossbook.catalog import CATALOG
from lossbook.teach import uses
from lossbook.teach.cards import target_of
from lossbook.teach.uses import USES, Use, when_to_use


def check_uses(table: dict[str, Use]) -> None:
    assert list(table) == list(CATALOG)
    for name, use in table.items():
        assert use.neighbour in CATALOG
        assert use.neighbour != name
        for words in (use.when, use.unless, use.instead):
            assert words == words.strip()
            assert words
            assert words[-1] not in ".;:"
            assert "|" not in words
    sentences = [words for use in table.values() for words in (use.when, use.unless, use.instead)]
    assert len(set(sentences)) == len(sentences)


def check_table(text: str) -> None:
    rows = [line.strip("| ").split(" | ") for line in text.replace("<wbr>", "").splitlines() if line.startswith("| ")]
    assert all(len(cells) == 6 for cells in rows)
    for entry, cells in itertools.zip_longest(CATALOG.values(), rows[1:]):
        use = USES[entry.name]
        assert cells[0] in (entry.name, f"[{entry.name}]({cells[0].rpartition('](')[2].removesuffix(')')})")
        assert cells[1:5] == [use.when, use.unless, entry.last_layer, target_of(entry)]
        assert use.neighbour in cells[5]
        assert use.instead in cells[5]


def test_every_loss_has_its_use():
    check_uses(USES)


def test_every_loss_has_its_line():
    check_table(when_to_use().data)


@pytest.mark.parametrize(
    "fault",
    [
        {"l1_loss": dataclasses.replace(USES["l1_loss"], neighbour="l1_loss")},
        {"l1_loss": dataclasses.replace(USES["l1_loss"], neighbour="L3Loss")},
        {"l1_loss": dataclasses.replace(USES["l1_loss"], unless="")},
        {"l1_loss": dataclasses.replace(USES["l1_loss"], when=USES["mse_loss"].when)},
        {"new_loss": USES["l1_loss"]},
    ],
)
def test_a_bent_use_is_seen(fault):
    with pytest.raises(AssertionError):
        check_uses(USES | fault)


@pytest.mark.parametrize(
    "bend",
    [
        lambda text: "\n".join(line for line in text.splitlines() if "huber_<wbr>loss" not in line),
        lambda text: text.replace(CATALOG["ctc_loss"].last_layer, "linear"),
        lambda text: text.replace(USES["mse_loss"].when, "always"),
    ],
)
def test_a_bent_table_is_seen(bend):
    with pytest.raises((AssertionError, AttributeError)):
        check_table(bend(when_to_use().data))


def test_a_link_leads_to_the_section(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir("book")
    assert "[smooth_<wbr>l1_<wbr>loss](huber.ipynb#smooth-l1-the-same-shape-under-another-scale)" in when_to_use().data
    assert uses._link(CATALOG["mse_loss"]) == "[mse_<wbr>loss](mse-and-l1.ipynb)"
