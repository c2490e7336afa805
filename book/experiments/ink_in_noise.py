"""Ink in noise: the experiment behind the section on Dice of the page beyond torch, over seeds.

Composed pictures: one real digit of 8 by 8 pixels somewhere in a field of 24 by 24, noise over all of it, and bright
specks. A fifth of the pictures holds no digit. A small convolutional network shall say of each pixel whether it is ink.

Trained with binary cross-entropy, with the same and ``pos_weight`` as PyTorch's documentation suggests it, with Dice
loss, and with the sum of cross-entropy and Dice. Judged on pictures made of digits held back: the Dice score at the
threshold one half, the mean over the pictures with a digit; for cross-entropy also at the threshold that is best on the
pictures trained on; the surprise for each pixel; and false ink, the pixels called ink in a picture without any.

Run ``python book/experiments/ink_in_noise.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

import lossbook
from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "ink_in_noise.json"
SEEDS = range(10)
TRAIN, TEST = 240, 240
EPOCHS, BATCH, RATE, CHANNELS = 24, 20, 0.01, 6
LOSSES = ("cross-entropy", "weighted", "dice", "both")

Pictures = tuple[Tensor, Tensor]


def parts(seed: int) -> tuple[Pictures, Pictures]:
    """Pictures to train on, and pictures made of other digits."""
    order = torch.randperm(1797, generator=torch.Generator().manual_seed(seed)).tolist()
    return data.digits_in_noise(TRAIN, 2 * seed, order[600:]), data.digits_in_noise(TEST, 2 * seed + 1, order[:600])


def cost(name: str, score: Tensor, ink: Tensor, ratio: Tensor) -> Tensor:
    """What is minimised."""
    if name == "dice":
        return lossbook.dice_loss(score, ink)
    weight = ratio if name == "weighted" else None
    surprise = nn.functional.binary_cross_entropy_with_logits(score, ink, pos_weight=weight)
    return surprise + lossbook.dice_loss(score, ink) if name == "both" else surprise


def train(name: str, noisy: Tensor, ink: Tensor, seed: int) -> nn.Module:
    """A network, from the same start for each loss. It sees five pixels around, twice."""
    torch.manual_seed(seed)
    layers = [nn.Conv2d(1, CHANNELS, 5, padding=2), nn.SiLU(), nn.Conv2d(CHANNELS, CHANNELS, 5, padding=2), nn.SiLU()]
    model = nn.Sequential(*layers, nn.Conv2d(CHANNELS, 1, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    ratio = (1 - ink).sum() / ink.sum()
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(noisy)).split(BATCH):
            optimizer.zero_grad()
            cost(name, model(noisy[batch]), ink[batch], ratio).backward()
            optimizer.step()
    return model


def dice_score(says: Tensor, ink: Tensor) -> float:
    """Twice the shared pixels over the pixels of both: the mean over the pictures that have ink."""
    says, ink = says.flatten(1).double(), ink.flatten(1).double()
    scores = 2 * (says * ink).sum(1) / (says + ink).sum(1).clamp(min=1)
    return scores[ink.any(1)].mean().item()


@torch.no_grad()
def run(name: str, seed: int) -> dict[str, float]:
    """One training, judged on the pictures held back."""
    (noisy, ink), (noisy_new, ink_new) = parts(seed)
    with torch.enable_grad():
        model = train(name, noisy, ink, seed)
    own, score = model(noisy), model(noisy_new)
    cuts = torch.linspace(-4, 4, 41).tolist()
    cut = max(cuts, key=lambda at: dice_score(own > at, ink))
    empty = ~ink_new.flatten(1).any(1)
    sure = ((score.abs() > 3.9).double()).mean().item()  # above 98 %, or below 2 %
    return {
        "dice": dice_score(score > 0, ink_new),
        "dice, moved": dice_score(score > cut, ink_new),
        "threshold": torch.tensor(cut).sigmoid().item(),
        "surprise": nn.functional.binary_cross_entropy_with_logits(score, ink_new).item(),
        "false ink": (score[empty] > 0).flatten(1).sum(1).double().mean().item(),
        "false ink, moved": (score[empty] > cut).flatten(1).sum(1).double().mean().item(),
        "says": score.sigmoid().mean().item(),
        "seen": ink_new.mean().item(),
        "sure": sure,
    }


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    record = {
        "about": "Dice, cross-entropy and both, on small masks; see book/experiments/ink_in_noise.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "runs": {"ink": {name: [run(name, seed) for seed in SEEDS] for name in LOSSES}},
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
