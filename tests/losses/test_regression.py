"""The losses for amounts, beside judges that are not torch: exact arithmetic, scipy, scikit-learn, identities."""

import copy
import math
import pickle
from itertools import pairwise, product

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
import torch
import torch.nn.functional as F
from sklearn import metrics

import lossbook
from lossbook.catalog import CATALOG
from tests.cases import CASES, Case, noise, trials
from tests.losses import judges

OWN = ("quantile_loss", "log_cosh_loss", "asymmetric_cost_loss")
LOSSES = ("l1_loss", "mse_loss", "huber_loss", "smooth_l1_loss", *OWN)
X, Y = 3 * noise(200), noise(200, seed=1)


# --- libraries ----------------------------------------------------------------------------------------------------


def test_scipys_huber():
    for delta in (0.1, 1.0, 3.0):
        expected = torch.from_numpy(scipy.special.huber(delta, (X - Y).numpy()))
        torch.testing.assert_close(lossbook.huber_loss(X, Y, reduction="none", delta=delta), expected)


def test_sklearns_errors_with_and_without_weights():
    weight = noise(200, seed=2).abs()
    for loss, metric in (
        (lossbook.mse_loss, metrics.mean_squared_error),
        (lossbook.l1_loss, metrics.mean_absolute_error),
    ):
        assert loss(X, Y).item() == pytest.approx(metric(Y, X), rel=1e-12)
        assert loss(X, Y, weight=weight).item() == pytest.approx(metric(Y, X, sample_weight=weight), rel=1e-12)


def test_numpys_norms():
    error = (X - Y).numpy()
    assert lossbook.l1_loss(X, Y, reduction="sum").item() == pytest.approx(np.linalg.norm(error, 1), rel=1e-12)
    assert lossbook.mse_loss(X, Y, reduction="sum").item() == pytest.approx(np.linalg.norm(error) ** 2, rel=1e-12)


# --- identities between the losses --------------------------------------------------------------------------------


@pytest.mark.parametrize("delta", [1e-3, 0.5, 1.0, 7.0])
def test_huber_is_delta_times_smooth_l1(delta: float):
    huber = lossbook.huber_loss(X, Y, reduction="none", delta=delta)
    torch.testing.assert_close(huber, delta * lossbook.smooth_l1_loss(X, Y, reduction="none", beta=delta))


@pytest.mark.parametrize("delta", [100.0, math.inf])
def test_huber_beyond_every_error_is_half_the_square(delta: float):
    torch.testing.assert_close(lossbook.huber_loss(X, Y, delta=delta), lossbook.mse_loss(X, Y) / 2)


def test_huber_with_the_largest_float32_as_delta_is_infinite_at_infinity():
    largest = torch.finfo(torch.float32).max
    assert lossbook.huber_loss(torch.tensor(math.inf), torch.tensor(0.0), delta=largest) == math.inf


def test_smooth_l1_tends_to_l1_and_is_at_most_half_beta_away():
    for beta in (1.0, 1e-3, 1e-9):
        gap = lossbook.l1_loss(X, Y, reduction="none") - lossbook.smooth_l1_loss(X, Y, reduction="none", beta=beta)
        assert gap.min() >= -1e-15
        assert gap.max() <= beta / 2 + 1e-15
    torch.testing.assert_close(lossbook.smooth_l1_loss(X, Y, beta=0), lossbook.l1_loss(X, Y))


def test_huber_over_delta_tends_to_l1_as_delta_goes_to_zero():
    torch.testing.assert_close(lossbook.huber_loss(X, Y, delta=1e-9) / 1e-9, lossbook.l1_loss(X, Y))


# --- quantiles ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("q", [0.05, 0.5, 0.9])
def test_quantile_is_sklearns_pinball(q: float):
    weight = noise(200, seed=2).abs()
    for by, options in ((None, {}), (weight.numpy(), {"weight": weight})):
        expected = metrics.mean_pinball_loss(Y.numpy(), X.numpy(), alpha=q, sample_weight=by)
        assert lossbook.quantile_loss(X, Y, q=q, **options).item() == pytest.approx(expected, rel=1e-12)


