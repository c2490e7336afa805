"""The cases of the losses for several labels at once."""

from collections.abc import Iterator
from typing import Any

import mpmath
import torch
from mpmath import mpf
from torch import Tensor

from tests.cases.form import (
    FORWARD,
    FULL,
    HALF,
    INF,
    NAN,
    BadCall,
    Case,
    Difference,
    Exact,
    named,
    noise,
    numbers,
)


def labels(input: Tensor, target: Tensor, weight: Tensor | None = None) -> dict[str, Tensor]:
    return {"input": input, "target": target} | ({} if weight is None else {"weight": weight})


# --- lists: a score per label, and the labels that apply, ended by −1 ---------------------------------------------

_LISTS = torch.tensor([[3, 0, -1, 1], [2, -1, -1, -1], [-1, 0, 1, 2], [1, 1, -1, 0], [0, 1, 2, 3]])
_LISTS_OF_SIX = torch.tensor([[5, 0, 2, -1, 1, 1], [4, 4, 4, 1, -1, -1], [3, -1, 0, 0, 0, 0], [2, 0, 5, 1, 4, -1]])
_CORNERS = numbers(1, INF, 2, 1, -INF, 2, 1, NAN, 2).reshape(3, 3).repeat(3, 1)

LISTS = {
    "random": labels(noise(5, 4), _LISTS),
    "wide": labels(5 * noise(12, 6), _LISTS_OF_SIX.repeat(3, 1)),
    # Labels that are ahead by exactly 1, by less and by more; each of them in the list.
    "joints": labels(numbers(0, 1, 2, 0.5, 1.5, -1).repeat(6, 1), torch.arange(6)[:, None] * torch.eye(6).long() - 1),
    "twice": labels(noise(3, 4), torch.tensor([[1, 1, 1, 1], [0, 0, -1, -1], [2, 3, 2, -1]])),
    "large": labels(numbers(1e4, -1e4, 3e4, 0, -1e30, 1e4).reshape(2, 3), torch.tensor([[1, -1, -1], [2, 0, -1]])),
    "infinite": labels(_CORNERS, torch.tensor([[0, -1, 2], [1, -1, 0], [2, 1, -1]]).repeat_interleave(3, 0)),
    "infinite-alone": labels(_CORNERS[:2], torch.tensor([[0, -1, -1], [1, -1, -1]])),
    "all-nan": labels(_CORNERS[:1] * NAN, torch.tensor([[1, -1, -1]])),
}
LIST_LAYOUTS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "one-sample": (labels(noise(4), _LISTS[0]), {"rows": (), "bent": True}),
    "one-row": (labels(noise(1, 4), _LISTS[:1]), {}),
    "one-label": (labels(noise(3, 1), torch.tensor([[0], [-1], [0]])), {}),
    "0-d": (labels(noise(1)[0], torch.tensor(0)), {}),
    "0-d-target-in-a-row": (labels(noise(1)[0], torch.tensor([0])), {}),
    "0-d-target": (labels(noise(1), torch.tensor(0)), {}),
    "transposed": (labels(noise(4, 5), _LISTS.t().contiguous()), {"view": torch.t}),
    "strided": (labels(noise(10, 4), _LISTS.repeat(2, 1)), {"view": lambda t: t[::2]}),
    # Of an empty batch, torch's mean and sum are what the memory held.
    "empty": (labels(torch.zeros(0, 4).double(), torch.zeros(0, 4).long()), {"reductions": ("none",)}),
}


def multilabel_margin_cases() -> Iterator[Case]:
    def case(name: str, tensors: dict[str, Tensor], **facts: Any) -> Case:
        return Case("multilabel_margin_loss", name, tensors, fixed={"target"}, dtypes=FULL, **facts)

    for name, tensors in LISTS.items():
        exact = name in ("random", "wide", "joints", "twice", "large")
        yield case(name, tensors, exact=exact, places=8, bent=name == "random", rows=("input", "target"))
    for name, (tensors, facts) in LIST_LAYOUTS.items():
        yield case(name, tensors, **facts)


# --- chances: a score per label, and whether it applies --------------------------------------------------------------


