"""The losses for several labels, beside judges that are not torch's: scipy, scikit-learn, loops over the definition."""

import pytest
import scipy.special
import torch
import torch.nn.functional as F
from sklearn import metrics

import lossbook
from lossbook.catalog import CATALOG
from tests.cases import CASES, Case, noise, trials
from tests.losses import judges

LOSSES = ("multilabel_margin_loss", "multilabel_soft_margin_loss")
X, Y = 2 * noise(40, 5), (noise(40, 5, seed=1) > 0).double()
WEIGHT = noise(5, seed=2).abs()


def lists(count: int, size: int) -> torch.Tensor:
    """Any labels, with repeats, in any order, −1 among them."""
    return torch.randint(-1, size, (count, size), generator=torch.Generator().manual_seed(0))


# --- multi-label margin -------------------------------------------------------------------------------------------


def test_multilabel_margin_is_a_loop_over_the_definition():
    target = lists(40, 5)
    expected, counts = [], set()
    for scores, labels in zip(X.tolist(), target.tolist(), strict=True):
        listed = labels[: labels.index(-1)] if -1 in labels else labels
        others = [c for c in range(5) if c not in listed]
        expected.append(sum(max(0.0, 1 - scores[j] + scores[c]) for j in listed for c in others) / 5)
        counts.add(len(listed))
    assert counts == {0, 1, 2, 3, 4, 5}
    result = lossbook.multilabel_margin_loss(X, target, reduction="none")
    torch.testing.assert_close(result, torch.tensor(expected, dtype=torch.float64))


def test_multilabel_margin_of_one_label_is_multi_margin():
    label = lists(40, 5)[:, 0].clamp(min=0)
    alone = torch.full((40, 5), -1).scatter(1, torch.zeros(40, 1).long(), label[:, None])
    for reduction in ("none", "mean", "sum"):
        torch.testing.assert_close(
            lossbook.multilabel_margin_loss(X, alone, reduction=reduction),
            lossbook.multi_margin_loss(X, label, reduction=reduction),
        )


def test_the_order_of_the_list_and_what_follows_it_do_not_count():
    one = lossbook.multilabel_margin_loss(X[:1], torch.tensor([[3, 0, -1, 1, 2]]))
    for same in ([0, 3, -1, 1, 2], [3, 0, -1, -1, -1], [3, 0, -1, 3, 3]):
        assert lossbook.multilabel_margin_loss(X[:1], torch.tensor([same])) == one


def test_a_label_that_is_listed_twice_counts_twice():
    for loss in (lossbook.multilabel_margin_loss, F.multilabel_margin_loss):
        once, twice = (loss(X[0], torch.tensor(row)) for row in ([2, -1, -1, -1, -1], [2, 2, -1, -1, -1]))
        torch.testing.assert_close(twice, 2 * once)


def test_no_label_and_all_labels_cost_nothing():
    for row in ([-1, 0, 1, 2, 3], [0, 1, 2, 3, 4]):
        scores = X.clone().requires_grad_()
        loss = lossbook.multilabel_margin_loss(scores, torch.tensor(row).repeat(40, 1))
        loss.backward()
        assert loss == 0
        assert not scores.grad.any()


def test_multilabel_margin_of_an_empty_batch():
    """torch returns what the memory held."""
    nothing, labels = torch.zeros(0, 4, requires_grad=True), torch.zeros(0, 4, dtype=torch.int64)
    assert lossbook.multilabel_margin_loss(nothing, labels, reduction="mean").isnan()
    total = lossbook.multilabel_margin_loss(nothing, labels, reduction="sum")
    assert total == 0
    (slope,) = torch.autograd.grad(total, nothing)
    assert slope.shape == (0, 4)


def test_multilabel_margin_takes_half_precision_under_autocast_alone():
    half, target = X.bfloat16(), lists(40, 5)
    results = []
    for loss in (lossbook.multilabel_margin_loss, F.multilabel_margin_loss):
        with pytest.raises(NotImplementedError):
            loss(half, target)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            results.append(loss(half, target))
    torch.testing.assert_close(*results)
    assert results[0].dtype == torch.float32


# --- multi-label soft margin ----------------------------------------------------------------------------------------


