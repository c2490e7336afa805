"""The loss under examination: called on copies, in any dtype and on other arguments; never the original."""

import copy
import functools
import inspect
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import FunctionType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from lossbook.clinic.contract import Contract, place_of
from lossbook.clinic.domains import Domain

__all__ = ["Outcome", "Subject", "attempt", "finite", "number", "tensors_in", "words"]

Args = tuple[Any, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of a call: a value, or the exception that it raised; and the warnings on the way."""

    value: Any = None
    error: Exception | None = None
    warned: tuple[str, ...] = ()


def attempt(call: Callable[..., Any], *args: Any) -> Outcome:
    """Call something that may well fail."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value, error = call(*args), None
        except Exception as raised:
            value, error = None, raised
    return Outcome(value, error, tuple(str(it.message).splitlines()[0] for it in caught if str(it.message)))


def mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """``value`` with all its tensors changed, in tuples, lists and dictionaries too."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, dict):
        return {key: mapped(part, change) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(part, change) for part in value))
    return type(value)(mapped(part, change) for part in value) if type(value) in (list, tuple) else value


def tensors_in(value: Any) -> Iterator[Tensor]:
    """All tensors in tuples, lists and dictionaries."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from tensors_in(part)


def copied(loss: Any) -> Any:
    """A copy of a Module, or of an object that is called, as it is now; a function is itself."""
    if inspect.isroutine(loss) or inspect.isclass(loss):
        return loss
    memo: dict[int, Any] = {id(it): _own(it) for it in _held(loss, set()) if not it.is_leaf}
    done = attempt(lambda: copy.deepcopy(loss, memo))
    return copy.copy(loss) if done.error else done.value


def _own(value: Tensor) -> Tensor:
    return value.detach().clone().requires_grad_(value.requires_grad)


def _held(value: Any, seen: set[int], depth: int = 5) -> Iterator[Tensor]:
    """The tensors that an object holds in its attributes, and those that these hold."""
    if id(value) in seen or not depth:
        return
    seen.add(id(value))
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple | set | dict):
        for part in list(value.values() if isinstance(value, dict) else value):
            yield from _held(part, seen, depth)
    elif not isinstance(value, type | ModuleType | FunctionType) and hasattr(value, "__dict__"):
        yield from _held(dict(vars(value)), seen, depth - 1)


def closed_over(loss: Any) -> Iterator[Tensor]:
    """The tensors that a function holds: in its closure, its defaults, its globals, the arguments of a partial."""
    function = inspect.unwrap(loss) if inspect.isfunction(loss) else loss
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or () if _filled(cell)]
    names = getattr(getattr(function, "__code__", None), "co_names", ())
    known = getattr(function, "__globals__", {})
    held = [
        cells,
        [known[name] for name in names if isinstance(known.get(name), Tensor)],
        getattr(function, "__defaults__", None),
        getattr(function, "__kwdefaults__", None),
    ]
    if isinstance(loss, functools.partial):
        held += [loss.args, loss.keywords, list(closed_over(loss.func))]
    yield from _held(held, set())


def _filled(cell: Any) -> bool:
    return attempt(lambda: cell.cell_contents).error is None


def finite(*values: Tensor | None) -> bool:
    """Whether no value holds nan or an infinity."""
    return all(value is None or bool(torch.isfinite(value).all()) for value in values)


def number(value: Tensor | float) -> str:
    """One number in a few digits; of several, the first that is not finite, or the largest."""
    flat = torch.as_tensor(value).detach().double().flatten()
    if not flat.numel():
        return "nothing"
    odd = flat[~torch.isfinite(flat)]
    return f"{float(odd[0] if odd.numel() else flat[flat.abs().argmax()]):.4g}"


