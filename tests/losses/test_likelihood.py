"""The likelihoods beside judges that are not torch: scipy's distributions, scikit-learn, identities, brute force."""

import itertools
import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
import torch.nn.functional as F
from sklearn import metrics

import lossbook
from lossbook.catalog import CATALOG
from tests.cases import CASES, HALF, Case, noise, numbers, trials
from tests.losses import judges

LOG_RATE = noise(200)
COUNT = torch.poisson(3 * LOG_RATE.exp(), generator=torch.Generator().manual_seed(0))
X, Y = 3 * noise(200), noise(200, seed=1)
VAR = noise(200, seed=2).exp()


# --- libraries ----------------------------------------------------------------------------------------------------


def test_scipys_poisson_distribution():
    """The loss is the negative logarithm of the probability, but for the factorial of the count."""
    surprise = -scipy.stats.poisson.logpmf(COUNT.numpy(), LOG_RATE.exp().numpy())
    expected = torch.from_numpy(surprise - scipy.special.gammaln(COUNT.numpy() + 1))
    torch.testing.assert_close(lossbook.poisson_nll_loss(LOG_RATE, COUNT, reduction="none"), expected)
    by_rate = lossbook.poisson_nll_loss(LOG_RATE.exp(), COUNT, log_input=False, reduction="none")
    torch.testing.assert_close(by_rate, expected)


def test_full_misses_scipys_probability_by_what_the_docstring_says():
    """Stirling's formula is too small by at most 0.042, less the larger the count; for 0 and 1 it is exact."""
    count = torch.arange(200).double()
    full = lossbook.poisson_nll_loss(torch.zeros(200).double(), count, full=True, reduction="none")
    surprise = torch.from_numpy(-scipy.stats.poisson.logpmf(count.numpy(), 1.0))
    missing = surprise - full
    assert missing[:2].abs().max() < 1e-12
    assert (missing[2:] > 0).all()
    assert 0.041 < missing.max() < 0.042
    assert (missing[2:].diff() < 0).all()
    torch.testing.assert_close(missing[2:] * 12 * count[2:], torch.ones(198).double(), rtol=0.01, atol=0)


@pytest.mark.parametrize("full", [False, True])
def test_scipys_normal_distribution(full: bool):
    surprise = -scipy.stats.norm.logpdf(Y.numpy(), X.numpy(), VAR.sqrt().numpy())
    expected = torch.from_numpy(surprise - (0 if full else math.log(2 * math.pi) / 2))
    torch.testing.assert_close(lossbook.gaussian_nll_loss(X, Y, VAR, full=full, reduction="none"), expected)


def test_sklearns_poisson_deviance():
    """Twice what the loss is above its least value, which a rate equal to the count has."""
    count = COUNT + 1  # scikit-learn leaves counts of 0 to scipy's xlogy; here every logarithm is finite
    least = lossbook.poisson_nll_loss(count.log(), count)
    deviance = metrics.mean_poisson_deviance(count, LOG_RATE.exp())
    assert 2 * (lossbook.poisson_nll_loss(LOG_RATE, count) - least).item() == pytest.approx(deviance, rel=1e-12)


# --- identities ---------------------------------------------------------------------------------------------------


def test_a_rate_costs_what_its_logarithm_costs():
    for full in (False, True):
        by_rate = lossbook.poisson_nll_loss(LOG_RATE.exp(), COUNT, False, full, eps=0, reduction="none")
        torch.testing.assert_close(by_rate, lossbook.poisson_nll_loss(LOG_RATE, COUNT, True, full, reduction="none"))


def test_eps_is_added_to_the_rate_under_the_logarithm_alone():
    zero, count = torch.zeros(1).double(), numbers(2)
    loss = lossbook.poisson_nll_loss(zero, count, log_input=False, eps=0.5)
    assert loss.item() == pytest.approx(0 - 2 * math.log(0.5), rel=1e-12)
    assert lossbook.poisson_nll_loss(zero, count, log_input=False).item() == pytest.approx(-2 * math.log(1e-8))
    assert lossbook.poisson_nll_loss(zero, count, eps=0.5) == lossbook.poisson_nll_loss(zero, count) == 1


def test_a_variance_of_one_leaves_half_the_squared_error():
    half = lossbook.mse_loss(X, Y) / 2
    for var in (1.0, torch.ones(200).double(), torch.ones(()).double()):
        torch.testing.assert_close(lossbook.gaussian_nll_loss(X, Y, var), half)
        full = lossbook.gaussian_nll_loss(X, Y, var, full=True)
        torch.testing.assert_close(full, half + math.log(2 * math.pi) / 2)


