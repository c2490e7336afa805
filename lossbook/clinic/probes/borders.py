"""Numbers at the borders: zero error, the ends of the domain, no samples."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.settings import reduced
from lossbook.clinic.subject import Args, Subject, attempt, finite, number, words

__all__ = [
    "agreement",
    "batch_dims",
    "cut_out",
    "empty_batch",
    "ends_of_domain",
    "of_no_input",
    "range_of_values",
    "zero_error",
]

Seen = Iterator[Evidence | Untried]
_NEAR = (1e-3, 1e-6, 1e-9, 1e-12)  # how near a border is approached
_ENDS = 6  # how many elements are put to an end of the domain, one at a time


def size_of(subject: Subject, args: Args) -> tuple[float, bool, bool]:
    """The largest number in value and gradients, and whether the value, and the gradient, are finite."""
    value, slopes = subject.fresh().slopes(args, subject.judged)
    parts = [value, *(it for it in slopes if it is not None)]
    largest = max((float(it.double().abs().max()) for it in parts if it.numel()), default=0.0)
    return largest, finite(value), finite(*slopes)


def odd(subject: Subject, args: Args) -> str | None:
    """What is nan or infinite at a point, in words; ``None`` if nothing is, or if it raises."""
    done = attempt(lambda: subject.fresh().slopes(args, subject.judged))
    if done.error or finite(done.value[0], *done.value[1]):
        return None
    value, slopes = done.value
    bad = next((it for it in slopes if not finite(it)), None)
    return f"the value is {number(value)}" + ("" if bad is None else f", the gradient {number(bad)}")


def diverges(subject: Subject, approach: Callable[[float], Args]) -> bool:
    """Whether value or gradient grow without end on the way to a border: then it has no finite number there."""
    fine = subject.to(torch.float64)
    fine = subject if fine.tried().error else fine
    done = attempt(lambda: [size_of(fine, approach(step))[0] for step in _NEAR])
    if done.error or not all(map(math.isfinite, done.value)):
        return False
    rises = [later - earlier for earlier, later in zip(done.value, done.value[1:], strict=False)]
    return bool(rises[-1] > 0.5 * rises[0] and rises[-1] > 1e-2)


def partner(subject: Subject) -> int | None:
    """The argument that the first is compared with: the next of its shape and of floating point."""
    x = subject.args[subject.first]
    for place, value in enumerate(subject.args):
        if (
            place != subject.first
            and isinstance(value, Tensor)
            and value.is_floating_point()
            and value.shape == x.shape
        ):
            return place
    return None


def agreement(subject: Subject) -> Args | None:
    """The examples, with the first argument equal to its target, where its domain allows that."""
    place, first = partner(subject), subject.first
    if place is None:
        return None
    wanted, domain = subject.args[place], subject.domains[first]
    if domain.kind == "log-probabilities" and subject.domains[place].kind == "probabilities":
        return subject.with_args({first: wanted.log()})
    if domain.kind in ("interval", "fixed"):
        return (
            subject.with_args({first: wanted.clone()}) if domain.kind == "interval" and domain.holds(wanted) else None
        )
    return subject.with_args({first: wanted.clone()}) if domain.kind == subject.domains[place].kind else None


def zero_error(subject: Subject) -> Seen:
    """Value and gradient where prediction and target agree, in all elements and in one."""
    point, first = agreement(subject), subject.first
    if point is None:
        yield Untried("nan-at-zero-error", "no second argument has the shape and the domain of the first")
        return
    alone = _one_element(subject.args[first], point[first])
    for x in (point[first], alone):
        args = subject.with_args({first: x})
        seen = odd(subject, args)
        if seen:
            way = subject.points(0.5)[0][first] - x
            far = diverges(subject, _on_the_way(subject, first, x, way))
            yield Evidence(
                "nan-at-zero-error", f"with {subject.names[first]} equal to its target, {seen}", {"diverges": far}
            )
            return


def _on_the_way(subject: Subject, place: int, to: Tensor, way: Tensor) -> Callable[[float], Args]:
    """The examples with an argument ever nearer to a point."""
    fine = subject.to(torch.float64)
    return lambda step: fine.with_args({place: to.double() + step * way.double()})


def _one_element(x: Tensor, wanted: Tensor) -> Tensor:
    """``x`` with its first element as wanted."""
    return _with_element(x, 0, float(wanted.flatten()[0])) if x.numel() else x


def _with_element(x: Tensor, place: int, value: float) -> Tensor:
    flat = x.flatten().clone()
    flat[place] = value
    return flat.reshape(x.shape)


def ends_of_domain(subject: Subject) -> Seen:
    """Value and gradient with one element of an argument at an end of its domain."""
    for place in subject.floats:
        for end in subject.domains[place].borders():
            yield from _at_end(subject, place, end)


def _at_end(subject: Subject, place: int, end: float) -> Seen:
    x = subject.args[place]
    inwards = torch.zeros_like(x) + (1.0 if end == subject.domains[place].low else -1.0)
    judged = []
    for n in range(min(_ENDS, x.numel())):
        there = _with_element(x, n, end)
        seen = odd(subject, subject.with_args({place: there}))
        if seen:
            judged.append((diverges(subject, _on_the_way(subject, place, there, inwards * (there != x))), seen))
    for far, seen in sorted(judged, key=lambda it: it[0])[:1]:
        facts = {"diverges": far, "declared": subject.domains[place].declared}
        yield Evidence("nan-at-border", f"with an element of {subject.names[place]} at {end:g}, {seen}", facts)


def of_no_input(subject: Subject) -> Seen:
    """Value and gradient with zeros for the first argument."""
    domain = subject.domains[subject.first]
    if not domain.real:
        return
    seen = odd(subject, subject.with_args({subject.first: torch.zeros_like(subject.args[subject.first])}))
    if seen:
        yield Evidence("nan-at-zero-input", f"with zeros as {subject.names[subject.first]}, {seen}")


def batch_dims(subject: Subject) -> tuple[int | None, ...]:
    """The dimension of the samples in each argument."""
    if subject.contract.batch is not None:
        return subject.contract.batch
    x = subject.args[subject.first]
    count = x.shape[0] if x.dim() else None
    return tuple(0 if isinstance(it, Tensor) and it.dim() and it.shape[0] == count else None for it in subject.args)


def cut_out(subject: Subject, low: int, high: int) -> Args:
    """The examples with some of the samples alone."""
    dims = batch_dims(subject)
    return tuple(
        value if dim is None else value.narrow(dim, low, high - low).contiguous()
        for value, dim in zip(subject.args, dims, strict=True)
    )


def empty_batch(subject: Subject) -> Seen:
    """The loss of no samples."""
    if all(dim is None for dim in batch_dims(subject)):
        yield Untried("nan-on-empty-batch", "no argument has a dimension of samples")
        return
    done = subject.tried(*cut_out(subject, 0, 0))
    if done.error:
        yield Evidence("raises-on-empty-batch", f"with no samples it raises {words(done.error)}")
    elif not finite(done.value):
        yield Evidence("nan-on-empty-batch", f"with no samples the value is {number(done.value)}")


def range_of_values(subject: Subject) -> Seen:
    """Whether the losses lie where they are declared to lie, and whether any is negative."""
    loose = reduced(subject, "none") or subject
    done = attempt(
        lambda: [loose.fresh()(*args).detach().double() for args in [subject.args, *subject.points(0.1, 1.0, 3.0)]]
    )
    values = torch.cat([it.flatten() for it in done.value or []]) if done.value else torch.zeros(0)
    values = values[torch.isfinite(values)]
    if not values.numel():
        return
    low, high = float(values.min()), float(values.max())
    room = 1e-5 * max(1.0, abs(low), abs(high))
    contract = subject.contract
    if low < contract.minimum - room or high > contract.maximum + room:
        yield Evidence(
            "out-of-range",
            f"losses from {low:.6g} to {high:.6g}, declared {contract.minimum:.6g} to {contract.maximum:.6g}",
        )
    elif low < -room:
        yield Evidence("negative-values", f"the loss is {low:.4g} at one of {values.numel()} places")
