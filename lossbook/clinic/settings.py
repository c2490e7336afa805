"""The options of a loss, as its signature or its Module's tells them, and the same loss with another option."""

import inspect
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from lossbook.clinic.subject import Subject, attempt, copied

__all__ = ["called", "of_call", "of_making", "parameters_of", "reduced", "settings", "varied"]

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def parameters_of(call: Any) -> dict[str, inspect.Parameter]:
    """The named parameters in the signature of something that is called; none, if it does not tell."""
    found = attempt(lambda: inspect.signature(call)).value
    return {} if found is None else {name: it for name, it in found.parameters.items() if it.kind in _NAMED}


def called(loss: Any) -> Any:
    """What holds the code of a call: the ``forward`` of a Module, the function itself."""
    return loss.forward if isinstance(loss, nn.Module) else loss


def of_call(subject: Subject) -> dict[str, Any]:
    """The options that a call takes, with the values that they have."""
    defaults = {
        name: it.default
        for name, it in list(parameters_of(called(subject.loss)).items())
        if it.default is not it.empty and name not in subject.names
    }
    return {**defaults, **subject.options}


def of_making(subject: Subject) -> dict[str, Any]:
    """The options that the Module, or the object, was made with, as far as they can still be read from it."""
    if inspect.isroutine(subject.loss) or inspect.isclass(subject.loss) or not hasattr(subject.loss, "__dict__"):
        return {}
    made = {}
    for name, it in parameters_of(type(subject.loss)).items():
        if hasattr(subject.loss, name):
            made[name] = getattr(subject.loss, name)
        elif it.default is not it.empty:
            made[name] = it.default
    return made


def settings(subject: Subject) -> dict[str, Any]:
    """All options, of the call and of the Module."""
    return {**of_making(subject), **of_call(subject)}


def varied(subject: Subject, name: str, value: Any) -> Subject | None:
    """The loss with one option changed; ``None`` where that is not possible."""
    if name in of_call(subject):
        other = subject.fresh()
        return replace(other, options={**other.options, name: value})
    if remade(subject, {}) is not None:
        return remade(subject, {name: value})
    return _written(subject, name, value)


def remade(subject: Subject, changes: dict[str, Any], trained: bool = True) -> Subject | None:
    """The Module made once more, with these options, and with the parameters that it has, or as it is when new."""
    made = of_making(subject)
    torch.manual_seed(0)  # so that two of them begin with the same parameters
    done = attempt(lambda: type(subject.loss)(**{**made, **changes}))
    if done.error:
        return None
    if isinstance(done.value, nn.Module):
        state = {name: it.detach() for name, it in subject.loss.named_parameters()} if trained else {}
        if attempt(lambda: done.value.load_state_dict(state, strict=False)).error:
            return None
        done.value.train(subject.loss.training)
        first = subject.args[subject.first]
        done.value.to(first.dtype)
    return replace(subject.fresh(), loss=done.value)


def _written(subject: Subject, name: str, value: Any) -> Subject | None:
    """The same object with an attribute changed."""
    if name not in getattr(subject.loss, "__dict__", {}):
        return None
    other = copied(subject.loss)
    return None if attempt(lambda: setattr(other, name, value)).error else replace(subject.fresh(), loss=other)


def reduced(subject: Subject, reduction: str) -> Subject | None:
    """The loss with this ``reduction``; ``None`` where it has no such option, or refuses it."""
    if not isinstance(settings(subject).get("reduction"), str):
        return None
    other = varied(subject, "reduction", reduction)
    if other is None:
        return None
    with torch.no_grad():
        return None if other.fresh().tried().error else other
