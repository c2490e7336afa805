"""A recorded run as a table of ratios, in plain text."""

import statistics

from lossbook.timing.forms import PASSES
from lossbook.timing.runs import Run

__all__ = ["ratios"]


def ratios(run: Run) -> str:
    """For each pass, the time of each form over torch's, loss by size, the geometric mean of the losses below.

    Beside them the peak memory of the form and of torch's, in units of the first argument.
    """
    blocks = [f"{run.where}, {run.date}: time over torch's, medians of {run.rounds} rounds"]
    for form in run.forms:
        if form != "torch":
            blocks += [_block(run, passed, form) for passed in PASSES]
    blocks += [f"left out: {name}. {reason}" for name, reason in run.left_out.items()]
    return "\n\n".join(blocks)


def _block(run: Run, passed: str, form: str) -> str:
    compared = {
        name: (forms[form]["ratio"]["median"], forms[form]["peak"], forms["torch"]["peak"])
        for name, loss in run.losses.items()
        if "ratio" in (forms := loss["passes"][passed])[form]
    }
    header = _line(f"{form}, {passed}", [f"{size:g}".replace("e+0", "e") for size in run.sizes] + ["peak", "torch"])
    lines = [
        _line(name, [f"{ratio:.2f}" for ratio in medians] + [f"{ours:.1f}", f"{theirs:.1f}"])
        for name, (medians, ours, theirs) in compared.items()
    ]
    columns = zip(*(medians for medians, _, _ in compared.values()), strict=True)
    means = [f"{statistics.geometric_mean(column):.2f}" for column in columns]
    return "\n".join([header, *lines, _line("geometric mean", means)])


def _line(name: str, cells: list[str]) -> str:
    return f"{name:<32}" + "".join(f"{cell:>8}" for cell in cells)
