"""Exact arithmetic as the second judge: in float32 no worse than torch, in float64 right to a few last places."""

from inspect import signature

import mpmath
import pytest
import torch
import torch.nn.functional as F

import lossbook
from lossbook.catalog import CATALOG
from tests.cases import CASES, Case
from tests.losses import exact, judges

CASES_TO_JUDGE = [case for case in CASES if case.exact]
LARGEST = 1e38  # beyond it, float32 overflows


def test_every_loss_is_judged():
    assert {case.loss for case in CASES} == {case.loss for case in CASES_TO_JUDGE}


@pytest.mark.parametrize("case", CASES_TO_JUDGE, ids=str)
def test_float32_is_as_exact_as_torch(case: Case):
    """In units of the last place, our largest error is at most torch's plus four. What overflows is left out."""
    truth = exact.of(case, torch.float32)
    for reduction in case.reductions:
        mine, torchs = (errors(home, case, torch.float32, reduction, truth) for home in (lossbook, F))
        for quantity in mine:
            ours, theirs = mine[quantity], torchs[quantity]
            assert ours <= theirs + 4, f"{reduction}, {quantity}: {ours} units in the last place, torch {theirs}"


def errors(home, case: Case, dtype: torch.dtype, reduction: str, truth) -> dict[str, float]:
    """How far value and slope are from the truth, at most, in units of the last place."""
    arguments = case.arguments(dtype)
    first = next(iter(arguments))
    x = arguments[first].detach().clone().requires_grad_()
    result = judges.quiet(
        judges.loss_of(home, case.loss), **(arguments | {first: x}), reduction=reduction, **case.options
    )
    slope = torch.autograd.grad(result.sum(), x)[0]
    with mpmath.workdps(exact.DIGITS):
        values, slopes, divisor = truth.values, truth.slopes, truth.divisor or len(truth.values)
        if reduction != "none":
            values = [mpmath.fsum(values)]
        if reduction == "batchmean":
            divisor = len(x)
        if reduction in ("mean", "batchmean"):
            values, slopes = [values[0] / divisor], [number / divisor for number in slopes]
    facts = torch.finfo(dtype)
    return {
        name: exact.gap(*fitting(result.flatten().tolist(), truths), facts.eps, facts.smallest_normal * facts.eps)
        for name, result, truths in (("value", result, values), ("slope", slope, slopes))
    }


def fitting(results: list[float], truths: list) -> tuple[list[float], list]:
    pairs = [(result, truth) for result, truth in zip(results, truths, strict=True) if abs(truth) < LARGEST]
    return [result for result, _ in pairs], [truth for _, truth in pairs]


@pytest.mark.parametrize("case", CASES_TO_JUDGE, ids=str)
def test_float64_is_right(case: Case):
    """Value and slope to a few units in the last place, whatever torch does; and so is the closed form of the slope."""
    truth = exact.of(case, torch.float64)
    allowed = case.places
    for quantity, error in errors(lossbook, case, torch.float64, "none", truth).items():
        assert error <= allowed, f"{quantity}: {error} units in the last place"
    if has_slope(case):
        slope, arguments = getattr(lossbook, CATALOG[case.loss].slope), case.arguments(torch.float64)
        result = slope(*arguments.values(), **case.options).flatten().tolist()
        assert exact.gap(result, truth.slopes, 2.0**-52, 2.0**-1074) <= allowed


def has_slope(case: Case) -> bool:
    """Whether the closed form of the slope takes all that the case gives: it knows no weights."""
    slope = CATALOG[case.loss].slope
    return bool(slope) and {*case.tensors, *case.options} <= set(signature(getattr(lossbook, slope)).parameters)


def test_every_slope_is_judged():
    assert {case.loss for case in CASES if CATALOG[case.loss].slope} == {c.loss for c in CASES_TO_JUDGE if has_slope(c)}
