"""The cases of the losses for vectors: pairs by the angle between them, triplets by their distances."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import mpmath
import torch
from mpmath import mpf
from torch import Tensor, nn

from tests.cases.form import FULL, HALF, INF, NAN, BadCall, Case, Difference, Exact, noise, numbers

EMPTY = torch.zeros(0, 4, dtype=torch.float64)


def table(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


# --- pairs: two vectors, and whether they belong together ---------------------------------------------------------

_FIXED = frozenset({"target"})


def pair(input1: Tensor, input2: Tensor, *target: float) -> dict[str, Tensor]:
    return {"input1": input1, "input2": input2, "target": torch.tensor(target)}


def one_pair(input1: Tensor, input2: Tensor, target: float) -> dict[str, Tensor]:
    return {"input1": input1, "input2": input2, "target": torch.tensor(target)}


_SIGNS = (1, -1, 1, -1, 1, -1, 1, -1)

# These meet every margin.
PAIRS = {
    "random": pair(noise(4, 3), noise(4, 3, seed=1), 1, -1, -1, 1),
    "wide": pair(noise(8, 40), noise(8, 40, seed=1), *_SIGNS),
    "right-angles": pair(
        table((1, 0), (1, 0), (3, 4), (3, 4), (0, 2), (2, 2)),
        table((0, 1), (0, -5), (4, -3), (4, -3), (1, 0), (-1, 1)),
        *_SIGNS[1:7],
    ),
    "parallel": pair(
        table((1, 0), (1, 0), (3, 4), (4, 0), (2, 2), (2, 2)),
        table((1, 0), (5, 0), (6, 8), (4, 0), (-1, -1), (-4, -4)),
        *_SIGNS[1:7],
    ),
    "zero": pair(
        table((0, 0), (0, 0), (3, 4), (3, 4), (0, 0)),
        table((1, 2), (1, 2), (0, 0), (0, 0), (0, 0)),
        *_SIGNS[:5],
    ),
    "infinite": pair(
        table((INF, 1), (INF, 1), (NAN, 1), (1, 2), (1, -INF), (NAN, 1)),
        table((1, 1), (1, 1), (1, 1), (NAN, 1), (INF, INF), (1, 1)),
        *_SIGNS[:5],
        0,
    ),
    "large": pair(
        table((1e4, -1e4), (1e4, 1e4), (1e30, 1), (1e30, 1)),
        table((1e4, 1), (1, 1e4), (1, 1e30), (2, 1)),
        *_SIGNS[:4],
    ),
    "small": pair(
        table((1e-4, 1e-5), (1e-7, 1e-6), (1e-30, 0), (2e-6, 0)),
        table((1, 2), (1e-6, 1e-6), (1, 1), (1, 1)),
        *_SIGNS[:4],
    ),
    "other-targets": pair(noise(4, 3), noise(4, 3, seed=1), 0, 2, -3, 1),
    "empty": {"input1": EMPTY, "input2": EMPTY, "target": torch.zeros(0, dtype=torch.int64)},
}
PAIR_LAYOUTS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "one": (one_pair(noise(5), noise(5, seed=1), 1), {"rows": ()}),
    "one-apart": (one_pair(noise(5), noise(5), -1), {"rows": ()}),
    "no-numbers": (pair(noise(3, 0), noise(3, 0), 1, -1, 0), {}),
    "transposed": (pair(noise(4, 3), noise(4, 3, seed=1), 1, -1, 0), {"view": torch.t}),
    "strided": (pair(noise(6, 4), noise(6, 4, seed=1), 1, 0, -1, 0, -1, 0), {"view": lambda t: t[::2]}),
    "broadcast": (pair(noise(3, 4), noise(1, 4, seed=1), 1, -1, -1), {"rows": ()}),
    "broadcast-both": (pair(noise(1, 4), noise(3, 1, seed=1), -1), {"rows": ()}),
    "float-target": (
        {"input1": noise(4, 3), "input2": noise(4, 3, seed=1), "target": numbers(1, -1, 0.5, NAN)},
        {"fixed": frozenset()},
    ),
    "double-input2": (pair(noise(3, 4), noise(3, 4, seed=1), 1, -1, -1), {"fixed": frozenset({"input2", "target"})}),
    "integer-input2": (
        {"input1": noise(3, 4), "input2": torch.arange(-6, 6).view(3, 4), "target": torch.tensor([1, -1, -1])},
        {"fixed": frozenset({"input2", "target"})},
    ),
}
# More numbers than half precision can add up to.
MANY_PAIRS = {
    "many": pair(numbers(2, 1).expand(70_000, 2), table((1, 3)), *[-1] * 70_000),
    "long": pair(*(1 + torch.arange(70_000).remainder(n)[None].double() for n in (2, 3)), -1),
}
# Sums of many terms, and differences of what is nearly the same, cost some last places; parallel vectors all of them.
_PLACES = {"random": 32, "wide": 1024, "right-angles": 4, "zero": 4, "small": 32, "other-targets": 32}


def pair_cases() -> Iterator[Case]:
    facts: dict[str, Any] = {"fixed": _FIXED, "rows": ("input1", "input2", "target")}
    for option in ({}, {"margin": 0.5}, {"margin": 1}, {"margin": -0.5}):
        for name, tensors in PAIRS.items():
            more = {"exact": name in _PLACES, "places": _PLACES.get(name, 4), "bent": name == "random"}
            more |= {"rows": ()} if name == "empty" else {}
            yield Case("cosine_embedding_loss", name, tensors, option, **(facts | more))
    for name, (tensors, more) in PAIR_LAYOUTS.items():
        yield Case("cosine_embedding_loss", name, tensors, {"margin": 0.1}, **(facts | more))
    for name, tensors in MANY_PAIRS.items():
        yield Case("cosine_embedding_loss", name, tensors, {}, dtypes=HALF, **facts)


# --- triplets: an anchor, its match, a stranger -------------------------------------------------------------------


def three(anchor: Tensor, positive: Tensor, negative: Tensor) -> dict[str, Tensor]:
    return {"anchor": anchor, "positive": positive, "negative": negative}


_RANDOM = three(noise(5, 3), noise(5, 3, seed=1), noise(5, 3, seed=2))
# Whole differences: with eps=0 and p of 1 or inf, the hinge, equal distances and equal differences are met exactly.
_TIES = three(
    table((0, 0), (0, 0), (0, 0), (1, 1), (0, 0), (2, 0)),
    table((1, 0), (1, 1), (0, 0), (2, 2), (2, 0), (0, 0)),
    table((0, 2), (3, 3), (1, 0), (1, 1), (1, 1), (1, 3)),
)
TRIPLETS = {
    "random": _RANDOM,
    "wide": three(noise(8, 40), noise(8, 40, seed=1), noise(8, 40, seed=2)),
    "equal": three(table((1, 2), (1, 2), (0, 0)), table((1, 2), (3, 4), (0, 0)), table((1, 2), (1, 2), (0, 0))),
    "infinite": three(
        table((INF, 1), (1, 1), (1, 1), (NAN, 0), (INF, 0)),
        table((1, 1), (INF, 0), (0, 0), (0, 0), (INF, 0)),
        table((1, 1), (0, 0), (-INF, 0), (0, 0), (INF, 0)),
    ),
    "large": three(table((1e4, -1e4), (1e30, 0)), table((-3e4, 1), (0, 1e30)), table((1, 2e4), (1e30, 1e30))),
    "empty": three(EMPTY, EMPTY, EMPTY),
}
_DOUBLE = frozenset({"positive"})
_WHOLE = torch.arange(-6, 6).view(3, 4)
_IMAGINARY = torch.complex(noise(3, 4, seed=3), noise(3, 4, seed=4))
TRIPLET_LAYOUTS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "one": (three(noise(5), noise(5, seed=1), noise(5, seed=2)), {"rows": ()}),
    "0-d": (three(noise(1)[0], noise(1, seed=1)[0], noise(1, seed=2)[0]), {}),
    "K-dim": (three(noise(2, 3, 4), noise(2, 3, 4, seed=1), noise(2, 3, 4, seed=2)), {}),
    "no-numbers": (three(noise(3, 0), noise(3, 0), noise(3, 0)), {}),
    "transposed": (three(noise(4, 3), noise(4, 3, seed=1), noise(4, 3, seed=2)), {"view": torch.t}),
    "strided": (three(noise(6, 4), noise(6, 4, seed=1), noise(6, 4, seed=2)), {"view": lambda t: t[::2]}),
    "broadcast": (three(noise(1, 4), noise(3, 4, seed=1), noise(3, 1, seed=2)), {}),
    "double-positive": (three(*_RANDOM.values()), {"fixed": _DOUBLE}),
    "integer-positive": (three(noise(3, 4), _WHOLE, noise(3, 4, seed=1)), {"fixed": _DOUBLE}),
    "complex": (three(_IMAGINARY, _IMAGINARY.flip(0), noise(3, 4)), {"dtypes": FULL}),
}
# More numbers than half precision can add up to.
_FULL_OF = (torch.full((1, 70_000), number, dtype=torch.float64) for number in (2, 1, 0))
MANY_TRIPLETS = {
    "many": three(torch.full((70_000, 1), 3.0).double(), numbers(1)[:, None], numbers(4)[:, None]),
    "long": three(*_FULL_OF),
}


class CityBlocks(nn.Module):
    """A distance that is not the default one."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return (x - y).abs().sum(-1)


