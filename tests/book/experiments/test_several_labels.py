"""Several labels: one split run anew, the thresholds, the lists, the parts, and the record."""

import pytest
import torch

from book.experiments import several_labels
from tests.book.experiments.shared import record_of

RECORDED = record_of(several_labels)


@pytest.mark.slow
def test_a_split_of_several_labels_is_as_recorded():
    found, recorded = several_labels.run(seed=0), RECORDED["runs"][0]
    assert found["frequency"] == pytest.approx(recorded["frequency"], rel=1e-5)
    assert found["silent"] == pytest.approx(recorded["silent"], rel=1e-5)
    for loss in several_labels.LOSSES:
        for rule in several_labels.RULES:  # another CPU rounds otherwise, and a long training spreads it
            assert found[loss][rule] == pytest.approx(recorded[loss][rule], rel=0.05, abs=0.03), (loss, rule)
        assert found[loss]["average precision"] == pytest.approx(recorded[loss]["average precision"], abs=0.03)


def test_the_thresholds_are_the_best():
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(200, generator=generator)
    labels = (scores + torch.randn(200, generator=generator) > 0.5).float()
    tried = torch.linspace(-3, 3, 4001)
    says = scores[None] > tried[:, None]
    hits, said = (says * labels).sum(1), says.sum(1)
    f1 = 2 * hits / (said + labels.sum())
    cost = (said - hits) + several_labels.MISSED * (labels.sum() - hits)
    for threshold, judged in ((several_labels.best_threshold, -f1), (several_labels.cheapest_threshold, cost)):
        at = scores > threshold(scores, labels)
        place = (says == at).all(1).nonzero()[0, 0]
        assert judged[place] == judged.min()


def test_the_lists_of_the_margin_hold_the_labels():
    labels = torch.tensor([[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]])
    assert several_labels.listed(labels).tolist() == [[2, 0, -1, -1], [-1] * 4, [3, 2, 1, 0]]


def test_each_digit_is_once_the_rarest():
    assert len(several_labels.SEEDS) % 10 == 0
    for seed in (0, 7):
        (_, train), *_ = several_labels.parts(seed)
        assert train.mean(0).argmax() == seed
        assert train.mean(0).argmin() == (9 + seed) % 10


def test_the_record_is_whole():
    assert len(RECORDED["runs"]) == len(several_labels.SEEDS)
    assert (RECORDED["missed"], RECORDED["few"]) == (several_labels.MISSED, several_labels.FEW)
    for run in RECORDED["runs"]:
        assert {"frequency", "silent", *several_labels.LOSSES} == set(run)
        assert all(set(several_labels.RULES) < set(run[loss]) for loss in several_labels.LOSSES)
