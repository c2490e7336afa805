"""The table of cases, written once: every check of a loss against torch walks it.

A family of losses has a file here, named as its file in ``lossbook/losses``. It holds

- ``CASES``: calls, each crossed with dtypes and reductions;
- ``BAD_CALLS``: calls that torch refuses, and the words that a good message owes;
- ``OWN_BAD_CALLS``: those of losses that torch lacks, each with the type of its exception;
- ``DIFFERENCES`` and ``FINITE_ONLY_HERE``: where this package differs from torch, all of it, and why;
- ``EXACT``: the losses a second time, in exact arithmetic;
- ``SECOND_FORMS``: of a loss that torch lacks, the same from torch's own pieces: it judges where torch would;
- ``CALLS``: how a Module that has no function is called like one;
- ``UNDEFINED``: calls of which torch makes what chance will have; here they are errors;
- ``MODULE_NEEDS``: what a Module cannot be made without;
- ``MODULE_OPTIONS`` and ``REFERENCE_OPTIONS``: options of the Modules, and of torch's own reference functions.
"""

from collections import ChainMap
from collections.abc import Callable, Mapping
from itertools import chain
from types import ModuleType

from tests.cases import (
    classification,
    contrastive,
    divergence,
    embedding,
    focal,
    likelihood,
    margin,
    multilabel,
    regression,
    segmentation,
    sequence,
    vocabulary,
)
from tests.cases.form import (
    ALL,
    FULL,
    HALF,
    INF,
    NAN,
    REDUCTIONS,
    BadCall,
    Case,
    Difference,
    Exact,
    Trial,
    noise,
    numbers,
    trials,
)

__all__ = [
    "ALL",
    "BAD_CALLS",
    "CALLS",
    "CASES",
    "DIFFERENCES",
    "EXACT",
    "FAMILIES",
    "FINITE_ONLY_HERE",
    "FULL",
    "HALF",
    "INF",
    "MODULE_NEEDS",
    "MODULE_OPTIONS",
    "NAN",
    "OWN_BAD_CALLS",
    "REDUCTIONS",
    "REFERENCE_OPTIONS",
    "SECOND_FORMS",
    "UNDEFINED",
    "BadCall",
    "Case",
    "Difference",
    "Exact",
    "Trial",
    "difference",
    "noise",
    "numbers",
    "trials",
]

FAMILIES: tuple[ModuleType, ...] = (
    regression,
    likelihood,
    classification,
    focal,
    divergence,
    margin,
    multilabel,
    segmentation,
    embedding,
    contrastive,
    sequence,
    vocabulary,
)

CASES: tuple[Case, ...] = (*chain.from_iterable(family.CASES for family in FAMILIES),)
BAD_CALLS: tuple[BadCall, ...] = (*chain.from_iterable(family.BAD_CALLS for family in FAMILIES),)
OWN_BAD_CALLS: tuple[tuple[BadCall, type[Exception]], ...] = (
    *chain.from_iterable(getattr(family, "OWN_BAD_CALLS", ()) for family in FAMILIES),
)
DIFFERENCES: tuple[Difference, ...] = (*chain.from_iterable(family.DIFFERENCES for family in FAMILIES),)
FINITE_ONLY_HERE = set(chain.from_iterable(family.FINITE_ONLY_HERE for family in FAMILIES))
EXACT = ChainMap(*(family.EXACT for family in FAMILIES))
CALLS: Mapping[str, Callable[[ModuleType], Callable]] = ChainMap(*(getattr(family, "CALLS", {}) for family in FAMILIES))
SECOND_FORMS: Mapping[str, Callable] = ChainMap(*(getattr(family, "SECOND_FORMS", {}) for family in FAMILIES))
UNDEFINED: Mapping[str, Callable[[dict], bool]] = ChainMap(*(getattr(family, "UNDEFINED", {}) for family in FAMILIES))
MODULE_NEEDS: Mapping[str, dict] = ChainMap(*(getattr(family, "MODULE_NEEDS", {}) for family in FAMILIES))
MODULE_OPTIONS = ChainMap(*(family.MODULE_OPTIONS for family in FAMILIES))
REFERENCE_OPTIONS = ChainMap(*(family.REFERENCE_OPTIONS for family in FAMILIES))


def difference(trial: Trial, quantity: str) -> Difference | None:
    """The row of ``DIFFERENCES`` that covers a trial, if there is one."""
    for row in DIFFERENCES:
        if trial.case.loss in row.losses and quantity in row.quantities and row.covers(trial):
            return row
    return None
