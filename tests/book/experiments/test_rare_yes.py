"""A rare yes: one split run anew, the rows, the ways to judge, what is taken back, and the record."""

import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, log_loss

import lossbook
from book.experiments import rare_yes
from tests.book.experiments.shared import record_of

RECORDED = record_of(rare_yes)


FIRM = ("surprise", "brier", "average precision", "calibration error")  # no row at a threshold decides them


def agrees(found, recorded):
    """Whether a run made anew has the firm metrics of a recorded one."""
    return found.keys() == recorded.keys() and all(
        found[metric] == pytest.approx(recorded[metric], rel=2e-3, abs=1e-4) for metric in FIRM
    )


@pytest.mark.slow
def test_a_split_of_the_rare_is_as_recorded_and_a_bent_record_is_seen():
    recorded = RECORDED["runs"]["made"]
    for name, found in rare_yes.run("made", 0, ("bce", "focal, alpha")).items():
        assert agrees(found, recorded[name][0]), name
        assert not agrees(found, recorded[name][1])
        assert not agrees(found, recorded["pos_weight"][0])
        assert not any(agrees(found, recorded[name][0] | {bent: 1.01 * found[bent] + 2e-4}) for bent in FIRM)


def test_the_two_ways_to_weigh_are_one_loss():
    y = torch.tensor([1.0, 0.0, 0.0, 0.0]).double()
    score = torch.tensor([0.3, -1.0, 2.0, 0.5]).double()
    found = rare_yes.criteria(y)
    ratio = (found["weighted"](score, y) / found["pos_weight"](score, y)).item()
    assert ratio == pytest.approx(len(y) / 2 / 3)  # the rows, over twice the noes
    assert found["bce"](score, y) != pytest.approx(found["pos_weight"](score, y))


def test_a_line_rests_at_its_optimum():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(400, 3, generator=generator, dtype=torch.float64)
    y = (x[:, 0] + torch.randn(400, generator=generator) > 1).double()
    for name, criterion in rare_yes.criteria(y).items():
        line = rare_yes.fit(x, y, criterion, 1e-3).requires_grad_()
        loss = criterion(rare_yes.score(x, line), y) + 1e-3 * line[:-1].square().sum()
        assert torch.autograd.grad(loss, line)[0].abs().max() < 1e-5, name


def test_the_ways_to_judge_agree_with_scikit_learn():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(5000, generator=generator).double()
    y = (torch.rand(5000, generator=generator) < x.sigmoid()).double()
    found = rare_yes.metrics(x, y, cut=0.4, moved=0.1, behind=x.sigmoid())
    for name, cut in (("balanced error", 0.4), ("balanced error, moved", 0.1)):
        assert found[name] == pytest.approx(1 - balanced_accuracy_score(y, x > cut))
    assert found["brier"] == pytest.approx(brier_score_loss(y, x.sigmoid()))
    assert found["surprise"] == pytest.approx(log_loss(y, x.sigmoid())) == pytest.approx(found["surprise, taken back"])
    assert abs(found["calibration error"] - found["calibration floor"]) < 0.01  # y was drawn from these chances
    assert rare_yes.metrics(3 * x, y, 0, 0, x.sigmoid())["calibration error"] > found["calibration error"] + 0.05


def test_the_best_cut_has_the_fewest_mistakes():
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(200, generator=generator).double()
    y = (x + torch.randn(200, generator=generator) > 1).double()
    least = sum(rare_yes.mistakes(x, y, rare_yes.best_cut(x, y)))
    assert all(sum(rare_yes.mistakes(x, y, at)) >= least - 1e-12 for at in x.tolist())


@pytest.mark.parametrize(("gamma", "alpha"), [(0.0, 0.5), (0.0, 20 / 21), (2.0, 0.5), (2.0, 0.25)])
def test_what_a_weighted_loss_says_is_taken_back(gamma, alpha):
    share = torch.tensor([0.01, 0.2, 0.5, 0.9], dtype=torch.float64)
    score = torch.linspace(-9, 9, 40_001, dtype=torch.float64)
    yes, no = (
        lossbook.focal_loss(score, torch.full_like(score, side), gamma=gamma, alpha=alpha, reduction="none")
        for side in (1.0, 0.0)
    )
    rests = score[(share[:, None] * yes + (1 - share[:, None]) * no).argmin(1)]
    back = rare_yes.truth_behind(rests, gamma, alpha / (1 - alpha))
    torch.testing.assert_close(back, share, rtol=0.01, atol=0)


@pytest.mark.parametrize("rows", rare_yes.SETS)
def test_yes_is_as_rare_as_promised(rows):
    for seed in (0, 5):
        split, truth = rare_yes.SETS[rows](seed)
        y = torch.cat([split.y_train, split.y_test])
        assert ((1 - y).sum() / y.sum()).item() == pytest.approx(rare_yes.RATIO[rows], rel=0.15)
        if truth is not None:  # the true chances are calibrated: they add up to what was drawn
            assert truth.sigmoid().sum().item() == pytest.approx(split.y_test.sum().item(), rel=0.25)


def test_the_record_of_the_rare_is_whole():
    ways = {*rare_yes.criteria(torch.tensor([0.0, 1.0])), "bce, moved"}
    for rows, runs in RECORDED["runs"].items():
        assert set(runs) == ways | ({"truth"} if rows == "made" else set())
        assert all(len(splits) == len(rare_yes.SEEDS[rows]) for splits in runs.values())
    assert RECORDED["test share"] == rare_yes.TEST_SHARE
