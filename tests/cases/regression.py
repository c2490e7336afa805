"""The cases of the losses for amounts."""

import math
from collections.abc import Iterator
from typing import Any

import mpmath
import torch
from mpmath import mpf
from torch import Tensor
from torch.nn import functional as F

from tests.cases.form import (
    ANY_DERIVATIVE,
    FORWARD,
    FULL,
    HALF,
    INF,
    NAN,
    BadCall,
    Case,
    Difference,
    Exact,
    Trial,
    each,
    named,
    noise,
    numbers,
    second_form,
)

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


_EXACT = ("random", "wide", "joints", "equal", "small", "large")


def amount_cases(loss: str, options: tuple[dict[str, Any], ...]) -> Iterator[Case]:
    for option in options:
        for name, tensors in NUMBERS.items():
            yield Case(loss, name, tensors, option, exact=name in _EXACT, bent=name == "random")
    for name, (tensors, facts) in LAYOUTS.items():
        yield Case(loss, name, tensors, options[-1], **facts)
    for name, tensors in MANY.items():
        yield Case(loss, name, tensors, options[0], dtypes=HALF, reductions=("mean", "sum"))


def weight_cases(loss: str, option: dict[str, Any]) -> Iterator[Case]:
    for name, tensors in WEIGHTS.items():
        yield Case(loss, name, tensors, option, bent=name == "weighted")
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
    Case("smooth_l1_loss", "huge-beta", amounts(numbers(1e30, -2e30, 3), numbers(0, 0, 0)), {"beta": 1e10}, exact=True),
)


# --- losses that torch lacks: nothing is broadcast -----------------------------------------------------------------

_BROADCAST = ("broadcast", "broadcast-0-d", "broadcast-input")
# Errors on both sides of 1, where log-cosh changes its formula, and where rounding would eat a small one.
_NEAR = numbers(-2, -1.01, -1, -0.99, -0.25, -1e-3, -1e-9, 0, 1e-9, 1e-3, 0.25, 0.99, 1, 1.01, 2)


def own_amount_cases(loss: str, options: tuple[dict[str, Any], ...]) -> Iterator[Case]:
    for option in options:
        for name, tensors in NUMBERS.items():
            yield Case(loss, name, tensors, option, exact=name in _EXACT, places=8)
        yield Case(loss, "near", amounts(_NEAR, torch.zeros(15).double()), option, exact=True, places=8)
    for name, (tensors, facts) in LAYOUTS.items():
        if name not in _BROADCAST:
            yield Case(loss, name, tensors, options[-1], **facts)
    for name, tensors in MANY.items():
        yield Case(loss, name, tensors, options[0], dtypes=HALF, reductions=("mean", "sum"))
    for name, tensors in WEIGHTS.items():
        if name != "weights-cancel":  # a rounding error divided by 0 has any sign
            yield Case(loss, name, tensors, options[-1])
    for name, (tensors, facts) in WEIGHT_LAYOUTS.items():
        if name == "weights-double" and loss == "log_cosh_loss":
            facts = facts | {"dtypes": FULL}  # its slope by a wide weight is a value that was computed in float32
        if name != "weights-broadcast":
            yield Case(loss, name, tensors, options[-1], **facts)


_LEVELS = (0.125, 0.5, 0.75)
_COLUMNS = numbers(-2, -1, 0, 1, 2, 0, 0, 0, 0).reshape(3, 3)
_ROWS = {"rows": ("input", "target")}
QUANTILES: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "columns": (amounts(noise(4, 3), noise(4, seed=1)), {"exact": True, "places": 8} | _ROWS),
    "columns-joints": (amounts(_COLUMNS, numbers(0, 1, -1)), {"exact": True, "places": 8} | _ROWS),
    "columns-one-target": (amounts(noise(3), noise(1, seed=1)[0]), {"rows": ()}),
    "columns-K-dim": (amounts(noise(2, 5, 3), noise(2, 5, seed=1)), _ROWS),
    "columns-transposed": (amounts(noise(3, 4).t(), noise(4, seed=1)), _ROWS),
    "columns-weighted": (amounts(noise(4, 3), noise(4, seed=1), noise(4, seed=2).abs()), {"rows": ()}),
    "columns-empty": (amounts(*(torch.zeros(0, *more).double() for more in ((3,), ()))), {"rows": ()}),
    "columns-double-target": (amounts(noise(4, 3), noise(4, seed=1)), {"fixed": {"target"}} | _ROWS),
}


