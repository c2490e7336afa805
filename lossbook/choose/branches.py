"""Which answer of the table the targets speak for, and what in them says so."""

from collections.abc import Callable

from lossbook.choose.case import Case
from lossbook.choose.spread import FAR, Spread
from lossbook.choose.tasks import TASKS

__all__ = ["branch_of", "too_many_outliers"]

# From here on, the losses that are made for it come first.
MANY_OUTLIERS = 0.01
FEW_ARE_MANY = 0.05
TOO_MANY_OUTLIERS = 0.25
PILE = 0.4
RARE = 0.2
RARE_PIXELS = 0.1
UNEVEN = 5.0
FAR_FROM_ZERO = 12
MANY_WORDS = 10_000
GROWS = 2.0
_EXPLAINED = "The inputs may explain them: decide by the residuals of a first fit."


def branch_of(case: Case) -> tuple[str, list[str]]:
    """The key of the answer that the data speak for, and the sentences that say why; the first one without any."""
    return _BY_TASK.get(case.task, _first)(case)


def _first(case: Case) -> tuple[str, list[str]]:
    return TASKS[case.task].branches[0].key, []


def _amounts(case: Case) -> tuple[str, list[str]]:
    errors = case.seen.residuals
    if case.uneven:
        return "mean", ["The columns have different scales: no outlier can be told in all of them together."]
    if errors is None and case.piled >= PILE and 1 < case.seen.distinct < len(case.column.known):
        pile = f"{case.piled:.0%} of the targets are one value, and a median, or a robust loss, may say nothing else."
        return "mean", [pile]
    spread, whose = (errors, "residuals") if errors else (case.seen.spread, "targets")
    says = [_outliers(spread, whose)]
    many, level = _many_outliers(spread.outliers, case), case.seen.level_outliers
    grows = case.seen.growth is not None and not 1 / GROWS < case.seen.growth < GROWS
    if many and not (grows and level is not None and not _many_outliers(level, case)):
        return "outliers", says + [_EXPLAINED] * (errors is None)
    if grows:
        says.append(f"Residuals are {case.seen.growth:.2g} times as large where the prediction is largest.")
        says += [f"Beside those of similar predictions, {level:.2%} lie as far out."] * many
        return "spread", says
    return "mean", says


def _many_outliers(share: float, case: Case) -> bool:
    """A single one says something among a few numbers; of some dozens, a bell throws one out now and then."""
    alone = share * len(case.column.known) < 1.5
    return share > (FEW_ARE_MANY if alone else MANY_OUTLIERS)


def too_many_outliers(case: Case) -> bool:
    """Whether so many lie far out that the robust scale itself is in doubt."""
    return (case.seen.residuals or case.seen.spread).outliers >= TOO_MANY_OUTLIERS


def _outliers(spread: Spread, whose: str) -> str:
    if spread.scale_by == "nothing":
        return f"All {whose} are one number."
    share = f"{spread.outliers:.2%}" if spread.outliers else "None"
    share += f" of the {whose} lie more than {FAR} robust standard deviations from their median"
    return f"{share}." if spread.scale_by == "MAD" else f"{share}, by the {spread.scale_by}, since the MAD is 0."


def _counts(case: Case) -> tuple[str, list[str]]:
    seen = case.seen
    if seen.least >= FAR_FROM_ZERO:
        return "large", [f"The smallest count is {seen.least:.0f}."]
    says = [f"{seen.zeros:.1%} are zeros."]
    if seen.trust is not None:
        says.append(f"Residual² over prediction is {seen.trust:.2f} on average; Poisson's own is 1.")
    elif seen.dispersion is not None:
        says.append(f"The variance is {seen.dispersion:.2f} times the mean, over all inputs.")
        says.append("Given them it is no more, on average.")
    return "rates", says


def _binary(case: Case) -> tuple[str, list[str]]:
    yes, all_of_them = float(case.yes), float(case.yes + case.no)
    share = yes / all_of_them
    says = [f"{share:.1%} are a yes."]
    uneven = case.costs is not None and case.costs[0] != case.costs[1]
    return ("rare" if min(share, 1 - share) < RARE or uneven else "chance"), says


def _labels(case: Case) -> tuple[str, list[str]]:
    shares = case.yes / (case.yes + case.no).clamp(min=1)
    least, most = float(shares.min()), float(shares.max())
    says = [f"A yes is between {least:.1%} and {most:.1%} of each label."]
    return ("rare" if least < RARE or case.costs is not None else "chances"), says


def _classes(case: Case) -> tuple[str, list[str]]:
    counts = case.class_counts
    there = counts[counts > 0]
    ratio = float(there.max() / there.min())
    says = [f"The most frequent of {case.classes} classes is {ratio:.3g} times as frequent as the rarest."]
    says += [f"{int((counts == 0).sum())} of them never occur."] * bool((counts == 0).any())
    return ("rare" if ratio >= UNEVEN or case.costs is not None else "chance"), says


def _masks(case: Case) -> tuple[str, list[str]]:
    background = case.seen.zeros
    if not case.bits:
        return "much", [f"{background:.1%} of the pixels are 0, of {int(case.seen.most) + 1} classes."]
    little = 1 - background < RARE_PIXELS and not case.seen.ignored  # the losses of single scores skip nothing
    return ("little" if little else "much"), [f"{background:.1%} of the pixels are 0."]


def _vocabulary(case: Case) -> tuple[str, list[str]]:
    says = f"There are {case.classes} words."
    if not case.renumbered and case.classes > case.seen.distinct:
        says = f"The largest number asks for {case.classes} words at the least; of these, {case.seen.distinct} occur."
    return ("chunks" if case.classes > MANY_WORDS else "fits"), [says]


def _distillation(case: Case) -> tuple[str, list[str]]:
    if case.seen.rows_add_to_one:
        return "chances", ["Each row adds up to 1: these are chances."]
    return "scores", ["The rows do not add up to 1: these are scores."]


def _similarity(case: Case) -> tuple[str, list[str]]:
    signs = case.found.values.tolist() in ([-1, 1], [0, 1])
    return ("pairs", ["The marks are of pairs."]) if signs else ("triplets", ["The numbers name kinds."])


_BY_TASK: dict[str, Callable[[Case], tuple[str, list[str]]]] = {
    "amounts": _amounts,
    "counts": _counts,
    "binary": _binary,
    "labels": _labels,
    "classes": _classes,
    "masks": _masks,
    "vocabulary": _vocabulary,
    "distillation": _distillation,
    "similarity": _similarity,
}
