"""A large vocabulary: what the scores of all words cost, and two ways around them. Two experiments in one record.

1. Memory and time of the loss of a last layer, forward and backward, over the number of classes: by hand, in a loop
   over chunks, and by ``linear_cross_entropy`` without and with ``options``. Random numbers, one thread of a CPU.
2. The next word of the King James text, from the two words before it, over seeds: all words scored, and the adaptive
   softmax with the words in the order of their frequency and in a shuffled order. The first five chapters of Genesis
   are held back. The vocabulary is that of the whole text.

Run ``python book/experiments/large_vocabulary.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import lossbook
from lossbook import records
from lossbook.teach import data
from lossbook.timing.memory import peak_bytes
from lossbook.timing.runs import device_name
from lossbook.timing.stopwatch import rounds_of

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "large_vocabulary.json"
CLASSES = (1024, 4096, 16384)
ROWS, FEATURES, ROUNDS = 1024, 128, 9
SEEDS = range(5)
EPOCHS, BATCH, WIDTH, CUTOFFS = 2, 128, 64, [100, 700]

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


# --- 1. memory and time -------------------------------------------------------------------------------------------


def by_hand(hidden: Tensor, weight: Tensor, target: Tensor) -> Tensor:
    """All scores at once."""
    return F.cross_entropy(hidden @ weight.T, target)


def in_a_loop(hidden: Tensor, weight: Tensor, target: Tensor, rows: int = 128) -> Tensor:
    """The scores a few rows at a time; but each piece is kept for the way back."""
    pieces = zip(hidden.split(rows), target.split(rows), strict=True)
    return sum(F.cross_entropy(h @ weight.T, y, reduction="sum") for h, y in pieces) / len(target)


def chunked(**options: Any) -> Loss:
    """Torch's loss of a last layer with these options."""
    chosen = nn.LinearCrossEntropyOptions(**options)
    return lambda hidden, weight, target: F.linear_cross_entropy(hidden, weight, target, options=chosen)


FORMS: dict[str, Loss] = {
    "by hand": by_hand,
    "loop over chunks": in_a_loop,
    "linear, no options": lambda hidden, weight, target: F.linear_cross_entropy(hidden, weight, target),
    "linear, options": chunked(),
    "linear, 128 rows": chunked(batch_chunk_size=128, chunking_method=None),
    "lossbook, 128 rows": lambda hidden, weight, target: lossbook.linear_cross_entropy(
        hidden,
        weight,
        target,
        options=lossbook.LinearCrossEntropyOptions(batch_chunk_size=128, chunking_method=None),
    ),
}


def steps(classes: int) -> dict[str, Callable[[], Any]]:
    """For each form, a call that goes forward and back through the loss of random scores."""
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(ROWS, FEATURES, generator=generator).requires_grad_()
    weight = (torch.randn(classes, FEATURES, generator=generator) / FEATURES**0.5).requires_grad_()
    target = torch.randint(classes, (ROWS,), generator=generator)

    def step(form: Loss) -> Callable[[], Any]:
        return lambda: torch.autograd.grad(form(hidden, weight, target), (hidden, weight))

    return {name: step(form) for name, form in FORMS.items()}


def peaks(classes: int) -> dict[str, int]:
    """The most bytes that each form asks for at one time."""
    return {name: peak_bytes(step, torch.device("cpu")) for name, step in steps(classes).items()}


def seconds(classes: int) -> dict[str, float]:
    """Median seconds of a call of each form, in turns."""
    found = rounds_of(steps(classes), torch.device("cpu"), ROUNDS)
    return {name: median(values) for name, values in found.items()}


# --- 2. words in order of frequency, and not -----------------------------------------------------------------------


def words(text: str) -> list[str]:
    """The words of a text, in small letters."""
    return re.findall(r"[a-z']+", text.lower())


def by_frequency() -> list[str]:
    """The vocabulary, most frequent word first."""
    return [word for word, _ in Counter(words(data.king_james())).most_common()]


class Guesser(nn.Module):
    """A vector of features from the two words before."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(size, WIDTH)
        self.mix = nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, before: Tensor) -> Tensor:
        """Features (N, D) of pairs of words (N, 2)."""
        return torch.tanh(self.mix(self.embedding(before).flatten(1)))


class AllWords(nn.Module):
    """The plain way: a score for each word."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.scores = nn.Linear(WIDTH, size, bias=False)

    def forward(self, hidden: Tensor, target: Tensor) -> Tensor:
        """The mean loss."""
        return F.cross_entropy(self.scores(hidden), target)


class Grouped(nn.Module):
    """The adaptive softmax of torch."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.groups = nn.AdaptiveLogSoftmaxWithLoss(WIDTH, size, CUTOFFS)

    def forward(self, hidden: Tensor, target: Tensor) -> Tensor:
        """The mean loss."""
        return self.groups(hidden, target).loss


WAYS = ("all words", "by frequency", "shuffled")


def train(way: str, seed: int, epochs: int = EPOCHS) -> float:
    """Train once, and the loss in nats per word on the held-back chapters."""
    vocabulary = by_frequency()
    generator = torch.Generator().manual_seed(seed)
    if way == "shuffled":
        vocabulary = [vocabulary[i] for i in torch.randperm(len(vocabulary), generator=generator)]
    number = {word: i for i, word in enumerate(vocabulary)}
    chapters = data.king_james().split("\n\n")
    held_back, rest = (
        torch.tensor([number[word] for word in words("\n".join(part))]).unfold(0, 3, 1)
        for part in (chapters[:5], chapters[5:])
    )
    torch.manual_seed(seed)
    guesser = Guesser(len(vocabulary))
    criterion = AllWords(len(vocabulary)) if way == "all words" else Grouped(len(vocabulary))
    optimizer = torch.optim.Adam([*guesser.parameters(), *criterion.parameters()], lr=0.003)
    for _ in range(epochs):
        for batch in rest[torch.randperm(len(rest), generator=generator)].split(BATCH):
            optimizer.zero_grad()
            criterion(guesser(batch[:, :2]), batch[:, 2]).backward()
            optimizer.step()
    with torch.no_grad():
        loss: float = criterion(guesser(held_back[:, :2]), held_back[:, 2]).item()
    return loss


def main() -> None:
    """Measure, train with every seed, and write the record."""
    torch.set_num_threads(1)
    record: dict[str, Any] = {
        "about": "What a large vocabulary costs; see book/experiments/large_vocabulary.py",
        **records.stamp(),
        "device": device_name(torch.device("cpu")),
        "seeds": list(SEEDS),
        "rows": ROWS,
        "features": FEATURES,
        "rounds": ROUNDS,
        "peaks": {str(classes): peaks(classes) for classes in CLASSES},
        "seconds": {str(classes): seconds(classes) for classes in CLASSES},
        "words": {way: [train(way, seed) for seed in SEEDS] for way in WAYS},
    }
    records.write(RECORD, record, digits=5)


if __name__ == "__main__":
    main()
