"""What targets must be to be taken for a task, and what to do if they are not."""

from collections.abc import Callable

from lossbook.choose.readings import within_one
from lossbook.choose.seen import Seen, Tally

__all__ = ["unfit"]


def unfit(task: str, seen: Seen, found: Tally) -> str:
    """Why the targets cannot be of this task; empty if they can."""
    fits, needed = _NEEDS.get(task, (_any, ""))
    if fits(seen, found):
        return ""
    percent = task == "probabilities" and seen.least >= 0 and seen.most <= 100
    return needed + (": divide percentages by 100" if percent else "")


def _any(seen: Seen, found: Tally) -> bool:
    return True


def _from_zero(seen: Seen, found: Tally) -> bool:
    return seen.whole and seen.least >= 0


def _class(seen: Seen, found: Tally) -> bool:
    return _from_zero(seen, found) or seen.rows_add_to_one


def _chances(seen: Seen, found: Tally) -> bool:
    return within_one(seen)


def _rows(seen: Seen, found: Tally) -> bool:
    return len(seen.shape) > 1 and seen.shape[-1] > 1


def _label_rows(seen: Seen, found: Tally) -> bool:
    return len(seen.shape) > 1 and within_one(seen)


def _signs(seen: Seen, found: Tally) -> bool:
    return found.values.tolist() in ([-1, 1], [0, 1], [1], [-1], [0])


_NEEDS: dict[str, tuple[Callable[[Seen, Tally], bool], str]] = {
    "counts": (_from_zero, "counts are whole numbers from 0 up"),
    "binary": (lambda seen, found: seen.distinct <= 2, "yes or no has two values at the most"),
    "probabilities": (_chances, "chances lie from 0 to 1"),
    "labels": (_label_rows, "labels stand in a row of 0 and 1 for each sample, (N, C)"),
    "classes": (_class, "classes are whole numbers from 0 up, or rows of chances; number them first"),
    "ratings": (lambda seen, found: 2 <= seen.distinct <= 100, "ratings have a few grades, two at the least"),
    "distributions": (lambda seen, found: seen.rows_add_to_one, "a distribution is a row of chances that adds up to 1"),
    "distillation": (_rows, "a teacher says one score or chance for each class, (N, C)"),
    "ranking": (_signs, "comparisons are 1 and −1, or 1 and 0"),
    "similarity": (lambda seen, found: seen.whole, "marks are 1 and −1, or whole numbers that name kinds"),
    "masks": (_from_zero, "the pixels of a mask are 0 and 1, or the number of a class"),
    "sequences": (_from_zero, "labels are whole numbers, from 1 up; 0 is the blank"),
    "vocabulary": (_from_zero, "words are whole numbers from 0 up"),
}