def words(error: Exception | None) -> str:
    """The type of an exception and the first sentence of what it says."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said[:160]}{'…' if len(said) > 160 else ''}"


@dataclass(frozen=True)
class Subject:
    """A loss with its examples and its contract.

    ``args`` are the examples, ``options`` the keywords of every call, ``names`` and ``domains`` those of ``args``.
    ``first`` is the position of the first argument of floating point: what is trained.
    """

    loss: Any
    args: Args
    options: dict[str, Any]
    contract: Contract
    names: tuple[str, ...]
    domains: tuple[Domain, ...]
    first: int

    @property
    def judged(self) -> tuple[int, ...]:
        """The positions of the arguments that must have a gradient."""
        if self.contract.differentiable is None:
            return (self.first,)
        return tuple(place_of(key, self.names) for key in self.contract.differentiable)

    @property
    def floats(self) -> tuple[int, ...]:
        """The positions of the arguments of floating point that may be moved, those to be judged first."""
        places = [
            n for n, it in enumerate(self.args) if isinstance(it, Tensor) and it.is_floating_point() and it.numel()
        ]
        return (*self.judged, *(n for n in places if n not in self.judged and self.domains[n].moves))

    @property
    def module(self) -> nn.Module | None:
        """The loss, if it is a Module."""
        return self.loss if isinstance(self.loss, nn.Module) else None

    def parameters(self) -> list[tuple[str, Tensor]]:
        """The parameters of the Module that are trained."""
        return [(name, it) for name, it in self.module.named_parameters() if it.requires_grad] if self.module else []

    def fresh(self) -> "Subject":
        """The same, with copies of everything that a call could change."""
        return replace(
            self,
            loss=copied(self.loss),
            args=mapped(self.args, lambda it: it.detach().clone()),
            options=mapped(self.options, lambda it: it.detach().clone()),
        )

    def to(self, where: torch.dtype | torch.device) -> "Subject":
        """The same in another dtype, or on another device: arguments, options, parameters and buffers."""

        def move(it: Tensor) -> Tensor:
            it = it.detach().clone()
            return it if isinstance(where, torch.dtype) and not it.is_floating_point() else it.to(where)

        other = replace(self.fresh(), args=mapped(self.args, move), options=mapped(self.options, move))
        if other.module is not None:
            other.module.to(where)
        return other

    def __call__(self, *args: Any, **options: Any) -> Tensor:
        """The loss of these arguments, or of the examples; of several results, the loss among them."""
        result = self.loss(*(args or self.args), **{**self.options, **options})
        return loss_in(result)

    def tried(self, *args: Any, **options: Any) -> Outcome:
        """The same, where it may raise."""
        return attempt(lambda: self(*args, **options))

    def at(self, args: Args) -> "Subject":
        """The same, with other examples."""
        return replace(self, args=args)

    def with_args(self, changes: dict[int, Any]) -> Args:
        """The examples with some of them replaced."""
        return tuple(changes.get(place, value) for place, value in enumerate(self.args))

    def points(self, *amounts: float, seed: int = 0) -> list[Args]:
        """The examples moved within their domains: to points in general position, ever farther away."""
        draw = torch.Generator().manual_seed(2026 + seed)
        return [tuple(self._moved(place, amount, draw) for place in range(len(self.args))) for amount in amounts]

    def _moved(self, place: int, amount: float, draw: torch.Generator) -> Any:
        value = self.args[place]
        if not isinstance(value, Tensor) or not value.is_floating_point():
            return value
        return self.domains[place].moved(value, amount, draw)

    def slopes(self, args: Args, places: tuple[int, ...], **options: Any) -> tuple[Tensor, list[Tensor | None]]:
        """The sum of the loss, and its gradient by the arguments at these positions, then by the parameters."""
        asked = tuple(it.detach().clone().requires_grad_() if n in places else it for n, it in enumerate(args))
        with torch.enable_grad():
            value = self(*asked, **options)
            wanted = [asked[n] for n in places] + [it for _, it in self.parameters()]
            found = torch.autograd.grad(value.sum(), wanted, allow_unused=True)
        return value.detach(), list(found)


def loss_in(result: Any) -> Tensor:
    """The loss in what was returned: itself, its field ``loss``, or the first tensor."""
    if isinstance(result, Tensor):
        return result
    named = result.get("loss") if isinstance(result, dict) else getattr(result, "loss", None)
    for it in tensors_in([named, result]):
        return it
    if isinstance(result, int | float) or hasattr(result, "__float__"):
        return torch.tensor(float(result), dtype=torch.float64)
    raise TypeError(f"a loss must return a Tensor, but a {type(result).__name__} came")