def bits(*shape: int) -> Tensor:
    return (noise(*shape, seed=1) > 0).double()


_FAR = numbers(20, -20, 50, -50, 80, -80).reshape(2, 3)
_NO_SAMPLE, _NO_LABEL = torch.zeros(0, 3, dtype=torch.float64), torch.zeros(2, 0, dtype=torch.float64)

CHANCES = {
    "random": labels(noise(3, 4), bits(3, 4)),
    "wide": labels(5 * noise(12, 6), bits(12, 6)),
    "chances": labels(noise(3, 4), noise(3, 4, seed=1).sigmoid()),
    "joints": labels(numbers(0, 0, 0, 1, -1, 0).reshape(2, 3), numbers(0, 1, 0.5, 0, 1, 0.25).reshape(2, 3)),
    "other-targets": labels(noise(2, 3), numbers(2, -1, 1.5, 0, 3, -0.25).reshape(2, 3)),
    "small": labels(numbers(1e-4, -1e-6, 1e-30, -1e-42)[None], numbers(1, 0, 1, 0)[None]),
    "right": labels(_FAR, (_FAR > 0).double()),
    "wrong": labels(_FAR, (_FAR < 0).double()),
    "large": labels(numbers(1e4, -1e4, 3e4, -3e4)[None], numbers(1, 1, 0, 0)[None]),
    "infinite": labels(
        numbers(INF, -INF, NAN)[:, None].repeat(1, 3)[..., None], numbers(0, 1, 0.5).repeat(3, 1)[..., None]
    ),
    "odd-targets": labels(numbers(0, 1, INF)[:, None], numbers(NAN, NAN, NAN)[:, None]),
    "empty": labels(_NO_SAMPLE, _NO_SAMPLE),
    "empty-labels": labels(_NO_LABEL, _NO_LABEL),
}
CHANCE_LAYOUTS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "one-sample": (labels(noise(4), bits(4)), {"rows": (), "bent": True}),
    "K-dim": (labels(noise(2, 3, 4), bits(2, 3, 4)), {}),
    "transposed": (labels(noise(4, 3), bits(4, 3)), {"view": torch.t}),
    "strided": (labels(noise(9, 3), bits(9, 3)), {"view": lambda t: t[::2]}),
    "broadcast": (labels(noise(3, 4), bits(4)), {}),
    "broadcast-0-d": (labels(noise(3, 4), numbers(1)[0]), {}),
    # The dimension that is summed is the last of the input, wherever it comes to lie.
    "larger-target": (labels(noise(3), bits(4, 3)), {}),
    "wider-target": (labels(noise(3, 1), bits(3, 4)), {}),
    "integer-target": (labels(noise(2, 3), torch.tensor([0, 1, 1])), {"fixed": {"target"}}),
    "unsigned-target": (labels(noise(2, 3), torch.tensor([0, 1, 2]).byte()), {"fixed": {"target"}}),
    "double-target": (labels(noise(2, 3), bits(2, 3)), {"fixed": {"target"}}),
    "single-input": (labels(noise(2, 3).float(), bits(2, 3)), {"fixed": {"input"}}),
    "many-labels": (labels(noise(2, 40_000), bits(2, 40_000)), {"dtypes": HALF}),
    "many-samples": (
        labels(torch.zeros(70_000, 1).double(), torch.ones(70_000, 1).double()),
        {"dtypes": HALF, "reductions": ("mean", "sum")},
    ),
}
WEIGHTS = {
    "weighted": noise(4, seed=2).abs(),
    "weights-with-zero": numbers(0, 1, 2, 0),
    "weights-negative": numbers(-1, 1, 2, -0.5),
    "weights-infinite": numbers(INF, NAN, 1, -INF),
}
WEIGHT_LAYOUTS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "weights-per-sample": (labels(noise(3, 4), bits(3, 4), noise(3, 1, seed=2)), {}),
    "weights-per-element": (labels(noise(3, 4), bits(3, 4), noise(3, 4, seed=2)), {}),
    "weights-0-d": (labels(noise(3, 4), bits(3, 4), numbers(3)[0]), {}),
    "weights-larger": (labels(noise(3, 4), bits(3, 4), noise(2, 3, 4, seed=2)), {}),
    "weights-integer": (labels(noise(2, 3), bits(2, 3), torch.tensor([1, 0, 3])), {"fixed": {"weight"}}),
    "weights-double": (labels(noise(2, 3), bits(2, 3), noise(3, seed=2)), {"fixed": {"weight"}}),
    "weights-double-0-d": (labels(noise(2, 3), bits(2, 3), numbers(3)[0]), {"fixed": {"weight"}}),
}


