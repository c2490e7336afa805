"""Weigh or move: one split run anew, the rows, the costs, and the record."""

import pytest
import torch

from book.experiments import weigh_or_move
from tests.book.experiments.shared import record_of

RECORDED = record_of(weigh_or_move)


@pytest.mark.parametrize("rows", weigh_or_move.SETS)
def test_a_split_of_weighing_is_as_recorded(rows):
    found = weigh_or_move.run(rows, "linear", seed=0)
    recorded = RECORDED["runs"][f"{rows}, linear"][0]
    assert found.keys() == recorded.keys()
    for name, metrics in recorded.items():  # a row at the threshold may fall to its other side on another CPU
        assert found[name] == pytest.approx(metrics, rel=0.02, abs=1e-3), name


@pytest.mark.parametrize("rows", weigh_or_move.SETS)
def test_no_row_is_trained_on_and_held_back(rows):
    split = weigh_or_move.SETS[rows](seed=3)
    assert len(split.x_train) + len(split.x_test) == {"heavy years": 20190, "tumours": 569}[rows]
    assert split.x_train.mean(0).abs().max() < 1e-4
    share = torch.cat([split.y_train, split.y_test]).mean()
    assert 0.05 < share < 0.4


def test_shifting_back_moves_the_scores_alone():
    y = torch.tensor([1.0, 0.0, 0.0, 1.0]).double()
    score = torch.tensor([4.0, 2.0, -1.0, 1.0]).double()
    there, back = (weigh_or_move.metrics(x, y) for x in (score, score - torch.tensor(20.0).log()))
    assert there["auc"] == back["auc"]
    assert there["at half"] == pytest.approx(back["moved"])
    assert there["at half"] == pytest.approx(100 * 1 / 4)  # one false alarm
    assert back["at half"] == pytest.approx(100 * 20 / 4)  # one missed


def test_the_record_is_whole():
    assert list(RECORDED["runs"]) == sorted(
        f"{rows}, {kind}" for rows in weigh_or_move.SETS for kind in weigh_or_move.MODELS
    )
    assert all(len(splits) == len(weigh_or_move.SEEDS) for splits in RECORDED["runs"].values())
    assert RECORDED["weight"] == weigh_or_move.WEIGHT
