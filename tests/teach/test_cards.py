"""The card of a loss says what the catalog says, and agreement with torch is measured, not claimed."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

import lossbook
from lossbook.catalog import CATALOG
from lossbook.teach import agreement, card
from lossbook.teach.cards import overview
from lossbook.teach.record import _verdict

LOSSES = [row.name for row in CATALOG.values() if row.from_torch]


@pytest.mark.parametrize("name", CATALOG)
def test_the_card_holds_the_facts_of_the_row(name: str):
    row, text = CATALOG[name], card(name).data
    arguments = [fact for it in row.arguments.values() for fact in (it.symbol, it.what, it.values)]
    for fact in (row.asks, row.formula, row.function, row.module, *row.arguments, *row.options, *arguments):
        assert fact in text, fact


def test_a_card_can_be_asked_for_by_module_and_not_by_a_wrong_name():
    assert card("HuberLoss").data == card("huber_loss").data
    with pytest.raises(KeyError, match="huber"):
        card("hubber_loss")


def test_the_table_of_all_losses_names_each():
    text = overview().data
    for row in CATALOG.values():
        assert text.count(f"| {row.asks} |") == 1


def test_two_losses_have_two_cards():
    assert len({card(name).data for name in CATALOG}) == len(CATALOG)


@pytest.mark.parametrize("name", LOSSES)
def test_agreement_has_a_line_for_each_dtype(name: str):
    text = agreement(name).data
    for dtype in ("float64", "float32", "bfloat16", "float16"):
        assert text.count(f"| {dtype} |") == 1


def test_the_card_of_a_loss_that_torch_lacks_says_so():
    own = {name for name in CATALOG if "torch has none" in card(name).data}
    assert own == {name for name, row in CATALOG.items() if not row.from_torch}


def test_a_loss_that_torch_lacks_is_held_against_float64_and_differences(monkeypatch: pytest.MonkeyPatch):
    text, hinge = agreement("hinge_loss").data, lossbook.hinge_loss
    assert [text.count(f"| {dtype} |") for dtype in ("float64", "float32", "bfloat16", "float16")] == [0, 1, 1, 1]
    for wrong in (
        lambda x, y, **options: hinge(x, y, **options) * (1 + (x.dtype == torch.float32)),
        lambda x, y, **options: hinge(x, y, **options).float(),
        lambda x, y, **options: hinge(x, y, **options) + (x - x.detach()).sum(),
    ):
        monkeypatch.setattr(lossbook, "hinge_loss", wrong)
        with pytest.raises((AssertionError, RuntimeError)):
            agreement("hinge_loss")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, y, **options: F.huber_loss(x, y, **options) * 1.01,
        lambda x, y, **options: F.huber_loss(x, y, **options).float(),
        lambda x, y, **options: F.huber_loss(x, y, **options) + (x - x.detach()).sum(),
    ],
    ids=["value", "dtype", "slope"],
)
def test_agreement_raises_where_a_loss_is_wrong(monkeypatch: pytest.MonkeyPatch, wrong):
    monkeypatch.setattr(lossbook, "huber_loss", wrong)
    with pytest.raises(AssertionError):
        agreement("huber_loss")


def test_a_difference_must_be_to_the_better():
    """e^x - y, in bfloat16: torch rounds e^x first. In float64 no difference passes."""
    lines = [line.split(" | ")[0:1] + line.split(" | ")[3:] for line in agreement("poisson_nll_loss").data.splitlines()]
    assert ["| float32", "agrees", "agrees |"] in lines
    assert ["| bfloat16", "agrees", "nearer to float64 |"] in lines
    half, exact = torch.tensor([1.0, 2.0]).bfloat16(), torch.tensor([1.0, 2.0]).double()
    off = half * 1.1
    assert _verdict(half, off, exact) == "nearer to float64"
    assert _verdict(half, half, exact) == "agrees"
    assert _verdict(half.float(), off.float(), exact) == "nearer to float64"
    for ours, theirs in ((off, half), (off.float(), half.float()), (half.float(), off), (half, off.half())):
        with pytest.raises(AssertionError):
            _verdict(ours, theirs, exact)


def test_a_dtype_that_torch_refuses_must_be_refused(monkeypatch: pytest.MonkeyPatch):
    lines = agreement("multi_margin_loss").data.splitlines()
    assert [line.endswith("| not taken | not taken |") for line in lines[-4:]] == [False, False, True, True]
    monkeypatch.setattr(
        lossbook,
        "multi_margin_loss",
        lambda x, *rest, **options: F.multi_margin_loss(x.float(), *rest, **options).to(x),
    )
    with pytest.raises(AssertionError, match="lossbook takes it"):
        agreement("multi_margin_loss")


def test_torch_agrees_with_itself(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lossbook, "huber_loss", torch.nn.functional.huber_loss)
    agreement("huber_loss")


# Four cards read by eye, line by line: with and without a function, options of all sorts, weights of both sorts.
READ = ("huber_loss", "AdaptiveLogSoftmaxWithLoss", "kl_div", "cross_entropy")
EXPECTED = Path(__file__).with_name("expected_cards.md")


def test_four_cards_to_the_letter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)  # no chapters lie here, so no links
    assert "\n".join(card(name).data for name in READ) == EXPECTED.read_text()


def test_the_chapter_is_a_link_where_its_notebook_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "huber.ipynb").touch()
    monkeypatch.chdir(tmp_path)
    assert "| Chapter | [huber](huber.ipynb) |" in card("huber_loss").data
    assert "| Chapter | mse-and-l1 |" in card("mse_loss").data
    assert "| huber |" not in overview().data
    assert "[huber](huber.ipynb)" in overview().data
