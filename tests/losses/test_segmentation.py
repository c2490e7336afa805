"""The losses for masks, beside loops over the definition, counts of overlap, and what others say of empty masks."""

import copy
import pickle

import pytest
import torch
import torch.nn.functional as F
from sklearn import metrics
from torch import Tensor

import lossbook
from tests.cases import CASES, Case, noise, numbers, trials
from tests.losses import judges

SCORES = 2 * noise(3, 4, 5, 6)
LABELS = torch.randint(4, (3, 5, 6), generator=torch.Generator().manual_seed(0))
HOT = F.one_hot(LABELS, 4).movedim(-1, 1).double()


def looped(p: Tensor, g: Tensor, smooth: float) -> Tensor:
    """1 - (2 Σ p g + s) / (Σ p + Σ g + s), place by place."""
    values = torch.zeros(p.shape[:2], dtype=p.dtype)
    for n in range(p.shape[0]):
        for c in range(p.shape[1]):
            pairs = list(zip(p[n, c].flatten().tolist(), g[n, c].flatten().tolist(), strict=True))
            both, either = sum(a * b for a, b in pairs), sum(a + b for a, b in pairs)
            values[n, c] = 1 - (2 * both + smooth) / (either + smooth)
    return values


@pytest.mark.parametrize("smooth", [1e-5, 1.0])
def test_dice_is_a_loop_over_the_definition(smooth: float):
    for target, p, g in ((LABELS, SCORES.softmax(1), HOT), (HOT, SCORES.sigmoid(), HOT)):
        result = lossbook.dice_loss(SCORES, target, smooth=smooth, reduction="none")
        torch.testing.assert_close(result, looped(p, g, smooth))


def test_dice_of_sure_scores_is_1_less_sklearns_f1():
    sure = torch.where(noise(1, 1, 40, seed=3) > 0, 100.0, -100.0)
    truth = (noise(1, 1, 40, seed=4) > 0).double()
    f1 = metrics.f1_score(truth.flatten(), sure.flatten() > 0)
    assert lossbook.dice_loss(sure, truth, smooth=0).item() == pytest.approx(1 - f1, rel=1e-6)


def test_each_sample_and_class_is_a_mask_of_its_own():
    whole = lossbook.dice_loss(SCORES, LABELS, reduction="none")
    assert whole.shape == (3, 4)
    for n in range(3):
        torch.testing.assert_close(lossbook.dice_loss(SCORES[n : n + 1], LABELS[n : n + 1]), whole[n].mean())
    weight = numbers(0, 1, 2, 0.5)
    torch.testing.assert_close(lossbook.dice_loss(SCORES, LABELS, weight=weight), (whole * weight).sum() / (3 * 3.5))


def test_one_mask_may_come_in_any_form():
    x, truth = SCORES[:, :1], LABELS > 1
    forms = (truth, truth.long(), truth.float(), truth.double(), truth.byte())
    values = {lossbook.dice_loss(x, y).item() for form in forms for y in (form, form.unsqueeze(1))}
    assert len(values) == 1


def test_two_classes_are_a_mask_and_its_rest():
    x = SCORES[:, :1]
    two, truth = torch.cat([torch.zeros_like(x), x], 1), LABELS > 1
    both = lossbook.dice_loss(two, truth.long(), reduction="none")
    torch.testing.assert_close(both[:, 1:], lossbook.dice_loss(x, truth, reduction="none"))
    torch.testing.assert_close(both[:, :1], lossbook.dice_loss(-x, ~truth, reduction="none"))


def test_dice_with_much_smoothing_is_the_distance_of_the_chances():
    p = SCORES.sigmoid()
    much = 1e6 * lossbook.dice_loss(SCORES, HOT, smooth=1e6, reduction="sum")
    torch.testing.assert_close(much, F.l1_loss(p, HOT, reduction="sum"), rtol=1e-4, atol=0)


def test_the_paper_squares_and_we_do_not():
    """Milletari et al., section 3; of sure scores the two are one number."""
    p = SCORES.sigmoid()
    squared = 1 - 2 * (p * HOT).sum((2, 3)) / (p.square() + HOT.square()).sum((2, 3))
    ours = lossbook.dice_loss(SCORES, HOT, smooth=0, reduction="none")
    assert ((ours - squared).abs() > 1e-3).all()
    sure = 1000 * SCORES.sign()
    p = sure.sigmoid()
    squared = 1 - 2 * (p * HOT).sum((2, 3)) / (p.square() + HOT.square()).sum((2, 3))
    torch.testing.assert_close(lossbook.dice_loss(sure, HOT, smooth=0, reduction="none"), squared)


# --- empty masks --------------------------------------------------------------------------------------------------

