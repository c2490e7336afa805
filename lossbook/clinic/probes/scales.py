"""Numbers far out, and in half precision: is what is finite on paper finite here?"""

import math
from collections.abc import Callable, Iterator

import torch

from lossbook.clinic.probes.borders import agreement, size_of
from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.subject import Args, Subject, attempt, finite, number, words

__all__ = ["half_precision", "overflow"]

Seen = Iterator[Evidence | Untried]
FAR = 1e4
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
    """The examples, and zero error, in float16 and in bfloat16."""
    refused: list[tuple[str, str]] = []
    odd: list[Evidence] = []
    for dtype in (torch.float16, torch.bfloat16):
        half, name = subject.to(dtype), str(dtype).removeprefix("torch.")
        done = half.tried()
        if done.error:
            refused.append((name, words(done.error)))
        else:
            odd += _odd_half(subject, half, name)
    yield from sorted(odd, key=lambda it: it.facts["problem"] == "border")[:1]
    if refused:
        names = " and ".join(name for name, _ in refused)
        yield Evidence("half-precision", f"in {names} it raises {refused[0][1]}", {"problem": "raises"})


def _odd_half(subject: Subject, half: Subject, name: str) -> Iterator[Evidence]:
    points = [("the examples", half.args, "not finite"), ("zero error", agreement(half), "border")]
    for where, args, problem in points:
        if args is None:
            continue
        done = attempt(half.fresh().slopes, args, half.judged)
        if done.error or finite(done.value[0], *done.value[1]):
            continue
        wide = attempt(_as_single, subject, half, args)
        if wide.error or not wide.value < torch.finfo(half.args[half.first].dtype).max:
            continue
        value = done.value[0]
        bad = value if not finite(value) else next(it for it in done.value[1] if not finite(it))
        what = "value" if not finite(value) else "gradient"
        yield Evidence(
            "half-precision",
            f"in {name}, at {where}, the {what} is {number(bad)}; in float32 all is finite",
            {"problem": problem},
        )


def _as_single(subject: Subject, half: Subject, args: Args) -> float:
    """The largest number in value and gradients of the same call in float32; nan, if any is not finite."""
    single = subject.to(torch.float32)
    wide = tuple(it.float() if isinstance(it, torch.Tensor) and it.is_floating_point() else it for it in args)
    largest, value, slopes = size_of(single, wide)
    return largest if value and slopes else math.nan
