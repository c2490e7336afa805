"""The cast of real data: a few examples that come back from chapter to chapter.

All ship with scikit-learn, or are composed of what does, except the visits to doctors, which ship with statsmodels,
the horse kicks, which are short enough to be written here, and the flights and the King James text, which this package
carries.
"""

import calendar
import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch.nn.utils.rnn import pad_sequence

from lossbook import records

__all__ = [
    "Amounts",
    "Flights",
    "Split",
    "Strips",
    "diabetes",
    "digit_strips",
    "digits_in_noise",
    "doctor_visits",
    "experiment",
    "flights",
    "horse_kicks",
    "king_james",
    "several_digits",
    "split",
    "strip_of",
    "tumour_area_error",
]

# Digits that are easily taken for another one. They come back from chapter to chapter; no strip to train on shows them.
DOUBTFUL_DIGITS = (5, 1095, 1500, 1726)


@dataclass(frozen=True)
class Amounts:
    """One column of numbers to predict from, one to predict, and what they are."""

    x: Tensor
    y: Tensor
    x_name: str
    y_name: str
    origin: str


@dataclass(frozen=True)
class Split:
    """Rows to train on and rows held back."""

    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor


@dataclass(frozen=True)
class Flights:
    """What is known of each flight when it leaves the gate, and how late it landed."""

    features: Tensor  # (N, 19): as ``names`` says
    late: Tensor  # (N): minutes behind the scheduled arrival, below 0 if early
    day: Tensor  # (N): the day of the year, from 0; flights of a day share their weather
    names: tuple[str, ...]


@dataclass(frozen=True)
class Strips:
    """Pictures of several digits in a row: padded on the right, images with 0, the rest with -1."""

    images: Tensor  # (N, 8, widest), from black, 0, to white, 1
    digits: Tensor  # (N, most): what a strip says, from left to right
    widths: Tensor  # (N): how many columns a strip has
    lengths: Tensor  # (N): how many digits it says
    first: Tensor  # (N, most): the column in which each digit begins
    last: Tensor  # (N, most): the column in which it ends


def _shipped(name: str) -> Any:
    """A set of scikit-learn's."""
    from sklearn import datasets  # here, since it takes seconds to load and some pages show no data

    return getattr(datasets, f"load_{name}")()


def tumour_area_error() -> Amounts:
    """569 tumours: the standard error of the area of the cell nuclei, against their mean radius.

    Real outliers, and a spread that grows with the radius. From scikit-learn's breast cancer set (Wolberg,
    Street and Mangasarian, 1995).
    """
    bunch = _shipped("breast_cancer")
    columns = {name: number for number, name in enumerate(bunch.feature_names)}
    return Amounts(
        x=torch.tensor(bunch.data[:, columns["mean radius"]], dtype=torch.float32),
        y=torch.tensor(bunch.data[:, columns["area error"]], dtype=torch.float32),
        x_name="mean radius",
        y_name="area error",
        origin="Wisconsin breast cancer data, as shipped with scikit-learn",
    )


def diabetes() -> tuple[Tensor, Tensor]:
    """442 patients: ten standardised measurements, and the progression of the disease a year later.

    From scikit-learn's diabetes set (Efron, Hastie, Johnstone and Tibshirani, 2004). No real outliers.
    """
    bunch = _shipped("diabetes")
    return torch.tensor(bunch.data, dtype=torch.float32), torch.tensor(bunch.target, dtype=torch.float32)


def horse_kicks() -> Tensor:
    """280 counts: soldiers killed by the kick of a horse, one count for each of 14 Prussian corps and 20 years.

    Sorted: only how often each count occurred is kept. From Bortkiewicz, Das Gesetz der kleinen Zahlen (1898).
    """
    corps_years = torch.tensor([144, 91, 32, 11, 2])  # with 0, 1, 2, 3 and 4 deaths
    return torch.arange(5.0).repeat_interleave(corps_years)


def doctor_visits() -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """20,190 person-years of an insurance experiment: nine measurements, the visits to a doctor, the nine names.

    Over-dispersed: the variance of the counts is seven times their mean. From the RAND Health Insurance Experiment
    (Manning et al., 1987), as shipped with statsmodels.
    """
    from statsmodels.datasets import randhie  # here, since it takes a second to load

    table = randhie.load_pandas().data
    names = tuple(name for name in table.columns if name != "mdvis")
    measured = torch.tensor(table[list(names)].to_numpy(), dtype=torch.float32)
    return measured, torch.tensor(table["mdvis"].to_numpy(), dtype=torch.float32), names


