"""Which triplets: pixels and one training run anew, the miners, and the record."""

import pytest
import torch

from book.experiments import which_triplets
from tests.book.experiments.shared import record_of

RECORDED = record_of(which_triplets)


def test_raw_pixels_retrieve_as_recorded():
    for setting, ways in RECORDED["runs"].items():
        for found, recorded in zip(which_triplets.raw(setting), ways["raw pixels"], strict=True):
            assert found == pytest.approx(recorded, abs=1e-4), setting


@pytest.mark.slow
def test_embeddings_retrieve_as_recorded():
    for found, recorded in zip(
        which_triplets.run("16, unit length", "semi-hard"),
        RECORDED["runs"]["16, unit length"]["semi-hard"],
        strict=True,
    ):  # another CPU rounds otherwise, and a training spreads it
        assert found == pytest.approx(recorded, abs=0.02)


def test_the_miners_choose_what_they_say():
    generator = torch.Generator().manual_seed(0)
    kind = torch.arange(5).repeat(2, 4)
    distance = torch.cdist(*2 * [torch.randn(2, 20, 3, generator=generator)])
    near, far = {}, {}
    for miner in which_triplets.MINERS:
        positive, negative = which_triplets.pick(miner, distance, kind, 0.5, generator)
        assert (kind.gather(1, positive) == kind).all()
        assert (kind.gather(1, negative) != kind).all()
        assert (positive != torch.arange(20)).all()
        near[miner], far[miner] = (distance.gather(2, place[:, :, None]) for place in (positive, negative))
    assert (near["batch-hard"] >= near["random"]).all()
    assert (far["batch-hard"] <= far["random"]).all()
    in_band = (far["semi-hard"] > near["semi-hard"]) & (far["semi-hard"] < near["semi-hard"] + 0.5)
    assert in_band.double().mean() > 0.5


def test_the_record_is_whole():
    assert {name: set(ways) for name, ways in RECORDED["runs"].items()} == {
        name: {*ways, "raw pixels"} for name, ways in which_triplets.WAYS.items()
    }
    runs = [found for ways in RECORDED["runs"].values() for found in ways.values()]
    assert {len(found) for found in [*runs, *RECORDED["heaps"].values()]} == {len(which_triplets.SEEDS)}
    assert RECORDED["heaps"].keys() == which_triplets.HEAPS.keys()
