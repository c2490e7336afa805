"""What a line of the decision table holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lossbook.catalog import Row, row

__all__ = ["Branch", "Choice", "Task"]


@dataclass(frozen=True)
class Choice:
    """One loss at the end of a way through the table.

    Args:
        loss: its name in the catalog.
        reason: why it stands here, in one plain sentence.
        check: what to look at once it has been trained with, in one plain sentence.
        settings: options that differ from their defaults, whatever the data.
        computed: options whose values are computed from the data.
    """

    loss: str
    reason: str
    check: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    computed: tuple[str, ...] = ()

    @property
    def facts(self) -> Row:
        """The row of the loss in the catalog, with its last layer, its chapter and what it asks."""
        return row(self.loss)


@dataclass(frozen=True)
class Branch:
    """One answer to the question of a task, and the losses it leads to, the first one first.

    Args:
        key: a short name, which stays the same.
        answer: what holds, in words that follow the question.
        look: where to look in order to tell whether it holds.
        choices: the losses, ranked.
    """

    key: str
    answer: str
    look: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Task:
    """A kind of target, and the one question that is left to ask.

    Args:
        name: what ``suggest(..., task=)`` takes.
        group: ``"amounts"``, ``"kinds"`` or ``"structure"``, the part of the book.
        target: what one target is: the answer to the first question of all, ``QUESTION``.
        question: what is left to ask.
        branches: its answers; the first one holds where nothing speaks against it.
    """

    name: str
    group: str
    target: str
    question: str
    branches: tuple[Branch, ...]

    def branch(self, key: str) -> Branch:
        """The branch with this key.

        Example:
            >>> from lossbook.choose import TASKS
            >>> TASKS["counts"].branch("rates").choices[0].loss
            'poisson_nll_loss'
        """
        return next(it for it in self.branches if it.key == key)
