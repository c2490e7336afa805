"""``suggest``: look at a target, follow the decision table, and come back with losses that are ready to use."""

import dataclasses
from typing import Any

from torch import Tensor

from lossbook.choose.arguments import arguments_of
from lossbook.choose.branches import branch_of, too_many_outliers
from lossbook.choose.case import Case, check_costs, read_costs
from lossbook.choose.column import Column, take
from lossbook.choose.form import Branch, Choice
from lossbook.choose.handover import fits, handed
from lossbook.choose.needs import unfit
from lossbook.choose.notes import notes_on
from lossbook.choose.readings import Reading, readings
from lossbook.choose.report import Report, Suggestion
from lossbook.choose.seen import look
from lossbook.choose.tasks import TASKS

__all__ = ["suggest"]

_CHANCES = ("binary_cross_entropy_with_logits", "binary_cross_entropy", "soft_margin_loss")
_OF_AMOUNTS = ("amounts", "counts", "intervals")
_WHOLE = ("classes", "ratings", "vocabulary")


def suggest(target: Any, *, task: str | None = None, prediction: Any = None, costs: Any = None) -> Report:
    """Look at targets, and say which losses fit and why, ready made.

    A target alone says little: it shows how the targets are spread over all inputs, not given the inputs, and it cannot
    say what its numbers mean. What it cannot decide stands in ``report.undecided``; ``task`` settles that, and
    ``prediction``, of any first fit, shows the errors themselves.

    Args:
        target: the targets: a tensor on any device, an array, a column of a table, a list. Real numbers, any shape;
            the first dimension holds the samples, nan is a missing one.
        task: what the targets are; ``None`` to have it inferred. An amount is of ``"amounts"``,
            ``"intervals"``, ``"costs"`` or ``"counts"``; a kind of ``"binary"``, ``"probabilities"``, ``"labels"``,
            ``"classes"``, ``"ratings"``, ``"distributions"`` or ``"distillation"``; a structure of ``"ranking"``,
            ``"similarity"``, ``"masks"``, ``"sequences"`` or ``"vocabulary"``.
        prediction: what a first model said of the same targets, in their shape and unit. The bend of the Huber loss is
            then read off the residuals.
        costs: what mistakes cost. Of yes or no: (a missed yes, a needless yes). Of an amount: (a unit too much, a unit
            too little). Of classes: a square table, [true class][decision].

    Returns:
        A :class:`Report`: the task, what was seen, and the suggestions in their order. Every tensor among the arguments
        lies on the device of ``target``. Nothing is drawn from torch's random numbers.

    Raises:
        TypeError: the targets, the prediction or the costs are no real numbers.
        ValueError: there are no targets, or all are missing; one is infinite; they cannot be of ``task``; an unknown
            task; the prediction has another shape; the costs do not fit.

    Example:
        >>> import torch
        >>> report = suggest(torch.tensor([0.0, 2.0, 1.0, 0.0, 0.0, 1.0, 3.0]), task="counts")
        >>> report.suggestions[0].criterion
        PoissonNLLLoss()
        >>> rare = suggest(torch.tensor([1] + [0] * 19), costs=(20, 1))
        >>> [(it.loss, it.threshold and round(it.threshold, 3)) for it in rare.suggestions[:2]]
        [('binary_cross_entropy_with_logits', 0.048), ('binary_cross_entropy_with_logits', 0.5)]
    """
    if task is not None and task not in TASKS:
        raise ValueError(f"task={task!r} is none of {', '.join(TASKS)}")
    column = take(target)
    guess = None if prediction is None else _beside(column, prediction)
    seen, found = look(column, guess)
    possible = readings(seen, found)
    chosen = _settle(task, possible, prices := read_costs(costs))
    if why := unfit(chosen, seen, found):
        raise ValueError(f"these targets cannot be {chosen}: {why}. They are from {seen.least:g} to {seen.most:g}")
    case = Case(chosen, column, seen, found, prices)
    check_costs(case)
    undecided = tuple(possible) if task is None and len(possible) > 1 else ()
    notes = tuple(notes_on(case, guess is not None))
    return Report(chosen, TASKS[chosen].question, seen, tuple(_ranked(case)), undecided, notes)


