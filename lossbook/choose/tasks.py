"""The decision table: what one target is, one question more, and the losses that the answers lead to.

The chart and the table of the book are generated from it, and ``suggest`` ranks by it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from lossbook.choose import amounts, answers, classes, structure
from lossbook.choose.form import Task

__all__ = ["QUESTION", "TASKS"]

QUESTION = "What is one target?"

TASKS: Mapping[str, Task] = MappingProxyType(
    {task.name: task for part in (amounts, answers, classes, structure) for task in part.TASKS}
)
