"""What a loss keeps: the same answer each time, tensors that are saved and moved, parameters that an optimiser sees."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.subject import Subject, closed_over, mapped, number

__all__ = ["deterministic", "held_tensors"]

Seen = Iterator[Evidence | Untried]
_CALLS = 3


def deterministic(subject: Subject) -> Seen:
    """The same call several times, without a seed between."""
    values = _calls(subject)
    if len(values) < _CALLS or all(_same(values[0], it) for it in values):
        return
    training_only = False
    if subject.module is not None and subject.module.training:
        subject.module.eval()
        later = _calls(subject)
        training_only = len(later) == _CALLS and all(_same(later[0], it) for it in later)
    seen = f"{_CALLS} calls with the same arguments give {', '.join(_digits(it) for it in values)}"
    yield Evidence(
        "not-deterministic",
        seen + ("; in eval mode they agree" if training_only else ""),
        {"training_only": training_only},
    )


def _digits(value: Tensor) -> str:
    return f"{float(value):.7g}" if value.numel() == 1 else number(value)


def _calls(subject: Subject) -> list[Tensor]:
    done = [subject.at(mapped(subject.args, torch.clone)).tried() for _ in range(_CALLS)]
    return [it.value.detach() for it in done if not it.error]


def _same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.equal(one.nan_to_num(), other.nan_to_num())


def held_tensors(subject: Subject) -> Seen:
    """The tensors in attributes that are neither parameters nor buffers, and those that a function holds."""
    loss = subject.loss
    module = subject.module is not None
    owners = list(subject.module.named_modules()) if subject.module is not None else [("", loss)]
    known = (
        {id(it) for it in (*subject.module.parameters(), *subject.module.buffers())}
        if subject.module is not None
        else set()
    )
    for prefix, owner in owners:
        for path, it in _plain(owner):
            if id(it) not in known:
                yield _held(f"{prefix}{'.' if prefix else ''}{path}", it, module)
    for it in closed_over(loss):
        if it.requires_grad:
            yield _held("a variable of its closure", it, False)


def _held(path: str, it: Tensor, module: bool) -> Evidence:
    what = f"{path}, of shape {tuple(it.shape)}"
    if it.requires_grad:
        return Evidence(
            "hidden-parameters", f"{what}, requires a gradient, and `parameters()` does not list it", {"module": module}
        )
    return Evidence(
        "plain-tensor-attribute",
        f"{what}, is in no `state_dict`, and `.to(...)` leaves it where it is",
        {"module": module},
    )


def _plain(owner: Any) -> Iterator[tuple[str, Tensor]]:
    """The tensors in the attributes of an object, in lists and dictionaries too, and those of Modules in these."""
    hidden = ("_parameters", "_buffers", "_modules")
    for name, value in list(getattr(owner, "__dict__", {}).items()):
        if name not in hidden:
            yield from _inside(name, value, 3)


def _inside(path: str, value: Any, depth: int) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield path, value
    elif isinstance(value, nn.Module):
        yield from ((f"{path}.{name}", it) for name, it in (*value.named_parameters(), *value.named_buffers()))
    elif depth and isinstance(value, dict):
        for key, part in value.items():
            yield from _inside(f"{path}[{key!r}]", part, depth - 1)
    elif depth and isinstance(value, list | tuple | set):
        for n, part in enumerate(value):
            yield from _inside(f"{path}[{n}]", part, depth - 1)
