"""What the losses of ``divergence`` ask of their arguments."""

import torch
from torch import Tensor

from lossbook.losses.checks import classification, general


def distributions(input: Tensor, target: Tensor) -> tuple[Tensor, Tensor, torch.dtype | None]:
    """Check the tensors of a divergence; give both, float32 for half precision, and the dtype to round to.

    Raises:
        TypeError: an argument is not a tensor.
        RuntimeError: the shapes do not broadcast; one is not real floating point.
    """
    input, target = general.plain_pair(input, target)
    for name, value in (("input", input), ("target", target)):
        if not value.is_floating_point():
            raise RuntimeError(f"{name} must be real floating point, but it is of {value.dtype}: give {name}.float()")
    return general.wide(input), general.wide(target), general.rounded_to(input, target)


def scores(input: Tensor, teacher: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor, torch.dtype]:
    """Check the scores of a student and of its teacher; give both, wide, and the dtype of the loss.

    Raises:
        RuntimeError: one is not of real floating point; weight is complex or bool.
        TypeError: an argument is not a tensor.
        ValueError: the sizes differ; there is no dimension of classes; weight is not one factor per sample.
    """
    general.tensors(**{"input": input, "teacher": teacher} | ({} if weight is None else {"weight": weight}))
    general.real_input(input)
    if not teacher.is_floating_point():
        raise RuntimeError(f"teacher must be scores in floating point, but it is {teacher.dtype}: labels are no scores")
    general.of_size("teacher", teacher, input.shape)
    if input.dim() == 0:
        raise ValueError("input must have a dimension of classes, (C) or (N, C, …), but it has none")
    if weight is not None:
        general.real(weight=weight)
        general.of_size("weight", weight, classification.places(input.shape), of="the samples")
    input, teacher = general.autocast(input, teacher)
    common = general.wide_dtype(torch.promote_types(input.dtype, teacher.dtype))
    return input.to(common), teacher.to(common), input.dtype
