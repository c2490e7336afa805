"""What the losses of ``margin`` ask of their arguments."""

import torch
from torch import Tensor

from lossbook.losses.checks import general


def keeps_input(input: Tensor, target: Tensor) -> None:
    """Raise RuntimeError unless the loss of the pair has the shape and the dtype of input."""
    if not (input.is_floating_point() or input.is_complex()):
        raise RuntimeError(f"input must be floating point, but it is of dtype {input.dtype}: give input.float()")
    if general.kind(target.dtype) > general.kind(input.dtype):
        raise RuntimeError(f"target of dtype {target.dtype} does not fit into that of input, {input.dtype}")
    if general.broadcast(input, target)[0].size() != input.size():
        raise RuntimeError(
            f"target of size {tuple(target.shape)} does not fit into that of input, {tuple(input.shape)}: "
            "give both one size, an element of target for each of input"
        )


def sides(input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    """Check a score per element, its side as 1 or −1, and its weight: nothing is broadcast, no other label taken."""
    general.tensors(input=input, target=target)
    general.real_input(input)
    general.constant("target", target)
    general.of_size("target", target, input.size())
    if weight is not None:
        general.tensors(weight=weight)
        general.weight_size(weight, input.size())
    plain = general.readable(target)
    if plain is not None and not ((plain == 1) | (plain == -1)).all():
        other = plain[(plain != 1) & (plain != -1)][0].item()
        raise ValueError(f"target must hold 1 and -1 alone, but it holds {other}: of 0 and 1, give 2 * target - 1")


def ordered(name: str, *tensors: Tensor) -> None:
    """Raise RuntimeError for a bool tensor, NotImplementedError for a complex one: neither can be clamped."""
    for tensor in tensors:
        if tensor.dtype == torch.bool:
            raise RuntimeError(f"{name} is not defined for torch.bool, which cannot be subtracted: give x.float()")
        if tensor.is_complex():
            raise NotImplementedError(f"{name} is not implemented for {tensor.dtype}, which has no order")


def dimensions(**tensors: Tensor) -> None:
    """Raise RuntimeError unless the tensors have equally many dimensions."""
    if len({value.dim() for value in tensors.values()}) > 1:
        shapes = ", ".join(f"{name} of size {tuple(value.shape)}" for name, value in tensors.items())
        raise RuntimeError(f"{shapes}: give all the same number of dimensions, for instance one size")


def scalar(name: str, value: object) -> float:
    """Return ``value`` as a float: RuntimeError for a complex number, TypeError for what is no number."""
    if isinstance(value, complex):
        raise RuntimeError(f"{name} must be a real number, but {value} came")
    return general.real_number(name, value)


def one_or_two(name: str, value: object) -> None:
    """Raise ValueError unless ``value`` equals 1 or 2, TypeError if it is then no number."""
    if value != 1 and value != 2:
        raise ValueError(f"{name} must be 1 or 2, but it is {value!r}")
    general.real_number(name, value)


def single_or_double(name: str, input: Tensor) -> None:
    """Raise NotImplementedError (torch's type here) unless input is dense and of a dtype that torch's kernel takes."""
    half = general.HALF if input.device.type != "cpu" else ()
    if input.dtype not in (torch.float64, torch.float32, *half):
        raise NotImplementedError(f"{name} is not implemented for {input.dtype}: give float32, e.g. x.float()")
    if input.is_sparse:
        raise NotImplementedError(f"{name} is not implemented for sparse input: give x.to_dense()")


def rows(input: Tensor) -> Tensor:
    """Input as (N, C), or RuntimeError unless it is of size (N, C), (C) or (), with at least one class."""
    if input.dim() > 2 or 0 in input.shape[-1:]:
        raise RuntimeError(f"input must be of size (C) or (N, C), with C above 0, but it is {tuple(input.shape)}")
    return input.reshape(-1, input.shape[-1] if input.dim() else 1)


def indices(target: Tensor, low: int, high: int) -> None:
    """Raise RuntimeError unless target holds int64 numbers from ``low`` to ``high``."""
    if target.dtype != torch.int64:
        raise RuntimeError(f"target must be of dtype int64, but it is {target.dtype}: give target.long()")
    plain = general.readable(target)
    if plain is not None:
        least, most = (int(end) for end in plain.aminmax())
        if least < low or most > high:
            raise RuntimeError(
                f"target is out of range: it must be from {low} to {high}, but is from {least} to {most}"
            )


def target_per_row(target: Tensor, input: Tensor) -> None:
    """Raise RuntimeError unless there is one target for each row of input, of size (N, C)."""
    if target.dim() > 1 or target.numel() != len(input):
        raise RuntimeError(
            f"target must hold one class for each of {len(input)} samples, but it is of size {tuple(target.shape)}"
        )


def class_weight(weight: Tensor) -> None:
    """Raise AttributeError unless weight is a tensor, ValueError unless it has one dimension."""
    general.tensor("weight", weight)
    if weight.dim() != 1:
        raise ValueError(f"weight must be of size (C), a factor for each class, but it is {tuple(weight.shape)}")


def weight_for(input: Tensor, weight: Tensor) -> None:
    """Raise RuntimeError unless weight is a constant, a factor for each class of input, (N, C), in its dtype."""
    general.constant("weight", weight)
    if len(weight) != input.shape[1]:
        raise RuntimeError(
            f"weight must hold a factor for each of {input.shape[1]} classes, but it is of size {tuple(weight.shape)}"
        )
    if weight.dtype != input.dtype:
        raise RuntimeError(f"weight must be of the dtype of input, {input.dtype}, but it is {weight.dtype}")


def class_scores(
    name: str, input: Tensor, target: Tensor, weight: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None, torch.dtype]:
    """Check the arguments of a loss of class scores; give input (N, C), target (N, 1) and weight, wide, and the dtype.

    Args:
        name: of the loss.
        input: (N, C), (C) or ().
        target: N indices of classes, in any shape of at most one dimension.
        weight: (C), or ``None``.

    Raises:
        AttributeError: weight is not a tensor.
        NotImplementedError: the dtype of input.
        RuntimeError: a shape, the dtype of target or weight; a target that is no class.
        TypeError: input or target is not a tensor.
        ValueError: weight has more or less than one dimension.
    """
    if weight is not None:
        class_weight(weight)
        (weight,) = general.autocast(weight)
    general.tensors(input=input, target=target)
    (input,) = general.autocast(input)
    single_or_double(name, input)
    input = rows(input)
    target_per_row(target, input)
    indices(target, 0, input.shape[1] - 1)
    if weight is not None:
        weight_for(input, weight)
        weight = general.wide(weight)
    return general.wide(input), target.reshape(-1, 1), weight, input.dtype