def quantile_cases() -> Iterator[Case]:
    yield from own_amount_cases("quantile_loss", ({}, {"q": 0.9}, {"q": 0.125}))
    for q in (_LEVELS, torch.tensor(_LEVELS)):
        for name, (tensors, facts) in QUANTILES.items():
            yield Case("quantile_loss", name, tensors, {"q": q}, **facts)
    yield Case("quantile_loss", "one-column", amounts(noise(4, 1), noise(4, seed=1)), {"q": [0.25]}, **_ROWS)


@second_form
def quantile_from_l1(input: Tensor, target: Tensor, q: Any = 0.5) -> Tensor:
    """The absolute error of torch, times one share above the target and another one below."""
    q = torch.as_tensor(q, dtype=torch.promote_types(input.dtype, target.dtype))
    target = target.unsqueeze(-1).expand_as(input) if q.dim() else target
    return F.l1_loss(input, target, reduction="none") * torch.where(target > input, q, 1 - q)


CASES += (*quantile_cases(),)
SECOND_FORMS = {"quantile_loss": quantile_from_l1}


# --- losses that torch lacks: log-cosh and asymmetric costs ---------------------------------------------------------


@second_form
def log_cosh_from_softplus(input: Tensor, target: Tensor) -> Tensor:
    """The usual formula; within 1, where that loses digits, from the hyperbolic tangent."""
    error = input - target
    near = -torch.log1p(-error.clamp(-1, 1).tanh().square()) / 2
    return torch.where(error.abs() < 1, near, error.abs() + F.softplus(-2 * error.abs()) - math.log(2))


@second_form
def costs_by_side(input: Tensor, target: Tensor, over: float = 1.0, under: float = 1.0, power: int = 1) -> Tensor:
    """The absolute error of torch, or a square, times the price of its side."""
    values = F.l1_loss(input, target, reduction="none") if power == 1 else (target - input).square()
    return values * torch.where(input > target, values.new_tensor(over), values.new_tensor(under))


COSTS = ({}, {"over": 3.0, "under": 0.5}, {"power": 2}, {"over": 0.0, "power": 2}, {"over": 0.25, "power": 2})
CASES += (*own_amount_cases("log_cosh_loss", ({},)), *own_amount_cases("asymmetric_cost_loss", COSTS))
SECOND_FORMS |= {"log_cosh_loss": log_cosh_from_softplus, "asymmetric_cost_loss": costs_by_side}


# --- bad calls ----------------------------------------------------------------------------------------------------

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
    BadCall("l1_loss", "bool", {"input": _X > 0, "target": _X > 0}, ("input", "bool", "input.float()")),
    BadCall("l1_loss", "bool-target", {"input": _X, "target": _X > 0}, ("target", "bool", "target.float()")),
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

