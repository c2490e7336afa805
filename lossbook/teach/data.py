"""The cast of real data: a few examples that come back from chapter to chapter.

All ship with scikit-learn, except the visits to doctors, which ship with statsmodels, and the horse kicks, which are
short enough to be written here.
"""

import json
from dataclasses import dataclass
from typing import Any

import torch
from sklearn import datasets
from torch import Tensor

from lossbook import records

__all__ = ["Amounts", "Split", "diabetes", "doctor_visits", "experiment", "horse_kicks", "split", "tumour_area_error"]


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


def tumour_area_error() -> Amounts:
    """569 tumours: the standard error of the area of the cell nuclei, against their mean radius.

    Real outliers, and a spread that grows with the radius. From scikit-learn's breast cancer set (Wolberg,
    Street and Mangasarian, 1995).
    """
    bunch = datasets.load_breast_cancer()
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
    bunch = datasets.load_diabetes()
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