def test_a_variance_below_eps_counts_as_eps():
    for var in (0.0, 1e-9, 0.5):
        loss = lossbook.gaussian_nll_loss(X, Y, torch.full_like(X, var), eps=0.5)
        torch.testing.assert_close(loss, lossbook.gaussian_nll_loss(X, Y, 0.5))
        torch.testing.assert_close(lossbook.gaussian_nll_loss(X, Y, var, eps=0.5), loss)
    assert lossbook.gaussian_nll_loss(X, Y, 0.51, eps=0.5) != loss


def test_the_variance_given_is_left_as_it_is():
    var = torch.zeros(3)
    lossbook.gaussian_nll_loss(torch.zeros(3), torch.ones(3), var, eps=1.0)
    assert not var.any()


@pytest.mark.parametrize(
    ("shape", "as_input"),
    [
        ((2, 3), lambda var: var[..., None]),
        ((2, 3, 1), lambda var: var),
        ((2, 1, 4), lambda var: var),
        ((1, 3, 4), lambda var: var),
    ],
)
def test_a_small_variance_is_one_for_all_along_a_dimension(shape: tuple, as_input):
    x, y, var = noise(2, 3, 4), noise(2, 3, 4, seed=1), noise(*shape, seed=2).exp()
    expected = lossbook.gaussian_nll_loss(x, y, as_input(var).expand(2, 3, 4), reduction="none")
    torch.testing.assert_close(lossbook.gaussian_nll_loss(x, y, var, reduction="none"), expected)


def test_in_a_square_a_variance_for_each_is_one_for_each_row():
    """Broadcasting would make it one for each column: the rule of the missing last dimension comes first."""
    x, y, var = noise(3, 3), noise(3, 3, seed=1), numbers(1, 2, 3)
    loss = lossbook.gaussian_nll_loss(x, y, var, reduction="none")
    torch.testing.assert_close(loss[1], lossbook.gaussian_nll_loss(x[1], y[1], 2.0, reduction="none"))


def test_small_integers_wrap_around_as_in_torch():
    """200 times 3 does not fit into 8 bits: torch multiplies first, and what is left is 88."""
    rate, count = torch.tensor([3], dtype=torch.uint8), torch.tensor([200], dtype=torch.uint8)
    assert lossbook.poisson_nll_loss(rate, count).item() == pytest.approx(math.exp(3) - 88, rel=1e-6)
    judges.same_outcome(lossbook.poisson_nll_loss, F.poisson_nll_loss, {"input": rate, "target": count})
    var = torch.ones(1)
    assert lossbook.gaussian_nll_loss(rate, count, var).item() == ((3 - 200) % 256) ** 2 % 256 / 2
    arguments = {"input": rate, "target": count, "var": var}
    judges.same_outcome(lossbook.gaussian_nll_loss, F.gaussian_nll_loss, arguments)


# --- slopes -------------------------------------------------------------------------------------------------------

SLOPES = [
    case
    for case in CASES
    if case.loss in ("poisson_nll_loss", "gaussian_nll_loss")
    and case.name in ("random", "wide", "whole", "clamped", "infinite", "large", "var-per-row", "var-per-column")
    and "var" not in case.options
]


@pytest.mark.parametrize("case", SLOPES, ids=str)
def test_the_slope_is_autograds(case: Case):
    slope = getattr(lossbook, CATALOG[case.loss].slope)
    for trial in trials(case, (torch.float64,)):
        if trial.reduction == "sum":
            judges.same_slope(getattr(lossbook, case.loss), slope, trial.arguments(), case.options)


@pytest.mark.parametrize("case", [case for case in SLOPES if "var" in case.tensors], ids=str)
def test_the_slope_by_the_variance_is_autograds(case: Case):
    arguments, options = case.arguments(torch.float64), case.options
    x, y, var = arguments.values()
    var = (var[..., None] if var.dim() < x.dim() else var).expand_as(x).clone().requires_grad_()
    loss = lossbook.gaussian_nll_loss(x, y, var, reduction="sum", **options)
    expected = torch.autograd.grad(loss, var)[0]
    torch.testing.assert_close(lossbook.gaussian_nll_var_slope(x, y, var, **options).detach(), expected, equal_nan=True)


def test_the_slopes_take_a_float_for_the_variance():
    full = torch.full_like(X, 0.25)
    for slope in (lossbook.gaussian_nll_slope, lossbook.gaussian_nll_var_slope):
        torch.testing.assert_close(slope(X, Y, 0.25), slope(X, Y, full))
        torch.testing.assert_close(slope(X, Y, 0.25, eps=0.5), slope(X, Y, torch.full_like(X, 0.5)))


