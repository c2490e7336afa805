"""What the table of cases is made of: a case, a trial of it, a bad call, and a known difference from torch.

A case is a loss, named arguments and options. Each is crossed with dtypes and reductions.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from mpmath import mpf
from torch import Tensor

FULL = (torch.float64, torch.float32)
HALF = (torch.float16, torch.bfloat16)
ALL = FULL + HALF
REDUCTIONS = ("none", "mean", "sum")
INF, NAN = float("inf"), float("nan")

ANY_DERIVATIVE = ("gradient", "second derivative", "forward mode", "forward over reverse")
FORWARD = ("forward mode", "forward over reverse")

_COMPLEX = {torch.float64: torch.complex128, torch.float32: torch.complex64}


@dataclass(frozen=True)
class Case:
    """One call of a loss, before dtype and reduction are chosen.

    ``tensors`` are in float64 (or complex128) and cast to the dtype under test; those named in ``fixed`` are not.
    Those named in ``constant`` are never differentiated: torch has no derivative by them.
    ``view`` is applied after the cast, so that strides survive it.
    Those named in ``constant`` are not differentiated: torch has no derivative by them.
    ``exact``: every result is compared with the one in exact arithmetic; in float64 it may be ``places`` units in
    the last place away.
    ``bent``: the call is bent in one place at a time, and must then do what torch's does.
    ``rows`` names the arguments of which each row is a call of its own; ``None``: all, if they have one shape.
    ``along``: the first argument goes through it before the value is differentiated numerically; for a loss whose
    slope is the derivative only along what comes out of it.
    """

    loss: str
    name: str
    tensors: dict[str, Tensor]
    options: dict[str, Any] = field(default_factory=dict)
    fixed: Collection[str] = ()
    constant: Collection[str] = ()
    view: Callable[[Tensor], Tensor] = lambda t: t
    dtypes: tuple[torch.dtype, ...] = ALL
    reductions: tuple[str, ...] = REDUCTIONS
    exact: bool = False
    places: float = 4
    bent: bool = False
    rows: tuple[str, ...] | None = None
    along: Callable[[Tensor], Tensor] = lambda t: t

    def __str__(self) -> str:
        options = "-".join(f"{name}={value}" for name, value in self.options.items())
        return "-".join(filter(None, (self.loss, self.name, options)))

    def arguments(self, dtype: torch.dtype) -> dict[str, Tensor]:
        def cast(name: str, value: Tensor) -> Tensor:
            if name in self.fixed:
                return value
            return value.to(_COMPLEX[dtype] if value.is_complex() else dtype)

        return {name: self.view(cast(name, value)) for name, value in self.tensors.items()}


@dataclass(frozen=True)
class Trial:
    """A case with its dtype and reduction: one call."""

    case: Case
    dtype: torch.dtype
    reduction: str

    def __str__(self) -> str:
        return f"{self.case} {self.dtype} {self.reduction}"

    @property
    def options(self) -> dict[str, Any]:
        return {**self.case.options, "reduction": self.reduction}

    def arguments(self) -> dict[str, Tensor]:
        return self.case.arguments(self.dtype)


def trials(case: Case, dtypes: tuple[torch.dtype, ...] = ALL) -> Iterator[Trial]:
    for dtype in dtypes:
        for reduction in case.reductions:
            if dtype in case.dtypes:
                yield Trial(case, dtype, reduction)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def numbers(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


@dataclass(frozen=True)
class BadCall:
    """A call that torch refuses, and the words that a good message owes: the argument, what came, what is wanted."""

    loss: str
    name: str
    arguments: dict[str, Any]
    says: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.loss}-{self.name}"


@dataclass(frozen=True)
class Difference:
    why: str
    losses: tuple[str, ...]
    quantities: tuple[str, ...]
    covers: Callable[[Trial], bool] = lambda trial: True


def named(*names: str, **facts: object) -> Callable[[Trial], bool]:
    """Trials of the cases with these names, and with this dtype or reduction where one is given."""
    return lambda trial: trial.case.name in names and all(getattr(trial, key) == fact for key, fact in facts.items())


def finite_here(
    case: str, dtype: torch.dtype, *quantities: str, reductions: tuple[str, ...] = REDUCTIONS
) -> Iterator[tuple[str, torch.dtype, str, str]]:
    """What is finite here and not in torch: these quantities of the case, in this dtype, for each reduction."""
    for quantity in quantities:
        for reduction in reductions:
            yield case, dtype, reduction, quantity


@dataclass(frozen=True)
class Exact:
    """A loss in exact arithmetic: values and slopes of its elements, flat, and what their sum is divided by for a mean.

    A slope is the derivative of the sum of all values by one number of the first argument.
    """

    values: list[mpf]
    slopes: list[mpf]
    divisor: mpf | None = None


def flat(nested: list) -> list:
    """The numbers of nested lists, in order."""
    return [number for part in nested for number in (flat(part) if isinstance(part, list) else [part])]


Elements = Tensor | tuple[Tensor, Tensor]


def second_form(elements: Callable[..., Elements]) -> Callable[..., Tensor]:
    """Of a formula for each element, the loss as torch's own behave: autocast, half precision, weight, reduction.

    ``elements`` takes the arguments wide, and gives the losses; and beside them, where not every one counts, which do.
    A weight has the shape of the losses, or of their first dimensions.
    """

    def loss(*, weight: Tensor | None = None, reduction: str = "mean", **arguments: Any) -> Tensor:
        dtype = next(iter(arguments.values())).dtype
        dtype = torch.float32 if torch.is_autocast_enabled("cpu") and dtype in HALF else dtype
        with torch.autocast("cpu", enabled=False):
            found = elements(**{name: _wide(value) for name, value in arguments.items()})
            losses, counts = found if isinstance(found, tuple) else (found, torch.ones_like(found))
            if weight is not None:
                factors = _wide(weight).reshape(weight.shape + (1,) * (losses.dim() - weight.dim()))
                counts = torch.where(counts != 0, factors, 0)
                losses = losses * counts
            total = losses.sum()
            return {"none": losses, "sum": total, "mean": total / counts.sum()}[reduction].to(dtype)

    return loss


def _wide(value: Any) -> Any:
    return value.float() if isinstance(value, Tensor) and value.dtype in HALF else value


def each(pair: Callable[..., tuple[mpf, mpf]]) -> Callable[..., Exact]:
    """Of a formula for one element, value and slope, the one for all: numbers by position, options by name."""

    def all_of_them(**arguments: Any) -> Exact:
        lists = [flat(value) for value in arguments.values() if isinstance(value, list)]
        options = {name: value for name, value in arguments.items() if not isinstance(value, list)}
        values, slopes = zip(*(pair(*one, **options) for one in zip(*lists, strict=True)), strict=True)
        return Exact(list(values), list(slopes))

    return all_of_them