def triplet_cases(loss: str, options: tuple[dict[str, Any], ...]) -> Iterator[Case]:
    for option in options:
        p, eps = option.get("p", 2), option.get("eps", 1e-6)
        tables = dict(TRIPLETS)
        if p < 1:  # no distance, and not much is asked of it
            tables = {name: TRIPLETS[name] for name in ("random", "infinite")}
        elif eps == 0 and p == 2:  # the length of nothing has no curvature: it is infinite
            tables |= {"infinite-curvature": _TIES}
            del tables["equal"]
        elif eps == 0 or "distance_function" in option:
            tables |= {"ties": _TIES}
        for name, tensors in tables.items():
            exact = p >= 1 and name not in ("infinite", "large", "empty")
            places = 4 if name in ("ties", "infinite-curvature") else 512  # the difference of two distances
            yield Case(loss, name, tensors, option, exact=exact, places=places, bent=name == "random")
    for name, (tensors, facts) in TRIPLET_LAYOUTS.items():
        yield Case(loss, name, tensors, options[-1], **facts)
    for name, tensors in MANY_TRIPLETS.items():
        yield Case(loss, name, tensors, options[0], dtypes=HALF, rows=())


CASES = (
    *pair_cases(),
    *triplet_cases(
        "triplet_margin_loss",
        (
            {},
            {"margin": 0.5, "p": 1, "eps": 0},
            {"p": INF, "eps": 0, "swap": True},
            {"p": 1, "eps": 0, "swap": True, "margin": 2},
            {"p": 3, "swap": True},
            {"p": 1.5, "eps": 0.25, "margin": 0.125},
            {"p": 0.5},
            {"p": 0},
            {"p": -1, "swap": True},
            {"p": 2, "eps": 0, "swap": True},
        ),
    ),
    *triplet_cases(
        "triplet_margin_with_distance_loss",
        ({}, {"distance_function": CityBlocks(), "swap": True}, {"margin": 0.5, "swap": True}),
    ),
)


