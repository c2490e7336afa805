"""Is the gradient the slope, once and twice? Judged in float64, at points off the kinks, by torch's own checks."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.gradcheck import GradcheckError

from lossbook.clinic.probes.borders import agreement
from lossbook.clinic.probes.graph import cut_places, flat_places
from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.settings import reduced
from lossbook.clinic.subject import Args, Subject, attempt, loss_in, words

__all__ = ["kink", "second_derivative", "wrong_gradient"]

Seen = Iterator[Evidence | Untried]
_FAST = 40  # of so many numbers on, a random direction is checked instead of each
_STEP = 1e-6
_POINTS = (0.02, 0.2)


def precise(subject: Subject) -> Subject | Untried:
    """The subject in float64, if it runs there and its result is as fine as that."""
    fine = subject.to(torch.float64)
    done = fine.tried()
    if done.error:
        return Untried("wrong-gradient", f"finite differences need float64, where it raises {words(done.error)}")
    if done.value.dtype != torch.float64 or coarse(fine):
        return Untried("wrong-gradient", "finite differences need float64, and the loss computes in less")
    twice = fine.tried()
    if twice.error or not same(done.value, twice.value):
        return Untried("wrong-gradient", "the loss differs from call to call")
    return fine


def same(one: Tensor, other: Tensor) -> bool:
    """Whether two results are one."""
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-9, atol=1e-12, equal_nan=True)


def coarse(subject: Subject) -> bool:
    """Whether a loss of float64 does not feel steps that float32 cannot hold, but larger ones."""
    (args,) = subject.points(0.05)
    x, (direction,) = args[subject.first], _directions(subject, args, (subject.first,))

    def at(step: float) -> Tensor:
        return subject(*_with(args, {subject.first: x + step * direction})).detach()

    # Larger than 1e-4, and a loss that is flat but for jumps would feel it too.
    done = attempt(lambda: [torch.equal(at(0), at(step)) for step in (3e-11, 6e-11, 9e-11, 1e-4)])
    return done.error is None and done.value == [True, True, True, False]


def _with(args: Args, changes: dict[int, Any]) -> Args:
    return tuple(changes.get(place, value) for place, value in enumerate(args))


def _directions(subject: Subject, args: Args, places: tuple[int, ...]) -> list[Tensor]:
    draw = torch.Generator().manual_seed(7)
    return [torch.randn(args[n].shape, dtype=torch.float64, generator=draw) for n in places]


def function_of(subject: Subject, args: Args, places: tuple[int, ...], **options: Any) -> Callable[..., Tensor]:
    """The loss as a function of these arguments, within their domains, and then of the parameters."""
    names = [name for name, _ in subject.parameters()]

    def call(*moving: Tensor) -> Tensor:
        onto = {n: subject.domains[n].onto(it) for n, it in zip(places, moving, strict=False)}
        all_args = _with(args, onto)
        if not names or subject.module is None:
            return subject(*all_args, **options)
        state = dict(zip(names, moving[len(places) :], strict=True))
        return loss_in(torch.func.functional_call(subject.module, state, all_args, {**subject.options, **options}))

    return call


def moving_parts(subject: Subject, args: Args, places: tuple[int, ...]) -> tuple[Tensor, ...]:
    """What the function of the arguments and parameters is called with, asking for gradients."""
    tensors = [subject.domains[n].free(args[n]) for n in places] + [it for _, it in subject.parameters()]
    return tuple(it.detach().double().clone().requires_grad_() for it in tensors)


def checked(call: Callable[..., Tensor], parts: tuple[Tensor, ...], twice: bool = False) -> Exception | None:
    """What torch's check of the first derivative, or of the second, complains about."""
    fast = sum(it.numel() for it in parts) > _FAST
    check = torch.autograd.gradgradcheck if twice else torch.autograd.gradcheck
    more: dict[str, Any] = {} if twice else {"check_undefined_grad": False}
    return attempt(lambda: check(call, parts, atol=1e-5, rtol=1e-3, fast_mode=fast, **more)).error


def along(call: Callable[..., Tensor], parts: tuple[Tensor, ...], draw: int = 7) -> tuple[float, float]:
    """The slope along one direction: by the gradient, and by differences."""
    generator = torch.Generator().manual_seed(draw)
    ways = [torch.randn(it.shape, dtype=torch.float64, generator=generator) for it in parts]
    found = torch.autograd.grad(call(*parts).sum(), parts, allow_unused=True)
    stated = sum(float((g * way).sum()) for g, way in zip(found, ways, strict=True) if g is not None)
    with torch.no_grad():
        ends = [
            float(call(*(it + step * way for it, way in zip(parts, ways, strict=True))).sum())
            for step in (_STEP, -_STEP)
        ]
    return stated, (ends[0] - ends[1]) / (2 * _STEP)


def wrong_gradient(subject: Subject) -> Seen:
    """The gradient against finite differences, for each argument alone, and for the parameters."""
    fine = precise(subject)
    if isinstance(fine, Untried):
        yield fine
        return
    flat = attempt(flat_places, fine, fine.points(0.05, 0.3, 1.0, 2.0)).value or {}
    blind = {*cut_places(fine), *flat}
    groups: list[tuple[int, ...]] = [(place,) for place in fine.floats if place not in blind]
    groups += [()] if fine.parameters() else []
    for places in groups:
        yield from _first_wrong(fine, places)


