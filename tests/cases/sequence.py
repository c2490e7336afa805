"""The cases of the loss of a sequence: log-probabilities over time, labels without timing, lengths."""

from collections.abc import Iterator
from itertools import groupby, product
from typing import Any

import mpmath
import torch
from mpmath import mpf
from torch import Tensor

from tests.cases.form import FORWARD, FULL, INF, NAN, BadCall, Case, Difference, Exact, Trial, named, noise

_FIXED = frozenset({"targets", "input_lengths", "target_lengths"})


def normalised(scores: Tensor) -> Tensor:
    return scores.log_softmax(-1)


def task(log_probs: Tensor, targets: Any, input_lengths: Any, target_lengths: Any) -> dict[str, Tensor]:
    lengths = {"input_lengths": torch.tensor(input_lengths), "target_lengths": torch.tensor(target_lengths)}
    return {"log_probs": log_probs, "targets": torch.as_tensor(targets)} | lengths


def changed(log_probs: Tensor, value: float, *places: tuple[int, int, int]) -> Tensor:
    log_probs = log_probs.clone()
    for place in places:
        log_probs[place] = value
    return log_probs


_X = normalised(2 * noise(5, 3, 4))  # 5 moments, 3 sequences, 4 symbols
_LABELS = torch.tensor([[1, 2], [3, 1], [2, 3]])
_READ, _SAY = (5, 5, 4), (2, 2, 2)
_LONG = normalised(noise(60, 4, 10))
_MANY_LABELS = torch.arange(60).view(4, 15).mul(7).remainder(9) + 1

# Every result of these is compared with the sum over all alignments; where all have as many labels, the mean too.
EXACT_TASKS = {
    "random": task(_X, _LABELS, _READ, _SAY),
    "raw": task(noise(4, 2, 3, seed=1) + 1, [[1, 2], [2, 1]], (4, 3), (2, 2)),
    "repeated": task(_X, [[1, 1], [2, 2], [3, 3]], _READ, _SAY),
    "just-fits": task(_X, [[1, 2], [3, 3], [1, 3]], (2, 3, 2), _SAY),
    "one-label": task(_X, [[1], [3], [2]], _READ, (1, 1, 1)),
    "one-moment": task(_X[:1], [[1], [3], [2]], (1, 1, 1), (1, 1, 1)),
    "certain": task(normalised(1e4 * noise(4, 2, 3)), [[1, 2], [2, 1]], (4, 3), (2, 2)),
    "lengths": task(_X, [[1, 2, 3], [3, 3, 0], [1, 0, 0]], (5, 4, 1), (3, 2, 1)),
    "no-labels": task(_X, torch.zeros(3, 0).long(), (5, 4, 1), (0, 0, 0)),
    "some-without-labels": task(_X, [[1, 2], [0, 0], [2, 0]], _READ, (2, 0, 1)),
    "one": task(_X[:, 0], [1, 2], 5, 2),
}
_SAME_COUNT = ("random", "raw", "repeated", "just-fits", "one-label", "one-moment", "certain", "one")

