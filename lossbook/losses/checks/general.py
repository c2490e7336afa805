"""What several losses ask of their arguments: messages that name both sides and the way out.

The exception types are torch's, the wording is ours. A check that reads the values of a tensor asks
:func:`readable` first, so that none makes a GPU wait, or breaks a graph.
"""

import numbers
import operator
import os
import sys
import warnings
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar, overload

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor

_Number = TypeVar("_Number", float, complex)

HALF = (torch.float16, torch.bfloat16)
REDUCTIONS = ("none", "mean", "sum")

# Frames that a warning skips, so that it points at the caller: this package and torch's Module machinery.
_OUR_FILES = tuple(f"{folder}{os.sep}" for folder in (Path(__file__).parents[2], Path(torch.__file__).parent))


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the first line outside this package and torch, whether a function or a Module was called.

    A compiler that follows the call sees no frames: there the warning is left out.
    """
    if torch.compiler.is_compiling():
        return
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OUR_FILES):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def tensor(name: str, value: object, error: type[Exception] = AttributeError) -> None:
    """Raise ``error`` (most often torch's type is AttributeError) unless ``value`` is a tensor."""
    if not isinstance(value, Tensor):
        raise error(f"{name} must be a Tensor, but a {type(value).__name__} came: wrap it in torch.tensor(...)")


def reduction_name(reduction: str, weighted: bool = False, names: tuple[str, ...] = REDUCTIONS) -> str:
    """Return a valid name of a reduction, or raise ValueError."""
    if reduction == "elementwise_mean" and not weighted:
        warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.")
        return "mean"
    if reduction not in names:
        raise ValueError(f"reduction={reduction!r} is not a valid value for reduction: use one of {names}")
    return reduction


def number(name: str, value: object, *, zero: bool = False) -> float:
    """Return ``value`` as a float: TypeError unless it is a real number, RuntimeError unless it is positive.

    ``zero=True`` lets zero pass.
    """
    value = real_number(name, value)
    if not (value > 0 or (zero and value == 0)):
        raise RuntimeError(f"{name} must be {'zero or more' if zero else 'positive'}, but it is {value}")
    return value


def plain_number(name: str, value: object) -> None:
    """Raise TypeError unless ``value``, which a Module is to hold, is a float or an int."""
    if not isinstance(value, float | int):
        raise TypeError(f"{name} must be a float or an int, but a {type(value).__name__} came")


def floating(name: str, input: Tensor, target: Tensor) -> None:
    """Raise NotImplementedError (torch's type here) unless both are dense and combine to real floating point."""
    dtype = torch.promote_types(input.dtype, target.dtype)
    if not dtype.is_floating_point:
        raise NotImplementedError(
            f"{name} is not implemented for {dtype}: give input or target as real floating point, e.g. x.float()"
        )
    if input.is_sparse or target.is_sparse:
        raise NotImplementedError(f"{name} is not implemented for sparse input or target: give x.to_dense()")


def divisible(values: Tensor) -> None:
    """Raise RuntimeError unless a mean of the values is of their dtype."""
    if not (values.is_floating_point() or values.is_complex()):
        raise RuntimeError(f"the mean of {values.dtype} is no {values.dtype}: give input or target as x.float()")


def no_bool(input: Tensor, target: Tensor) -> None:
    """Raise RuntimeError if one of the two is bool: torch subtracts no bools."""
    for name, value in (("input", input), ("target", target)):
        if value.dtype == torch.bool:
            raise RuntimeError(f"{name} is of dtype torch.bool, which cannot be subtracted: give {name}.float()")


def sizes(input: Tensor, target: Tensor) -> None:
    """Check that input and target are tensors; warn if they are of two sizes."""
    tensor("input", input)
    tensor("target", target)
    if target.size() != input.size():
        warn(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). "
            "The two are broadcast against each other, which is rarely meant: "
            f"reshape one, for instance target.reshape({tuple(input.shape)})."
        )


def weight_size(weight: Tensor, size: torch.Size) -> None:
    """Check that weight is a tensor of the size of input."""
    tensor("weight", weight)
    if weight.size() != size:
        raise ValueError(f"weight must have the size of input, {tuple(size)}, but it has {tuple(weight.shape)}")


def kind(dtype: torch.dtype) -> int:
    """0 for bool, 1 for integers, 2 for real, 3 for complex: a higher kind does not fit into a lower one."""
    return 3 if dtype.is_complex else 2 if dtype.is_floating_point else int(dtype != torch.bool)


