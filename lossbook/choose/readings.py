"""What a column of targets may be: numbers alone rarely say, so every reading is told with what decides for it."""

from dataclasses import dataclass

import torch

from lossbook.choose.seen import Seen, Tally

__all__ = ["Reading", "readings", "within_one"]

# A few values that follow each other: they may be grades, or names of classes.
FEW_GRADES, FEW_CLASSES = 11, 1000
# Counts whose middle is below are small enough for the Poisson loss to differ from squared error.
SMALL = 30
SOME_ZEROS = 0.05  # from this share on, larger counts have their zero near as well
SHADES = 64  # more different bytes than this in a picture are brightness, no numbers of classes

HOLDS = {
    "amounts": "differences mean something: 6 is as far from 4 as 4 is from 2",
    "counts": "each number says how many events happened",
    "binary": "each is a yes or a no",
    "probabilities": "each is a chance, or a share of a whole",
    "labels": "any number of the columns may be 1 in a row, or none",
    "classes": "the numbers are names, and any other numbering would do as well",
    "ratings": "the numbers are grades in an order, on a scale that somebody chose",
    "distributions": "each row holds the chances of the classes",
    "distillation": "another model said it",
    "ranking": "1 says that the first of two comes before the second",
    "similarity": "the answer is about two things: alike or different",
    "masks": "they are pixels",
    "sequences": "each row is read as a whole, and nobody knows which moment holds which label",
    "vocabulary": "each number is a word",
}


@dataclass(frozen=True)
class Reading:
    """One thing that the targets may be: a task of the table, and when it is the right one."""

    task: str
    holds_if: str

    def __str__(self) -> str:
        return f"{self.task} if {self.holds_if}"


def readings(seen: Seen, found: Tally) -> list[Reading]:
    """All that the numbers allow, the likeliest first."""
    if seen.dtype == "bool" or (seen.whole and seen.least >= 0 and seen.most <= 1):
        names = _of_bits(seen)
    elif seen.whole and found.values.tolist() == [-1, 1]:
        names = ["binary", "ranking", "similarity"]
    elif len(seen.shape) > 1 and seen.shape[-1] > 1:
        black_and_white = found.values.tolist() == [0, 255]
        names = ["masks", "classes"] if black_and_white else _of_rows(seen)
    elif seen.distinct == 2 and seen.n > 4:
        names = _of_two(seen)
    elif seen.whole:
        names = _of_whole_numbers(seen, found)
    else:
        names = _of_fractions(seen)
    return [Reading(name, HOLDS[name]) for name in names]


def _of_bits(seen: Seen) -> list[str]:
    dims = len(seen.shape)
    if dims == 2 and seen.shape[1] > 1:
        return ["classes", "labels"] if seen.rows_add_to_one else ["labels", "masks"]
    if dims > 2:
        return ["masks", "labels"]
    return ["binary"] if seen.dtype == "bool" else ["binary", "counts"]


def _of_rows(seen: Seen) -> list[str]:
    if not seen.whole:
        if seen.rows_add_to_one:
            return ["distributions", "distillation"]
        return ["probabilities", "amounts"] if within_one(seen) else ["amounts", "distillation"]
    if seen.dtype.startswith(("float", "bfloat")) or seen.least < -1:
        return ["amounts", "counts"] if seen.least >= 0 else ["amounts"]
    if len(seen.shape) > 2:
        return ["amounts", "masks"] if seen.dtype == "uint8" and seen.distinct > SHADES else ["masks", "classes"]
    if seen.most >= FEW_CLASSES:
        return ["vocabulary", "classes", "sequences", "amounts"]
    return ["classes", "sequences", "vocabulary", "amounts"]


def _of_two(seen: Seen) -> list[str]:
    """Two fractions between 0 and 1 are answers that were softened, and no answer is lost if they stay so."""
    if seen.whole:
        return ["binary", "counts", "amounts"] if seen.least >= 0 else ["binary", "amounts"]
    return ["probabilities", "binary", "amounts"] if within_one(seen) else ["binary", "amounts"]


def _of_fractions(seen: Seen) -> list[str]:
    if within_one(seen):
        return ["probabilities", "amounts"]
    if seen.distinct <= 2 * FEW_GRADES and seen.n > 5 * seen.distinct > 5:
        return ["amounts", "ratings"]
    return ["amounts"]


def within_one(seen: Seen) -> bool:
    """Whether all could be chances."""
    return seen.least >= 0 and seen.most <= 1


def _of_whole_numbers(seen: Seen, found: Tally) -> list[str]:
    """One column: counts, classes, grades, words or amounts. Only the place and the frequencies can hint."""
    if seen.least < 0:
        grades = ["ratings"] if _in_a_row(seen) and seen.distinct <= FEW_GRADES else []
        return ["amounts", *grades]
    if seen.distinct == 1:
        return ["amounts", "counts"]
    small = (seen.zeros >= SOME_ZEROS or seen.spread.median <= SMALL) and not (seen.distinct == seen.n > SMALL)
    counts = ["counts", "amounts"] if small else ["amounts", "counts"]
    grades = ["ratings"] if _in_a_row(seen) and 3 <= seen.distinct <= FEW_GRADES and seen.least <= 1 else []
    names = ["classes"] if _in_a_row(seen) and seen.least <= 1 and _many_each(seen) else []
    if names and seen.least == 1 and grades:
        return [*grades, *names, *counts]
    if names and _falls_off(found):
        return [counts[0], *names, *grades, counts[1]]
    if names and seen.distinct > FEW_CLASSES:
        return ["vocabulary", *names, *counts]
    if names:
        return [*names, *counts, *grades]
    return [counts[0], *_sparse_names(seen), counts[1], *_words(seen)]


def _sparse_names(seen: Seen) -> list[str]:
    """A few numbers with gaps, each of many rows: postcodes and the like are no amounts."""
    few = 3 <= seen.distinct <= min(FEW_CLASSES, seen.n // 10)
    return ["classes"] if few and not seen.zeros and not _in_a_row(seen) else []


def _in_a_row(seen: Seen) -> bool:
    """No number between the least and the greatest is left out."""
    return seen.most - seen.least + 1 == seen.distinct


def _many_each(seen: Seen) -> bool:
    """A class has several rows; a number of its own for nearly each row is an amount, or names the row."""
    return 2 * seen.distinct <= seen.n


def _words(seen: Seen) -> list[str]:
    integers = seen.dtype.startswith(("int", "uint"))
    return ["vocabulary"] if integers and seen.distinct > FEW_CLASSES and _many_each(seen) else []


def _falls_off(found: Tally) -> bool:
    """Counts rise to one peak and thin out: four values or more, the last one rare. Names have no such order."""
    counts = found.counts.double()
    if len(counts) < 4 or counts[-1] > counts.max() / 20:
        return False
    peak = int(counts.argmax())
    slack = 3 * counts.sqrt()  # what chance alone moves a count by
    rise, fall = counts[: peak + 1].diff(), counts[peak:].diff()
    return bool(torch.all(rise > -slack[:peak])) and bool(torch.all(fall < slack[peak:-1].clamp(min=3)))
