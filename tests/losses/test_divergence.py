"""The divergence beside judges that are not torch: scipy, identities, brute force."""

import copy
import itertools
import math
import pickle

import pytest
import scipy.special
import scipy.stats
import torch
import torch.nn.functional as F

import lossbook
from lossbook.catalog import CATALOG
from lossbook.losses import divergence, stable
from tests.cases import CASES, Case, noise, numbers, trials
from tests.losses import judges

LOG_P = stable.log_softmax(2 * noise(50, 6), -1)
LOG_Q = stable.log_softmax(2 * noise(50, 6, seed=1), -1)
P, Q = LOG_P.exp(), LOG_Q.exp()


# --- libraries ----------------------------------------------------------------------------------------------------


def test_scipys_relative_entropy():
    """scipy takes the true distribution first, and probabilities; rel_entr is 0 where the true one is."""
    expected = torch.from_numpy(scipy.special.rel_entr(P.numpy(), Q.numpy()))
    torch.testing.assert_close(lossbook.kl_div(LOG_Q, P, reduction="none"), expected)
    torch.testing.assert_close(lossbook.kl_div(LOG_Q, LOG_P, reduction="none", log_target=True), expected)
    with_zeros = torch.where(P < 0.1, 0.0, P)
    expected = torch.from_numpy(scipy.special.rel_entr(with_zeros.numpy(), Q.numpy()))
    torch.testing.assert_close(lossbook.kl_div(LOG_Q, with_zeros, reduction="none"), expected)


def test_scipys_entropy_of_two_distributions():
    expected = scipy.stats.entropy(P.numpy(), Q.numpy(), axis=1).mean()
    assert lossbook.kl_div(LOG_Q, P, reduction="batchmean").item() == pytest.approx(expected, rel=1e-12)


# --- identities ---------------------------------------------------------------------------------------------------


def test_the_divergence_is_never_negative_and_zero_for_equals_alone():
    each = lossbook.kl_div(LOG_Q, P, reduction="none").sum(1)
    assert (each > 0).all()
    assert lossbook.kl_div(LOG_P, P, reduction="none").abs().max() < 1e-15
    assert lossbook.kl_div(LOG_Q, P, reduction="none").min() < 0


def test_it_is_cross_entropy_less_entropy():
    cross, own = -(P * LOG_Q).sum(1), -(P * LOG_P).sum(1)
    torch.testing.assert_close(lossbook.kl_div(LOG_Q, P, reduction="none").sum(1), cross - own)


def test_the_two_directions_differ():
    there, back = (lossbook.kl_div(*pair, reduction="batchmean") for pair in ((LOG_Q, P), (LOG_P, Q)))
    assert abs(there - back) > 0.01


def test_a_certain_target_costs_the_surprise_at_it():
    certain = torch.eye(6, dtype=torch.float64)
    torch.testing.assert_close(lossbook.kl_div(LOG_Q[:6], certain, reduction="batchmean"), -LOG_Q[:6].diagonal().mean())


def test_a_target_of_zero_costs_nothing_unless_the_prediction_is_zero_too():
    """As in torch: 0 times infinity is nan, where the limit would be 0."""
    x, zero = numbers(-1, -700, 3, -math.inf), torch.zeros(4).double()
    for loss in (lossbook.kl_div, F.kl_div):
        values = loss(x, zero, reduction="none")
        assert not values[:3].any()
        assert values[3].isnan()
        assert loss(zero, zero - math.inf, reduction="none", log_target=True).isnan().all()


def test_x_log_x():
    x = numbers(0, -0.0, 1, 2, 1e-300, math.inf)
    torch.testing.assert_close(divergence.xlogx(x), torch.from_numpy(scipy.special.xlogy(x.numpy(), x.numpy())))
    assert divergence.xlogx(numbers(-1, math.nan)).isnan().all()


# --- slopes -------------------------------------------------------------------------------------------------------

NAMES = ("random", "wide", "no-distributions", "nan-slope-at-no-chance", "infinite", "large")
SLOPES = [case for case in CASES if case.loss == "kl_div" and case.name in NAMES]


@pytest.mark.parametrize("case", SLOPES, ids=str)
def test_the_slope_is_autograds(case: Case):
    for trial in trials(case, (torch.float64,)):
        if trial.reduction == "sum":
            judges.same_slope(lossbook.kl_div, lossbook.kl_div_slope, trial.arguments(), case.options)


