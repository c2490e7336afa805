"""From one number per element to the number that is returned: the only place where a divisor is chosen."""

import torch
from torch import Tensor

from lossbook.losses import checks

__all__ = ["reduce"]


def reduce(
    values: Tensor,
    reduction: str = "mean",
    weight: Tensor | None = None,
    dtype: torch.dtype | None = None,
    batch: int | None = None,
    divisor: Tensor | None = None,
) -> Tensor:
    r"""Reduce per-element losses to what ``reduction`` asks for.

    .. math::

        \text{none: } w_i \ell_i \qquad
        \text{sum: } \sum_i w_i \ell_i \qquad
        \text{mean: } \frac{\sum_i w_i \ell_i}{\sum_i w_i} \qquad
        \text{batchmean: } \frac{1}{N} \sum_i \ell_i

    Without weights every :math:`w_i` is 1, so ``mean`` divides by the number of elements.

    Args:
        values: the loss of each element, any shape.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``; with ``batch`` also ``"batchmean"``.
        weight: one factor per element, of a shape that broadcasts to that of ``values``, or ``None``.
        dtype: the dtype that the result is rounded to, once and last. Half precision is computed in
            float32 and only rounded here. ``None`` leaves the result as it is.
        batch: the number :math:`N` of samples, where the loss has a ``"batchmean"``.
        divisor: what ``mean`` divides the sum by, where that is neither of the two above.

    Returns:
        A tensor of the shape of ``values`` for ``"none"``, else a 0-d tensor. The mean of nothing is nan.

    Raises:
        RuntimeError: the mean of integers.
        ValueError: ``reduction`` is none of these.

    Example:
        >>> reduce(torch.tensor([1.0, 2.0, 6.0]), "mean")
        tensor(3.)
        >>> reduce(torch.tensor([1.0, 2.0, 6.0]), "mean", weight=torch.tensor([1.0, 1.0, 0.0]))
        tensor(1.5000)
    """
    names = checks.REDUCTIONS if batch is None else (*checks.REDUCTIONS, "batchmean")
    reduction = checks.reduction_name(reduction, weighted=weight is not None, names=names)
    if weight is not None:
        weight = weight.float() if weight.dtype in checks.HALF else weight
        values = values * weight
    if reduction == "none":
        result = values
    elif reduction == "sum":
        result = values.sum()
    elif batch is not None and reduction == "batchmean":
        result = values.sum() / batch
    elif divisor is not None:
        result = values.sum() / divisor
    elif weight is None:
        checks.divisible(values)
        result = values.mean()
    else:
        result = values.sum() / weight.sum()
    return round_to(result, dtype)


def round_to(result: Tensor, dtype: torch.dtype | None) -> Tensor:
    """``result`` in ``dtype``; untouched where that would drop an imaginary part or a fraction."""
    if dtype is None or not (dtype.is_floating_point and result.is_floating_point()):
        return result
    return result.to(dtype)
