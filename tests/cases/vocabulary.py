"""The cases of the losses for a large vocabulary."""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import mpmath
import torch
from mpmath import mpf
from torch import Tensor

from tests.cases.form import HALF, INF, NAN, BadCall, Case, Difference, Exact, named, noise, numbers

# --- a last layer and its targets ---------------------------------------------------------------------------------


def layer(input: Tensor, linear_weight: Tensor, target: Tensor, **more: Tensor) -> dict[str, Tensor]:
    return {"input": input, "linear_weight": linear_weight, "target": target, **more}


H, W, B = noise(4, 3), noise(5, 3, seed=1), noise(5, seed=2)
Y = torch.tensor([0, 4, 2, 4])
Q = noise(4, 5, seed=3).softmax(1)
CLASS_WEIGHT = noise(5, seed=4).abs() + 0.25
_ONE = torch.ones(1, 1, dtype=torch.float64)


def scored(scores: Tensor, target: Tensor, **more: Tensor) -> dict[str, Tensor]:
    """A call whose scores are these, exactly: what is lost in a sum of products would hide what the loss loses."""
    return layer(scores, torch.eye(scores.shape[-1], dtype=torch.float64), target, **more)


X = 2 * noise(4, 5, seed=8)
Y_IGNORED = torch.tensor([0, -100, 2, 4])
_ROUGH = torch.tensor([[0.25, -1, 0.5], [0, 3, 2.75], [1, 1, 1]], dtype=torch.float64)
_MASK = numbers(0, -INF, 0, -INF, 1)

