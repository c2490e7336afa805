"""Figures of the book: one style, value beside slope, and the placeholder of an interactive figure."""

import json
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import torch
from cycler import cycler
from matplotlib.figure import Figure
from torch import Tensor

__all__ = ["COLOURS", "Interactive", "curves", "interactive", "use_style"]

# Mid-tones: legible on white, and on black after the site's dark mode has inverted the lightness.
COLOURS = ("#3b82f6", "#d97706", "#16a34a", "#db2777", "#8b5cf6")
_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)))

Curve = tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]


def use_style() -> None:
    """Set the book's matplotlib style: transparent, quiet, lines told apart by dashes as well as by colour."""
    cycle = cycler(color=COLOURS) + cycler(linestyle=_DASHES)
    plt.rcParams.update(
        {
            "axes.edgecolor": "#6b7280",
            "axes.grid": True,
            "axes.prop_cycle": cycle,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlelocation": "left",
            "axes.titlesize": "medium",
            "figure.constrained_layout.use": True,
            "figure.dpi": 110,
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "savefig.transparent": True,
            "figure.figsize": (6.2, 3.4),
            "font.size": 10,
            "grid.alpha": 0.25,
            "legend.frameon": False,
            "lines.linewidth": 2.0,
        }
    )


def curves(
    losses: dict[str, Curve], title: str, span: float = 4.0, label: str = "error  (prediction − target)"
) -> Figure:
    """Draw each loss as a function of the error, value on the left, slope on the right.

    Args:
        losses: for each name, the value and the slope as functions of the error.
        title: the finding, over the whole figure.
        span: the errors run from minus to plus this.
        label: of the horizontal axis.

    Returns:
        The figure. End the cell with ``plt.show()``.
    """
    error = torch.linspace(-span, span, 801, dtype=torch.float64)
    figure, (left, right) = plt.subplots(1, 2, sharex=True)
    for name, (value, slope) in losses.items():
        left.plot(error, value(error), label=name)
        right.plot(error, slope(error), label=name)
    left.set(title="value", xlabel=label)
    right.set(title="slope: the pull", xlabel=label)
    left.legend()
    figure.suptitle(title, x=0.01, ha="left")
    return figure


class Interactive:
    """A place in the page that the site's script turns into a live figure. Shows nothing in plain Jupyter."""

    def __init__(self, name: str, data: dict[str, Any]) -> None:
        self.name = name
        self.data = data

    def _repr_html_(self) -> str:
        # "<" is the one character that could end the script element early.
        content = json.dumps(self.data, sort_keys=True).replace("<", "\\u003c")
        return (
            f'<div class="interactive" data-figure="{self.name}">'
            f'<script type="application/json">{content}</script></div>'
        )

    def __repr__(self) -> str:
        return f"(interactive figure on the site: {self.name})"


def interactive(name: str, **data: Any) -> Interactive:
    """The live figure ``name`` of the site, fed with ``data``: plain numbers, strings, lists and dicts of them."""
    return Interactive(name, data)
