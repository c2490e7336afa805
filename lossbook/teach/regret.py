"""Trained with one loss, judged by another: how far each way of training stays behind the best, metric by metric."""

import math
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from lossbook.teach.verdicts import Gap, paired_gap

__all__ = ["Cell", "Regrets", "draw_regrets", "regrets"]

BEST, TIE, WORSE = "●", "○", ""
# From white to a mid-tone, so that black figures stay legible in every cell.
_COLOURS = LinearSegmentedColormap.from_list("regret", ["#ffffff", "#fde3b5", "#f0955a"])


@dataclass(frozen=True)
class Cell:
    """One way of training under one metric: its mean over the runs, and how far it stays behind the best (>= 0)."""

    mean: float
    behind: Gap
    best: bool

    @property
    def mark(self) -> str:
        """``●`` the best mean; ``○`` a tie with it; nothing: worse by the rule of the book."""
        if self.best:
            return BEST
        return TIE if self.behind.verdict() == "tie" else WORSE


@dataclass(frozen=True)
class Regrets:
    """Every way of training under every metric; ``cells[way][metric]``, without those that do not apply."""

    cells: dict[str, dict[str, Cell]]

    @property
    def metrics(self) -> list[str]:
        """The metrics, in the order in which they were judged."""
        return list(dict.fromkeys(metric for row in self.cells.values() for metric in row))

    def leaders(self, metric: str) -> list[str]:
        """The best way first, then all that tie with it: a list of one is a winner."""
        marked = {way: row[metric].mark for way, row in self.cells.items() if metric in row}
        return sorted((way for way, mark in marked.items() if mark), key=lambda way: marked[way] != BEST)

    def __str__(self) -> str:
        """The matrix as text: means, with ``●`` for the best and ``○`` for what ties with it."""
        wide = max(len(way) for way in self.cells) + 1
        widths = {metric: max(len(metric), 7) + 2 for metric in self.metrics}
        lines = [" " * wide + "".join(f"{metric + ' ':>{width}}" for metric, width in widths.items()).rstrip()]
        for way, row in self.cells.items():
            shown = "".join(f"{_shown(row.get(metric)):>{width}}" for metric, width in widths.items())
            lines.append(f"{way:{wide}}{shown}".rstrip())
        return "\n".join([*lines, f"{BEST} best, {TIE} tie with the best, else worse"])


def regrets(
    runs: Mapping[str, Sequence[Mapping[str, float]]],
    *,
    test_per_train: float,
    higher: Collection[str] = (),
    metrics: Sequence[str] = (),
) -> Regrets:
    """Judge each way of training by each metric, against the way with the best mean.

    Args:
        runs: for each way its runs, paired over the ways; each run a number for each metric. A metric that some way
            cannot have is left out of its runs.
        test_per_train: as for :func:`lossbook.teach.paired_gap`, which says what is a tie.
        higher: the metrics of which more is better; of all others less is.
        metrics: which to judge by, in this order; all, if none is named.

    Raises:
        ValueError: a way without runs; a metric in some runs of a way and not in others; a number that is not
            finite; a metric that no way has.

    Example:
        >>> found = regrets(
        ...     {"mse": [{"mae": 2.0}, {"mae": 2.2}], "l1": [{"mae": 1.0}, {"mae": 1.1}]}, test_per_train=0
        ... )
        >>> found.leaders("mae")
        ['l1']
        >>> print(found)
                  mae
        mse      2.10
        l1       1.05●
        ● best, ○ tie with the best, else worse
    """
    numbers = {way: _columns(way, of_way) for way, of_way in runs.items()}
    known = dict.fromkeys(metric for row in numbers.values() for metric in row)
    if strange := set(metrics) - set(known):
        raise ValueError(f"no run has {sorted(strange)}; there are {list(known)}")
    found: dict[str, dict[str, Cell]] = {way: {} for way in runs}
    for metric in metrics or known:
        sign = -1 if metric in higher else 1
        column = {way: [sign * number for number in row[metric]] for way, row in numbers.items() if metric in row}
        best = min(column, key=lambda way: sum(column[way]) / len(column[way]))
        for way, of_way in column.items():
            behind = paired_gap(of_way, column[best], test_per_train=test_per_train)
            found[way][metric] = Cell(sign * sum(of_way) / len(of_way), behind, best=way == best)
    return Regrets(found)


