"""The cases of the losses with a margin."""

from collections.abc import Callable, Iterator
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

# --- sides: a score each, and 1 or −1 ---------------------------------------------------------------------------


def pair(input: Tensor, target: Tensor) -> dict[str, Tensor]:
    return {"input": input, "target": target}


def signs(*shape: int, seed: int = 1) -> Tensor:
    return noise(*shape, seed=seed).sign()


_EMPTY = torch.zeros(0, 3, dtype=torch.float64)
_IMAGINARY = torch.complex(noise(4, seed=2), noise(4, seed=3))

SIDES = {
    # Small scores: as an unsigned integer, a target of -1 is 255.
    "random": pair(0.1 * noise(3, 4), signs(3, 4)),
    "wide": pair(5 * noise(40), signs(40)),
    "joints": pair(numbers(0, 0, 1, 1, -1, -1, 0.5, 0.5, 2, 2, -0.5), numbers(1, -1, 1, -1, 1, -1, 1, -1, 1, -1, -1)),
    "other-targets": pair(numbers(1, -2, 0.5, 3, -1, 0, 2), numbers(0, 0.5, 2, -3, -0.25, 0, -2)),
    "small": pair(numbers(1e-4, -1e-6, 1e-30, -1e-42), numbers(1, 1, -1, -1)),
    "empty": pair(_EMPTY, _EMPTY),
    "infinite": pair(numbers(INF, -INF, NAN, INF, -INF, NAN), numbers(1, 1, 1, -1, -1, -1)),
    "odd-targets": pair(numbers(1, 0, INF), numbers(NAN, INF, 0)),
}
SIDE_LAYOUTS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "0-d": (pair(numbers(2.5)[0], numbers(-1)[0]), {}),
    "K-dim": (pair(noise(2, 3, 2, 2), signs(2, 3, 2, 2)), {}),
    "transposed": (pair(noise(4, 3), signs(4, 3)), {"view": torch.t}),
    "strided": (pair(noise(9), signs(9)), {"view": lambda t: t[::2]}),
    "broadcast": (pair(noise(3, 4), signs(4)), {}),
    "broadcast-column": (pair(noise(3, 4), signs(3, 1)), {}),
    "broadcast-0-d": (pair(noise(3), numbers(-1)[0]), {}),
    "integer-target": (pair(noise(3), torch.tensor([1, -1, 1])), {"fixed": {"target"}}),
    "unsigned-target": (pair(noise(3), torch.tensor([1, 0, 1]).byte()), {"fixed": {"target"}, "dtypes": FULL}),
    "bool-target": (pair(noise(3), torch.tensor([True, False, True])), {"fixed": {"target"}, "dtypes": FULL}),
    "double-target": (pair(noise(3), signs(3)), {"fixed": {"target"}}),
    "single-input": (pair(noise(3).float(), signs(3)), {"fixed": {"input"}}),
}


def soft_margin_cases() -> Iterator[Case]:
    def case(name: str, tensors: dict[str, Tensor], **facts: Any) -> Case:
        return Case("soft_margin_loss", name, tensors, constant={"target"}, **facts)

    for name, tensors in SIDES.items():
        exact = name in ("random", "wide", "joints", "other-targets", "small")
        yield case(name, tensors, exact=exact, bent=name == "random")
    for name, (tensors, facts) in SIDE_LAYOUTS.items():
        yield case(name, tensors, **facts)
    far = numbers(20, 80, 100, 300, 700)
    yield case("far-right", pair(torch.cat([far, -far]), torch.cat([far.sign(), -far.sign()])), exact=True)
    yield case("wrong", pair(numbers(-10, -50, 80), numbers(1, 1, -1)), exact=True)
    yield case("far-wrong", pair(numbers(-100, 300, 700), numbers(1, -1, -1)), exact=True)
    yield case("furthest-wrong", pair(numbers(-1e4, 3e4), numbers(1, -1)), dtypes=FULL)
    yield case("many", pair(torch.zeros(70_000).double(), torch.ones(70_000).double()), dtypes=HALF, reductions=SHORT)
    yield case("complex", pair(_IMAGINARY, signs(4)), dtypes=FULL)


