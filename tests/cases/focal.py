"""The cases of the focal loss: yes or no, and one class of several."""

from collections.abc import Iterator
from typing import Any

import mpmath
import numpy as np
import torch
from mpmath import mpf
from torch import Tensor
from torch.nn import functional as F

from tests.cases.classification import INDEX, INDICES, SCORE_LAYOUTS, SCORES, pair, rows_of, samples_of
from tests.cases.form import HALF, INF, NAN, BadCall, Case, Difference, Exact, flat, named, noise, numbers, second_form

LOSS = "focal_loss"

# --- yes or no ----------------------------------------------------------------------------------------------------

_ANSWERS = ("random", "bits", "soft", "wide", "zero", "right", "large", "empty")
_SCORES = SCORES | {"soft": pair(numbers(-3, -1, 2, 4), numbers(0.9, 0.625, 0.25, 0.125))}
_CONSTANT = frozenset({"target"})
_SOME_IGNORED = pair(numbers(1, -2, 0.5, INF, NAN), numbers(1, -100, 0, -100, -100))


def answer_cases() -> Iterator[Case]:
    for option in ({}, {"gamma": 0.0}, {"gamma": 0.5}, {"gamma": 2.5, "alpha": 0.25}, {"alpha": 1.0}):
        for name in _ANSWERS:
            # At half a power of a chance that is rounded to 0, the usual formula has an infinite slope.
            if (name, option.get("gamma")) != ("large", 0.5):
                # An answer between yes and no has a slope of nearly 0 somewhere: there rounding is all that is left.
                exact = name in ("bits", "right", "soft")
                yield Case(LOSS, f"{name}-answers", _SCORES[name], option, (), _CONSTANT, exact=exact, places=256)
        yield Case(LOSS, "ignored-answers", _SOME_IGNORED, option, (), _CONSTANT)
    for name, (tensors, facts) in SCORE_LAYOUTS.items():
        yield Case(LOSS, f"{name}-answers", tensors, {"alpha": 0.25}, constant=_CONSTANT, **facts)
    ignored = pair(noise(4), numbers(0, 0.5, 2, 1))
    yield Case(LOSS, "ignored-two", ignored, {"ignore_index": 2}, (), _CONSTANT)
    weight = {"weight": noise(3, 4, seed=2).abs()}
    yield Case(LOSS, "weighted-answers", SCORES["random"] | weight, {"alpha": 0.25}, (), _CONSTANT)
    weight = {"weight": numbers(2, INF, 1, NAN, 0)}
    yield Case(LOSS, "weighted-ignored-answers", _SOME_IGNORED | weight, {}, (), _CONSTANT)
    many = pair(torch.full((70_000,), 4.0).double(), torch.zeros(70_000).double())
    yield Case(LOSS, "many-answers", many, {}, (), _CONSTANT, dtypes=HALF, reductions=("mean", "sum"))


# --- one class of several -----------------------------------------------------------------------------------------

_LEFT_OUT = ("unbatched-one", "bytes", "ignored-bytes", "infinite")
_SURE = ("large", "one-class", "minus-infinite")
_EXACT = ("random", "wide", "unbatched", "3-dim", "4-dim", "two-classes", "some-ignored", "ignored-class")
_FOUR = numbers(0.5, 1, 2, 0.25)


def class_cases() -> Iterator[Case]:
    for gamma in ({}, {"gamma": 0.0}, {"gamma": 0.5}, {"gamma": 2.5}):
        for name, (tensors, facts) in INDICES.items():
            if name not in _LEFT_OUT and not (gamma.get("gamma") == 0.5 and name in _SURE):
                options = facts.get("options", {}) | gamma
                exact = name in _EXACT
                yield Case(LOSS, name, tensors, options, INDEX, exact=exact, places=256, rows=rows_of(tensors))
    for name in ("random", "unbatched", "3-dim", "some-ignored", "all-ignored", "ignored-infinite"):
        tensors = INDICES[name][0]
        count = tensors["input"].shape[min(1, tensors["input"].dim() - 1)]
        facts = {"exact": name in _EXACT, "places": 256, "rows": rows_of(tensors)}
        yield Case(LOSS, name, tensors, {"alpha": _FOUR[:count].float()}, INDEX, **facts)
    some, ignored = INDICES["random"][0], INDICES["some-ignored"][0]
    weight = {"weight": noise(5, seed=2).abs()}
    yield Case(LOSS, "weighted", some | weight, {}, INDEX, rows=("input", "target", "weight"))
    yield Case(LOSS, "weighted-some-ignored", ignored | weight, {}, INDEX, rows=("input", "target", "weight"))
    yield Case(LOSS, "weighted-spoilt", ignored | {"weight": numbers(2, INF, 1, NAN, 0)}, {}, INDEX, rows=())
    places = {"weight": noise(2, 3, seed=2).abs()}
    yield Case(LOSS, "weighted-3-dim", INDICES["3-dim"][0] | places, {}, INDEX, rows=())
    many = pair(torch.full((70_000, 2), -2.0).double(), torch.zeros(70_000).long())
    yield Case(LOSS, "many", many, {}, INDEX, dtypes=HALF, reductions=("mean", "sum"), rows=())