def _first_wrong(fine: Subject, places: tuple[int, ...]) -> Seen:
    name = fine.names[places[0]] if places else "the parameters"
    for how, subject in (("", fine), (", reduction='none'", reduced(fine, "none"))):
        for args in subject.points(*_POINTS) if subject else ():
            call, parts = alone(subject or fine, args, places)
            error = checked(call, parts)
            if error:
                yield Evidence("wrong-gradient", f"by {name}{how}: {_numbers(call, parts, error)}", {"argument": name})
                return


def alone(subject: Subject, args: Args, places: tuple[int, ...]) -> tuple[Callable[..., Tensor], tuple[Tensor, ...]]:
    """The loss as a function of the arguments at these positions or, if there are none, of the parameters."""
    call, parts = function_of(subject, args, places), moving_parts(subject, args, places)
    if not places:
        return call, parts
    rest = tuple(it.detach() for it in parts[len(places) :])
    return lambda *some: call(*some, *rest), parts[: len(places)]


def _numbers(call: Callable[..., Tensor], parts: tuple[Tensor, ...], error: Exception) -> str:
    done = attempt(lambda: along(call, parts))
    if done.error:
        return words(error)
    stated, slope = done.value
    if abs(stated - slope) <= 1e-3 * max(abs(slope), 1e-2):
        return f"torch's gradcheck says {words(error)}"
    return f"along one direction the gradient says {stated:.6g}, and the loss changes by {slope:.6g}"


def second_derivative(subject: Subject) -> Seen:
    """The derivative of the gradient against finite differences of the gradient."""
    fine = precise(subject)
    if isinstance(fine, Untried):
        yield Untried("no-second-derivative", fine.why)
        return
    for place in fine.judged:
        for args in fine.points(*_POINTS):
            call, parts = alone(fine, args, (place,))
            if checked(call, parts):
                break  # where the first derivative is wrong, the second says nothing
            error = checked(call, parts, twice=True)
            if error:
                yield _missing(fine.names[place], call, parts, error)
                return


def _missing(name: str, call: Callable[..., Tensor], parts: tuple[Tensor, ...], error: Exception) -> Evidence:
    """What a failed check means: a second derivative that raises, or that is not what the gradient does."""
    kind = "no-second-derivative"
    if not isinstance(error, GradcheckError):
        return Evidence(kind, f"by {name}: a second derivative raises {words(error)}", {"silent": False})
    done = attempt(lambda: _curvature(call, parts[0]))
    if done.error:
        return Evidence(kind, f"by {name}: {words(done.error)}", {"silent": False})
    said, seen = done.value
    if abs(said - seen) <= 1e-3 * abs(seen) + 1e-6:
        return Evidence(kind, f"by {name} it is right, but gradgradcheck says {words(error)}", {"silent": False})
    what = f"along one direction the second derivative says {said:.6g}, and the gradient changes by {seen:.6g}"
    return Evidence(kind, f"by {name}: {what}", {"silent": True})


def _curvature(call: Callable[..., Tensor], x: Tensor) -> tuple[float, float]:
    way = torch.randn(x.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(7))

    def slope(at: Tensor) -> Tensor:
        (found,) = torch.autograd.grad(call(at).sum(), at, create_graph=True)
        return (found * way).sum()

    here = slope(x)
    twice = torch.autograd.grad(here, x, allow_unused=True)[0] if here.requires_grad else None
    ends = [float(slope((x + step * way).detach().requires_grad_())) for step in (_STEP, -_STEP)]
    return 0.0 if twice is None else float((twice * way).sum()), (ends[0] - ends[1]) / (2 * _STEP)


def kink(subject: Subject) -> Seen:
    """Whether the slope jumps where prediction and target agree."""
    fine = precise(subject)
    point = None if isinstance(fine, Untried) else agreement(fine)
    if point is None or isinstance(fine, Untried):
        return
    done = attempt(lambda: [_sides(fine, point, step) for step in (1e-3, _STEP)])
    if done.error:
        return
    (wide_left, wide_right), (left, right) = done.value
    if abs(right - left) > 0.5 * abs(wide_right - wide_left) and abs(right - left) > 1e-2 * max(abs(left), abs(right)):
        yield Evidence(
            "no-second-derivative-at-kink",
            f"where {fine.names[fine.first]} meets its target, the slope along one direction jumps from "
            f"{left:.4g} to {right:.4g}",
        )


def _sides(fine: Subject, point: Args, step: float) -> tuple[float, float]:
    """The slope along one direction, from before a point to it, and from it on."""
    (way,) = _directions(fine, point, (fine.first,))
    x = point[fine.first]
    before, here, after = (float(fine(*_with(point, {fine.first: x + s * way})).sum()) for s in (-step, 0.0, step))
    rounding = 1e-14 * abs(here)
    jump = after - 2 * here + before
    return ((here - before) / step, (after - here) / step) if abs(jump) > rounding else (0.0, 0.0)