# Those that are judged by exact arithmetic too.
EXACTLY: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "scores": (scored(X, Y), {}),
    "bias": (scored(X, Y, linear_bias=B), {}),
    "ignored": (scored(X, Y_IGNORED), {}),
    "ignored-class": (scored(X, Y), {"ignore_index": 4}),
    "ignored-beyond": (scored(X, torch.tensor([0, 4, 7, 4])), {"ignore_index": 7}),
    "one-class": (layer(H, W[:1], torch.zeros(4, dtype=torch.int64)), {}),
    "large": (scored(_ROUGH, torch.tensor([0, 0, 1]), linear_bias=numbers(1e4, -1e4, 1e4)), {}),
    "tied": (scored(torch.zeros(3, 3, dtype=torch.float64), torch.arange(3)), {}),
    "weights": (scored(X, Y, weight=CLASS_WEIGHT), {}),
    "weights-with-zero": (scored(X, Y, weight=numbers(0, 1, 2, 0, 0.5)), {}),
    "weights-negative": (scored(X, Y, weight=numbers(-1, 1, 2, 0, 3)), {}),
    "weights-ignored": (scored(X, Y_IGNORED, linear_bias=B, weight=CLASS_WEIGHT), {}),
    "smoothed": (scored(X, Y), {"label_smoothing": 0.125}),
    "smoothed-whole": (scored(X, Y, linear_bias=B), {"label_smoothing": 1}),
    "smoothed-ignored": (scored(X, Y_IGNORED), {"label_smoothing": 0.25}),
    "smoothed-weights": (scored(X, Y_IGNORED, weight=CLASS_WEIGHT), {"label_smoothing": 0.25}),
    "chances-scores": (scored(X, noise(4, 5, seed=6).softmax(1)), {}),
    "chances-bias": (scored(X, Q, linear_bias=B), {}),
    "chances-no-sum": (scored(X, noise(4, 5, seed=3).abs()), {}),
    "chances-certain": (scored(X, torch.eye(5, dtype=torch.float64)[Y]), {}),
    "chances-weights": (scored(X, Q, weight=CLASS_WEIGHT), {}),
    "chances-smoothed": (scored(X, Q), {"label_smoothing": 0.25}),
    "chances-weights-smoothed": (scored(X, Q, weight=CLASS_WEIGHT), {"label_smoothing": 0.25}),
}
# Those whose numbers are not all finite, or that lose digits in a sum of products.
ROUGHLY: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "wide": (layer(noise(12, 6), noise(20, 6, seed=1), torch.arange(12)), {}),
    "all-ignored": (layer(H, W, torch.full((4,), -100)), {}),
    "empty": (layer(H[:0], W, Y[:0]), {}),
    "masked": (layer(H, W, torch.tensor([0, 4, 2, 0]), linear_bias=_MASK), {}),
    "masked-truth": (layer(H, W, torch.tensor([0, 1, 2, -100]), linear_bias=_MASK), {}),
    "infinite": (
        scored(
            torch.tensor([[INF, 0], [0, INF], [-INF, 1], [NAN, 1]], dtype=torch.float64),
            torch.tensor([0, 0, -100, -100]),
        ),
        {},
    ),
    "weights-all-zero": (layer(H, W, Y, weight=torch.zeros(5, dtype=torch.float64)), {}),
    "weights-cancel": (layer(H, W, Y, weight=numbers(-1, 0, -1, 0, 1)), {}),
    "weights-infinite": (layer(H, W, Y, weight=numbers(1, NAN, 1, INF, NAN)), {}),
    "smoothed-below-0": (layer(H, W, Y), {"label_smoothing": -0.5}),
    "smoothed-nan": (layer(H, W, Y), {"label_smoothing": NAN}),
    "smoothed-all-ignored": (layer(H, W, torch.full((4,), -100)), {"label_smoothing": 0.25}),
    "smoothed-empty": (layer(H[:0], W, Y[:0]), {"label_smoothing": 0.25}),
    "smoothed-masked": (layer(H, W, Y, linear_bias=_MASK), {"label_smoothing": 0.25}),
    "chances": (layer(H, W, Q), {}),
    "chances-negative": (layer(H, W, noise(4, 5, seed=3)), {}),
    "chances-masked": (layer(H, W, Q, linear_bias=_MASK), {}),
    "chances-empty": (layer(H[:0], W, Q[:0]), {}),
}
W1, W2, W3 = noise(5, 2, 3, seed=5), noise(5, 2, 2, 3, seed=5), noise(5, 2, 1, 2, 3, seed=5)
Y1 = torch.tensor([[0, 1], [4, -100], [2, 2], [3, 0]])
# These say something about shape, layout or dtype.
LAYOUTS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "K-dim": (layer(H, W1, Y1), {}),
    "K-dim-weights": (layer(H, W1, Y1, linear_bias=noise(5, 2, seed=6), weight=CLASS_WEIGHT), {}),
    "K-dim-2": (layer(H, W2, Y1[..., None].expand(4, 2, 2)), {}),
    "K-dim-3": (layer(H, W3, Y1[:, :, None, None].expand(4, 2, 1, 2), linear_bias=noise(5, 2, 1, 2, seed=6)), {}),
    "K-dim-smoothed": (layer(H, W1, Y1, weight=CLASS_WEIGHT), {"options": {"label_smoothing": 0.25}}),
    "K-dim-chances": (layer(H, W1, noise(4, 5, 2, seed=7).softmax(1), weight=CLASS_WEIGHT), {}),
    "K-dim-empty": (layer(H[:0], W1, Y1[:0]), {}),
    "unbatched": (layer(H[0], W, torch.tensor(3)), {}),
    "unbatched-one": (layer(H[0], W, torch.tensor([3]), linear_bias=B), {}),
    "unbatched-ignored": (layer(H[0], W, torch.tensor(-100), weight=CLASS_WEIGHT), {}),
    "unbatched-smoothed": (
        layer(H[0], W, torch.tensor(3), weight=CLASS_WEIGHT),
        {"options": {"label_smoothing": 0.25}},
    ),
    "unbatched-chances": (layer(H[0], W, Q[0]), {}),
    "transposed": (layer(H.T, W.T, Y), {"view": torch.t}),
    "transposed-chances": (layer(H.T, W.T, Q.T), {"view": torch.t}),
    "strided": (
        layer(noise(7, 5), noise(9, 5, seed=1), torch.tensor([0, 9, 4, 9, 2, 9, 1])),
        {"view": lambda t: t[(slice(None, None, 2),) * t.dim()]},
    ),
    "byte-target": (layer(H, W, Y.to(torch.uint8)), {}),
    "byte-target-ignored": (layer(H, W, Y.to(torch.uint8)), {"options": {"ignore_index": 4}}),
    "whole-chances-weight": (layer(H, W, Q, weight=torch.arange(5)), {"fixed": {"weight"}}),
    "many": (
        layer(_ONE.expand(70_000, 1), numbers(0, 1)[:, None], torch.zeros(70_000, dtype=torch.int64)),
        {"dtypes": HALF, "reductions": ("mean", "sum")},
    ),
}


