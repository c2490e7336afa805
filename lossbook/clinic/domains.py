"""Which numbers an argument may hold, and how to move within them: a little, far out, to a border."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["Domain", "domain_of", "guessed"]

INF = math.inf
_NEAR = 1e-3  # how near a moved number may come to an end of its interval, as a share of it
_SURE = 1e-4  # how exactly the numbers of an example must add up to 1 to be taken for probabilities


@dataclass(frozen=True)
class Domain:
    """The numbers that one argument may hold.

    ``kind`` is ``"interval"`` (``low`` to ``high``, its finite ends included unless ``open``), ``"probabilities"`` or
    ``"log-probabilities"`` (along ``dim``), or ``"fixed"``: numbers that mean something else once they are moved, as
    classes, signs and counts. ``declared`` is false where the example alone suggested it.
    """

    kind: str
    low: float = -INF
    high: float = INF
    dim: int = -1
    open: bool = False
    declared: bool = True

    @property
    def real(self) -> bool:
        """Whether any number will do."""
        return self.kind == "interval" and self.low == -INF and self.high == INF

    @property
    def moves(self) -> bool:
        """Whether its numbers may be moved a little."""
        return self.kind != "fixed"

    def moved(self, x: Tensor, amount: float, draw: torch.Generator) -> Tensor:
        """Numbers near ``x``, in general position: off ties, kinks and borders."""
        if not self.moves or not x.numel():
            return x
        step = amount * torch.randn(x.shape, dtype=torch.float64, generator=draw).to(x.dtype)
        if self.kind == "probabilities":
            return (x.clamp_min(_NEAR).log() + step).softmax(self.dim)
        if self.kind == "log-probabilities":
            return (x + step).log_softmax(self.dim)
        return self._in_interval(x, step)

    def _in_interval(self, x: Tensor, step: Tensor) -> Tensor:
        if self.real:
            return x + _spread(x) * step
        if math.isinf(self.high):
            return self.low + (x - self.low).clamp_min(_NEAR * _spread(x)) * step.exp()
        if math.isinf(self.low):
            return self.high - (self.high - x).clamp_min(_NEAR * _spread(x)) * step.exp()
        width = self.high - self.low
        return (x + 0.3 * width * step).clamp(self.low + _NEAR * width, self.high - _NEAR * width) + _NEAR / 9 * step

    def free(self, x: Tensor) -> Tensor:
        """Numbers that may be moved in any direction, and from which :meth:`onto` makes ``x``."""
        return x.log() if self.kind == "probabilities" else x

    def onto(self, free: Tensor) -> Tensor:
        """The numbers of the domain that free ones stand for."""
        if self.kind == "probabilities":
            return free.softmax(self.dim)
        return free.log_softmax(self.dim) if self.kind == "log-probabilities" else free

    def scaled(self, x: Tensor, factor: float) -> Tensor | None:
        """``x`` made ``factor`` times as large, or as extreme; ``None`` where that leaves the domain."""
        if self.real:
            return x * factor
        if self.kind == "log-probabilities":
            return (x * factor).log_softmax(self.dim)
        if self.kind == "interval" and self.low == 0 and self.high == INF and factor > 0:
            return x * factor
        return None

    def borders(self) -> Iterator[float]:
        """Its finite ends, if they belong to it."""
        if self.kind == "interval" and not self.open:
            yield from (end for end in (self.low, self.high) if math.isfinite(end))

    def holds(self, x: Tensor) -> bool:
        """Whether all of ``x`` lies in the interval."""
        return self.kind == "interval" and bool(((x >= self.low) & (x <= self.high)).all())

    def __str__(self) -> str:
        if self.kind != "interval":
            return {"fixed": "the numbers of the example alone"}.get(self.kind, self.kind)
        return "any real number" if self.real else f"from {self.low:g} to {self.high:g}"


def _spread(x: Tensor) -> float:
    spread = float(x.std()) if x.numel() > 1 else float(x.abs().max())
    return spread if spread > 0 and math.isfinite(spread) else 1.0


NAMED = {
    "real": Domain("interval"),
    "positive": Domain("interval", 0.0, open=True),
    "non-negative": Domain("interval", 0.0),
    "probability": Domain("interval", 0.0, 1.0),
    "probabilities": Domain("probabilities"),
    "log-probabilities": Domain("log-probabilities"),
    "fixed": Domain("fixed"),
    "logits": Domain("interval"),
    "binary": Domain("fixed"),
    "signs": Domain("fixed"),
    "classes": Domain("fixed"),
}


def domain_of(said: Any, example: Any) -> Domain:
    """The domain that a caller declared: a name, a pair of ends, a set of numbers, or a :class:`Domain`."""
    if isinstance(said, Domain):
        return said
    if isinstance(said, str):
        if said not in NAMED:
            raise ValueError(f"domain {said!r} is not known: use one of {', '.join(NAMED)}, a pair of ends, or a set")
        return _along(NAMED[said], example)
    if isinstance(said, set | frozenset):
        return NAMED["fixed"]
    low, high = said
    return Domain("interval", -INF if low is None else float(low), INF if high is None else float(high))


def _along(domain: Domain, example: Any) -> Domain:
    """The same domain, along the dimension in which the example adds up to 1."""
    if domain.kind not in ("probabilities", "log-probabilities") or not isinstance(example, Tensor):
        return domain
    chances = example.exp() if domain.kind == "log-probabilities" else example
    found = _dim_of_chances(chances)
    return Domain(domain.kind, dim=-1 if found is None else found)


def _dim_of_chances(x: Tensor) -> int | None:
    """The dimension along which ``x`` adds up to 1, the last first."""
    if not x.numel() or bool(((x < 0) | (x > 1 + _SURE)).any()):
        return None
    for dim in reversed(range(x.dim())):
        if x.shape[dim] > 1 and bool(((x.double().sum(dim) - 1).abs() < _SURE).all()):
            return dim
    return None


def guessed(example: Any, first: bool) -> Domain:
    """The domain that an example suggests, where none was declared. ``first``: it is what is trained."""
    if not isinstance(example, Tensor) or not example.is_floating_point() or not example.numel():
        return NAMED["fixed"]
    x = example.detach().double()
    for kind, chances in (("probabilities", x), ("log-probabilities", x.exp())):
        dim = _dim_of_chances(chances)
        if dim is not None:
            return Domain(kind, dim=dim, declared=False)
    whole = bool((x == x.round()).all())
    if whole and not first:
        return Domain("fixed", declared=False)
    low, high = float(x.min()), float(x.max())
    if low >= 0 and not whole:
        return Domain("interval", 0.0, 1.0 if high <= 1 else INF, declared=False)
    return Domain("interval", declared=False)
