"""The cases of the likelihoods: of counts, and of measurements."""

from collections.abc import Iterator
from typing import Any

import mpmath
import torch
from mpmath import mpf
from torch import Tensor

from tests.cases.form import FULL, HALF, INF, NAN, BadCall, Case, Difference, each, finite_here, named, noise, numbers

# --- counts -------------------------------------------------------------------------------------------------------


def counts(input: Tensor, target: Tensor) -> dict[str, Tensor]:
    return {"input": input, "target": target}


_EMPTY = torch.zeros(0, 3, dtype=torch.float64)
_MEANS = 3 * noise(3, 4, seed=1).abs() + 0.05  # counts that are not whole, so that a slope by them exists
_WHOLE = numbers(1, 2, 3, 4, 10, 100, 1000)
_ROUND_ONE = numbers(0.5, 1, 1.0009765625, 1.5, 0.9990234375)  # where Stirling's formula sets in

# The input is the logarithm of a rate, or the rate.
LOG_RATES = {
    "random": counts(noise(3, 4), _MEANS),
    "wide": counts(3 * noise(40), torch.arange(1, 41).double()),
    "whole": counts(noise(7), _WHOLE),
    "round-one": counts(noise(5), _ROUND_ONE),
    "nan-slope-at-no-count": counts(noise(4), numbers(0, 0, -1, 2)),
    "infinite": counts(
        numbers(INF, -INF, INF, -INF, INF, -INF, NAN, 1, 1, 1), numbers(0, 0, 2, 2, INF, INF, 1, INF, -INF, NAN)
    ),
    "large": counts(numbers(50, -50, 10, 60, -1e4), numbers(3e4, 1, 1e30, 2, 1e30)),
    "infinite-too-large": counts(numbers(1e4, 800, 1e4), numbers(0, 3, 1e4)),
    "small": counts(numbers(1e-4, -1e-6, 1e-30, 0, -1e-42), numbers(1e-6, 1e-6, 1e-30, 1e-38, 1e-42)),
    "empty": counts(_EMPTY, _EMPTY),
}
RATES = {
    "random": counts(noise(3, 4).abs() + 0.1, _MEANS),
    "wide": counts((3 * noise(40)).exp(), torch.arange(1, 41).double()),
    "whole": counts(noise(7).abs(), _WHOLE),
    "round-one": counts(noise(5).abs(), _ROUND_ONE),
    "nan-slope-at-no-count": counts(numbers(0, 0.5, 1, 0), numbers(0, 0, -1, 2)),
    "infinite": counts(
        numbers(INF, INF, -INF, NAN, 1, 1, 1, INF, -1, -1e-8), numbers(0, 2, 2, 1, INF, -INF, NAN, INF, 1, 1)
    ),
    "large": counts(numbers(1e4, 1e-4, 1e30, 3e4), numbers(3e4, 1e4, 1, 1e4)),
    "small": counts(numbers(1e-4, 1e-8, 1e-30, 0, 1e-42), numbers(1e-6, 1e-6, 1e-30, 1e-38, 1e-42)),
    "empty": counts(_EMPTY, _EMPTY),
}
COUNT_LAYOUTS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "0-d": (counts(numbers(0.5)[0], numbers(2)[0]), {}),
    "K-dim": (counts(noise(2, 3, 2, 2).abs(), noise(2, 3, 2, 2, seed=1).abs()), {}),
    "transposed": (counts(noise(4, 3).abs(), noise(4, 3, seed=1).abs()), {"view": torch.t}),
    "strided": (counts(noise(9).abs(), noise(9, seed=1).abs()), {"view": lambda t: t[::2]}),
    "broadcast": (counts(noise(3, 1).abs(), noise(4, seed=1).abs()), {}),
    "broadcast-0-d": (counts(noise(3).abs(), numbers(3)[0]), {}),
    "broadcast-input": (counts(numbers(0.5)[0], noise(2, 3, seed=1).abs()), {}),
    "integer-target": (counts(noise(3).abs(), torch.tensor([0, 1, 3])), {"fixed": frozenset({"target"})}),
    "integer-input": (counts(torch.tensor([2, 1, 3]), numbers(0.5, 1, 3)), {"fixed": frozenset({"input"}), "rows": ()}),
    "double-target": (counts(noise(3).abs(), noise(3, seed=1).abs()), {"fixed": frozenset({"target"})}),
    "double-0-d-target": (counts(noise(3).abs(), numbers(2.5)[0]), {"fixed": frozenset({"target"})}),
    "single-input": (counts(noise(3).abs().float(), noise(3, seed=1).abs()), {"fixed": frozenset({"input"})}),
}
_MANY = torch.full((70_000,), 2.0, dtype=torch.float64)
_IMAGINARY = torch.complex(noise(4, seed=2), noise(4, seed=3))