def flights() -> Flights:
    """8,109 flights from New York (JFK) to San Francisco, all of 2013 whose arrival is known.

    The 19 features: the departure delay in minutes, the scheduled departure in hours after midnight, and zeros with
    a single one for the five airlines and for the twelve months. From the on-time database of the US Bureau of
    Transportation Statistics. Origin and licence stand in the README beside the file.
    """
    with (records.folder() / "flights" / "jfk-sfo-2013.csv").open(encoding="ascii", newline="") as file:
        rows = list(csv.DictReader(file))
    airlines = sorted({row["carrier"] for row in rows})
    date = torch.tensor([[int(row["month"]), int(row["day"])] for row in rows])
    before = torch.tensor([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30]).cumsum(0)  # days before each month
    numbers = [[float(row["departure_delay"]), int(row["scheduled_departure"]) / 60] for row in rows]
    flown_by = torch.tensor([airlines.index(row["carrier"]) for row in rows])
    month = date[:, 0] - 1
    return Flights(
        features=torch.cat([torch.tensor(numbers), one_hot(flown_by, 5), one_hot(month, 12)], dim=1),
        late=torch.tensor([float(row["arrival_delay"]) for row in rows]),
        day=before[month] + date[:, 1] - 1,
        names=("departure delay", "scheduled departure", *airlines, *calendar.month_name[1:]),
    )


def digit_strips(
    count: int, seed: int, held_back: bool = False, fewest: int = 3, most: int = 6, widest_gap: int = 3
) -> Strips:
    """Strips of some digits each, composed of single real ones with random gaps, or an overlap of one column.

    ``held_back`` takes 544 digits that the other strips never show. From scikit-learn's digits (Alpaydin and Kaynak,
    1998).
    """
    doubtful = torch.tensor(DOUBTFUL_DIGITS)
    order = torch.randperm(1797, generator=torch.Generator().manual_seed(0))
    order = order[~torch.isin(order, doubtful)]
    rows = torch.cat([order[:540], doubtful]) if held_back else order[540:]
    generator = torch.Generator().manual_seed(seed)
    strips = []
    for length in torch.randint(fewest, most + 1, (count,), generator=generator).tolist():
        chosen = rows[torch.randint(len(rows), (length,), generator=generator)]
        gaps = torch.randint(-1, widest_gap + 1, (length - 1,), generator=generator)
        strips.append(strip_of(chosen.tolist(), gaps.tolist()))

    def together(name: str, padding: float = -1) -> Tensor:
        return pad_sequence([getattr(strip, name)[0] for strip in strips], batch_first=True, padding_value=padding)

    return Strips(
        images=pad_sequence([strip.images[0].t() for strip in strips], batch_first=True).transpose(1, 2).contiguous(),
        digits=together("digits"),
        widths=torch.cat([strip.widths for strip in strips]),
        lengths=torch.cat([strip.lengths for strip in strips]),
        first=together("first"),
        last=together("last"),
    )


def strip_of(rows: Sequence[int], gaps: Sequence[int]) -> Strips:
    """One strip, of the digits with these numbers in scikit-learn's set.

    ``gaps`` holds the black columns between each digit and the next. A negative gap is an overlap, in which the
    brighter pixel stays. Two black columns stand at either end.
    """
    images, targets = _digits()
    shapes = [images[row][:, images[row].any(0)] for row in rows]
    first = [2]
    for shape, gap in zip(shapes, gaps, strict=False):
        first.append(first[-1] + shape.shape[1] + gap)
    after = [start + shape.shape[1] for start, shape in zip(first, shapes, strict=True)]
    strip = torch.zeros(8, after[-1] + 2)
    for shape, start, end in zip(shapes, first, after, strict=True):
        strip[:, start:end] = torch.maximum(strip[:, start:end], shape)
    return Strips(
        images=strip[None],
        digits=targets[list(rows)][None],
        widths=torch.tensor([strip.shape[1]]),
        lengths=torch.tensor([len(rows)]),
        first=torch.tensor([first]),
        last=torch.tensor([after]) - 1,
    )