def case(loss: str, name: str, tensors: dict[str, Tensor], options: dict[str, Any] | None = None, **facts: Any) -> Case:
    """A case whose whole numbers stay whole, and whose class weights get no gradient where they get none in torch."""
    whole = {name for name, value in tensors.items() if not value.is_floating_point()}
    facts["fixed"] = whole | facts.get("fixed", set())
    return Case(loss, name, tensors, options or {}, constant={"weight"} if "target" in whole else (), **facts)


def layer_cases() -> Iterator[Case]:
    loss, bent = "linear_cross_entropy", ("K-dim-2", "unbatched", "chances")
    facts: dict[str, Any] = {"rows": ("input", "target"), "bent": True}
    yield case(loss, "random", layer(H, W, Y), **facts)
    yield case(loss, "weighted", layer(H, W, Y, linear_bias=B, weight=CLASS_WEIGHT), **facts)
    for name, (tensors, options) in EXACTLY.items():
        yield case(loss, name, tensors, options, exact=True, places=128)  # p - q loses digits where they are near
    for name, (tensors, options) in ROUGHLY.items():
        yield case(loss, name, tensors, options, bent=name in bent)
    for name, (tensors, facts) in LAYOUTS.items():
        yield case(loss, name, tensors, bent=name in bent, **facts)


# --- a head and groups --------------------------------------------------------------------------------------------

SIZES: dict[str, Any] = {"in_features": 4, "n_classes": 9, "cutoffs": [3, 5], "div_value": 2.0}
_SHAPES = {
    "head.weight": (5, 4),
    "tail.0.0.weight": (2, 4),
    "tail.0.1.weight": (2, 2),
    "tail.1.0.weight": (1, 4),
    "tail.1.1.weight": (4, 1),
}


def clusters(input_: Tensor, target_: Tensor, **more: Tensor) -> dict[str, Tensor]:
    drawn = {name: noise(*shape, seed=seed) for seed, (name, shape) in enumerate(_SHAPES.items(), 1)}
    return {"input_": input_, "target_": target_, **drawn, **more}


def plain_clusters(input_: Tensor, target_: Tensor, **more: Tensor) -> dict[str, Tensor]:
    """Layers that hand on single numbers, so that no sum of products loses any digits."""
    layers = {name: torch.eye(*shape, dtype=torch.float64) for name, shape in _SHAPES.items()}
    return {"input_": input_, "target_": target_, **layers, **more}


_H, _Y = noise(7, 4), torch.arange(2, 9)
EXACT_CLUSTERS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "plain": (plain_clusters(_H, _Y), {}),
    "plain-bias": (plain_clusters(_H, _Y, **{"head.bias": noise(5, seed=9)}), {"head_bias": True}),
    "head-only": (plain_clusters(_H, torch.tensor([0, 1, 2, 0, 1, 2, 0])), {}),
    "one-group": (plain_clusters(_H[:2], torch.tensor([8, 5])), {}),
    "one-sample": (plain_clusters(_H[3:4], torch.tensor([4])), {}),
    "tied": (plain_clusters(torch.zeros(7, 4, dtype=torch.float64), _Y), {}),
    "large": (plain_clusters(_ROUGH[[0, 1]].repeat(1, 2)[:, :4] * 4096, torch.tensor([3, 7])), {}),
    "unbatched": (plain_clusters(_H[0], torch.tensor(7)), {}),
    "int-target": (plain_clusters(_H, _Y.int()), {}),
}
CLUSTERS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "bias": (clusters(_H / 2, _Y, **{"head.bias": noise(5, seed=9)}), {"head_bias": True}),
    "empty": (clusters(_H[:0], _Y[:0]), {}),
    "unbatched-frequent": (clusters(_H[0], torch.tensor(1)), {}),
    "masked": (clusters(_H, _Y, **{"head.bias": numbers(0, -INF, 0, 0, 0)}), {"head_bias": True}),
    "infinite": (clusters(_H.index_fill(0, torch.tensor(1), INF), _Y), {}),
}


def cluster_cases() -> Iterator[Case]:
    loss, facts = "AdaptiveLogSoftmaxWithLoss", {"reductions": ("none", "mean"), "rows": ()}
    yield case(loss, "random", clusters(_H, _Y), bent=True, **facts)
    yield case(loss, "transposed", clusters(_H.T, _Y), view=_turned, **facts)
    for name, (tensors, options) in EXACT_CLUSTERS.items():
        yield case(loss, name, tensors, options, exact=True, places=32, **facts)
    for name, (tensors, options) in CLUSTERS.items():
        yield case(loss, name, tensors, options, **facts)