COUNT_OPTIONS = (
    ({}, LOG_RATES),
    ({"full": True}, LOG_RATES),
    ({"log_input": False}, RATES),
    ({"log_input": False, "full": True, "eps": 0.125}, RATES),
)
_EXACT = ("random", "wide", "whole", "round-one", "nan-slope-at-no-count", "large", "small", "equal", "clamped")


def count_cases() -> Iterator[Case]:
    for options, table in COUNT_OPTIONS:
        for name, tensors in table.items():
            # A difference of large numbers loses places, and full adds one more to subtract.
            places = 128 if "full" in options else 32
            yield Case(
                "poisson_nll_loss", name, tensors, options, exact=name in _EXACT, places=places, bent=name == "random"
            )
        for name, (tensors, facts) in COUNT_LAYOUTS.items():
            yield Case("poisson_nll_loss", name, tensors, options, **facts)
        yield Case("poisson_nll_loss", "many", counts(_MANY, _MANY), options, dtypes=HALF, reductions=("mean", "sum"))


# --- measurements -------------------------------------------------------------------------------------------------


def measured(input: Tensor, target: Tensor, var: Tensor) -> dict[str, Tensor]:
    return {"input": input, "target": target, "var": var}


# These meet every option of the loss.
MEASUREMENTS = {
    "random": measured(noise(3, 4), noise(3, 4, seed=1), noise(3, 4, seed=2).abs() + 0.6),
    "wide": measured(3 * noise(40), noise(40, seed=1), (2 * noise(40, seed=2)).exp() + 0.6),
    "equal": measured(numbers(0, 1, -2), numbers(0, 1, -2), numbers(1, 2, 4)),
    "large": measured(numbers(1e4, -1e4, 1e15, 1), numbers(-3e4, 1, -1e15, 2), numbers(1, 1e8, 1e30, 1e4)),
    "small": measured(numbers(1e-4, -1e-6, 1e-30, 0), numbers(0, 1e-6, 0, 1e-38), numbers(1, 1, 1, 2)),
    "clamped": measured(numbers(0, 1, 2, 3, 4, 5), numbers(1, 1, 0, 1, 2, 3), numbers(0, 1e-9, 0.25, 0.5, 0.75, 1e-42)),
    "infinite": measured(
        numbers(INF, -INF, 1, INF, NAN, 1, 1, 1, INF, 1),
        numbers(0, 0, INF, INF, 0, NAN, 0, 0, 0, 0),
        numbers(1, 2, 1, 1, 1, 1, INF, NAN, INF, 1e30),
    ),
    "empty": measured(_EMPTY, _EMPTY, _EMPTY),
}
MEASUREMENT_OPTIONS = ({}, {"full": True}, {"eps": 0.5}, {"full": True, "eps": 1e-3})

_X, _Y = noise(2, 3, 4), noise(2, 3, 4, seed=1)


def _var(*shape: int) -> Tensor:
    return noise(*shape, seed=2).abs() + 0.5


