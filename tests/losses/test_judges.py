"""A judge that cannot say no is none: each is fed a wrong answer here, and must reject it.

Each fault is the smallest of its kind, planted in torch's own loss, so that nothing else differs.
"""

import warnings
from collections.abc import Callable

import mpmath
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.gradcheck import GradcheckError

import lossbook
from tests.cases import CASES, DIFFERENCES, REDUCTIONS, BadCall, Case, Trial, difference, noise
from tests.losses import exact, judges

(CASE,) = (case for case in CASES if str(case) == "mse_loss-random")
(WEIGHTED,) = (case for case in CASES if str(case) == "mse_loss-weighted")


def trial(case: Case = CASE, dtype: torch.dtype = torch.float64, reduction: str = "sum") -> Trial:
    return Trial(case, dtype, reduction)


class Steeper(torch.autograd.Function):
    """The identity, with its slope a hundredth too steep, in reverse and in forward mode."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def setup_context(ctx, inputs, output) -> None:
        pass

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        return grad * 1.01

    @staticmethod
    def jvp(ctx, tangent: Tensor) -> Tensor:
        return tangent * 1.01


class Crooked(Steeper):
    """The same, in forward mode alone."""

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        return grad.clone()


def plant(fault: Callable[[Tensor], Tensor], on: str = "result") -> judges.Loss:
    """torch's mse_loss with a fault in its result, or in the way back to one argument."""

    def loss(**arguments) -> Tensor:
        if on == "result":
            return fault(F.mse_loss(**arguments))
        return F.mse_loss(**(arguments | {on: fault(arguments[on])}))

    return loss


def wrong_curve(x: Tensor) -> Tensor:
    """Value and slope at a point as they should be, another second derivative."""
    return x + (x - x.detach()) ** 2 / 2 * 1e-3


FAULTS = {
    "value": plant(lambda result: result * (1 + 1e-5)),
    "gradient": plant(Steeper.apply, "input"),
    "second derivative": plant(wrong_curve, "input"),
    "forward mode": plant(Steeper.apply, "input"),
    "forward over reverse": plant(wrong_curve, "input"),
    "per sample": plant(Steeper.apply, "input"),
}
FAULTY_DTYPE = plant(lambda result: result.float())
FAULTY_SHAPE = plant(lambda result: result[None])
FAULTY_NAN = plant(lambda result: result * torch.nan)


def test_a_loss_without_fault_passes_every_judge():
    for reduction in REDUCTIONS:
        for asked in judges.QUANTITIES.values():
            if not (asked is judges.QUANTITIES["forward over reverse"] and reduction == "mean"):  # raises in torch
                one = trial(reduction=reduction)
                judges.same(asked.of(plant(lambda result: result), one), asked.of(F.mse_loss, one))


@pytest.mark.parametrize("quantity", judges.QUANTITIES)
def test_a_wrong_quantity_is_rejected(quantity: str):
    of = judges.QUANTITIES[quantity].of
    with pytest.raises(AssertionError):
        judges.same(of(FAULTS[quantity], trial()), of(F.mse_loss, trial()))


@pytest.mark.parametrize("fault", [FAULTY_DTYPE, FAULTY_SHAPE, FAULTY_NAN])
def test_a_wrong_dtype_shape_or_nan_is_rejected(fault: judges.Loss):
    with pytest.raises(AssertionError):
        judges.same(judges.value(fault, trial()), judges.value(F.mse_loss, trial()))


@pytest.mark.parametrize("argument", ["target", "weight"])
def test_a_wrong_slope_by_another_argument_is_rejected(argument: str):
    fault = plant(Steeper.apply, argument)
    one = trial(WEIGHTED, reduction="mean")
    with pytest.raises(AssertionError, match=argument):
        judges.same(judges.gradient(fault, one), judges.gradient(F.mse_loss, one))


def test_a_slope_that_is_missing_is_rejected():
    fault = plant(Tensor.detach, "target")
    with pytest.raises(AssertionError):
        judges.same(judges.gradient(fault, trial()), judges.gradient(F.mse_loss, trial()))


def test_slopes_swapped_between_elements_are_rejected():
    """A cotangent of ones would not see it."""

    def fault(**arguments) -> Tensor:
        result = F.mse_loss(**arguments)
        return result.detach() + (result - result.detach()).mean()

    one = trial(reduction="none")
    judges.same(judges.value(fault, one), judges.value(F.mse_loss, one))
    with pytest.raises(AssertionError):
        judges.same(judges.gradient(fault, one), judges.gradient(F.mse_loss, one))


def test_forward_mode_that_differs_from_reverse_is_rejected():
    judges.forward_agrees_with_reverse(F.mse_loss, trial())
    with pytest.raises(AssertionError):
        judges.forward_agrees_with_reverse(plant(Crooked.apply, "input"), trial())


def test_a_slope_that_finite_differences_deny_is_rejected():
    judges.derivatives_are_slopes(torch.square, noise(3).requires_grad_())
    with pytest.raises(GradcheckError):
        judges.derivatives_are_slopes(lambda x: Steeper.apply(x) ** 2, noise(3).requires_grad_())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_two_roundings_off_is_rejected(dtype: torch.dtype):
    one = trial(dtype=dtype, reduction="mean")
    torchs, truth = judges.value(F.mse_loss, one), judges.value(F.mse_loss, judges.widened(one))
    judges.no_worse(torchs, torchs, truth)
    step = torch.finfo(dtype).eps
    for fault in (
        {"value": torchs["value"] * (1 + 3 * step)},
        {"value": torchs["value"] * torch.nan},
        {"value": torchs["value"] * torch.inf},
        {"value": torchs["value"].float()},
        {"value": torchs["value"][None]},
        {},
    ):
        with pytest.raises(AssertionError):
            judges.no_worse(fault, torchs, truth)


