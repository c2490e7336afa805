"""The cases of the losses for masks."""

from collections.abc import Iterator
from typing import Any

import mpmath
import torch
from mpmath import mpf
from torch import Tensor

from tests.cases.form import FULL, HALF, NAN, BadCall, Case, Exact, flat, noise, numbers

LOSS = "dice_loss"


def pair(input: Tensor, target: Tensor, weight: Tensor | None = None) -> dict[str, Tensor]:
    return {"input": input, "target": target} | ({} if weight is None else {"weight": weight})


def shares(*shape: int, seed: int = 1) -> Tensor:
    return noise(*shape, seed=seed).sigmoid()


def bits(*shape: int, seed: int = 1) -> Tensor:
    return (noise(*shape, seed=seed) > 0).double()


def classes(*shape: int, count: int = 3) -> Tensor:
    return torch.randint(count, shape, generator=torch.Generator().manual_seed(1))


_INDEX, _MASK = {"fixed": {"target"}}, {"constant": {"target"}}
_EMPTY = torch.zeros(2, 3, 4, dtype=torch.float64)
MASKS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "random": (pair(noise(2, 3, 5), classes(2, 5)), _INDEX),
    "wide": (pair(4 * noise(2, 3, 20), classes(2, 20)), _INDEX),
    "classes-4-dim": (pair(noise(2, 3, 2, 4), classes(2, 2, 4)), _INDEX),
    "classes-no-places": (pair(noise(4, 3), classes(4)), _INDEX),
    "two-classes": (pair(noise(2, 2, 6), classes(2, 6, count=2)), _INDEX),
    "masks": (pair(noise(2, 3, 5), bits(2, 3, 5)), _MASK),
    "soft-masks": (pair(noise(2, 3, 5), shares(2, 3, 5)), _MASK),
    "masks-4-dim": (pair(noise(2, 3, 2, 4), bits(2, 3, 2, 4)), _MASK),
    "masks-no-places": (pair(noise(4, 3), bits(4, 3)), _MASK),
    "one-mask": (pair(noise(2, 1, 6), bits(2, 1, 6)), _MASK),
    "one-mask-of-places": (pair(noise(2, 1, 6), bits(2, 6)), _MASK),
    "one-mask-integer": (pair(noise(2, 1, 6), classes(2, 6, count=2)), _INDEX),
    "one-mask-bool": (pair(noise(2, 1, 6), classes(2, 1, 6, count=2).bool()), _INDEX),
    "masks-transposed": (pair(noise(5, 3, 2), bits(5, 3, 2)), _MASK | {"view": lambda t: t.transpose(0, 2)}),
    "masks-strided": (pair(noise(4, 3, 9), bits(4, 3, 9)), _MASK | {"view": lambda t: t[::2, :, ::2]}),
    "masks-double": (pair(noise(2, 3, 5), shares(2, 3, 5)), {"fixed": {"target"}, "dtypes": FULL} | _MASK),
    "empty-mask": (pair(noise(2, 3, 4), _EMPTY), _MASK),
    "full-mask": (pair(noise(2, 3, 4), 1 + _EMPTY), _MASK),
    "certain": (pair(numbers(30, -30, 30, -30).reshape(1, 1, 4), numbers(1, 0, 0, 1).reshape(1, 1, 4)), _MASK),
    "large": (pair(1e4 * noise(2, 3, 5), bits(2, 3, 5)), _MASK),
    "no-samples": (pair(noise(0, 3, 4), noise(0, 3, 4)), _MASK),
    "no-places": (pair(noise(2, 3, 0), noise(2, 3, 0)), _MASK),
    "weighted": (pair(noise(2, 3, 5), classes(2, 5), numbers(0.5, 2, 1)), _INDEX),
    "weighted-masks": (pair(noise(2, 3, 5), shares(2, 3, 5), numbers(0.5, 2, 0)), _MASK),
}
_SPOILT = numbers(NAN, 1, 2, -1).reshape(1, 2, 2)
IGNORED: dict[str, tuple[dict[str, Tensor], dict[str, Any], dict[str, Any]]] = {
    "ignored-places": (pair(noise(2, 3, 4), torch.tensor([[0, 9, 2, 9], [9, 1, 1, 0]])), {"ignore_index": 9}, _INDEX),
    "ignored-class": (pair(noise(2, 3, 5), classes(2, 5)), {"ignore_index": 1}, _INDEX),
    "ignored-parts": (pair(noise(1, 2, 3), numbers(1, -1, 0, -1, 1, 1).reshape(1, 2, 3)), {"ignore_index": -1}, _MASK),
    "ignored-one-mask": (pair(noise(1, 1, 3), torch.tensor([[1, 255, 0]])), {"ignore_index": 255}, _INDEX),
    "ignored-all": (pair(noise(1, 3, 4), torch.full((1, 4), -100)), {"ignore_index": -100}, _INDEX),
    "ignored-spoilt": (
        pair(numbers(NAN, 1, 2, -1).reshape(1, 2, 2), torch.tensor([[9, 1]])),
        {"ignore_index": 9},
        _INDEX,
    ),
}
_EXACT = ("random", "classes-4-dim", "masks", "masks-4-dim", "one-mask", "full-mask", "empty-mask")


