"""Which loss fits? The decision table, from what a target is to the losses that ask the right question."""

from lossbook.choose.form import Branch, Choice, Task
from lossbook.choose.tasks import QUESTION, TASKS

__all__ = ["QUESTION", "TASKS", "Branch", "Choice", "Task"]
