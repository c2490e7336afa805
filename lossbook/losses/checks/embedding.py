"""What the losses of ``embedding`` ask of their arguments."""

import functools
from typing import Any

import torch
from torch import Tensor

from lossbook.losses.checks import general


def margin_above_zero(margin: Any) -> None:
    """Raise ValueError if the margin is 0 or less, TypeError if that cannot be asked. nan passes, as in torch."""
    try:
        too_small = bool(margin <= 0)
    except TypeError:
        raise TypeError(f"margin must be a real number, but a {type(margin).__name__} came") from None
    if too_small:
        raise ValueError(f"margin must be above 0, but it is {margin}: without a margin, equal distances cost nothing")


def vector_pair(input1: Tensor, input2: Tensor, target: Tensor) -> None:
    """Raise RuntimeError unless there is one target per pair of vectors, or 0-d for one pair of 1-d vectors."""
    fitting = target.dim() < 2 and input1.dim() == input2.dim() == target.dim() + 1
    if not fitting:
        raise RuntimeError(
            f"input1 of size {tuple(input1.shape)}, input2 of size {tuple(input2.shape)} and target of size "
            f"{tuple(target.shape)} do not fit: give (N, D), (N, D) and (N), or (D), (D) and ()"
        )
    general.fit(input1=input1, input2=input2)
    if input1.is_complex() or input2.is_complex():
        raise NotImplementedError("cosine_embedding_loss is not implemented for complex vectors: give real ones")


def triplet(anchor: Tensor, positive: Tensor, negative: Tensor, *, subtracted: bool) -> None:
    """Raise RuntimeError unless the three have as many dimensions, and can be ``subtracted`` where that is to be."""
    if not anchor.dim() == positive.dim() == negative.dim():
        raise RuntimeError(
            f"anchor of size {tuple(anchor.shape)}, positive of size {tuple(positive.shape)} and negative of size "
            f"{tuple(negative.shape)} differ in their number of dimensions: give all as (N, D), or all as (D)"
        )
    if subtracted:
        general.fit(anchor=anchor, positive=positive)
        general.fit(anchor=anchor, negative=negative)
        for name, value in (("anchor", anchor), ("positive", positive), ("negative", negative)):
            if value.dtype == torch.bool:
                raise RuntimeError(f"{name} is of dtype torch.bool, which cannot be subtracted: give {name}.float()")


def half_of(*pairs: tuple[Tensor, Tensor]) -> torch.dtype | None:
    """The half dtype that torch computes from these pairs, to which results are then rounded, or ``None``."""
    dtypes = {torch.promote_types(one.dtype, other.dtype) for one, other in pairs}
    # Integers alone make float32, and so do two halves of different kinds.
    return dtypes.pop() if len(dtypes) == 1 and dtypes <= {*general.HALF} else None


def views(
    name: str, one: Tensor, other_name: str, other: Tensor, weight: Tensor | None, negatives: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor, torch.dtype]:
    """Check two vectors of each thing; give both, all that the first is compared with, wide; and the dtype of the loss.

    Raises:
        RuntimeError: vectors are not of real floating point; weight is complex or bool.
        TypeError: an argument is not a tensor.
        ValueError: the vectors are not both (N, D), the negatives not (M, D), or weight not (N).
    """
    named = {name: one, other_name: other} | ({} if negatives is None else {"negatives": negatives})
    general.tensors(**named | ({} if weight is None else {"weight": weight}))
    for key, vectors in named.items():
        if not vectors.is_floating_point():
            raise RuntimeError(f"{key} must be real floating point, but it is {vectors.dtype}: give {key}.float()")
    if one.dim() != 2:
        raise ValueError(f"{name} must be of size (N, D), a vector for each of N things, but it is {tuple(one.shape)}")
    general.of_size(other_name, other, one.shape, of=name)
    if negatives is not None and (negatives.dim() != 2 or negatives.shape[1] != one.shape[1]):
        raise ValueError(f"negatives must be of size (M, {one.shape[1]}), but they are {tuple(negatives.shape)}")
    if weight is not None:
        general.real(weight=weight)
        general.of_size("weight", weight, one.shape[:1], of="the pairs")
    dtype = general.autocast(one)[0].dtype
    wide = tuple(map(general.wide, general.autocast(*named.values())))
    common = functools.reduce(torch.promote_types, (vectors.dtype for vectors in wide))
    wide = tuple(vectors.to(common) for vectors in wide)
    return wide[0], wide[1], wide[1] if negatives is None else torch.cat(wide[1:]), dtype
