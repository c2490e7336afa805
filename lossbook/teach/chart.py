"""The decision table as a chart: four pictures, and each of them once more as text with links."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import matplotlib.pyplot as plt
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import TextPath

from lossbook.choose import QUESTION, TASKS, Branch, Choice, Task
from lossbook.teach.cards import leading_to
from lossbook.teach.figures import COLOURS

__all__ = ["PARTS", "chart_text", "decision_chart", "leaf"]

# One picture each: so that it fits on a printed page, and on a phone without being made smaller.
PARTS = {
    "amounts": ("amounts", "intervals", "costs", "counts"),
    "answers": ("binary", "probabilities", "labels"),
    "classes": ("classes", "ratings", "distributions", "distillation"),
    "structure": ("ranking", "similarity", "masks", "sequences", "vocabulary"),
}

_FOLDED = "The same chart as text, with reasons and links"
_Style = Literal["normal", "italic"]

# In points. What is narrow here is legible on a phone.
WIDTH, LINE, GAP = 312.0, 12.0, 6.5
_TRUNK, _BOX, _STEM, _ANSWER = 5.0, 14.0, 26.0, 36.0
_GREY, _TINT = "#6b7280", "#dbeafe"


def leaf(choice: Choice) -> str:
    """A loss as the chart names it: with the options that are set or computed for it.

    Example:
        >>> [leaf(choice) for choice in TASKS["classes"].branch("rare").choices]
        ['cross_entropy', 'cross_entropy (weight)', 'focal_loss']
    """
    options = [*choice.settings, *choice.computed]
    return choice.loss + (f" ({', '.join(options)})" if options else "")


def chart_text(part: str) -> Markdown:
    """One part of the chart as a list in words, folded, each loss leading to its chapter."""
    lines = []
    for task in (TASKS[name] for name in PARTS[part]):
        lines.append(f"- **{task.target}.** {task.question}")
        for branch in task.branches:
            lines.append(f"  - *{branch.answer}.*")
            lines += [f"    - {_entry(choice)}: {choice.reason}" for choice in branch.choices]
    return Markdown(f"<details>\n<summary>{_FOLDED}</summary>\n\n{QUESTION}\n\n" + "\n".join(lines) + "\n\n</details>")


def _entry(choice: Choice) -> str:
    name, _, options = leaf(choice).partition(" ")
    return leading_to(choice.facts, f"`{name}`") + (f" {options}" if options else "")


def decision_chart(part: str, title: str) -> Figure:
    """Draw one part of the chart: from what one target is, by one question more, to the losses, the first one first.

    In ``title``, ``{answers}`` and ``{losses}`` become the numbers of the answers and of the different losses.
    """
    answers = [branch for name in PARTS[part] for branch in TASKS[name].branches]
    losses = {choice.loss for branch in answers for choice in branch.choices}
    figure, axes = plt.subplots(layout="none")
    pen = _Pen(axes, y=2.6 * LINE)
    for task in (TASKS[name] for name in PARTS[part]):
        pen.task(task)
    pen.trunk()
    height = pen.y + 4
    figure.set_size_inches(WIDTH / 72, height / 72)
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.set_position((0, 0, 1, 1))
    axes.axis("off")
    counted = title.format(answers=len(answers), losses=len(losses))
    figure.suptitle(counted, x=0.005, y=1 - 2 / height, ha="left", va="top", size=10.5)
    return figure


@dataclass
class _Pen:
    """Writes down the page; ``y`` is where it stands, ``joints`` where the trunk has a branch."""

    axes: Axes
    y: float
    joints: list[float] = field(default_factory=list)

    def task(self, task: Task) -> None:
        """A box with the target and the question, and the answers on a stem below it."""
        top = self.y
        self.joints.append(top + 0.75 * LINE)
        self.y += 0.35 * LINE
        self.write(task.target, _BOX + 6, edge=WIDTH - 8, weight="bold")
        self.write(task.question, _BOX + 6, edge=WIDTH - 8, style="italic")
        self.y += 0.25 * LINE
        self.frame(_BOX, top, WIDTH - _BOX - 2, self.y - top, "none", _GREY)
        start, ticks = self.y, [self.branch(branch) for branch in task.branches]
        self.line((_STEM, _STEM), (start, ticks[-1]))
        for tick in ticks:
            self.line((_STEM, _ANSWER - 3), (tick, tick))
        self.y += 1.6 * GAP

    def branch(self, branch: Branch) -> float:
        """An answer, and the losses that it leads to; returns the height of its first line."""
        self.y += GAP
        tick = self.y + 0.5 * LINE
        self.write(branch.answer, _ANSWER)
        self.y += 2.0
        x = _ANSWER + 5
        for rank, choice in enumerate(branch.choices):
            width = _wide(leaf(choice), 8.5, "normal" if rank else "bold") + 9
            if rank and x + width > WIDTH:
                x, self.y = _ANSWER + 5, self.y + 1.35 * LINE
            self.pill(x, width, leaf(choice), first=not rank)
            x += width + 4
        self.y += 1.25 * LINE
        return tick

    def pill(self, x: float, width: float, name: str, first: bool) -> None:
        self.frame(x, self.y, width, 1.15 * LINE, _TINT if first else "none", COLOURS[0] if first else _GREY)
        weight = "bold" if first else "normal"
        middle = self.y + 0.56 * LINE
        self.axes.text(x + 4.5, middle, name, size=8.5, weight=weight, va="center_baseline", gid="leaf")

    def write(self, words: str, x: float, edge: float = WIDTH - 2, **style: Any) -> None:
        """Words from ``x`` to ``edge``, in as many lines as they need."""
        for line in _lines(words, edge - x, **style):
            self.axes.text(x, self.y + 0.76 * LINE, line, size=9, va="baseline", gid="words", **style)
            self.y += LINE

    def trunk(self) -> None:
        """The first question, and the line from it to every task."""
        self.axes.text(_TRUNK - 4, 2.4 * LINE - 2, QUESTION, size=9, va="baseline", color=_GREY)
        self.line((_TRUNK, _TRUNK), (2.5 * LINE, self.joints[-1]))
        for joint in self.joints:
            self.line((_TRUNK, _BOX), (joint, joint))

    def line(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        self.axes.plot(x, y, color=_GREY, linewidth=1, linestyle="-", solid_capstyle="round")

    def frame(self, x: float, y: float, width: float, height: float, face: str, edge: str) -> None:
        rounded = "round,pad=0,rounding_size=4"
        box = FancyBboxPatch((x, y), width, height, rounded, facecolor=face, edgecolor=edge, linewidth=1)
        self.axes.add_patch(box)


def _lines(words: str, width: float, **style: Any) -> Iterator[str]:
    """The words, broken where the next one would not fit."""
    line: list[str] = []
    used, space = 0.0, _wide("a a", 9, **style) - _wide("aa", 9, **style)
    for word in words.split():
        wide = _wide(word, 9, **style)
        if line and used + space + wide > width:
            yield " ".join(line)
            line, used = [], 0.0
        used += wide + space * bool(line)
        line.append(word)
    yield " ".join(line)


@cache
def _wide(words: str, size: float, weight: str = "normal", style: _Style = "normal") -> float:
    """How wide the words are, in points, with something to spare: on a screen letters stand on whole pixels."""
    font = FontProperties(weight=weight, style=style)
    return 1.06 * float(TextPath((0, 0), words, size=size, prop=font).get_extents().width)