def test_the_pulls():
    """On the logarithm of a rate: rate minus count. On a mean: the error, divided by the claimed variance."""
    torch.testing.assert_close(lossbook.poisson_nll_slope(LOG_RATE, COUNT), LOG_RATE.exp() - COUNT)
    torch.testing.assert_close(lossbook.gaussian_nll_slope(X, Y, VAR), (X - Y) / VAR)
    assert not lossbook.gaussian_nll_var_slope(X, Y, (X - Y) ** 2).any()


def test_a_clamped_variance_pulls_in_reverse_mode_alone():
    """As torch's: in reverse mode as if it were eps, in forward mode not at all."""
    x, y, var = numbers(0), numbers(2), numbers(0)
    for loss in (lossbook.gaussian_nll_loss, F.gaussian_nll_loss):
        of_var = lambda var, loss=loss: loss(x, y, var, eps=0.5)  # noqa: E731
        assert torch.func.grad(of_var)(var).item() == lossbook.gaussian_nll_var_slope(x, y, 0.5).item() == -7
        assert judges.quiet(torch.func.jvp, of_var, (var,), (torch.ones(1).double(),))[1] == 0


# --- under vmap, autocast and other dtypes ------------------------------------------------------------------------


def test_the_gradient_of_each_sample_is_that_of_a_loop():
    """torch's own cannot be asked: it reads the values of var, which vmap forbids."""
    x, y, var = noise(5, 3), noise(5, 3, seed=1), noise(5, 3, seed=2).exp()
    slopes = torch.func.grad(lossbook.gaussian_nll_loss, argnums=(0, 1, 2))
    together = torch.func.vmap(slopes)(x, y, var)
    for row in range(5):
        for ours, one in zip(together, slopes(x[row], y[row], var[row]), strict=True):
            torch.testing.assert_close(ours[row], one)
    with pytest.raises(RuntimeError, match="vmap"):
        torch.func.vmap(torch.func.grad(F.gaussian_nll_loss))(x, y, var)


def test_a_negative_variance_is_seen_where_values_are_read():
    x = torch.zeros(3)
    for var in (-torch.ones(3), torch.tensor([1.0, math.nan, -1e-30]), -1.0):
        with pytest.raises(ValueError, match="var must be 0 or more"):
            lossbook.gaussian_nll_loss(x, x, var)
        with pytest.raises(ValueError, match="var must be 0 or more"):
            torch.func.grad(lossbook.gaussian_nll_loss)(x, x, var)
    meta = x.to("meta")
    assert lossbook.gaussian_nll_loss(meta, meta, meta).device.type == "meta"
    assert lossbook.gaussian_nll_loss(x, x, torch.tensor([0.0, -0.0, math.nan]), reduction="none")[:2].isfinite().all()


def test_off_the_cpu_autocast_gives_the_gaussian_float32(monkeypatch: pytest.MonkeyPatch):
    """There torch's autocast turns log and power into float32; on the CPU it does not."""
    monkeypatch.setattr(torch.amp, "is_autocast_available", lambda device: True)
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda device: True)
    for device, dtype in (("meta", torch.float32), ("cpu", torch.bfloat16)):
        half = torch.ones(3, dtype=torch.bfloat16, device=device)
        assert lossbook.gaussian_nll_loss(half, half, half).dtype == dtype
        assert lossbook.gaussian_nll_loss(half, half.double(), half).dtype == torch.float64


FLOATS = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
SHAPES = ((), (1,), (2,), (2, 2))


@pytest.mark.parametrize(("of_input", "of_target", "of_var"), [*itertools.product(SHAPES, SHAPES, SHAPES)])
def test_dtypes_and_shapes_of_three_arguments_are_torchs(of_input: tuple, of_target: tuple, of_var: tuple):
    dtypes = (*FLOATS, torch.int64)
    for first, second, third in itertools.product(dtypes, dtypes, FLOATS):
        arguments = {
            "input": torch.full(of_input, 3).to(first),
            "target": torch.full(of_target, 1).to(second),
            "var": torch.full(of_var, 2).to(third),
        }
        judges.same_outcome(lossbook.gaussian_nll_loss, F.gaussian_nll_loss, arguments | {"reduction": "none"})


@pytest.mark.parametrize("dtype", [*FLOATS, torch.int64, torch.uint8])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_number_for_target_or_variance_changes_no_dtype(dtype: torch.dtype, shape: tuple):
    x = torch.full(shape, 3).to(dtype)
    for target, third in itertools.product((1, 1.5, x), FLOATS):
        for var in (0.75, torch.full(shape, 2).to(third)):
            arguments = {"input": x, "target": target, "var": var, "reduction": "none"}
            judges.same_outcome(lossbook.gaussian_nll_loss, F.gaussian_nll_loss, arguments)


