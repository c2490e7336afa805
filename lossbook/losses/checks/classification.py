"""What the losses for kinds ask: chances, scores, class indices, and the weights beside them."""

import torch
from torch import Tensor

from lossbook.losses.checks import general


def real(name: str, value: Tensor, error: type[Exception] = NotImplementedError) -> None:
    """Raise ``error`` unless ``value`` is dense and of real floating point."""
    if not value.is_floating_point() or value.is_sparse:
        raise error(f"{name} must be dense and floating point, but it is {value.dtype}, {value.layout}: give x.float()")


def probabilities(input: Tensor, target: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor, torch.dtype]:
    """Check the arguments of binary cross-entropy; return input and target, wide, and the dtype of the result.

    Raises:
        AttributeError: an argument is not a tensor.
        NotImplementedError: input and target are not dense and floating point.
        RuntimeError: their dtypes differ, a value is not from 0 to 1, or weight does not fit.
        ValueError: their sizes differ.
    """
    answers("binary_cross_entropy", input, target)
    input, target = general.autocast(input, target)
    if input.dtype != target.dtype:
        raise RuntimeError(f"input and target must have one dtype, but they have {input.dtype} and {target.dtype}")
    for name, value in (("input", input), ("target", target)):
        real(name, value)
        chances(name, value)
    if weight is not None:
        general.tensor("weight", weight)
        factor("weight", weight, input.size())
    return general.wide(input), general.wide(target), input.dtype


def scores(
    input: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None
) -> tuple[Tensor, Tensor, torch.dtype]:
    """Check the arguments of binary cross-entropy on scores; return input and target, wide, and the result's dtype.

    Raises:
        AttributeError: input or target is not a tensor.
        NotImplementedError: input is not dense and floating point.
        RuntimeError: target is not either (where nothing learns it may be complex), or a weight does not fit.
        TypeError: a weight is not a tensor.
        ValueError: input and target differ in size.
    """
    answers("binary_cross_entropy_with_logits", input, target)
    real("input", input)
    for name, value in (("weight", weight), ("pos_weight", pos_weight)):
        if value is not None:
            general.tensor(name, value, TypeError)
            factor(name, value, input.size())
    if pos_weight is not None and pos_weight.dtype == torch.bool:
        raise RuntimeError("pos_weight is of dtype torch.bool: give pos_weight.float()")
    learns = torch.is_grad_enabled() and (input.requires_grad or target.requires_grad)
    if not target.is_complex() or pos_weight is not None or learns:
        real("target", target, RuntimeError)
    input, target = general.autocast(input, target)
    return general.wide(input), general.wide(target), target.dtype


def answers(name: str, input: Tensor, target: Tensor) -> None:
    """Check that input and target are tensors of one size, or raise AttributeError or ValueError."""
    general.tensor("input", input)
    general.tensor("target", target)
    if target.size() != input.size():
        raise ValueError(
            f"{name} needs a target for each input, but input has size {tuple(input.shape)} and target "
            f"{tuple(target.shape)}: reshape one, for instance target.reshape({tuple(input.shape)})"
        )


def chances(name: str, values: Tensor) -> None:
    """Raise RuntimeError unless all values are from 0 to 1."""
    plain = general.readable(values)
    if plain is None:
        return
    low, high = (end.item() for end in plain.aminmax())
    if not (low >= 0 and high <= 1):
        raise RuntimeError(f"{name} must be from 0 to 1, but it goes from {low:g} to {high:g}: apply torch.sigmoid")


def factor(name: str, value: Tensor, size: torch.Size) -> None:
    """Raise RuntimeError unless ``value`` is a constant, real, and of a shape that broadcasts to ``size``."""
    general.constant(name, value)
    if value.is_complex():
        raise RuntimeError(f"{name} must be real, but it is {value.dtype}")
    pairs = zip(reversed(value.shape), reversed(size), strict=False)
    if value.dim() > len(size) or any(own not in (1, wanted) for own, wanted in pairs):
        raise RuntimeError(f"{name} of size {tuple(value.shape)} does not broadcast to that of input, {tuple(size)}")


