"""What the losses of ``multilabel`` ask of their arguments."""

import numbers

import torch
from torch import Tensor

from lossbook.losses.checks import general, margin


def label_scores(name: str, input: Tensor, target: Tensor) -> tuple[Tensor, Tensor, torch.dtype]:
    """Check the arguments of a loss of label scores; give both as (N, C), input wide, and the dtype of the loss.

    Args:
        name: of the loss.
        input: (N, C), (C) or ().
        target: as many indices of labels, or −1; the shape of input, but () and (1) are one.

    Raises:
        NotImplementedError: the dtype of input.
        RuntimeError: a shape; the dtype of target; a target that is neither a label nor −1.
        TypeError: an argument is not a tensor.
    """
    general.tensors(input=input, target=target)
    (input,) = general.autocast(input)
    margin.single_or_double(name, input)
    if target.is_complex():
        raise NotImplementedError(f"{name} is not implemented for a target of {target.dtype}: give int64")
    shape, input = input.shape, margin.rows(input)
    if target.shape != shape and not (target.numel() == input.numel() and max(target.dim(), len(shape)) <= 1):
        raise RuntimeError(f"target must be of the size of input, {tuple(shape)}, but it is {tuple(target.shape)}")
    margin.indices(target, -1, input.shape[1] - 1)
    return general.wide(input), margin.rows(target), input.dtype


def tensor_or_number(name: str, value: object) -> None:
    """Raise TypeError unless ``value`` is a tensor or a number."""
    if not isinstance(value, Tensor | numbers.Number):
        raise TypeError(f"{name} must be a Tensor, but a {type(value).__name__} came: wrap it in torch.tensor(...)")


def label_chances(
    name: str, input: Tensor, target: Tensor, weight: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None, torch.dtype]:
    """Check the arguments of a loss of label chances; give them, float32 for half precision, and the dtype of the loss.

    Args:
        name: of the loss.
        input: (…, C), floating point.
        target: a shape that broadcasts with that of input, or a number.
        weight: the same, or ``None``.

    Raises:
        IndexError: input is 0-d.
        NotImplementedError: input is not real floating point.
        RuntimeError: the shapes do not broadcast; target is bool.
        TypeError: input is not a tensor; target or weight is neither that nor a number.
    """
    general.tensors(input=input)
    others = {"target": target} | ({} if weight is None else {"weight": weight})
    for key, value in others.items():
        tensor_or_number(key, value)
    if not input.is_floating_point() or input.is_sparse:
        raise NotImplementedError(f"{name} is not implemented for {input.dtype} or sparse input: give x.float()")
    if isinstance(target, Tensor):
        general.no_bool(input, target)
    general.fit(input=input, **{key: value for key, value in others.items() if isinstance(value, Tensor)})
    if input.dim() == 0:
        raise IndexError("input must have a dimension of labels, (C) or (N, C), but it has none")
    dtype = general.result_dtype(input, target, weight)
    # The logarithms in the dtype of the result: then the slope by a wider target is as exact as it is wide.
    input = general.wide(input) if dtype in general.HALF or dtype.is_complex else input.to(dtype)
    return input, general.wide(target), None if weight is None else general.wide(weight), dtype