def test_a_wide_result_of_half_arguments_is_judged_too():
    single, truth = {"value": torch.tensor(1.0)}, {"value": torch.tensor(1.0).double()}
    judges.no_worse(single, single, truth)
    with pytest.raises(AssertionError):
        judges.no_worse({"value": single["value"] * (1 + 1e-5)}, single, truth)


def test_a_wrong_closed_form_of_the_slope_is_rejected():
    arguments = CASE.arguments(torch.float64)
    judges.same_slope(F.mse_loss, lossbook.mse_slope, arguments, {})
    with pytest.raises(AssertionError):
        judges.same_slope(F.mse_loss, lambda x, y: lossbook.mse_slope(x, y) * 1.001, arguments, {})
    with pytest.raises(AssertionError):
        judges.same_slope(F.mse_loss, lambda x, y: lossbook.mse_slope(y, x), arguments, {})


# --- errors, warnings, form ---------------------------------------------------------------------------------------

BAD = BadCall("mse_loss", "sizes", {"input": torch.ones(3), "target": torch.ones(4)}, ("input", "(3,)", "(4,)"))


def raising(kind: type[Exception], text: str) -> judges.Loss:
    def loss(*args, **options):
        raise kind(text)

    return loss


@pytest.mark.parametrize(
    "fault",
    [
        raising(ValueError, "input (3,) and target (4,) do not fit"),
        raising(NotImplementedError, "input (3,) and target (4,) do not fit"),  # a subclass is another type
        raising(RuntimeError, "input (3,) does not fit"),
        lambda **arguments: torch.zeros(()),
    ],
)
def test_a_wrong_exception_message_or_none_is_rejected(fault: judges.Loss):
    judges.same_error(raising(RuntimeError, "input (3,) and target (4,) do not fit"), F.mse_loss, BAD)
    with pytest.raises(AssertionError):
        judges.same_error(fault, F.mse_loss, BAD)


def test_a_bad_call_that_torch_takes_is_rejected():
    good = BadCall("mse_loss", "good", {"input": torch.ones(3), "target": torch.ones(3)}, ())
    with pytest.raises(AssertionError, match="torch takes it"):
        judges.same_error(raising(RuntimeError, ""), F.mse_loss, good)


@pytest.mark.parametrize("fault", [raising(ValueError, ""), lambda **arguments: torch.zeros(())])
def test_a_wrong_outcome_is_rejected(fault: judges.Loss):
    for arguments in (BAD.arguments, {"input": torch.ones(3), "target": torch.zeros(3)}):
        judges.same_outcome(F.mse_loss, F.mse_loss, arguments)
        with pytest.raises(AssertionError):
            judges.same_outcome(fault, F.mse_loss, arguments)


def warning(category: type[Warning], text: str, level: int = 2, times: int = 1) -> judges.Loss:
    def loss(*args, **options):
        for _ in range(times):
            warnings.warn(text, category, stacklevel=level)

    return loss


WORDS = "Using a target size (torch.Size([3])) that is different"


@pytest.mark.parametrize(
    "fault",
    [
        warning(DeprecationWarning, WORDS),
        warning(UserWarning, "Something else entirely, which is at least forty letters long"),
        warning(UserWarning, WORDS, level=1),
        warning(UserWarning, WORDS, times=2),
        warning(UserWarning, WORDS, times=0),
    ],
)
def test_a_wrong_or_missing_warning_is_rejected(fault: judges.Loss):
    pair = torch.zeros(3, 1), torch.ones(3)
    judges.same_warning(warning(UserWarning, WORDS), F.mse_loss, *pair)
    with pytest.raises(AssertionError):
        judges.same_warning(fault, F.mse_loss, *pair)


def _renamed(pred, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """Another name for input."""


def _other_default(input, target, *, reduction="sum", weight=None):
    """Another default."""


def _by_position(input, target, reduction="mean", weight=None):
    """What follows the legacy arguments can be given by position."""


def _other_order(target, input, *, reduction="mean", weight=None):
    """Another order."""


@pytest.mark.parametrize("fault", [_renamed, _other_default, _by_position, _other_order])
def test_a_wrong_signature_is_rejected(fault: Callable):
    judges.same_signature(lossbook.mse_loss, F.mse_loss)
    with pytest.raises(AssertionError):
        judges.same_signature(fault, F.mse_loss)


def test_an_attribute_of_a_module_is_seen():
    module = nn.MSELoss()
    module.extra = 1
    assert judges.public(module) != judges.public(nn.MSELoss())


# --- exact arithmetic and the list of differences ------------------------------------------------------------------


def test_an_error_of_some_units_in_the_last_place_is_measured():
    with mpmath.workdps(exact.DIGITS):
        third = mpmath.mpf(1) / 3
    eps = 2.0**-52
    assert exact.gap([1 / 3], [third], eps, 0) <= 0.5
    assert exact.gap([1 / 3 * (1 + 10 * eps)], [third], eps, 0) > 5
    assert exact.gap([1e-300], [mpmath.mpf(0)], eps, 2.0**-1074) > 1e3
    assert exact.gap([0.0], [mpmath.mpf(0)], eps, 2.0**-1074) == 0


def test_a_difference_is_found_only_where_it_is_listed():
    assert difference(trial(), "value") is None
    assert difference(trial(), "forward over reverse") is None
    assert difference(trial(reduction="mean"), "forward over reverse") in DIFFERENCES
