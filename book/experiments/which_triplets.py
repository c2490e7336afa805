"""Which triplets to learn from: the experiment behind the retrieval table of the chapter on embeddings, over seeds.

A small network places pictures of digits, so that those of one kind lie near each other. Judged by retrieval among
held-back pictures: how often the nearest other one is of the same kind, and how many of the nearest fifty are. Beside
it the same for the raw pixels. The network is trained on all ten kinds, or on seven, drawn anew for each seed; then it
is judged on the pictures of the three kinds that it never saw, among those of all ten. The networks of all seeds are
trained side by side, as one batch of matrices: no weight belongs to two of them.

One rate and one number of steps for all, chosen beforehand. For collapse: batch-hard triplets at higher rates, and what
then changes with more numbers, or with semi-hard triplets; the spread of the vectors is measured early and at the end.

Run ``python book/experiments/which_triplets.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from sklearn import datasets
from torch import Tensor, nn

import lossbook
from lossbook import records

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "which_triplets.json"
SEEDS = range(10)
SHOWN = (5, 1095, 1500, 1726)  # digits that are easily taken for another; never trained on
STEPS, EARLY, EACH = 600, 180, 6  # pictures of each kind in a batch
RATE = 0.001
NEAREST = 50
SETTINGS = {  # the size of the vector, whether on the unit sphere, how many kinds are trained on, and the margin
    "2 numbers": (2, False, 10, 1.0),
    "16 numbers": (16, False, 10, 1.0),
    "16, unit length": (16, True, 10, 0.2),
    "16, seven kinds": (16, False, 7, 1.0),
}
MINERS = ("random", "semi-hard", "batch-hard")
PAIRS = ("hinge pairs", "cosine pairs")
HEAPS = {  # which setting, which triplets, and the rate
    "2 numbers, batch-hard, 0.001": ("2 numbers", "batch-hard", 0.001),
    "2 numbers, batch-hard, 0.003": ("2 numbers", "batch-hard", 0.003),
    "2 numbers, batch-hard, 0.01": ("2 numbers", "batch-hard", 0.01),
    "2 numbers, semi-hard, 0.01": ("2 numbers", "semi-hard", 0.01),
    "16 numbers, batch-hard, 0.01": ("16 numbers", "batch-hard", 0.01),
}
WAYS = {name: MINERS + (PAIRS if name == "16 numbers" else ()) for name in SETTINGS}

Pair = tuple[Tensor, Tensor]


def digits() -> tuple[Tensor, Tensor]:
    """1797 digits of 64 pixels from black, 0, to white, 1; and what they are."""
    bunch = datasets.load_digits()
    return torch.tensor(bunch.data, dtype=torch.float32) / 16, torch.tensor(bunch.target)


def parts(seed: int) -> tuple[Tensor, Tensor]:
    """The rows to train on and those held back, without the shown digits."""
    order = torch.randperm(len(digits()[0]), generator=torch.Generator().manual_seed(seed))
    order = order[~torch.isin(order, torch.tensor(SHOWN))]
    return order[:900], order[900:]


def batches(pools: list[list[Tensor]], generator: torch.Generator) -> Iterator[Tensor]:
    """For each step and seed, a few pictures of each kind, none twice."""
    longest = max(len(pool) for kinds in pools for pool in kinds)
    padded = [[F.pad(pool, (0, longest - len(pool)), value=-1) for pool in kinds] for kinds in pools]
    table = torch.stack([torch.stack(kinds) for kinds in padded])
    for _ in range(STEPS):
        keys = torch.rand(table.shape, generator=generator).masked_fill(table < 0, -1)
        yield table.gather(2, keys.topk(EACH).indices).flatten(1)


def pick(miner: str, distance: Tensor, kind: Tensor, margin: float, generator: torch.Generator) -> Pair:
    """For each picture of each batch as anchor, the places of its match and of its stranger."""
    same = kind[:, :, None] == kind[:, None]
    match = same & ~torch.eye(kind.shape[1], dtype=torch.bool)
    if miner == "batch-hard":
        farthest = distance.masked_fill(~match, -1.0).argmax(2)
        nearest = distance.masked_fill(same, torch.inf).argmin(2)
        return farthest, nearest
    positive = drawn(match, generator)
    chance = (~same).float()
    if miner == "semi-hard":
        near = distance.gather(2, positive[:, :, None])
        band = ~same & (distance > near) & (distance < near + margin)
        chance = band + 1e-6 * chance  # any stranger, where the band is empty
    return positive, drawn(chance, generator)


def drawn(chance: Tensor, generator: torch.Generator) -> Tensor:
    """The place of one entry of each row, drawn with these chances."""
    return torch.multinomial(chance.flatten(0, 1).float(), 1, generator=generator).view(chance.shape[:2])


def losses_of(way: str, z: Tensor, kind: Tensor, margin: float, generator: torch.Generator) -> Tensor:
    """The losses of the triplets, or pairs, of each batch."""
    miner = way if way in MINERS else "random"
    with torch.no_grad():
        places = pick(miner, torch.cdist(z, z), kind, margin, generator)
    positive, negative = (z.gather(1, place[:, :, None].expand_as(z)) for place in places)
    if way in MINERS:
        return lossbook.triplet_margin_loss(z, positive, negative, margin=margin, reduction="none")
    first, second = torch.cat([z, z], 1), torch.cat([positive, negative], 1)
    target = torch.cat([torch.ones(kind.shape), -torch.ones(kind.shape)], 1)
    if way == "hinge pairs":
        apart = F.pairwise_distance(first, second)
        return lossbook.hinge_embedding_loss(apart, target, margin=margin, reduction="none")
    flat = first.flatten(0, 1), second.flatten(0, 1), target.flatten()
    return lossbook.cosine_embedding_loss(*flat, reduction="none").view_as(target)


def precision(z: Tensor, kind: Tensor, asked: Tensor) -> dict[str, float]:
    """Of the vectors asked for: how often the nearest other one is of their kind; of the nearest fifty, how many."""
    nearest = torch.cdist(z, z).fill_diagonal_(torch.inf)[asked].topk(NEAREST, largest=False).indices
    right = (kind[nearest] == kind[asked, None]).double()
    return {"at 1": right[:, 0].mean().item(), f"at {NEAREST}": right.mean().item()}


def run(setting: str, way: str, rate: float = RATE) -> list[dict[str, float]]:
    """Train one network a seed, all side by side; how well their vectors retrieve, and what the last batches said."""
    size, sphere, trained, margin = SETTINGS[setting]
    images, kinds = digits()
    generator = torch.Generator().manual_seed(1000)
    seen = [kinds_seen(trained, seed) for seed in SEEDS]
    rows, held_back = zip(*map(parts, SEEDS), strict=True)
    pools = [[own[kinds[own] == k] for k in seen[seed]] for seed, own in enumerate(rows)]
    layers = starts(size)
    optimizer = torch.optim.Adam([x for layer in layers for x in layer], lr=rate)

    def place(pictures: Tensor) -> Tensor:
        z = pictures
        for number, (weight, bias) in enumerate(layers):
            z = torch.baddbmm(bias[:, None], z.relu() if number else z, weight.mT)
        return F.normalize(z, dim=-1) if sphere or way == "cosine pairs" else z

    def places_of_held_back() -> Tensor:
        with torch.no_grad():
            return place(images[torch.stack(held_back)])

    teaching = []
    for step, batch in enumerate(batches(pools, generator), start=1):
        losses = losses_of(way, place(images[batch]), kinds[batch], margin, generator)
        optimizer.zero_grad()
        losses.mean(1).sum().backward()  # no weight belongs to two seeds
        optimizer.step()
        teaching.append((losses > 0).double().mean(1))
        if step == EARLY:
            early = places_of_held_back().std(1).norm(dim=1).tolist()
    last = torch.stack(teaching[-15:]).mean(0).tolist()
    found = []
    for seed, z in enumerate(places_of_held_back()):
        kind = kinds[held_back[seed]]
        judged = precision(z, kind, asked_for(kind, seen[seed]))
        found.append(judged | {"teaching": last[seed], "early spread": early[seed], "spread": z.std(0).norm().item()})
    return found


def starts(size: int) -> list[tuple[Tensor, Tensor]]:
    """Weights and biases of each layer, as torch starts them, stacked over the seeds."""
    layers = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        layers.append([nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, size)])
    stacked = []
    for same in zip(*layers, strict=True):
        weight, bias = (torch.stack([getattr(layer, name).detach() for layer in same]) for name in ("weight", "bias"))
        stacked.append((weight.requires_grad_(), bias.requires_grad_()))
    return stacked


def kinds_seen(trained: int, seed: int) -> Tensor:
    """The kinds of digits to train on."""
    return torch.randperm(10, generator=torch.Generator().manual_seed(100 + seed))[:trained]


def asked_for(kind: Tensor, seen: Tensor) -> Tensor:
    """The places of the pictures to retrieve for: those of unseen kinds, or all, if there are none."""
    unseen = ~torch.isin(kind, seen)
    return (unseen if unseen.any() else ~unseen).nonzero()[:, 0]


def raw(setting: str) -> list[dict[str, float]]:
    """How well the pixels themselves retrieve the same pictures."""
    images, kinds = digits()
    found = []
    for seed in SEEDS:
        _, held_back = parts(seed)
        kind = kinds[held_back]
        found.append(precision(images[held_back], kind, asked_for(kind, kinds_seen(SETTINGS[setting][2], seed))))
    return found


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    runs: dict[str, dict[str, list[dict[str, float]]]] = {}
    for setting, ways in WAYS.items():
        runs[setting] = {"raw pixels": raw(setting)} | {way: run(setting, way) for way in ways}
        print(setting, file=sys.stderr, flush=True)
    heaps = {name: run(*which) for name, which in HEAPS.items()}
    record = {
        "about": "Random, semi-hard and batch-hard triplets, and pairs; see book/experiments/which_triplets.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "steps": STEPS,
        "early": EARLY,
        "rate": RATE,
        "heaps": heaps,
        "runs": runs,
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