def _turned(tensor: Tensor) -> Tensor:
    """The input, stored the other way round; the others as they are."""
    return tensor.T if tensor.shape == (4, 7) else tensor


CASES = (*layer_cases(), *cluster_cases())


# --- how they are called ------------------------------------------------------------------------------------------


def adaptive_log_softmax(home: ModuleType) -> Callable[..., Tensor]:
    """The Module as a function of its parameters too. ``none`` is the negated ``output``, all else the ``loss``."""
    kind = getattr(home, "AdaptiveLogSoftmaxWithLoss", torch.nn.AdaptiveLogSoftmaxWithLoss)

    def call(input_: Any, target_: Any, reduction: Any = "mean", **rest: Any) -> Tensor:
        parameters = {name: value for name, value in rest.items() if "." in name}
        with torch.random.fork_rng():
            torch.manual_seed(0)  # what the case does not give is drawn, and alike
            module = kind(**SIZES | {name: value for name, value in rest.items() if name not in parameters})
        output, loss = torch.func.functional_call(module, parameters, (input_, target_))
        return -output if reduction == "none" else loss

    return call


CALLS = {"AdaptiveLogSoftmaxWithLoss": adaptive_log_softmax}


# --- bad calls ----------------------------------------------------------------------------------------------------

_GOOD = layer(H.float(), W.float(), Y)
_CHANCES = layer(H.float(), W.float(), Q.float())
_BAD_LAYERS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "list-for-input": ({"input": [1.0]}, ("input", "list", "Tensor")),
    "number-for-layer": ({"linear_weight": 1.0}, ("linear_weight", "float", "Tensor")),
    "list-for-bias": ({"linear_bias": [1.0]}, ("linear_bias", "list", "Tensor")),
    "list-for-weight": ({"weight": [1.0]}, ("weight", "list", "Tensor")),
    "none-for-target": ({"target": None}, ("target", "NoneType", "Tensor")),
    "input-3d": ({"input": H.float()[None]}, ("input", "(N, D)", "(1, 4, 3)")),
    "layer-1d": ({"linear_weight": W[0].float()}, ("linear_weight", "(C, D)", "(3,)")),
    "features": ({"linear_weight": W.float()[:, :2]}, ("input", "(4, 3)", "linear_weight", "(5, 2)")),
    "bias-size": ({"linear_bias": torch.ones(4)}, ("linear_bias", "(5,)", "(4,)")),
    "layer-dtype": ({"linear_weight": W}, ("linear_weight", "float64", "float32", "cast")),
    "bias-dtype": ({"linear_bias": B}, ("linear_bias", "float64", "float32", "cast")),
    "weight-size": ({"weight": torch.ones(4)}, ("weight", "5 classes", "(4,)")),
    "weight-dtype": ({"weight": CLASS_WEIGHT}, ("weight", "float64", "float32", ".to(")),
    "weight-trained": ({"weight": torch.ones(5, requires_grad=True)}, ("weight", "gradient", "detach()")),
    "target-count": ({"target": Y[:3]}, ("target", "(4,)", "(3,)")),
    "target-2d": ({"target": Y[:, None]}, ("target", "(4,)", "(4, 5)", "(4, 1)")),
    "target-int32": ({"target": Y.int()}, ("target", "int64", "int32", "long()")),
    "target-float": ({"target": Y.float()}, ("target", "int64", "float32", "long()")),
    "target-beyond": ({"target": Y + 1}, ("target", "0 to 4", "5")),
    "target-negative": ({"target": Y - 1}, ("target", "0 to 4", "-1")),
    "target-whole-chances": ({"target": Q.long()}, ("target", "probabilities", "int64")),
    "K-without-batch": ({"input": H[0].float(), "linear_weight": W1.float()}, ("batch", "(5, 2, 3)", "input[None]")),
    "ignore-index-float": ({"ignore_index": 1.5}, ("ignore_index", "whole number", "float")),
    "ignore-index-bool": ({"ignore_index": True}, ("ignore_index", "whole number", "bool")),
    "ignore-index-with-chances": ({**_CHANCES, "ignore_index": 1}, ("ignore_index", "probabilities")),
    "smoothing-above-1": ({"label_smoothing": 1.5}, ("label_smoothing", "0 to 1", "1.5")),
    "smoothing-text": ({"label_smoothing": "x"}, ("label_smoothing", "real number", "str")),
    "reduction": ({"reduction": "avg"}, ("reduction", "'avg'", "'mean'")),
    "integers": ({"input": H.long(), "linear_weight": W.long()}, ("int64", "floating point", "x.float()")),
}
_BAD_CLUSTERS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "list-for-input": ({"input_": [1.0]}, ("input_", "list", "Tensor")),
    "number-for-target": ({"target_": 1}, ("target_", "int", "Tensor")),
    "counts": ({"target_": torch.arange(3)}, ("input_", "(7, 4)", "target_", "(3,)")),
    "target-2d": ({"target_": torch.zeros(7, 1).long()}, ("target_", "(N)", "(7, 1)")),
    "target-float": ({"target_": torch.ones(7)}, ("target_", "int64", "float32", "long()")),
    "target-beyond": ({"target_": torch.arange(3, 10)}, ("target", "0 to 8", "9")),
    "target-negative": ({"target_": torch.arange(-1, 6)}, ("target", "0 to 8", "-1")),
    "no-cutoffs": ({"cutoffs": []}, ("cutoffs", "at least one")),
    "falling-cutoffs": ({"cutoffs": [5, 3]}, ("cutoffs", "rising", "[5, 3]")),
    "repeated-cutoffs": ({"cutoffs": [3, 3]}, ("cutoffs", "rising", "[3, 3]")),
    "zero-cutoff": ({"cutoffs": [0, 3]}, ("cutoffs", "from 1", "[0, 3]")),
    "cutoff-beyond": ({"cutoffs": [3, 9]}, ("cutoffs", "n_classes - 1 = 8", "[3, 9]")),
    "fraction-cutoff": ({"cutoffs": [2.5]}, ("cutoffs", "whole", "[2.5]")),
}
_CLUSTERS = {
    name: value.float() if value.is_floating_point() else value
    for name, value in clusters(_H, torch.arange(2, 9)).items()
}

