"""Numbers that may mean something else than they seem to: marks for gaps, padding, percentages, angles, logs."""

from collections.abc import Iterator

from lossbook.choose.case import Case
from lossbook.choose.spread import spread

__all__ = ["oddities"]

_OF_AMOUNTS = ("amounts", "intervals", "costs", "counts")
SEVERAL = 8  # different numbers: of fewer, one is easily far from the others
SOME = 0.02  # the share of a single number from which on it may be a mark
LEAST_PERCENT = 20  # percentages whose largest is below are rare, and other amounts are not
LEANS, LEANS_LITTLE = 1.0, 0.5


def oddities(case: Case) -> Iterator[str]:
    """Plain sentences, each under a condition: only who knows the data can tell whether it holds."""
    if case.task in _OF_AMOUNTS:
        yield from _far_mark(case)
        yield from _zeros(case)
        yield from _turns(case)
    if case.task in (*_OF_AMOUNTS, "classes"):
        yield from _percentages(case)
    if case.task in ("amounts", "costs"):
        yield from _logs(case)
    if case.task in ("classes", "vocabulary", "sequences"):
        yield from _padding(case)
    if case.task == "amounts" and case.seen.dtype == "uint8" and len(case.column.shape) > 2:
        yield "If they are the brightness of pixels, divide by 255."


def _far_mark(case: Case) -> Iterator[str]:
    """One number at an end, several times, further from the others than they are from one another."""
    found, counts = case.found.values, case.found.counts
    if len(found) < SEVERAL:
        return
    for end, near, far in ((0, 1, -1), (-1, -2, 0)):
        gap, width = abs(float(found[near] - found[end])), abs(float(found[far] - found[near]))
        if counts[end] > 1 and counts[end] >= SOME / 2 * counts.sum() and gap > 2 * width:
            yield (
                f"{int(counts[end])} targets are {float(found[end]):g}, far from all others: if that marks a gap, "
                "take them out first."
            )


def _zeros(case: Case) -> Iterator[str]:
    """Exactly 0, again and again, among fractions that hardly repeat."""
    seen = case.seen
    zeros, others = round(seen.zeros * len(case.column.known)), float(case.found.counts.sum()) * (1 - seen.zeros)
    if not seen.whole and zeros > 1 and seen.zeros >= SOME and 2 * (seen.distinct - 1) > others:
        yield (
            f"{zeros} targets are exactly 0, and the others hardly repeat: if 0 marks a gap, take them out first; if "
            "it is true, whether and how much are two questions."
        )


def _turns(case: Case) -> Iterator[str]:
    """Almost a full turn, in degrees, and no more."""
    least, most = case.seen.least, case.seen.most
    if (0 <= least < 10 and 350 < most <= 360) or (-180 <= least < -170 and 170 < most <= 180):
        yield "If they are angles, the two ends lie side by side, which no such loss knows: predict sine and cosine."


def _percentages(case: Case) -> Iterator[str]:
    seen = case.seen
    whole = seen.most == 100 and seen.distinct > LEAST_PERCENT
    if seen.least >= 0 and (whole if seen.whole else LEAST_PERCENT < seen.most <= 100):
        yield 'If they are percentages of a whole, divide by 100 and take `task="probabilities"`.'


def _logs(case: Case) -> Iterator[str]:
    """Positive amounts that lean, and do not in logs: prices, incomes, durations."""
    seen = case.seen
    if seen.least <= 0 or seen.spread.skew <= LEANS or case.uneven:
        return
    skew = spread(case.column.known.double().log()).skew
    if abs(skew) < LEANS_LITTLE:
        yield (
            f"Their logs lean little (skew {skew:.2f}): if an error counts in per cent, train on `target.log()`. The "
            "`exp` of that answer is a typical amount, and totals of it fall short."
        )


def _padding(case: Case) -> Iterator[str]:
    """Rows that end in a run of zeros."""
    values = case.column.values
    if values.dim() != 2 or values.shape[1] < 3 or case.rows or 0 in case.seen.ignored:
        return
    padded = (values[:, -2:] == 0).all(1)
    if case.seen.least == 0 and padded.double().mean() > 0.25:
        yield (
            f"{int(padded.sum())} of {len(values)} rows end in zeros: if 0 fills rows up, it is no class. Give the "
            "criterion `ignore_index=0`."
        )
