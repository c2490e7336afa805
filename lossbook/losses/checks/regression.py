"""What the losses for amounts ask that torch lacks: nothing is broadcast."""

from collections.abc import Sequence

import torch
from torch import Tensor

from lossbook.losses.checks import general


def amounts(
    input: Tensor, target: Tensor, weight: Tensor | None, *, columns: int | None = None
) -> tuple[Tensor, Tensor, Tensor | None, torch.dtype]:
    """Check predicted and true amounts and their weights; give all in one size, wide, and the dtype of the loss.

    Args:
        input: any shape; with ``columns`` that of target and one more dimension, of that size.
        target: any shape. A column of 1 is added where input has columns.
        weight: the shape of target, or ``None``.
        columns: how many predictions there are for each target, or ``None`` for one, without a dimension of its own.

    Raises:
        RuntimeError: input is not real floating point; target or weight is complex or bool.
        TypeError: an argument is not a tensor.
        ValueError: a size does not fit.
    """
    given = {"target": target} if weight is None else {"target": target, "weight": weight}
    general.tensors(input=input, **given)
    general.real_input(input)
    general.real(**given)
    if columns is not None and input.shape[-1:] != (columns,):
        raise ValueError(
            f"input must have {columns} columns, one for each quantile in q, but it is {tuple(input.shape)}: "
            f"with target of size {tuple(target.shape)}, give input of size {(*target.shape, columns)}"
        )
    general.of_size("target", target, input.shape if columns is None else input.shape[:-1])
    if weight is not None:
        general.of_size("weight", weight, target.shape, of="target")
    input, target = general.autocast(input, target)
    if columns is not None:
        target = target.unsqueeze(-1)
        weight = None if weight is None else general.wide(weight).unsqueeze(-1).expand(input.shape)
    return general.wide(input), general.wide(target), weight, input.dtype


def cost(name: str, value: object) -> float:
    """Return ``value`` as a float: TypeError unless it is a real number, ValueError if it is negative or nan."""
    price = general.real_number(name, value)
    bad = not price >= 0
    if bad:
        raise ValueError(f"{name} must be 0 or more, what a unit of error costs, but it is {price}")
    return price


def quantiles(q: float | Sequence[float] | Tensor) -> tuple[float | Tensor, int | None]:
    """The levels of quantiles, each between 0 and 1, and how many there are: ``None`` of a plain number.

    Raises:
        TypeError: ``q`` is neither a real number, nor a sequence of some, nor a tensor.
        ValueError: a level is not between 0 and 1; there is none, or they have several dimensions.
    """
    if isinstance(q, list | tuple):
        q = torch.tensor([general.real_number("q", level) for level in q], dtype=torch.float64)
    if not isinstance(q, Tensor) or q.dim() == 0:
        level = general.real_number("q", q)
        inside = 0 < level < 1
        if not inside:
            raise ValueError(f"q must be between 0 and 1, a share of the targets, but it is {level}")
        return level, None
    if q.dim() != 1 or len(q) == 0:
        raise ValueError(f"q must be a number, or a level for each column of input, but it is of size {tuple(q.shape)}")
    plain = general.readable(q)
    if plain is not None and not ((plain > 0) & (plain < 1)).all():
        raise ValueError(f"q must be between 0 and 1, shares of the targets, but it is {plain.tolist()}")
    return q, len(q)