@pytest.mark.parametrize("log_target", [False, True])
def test_on_scores_the_pull_is_softmax_minus_target(log_target: bool):
    scores = noise(50, 6, seed=2).requires_grad_()
    target = LOG_P if log_target else P
    loss = lossbook.kl_div(stable.log_softmax(scores, -1), target, reduction="sum", log_target=log_target)
    (pull,) = torch.autograd.grad(loss, scores)
    torch.testing.assert_close(pull, stable.log_softmax(scores.detach(), -1).exp() - P)


# --- reductions ---------------------------------------------------------------------------------------------------


def test_what_each_mean_divides_by():
    total = lossbook.kl_div(LOG_Q, P, reduction="sum")
    for reduction, divisor in (("mean", 300), ("batchmean", 50)):
        value = judges.quiet(lossbook.kl_div, LOG_Q, P, reduction=reduction)
        torch.testing.assert_close(value, total / divisor)
    assert CATALOG["kl_div"].divisor == "elements"
    assert CATALOG["kl_div"].reductions == ("none", "mean", "sum", "batchmean")


def test_a_batch_is_the_first_dimension_of_the_input_even_where_the_target_has_more():
    """So a vector without a batch is divided by its classes: torch does so."""
    x, many = LOG_Q[0], P[:10]
    for target in (P[0], many):
        mean = lossbook.kl_div(x, target, reduction="batchmean")
        torch.testing.assert_close(mean, lossbook.kl_div(x, target, reduction="sum") / 6)
        torch.testing.assert_close(mean, F.kl_div(x, target, reduction="batchmean"))
    one = lossbook.kl_div(x[0], P[0, 0], reduction="batchmean")
    torch.testing.assert_close(one, lossbook.kl_div(x[0], P[0, 0], reduction="sum"))


# --- dtypes, facts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("log_target", [False, True])
def test_every_pair_of_dtypes_with_and_without_dimensions(log_target: bool):
    dtypes = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool, torch.complex64)
    for first, second in itertools.product(dtypes, repeat=2):
        for shapes in itertools.product(((), (3,)), repeat=2):
            for reduction in ("none", "batchmean"):
                arguments = {
                    "input": torch.full(shapes[0], -1).to(first),
                    "target": torch.full(shapes[1], 3).to(second),
                }
                options = {"log_target": log_target, "reduction": reduction}
                judges.same_outcome(lossbook.kl_div, F.kl_div, arguments | options)


def test_the_least_value_of_one_element():
    """1/e with certainty: the prediction says 1, the truth is 1/e."""
    least = lossbook.kl_div(torch.zeros(1).double(), numbers(1 / math.e), reduction="sum").item()
    assert least == pytest.approx(CATALOG["kl_div"].minimum, rel=1e-12)
    grid = torch.linspace(0, 1, 1001, dtype=torch.float64)
    assert lossbook.kl_div(torch.zeros_like(grid), grid, reduction="none").min() >= least
    assert lossbook.kl_div(numbers(-1e6), numbers(1), reduction="sum") == 1e6


def test_the_best_constant_is_the_mean_distribution():
    mean = P.mean(0)
    best = lossbook.kl_div(mean.log().expand(50, 6), P, reduction="batchmean")
    for seed in range(5):
        other = stable.log_softmax(mean.log() + 0.1 * noise(6, seed=seed), -1)
        assert lossbook.kl_div(other.expand(50, 6), P, reduction="batchmean") > best


def test_the_options_of_the_catalog_are_the_defaults():
    defaults = judges.parameters(lossbook.kl_div)
    options = {name: default for name, default, _ in defaults if name not in ("input", "target", "reduction")}
    assert options == CATALOG["kl_div"].options


# --- distillation -------------------------------------------------------------------------------------------------

STUDENT, TEACHER = 2 * noise(20, 5), 3 * noise(20, 5, seed=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 10.0])
def test_distillation_is_scipys_divergence_of_softened_chances(temperature: float):
    p, q = (scipy.special.softmax(scores.numpy() / temperature, axis=1) for scores in (STUDENT, TEACHER))
    expected = temperature**2 * scipy.special.rel_entr(q, p).sum(1)
    result = lossbook.distillation_loss(STUDENT, TEACHER, temperature=temperature, reduction="none")
    torch.testing.assert_close(result, torch.from_numpy(expected))


def test_distillation_at_temperature_1_is_kl_div():
    expected = lossbook.kl_div(STUDENT.log_softmax(1), TEACHER.softmax(1), reduction="batchmean")
    torch.testing.assert_close(lossbook.distillation_loss(STUDENT, TEACHER, temperature=1), expected)


