"""The timing of one loss as a chapter shows it: measured live, beside the recorded runs."""

import time
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from lossbook.catalog import Row, row
from lossbook.timing.forms import PASSES, forms
from lossbook.timing.recorder import ROUNDS, SIZES, seconds_at
from lossbook.timing.runs import Run, recorded, where
from lossbook.timing.stopwatch import best_device, quartiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["section"]

LIVE_SECONDS = 1.0

# One curve: sizes, and for each the first quartile, the median and the third quartile of the seconds.
Curve = tuple[Sequence[int], Sequence[tuple[float, float, float]]]
# For each pass, for each form, its curve.
Panels = dict[str, dict[str, Curve]]


def section(name: str) -> None:
    """Show what a loss costs: the readable form beside torch's, live and recorded, and how that was measured.

    Needs matplotlib and IPython. The live part takes about a second.

    Args:
        name: of the function or of the Module.
    """
    import matplotlib.pyplot as plt
    from IPython.display import Markdown, display

    entry = row(name)
    runs = recorded()
    with warnings.catch_warnings(action="ignore"):  # kl_div's about its mean
        rows = {f"live, {where(best_device())}": live(entry)}
    for run in _with(runs, entry):
        rows[f"recorded {run.losses[entry.name]['date']}, {run.where}"] = _from(run, entry)
    height = 0.6 + 2.2 * len(rows)
    figure, grid = plt.subplots(len(rows), 2, figsize=(7.0, height), sharex=True, sharey=True, squeeze=False)
    figure.suptitle(finding(entry, runs), x=0.01, ha="left")
    for pair, (label, panels) in zip(grid, rows.items(), strict=True):
        # The label is the first line of the left title, so it runs on over the right one, which has one line.
        for axes, passed, above in zip(pair, PASSES, (f"{label}\n", ""), strict=True):
            _draw(axes, panels[passed], above + _spelled(passed))
    grid[0, 0].legend()
    for axes in grid[-1]:
        axes.set_xlabel("elements")
    plt.show()
    display(Markdown(account(entry, runs)))


def live(entry: Row, seconds: float = LIVE_SECONDS) -> Panels:
    """Measure here and now, over as many sizes as fit into the time of this thread."""
    device, found = best_device(), forms(entry)
    seconds_at(entry, 100, torch.float32, device, 1, found)  # what only a first call has to set up
    panels: Panels = {passed: {name: ([], []) for name in found} for passed in PASSES}
    begin, last = time.thread_time(), 0.0
    for size in SIZES[device.type]:
        # Ten times the elements take at most about ten times as long: go on only if that still fits.
        if time.thread_time() - begin + 10 * last > seconds:
            break
        start = time.thread_time()
        measured = seconds_at(entry, size, torch.float32, device, ROUNDS, found)
        last = time.thread_time() - start
        for passed, by_form in measured.items():
            for name, rounds in by_form.items():
                sizes, spreads = panels[passed][name]
                panels[passed][name] = ([*sizes, size], [*spreads, quartiles(rounds)])
    return panels


def finding(entry: Row, runs: list[Run]) -> str:
    """The title: the recorded ratio to torch's time, or no more than the subject where none is recorded."""
    for run in _with(runs, entry):
        cost = run.losses[entry.name]["passes"][PASSES[1]]["readable"]
        if "ratio" in cost:
            low, high = min(cost["ratio"]["median"]), max(cost["ratio"]["median"])
            times = f"{low:.1f} to {high:.1f} times torch's time"
            return f"{entry.name}: {times}, {_spelled(PASSES[1])}, {run.device['name']}"
    return f"{entry.name}: the time that the readable form takes"


def account(entry: Row, runs: list[Run]) -> str:
    """What the figure shows and how it was measured, the recorded runs as a table, and what is not recorded."""
    paragraphs = [
        "Median time of one call over the number of elements, in float32; the band holds the middle half of "
        f"{ROUNDS} rounds. The forms take turns in one process, on one CPU thread. On a CPU a second is one of that "
        "thread's own time, so other programs do not count; on a GPU it lies between two events. "
        "*Forward* asks for no gradient, as "
        "in validation; *forward + backward* computes the value and then the gradient. The live row was measured where "
        "this cell ran, up to the size that one second allows. Compare the two lines of a panel, not two machines."
    ]
    shown = _with(runs, entry)
    if shown:
        paragraphs.append(_table(entry, shown))
    elif not runs:
        paragraphs.append("No recorded runs were found: they lie in `book/_data/timings` of the book's repository.")
    paragraphs += [
        f"Not in the run on {run.where}: {run.left_out[entry.name]}" for run in runs if entry.name in run.left_out
    ]
    if not any(run.device["type"] == "cuda" for run in shown):
        paragraphs.append(
            "No run on a GPU is recorded for this loss yet. To record one, on a machine with a CUDA GPU, in the book's "
            "repository: `python -m lossbook timing --device cuda --out book/_data/timings/`"
        )
    return "\n\n".join(paragraphs)


def _table(entry: Row, runs: list[Run]) -> str:
    lines = [
        "| recorded on | pass | time over torch's, at each size drawn | peak memory | torch's |",
        "|---|---|---|---|---|",
    ]
    for run in runs:
        for passed in PASSES:
            costs = run.losses[entry.name]["passes"][passed]
            ratio = (
                ", ".join(f"{value:.1f}" for value in costs["readable"]["ratio"]["median"]) if "torch" in costs else "-"
            )
            theirs = f"{costs['torch']['peak']:.1f}" if "torch" in costs else "-"
            lines.append(f"| {run.where} | {_spelled(passed)} | {ratio} | {costs['readable']['peak']:.1f} | {theirs} |")
    return "\n".join(lines) + "\n\nPeak memory: beyond the arguments, at the largest size, in units of the input."


def _spelled(passed: str) -> str:
    return passed.replace("+", " + ")


def _with(runs: list[Run], entry: Row) -> list[Run]:
    return [run for run in runs if entry.name in run.losses]


def _from(run: Run, entry: Row) -> Panels:
    panels: Panels = {}
    for passed, by_form in run.losses[entry.name]["passes"].items():
        panels[passed] = {}
        for name, cost in by_form.items():
            spread = cost["seconds"]
            points = list(zip(spread["lower"], spread["median"], spread["upper"], strict=True))
            panels[passed][name] = (run.sizes, points)
    return panels


def _draw(axes: "Axes", panel: dict[str, Curve], title: str) -> None:
    from matplotlib.ticker import EngFormatter

    for name, (sizes, points) in panel.items():
        lower, median, upper = zip(*points, strict=True)
        (line,) = axes.plot(sizes, median, marker=".", label=name)
        axes.fill_between(sizes, lower, upper, color=line.get_color(), alpha=0.25, linewidth=0)
    axes.set(xscale="log", yscale="log", title=title)
    axes.yaxis.set_major_formatter(EngFormatter(unit="s"))
    axes.minorticks_off()  # eight marks a decade would take longer to draw than all the rest