def test_several_quantiles_are_each_by_itself():
    levels, columns, weight = (0.1, 0.5, 0.9), noise(200, 3, seed=3), noise(200, seed=2).abs()
    alone = [lossbook.quantile_loss(columns[:, k], Y, q=q, reduction="none") for k, q in enumerate(levels)]
    for q in (levels, list(levels), torch.tensor(levels, dtype=torch.float64)):
        assert torch.equal(lossbook.quantile_loss(columns, Y, q=q, reduction="none"), torch.stack(alone, 1))
        weighted = lossbook.quantile_loss(columns, Y, q=q, weight=weight)
        expected = [
            metrics.mean_pinball_loss(Y, columns[:, k], alpha=p, sample_weight=weight) for k, p in enumerate(levels)
        ]
        assert weighted.item() == pytest.approx(np.mean(expected), rel=1e-12)


def test_half_a_quantile_is_half_the_absolute_error_slope_and_kink_included():
    x = torch.cat([X, Y[:3]]).requires_grad_()
    y = torch.cat([Y, Y[:3]])
    losses = [lossbook.quantile_loss(x, y, reduction="sum"), lossbook.l1_loss(x, y, reduction="sum") / 2]
    torch.testing.assert_close(*losses)
    assert torch.equal(*(torch.autograd.grad(loss, x)[0] for loss in losses))


@pytest.mark.parametrize("q", [0.1, 0.5, 0.75])
def test_the_best_constant_of_a_quantile_leaves_its_share_below(q: float):
    """At a quantile the slopes of all targets cancel, and on both sides of it they do not."""
    targets = torch.arange(1, 40, dtype=torch.float64)  # 39 of them: a quantile is one of the targets
    best = torch.tensor(q * 39).ceil()
    costs = {c: lossbook.quantile_loss(torch.full_like(targets, c), targets, q=q) for c in range(1, 40)}
    assert min(costs, key=costs.get) == best
    for side in (-0.5, 0.5):
        pull = lossbook.quantile_slope(torch.full_like(targets, best.item() + side), targets, q=q).sum()
        assert pull * side > 0


def test_twice_the_mean_over_all_quantiles_is_the_continuous_ranked_probability_score():
    """Of a normal distribution its closed form is known: Gneiting, Raftery (2007), equation 21."""
    levels = (torch.arange(2000, dtype=torch.float64) + 0.5) / 2000
    normal = torch.distributions.Normal(torch.tensor(0.0).double(), torch.tensor(1.0).double())
    for y in (-1.0, 0.0, 2.0):
        target = torch.tensor(y).double()
        score = 2 * lossbook.quantile_loss(normal.icdf(levels), target, q=levels)
        known = y * (2 * normal.cdf(target) - 1) + 2 * normal.log_prob(target).exp() - 1 / math.sqrt(math.pi)
        assert score.item() == pytest.approx(known.item(), abs=1e-4)