def test_multilabel_soft_margin_is_scipys_log_expit():
    x, y = X.numpy(), Y.numpy()
    expected = -(y * scipy.special.log_expit(x) + (1 - y) * scipy.special.log_expit(-x)).mean(1)
    result = lossbook.multilabel_soft_margin_loss(X, Y, reduction="none")
    torch.testing.assert_close(result, torch.from_numpy(expected))


def test_multilabel_soft_margin_is_the_mean_of_sklearns_log_losses_with_weights():
    expected = [metrics.log_loss(Y[:, c].numpy(), X[:, c].sigmoid().numpy()) for c in range(5)]
    weighted = sum(w * one for w, one in zip(WEIGHT.tolist(), expected, strict=True)) / 5
    assert lossbook.multilabel_soft_margin_loss(X, Y).item() == pytest.approx(sum(expected) / 5, rel=1e-12)
    assert lossbook.multilabel_soft_margin_loss(X, Y, WEIGHT).item() == pytest.approx(weighted, rel=1e-12)


@pytest.mark.parametrize("target", [Y, noise(40, 5, seed=3).sigmoid()])
def test_multilabel_soft_margin_is_the_mean_binary_cross_entropy(target: torch.Tensor):
    expected = F.binary_cross_entropy_with_logits(X, target, reduction="none")
    result = lossbook.multilabel_soft_margin_loss(X, target, reduction="none")
    torch.testing.assert_close(result, expected.mean(1), rtol=1e-12, atol=0)
    torch.testing.assert_close(lossbook.multilabel_soft_margin_loss(X, target), expected.mean(), rtol=1e-12, atol=0)


def test_multilabel_soft_margin_is_the_mean_soft_margin():
    expected = lossbook.soft_margin_loss(X, 2 * Y - 1, reduction="none").mean(1)
    torch.testing.assert_close(lossbook.multilabel_soft_margin_loss(X, Y, reduction="none"), expected)


def test_the_mean_divides_by_labels_and_samples_whatever_the_weight():
    total = lossbook.multilabel_soft_margin_loss(X, Y, WEIGHT, reduction="sum")
    assert (total / lossbook.multilabel_soft_margin_loss(X, Y, WEIGHT)).item() == pytest.approx(40)
    torch.testing.assert_close(lossbook.multilabel_soft_margin_loss(X, Y, 3 * WEIGHT, reduction="sum"), 3 * total)


@pytest.mark.parametrize("number", [1, 0.5, True, 1j])
def test_a_number_counts_for_all_labels(number: complex):
    for arguments in ({"target": number}, {"target": Y, "weight": number}, {"target": 0.5, "weight": number}):
        for dtype in (torch.float64, torch.float32):
            judges.same_outcome(
                lossbook.multilabel_soft_margin_loss,
                F.multilabel_soft_margin_loss,
                {"input": X.to(dtype)} | arguments,
            )


def test_a_target_of_more_dimensions_is_summed_over_its_samples():
    """A trap of torch's: of one sample with many targets, the labels stay and the samples are added up."""
    for loss in (lossbook.multilabel_soft_margin_loss, F.multilabel_soft_margin_loss):
        result = loss(X[0], Y, reduction="none")
        assert result.shape == (5,)
        torch.testing.assert_close(result, loss(X[:1].t(), Y.t(), reduction="none") / 5)


def test_the_module_holds_its_weight_as_a_buffer():
    module = lossbook.MultiLabelSoftMarginLoss(WEIGHT)
    assert torch.equal(module.state_dict()["weight"], WEIGHT)
    assert module.float().weight.dtype == torch.float32
    assert not lossbook.MultiLabelSoftMarginLoss().state_dict()
    with pytest.raises(TypeError):
        lossbook.MultiLabelSoftMarginLoss(2.0)


# --- slopes -------------------------------------------------------------------------------------------------------

SLOPED = ("random", "wide", "joints", "twice", "chances", "other-targets", "wrong", "weighted", "one-sample", "K-dim")
SLOPES = [case for case in CASES if case.loss in LOSSES and case.name in SLOPED]


@pytest.mark.parametrize("case", SLOPES, ids=str)
def test_the_slope_is_autograds(case: Case):
    slope = getattr(lossbook, CATALOG[case.loss].slope)
    for trial in trials(case, (torch.float64, torch.float32)):
        if trial.reduction == "sum":
            judges.same_slope(getattr(lossbook, case.loss), slope, trial.arguments(), case.options)
