"""What the result has of its arguments: dtype, device, shape."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from lossbook.clinic.probes.gradients import coarse
from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.settings import reduced
from lossbook.clinic.subject import Outcome, Subject, closed_over, number, words

__all__ = ["broadcasts", "device", "dtype"]

Seen = Iterator[Evidence | Untried]
_MIXED = ("is not on the expected device", "on the same device", "two different devices", "is on cpu", "device type")
_READS = {"item": 1.0, "__float__": 1.0, "__int__": 1, "__index__": 1, "__complex__": 1.0}


def dtype(subject: Subject) -> Seen:
    """The dtype of the result, for arguments of each floating dtype."""
    for given in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
        other = subject.to(given)
        done = other.tried()
        half = given in (torch.float16, torch.bfloat16)
        if done.error:
            if not half and not subject.tried().error:
                yield _refused(subject, given, done.error)
        elif done.value.dtype != given:
            yield Evidence("dtype-not-kept", f"arguments of {given} give a result of {done.value.dtype}", {"defect": not half})
        elif given == torch.float64 and coarse(other):
            seen = "a result of torch.float64 does not feel steps of 3e-11, which float32 cannot hold"
            yield Evidence("dtype-not-kept", seen, {"defect": True})


def _refused(subject: Subject, given: torch.dtype, error: Exception) -> Evidence:
    """It runs with its examples, and not in another dtype: a fault, unless the function holds tensors of its own."""
    holds = any(it.is_floating_point() for it in closed_over(subject.loss))
    return Evidence("dtype-not-kept", f"with arguments of {given} it raises {words(error)}", {"defect": not holds})


class Pretend(TorchFunctionMode):
    """Lets a loss go on that reads a value where there is none: on the device ``meta``, every number is 1.

    ``answer`` is what every question about a tensor is answered with. What it moves to the CPU stays there.
    """

    def __init__(self, answer: bool):
        super().__init__()
        self.answer = answer

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        subject = args[0] if args and isinstance(args[0], Tensor) else None
        if subject is None or not subject.is_meta:
            return func(*args, **(kwargs or {}))
        if name in ("__bool__", "equal", "allclose", "is_nonzero"):
            return self.answer
        if name in _READS:
            return _READS[name]
        if name == "cpu" or (name == "to" and str(args[1] if len(args) > 1 else (kwargs or {}).get("device")) == "cpu"):
            return torch.zeros(subject.shape, dtype=subject.dtype)
        return func(*args, **(kwargs or {}))


def device(subject: Subject) -> Seen:
    """The device of the result, and of all on the way to it, where the arguments are on a device without values."""
    meta = subject.to(torch.device("meta"))
    tries = [_on_meta(meta, answer) for answer in (False, True)]
    for done in tries:
        if done.error is not None and any(it in str(done.error) for it in _MIXED):
            yield Evidence("device-not-kept", f"with arguments on another device it raises {words(done.error)}")
            return
        if done.error is None and not done.value.is_meta:
            yield Evidence("device-not-kept", f"with arguments on another device the result is on {done.value.device}")
            return
    if all(done.error for done in tries):
        yield Untried("device-not-kept", f"without values it raises {words(tries[0].error)}")


def _on_meta(subject: Subject, answer: bool) -> Outcome:
    with Pretend(answer):
        return subject.fresh().tried()


def broadcasts(subject: Subject) -> Seen:
    """Two arguments of one shape, the second of them given in another."""
    x = subject.args[subject.first]
    places = [n for n, it in enumerate(subject.args) if n != subject.first and isinstance(it, Tensor) and it.shape == x.shape]
    if not places or not x.dim() or not x.numel():
        yield Untried("broadcasts", "no second argument has the shape of the first")
        return
    for place in places[:1]:
        for other in _other_shapes(subject.args[place]):
            found = _broadcast(subject, place, other)
            if found:
                yield found
                return


def _other_shapes(value: Tensor) -> Iterator[Tensor]:
    """The same numbers as a column, or without their last dimension of 1, and a part of them that could be spread."""
    if value.dim() > 1 and value.shape[-1] == 1:
        yield value.squeeze(-1)
    yield value.unsqueeze(-1) if value.dim() == 1 else value.unsqueeze(1)
    if value.dim() > 1:
        yield value[:, :1]
        yield value[0]


def _broadcast(subject: Subject, place: int, other: Tensor) -> Evidence | None:
    shape = tuple(subject.args[place].shape)
    if tuple(other.shape) == shape:
        return None
    right, done = subject.fresh().tried(), subject.fresh().tried(*subject.with_args({place: other}))
    if done.error or right.error:
        return None
    if done.value.shape == right.value.shape and torch.allclose(done.value, right.value, equal_nan=True):
        return None
    loose = reduced(subject, "none")
    elements = None if loose is None else loose.tried(*subject.with_args({place: other})).value
    into = "" if elements is None else f", elements of shape {tuple(elements.shape)}"
    warned = [it for it in done.warned if "size" in it or "shape" in it or "broadcast" in it]
    seen = (
        f"{subject.names[subject.first]} of shape {tuple(subject.args[subject.first].shape)} with {subject.names[place]} of shape "
        f"{tuple(other.shape)} gives {number(done.value)}{into}, where equal shapes give {number(right.value)}"
    )
    return Evidence("broadcasts", seen + (", with a warning" if warned else ""), {"warned": bool(warned)})