CASES = (*answer_cases(), *class_cases())


# --- from torch's own pieces --------------------------------------------------------------------------------------


@second_form
def focal_from_cross_entropy(
    input: Tensor, target: Tensor, gamma: float = 2.0, alpha: Any = None, ignore_index: int = -100
) -> tuple[Tensor, Tensor]:
    """As torchvision has it: torch's cross-entropy, times a power of a chance."""
    kept = target != ignore_index
    if target.is_floating_point():
        x, y = input.where(kept, torch.zeros_like(input)), target.where(kept, torch.zeros_like(target))
        surprise = F.binary_cross_entropy_with_logits(x, y.to(x), reduction="none")
        miss = y * (-x).sigmoid() + (1 - y) * x.sigmoid()
        share = 1 if alpha is None else alpha * y + (1 - alpha) * (1 - y)
    else:
        scored = kept.unsqueeze(min(1, input.dim() - 1))
        x = input.where(scored, torch.zeros_like(input))
        surprise = F.cross_entropy(x, target, ignore_index=ignore_index, reduction="none")
        miss = -torch.expm1(-surprise)
        share = 1 if alpha is None else alpha.to(input).take(target.where(kept, 0))
    losses = share * surprise * (miss**gamma if gamma else 1)
    return losses.where(kept, torch.zeros_like(losses)), kept.to(losses)


SECOND_FORMS = {LOSS: focal_from_cross_entropy}


# --- bad calls ----------------------------------------------------------------------------------------------------

_X, _YES, _ROWS, _CLASS = torch.zeros(3), torch.ones(3), torch.zeros(2, 3), torch.tensor([0, 2])
_BAD: dict[str, tuple[dict[str, Any], tuple[str, ...], type[Exception]]] = {
    "list-for-input": ({"input": [1.0]}, ("input", "list", "torch.tensor"), TypeError),
    "number-for-target": ({"target": 1}, ("target", "int", "torch.tensor"), TypeError),
    "number-for-weight": ({"weight": 2.0}, ("weight", "float", "torch.tensor"), TypeError),
    "integers": ({"input": _ROWS.long()}, ("input", "int64", "input.float()"), RuntimeError),
    "complex": ({"input": _ROWS.cfloat()}, ("input", "complex64", "real"), RuntimeError),
    "bool-target": ({"target": _CLASS > 0}, ("target", "bool", "target.float()", "target.long()"), RuntimeError),
    "int32-target": ({"target": _CLASS.int()}, ("target", "int32", "target.long()"), RuntimeError),
    "complex-target": ({"target": _CLASS + 0j}, ("target", "complex64"), RuntimeError),
    "float-classes": ({"target": _CLASS.float()}, ("target", "(2,)", "(2, 3)", "target.long()"), ValueError),
    "column": ({"target": _CLASS[:, None]}, ("target", "(2,)", "(2, 1)", "(2, 3)"), ValueError),
    "integer-answers": ({"target": _ROWS.long()}, ("target", "(2,)", "(2, 3)", "target.float()"), ValueError),
    "too-few": ({"target": _CLASS[:1]}, ("target", "(2,)", "(1,)"), ValueError),
    "0-d-input": ({"input": _X[0], "target": _CLASS[0]}, ("input", "dimension of classes"), ValueError),
    "index-above": ({"target": torch.tensor([0, 3])}, ("target", "0 to 2", "3 classes", "from 0 to 3"), IndexError),
    "index-below": ({"target": torch.tensor([0, -1])}, ("target", "0 to 2", "-100", "from -1 to 0"), IndexError),
    "answer-column": ({"input": _X, "target": _YES[:, None]}, ("(3,)", "(3, 1)", "broadcast"), ValueError),
    "answer-above": ({"input": _X, "target": 2 * _YES}, ("target", "0 to 1", "2"), ValueError),
    "answer-below": ({"input": _X, "target": -_YES}, ("target", "0 to 1", "-1"), ValueError),
    "answer-nan": ({"input": _X, "target": NAN * _YES}, ("target", "0 to 1", "nan"), ValueError),
    "target-with-gradient": (
        {"input": _X, "target": _YES.clone().requires_grad_()},
        ("target", "target.detach()"),
        RuntimeError,
    ),
    "gamma": ({"gamma": -1.0}, ("gamma", "0 or more", "-1.0"), ValueError),
    "gamma-nan": ({"gamma": NAN}, ("gamma", "0 or more", "nan"), ValueError),
    "gamma-a-word": ({"gamma": "2"}, ("gamma", "real number", "str"), TypeError),
    "alpha-of-classes": ({"alpha": 0.25}, ("alpha", "0.25", "3 classes", "tensor"), ValueError),
    "alpha-too-short": ({"alpha": torch.ones(2)}, ("alpha", "3 classes", "(2,)"), ValueError),
    "alpha-row": ({"alpha": torch.ones(1, 3)}, ("alpha", "3 classes", "(1, 3)"), ValueError),
    "alpha-complex": ({"alpha": torch.ones(3) + 0j}, ("alpha", "complex64", "real"), RuntimeError),
    "alpha-a-list": ({"alpha": [1.0, 1.0, 1.0]}, ("alpha", "real number", "list"), TypeError),
    "alpha-above": ({"input": _X, "target": _YES, "alpha": 1.5}, ("alpha", "0 to 1", "1.5"), ValueError),
    "alpha-per-class-of-answers": (
        {"input": _X, "target": _YES, "alpha": torch.ones(3)},
        ("alpha", "(3,)", "yes or no", "number"),
        ValueError,
    ),
    "weight-of-classes": ({"weight": torch.ones(3)}, ("weight", "target", "(2,)", "(3,)", "broadcast"), ValueError),
    "weight-complex": ({"weight": torch.ones(2) + 0j}, ("weight", "complex64", "real"), RuntimeError),
    "ignore-a-number": ({"ignore_index": 1.0}, ("ignore_index", "whole number", "float"), TypeError),
    "reduction": ({"reduction": "avg"}, ("reduction", "'avg'", "none", "mean", "sum"), ValueError),
    "no-reduction": ({"reduction": None}, ("reduction", "None"), TypeError),
}
BAD_CALLS: tuple[BadCall, ...] = ()
OWN_BAD_CALLS = tuple(
    (BadCall(LOSS, name, {"input": _ROWS, "target": _CLASS} | arguments, says), kind)
    for name, (arguments, says, kind) in _BAD.items()
)
DIFFERENCES = (
    Difference(
        "in forward mode torch multiplies a 0-d float32 tensor by a number in float64, so the tangent is float64",
        (LOSS,),
        ("forward mode",),
        named("0-d-answers", "unbatched", "unbatched-ignored", dtype=torch.float32),
    ),
)
FINITE_ONLY_HERE: set = set()