_SIDED = ("random", "wide", "joints", "small", "empty", "infinite")
_HINGE_LAYOUTS = ("0-d", "K-dim", "transposed", "strided", "integer-target", "double-target", "single-input")
# Scores of exactly the margins of the options, on both sides; and their neighbours.
_MARGINS = numbers(0, 0.5, 1, 2, -0.5, -1, 0.49, 0.51, 0.99, 1.01)


def hinge_cases() -> Iterator[Case]:
    """Nothing is broadcast, and a target is 1 or −1: the other layouts are bad calls."""

    def case(name: str, tensors: dict[str, Tensor], **facts: Any) -> Case:
        return Case("hinge_loss", name, tensors, **({"constant": {"target"}} | facts))

    joints = pair(_MARGINS.repeat(2), numbers(1, -1).repeat_interleave(10))
    for option in ({}, {"margin": 0}, {"margin": 0.5}, {"margin": -0.5}, {"margin": 2.0}):
        for name, tensors in ({name: SIDES[name] for name in _SIDED} | {"joints": joints}).items():
            exact = name in ("random", "wide", "joints", "small")
            yield case(name, tensors, options=option, exact=exact)
    for name in _HINGE_LAYOUTS:
        tensors, facts = SIDE_LAYOUTS[name]
        yield case(name, tensors, options={"margin": 0.5}, **facts)
    yield case("unsigned-target", pair(noise(3), torch.ones(3).byte()), fixed={"target"})
    yield case("bool-target", pair(noise(3), torch.ones(3).bool()), fixed={"target"})
    for name, weight in (("weighted", noise(3, 4, seed=2).abs()), ("weights-infinite", numbers(INF, 0, NAN))):
        tensors = SIDES["random"] if name == "weighted" else pair(numbers(2, -2, 0), numbers(1, 1, 1))
        yield case(name, tensors | {"weight": weight}, options={"margin": 0.5})
    yield case("many", pair(torch.zeros(70_000).double(), torch.ones(70_000).double()), dtypes=HALF, reductions=SHORT)