NOTHING = torch.zeros(1, 1, 4, 4, dtype=torch.float64)


def scored(score: float, **options) -> tuple[float, float]:
    """The loss of one score in 16 places where there is nothing, and the sum of the sizes of its slopes."""
    x = (NOTHING + score).requires_grad_()
    value = lossbook.dice_loss(x, NOTHING, **options)
    return value.item(), torch.autograd.grad(value, x)[0].abs().sum().item()


def test_an_empty_mask_gives_monais_numbers():
    """Measured with MONAI's DiceLoss(sigmoid=True) at its defaults: a right score of -8 and a wrong one of 8."""
    right, wrong = scored(-8), scored(8)
    assert f"{right[0]:.6f}" == "0.998140"
    assert 0.999999 < wrong[0] < 1
    assert f"{wrong[1]:.0e}" == "2e-10"


def test_an_empty_mask_costs_nothing_where_less_than_smooth_is_predicted_and_nearly_1_where_more():
    for score, smooth, expected in ((-40, 1e-5, 0.0), (8, 1e-5, 1.0), (-8, 1.0, 0.005337), (8, 1.0, 0.941158)):
        assert scored(score, smooth=smooth)[0] == pytest.approx(expected, abs=1e-6)
    assert scored(0, smooth=1.0)[1] > 0.04
    assert scored(0)[1] < 1e-6
    assert torch.tensor(scored(-1e4, smooth=0)[0]).isnan()


def test_a_full_mask_that_is_missed_has_hardly_a_slope_either():
    """What is sure and wrong does not learn: p (1 - p) is 0. Cross-entropy has a slope of 1 there."""
    x = (NOTHING - 20).requires_grad_()
    value = lossbook.dice_loss(x, NOTHING + 1)
    (slope,) = torch.autograd.grad(value, x)
    assert value > 0.999
    assert slope.abs().max() < 1e-8
    crossed = F.binary_cross_entropy_with_logits(x, NOTHING + 1, reduction="sum")
    assert torch.autograd.grad(crossed, x)[0].abs().min() > 0.999


# --- places that do not count -------------------------------------------------------------------------------------


def test_what_is_ignored_counts_for_no_mask_and_moves_nothing():
    labels = LABELS.clone()
    labels[:, :2] = 255
    x = SCORES.clone()
    x[:, :, :2] = torch.nan
    x.requires_grad_()
    value = lossbook.dice_loss(x, labels, ignore_index=255)
    torch.testing.assert_close(value, lossbook.dice_loss(SCORES[:, :, 2:], LABELS[:, 2:]))
    (slope,) = torch.autograd.grad(value, x)
    assert not slope[:, :, :2].any()
    assert slope[:, :, 2:].all()
    masks = HOT.clone()
    masks[:, :, :2] = 255
    value = lossbook.dice_loss(x, masks, ignore_index=255)
    torch.testing.assert_close(value, lossbook.dice_loss(SCORES[:, :, 2:], HOT[:, :, 2:]))


def test_all_ignored_is_an_empty_mask_found():
    assert lossbook.dice_loss(SCORES, torch.full_like(LABELS, 255), ignore_index=255) == 0


# --- form ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [c for c in CASES if c.loss == "dice_loss" and "weight" not in c.tensors], ids=str)
def test_the_slope_is_autograds(case: Case):
    for trial in trials(case, (torch.float64, torch.float32)):
        if trial.reduction == "sum" and case.name not in ("no-samples", "no-places"):
            judges.same_slope(lossbook.dice_loss, lossbook.dice_slope, trial.arguments(), case.options)


def test_the_module_does_what_the_function_does():
    options = {"smooth": 0.5, "ignore_index": 1, "weight": numbers(0.5, 1, 2, 1), "reduction": "sum"}
    module = lossbook.DiceLoss(**options)
    for form in (module, pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
        assert torch.equal(form(SCORES, LABELS), lossbook.dice_loss(SCORES, LABELS, **options))
    assert list(module.state_dict()) == ["weight"]
    assert torch.equal(lossbook.DiceLoss()(SCORES, LABELS), lossbook.dice_loss(SCORES, LABELS))
    assert module.float()(SCORES.float(), LABELS).dtype == torch.float32
    with pytest.raises(TypeError):
        lossbook.DiceLoss(1.0)
    later = lossbook.DiceLoss()
    for name, value in options.items():
        setattr(later, name, value)
    assert torch.equal(later(SCORES, LABELS), lossbook.dice_loss(SCORES, LABELS, **options))


def test_no_masks_have_no_mean():
    assert lossbook.dice_loss(SCORES[:0], LABELS[:0]).isnan()
    assert lossbook.dice_loss(SCORES[:0], LABELS[:0], reduction="sum") == 0