def _beside(column: Column, prediction: Any) -> Column:
    guess = take(prediction, "prediction")
    if guess.shape != column.shape:
        raise ValueError(f"prediction has the shape {guess.shape}, target {column.shape}: they must be the same")
    if guess.missing:
        raise ValueError(f"prediction holds {guess.missing} nan")
    return guess


def _settle(task: str | None, possible: list[Reading], prices: Tensor | None) -> str:
    """The task: the one that was named, or the likeliest; prices narrow down what it can be."""
    chosen = task or possible[0].task
    if prices is None:
        return chosen
    if prices.dim() == 1 and (chosen in _OF_AMOUNTS or (task is None and chosen in _WHOLE)):
        return "costs"
    if prices.dim() == 2 and task is None and "classes" in {it.task for it in possible}:
        return "classes"
    return chosen


def _ranked(case: Case) -> list[Suggestion]:
    """The losses of the answer that the targets speak for; then the first one of each other answer."""
    task = TASKS[case.task]
    key, says = branch_of(case)
    taken = task.branch(key)
    picked = [(choice, taken) for choice in _in_order(taken, case)]
    for branch in task.branches:
        known = [it for it, _ in picked]
        if branch is not taken:
            picked += [(it, branch) for it in _first(branch, case) if not any(_same(it, other) for other in known)][:1]
    found = [_suggestion(choice, case, branch, branch is taken) for choice, branch in picked]
    best = found[0]
    return [dataclasses.replace(best, reasons=(best.reasons[0], *says, *best.reasons[1:])), *found[1:]]


def _in_order(branch: Branch, case: Case) -> list[Choice]:
    """As the table ranks them; where a quarter of the errors lie far out, the one that counts votes comes first."""
    fitting = [it for it in branch.choices if fits(it, case)]
    if case.task == "amounts" and branch.key == "outliers" and too_many_outliers(case):
        fitting.sort(key=lambda it: it.loss != "l1_loss")
    return fitting


def _first(branch: Branch, case: Case) -> list[Choice]:
    """The first loss that the branch leads to, and the same with other settings; no weights that nothing asks for."""
    fitting = [it for it in branch.choices if fits(it, case)]
    return [it for it in fitting if (it.loss, it.computed) == (fitting[0].loss, fitting[0].computed)]


def _same(one: Choice, other: Choice) -> bool:
    return (one.loss, one.settings, one.computed) == (other.loss, other.settings, other.computed)


def _suggestion(choice: Choice, case: Case, branch: Branch, taken: bool) -> Suggestion:
    arguments, computed = arguments_of(choice, case)
    hand_over, shape = handed(choice, case)
    by_cost = ["Decide by `(chances @ costs).argmin(-1)`: the least expected cost."] if _has_table(choice, case) else []
    return Suggestion(
        loss=choice.loss,
        arguments=arguments,
        hand_over=hand_over,
        output_shape=shape,
        threshold=_threshold(choice, case),
        reasons=(choice.reason, *computed, *by_cost),
        check_next=choice.check,
        answer=branch.answer,
        single=choice.loss in ("focal_loss", "dice_loss") and shape is not None and _yes_or_no(case),
        taken=taken,
        provisional=tuple(it for it in choice.computed if it in ("delta", "beta") and not case.seen.residuals),
    )


def _yes_or_no(case: Case) -> bool:
    return case.task in ("binary", "labels") or (case.task == "masks" and case.bits)


def _threshold(choice: Choice, case: Case) -> float | None:
    """Where the prices say to cut a chance; with the weight in the loss, one half stands for the same."""
    if case.costs is None or choice.loss not in _CHANCES or case.costs.dim() != 1:
        return None
    missed, needless = case.costs.tolist()
    return 0.5 if "pos_weight" in choice.computed else needless / (missed + needless)


def _has_table(choice: Choice, case: Case) -> bool:
    return case.costs is not None and case.costs.dim() == 2 and choice.loss == "cross_entropy" and not choice.computed
