"""Sentences that are outputs: a number in the text is always one that was just computed."""

import re
import textwrap
import warnings
from collections.abc import Callable
from typing import Any

from IPython.display import Markdown, display

__all__ = ["caught", "say"]

# What fits on a line of an output on the site.
PAGE_WIDTH = 80


def say(template: str, **values: Any) -> None:
    """Show ``template`` as a sentence of the text, its fields filled in: ``say("The gap is {gap:.1e}.", gap=gap)``."""
    display(Markdown(template.format(**values)))


def caught(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call ``function``, print the category and the first sentence of each warning, and return its result.

    Example:
        >>> import torch
        >>> caught(torch.nn.functional.mse_loss, torch.zeros(2, 1), torch.ones(2))
        UserWarning: Using a target size (torch.Size([2])) that is different to the
        input size (torch.Size([2, 1])).
        tensor(1.)
    """
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        result = function(*args, **kwargs)
    for warning in seen:
        first = re.split(r"(?<=[.!?])\s", str(warning.message), maxsplit=1)[0]
        print(textwrap.fill(f"{warning.category.__name__}: {first}", width=PAGE_WIDTH))
    return result
