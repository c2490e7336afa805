"""What ``suggest`` refuses: with the right type, and a message that says the way out."""

import dataclasses
import math
import re

import numpy as np
import pandas
import pytest
import torch

from lossbook.choose import TASKS, suggest

NAN, INF = math.nan, math.inf
ANSWERS, CLASSES = torch.tensor([0, 1, 1]), torch.tensor([0, 1, 2, 0, 1, 2])

TARGETS = [
    (None, TypeError, "not NoneType"),
    ("0101", TypeError, "not str"),
    ({"y": 1}, TypeError, "not dict"),
    (["yes", "no"], TypeError, "number texts first"),
    ([1.0, None], TypeError, "math.nan"),
    ([1.0, [2.0, 3.0]], (TypeError, ValueError), "cannot be read"),
    ([[1, 2], [3]], ValueError, "not of one length"),
    ([], ValueError, "empty"),
    (torch.zeros(0, 3), ValueError, "empty: (0, 3)"),
    (torch.zeros(3, dtype=torch.complex64), TypeError, "complex64"),
    (np.array([1j]), TypeError, "complex128"),
    ([1j, 2.0], TypeError, "complex64"),
    (np.array([2**63 + 5], dtype=np.uint64), ValueError, "beyond int64"),
    (np.array(["a", "b"]), TypeError, "pandas.factorize"),
    (pandas.Series(["a", "b"]), TypeError, "pandas.factorize"),
    (pandas.Series(["a", "b"], dtype="category"), TypeError, "pandas.factorize"),
    (np.array(["2026-01-01"], dtype="M8[D]"), TypeError, "subtract a first day"),
    (np.array([3], dtype="m8[D]"), TypeError, "divide the durations"),
    (torch.zeros(3).to_sparse(), TypeError, "sparse"),
    (torch.zeros(3, device="meta"), TypeError, "plain real numbers"),
    ([1.0, INF], ValueError, "1 infinite"),
    ([-INF, INF, 0.5], ValueError, "2 infinite"),
    ([NAN, NAN], ValueError, "every target is missing"),
    (torch.full((4,), -100), ValueError, "every target is -100"),
]


@pytest.mark.parametrize(("target", "kind", "says"), TARGETS, ids=lambda it: str(it)[:30])
def test_targets_that_are_none(target: object, kind: type[Exception], says: str):
    with pytest.raises(kind, match=re.escape(says)):
        suggest(target)


FOR_TASKS = [
    ("counts", [1.5, 2.0], "whole numbers from 0 up"),
    ("counts", [-1, 2, 3, -4], "whole numbers from 0 up"),
    ("binary", [0, 1, 2], "two values"),
    ("probabilities", [0.5, 1.5], "divide percentages by 100"),
    ("probabilities", [-0.5, 0.5], "from 0 to 1"),
    ("labels", [0, 1, 1], "a row of 0 and 1"),
    ("labels", [[0, 2]], "a row of 0 and 1"),
    ("classes", [0.5, 1.0], "number them first"),
    ("ratings", list(range(101)), "a few grades"),
    ("ratings", [3, 3], "a few grades"),
    ("distributions", [[0.5, 0.6]], "adds up to 1"),
    ("distillation", [0.5, 0.6], "(N, C)"),
    ("ranking", [0, 1, 2], "1 and −1"),
    ("similarity", [0.5, 0.7], "name kinds"),
    ("masks", [0.5, 0.7], "the pixels"),
    ("sequences", [0.5, 0.7], "from 1 up"),
    ("vocabulary", [-3, 2, 5], "words"),
]


@pytest.mark.parametrize(("task", "target", "says"), FOR_TASKS)
def test_targets_that_are_not_of_the_task(task: str, target: list[float], says: str):
    with pytest.raises(ValueError, match=re.escape(says)):
        suggest(target, task=task)


def test_every_task_that_refuses_is_tried():
    from lossbook.choose.needs import _NEEDS

    assert {task for task, *_ in FOR_TASKS} == set(_NEEDS) <= set(TASKS)


def test_an_unknown_task_names_all():
    with pytest.raises(ValueError, match="regression") as caught:
        suggest([1.0], task="regression")
    assert all(name in str(caught.value) for name in TASKS)


@pytest.mark.parametrize(
    ("prediction", "kind", "says"),
    [
        ([1.0, 2.0], ValueError, "has the shape (2,), target (3,)"),
        ([[1.0], [2.0], [3.0]], ValueError, "has the shape (3, 1)"),
        ([1.0, NAN, 3.0], ValueError, "prediction holds 1 nan"),
        ([1.0, INF, 3.0], ValueError, "prediction holds 1 infinite"),
        (["a", "b", "c"], TypeError, "prediction cannot be read"),
        ("abc", TypeError, "prediction must be"),
    ],
    ids=str,
)
def test_predictions_that_are_none(prediction: object, kind: type[Exception], says: str):
    with pytest.raises(kind, match=re.escape(says)):
        suggest([0.5, 1.5, 3.5], prediction=prediction)


@pytest.mark.parametrize(
    ("target", "task", "costs", "kind", "says"),
    [
        (ANSWERS, None, "cheap", TypeError, "two numbers"),
        (ANSWERS, None, (1, None), TypeError, "two numbers"),
        (ANSWERS, None, (), ValueError, "not all 0"),
        (ANSWERS, None, (0, 0), ValueError, "not all 0"),
        (ANSWERS, None, (1, -1), ValueError, "0 or more"),
        (ANSWERS, None, (1, INF), ValueError, "finite"),
        (ANSWERS, None, (NAN, 1), ValueError, "finite"),
        (ANSWERS, None, (1, 2, 3), ValueError, "not (3,)"),
        (ANSWERS, None, 5, ValueError, "not ()"),
        (CLASSES, None, [[0, 1, 2], [1, 0, 2]], ValueError, "not (2, 3)"),
        (CLASSES, None, [[0, 1], [1, 0]], ValueError, "2 rows, for 3 classes"),
        (CLASSES, "classes", (1, 2), ValueError, "a square table"),
        (ANSWERS, "binary", [[0, 1], [1, 0]], ValueError, "a missed yes"),
        ([0.5, 7.5], None, [[0, 1], [1, 0]], ValueError, "costs say nothing about amounts"),
        ([0.5, 0.7], None, (1, 2), ValueError, "costs say nothing about probabilities"),
        (ANSWERS, "ranking", (1, 2), ValueError, "costs say nothing about ranking"),
    ],
    ids=str,
)
def test_costs_that_are_none(target: object, task: str | None, costs: object, kind: type[Exception], says: str):
    with pytest.raises(kind, match=re.escape(says)):
        suggest(target, task=task, costs=costs)


def test_a_report_is_not_changed():
    report = suggest([0.5, 1.5])
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.task = "counts"
