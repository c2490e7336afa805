"""Counts under every metric: runs made anew, the blocks that are dealt out, the metrics, and the record."""

import pytest
import torch
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import mean_poisson_deviance

from book.experiments import counts_under_every_metric as script
from tests.book.experiments.shared import bent, close, record_of

RECORDED = record_of(script)


@pytest.mark.parametrize("size", script.SIZES)
def test_a_run_is_as_recorded_and_a_bent_record_is_seen(size):
    found, recorded = script.run(script.SIZES[size](0)), RECORDED["runs"][size]
    assert close(found, recorded)
    assert not close(found, bent(recorded, "squared on log", "deviance"))


def test_the_poisson_fit_is_that_of_scikit_learn():
    split = script.few(3)
    theirs = PoissonRegressor(alpha=0, solver="newton-cholesky", tol=1e-10)
    said = theirs.fit(split.x_train.double(), split.y_train.double()).predict(split.x_test.double())
    ours = script.predictions(split)["Poisson"]
    assert torch.allclose(ours, torch.as_tensor(said).clamp(min=script.LEAST), rtol=1e-3)


def test_the_small_runs_share_no_block_and_the_large_splits_are_whole():
    dealt = [script.shuffled_blocks(script.DEALT)[run :: len(script.SEEDS)] for run in script.SEEDS]
    assert torch.cat(dealt).unique().numel() == sum(map(len, dealt)) == 201
    split = script.few(0)
    assert len(split.y_train) == script.FEW * script.BLOCK
    assert len(split.y_train) + len(split.y_test) == script.BLOCK * len(dealt[0])
    assert sum(RECORDED["rows"]["many"]) == 201 * script.BLOCK


def test_the_metrics_of_counts():
    said, came = torch.tensor([1.0, 2.0, 3.0]).double(), torch.tensor([0.0, 2.0, 7.0]).double()
    found = script.metrics(said, came)
    assert found["deviance"] == pytest.approx(mean_poisson_deviance(came, said))
    assert found["RMSE"] == pytest.approx((17 / 3) ** 0.5)
    assert found["RMSE of logs"] == pytest.approx(((said.log1p() - came.log1p()) ** 2).mean().sqrt().item())
    assert found["MAE"] == pytest.approx(5 / 3)
    assert (found["total"], found["total off"]) == pytest.approx((6 / 9, 100 / 3))


def test_scaled_predictions_add_up_on_the_rows_they_were_scaled_on():
    split = script.few(0)
    same = script.data.Split(split.x_train, split.y_train, split.x_train, split.y_train)
    totals = {name: said.sum().item() for name, said in script.predictions(same).items()}
    came = split.y_train.sum().item()
    assert totals["squared on log, scaled"] == pytest.approx(came, rel=1e-3)
    assert totals["Poisson"] == pytest.approx(came, rel=1e-3)  # it keeps the total by itself
    assert totals["squared on log"] < 0.8 * came


def test_the_record_is_whole():
    assert RECORDED["runs"].keys() == script.SIZES.keys()
    for ways in RECORDED["runs"].values():
        assert ways.keys() == {"Poisson", "squared", "squared on log", "squared on log, scaled"}
        assert all(len(runs) == len(script.SEEDS) for runs in ways.values())
