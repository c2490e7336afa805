"""What ``suggest`` found: as data, as plain text, as a table in a notebook."""

import html
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

import lossbook
from lossbook.catalog import Row, row
from lossbook.choose.readings import Reading
from lossbook.choose.seen import Seen

__all__ = ["Report", "Suggestion"]

WIDE = 100


@dataclass(frozen=True)
class Suggestion:
    """One loss that fits, ready to use.

    Args:
        loss: its name in the catalog.
        arguments: what to make it with; computed from the targets where it can be.
        hand_over: the target as the loss wants it, as an expression in ``target``, a tensor; empty where the loss is
            given something else, such as triplets.
        output_shape: of the model's output for these targets, where it follows from them.
        threshold: the chance from which on to say yes, if ``costs`` decide it.
        reasons: why it is suggested, plain sentences.
        check_next: what to look at once it has been trained with.
        answer: to the question of the report, what must hold.
        taken: whether that answer was taken, since the targets speak for it, or nothing speaks against it.
        provisional: the arguments that the targets alone cannot decide; ``prediction=`` would.
        single: whether the loss, which takes a score per class, is given one score for each yes or no here.

    Example:
        >>> from lossbook.choose import suggest
        >>> best = suggest(torch.tensor([0, 1, 0, 0, 1])).suggestions[0]
        >>> best.loss, best.criterion, best.hand_over
        ('binary_cross_entropy_with_logits', BCEWithLogitsLoss(), 'target.float()')
    """

    loss: str
    arguments: dict[str, Any] = field(default_factory=dict)
    hand_over: str = ""
    output_shape: tuple[int, ...] | None = None
    threshold: float | None = None
    reasons: tuple[str, ...] = ()
    check_next: str = ""
    answer: str = ""
    taken: bool = True
    provisional: tuple[str, ...] = ()
    single: bool = False

    @cached_property
    def criterion(self) -> nn.Module:
        """The loss as a Module, torch's own where torch has it; made when it is first asked for."""
        return self._kind(**self.arguments)  # type: ignore[no-any-return]

    @property
    def call(self) -> str:
        """The line that makes the criterion."""
        told = ", ".join(f"{name}={_short(value)}" for name, value in self.arguments.items())
        home = "torch.nn" if self._kind.__module__.startswith("torch") else "lossbook"
        return f"{home}.{self._row.module}({told})"

    @property
    def output_layer(self) -> str:
        """What stands last in the model."""
        layer = self._row.last_layer
        return layer.replace(" per class", "") if self.single else layer

    @property
    def chapter(self) -> str:
        """The page of the book, and the place on it."""
        heading = re.sub(r"[^\w\- ]", "", self._row.section.lower()).replace(" ", "-")
        return self._row.chapter + (f"#{heading}" if heading else "")

    @property
    def _row(self) -> Row:
        return row(self.loss)

    @property
    def _kind(self) -> Any:
        return getattr(torch.nn, self._row.module, None) or getattr(lossbook, self._row.module)

    def lines(self) -> Iterator[tuple[str, str]]:
        """What there is to say, with a word for each."""
        yield "if", self.answer + ("; taken here" if self.taken else "")
        yield "make", self.call
        shape = f"; shape {self.output_shape}" if self.output_shape is not None else ""
        yield "output", self.output_layer + shape
        if self.hand_over and self.hand_over != "target":
            yield "target", self.hand_over
        if self.threshold is not None:
            yield "decide", f"yes from a chance of {self.threshold:.4g} on"
        yield "why", " ".join(self.reasons)
        yield "then", self.check_next
        yield "chapter", self.chapter


