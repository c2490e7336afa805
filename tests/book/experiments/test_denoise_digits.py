"""Denoising digits: one training run anew, the noises, the parts, and the record."""

import pytest
import torch

from book.experiments import denoise_digits
from tests.book.experiments.shared import assert_whole_split, record_of

RECORDED = record_of(denoise_digits)


@pytest.mark.slow
@pytest.mark.parametrize("noise", denoise_digits.NOISES)
def test_a_denoising_is_as_recorded(noise):
    found = denoise_digits.run(noise, clean_target=False, rate=denoise_digits.RATES[1], seed=0)
    recorded = RECORDED["runs"][f"{noise}, noisy target"][f"{denoise_digits.RATES[1]:g}"][0]
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


def test_each_digit_is_in_one_part_and_a_shown_one_in_none():
    for seed in denoise_digits.SEEDS:
        assert_whole_split(denoise_digits, seed)


def test_the_record_is_whole():
    rates = [f"{rate:g}" for rate in denoise_digits.RATES]
    assert len(RECORDED["runs"]) == 2 * len(denoise_digits.NOISES)
    for runs in RECORDED["runs"].values():
        assert list(runs) == rates
        assert all(len(splits) == len(denoise_digits.SEEDS) for splits in runs.values())
    assert (RECORDED["specks"], RECORDED["photons"]) == (denoise_digits.SPECKS, denoise_digits.PHOTONS)
