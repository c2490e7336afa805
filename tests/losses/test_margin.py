"""The losses with a margin, beside judges that are not torch's: scipy, scikit-learn, loops over the definition."""

import copy
import pickle

import pytest
import scipy.special
import torch
import torch.nn.functional as F
from sklearn import metrics

import lossbook
from lossbook.catalog import CATALOG
from tests.cases import CASES, Case, noise, trials
from tests.losses import judges

LOSSES = ("hinge_loss", "soft_margin_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss")
X, Y = 3 * noise(200), noise(200, seed=1).sign()


# --- hinge --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("margin", [1.0, 0.4, 0.0, -2.0])
def test_hinge_is_sklearns(margin: float):
    """Which knows the margin 1 alone: another one moves the scores towards it."""
    weight = noise(200, seed=2).abs()
    for by, options in ((None, {}), (weight.numpy(), {"weight": weight})):
        expected = metrics.hinge_loss(Y.numpy(), (X + Y * (1 - margin)).numpy(), sample_weight=by)
        assert lossbook.hinge_loss(X, Y, margin=margin, **options).item() == pytest.approx(expected, rel=1e-12)


def test_hinge_is_a_loop_over_the_definition():
    expected = [max(0.0, 0.4 - (x if y > 0 else -x)) for x, y in zip(X.tolist(), Y.tolist(), strict=True)]
    result = lossbook.hinge_loss(X, Y, margin=0.4, reduction="none")
    torch.testing.assert_close(result, torch.tensor(expected, dtype=torch.float64))


def test_the_margin_of_the_hinge_is_a_unit_of_the_scores():
    torch.testing.assert_close(lossbook.hinge_loss(X, Y, margin=7.0), 7 * lossbook.hinge_loss(X / 7, Y))


def test_hinge_is_twice_multi_margin_with_a_first_score_of_zero():
    two = torch.stack([torch.zeros(200, dtype=torch.float64), X], dim=1)
    both = lossbook.multi_margin_loss(two, (Y > 0).long(), reduction="none")
    torch.testing.assert_close(lossbook.hinge_loss(X, Y, reduction="none"), 2 * both)


def test_hinge_is_no_hinge_embedding():
    """Of 1, that is the score itself, and of −1 it wants it large."""
    x = torch.tensor([-2.0, -0.5, 0.5, 2.0])
    assert lossbook.hinge_loss(x, torch.ones(4), reduction="none").tolist() == [3, 1.5, 0.5, 0]
    assert torch.equal(F.hinge_embedding_loss(x, torch.ones(4), reduction="none"), x)
    ours = lossbook.hinge_loss(x, torch.ones(4), reduction="none")
    assert torch.equal(F.hinge_embedding_loss(x, -torch.ones(4), reduction="none"), ours)


def test_hinge_lies_above_the_count_of_errors_and_pulls_to_the_right_side_at_zero():
    """Convex besides, this is what makes its best score fall on the side of the more probable answer."""
    values = lossbook.hinge_loss(X, Y, reduction="none")
    assert (values >= (X * Y <= 0).double()).all()
    for y in (1.0, -1.0):
        assert lossbook.hinge_slope(torch.zeros(1), torch.tensor([y])) * y < 0


