"""What the tests of the experiments share: the record of a script, and a check of its parts."""

from __future__ import annotations

import copy
import json
from types import ModuleType
from typing import Any

import pytest


def record_of(script: ModuleType) -> dict[str, Any]:
    """What the script wrote, as it lies in the repository."""
    return json.loads(script.RECORD.read_text())


def assert_whole_split(script: ModuleType, seed: int) -> None:
    """Each digit is trained on or held back, but for the shown ones: they are in neither part."""
    rows, held_back = script.parts(seed)
    used = {*rows.tolist(), *held_back.tolist()}
    assert len(used) == len(rows) + len(held_back) == 1797 - len(script.SHOWN)
    assert used.isdisjoint(script.SHOWN)


def close(found: dict[str, dict[str, float]], recorded: dict[str, list[dict[str, float]]], number: int = 0) -> bool:
    """Whether a run made anew has, for each way of training, the metrics of the recorded run of that number."""
    return found.keys() == recorded.keys() and all(
        found[way] == pytest.approx(recorded[way][number], rel=1e-3, abs=1e-3) for way in found
    )


def bent(recorded: dict[str, list[dict[str, float]]], way: str, metric: str) -> dict[str, list[dict[str, float]]]:
    """The record with one number of its first run wrong by one in a hundred."""
    wrong = copy.deepcopy(recorded)
    wrong[way][0][metric] *= 1.01
    return wrong