def hinge_from_torchs_pieces(
    input: Tensor, target: Tensor, *, margin: float = 1.0, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """The hinge from torch's own loss of two scores, of which the second is 0."""
    target = target.to(input.dtype)
    values = F.margin_ranking_loss(input, torch.zeros_like(input), target, margin, reduction="none")
    if weight is None:
        return {"none": lambda it: it, "mean": torch.mean, "sum": torch.sum}[reduction](values)
    total = (values * weight).sum()
    result = {"none": values * weight, "sum": total, "mean": total / weight.sum()}[reduction]
    return result.to(values.dtype)


SECOND_FORMS = {"hinge_loss": hinge_from_torchs_pieces}

# --- distances: one each, and 1 or −1 -----------------------------------------------------------------------------

# Each number meets each target; the numbers are the margins of the options, and their neighbours.
_EDGES = numbers(0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, -0.5, -1)
DISTANCES = {
    "random": pair(noise(3, 4), signs(3, 4)),
    "wide": pair(5 * noise(40), signs(40)),
    "joints": pair(_EDGES.repeat(5), numbers(1, -1, 0, 2, -0.5).repeat_interleave(10)),
    "small": pair(numbers(1e-4, -1e-6, 1e-30, -1e-42), numbers(1, 1, -1, -1)),
    "large": pair(numbers(1e4, -1e4, 3e4, -1e30, 1e30), numbers(1, -1, 1, -1, -1)),
    "empty": pair(_EMPTY, _EMPTY),
    "infinite": SIDES["infinite"],
    "odd-targets": pair(numbers(0.5, 2, 0.5, 0.5), numbers(NAN, NAN, INF, -INF)),
}
DISTANCE_LAYOUTS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = SIDE_LAYOUTS | {
    "larger-target": (pair(noise(3, 1), signs(4)), {}),
    "larger-target-0-d": (pair(noise(1)[0], signs(2, 3)), {}),
    "complex-target": (
        pair(noise(4), torch.complex(signs(4), noise(4, seed=2))),
        {"fixed": {"target"}, "dtypes": FULL},
    ),
}


def hinge_embedding_cases() -> Iterator[Case]:
    for option in ({}, {"margin": 0}, {"margin": 0.5}, {"margin": -0.5}, {"margin": 2.0}, {"margin": 0.3}):
        for name, tensors in DISTANCES.items():
            # Beside 1 and -1 the loss jumps, so the slope of the random case by its target is no limit of differences.
            constant = {"target"} if name == "random" else ()
            exact = name in ("random", "wide", "joints", "small", "large")
            yield Case("hinge_embedding_loss", name, tensors, option, (), constant, exact=exact, bent=name == "random")
    for name, (tensors, facts) in DISTANCE_LAYOUTS.items():
        yield Case("hinge_embedding_loss", name, tensors, {"margin": 0.5}, **facts)
    half = torch.full((70_000,), 0.5, dtype=torch.float64)
    for name, target in (("many-alike", half + 0.5), ("many-different", -half - 0.5)):
        yield Case("hinge_embedding_loss", name, pair(half, target), dtypes=HALF, reductions=SHORT)
    yield Case("hinge_embedding_loss", "no-margin", DISTANCES["random"], {"margin": INF}, reductions=("none",))


# --- pairs of scores, and which should be higher -------------------------------------------------------------------


def scores(input1: Tensor, input2: Tensor, target: Tensor) -> dict[str, Tensor]:
    return {"input1": input1, "input2": input2, "target": target}


SCORES = {
    "random": scores(noise(3, 4), noise(3, 4, seed=1), signs(3, 4, seed=2)),
    "wide": scores(5 * noise(40), noise(40, seed=1), signs(40, seed=2)),
    # Leads of 0, of each margin of the options, and of more; at targets of both signs.
    "joints": scores(_EDGES.repeat(4) + 1, torch.ones(40).double(), numbers(1, -1, 1, -1).repeat_interleave(10)),
    "other-targets": scores(noise(6), noise(6, seed=1), numbers(0, 0.5, 2, -3, -0.25, 0)),
    "small": scores(numbers(1e-4, -1e-6, 1e-30, -1e-42), numbers(0, 1e-6, 0, 1e-38), numbers(1, 1, -1, -1)),
    "large": scores(numbers(1e4, -1e4, 3e4, -1e30), numbers(-3e4, 1, 2e4, 1e30), numbers(-1, 1, -1, 1)),
    "empty": scores(_EMPTY, _EMPTY, _EMPTY),
    "infinite": scores(
        numbers(INF, -INF, NAN, INF, -INF, INF, 0, 0), numbers(0, 0, 0, INF, INF, 0, NAN, -INF), signs(8).abs()
    ),
    "infinite-targets": scores(numbers(1, 1, 1, 1), numbers(0, 2, 0, 1), numbers(INF, INF, NAN, -INF)),
}
SCORE_LAYOUTS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "0-d": (scores(noise(1)[0], noise(1, seed=1)[0], numbers(-1)[0]), {}),
    "K-dim": (scores(noise(2, 3, 2), noise(2, 3, 2, seed=1), signs(2, 3, 2, seed=2)), {}),
    "transposed": (scores(noise(4, 3), noise(4, 3, seed=1), signs(4, 3, seed=2)), {"view": torch.t}),
    "strided": (scores(noise(9), noise(9, seed=1), signs(9, seed=2)), {"view": lambda t: t[::2]}),
    "all-pairs": (scores(noise(3, 1), noise(1, 4, seed=1), signs(3, 4, seed=2)), {}),
    "one-target": (scores(noise(3, 4), noise(1, 4, seed=1), signs(1, 1, seed=2)), {}),
    "integer-target": (scores(noise(3), noise(3, seed=1), torch.tensor([1, -1, 1])), {"fixed": {"target"}}),
    "double-target": (scores(noise(3), noise(3, seed=1), signs(3)), {"fixed": {"target"}}),
    "single-input2": (scores(noise(3), noise(3, seed=1).float(), signs(3)), {"fixed": {"input2"}}),
}