def class_scores(input: Tensor, target: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
    """Check that these are tensors; under autocast, 16-bit ones as float32."""
    for name, value in (("input", input), ("target", target), ("weight", weight)):
        if value is not None or name != "weight":
            general.tensor(name, value, TypeError)
    input, target = general.autocast(input, target)
    return input, target, None if weight is None else general.autocast(weight)[0]


def class_targets(
    size: torch.Size,
    dtype: torch.dtype,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    smooth: bool,
) -> tuple[Tensor, Tensor | None, torch.dtype]:
    """Check a target of indices or of probabilities; give it and weight, wide, and the dtype of the loss.

    Args:
        size: of the scores; a target of that size holds probabilities.
        dtype: of the scores.
        target: what came.
        weight: one number per class, or ``None``.
        ignore_index: has no meaning beside probabilities.
        smooth: whether labels are smoothed.
    """
    by_chances = target.shape == size
    if by_chances:
        target, weight, dtype = class_chances(size, dtype, target, weight, ignore_index)
    class_dim(size)
    if not by_chances:
        floating(dtype)
        target, weight = class_index(size, dtype, target, weight, ignore_index, smooth)
    return target, weight, dtype


def floating(dtype: torch.dtype) -> None:
    """Raise NotImplementedError unless the scores are of real floating point."""
    if not dtype.is_floating_point:
        raise NotImplementedError(f"input must be floating point, but it is {dtype}: give x.float()")


def class_chances(
    size: torch.Size, dtype: torch.dtype, target: Tensor, weight: Tensor | None, ignore_index: int
) -> tuple[Tensor, Tensor | None, torch.dtype]:
    """Check a target of probabilities, for scores of a size and a dtype; give both wide, and the dtype of the loss.

    Raises:
        RuntimeError: target is not floating point, an index is to be ignored, or weight does not fit.
    """
    if not target.is_floating_point():
        raise RuntimeError(
            f"target has the shape of the scores, {tuple(size)}, so it must hold probabilities, but it is "
            f"{target.dtype}: give one class index per sample, or target.float()"
        )
    if ignore_index >= 0:
        raise RuntimeError(f"ignore_index={ignore_index} has no meaning where target holds probabilities: leave it out")
    dtype = torch.promote_types(dtype, target.dtype)
    if weight is None:
        return general.wide(target), None, dtype
    class_weight(size, weight)
    return general.wide(target), general.wide(weight), torch.promote_types(dtype, weight.dtype)


def class_index(
    size: torch.Size,
    dtype: torch.dtype,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    smooth: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Check a target of class indices, for scores of a size and a dtype; give it as int64, and weight, wide.

    Raises:
        IndexError: a target that is not ignored is no class.
        RuntimeError: a shape or a dtype does not fit, or weight asks for a derivative.
        ValueError: the scores have no dimension, or are of another number of samples than target.
    """
    same_samples(size, target)
    # On a CPU, torch has no kernel for bytes beyond two dimensions.
    bytes_too = len(size) <= 2 or target.device.type != "cpu"
    if target.dtype != torch.int64 and not (target.dtype == torch.uint8 and bytes_too):
        raise RuntimeError(f"target must hold class indices in int64, but it is {target.dtype}: give target.long()")
    target = one_per_place(size, target, smooth).long()
    if weight is not None:
        general.constant("weight", weight)
        class_weight(size, weight, any_shape=len(size) > 2)
    floating(dtype)
    if weight is not None:
        if weight.dtype != dtype:
            raise RuntimeError(
                f"weight must have the dtype of the scores, {dtype}, but it is {weight.dtype}: give weight.to({dtype})"
            )
        weight = general.wide(weight.flatten())
    classes(target, size[class_dim(size)], ignore_index)
    return target, weight


def class_dim(size: torch.Size) -> int:
    """Return the dimension of the classes, the second or the only one; raise IndexError if there is none."""
    if not size:
        raise IndexError("input must have a dimension of classes, (C) or (N, C, …), but it is 0-dimensional")
    return min(1, len(size) - 1)


def class_weight(size: torch.Size, weight: Tensor, any_shape: bool = False) -> None:
    """Raise RuntimeError unless ``weight`` has one number per class, in one dimension or in any shape."""
    count = size[class_dim(size)]
    if weight.numel() != count or (weight.dim() != 1 and not any_shape):
        raise RuntimeError(f"weight must have one number for each of {count} classes, but it is {tuple(weight.shape)}")


def places(size: torch.Size) -> torch.Size:
    """The size of scores without their classes: one target is asked for each."""
    return size[:1] + size[2:] if len(size) > 1 else torch.Size()


def misfit(size: torch.Size, target: Tensor) -> str:
    """What is wrong with a target of indices, for scores of that size."""
    wanted, got = tuple(places(size)), tuple(target.shape)
    return (
        f"target must be {wanted}, the index of a class for each sample, but it is {got}: the scores are {tuple(size)}"
    )


def same_samples(size: torch.Size, target: Tensor) -> None:
    """Raise ValueError if the scores have no dimension, or one of samples that target has not."""
    if not size:
        raise ValueError(f"input must have a dimension of classes, (C) or (N, C, …), but it is {tuple(size)}")
    if len(size) > 1 and target.shape[:1] != size[:1]:
        raise ValueError(misfit(size, target))


def one_per_place(size: torch.Size, target: Tensor, smooth: bool) -> Tensor:
    """Return target, a dimension too many left out, or raise RuntimeError unless it has one index per place."""
    if len(size) == 1 and target.dim() == 1:
        if len(target) != 1:
            raise ValueError(misfit(size, target))
        if not smooth:  # torch takes one target in one dimension, and with smoothing refuses it
            return target.reshape(())
    if target.shape != places(size):
        raise RuntimeError(misfit(size, target))
    if len(size) not in (1, 2, 4) and size[1] == 0 and target.numel():  # else an IndexError, as in torch
        raise RuntimeError(f"there is no class to choose: the scores are {tuple(size)}")
    return target


def classes(target: Tensor, count: int, ignore_index: int | None = None, error: type[Exception] = IndexError) -> None:
    """Raise ``error`` unless each target is the index of a class, or ignored."""
    plain = general.readable(target)
    if plain is None or are_below(count, plain):
        return
    kept = plain if ignore_index is None else plain[plain != ignore_index]
    if kept.numel() and not are_below(count, kept):
        low, high = kept.aminmax()
        ignored = "" if ignore_index is None else f", or ignore_index, {ignore_index}"
        raise error(
            f"target must be from 0 to {count - 1}, an index of {count} classes{ignored}, "
            f"but it goes from {low} to {high}"
        )


def are_below(count: int, indices: Tensor) -> bool:
    """Whether all are from 0 to ``count - 1``."""
    low, high = indices.aminmax()
    return low.item() >= 0 and high.item() < count


def smoothing(value: object) -> float:
    """Return ``label_smoothing``: 0 where it is not above 0, as torch takes it; raise RuntimeError above 1."""
    share = general.real_number("label_smoothing", value)
    if share > 1:
        raise RuntimeError(f"label_smoothing must be from 0 to 1, but it is {share}")
    return share if share > 0 else 0.0
