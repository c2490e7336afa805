"""What the losses of ``likelihood`` ask of their arguments."""

import numbers

import torch
from torch import Tensor

from lossbook.losses.checks import general


def rate_and_count(
    input: Tensor, target: Tensor, log_input: bool, full: bool
) -> tuple[Tensor, Tensor, torch.dtype | None]:
    """Check the tensors of a Poisson loss; give both, float32 for half precision, and the dtype to round to.

    Raises:
        TypeError: an argument is not a tensor.
        RuntimeError: the shapes do not broadcast; bool, where it is subtracted.
        NotImplementedError: a complex count, where it is compared.
    """
    input, target = general.plain_pair(input, target)
    if input.dtype == torch.bool and not log_input:
        raise RuntimeError("input is of dtype torch.bool, which cannot be subtracted: give input.float()")
    if target.dtype == torch.bool and (full or input.dtype == torch.bool):
        raise RuntimeError("target is of dtype torch.bool, which cannot be subtracted: give target.float()")
    if target.is_complex() and full:
        raise NotImplementedError(f"full=True compares target with 1, which {target.dtype} does not allow")
    return general.wide(input), general.wide(target), general.rounded_to(general.inexact(input), target)


def variance(var: Tensor | float, input: Tensor) -> Tensor:
    """``var`` as a tensor that broadcasts with ``input``: one for each of its elements, or for each row.

    Raises:
        AttributeError, TypeError: an argument is of the wrong type.
        NotImplementedError: ``var`` is complex.
        ValueError: ``var`` is negative somewhere, or of a size that does not fit.
    """
    if isinstance(var, float):
        if var < 0:
            raise ValueError(f"var must be 0 or more, but it is {var}")
        general.tensor("input", input, TypeError)
        return torch.full_like(input, var, dtype=general.inexact(input).dtype)
    if not isinstance(var, Tensor):
        raise TypeError(f"var must be a Tensor or a float, but a {type(var).__name__} came")
    if var.is_complex():
        raise NotImplementedError(f"var must be real, but it is of {var.dtype}: give var.abs()")
    plain = general.readable(var)
    if plain is not None and (plain < 0).any():
        raise ValueError(
            f"var must be 0 or more, but its smallest element is {plain.min()}: give var.exp(), or softplus"
        )
    general.tensor("input", input)
    return per_element(var, input.size())


def per_element(var: Tensor, size: torch.Size) -> Tensor:
    """``var`` with as many dimensions as ``input``, of size ``size``, or ValueError."""
    if var.size() == size:
        return var
    if var.size() == size[:-1]:
        return var.unsqueeze(-1)
    if var.dim() == len(size) and sum(mine for mine, its in zip(var.size(), size, strict=True) if mine != its) == 1:
        return var
    raise ValueError(
        f"var must have the size of input, {tuple(size)}, or that with the last dimension left out, "
        f"or with one dimension of size 1, but it has {tuple(var.shape)}"
    )


def measurement(
    input: Tensor, target: Tensor | float, var: Tensor
) -> tuple[Tensor, Tensor | float, Tensor, torch.dtype | None]:
    """Check the error of a Gaussian loss; give all three, float32 for half precision, and the dtype to round to.

    Raises:
        TypeError: ``target`` is neither a tensor nor a number.
        RuntimeError: the shapes do not broadcast; bool tensors.
    """
    if isinstance(target, Tensor):
        general.broadcast(input, target)
    elif not isinstance(target, numbers.Number):
        raise TypeError(f"target must be a Tensor or a number, but a {type(target).__name__} came")
    for name, value in (("input", input), ("target", target)):
        if value.dtype == torch.bool if isinstance(value, Tensor) else isinstance(value, bool):
            raise RuntimeError(f"{name} is bool, which cannot be subtracted: give it as floating point")
    if input.device.type != "cpu":
        # torch.autocast knows no rule for this loss. But off the CPU it has one for log and power: float32.
        input, var = general.autocast(input, var)
    of_error = (input, target) if isinstance(target, Tensor) else (input.new_empty((0,) * input.dim()) - target,)
    dtype = general.rounded_to(*of_error, general.inexact(var))
    return general.wide(input), general.wide(target), general.wide(var), dtype