def broadcast(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both in their common shape, or RuntimeError."""
    if input.size() == target.size():
        return input, target
    try:
        input, target = torch.broadcast_tensors(input, target)
    except RuntimeError as error:
        raise RuntimeError(
            f"input of size {tuple(input.shape)} and target of size {tuple(target.shape)} do not fit: "
            "give both one size, an element of target for each of input"
        ) from error
    return input, target


def autocast(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Under ``torch.autocast``, 16-bit tensors as float32: the list of losses that torch treats so."""
    device = tensors[0].device.type
    if torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device):
        return tuple(t.float() if t.dtype in HALF else t for t in tensors)
    return tensors


def broadcast_pair(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    follows_autocast: bool = True,
    keeps_input_dtype: bool = False,
    takes_bool: bool = True,
) -> tuple[Tensor, Tensor, torch.dtype]:
    """Check input, target and weight; give the first two one shape and one dtype, float32 for half precision.

    Args:
        input: any shape.
        target: any shape that broadcasts with that of input; a different one warns, as in torch.
        weight: the shape of input, or ``None``.
        follows_autocast: whether ``torch.autocast`` turns 16-bit arguments of this loss into float32 ones.
        keeps_input_dtype: whether the result has the dtype of input, rather than the promoted one.
        takes_bool: whether input or target may be bool.

    Returns:
        input, target, and the dtype that torch gives the result.

    Raises:
        AttributeError: an argument is not a tensor.
        RuntimeError: the shapes do not broadcast, the result does not fit into the dtype of input, or one is bool.
        ValueError: weight has another size than input.
    """
    sizes(input, target)
    if not takes_bool:
        no_bool(input, target)
    if follows_autocast:
        input, target = autocast(input, target)
    promoted = torch.promote_types(input.dtype, target.dtype)
    dtype = input.dtype if keeps_input_dtype else promoted
    if kind(promoted) > kind(dtype):
        raise RuntimeError(f"the result has dtype {promoted}, which does not fit into that of input, {dtype}")
    # Cast before broadcasting: then the gradients of a broadcast argument are added up in the wide dtype too.
    wide = torch.float32 if promoted in HALF else promoted
    size, (input, target) = input.size(), broadcast(input.to(wide), target.to(wide))
    if weight is None:
        return input, target, dtype
    weight_size(weight, size)
    return input, target, torch.promote_types(dtype, weight.dtype)


def real_number(name: str, value: object) -> float:
    """Return ``value`` as a float, or raise TypeError unless it is a real number."""
    if isinstance(value, Tensor) and value.dim() == 0 and not value.requires_grad and not value.is_complex():
        value = value.item()
    if not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, but a {type(value).__name__} came")
    return float(value)


def positive(name: str, value: Any) -> Any:
    """Return ``value``, a number as a float; a 0-d tensor stays one, so that it may be learned.

    Raises:
        TypeError: it is neither a real number nor a tensor.
        ValueError: it is not above 0 (of a tensor, seen on a CPU), or has dimensions.
    """
    if isinstance(value, Tensor):
        if value.dim() or not value.is_floating_point():
            raise ValueError(f"{name} must be one real number, but it is of size {tuple(value.shape)}, {value.dtype}")
        plain = readable(value)
        is_above = plain is None or bool(plain > 0)
    else:
        value = real_number(name, value)
        is_above = value > 0
    if not is_above:
        raise ValueError(f"{name} must be above 0, but it is {value}")
    return value


def flag(name: str, value: object) -> None:
    """Raise TypeError unless ``value`` is a bool."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, but a {type(value).__name__} came")


def wide_dtype(dtype: torch.dtype) -> torch.dtype:
    """The dtype to compute in: float32 for half precision."""
    return torch.float32 if dtype in HALF else dtype


@overload
def wide(value: Tensor) -> Tensor: ...


@overload
def wide(value: _Number) -> _Number: ...


def wide(value: Any) -> Any:
    """``value``, in float32 where it is of half precision. A number stays a number."""
    return value.to(wide_dtype(value.dtype)) if isinstance(value, Tensor) else value


def constant(name: str, value: Tensor) -> None:
    """Raise RuntimeError if ``value`` asks for a gradient: torch takes this argument for a constant."""
    if value.requires_grad and torch.is_grad_enabled():
        raise RuntimeError(f"{name} asks for a gradient, but the loss has none by {name}: give {name}.detach()")


def whole_number(name: str, value: object) -> int:
    """Return ``value`` as an int, or raise TypeError unless it is a whole number."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be a whole number, but a {type(value).__name__} came")
    return operator.index(value)


def no_autocast(device: str) -> AbstractContextManager[Any]:
    """Where tensors keep their dtype, also within ``torch.autocast``."""
    return torch.autocast(device, enabled=False) if torch.amp.is_autocast_available(device) else nullcontext()


