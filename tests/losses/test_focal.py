"""The focal loss, beside its paper, its limits, and the definitions that other libraries have."""

import copy
import pickle

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import lossbook
from tests.cases import CASES, Case, noise, numbers, trials
from tests.losses import judges

X, YES = 3 * noise(200), (noise(200, seed=1) > 0.5).double()
SCORES, LABELS = 2 * noise(50, 4), torch.arange(50) % 4


# --- the paper ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
@pytest.mark.parametrize("alpha", [None, 0.25, 0.75])
def test_binary_focal_is_a_loop_over_equation_5(gamma: float, alpha: float | None):
    """-α_t (1 - p_t)^γ log p_t."""
    expected = []
    for p, yes in zip(X.sigmoid().tolist(), YES.tolist(), strict=True):
        p_t, alpha_t = (p, alpha) if yes else (1 - p, None if alpha is None else 1 - alpha)
        loss = -((1 - p_t) ** gamma) * torch.tensor(p_t).double().log().item()
        expected.append(loss if alpha is None else alpha_t * loss)
    result = lossbook.focal_loss(X, YES, gamma=gamma, alpha=alpha, reduction="none")
    torch.testing.assert_close(result, torch.tensor(expected, dtype=torch.float64))


def test_what_the_paper_says_of_gamma_2():
    """Section 3.2: at p_t = 0.9 the loss is 100 times lower than cross-entropy, at 0.968 about 1000 times."""
    for p, times, within in ((0.9, 100, 1e-9), (0.968, 1000, 0.03), (0.5, 4, 1e-9)):
        x = numbers(p).logit()
        plain, faded = (lossbook.focal_loss(x, numbers(1), gamma=gamma) for gamma in (0, 2))
        assert (plain / faded).item() == pytest.approx(times, rel=within)


def test_the_papers_normaliser_is_the_number_of_yeses():
    summed = lossbook.focal_loss(X, YES, alpha=0.25, reduction="sum")
    assert (summed / YES.sum() / lossbook.focal_loss(X, YES, alpha=0.25)).item() == pytest.approx(
        200 / YES.sum().item()
    )


# --- limits and identities ----------------------------------------------------------------------------------------


def test_gamma_0_is_cross_entropy():
    assert torch.equal(
        lossbook.focal_loss(X, YES, gamma=0, reduction="none"),
        lossbook.binary_cross_entropy_with_logits(X, YES, reduction="none"),
    )
    mixed = noise(200, seed=2).sigmoid()
    for ours, theirs in (
        (lossbook.focal_loss(X, mixed, gamma=0), F.binary_cross_entropy_with_logits(X, mixed)),
        (lossbook.focal_loss(SCORES, LABELS, gamma=0), F.cross_entropy(SCORES, LABELS)),
        (lossbook.focal_loss(SCORES, LABELS, gamma=0, ignore_index=2), F.cross_entropy(SCORES, LABELS, ignore_index=2)),
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)


def test_alpha_weights_the_classes_and_not_the_divisor():
    alpha = torch.tensor([0.5, 1.0, 2.0, 0.25], dtype=torch.float64)
    plain = lossbook.focal_loss(SCORES, LABELS, reduction="none")
    torch.testing.assert_close(lossbook.focal_loss(SCORES, LABELS, alpha=alpha), (plain * alpha[LABELS]).mean())
    summed = F.cross_entropy(SCORES, LABELS, alpha, reduction="sum")
    torch.testing.assert_close(lossbook.focal_loss(SCORES, LABELS, gamma=0, alpha=alpha, reduction="sum"), summed)


def test_half_an_alpha_is_half_the_loss():
    torch.testing.assert_close(lossbook.focal_loss(X, YES, alpha=0.5), lossbook.focal_loss(X, YES) / 2)


def test_two_classes_are_yes_or_no():
    two = torch.stack([torch.zeros_like(X), X], 1)
    torch.testing.assert_close(lossbook.focal_loss(two, YES.long()), lossbook.focal_loss(X, YES), rtol=1e-12, atol=0)
    alpha = torch.tensor([0.75, 0.25], dtype=torch.float64)
    both = lossbook.focal_loss(two, YES.long(), alpha=alpha), lossbook.focal_loss(X, YES, alpha=0.25)
    torch.testing.assert_close(*both, rtol=1e-12, atol=0)