# --- bad calls ----------------------------------------------------------------------------------------------------

_X, _Y = torch.ones(3, 4), torch.ones(3)
_PAIR: dict[str, Any] = {"input1": _X, "input2": _X, "target": _Y}
_THREE: dict[str, Any] = {"anchor": _X, "positive": _X, "negative": _X}
_BAD_PAIRS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "list": ({"input1": [1.0]}, ("input1", "list", "Tensor", "torch.tensor")),
    "number-for-target": ({"target": 1}, ("target", "int", "Tensor")),
    "target-per-number": ({"target": _X}, ("input1", "input2", "(3, 4)", "target", "(N, D)", "(N)")),
    "one-vector": ({"input2": _X[0]}, ("input1", "(3, 4)", "input2", "(4,)", "target", "(3,)")),
    "rows-of-vectors": (
        {"input1": _X[None], "input2": _X[None], "target": torch.ones(1, 3)},
        ("input1", "(1, 3, 4)", "input2", "target", "(1, 3)", "(N, D)"),
    ),
    "lengths": ({"input2": torch.ones(3, 5)}, ("input1", "(3, 4)", "input2", "(3, 5)", "one size")),
    "complex": ({"input1": _X.cfloat()}, ("complex", "real")),
    "margin": ({"margin": "1"}, ("margin", "str", "real number")),
    "reduction": ({"reduction": "avg"}, ("reduction", "'avg'", "'none'", "'mean'", "'sum'")),
}
_BAD_TRIPLETS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "list": ({"anchor": [1.0]}, ("anchor", "list", "Tensor", "torch.tensor")),
    "none": ({"negative": None}, ("negative", "NoneType", "Tensor")),
    "one-vector": ({"positive": _X[0]}, ("anchor", "(3, 4)", "positive", "(4,)", "negative", "dimensions")),
    "lengths": ({"negative": torch.ones(3, 5)}, ("anchor", "(3, 4)", "negative", "(3, 5)", "one size")),
    "counts": ({"positive": torch.ones(2, 4)}, ("anchor", "(3, 4)", "positive", "(2, 4)", "one size")),
    "bool": ({"positive": _X > 0}, ("positive", "bool", "float()")),
    "margin-0": ({"margin": 0}, ("margin", "above 0", "0")),
    "margin-negative": ({"margin": -0.5}, ("margin", "above 0", "-0.5")),
    "margin-text": ({"margin": "1"}, ("margin", "str", "real number")),
    "reduction": ({"reduction": "avg"}, ("reduction", "'avg'", "'none'", "'mean'", "'sum'")),
}
_BAD_NORMS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "margin-tensor": ({"margin": torch.ones(1)}, ("margin", "Tensor", "real number")),
    "p": ({"p": None}, ("p ", "NoneType", "real number")),
    "eps": ({"eps": [1.0]}, ("eps", "list", "real number")),
    "swap": ({"swap": 1}, ("swap", "int", "True", "False")),
}
_BAD_DISTANCES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "old-reduction": ({"reduction": "elementwise_mean"}, ("reduction", "'elementwise_mean'", "'mean'")),
    "no-tensor": ({"distance_function": lambda x, y: 1.0}, ("distance_function", "float", "Tensor")),
}