_OWN: dict[str, tuple[dict[str, Any], tuple[str, ...], type[Exception]]] = {
    "list-for-input": ({"input": [1.0]}, ("input", "list", "torch.tensor"), TypeError),
    "number-for-target": ({"target": 1.0}, ("target", "float", "torch.tensor"), TypeError),
    "number-for-weight": ({"weight": 2.0}, ("weight", "float", "torch.tensor"), TypeError),
    "integers": ({"input": _X.long()}, ("input", "int64", "input.float()"), RuntimeError),
    "complex": ({"input": _X.cfloat()}, ("input", "complex64", "real"), RuntimeError),
    "complex-target": ({"target": _X.cfloat()}, ("target", "complex64", "real"), RuntimeError),
    "bool-target": ({"target": _X > 0}, ("target", "bool", "target.float()"), RuntimeError),
    "complex-weight": ({"weight": _X.cfloat()}, ("weight", "complex64", "real"), RuntimeError),
    "column": ({"target": _X[:, None]}, ("target", "(3, 1)", "input", "(3,)", "broadcast"), ValueError),
    "one-target": ({"target": _X[:1]}, ("target", "(1,)", "input", "(3,)"), ValueError),
    "target-0-d": ({"target": _X[0]}, ("target", "()", "input", "(3,)"), ValueError),
    "weight-0-d": ({"weight": _X[0]}, ("weight", "()", "target", "(3,)"), ValueError),
    "weight-column": ({"weight": _X[:, None]}, ("weight", "(3, 1)", "target", "(3,)", "broadcast"), ValueError),
    "reduction": ({"reduction": "avg"}, ("reduction", "'avg'", "none", "mean", "sum"), ValueError),
    "old-reduction": ({"reduction": "elementwise_mean"}, ("reduction", "elementwise_mean"), ValueError),
    "no-reduction": ({"reduction": None}, ("reduction", "None"), TypeError),
}
_BAD_QUANTILES: dict[str, tuple[dict[str, Any], tuple[str, ...], type[Exception]]] = {
    **{f"q={q}": ({"q": q}, ("q", "between 0 and 1", str(q)), ValueError) for q in (0.0, 1.0, -0.5, NAN, 90.0)},
    "q-a-word": ({"q": "0.5"}, ("q", "real number", "str"), TypeError),
    "q-a-list-of-words": ({"q": ["0.5"]}, ("q", "real number", "str"), TypeError),
    "no-q": ({"q": []}, ("q", "(0,)", "number"), ValueError),
    "q-in-a-table": ({"q": torch.full((1, 3), 0.5)}, ("q", "(1, 3)", "column"), ValueError),
    "q-in-percent": (
        {"q": torch.tensor([10.0, 50.0, 90.0])},
        ("q", "between 0 and 1", "[10.0, 50.0, 90.0]"),
        ValueError,
    ),
    "too-few-columns": ({"q": [0.1, 0.9]}, ("input", "2 columns", "(3,)", "(3, 2)"), ValueError),
    "targets-in-columns": ({"q": [0.1, 0.5, 0.9]}, ("target", "()", "(3,)", "broadcast"), ValueError),
    "weights-in-columns": (
        {"input": _X[None], "target": _X[:1], "weight": _X[None], "q": [0.1, 0.5, 0.9]},
        ("weight", "target", "(1,)", "(1, 3)"),
        ValueError,
    ),
}


def own_bad_calls(
    loss: str, table: dict[str, tuple[dict[str, Any], tuple[str, ...], type[Exception]]]
) -> Iterator[tuple[BadCall, type[Exception]]]:
    for name, (arguments, says, kind) in table.items():
        yield BadCall(loss, name, {"input": _X, "target": _X} | arguments, says), kind


_BAD_COSTS: dict[str, tuple[dict[str, Any], tuple[str, ...], type[Exception]]] = {
    "over": ({"over": -1.0}, ("over", "0 or more", "-1.0"), ValueError),
    "under": ({"under": NAN}, ("under", "0 or more", "nan"), ValueError),
    "over-a-word": ({"over": "1"}, ("over", "real number", "str"), TypeError),
    "power": ({"power": 3}, ("power", "1 or 2", "3"), ValueError),
    "power-a-word": ({"power": "1"}, ("power", "1 or 2", "'1'"), ValueError),
}
OWN_BAD_CALLS = (
    *own_bad_calls("quantile_loss", _OWN | _BAD_QUANTILES),
    *own_bad_calls("log_cosh_loss", _OWN),
    *own_bad_calls("asymmetric_cost_loss", _OWN | _BAD_COSTS),
)


