"""One target with everything that is known of it: what the steps of ``suggest`` hand to one another."""

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from lossbook.choose.column import Column
from lossbook.choose.seen import VOID, Seen, Tally

__all__ = ["Case", "check_costs", "read_costs"]

MOST_WORDS = 2_000_000  # no tokenizer has more: beyond, the numbers are names of something else
_OF_ANSWERS = "a pair: (of a missed yes, of a needless yes)"
_PRICED = {
    "costs": "a pair: (of a unit too much, of a unit too little)",
    "binary": _OF_ANSWERS,
    "labels": _OF_ANSWERS,
    "masks": _OF_ANSWERS,
    "classes": "a square table: [the true class][the decision]",
}


@dataclass(frozen=True)
class Case:
    """A target, its facts, and the task that it was taken for. ``costs`` are checked, or ``None``."""

    task: str
    column: Column
    seen: Seen
    found: Tally
    costs: Tensor | None = None

    @cached_property
    def rows(self) -> bool:
        """Whether the last dimension holds the classes of one sample, as chances or with a single one."""
        return self.seen.rows_add_to_one and self.task in ("classes", "distributions", "distillation")

    @cached_property
    def first(self) -> int:
        """The number of the first class, 1 where they are numbered from 1."""
        return 1 if self.seen.least == 1 and self.in_a_row and VOID not in self.seen.ignored else 0

    @cached_property
    def in_a_row(self) -> bool:
        """Whether every number from the least to the greatest occurs."""
        return self.seen.most - self.seen.least + 1 == self.seen.distinct

    @cached_property
    def renumbered(self) -> bool:
        """Whether the numbers are too sparse, or no numbers from 0 or 1, to be used as indices of classes."""
        if VOID in self.seen.ignored:
            return False
        if self.task == "vocabulary" and self.seen.whole and self.seen.least >= 0 and self.seen.most < MOST_WORDS:
            return False  # the numbers are those of a tokenizer, of which these targets show a part
        sparse = not self.seen.whole or self.seen.most + 1 > 2 * self.seen.distinct + 1
        return (sparse or self.seen.least < 0) and self.costs is None

    @cached_property
    def bits(self) -> bool:
        """Whether a mask says yes or no: 0 and 1, or black and white in bytes."""
        return self.seen.most <= 1 or self.found.values.tolist() == [0, 255]

    @cached_property
    def classes(self) -> int:
        """How many classes a model needs a score for."""
        if self.rows:
            return self.column.shape[-1]
        if self.renumbered:
            return self.seen.distinct
        # A table of costs says how many there are, and so that the numbers are places in it.
        told = len(self.costs) if self.costs is not None and self.costs.dim() == 2 else 0
        return max(int(self.seen.most) + 1 - self.first, told, 2)

    @cached_property
    def class_counts(self) -> Tensor:
        """How many targets each class has; of chances, how many to be expected."""
        if self.rows:
            return self.column.values.double().reshape(-1, self.classes).sum(0)
        if self.renumbered:
            return self.found.counts.double()
        places = self.found.values.long() - self.first
        return torch.zeros(self.classes, dtype=torch.float64).index_put((places,), self.found.counts.double())

    @cached_property
    def piled(self) -> float:
        """The share of the most frequent value. Median and MAD describe that value alone, where it is large."""
        return float(self.found.counts.max() / self.found.counts.sum())

    @cached_property
    def scales(self) -> tuple[float, float]:
        """The least and the largest standard deviation among the columns of amounts."""
        shape = self.column.shape
        if len(shape) != 2 or min(shape) < 2 or self.column.missing:
            return self.seen.spread.sd, self.seen.spread.sd
        least, most = self.column.values.double().std(0).aminmax()
        return float(least), float(most)

    @cached_property
    def uneven(self) -> bool:
        """Whether the columns have different scales, so that nothing can be read off all of them together."""
        return self.scales[1] > 3 * self.scales[0]

    @cached_property
    def yes(self) -> Tensor:
        """How many targets say yes; for several labels, of each."""
        if self.task == "labels":
            return self.column.values.double().nan_to_num(0).transpose(1, -1).reshape(-1, self.labels).sum(0)
        over = self.found.values > self.border
        return self.found.counts[over].double().sum()

    @cached_property
    def no(self) -> Tensor:
        """How many say no."""
        if self.task == "labels":
            there = (~self.column.values.double().isnan()).transpose(1, -1).reshape(-1, self.labels).sum(0)
            return there - self.yes
        return self.found.counts.double().sum() - self.yes

    @cached_property
    def labels(self) -> int:
        """How many labels there are: the second dimension."""
        return self.column.shape[1]

    @cached_property
    def border(self) -> float:
        """What a yes lies above and a no does not."""
        least, most = self.seen.least, self.seen.most
        return 0.0 if least == most and most in (0, 1, -1) else (least + most) / 2


def read_costs(costs: Any) -> Tensor | None:
    """A pair of prices, or a square table of them.

    Raises:
        TypeError: they are no numbers.
        ValueError: they are negative, infinite, all 0, or of another shape.
    """
    if costs is None:
        return None
    try:
        prices = torch.as_tensor(costs, dtype=torch.float64).cpu()
    except (TypeError, RuntimeError, ValueError) as error:
        raise TypeError(f"costs must be two numbers, or a square table of them: {error}") from error
    if not bool(torch.isfinite(prices).all()) or bool((prices < 0).any()) or not bool((prices > 0).any()):
        raise ValueError(f"costs must be finite, 0 or more, and not all 0: {prices.tolist()}")
    if tuple(prices.shape) != (2,) and not (prices.dim() == 2 and len(prices) == prices.shape[1]):
        raise ValueError(
            f"costs are two numbers or a square table, of the shape (2,) or (C, C), not {tuple(prices.shape)}"
        )
    return prices


def check_costs(case: Case) -> None:
    """Whether the task has a use for costs of this form.

    Raises:
        ValueError: it has not.
    """
    if case.costs is None:
        return
    table = case.costs.dim() == 2
    if case.task not in _PRICED:
        raise ValueError(f"costs say nothing about {case.task}: they are for {', '.join(_PRICED)}")
    if table != (case.task == "classes"):
        raise ValueError(f"the costs of {case.task} are {_PRICED[case.task]}")
    needed = dataclasses.replace(case, costs=None).classes if table else 0
    if table and len(case.costs) < needed:
        raise ValueError(f"the table of costs has {len(case.costs)} rows, for {needed} classes")
