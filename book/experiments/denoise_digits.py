"""Denoising digits: the experiment behind the last picture of the chapter on squared and absolute error, over seeds.

A tiny network is shown a bad picture of a digit and learns to predict a second picture of the same digit: a clean
one, or one as bad as the first, with a noise of its own. Two kinds of noise:

1. specks: a share of the pixels is white. The median of many pictures is the clean pixel, the mean is not.
2. photons: a few photons are counted per pixel. The mean is the clean pixel, the median is not.

Trained with squared and with absolute error, same start, same noise, same optimiser, at two learning rates. Judged on
held-back digits against the clean picture.

Run ``python book/experiments/denoise_digits.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from sklearn import datasets
from torch import Tensor, nn

import lossbook
from lossbook import records

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "denoise_digits.json"
SEEDS = range(10)
RATES = (0.001, 0.003)
EPOCHS, BATCH = 80, 64
SPECKS = 0.3  # share of white pixels
PHOTONS = 2.0  # expected count in a white pixel
SHOWN = (5, 1095, 1500, 1726)  # digits that are easily taken for another; never trained on
LOSSES = {"mse": lossbook.mse_loss, "l1": lossbook.l1_loss}

Noise = Callable[[Tensor, torch.Generator], Tensor]


def specks(clean: Tensor, generator: torch.Generator) -> Tensor:
    """Some pixels white."""
    return torch.where(torch.rand(clean.shape, generator=generator) < SPECKS, 1.0, clean)


def photons(clean: Tensor, generator: torch.Generator) -> Tensor:
    """A count of photons, divided by the count that a white pixel expects."""
    return torch.poisson(PHOTONS * clean, generator=generator) / PHOTONS


NOISES: dict[str, Noise] = {"specks": specks, "photons": photons}


def digits() -> Tensor:
    """1797 digits of 64 pixels from black, 0, to white, 1."""
    return torch.tensor(datasets.load_digits().data, dtype=torch.float32) / 16


def parts(seed: int) -> tuple[Tensor, Tensor]:
    """The rows to train on and those held back, without the shown digits."""
    order = torch.randperm(len(digits()), generator=torch.Generator().manual_seed(seed))
    order = order[~torch.isin(order, torch.tensor(SHOWN))]
    return order[540:], order[:540]


def train(images: Tensor, noise: Noise, clean_target: bool, loss: str, rate: float, seed: int) -> nn.Module:
    """A network of one hidden layer; every epoch sees new pictures of the same digits."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(1000 + seed)
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64))
    steps = EPOCHS * -(-len(images) // BATCH)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    # Down to zero, so that neither loss is judged while it hops around its optimum.
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(images), generator=generator).split(BATCH):
            clean = images[rows]
            first, second = noise(clean, generator), noise(clean, generator)
            optimizer.zero_grad()
            LOSSES[loss](model(first), clean if clean_target else second).backward()
            optimizer.step()
            schedule.step()
    return model


def metrics(error: Tensor) -> dict[str, float]:
    """What the held-back errors come to; a pixel runs from 0 to 1."""
    return {
        "rmse": error.square().mean().sqrt().item(),
        "mae": error.abs().mean().item(),
        "bias": error.mean().item(),
    }


def run(noise: str, clean_target: bool, rate: float, seed: int) -> dict[str, dict[str, float]]:
    """Both losses on one split, judged against the clean pictures; beside them, the noisy picture itself."""
    images = digits()
    rows, held_back = parts(seed)
    clean = images[held_back]
    noisy = NOISES[noise](clean, torch.Generator().manual_seed(2000 + seed))
    judged = {"noisy": metrics(noisy - clean)}
    for loss in LOSSES:
        model = train(images[rows], NOISES[noise], clean_target, loss, rate, seed)
        with torch.no_grad():
            judged[loss] = metrics(model(noisy) - clean)
    return judged


def pictures(noise: str) -> dict[str, list[list[float]]]:
    """The shown digits: clean, noisy, and as either network of seed 0 paints them after noisy targets."""
    images = digits()
    rows, _ = parts(0)
    clean = images[list(SHOWN)]
    noisy = NOISES[noise](clean, torch.Generator().manual_seed(0))
    painted = {"clean": clean, "noisy": noisy}
    for loss in LOSSES:
        model = train(images[rows], NOISES[noise], False, loss, RATES[1], 0)
        with torch.no_grad():
            painted[loss] = model(noisy)
    return {name: [[round(pixel, 3) for pixel in row] for row in image.tolist()] for name, image in painted.items()}


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    record = {
        "about": "Squared against absolute error in denoising; see book/experiments/denoise_digits.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "rates": list(RATES),
        "specks": SPECKS,
        "photons": PHOTONS,
        "shown": list(SHOWN),
        "runs": {
            f"{noise}, {target} target": {
                f"{rate:g}": [run(noise, target == "clean", rate, seed) for seed in SEEDS] for rate in RATES
            }
            for noise in NOISES
            for target in ("clean", "noisy")
        },
        "pictures": {noise: pictures(noise) for noise in NOISES},
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
