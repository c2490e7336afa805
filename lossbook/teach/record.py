"""The record that closes each section of a loss, the same everywhere: card, agreement with torch, timing."""

from collections.abc import Callable

import torch
from IPython.display import Markdown, display
from torch import Tensor

import lossbook
from lossbook import timing
from lossbook.catalog import Row, row
from lossbook.teach.cards import card

__all__ = ["agreement", "record"]

ELEMENTS = 1000
_HALF = (torch.bfloat16, torch.float16)
_DTYPES = (torch.float64, torch.float32, *_HALF)


def record(name: str) -> None:
    """Show everything about a loss that is the same for all: its card, its agreement with torch, its cost."""
    display(card(name))
    display(agreement(name))
    timing.section(name)


def agreement(name: str) -> Markdown:
    """A table of how closely value and gradient agree with torch's, dtype by dtype. Raises where they do not."""
    entry = row(name)
    lines = [_agreement_line(entry, dtype) for dtype in _DTYPES]
    return Markdown(
        f"Agreement of `lossbook.{entry.function}` with `torch.nn.functional.{entry.function}` on "
        f"{ELEMENTS:,} random elements, summed, within the tolerances that torch's own tests use:\n\n"
        "| dtype | relative tolerance | absolute tolerance | value | gradient |\n|---|---|---|---|---|\n"
        + "\n".join(lines)
    )


def _agreement_line(entry: Row, dtype: torch.dtype) -> str:
    ours = _value_and_gradient(getattr(lossbook, entry.function), entry, dtype)
    torchs = getattr(torch.nn.functional, entry.function)
    theirs, exact = _value_and_gradient(torchs, entry, dtype), _value_and_gradient(torchs, entry, dtype, widened=True)
    words = [_verdict(*three) for three in zip(ours, theirs, exact, strict=True)]
    rtol, atol = torch.testing._comparison.default_tolerances(dtype)
    return f"| {str(dtype).removeprefix('torch.')} | {rtol:g} | {atol:g} | {' | '.join(words)} |"


def _verdict(ours: Tensor, theirs: Tensor, exact: Tensor) -> str:
    """What the table says. Half precision, in which torch may round each step, may differ to the better alone."""
    try:
        torch.testing.assert_close(ours, theirs, equal_nan=True)
    except AssertionError:
        allowed = (theirs - exact).abs() + exact.abs() * torch.finfo(ours.dtype).eps / 2
        if ours.dtype not in _HALF or ours.dtype != theirs.dtype or not ((ours - exact).abs() <= allowed).all():
            raise
        return "nearer to float64"
    return "agrees"


def _value_and_gradient(
    loss: Callable[..., Tensor], entry: Row, dtype: torch.dtype, widened: bool = False
) -> tuple[Tensor, Tensor]:
    """Of the sum, not the mean: a gradient divided by the number of elements would pass any absolute tolerance.

    ``widened``: in float64, on the numbers that the sample has in ``dtype``.
    """
    sample = entry.sample(ELEMENTS, dtype, torch.device("cpu"), torch.Generator().manual_seed(0))
    args = [arg.double() if widened and arg.is_floating_point() else arg for arg in sample.args]
    x = args[0].requires_grad_()
    value = loss(x, *args[1:], **sample.kwargs | {"reduction": "sum"})
    return value.detach(), torch.autograd.grad(value, x)[0]
