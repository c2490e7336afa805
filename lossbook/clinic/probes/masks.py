"""What if nothing counts: a mask of zeros, weights of zero, no length, targets that are all ignored?

What takes a sample out is asked of the loss: with it, the gradient of that sample is exactly 0, and else it is not.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from lossbook.clinic.probes.borders import batch_dims
from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.settings import settings
from lossbook.clinic.subject import Args, Subject, attempt, finite, number

__all__ = ["masked", "nothing_counts"]

Seen = Iterator[Evidence | Untried]
Nothing = tuple[str, str, Subject, bool]  # the kind of finding, what is done, the loss with it, whether it may occur
_MASKS = ("mask", "valid", "keep", "ignore", "pad")
_IGNORED = ("ignore", "pad", "void", "skip", "missing")
_NO_CLASSES = (-100, -1, 255)  # what marks a target that is no class, where no option says so
_LARGEST_MARK = 1e5


def masked(subject: Subject) -> Seen:
    """Value and gradient where no sample counts: a mask or weights of zero, all targets ignored."""
    for kind, what, changed, said in nothing_counts(subject):
        done = attempt(changed.slopes, changed.args, changed.judged)
        if done.error:
            continue
        value, slopes = done.value
        if not finite(value, *slopes):
            gradient = not finite(*slopes)
            bad = "nan or infinite" if gradient else "finite"
            seen = f"with {what}, the value is {number(value)}, the gradient {bad}"
            yield Evidence(kind, seen, {"gradient": gradient, "said": said})


def nothing_counts(subject: Subject) -> Iterator[Nothing]:
    """The loss with arguments of which no sample counts, as their names or the loss itself tell."""
    known: set[int] = set()
    for name, place, change in _changeable(subject):
        value = change(None)
        tensor = value if isinstance(value, Tensor) else None
        if tensor is not None and (tensor.dtype == torch.bool or any(it in name.lower() for it in _MASKS)):
            known.add(place)
            for fill in (0, 1):
                yield "nan-when-all-masked", f"{name} all {bool(fill)}", change(torch.full_like(tensor, fill)), True
        elif tensor is not None and "weight" in name.lower() and tensor.is_floating_point():
            known.add(place)
            yield "nan-when-weights-are-zero", f"{name} all 0", change(torch.zeros_like(tensor)), True
    for place, value in enumerate(subject.args):
        if isinstance(value, Tensor) and value.numel() and place != subject.first and place not in known:
            yield from _filled(subject, place, value)


def _changeable(subject: Subject) -> Iterator[tuple[str, int, Callable[[Any], Any]]]:
    """Every argument and option but the first, with its place and a way to read it (``None``) and to replace it."""
    for place, name in enumerate(subject.names):
        if place != subject.first:

            def swap(new: Any, place: int = place) -> Any:
                return subject.args[place] if new is None else subject.fresh().at(subject.with_args({place: new}))

            yield name, place, swap
    for name in subject.options:

        def put(new: Any, name: str = name) -> Any:
            given = subject.options
            return given[name] if new is None else replace(subject.fresh(), options={**given, name: new})

        yield name, -1, put


def _filled(subject: Subject, place: int, value: Tensor) -> Iterator[Nothing]:
    """An argument full of one number each that takes samples out of the loss."""
    marks = _marks(subject, value)
    named = {it for name, it in marks if any(part in name.lower() for part in _IGNORED)}
    given = [it for it in dict.fromkeys(it for _, it in marks) if it in named or _takes_out(subject, place, it)]
    found = next(
        (it for it in _guesses(subject, place, value) if it not in given and _takes_out(subject, place, it)), None
    )
    for mark in given if found is None else [*given, found]:
        weights = mark == 0 and value.is_floating_point() and bool((value != value.round()).any())
        kind = "nan-when-weights-are-zero" if weights else "nan-when-all-masked"
        changed = subject.fresh().at(subject.with_args({place: torch.full_like(value, mark)}))
        said = mark in given or mark != 0 or bool((value == mark).any())
        yield kind, f"{subject.names[place]} all {mark:g}", changed, said
    if found != 0 and 0 not in given and set(value.unique().tolist()) == {0, 1}:  # events, positives: there may be none
        changed = subject.fresh().at(subject.with_args({place: torch.zeros_like(value)}))
        yield "nan-when-all-masked", f"{subject.names[place]} all 0", changed, False


def _marks(subject: Subject, value: Tensor) -> list[tuple[str, float]]:
    """The options that could be a number among those of an argument, by their type."""
    kind = float if value.is_floating_point() else int
    return [(name, it) for name, it in settings(subject).items() if type(it) is kind and not abs(it) > _LARGEST_MARK]


def _guesses(subject: Subject, place: int, value: Tensor) -> Iterator[float]:
    """What could mark, without an option, that something does not count: 0, and numbers that no class has; nan.

    0 comes first: where it does, as a length or a count, numbers below it say nothing.
    """
    if value.is_floating_point():
        domain = subject.domains[place]
        if (domain.holds(value.new_zeros(1)) and not domain.open) or (
            domain.kind == "fixed" and bool((value == 0).any())
        ):
            yield 0.0
        yield math.nan
    else:
        yield from (0, *_NO_CLASSES, int(value.min()), int(value.max()))


def _takes_out(subject: Subject, place: int, mark: float) -> bool:
    """Whether a number, all over the part of an argument that is one sample's, takes that sample out of the loss.

    At several points the loss is then finite, and its gradient by the sample 0. Or the gradient is nan, though it is
    finite while one number of the sample still counts: so it is where each sample has a mean of its own.
    """
    dims = batch_dims(subject)
    dim, of = dims[subject.first], dims[place]
    if dim is None or of is None:
        return False
    points = [subject.args, *subject.points(0.3, 1.0)]
    if all(_of_first_sample(subject, args, dim) in ("zero", "odd") for args in points):
        return False
    whole = {_of_first_sample(subject, _marked(args, place, of, mark, 0), dim) for args in points}
    if whole == {"odd"} and subject.args[place].select(of, 0).numel() > 1:
        part = {_of_first_sample(subject, _marked(args, place, of, mark, 1), dim) for args in points}
        return part <= {"zero", "some"}
    return whole == {"zero"}


def _of_first_sample(subject: Subject, args: Args, dim: int) -> str:
    """Whether the gradient by the first sample of what is trained is zero, or some, or odd; or none is to be had."""
    torch.manual_seed(0)
    done = attempt(lambda: subject.fresh().slopes(args, (subject.first,)))
    if done.error or done.value[1][0] is None:
        return "none"
    slope = done.value[1][0].select(dim, 0)
    return "odd" if not finite(done.value[0], slope) else "some" if bool(slope.any()) else "zero"


def _marked(args: Args, place: int, dim: int, mark: float, but: int) -> Args:
    """The arguments with one of them marked in its first sample, all but so many numbers."""
    value = args[place].clone()
    sample = value.select(dim, 0).flatten()
    sample[but:] = mark
    value.select(dim, 0).copy_(sample.reshape(value.select(dim, 0).shape))
    return tuple(value if n == place else it for n, it in enumerate(args))
