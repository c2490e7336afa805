"""What the losses for masks ask of their arguments: places of classes, or a mask for each."""

import torch
from torch import Tensor

from lossbook.losses.checks import classification, general


def smoothing(value: object) -> float:
    """Return ``smooth`` as a float: TypeError unless it is a real number, ValueError if it is negative or nan."""
    smooth = general.real_number("smooth", value)
    bad = not smooth >= 0
    if bad:
        raise ValueError(f"smooth must be 0 or more, but it is {smooth}")
    return smooth


def masks(
    input: Tensor, target: Tensor, ignore_index: object, weight: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None, torch.dtype]:
    """Check scores and masks; give them with their places in one dimension, and the dtype of the loss.

    Args:
        input: (N, C, …).
        target: int64 (N, …), or masks in the shape of input; for C = 1 in either shape, of any real dtype or bool.
        ignore_index: what a place that does not count holds, or ``None``.
        weight: (C), or ``None``.

    Returns:
        Scores (N, C, places), wide. Indices (N, places), or masks (N, C, places), wide. Which places count, in the
        shape of the scores or (N, 1, places), or ``None`` for all. Weights (N, C), or ``None``. The dtype of the loss.

    Raises:
        IndexError: a target is no class and not ignored.
        RuntimeError: a dtype does not fit; target asks for a gradient.
        TypeError: an argument is not a tensor; ``ignore_index`` is no whole number.
        ValueError: a size does not fit; a mask is not from 0 to 1.
    """
    general.tensors(**{"input": input, "target": target} | ({} if weight is None else {"weight": weight}))
    ignored = None if ignore_index is None else general.whole_number("ignore_index", ignore_index)
    general.real_input(input)
    general.constant("target", target)
    if input.dim() < 2:
        raise ValueError(f"input must be of size (N, C, …), a score for each class, but it is {tuple(input.shape)}")
    weight = None if weight is None else of_classes(weight, input)
    (input,) = general.autocast(input)
    x = general.wide(input).flatten(2) if input.dim() > 2 else general.wide(input).unsqueeze(-1)
    target = with_classes(target, input)
    kept = None if ignored is None else target != ignored
    if target.dim() == input.dim():
        shares(target, kept)
        shape, target = x.shape, general.wide(target.to(x.dtype) if not target.is_floating_point() else target)
    else:
        classification.classes(target, input.shape[1], ignored)
        shape = torch.Size((x.shape[0], x.shape[2]))
    if kept is not None:
        target, kept = torch.where(kept, target, 0), kept.reshape(shape)
        kept = kept if len(shape) == 3 else kept.unsqueeze(1)
        x = torch.where(kept, x, 0.0)
    return x, target.reshape(shape), kept, weight, input.dtype


def with_classes(target: Tensor, input: Tensor) -> Tensor:
    """Indices of classes (N, …), or masks in the shape of input; else an error that says which are taken."""
    places = input.shape[:1] + input.shape[2:]
    if target.is_complex():
        raise RuntimeError(f"target must be real, but it is of dtype {target.dtype}")
    if input.shape[1] == 1:
        if target.shape not in (input.shape, places):
            raise ValueError(
                f"target must have the size of input, {tuple(input.shape)}, or {tuple(places)}, but it has "
                f"{tuple(target.shape)}: nothing is broadcast here"
            )
        return target.reshape(input.shape)
    if target.is_floating_point():
        if target.shape != input.shape:
            raise ValueError(
                f"a floating point target is a mask for each class, of size {tuple(input.shape)}, but it is "
                f"{tuple(target.shape)}: nothing is broadcast here; class indices need target.long()"
            )
        return target
    if target.dtype != torch.int64:
        raise RuntimeError(
            f"target must hold class indices in int64 or masks in floating point, but it is {target.dtype}: "
            "give target.long() or target.float()"
        )
    if target.shape != places:
        raise ValueError(classification.misfit(input.shape, target) + "; a mask for each class needs target.float()")
    return target


def shares(target: Tensor, kept: Tensor | None) -> None:
    """Raise ValueError unless each mask that counts is from 0 to 1."""
    plain, counts = general.readable(target), None if kept is None else general.readable(kept)
    if plain is None:
        return
    outside = plain[~((plain >= 0) & (plain <= 1)) & (True if counts is None else counts)]
    if outside.numel():
        raise ValueError(f"a mask must be from 0 to 1, but it holds {outside.flatten()[0].item():g}")


def of_classes(weight: Tensor, input: Tensor) -> Tensor:
    """One factor per class, for each sample."""
    general.real(weight=weight)
    general.of_size("weight", weight, input.shape[1:2], of="the classes")
    return general.wide(weight).expand(input.shape[:2])  # wide first: so its slopes are added up
