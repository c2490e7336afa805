"""Halves of digits: the experiment behind the section on InfoNCE of the page beyond torch, over seeds.

Pictures of digits are cut down the middle. Two small networks place the left halves and the right halves among the same
vectors of 16 numbers, on the unit sphere, so that a left half finds the very right half that it was cut from. Judged
among 500 pictures held back: how often its own half is the nearest, and how often it is among the ten nearest.

Trained with InfoNCE, both ways; with NT-Xent, both sides in one heap; with cosine pairs (the own half, and one of
another picture); with triplets, the stranger drawn at random, or the nearest in the batch; and, as the plain way, a
network that predicts the pixels of the right half with squared error and looks for the nearest pixels.

Same pictures, same number of steps. For each way the rate, and the temperature or the margin, are the best of all
combinations, by the ten nearest among 297 pictures that are never trained on and never judged on.

Run ``python book/experiments/halves_of_digits.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

from functools import cache
from itertools import product
from pathlib import Path

import torch
import torch.nn.functional as F
from sklearn import datasets
from torch import Tensor, nn

import lossbook
from lossbook import records

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "halves_of_digits.json"
SEEDS = range(10)
TUNED_ON = 100, 101  # the splits whose networks are asked about the pictures set apart
SIZE, HIDDEN, STEPS, BATCH, SET_APART, HELD_BACK = 16, 64, 400, 128, 297, 500
RATES = (0.001, 0.003, 0.01)
TEMPERATURES = (0.05, 0.1, 0.2, 0.5, 1.0)
MARGINS = (0.1, 0.2, 0.5, 1.0)
OPTIONS: dict[str, tuple[float, ...]] = {
    "pixels": (0.0,),  # it has none
    "cosine": (0.0, 0.2, 0.4, 0.6),
    "triplet, random": MARGINS,
    "triplet, hard": MARGINS,
    "InfoNCE": TEMPERATURES,
    "NT-Xent": TEMPERATURES,
}


@cache
def halves() -> tuple[Tensor, Tensor]:
    """The 32 pixels on the left and the 32 on the right of 1797 digits, from 0 to 1."""
    pictures = torch.tensor(datasets.load_digits().images / 16, dtype=torch.float32)
    return pictures[:, :, :4].flatten(1), pictures[:, :, 4:].flatten(1)


def parts(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """The rows to train on, those to judge on, and those to choose on: these are the same for every seed."""
    apart, rest = torch.randperm(1797, generator=torch.Generator().manual_seed(0)).split([SET_APART, 1797 - SET_APART])
    order = rest[torch.randperm(len(rest), generator=torch.Generator().manual_seed(seed))]
    return order[HELD_BACK:], order[:HELD_BACK], apart


def network(outputs: int) -> nn.Module:
    """From half a picture to a few numbers."""
    return nn.Sequential(nn.Linear(32, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, outputs))


def cost(way: str, option: float, left: Tensor, right: Tensor) -> Tensor:
    """What is minimised: row i of one side belongs to row i of the other. The option: a temperature or a margin."""
    if way == "pixels":
        return lossbook.mse_loss(left, right)
    if way == "InfoNCE":
        return lossbook.info_nce_loss(left, right, temperature=option, symmetric=True)
    if way == "NT-Xent":
        return lossbook.nt_xent_loss(left, right, temperature=option)
    left, right = F.normalize(left, dim=1), F.normalize(right, dim=1)
    stranger = right.roll(1, 0)  # the batch was drawn at random, so this is a random other
    if way == "cosine":
        target = torch.cat([torch.ones(len(left)), -torch.ones(len(left))])
        return lossbook.cosine_embedding_loss(left.repeat(2, 1), torch.cat([right, stranger]), target, margin=option)
    if way == "triplet, hard":
        with torch.no_grad():
            stranger_of = torch.cdist(left, right).fill_diagonal_(torch.inf).argmin(1)
        stranger = right[stranger_of]
    return lossbook.triplet_margin_loss(left, right, stranger, margin=option)


def trained(way: str, option: float, rate: float, seed: int) -> tuple[nn.Module, nn.Module]:
    """The networks of both sides; a side of pixels needs none."""
    left, right = halves()
    rows, *_ = parts(seed)
    torch.manual_seed(seed)
    of_left, of_right = network(32 if way == "pixels" else SIZE), network(SIZE)
    if way == "pixels":
        of_right = nn.Identity()
    optimizer = torch.optim.Adam([*of_left.parameters(), *of_right.parameters()], lr=rate, fused=True)
    for _ in range(STEPS):
        batch = rows[torch.randperm(len(rows))[:BATCH]]
        optimizer.zero_grad()
        cost(way, option, of_left(left[batch]), of_right(right[batch])).backward()
        optimizer.step()
    return of_left, of_right


@torch.no_grad()
def found(way: str, networks: tuple[nn.Module, nn.Module], rows: Tensor) -> dict[str, float]:
    """How often the own half is the nearest of these rows, and how often among the ten nearest."""
    said, keys = (of_side(side[rows]) for of_side, side in zip(networks, halves(), strict=True))
    if way != "pixels":
        said, keys = F.normalize(said, dim=1), F.normalize(keys, dim=1)
    distance = torch.cdist(said, keys)
    nearer = (distance < distance.diag()[:, None]).sum(1)
    return {"at 1": (nearer < 1).double().mean().item(), "at 10": (nearer < 10).double().mean().item()}


def run(way: str, option: float, rate: float, seed: int) -> dict[str, float]:
    """Train, and look for the other halves of pictures held back."""
    return found(way, trained(way, option, rate, seed), parts(seed)[1])


def tried(way: str, option: float, rate: float) -> float:
    """The share found among the ten nearest of the pictures set apart."""
    shares = [found(way, trained(way, option, rate, seed), parts(seed)[2])["at 10"] for seed in TUNED_ON]
    return sum(shares) / len(shares)


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    swept = {way: {(o, r): tried(way, o, r) for o, r in product(OPTIONS[way], RATES)} for way in OPTIONS}
    chosen = {way: max(shares, key=lambda one: shares[one]) for way, shares in swept.items()}
    record = {
        "about": "InfoNCE and NT-Xent against pairs, triplets, squared error; see book/experiments/halves_of_digits.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "chosen": {way: {"option": option, "rate": rate} for way, (option, rate) in chosen.items()},
        "swept": {  # on the pictures set apart, at the best rate of each option
            way: {f"{o:g}": max(shares[o, r] for r in RATES) for o in OPTIONS[way]} for way, shares in swept.items()
        },
        "runs": {"halves": {way: [run(way, *chosen[way], seed) for seed in SEEDS] for way in OPTIONS}},
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
