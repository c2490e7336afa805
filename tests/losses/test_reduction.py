"""The only place where a divisor is chosen."""

import pytest
import torch

from lossbook.losses.reduction import reduce
from tests.cases import noise, numbers

VALUES, WEIGHT = numbers(1, 2, 6), numbers(1, 0, 3)


def test_each_reduction_by_hand():
    assert reduce(VALUES, "none").tolist() == [1, 2, 6]
    assert reduce(VALUES, "sum").item() == 9
    assert reduce(VALUES, "mean").item() == 3
    assert reduce(VALUES).item() == 3


def test_each_weighted_reduction_by_hand():
    assert reduce(VALUES, "none", WEIGHT).tolist() == [1, 0, 18]
    assert reduce(VALUES, "sum", WEIGHT).item() == 19
    assert reduce(VALUES, "mean", WEIGHT).item() == 19 / 4


def test_a_divisor_of_its_own():
    assert reduce(VALUES, "mean", divisor=torch.tensor(4)).item() == 9 / 4
    assert reduce(VALUES, "mean", divisor=torch.tensor(0)).isinf()
    for reduction in ("none", "sum"):
        torch.testing.assert_close(reduce(VALUES, reduction, divisor=torch.tensor(4)), reduce(VALUES, reduction))


def test_equal_weights_change_no_mean():
    values = noise(5, 4)
    torch.testing.assert_close(reduce(values, "mean", torch.full((5, 4), 0.3).double()), values.mean())


def test_the_mean_of_nothing_is_nan_and_its_sum_zero():
    nothing = torch.zeros(0)
    assert reduce(nothing, "mean").isnan()
    assert reduce(nothing, "mean", nothing).isnan()
    assert reduce(nothing, "sum").item() == 0
    assert reduce(nothing, "none").shape == (0,)
    assert reduce(VALUES, "mean", torch.zeros(3)).isnan()


def test_the_divisor_has_a_slope_too():
    """The weighted mean by its weights: (value - mean) / sum of the weights."""
    weight = WEIGHT.clone().requires_grad_()
    mean = reduce(VALUES, "mean", weight)
    mean.backward()
    torch.testing.assert_close(weight.grad, (VALUES - mean.detach()) / WEIGHT.sum())


def test_a_divisor_of_its_own_counts_for_the_mean_alone():
    divisor = numbers(4)[0]
    assert reduce(VALUES, "none", divisor=divisor).tolist() == [1, 2, 6]
    assert reduce(VALUES, "sum", divisor=divisor).item() == 9
    assert reduce(VALUES, "mean", divisor=divisor).item() == 9 / 4
    assert reduce(VALUES, "mean", WEIGHT, divisor=divisor).item() == 19 / 4
    assert reduce(torch.zeros(0), divisor=torch.tensor(0)).isnan()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_rounded_once_and_last(dtype: torch.dtype):
    values = torch.full((70_000,), 2.0)
    assert reduce(values, "mean", dtype=dtype).dtype == dtype
    assert reduce(values, "mean", dtype=dtype).item() == 2
    assert reduce(values, "mean", torch.ones(70_000, dtype=dtype), dtype=dtype).item() == 2
    assert reduce(torch.full((3,), 1 + 2.0**-12), "none", dtype=dtype).tolist() == [1, 1, 1]


def test_rounding_never_drops_an_imaginary_part_or_makes_an_integer():
    assert reduce(torch.tensor([1 + 1j]), "sum", dtype=torch.float32).item() == 1 + 1j
    assert reduce(torch.tensor([1, 2]), "sum", dtype=torch.float16).dtype == torch.int64
    assert reduce(torch.tensor([1.5]), "sum", dtype=torch.int64).item() == 1.5


def test_without_a_dtype_nothing_is_rounded():
    assert reduce(VALUES.float(), "sum").dtype == torch.float32


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_an_unknown_reduction(weight: torch.Tensor | None):
    with pytest.raises(ValueError, match=r"reduction='avg'.*'none', 'mean', 'sum'"):
        reduce(VALUES, "avg", weight)


def test_the_old_name_of_the_mean_warns_and_works_only_without_weight():
    with pytest.warns(UserWarning, match="elementwise_mean"):
        assert reduce(VALUES, "elementwise_mean").item() == 3
    with pytest.raises(ValueError, match="elementwise_mean"):
        reduce(VALUES, "elementwise_mean", WEIGHT)


def test_the_mean_of_integers_is_refused():
    with pytest.raises(RuntimeError, match=r"torch.int64.*x\.float\(\)"):
        reduce(torch.tensor([1, 2]), "mean")
    assert reduce(torch.tensor([1, 2]), "mean", torch.ones(2)).item() == 1.5


def test_the_mean_over_a_batch_divides_by_the_number_given():
    assert reduce(VALUES, "batchmean", batch=2).item() == 4.5
    assert reduce(VALUES, "mean", batch=2).item() == 3
    assert reduce(torch.zeros(0), "batchmean", batch=0).isnan()
    for batch in (None, 2):
        with pytest.raises(ValueError, match=r"'median' is not a valid value for reduction: use one of \('none'"):
            reduce(VALUES, "median", batch=batch)
    with pytest.raises(ValueError, match="'batchmean' is not a valid value"):
        reduce(VALUES, "batchmean")


def test_the_mean_over_a_batch_is_rounded_once():
    large = torch.full((8,), 60_000.0)
    assert reduce(large, "batchmean", dtype=torch.float16, batch=8).item() == 60_000
    assert reduce(large, "sum", dtype=torch.float16).isinf()
