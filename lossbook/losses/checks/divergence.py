"""What the losses of ``divergence`` ask of their arguments."""

import torch
from torch import Tensor

from lossbook.losses.checks import general


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