def test_the_module_of_several_quantiles_carries_them():
    columns, levels = noise(200, 3, seed=3), torch.tensor([0.1, 0.5, 0.9])
    module = lossbook.QuantileLoss(q=levels, weight=noise(200, seed=2).abs(), reduction="sum")
    assert list(module.state_dict()) == ["weight", "q"]
    assert module.double().q.dtype == torch.float64
    for form in (module, pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
        expected = lossbook.quantile_loss(columns, Y, q=module.q, weight=module.weight, reduction="sum")
        assert torch.equal(form(columns, Y), expected)
    assert not lossbook.QuantileLoss(q=(0.1, 0.9)).state_dict()


# --- log-cosh -----------------------------------------------------------------------------------------------------


def test_log_cosh_is_numpys():
    expected = np.logaddexp((X - Y).numpy(), (Y - X).numpy()) - np.log(2)
    torch.testing.assert_close(lossbook.log_cosh_loss(X, Y, reduction="none"), torch.from_numpy(expected))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_log_cosh_far_off_is_the_error_less_log_2_and_pulls_by_1(dtype: torch.dtype):
    x = torch.tensor([1e4, -1e4], dtype=dtype, requires_grad=True)
    values = lossbook.log_cosh_loss(x, torch.zeros_like(x), reduction="none")
    assert torch.equal(values, (x.detach().double().abs() - math.log(2)).to(dtype))
    (slope,) = torch.autograd.grad(values.sum(), x, create_graph=True)
    assert slope.tolist() == [1, -1]
    assert torch.autograd.grad(slope.sum(), x)[0].tolist() == [0, 0]


def test_log_cosh_of_a_tiny_error_is_half_its_square_and_not_lost_to_rounding():
    """The usual formula, e + softplus(-2 e) - log 2, is 0 there, or negative."""
    for size, dtype in ((1e-6, torch.float32), (1e-9, torch.float64), (1e-3, torch.bfloat16)):
        x = torch.tensor([size], dtype=dtype)
        value = lossbook.log_cosh_loss(x, torch.zeros_like(x))
        torch.testing.assert_close(value, x.double().square().sum().div(2).to(dtype), rtol=1e-2, atol=0)
    lost = 1e-9 + F.softplus(torch.tensor(-2e-9).double()) - math.log(2)
    assert abs(lost.item() / 0.5e-18 - 1) > 0.5


def test_the_second_slope_of_log_cosh_is_1_minus_its_slope_squared():
    x = torch.cat([X, Y[:3], Y[:3] + 1]).requires_grad_()
    y = torch.cat([Y, Y[:3], Y[:3]])
    (slope,) = torch.autograd.grad(lossbook.log_cosh_loss(x, y, reduction="sum"), x, create_graph=True)
    (second,) = torch.autograd.grad(slope.sum(), x)
    torch.testing.assert_close(second, (1 - (x - y).tanh().square()).detach())


def test_log_cosh_lies_between_huber_and_its_own_limits():
    """Below half the square, below the absolute error, and less than log 2 under that."""
    values, error = lossbook.log_cosh_loss(X, Y, reduction="none"), (X - Y).abs()
    assert (values <= error.square() / 2).all()
    assert (values <= error).all()
    assert (values >= error - math.log(2)).all()


# --- asymmetric costs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("over", "under"), [(1.0, 1.0), (10.0, 1.0), (0.25, 3.0), (0.0, 2.0)])
@pytest.mark.parametrize("power", [1, 2])
def test_asymmetric_cost_is_a_loop_over_the_definition(over: float, under: float, power: int):
    errors = [x - y for x, y in zip(X.tolist(), Y.tolist(), strict=True)]
    expected = torch.tensor([over * max(e, 0) ** power + under * max(-e, 0) ** power for e in errors])
    result = lossbook.asymmetric_cost_loss(X, Y, over=over, under=under, power=power, reduction="none")
    torch.testing.assert_close(result, expected.double(), rtol=1e-6, atol=1e-6)


def test_equal_prices_are_the_absolute_and_the_squared_error():
    for power, loss in ((1, lossbook.l1_loss), (2, lossbook.mse_loss)):
        x = torch.cat([X, Y[:3]]).requires_grad_()
        y = torch.cat([Y, Y[:3]])
        ours, theirs = lossbook.asymmetric_cost_loss(x, y, power=power), loss(x, y)
        torch.testing.assert_close(ours, theirs)
        slopes = [torch.autograd.grad(value, x, create_graph=True)[0] for value in (ours, theirs)]
        torch.testing.assert_close(*slopes)
        if power == 2:
            torch.testing.assert_close(*(torch.autograd.grad(slope.square().sum(), x)[0] for slope in slopes))


@pytest.mark.parametrize(("over", "under"), [(1.0, 1.0), (10.0, 1.0), (0.25, 3.0)])
def test_asymmetric_cost_is_a_rescaled_quantile_loss(over: float, under: float):
    x = torch.cat([X, Y[:3]]).requires_grad_()
    y = torch.cat([Y, Y[:3]])
    costs = lossbook.asymmetric_cost_loss(x, y, over=over, under=under, reduction="none")
    pinball = (over + under) * lossbook.quantile_loss(x, y, q=under / (over + under), reduction="none")
    torch.testing.assert_close(costs, pinball)
    torch.testing.assert_close(*(torch.autograd.grad(value.sum(), x)[0] for value in (costs, pinball)))
    expected = (over + under) * metrics.mean_pinball_loss(Y, X, alpha=under / (over + under))
    assert costs[:200].mean().item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("over", "under"), [(1.0, 1.0), (10.0, 1.0), (0.25, 3.0)])