MEASUREMENT_LAYOUTS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "0-d": (measured(numbers(2.5)[0], numbers(-1)[0], numbers(0.5)[0]), {}),
    "K-dim": (measured(_X, _Y, _var(2, 3, 4)), {}),
    "transposed": (measured(_X[0], _Y[0], _var(3, 4)), {"view": torch.t}),
    "strided": (measured(noise(9), noise(9, seed=1), _var(9)), {"view": lambda t: t[::2]}),
    "broadcast": (measured(noise(4, 3), noise(3, seed=1), _var(4, 3)), {}),
    "broadcast-0-d": (measured(noise(3), numbers(1)[0], _var(3)), {}),
    "broadcast-input": (measured(noise(4, 1), noise(4, 3, seed=1), _var(4, 1)), {}),
    "broadcast-0-d-input": (measured(numbers(1)[0], noise(3, seed=1), numbers(2)[0]), {}),
    "one-var-for-all": (measured(noise(3), noise(3, seed=1), numbers(2)[0]), {}),
    "one-var-for-all-in-a-row": (measured(noise(3), noise(3, seed=1), numbers(2)), {}),
    "var-per-row": (measured(_X, _Y, _var(2, 3)), {}),
    "var-per-row-of-a-square": (measured(noise(3, 3), noise(3, 3, seed=1), _var(3)), {}),
    "var-per-row-kept": (measured(_X, _Y, _var(2, 3, 1)), {}),
    "var-per-column": (measured(_X, _Y, _var(2, 1, 4)), {}),
    "var-per-batch": (measured(_X, _Y, _var(1, 3, 4)), {}),
    "no-rows": (measured(_EMPTY, _EMPTY, torch.zeros(0, dtype=torch.float64)), {}),
    "no-columns": (measured(*(torch.zeros(2, 0, dtype=torch.float64),) * 2, _var(2)), {}),
    "integer-target": (
        measured(noise(3), torch.tensor([0, 1, -3]), _var(3)),
        {"fixed": frozenset({"target"})},
    ),
    "integer-input": (
        measured(torch.tensor([2, 1, 3]), noise(3), _var(3)),
        {"fixed": frozenset({"input"}), "rows": ()},
    ),
    "small-integers": (
        measured(torch.tensor([1, 200], dtype=torch.uint8), torch.tensor([2, 100], dtype=torch.uint8), _var(2)),
        {"fixed": frozenset({"input", "target"}), "dtypes": FULL, "rows": ()},
    ),
    "double-target": (measured(noise(3), noise(3, seed=1), _var(3)), {"fixed": frozenset({"target"})}),
    "double-var": (measured(noise(3), noise(3, seed=1), _var(3)), {"fixed": frozenset({"var"})}),
    "single-input": (measured(noise(3).float(), noise(3, seed=1), _var(3)), {"fixed": frozenset({"input"})}),
    "single-var": (measured(noise(3), noise(3, seed=1), _var(3).float()), {"fixed": frozenset({"var"})}),
    "single-0-d": (
        measured(numbers(1)[0].float(), noise(3, seed=1), numbers(2)[0].float()),
        {"fixed": frozenset({"input", "var"})},
    ),
}


def measurement_cases() -> Iterator[Case]:
    loss = "gaussian_nll_loss"
    for options in MEASUREMENT_OPTIONS:
        for name, tensors in MEASUREMENTS.items():
            yield Case(loss, name, tensors, options, exact=name in _EXACT, places=16, bent=name == "random")
    for name, (tensors, facts) in MEASUREMENT_LAYOUTS.items():
        yield Case(loss, name, tensors, MEASUREMENT_OPTIONS[-1], **facts)
    for var in (2.0, 0.0, 1e-42):
        yield Case(loss, "random", counts(noise(3, 4), noise(3, 4, seed=1)), {"var": var}, bent=var == 2.0)
    for var in (INF, NAN):
        yield Case(loss, "infinite", counts(noise(3, 4), noise(3, 4, seed=1)), {"var": var})
    yield Case(loss, "0-d", counts(noise(1)[0], noise(1, seed=1)[0]), {"var": 2.0})
    yield Case(loss, "broadcast", counts(noise(3, 1), noise(4, seed=1)), {"var": 2.0})
    yield Case(loss, "number", {"input": noise(3), "var": _var(3)}, {"target": 1.5})
    yield Case(
        loss,
        "integers",
        counts(torch.tensor([2, 1, 3]), noise(3)),
        {"var": 0.5},
        fixed=frozenset({"input"}),
        rows=(),
    )
    yield Case(
        loss,
        "integer-var",
        measured(noise(3), noise(3, seed=1), torch.tensor([0, 1, 3])),
        {"eps": 1},
        fixed=frozenset({"var"}),
    )
    yield Case(loss, "complex", measured(_IMAGINARY, noise(4), _var(4)), dtypes=FULL)
    many = torch.full((70_000,), 2.0, dtype=torch.float64)
    yield Case(loss, "many", measured(many, -many, many), dtypes=HALF, reductions=("mean", "sum"))


CASES = (
    *count_cases(),
    Case("poisson_nll_loss", "complex", counts(_IMAGINARY, noise(4).abs()), dtypes=FULL),
    Case("poisson_nll_loss", "complex", counts(_IMAGINARY, noise(4).abs()), {"log_input": False}, dtypes=FULL),
    Case("poisson_nll_loss", "complex-target", counts(noise(4), _IMAGINARY), dtypes=FULL),
    *measurement_cases(),
)


