"""Does the gradient get through, and do the arguments stay as they were?"""

from collections.abc import Iterator

import torch
from torch import Tensor

from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.subject import Args, Subject, attempt, number, tensors_in, words

__all__ = ["cut_graph", "cut_places", "raises", "unused_parameters", "writes_input", "zero_gradient"]

Seen = Iterator[Evidence | Untried]
_AMOUNTS = (0.05, 0.3, 1.0, 2.0)


def raises(subject: Subject) -> Seen:
    """The call with its own examples."""
    done = subject.tried()
    if done.error:
        shapes = ", ".join(str(tuple(it.shape)) for it in tensors_in(subject.args))
        yield Evidence("raises", f"called with its examples, of shape {shapes}, it raises {words(done.error)}")


def cut_reason(subject: Subject, place: int) -> str | None:
    """Why no gradient reaches an argument, or ``None`` if one does."""
    given = subject.args[place].detach().clone().requires_grad_()
    with torch.enable_grad():
        done = subject.tried(*subject.with_args({place: given}))
        if done.error:
            return f"with an argument that asks for a gradient, it raises {words(done.error)}"
        if not done.value.requires_grad:
            return f"the result, {number(done.value)}, does not require a gradient"
        back = attempt(lambda: torch.autograd.grad(done.value.sum(), given, allow_unused=True))
    if back.error:
        return f"the backward pass raises {words(back.error)}"
    return f"the gradient of {subject.names[place]} is None" if back.value[0] is None else None


def written_leaf(why: str) -> bool:
    """Whether it was an in-place operation on an argument that raised: another probe says so."""
    return "in-place" in why or "inplace" in why


def cut_places(subject: Subject) -> dict[int, str]:
    """The arguments that no gradient reaches, and why."""
    reasons = {place: cut_reason(subject.fresh(), place) for place in subject.floats}
    return {place: why for place, why in reasons.items() if why is not None}


def cut_graph(subject: Subject) -> Seen:
    """A gradient for each argument that is trained; for the others it is told whether there is one."""
    for place, why in cut_places(subject).items():
        if place not in subject.judged:
            yield Evidence("constant-argument", f"{subject.names[place]}: {why}")
        elif not (written_leaf(why) and written(subject)):
            yield Evidence("cut-graph", why, {"argument": subject.names[place]})


def flat_places(subject: Subject, points: list[Args]) -> dict[int, list[float]]:
    """The arguments whose gradient is zero at every point, with the losses there."""
    places = tuple(place for place in subject.floats if place not in cut_places(subject))
    if not places:
        return {}
    seen = [subject.fresh().slopes(args, places) for args in points]
    flat = [n for n, _ in enumerate(places) if all(_is_zero(slopes[n]) for _, slopes in seen)]
    return {places[n]: [float(value.double().sum()) for value, _ in seen] for n in flat}


def _is_zero(slope: Tensor | None) -> bool:
    return slope is None or not bool(slope.any())


def zero_gradient(subject: Subject) -> Seen:
    """A gradient that is zero everywhere, in silence."""
    done = attempt(lambda: flat_places(subject, subject.points(*_AMOUNTS)))
    for place, values in (done.value or {}).items():
        name = subject.names[place]
        seen = f"the gradient of {name} is exactly 0 at {len(values)} points, where the loss is " + ", ".join(
            f"{value:.4g}" for value in values
        )
        if place in subject.judged:
            yield Evidence("zero-gradient", seen, {"argument": name})
        else:
            yield Evidence("constant-argument", seen)


def unused_parameters(subject: Subject) -> Seen:
    """Parameters of a Module that no gradient reaches, at any point."""
    names = [name for name, _ in subject.parameters()]
    done = attempt(lambda: [_by_parameters(subject.fresh(), args) for args in subject.points(*_AMOUNTS)])
    if done.error and names:
        yield Untried("unused-parameter", words(done.error))
    for n, name in enumerate(names):
        if not done.error and all(_is_zero(slopes[n]) for slopes in done.value):
            what = "None" if done.value[0][n] is None else "0"
            yield Evidence("unused-parameter", f"the gradient of the parameter {name} is {what} at {len(_AMOUNTS)} points")


def _by_parameters(subject: Subject, args: Args) -> list[Tensor | None]:
    """The gradients by the parameters alone."""
    return subject.slopes(args, subject.judged)[1][len(subject.judged) :]


def written(subject: Subject) -> list[str]:
    """The arguments that a call changes, without a gradient asked for."""
    named = [(name, it) for name, value in _arguments(subject) for it in tensors_in(value)]
    before = [(it.detach().clone(), it._version) for _, it in named]
    with torch.no_grad():
        subject.tried()
    return [
        f"{name} of shape {tuple(it.shape)} ({_change(it, old)})"
        for (name, it), (old, version) in zip(named, before, strict=True)
        if it._version != version or not _same(it, old)
    ]


def _arguments(subject: Subject) -> list[tuple[str, object]]:
    return [*zip(subject.names, subject.args, strict=True), *subject.options.items()]


def _same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.equal(one.nan_to_num(), other.nan_to_num())


def _change(now: Tensor, before: Tensor) -> str:
    if now.shape != before.shape:
        return f"its shape is now {tuple(now.shape)}"
    different = (now != before).flatten()
    if not bool(different.any()):
        return "in place, though these numbers stay the same"
    place = int(different.nonzero()[0])
    return f"{float(before.flatten()[place]):.4g} became {float(now.flatten()[place]):.4g}"


def writes_input(subject: Subject) -> Seen:
    """Arguments that are written in place, for the examples and for some wilder numbers."""
    for args in [subject.args, *subject.points(2.0)]:
        found = written(subject.fresh().at(args))
        if found:
            yield Evidence("writes-input", "the call changes " + ", ".join(found))
            return