def test_the_best_constant_of_squared_costs_is_scipys_expectile(over: float, under: float):
    grid = torch.linspace(-3, 3, 6001, dtype=torch.float64)[:, None].expand(-1, 200)
    options = {"over": over, "under": under, "power": 2, "reduction": "none"}
    costs = lossbook.asymmetric_cost_loss(grid, Y.expand_as(grid), **options).mean(1)
    expected = scipy.stats.expectile(Y.numpy(), alpha=under / (over + under))
    assert grid[costs.argmin(), 0].item() == pytest.approx(expected, abs=1e-3)


# --- slopes -------------------------------------------------------------------------------------------------------

SLOPED = ("random", "wide", "joints", "equal", "large", "near", "columns", "columns-joints", "columns-K-dim")
SLOPES = [case for case in CASES if case.loss in LOSSES and case.name in SLOPED]


@pytest.mark.parametrize("case", SLOPES, ids=str)
def test_the_slope_is_autograds(case: Case):
    slope = getattr(lossbook, CATALOG[case.loss].slope)
    for trial in trials(case, (torch.float64, torch.float32)):
        if trial.reduction == "sum":
            arguments = trial.arguments()
            judges.same_slope(getattr(lossbook, case.loss), slope, arguments, case.options)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_slope_at_infinity_is_autograds(loss: str):
    (case,) = (case for case in CASES if case.loss == loss and case.name == "infinite" and not case.options)
    slope = getattr(lossbook, CATALOG[loss].slope)
    judges.same_slope(getattr(lossbook, loss), slope, case.arguments(torch.float64), {})


# --- facts of the catalog -----------------------------------------------------------------------------------------


def element(loss: str, error: float, **options: float) -> float:
    return getattr(lossbook, loss)(torch.tensor([error]).double(), torch.zeros(1).double(), **options).item()


@pytest.mark.parametrize("loss", LOSSES)
def test_range_symmetry_and_growth(loss: str):
    row = CATALOG[loss]
    assert element(loss, 0.0) == row.minimum
    errors = [0.0, *np.logspace(-6, 6, 49)]
    values = [element(loss, error) for error in errors]
    assert all(low < high for low, high in pairwise(values))
    assert values[-1] > 1e5
    assert row.maximum == math.inf
    assert [element(loss, -error) for error in errors] == values


def tanhs_cancel(data: torch.Tensor) -> float:
    return scipy.optimize.brentq(lambda m: np.tanh(m - data.numpy()).sum(), 0, 9)


