"""The table of cases, written once: every check of a loss against torch walks it.

A case is a loss, named arguments and options. Each is crossed with dtypes and reductions. A new loss joins by
rows at the end of this file, plus rows of bad calls.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

FULL = (torch.float64, torch.float32)
HALF = (torch.float16, torch.bfloat16)
ALL = FULL + HALF
REDUCTIONS = ("none", "mean", "sum")
INF, NAN = float("inf"), float("nan")

_COMPLEX = {torch.float64: torch.complex128, torch.float32: torch.complex64}


@dataclass(frozen=True)
class Case:
    """One call of a loss, before dtype and reduction are chosen.

    ``tensors`` are in float64 (or complex128) and cast to the dtype under test; those named in ``fixed`` are not.
    ``view`` is applied after the cast, so that strides survive it.
    """

    loss: str
    name: str
    tensors: dict[str, Tensor]
    options: dict[str, Any] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    view: Callable[[Tensor], Tensor] = lambda t: t
    dtypes: tuple[torch.dtype, ...] = ALL
    reductions: tuple[str, ...] = REDUCTIONS

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


# --- amounts: input and target of one shape, real numbers -------------------------------------------------------


def amounts(input: Tensor, target: Tensor, weight: Tensor | None = None) -> dict[str, Tensor]:
    return {"input": input, "target": target} | ({} if weight is None else {"weight": weight})


# Errors that meet every joint of the options below exactly, in every dtype, at targets of both signs.
_JOINTS = numbers(-4, -2, -1, -0.5, -0.25, 0, 0.25, 0.5, 1, 2, 4)
_SHIFTS = numbers(0, 1, -1, 2, -2, 0.5, -0.5, 1, -1, 4, -4)

# These meet every option of a loss.
NUMBERS = {
    "random": amounts(noise(3, 4), noise(3, 4, seed=1)),
    "wide": amounts(3 * noise(40), noise(40, seed=1)),
    "joints": amounts(_JOINTS + _SHIFTS, _SHIFTS),
    "equal": amounts(numbers(0, 1, -2), numbers(0, 1, -2)),
    "infinite": amounts(
        numbers(INF, -INF, NAN, INF, -INF, INF, 1, 1, 1), numbers(0, 0, 0, INF, -INF, -INF, INF, -INF, NAN)
    ),
    "large": amounts(numbers(1e4, -1e4, 3e4, 1e30, -1e30, 0), numbers(-3e4, 1, 2e4, 1, 1e30, 1e30)),
    "small": amounts(numbers(1e-4, -1e-6, 1e-30, 0, -1e-42), numbers(0, 1e-6, 0, 1e-38, 1e-42)),
    "empty": amounts(torch.zeros(0, 3, dtype=torch.float64), torch.zeros(0, 3, dtype=torch.float64)),
}
# These say something about shape, layout or dtype, whatever the option.
LAYOUTS = {
    "0-d": (amounts(numbers(2.5)[0], numbers(-1)[0]), {}),
    "K-dim": (amounts(noise(2, 3, 2, 2), noise(2, 3, 2, 2, seed=1)), {}),
    "transposed": (amounts(noise(4, 3), noise(4, 3, seed=1)), {"view": torch.t}),
    "strided": (amounts(noise(9), noise(9, seed=1)), {"view": lambda t: t[::2]}),
    "broadcast": (amounts(noise(3, 1), noise(4, seed=1)), {}),
    "broadcast-0-d": (amounts(noise(3), noise(1, seed=1)[0]), {}),
    "broadcast-input": (amounts(noise(1)[0], noise(2, 3, seed=1)), {}),
    "integer-target": (amounts(noise(3), torch.tensor([0, 1, -3])), {"fixed": frozenset({"target"})}),
    "double-target": (amounts(noise(3), noise(3, seed=1)), {"fixed": frozenset({"target"})}),
    "single-input": (amounts(noise(3).float(), noise(3, seed=1)), {"fixed": frozenset({"input"})}),
}
# More elements than half precision can add up to.
MANY = {
    "many": amounts(torch.full((70_000,), 2.0, dtype=torch.float64), torch.zeros(70_000, dtype=torch.float64)),
    "many-small": amounts(
        torch.full((70_000,), 2.0**-10, dtype=torch.float64), torch.zeros(70_000, dtype=torch.float64)
    ),
}
WEIGHTS = {
    "weighted": amounts(noise(3, 4), noise(3, 4, seed=1), noise(3, 4, seed=2).abs()),
    "weights-with-zero": amounts(noise(4), noise(4, seed=1), numbers(0, 1, 2, 0)),
    "weights-negative": amounts(noise(4), noise(4, seed=1), numbers(-1, 1, 2, -0.5)),
    "weights-all-zero": amounts(noise(3), noise(3, seed=1), numbers(0, 0, 0)),
    "weights-cancel": amounts(noise(3), noise(3, seed=1), numbers(1, 1, -2)),
    "weights-joints": amounts(_JOINTS + _SHIFTS, _SHIFTS, _SHIFTS + 1),
    "weights-infinite": amounts(numbers(INF, NAN, 1, 1), numbers(0, 0, 0, 0), numbers(0, 1, INF, NAN)),
    "weights-empty": amounts(*(torch.zeros(0, dtype=torch.float64),) * 3),
    "weights-0-d": amounts(numbers(2.5)[0], numbers(-1)[0], numbers(3)[0]),
}
WEIGHT_LAYOUTS = {
    "weights-broadcast": (amounts(noise(3, 1), noise(4, seed=1), noise(3, 1, seed=2).abs()), {}),
    "weights-integer": (amounts(noise(3), noise(3, seed=1), torch.tensor([1, 0, 3])), {"fixed": frozenset({"weight"})}),
    "weights-double": (amounts(noise(3), noise(3, seed=1), numbers(1, 2, 3)), {"fixed": frozenset({"weight"})}),
    "weights-many": (
        amounts(*MANY["many"].values(), torch.ones(70_000, dtype=torch.float64)),
        {"dtypes": HALF, "reductions": ("mean", "sum")},
    ),
}
_IMAGINARY = torch.complex(noise(4, seed=2), noise(4, seed=3))


def amount_cases(loss: str, options: tuple[dict[str, Any], ...]) -> Iterator[Case]:
    for option in options:
        for name, tensors in NUMBERS.items():
            yield Case(loss, name, tensors, option)
    for name, (tensors, facts) in LAYOUTS.items():
        yield Case(loss, name, tensors, options[-1], **facts)
    for name, tensors in MANY.items():
        yield Case(loss, name, tensors, options[0], dtypes=HALF, reductions=("mean", "sum"))


def weight_cases(loss: str, option: dict[str, Any]) -> Iterator[Case]:
    for name, tensors in WEIGHTS.items():
        yield Case(loss, name, tensors, option)
    for name, (tensors, facts) in WEIGHT_LAYOUTS.items():
        yield Case(loss, name, tensors, option, **facts)


CASES = (
    *amount_cases("l1_loss", ({},)),
    *weight_cases("l1_loss", {}),
    Case("l1_loss", "complex", amounts(_IMAGINARY, _IMAGINARY.flip(0)), dtypes=FULL),
    Case("l1_loss", "complex-input", amounts(_IMAGINARY, noise(4)), dtypes=FULL),
    Case("l1_loss", "complex-weighted", amounts(_IMAGINARY, noise(4), noise(4, seed=1).abs()), dtypes=FULL),
    *amount_cases("mse_loss", ({},)),
    *weight_cases("mse_loss", {}),
    Case("mse_loss", "complex-weighted", amounts(_IMAGINARY, noise(4), noise(4, seed=1).abs()), dtypes=FULL),
    *amount_cases("huber_loss", ({}, {"delta": 1e-3}, {"delta": 2}, {"delta": 1e5}, {"delta": 0.5})),
    *weight_cases("huber_loss", {"delta": 0.5}),
    Case("huber_loss", "no-limit", NUMBERS["random"], {"delta": INF}),
    Case("huber_loss", "no-limit-infinite-error", amounts(numbers(INF, 1), numbers(0, 0)), {"delta": INF}),
    Case("huber_loss", "beyond-float32", NUMBERS["random"], {"delta": 1e300}),
    Case("huber_loss", "below-float32", NUMBERS["random"], {"delta": 1e-300}),
    *amount_cases("smooth_l1_loss", ({}, {"beta": 1e-3}, {"beta": 0}, {"beta": 2}, {"beta": 1e5}, {"beta": 0.5})),
    Case("smooth_l1_loss", "no-limit", NUMBERS["random"], {"beta": INF}),
    Case("smooth_l1_loss", "beyond-float32", NUMBERS["random"], {"beta": 1e300}),
    Case("smooth_l1_loss", "below-float32", NUMBERS["random"], {"beta": 1e-300}),
    Case("smooth_l1_loss", "huge-beta", amounts(numbers(1e30, -2e30, 3), numbers(0, 0, 0)), {"beta": 1e10}),
)


# --- bad calls ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BadCall:
    """A call that torch refuses, and the words that a good message owes: the argument, what came, what is wanted."""

    loss: str
    name: str
    arguments: dict[str, Any]
    says: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.loss}-{self.name}"


_X = torch.ones(3)
_BAD_AMOUNTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "list-for-input": ({"input": [1.0], "target": _X}, ("input", "list", "Tensor", "torch.tensor")),
    "number-for-target": ({"input": _X, "target": 1.0}, ("target", "float", "Tensor")),
    "none-for-target": ({"input": _X, "target": None}, ("target", "NoneType", "Tensor")),
    "sizes": ({"input": _X, "target": torch.ones(4)}, ("input", "(3,)", "target", "(4,)", "one size")),
    "reduction": ({"input": _X, "target": _X, "reduction": "avg"}, ("reduction", "'avg'", "'none'", "'mean'", "'sum'")),
    "no-reduction": ({"input": _X, "target": _X, "reduction": None}, ("reduction", "None", "'mean'")),
}
_BAD_WEIGHTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "weight-size": ({"input": _X, "target": _X, "weight": torch.ones(4)}, ("weight", "input", "(3,)", "(4,)")),
    "weight-number": ({"input": _X, "target": _X, "weight": 2.0}, ("weight", "float", "Tensor")),
    "weight-reduction": (
        {"input": _X, "target": _X, "weight": _X, "reduction": "elementwise_mean"},
        ("reduction", "'elementwise_mean'", "'mean'"),
    ),
}
_WHOLE = {"input": torch.ones(3).long(), "target": torch.ones(3).long()}
_COMPLEX_PAIR = {"input": torch.ones(3).cfloat(), "target": torch.ones(3).cfloat()}


def bad_calls(loss: str, table: dict[str, tuple[dict[str, Any], tuple[str, ...]]]) -> Iterator[BadCall]:
    for name, (arguments, says) in table.items():
        yield BadCall(loss, name, arguments, says)


def bad_limits(loss: str, option: str, *values: float) -> Iterator[BadCall]:
    for value in values:
        yield BadCall(loss, f"{option}={value}", {"input": _X, "target": _X, option: value}, (option, str(value)))
    for value in ("1", None, 1j):
        says = (option, "real number", type(value).__name__)
        yield BadCall(loss, f"{option}={value!r}", {"input": _X, "target": _X, option: value}, says)


BAD_CALLS = (
    *(bad for loss in ("l1_loss", "mse_loss", "huber_loss", "smooth_l1_loss") for bad in bad_calls(loss, _BAD_AMOUNTS)),
    *(bad for loss in ("l1_loss", "mse_loss", "huber_loss") for bad in bad_calls(loss, _BAD_WEIGHTS)),
    BadCall("l1_loss", "mean-of-integers", _WHOLE, ("int64", "float()")),
    BadCall("l1_loss", "bool", {"input": _X > 0, "target": _X > 0}, ("bool", "float()")),
    *(
        BadCall(loss, "integers", _WHOLE, (loss, "int64", "floating point", "x.float()"))
        for loss in ("mse_loss", "huber_loss", "smooth_l1_loss")
    ),
    *(
        BadCall(loss, "complex", _COMPLEX_PAIR, (loss, "complex64", "real"))
        for loss in ("mse_loss", "huber_loss", "smooth_l1_loss")
    ),
    BadCall("huber_loss", "integer-input", {"input": _X.long(), "target": _X}, ("input", "int64", "float32")),
    *bad_limits("huber_loss", "delta", 0.0, -1.0, NAN),
    *bad_limits("smooth_l1_loss", "beta", -1.0, NAN),
)