TASKS: dict[str, tuple[dict[str, Tensor], dict[str, Any]]] = {
    "long": (task(_LONG, _MANY_LABELS, (60, 50, 31, 60), (15, 7, 15, 0)), {}),
    "one-row": (task(_LONG, _MANY_LABELS.flatten()[:37], (60, 50, 31, 60), (15, 7, 15, 0)), {}),
    "one-row-of-nothing": (task(_X, torch.zeros(0).long(), _READ, (0, 0, 0)), {}),
    "one-in-a-batch": (task(_X[:, :1], [[1, 2]], (5,), (2,)), {}),
    "one-with-lengths-of-one": (task(_X[:, 0], [[1, 2, 3]], (5,), (2,)), {}),
    "odd-padding": (task(_X, [[1, 99], [3, 1], [-7, NAN]], _READ, (1, 2, 0)), {}),
    "lengths-in-columns": (task(_X, _LABELS, [[5], [4], [3]], [[2], [1], [2]]), {}),
    "int32": ({name: value.int() for name, value in task(_X, _LABELS, _READ, _SAY).items()} | {"log_probs": _X}, {}),
    "float-labels": (task(_X, _LABELS + 0.75, _READ, _SAY), {}),
    "nothing-to-read": (task(_X, _LABELS, (0, 0, 4), (0, 2, 2)), {}),
    "does-not-fit": (task(_X, [[1, 2], [3, 3], [1, 1]], (1, 2, 4), _SAY), {}),
    "nothing-fits": (task(_X, _LABELS, (1, 1, 1), _SAY), {}),
    "impossible-symbol": (task(changed(_X, -INF, *((t, 0, 1) for t in range(5))), _LABELS, _READ, _SAY), {}),
    "masked-symbol": (task(changed(_X, -INF, (1, 0, 0), (2, 1, 2), (0, 2, 3)), _LABELS, _READ, _SAY), {}),
    "nan": (task(changed(_X, NAN, (1, 0, 1), (0, 1, 2)), _LABELS, _READ, _SAY), {}),
    "nan-not-read": (task(changed(_X, NAN, (4, 2, 0)), _LABELS, _READ, _SAY), {}),
    "nan-out-of-reach": (task(changed(_X, NAN, (0, 0, 2)), _LABELS, _READ, _SAY), {}),
    "plus-infinity": (task(changed(_X, INF, (0, 0, 1)), _LABELS, _READ, _SAY), {}),
    "infinite-chances": (task(1e4 * noise(4, 2, 3), [[1, 2], [2, 1]], (4, 3), (2, 2)), {}),
    "batch-first": (
        task(_X.transpose(0, 1), _LABELS, _READ, _SAY),
        {"view": lambda t: t.transpose(0, 1) if t.dim() == 3 else t},
    ),
    "strided-labels": (
        task(_X, _LABELS.t(), _READ, _SAY),
        {"view": lambda t: t.t() if t.dim() == 2 else t},
    ),
}
_INFINITIES = ("does-not-fit", "nothing-fits", "nothing-to-read", "impossible-symbol", "nan")


def cases() -> Iterator[Case]:
    facts: dict[str, Any] = {"fixed": _FIXED, "dtypes": FULL, "rows": ()}
    for option in ({}, {"blank": 3}):
        for name, tensors in EXACT_TASKS.items():
            if "blank" in option:
                tensors = tensors | {"targets": (tensors["targets"] - 1).clamp(min=0)}
                if tensors["log_probs"].shape[-1] == 3:
                    continue
            reductions = ("none", "mean", "sum") if name in _SAME_COUNT else ("none", "sum")
            more = {"reductions": reductions, "exact": True, "places": 512}  # chance less share
            more |= {"bent": True, "along": normalised} if name == "random" else {}
            yield Case("ctc_loss", name, tensors, option, **(facts | more))
    for name, (tensors, more) in TASKS.items():
        yield Case("ctc_loss", name, tensors, **(facts | more))
    for name in _INFINITIES:
        yield Case("ctc_loss", name, TASKS[name][0], {"zero_infinity": True}, **facts)
    for name in ("lengths", "no-labels", "some-without-labels"):
        yield Case("ctc_loss", f"mean-of-{name}", EXACT_TASKS[name], reductions=("mean",), **facts)
    for name, targets in (("blank-among-labels", [[1, 0], [0, 0], [0, 3]]), ("blanks-alone", [[0, 0], [0, 0], [0, 0]])):
        yield Case("ctc_loss", name, task(_X, targets, _READ, _SAY), **facts)
    for kind in (list, tuple):
        lengths = {"input_lengths": kind(_READ), "target_lengths": kind(_SAY)}
        yield Case("ctc_loss", kind.__name__, {"log_probs": _X, "targets": _LABELS}, lengths, **facts)


CASES = (*cases(),)


def reads_beyond(arguments: dict[str, Any]) -> bool:
    """Whether a label is no symbol: torch then reads memory beyond the frame, and what comes of it is chance."""
    log_probs, targets = arguments["log_probs"], arguments["targets"]
    if not (isinstance(log_probs, Tensor) and isinstance(targets, Tensor) and log_probs.dim() and targets.numel()):
        return False
    return not 0 <= int(targets.real.min()) <= int(targets.real.max()) < log_probs.shape[-1]