def multilabel_soft_margin_cases() -> Iterator[Case]:
    loss, exact = (
        "multilabel_soft_margin_loss",
        ("random", "wide", "chances", "joints", "small", "right", "wrong", "large"),
    )
    for name, tensors in CHANCES.items():
        # Between 0 and 1, the slope is a difference of chances, and loses places where they are near.
        places = 50 if name == "chances" else 4
        yield Case(loss, name, tensors, exact=name in exact, places=places, bent=name == "random")
    for name, weight in WEIGHTS.items():
        tensors = labels(*CHANCES["random"].values(), weight)
        yield Case(loss, name, tensors, exact=name == "weighted", bent=name == "weighted")
    for name, (tensors, facts) in (CHANCE_LAYOUTS | WEIGHT_LAYOUTS).items():
        yield Case(loss, name, tensors, **facts)


CASES = (
    *multilabel_margin_cases(),
    *multilabel_soft_margin_cases(),
)


# --- bad calls ----------------------------------------------------------------------------------------------------

_X = torch.ones(2, 3)
_LISTED = {"input": _X, "target": torch.tensor([[0, -1, 1], [1, 2, -1]])}
_BAD_LISTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "list-for-input": (_LISTED | {"input": [1.0]}, ("input", "list", "Tensor", "torch.tensor")),
    "number-for-target": (_LISTED | {"target": 1}, ("target", "int", "Tensor")),
    "half": (_LISTED | {"input": _X.half()}, ("multilabel_margin_loss", "float16", "x.float()")),
    "integers": (_LISTED | {"input": _X.long()}, ("multilabel_margin_loss", "int64", "x.float()")),
    "sparse": (_LISTED | {"input": _X.to_sparse()}, ("multilabel_margin_loss", "sparse", "x.to_dense()")),
    "complex-target": (_LISTED | {"target": _X.cfloat()}, ("multilabel_margin_loss", "target", "complex64", "int64")),
    "K-dim": (_LISTED | {"input": _X[..., None]}, ("input", "(C)", "(N, C)", "(2, 3, 1)")),
    "no-labels": (_LISTED | {"input": torch.ones(2, 0)}, ("input", "(N, C)", "above 0", "(2, 0)")),
    "float-target": (_LISTED | {"target": _X}, ("target", "float32", "int64", "target.long()")),
    "target-size": (_LISTED | {"target": torch.tensor([[0, 1]])}, ("target", "input", "(2, 3)", "(1, 2)")),
    "target-too-high": (
        _LISTED | {"target": torch.full((2, 3), 3)},
        ("target", "out of range", "-1 to 2", "3 to 3"),
    ),
    "target-too-low": (_LISTED | {"target": torch.full((2, 3), -2)}, ("target", "out of range", "-1 to 2", "-2 to -2")),
    "after-the-end": (
        _LISTED | {"target": torch.tensor([[0, -1, 3], [0, -1, -1]])},
        ("target", "out of range", "-1 to 2", "-1 to 3"),
    ),
    "reduction": (_LISTED | {"reduction": "avg"}, ("reduction", "'avg'", "none", "mean", "sum")),
}
_CHANCED = {"input": _X, "target": _X}
_BAD_CHANCES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "list-for-input": (_CHANCED | {"input": [1.0]}, ("input", "list", "Tensor", "torch.tensor")),
    "list-for-target": (_CHANCED | {"target": [1.0]}, ("target", "list", "Tensor", "torch.tensor")),
    "list-for-weight": (_CHANCED | {"weight": [1.0]}, ("weight", "list", "Tensor", "torch.tensor")),
    "integers": (_CHANCED | {"input": _X.long()}, ("multilabel_soft_margin_loss", "int64", "x.float()")),
    "complex": (_CHANCED | {"input": _X.cfloat()}, ("multilabel_soft_margin_loss", "complex64")),
    "sparse": (_CHANCED | {"input": _X.to_sparse()}, ("multilabel_soft_margin_loss", "sparse")),
    "0-d": ({"input": _X[0, 0], "target": _X[0, 0]}, ("input", "dimension", "(C)", "(N, C)")),
    "bool": (_CHANCED | {"target": _X > 0}, ("target", "bool", "target.float()")),
    "target-size": (_CHANCED | {"target": torch.ones(4)}, ("input", "(2, 3)", "target", "(4,)", "one size")),
    "weight-size": (_CHANCED | {"weight": torch.ones(4)}, ("weight", "(4,)", "(2, 3)")),
    "reduction": (_CHANCED | {"reduction": "avg"}, ("reduction", "'avg'", "none", "mean", "sum")),
    "old-reduction": (_CHANCED | {"reduction": "elementwise_mean"}, ("reduction", "'elementwise_mean'", "'mean'")),
    "no-reduction": (_CHANCED | {"reduction": None}, ("reduction", "None", "'mean'")),
}