def _columns(way: str, runs: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """The runs of one way, metric by metric."""
    if not runs or any(run.keys() != runs[0].keys() for run in runs):
        raise ValueError(f"{way}: needs runs, all with the same metrics")
    found = {metric: [run[metric] for run in runs] for metric in runs[0]}
    for metric, numbers in found.items():
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError(f"{way}: {metric} is not finite in some run; leave it out, or cut it off where you say so")
    return found


def draw_regrets(
    found: Regrets, title: str, *, full: float | Mapping[str, float] = 0.2, axes: Axes | None = None
) -> Figure:
    """Draw the matrix: means in the cells, colour for the regret, ``●`` for the best and ``○`` for ties with it.

    Args:
        found: what :func:`regrets` returned.
        title: the finding.
        full: the regret at which the colour is full. A number is a share of the best mean's size, for all metrics;
            a mapping names it per metric, in the metric's own unit, and leaves 0.2 of the best to the others.
        axes: where to draw; a new figure if none is given.

    Returns:
        The figure. Its cell in the notebook has ``keep-colours`` beside its alt text.
    """
    ways, metrics = list(found.cells), found.metrics
    if axes is None:
        size = (1.6 + 0.85 * len(metrics), 1.5 + 0.36 * len(ways))
        axes = plt.subplots(figsize=size, facecolor="white")[1]
        axes.figure.suptitle(title, x=0.01, ha="left", color="black")
        legend = f"{BEST} best    {TIE} tie with it    the darker, the further behind"
        axes.figure.supxlabel(legend, color="black", size=9)
    else:
        axes.set_title(title, color="black")
    share = [[_share(found, way, metric, full) for metric in metrics] for way in ways]
    axes.imshow(share, cmap=_COLOURS, vmin=0, vmax=1, aspect="auto")
    for number, way in enumerate(ways):
        for place, metric in enumerate(metrics):
            cell = found.cells[way].get(metric)
            weight = "bold" if cell and cell.best else "normal"
            axes.text(place, number, _shown(cell), ha="center", va="center", color="black", weight=weight, size=9)
    _label(axes, ways, metrics)
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


def _share(found: Regrets, way: str, metric: str, full: float | Mapping[str, float]) -> float:
    """The regret as a share of that with the full colour; nan where the metric does not apply."""
    if metric not in found.cells[way]:
        return math.nan
    best = found.cells[found.leaders(metric)[0]][metric].mean
    of_best = (0.2 if isinstance(full, Mapping) else full) * abs(best)
    limit = full.get(metric, of_best) if isinstance(full, Mapping) else of_best
    regret = found.cells[way][metric].behind.mean
    return min(regret / limit, 1.0) if limit else float(regret > 0)


def _shown(cell: Cell | None) -> str:
    """The mean with three digits, and its mark."""
    if cell is None:
        return "– "
    digits = 0 if abs(cell.mean) >= 100 else 3 if abs(cell.mean) < 1 else 3 - len(str(int(abs(cell.mean))))
    return f"{cell.mean:,.{digits}f}{cell.mark or ' '}"


def _label(axes: Axes, ways: list[str], metrics: list[str]) -> None:
    """Names on top and on the left, all in black: the picture keeps its white background in dark mode."""
    axes.set_xlabel("judged by →", color="black", loc="left")
    axes.set_ylabel("← trained with", color="black", loc="top")
    axes.xaxis.set_label_position("top")
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(metrics)), ["\n".join(textwrap.wrap(metric, 11)) for metric in metrics])
    axes.set_yticks(range(len(ways)), ways)
    axes.tick_params(length=0, colors="black")
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
