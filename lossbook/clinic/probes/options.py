"""Does every option change something? Each is given other values of its kind, at several points, beside each switch."""

import dis
import inspect
import reprlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.settings import called, of_call, of_making, parameters_of, remade, settings, varied
from lossbook.clinic.subject import Args, Subject, attempt, tensors_in

__all__ = ["dead_options"]

Seen = Iterator[Evidence | Untried]
_LEGACY = ("reduction", "size_average", "reduce")
_SWITCHES = 4  # beside so many flags and weights of the loss, set otherwise, every option is tried


def dead_options(subject: Subject) -> Seen:
    """Options of which no other value that was tried changes the loss, or its gradient."""
    single = subject.to(torch.float64)
    single = subject if single.tried().error else single
    again = remade(single, {})
    made = set(of_making(single)) - set(of_call(single))
    for name, value in settings(single).items():
        if name in _LEGACY or not (name in made or name in parameters_of(called(single.loss))):
            continue
        if name in made and (again is None or not _equal(_seen(again), _seen(single))):
            yield Untried("dead-option", f"{name}: the object cannot be made once more with another value")
            continue
        yield from _tried(single, name, value)


def _tried(subject: Subject, name: str, value: Any) -> Seen:
    others = list(_other_values(subject, name, value))
    if name not in of_call(subject) and any(_begins_otherwise(subject, name, other) for other in others):
        return
    taken: list[Any] = []
    for base in _bases(subject, name):
        for other in others:
            changed = varied(base, name, other)
            result = None if changed is None else _seen(changed)
            if result is None or all(it is None for it in result):
                continue
            taken.append(other)
            if not _equal(result, _seen(base)):
                return
    yield _without_effect(subject, name, value, taken)


def _without_effect(subject: Subject, name: str, value: Any, taken: list[Any]) -> Evidence | Untried:
    """What is said of an option of which none of the values that were taken changes anything."""
    shown = ", ".join(dict.fromkeys(_shown(it) for it in taken))
    facts = {"number": type(value) is float, "unread": unread(subject, name)}
    if not taken:
        return Untried("dead-option", f"{name}={_shown(value)}: no other value was taken")
    if value is None and not facts["unread"]:
        return Untried("dead-option", f"{name}=None: nobody says what it could be, and {shown} change nothing")
    told = ", and is never read" if facts["unread"] else ""
    seen = f"{name}={_shown(value)} can be {shown}: neither loss nor gradient changes{told}"
    return Evidence("dead-option", seen, facts)


def _begins_otherwise(subject: Subject, name: str, value: Any) -> bool:
    """Whether a Module begins as another loss: the option is where a parameter starts, and training goes on there."""
    if subject.module is None or not subject.parameters():
        return False
    plain, other = (remade(subject, changes, trained=False) for changes in ({}, {name: value}))
    return plain is not None and other is not None and not _equal(_seen(other), _seen(plain))


def _bases(subject: Subject, name: str) -> Iterator[Subject]:
    """The loss as it is, and with each flag the other way, each weight of 0 above it: it may matter only then."""
    yield subject
    switches = [(it, not value) for it, value in settings(subject).items() if type(value) is bool and it != name]
    weights = [
        (it, 0.2) for it, value in settings(subject).items() if type(value) is float and not value and it != name
    ]
    for switch, value in (switches + weights)[:_SWITCHES]:
        other = varied(subject, switch, value)
        if other is not None and not other.fresh().tried().error:
            yield other


def _other_values(subject: Subject, name: str, value: Any) -> Iterator[Any]:
    """Other values of its kind. What only matters if the arguments hold it is taken from them."""
    if type(value) is bool:
        yield not value
    elif type(value) is int:
        yield from (value + 1, value - 1, 0, 2 * value + 1)
        yield from _found_in(subject, whole=True)
    elif type(value) is float:
        others = (0.5 * value + 0.1, 2 * value + 0.3, 0.9, value - 0.3, 1e-3 * value, 10.0 + value, 1e3 * value)
        yield from (it for it in (*others, *_found_in(subject, whole=False)) if it * value >= 0)  # a sign is no size
    elif isinstance(value, Tensor) and value.is_floating_point():
        yield value * 2 + 0.1 * torch.rand(value.shape, dtype=torch.float64).to(value.dtype)
    elif value is None:
        yield from _plausible(subject, name)


def _found_in(subject: Subject, whole: bool) -> Iterator[float]:
    """Numbers that the arguments hold: an index to be ignored, a value that marks what is missing."""
    for place, it in enumerate(subject.args):
        if place != subject.first and isinstance(it, Tensor) and it.numel() and it.is_floating_point() != whole:
            values = it.flatten()[:2].tolist()
            yield from values if not whole else [int(number) for number in values]


def _plausible(subject: Subject, name: str) -> Iterator[Any]:
    """What an option that is ``None`` might be: factors per element, class or sample; a number; a flag."""
    x = subject.args[subject.first]
    draw = torch.Generator().manual_seed(3)
    sizes = {(size,) for it in tensors_in(subject.args) for size in it.shape}
    for shape in [tuple(x.shape), (), *sorted(sizes)]:
        yield (0.5 + torch.rand(shape, dtype=torch.float64, generator=draw)).to(x.dtype)
    yield from (torch.rand(x.shape, generator=draw) > 0.5, 0.5, 1, False, _taxicab)
    yield from _found_in(subject, whole=True)


def _taxicab(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).abs().sum(-1)


def _seen(subject: Subject) -> list[list[Tensor] | None]:
    """Value and gradient at several points; ``None`` where it raises, or where nothing is finite."""
    return [_at(subject, args) for args in (subject.args, *subject.points(0.3, 2.0))]


def _at(subject: Subject, args: Args) -> list[Tensor] | None:
    torch.manual_seed(0)
    subject = subject.fresh()
    if of_making(subject):
        subject.tried(*args)  # what it keeps may matter from the second call on
    done = attempt(lambda: subject.slopes(args, subject.judged))
    if done.error:
        torch.manual_seed(0)
        plain = subject.fresh().tried(*args)
        return None if plain.error else [plain.value.detach()]
    return [done.value[0], *(it for it in done.value[1] if it is not None)]


def _equal(one: list[list[Tensor] | None], other: list[list[Tensor] | None]) -> bool:
    """Whether two losses are the same wherever both are."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    return all(len(a) == len(b) and all(map(_alike, a, b)) for a, b in pairs)


def _alike(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-9, atol=1e-12, equal_nan=True)


def _shown(value: Any) -> str:
    if value is _taxicab:
        return "a function"
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return f"{value:.4g}" if type(value) is float else reprlib.repr(value) if not isinstance(value, dict) else "{...}"


def unread(subject: Subject, name: str) -> bool:
    """Whether the code of the loss never looks at an option: certain, where its code is Python's."""
    if name in of_call(subject):
        loss = called(subject.loss)
        function = inspect.unwrap(getattr(loss, "__func__", loss))
        return hasattr(function, "__code__") and not _loads(function.__code__, name)
    maker = getattr(type(subject.loss).__init__, "__code__", None)
    return maker is not None and not _loads(maker, name)


def _loads(code: Any, name: str) -> bool:
    """Whether code, or a function within it, reads a name."""
    if any(it.argval == name and it.opname.startswith("LOAD") for it in dis.get_instructions(code)):
        return True
    pairs = [it for it in dis.get_instructions(code) if it.opname.startswith("LOAD") and isinstance(it.argval, tuple)]
    return any(name in it.argval for it in pairs) or any(
        _loads(it, name) for it in code.co_consts if inspect.iscode(it)
    )
