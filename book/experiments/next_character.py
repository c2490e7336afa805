"""The next character: the small networks behind the picture of the chapter on next tokens, over seeds.

A recurrent network reads the King James text character by character and bets on the next one. The first five chapters
of Genesis are held back; it is trained on the rest of the text, and judged on those five in bits per character.

Recorded for each seed: bits per character of the held-back chapters after each epoch; and at the end the bits of each
character of their first verses, which the picture shows.

Run ``python book/experiments/next_character.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

import math
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "next_character.json"
SEEDS = range(5)
EPOCHS, BATCH, LENGTH = 8, 32, 128
SHOWN = 9  # verses in the picture


class Reader(nn.Module):
    """Reads the text so far, one character after the other, and gives each character a score to come next."""

    def __init__(self, characters: int, hidden: int = 192) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters, 32)
        self.memory = nn.LSTM(32, hidden, batch_first=True)
        self.drop = nn.Dropout(0.2)
        self.scores = nn.Linear(hidden, characters)

    def forward(self, read: Tensor) -> Tensor:
        """Scores (N, L, C) of what follows each of the characters (N, L)."""
        return self.scores(self.drop(self.memory(self.embedding(read))[0]))


def parts() -> tuple[str, str]:
    """The text to train on, and the chapters that are held back."""
    chapters = data.king_james().split("\n\n")
    return "\n\n".join(chapters[5:]), "\n\n".join(chapters[:5])


def numbers(text: str) -> Tensor:
    """Each character as its place in the sorted alphabet of the whole text."""
    alphabet = {character: i for i, character in enumerate(sorted(set(data.king_james())))}
    return torch.tensor([alphabet[character] for character in text])


def windows(text: Tensor, generator: torch.Generator) -> Tensor:
    """Pieces of the text, one character longer than what is read, from a new start in each epoch, shuffled."""
    start = int(torch.randint(LENGTH, (), generator=generator))
    pieces = text[start:].unfold(0, LENGTH + 1, LENGTH)
    return pieces[torch.randperm(len(pieces), generator=generator)]


@torch.no_grad()
def bits(model: nn.Module, text: Tensor) -> Tensor:
    """Bits of each character of a text that follows a line break."""
    model.eval()
    read = torch.cat([numbers("\n"), text[:-1]])
    surprise = F.cross_entropy(model(read[None])[0], text, reduction="none")
    model.train()
    return surprise / math.log(2)


def run(seed: int, epochs: int = EPOCHS) -> dict[str, list[float]]:
    """Train once: bits per character of the held-back chapters after each epoch, and the bits of the first verses."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    train, held_back = (numbers(part) for part in parts())
    model = Reader(len(set(data.king_james())))
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.006, total_steps=EPOCHS * math.ceil((len(train) - LENGTH) // LENGTH / BATCH + 1)
    )
    curve = []
    for _ in range(epochs):
        for batch in windows(train, generator).split(BATCH):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        curve.append(bits(model, held_back).mean().item())
    first = len("\n".join(parts()[1].split("\n")[:SHOWN]))
    return {"curve": curve, "shown": bits(model, held_back)[:first].tolist()}


def main() -> None:
    """Train with every seed and write the record."""
    torch.set_num_threads(1)
    record: dict[str, Any] = {
        "about": "The next character of the King James text; see book/experiments/next_character.py",
        **records.stamp(),
        "seeds": list(SEEDS),
        "epochs": EPOCHS,
        "runs": [run(seed) for seed in SEEDS],
    }
    records.write(RECORD, record, digits=5)


if __name__ == "__main__":
    main()