# --- bad calls ----------------------------------------------------------------------------------------------------

_ONES = torch.ones(3)
_BOOLS = _ONES > 0


def bad_calls(loss: str, good: dict[str, Any], table: dict[str, tuple[dict[str, Any], tuple[str, ...]]]):
    for name, (changes, says) in table.items():
        yield BadCall(loss, name, good | changes, says)


BAD_CALLS = (
    *bad_calls(
        "poisson_nll_loss",
        {"input": _ONES, "target": _ONES},
        {
            "list-for-input": ({"input": [1.0]}, ("input", "list", "Tensor", "torch.tensor")),
            "number-for-target": ({"target": 1.0}, ("target", "float", "Tensor", "torch.tensor")),
            "sizes": ({"target": torch.ones(4)}, ("input", "(3,)", "target", "(4,)", "one size")),
            "reduction": ({"reduction": "avg"}, ("reduction", "'avg'", "'none'", "'mean'", "'sum'")),
            "old-reduction": ({"reduction": "elementwise_mean"}, ("reduction", "'elementwise_mean'", "'mean'")),
            "no-reduction": ({"reduction": None}, ("reduction", "None", "'mean'")),
            "log_input": ({"log_input": 1}, ("log_input", "True", "int")),
            "full": ({"full": "yes"}, ("full", "True", "str")),
            "eps": ({"eps": "1"}, ("eps", "real number", "str")),
            "bool": ({"input": _BOOLS, "log_input": False}, ("input", "bool", "input.float()")),
            "bools": ({"input": _BOOLS, "target": _BOOLS}, ("target", "bool", "target.float()")),
            "bool-target": ({"target": _BOOLS, "full": True}, ("target", "bool", "target.float()")),
            "complex-target": ({"target": _ONES + 0j, "full": True}, ("full=True", "target", "complex64")),
        },
    ),
    *bad_calls(
        "gaussian_nll_loss",
        {"input": _ONES, "target": _ONES, "var": _ONES},
        {
            "list-for-input": ({"input": [1.0]}, ("input", "list", "Tensor", "torch.tensor")),
            "list-for-input-float-var": ({"input": [1.0], "var": 1.0}, ("input", "list", "Tensor", "torch.tensor")),
            "list-for-target": ({"target": [1.0]}, ("target", "list", "Tensor or a number")),
            "none-for-target": ({"target": None}, ("target", "NoneType", "Tensor or a number")),
            "int-for-var": ({"var": 1}, ("var", "int", "Tensor or a float")),
            "negative": ({"var": -0.5 * _ONES}, ("var", "0 or more", "-0.5", "var.exp()")),
            "negative-float": ({"var": -0.5}, ("var", "0 or more", "-0.5")),
            "complex-var": ({"var": _ONES + 0j}, ("var", "real", "complex64")),
            "complex-input-float-var": ({"input": _ONES + 0j, "var": 1.0}, ("var", "complex64")),
            "sizes": ({"target": torch.ones(4)}, ("input", "(3,)", "target", "(4,)", "one size")),
            "size-of-var": ({"var": torch.ones(2)}, ("var", "(2,)", "input", "(3,)", "last dimension", "size 1")),
            "dimensions-of-var": ({"var": torch.ones(3, 1)}, ("var", "(3, 1)", "input", "(3,)")),
            "two-dimensions-of-var": (
                {"input": torch.ones(2, 3), "target": torch.ones(2, 3), "var": torch.ones(1, 1)},
                ("var", "(1, 1)", "input", "(2, 3)"),
            ),
            "reduction": ({"reduction": "avg"}, ("reduction", "'avg'", "'none'", "'mean'", "'sum'")),
            "old-reduction": ({"reduction": "elementwise_mean"}, ("reduction", "'elementwise_mean'", "'mean'")),
            "no-reduction": ({"reduction": None}, ("reduction", "None", "'mean'")),
            "eps": ({"eps": "1"}, ("eps", "'1'", "number")),
            "no-eps": ({"eps": None}, ("eps", "None", "number")),
            "integer-var": ({"var": _ONES.long()}, ("eps", "var", "int64", "var.float()")),
            "bool": ({"input": _BOOLS}, ("input", "bool", "floating point")),
            "bool-target": ({"target": _BOOLS}, ("target", "bool", "floating point")),
            "true-for-target": ({"target": True}, ("target", "bool", "floating point")),
        },
    ),
)