def margin_ranking_cases() -> Iterator[Case]:
    for option in ({}, {"margin": 1}, {"margin": 0.5}, {"margin": -0.5}, {"margin": 0.3}):
        for name, tensors in SCORES.items():
            exact = name in ("random", "wide", "joints", "other-targets", "small", "large")
            yield Case("margin_ranking_loss", name, tensors, option, exact=exact, bent=name == "random")
    for name, (tensors, facts) in SCORE_LAYOUTS.items():
        yield Case("margin_ranking_loss", name, tensors, {"margin": 0.5}, **facts)
    half = torch.full((70_000,), 0.5, dtype=torch.float64)
    yield Case("margin_ranking_loss", "many", scores(half, 2 * half, 2 * half), dtypes=HALF, reductions=SHORT)


# --- scores of classes, and the index of the true one ---------------------------------------------------------------


def classes(input: Tensor, target: Tensor, weight: Tensor | None = None) -> dict[str, Tensor]:
    return {"input": input, "target": target} | ({} if weight is None else {"weight": weight})


def whole(high: int, *shape: int, low: int = 0) -> Tensor:
    return torch.randint(low, high, shape, generator=torch.Generator().manual_seed(3))


_FIRST = torch.zeros(3, dtype=torch.int64)
CLASSES = {
    "random": classes(noise(5, 4), whole(4, 5)),
    "wide": classes(5 * noise(12, 6), whole(6, 12)),
    # The first class leads by 0, and by each margin of the options, exactly; then so does another.
    "joints": classes(numbers(1, 1, 0, 0.5, 1.5, 2, -1).repeat(7, 1), torch.arange(7)),
    "large": classes(numbers(1e4, -1e4, 3e4, 0, -1e30, 1e4).reshape(2, 3), torch.tensor([1, 2])),
    "infinite": classes(numbers(1, INF, 2, 1, -INF, 2, 1, NAN, 2).reshape(3, 3).repeat(3, 1), whole(3, 9)),
    "infinite-alone": classes(numbers(1, INF, 2, 1, -INF, 2).reshape(2, 3), torch.tensor([0, 1])),
    "all-nan": classes(numbers(NAN, NAN, NAN).reshape(1, 3), torch.tensor([1])),
}
CLASS_LAYOUTS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "one-sample": (classes(noise(4), torch.tensor(2)), {"bent": True}),
    "one-sample-target-in-a-row": (classes(noise(4), torch.tensor([2])), {}),
    "one-row-0-d-target": (classes(noise(1, 4), torch.tensor(2)), {}),
    "one-class": (classes(noise(3, 1), _FIRST), {}),
    "0-d": (classes(noise(1)[0], torch.tensor(0)), {}),
    "0-d-target-in-a-row": (classes(noise(1)[0], torch.tensor([0])), {}),
    "transposed": (classes(noise(4, 5), whole(4, 5)), {"view": torch.t}),
    "strided": (classes(noise(9, 4), whole(4, 9)), {"view": lambda t: t[::2]}),
    # Of an empty batch, torch's mean and sum are what the memory held.
    "empty": (classes(torch.zeros(0, 4).double(), torch.zeros(0).long()), {"reductions": ("none",)}),
    "no-margin": (CLASSES["random"], {"options": {"margin": NAN}}),
    "any-margin": (CLASSES["random"], {"options": {"margin": INF}}),
}
_CLASS_WEIGHTS = {
    "weighted": noise(4, seed=2).abs(),
    "weights-with-zero": numbers(0, 1, 2, 0),
    "weights-negative": numbers(-1, 1, 2, -0.5),
    "weights-infinite": numbers(INF, 1, NAN, -INF),
}


