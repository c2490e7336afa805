"""Amounts under every metric: runs made anew, what is spoilt, the metrics, and the record."""

import pytest
import torch

from book.experiments import amounts_under_every_metric as script
from tests.book.experiments.shared import bent, close, record_of

RECORDED = record_of(script)
LOSSES = {"squared", "Huber 3", "Huber 1.345", "Huber 0.5", "log-cosh", "absolute", "quantile 0.25", "quantile 0.75"}
METRICS = {"RMSE", "Huber", "log-cosh", "MAE", "pinball 0.25", "pinball 0.75", "total off"}


def matrix_run(rows: str) -> dict[str, dict[str, float]]:
    """The first run of a set of rows."""
    if rows == "tumours":
        split = script.tumours(0)
        return script.run(split, split.y_train)
    split = script.patients(0)
    return script.run(split, script.spoilt(split.y_train, *script.SPOILT[rows.removeprefix("diabetes, ")], 0))


@pytest.mark.parametrize("rows", ["tumours", "diabetes, 20 % both ways"])
def test_a_split_is_as_recorded_and_a_bent_record_is_seen(rows):
    found, recorded = matrix_run(rows), RECORDED["matrix"][rows]
    assert close(found, recorded)
    assert not close(found, bent(recorded, "absolute", "MAE"))
    assert not close(found, recorded, number=1)


@pytest.mark.parametrize("how", script.SPOILT)
def test_a_planted_line_is_missed_by_as_much_as_recorded(how):
    assert script.planted(*script.SPOILT[how], 0) == pytest.approx(RECORDED["planted"][how][0], rel=1e-3)


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_as_many_targets_are_spoilt_as_is_said_and_as_much(share):
    y = torch.randn(300)
    up, both = (script.spoilt(y, share, ways, seed=0) - y for ways in (False, True))
    for moved in (up, both):
        assert (moved != 0).sum() == round(share * 300)
        assert (moved[moved != 0].abs() > 199).all()
        assert (moved.abs() < 601).all()
    assert (up >= 0).all()
    assert 0.2 < (both[both != 0] < 0).float().mean() < 0.8
    assert torch.equal(script.spoilt(y, 0.0, True, seed=0), y)


def test_the_metrics_of_two_errors():
    said, came = torch.tensor([3.0, 5.0]).double(), torch.tensor([4.0, 1.0]).double()  # errors -1 and 4
    found = script.metrics(said, came, sigma=2.0)
    assert found.keys() == METRICS
    assert found["RMSE"] == pytest.approx(8.5**0.5)
    assert found["MAE"] == pytest.approx(2.5)
    assert found["pinball 0.25"] == pytest.approx((0.25 * 1 + 0.75 * 4) / 2)
    assert found["pinball 0.75"] == pytest.approx((0.75 * 1 + 0.25 * 4) / 2)
    assert found["Huber"] == pytest.approx((0.5 * 0.25 + 1.345 * (2 - 1.345 / 2)) / 2)
    assert found["log-cosh"] == pytest.approx(torch.tensor([1 / 2.41, 4 / 2.41]).cosh().log().mean().item())
    assert found["total off"] == pytest.approx(60.0)


def test_the_record_is_whole():
    assert RECORDED["matrix"].keys() == {"tumours", *(f"diabetes, {how}" for how in script.SPOILT)}
    for losses in RECORDED["matrix"].values():
        assert losses.keys() == LOSSES
        assert all(len(runs) == len(script.SEEDS) and run.keys() == METRICS for runs in losses.values() for run in runs)
    assert RECORDED["planted"].keys() == script.SPOILT.keys()
    for runs in RECORDED["planted"].values():
        assert len(runs) == len(script.PLANTED_SEEDS)
        assert all(run.keys() == LOSSES - {"quantile 0.25", "quantile 0.75"} for run in runs)
