"""Which loss fits? :func:`suggest` looks at your targets; ``TASKS`` is the table that it decides by."""

from lossbook.choose.advice import suggest
from lossbook.choose.form import Branch, Choice, Task
from lossbook.choose.report import Report, Suggestion
from lossbook.choose.tasks import QUESTION, TASKS

__all__ = ["QUESTION", "TASKS", "Branch", "Choice", "Report", "Suggestion", "Task", "suggest"]