def multi_margin_cases() -> Iterator[Case]:
    def case(name: str, tensors: dict[str, Tensor], **facts: Any) -> Case:
        settings = {"fixed": {"target"}, "constant": {"weight"}, "dtypes": FULL}
        return Case("multi_margin_loss", name, tensors, **(settings | facts))

    rows = ("input", "target")
    for options in ({}, {"p": 2}, {"margin": 0.5}, {"p": 2, "margin": -0.5}, {"margin": 0}, {"p": 2, "margin": 0.3}):
        for name, tensors in CLASSES.items():
            exact = name in ("random", "wide", "joints", "large")
            yield case(name, tensors, options=options, exact=exact, places=50, bent=name == "random", rows=rows)
    for name, (tensors, facts) in CLASS_LAYOUTS.items():
        yield case(name, tensors, **facts)
    for name, weight in _CLASS_WEIGHTS.items():
        for p in (1, 2):
            tensors = classes(*CLASSES["random"].values(), weight)
            exact = name != "weights-infinite"
            yield case(name, tensors, options={"p": p}, exact=exact, places=50, bent=name == "weighted", rows=rows)


SHORT = ("mean", "sum")  # the reductions that add up

CASES = (
    *hinge_cases(),
    *soft_margin_cases(),
    *hinge_embedding_cases(),
    *margin_ranking_cases(),
    *multi_margin_cases(),
)


# --- bad calls ----------------------------------------------------------------------------------------------------

_X = torch.ones(3)
_BAD_SIDES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "list-for-input": ({"input": [1.0], "target": _X}, ("input", "list", "Tensor", "torch.tensor")),
    "number-for-target": ({"input": _X, "target": 1.0}, ("target", "float", "Tensor")),
    "sizes": ({"input": _X, "target": torch.ones(4)}, ("input", "(3,)", "target", "(4,)", "one size")),
    "reduction": ({"input": _X, "target": _X, "reduction": "avg"}, ("reduction", "'avg'", "none", "mean", "sum")),
}