def inexact(value: Tensor) -> Tensor:
    """``value``, in floating point where it is of integers: as torch's logarithm and exponential take it."""
    return value if value.is_floating_point() or value.is_complex() else value.to(torch.get_default_dtype())


def result_dtype(*values: Tensor | complex | None) -> torch.dtype:
    """The dtype of arithmetic on the tensors, in this order, and then on the numbers; ``None`` is left out.

    It is :func:`torch.result_type`, which a compiler cannot follow: elements decide before tensors without dimensions,
    and these before numbers.
    """
    ranked = [(1 + (value.dim() > 0), value.dtype) for value in values if isinstance(value, Tensor)]
    ranked += [(0, torch.tensor(value).dtype) for value in values if not isinstance(value, Tensor | None)]
    rank, dtype = ranked[0]
    for its_rank, other in ranked[1:]:
        if its_rank == rank:
            dtype = torch.promote_types(dtype, other)
        else:
            dtype = yielding(dtype, other) if rank > its_rank else yielding(other, dtype)
        rank = max(rank, its_rank)
    return dtype


def yielding(dtype: torch.dtype, other: torch.dtype) -> torch.dtype:
    """The dtype of arithmetic between elements of ``dtype`` and a number of ``other``, which changes only the kind."""
    if kind(other) <= kind(dtype):
        return dtype
    return dtype.to_complex() if dtype.is_floating_point else torch.promote_types(dtype, other)


def rounded_to(*values: Tensor) -> torch.dtype | None:
    """The dtype that a result computed in float32 is rounded to; ``None`` where no value is of half precision."""
    return result_dtype(*values) if any(value.dtype in HALF for value in values) else None


def plain_pair(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Check that both are tensors whose shapes fit, without a warning where they differ; follow autocast.

    Raises:
        TypeError: an argument is not a tensor.
        RuntimeError: the shapes do not broadcast.
    """
    tensor("input", input, TypeError)
    tensor("target", target, TypeError)
    broadcast(input, target)
    input, target = autocast(input, target)
    return input, target


def current_reduction(reduction: object) -> None:
    """Raise TypeError unless ``reduction`` is a string, ValueError unless it is one of today's names."""
    if not isinstance(reduction, str):
        raise TypeError(f"reduction must be one of {REDUCTIONS}, but {reduction!r} came")
    reduction_name(reduction, weighted=True)


def tensors(**named: object) -> None:
    """Raise TypeError (torch's type where the check is not Python's) unless each is a tensor."""
    for name, value in named.items():
        tensor(name, value, TypeError)


def real_input(input: Tensor) -> None:
    """Raise RuntimeError unless input, of a loss that torch lacks, is of real floating point."""
    if not input.is_floating_point():
        raise RuntimeError(f"input must be real floating point, but it is of dtype {input.dtype}: give input.float()")


def real(**named: Tensor) -> None:
    """Raise RuntimeError if one of them is complex or bool: there is no amount in it."""
    for name, value in named.items():
        if value.is_complex() or value.dtype == torch.bool:
            raise RuntimeError(f"{name} must hold real numbers, but it is of dtype {value.dtype}: give {name}.float()")


def of_size(name: str, value: Tensor, size: torch.Size, of: str = "input") -> None:
    """Raise ValueError unless ``value`` has that size: a loss that torch lacks broadcasts nothing."""
    if value.size() != size:
        raise ValueError(
            f"{name} must have the size of {of}, {tuple(size)}, but it has {tuple(value.shape)}: "
            "nothing is broadcast here"
        )


def readable(values: Tensor) -> Tensor | None:
    """The plain tensor whose values a check may read, or ``None``.

    Values are read on a CPU alone, so that no check makes a GPU wait, and never while a graph is being traced.
    Under ``torch.func`` it is the tensor below all transforms, as torch's own losses read it.
    """
    if torch.compiler.is_compiling() or values.device.type != "cpu":
        return None
    while torch._C._functorch.is_functorch_wrapped_tensor(values):
        values = torch._C._functorch.get_unwrapped(values)
    return None if isinstance(values, FakeTensor) or values.numel() == 0 else values.detach()


def fit(**tensors: Tensor) -> None:
    """Raise RuntimeError unless the tensors broadcast."""
    try:
        torch.broadcast_shapes(*(value.shape for value in tensors.values()))
    except RuntimeError as error:
        shapes = ", ".join(f"{name} of size {tuple(value.shape)}" for name, value in tensors.items())
        raise RuntimeError(f"{shapes} do not fit: give all one size, an element of each for each") from error