def bad_calls(
    loss: str, good: dict[str, Any], *tables: dict[str, tuple[dict[str, Any], tuple[str, ...]]]
) -> Iterator[BadCall]:
    for one in tables:
        for name, (change, says) in one.items():
            yield BadCall(loss, name, good | change, says)


BAD_CALLS = (
    *bad_calls("cosine_embedding_loss", _PAIR, _BAD_PAIRS),
    *bad_calls("triplet_margin_loss", _THREE, _BAD_TRIPLETS, _BAD_NORMS),
    *bad_calls("triplet_margin_with_distance_loss", _THREE, _BAD_TRIPLETS, _BAD_DISTANCES),
)


# --- where this package differs from torch ------------------------------------------------------------------------

DIFFERENCES = (
    Difference(
        "in forward mode torch adds a number in float64 to a 0-d float32 tensor, so the tangent is float64",
        ("cosine_embedding_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss"),
        ("forward mode",),
        lambda trial: (
            trial.dtype == torch.float32
            and trial.case.name in ("one", "one-apart", "0-d")
            and (trial.case.loss, trial.case.name) != ("triplet_margin_with_distance_loss", "one")
        ),
    ),
)

_EVERY = ("none", "mean", "sum")
_MARGINS = ("", "-margin=0.5", "-margin=1", "-margin=-0.5")
# Where half precision overflows in torch and not here: loss, case, options, dtype, reduction, what.
FINITE_ONLY_HERE = {
    # 1e-12 is 0 in float16, so torch divides 0 by 0 where a vector is 0
    *(
        (f"cosine_embedding_loss-{name}{margin}", torch.float16, reduction, quantity)
        for name, margin, reduction, quantity in product(("zero", "small"), _MARGINS, _EVERY, ("value", "gradient"))
    ),
    *(("cosine_embedding_loss-no-numbers-margin=0.1", torch.float16, reduction, "value") for reduction in _EVERY),
    # the square of a length is too large
    *(("cosine_embedding_loss-long", torch.float16, *rest) for rest in product(_EVERY, ("value", "gradient"))),
    *((f"cosine_embedding_loss-large{margin}", torch.float16, "none", "value") for margin in _MARGINS),
    *(
        (f"cosine_embedding_loss-large{margin}", torch.float16, reduction, "gradient")
        for margin, reduction in product(_MARGINS, _EVERY)
    ),
    # the slope divides by a power of the distance
    *(
        (f"triplet_margin_loss-{case}", torch.float16, reduction, "gradient")
        for case in (*(f"{name}-p=3-swap=True" for name in ("equal", "infinite", "large")), "infinite-p=-1-swap=True")
        for reduction in _EVERY
    ),
}


