"""The cases of the losses for kinds."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import mpmath
import numpy as np
import torch
from mpmath import mpf
from torch import Tensor

from tests.cases.form import (
    ALL,
    FULL,
    HALF,
    INF,
    NAN,
    REDUCTIONS,
    BadCall,
    Case,
    Difference,
    Exact,
    flat,
    named,
    noise,
    numbers,
)

NOTHING = torch.zeros(0, 3, dtype=torch.float64)


def pair(input: Tensor, target: Tensor, **weights: Tensor) -> dict[str, Tensor]:
    return {"input": input, "target": target, **weights}


def constant(case: dict[str, Tensor]) -> frozenset[str]:
    """The weights of a case: torch has no derivative by them."""
    return frozenset(case) & {"weight", "pos_weight"}


# --- yes or no: chances ---------------------------------------------------------------------------------------------

_BITS = (noise(3, 4, seed=1) > 0).double()
CHANCES = {
    "random": pair(noise(3, 4).sigmoid(), noise(3, 4, seed=1).sigmoid()),
    "bits": pair(noise(3, 4).sigmoid(), _BITS),
    "wide": pair((3 * noise(40)).sigmoid(), noise(40, seed=1).sigmoid()),
    "certain": pair(numbers(0, 0, 0, 1, 1, 1), numbers(0, 1, 0.5, 0, 1, 0.5)),
    # Near 0 and 1: around the 1e-12 of the slope, and around exp(-100), where the logarithm is cut off.
    "nearly-certain": pair(
        numbers(1e-10, 1e-12, 1e-13, 1e-30, 3e-44, 5e-44, 1e-300, 1 - 2.0**-24, 1 - 2.0**-53, 1e-12, 1e-30),
        numbers(0, 1, 0.5, 1, 1, 1, 1, 0, 0, 0, 0),
    ),
    "right": pair(numbers(1e-3, 0.999, 0.5), numbers(1e-3, 0.999, 0.5)),
    "empty": pair(NOTHING, NOTHING),
}
CHANCE_LAYOUTS = {
    "0-d": (pair(numbers(0.25)[0], numbers(1)[0]), {}),
    "K-dim": (pair(noise(2, 3, 2, 2).sigmoid(), noise(2, 3, 2, 2, seed=1).sigmoid()), {}),
    "transposed": (pair(noise(4, 3).sigmoid(), noise(4, 3, seed=1).sigmoid()), {"view": torch.t}),
    "strided": (pair(noise(9).sigmoid(), noise(9, seed=1).sigmoid()), {"view": lambda t: t[::2]}),
}
_MANY = torch.full((70_000,), 0.125, dtype=torch.float64)
CHANCE_WEIGHTS = {
    "weighted": (noise(3, 4, seed=2).abs(), {}),
    "weights-row": (noise(4, seed=2).abs(), {}),
    "weights-column": (noise(3, 1, seed=2).abs(), {}),
    "weights-0-d": (numbers(2.5)[0], {}),
    "weights-one": (numbers(2.5), {}),
    "weights-with-zero": (numbers(0, 1, 2, 0), {}),
    "weights-negative": (numbers(-1, 1, 2, -0.5), {}),
    "weights-all-zero": (torch.zeros(3, 4, dtype=torch.float64), {}),
    "weights-infinite": (numbers(INF, NAN, 1, -INF), {"dtypes": FULL}),
    "weights-integer": (torch.tensor([1, 0, 3, 2]), {"fixed": frozenset({"weight"})}),
    "weights-bool": (torch.tensor([True, False, True, True]), {"fixed": frozenset({"weight"})}),
    "weights-double": (numbers(1, 2, 3, 0.5), {"fixed": frozenset({"weight"})}),
}


def yes_or_no_cases(loss: str, plain: dict[str, dict[str, Tensor]], layouts: dict[str, Any]) -> Iterator[Case]:
    """What binary cross-entropy of chances and of scores have in common."""
    for name, tensors in plain.items():
        yield Case(
            loss, name, tensors, exact=name in ("random", "bits", "wide", "right"), places=64, bent=name == "random"
        )
    for name, (tensors, facts) in layouts.items():
        yield Case(loss, name, tensors, **facts)
    for name, (weight, facts) in CHANCE_WEIGHTS.items():
        tensors = pair(**plain["random"], weight=weight)
        rows = ("input", "target") if weight.dim() < 2 else ()
        yield Case(loss, name, tensors, constant=constant(tensors), bent=name == "weighted", rows=rows, **facts)


BINARY_CROSS_ENTROPY = (
    *yes_or_no_cases("binary_cross_entropy", CHANCES, CHANCE_LAYOUTS),
    Case("binary_cross_entropy", "many", pair(_MANY, torch.zeros_like(_MANY)), dtypes=HALF, reductions=("mean", "sum")),
)


# --- yes or no: scores ----------------------------------------------------------------------------------------------

_LOGITS = "binary_cross_entropy_with_logits"
_TENTHS = numbers(0, 0, 1, 1, 0.5, 0.5, 0.3, 0.3)
SCORES = {
    "random": pair(noise(3, 4), noise(3, 4, seed=1).sigmoid()),
    "bits": pair(noise(3, 4), _BITS),
    "wide": pair(6 * noise(40), noise(40, seed=1).sigmoid()),
    "zero": pair(torch.zeros(8, dtype=torch.float64), _TENTHS),
    "right": pair(numbers(-30, -15, -5, -1, 1, 2), numbers(0, 0, 0, 0, 1, 1)),
    "large": pair(numbers(1e4, -1e4, 1e4, -1e4, 1e4, -1e4, 3e4, -3e4), _TENTHS),
    "infinite": pair(numbers(INF, -INF, NAN, INF, -INF, INF, -INF, NAN), numbers(0, 0, 0, 1, 1, 0.5, 0.5, 1)),
    "outside": pair(numbers(1, 1, -2, -2), numbers(2, -1, 3, -0.5)),
    "empty": pair(NOTHING, NOTHING),
}
SCORE_LAYOUTS = {
    "0-d": (pair(numbers(0.25)[0], numbers(1)[0]), {}),
    "K-dim": (pair(noise(2, 3, 2, 2), noise(2, 3, 2, 2, seed=1).sigmoid()), {}),
    "transposed": (pair(noise(4, 3), noise(4, 3, seed=1).sigmoid()), {"view": torch.t}),
    "strided": (pair(noise(9), noise(9, seed=1).sigmoid()), {"view": lambda t: t[::2]}),
    "double-target": (
        pair(noise(3), noise(3, seed=1).sigmoid()),
        {"fixed": frozenset({"target"}), "dtypes": FULL},
    ),
    "single-target": (pair(noise(3), noise(3, seed=1).sigmoid().float()), {"fixed": frozenset({"target"})}),
    "half-target": (
        pair(noise(3), noise(3, seed=1).sigmoid().half()),
        {"fixed": frozenset({"target"}), "dtypes": HALF},
    ),
}
POS_WEIGHTS = {
    "pos-weight": (numbers(3, 2.5, 1, 1.5), {"bent": True}),
    "pos-weight-with-zero": (numbers(3, 0.5, 1, 0), {}),
    "pos-weight-0-d": (numbers(3)[0], {}),
    "pos-weight-column": (numbers(3, 0.5, 2)[:, None], {"rows": ()}),
    "pos-weight-full": (noise(3, 4, seed=3).abs(), {}),
    "pos-weight-negative": (numbers(-3, 0.5, 1, 0), {}),
    "pos-weight-infinite": (numbers(INF, NAN, 1, 0), {"dtypes": FULL}),
    "pos-weight-integer": (torch.tensor([3, 1, 2, 0]), {"fixed": frozenset({"pos_weight"})}),
    "pos-weight-bytes": (torch.tensor([3, 1, 2, 0], dtype=torch.uint8), {"fixed": frozenset({"pos_weight"})}),
    "pos-weight-double": (numbers(3, 0.5, 1, 0), {"fixed": frozenset({"pos_weight"})}),
}


def pos_weight_cases() -> Iterator[Case]:
    for name, (weight, facts) in POS_WEIGHTS.items():
        tensors = pair(**SCORES["random"], pos_weight=weight)
        rows = {"rows": ("input", "target")} if weight.dim() < 2 else {}
        yield Case(_LOGITS, name, tensors, constant=constant(tensors), **rows | facts)
    for name in ("zero", "large", "infinite"):
        tensors = pair(**SCORES[name], pos_weight=numbers(2.5)[0])
        yield Case(_LOGITS, f"{name}-pos-weight", tensors, constant=constant(tensors), rows=("input", "target"))
    both = pair(**SCORES["random"], weight=noise(3, 1, seed=2).abs(), pos_weight=numbers(3, 2.5, 1, 1.5))
    yield Case(_LOGITS, "both-weights", both, constant=constant(both), rows=(), bent=True)


# --- one class of several: an index ---------------------------------------------------------------------------------

INDEX = frozenset({"target"})
_SOME = torch.tensor([0, 3, 1, 1, 2])


def rows_of(tensors: dict[str, Tensor]) -> tuple[str, ...]:
    """Of (N, C), each sample is a row, and the weights are the same for all: a row must not look like a batch."""
    return ("input", "target") if tensors["input"].dim() == 2 and len(tensors["input"]) else ()


# These hold for log-probabilities and for scores alike.
INDICES = {
    "random": (pair(noise(5, 4), _SOME), {}),
    "wide": (pair(8 * noise(40, 6), torch.arange(40) % 6), {}),
    "unbatched": (pair(noise(4), torch.tensor(2)), {}),
    "unbatched-one": (pair(noise(4), torch.tensor([2])), {}),
    "unbatched-ignored": (pair(noise(4), torch.tensor(-100)), {}),
    "3-dim": (pair(noise(2, 4, 3), torch.arange(6).reshape(2, 3) % 4), {}),
    "4-dim": (pair(noise(2, 4, 3, 2), torch.arange(12).reshape(2, 3, 2) % 4), {}),
    "5-dim": (pair(noise(2, 4, 1, 2, 2), torch.arange(8).reshape(2, 1, 2, 2) % 4), {}),
    "one-class": (pair(noise(3, 1), torch.zeros(3).long()), {}),
    "two-classes": (pair(noise(3, 2), torch.tensor([0, 1, 1])), {}),
    "bytes": (pair(noise(5, 4), _SOME.byte()), {}),
    "transposed": (pair(noise(4, 5).t(), _SOME), {}),
    "channels-last": (
        pair(noise(2, 3, 2, 4).permute(0, 3, 1, 2), torch.arange(12).reshape(2, 2, 3).transpose(1, 2) % 4),
        {},
    ),
    "strided-target": (pair(noise(3, 4), _SOME[::2]), {}),
    "empty": (pair(torch.zeros(0, 4, dtype=torch.float64), torch.zeros(0).long()), {}),
    "empty-places": (pair(torch.zeros(2, 4, 0, dtype=torch.float64), torch.zeros(2, 0).long()), {}),
    "empty-4-dim": (pair(torch.zeros(0, 4, 2, 1, dtype=torch.float64), torch.zeros(0, 2, 1).long()), {}),
    "some-ignored": (pair(noise(5, 4), torch.tensor([0, -100, 1, -100, 2])), {}),
    "all-ignored": (pair(noise(3, 4), torch.full((3,), -100)), {}),
    "all-ignored-3-dim": (pair(noise(2, 4, 3), torch.full((2, 3), -100)), {}),
    "ignored-class": (pair(noise(5, 4), _SOME), {"options": {"ignore_index": 1}}),
    "ignored-minus-one": (pair(noise(3, 4), torch.tensor([-1, 2, -1])), {"options": {"ignore_index": -1}}),
    "ignored-beyond": (pair(noise(3, 4), torch.tensor([255, 2, 0])), {"options": {"ignore_index": 255}}),
    "ignored-bytes": (pair(noise(3, 4), torch.tensor([255, 2, 0]).byte()), {"options": {"ignore_index": 255}}),
    "minus-infinite": (
        pair(numbers(0, -INF, 1, -INF, 0, 2, -INF, -INF, 3).reshape(3, 3), torch.tensor([0, 0, 2])),
        {},
    ),
    "infinite": (pair(numbers(INF, 0, NAN, 0, -INF, -INF, 0, 1).reshape(4, 2), torch.tensor([0, 1, 0, 1])), {}),
    "ignored-infinite": (
        pair(numbers(INF, 0, NAN, 0, -INF, -INF, 0, 1).reshape(4, 2), torch.tensor([-100, -100, -100, 1])),
        {},
    ),
    "large": (pair(numbers(1e4, -1e4, 0, 1e4, 1e4, -3e4).reshape(2, 3), torch.tensor([1, 2])), {}),
}
_FOUR = noise(4, seed=2).abs()
CLASS_WEIGHTS = {
    "weighted": (pair(noise(5, 4), _SOME, weight=_FOUR), {}),
    "weights-unbatched": (pair(noise(4), torch.tensor(2), weight=_FOUR), {}),
    "weights-3-dim": (pair(noise(2, 4, 3), torch.arange(6).reshape(2, 3) % 4, weight=_FOUR), {}),
    "weights-some-ignored": (pair(noise(5, 4), torch.tensor([0, -100, 1, -100, 2]), weight=_FOUR), {}),
    "weights-all-ignored": (pair(noise(3, 4), torch.full((3,), -100), weight=_FOUR), {}),
    "weights-ignored-class": (pair(noise(5, 4), _SOME, weight=_FOUR), {"options": {"ignore_index": 1}}),
    "weights-with-zero": (pair(noise(5, 4), _SOME, weight=numbers(0, 2, 1, 0)), {}),
    "weights-all-zero": (pair(noise(5, 4), _SOME, weight=numbers(0, 0, 0, 0)), {}),
    "weights-negative": (pair(noise(5, 4), _SOME, weight=numbers(-1, 2, 1, -0.5)), {}),
    "weights-cancel": (pair(noise(4, 4), torch.arange(4), weight=numbers(1, 1, -1, -1)), {}),
    "weights-infinite": (pair(noise(4, 4), torch.arange(4), weight=numbers(INF, NAN, 1, 0)), {"dtypes": FULL}),
    # The class that is never asked for has a weight that would spoil all.
    "weights-unused": (pair(noise(2, 4), torch.tensor([1, -100]), weight=numbers(NAN, 2, 1, INF)), {}),
}


# Where a model is nearly certain, cross-entropy loses places in 1 - p, as torch's does; a likelihood has none to lose.
EXACT_TOO = {"nll_loss": ("wide", "weights-some-ignored"), "cross_entropy": ("weights-some-ignored",)}


def index_cases(loss: str, tables: tuple[dict[str, tuple[dict[str, Tensor], dict]], ...], **options) -> Iterator[Case]:
    """Cases with a class index as target; the options are added to those of each."""
    for table in tables:
        for name, (tensors, facts) in table.items():
            yield Case(
                loss,
                name,
                tensors,
                facts.get("options", {}) | options,
                fixed=INDEX,
                constant=constant(tensors),
                dtypes=facts.get("dtypes", ALL),
                exact=name in ("random", "4-dim", "some-ignored", "weighted", *(() if options else EXACT_TOO[loss])),
                places=4 if loss == "nll_loss" else 256,  # prediction − target cancels
                # With smoothing, torch refuses weights beside bytes, or in a column, but only for the mean.
                bent=name in ("random", "unbatched", "3-dim", *(() if options else ("weighted", "weights-3-dim"))),
                rows=rows_of(tensors),
            )


_MANY_SAMPLES = pair(torch.full((70_000, 2), -2.0, dtype=torch.float64), torch.zeros(70_000).long())
_MANY_WEIGHTED = pair(**_MANY_SAMPLES, weight=numbers(2, 1))


def many_cases(loss: str, **options) -> Iterator[Case]:
    for name, tensors in (("many", _MANY_SAMPLES), ("weights-many", _MANY_WEIGHTED)):
        yield Case(
            loss, name, tensors, options, INDEX, constant(tensors), dtypes=HALF, reductions=("mean", "sum"), rows=()
        )


# Only a loss that takes any number: in torch, a weight of one more dimension passes beyond two of input.
_WEIGHT_SHAPES = {
    "weights-row-3-dim": (pair(noise(2, 4, 3), torch.arange(6).reshape(2, 3) % 4, weight=_FOUR[None]), {}),
    "weights-column-4-dim": (
        pair(noise(2, 4, 3, 1), torch.arange(6).reshape(2, 3, 1) % 4, weight=_FOUR[:, None]),
        {},
    ),
}


# --- one class of several: a distribution ---------------------------------------------------------------------------

_MIXED = noise(5, 4, seed=1).softmax(1)
DISTRIBUTIONS = {
    "chances": (pair(noise(5, 4), _MIXED), {}),
    "chances-weighted": (pair(noise(5, 4), _MIXED, weight=_FOUR), {}),
    "chances-certain": (pair(noise(5, 4), torch.eye(4, dtype=torch.float64)[_SOME]), {}),
    "chances-unbatched": (pair(noise(4), _MIXED[0]), {}),
    "chances-unbatched-weighted": (pair(noise(4), _MIXED[0], weight=_FOUR), {}),
    "chances-3-dim": (pair(noise(2, 4, 3), noise(2, 4, 3, seed=1).softmax(1)), {}),
    "chances-4-dim-weighted": (pair(noise(2, 4, 3, 2), noise(2, 4, 3, 2, seed=1).softmax(1), weight=_FOUR), {}),
    "chances-one-class": (pair(noise(3, 1), torch.ones(3, 1, dtype=torch.float64)), {}),
    "chances-no-distribution": (pair(noise(5, 4), noise(5, 4, seed=1)), {}),
    "chances-zero": (pair(noise(3, 4), torch.zeros(3, 4, dtype=torch.float64)), {}),
    "chances-transposed": (pair(noise(4, 5).t(), _MIXED), {}),
    "chances-empty": (pair(torch.zeros(0, 4, dtype=torch.float64), torch.zeros(0, 4, dtype=torch.float64)), {}),
    "chances-empty-places": (pair(*(torch.zeros(2, 4, 0, dtype=torch.float64),) * 2), {}),
    "chances-minus-infinite": (
        pair(numbers(0, -INF, 1, -INF, 0, 2).reshape(2, 3), numbers(1, 0, 0, 0.5, 0, 0.5).reshape(2, 3)),
        {},
    ),
    "chances-infinite": (
        pair(numbers(INF, 0, NAN, 0, -INF, -INF, 0, 1).reshape(4, 2), torch.full((4, 2), 0.5, dtype=torch.float64)),
        {},
    ),
    "chances-large": (pair(numbers(1e4, -1e4, 0, 1e4, 1e4, -3e4).reshape(2, 3), _MIXED[:2, :3]), {}),
    "chances-double": (pair(noise(5, 4), _MIXED), {"fixed": INDEX, "dtypes": HALF}),
    "chances-single": (pair(noise(5, 4), _MIXED.float()), {"fixed": INDEX}),
    "chances-weights-double": (
        pair(noise(5, 4), _MIXED, weight=_FOUR),
        {"fixed": frozenset({"weight"}), "dtypes": HALF},
    ),
    "chances-weights-integer": (
        pair(noise(5, 4), _MIXED, weight=torch.tensor([0, 2, 1, 3])),
        {"fixed": frozenset({"weight"})},
    ),
    "chances-weights-zero": (pair(noise(5, 4), _MIXED, weight=torch.zeros(4, dtype=torch.float64)), {}),
    "chances-weights-negative": (pair(noise(5, 4), _MIXED, weight=numbers(-1, 2, 1, -0.5)), {}),
}
_TO_SMOOTH = ("chances", "chances-weighted", "chances-unbatched", "chances-4-dim-weighted", "chances-double")


def distribution_cases(names: Iterable[str], **options) -> Iterator[Case]:
    for name in names:
        tensors, facts = DISTRIBUTIONS[name]
        yield Case(
            "cross_entropy",
            name,
            tensors,
            options,
            exact=name in ("chances", "chances-weighted", "chances-4-dim-weighted", "chances-large"),
            places=64,
            bent=name in ("chances", "chances-weighted", "chances-unbatched"),
            rows=rows_of(tensors),
            **facts,
        )


# Every corner of weights and ignored targets once more, smoothed.
_SMOOTHED = {name: row for name, row in INDICES.items() if name not in ("unbatched-one", "wide")}
_PLAIN = {"random": INDICES["random"], "weighted": CLASS_WEIGHTS["weighted"]}
CROSS_ENTROPY = (
    *index_cases("cross_entropy", (INDICES, CLASS_WEIGHTS, _WEIGHT_SHAPES)),
    *index_cases("cross_entropy", (_SMOOTHED, CLASS_WEIGHTS), label_smoothing=0.125),
    *index_cases("cross_entropy", (_PLAIN,), label_smoothing=1.0),
    *index_cases("cross_entropy", (_PLAIN,), label_smoothing=-0.5),
    *many_cases("cross_entropy"),
    *many_cases("cross_entropy", label_smoothing=0.125),
    *distribution_cases(DISTRIBUTIONS),
    *distribution_cases(_TO_SMOOTH, label_smoothing=0.125),
    *distribution_cases(("chances-weighted",), label_smoothing=1.0),
)


CASES = (
    *BINARY_CROSS_ENTROPY,
    *index_cases("nll_loss", (INDICES, CLASS_WEIGHTS, _WEIGHT_SHAPES)),
    *many_cases("nll_loss"),
    *CROSS_ENTROPY,
    *yes_or_no_cases(_LOGITS, SCORES, SCORE_LAYOUTS),
    *pos_weight_cases(),
    Case(_LOGITS, "many", pair(16 * _MANY, torch.zeros_like(_MANY)), dtypes=HALF, reductions=("mean", "sum")),
)


# --- bad calls ------------------------------------------------------------------------------------------------------

_HALVES, _ONES = torch.full((3,), 0.5), torch.ones(3)
Bad = dict[str, tuple[dict[str, Any], tuple[str, ...]]]

_BAD_ANSWERS: Bad = {
    "list-for-input": ({"input": [0.5], "target": _ONES}, ("input", "list", "Tensor", "torch.tensor")),
    "number-for-target": ({"input": _HALVES, "target": 1.0}, ("target", "float", "Tensor")),
    "sizes": (pair(_HALVES, torch.ones(3, 1)), ("input", "(3,)", "target", "(3, 1)", "reshape((3,))")),
    "reduction": ({**pair(_HALVES, _ONES), "reduction": "avg"}, ("reduction", "'avg'", "'none'", "'mean'", "'sum'")),
    "weight-size": (pair(_HALVES, _ONES, weight=torch.ones(4)), ("weight", "(4,)", "input", "(3,)")),
    "weight-too-deep": (pair(_HALVES, _ONES, weight=torch.ones(1, 3)), ("weight", "(1, 3)", "input", "(3,)")),
    "weight-complex": (pair(_HALVES, _ONES, weight=torch.ones(3) * 1j), ("weight", "real", "complex64")),
    "weight-learned": (pair(_HALVES, _ONES, weight=torch.ones(3).requires_grad_()), ("weight", "weight.detach()")),
}
_BAD_CHANCES: Bad = {
    "number-for-weight": ({**pair(_HALVES, _ONES), "weight": 2.0}, ("weight", "float", "Tensor")),
    "integers": (pair(_ONES.long(), _ONES.long()), ("input", "int64", "floating point", "x.float()")),
    "dtypes": (pair(_HALVES, _ONES.double()), ("input", "target", "float32", "float64", "one dtype")),
    "integer-target": (pair(_HALVES, _ONES.long()), ("input", "target", "float32", "int64")),
    "input-above-1": (pair(1 + _HALVES, _ONES), ("input", "0 to 1", "1.5", "torch.sigmoid")),
    "input-below-0": (pair(_HALVES - 1, _ONES), ("input", "0 to 1", "-0.5")),
    "input-nan": (pair(NAN * _HALVES, _ONES), ("input", "0 to 1", "nan")),
    "target-above-1": (pair(_HALVES, 2 * _ONES), ("target", "0 to 1", "2")),
    "target-below-0": (pair(_HALVES, -_ONES), ("target", "0 to 1", "-1")),
}


def bad_calls(loss: str, *tables: Bad) -> Iterator[BadCall]:
    for table in tables:
        for name, (arguments, says) in table.items():
            yield BadCall(loss, name, arguments, says)


_BAD_SCORES: Bad = {
    "number-for-weight": ({**pair(_HALVES, _ONES), "weight": 2.0}, ("weight", "float", "Tensor")),
    "number-for-pos-weight": ({**pair(_HALVES, _ONES), "pos_weight": 2.0}, ("pos_weight", "float", "Tensor")),
    "integer-input": (pair(_ONES.long(), _ONES), ("input", "int64", "floating point", "x.float()")),
    "integer-target": (pair(_ONES, _ONES.long()), ("target", "int64", "floating point", "x.float()")),
    "complex-target-learned": (pair(_HALVES.clone().requires_grad_(), _ONES + 0j), ("target", "complex64")),
    "pos-weight-size": (pair(_HALVES, _ONES, pos_weight=torch.ones(2)), ("pos_weight", "(2,)", "input", "(3,)")),
    "pos-weight-bool": (pair(_HALVES, _ONES, pos_weight=_ONES > 0), ("pos_weight", "bool", "float()")),
    "pos-weight-learned": (
        pair(_HALVES, _ONES, pos_weight=torch.ones(3).requires_grad_()),
        ("pos_weight", "pos_weight.detach()"),
    ),
}

_THREE, _ZERO, _ABOUT = torch.zeros(2, 3), torch.tensor([0, 0]), torch.full((2, 3), 1 / 3)
_BAD_INDICES: Bad = {
    "list-for-input": ({"input": [[0.5]], "target": _ZERO}, ("input", "list", "Tensor", "torch.tensor")),
    "list-for-target": ({"input": _THREE, "target": [0, 0]}, ("target", "list", "Tensor", "torch.tensor")),
    "number-for-weight": ({**pair(_THREE, _ZERO), "weight": 2.0}, ("weight", "float", "Tensor")),
    "reduction": ({**pair(_THREE, _ZERO), "reduction": "avg"}, ("reduction", "'avg'", "'none'", "'mean'", "'sum'")),
    "integer-input": (pair(_THREE.long(), _ZERO), ("input", "int64", "floating point", "x.float()")),
    "complex-input": (pair(_THREE + 0j, _ZERO), ("input", "complex64", "floating point")),
    "sparse-input": (pair(torch.eye(2).to_sparse(), _ZERO), ("input", "dense", "sparse")),
    "int32-target": (pair(_THREE, _ZERO.int()), ("target", "int64", "int32", "target.long()")),
    "float-target": (pair(_THREE, _ZERO.float()), ("target", "int64", "float32", "target.long()")),
    "bytes-beyond-2-dim": (pair(torch.zeros(2, 3, 1), _ZERO.byte()[:, None]), ("target", "int64", "uint8")),
    "samples": (pair(_THREE, torch.tensor([0, 0, 0])), ("target", "(2,)", "(3,)", "scores", "(2, 3)")),
    "no-samples": (pair(_THREE, torch.tensor(0)), ("target", "(2,)", "()", "scores", "(2, 3)")),
    "two-for-one": (pair(torch.zeros(3), _ZERO), ("target", "()", "(2,)", "scores", "(3,)")),
    "column-target": (pair(_THREE, _ZERO[:, None]), ("target", "(2,)", "(2, 1)", "scores", "(2, 3)")),
    "places": (
        pair(torch.zeros(2, 3, 4), torch.zeros(2, 5).long()),
        ("target", "(2, 4)", "(2, 5)", "scores", "(2, 3, 4)"),
    ),
    "no-classes-3-dim": (pair(torch.zeros(2, 0, 1), _ZERO[:, None]), ("no class", "(2, 0, 1)")),
    "index-above": (pair(_THREE, torch.tensor([0, 3])), ("target", "0 to 2", "3 classes", "-100", "from 0 to 3")),
    "index-below": (pair(_THREE, torch.tensor([0, -1])), ("target", "0 to 2", "3 classes", "-100", "from -1 to 0")),
    "weight-size": (pair(_THREE, _ZERO, weight=torch.ones(2)), ("weight", "3 classes", "(2,)")),
    "weight-row": (pair(_THREE, _ZERO, weight=torch.ones(1, 3)), ("weight", "3 classes", "(1, 3)")),
    "weight-dtype": (
        pair(_THREE, _ZERO, weight=torch.ones(3).double()),
        ("weight", "scores", "float32", "float64", "weight.to("),
    ),
    "weight-learned": (pair(_THREE, _ZERO, weight=torch.ones(3).requires_grad_()), ("weight", "weight.detach()")),
    "ignore-a-number": ({**pair(_THREE, _ZERO), "ignore_index": 1.0}, ("ignore_index", "whole number", "float")),
    "ignore-a-bool": ({**pair(_THREE, _ZERO), "ignore_index": True}, ("ignore_index", "whole number", "bool")),
    "ignore-nothing": ({**pair(_THREE, _ZERO), "ignore_index": None}, ("ignore_index", "whole number", "NoneType")),
}
_NO_DIMENSION = {"0-d-input": (pair(torch.tensor(0.5), _ZERO), ("input", "dimension of classes"))}
_BAD_DISTRIBUTIONS: Bad = {
    "integers-in-the-shape-of-input": (pair(_THREE, _THREE.long()), ("target", "probabilities", "int64", "index")),
    "ignored-probabilities": ({**pair(_THREE, _ABOUT), "ignore_index": 0}, ("ignore_index=0", "probabilities")),
    "integer-input-of-chances": (pair(_THREE.long(), _ABOUT), ("input", "int64", "floating point", "x.float()")),
    "weight-size-of-chances": (pair(_THREE, _ABOUT, weight=torch.ones(2)), ("weight", "3 classes", "(2,)")),
    "weight-row-of-chances": (pair(_THREE, _ABOUT, weight=torch.ones(1, 3)), ("weight", "3 classes", "(1, 3)")),
    "0-d-chances": (pair(torch.tensor(0.5), torch.tensor(0.5)), ("input", "dimension of classes")),
    "0-d-integers": (pair(torch.tensor(0.5), torch.tensor(1)), ("target", "probabilities", "int64")),
    "one-for-one-smoothed": (
        {**pair(torch.zeros(3), torch.tensor([0])), "label_smoothing": 0.1},
        ("target", "()", "(1,)", "scores", "(3,)"),
    ),
    "smoothing-above-1": ({**pair(_THREE, _ZERO), "label_smoothing": 1.5}, ("label_smoothing", "0 to 1", "1.5")),
    "smoothing-of-chances": ({**pair(_THREE, _ABOUT), "label_smoothing": 2}, ("label_smoothing", "0 to 1", "2")),
    "smoothing-a-word": ({**pair(_THREE, _ZERO), "label_smoothing": "1"}, ("label_smoothing", "real number", "str")),
}

BAD_CALLS = (
    *bad_calls("nll_loss", _BAD_INDICES, _NO_DIMENSION),
    *bad_calls("cross_entropy", _BAD_INDICES, _NO_DIMENSION, _BAD_DISTRIBUTIONS),
    *bad_calls("binary_cross_entropy", _BAD_ANSWERS, _BAD_CHANCES),
    *bad_calls(_LOGITS, _BAD_ANSWERS, _BAD_SCORES),
)


# --- where this package differs from torch --------------------------------------------------------------------------

WIDER = {
    ("weights-double", torch.float32),
    ("pos-weight-double", torch.float32),
    ("single-target", torch.float64),
}

_CLASSES = ("nll_loss", "cross_entropy")
_BYTES = ("bytes", "ignored-bytes")
_SPOILT = ("weights-infinite", "weights-unused")

DIFFERENCES = (
    # torch raises, this package works
    Difference(
        "torch takes one target in one dimension for one sample without one, but raises in the backward pass",
        _CLASSES,
        ("gradient", "second derivative", "forward over reverse"),
        named("unbatched-one"),
    ),
    Difference(
        "torch raises in the backward pass where a (N, C, H, W) input is not contiguous",
        ("nll_loss",),
        ("gradient", "second derivative"),
        named("channels-last"),
    ),
    Difference(
        "torch has no forward mode over its backward pass, and no vmap, where the target is of bytes",
        _CLASSES,
        ("forward over reverse", "per sample"),
        named(*_BYTES),
    ),
    Difference(
        "torch's forward mode over its backward pass raises where the weight has a dimension too many",
        _CLASSES,
        ("forward over reverse",),
        named("weights-row-3-dim"),
    ),
    # torch is wrong, this package is right
    Difference(
        "torch's forward mode multiplies the step of an argument that stands still by its weight: 0 * inf is nan",
        ("binary_cross_entropy",),
        ("forward mode",),
        named("weights-infinite", reduction="none"),
    ),
    Difference(
        "the same in forward mode over the backward pass",
        ("binary_cross_entropy",),
        ("forward over reverse",),
        named("weights-infinite"),
    ),
    Difference(
        "torch's forward mode has a wider dtype than its value, where the weight is wider",
        ("binary_cross_entropy",),
        ("forward mode",),
        named("weights-double", dtype=torch.float32, reduction="none"),
    ),
    Difference(
        "the same, where a weight is wider or the target is narrower",
        (_LOGITS,),
        ("forward mode",),
        lambda trial: (trial.case.name, trial.dtype) in WIDER,
    ),
    Difference(
        "the same in forward mode: torch's slope at -inf is nan, ours what it is in its own reverse mode",
        (_LOGITS,),
        ("forward mode",),
        named("infinite", "infinite-pos-weight", reduction="none"),
    ),
    Difference(
        "the same in forward mode over the backward pass and under vmap",
        (_LOGITS,),
        ("forward over reverse", "per sample"),
        named("infinite", "infinite-pos-weight"),
    ),
    Difference(
        "torch subtracts 1 from a pos_weight of bytes, so that 0 counts 256 times in its value, and not in its slope",
        (_LOGITS,),
        ("value", "forward mode", "forward over reverse", "per sample"),
        named("pos-weight-bytes"),
    ),
    Difference(
        "torch under vmap multiplies by the weights of the other classes too, and 0 * inf is nan; without vmap not",
        _CLASSES,
        ("per sample",),
        lambda trial: trial.case.name in _SPOILT and not trial.case.options,
    ),
    Difference(
        "the same where a weight of 0 is what the mean divides by",
        ("nll_loss",),
        ("per sample",),
        named("weights-with-zero", "weights-all-zero", reduction="mean"),
    ),
    Difference(
        "the same in forward mode over the backward pass",
        ("cross_entropy",),
        ("forward over reverse",),
        lambda trial: (
            not trial.case.options
            and (trial.case.name == "weights-unused" or (trial.case.name in _SPOILT and trial.reduction != "mean"))
        ),
    ),
    Difference(
        "torch's mean of no probabilities is nan and does not move; ours moves by nan, as every other mean of nothing",
        ("cross_entropy",),
        ("forward mode",),
        named("chances-empty", "chances-empty-places", reduction="mean"),
    ),
    # this package is worse: corners that the readable formula leaves
    Difference(
        "a score of nan makes the mixed second derivative nan, which does not depend on the score",
        (_LOGITS,),
        ("second derivative",),
        named("infinite"),
    ),
    Difference(
        "the slopes of a yes and of a no are weighted before they are added: inf - inf is nan",
        (_LOGITS,),
        ("gradient", "second derivative"),
        named("weights-infinite", "pos-weight-infinite"),
    ),
    Difference(
        "in forward mode torch multiplies a 0-d float32 tensor by a number in float64, so the tangent is float64",
        ("cross_entropy",),
        ("forward mode",),
        lambda trial: (
            trial.dtype == torch.float32
            and trial.arguments()["input"].dim() == 1
            and trial.case.options.get("label_smoothing", 0) > 0
            and "chances" not in trial.case.name
        ),
    ),
)
# In float16, torch's 1e-12 is 0: where it finds 0/0, the slope here is 0.
FINITE_ONLY_HERE = {
    (f"binary_cross_entropy-{name}", torch.float16, reduction, "gradient")
    for name in ("certain", "nearly-certain")
    for reduction in REDUCTIONS
}
FINITE_ONLY_HERE |= {(f"{_LOGITS}-large-pos-weight", torch.float16, "mean", "gradient")}
# In float16, torch's sums go beyond 65,504: of the weights, of the losses, of the logarithms that smoothing adds up.
FINITE_ONLY_HERE |= {
    (case, torch.float16, reduction, "value")
    for case, reduction in (
        ("nll_loss-many", "mean"),
        ("nll_loss-weights-many", "mean"),
        ("cross_entropy-weights-many", "mean"),
        ("cross_entropy-many-label_smoothing=0.125", "mean"),
        ("cross_entropy-many-label_smoothing=0.125", "sum"),
        ("cross_entropy-weights-many-label_smoothing=0.125", "mean"),
        ("cross_entropy-large-label_smoothing=0.125", "mean"),
        ("cross_entropy-large-label_smoothing=0.125", "sum"),
    )
}


# --- the losses a second time, in exact arithmetic ------------------------------------------------------------------


def each(formula: Callable[..., tuple[mpf, mpf]]) -> Callable[..., Exact]:
    """Of a formula for one element, the one for all."""

    def all_of_them(input: list, target: list, **options: float) -> Exact:
        pairs = zip(flat(input), flat(target), strict=True)
        values, slopes = zip(*(formula(x, y, **options) for x, y in pairs), strict=True)
        return Exact(list(values), list(slopes))

    return all_of_them


def of_chance(x: mpf, y: mpf) -> tuple[mpf, mpf]:
    return -y * mpmath.log(x) - (1 - y) * mpmath.log(1 - x), (1 - y) / (1 - x) - y / x


def of_score(x: mpf, y: mpf) -> tuple[mpf, mpf]:
    chance = 1 / (1 + mpmath.exp(-x))
    return mpmath.log(1 + mpmath.exp(x)) - y * x, chance - y


def samples_of(table: np.ndarray) -> np.ndarray:
    """The numbers of each sample together: the dimension of the classes comes last."""
    return np.moveaxis(table, min(1, table.ndim - 1), -1)


def of_classes(
    input: list,
    target: list | int,
    weight: list | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0,
    are_scores: bool = True,
) -> Exact:
    """Cross-entropy, or the likelihood that it is made of, from the full target distribution of each sample."""
    table, labels = np.array(input, dtype=object), np.array(target, dtype=object)
    samples, count = samples_of(table), samples_of(table).shape[-1]
    are_chances = labels.shape == table.shape
    factors = [mpf(1)] * count if weight is None else list(np.array(weight, dtype=object).flatten())
    values, slopes, kept = [], [], []
    told = samples_of(labels).reshape(-1, count) if are_chances else labels.flatten()
    for x, y in zip(samples.reshape(-1, count), told, strict=True):
        is_kept = are_chances or y != ignore_index
        q = list(y) if are_chances else [mpf(c == y) for c in range(count)]
        share = max(mpf(label_smoothing), 0)
        aims = [is_kept * w * ((1 - share) * one + share / count) for w, one in zip(factors, q, strict=True)]
        total = mpmath.log(mpmath.fsum(mpmath.exp(one) for one in x)) if are_scores else mpf(0)
        values.append(-mpmath.fsum(aim * (one - total) for aim, one in zip(aims, x, strict=True)))
        pulls = [mpmath.exp(one - total) * mpmath.fsum(aims) if are_scores else mpf(0) for one in x]
        slopes += [pull - aim for pull, aim in zip(pulls, aims, strict=True)]
        kept.append(mpf(1) if are_chances else factors[y] if is_kept else mpf(0))
    order = np.array(slopes, dtype=object).reshape(samples.shape)
    in_place = np.moveaxis(order, -1, min(1, table.ndim - 1)).flatten().tolist()
    return Exact(values, in_place, mpmath.fsum(kept))


EXACT = {
    "binary_cross_entropy": each(of_chance),
    _LOGITS: each(of_score),
    "nll_loss": partial(of_classes, are_scores=False),
    "cross_entropy": of_classes,
}


# --- options: of each Module every one changed; of torch's reference functions some ---------------------------------

_QUARTERS = torch.arange(20.0).double() / 4
MODULE_OPTIONS = {
    "BCELoss": {"weight": _QUARTERS, "reduction": "sum"},
    "BCEWithLogitsLoss": {"weight": _QUARTERS, "reduction": "sum", "pos_weight": _QUARTERS.flip(0)},
    "NLLLoss": {"weight": _QUARTERS[:10], "ignore_index": 3, "reduction": "sum"},
    "CrossEntropyLoss": {"weight": _QUARTERS[:10], "ignore_index": 3, "reduction": "sum", "label_smoothing": 0.25},
}
_TENTHS_OF_CLASSES = torch.arange(10.0).double() / 10
REFERENCE_OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "NLLLoss": ({}, {"weight": _TENTHS_OF_CLASSES}, {"ignore_index": 3}),
    "CrossEntropyLoss": (
        {},
        {"weight": _TENTHS_OF_CLASSES},
        {"ignore_index": 3, "label_smoothing": 0.2},
        {"weight": _TENTHS_OF_CLASSES, "ignore_index": 3, "label_smoothing": 0.2},
    ),
}