@cache
def _digits() -> tuple[Tensor, Tensor]:
    """1797 pictures (8, 8), from black, 0, to white, 1, and what they show."""
    bunch = _shipped("digits")
    return torch.tensor(bunch.images / 16, dtype=torch.float32), torch.tensor(bunch.target)


def king_james() -> str:
    """Five books of the King James Bible, 275,125 characters: a verse a line, a blank line between chapters.

    Genesis, Ruth, Esther, Ecclesiastes and Jonah (1611, in the spelling of later prints). Origin and licence stand in
    the README beside the text.
    """
    return (records.folder() / "text" / "king-james.txt").read_text(encoding="ascii")


def several_digits(
    count: int, seed: int, rows: Sequence[int] | None = None, frequent: Sequence[int] = range(10)
) -> tuple[Tensor, Tensor]:
    """Composed pictures of one, two or three real digits, no kind twice, and which of the ten kinds occur.

    The digits stand in three places of a strip, (8, 16), and cover half of their neighbours: the brighter pixel is
    kept. The labels are (10) zeros and ones. They are unbalanced: each kind in ``frequent`` is drawn 0.7 times as
    readily as the one before it. ``rows`` says which of the 1797 digits to use: a digit that was cut into a picture
    to train on should be in none to judge by. From scikit-learn's digits (Alpaydin and Kaynak, 1998).
    """
    pictures, targets = _digits()
    used = torch.arange(len(targets)) if rows is None else torch.as_tensor(rows)
    kinds, images = targets[used], pictures[used]
    by_kind, many = kinds.argsort(stable=True), kinds.bincount(minlength=10)
    generator = torch.Generator().manual_seed(seed)
    chances = torch.zeros(10).scatter(0, torch.tensor(frequent), 0.7 ** torch.arange(len(frequent))).expand(count, 10)
    drawn = torch.multinomial(chances, 3, generator=generator)
    which = (torch.rand(count, 3, generator=generator) * many[drawn]).long()  # of its kind
    places = torch.rand(count, 3, generator=generator).argsort(1)
    shown = torch.arange(3) < torch.randint(1, 4, (count, 1), generator=generator)
    digits = images[by_kind[many.cumsum(0)[drawn] - many[drawn] + which]] * shown[:, :, None, None]
    strips = torch.zeros(count, 3, 8, 16)
    columns = (4 * places[:, :, None] + torch.arange(8))[:, :, None, :].expand(-1, -1, 8, -1)
    labels = torch.zeros(count, 10).scatter_add(1, drawn, shown.float())
    return strips.scatter(3, columns, digits).amax(1), labels


def digits_in_noise(count: int, seed: int, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
    """Composed pictures of one real digit somewhere in a noisy field with bright specks, and the mask of its ink.

    Both are (N, 1, 24, 24). One picture in five holds no digit. Ink is what was brighter than 0.6 before the noise, so
    about one pixel in forty. ``rows`` says which of the 1797 digits to use: a digit that was put into a picture to
    train on should be in none to judge by. From scikit-learn's digits (Alpaydin and Kaynak, 1998).
    """
    digits = _digits()[0] if rows is None else _digits()[0][torch.as_tensor(rows)]
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randint(len(digits), (count,), generator=generator)
    corners = torch.randint(17, (count, 2), generator=generator)
    shown = (torch.rand(count, generator=generator) >= 0.2).float()
    clean = torch.zeros(count, 1, 24, 24)
    for picture, number, (top, left), there in zip(clean, chosen, corners.tolist(), shown, strict=True):
        picture[0, top : top + 8, left : left + 8] = digits[number] * there
    noise = 0.35 * torch.randn(clean.shape, generator=generator)
    specks = (torch.rand(clean.shape, generator=generator) < 0.02).float()
    return clean + noise + specks, (clean > 0.6).float()


def split(x: Tensor, y: Tensor, seed: int, test_share: float = 0.3) -> Split:
    """Shuffle the rows with ``seed`` and hold back a share of them."""
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    held_back = round(len(x) * test_share)
    test, train = order[:held_back], order[held_back:]
    return Split(x[train], y[train], x[test], y[test])


def experiment(name: str) -> dict[str, Any]:
    """What a script of ``book/experiments`` recorded: its results, with seeds, versions and date."""
    recorded: dict[str, Any] = json.loads((records.folder() / "experiments" / f"{name}.json").read_text())
    return recorded