def test_the_module_of_the_hinge_does_what_the_function_does():
    weight = noise(200, seed=2).abs()
    options = {"margin": 0.4, "weight": weight, "reduction": "sum"}
    module = lossbook.HingeLoss(**options)
    for form in (module, pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
        assert torch.equal(form(X, Y), lossbook.hinge_loss(X, Y, **options))
    assert torch.equal(lossbook.HingeLoss()(X, Y), lossbook.hinge_loss(X, Y))
    assert list(module.state_dict()) == ["weight"]
    assert not lossbook.HingeLoss().state_dict()
    assert module.float()(X.float(), Y).dtype == torch.float32
    with pytest.raises(TypeError):
        lossbook.HingeLoss(1.0)
    later = lossbook.HingeLoss()
    later.margin, later.reduction = 0.4, "sum"
    assert torch.equal(later(X, Y), lossbook.hinge_loss(X, Y, margin=0.4, reduction="sum"))


def test_labels_are_read_below_every_transform():
    per_row = torch.func.vmap(lossbook.hinge_loss)(X.reshape(20, 10), Y.reshape(20, 10))
    torch.testing.assert_close(per_row.mean(), lossbook.hinge_loss(X, Y))
    with pytest.raises(ValueError, match="target must hold 1 and -1"):
        torch.func.vmap(lossbook.hinge_loss)(X, (Y + 1) / 2)


# --- soft margin --------------------------------------------------------------------------------------------------


def test_soft_margin_is_scipys_log_expit():
    expected = -torch.from_numpy(scipy.special.log_expit((X * Y).numpy()))
    torch.testing.assert_close(lossbook.soft_margin_loss(X, Y, reduction="none"), expected)


def test_soft_margin_is_sklearns_log_loss():
    expected = metrics.log_loss((Y > 0).numpy(), X.sigmoid().numpy())
    assert lossbook.soft_margin_loss(X, Y).item() == pytest.approx(expected, rel=1e-12)


def test_soft_margin_is_binary_cross_entropy_with_another_name_for_no():
    torch.testing.assert_close(
        lossbook.soft_margin_loss(X, Y), F.binary_cross_entropy_with_logits(X, (Y + 1) / 2), rtol=1e-12, atol=0
    )


def test_soft_margin_overflows_where_torchs_does():
    """And where the binary cross-entropy of a score does not."""
    for dtype, far in ((torch.float32, 89.0), (torch.float64, 710.0)):
        x, yes = torch.tensor([-far, 1 - far], dtype=dtype), torch.ones(2, dtype=dtype)
        for loss in (lossbook.soft_margin_loss, F.soft_margin_loss):
            assert loss(x, yes, reduction="none").isinf().tolist() == [True, False]
        assert lossbook.binary_cross_entropy_with_logits(x, yes, reduction="none").isfinite().all()


def test_soft_margin_has_no_slope_by_the_target():
    """torch: an error in reverse mode, a silent zero in forward mode, nothing where no gradient is asked for."""
    for loss in (lossbook.soft_margin_loss, F.soft_margin_loss):
        moved = judges.quiet(torch.func.jvp, lambda y, loss=loss: loss(X, y), (Y,), (torch.ones_like(Y),))[1]
        assert moved == 0
        with pytest.raises(RuntimeError, match="target"):
            torch.func.grad(lambda y, loss=loss: loss(X, y))(Y)
        with torch.no_grad():
            assert loss(X, Y.clone().requires_grad_()).isfinite()


# --- hinge embedding ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("margin", [1.0, 0.4, 0.0, -2.0])
def test_hinge_embedding_of_pairs_that_differ_is_sklearns_hinge_loss(margin: float):
    """The distance takes the place of a score times its side, and the margin that of 1."""
    expected = metrics.hinge_loss(Y.numpy(), (Y * (X + 1 - margin)).numpy())
    assert lossbook.hinge_embedding_loss(X, -torch.ones(200), margin).item() == pytest.approx(expected, rel=1e-12)


def test_hinge_embedding_of_pairs_that_are_alike_is_the_distance():
    assert torch.equal(lossbook.hinge_embedding_loss(X, torch.ones(200), reduction="none"), X)


@pytest.mark.parametrize("target", [0.0, 0.5, -2.0, torch.nan])
def test_hinge_embedding_of_any_other_target_adds_the_two_cases_up(target: float):
    both = sum(lossbook.hinge_embedding_loss(X, side * torch.ones(200), 0.7, reduction="none") for side in (1, -1))
    result = lossbook.hinge_embedding_loss(X, torch.full((200,), target), 0.7, reduction="none")
    torch.testing.assert_close(result, both)


def test_hinge_embedding_of_whole_numbers_cuts_the_margin_off():
    whole = torch.tensor([0, 1, 3])
    result = lossbook.hinge_embedding_loss(whole, -torch.ones(3), 2.9, reduction="none")
    assert torch.equal(result, torch.tensor([2, 1, 0]))
    assert torch.equal(result, F.hinge_embedding_loss(whole, -torch.ones(3), 2.9, reduction="none"))


# --- margin ranking -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("margin", [0.0, 1.0, 0.4, -2.0])
def test_margin_ranking_is_a_loop_over_the_pairs(margin: float):
    second = noise(200, seed=2)
    expected = [
        max(0.0, margin - (b - a if y < 0 else a - b))
        for a, b, y in zip(X.tolist(), second.tolist(), Y.tolist(), strict=True)
    ]
    result = lossbook.margin_ranking_loss(X, second, Y, margin, reduction="none")
    torch.testing.assert_close(result, torch.tensor(expected, dtype=torch.float64))


def test_margin_ranking_of_margin_1_is_sklearns_hinge_loss_of_the_lead():
    second = noise(200, seed=2)
    expected = metrics.hinge_loss(Y.numpy(), (X - second).numpy())
    assert lossbook.margin_ranking_loss(X, second, Y, 1.0).item() == pytest.approx(expected, rel=1e-12)


def test_margin_ranking_cares_for_the_lead_alone():
    second = noise(200, seed=2)
    one = lossbook.margin_ranking_loss(X, second, Y, 0.5, reduction="none")
    torch.testing.assert_close(lossbook.margin_ranking_loss(X + 7, second + 7, Y, 0.5, reduction="none"), one)
    torch.testing.assert_close(lossbook.margin_ranking_loss(second, X, -Y, 0.5, reduction="none"), one)


def test_margin_ranking_of_whole_numbers_is_no_whole_number():
    whole = torch.tensor([3, 0, 2])
    result = lossbook.margin_ranking_loss(whole, whole.flip(0), torch.tensor([1, 1, -1]), 0.5, reduction="none")
    assert torch.equal(result, torch.tensor([0.0, 0.5, 0.0]))


def test_the_slope_by_the_second_score_is_the_negative():
    first, second = X.clone().requires_grad_(), noise(200, seed=2).requires_grad_()
    lossbook.margin_ranking_loss(first, second, Y, 0.5, reduction="sum").backward()
    assert torch.equal(second.grad, -lossbook.margin_ranking_slope(first.detach(), second.detach(), Y, margin=0.5))


# --- multi-margin -------------------------------------------------------------------------------------------------

SCORES, LABELS = 2 * noise(50, 5), torch.randint(0, 5, (50,), generator=torch.Generator().manual_seed(0))
WEIGHT = noise(5, seed=2).abs()


def crammer_singer(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The other multi-class hinge: only the worst rival counts."""
    true = torch.zeros_like(scores, dtype=torch.bool).scatter(1, labels[:, None], True)
    rival = scores.masked_fill(true, -torch.inf).amax(1)
    return (1 - scores[true] + rival).clamp(min=0)


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("margin", [1.0, 0.4, 0.0, -2.0])
@pytest.mark.parametrize("p", [1, 2])
def test_multi_margin_is_a_loop_over_the_definition(p: int, margin: float, weight: torch.Tensor | None):
    expected = []
    for scores, label in zip(SCORES.tolist(), LABELS.tolist(), strict=True):
        cost = sum(max(0.0, margin - scores[label] + scores[c]) ** p for c in range(5) if c != label)
        expected.append(cost * (1.0 if weight is None else weight[label].item()) / 5)
    result = lossbook.multi_margin_loss(SCORES, LABELS, p, margin, weight, reduction="none")
    torch.testing.assert_close(result, torch.tensor(expected, dtype=torch.float64))


def test_multi_margin_of_two_classes_is_half_of_sklearns_hinge_loss():
    scores, labels = noise(50, 2), LABELS % 2
    expected = metrics.hinge_loss(labels.numpy(), (scores[:, 1] - scores[:, 0]).numpy()) / 2
    assert lossbook.multi_margin_loss(scores, labels).item() == pytest.approx(expected, rel=1e-12)


def test_sklearns_multi_class_hinge_asks_for_the_worst_rival_alone():
    """Ours lies between 1/C of it, where one rival is too near, and (C - 1)/C, where all are, and as near."""
    worst = crammer_singer(SCORES, LABELS)
    assert metrics.hinge_loss(LABELS.numpy(), SCORES.numpy()) == pytest.approx(worst.mean().item(), rel=1e-12)
    ours = lossbook.multi_margin_loss(SCORES, LABELS, reduction="none")
    assert (worst / 5 <= ours + 1e-15).all()
    assert (ours <= 4 / 5 * worst + 1e-15).all()
    assert ((worst / 5 < ours - 1e-3) & (ours < 4 / 5 * worst - 1e-3)).any()


def test_multi_margin_of_an_empty_batch():
    """torch returns what the memory held."""
    nothing, labels = torch.zeros(0, 4, requires_grad=True), torch.zeros(0, dtype=torch.int64)
    assert lossbook.multi_margin_loss(nothing, labels, reduction="mean").isnan()
    total = lossbook.multi_margin_loss(nothing, labels, reduction="sum")
    assert total == 0
    (slope,) = torch.autograd.grad(total, nothing)
    assert slope.shape == (0, 4)


def test_multi_margin_takes_half_precision_under_autocast_alone():
    half, weight = SCORES.bfloat16(), WEIGHT.bfloat16()
    for loss in (lossbook.multi_margin_loss, F.multi_margin_loss):
        with pytest.raises(NotImplementedError):
            loss(half, LABELS)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            result = loss(half, LABELS, weight=weight)
        assert result.dtype == torch.float32
    torch.testing.assert_close(lossbook.multi_margin_loss(half.float(), LABELS, weight=weight.float()), result)


def test_a_target_out_of_range_is_an_error_under_vmap_too():
    for loss in (lossbook.multi_margin_loss, F.multi_margin_loss):
        with pytest.raises(RuntimeError):
            judges.quiet(torch.func.vmap(loss), SCORES, LABELS + 1)


def test_the_module_holds_its_weight_as_a_buffer():
    module = lossbook.MultiMarginLoss(weight=WEIGHT)
    assert torch.equal(module.state_dict()["weight"], WEIGHT)
    assert module.float().weight.dtype == torch.float32
    assert not lossbook.MultiMarginLoss().state_dict()
    for options in ({"p": 3}, {"weight": torch.ones(1, 2)}, {"weight": 2.0}):
        kinds = [judges.outcome(home.MultiMarginLoss, options) for home in (lossbook, torch.nn)]
        assert kinds[0] is kinds[1]
        assert issubclass(kinds[0], ValueError | TypeError)


# --- slopes -------------------------------------------------------------------------------------------------------

SLOPED = ("random", "wide", "joints", "other-targets", "wrong", "weighted", "one-sample", "one-class")
SLOPES = [
    case
    for case in CASES
    if case.loss in LOSSES and case.name in SLOPED and not (case.loss == "hinge_loss" and "weight" in case.tensors)
]


@pytest.mark.parametrize("case", SLOPES, ids=str)
def test_the_slope_is_autograds(case: Case):
    slope = getattr(lossbook, CATALOG[case.loss].slope)
    for trial in trials(case, (torch.float64, torch.float32)):
        if trial.reduction == "sum":
            judges.same_slope(getattr(lossbook, case.loss), slope, trial.arguments(), case.options)