# --- where this package differs from torch ------------------------------------------------------------------------


def has_joint(trial: Trial) -> bool:
    return trial.case.options.get("beta") != 0


DIFFERENCES = (
    # torch raises, this package works
    Difference(
        "torch's huber_loss has no forward mode of its backward pass: it raises NotImplementedError",
        ("huber_loss",),
        ("forward over reverse",),
    ),
    Difference(
        "torch's huber_loss raises in the backward pass where input and target differ in dtype",
        ("huber_loss",),
        ANY_DERIVATIVE,
        lambda trial: len({t.dtype for n, t in trial.arguments().items() if n != "weight"}) > 1,
    ),
    Difference(
        "torch's forward mode raises where the target is of integers",
        ("mse_loss", "smooth_l1_loss"),
        FORWARD,
        named("integer-target"),
    ),
    Difference(
        "torch's mean of squares raises in forward mode over its backward pass (ZeroTensors are immutable)",
        ("mse_loss",),
        ("forward over reverse",),
        lambda trial: trial.reduction == "mean" and "weight" not in trial.case.tensors,
    ),
    # torch is wrong, this package is right
    Difference(
        "torch's forward mode of an infinite squared error is nan, ours the slope",
        ("mse_loss",),
        ("forward mode",),
        named("infinite", reduction="none"),
    ),
    Difference(
        "torch's forward mode over its backward pass is nan wherever the error is not finite, ours the second slope",
        ("mse_loss",),
        ("forward over reverse",),
        named("infinite"),
    ),
    Difference(
        "the same of torch's smooth_l1_loss where the error is nan; ours is 0, as in its own second derivative",
        ("smooth_l1_loss",),
        ("forward over reverse",),
        lambda trial: trial.case.name == "infinite" and has_joint(trial),
    ),
    Difference(
        "torch's smooth_l1_loss under vmap has slope 0 where the error is nan; without vmap it has nan, as ours",
        ("smooth_l1_loss",),
        ("per sample",),
        lambda trial: trial.case.name == "infinite" and has_joint(trial),
    ),
    Difference(
        "torch's forward mode over the backward pass has a wider dtype than its input, where the target is wider",
        ("mse_loss", "smooth_l1_loss"),
        ("forward over reverse",),
        named("single-input"),
    ),
    # this package is worse: corners that the readable formula leaves
    Difference(
        "the product of clipped and whole error is 0 * inf in forward mode where the error is infinite: nan",
        ("huber_loss", "smooth_l1_loss"),
        ("forward mode",),
        lambda trial: trial.case.name == "infinite" and trial.reduction == "none" and has_joint(trial),
    ),
    Difference(
        "the same with a weight, in forward mode",
        ("huber_loss",),
        ("forward mode",),
        named("weights-infinite", reduction="none"),
    ),
    Difference(
        "the same in the mixed second derivative by input and weight",
        ("huber_loss",),
        ("second derivative",),
        named("weights-infinite"),
    ),
    Difference(
        "in forward mode torch divides a 0-d float32 tensor by a number in float64, so the tangent is float64",
        ("smooth_l1_loss",),
        ("forward mode",),
        named("0-d", dtype=torch.float32),
    ),
    Difference(
        "the same of a price times a square",
        ("asymmetric_cost_loss",),
        ("forward mode",),
        named("0-d", "weights-0-d", dtype=torch.float32),
    ),
    Difference(
        "an infinite weight meets the formula of log-cosh that does not count, of which the second slope is 0: nan",
        ("log_cosh_loss",),
        ("second derivative",),
        lambda trial: trial.case.name == "weights-infinite" and trial.reduction != "mean",
    ),
    Difference(
        "a beta below the smallest float32 number gives nan; torch takes it for 0",
        ("smooth_l1_loss",),
        ("value", "gradient", "forward mode"),
        lambda trial: trial.case.name == "below-float32" and trial.dtype != torch.float64,
    ),
)

