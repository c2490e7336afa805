"""Every case of the table against torch: value and derivatives, dtype by dtype.

A loss that torch lacks is held against its second form, from torch's own pieces (``SECOND_FORMS``).
"""

from itertools import product

import pytest
import torch
import torch.nn.functional as F

import lossbook
from lossbook.catalog import CATALOG
from tests.cases import (
    ALL,
    CASES,
    DIFFERENCES,
    FINITE_ONLY_HERE,
    HALF,
    SECOND_FORMS,
    Case,
    Trial,
    difference,
    trials,
)
from tests.losses import judges

LOSSES = list(CATALOG)


def judged() -> list:
    """Each case with each quantity. In the fast part: every value, and the gradient of one case of each loss."""
    return [
        pytest.param(
            *(case, quantity),
            marks=() if quantity == "value" or (case.name, quantity) == ("random", "gradient") else pytest.mark.slow,
            id=f"{case}-{quantity}",
        )
        for case, quantity in product(CASES, judges.QUANTITIES)
    ]


def both(case: Case):
    return judges.loss_of(lossbook, case.loss), judges.loss_of(F, case.loss)


def test_every_loss_has_cases():
    assert {case.loss for case in CASES} == set(LOSSES)
    assert len({str(case) for case in CASES}) == len(CASES), "two cases have one name"


def test_what_torch_lacks_has_a_second_form():
    assert set(SECOND_FORMS) == {row.name for row in CATALOG.values() if not row.from_torch}


@pytest.mark.parametrize(("case", "quantity"), judged())
def test_same_as_torch(case: Case, quantity: str):
    ours, theirs = both(case)
    asked = judges.QUANTITIES[quantity]
    for trial in filter(asked.exists, trials(case, asked.dtypes)):
        result = asked.of(ours, trial)
        if difference(trial, quantity):
            with pytest.raises((AssertionError, RuntimeError)):
                judges.same(result, asked.of(theirs, trial))
        else:
            judges.same(result, asked.of(theirs, trial))


@pytest.mark.slow
@pytest.mark.parametrize("quantity", ["value", "gradient"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_half_precision_is_no_worse_than_torch(case: Case, quantity: str):
    ours, theirs = both(case)
    of = judges.QUANTITIES[quantity].of
    for trial in trials(case, HALF):
        result, exact = of(ours, trial), of(theirs if quantity == "value" else ours, judges.widened(trial))
        if difference(trial, quantity):
            with pytest.raises((AssertionError, RuntimeError)):
                judges.no_worse(result, of(theirs, trial), exact)
            continue
        torchs = of(theirs, trial)
        judges.no_worse(result, torchs, exact)
        only_here = any((result[name].isfinite() & ~torchs[name].isfinite()).any() for name in result)
        assert only_here == ((str(case), trial.dtype, trial.reduction, quantity) in FINITE_ONLY_HERE), trial


# A distance of one's own rounds as it likes.
ROUNDED_HERE = [case for case in CASES if {*HALF} & {*case.dtypes} and "distance_function" not in case.options]


@pytest.mark.slow
@pytest.mark.parametrize("case", ROUNDED_HERE, ids=str)
def test_half_precision_is_computed_in_float32_and_rounded_once(case: Case):
    """To the last bit."""
    loss = judges.loss_of(lossbook, case.loss)
    for trial in trials(case, HALF):
        arguments = trial.arguments()
        wide = {name: x.float() if x.dtype in HALF else x for name, x in arguments.items()}
        result, exact = (judges.quiet(loss, **given, **trial.options) for given in (arguments, wide))
        torch.testing.assert_close(result, exact.to(result.dtype), rtol=0, atol=0, equal_nan=True)


def test_the_list_of_half_precision_names_cases():
    assert {name for name, *_ in FINITE_ONLY_HERE} <= {str(case) for case in CASES}


def test_every_difference_covers_something():
    covered = {
        difference(trial, quantity)
        for case in CASES
        for quantity, asked in (judges.QUANTITIES | {"autocast": judges.QUANTITIES["value"]}).items()
        for trial in filter(asked.exists, trials(case, asked.dtypes))
    }
    assert covered - {None} == set(DIFFERENCES)


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case.name in ("random", "weighted")], ids=str)
def test_autocast_gives_torchs_dtype(case: Case):
    """Every dtype of the first argument with every dtype of the second; the other arguments have that of the first."""
    ours, theirs = both(case)
    second = list(judges.leaves(case.tensors, case.constant))[1:2]
    for inside, first, other in product(HALF, ALL, ALL if second else (None,)):
        for trial in trials(case, (first,)):
            arguments = trial.arguments() | {name: case.tensors[name].to(other) for name in second}
            with torch.autocast("cpu", dtype=inside):
                mine, torchs = (judges.outcome(f, arguments | trial.options) for f in (ours, theirs))
            if isinstance(torchs, type) and difference(trial, "autocast"):
                continue
            assert dtype_or_error(mine) == dtype_or_error(torchs), f"{trial}, second {other}, autocast to {inside}"


