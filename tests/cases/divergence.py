"""The cases of the divergence between two distributions."""

from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
import torch
from mpmath import mpf
from torch import Tensor
from torch.nn import functional as F

from tests.cases.classification import samples_of
from tests.cases.form import (
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
    finite_here,
    named,
    noise,
    numbers,
    second_form,
)

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


# --- the scores of a student and of its teacher -------------------------------------------------------------------


def scores(input: Tensor, teacher: Tensor, weight: Tensor | None = None) -> dict[str, Tensor]:
    return {"input": input, "teacher": teacher} | ({} if weight is None else {"weight": weight})


def table(*rows: list[float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def zeros(*shape: int) -> Tensor:
    return torch.zeros(shape, dtype=torch.float64)


_TAUGHT: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "random": (scores(noise(5, 4), noise(5, 4, seed=1)), {}),
    # Where student and teacher nearly agree, rounding is all that is left of a slope: no judge of half precision.
    "wide": (scores(4 * noise(30, 6), 4 * noise(30, 6, seed=1)), {"dtypes": FULL}),
    "unbatched": (scores(noise(4), noise(4, seed=1)), {"rows": ()}),
    "3-dim": (scores(noise(2, 4, 3), noise(2, 4, 3, seed=1)), {}),
    "4-dim": (scores(noise(2, 4, 3, 2), noise(2, 4, 3, 2, seed=1)), {"dtypes": FULL}),
    "apart": (scores(table([2, 0.5, -2], [0, 3, 0.25]), table([-2, 1, 2.5], [1, -3, 4])), {"exact": True}),
    "one-class": (scores(noise(3, 1), noise(3, 1, seed=1)), {}),
    "equal": (scores(noise(3, 4), noise(3, 4)), {"dtypes": FULL}),
    "transposed": (scores(noise(4, 5), noise(4, 5, seed=1)), {"view": torch.t}),
    "strided": (scores(noise(6, 8), noise(6, 8, seed=1)), {"view": lambda t: t[::2, ::2]}),
    "large": (scores(numbers(1e4, -1e4, 0).reshape(1, 3), numbers(-1e4, 0, 1e4).reshape(1, 3)), {}),
    "minus-infinite": (scores(numbers(-INF, 0, 1, 2).reshape(1, 4), numbers(1, 0, 1, 2).reshape(1, 4)), {}),
    "empty": (scores(zeros(0, 4), zeros(0, 4)), {"rows": ()}),
    "empty-places": (scores(zeros(2, 4, 0), zeros(2, 4, 0)), {"rows": ()}),
    "double-teacher": (scores(noise(5, 4), noise(5, 4, seed=1)), {"fixed": {"teacher"}, "dtypes": FULL}),
    "weighted": (scores(noise(5, 4), noise(5, 4, seed=1), noise(5, seed=2).abs()), {}),
    "weighted-3-dim": (scores(noise(2, 4, 3), noise(2, 4, 3, seed=1), noise(2, 3, seed=2).abs()), {"rows": ()}),
    "weighted-unbatched": (scores(noise(4), noise(4, seed=1), numbers(3)[0]), {"rows": ()}),
    "weights-all-zero": (scores(noise(2, 4), noise(2, 4, seed=1), zeros(2)), {}),
}


def distillation_cases() -> Iterator[Case]:
    for option in ({}, {"temperature": 1.0}, {"temperature": 5.0}):
        for name, (tensors, facts) in _TAUGHT.items():
            rows = ("input", "teacher", *(("weight",) if "weight" in tensors else ()))
            yield Case("distillation_loss", name, tensors, option, **{"rows": rows, "places": 512} | facts)
    learned = scores(noise(5, 4), noise(5, 4, seed=1)) | {"temperature": numbers(3)[0]}
    yield Case("distillation_loss", "learned-temperature", learned, dtypes=FULL, rows=())
    many = scores(numbers(20, 0).expand(70_000, 2), numbers(0, 20).expand(70_000, 2))
    yield Case("distillation_loss", "many", many, dtypes=HALF, reductions=("mean", "sum"), rows=())


@second_form
def distillation_from_kl_div(input: Tensor, teacher: Tensor, temperature: Any = 2.0) -> Tensor:
    """torch's divergence of torch's log-softmaxes."""
    dim = min(1, input.dim() - 1)
    common = torch.promote_types(input.dtype, teacher.dtype)
    softened = ((one.to(common) / temperature).log_softmax(dim) for one in (input, teacher))
    return temperature**2 * F.kl_div(*softened, log_target=True, reduction="none").sum(dim)


SECOND_FORMS = {"distillation_loss": distillation_from_kl_div}
CASES = (*cases(), *distillation_cases())


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

_STUDENT = torch.ones(2, 3)
_BAD_SCORES: dict[str, tuple[dict[str, Any], tuple[str, ...], type[Exception]]] = {
    "list-for-input": ({"input": [1.0]}, ("input", "list", "torch.tensor"), TypeError),
    "number-for-teacher": ({"teacher": 1.0}, ("teacher", "float", "torch.tensor"), TypeError),
    "number-for-weight": ({"weight": 1.0}, ("weight", "float", "torch.tensor"), TypeError),
    "integers": ({"input": _STUDENT.long()}, ("input", "int64", "input.float()"), RuntimeError),
    "complex": ({"input": _STUDENT + 0j}, ("input", "complex64", "real"), RuntimeError),
    "labels": ({"teacher": torch.tensor([0, 2])}, ("teacher", "int64", "labels"), RuntimeError),
    "complex-teacher": ({"teacher": _STUDENT + 0j}, ("teacher", "complex64"), RuntimeError),
    "one-teacher": ({"teacher": _STUDENT[:1]}, ("teacher", "(1, 3)", "input", "(2, 3)", "broadcast"), ValueError),
    "0-d": ({"input": _STUDENT[0, 0], "teacher": _STUDENT[0, 0]}, ("input", "dimension of classes"), ValueError),
    "weight-of-classes": ({"weight": torch.ones(3)}, ("weight", "samples", "(2,)", "(3,)"), ValueError),
    "weight-bool": ({"weight": torch.ones(2) > 0}, ("weight", "bool", "weight.float()"), RuntimeError),
    "temperature": ({"temperature": 0.0}, ("temperature", "above 0", "0.0"), ValueError),
    "temperature-nan": ({"temperature": NAN}, ("temperature", "above 0", "nan"), ValueError),
    "temperature-below": ({"temperature": torch.tensor(-1.0)}, ("temperature", "above 0", "-1"), ValueError),
    "temperatures": ({"temperature": torch.ones(3)}, ("temperature", "one", "(3,)"), ValueError),
    "temperature-whole": ({"temperature": torch.tensor(2)}, ("temperature", "real", "int64"), ValueError),
    "temperature-a-word": ({"temperature": "2"}, ("temperature", "real number", "str"), TypeError),
    "reduction": ({"reduction": "batchmean"}, ("reduction", "'batchmean'", "none", "mean", "sum"), ValueError),
    "no-reduction": ({"reduction": None}, ("reduction", "None"), TypeError),
}
OWN_BAD_CALLS = tuple(
    (BadCall("distillation_loss", name, {"input": _STUDENT, "teacher": _STUDENT} | arguments, says), kind)
    for name, (arguments, says, kind) in _BAD_SCORES.items()
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


def distilled(input: list, teacher: list, temperature: float = 2.0) -> Exact:
    heat, table = mpf(temperature), np.array(input, dtype=object)
    students, teachers = samples_of(table), samples_of(np.array(teacher, dtype=object))
    values, slopes = [], []
    for x, z in zip(*(it.reshape(-1, it.shape[-1]) for it in (students, teachers)), strict=True):
        p, q = ([mpmath.exp(one / heat) for one in scores] for scores in (x, z))
        p, q = ([one / mpmath.fsum(powers) for one in powers] for powers in (p, q))
        values.append(heat**2 * mpmath.fsum(b * mpmath.log(b / a) for a, b in zip(p, q, strict=True)))
        slopes += [heat * (a - b) for a, b in zip(p, q, strict=True)]
    order = np.array(slopes, dtype=object).reshape(students.shape)
    return Exact(values, np.moveaxis(order, -1, min(1, table.ndim - 1)).flatten().tolist())


EXACT = {"kl_div": each(divergence), "distillation_loss": distilled}


# --- options: of each Module every one changed; of torch's reference functions some -------------------------------

MODULE_OPTIONS = {"KLDivLoss": {"reduction": "batchmean", "log_target": True}}
REFERENCE_OPTIONS = {"KLDivLoss": ({}, {"log_target": True})}
