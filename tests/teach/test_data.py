"""The cast of real data: shapes, and the facts that the chapters build on."""

import torch

from lossbook.teach import data


def robust_distances(y: torch.Tensor) -> torch.Tensor:
    """How many robust standard deviations each number is from the median: 1.4826 times the MAD is one."""
    distance = (y - y.median()).abs()
    return distance / (1.4826 * distance.median())


def test_tumours():
    tumours = data.tumour_area_error()
    assert tumours.x.shape == tumours.y.shape == (569,)
    assert tumours.x.dtype == tumours.y.dtype == torch.float32
    assert tumours.y.min() > 0
    assert (tumours.x_name, tumours.y_name) == ("mean radius", "area error")
    assert "breast cancer" in tumours.origin


def test_tumours_have_real_outliers_and_a_growing_spread():
    tumours = data.tumour_area_error()
    far = robust_distances(tumours.y)
    assert 25 < far.max() < 45
    assert 20 < (far > 5).sum() < 120
    small, large = (tumours.y[mask].std() for mask in (tumours.x < tumours.x.median(), tumours.x > tumours.x.median()))
    assert large > 3 * small


def test_diabetes():
    x, y = data.diabetes()
    assert x.shape == (442, 10)
    assert y.shape == (442,)
    assert x.dtype == y.dtype == torch.float32
    assert x.mean(0).abs().max() < 1e-6
    torch.testing.assert_close((x**2).sum(0), torch.ones(10))
    assert (y.min().item(), y.max().item()) == (25, 346)


def test_diabetes_has_no_outliers():
    assert robust_distances(data.diabetes()[1]).max() < 3


def test_horse_kicks_are_few_and_as_spread_as_poisson_counts():
    kicks = data.horse_kicks()
    assert kicks.shape == (280,)
    assert kicks.dtype == torch.float32
    assert (kicks.sum().item(), kicks.max().item()) == (196, 4)
    assert kicks.long().bincount().tolist() == [144, 91, 32, 11, 2]
    assert 0.9 < kicks.var() / kicks.mean() < 1.2


def test_visits_to_doctors_are_counts_with_more_spread_than_a_poisson():
    measured, visits, names = data.doctor_visits()
    assert measured.shape == (20190, 9)
    assert (len(names), names[0]) == (9, "lncoins")
    assert torch.equal(visits, visits.round())
    assert (visits.min(), visits.max()) == (0, 77)
    assert visits.sum() == 57752
    assert 7 < visits.var() / visits.mean() < 7.2


def test_split_keeps_every_row_once_with_its_target():
    x, y = torch.arange(20.0)[:, None], torch.arange(20.0)
    parts = data.split(x, y, seed=0)
    assert (len(parts.x_train), len(parts.x_test)) == (14, 6)
    assert sorted(torch.cat([parts.y_train, parts.y_test]).tolist()) == y.tolist()
    assert torch.equal(parts.x_train[:, 0], parts.y_train)
    assert torch.equal(parts.x_test[:, 0], parts.y_test)


def test_split_depends_on_the_seed_alone():
    x, y = data.diabetes()
    torch.manual_seed(1)
    first = data.split(x, y, seed=0)
    torch.manual_seed(2)
    assert torch.equal(first.y_test, data.split(x, y, seed=0).y_test)
    assert not torch.equal(first.y_test, data.split(x, y, seed=1).y_test)
    assert len(data.split(x, y, seed=0, test_share=0.5).y_test) == 221
    assert not torch.equal(torch.cat([first.y_test, first.y_train]), y)


def test_split_leaves_the_global_generator_alone():
    x, y = data.diabetes()
    torch.manual_seed(7)
    before = torch.get_rng_state()
    data.split(x, y, seed=0)
    assert torch.equal(torch.get_rng_state(), before)


def test_an_experiment_has_its_results_with_seeds_versions_and_date():
    assert {"about", "seeds", "versions", "date"} <= set(data.experiment("where_to_bend"))