_BAD_HINGE: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "bool": ({"input": _X > 0, "target": _X}, ("hinge_embedding_loss", "bool", "x.float()")),
    "complex": ({"input": _X.cfloat(), "target": _X}, ("hinge_embedding_loss", "complex64")),
    "mean-of-integers": ({"input": _X.long(), "target": _X}, ("int64", "x.float()")),
    "margin": ({"input": _X, "target": _X, "margin": "1"}, ("margin", "str", "real number")),
}
_THREE = {"input1": _X, "input2": _X, "target": _X}
_BAD_PAIRS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    **{
        f"number-for-{name}": (_THREE | {name: 1.0}, (name, "float", "Tensor", "torch.tensor"))
        for name in ("input1", "input2", "target")
    },
    "dimensions": (_THREE | {"target": torch.ones(3, 1)}, ("input1", "(3,)", "target", "(3, 1)", "dimensions")),
    "sizes": (_THREE | {"input2": torch.ones(4)}, ("input1", "(3,)", "input2", "(4,)", "one size")),
    "bool": (_THREE | {"input2": _X > 0}, ("margin_ranking_loss", "bool", "x.float()")),
    "complex": (_THREE | {"input1": _X.cfloat()}, ("margin_ranking_loss", "complex64")),
    "margin": (_THREE | {"margin": None}, ("margin", "NoneType", "real number")),
    "reduction": (_THREE | {"reduction": "avg"}, ("reduction", "'avg'", "none", "mean", "sum")),
}
_CLASSED = {"input": torch.ones(2, 3), "target": torch.tensor([0, 2])}
_BAD_CLASSES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "list-for-input": (_CLASSED | {"input": [1.0]}, ("input", "list", "Tensor", "torch.tensor")),
    "number-for-target": (_CLASSED | {"target": 1}, ("target", "int", "Tensor")),
    "number-for-weight": (_CLASSED | {"weight": 1.0}, ("weight", "float", "Tensor")),
    "half": (_CLASSED | {"input": torch.ones(2, 3).half()}, ("multi_margin_loss", "float16", "x.float()")),
    "integers": (_CLASSED | {"input": torch.ones(2, 3).long()}, ("multi_margin_loss", "int64", "x.float()")),
    "sparse": (_CLASSED | {"input": torch.ones(2, 3).to_sparse()}, ("multi_margin_loss", "sparse", "x.to_dense()")),
    "K-dim": (_CLASSED | {"input": torch.ones(2, 3, 1)}, ("input", "(C)", "(N, C)", "(2, 3, 1)")),
    "no-classes": (_CLASSED | {"input": torch.ones(2, 0)}, ("input", "(N, C)", "above 0", "(2, 0)")),
    "float-target": (_CLASSED | {"target": torch.ones(2)}, ("target", "float32", "int64", "target.long()")),
    "too-few-targets": (_CLASSED | {"target": torch.tensor([0])}, ("target", "2 samples", "(1,)")),
    "target-in-columns": (_CLASSED | {"target": torch.tensor([[0], [1]])}, ("target", "2 samples", "(2, 1)")),
    "target-too-high": (_CLASSED | {"target": torch.tensor([0, 3])}, ("target", "out of range", "0 to 2", "0 to 3")),
    "target-too-low": (_CLASSED | {"target": torch.tensor([-1, 0])}, ("target", "out of range", "0 to 2", "-1 to 0")),
    "weight-of-two-dimensions": (_CLASSED | {"weight": torch.ones(1, 3)}, ("weight", "(C)", "(1, 3)")),
    "weight-size": (_CLASSED | {"weight": torch.ones(4)}, ("weight", "3 classes", "(4,)")),
    "weight-dtype": (_CLASSED | {"weight": torch.ones(3).double()}, ("weight", "float32", "float64")),
    "weight-with-gradient": (_CLASSED | {"weight": torch.ones(3, requires_grad=True)}, ("weight", "detach()")),
    "p": (_CLASSED | {"p": 3}, ("p", "1 or 2", "3")),
    "p-in-a-tensor": (_CLASSED | {"p": torch.ones(1)}, ("p", "Tensor", "real number")),
    "margin": (_CLASSED | {"margin": "1"}, ("margin", "str", "real number")),
    "complex-margin": (_CLASSED | {"margin": 1j}, ("margin", "1j", "real number")),
    "reduction": (_CLASSED | {"reduction": "avg"}, ("reduction", "'avg'", "none", "mean", "sum")),
}


def bad_calls(loss: str, table: dict[str, tuple[dict[str, Any], tuple[str, ...]]]) -> Iterator[BadCall]:
    for name, (arguments, says) in table.items():
        yield BadCall(loss, name, arguments, says)


_BAD_SOFT: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "larger-target": ({"input": _X, "target": torch.ones(3, 1)}, ("target", "(3, 1)", "input", "(3,)", "one size")),
    "integers": ({"input": _X.long(), "target": _X}, ("input", "int64", "input.float()")),
    "bool": ({"input": _X > 0, "target": _X}, ("input", "bool", "input.float()")),
    "complex-target": ({"input": _X, "target": _X.cfloat()}, ("target", "complex64", "input", "float32")),
    "target-with-gradient": ({"input": _X, "target": torch.ones(3, requires_grad=True)}, ("target", "detach()")),
}

BAD_CALLS = (
    *bad_calls("soft_margin_loss", _BAD_SIDES),
    *bad_calls("soft_margin_loss", _BAD_SOFT),
    *bad_calls("hinge_embedding_loss", _BAD_SIDES),
    *bad_calls("hinge_embedding_loss", _BAD_HINGE),
    *bad_calls("margin_ranking_loss", _BAD_PAIRS),
    *bad_calls("multi_margin_loss", _BAD_CLASSES),
)


