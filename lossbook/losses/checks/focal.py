"""What the focal loss asks of its arguments: yes or no for each score, or one class of several."""

import torch
from torch import Tensor

from lossbook.losses.checks import classification, general


def focus(value: object) -> float:
    """Return ``gamma`` as a float: TypeError unless it is a real number, ValueError if it is negative or nan."""
    gamma = general.real_number("gamma", value)
    bad = not gamma >= 0
    if bad:
        raise ValueError(f"gamma must be 0 or more, but it is {gamma}: 0 is plain cross-entropy")
    return gamma


def arguments(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: object
) -> tuple[Tensor, Tensor, Tensor, torch.dtype]:
    """Check scores and targets; give both, wide, how much each target counts, and the dtype of the loss.

    What is ignored becomes a score of 0 and a target of 0 that counts 0: nothing leaks from it into a slope.

    Raises:
        IndexError: a target is no class and not ignored.
        RuntimeError: input is not real floating point, target neither that nor int64; target asks for a gradient.
        TypeError: an argument is not a tensor; ``ignore_index`` is no whole number.
        ValueError: a size does not fit; an answer is not from 0 to 1.
    """
    general.tensors(**{"input": input, "target": target} | ({} if weight is None else {"weight": weight}))
    ignored = general.whole_number("ignore_index", ignore_index)
    general.real_input(input)
    general.constant("target", target)
    if weight is not None:
        general.real(weight=weight)
        general.of_size("weight", weight, target.shape, of="target")
    kept = target != ignored
    if target.is_floating_point():
        answers(input, target, ignored)
        scored = kept
    else:
        indices(input, target, ignored)
        scored = kept.unsqueeze(classification.class_dim(input.shape))
    (input,) = general.autocast(input)
    x, y = general.wide(input), general.wide(target)
    counts = kept.to(x.dtype) if weight is None else torch.where(kept, general.wide(weight), 0)
    return torch.where(scored, x, 0.0), torch.where(kept, y, 0), counts, input.dtype


def answers(input: Tensor, target: Tensor, ignored: int) -> None:
    """Raise ValueError unless there is an answer from 0 to 1 for each score, or it is ignored."""
    if target.shape != input.shape:
        raise ValueError(
            f"a floating point target is an answer for each score, of size {tuple(input.shape)}, but it is "
            f"{tuple(target.shape)}: nothing is broadcast here; class indices need target.long()"
        )
    plain = general.readable(target)
    if plain is None:
        return
    outside = plain[(plain != ignored) & ~((plain >= 0) & (plain <= 1))]
    if outside.numel():
        raise ValueError(
            f"target must be from 0 to 1 where it is floating point, but it holds {outside.flatten()[0].item():g}"
        )


def indices(input: Tensor, target: Tensor, ignored: int) -> None:
    """Raise unless there is an int64 index of a class for each sample, or it is ignored."""
    if target.dtype != torch.int64:
        raise RuntimeError(
            f"target must hold answers in floating point or class indices in int64, but it is {target.dtype}: "
            "give target.float() or target.long()"
        )
    if input.dim() == 0:
        raise ValueError("input must have a dimension of classes beside an index, (C) or (N, C, …), but it has none")
    if target.shape != classification.places(input.shape):
        raise ValueError(classification.misfit(input.shape, target) + "; yes or no for each needs target.float()")
    classification.classes(target, input.shape[classification.class_dim(input.shape)], ignored)


def share(alpha: float | Tensor | None, x: Tensor, y: Tensor) -> float | Tensor:
    """What the loss of each target is multiplied by: 1 without ``alpha``.

    Raises:
        RuntimeError: ``alpha`` is complex or bool.
        TypeError: ``alpha`` is neither a real number nor a tensor.
        ValueError: it is not from 0 to 1; it is one number for several classes, or several for yes or no.
    """
    if alpha is None:
        return 1.0
    if isinstance(alpha, Tensor) and alpha.dim():
        return share_of_class(alpha, x, y)
    yes = general.real_number("alpha", alpha)
    if not y.is_floating_point():
        count = x.shape[classification.class_dim(x.shape)]
        raise ValueError(
            f"alpha={yes} is one number, but there are {count} classes: give a tensor of a factor for each"
        )
    if not 0 <= yes <= 1:
        raise ValueError(f"alpha must be from 0 to 1, the share of a yes, but it is {yes}")
    return yes * y + (1 - yes) * (1 - y)


def share_of_class(alpha: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The factor of the class of each target."""
    general.real(alpha=alpha)
    if y.is_floating_point():
        raise ValueError(
            f"alpha is of size {tuple(alpha.shape)}, but a floating point target is yes or no: give a number"
        )
    count = x.shape[classification.class_dim(x.shape)]
    if alpha.shape != (count,):
        raise ValueError(
            f"alpha must have a factor for each of {count} classes, but it is of size {tuple(alpha.shape)}"
        )
    return general.wide(alpha).take(y)