@pytest.mark.parametrize("options", [{}, {"full": True}, {"log_input": False}, {"log_input": False, "full": True}])
def test_every_pair_of_dtypes_with_every_option(options: dict):
    dtypes = (*FLOATS, torch.int64, torch.int32, torch.uint8, torch.bool, torch.complex64, torch.complex128)
    for first, second in itertools.product(dtypes, repeat=2):
        for shapes in itertools.product(((), (3,)), repeat=2):
            if shapes[0] != shapes[1] and {first, second} & set(HALF) and (first.is_complex or second.is_complex):
                continue  # torch has no arithmetic for complex numbers of half precision: it raises
            arguments = {"input": torch.ones(shapes[0]).to(first), "target": torch.full(shapes[1], 3).to(second)}
            judges.same_outcome(lossbook.poisson_nll_loss, F.poisson_nll_loss, arguments | options)


# --- facts of the catalog -----------------------------------------------------------------------------------------


def test_the_least_values():
    assert lossbook.gaussian_nll_loss(X, X, 0.0).item() == pytest.approx(CATALOG["gaussian_nll_loss"].minimum)
    assert lossbook.gaussian_nll_loss(X, X, 1e-3) > CATALOG["gaussian_nll_loss"].minimum
    assert lossbook.poisson_nll_loss(numbers(1e3).log(), numbers(1e3)) < -5000
    assert CATALOG["poisson_nll_loss"].minimum == -math.inf


def test_the_best_constant_rate_is_the_mean_of_the_counts():
    grid = torch.linspace(-2, 4, 6001, dtype=torch.float64)
    costs = lossbook.poisson_nll_loss(grid[:, None], COUNT, reduction="none").mean(1)
    assert grid[costs.argmin()].item() == pytest.approx(COUNT.mean().log().item(), abs=1e-3)


def test_the_best_constant_claim_is_mean_and_variance():
    mean, var = Y.mean(), Y.var(correction=0)
    best = lossbook.gaussian_nll_loss(mean.expand(200), Y, var.expand(200))
    for shift, scale in ((0.01, 1.0), (-0.01, 1.0), (0.0, 1.02), (0.0, 0.98)):
        assert lossbook.gaussian_nll_loss((mean + shift).expand(200), Y, (scale * var).expand(200)) > best
    assert lossbook.gaussian_nll_slope(mean.expand(200), Y, var.expand(200)).mean().abs() < 1e-15
    assert lossbook.gaussian_nll_var_slope(mean.expand(200), Y, var.expand(200)).mean().abs() < 1e-15


@pytest.mark.parametrize("loss", ["poisson_nll_loss", "gaussian_nll_loss"])
def test_the_divisor_of_the_mean(loss: str):
    """Elements of the result: of the input, or of what the target broadcasts it to."""
    rest = (torch.ones(5, 1),) if loss == "gaussian_nll_loss" else ()
    f = getattr(lossbook, loss)
    for target in (torch.ones(5, 1), torch.ones(5, 4)):
        total = f(torch.zeros(5, 1), target, *rest, reduction="sum")
        assert (total / f(torch.zeros(5, 1), target, *rest)).item() == pytest.approx(target.numel())
    assert CATALOG[loss].divisor == "elements"


def test_the_options_of_the_catalog_are_the_defaults():
    for loss in ("poisson_nll_loss", "gaussian_nll_loss"):
        defaults = judges.parameters(getattr(lossbook, loss))
        given = {*CATALOG[loss].arguments, "reduction"}
        assert {name: default for name, default, _ in defaults if name not in given} == CATALOG[loss].options


def test_a_poisson_loss_has_the_shape_of_a_bowl():
    """Convex in the logarithm of the rate, least where the rate is the count."""
    log_rate = torch.linspace(-5, 5, 1001, dtype=torch.float64)
    values = lossbook.poisson_nll_loss(log_rate, torch.full_like(log_rate, 2.0), reduction="none")
    assert (values.diff().diff() > 0).all()
    assert log_rate[values.argmin()].item() == pytest.approx(np.log(2), abs=0.006)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_number_as_target_is_subtracted_in_float32(dtype: torch.dtype):
    x, var = torch.linspace(-2, 2, 50).to(dtype), torch.linspace(0.5, 1.5, 50).to(dtype)
    result = lossbook.gaussian_nll_loss(x, 0.3, var, reduction="none")
    exact = lossbook.gaussian_nll_loss(x.float(), 0.3, var.float(), reduction="none")
    assert torch.equal(result, exact.to(dtype))