@dataclass(frozen=True, repr=False)
class Report:
    """What :func:`suggest` found out about some targets.

    ``print`` says it in words, a notebook shows a table, :meth:`as_dict` gives it as data.

    Args:
        task: what the targets were taken for, a name of the decision table.
        question: what is left to ask; each suggestion has its answer.
        seen: the facts: ``n``, ``missing``, ``distinct``, ``spread``, ``counts`` and more.
        suggestions: the losses, ranked; first those that the targets speak for, then what fits under a condition.
        undecided: what the targets may be, and when, the reading that was taken first; empty where ``task``
            was given, or only one is possible.
        notes: what else the reader should know, plain sentences.

    Example:
        >>> from lossbook.choose import suggest
        >>> report = suggest(torch.tensor([3.1, 2.7, 3.3, 2.9, 40.0]))
        >>> report.task, report.suggestions[0].loss
        ('amounts', 'huber_loss')
    """

    task: str
    question: str
    seen: Seen
    suggestions: tuple[Suggestion, ...]
    undecided: tuple[Reading, ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The report in dictionaries, lists, numbers and texts alone."""
        return {
            "task": self.task,
            "question": self.question,
            "seen": _plain(self.seen),
            "undecided": [_plain(it) for it in self.undecided],
            "notes": list(self.notes),
            "suggestions": [_plain(it) | dict(it.lines()) for it in self.suggestions],
        }

    def __str__(self) -> str:
        lines = list(_wrapped(f"{self.task}: ", self._facts()))
        for place, reading in enumerate(self.undecided):
            lines += _wrapped("or " if place else "so ", str(reading))
        for note in self.notes:
            lines += _wrapped("!  ", note)
        lines += _wrapped("?  ", self.question)
        answers = [""]  # each is said once, above the first loss that it leads to
        for place, it in enumerate(self.suggestions, start=1):
            lines += ["", f"{place}  {it.loss}"]
            told = [(word, text) for word, text in it.lines() if word != "if" or it.answer != answers[-1]]
            lines += [line for word, text in told for line in _wrapped(f"   {word:<9}", text)]
            answers.append(it.answer)
        return "\n".join(lines)

    __repr__ = __str__

    def _facts(self) -> str:
        seen = self.seen
        spread = seen.spread
        few = " in a sample" if seen.sampled and not seen.whole else ""
        missing = f", {seen.missing} missing" if seen.missing else ""
        shape = f" of the shape {seen.shape}" if len(seen.shape) > 1 else ""
        return (
            f"{seen.n} targets{shape}{missing}, {seen.distinct} distinct{few}, "
            f"from {seen.least:.6g} to {seen.most:.6g}; "
            f"median {spread.median:.4g}, MAD {spread.mad:.4g}, mean {spread.mean:.4g}, skew {spread.skew:.2f}"
        )

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th>{title}</th>" for title in ("", "Loss", "Output", "Target", "If", "Why", "Then look at", "Chapter")
        )
        body = "".join(f"<tr>{_cells(place, it)}</tr>" for place, it in enumerate(self.suggestions, start=1))
        said = [f"{'Or' if place else 'So'} {it}." for place, it in enumerate(self.undecided)]
        said += [*self.notes, self.question]
        more = "".join(f"<li>{_marked_up(it)}</li>" for it in said)
        return (
            f'<div class="suggestions"><p><b>{html.escape(self.task)}</b>: {html.escape(self._facts())}</p>'
            f"<ul>{more}</ul>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )


def _cells(place: int, it: Suggestion) -> str:
    told = dict(it.lines())
    decide = f"; {told['decide']}" if "decide" in told else ""
    loss = f"<td><code>{html.escape(it.call)}</code></td>"
    target = f"<td><code>{html.escape(it.hand_over)}</code></td>"
    texts = (told["output"] + decide, told["if"], told["why"], it.check_next, it.chapter)
    output, *rest = (f"<td><span>{_marked_up(text)}</span></td>" for text in texts)
    return f"<td>{place}</td>{loss}{output}{target}" + "".join(rest)


def _marked_up(text: str) -> str:
    """Text for a page; what stands between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _wrapped(first: str, text: str) -> list[str]:
    return textwrap.wrap(first + text, WIDE, subsequent_indent=" " * len(first), drop_whitespace=True)


def _short(value: Any) -> str:
    """A value in a line; of a tensor, no more than its first six numbers."""
    if isinstance(value, Tensor):
        numbers = [f"{it:.4g}" for it in value.flatten()[:6].tolist()]
        more = ", …" if value.numel() > 6 else ""
        return f"tensor({numbers[0]})" if not value.dim() else f"tensor([{', '.join(numbers)}{more}])"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def _plain(thing: Any) -> Any:
    """Dataclasses as dictionaries, tensors as lists."""
    if hasattr(thing, "__dataclass_fields__"):
        return {it.name: _plain(getattr(thing, it.name)) for it in fields(thing)}
    if isinstance(thing, dict):
        return {name: _plain(value) for name, value in thing.items()}
    if isinstance(thing, tuple | list):
        return [_plain(it) for it in thing]
    return thing.tolist() if isinstance(thing, Tensor) else thing
