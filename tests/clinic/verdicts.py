"""How ``certify`` is scored on losses that were judged before it was seen: which findings name which fault."""

from __future__ import annotations

import torch

from lossbook.clinic import certify
from lossbook.clinic.report import Report
from tests.clinic.judged_losses import Judged

# A fault may be found under more than one name: what cuts the graph at one loss leaves a zero gradient at another.
NAMED = {
    "cut-graph": {"cut-graph", "zero-gradient", "wrong-gradient", "unused-parameter", "raises"},
    "zero-gradient": {"zero-gradient", "cut-graph", "wrong-gradient"},
    "wrong-gradient": {"wrong-gradient", "unused-parameter"},
    "no-second-derivative": {"no-second-derivative"},
    "writes-input": {"writes-input"},
    "dtype": {"dtype-not-kept"},
    "device": {"device-not-kept"},
    "broadcasting": {"broadcasts"},
    "reductions-disagree": {"reductions-disagree"},
    "depends-on-batch-split": {"mean-depends-on-batch-split"},
    "nan-at-zero-error": {"nan-at-zero-error", "nan-at-border", "nan-at-zero-input"},
    "nan-on-empty-batch": {"nan-on-empty-batch", "raises-on-empty-batch"},
    "nan-when-all-masked": {"nan-when-all-masked", "nan-when-weights-are-zero"},
    "overflow": {"overflow"},
    "half-precision": {"half-precision"},
    "nondeterministic": {"not-deterministic"},
    "dead-option": {"dead-option"},
    "plain-attribute": {"plain-tensor-attribute"},
    "hidden-parameter": {"hidden-parameters"},
    "vmap": {"fails-under-vmap", "fails-under-func-grad"},
    "compile": {"fails-under-compile"},
}


def report_on(judged: Judged) -> Report:
    """What ``certify`` says of the loss, under what its author declares."""
    inputs = judged.inputs(torch.Generator().manual_seed(0))
    return certify(judged.make(), *inputs, compile=judged.fault == "compile", **judged.declares)