_LABELS = torch.tensor([1, -1, 1])
_BAD_LABELS: dict[str, tuple[dict[str, Any], tuple[str, ...], type[Exception]]] = {
    "list-for-input": ({"input": [1.0]}, ("input", "list", "torch.tensor"), TypeError),
    "number-for-target": ({"target": 1}, ("target", "int", "torch.tensor"), TypeError),
    "number-for-weight": ({"weight": 2.0}, ("weight", "float", "torch.tensor"), TypeError),
    "zero-and-one": ({"target": torch.tensor([1, 0, 1])}, ("target", "1 and -1", "0", "2 * target - 1"), ValueError),
    "true-and-false": ({"target": _LABELS > 0}, ("target", "False", "2 * target - 1"), ValueError),
    "nan-target": ({"target": torch.tensor([1, NAN, 1])}, ("target", "nan"), ValueError),
    "column": ({"target": _LABELS[:, None]}, ("target", "(3, 1)", "input", "(3,)", "broadcast"), ValueError),
    "one-target": ({"target": _LABELS[:1]}, ("target", "(1,)", "input", "(3,)"), ValueError),
    "target-0-d": ({"target": _LABELS[0]}, ("target", "()", "input", "(3,)"), ValueError),
    "weight-0-d": ({"weight": _X[0]}, ("weight", "()", "(3,)"), ValueError),
    "integers": ({"input": _X.long()}, ("input", "int64", "input.float()"), RuntimeError),
    "complex": ({"input": _X.cfloat()}, ("input", "complex64", "real"), RuntimeError),
    "target-with-gradient": ({"target": _X.clone().requires_grad_()}, ("target", "detach()"), RuntimeError),
    "margin": ({"margin": "1"}, ("margin", "str", "real number"), TypeError),
    "reduction": ({"reduction": "avg"}, ("reduction", "'avg'", "none", "mean", "sum"), ValueError),
    "old-reduction": ({"reduction": "elementwise_mean"}, ("reduction", "elementwise_mean"), ValueError),
    "no-reduction": ({"reduction": None}, ("reduction", "None"), TypeError),
}
OWN_BAD_CALLS = tuple(
    (BadCall("hinge_loss", name, {"input": _X, "target": _LABELS} | arguments, says), kind)
    for name, (arguments, says, kind) in _BAD_LABELS.items()
)


# --- where this package differs from torch ------------------------------------------------------------------------


DIFFERENCES = (
    # torch raises, this package works
    Difference(
        "torch's soft_margin_loss has no forward mode of its backward pass: it raises NotImplementedError",
        ("soft_margin_loss",),
        ("forward over reverse",),
    ),
    Difference(
        "torch's multi_margin_loss has no second derivative and no forward mode: both raise",
        ("multi_margin_loss",),
        ("second derivative", *FORWARD),
    ),
    Difference(
        "torch's soft_margin_loss of complex numbers has no derivative: it raises",
        ("soft_margin_loss",),
        ANY_DERIVATIVE,
        named("complex"),
    ),
    Difference(
        "torch's slope negates the target in its own dtype, and raises if that is bool",
        ("soft_margin_loss",),
        (*ANY_DERIVATIVE, "per sample"),
        named("bool-target"),
    ),
    # torch is wrong, this package is right
    Difference(
        "the same where the target is of unsigned integers: -1 becomes 255, and the slope is wrong",
        ("soft_margin_loss",),
        (*ANY_DERIVATIVE, "per sample"),
        named("unsigned-target"),
    ),
    # this package is worse: corners that the readable formula leaves
    Difference(
        "an infinite weight times a cost of 0 is nan; torch's multi_margin_loss skips the classes that cost nothing",
        ("multi_margin_loss",),
        ("value",),
        named("weights-infinite", reduction="none"),
    ),
    Difference(
        "in forward mode torch adds a number to a 0-d float32 tensor in float64, so the tangent is float64",
        ("margin_ranking_loss",),
        ("forward mode",),
        named("0-d", dtype=torch.float32),
    ),
)

