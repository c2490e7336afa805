"""The options of a loss, computed from the targets, and what must be said about how."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lossbook.choose.case import Case
from lossbook.choose.form import Choice
from lossbook.choose.seen import VOID

__all__ = ["arguments_of"]

BEND = 1.345  # in robust standard deviations: 95 % as efficient as squared error under a bell
WIDTH = 64  # stands for the width of a hidden layer, which no target tells


def arguments_of(choice: Choice, case: Case) -> tuple[dict[str, Any], list[str]]:
    """The options to make the loss with, and a sentence for each that was computed."""
    found: dict[str, Any] = dict(choice.settings)
    says: list[str] = []
    needed = [*choice.computed, *_NEEDED.get(choice.loss, ())]
    for name in needed:
        found[name], why = _BY_NAME[name](case)
        says += [why] if why else []
    for mark in (-1, VOID):
        if mark in case.seen.ignored and "ignore_index" in choice.facts.options and case.task != "labels":
            found["ignore_index"] = mark
            says.append(f"{mark} is skipped, as a mark for no answer.".replace("-", "−"))
    return {name: _placed(value, case) for name, value in found.items()}, says


def _placed(value: Any, case: Case) -> Any:
    return value.to(device=case.column.device, dtype=torch.float32) if isinstance(value, Tensor) else value


def _bend(case: Case) -> tuple[float, str]:
    errors = case.seen.residuals
    spread, whose = (errors, "residuals") if errors else (case.seen.spread, "targets")
    if case.uneven:
        return BEND, f"Provisional: {BEND} holds once each column is standardised."
    if not spread.scale:
        return 1.0, f"1 is the default: all {whose} are one number, and give no scale. Provisional."
    value = BEND * spread.scale
    where = f"{BEND} × {spread.scale:.4g}, the robust standard deviation of the {whose}"
    if spread.scale_by != "MAD":
        where += f" by the {spread.scale_by}, since their MAD is 0"
    return value, f"{where}." if errors else f"Provisional: {where}. Give `prediction=` to take the residuals'."


def _pos_weight(case: Case) -> tuple[Tensor, str]:
    if case.costs is not None:
        missed, needless = case.costs.tolist()
        if needless and missed:
            return torch.tensor(missed / needless).expand(
                _shape(case)
            ).clone(), "The price of a missed yes over a needless one."
    empty = (case.yes == 0) | (case.no == 0)
    weight = torch.where(empty, 1.0, case.no / case.yes)
    says = "How often no over how often yes, which puts both sides level."
    if not weight.dim():
        says += f" It does what a threshold of {float(1 / (1 + weight)):.3g} does to the plain chance."
    if bool(empty.any()):
        says += " 1 where only one of the two answers occurs: no weight can make up for the other."
    return weight.reshape(_shape(case)), says


def _shape(case: Case) -> tuple[int, ...]:
    """`pos_weight` is matched from the last dimension: labels that stand second need ones behind them."""
    return (case.labels, *(1,) * (len(case.column.shape) - 2)) if case.task == "labels" else ()


def _weight(case: Case) -> tuple[Tensor, str]:
    if case.costs is not None:
        price = case.costs.sum(1) - case.costs.diagonal()
        return torch.where(
            price > 0, price / price[price > 0].mean(), 1.0
        ), "The price of mistaking each class, over the mean of all."
    counts = case.class_counts
    there = counts > 0
    weight = torch.where(there, counts.sum() / (there.sum() * counts), 1.0)
    says = "n / (C · count) for each class."
    return weight, says + (" 1 for a class that never occurs; it does not count in C." if not bool(there.all()) else "")


def _over(case: Case) -> tuple[float, str]:
    return (float(case.costs[0]), "") if case.costs is not None else (1.0, _NO_COSTS)


def _under(case: Case) -> tuple[float, str]:
    return (float(case.costs[1]), "") if case.costs is not None else (1.0, "")


def _q(case: Case) -> tuple[float, str]:
    if case.costs is None:
        return 0.5, _NO_COSTS
    over, under = case.costs.tolist()
    return under / (over + under), f"under / (over + under) = {under:g} / {over + under:g}."


def _cutoffs(case: Case) -> tuple[list[int], str]:
    """Where the groups of words end: the head holds three quarters of the text, the next group all but a twentieth."""
    counts = case.class_counts.sort(descending=True).values
    reached = counts.cumsum(0) / counts.sum()
    ends = [int((reached < share).sum()) + 1 for share in (0.75, 0.95)]
    inside = sorted({min(max(end, 1), case.classes - 1) for end in ends})
    return inside, "The head holds three quarters of the text, the next group what is missing to 95 %."


_NO_COSTS = "Both prices are taken for equal: give `costs=(over, under)`."
_NEEDED = {
    "linear_cross_entropy": ("in_features", "num_classes"),
    "AdaptiveLogSoftmaxWithLoss": ("in_features", "n_classes", "cutoffs"),
}
_BY_NAME: dict[str, Callable[[Case], tuple[Any, str]]] = {
    "delta": _bend,
    "beta": _bend,
    "pos_weight": _pos_weight,
    "weight": _weight,
    "over": _over,
    "under": _under,
    "q": _q,
    "in_features": lambda case: (
        WIDTH,
        f"`in_features={WIDTH}` is a stand-in for the width of your last hidden layer.",
    ),
    "num_classes": lambda case: (case.classes, ""),
    "n_classes": lambda case: (case.classes, ""),
    "cutoffs": _cutoffs,
}
