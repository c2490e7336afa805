"""Ranges where noise grows: runs made anew, the metrics of a range, a planted spread, and the record."""

import pytest
import torch

from book.experiments import ranges_where_noise_grows as script
from book.experiments.where_to_bend import with_intercept
from lossbook.teach import data
from tests.book.experiments.shared import bent, close, record_of

RECORDED = record_of(script)


@pytest.mark.parametrize("rows", ["tumours", "food", "diabetes"])
def test_a_split_is_as_recorded_and_a_bent_record_is_seen(rows):
    found, recorded = script.run(script.SETS[rows](0)), RECORDED["runs"][rows]
    assert close(found, recorded)
    assert not close(found, bent(recorded, "own spread", "interval score"))


@pytest.mark.slow
def test_a_split_of_the_flights_is_as_recorded():
    assert close(script.run(script.flights(0)), RECORDED["runs"]["flights"])


def test_no_day_is_on_both_sides_of_a_split_of_flights():
    split, flown = script.flights(0), data.flights()
    days = torch.randperm(365, generator=torch.Generator().manual_seed(0))[:110]
    held_back = torch.isin(flown.day, days)
    assert torch.equal(split.y_test, flown.late[held_back])
    assert len(split.y_train) + len(split.y_test) == len(flown.late)
    assert split.x_train.shape[1] == len(flown.names) - 2


def test_the_metrics_of_a_range():
    mean, spread = torch.zeros(6), torch.ones(6)
    came = torch.tensor([0.0, 1.0, -1.0, 3.0, -5.0, 1.5])
    found = script.metrics(mean, spread, came, thirds=tuple(torch.arange(6).chunk(3)))
    assert [found[f"inside, {name}"] for name in ("low", "middle", "high")] == [1.0, 0.5, 0.5]
    assert found["inside"] == pytest.approx(4 / 6)
    assert found["thirds off"] == pytest.approx(100 * (0.1 + 0.4 + 0.4) / 3)
    assert found["width"] == pytest.approx(2 * script.Z)
    outside = (3 - script.Z) + (5 - script.Z)
    assert found["interval score"] == pytest.approx(2 * script.Z + 20 * outside / 6)
    assert found["RMSE"] == pytest.approx(came.square().mean().sqrt().item())
    assert found["Gaussian NLL"] == pytest.approx(came.square().mean().item() / 2)


def test_planted_spreads_are_found():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4000, 1, generator=generator, dtype=torch.float64)
    y = (1 + 2 * x + (0.5 * x).exp() * torch.randn(4000, 1, generator=generator, dtype=torch.float64))[:, 0]
    found = script.claims(with_intercept(x), y)
    for mean, log_variance in (found["own spread"], found["two steps"]):
        assert torch.allclose(mean, torch.tensor([2.0, 1.0]).double(), atol=0.08)
        assert torch.allclose(log_variance, torch.tensor([1.0, 0.0]).double(), atol=0.08)
    assert found["one spread"][1][0] == 0


def test_the_record_is_whole():
    assert RECORDED["runs"].keys() == script.SETS.keys()
    for ways in RECORDED["runs"].values():
        assert ways.keys() == {"one spread", "own spread", "two steps"}
        assert all(len(runs) == len(script.SEEDS) for runs in ways.values())