# Where half precision overflows in torch and not here: loss, case, options, dtype, reduction, what.
FINITE_ONLY_HERE = {
    ("soft_margin_loss-wrong", torch.float16, reduction, quantity)
    for reduction in REDUCTIONS
    for quantity in ("value", "gradient")
}


# --- the losses a second time, in exact arithmetic ----------------------------------------------------------------


def hinge(x: mpf, y: mpf, margin: float = 1.0) -> tuple[mpf, mpf]:
    missing = mpf(margin) - y * x
    return (missing, -y) if missing >= 0 else (mpf(0), mpf(0))


def soft_margin(x: mpf, y: mpf) -> tuple[mpf, mpf]:
    return mpmath.log1p(mpmath.exp(-y * x)), -y / (1 + mpmath.exp(y * x))


def hinge_embedding(x: mpf, y: mpf, margin: float = 1.0) -> tuple[mpf, mpf]:
    value = slope = mpf(0)
    if y != -1:
        value, slope = x, mpf(1)
    if y != 1 and x <= margin:
        value, slope = value + margin - x, slope - 1
    return value, slope


def margin_ranking(x1: mpf, x2: mpf, y: mpf, margin: float = 0) -> tuple[mpf, mpf]:
    missing = mpf(margin) - y * (x1 - x2)
    return (missing, -y) if missing >= 0 else (mpf(0), mpf(0))


def each(one: Callable[..., tuple[mpf, mpf]]) -> Callable[..., Exact]:
    """Of a formula for one element, the one for all."""

    def all_of_them(*arguments: list, **options: Any) -> Exact:
        named = dict(options)
        tensors = [named.pop(name) for name in ("input", "input1", "input2", "target") if name in named]
        rows = zip(*(flat(tensor) for tensor in tensors), strict=True)
        values, slopes = zip(*(one(*row, **named) for row in rows), strict=True)
        return Exact(list(values), list(slopes))

    return all_of_them


def multi_margin(input: list, target: Any, weight: list | None = None, p: int = 1, margin: float = 1.0) -> Exact:
    values, slopes = [], []
    for x, y in zip(input, target, strict=True):
        factor = (weight[y] if weight else mpf(1)) / len(x)
        missing = [max(mpf(0), margin - x[y] + x[c]) if c != y else mpf(0) for c in range(len(x))]
        values.append(factor * mpmath.fsum(one**p for one in missing))
        pushes = [factor * p * one ** (p - 1) if one > 0 else mpf(0) for one in missing]
        pushes[y] = -mpmath.fsum(pushes)
        slopes += pushes
    return Exact(values, slopes)


EXACT = {
    "hinge_loss": each(hinge),
    "soft_margin_loss": each(soft_margin),
    "hinge_embedding_loss": each(hinge_embedding),
    "margin_ranking_loss": each(margin_ranking),
    "multi_margin_loss": multi_margin,
}


# --- options: of each Module every one changed; of torch's reference functions some -------------------------------

MODULE_OPTIONS: dict[str, dict[str, Any]] = {
    "SoftMarginLoss": {"reduction": "sum"},
    "HingeEmbeddingLoss": {"margin": 0.4, "reduction": "none"},
    "MarginRankingLoss": {"margin": 0.7, "reduction": "sum"},
    "MultiMarginLoss": {"p": 2, "margin": 0.7, "weight": noise(10, seed=2).abs(), "reduction": "sum"},
}
REFERENCE_OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "SoftMarginLoss": ({},),
    "HingeEmbeddingLoss": ({}, {"margin": 0.5}),
    "MarginRankingLoss": ({}, {"margin": 0.5}, {"margin": 2}),
    "MultiMarginLoss": ({}, {"p": 2}, {"margin": 0.5}, {"weight": noise(10, seed=2).abs()}),
}
