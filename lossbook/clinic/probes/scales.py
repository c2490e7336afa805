"""Numbers far out, and in half precision: is what is finite on paper finite here?"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from lossbook.clinic.probes.borders import agreement, size_of
from lossbook.clinic.probes.masks import nothing_counts
from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.subject import Args, Subject, attempt, finite, number, words

__all__ = ["half_precision", "overflow"]

Seen = Iterator[Evidence | Untried]
FAR = 1e4
_HALF_FAR = 20.0  # a logit as it occurs, of which half precision does not hold the exponential
_BISECTIONS = 12
_LARGE = 0.4  # a loss of which the logarithm reached this share of the dtype's largest is truly about to leave it


def overflow(subject: Subject) -> Seen:
    """The first size of an argument at which value or gradient is nan or infinite, in float32."""
    single = subject.to(torch.float32)
    if single.tried().error:
        yield Untried("overflow", "it does not run in float32")
        return
    for place in single.judged:
        domain = single.domains[place]
        ways = [sign for sign in (1.0, -1.0) if domain.scaled(single.args[place], sign) is not None]
        if not ways or (len(ways) == 1 and not domain.declared):
            yield Untried("overflow", f"{single.names[place]} is taken to hold numbers {domain}")
        found = [it for sign in ways for it in _outwards(single, place, sign)]
        yield from sorted(found, key=lambda it: it.facts["true"])[:1]


def _outwards(subject: Subject, place: int, sign: float) -> Iterator[Evidence]:
    x = subject.args[place]
    unit = float(x.abs().max()) or 1.0

    def at(size: float) -> Args:
        return subject.with_args({place: subject.domains[place].scaled(x, sign * size / unit)})

    sizes = [FAR / 2**k for k in range(14, -1, -1)]
    last, good, bad = 0.0, 0.0, None
    for size in sizes:
        largest, problem = _measured(subject, at(size))
        if problem:
            bad = size
            break
        last, good = largest, size
    if bad is None or not good:
        return
    good, bad, last = _narrowed(subject, at, good, bad, last)
    yield _overflow(subject, place, at(bad), sign * bad, last)


def _measured(subject: Subject, args: Args) -> tuple[float, bool]:
    """The largest number in value and gradients, and whether anything is not finite; an exception is nothing."""
    done = attempt(lambda: size_of(subject, args))
    return (0.0, False) if done.error else (done.value[0], not (done.value[1] and done.value[2]))


def _narrowed(
    subject: Subject, at: Callable[[float], Args], good: float, bad: float, last: float
) -> tuple[float, float, float]:
    """The last good size and the first bad one, nearer to each other, and the largest number before."""
    for _ in range(_BISECTIONS):
        middle = (good + bad) / 2
        largest, problem = _measured(subject, at(middle))
        good, bad, last = (good, middle, last) if problem else (middle, bad, max(last, largest))
    return good, bad, last


def _overflow(subject: Subject, place: int, args: Args, size: float, last: float) -> Evidence:
    value, slopes = subject.fresh().slopes(args, (place,))
    true = last > 0 and math.log(last) > _LARGE * math.log(torch.finfo(torch.float32).max)
    return Evidence(
        "overflow",
        f"in float32, with {subject.names[place]} as large as {size:.4g}, the value is {number(value)} and the "
        f"gradient {'none' if slopes[0] is None else number(slopes[0])}; right before, nothing was above {last:.3g}",
        {"true": true, "at": abs(size)},
    )


def half_precision(subject: Subject) -> Seen:
    """The examples, and where small or large numbers come up, in float16 and in bfloat16."""
    refused: list[tuple[str, str]] = []
    odd: list[Evidence] = []
    for dtype in (torch.float16, torch.bfloat16):
        half, name = subject.to(dtype), str(dtype).removeprefix("torch.")
        done = half.tried()
        if done.error:
            refused.append((name, words(done.error)))
        else:
            odd += _odd_half(half, name)
    yield from sorted(odd, key=lambda it: it.facts["problem"] == "border")[:1]
    if refused:
        names = " and ".join(name for name, _ in refused)
        yield Evidence("half-precision", f"in {names} it raises {refused[0][1]}", {"problem": "raises"})


def _odd_half(half: Subject, name: str) -> Iterator[Evidence]:
    for where, at, problem in _points_of_half(half):
        done = attempt(at.fresh().slopes, at.args, at.judged)
        if done.error or finite(done.value[0], *done.value[1]):
            continue
        value = done.value[0]
        bad = value if not finite(value) else next(it for it in done.value[1] if it is not None and not finite(it))
        what = "value" if not finite(value) else "gradient"
        true = attempt(_as_single, at, what)
        if true.error or not true.value < torch.finfo(half.args[half.first].dtype).max:
            continue
        yield Evidence(
            "half-precision",
            f"in {name}, at {where}, the {what} is {number(bad)}; in float32 all is finite",
            {"problem": problem},
        )


def _points_of_half(half: Subject) -> Iterator[tuple[str, Subject, str]]:
    """The examples, and what leaves half precision first: numbers that are 0 but for an epsilon, and large ones."""
    yield "the examples", half, "not finite"
    agreed = agreement(half)
    if agreed is not None:
        yield "zero error", half.at(agreed), "border"
    for place in half.floats:
        for what, values in _values_of_half(half, place):
            yield what, half.at(half.with_args({place: values})), "border"
    for _, what, changed, _ in nothing_counts(half):
        yield what, changed, "border"


def _values_of_half(half: Subject, place: int) -> Iterator[tuple[str, Tensor]]:
    """Zeros, a constant, the ends of the domain and large numbers, each where the domain has it."""
    x, domain, name = half.args[place], half.domains[place], half.names[place]
    if domain.holds(torch.zeros_like(x)) and not domain.open:
        yield f"zeros as {name}", torch.zeros_like(x)
    if domain.kind == "interval":
        yield f"a constant {name}", torch.full_like(x, float(x.flatten()[0]))
    for end in domain.borders():
        yield f"{name} at {end:g}", torch.full_like(x, end)
    if place in half.judged and domain.real and bool(x.any()):
        for size in (_HALF_FAR, -_HALF_FAR):
            yield f"{name} as large as {size:g}", x * (size / float(x.abs().max()))


def _as_single(half: Subject, what: str) -> float:
    """How large the value, or the gradient, is in float32; nan, if anything is not finite there."""
    single = half.to(torch.float32)
    value, slopes = single.slopes(single.args, single.judged)
    parts = [value] if what == "value" else [it for it in slopes if it is not None]
    largest = max((float(it.double().abs().max()) for it in parts if it.numel()), default=0.0)
    return largest if finite(value, *slopes) else math.nan