def cases() -> Iterator[Case]:
    for option in ({}, {"smooth": 1.0}):
        for name, (tensors, facts) in MASKS.items():
            yield Case(LOSS, name, tensors, option, exact=name in _EXACT, places=256, **{"rows": ()} | facts)
        for name, (tensors, options, facts) in IGNORED.items():
            yield Case(LOSS, name, tensors, options | option, rows=(), **facts)
    many = pair(torch.full((1, 1, 70_000), 4.0).double(), torch.ones(1, 1, 70_000).double())
    yield Case(LOSS, "many", many, {}, dtypes=HALF, rows=(), **_MASK)


CASES = (*cases(),)


# --- from torch's own pieces --------------------------------------------------------------------------------------


def dice_from_overlaps(
    input: Tensor,
    target: Tensor,
    smooth: float = 1e-5,
    ignore_index: int | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """From the share that is not overlapped, and torch's softmax; each mask as a row of a matrix product."""
    dtype = torch.float32 if torch.is_autocast_enabled("cpu") and input.dtype in HALF else input.dtype
    with torch.autocast("cpu", enabled=False):
        x = input.float() if input.dtype in HALF else input
        n, c = x.shape[:2]
        own = c == 1 or target.is_floating_point()
        kept = torch.ones_like(target, dtype=torch.bool) if ignore_index is None else target != ignore_index
        target = target.where(kept, torch.zeros_like(target))
        x = x.where((kept.reshape(x.shape) if own else kept.unsqueeze(1)).expand_as(x), torch.zeros_like(x))
        p = x.sigmoid() if own else x.softmax(1)
        g = target.reshape(x.shape) if own else torch.nn.functional.one_hot(target, c).movedim(-1, 1)
        counts = (kept.reshape(x.shape) if own else kept.unsqueeze(1).expand_as(x)).to(x)
        p, g, counts = (it.reshape(n * c, x[0, 0].numel() if n else 1) for it in (p, g.to(p), counts))
        below = (counts * (p + g)).sum(1) + smooth
        apart = (counts * (p + g - 2 * p * g)).sum(1)
        losses = (apart / below).reshape(n, c)
        factors = torch.ones_like(losses) if weight is None else weight.to(losses).expand(n, c)
        losses = losses * factors
        result = {"none": losses, "sum": losses.sum(), "mean": losses.sum() / factors.sum()}[reduction]
    return result.to(dtype)


SECOND_FORMS = {LOSS: dice_from_overlaps}


# --- bad calls ----------------------------------------------------------------------------------------------------

_X, _Y = torch.zeros(2, 3, 4), torch.zeros(2, 4).long()
_BAD: dict[str, tuple[dict[str, Any], tuple[str, ...], type[Exception]]] = {
    "list-for-input": ({"input": [1.0]}, ("input", "list", "torch.tensor"), TypeError),
    "number-for-target": ({"target": 1}, ("target", "int", "torch.tensor"), TypeError),
    "number-for-weight": ({"weight": 2.0}, ("weight", "float", "torch.tensor"), TypeError),
    "integers": ({"input": _X.long()}, ("input", "int64", "input.float()"), RuntimeError),
    "no-classes": ({"input": _X[0, 0], "target": _Y[0]}, ("input", "(N, C, …)", "(4,)"), ValueError),
    "int32": ({"target": _Y.int()}, ("target", "int32", "target.long()", "target.float()"), RuntimeError),
    "bool-masks": ({"target": _X > 0}, ("target", "bool", "target.float()"), RuntimeError),
    "complex-target": ({"target": _X + 0j}, ("target", "complex64"), RuntimeError),
    "float-classes": ({"target": _Y.float()}, ("target", "(2, 3, 4)", "(2, 4)", "target.long()"), ValueError),
    "one-hot-integers": ({"target": _X.long()}, ("target", "(2, 4)", "(2, 3, 4)", "target.float()"), ValueError),
    "samples": ({"target": _Y[:1]}, ("target", "(2, 4)", "(1, 4)"), ValueError),
    "one-mask-samples": (
        {"input": _X[:, :1], "target": _Y[:1]},
        ("target", "(2, 1, 4)", "(2, 4)", "(1, 4)"),
        ValueError,
    ),
    "target-with-gradient": ({"target": _X.clone().requires_grad_()}, ("target", "detach()"), RuntimeError),
    "index-above": ({"target": _Y + 3}, ("target", "0 to 2", "3 classes"), IndexError),
    "index-below": ({"target": _Y - 1, "ignore_index": -100}, ("target", "0 to 2", "-100"), IndexError),
    "mask-above": ({"target": _X + 2}, ("mask", "0 to 1", "2"), ValueError),
    "mask-below": ({"target": _X - 1, "ignore_index": 0}, ("mask", "0 to 1", "-1"), ValueError),
    "mask-of-255": ({"input": _X[:, :1], "target": _Y + 255}, ("mask", "0 to 1", "255"), ValueError),
    "weight-of-samples": ({"weight": torch.ones(2)}, ("weight", "classes", "(3,)", "(2,)"), ValueError),
    "weight-bool": ({"weight": torch.ones(3) > 0}, ("weight", "bool"), RuntimeError),
    "smooth": ({"smooth": -1.0}, ("smooth", "0 or more", "-1.0"), ValueError),
    "smooth-nan": ({"smooth": NAN}, ("smooth", "0 or more", "nan"), ValueError),
    "smooth-a-word": ({"smooth": "1"}, ("smooth", "real number", "str"), TypeError),
    "ignore-a-number": ({"ignore_index": 1.0}, ("ignore_index", "whole number", "float"), TypeError),
    "reduction": ({"reduction": "avg"}, ("reduction", "'avg'", "none", "mean", "sum"), ValueError),
    "no-reduction": ({"reduction": None}, ("reduction", "None"), TypeError),
}
BAD_CALLS: tuple[BadCall, ...] = ()
OWN_BAD_CALLS = tuple(
    (BadCall(LOSS, name, {"input": _X, "target": _Y} | arguments, says), kind)
    for name, (arguments, says, kind) in _BAD.items()
)
DIFFERENCES = ()
FINITE_ONLY_HERE: set = set()


# --- the loss a second time, in exact arithmetic ------------------------------------------------------------------


def dice(input: list, target: list, smooth: float = 1e-5) -> Exact:
    s, values, slopes = mpf(smooth), [], []
    for scores, told in zip(input, target, strict=True):
        x = [flat(row) for row in scores]
        places, own = range(len(x[0])), len(flat(told)) == len(x) * len(x[0]) and isinstance(flat(told)[0], mpf)
        if own:
            g = [flat(row) for row in told]
            p = [[1 / (1 + mpmath.exp(-one)) for one in row] for row in x]
        else:
            g = [[mpf(label == c) for label in flat(told)] for c in range(len(x))]
            totals = [mpmath.fsum(mpmath.exp(row[i]) for row in x) for i in places]
            p = [[mpmath.exp(row[i]) / totals[i] for i in places] for row in x]
        above = [2 * mpmath.fsum(a * b for a, b in zip(*rows, strict=True)) + s for rows in zip(p, g, strict=True)]
        below = [mpmath.fsum(a) + mpmath.fsum(b) + s for a, b in zip(p, g, strict=True)]
        values += [1 - a / b for a, b in zip(above, below, strict=True)]
        pulls = [[(above[c] - 2 * g[c][i] * below[c]) / below[c] ** 2 for i in places] for c in range(len(x))]
        for c, row in enumerate(p):
            for i in places:
                mean = row[i] * pulls[c][i] if own else mpmath.fsum(q[i] * d[i] for q, d in zip(p, pulls, strict=True))
                slopes.append(row[i] * (pulls[c][i] - mean))
    return Exact(values, slopes)


EXACT = {LOSS: dice}
MODULE_OPTIONS: dict[str, dict[str, Any]] = {}
REFERENCE_OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {}