# --- the loss a second time, in exact arithmetic ------------------------------------------------------------------


def of_answer(x: mpf, y: mpf, gamma: float, alpha: float | None) -> tuple[mpf, mpf]:
    p = 1 / (1 + mpmath.exp(-x))
    no = 1 / (1 + mpmath.exp(x))
    miss, surprise = y * no + (1 - y) * p, -y * mpmath.log(p) - (1 - y) * mpmath.log(no)
    share = mpf(1) if alpha is None else mpf(alpha) * y + (1 - mpf(alpha)) * (1 - y)
    slope = gamma * miss ** (gamma - 1) * (1 - 2 * y) * p * no * surprise + miss**gamma * (p - y)
    return share * miss**gamma * surprise, share * slope


def of_class(x: list, y: int, gamma: float, share: mpf) -> tuple[mpf, list[mpf]]:
    powers = [mpmath.exp(one) for one in x]
    total = mpmath.fsum(powers)
    p, miss = powers[y] / total, mpmath.fsum(one for c, one in enumerate(powers) if c != y) / total
    by_p = gamma * miss ** (gamma - 1) * mpmath.log(p) - miss**gamma / p
    slopes = [share * by_p * p * ((c == y) - one / total) for c, one in enumerate(powers)]
    return -share * miss**gamma * mpmath.log(p), slopes


def focal(input: list, target: Any, gamma: float = 2.0, alpha: Any = None, ignore_index: int = -100) -> Exact:
    labels = np.array(target, dtype=object)
    if any(isinstance(label, mpf) for label in labels.flatten()):
        pairs = zip(flat(input), flat(target), strict=True)
        values, slopes = zip(*(of_answer(x, y, mpf(gamma), alpha) for x, y in pairs), strict=True)
        return Exact(list(values), list(slopes))
    table = np.array(input, dtype=object)
    samples = samples_of(table)
    values, slopes, kept = [], [], 0
    for x, y in zip(samples.reshape(-1, samples.shape[-1]), labels.flatten(), strict=True):
        counts = y != ignore_index
        share = mpf(alpha[y].item()) if counts and alpha is not None else mpf(1)
        value, pulls = of_class(list(x), y, mpf(gamma), share) if counts else (mpf(0), [mpf(0)] * len(x))
        values.append(value)
        slopes += pulls
        kept += counts
    order = np.array(slopes, dtype=object).reshape(samples.shape)
    in_place = np.moveaxis(order, -1, min(1, table.ndim - 1)).flatten().tolist()
    return Exact(values, in_place, mpf(int(kept)))


EXACT = {LOSS: focal}
MODULE_OPTIONS: dict[str, dict[str, Any]] = {}
REFERENCE_OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {}
