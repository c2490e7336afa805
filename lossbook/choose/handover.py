"""How a target is handed to a loss, as an expression, and the shape of the output that the loss then wants."""

from collections.abc import Callable

import torch

from lossbook.choose.case import Case
from lossbook.choose.form import Choice

__all__ = ["fits", "handed"]

Handed = tuple[str, tuple[int, ...] | None]

# These are given pairs, triplets or views: no target of a sample, and no output of the target's shape.
_OF_VECTORS = ("similarity", "embedding", "contrastive")
_OF_PAIRS = ("cosine_embedding_loss", "hinge_embedding_loss")
WRITTEN_OUT = 20  # numbers of classes; more would fill the page
_SIGNED = ("hinge_loss", "soft_margin_loss", "margin_ranking_loss")


def fits(choice: Choice, case: Case) -> bool:
    """Whether the loss can be given these targets at all."""
    shape, whole = case.column.shape, case.seen.whole
    never = {
        "multilabel_margin_loss": len(shape) != 2 or not whole,
        "multi_margin_loss": len(shape) - case.rows > 1 or bool(case.seen.ignored),
        "AdaptiveLogSoftmaxWithLoss": bool(case.seen.ignored),
        "hinge_loss": not whole,
        "binary_cross_entropy_with_logits": case.task == "masks" and (not case.bits or bool(case.seen.ignored)),
        "dice_loss": len(shape) < 3 or (case.bits and bool(case.seen.ignored)),
        "focal_loss": case.task == "masks" and bool(case.seen.ignored),
    }
    return not never.get(choice.loss, False)


def handed(choice: Choice, case: Case) -> Handed:
    """An expression in ``target``, empty where the loss is given something else, and a shape, if it follows."""
    if choice.facts.family in _OF_VECTORS or case.task == "similarity":
        marked = case.found.values.tolist() in ([-1, 1], [0, 1]) and choice.loss in _OF_PAIRS
        return (_signs(case), None) if marked else ("", None)
    return _BY_TASK.get(case.task, _amounts)(choice, case)


def _amounts(choice: Choice, case: Case) -> Handed:
    q = choice.settings.get("q")
    columns = (len(q),) if isinstance(q, tuple) else ()
    return _float(case), (*case.column.shape, *columns)


def _float(case: Case) -> str:
    """In the precision of a model: several losses cannot be differentiated where the target has another."""
    return "target" if case.column.dtype is torch.float32 else "target.float()"


def _long(case: Case) -> str:
    return "target" if str(case.column.dtype) == "torch.int64" else "target.long()"


def _signs(case: Case) -> str:
    return _float(case) if case.found.values.tolist() == [-1, 1] else f"2 * {_bits(case)} - 1"


def _bits(case: Case) -> str:
    values = case.found.values.tolist()
    if case.task in ("probabilities", "labels") or set(values) <= {0, 1}:
        return _float(case)
    signs = "(target.float() + 1) / 2" if case.column.floating and _float(case) != "target" else "(target + 1) / 2"
    return signs if values == [-1, 1] else f"(target > {case.border:g}).float()"


def _answers(choice: Choice, case: Case) -> Handed:
    signed = choice.loss in _SIGNED
    return _signs(case) if signed else _bits(case), case.column.shape


def _labels(choice: Choice, case: Case) -> Handed:
    if choice.loss != "multilabel_margin_loss":
        return _float(case), case.column.shape
    n = case.labels
    numbers = f"torch.where(target > 0, torch.arange({n}, device=target.device), {n}).sort(1).values"
    return f"({numbers} + 1) % {n + 1} - 1", case.column.shape  # behind the last number stands a −1


def _classes(choice: Choice, case: Case) -> Handed:
    shape = case.column.shape
    if case.rows:
        chances = choice.loss == "cross_entropy" and not case.seen.whole and len(shape) == 2
        return _float(case) if chances else "target.argmax(-1)", _with_classes(shape[:-1], case)
    return _index(case), _with_classes(shape, case)


def _with_classes(shape: tuple[int, ...], case: Case) -> tuple[int, ...]:
    return (*shape[:1], case.classes, *shape[1:])