def test_a_model_of_one_number_is_less_sure_than_it_should_be():
    """The best constant of cross-entropy is the share of yes; that of the focal loss is nearer to a half."""
    answers, grid = numbers(*[1] * 9, 0), torch.linspace(-6, 6, 12001, dtype=torch.float64)[:, None].expand(-1, 10)
    best = {}
    for gamma in (0.0, 2.0):
        costs = lossbook.focal_loss(grid, answers.expand_as(grid), gamma=gamma, reduction="none").mean(1)
        best[gamma] = grid[costs.argmin(), 0].sigmoid().item()
    assert best[0.0] == pytest.approx(0.9, abs=1e-3)
    assert 0.6 < best[2.0] < 0.75


def test_what_is_ignored_costs_and_counts_nothing_and_moves_nothing():
    x = torch.tensor([1.0, torch.inf, torch.nan], requires_grad=True)
    y = torch.tensor([1.0, -100.0, -100.0])
    value = lossbook.focal_loss(x, y)
    torch.testing.assert_close(value, lossbook.focal_loss(x[:1], y[:1]))
    assert torch.autograd.grad(value, x)[0][1:].tolist() == [0, 0]
    assert lossbook.focal_loss(x, torch.full((3,), -100.0)).isnan()
    assert lossbook.focal_loss(SCORES, torch.full((50,), -100), reduction="sum") == 0


# --- far scores ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0, 1.7, 2.0, 5.0])
def test_far_scores_have_their_value_slope_and_second_slope(gamma: float, dtype: torch.dtype):
    """Of a sure right answer 0, 0 and 0; of a sure wrong one the score, a slope of 1, and no curvature."""
    x = torch.tensor([1e4, -1e4, 3e4, -3e4], dtype=dtype)
    for yes in (1.0, 0.0):
        side = 2 * yes - 1
        leaf = (side * x).requires_grad_()
        values = lossbook.focal_loss(leaf, torch.full_like(x, yes), gamma=gamma, reduction="none")
        (slope,) = torch.autograd.grad(values.sum(), leaf, create_graph=True)
        (second,) = torch.autograd.grad(slope.sum(), leaf)
        assert values.tolist() == [0, x[0].item(), 0, x[2].item()]
        assert (side * slope).tolist() == [0, -1, 0, -1]
        assert second.tolist() == [0, 0, 0, 0]
        two = torch.stack([leaf, torch.zeros_like(leaf)], 1)
        label = torch.full((4,), int(1 - yes))
        values = lossbook.focal_loss(two, label, gamma=gamma, reduction="none")
        (slope,) = torch.autograd.grad(values.sum(), leaf, create_graph=True)
        (second,) = torch.autograd.grad(slope.sum(), leaf)
        assert (values.tolist(), second.tolist()) == ([0, x[0].item(), 0, x[2].item()], [0, 0, 0, 0])


def test_a_power_of_a_rounded_chance_loses_what_the_logarithm_keeps():
    x = torch.tensor([30.0], requires_grad=True)
    kept = lossbook.focal_loss(x, torch.ones(1), gamma=0.5)
    assert kept.item() == pytest.approx(lossbook.focal_loss(x.double(), torch.ones(1), gamma=0.5).item(), rel=1e-5)
    assert kept > 0
    assert (1 - x.sigmoid()) ** 0.5 == 0


# --- four definitions under one name ------------------------------------------------------------------------------

MAP, MASK = 2 * noise(2, 3, 4, 4, seed=5), torch.randint(3, (2, 4, 4), generator=torch.Generator().manual_seed(0))


def torchvisions(x: Tensor, y: Tensor, alpha: float = 0.25, gamma: float = 2) -> Tensor:
    """``torchvision.ops.sigmoid_focal_loss``, the mean; kornia's binary one is the same. smp and MONAI: no alpha."""
    p, ce = x.sigmoid(), F.binary_cross_entropy_with_logits(x, y, reduction="none")
    loss = ce * (1 - p * y - (1 - p) * (1 - y)) ** gamma
    return ((alpha * y + (1 - alpha) * (1 - y)) * loss if alpha >= 0 else loss).mean()


def of_maps(x: Tensor, y: Tensor, alpha: float = 0.25, gamma: float = 2) -> Tensor:
    """MONAI's and kornia's of several classes: a map (N, C, …), 0 but at the true class, whose mean divides by C too.

    The first class counts as background: its factor is 1 - alpha.
    """
    log_p = x.log_softmax(1)
    hot = F.one_hot(y, x.shape[1]).movedim(-1, 1)
    factors = torch.tensor([1 - alpha] + [alpha] * (x.shape[1] - 1), dtype=x.dtype).view(1, -1, 1, 1)
    return (-factors * (1 - log_p.exp()) ** gamma * log_p * hot).mean()