# --- the losses a second time, in exact arithmetic ----------------------------------------------------------------


def inner(x: list[mpf], y: list[mpf]) -> mpf:
    return mpmath.fsum(a * b for a, b in zip(x, y, strict=True))


def cosine_embedding(input1: list, input2: list, target: list, margin: float = 0.0) -> Exact:
    values, slopes = [], []
    for x, y, sign in zip(input1, input2, target, strict=True):
        lengths = [inner(v, v) + mpf(1e-12) for v in (x, y)]
        both = mpmath.sqrt(lengths[0] * lengths[1])
        cos = inner(x, y) / both
        factor = -1 if sign == 1 else 1 if sign == -1 and cos >= margin else 0
        values.append(1 - cos if sign == 1 else factor * (cos - mpf(margin)))
        slopes += [factor * (b / both - cos * a / lengths[0]) for a, b in zip(x, y, strict=True)]
    return Exact(values, slopes)


def norm(v: list[mpf], p: float) -> mpf:
    if p == INF:
        return max(abs(a) for a in v)
    return mpmath.fsum(abs(a) ** mpf(p) for a in v) ** (1 / mpf(p))


def norm_slope(v: list[mpf], p: float) -> list[mpf]:
    size = norm(v, p)
    if p == INF:
        share = mpf(1) / sum(abs(a) == size for a in v)
        return [mpmath.sign(a) * share * (abs(a) == size) for a in v]
    return [mpmath.sign(a) * (abs(a) / size) ** mpf(p - 1) if a else mpf(0) for a in v]


def triplet(
    anchor: list, positive: list, negative: list,
    margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False,
) -> Exact:  # fmt: skip
    values, slopes = [], []
    for a, b, c in zip(anchor, positive, negative, strict=True):
        to_match, to_stranger, between = (
            [x - y + mpf(eps) for x, y in zip(one, other, strict=True)] for one, other in ((a, b), (a, c), (b, c))
        )
        near, far, swapped = norm(to_match, p), norm(to_stranger, p), norm(between, p)
        share = 1 if not swap or far < swapped else mpf(1) / 2 if far == swapped else 0
        missing = mpf(margin) + near - (min(far, swapped) if swap else far)
        values.append(max(missing, mpf(0)))
        pulls = zip(norm_slope(to_match, p), norm_slope(to_stranger, p), strict=True)
        slopes += [(missing >= 0) * (pull - share * push) for pull, push in pulls]
    return Exact(values, slopes)


def triplet_with_distance(
    anchor: list, positive: list, negative: list, distance_function: CityBlocks | None = None, **options: float
) -> Exact:
    distance = {"p": 2.0, "eps": 1e-6} if distance_function is None else {"p": 1.0, "eps": 0.0}
    return triplet(anchor, positive, negative, **distance, **options)


EXACT = {
    "cosine_embedding_loss": cosine_embedding,
    "triplet_margin_loss": triplet,
    "triplet_margin_with_distance_loss": triplet_with_distance,
}


# --- options: of each Module every one changed; of torch's reference functions some -------------------------------

MODULE_OPTIONS = {
    "CosineEmbeddingLoss": {"margin": 0.25, "reduction": "sum"},
    "TripletMarginLoss": {"margin": 0.5, "p": 1.5, "eps": 0.125, "swap": True, "reduction": "none"},
    "TripletMarginWithDistanceLoss": {
        "distance_function": CityBlocks(), "margin": 0.5, "swap": True, "reduction": "sum",
    },
}  # fmt: skip
REFERENCE_OPTIONS = {
    "CosineEmbeddingLoss": ({}, {"margin": 0.5}),
    "TripletMarginLoss": ({}, {"margin": 0.5, "p": 1}, {"p": 3, "swap": True}),
}