UNDEFINED = {"ctc_loss": reads_beyond}


# --- bad calls ----------------------------------------------------------------------------------------------------

_GOOD: dict[str, Any] = task(_X.float(), _LABELS, _READ, _SAY)
_BAD: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "list-for-log-probs": ({"log_probs": [1.0]}, ("log_probs", "list", "Tensor", "torch.tensor")),
    "list-for-targets": ({"targets": [[1, 2]]}, ("targets", "list", "Tensor")),
    "half": ({"log_probs": _X.half()}, ("ctc_loss", "float16", "log_probs.float()")),
    "integers": ({"log_probs": _X.long()}, ("ctc_loss", "int64", "log_probs.float()")),
    "one-dimension": ({"log_probs": _X[0, 0].float()}, ("log_probs", "(T, N, C)", "(T, C)", "(4,)")),
    "no-dimension": ({"log_probs": _X[0, 0, 0].float()}, ("log_probs", "(T, N, C)", "(T, C)", "()")),
    "no-moments": ({"log_probs": _X[:0].float()}, ("log_probs", "empty", "(0, 3, 4)")),
    "three-dimensions-of-labels": ({"targets": _LABELS[None]}, ("targets", "(3, S)", "(1, 3, 2)", "sum")),
    "rows-of-labels": ({"targets": _LABELS[:2]}, ("targets", "(3, S)", "(2, 2)")),
    "labels-in-one-row": ({"targets": _LABELS.flatten()[:5]}, ("targets", "6 labels", "sum", "5")),
    "too-many-labels": ({"target_lengths": torch.tensor([2, 3, 2])}, ("target_lengths", "0 to 2", "2 to 3", "(3, 2)")),
    "labels-below-zero": ({"target_lengths": torch.tensor([2, -1, 2])}, ("target_lengths", "0 to 2", "-1 to 2")),
    "too-many-moments": ({"input_lengths": torch.tensor([5, 6, 5])}, ("input_lengths", "0 to 5", "5 to 6", "moments")),
    "moments-below-zero": ({"input_lengths": torch.tensor([5, -1, 5])}, ("input_lengths", "0 to 5", "-1 to 5")),
    "lengths-missing": (
        {"input_lengths": torch.tensor([5, 5])},
        ("input_lengths", "one length per sequence", "3", "2"),
    ),
    "lengths-of-floats": (
        {"input_lengths": torch.tensor([5.0, 5, 5])},
        ("input_lengths", "whole", "float32", "long()"),
    ),
    "lengths-of-bools": ({"target_lengths": torch.ones(3) > 0}, ("target_lengths", "whole", "bool")),
    "lengths-of-two-kinds": ({"input_lengths": _READ}, ("lengths", "two tensors", "input_lengths, a tuple", "Tensor")),
    "list-of-floats": (
        {"input_lengths": [5.0, 5.0, 5.0], "target_lengths": [2, 2, 2]},
        ("lengths", "ints", "input_lengths, a list"),
    ),
    "list-of-bools": (
        {"input_lengths": [5, 5, 5], "target_lengths": [True, 2, 2]},
        ("lengths", "ints", "target_lengths, a list"),
    ),
    "number-for-lengths": ({"target_lengths": 2}, ("lengths", "target_lengths, a int")),
    "blank-beyond": ({"blank": 4}, ("blank", "0 to 3", "4")),
    "blank-below": ({"blank": -1}, ("blank", "0 to 3", "-1")),
    "blank-float": ({"blank": 0.0}, ("blank", "float", "int")),
    "blank-bool": ({"blank": True}, ("blank", "bool", "int")),
    "zero-infinity": ({"zero_infinity": 1}, ("zero_infinity", "int", "True", "False")),
    "reduction": ({"reduction": "avg"}, ("reduction", "'avg'", "'none'", "'mean'", "'sum'")),
}

BAD_CALLS = (*(BadCall("ctc_loss", name, _GOOD | change, says) for name, (change, says) in _BAD.items()),)


# --- where this package differs from torch ------------------------------------------------------------------------


