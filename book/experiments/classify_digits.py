"""Classifying digits: the experiment behind the chapter on cross-entropy, over seeds.

A small convolutional network learns the ten digits, with the same start, the same batches and the same optimiser, and
one of four criteria:

1. once: cross-entropy on the scores;
2. twice: cross-entropy on the softmax of the scores, a common mistake;
3. smoothed: cross-entropy on the scores, with label smoothing;
4. apart: binary cross-entropy, in which every class stands for itself.

Judged on held-back digits. The network's chances are the softmax of its scores, except for the fourth, where each is
a sigmoid.

Run ``python book/experiments/classify_digits.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from sklearn import datasets
from torch import Tensor, nn

import lossbook
from lossbook import records

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "classify_digits.json"
SEEDS = range(10)
RATES = (0.001, 0.003, 0.01)
EPOCHS, BATCH, HELD_BACK = 20, 64, 540
SMOOTHING = 0.1
SHOWN = (5, 1095, 1500, 1726)  # digits that are easily taken for another; never trained on


def apart(scores: Tensor, digit: Tensor) -> Tensor:
    """Ten questions of yes or no, one for each class."""
    yes = nn.functional.one_hot(digit, 10).to(scores.dtype)
    return lossbook.binary_cross_entropy_with_logits(scores, yes, reduction="sum") / len(digit)


CRITERIA: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "once": lossbook.cross_entropy,
    "twice": lambda scores, digit: lossbook.cross_entropy(scores.softmax(dim=1), digit),
    "smoothed": lambda scores, digit: lossbook.cross_entropy(scores, digit, label_smoothing=SMOOTHING),
    "apart": apart,
}


def digits() -> tuple[Tensor, Tensor]:
    """1797 images of 8 × 8 pixels from 0 to 1, and the digit that each shows."""
    pixels, digit = datasets.load_digits(return_X_y=True)
    return torch.tensor(pixels, dtype=torch.float32).view(-1, 1, 8, 8) / 16, torch.tensor(digit)


def network() -> nn.Module:
    """Two convolutions and one linear layer; its outputs are scores."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(128, 10),
    )


def parts(seed: int) -> tuple[Tensor, Tensor]:
    """The rows to train on and those held back, without the shown digits."""
    order = torch.randperm(len(digits()[1]), generator=torch.Generator().manual_seed(seed))
    order = order[~torch.isin(order, torch.tensor(SHOWN))]
    return order[HELD_BACK:], order[:HELD_BACK]


def judged(criterion: str, scores: Tensor, digit: Tensor) -> dict[str, float]:
    """What is right, how sure the network is, what the truth costs, and how often each digit is found."""
    chances = scores.sigmoid() if criterion == "apart" else scores.softmax(dim=1)
    sure, said = chances.max(dim=1)
    found = {f"found {k}": (said[digit == k] == k).float().mean().item() for k in range(10)}
    return {
        "right": (said == digit).float().mean().item(),
        "sure": sure.mean().item(),
        "surprise": nn.functional.nll_loss(chances.clamp(min=1e-30).log(), digit).item(),
        "total": chances.sum(dim=1).mean().item(),
        **found,
    }


def run(criterion: str, rate: float, seed: int) -> dict[str, float]:
    """Train on one split and judge the result; with the loss of the first batch and of the last epoch."""
    images, digit = digits()
    rows, held_back = parts(seed)
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(1000 + seed)
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(EPOCHS):
        losses = []
        for batch in rows[torch.randperm(len(rows), generator=generator)].split(BATCH):
            optimizer.zero_grad()
            loss = CRITERIA[criterion](model(images[batch]), digit[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    with torch.no_grad():
        found = judged(criterion, model(images[held_back]), digit[held_back])
    return found | {"last epoch": sum(losses) / len(losses)}


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    record = {
        "about": "Cross-entropy once, twice, smoothed and apart; see book/experiments/classify_digits.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "rates": list(RATES),
        "epochs": EPOCHS,
        "smoothing": SMOOTHING,
        "runs": {
            criterion: {f"{rate:g}": [run(criterion, rate, seed) for seed in SEEDS] for rate in RATES}
            for criterion in CRITERIA
        },
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
