"""What a reader should know beside the suggestions: gaps, marks, scale, and what targets alone cannot show."""

from collections.abc import Iterator

from lossbook.choose.case import Case
from lossbook.choose.seen import IGNORED
from lossbook.choose.spread import ENOUGH

__all__ = ["notes_on"]

_OF_AMOUNTS = ("amounts", "intervals", "costs", "counts")
_WITHOUT_SKIP = (*_OF_AMOUNTS, "binary", "labels", "ratings", "sequences")
LEANS = 1.0  # from this skew on, mean and median are two answers
LARGE, SMALL = 100.0, 0.01  # standard deviations beyond which a usual learning rate does not fit


def notes_on(case: Case, guessed: bool) -> Iterator[str]:
    """Plain sentences."""
    yield from _gaps(case)
    yield from _form(case)
    if case.task in _OF_AMOUNTS:
        yield from _amounts(case, guessed)


def _gaps(case: Case) -> Iterator[str]:
    seen = case.seen
    if seen.missing:
        yield (
            f"{seen.missing} of {seen.n} targets are nan, and one makes the whole loss nan. With "
            "`known = ~target.isnan()`, take `criterion(output[known], target[known])`."
        )
    if IGNORED in seen.ignored:
        yield f"{seen.ignored[IGNORED]} targets are −100, torch's mark for «skip»: they were left out here."
    if -1 in seen.ignored:
        yield (
            f"{seen.ignored[-1]} targets are −1, which may mean «skip», and were left out here. If they are "
            "amounts, hand over `target.float()`."
        )
    if seen.ignored and case.task in _WITHOUT_SKIP:
        yield f"The losses of {case.task} skip nothing: take the marked targets out, with `known = target >= 0`."
    if seen.sampled:
        yield f"Median, MAD, outliers and skew are those of {ENOUGH} targets drawn at random."


def _form(case: Case) -> Iterator[str]:
    seen, shape = case.seen, case.column.shape
    if seen.distinct == 1:
        yield f"Every target is {seen.least:g}: the best constant has no error, and no two losses can be told apart."
    if len(shape) > 1 and shape[-1] == 1:
        yield f"The target is a column, {shape}: so must the output be. Against {shape[:-1]} it would be broadcast."
    if seen.whole and seen.distinct == seen.n - seen.missing > 2 and len(shape) < 2:
        yield "Every number occurs once: if they name the rows, they are no target."


def _amounts(case: Case, guessed: bool) -> Iterator[str]:
    seen, spread = case.seen, case.seen.spread
    if not guessed:
        yield (
            "Targets alone show their spread over all inputs, not given the inputs: outliers, skew and excess "
            "variance may be explained by them. Give `prediction=` of a first fit."
        )
    if not seen.whole and 1 < seen.most <= 100 and seen.least >= 0:
        yield 'If they are percentages of a whole, divide by 100 and take `task="probabilities"`.'
    if abs(spread.skew) > LEANS and seen.distinct > 2:
        larger = "above" if spread.mean > spread.median else "below"
        yield f"They lean: the mean, {spread.mean:.4g}, lies {larger} the median, {spread.median:.4g}. Which is wanted?"
    if case.task != "counts" and not SMALL < spread.sd < LARGE and spread.sd > 0:
        yield f"Their standard deviation is {spread.sd:.3g}: standardise them, and scale the predictions back."
    yield from _columns(case)


def _columns(case: Case) -> Iterator[str]:
    """Columns in different units have one loss, in which the largest is heard."""
    if case.uneven:
        yield (
            f"The columns differ in scale, from {case.scales[0]:.3g} to {case.scales[1]:.3g}: standardise each one, "
            "and look again, or the largest is all that the loss hears."
        )
