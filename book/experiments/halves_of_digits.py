"""Halves of digits: the experiment behind the section on InfoNCE of the page beyond torch, over seeds.

Pictures of digits are cut down the middle. Two small networks place the left halves and the right halves among the same
vectors of 16 numbers, on the unit sphere, so that a left half finds the very right half that it was cut from. Judged
among 500 pictures held back: how often its own half is the nearest, and how often it is among the ten nearest.

Trained with InfoNCE, both ways and at several temperatures; with cosine pairs (the own half, and one of another
picture); with triplets, the stranger drawn at random, or the nearest in the batch; and, as the plain way, a network
that predicts the pixels of the right half with squared error and looks for the nearest pixels.

Same pictures, same number of steps, the best of three rates for each way, chosen by the ten nearest on a split of its
own.

Run ``python book/experiments/halves_of_digits.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from sklearn import datasets
from torch import Tensor, nn

import lossbook
from lossbook import records

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "halves_of_digits.json"
SEEDS = range(10)
OTHER = 100  # the split to choose a rate on
RATES = (0.001, 0.003, 0.01)
SIZE, HIDDEN, STEPS, BATCH, HELD_BACK = 16, 64, 400, 128, 500
TEMPERATURES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
MARGIN = 0.2
NCE = {f"temperature {t:g}": t for t in TEMPERATURES}
WAYS = ("pixels", "cosine", "triplet, random", "triplet, hard", *NCE)


def halves() -> tuple[Tensor, Tensor]:
    """The 32 pixels on the left and the 32 on the right of 1797 digits, from 0 to 1."""
    pictures = torch.tensor(datasets.load_digits().images / 16, dtype=torch.float32)
    return pictures[:, :, :4].flatten(1), pictures[:, :, 4:].flatten(1)


def parts(seed: int) -> tuple[Tensor, Tensor]:
    """The rows to train on and those held back."""
    order = torch.randperm(1797, generator=torch.Generator().manual_seed(seed))
    return order[HELD_BACK:], order[:HELD_BACK]


def network(outputs: int) -> nn.Module:
    """From half a picture to a few numbers."""
    return nn.Sequential(nn.Linear(32, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, outputs))


def cost(way: str, left: Tensor, right: Tensor) -> Tensor:
    """What is minimised: row i of one side belongs to row i of the other."""
    if way == "pixels":
        return lossbook.mse_loss(left, right)
    if way in NCE:
        return lossbook.info_nce_loss(left, right, temperature=NCE[way], symmetric=True)
    left, right = F.normalize(left, dim=1), F.normalize(right, dim=1)
    stranger = right.roll(1, 0)  # the batch was drawn at random, so this is a random other
    if way == "cosine":
        target = torch.cat([torch.ones(len(left)), -torch.ones(len(left))])
        return lossbook.cosine_embedding_loss(left.repeat(2, 1), torch.cat([right, stranger]), target, margin=MARGIN)
    if way == "triplet, hard":
        with torch.no_grad():
            stranger_of = torch.cdist(left, right).fill_diagonal_(torch.inf).argmin(1)
        stranger = right[stranger_of]
    return lossbook.triplet_margin_loss(left, right, stranger, margin=MARGIN)


def run(way: str, rate: float, seed: int) -> dict[str, float]:
    """Train, and look for the other halves of pictures held back."""
    left, right = halves()
    rows, held_back = parts(seed)
    torch.manual_seed(seed)
    of_left, of_right = network(32 if way == "pixels" else SIZE), network(SIZE)
    if way == "pixels":
        of_right = nn.Identity()
    optimizer = torch.optim.Adam([*of_left.parameters(), *of_right.parameters()], lr=rate)
    for _ in range(STEPS):
        batch = rows[torch.randperm(len(rows))[:BATCH]]
        optimizer.zero_grad()
        cost(way, of_left(left[batch]), of_right(right[batch])).backward()
        optimizer.step()
    with torch.no_grad():
        said, keys = of_left(left[held_back]), of_right(right[held_back])
        if way != "pixels":
            said, keys = F.normalize(said, dim=1), F.normalize(keys, dim=1)
        distance = torch.cdist(said, keys)
    nearer = (distance < distance.diag()[:, None]).sum(1)
    return {"at 1": (nearer < 1).double().mean().item(), "at 10": (nearer < 10).double().mean().item()}


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    rates = {way: max(RATES, key=lambda rate: run(way, rate, OTHER)["at 10"]) for way in WAYS}
    record = {
        "about": "InfoNCE against pairs, triplets and squared error; see book/experiments/halves_of_digits.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "rates": rates,
        "runs": {"halves": {way: [run(way, rates[way], seed) for seed in SEEDS] for way in WAYS}},
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