# Where half precision overflows in torch and not here: loss, case, options, dtype, reduction, what.
FINITE_ONLY_HERE = {
    ("l1_loss-weights-many", torch.float16, "mean", "value"),
    ("l1_loss-weights-many", torch.float16, "mean", "gradient"),
    ("mse_loss-weights-many", torch.float16, "mean", "value"),
    ("mse_loss-weights-many", torch.float16, "mean", "gradient"),
    ("smooth_l1_loss-large-beta=100000.0", torch.float16, "none", "value"),
}


# --- the losses a second time, in exact arithmetic: value and slope of one element --------------------------------


def absolute(x: mpf, y: mpf) -> tuple[mpf, mpf]:
    return abs(x - y), mpmath.sign(x - y)


def square(x: mpf, y: mpf) -> tuple[mpf, mpf]:
    return (x - y) ** 2, 2 * (x - y)


def huber(x: mpf, y: mpf, delta: float = 1.0) -> tuple[mpf, mpf]:
    error = x - y
    if abs(error) <= delta:
        return error**2 / 2, error
    return mpf(delta) * (abs(error) - mpf(delta) / 2), mpf(delta) * mpmath.sign(error)


def smooth_l1(x: mpf, y: mpf, beta: float = 1.0) -> tuple[mpf, mpf]:
    if beta == 0:
        return absolute(x, y)
    value, slope = huber(x, y, beta)
    return value / mpf(beta), slope / mpf(beta)


def pinball(x: mpf, y: mpf, q: float = 0.5) -> tuple[mpf, mpf]:
    q = mpf(q)
    return (q * (y - x), -q) if x < y else ((1 - q) * (x - y), (1 - q) * (x > y))


def pinballs(input: list, target: list, q: Any = 0.5) -> Exact:
    """Of each target, as many as there are levels."""
    if isinstance(q, float):
        return each(pinball)(input=input, target=target, q=q)
    levels = [float(level) for level in q]
    values, slopes = zip(
        *(
            pinball(x, y, level)
            for row, y in zip(input, target, strict=True)
            for x, level in zip(row, levels, strict=True)
        ),
        strict=True,
    )
    return Exact(list(values), list(slopes))


def log_cosh(x: mpf, y: mpf) -> tuple[mpf, mpf]:
    return mpmath.log1p(2 * mpmath.sinh((x - y) / 2) ** 2), mpmath.tanh(x - y)


def cost(x: mpf, y: mpf, over: float = 1.0, under: float = 1.0, power: int = 1) -> tuple[mpf, mpf]:
    price, size = mpf(over if x > y else under), abs(x - y)
    slope = price * (1 if power == 1 else 2 * size) * mpmath.sign(x - y)
    return price * size**power, slope


EXACT = {
    "quantile_loss": pinballs,
    "log_cosh_loss": each(log_cosh),
    "asymmetric_cost_loss": each(cost),
    "l1_loss": each(absolute),
    "mse_loss": each(square),
    "huber_loss": each(huber),
    "smooth_l1_loss": each(smooth_l1),
}


# --- options: of each Module every one changed; of torch's reference functions some -------------------------------

MODULE_OPTIONS = {
    "L1Loss": {"reduction": "sum"},
    "MSELoss": {"reduction": "none"},
    "HuberLoss": {"reduction": "sum", "delta": 2.5},
    "SmoothL1Loss": {"reduction": "none", "beta": 0.25},
}
REFERENCE_OPTIONS = {
    "SmoothL1Loss": ({}, {"beta": 0.5}, {"beta": 0}),
    "HuberLoss": ({}, {"delta": 0.5}, {"delta": 3.0}),
}