BAD_CALLS = (
    *(BadCall("linear_cross_entropy", name, {**_GOOD, **bad}, says) for name, (bad, says) in _BAD_LAYERS.items()),
    *(
        BadCall("AdaptiveLogSoftmaxWithLoss", name, {**_CLUSTERS, **bad}, says)
        for name, (bad, says) in _BAD_CLUSTERS.items()
    ),
)


# --- where this package differs from torch ------------------------------------------------------------------------

DIFFERENCES = (
    # torch raises, this package works
    Difference(
        "torch takes a target (1,) for an unbatched input, and then raises in the backward pass",
        ("linear_cross_entropy",),
        ("gradient", "second derivative", "forward over reverse"),
        named("unbatched-one"),
    ),
    Difference(
        "torch takes targets of uint8, and then raises in forward mode over the backward pass",
        ("linear_cross_entropy",),
        ("forward over reverse",),
        named("byte-target", "byte-target-ignored"),
    ),
    Difference(
        "under autocast on a CPU torch raises where a target lies in a group: it mixes two dtypes",
        ("AdaptiveLogSoftmaxWithLoss",),
        ("autocast",),
    ),
    # torch is wrong, this package is right
    Difference(
        "where one class weight is nan, torch's forward mode over the backward pass is nan for all samples",
        ("linear_cross_entropy",),
        ("forward over reverse",),
        lambda trial: trial.case.name == "weights-infinite" and trial.reduction != "mean",
    ),
    # conventions of torch's forward mode
    Difference(
        "torch's mean of nothing is nan with a tangent of 0; here it is nan too",
        ("linear_cross_entropy",),
        ("forward mode",),
        named("chances-empty", reduction="mean"),
    ),
    Difference(
        "in forward mode torch multiplies a 0-d float32 tensor by a number in float64, so the tangent is float64",
        ("linear_cross_entropy",),
        ("forward mode",),
        named("unbatched-smoothed", dtype=torch.float32),
    ),
)
FINITE_ONLY_HERE = {("linear_cross_entropy-many", torch.float16, "mean", "value")}


# --- the losses a second time, in exact arithmetic ----------------------------------------------------------------


def softmax(scores: list[mpf]) -> list[mpf]:
    total = mpmath.fsum(mpmath.exp(score) for score in scores)
    return [mpmath.exp(score) / total for score in scores]