def _index(case: Case) -> str:
    if case.renumbered:
        places = _places(case)
        return f"torch.where(target < 0, target, {places})" if case.seen.ignored else places
    if not case.first:
        return _long(case)
    return "torch.where(target > 0, target - 1, target).long()" if case.seen.ignored else "target.long() - 1"


def _places(case: Case) -> str:
    """Where each number stands among all. A few are written out: other rows may lack one, and would count anew."""
    least = int(case.seen.least)
    if case.seen.whole and case.in_a_row and least >= 0:
        return f"target.long() - {least}" if least else _long(case)
    if len(case.found.values) > WRITTEN_OUT:
        there = "[target >= 0]" if case.seen.ignored else ""
        return f"torch.searchsorted(target{there}.unique(), target)"
    numbers = [int(it) if case.seen.whole else float(it) for it in case.found.values]
    return f"torch.searchsorted(torch.tensor({numbers}, dtype=target.dtype, device=target.device), target)"


def _ratings(choice: Choice, case: Case) -> Handed:
    grades = [float(it) for it in case.found.values]
    if choice.loss == "binary_cross_entropy_with_logits":
        steps = f"torch.tensor({grades[:-1]}, device=target.device)"
        return f"(target.unsqueeze(-1) > {steps}).float()", (*case.column.shape, len(grades) - 1)
    if choice.loss == "cross_entropy":
        shape = case.column.shape
        return _places(case), (*shape[:1], len(grades), *shape[1:])
    return ("", None) if choice.loss == "margin_ranking_loss" else (_float(case), case.column.shape)


def _distributions(choice: Choice, case: Case) -> Handed:
    shape = case.column.shape
    if choice.loss == "cross_entropy" and len(shape) > 2:
        return f"{_float(case)}.movedim(-1, 1)", (shape[0], shape[-1], *shape[1:-1])
    if case.task == "distillation" and case.seen.rows_add_to_one == (choice.loss == "distillation_loss"):
        return f"{_float(case)}.{'clamp(min=1e-9).log()' if case.seen.rows_add_to_one else 'softmax(-1)'}", shape
    return _float(case), shape


def _ranking(choice: Choice, case: Case) -> Handed:
    return _answers(choice, case)


def _masks(choice: Choice, case: Case) -> Handed:
    shape = case.column.shape
    channel = len(shape) == 4 and shape[1] == 1
    if choice.loss == "cross_entropy":
        plain = (shape[0], *shape[2:]) if channel else shape
        number = _bits(case).replace(".float()", ".long()") if case.seen.most > 1 and case.bits else _long(case)
        classes = 2 if case.bits else int(case.seen.most) + 1
        return number + ".squeeze(1)" * channel, (plain[0], classes, *plain[1:])
    if not case.bits:
        plain = (shape[0], *shape[2:]) if channel else shape
        return _long(case) + ".squeeze(1)" * channel, (plain[0], int(case.seen.most) + 1, *plain[1:])
    one_channel = choice.loss == "dice_loss" and len(shape) == 3
    return _bits(case) + ".unsqueeze(1)" * one_channel, (shape[0], 1, *shape[1:]) if one_channel else shape


def _sequences(choice: Choice, case: Case) -> Handed:
    shape, symbols = case.column.shape, int(case.seen.most) + 1
    if choice.loss == "ctc_loss":
        return _long(case), None
    return _long(case), (*shape[:1], symbols, *shape[1:])


def _vocabulary(choice: Choice, case: Case) -> Handed:
    """The losses that hold the last layer themselves take the places of a batch in one row."""
    if choice.loss == "cross_entropy":
        return _index(case), _with_classes(case.column.shape, case)
    if choice.loss == "AdaptiveLogSoftmaxWithLoss":
        return f"(words := {_index(case)}.flatten()).bincount().argsort(descending=True).argsort()[words]", None
    return f"{_index(case)}{'.flatten()' * (len(case.column.shape) > 1)}", None


_BY_TASK: dict[str, Callable[[Choice, Case], Handed]] = {
    "binary": _answers,
    "probabilities": _answers,
    "labels": _labels,
    "classes": _classes,
    "ratings": _ratings,
    "distributions": _distributions,
    "distillation": _distributions,
    "ranking": _ranking,
    "masks": _masks,
    "sequences": _sequences,
    "vocabulary": _vocabulary,
}