@pytest.mark.parametrize("loss", LOSSES)
def test_best_constant(loss: str):
    """The best constant prediction, found by search, is the statistic that the catalog names."""
    data = torch.tensor([0.0, 0.1, 0.4, 2.0, 9.0], dtype=torch.float64)
    grid = torch.linspace(-1, 10, 11_001, dtype=torch.float64)
    costs = getattr(lossbook, loss)(grid[:, None].expand(-1, 5), data.expand(11_001, 5), reduction="none").mean(1)
    best = grid[costs.argmin()].item()
    expected = {
        "mean": data.mean(),
        "median": data.median(),
        # By hand, with a limit of 1: the clipped errors m, m - 0.1, m - 0.4, -1 and -1
        # add up to 3 m - 2.5.
        "where the clipped errors cancel": torch.tensor(2.5 / 3),
        "quantile at q": data.quantile(0.5),
        "quantile at under / (over + under)": data.quantile(0.5),
        "where the tanh of the errors cancels": torch.tensor(tanhs_cancel(data)),
    }[CATALOG[loss].best_constant]
    assert best == pytest.approx(expected.item(), abs=1e-3)


@pytest.mark.parametrize(
    ("loss", "with_weight"), [*product(("l1_loss", "mse_loss", "huber_loss", *OWN), (False, True))]
)
def test_the_divisor_of_the_mean(loss: str, with_weight: bool):
    """What the catalog says that ``mean`` divides by, read off as sum over mean."""
    row, f = CATALOG[loss], getattr(lossbook, loss)
    options = {"weight": noise(200, seed=2).abs()} if with_weight else {}
    divisor = (f(X, Y, reduction="sum", **options) / f(X, Y, reduction="mean", **options)).item()
    named = {"elements": 200.0, "sum of the weights": noise(200, seed=2).abs().sum().item()}
    assert divisor == pytest.approx(named[row.weighted_divisor if with_weight else row.divisor])


@pytest.mark.parametrize("loss", LOSSES)
def test_the_options_of_the_catalog_are_the_defaults(loss: str):
    defaults = judges.parameters(getattr(lossbook, loss))
    options = {name: default for name, default, _ in defaults if name not in ("input", "target", "reduction")}
    assert options == CATALOG[loss].options


# --- the Modules of losses that torch lacks -----------------------------------------------------------------------


@pytest.mark.parametrize(("loss", "options"), [
    ("quantile_loss", {"q": 0.9}),
    ("log_cosh_loss", {}),
    ("asymmetric_cost_loss", {"over": 3.0, "under": 0.5, "power": 2}),
])  # fmt: skip
def test_a_module_does_what_its_function_does(loss: str, options: dict):
    f, module = getattr(lossbook, loss), getattr(lossbook, CATALOG[loss].module)
    changed = options | {"weight": noise(200, seed=2).abs(), "reduction": "sum"}
    made = module(**changed)
    for form in (made, pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
        assert torch.equal(form(X, Y), f(X, Y, **changed))
    assert list(made.state_dict()) == ["weight"]
    assert torch.equal(module()(X, Y), f(X, Y))
    assert not module().state_dict()
    assert made.float()(X.float(), Y).dtype == torch.float32
    with pytest.raises(TypeError):
        module(0.5)
    later = module()
    for name, value in changed.items():
        setattr(later, name, value)
    assert torch.equal(later(X, Y), f(X, Y, **changed))


@pytest.mark.parametrize("loss", OWN)
def test_the_result_has_the_dtype_of_input_and_loses_no_digit_of_a_wider_target(loss: str):
    f, far = getattr(lossbook, loss), torch.tensor([1e8 + 0.25], dtype=torch.float64)
    value = f(torch.tensor([1e8]), far)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, f(torch.tensor([0.0]), torch.tensor([0.25])))


@pytest.mark.parametrize("loss", OWN)
def test_the_mean_of_nothing_is_nan_and_its_sum_0(loss: str):
    f, nothing = getattr(lossbook, loss), torch.zeros(0)
    assert f(nothing, nothing).isnan()
    assert f(nothing, nothing, reduction="sum") == 0
    assert f(torch.ones(3), torch.ones(3), weight=torch.zeros(3)).isnan()