def is_whole(trial: Trial) -> bool:
    """Whether the slope is not divided by anything."""
    return trial.reduction != "mean"


DIFFERENCES = (
    Difference(
        "torch's ctc_loss has neither a second derivative nor a forward mode: it raises",
        ("ctc_loss",),
        ("second derivative", *FORWARD),
    ),
    Difference(
        "torch's slope by a log-probability of -inf is nan, though the loss does not hang on it; ours is 0",
        ("ctc_loss",),
        ("gradient",),
        named("masked-symbol"),
    ),
    Difference(
        "torch takes the last label and the blank after it for two symbols; if both are the blank, its slope loses one",
        ("ctc_loss",),
        ("gradient",),
        named("blank-among-labels", "blanks-alone"),
    ),
    Difference(
        "in float32 torch's slope is more than 1e-5 off after many moments, or where the sums are large; ours less",
        ("ctc_loss",),
        ("gradient",),
        lambda trial: (
            trial.dtype == torch.float32
            and (trial.case.name == "infinite-chances" or (trial.case.name in ("long", "one-row") and is_whole(trial)))
        ),
    ),
    Difference(
        "at the first moment torch does not look at labels that cannot be said yet, so it does not see their nan",
        ("ctc_loss",),
        ("value", "gradient"),
        named("nan-out-of-reach"),
    ),
    Difference(
        "a log-probability of +inf makes torch's loss nan, ours -inf",
        ("ctc_loss",),
        ("value",),
        named("plus-infinity"),
    ),
)
FINITE_ONLY_HERE: set[tuple[str, torch.dtype, str, str]] = set()


# --- the loss a second time, in exact arithmetic: by listing all alignments ---------------------------------------


def read(alignment: tuple[int, ...], blank: int) -> list[int]:
    """What an alignment says: each run of one symbol once, without the blanks."""
    return [symbol for symbol, _ in groupby(alignment) if symbol != blank]


def of_one(log_probs: list[list[mpf]], labels: list[int], blank: int) -> tuple[mpf, list[list[mpf]]]:
    """Loss, and the slope that torch gives it: the chance of each symbol, less its share of the alignments."""
    chances = [[mpmath.exp(x) for x in moment] for moment in log_probs]
    total, by_symbol = mpf(0), [[mpf(0) for _ in moment] for moment in chances]
    for alignment in product(range(len(chances[0])), repeat=len(chances)):
        if read(alignment, blank) == labels:
            chance = mpmath.fprod(moment[symbol] for moment, symbol in zip(chances, alignment, strict=True))
            total += chance
            for place, symbol in zip(by_symbol, alignment, strict=True):
                place[symbol] += chance
    slopes = [
        [p - part / total for p, part in zip(*pair, strict=True)] for pair in zip(chances, by_symbol, strict=True)
    ]
    return -mpmath.log(total), slopes


def all_alignments(
    log_probs: list, targets: list, input_lengths: Any, target_lengths: Any, blank: int = 0, **_: Any
) -> Exact:
    if isinstance(input_lengths, int):
        log_probs, targets = [[moment] for moment in log_probs], [targets]
        input_lengths, target_lengths = [input_lengths], [target_lengths]
    slopes = [[[mpf(0)] * len(symbols) for symbols in moment] for moment in log_probs]
    values = []
    for n, (moments, count) in enumerate(zip(input_lengths, target_lengths, strict=True)):
        value, slope = of_one([moment[n] for moment in log_probs[:moments]], targets[n][:count], blank)
        values.append(value)
        for place, own in zip(slopes, slope, strict=False):
            place[n] = own
    flat_slopes = [number for moment in slopes for symbols in moment for number in symbols]
    return Exact(values, flat_slopes, mpf(len(values) * max(1, target_lengths[0])))


EXACT = {"ctc_loss": all_alignments}


# --- options: of the Module every one changed; of torch's reference function some ---------------------------------

MODULE_OPTIONS = {"CTCLoss": {"blank": 2, "reduction": "none", "zero_infinity": True}}
REFERENCE_OPTIONS = {"CTCLoss": ({}, {"blank": 2})}
