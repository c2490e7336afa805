"""Slopes that are stated, where torch's are not those that autograd would derive from the formula."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = ["stated"]


def stated(*slopes: Callable[..., Tensor]) -> Callable[..., Tensor]:
    r"""Make ``f(value, *xs)``: ``value`` as it is, with the n-th of ``slopes`` as its derivative by the n-th of ``xs``.

    Where a logarithm is cut off, or a quotient is kept from 0/0, the derivative of the formula is 0, infinite or nan;
    what trains a model is then a convention, and this is how one is written down. The slopes work in reverse and in
    forward mode and under ``torch.func``. A slope may be stated in turn: then so are the second derivatives.

    Args:
        slopes: for each of ``xs`` a function of all of them, that returns the slope, element by element.

    Returns:
        The function ``f``. What autograd would find out about ``value`` is dropped.

    Example:
        >>> kinked = stated(lambda x: torch.ones_like(x))
        >>> x = torch.zeros(1, requires_grad=True)
        >>> torch.autograd.grad(kinked(x.abs(), x), x)
        (tensor([1.]),)
    """

    class Reverse(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(value: Tensor, *xs: Tensor) -> Tensor:
            return value.clone()

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            ctx.save_for_backward(*inputs[1:])
            ctx.save_for_forward(*inputs[1:])
            ctx.set_materialize_grads(False)  # an x that does not move must not meet an infinite slope: 0 * inf is nan

        @staticmethod
        def backward(ctx: Any, pull: Tensor | None) -> tuple[Tensor | None, ...]:
            if pull is None:
                return (None,) * len(ctx.needs_input_grad)
            pairs = zip(slopes, ctx.needs_input_grad[1:], strict=True)
            return None, *(pull * slope(*ctx.saved_tensors) if wanted else None for slope, wanted in pairs)

    return _with_forward_mode(Reverse, slopes)


def _with_forward_mode(reverse: Any, slopes: tuple[Callable[..., Tensor], ...]) -> Callable[..., Tensor]:
    """The function that applies ``reverse``, with forward mode added to it wherever that is possible."""

    class BothWays(reverse):  # type: ignore[misc]
        @staticmethod
        def jvp(ctx: Any, _: None, *steps: Tensor | None) -> Any:
            pairs = zip(slopes, steps, strict=True)
            return sum(step * slope(*ctx.saved_tensors) for slope, step in pairs if step is not None)

    def apply(value: Tensor, *xs: Tensor) -> Tensor:
        # A compiler takes no Function that has a forward mode, nor one inside the backward pass of another.
        if torch.compiler.is_compiling() and not torch.is_grad_enabled():
            return value
        function: Any = reverse if torch.compiler.is_compiling() else BothWays
        result: Tensor = function.apply(value.detach(), *xs)
        return result

    return apply
