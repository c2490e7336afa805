"""What is timed: the forms of one loss, and the two things a training program does with it."""

from collections.abc import Callable

import torch
from torch import Tensor

import lossbook
from lossbook.catalog import Row, Sample, loss_in

__all__ = ["PASSES", "DisagreementError", "Form", "Step", "check", "forms", "sample", "step", "why_left_out"]

Form = Callable[..., Tensor]
Step = Callable[[], Tensor]

FORWARD, BACKWARD = PASSES = ("forward", "forward+backward")


class DisagreementError(AssertionError):
    """A form of a loss does not give torch's value and gradient, so its time would mean nothing."""


def why_left_out(entry: Row) -> str | None:
    """A sentence where the torch at hand lacks a loss that its twin here is compared with, else ``None``."""
    home = torch.nn.functional if entry.function else torch.nn
    if entry.from_torch and not hasattr(home, entry.name):
        return f"torch {torch.__version__} has no {home.__name__}.{entry.name}."
    return None


def forms(entry: Row, compiled: bool = False) -> dict[str, Form]:
    """The forms of a loss that take turns: ``torch`` where torch has it, ``readable``, and ``compiled`` on demand."""
    readable: Form = loss_in(lossbook, entry)
    found = {"torch": loss_in(torch.nn, entry)} if entry.from_torch else {}
    found["readable"] = readable
    if compiled:
        torch.compiler.reset()
        # Sizes vary from call to call, as they do in training: one graph for all, not one for each.
        found["compiled"] = torch.compile(readable, dynamic=True)
    return found


def sample(entry: Row, size: int, dtype: torch.dtype, device: torch.device) -> Sample:
    """The same arguments on every call, about ``size`` elements in all."""
    return entry.sample(size, dtype, device, torch.Generator(device).manual_seed(0))


def step(form: Form, arguments: Sample, passed: str) -> Step:
    """A call without arguments that runs ``form`` once: its value, or its value and then its gradient.

    Forward alone asks for no gradient, as in validation, so no graph is built.
    """
    rest, options = arguments.args[1:], arguments.kwargs
    x = arguments.args[0].detach().requires_grad_(passed == BACKWARD)
    if passed == FORWARD:
        return lambda: form(x, *rest, **options)
    return lambda: torch.autograd.grad(form(x, *rest, **options), x)[0]


def check(found: dict[str, Form], arguments: Sample) -> None:
    """Raise :class:`DisagreementError` unless every form gives torch's value and gradient on these arguments.

    Where rounding makes torch's own differ from what it finds in float64, a form that is nearer to that passes too.
    """
    if "torch" not in found:
        return
    expected = _value_and_gradient(found["torch"], arguments)
    for name, form in found.items():
        for number, result in enumerate(_value_and_gradient(form, arguments)):
            try:
                torch.testing.assert_close(result, expected[number])
            except AssertionError as error:
                exact = _value_and_gradient(found["torch"], arguments.widened())[number]
                if not _nearer(result, expected[number], exact):
                    reason = str(error).splitlines()[0]
                    raise DisagreementError(
                        f"the {name} form does not agree with torch's on what is to be timed: {reason}"
                    ) from error


def _nearer(result: Tensor, other: Tensor, exact: Tensor) -> bool:
    """Whether the largest error of ``result`` is no larger than that of ``other``, of the same dtype and shape."""
    if result.dtype != other.dtype or result.shape != other.shape:
        return False
    return bool((result - exact).abs().max() <= (other - exact).abs().max())


def _value_and_gradient(form: Form, arguments: Sample) -> tuple[Tensor, Tensor]:
    x = arguments.args[0].detach().requires_grad_()
    value = form(x, *arguments.args[1:], **arguments.kwargs)
    # The gradient of a mean over many elements is so small that an absolute tolerance would let anything pass.
    scale = torch.full_like(value, x.numel())
    return value.detach(), torch.autograd.grad(value, x, scale)[0]