def bad_calls(loss: str, table: dict[str, tuple[dict[str, Any], tuple[str, ...]]]) -> Iterator[BadCall]:
    for name, (arguments, says) in table.items():
        yield BadCall(loss, name, arguments, says)


BAD_CALLS = (
    *bad_calls("multilabel_margin_loss", _BAD_LISTS),
    *bad_calls("multilabel_soft_margin_loss", _BAD_CHANCES),
)


# --- where this package differs from torch ------------------------------------------------------------------------

DIFFERENCES = (
    # torch raises, this package works
    Difference(
        "torch's multilabel_margin_loss has no second derivative and no forward mode: both raise",
        ("multilabel_margin_loss",),
        ("second derivative", *FORWARD),
    ),
    # this package is worse: a corner that the readable formula leaves
    Difference(
        "the slope of softplus, as a sum, makes the second derivative nan under an infinite weight; torch's is inf",
        ("multilabel_soft_margin_loss",),
        ("second derivative",),
        named("weights-infinite"),
    ),
)

FINITE_ONLY_HERE: set[tuple[str, torch.dtype, str, str]] = set()


# --- the losses a second time, in exact arithmetic ----------------------------------------------------------------


def multilabel_margin(input: list, target: list) -> Exact:
    values, slopes = [], []
    for x, y in zip(input, target, strict=True):
        listed = y[: y.index(-1)] if -1 in y else y
        value, slope = mpf(0), [mpf(0)] * len(x)
        for j in listed:
            for c in set(range(len(x))) - set(listed):
                if x[j] < x[c] + 1:
                    value += (x[c] + 1 - x[j]) / len(x)
                    slope[j] -= mpf(1) / len(x)
                    slope[c] += mpf(1) / len(x)
        values.append(value)
        slopes += slope
    return Exact(values, slopes)


def multilabel_soft_margin(input: list, target: list, weight: list | None = None) -> Exact:
    values, slopes = [], []
    for x, y in zip(input, target, strict=True):
        w = [factor / len(x) for factor in weight or [mpf(1)] * len(x)]
        yes, no = ([mpmath.log1p(mpmath.exp(side * score)) for score in x] for side in (-1, 1))
        values.append(mpmath.fsum(w[c] * (y[c] * yes[c] + (1 - y[c]) * no[c]) for c in range(len(x))))
        slopes += [w[c] * (1 / (1 + mpmath.exp(-x[c])) - y[c]) for c in range(len(x))]
    return Exact(values, slopes)


EXACT = {
    "multilabel_margin_loss": multilabel_margin,
    "multilabel_soft_margin_loss": multilabel_soft_margin,
}


# --- options: of each Module every one changed; of torch's reference functions some -------------------------------

MODULE_OPTIONS: dict[str, dict[str, Any]] = {
    "MultiLabelMarginLoss": {"reduction": "sum"},
    "MultiLabelSoftMarginLoss": {"weight": noise(10, seed=2).abs(), "reduction": "none"},
}
REFERENCE_OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "MultiLabelMarginLoss": ({},),
}
