"""The losses for amounts, beside judges that are not torch: exact arithmetic, scipy, scikit-learn, identities."""

import math
from itertools import pairwise, product

import numpy as np
import pytest
import scipy.special
import torch
from sklearn import metrics

import lossbook
from lossbook.catalog import CATALOG
from tests.cases import CASES, Case, noise, trials
from tests.losses import judges

LOSSES = ("l1_loss", "mse_loss", "huber_loss", "smooth_l1_loss")
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


# --- slopes -------------------------------------------------------------------------------------------------------

SLOPES = [case for case in CASES if case.loss in LOSSES and case.name in ("random", "wide", "joints", "equal", "large")]


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
    }[CATALOG[loss].best_constant]
    assert best == pytest.approx(expected.item(), abs=1e-3)


@pytest.mark.parametrize(("loss", "with_weight"), [*product(("l1_loss", "mse_loss", "huber_loss"), (False, True))])
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
