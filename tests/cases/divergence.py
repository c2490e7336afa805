"""The cases of the divergence between two distributions."""

from collections.abc import Callable
from typing import Any

import mpmath
import torch
from mpmath import mpf
from torch import Tensor

from tests.cases.form import HALF, INF, NAN, BadCall, Case, Difference, Trial, each, finite_here, named, noise, numbers

KL_REDUCTIONS = ("none", "mean", "sum", "batchmean")


def distributions(input: Tensor, target: Tensor) -> dict[str, Tensor]:
    return {"input": input, "target": target}


_EMPTY = torch.zeros(0, 3, dtype=torch.float64)
_LOG = noise(3, 4).log_softmax(-1)
_OTHER_LOG = (2 * noise(3, 4, seed=1)).log_softmax(-1)

# The target is a probability, or its logarithm.
CHANCES = {
    "random": distributions(_LOG, _OTHER_LOG.exp()),
    "wide": distributions((9 * noise(4, 10)).log_softmax(-1), noise(4, 10, seed=1).softmax(-1)),
    "equal": distributions(numbers(0.5, 0.25, 0.25).log(), numbers(0.5, 0.25, 0.25)),
    "no-distributions": distributions(3 * noise(5), 3 * noise(5, seed=1).abs()),
    "nan-slope-at-no-chance": distributions(numbers(-1, 0, -50, 3, 0), numbers(0, 1, -0.0, 0, 0)),
    "infinite": distributions(
        numbers(-INF, -INF, INF, INF, NAN, -1, -1, -1, -1, -INF), numbers(0, 0.5, 0, 0.5, 0, NAN, INF, -0.5, -INF, INF)
    ),
    "large": distributions(numbers(-1e4, 1e4, -1e30, 1), numbers(1, 0.5, 1e-4, 1e30)),
    "small": distributions(numbers(-80, -1e-6, -40), numbers(1e-38, 1e-6, 1e-42)),
    "empty": distributions(_EMPTY, _EMPTY),
}
LOG_CHANCES = {
    "random": distributions(_LOG, _OTHER_LOG),
    "wide": distributions((9 * noise(4, 10)).log_softmax(-1), (9 * noise(4, 10, seed=1)).log_softmax(-1)),
    "equal": distributions(numbers(0.5, 0.25, 0.25).log(), numbers(0.5, 0.25, 0.25).log()),
    "no-distributions": distributions(3 * noise(5), 3 * noise(5, seed=1)),
    "infinite": distributions(
        numbers(-INF, -INF, INF, INF, NAN, -1, -1, -1), numbers(-INF, -1, -INF, -1, -1, NAN, INF, -INF)
    ),
    "large": distributions(numbers(-1e4, 3e4, -1, -1e30), numbers(-1, -1, -1e4, -1e30)),
    "small": distributions(numbers(-1e-6, 1e-30, 0), numbers(1e-6, -1e-6, -1e-30)),
    "empty": distributions(_EMPTY, _EMPTY),
}
LAYOUTS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "0-d": (distributions(numbers(-0.5)[0], numbers(0.25)[0]), {}),
    "vector": (distributions(noise(4).log_softmax(0), noise(4, seed=1).softmax(0)), {}),
    "K-dim": (distributions(noise(2, 3, 2, 2).log_softmax(1), noise(2, 3, 2, 2, seed=1).softmax(1)), {}),
    "transposed": (distributions(_LOG, _OTHER_LOG.exp()), {"view": torch.t}),
    "strided": (distributions(noise(9), noise(9, seed=1).abs()), {"view": lambda t: t[::2]}),
    "broadcast": (distributions(noise(3, 1), noise(4, seed=1).abs()), {}),
    "broadcast-0-d": (distributions(noise(3), numbers(0.5)[0]), {}),
    "broadcast-input": (distributions(noise(3), noise(2, 3, seed=1).abs()), {}),
    "broadcast-0-d-input": (distributions(numbers(-0.5)[0], noise(2, 3, seed=1).abs()), {}),
    "no-columns": (distributions(*(torch.zeros(2, 0, dtype=torch.float64),) * 2), {}),
    "double-target": (distributions(noise(3), noise(3, seed=1).abs()), {"fixed": frozenset({"target"})}),
    "double-0-d-target": (distributions(noise(3), numbers(0.5)[0]), {"fixed": frozenset({"target"})}),
    "single-input": (distributions(noise(3).float(), noise(3, seed=1).abs()), {"fixed": frozenset({"input"})}),
}
_MANY = torch.full((70_000,), 2.0, dtype=torch.float64)
_EXACT = ("random", "wide", "no-distributions", "nan-slope-at-no-chance", "large", "small")