def of_binaries(x: Tensor, y: Tensor, alpha: float = 0.25) -> Tensor:
    """smp's of several classes: a binary loss of each class, the means added up."""
    return sum(torchvisions(x[:, c], (y == c).to(x), alpha) for c in range(x.shape[1]))


def test_ours_is_torchvisions_binary_one():
    for target in (YES, noise(200, seed=2).sigmoid()):
        for alpha in (0.25, 0.9):
            expected = torchvisions(X, target, alpha)
            torch.testing.assert_close(lossbook.focal_loss(X, target, alpha=alpha), expected, rtol=1e-10, atol=0)
        torch.testing.assert_close(lossbook.focal_loss(X, target), torchvisions(X, target, -1), rtol=1e-10, atol=0)


def test_ours_is_the_softmax_one_and_the_others_are_told_apart():
    ours = lossbook.focal_loss(MAP, MASK)
    p = MAP.softmax(1).gather(1, MASK[:, None])[:, 0]
    torch.testing.assert_close(ours, (-((1 - p) ** 2) * p.log()).mean())
    background_first = torch.tensor([0.75, 0.25, 0.25], dtype=torch.float64)
    with_alpha = lossbook.focal_loss(MAP, MASK, alpha=background_first)
    torch.testing.assert_close(of_maps(MAP, MASK), with_alpha / 3)
    hot = F.one_hot(MASK, 3).movedim(-1, 1).double()
    torch.testing.assert_close(of_binaries(MAP, MASK), 3 * lossbook.focal_loss(MAP, hot, alpha=0.25))
    found = [ours, with_alpha, of_maps(MAP, MASK), of_binaries(MAP, MASK)]
    assert len({round(it.item(), 3) for it in found}) == 4


# --- form ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [case for case in CASES if case.loss == "focal_loss" and case.exact], ids=str)
def test_the_slope_is_autograds(case: Case):
    for trial in trials(case, (torch.float64, torch.float32)):
        if trial.reduction == "sum":
            judges.same_slope(lossbook.focal_loss, lossbook.focal_slope, trial.arguments(), case.options)


def test_the_slope_of_what_is_ignored_is_0():
    slope = lossbook.focal_slope(numbers(1, torch.inf), numbers(1, -100))
    assert slope[1] == 0
    assert not lossbook.focal_slope(SCORES, torch.full((50,), -100), alpha=torch.ones(4)).any()


def test_the_module_does_what_the_function_does():
    weight, alpha = noise(50, seed=2).abs(), torch.tensor([0.5, 1.0, 2.0, 0.25], dtype=torch.float64)
    options = {"gamma": 1.5, "alpha": alpha, "ignore_index": 3, "weight": weight, "reduction": "sum"}
    module = lossbook.FocalLoss(**options)
    for form in (module, pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
        assert torch.equal(form(SCORES, LABELS), lossbook.focal_loss(SCORES, LABELS, **options))
    assert list(module.state_dict()) == ["weight", "alpha"]
    assert not lossbook.FocalLoss(alpha=0.25).state_dict()
    assert torch.equal(lossbook.FocalLoss()(X, YES), lossbook.focal_loss(X, YES))
    assert module.float()(SCORES.float(), LABELS).dtype == torch.float32
    with pytest.raises(TypeError):
        lossbook.FocalLoss(2.0)
    later = lossbook.FocalLoss()
    for name, value in options.items():
        setattr(later, name, value)
    assert torch.equal(later(SCORES, LABELS), lossbook.focal_loss(SCORES, LABELS, **options))


def test_values_are_read_below_every_transform():
    per_row = torch.func.vmap(lossbook.focal_loss)(X.reshape(20, 10), YES.reshape(20, 10))
    torch.testing.assert_close(per_row.mean(), lossbook.focal_loss(X, YES))
    with pytest.raises(ValueError, match="from 0 to 1"):
        torch.func.vmap(lossbook.focal_loss)(X, 2 * YES)
    meta = torch.zeros(3, device="meta")
    assert lossbook.focal_loss(meta, 2 + meta).device.type == "meta"
