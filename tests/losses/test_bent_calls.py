"""Good calls, bent in one place at a time.

Where torch raises, ours raises the same type; where torch accepts, ours agrees.
"""

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import lossbook
from lossbook.catalog import CATALOG
from tests.cases import CASES, UNDEFINED, Case
from tests.losses import judges

BENT = [case for case in CASES if case.bent]
DTYPES = (
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
    *(torch.int64, torch.int32, torch.uint8, torch.bool, torch.complex64, torch.complex128),
)
ODD_OBJECTS = ([1.0], 1.0, 1, "x", (1.0,), None)
ODD_REDUCTIONS = ("avg", "", "MEAN", "batchmean", None, True, 0, "elementwise_mean", ["mean"])
ODD_OPTIONS = (
    *(0, 1, -1, 2, 0.5, -0.0, 1e-45, True, False, "1", None, 1j, [1.0], float("nan"), float("inf"), -float("inf")),
    *(torch.tensor(1.0), torch.tensor(2), torch.ones(1), torch.tensor(1.0, requires_grad=True)),
)


def test_every_loss_is_bent():
    assert {case.loss for case in CASES if CATALOG[case.loss].from_torch} == {case.loss for case in BENT}


def bend(case: Case, **changes: object) -> None:
    arguments = case.arguments(torch.float32) | case.options | changes
    ours, theirs = judges.loss_of(lossbook, case.loss), judges.loss_of(F, case.loss)
    if UNDEFINED.get(case.loss, lambda arguments: False)(arguments):
        assert isinstance(judges.outcome(ours, arguments), type), f"{arguments}: here it must be an error"
    else:
        judges.same_outcome(ours, theirs, arguments)


def shapes(value: Tensor) -> Iterator[Tensor]:
    """The tensor with a dimension more or less, an element more or less, turned, or emptied."""
    yield from (value[None], value[..., None], value.flatten(), value.sum(), value[None, None])
    for dim in range(value.dim()):
        yield from (value.narrow(dim, 0, size) for size in (0, 1, max(value.shape[dim] - 1, 0)))
        yield from (value.select(dim, 0) if value.shape[dim] else value, torch.cat([value, value], dim))
    if value.dim() > 1:
        yield from (value.transpose(0, 1), value.transpose(0, -1))


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("case", BENT, ids=str)
def test_the_dtype_of_one_argument(case: Case, reduction: str):
    for name, value in case.tensors.items():
        for dtype in DTYPES:
            bend(case, **{name: value.to(dtype), "reduction": reduction})


@pytest.mark.parametrize("reduction", ["none", "mean"])
@pytest.mark.parametrize("case", BENT, ids=str)
def test_the_shape_of_one_argument(case: Case, reduction: str):
    for name, value in case.arguments(torch.float32).items():
        for other in shapes(value):
            bend(case, **{name: other, "reduction": reduction})


@pytest.mark.parametrize("case", BENT, ids=str)
def test_one_argument_is_no_tensor(case: Case):
    for name in case.tensors:
        for odd in ODD_OBJECTS:
            bend(case, **{name: odd})


@pytest.mark.parametrize("case", BENT, ids=str)
def test_the_reduction(case: Case):
    for odd in ODD_REDUCTIONS:
        bend(case, reduction=odd)


OPTIONS = [(case, option) for case in BENT for option in CATALOG[case.loss].options if option not in case.tensors]


@pytest.mark.parametrize(("case", "option"), OPTIONS)
def test_one_option(case: Case, option: str):
    for odd in ODD_OPTIONS:
        bend(case, **{option: odd})