def dtype_or_error(outcome: torch.Tensor | type[Exception]) -> torch.dtype | type[Exception]:
    return outcome if isinstance(outcome, type) else outcome.dtype


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if case.name in ("random", "weighted")], ids=str)
def test_derivatives_are_the_slopes_of_the_value(case: Case):
    """Against finite differences of our own values: a judge that knows nothing of torch's losses."""
    for trial in trials(case, (torch.float64,)):
        arguments = trial.arguments()
        wanted = judges.leaves(arguments, case.constant)

        def loss(*values, arguments=arguments, wanted=wanted, trial=trial):
            moved = arguments | dict(zip(wanted, (case.along(values[0]), *values[1:]), strict=True))
            return judges.loss_of(lossbook, case.loss)(**moved, **trial.options)

        judges.derivatives_are_slopes(loss, *wanted.values())


# Their derivatives are nan, or listed; or, as torch's, not the same in the two modes.
NOT_FINITE = ("infinit", "nan", "empty", "all-zero", "cancel", "clamped")
FINITE = [case for case in CASES if not any(word in case.name for word in NOT_FINITE)]


@pytest.mark.slow
@pytest.mark.parametrize("case", FINITE, ids=str)
def test_forward_and_reverse_mode_agree(case: Case):
    """Our two ways to one derivative, also where torch has only one of them."""
    for trial in filter(judges.is_real, trials(case, (torch.float64,))):
        if trial.reduction == "none":
            judges.forward_agrees_with_reverse(judges.loss_of(lossbook, case.loss), trial)


# torch's own cannot be traced; ours can as long as nothing is differentiated.
BREAKS_THE_GRAPH = ["ctc_loss"]


@pytest.mark.slow
@pytest.mark.parametrize("loss", [loss for loss in LOSSES if CATALOG[loss].function])
def test_a_compiler_takes_each_loss_in_one_graph(loss: str):
    """``fullgraph``: no graph break. The tracing is what is tested; the backend runs the graph as it is.

    The one Module without a function asks which groups the targets are in, which no graph can know: torch's neither.
    """
    case = next(case for case in CASES if case.loss == loss and case.name == "random")
    torch.compiler.reset()
    trial = Trial(case, torch.float32, "mean")
    compiled = torch.compile(judges.loss_of(lossbook, loss), backend="eager", fullgraph=loss not in BREAKS_THE_GRAPH)
    judges.same(judges.gradient(compiled, trial), judges.gradient(judges.loss_of(F, loss), trial))


@pytest.mark.slow
@pytest.mark.parametrize("loss", BREAKS_THE_GRAPH)
def test_what_breaks_the_graph_does_so_in_torch_too(loss: str):
    case = next(case for case in CASES if case.loss == loss and case.name == "random")
    torch.compiler.reset()
    compiled = torch.compile(judges.loss_of(F, loss), backend="eager", fullgraph=True)
    with pytest.raises(torch._dynamo.exc.Unsupported):
        judges.gradient(compiled, Trial(case, torch.float32, "mean"))
