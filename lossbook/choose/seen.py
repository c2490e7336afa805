"""What can be seen in a column of targets, as facts; what follows from them stands elsewhere."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lossbook.choose.column import Column
from lossbook.choose.spread import Spread, sample, spread

__all__ = ["IGNORED", "VOID", "Seen", "Tally", "look", "tally"]

IGNORED = -100  # torch's own mark for a target that counts nothing
VOID = 255  # the usual mark in bytes, for the pixels of a picture that nobody labelled
MOST_CLASSES = 150  # of pixels: beyond, 255 may be the last of the numbers rather than a mark
_WIDE = 20_000_000  # beyond this range, whole numbers are sorted rather than counted in place


@dataclass(frozen=True)
class Tally:
    """The values that occur, in order, and how often each does."""

    values: Tensor
    counts: Tensor


@dataclass(frozen=True)
class Seen:
    """What was seen.

    Args:
        shape: of the target.
        dtype: of the target.
        n: how many targets there are, the missing ones too.
        missing: how many are nan.
        ignored: how many hold a mark that may mean «skip», by mark: −100, −1 beside numbers from 0 up,
            and 255 beside the numbers of classes in pictures.
        distinct: how many different values there are; of a sample, where ``sampled``.
        sampled: whether median, MAD, outliers, skew and, unless they are whole, the distinct values are those of a
            million targets drawn at random.
        whole: whether all are whole numbers.
        least: the smallest.
        most: the largest.
        spread: of the targets, over all inputs.
        zeros: the share of zeros.
        dispersion: variance over mean; ``None`` unless all are 0 or more and some are not 0.
        counts: how often each value occurs, if there are at most 50.
        imbalance: the most frequent count over the least frequent one, among values that occur.
        rows_add_to_one: whether there are rows, and each adds up to 1 within a thousandth.
        residuals: the spread of target − prediction, where a prediction was given.
        growth: how much larger the residuals are in the upper third of the predictions than in the lower one.
        level_outliers: the share of outliers among residuals, each beside those of similar predictions.
        trust: the mean of residual² / prediction, Poisson's own being 1; ``None`` unless all predictions are above 0.
    """

    shape: tuple[int, ...]
    dtype: str
    n: int
    missing: int
    ignored: dict[int, int]
    distinct: int
    sampled: bool
    whole: bool
    least: float
    most: float
    spread: Spread
    zeros: float
    dispersion: float | None
    counts: dict[float, int] | None
    imbalance: float | None
    rows_add_to_one: bool
    residuals: Spread | None = None
    growth: float | None = None
    level_outliers: float | None = None
    trust: float | None = None


def look(column: Column, prediction: Column | None = None) -> tuple[Seen, Tally]:
    """The facts, and how often each value occurs. Marks that may mean «skip» are told, and left out."""
    whole = _whole(column.known)
    ignored = (_marks(column.known) | _void(column)) if whole else {}
    kept = column.known
    for mark in ignored:
        kept = kept[kept != mark]
    if not len(kept):
        raise ValueError(f"every target is {IGNORED}, which torch's losses skip: there is nothing to choose by")
    found = tally(kept, whole)
    seen = Seen(
        shape=column.shape,
        dtype=str(column.dtype).removeprefix("torch."),
        n=column.values.numel(),
        missing=column.missing,
        ignored=ignored,
        whole=whole,
        rows_add_to_one=_add_to_one(column),
        **_of_values(kept, found),
        **_beside(column, prediction),
    )
    return seen, found


def _of_values(kept: Tensor, found: Tally) -> dict[str, Any]:
    least, most = (float(it) for it in kept.aminmax())
    about = spread(kept)
    return {
        "distinct": len(found.values),
        "sampled": len(sample(kept)) < len(kept),
        "least": least,
        "most": most,
        "spread": about,
        "zeros": float((kept == 0).sum()) / len(kept),
        "dispersion": about.sd**2 / about.mean if least >= 0 and about.mean > 0 else None,
        "counts": _few(found),
        "imbalance": float(found.counts.max() / found.counts.min()),
    }


def _whole(known: Tensor) -> bool:
    """A sample decides most cases at once: one fraction is enough."""
    if not known.is_floating_point():
        return True
    few = sample(known)
    return bool((few == few.round()).all()) and (few is known or bool((known == known.round()).all()))


def _marks(known: Tensor) -> dict[int, int]:
    """−100 beside numbers from 0 up or signs, and −1 beside numbers from 0 up; in floating point both are amounts."""
    if known.is_floating_point() or known.min() not in (IGNORED, -1):
        return {}
    counts = {mark: int((known == mark).sum()) for mark in (IGNORED, -1)}
    others = known[(known != IGNORED) & (known != -1)]
    least = int(others.min()) if len(others) else 1
    if least < 0:
        return {}
    return {mark: count for mark, count in counts.items() if count and (mark == IGNORED or least == 0)}


def _void(column: Column) -> dict[int, int]:
    known = column.known
    if known.is_floating_point() or len(column.shape) < 3 or int(known.max()) != VOID:
        return {}
    marked = known == VOID
    others = known[~marked]
    return {VOID: int(marked.sum())} if len(others) and 0 < int(others.max()) <= MOST_CLASSES else {}


def tally(values: Tensor, whole: bool) -> Tally:
    """How often each value occurs: counted in place where they are whole and lie close, else sorted."""
    if whole:
        least, most = (int(it) for it in values.aminmax())
        if most - least < _WIDE:
            counts = (values.long() - least).bincount()
            there = counts.nonzero().squeeze(1)
            return Tally((there + least).double(), counts[there])
    found, counts = (values if whole else sample(values)).unique(return_counts=True)
    return Tally(found.double(), counts)


def _few(found: Tally) -> dict[float, int] | None:
    if len(found.values) > 50:
        return None
    return dict(zip(found.values.tolist(), found.counts.tolist(), strict=True))


def _add_to_one(column: Column) -> bool:
    if len(column.shape) < 2 or column.shape[-1] < 2 or column.missing:
        return False
    values = column.values.double()
    return bool(((values.sum(-1) - 1).abs() < 1e-3).all()) and bool((values >= 0).all())


def _beside(column: Column, prediction: Column | None) -> dict[str, Any]:
    """What the residuals say, which the targets alone cannot."""
    if prediction is None:
        return {}
    there = ~column.values.double().isnan()
    said, errors = prediction.values[there].double(), (column.values - prediction.values)[there].double()
    size, order = errors.abs(), said.argsort()
    third = max(1, len(order) // 3)
    low, high = size[order[:third]].mean(), size[order[-third:]].mean()
    return {
        "residuals": spread(errors),
        "growth": float(high / low) if low > 0 else None,
        "level_outliers": _level_outliers(errors[order]),
        "trust": float((errors.square() / said).mean()) if torch.all(said > 0) else None,
    }


def _level_outliers(errors: Tensor) -> float:
    """Errors in the order of their predictions, ten groups at most: noise that grows throws none out of its group."""
    groups = errors.chunk(min(10, max(1, len(errors) // 30)))
    return sum(spread(it).outliers * len(it) for it in groups) / len(errors)