# --- where this package differs from torch ------------------------------------------------------------------------

DIFFERENCES = (
    Difference(
        "torch reads the values of var, which vmap forbids: it raises RuntimeError",
        ("gaussian_nll_loss",),
        ("per sample",),
        lambda trial: "var" in trial.case.tensors,
    ),
    Difference(
        "in forward mode torch.func adds a number to a 0-d float32 tensor in float64, so the tangent is float64",
        ("poisson_nll_loss",),
        ("forward mode",),
        lambda trial: named("0-d", dtype=torch.float32)(trial) and trial.case.options != {},
    ),
    Difference(
        "the same of torch's multiplication with 0.5; ours divides by 2, and is float32",
        ("gaussian_nll_loss",),
        ("forward mode",),
        lambda trial: named("0-d", dtype=torch.float32)(trial) and "var" in trial.case.options,
    ),
)

_LINEAR = "poisson_nll_loss-{}-log_input=False"

FINITE_ONLY_HERE = {
    # In float16 the default eps is 0, and a rate of 0 without it costs infinity.
    *finite_here(_LINEAR.format("nan-slope-at-no-count"), torch.float16, "value", "gradient"),
    *finite_here(_LINEAR.format("small"), torch.float16, "value", "gradient"),
    *finite_here(_LINEAR.format("infinite"), torch.float16, "value", reductions=("none",)),
    *finite_here(_LINEAR.format("infinite"), torch.float16, "gradient"),
    *finite_here(_LINEAR.format("infinite"), torch.bfloat16, "gradient"),
    # The parts of the sum overflow, the sum does not.
    *finite_here(_LINEAR.format("large") + "-full=True-eps=0.125", torch.float16, "value", reductions=("none",)),
    # The squared error, or its quotient by a variance near eps, overflows, the slope does not.
    *finite_here("gaussian_nll_loss-large", torch.float16, "gradient"),
    *finite_here("gaussian_nll_loss-large-full=True", torch.float16, "gradient"),
    *finite_here("gaussian_nll_loss-large-eps=0.5", torch.float16, "gradient"),
    *finite_here("gaussian_nll_loss-large-full=True-eps=0.001", torch.float16, "gradient"),
    *finite_here("gaussian_nll_loss-clamped", torch.float16, "gradient"),
    *finite_here("gaussian_nll_loss-clamped-full=True", torch.float16, "gradient"),
    *finite_here("gaussian_nll_loss-random-var=0.0", torch.float16, "value", reductions=("none",)),
    *finite_here("gaussian_nll_loss-random-var=1e-42", torch.float16, "value", reductions=("none",)),
}


# --- the losses a second time, in exact arithmetic: value and slope of one element --------------------------------


def x_log_y(x: mpf, y: mpf) -> mpf:
    return x * mpmath.log(y) if x else mpf(0)


def stirling(y: mpf) -> mpf:
    return y * mpmath.log(y) - y + mpmath.log(2 * mpmath.pi * y) / 2 if y > 1 else mpf(0)


def poisson(x: mpf, y: mpf, log_input: bool = True, full: bool = False, eps: float = 1e-8) -> tuple[mpf, mpf]:
    constant = stirling(y) if full else 0
    if log_input:
        return mpmath.exp(x) - y * x + constant, mpmath.exp(x) - y
    return x - x_log_y(y, x + mpf(eps)) + constant, 1 - y / (x + mpf(eps))


def gaussian(x: mpf, y: mpf, var: mpf, full: bool = False, eps: float = 1e-6) -> tuple[mpf, mpf]:
    variance = max(var, mpf(eps))
    constant = mpmath.log(2 * mpmath.pi) if full else 0
    return (mpmath.log(variance) + (x - y) ** 2 / variance + constant) / 2, (x - y) / variance


EXACT = {"poisson_nll_loss": each(poisson), "gaussian_nll_loss": each(gaussian)}


# --- options: of each Module every one changed; of torch's reference functions some -------------------------------

MODULE_OPTIONS = {
    # An eps so large that no logarithm of a rate, taken for a rate, is negative.
    "PoissonNLLLoss": {"log_input": False, "full": True, "eps": 4.0, "reduction": "sum"},
    "GaussianNLLLoss": {"full": True, "eps": 0.75, "reduction": "none"},
}
REFERENCE_OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {}