def through(layer: list[list[mpf]], vector: list[mpf], bias: list[mpf] | None = None) -> list[mpf]:
    return [mpmath.fdot(row, vector) + (bias[c] if bias else 0) for c, row in enumerate(layer)]


def back(layer: list[list[mpf]], pull: list[mpf]) -> list[mpf]:
    return [mpmath.fdot(column, pull) for column in zip(*layer, strict=True)]


def exact_linear(
    input: list,
    linear_weight: list,
    target: list,
    linear_bias: list | None = None,
    weight: list | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Exact:
    """Minus the sum of the true probabilities times the logarithms of the said ones."""
    classes, share = len(linear_weight), mpf(label_smoothing)
    weight = weight or [mpf(1)] * classes
    values, slopes, divisor = [], [], mpf(0)
    for hidden, truth in zip(input, target, strict=True):
        said = softmax(through(linear_weight, hidden, linear_bias))
        if isinstance(truth, list):
            meant = [w * ((1 - share) * q + share / classes) for w, q in zip(weight, truth, strict=True)]
            divisor += 1
        elif truth == ignore_index:
            meant = [mpf(0)] * classes
        else:
            meant = [w * share / classes for w in weight]
            meant[truth] += weight[truth] * (1 - share)
            divisor += weight[truth]
        values.append(-mpmath.fsum(q * mpmath.log(p) for q, p in zip(meant, said, strict=True) if q))
        total = mpmath.fsum(meant)
        slopes += back(linear_weight, [p * total - q for p, q in zip(said, meant, strict=True)])
    return Exact(values, slopes, divisor)


def exact_adaptive(input_: list, target_: list, head_bias: bool = False, **rest: Any) -> Exact:
    """The head's surprise, and where it names a group, that of the group."""
    cutoffs = SIZES["cutoffs"]
    hidden, targets = (input_, target_) if isinstance(target_, list) else ([input_], [target_])
    values, slopes = [], []
    for h, y in zip(hidden, targets, strict=True):
        group = sum(y >= cut for cut in cutoffs)
        steps = [([rest["head.weight"]], y if group == 0 else cutoffs[0] + group - 1, rest.get("head.bias"))]
        if group:
            path = [rest[f"tail.{group - 1}.{depth}.weight"] for depth in (0, 1)]
            steps.append((path, y - cutoffs[group - 1], None))
        value, slope = mpf(0), [mpf(0)] * len(h)
        for path, place, bias in steps:
            scores = h
            for matrix in path:
                scores = through(matrix, scores, bias)
            said = softmax(scores)
            value -= mpmath.log(said[place])
            pull = [p - (c == place) for c, p in enumerate(said)]
            for matrix in reversed(path):
                pull = back(matrix, pull)
            slope = [a + b for a, b in zip(slope, pull, strict=True)]
        values.append(value)
        slopes += slope
    return Exact(values, slopes)


EXACT = {
    "linear_cross_entropy": exact_linear,
    "AdaptiveLogSoftmaxWithLoss": exact_adaptive,
}


# --- options: of each Module every one changed; of torch's reference functions some -------------------------------

MODULE_NEEDS = {
    "LinearCrossEntropyLoss": {"in_features": 3, "num_classes": 5},
    "AdaptiveLogSoftmaxWithLoss": {"in_features": 16, "n_classes": 9, "cutoffs": [3, 5]},
}
MODULE_OPTIONS = {
    "LinearCrossEntropyLoss": {
        "in_features": 2,
        "num_classes": 4,
        "out_features": (2, 3),
        "bias": True,
        "device": "meta",
        "dtype": torch.float64,
        "reduction": "sum",
        "weight": torch.arange(4.0),
        "ignore_index": 1,
        "label_smoothing": 0.25,
        "options": torch.nn.LinearCrossEntropyOptions(batch_chunk_size=2),
    },
    "AdaptiveLogSoftmaxWithLoss": {
        "in_features": 5,
        "n_classes": 8,
        "cutoffs": (2, 4, 7),
        "div_value": 1.5,
        "head_bias": True,
        "device": "meta",
        "dtype": torch.float64,
    },
}
REFERENCE_OPTIONS = {
    "LinearCrossEntropyLoss": ({}, {"label_smoothing": 0.25}, {"ignore_index": 3}),
}
