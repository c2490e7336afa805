"""What a page shows as recorded can be had again: one split of each experiment, run anew."""

import json

import pytest
import torch

from book.experiments import denoise_digits, where_to_bend

RECORDED = json.loads(where_to_bend.RECORD.read_text())
DENOISED = json.loads(denoise_digits.RECORD.read_text())


def close(found: dict[str, dict[str, float]], recorded: dict[str, dict[str, float]]) -> bool:
    """Whether every fit of a split has its recorded metrics again."""
    return found.keys() == recorded.keys() and all(
        found[fit] == pytest.approx(recorded[fit], rel=1e-3, abs=1e-3) for fit in found
    )


@pytest.mark.slow
@pytest.mark.parametrize("share", where_to_bend.SHARES)
def test_a_planted_split_is_as_recorded(share):
    assert close(where_to_bend.planted(share, seed=0), RECORDED["planted"][f"{share:g}"][0])


def test_a_real_split_is_as_recorded():
    assert close(where_to_bend.real(seed=0), RECORDED["real"][0])


def test_a_bent_record_is_seen():
    bent = json.loads(json.dumps(RECORDED["real"][0]))
    bent["mse"]["rmse"] *= 1.01
    assert not close(where_to_bend.real(seed=0), bent)


def test_the_record_is_whole():
    runs = [*RECORDED["planted"].values(), RECORDED["real"]]
    assert [len(splits) for splits in runs] == [len(where_to_bend.SEEDS)] * len(runs)
    assert RECORDED["bends"] == list(where_to_bend.BENDS)


@pytest.mark.slow
@pytest.mark.parametrize("noise", denoise_digits.NOISES)
def test_a_denoising_is_as_recorded(noise):
    found = denoise_digits.run(noise, clean_target=False, rate=denoise_digits.RATES[1], seed=0)
    recorded = DENOISED["runs"][f"{noise}, noisy target"][f"{denoise_digits.RATES[1]:g}"][0]
    for name, metrics in recorded.items():  # another CPU rounds otherwise, and a long training spreads it
        assert found[name] == pytest.approx(metrics, rel=0.03, abs=0.003), name


@pytest.mark.parametrize(("noise", "statistic"), [("specks", "median"), ("photons", "mean")])
def test_a_noise_keeps_one_statistic_and_moves_the_other(noise, statistic):
    clean = torch.tensor([0.0, 0.25, 0.5, 1.0]).expand(20_000, 4)
    noisy = denoise_digits.NOISES[noise](clean, torch.Generator().manual_seed(0))
    right = {"mean": noisy.mean(0), "median": noisy.median(0).values}
    off = {name: (value - clean[0]).abs().max().item() for name, value in right.items()}
    assert off.pop(statistic) < 0.02
    assert off.popitem()[1] > 0.2


def test_the_shown_digits_are_in_no_part():
    for seed in denoise_digits.SEEDS:
        train, held_back = denoise_digits.parts(seed)
        used = {*train.tolist(), *held_back.tolist()}
        assert len(used) == len(train) + len(held_back) == 1797 - len(denoise_digits.SHOWN)
        assert used.isdisjoint(denoise_digits.SHOWN)


def test_the_record_of_denoising_is_whole():
    rates = [f"{rate:g}" for rate in denoise_digits.RATES]
    assert len(DENOISED["runs"]) == 2 * len(denoise_digits.NOISES)
    for runs in DENOISED["runs"].values():
        assert list(runs) == rates
        assert all(len(splits) == len(denoise_digits.SEEDS) for splits in runs.values())
    assert (DENOISED["specks"], DENOISED["photons"]) == (denoise_digits.SPECKS, denoise_digits.PHOTONS)
