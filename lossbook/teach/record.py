"""The record that closes each section of a loss, the same everywhere: card, agreement with torch, timing."""

from collections.abc import Callable

import torch
from IPython.display import Markdown, display
from torch import Tensor

import lossbook
from lossbook import timing
from lossbook.catalog import Row, loss_in, row
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
    """A table of how closely value and gradient agree with torch's, dtype by dtype. Raises where they do not.

    Of a loss that torch lacks: with float64, and in float64 with differences of the value.
    """
    entry = row(name)
    if not entry.from_torch:
        return _agreement_with_itself(entry)
    lines = [_refusal_line(entry, dtype) or _agreement_line(entry, dtype) for dtype in _DTYPES]
    return Markdown(
        f"Agreement of `lossbook.{entry.name}` with `torch.nn.{'functional.' * bool(entry.function)}{entry.name}` on "
        f"{ELEMENTS:,} random elements, summed, within the tolerances that torch's own tests use:\n\n"
        "| dtype | relative tolerance | absolute tolerance | value | gradient |\n|---|---|---|---|---|\n"
        + "\n".join(lines)
    )


def _agreement_with_itself(entry: Row) -> Markdown:
    """What can be measured where torch has no such loss."""
    loss = loss_in(lossbook, entry)
    few = entry.sample(20, torch.float64, torch.device("cpu"), torch.Generator().manual_seed(0))
    (x, *rest), options = few.args, few.kwargs
    if not torch.autograd.gradcheck(lambda x: loss(x, *rest, **options, reduction="none"), x.requires_grad_()):
        raise AssertionError(f"{entry.name}: the gradient is not the slope of the value")
    lines = []
    for dtype in _DTYPES[1:]:
        ours, exact = (_value_and_gradient(loss, entry, dtype, widened=widened) for widened in (False, True))
        for one, truth in zip(ours, exact, strict=True):
            torch.testing.assert_close(one, truth.to(dtype))
        rtol, atol = torch.testing._comparison.default_tolerances(dtype)
        lines.append(f"| {str(dtype).removeprefix('torch.')} | {rtol:g} | {atol:g} | agrees | agrees |")
    return Markdown(
        f"torch has no such loss, so nothing of torch's can judge `lossbook.{entry.name}` here. In float64 its "
        "gradient agrees with differences of its value. In the other dtypes it is compared with itself in float64, on "
        f"{ELEMENTS:,} random elements, summed, within the tolerances that torch's own tests use:\n\n"
        "| dtype | relative tolerance | absolute tolerance | value | gradient |\n|---|---|---|---|---|\n"
        + "\n".join(lines)
    )


def _refusal_line(entry: Row, dtype: torch.dtype) -> str | None:
    """The line of a dtype that neither takes. Raises if only one takes it."""
    ours, torchs = (_refuses(loss_in(home, entry), entry, dtype) for home in (lossbook, torch.nn))
    if ours != torchs:
        raise AssertionError(f"{entry.name} of {dtype}: {'torch' if ours else 'lossbook'} takes it, the other does not")
    return f"| {str(dtype).removeprefix('torch.')} | – | – | not taken | not taken |" if ours else None


def _refuses(loss: Callable[..., Tensor], entry: Row, dtype: torch.dtype) -> bool:
    try:
        _value_and_gradient(loss, entry, dtype)
    except NotImplementedError:
        return True
    return False


def _agreement_line(entry: Row, dtype: torch.dtype) -> str:
    ours = _value_and_gradient(loss_in(lossbook, entry), entry, dtype)
    torchs = loss_in(torch.nn, entry)
    theirs, exact = _value_and_gradient(torchs, entry, dtype), _value_and_gradient(torchs, entry, dtype, widened=True)
    words = [_verdict(*three) for three in zip(ours, theirs, exact, strict=True)]
    rtol, atol = torch.testing._comparison.default_tolerances(dtype)
    return f"| {str(dtype).removeprefix('torch.')} | {rtol:g} | {atol:g} | {' | '.join(words)} |"


def _verdict(ours: Tensor, theirs: Tensor, exact: Tensor) -> str:
    """What the table says. A difference passes to the better alone, against torch in float64.

    In half precision, where torch may round each step, element by element; else the largest error counts.
    """
    try:
        torch.testing.assert_close(ours, theirs, equal_nan=True)
    except AssertionError:
        error, allowed = (ours - exact).abs(), (theirs - exact).abs()
        if ours.dtype in _HALF:
            allowed += exact.abs() * torch.finfo(ours.dtype).eps / 2
        else:
            error, allowed = error.max(), allowed.max()
        if ours.dtype != theirs.dtype or not (error <= allowed).all():
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
    sample = sample.widened() if widened else sample
    args, options = sample.args, sample.kwargs
    x = args[0].requires_grad_()
    if "sum" in entry.reductions:
        value = loss(x, *args[1:], **options | {"reduction": "sum"})
    else:
        value = loss(x, *args[1:], **options) * len(x)
    return value.detach(), torch.autograd.grad(value, x)[0]
