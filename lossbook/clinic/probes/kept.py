"""What the result has of its arguments: dtype and shape."""

from collections.abc import Iterator

import torch
from torch import Tensor

from lossbook.clinic.probes.gradients import coarse
from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.settings import reduced
from lossbook.clinic.subject import Subject, closed_over, number, words

__all__ = ["broadcasts", "dtype"]

Seen = Iterator[Evidence | Untried]


def dtype(subject: Subject) -> Seen:
    """The dtype of the result, for arguments of each floating dtype."""
    seen = [it for given in (torch.float64, torch.float32) for it in _wide(subject, given)]
    yield from seen
    got = {given: subject.to(given).tried() for given in (torch.float16, torch.bfloat16)}
    wider = [f"{given} gives {it.value.dtype}" for given, it in got.items() if not it.error and it.value.dtype != given]
    if wider and not seen:
        yield Evidence("dtype-not-kept", "of the arguments' dtype, " + ", ".join(wider), {"defect": False})


def _wide(subject: Subject, given: torch.dtype) -> Seen:
    other = subject.to(given)
    done = other.tried()
    if done.error:
        if not subject.tried().error:
            yield _refused(subject, given, done.error)
    elif done.value.dtype != given:
        yield Evidence("dtype-not-kept", f"arguments of {given} give a result of {done.value.dtype}", {"defect": True})
    elif given == torch.float64 and coarse(other):
        seen = "a result of torch.float64 does not feel steps of 3e-11, which float32 cannot hold"
        yield Evidence("dtype-not-kept", seen, {"defect": True})


def _refused(subject: Subject, given: torch.dtype, error: Exception) -> Evidence:
    """It runs with its examples, and not in another dtype: a fault, unless the function holds tensors of its own."""
    holds = any(it.is_floating_point() for it in closed_over(subject.loss))
    return Evidence("dtype-not-kept", f"with arguments of {given} it raises {words(error)}", {"defect": not holds})


def broadcasts(subject: Subject) -> Seen:
    """Two arguments of one shape, the second of them given in another."""
    x = subject.args[subject.first]
    places = [
        n for n, it in enumerate(subject.args) if n != subject.first and isinstance(it, Tensor) and it.shape == x.shape
    ]
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
    x, y = subject.names[subject.first], subject.names[place]
    seen = (
        f"{x} of shape {tuple(subject.args[subject.first].shape)} with {y} of shape {tuple(other.shape)} "
        f"gives {number(done.value)}{into}, where equal shapes give {number(right.value)}"
    )
    return Evidence("broadcasts", seen + (", with a warning" if warned else ""), {"warned": bool(warned)})
