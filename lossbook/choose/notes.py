"""What a reader should know beside the suggestions: gaps, marks, scale, and what targets alone cannot show."""

from collections.abc import Iterator

from lossbook.choose.case import Case
from lossbook.choose.handover import WRITTEN_OUT
from lossbook.choose.oddities import oddities
from lossbook.choose.seen import IGNORED, VOID
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
    yield from oddities(case)
    if case.task in _OF_AMOUNTS:
        yield from _amounts(case, guessed)
    if case.column.made:
        yield (
            "In the expressions, `target` is a tensor: `torch.tensor(target)` makes one; from the column of a table, "
            "`torch.tensor(target.to_numpy())`."
        )


def _gaps(case: Case) -> Iterator[str]:
    seen = case.seen
    if seen.missing:
        yield (
            f"{seen.missing} of {seen.n} targets are nan, and one makes the whole loss nan. Before anything else, with "
            f"`known = ~target.isnan()`, take `target[known]` and `{_output(case)}[known]`."
        )
    if IGNORED in seen.ignored:
        yield f"{seen.ignored[IGNORED]} targets are −100, torch's mark for «skip»: they were left out here."
    if -1 in seen.ignored:
        yield (
            f"{seen.ignored[-1]} targets are −1, which may mean «skip», and were left out here. If they are "
            "amounts, hand over `target.float()`; if −1 is an answer of its own, `target + 1`."
        )
    if VOID in seen.ignored:
        yield f"{seen.ignored[VOID]} pixels are 255, the usual mark for «nobody knows»: they were left out here."
    if seen.ignored and case.task in _WITHOUT_SKIP:
        yield f"The losses of {case.task} skip nothing: take the marked targets out, with `known = target >= 0`."
    if seen.sampled:
        yield f"Median, MAD, outliers and skew are those of {ENOUGH} targets drawn at random."


def _output(case: Case) -> str:
    """The classes stand in the second dimension, and a mask of the targets knows nothing of it."""
    places = case.task in ("classes", "masks", "vocabulary") and not case.rows and len(case.column.shape) > 1
    return "output.movedim(1, -1)" if places else "output"


def _form(case: Case) -> Iterator[str]:
    seen, shape = case.seen, case.column.shape
    if seen.distinct == 1:
        yield f"Every target is {seen.least:g}: the best constant has no error, and no two losses can be told apart."
    if len(shape) > 1 and shape[-1] == 1:
        yield f"The target is a column, {shape}: so must the output be. Against {shape[:-1]} it would be broadcast."
    if seen.whole and seen.distinct == seen.n - seen.missing > 2 and len(shape) < 2:
        yield "Every number occurs once: if they name the rows, they are no target."
    if case.task in ("classes", "vocabulary") and not case.rows and case.renumbered and seen.distinct > WRITTEN_OUT:
        yield (
            "The numbers have gaps, and are counted anew: do so with the `target.unique()` of all rows for training, "
            "and keep it, or other rows are numbered otherwise."
        )


def _amounts(case: Case, guessed: bool) -> Iterator[str]:
    seen, spread = case.seen, case.seen.spread
    if not guessed:
        yield (
            "Targets alone show their spread over all inputs, not given the inputs: outliers, skew and excess "
            "variance may be explained by them. Give `prediction=` of a first fit."
        )
    if abs(spread.skew) > LEANS and seen.distinct > 2 and abs(spread.mean - spread.median) > spread.sd / 10:
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