def cases():
    for options, table in (({}, CHANCES), ({"log_target": True}, LOG_CHANCES)):
        for name, tensors in table.items():
            # Where the two probabilities are near each other, their logarithms cancel.
            yield Case(
                "kl_div",
                name,
                tensors,
                options,
                reductions=KL_REDUCTIONS,
                exact=name in _EXACT,
                places=32,
                bent=name == "random",
            )
        for name, (tensors, facts) in LAYOUTS.items():
            yield Case("kl_div", name, tensors, options, reductions=KL_REDUCTIONS, **facts)
        yield Case("kl_div", "many", distributions(-_MANY, _MANY), options, dtypes=HALF, reductions=KL_REDUCTIONS[1:])


CASES = (*cases(),)


# --- bad calls ----------------------------------------------------------------------------------------------------

_ONES = torch.ones(3)
_BAD: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "list-for-input": ({"input": [1.0]}, ("input", "list", "Tensor", "torch.tensor")),
    "number-for-target": ({"target": 1.0}, ("target", "float", "Tensor", "torch.tensor")),
    "sizes": ({"target": torch.ones(4)}, ("input", "(3,)", "target", "(4,)", "one size")),
    "reduction": ({"reduction": "avg"}, ("reduction", "'avg'", "'none'", "'mean'", "'sum'", "'batchmean'")),
    "no-reduction": ({"reduction": None}, ("reduction", "None", "'batchmean'")),
    "log_target": ({"log_target": 1}, ("log_target", "True", "int")),
    "integer-input": ({"input": _ONES.long()}, ("input", "int64", "floating point", "input.float()")),
    "bool-target": ({"target": _ONES > 0}, ("target", "bool", "floating point", "target.float()")),
    "complex-target": ({"target": _ONES + 0j}, ("target", "complex64", "real floating point")),
}
BAD_CALLS = tuple(
    BadCall("kl_div", name, {"input": _ONES, "target": _ONES} | changes, says) for name, (changes, says) in _BAD.items()
)


# --- where this package differs from torch ------------------------------------------------------------------------


def is_plain(*names: str, **facts: object) -> Callable[[Trial], bool]:
    """Trials of these cases whose target is a probability, not its logarithm."""
    return lambda trial: named(*names, **facts)(trial) and not trial.case.options


DIFFERENCES = (
    Difference(
        "in forward mode torch's slope by a target of 0 is nan, ours that of the other term; in reverse both are nan",
        ("kl_div",),
        ("forward mode",),
        is_plain("nan-slope-at-no-chance"),
    ),
    Difference(
        "the same, where the input is infinite",
        ("kl_div",),
        ("forward mode",),
        is_plain("infinite", reduction="none"),
    ),
    Difference(
        "in forward mode ours is infinite where a probability is below the smallest normal number",
        ("kl_div",),
        ("forward mode",),
        is_plain("small", dtype=torch.float32),
    ),
)

# The sum overflows, the mean over the batch does not.
FINITE_ONLY_HERE = {
    *finite_here("kl_div-many", torch.float16, "value", reductions=("batchmean",)),
    *finite_here("kl_div-many-log_target=True", torch.float16, "value", reductions=("batchmean",)),
}


# --- the loss a second time, in exact arithmetic: value and slope of one element ----------------------------------


def divergence(x: mpf, y: mpf, log_target: bool = False) -> tuple[mpf, mpf]:
    if log_target:
        return mpmath.exp(y) * (y - x), -mpmath.exp(y)
    return (y * (mpmath.log(y) - x) if y else mpf(0)), -y


EXACT = {"kl_div": each(divergence)}


# --- options: of each Module every one changed; of torch's reference functions some -------------------------------

MODULE_OPTIONS = {"KLDivLoss": {"reduction": "batchmean", "log_target": True}}
REFERENCE_OPTIONS = {"KLDivLoss": ({}, {"log_target": True})}
