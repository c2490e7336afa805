"""What the tests of the experiments share: the record of a script, and a check of its parts."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any


def record_of(script: ModuleType) -> dict[str, Any]:
    """What the script wrote, as it lies in the repository."""
    return json.loads(script.RECORD.read_text())


def assert_whole_split(script: ModuleType, seed: int) -> None:
    """Each digit is trained on or held back, but for the shown ones: they are in neither part."""
    rows, held_back = script.parts(seed)
    used = {*rows.tolist(), *held_back.tolist()}
    assert len(used) == len(rows) + len(held_back) == 1797 - len(script.SHOWN)
    assert used.isdisjoint(script.SHOWN)
