"""Does the gradient get through, and do the arguments stay as they were?"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.subject import Args, Subject, attempt, finite, number, tensors_in, words

__all__ = ["cut_graph", "cut_places", "raises", "unused_parameters", "writes_input", "zero_gradient"]

Seen = Iterator[Evidence | Untried]
_LISTS = (nn.ParameterList, nn.ParameterDict)
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
    cut = cut_places(subject)
    for place, why in cut.items():
        if place not in subject.judged:
            yield _no_gradient(subject, place, f"{subject.names[place]}: {why}", "cut-graph", {*cut})
        elif not (written_leaf(why) and written(subject)):
            yield Evidence("cut-graph", why, {"argument": subject.names[place]})


def _no_gradient(subject: Subject, place: int, seen: str, kind: str, blind: set[int]) -> Evidence:
    """An argument without a gradient that nobody asked for: a target, or a prediction that a term forgets."""
    name = subject.names[place]
    if _in_vain(subject, place, blind):
        why = f"{seen}; {name} changes the loss, but the gradient of nothing: its term trains nothing"
        return Evidence(kind, why, {"argument": name})
    return Evidence("constant-argument", seen)


def _in_vain(subject: Subject, place: int, blind: set[int]) -> bool:
    """Whether a term of the loss is without any use in training, so far as nobody said what is to be trained.

    A target passes no gradient either, but the gradient of what is compared with it depends on it. An argument that
    changes the loss and no gradient at all, wherever it is moved, stands in a term of its own.
    """
    passing = tuple(n for n in subject.floats if n not in blind and n != place)
    if subject.contract.differentiable is not None or blind.intersection(subject.judged):
        return False
    fine = subject.to(torch.float64)
    fine = subject if fine.tried().error else fine
    acts = False
    for base in (fine.args, *fine.points(0.3, seed=1)):
        here = attempt(_value_and_slopes, fine, base, passing).value
        for args in _moved_alone(fine, place, base):
            there = attempt(_value_and_slopes, fine, args, passing).value
            if here is None or there is None or not finite(*here[1], *there[1]):
                continue
            if not all(map(_close, here[1], there[1])):
                return False
            acts = acts or not _close(here[0], there[0])
    return acts


def _value_and_slopes(subject: Subject, args: Args, places: tuple[int, ...]) -> tuple[Tensor, list[Tensor | None]]:
    torch.manual_seed(0)
    return subject.fresh().slopes(args, places)


def _moved_alone(subject: Subject, place: int, base: Args) -> list[Args]:
    """The examples with one argument elsewhere: a little, and far out on both sides."""
    far = [subject.domains[place].scaled(base[place], factor) for factor in (10.0, 100.0, -1.0, -10.0, -100.0)]
    near = [args[place] for args in subject.points(*_AMOUNTS, seed=2)]
    return [_with(base, place, it) for it in [*near, *far] if it is not None]


def _with(args: Args, place: int, value: Tensor) -> Args:
    return tuple(value if n == place else it for n, it in enumerate(args))


def _close(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-6, atol=1e-9, equal_nan=True)


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
    flat = attempt(lambda: flat_places(subject, subject.points(*_AMOUNTS))).value or {}
    blind = {*flat, *(cut_places(subject) if flat else ())}
    for place, values in flat.items():
        name = subject.names[place]
        seen = f"the gradient of {name} is exactly 0 at {len(values)} points, where the loss is " + ", ".join(
            f"{value:.4g}" for value in values
        )
        if place in subject.judged:
            yield Evidence("zero-gradient", seen, {"argument": name})
        else:
            yield _no_gradient(subject, place, seen, "zero-gradient", blind)


def unused_parameters(subject: Subject) -> Seen:
    """Parameters of a Module that no gradient reaches, at any point."""
    if subject.module is None or not subject.parameters():
        return
    points = [*subject.points(*_AMOUNTS), *_other_classes(subject)]
    names = [name for name, it in subject.parameters() if it.numel()]
    done = [attempt(_by_parameters, subject.fresh(), args) for args in points]
    known = [it.value for it in done if not it.error]
    for name in names:
        if all(_is_zero(slopes[name]) for slopes in known):
            facts = {"read": name in parameters_read(subject, points), "acts": _acts(subject, name, points)}
            how = (
                ", though the loss changes with it" if facts["acts"] else "" if facts["read"] else "; it is never read"
            )
            seen = f"at {len(points)} points there is no gradient by the parameter {name}{how}"
            yield Evidence("unused-parameter", seen, facts)


def _by_parameters(subject: Subject, args: Args) -> dict[str, Tensor | None]:
    """The gradient by each parameter."""
    slopes = subject.slopes(args, subject.judged)[1][len(subject.judged) :]
    return {name: slope for (name, _), slope in zip(subject.parameters(), slopes, strict=True)}


def _other_classes(subject: Subject) -> list[Args]:
    """The examples with other whole numbers, where it takes them: a parameter may serve some classes alone."""
    draw = torch.Generator().manual_seed(5)
    drawn = [tuple(_redrawn(it, draw) for it in subject.args) for _ in _AMOUNTS]
    return [args for args in drawn if not subject.fresh().tried(*args).error]


def _redrawn(value: Any, draw: torch.Generator) -> Any:
    if not isinstance(value, Tensor) or value.dtype != torch.int64 or not value.numel():
        return value
    return torch.randint(min(0, int(value.min())), int(value.max()) + 1, value.shape, generator=draw)


def parameters_read(subject: Subject, points: list[Args]) -> set[str]:
    """The names of the parameters that calls look at."""
    other, seen = subject.fresh(), set[int]()
    named = dict(other.module.named_parameters()) if other.module is not None else {}
    for part in other.module.modules() if other.module is not None else ():
        part.__class__ = _watched(type(part), seen)
    for args in points:
        other.tried(*args)
    return {name for name, it in named.items() if id(it) in seen}


def _watched(kind: type, seen: set[int]) -> type:
    """The same class of Modules, which notes every parameter that is asked for."""

    class Watched(kind):  # type: ignore[misc]
        def __getattr__(self, name: str) -> Any:
            value = super().__getattr__(name)
            seen.update(id(it) for it in ([value, *value.parameters()] if isinstance(value, _LISTS) else [value]))
            return value

    return Watched


def _acts(subject: Subject, name: str, points: list[Args]) -> bool:
    """Whether another value of a parameter gives another loss."""
    other = subject.fresh()
    parameter = dict(other.module.named_parameters())[name] if other.module is not None else torch.zeros(0)
    with torch.no_grad():
        before = [other.tried(*args).value for args in points]
        parameter += 0.1 + 0.1 * torch.rand_like(parameter)
        after = [other.tried(*args).value for args in points]
    pairs = [(a, b) for a, b in zip(before, after, strict=True) if a is not None and b is not None]
    return not all(torch.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True) for a, b in pairs)


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
