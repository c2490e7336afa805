"""What is said of a loss beforehand, by its author or by a row of the catalog: every verdict is given under it."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from lossbook import catalog
from lossbook.catalog import Row
from lossbook.clinic.domains import Domain, domain_of, guessed

__all__ = ["Contract"]

_MEANT = {
    catalog.ANY: "real",
    catalog.POSITIVE: "non-negative",
    catalog.CHANCE: "probability",
    catalog.CHANCES: "probabilities",
    catalog.LOG_CHANCES: "log-probabilities",
}


@dataclass(frozen=True)
class Contract:
    """What a loss declares about itself. What is not declared is not held against it.

    Args:
        domain: which numbers the arguments may hold: for one argument ``"real"``, ``"positive"`` (above 0),
            ``"non-negative"``, ``"probability"`` (0 to 1), ``"probabilities"`` and ``"log-probabilities"`` (adding up
            to 1), ``"fixed"`` (not to be moved), or the ends of an interval, ``(low, high)``, which belong to it.
            ``"logits"`` is another name for ``"real"``; ``"binary"``, ``"signs"`` and ``"classes"`` are for
            ``"fixed"``. A dictionary says it per argument, by name or position, a list in their order; one alone is
            meant for the first. For the others the example is asked.
        same_shape: the loss refuses arguments whose shapes differ from each other, or handles them; it never
            broadcasts in silence.
        second_derivative: ``True``: there is one, for penalties and curvature; ``False``: nobody asks for it;
            ``None``: it is right or it raises, but is not missing in silence.
        differentiable: the arguments that are trained, by name or position; ``None``: the first of floating point.
        minimum: no loss is below.
        maximum: no loss is above.
        divisor: what ``reduction="mean"`` divides by, if not by the number of the losses of ``"none"``.
        deterministic: the same arguments give the same loss, without a seed.
        surrogate: the gradient is stated by hand, and need not be the slope, as in a straight-through estimator.
        largest: real arguments up to this size give a finite loss in float32, wherever the true one is.
        never: kinds of findings that the loss promises not to show: then they are defects.
        batch: the dimension of the samples, per argument; ``None`` where an argument has none. Unsaid, it is the first
            dimension of all that share its size with the first argument.

    Example:
        >>> Contract(second_derivative=True).declared()
        'second_derivative=True'
    """

    domain: Any = None
    same_shape: bool = False
    second_derivative: bool | None = None
    differentiable: Iterable[str | int] | None = None
    minimum: float = -math.inf
    maximum: float = math.inf
    divisor: str | None = None
    deterministic: bool = True
    surrogate: bool = False
    largest: float = 1e4
    never: frozenset[str] = field(default_factory=frozenset)
    batch: tuple[int | None, ...] | None = None

    @classmethod
    def of(cls, row: Row, examples: tuple[Any, ...] = ()) -> "Contract":
        """What a row of the catalog declares, for examples of the shapes that it names.

        Example:
            >>> Contract.of(catalog.row("kl_div")).domain["input"]
            'log-probabilities'
        """
        arguments = row.arguments
        return cls(
            domain={name: _MEANT.get(it.values, "fixed") for name, it in arguments.items()},
            same_shape=not row.from_torch and any(it.shape == catalog.SAME for it in arguments.values()),
            differentiable=tuple(name for name in arguments if _trained(row, name)),
            minimum=row.minimum,
            maximum=row.maximum,
            divisor=row.divisor,
            largest=row.largest,
            batch=_batch_dims(row, examples) if examples else None,
        )

    def domains(self, names: tuple[str, ...], examples: tuple[Any, ...], first: int) -> tuple[Domain, ...]:
        """The domain of each argument: as declared, or as the example suggests."""
        said = self._said_of(names, first)
        return tuple(
            domain_of(said[place], value) if place in said else guessed(value, place == first)
            for place, value in enumerate(examples)
        )

    def _said_of(self, names: tuple[str, ...], first: int) -> dict[int, Any]:
        if self.domain is None:
            return {}
        if isinstance(self.domain, Mapping):
            return {place_of(key, names): said for key, said in self.domain.items() if said is not None}
        if isinstance(self.domain, list) or (isinstance(self.domain, tuple) and not _is_pair(self.domain)):
            return {place: said for place, said in enumerate(self.domain) if said is not None}
        return {first: self.domain}

    def declared(self) -> str:
        """What differs from a contract that says nothing, in words."""
        plain = Contract()
        said = {name: value for name, value in vars(self).items() if value != getattr(plain, name)}
        return ", ".join(f"{name}={value!r}" for name, value in said.items()) or "nothing"


def _is_pair(said: tuple[Any, ...]) -> bool:
    """Whether a tuple is the ends of an interval, and not a domain per argument."""
    return len(said) == 2 and all(it is None or isinstance(it, int | float) for it in said)


def place_of(key: str | int, names: tuple[str, ...]) -> int:
    """The position of an argument that is named, or numbered."""
    if isinstance(key, int):
        return key
    if key not in names:
        raise ValueError(f"no argument is called {key!r}: they are {', '.join(names)}")
    return names.index(key)


def _trained(row: Row, name: str) -> bool:
    """Whether a model may be trained through an argument: its numbers are amounts, and it is no truth."""
    domain = _MEANT.get(row.arguments[name].values)
    return domain is not None and not name.startswith("target")


def _batch_dims(row: Row, examples: tuple[Any, ...]) -> tuple[int | None, ...]:
    """Where the N stands in the shape of each argument."""
    return tuple(
        _batch_dim(row, name, value.dim()) if isinstance(value, Tensor) else None
        for name, value in zip(row.arguments, examples, strict=False)
    )


def _batch_dim(row: Row, name: str, dims: int) -> int | None:
    shape = row.arguments[name].shape
    if shape.startswith(catalog.SAME[:7]):
        return _batch_dim(row, shape.removeprefix("that of "), dims)
    if shape == "any":
        return 0
    for alternative in re.findall(r"\(([^)]*)\)", shape):
        letters = [letter.strip() for letter in alternative.split(",") if letter.strip()]
        if len(letters) == dims and "N" in letters:
            return letters.index("N")
    return None