def test_a_hot_slope_is_the_difference_of_centred_scores():
    """Hinton et al., equation 4: (x - z) / C with scores that are zero on average, if the factor T² is there."""
    x = STUDENT.clone().requires_grad_()
    limit = (STUDENT - STUDENT.mean(1, keepdim=True) - TEACHER + TEACHER.mean(1, keepdim=True)) / 5
    gaps = []
    for temperature in (1e2, 1e4, 1e6):
        (slope,) = torch.autograd.grad(
            lossbook.distillation_loss(x, TEACHER, temperature=temperature, reduction="sum"), x
        )
        gaps.append((slope - limit).abs().max().item())
    assert gaps[0] < 0.3
    assert gaps[1] < 3e-3
    assert gaps[2] < 3e-5


def test_a_hot_distillation_is_half_a_mean_squared_error_of_centred_scores():
    centred = (STUDENT - TEACHER) - (STUDENT - TEACHER).mean(1, keepdim=True)
    hot = lossbook.distillation_loss(STUDENT, TEACHER, temperature=1e4)
    torch.testing.assert_close(hot, centred.square().mean() / 2, rtol=1e-3, atol=0)


def test_distillation_is_cross_entropy_less_what_the_teacher_knows():
    q = TEACHER.softmax(1)
    apart = F.cross_entropy(STUDENT, q) + (q * q.log()).sum(1).mean()
    torch.testing.assert_close(lossbook.distillation_loss(STUDENT, TEACHER, temperature=1.0), apart)


def test_distillation_is_0_for_equals_and_blind_to_a_shift():
    assert not lossbook.distillation_loss(STUDENT, STUDENT, reduction="none").any()
    moved = lossbook.distillation_loss(STUDENT + 7, TEACHER - 3)
    torch.testing.assert_close(moved, lossbook.distillation_loss(STUDENT, TEACHER))


def test_the_teacher_moves_unless_detached():
    x, z = STUDENT.clone().requires_grad_(), TEACHER.clone().requires_grad_()
    moved = torch.autograd.grad(lossbook.distillation_loss(x, z), (x, z))
    assert all(it.any() for it in moved)
    only = torch.autograd.grad(lossbook.distillation_loss(x, z.detach()), (x, z), allow_unused=True)
    assert only[1] is None
    assert torch.equal(only[0], moved[0])


def test_a_class_that_the_teacher_rules_out_costs_nothing():
    z = TEACHER.clone()
    z[:, 2] = -torch.inf
    for scores, with_class in ((STUDENT, 5), (STUDENT.index_fill(1, torch.tensor(2), -torch.inf), 4)):
        x = scores.clone().requires_grad_()
        value = lossbook.distillation_loss(x, z)
        (slope,) = torch.autograd.grad(value, x)
        assert value.isfinite()
        assert slope.isfinite().all()
        assert (slope.abs().amax(0) > 0).sum() == with_class


def test_a_temperature_may_be_learned():
    module = lossbook.DistillationLoss(temperature=torch.nn.Parameter(torch.tensor(3.0)))
    assert [name for name, _ in module.named_parameters()] == ["temperature"]
    module(STUDENT, TEACHER).backward()
    assert module.temperature.grad.isfinite()
    torch.testing.assert_close(module(STUDENT, TEACHER), lossbook.distillation_loss(STUDENT, TEACHER, temperature=3.0))
    assert list(lossbook.DistillationLoss(temperature=torch.tensor(3.0)).state_dict()) == ["temperature"]


def test_the_module_of_distillation_does_what_the_function_does():
    options = {"temperature": 3.0, "weight": noise(20, seed=2).abs(), "reduction": "sum"}
    module = lossbook.DistillationLoss(**options)
    for form in (module, pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
        assert torch.equal(form(STUDENT, TEACHER), lossbook.distillation_loss(STUDENT, TEACHER, **options))
    assert list(module.state_dict()) == ["weight"]
    assert torch.equal(lossbook.DistillationLoss()(STUDENT, TEACHER), lossbook.distillation_loss(STUDENT, TEACHER))
    later = lossbook.DistillationLoss()
    for name, value in options.items():
        setattr(later, name, value)
    assert torch.equal(later(STUDENT, TEACHER), lossbook.distillation_loss(STUDENT, TEACHER, **options))


@pytest.mark.parametrize("case", [c for c in CASES if c.loss == "distillation_loss" and c.exact], ids=str)
def test_the_slope_of_distillation_is_autograds(case: Case):
    for trial in trials(case, (torch.float64, torch.float32)):
        if trial.reduction == "sum":
            judges.same_slope(lossbook.distillation_loss, lossbook.distillation_slope, trial.arguments(), case.options)
