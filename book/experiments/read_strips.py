"""Reading strips of digits: the experiment behind the tables of the chapter on sequences without timing, over seeds.

A small convolutional network reads strips that are composed of real digits, with random gaps and overlaps. The same
network, from the same start, on the same strips in the same order, is trained in five ways:

1. ctc: told what a strip says, not where; the loss sums over all alignments.
2. even: cross-entropy frame by frame, the frames shared out evenly among the digits. A guess at the timing.
3. marked: cross-entropy frame by frame, with the true place of each digit. Someone marked it.
4. logits: CTC, with the log-softmax forgotten.
5. zero is blank: CTC, with the digits as they are for labels, so that 0 is also the index of the blank.

The first three are trained on two kinds of strips: steady ones, with gaps of at most three columns, and halting ones,
with gaps of up to twelve. Judged on strips of digits that were never shown: edits per digit of the greedy reading.
Beside it, the share of the frames in which the model says blank, and, for readings without a fault, the share of the
digits that are said in a frame that belongs to them.

Run ``python book/experiments/read_strips.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "read_strips.json"
SEEDS = range(8)
WIDEST_GAPS = {"steady": 3, "halting": 12}
WAYS = {"steady": ("ctc", "even", "marked", "logits", "zero is blank"), "halting": ("ctc", "even", "marked")}
STRIPS, HELD_BACK, EPOCHS, BATCH, RATE = 1500, 500, 10, 32, 0.01


def network() -> nn.Module:
    """Scores of 11 symbols, the blank and ten digits, for every second column."""
    return nn.Sequential(
        nn.Conv1d(8, 32, 7, padding=3),
        nn.ReLU(),
        nn.Conv1d(32, 64, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv1d(64, 11, 3, padding=1),
    )


def frames_of(strips: data.Strips) -> Tensor:
    """How many frames the network makes of each strip."""
    return (strips.widths + 1) // 2


def timed(strips: data.Strips, way: str) -> Tensor:
    """A symbol per frame, shape (N, T). The first frame of each digit is blank, so that repeats stay apart.

    Frames beyond a strip are -100, which cross-entropy leaves out.
    """
    frames = frames_of(strips)
    symbols = torch.zeros(len(frames), (strips.images.shape[2] + 1) // 2, dtype=torch.long)
    for row, count, length in zip(range(len(frames)), frames.tolist(), strips.lengths.tolist(), strict=True):
        for k in range(length):
            if way == "even":
                start, end = count * k // length, count * (k + 1) // length
            else:
                start, end = int(strips.first[row, k]) // 2, int(strips.last[row, k]) // 2 + 1
            symbols[row, start:end] = strips.digits[row, k] + 1
            symbols[row, start] = 0
        symbols[row, count:] = -100
    return symbols


def train(strips: data.Strips, way: str, seed: int) -> nn.Module:
    """Adam, its rate going down to zero."""
    torch.manual_seed(seed)
    model, generator = network(), torch.Generator().manual_seed(1000 + seed)
    frames, target = frames_of(strips), timed(strips, way) if way in ("even", "marked") else None
    labels = strips.digits if way == "zero is blank" else strips.digits + 1
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=EPOCHS * -(-STRIPS // BATCH))
    for _ in range(EPOCHS):
        for rows in torch.randperm(STRIPS, generator=generator).split(BATCH):
            scores = model(strips.images[rows])
            if target is not None:
                loss = F.cross_entropy(scores, target[rows])
            else:
                said = scores.permute(2, 0, 1)
                said = said if way == "logits" else said.log_softmax(-1)
                loss = F.ctc_loss(said, labels[rows], frames[rows], strips.lengths[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model


def edits(said: list[int], true: list[int]) -> int:
    """The fewest insertions, deletions and swaps that turn one sequence into the other."""
    row = [*range(len(true) + 1)]
    for i, a in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(true, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def judge(model: nn.Module, strips: data.Strips, way: str) -> dict[str, float]:
    """Greedy reading: the best symbol of each frame, runs taken as one, blanks left out."""
    with torch.no_grad():
        best = model(strips.images).argmax(1)
    wrong, blanks, said_inside, said_in_all, zeros = 0, 0, 0, 0, 0
    for n, (count, length) in enumerate(zip(frames_of(strips).tolist(), strips.lengths.tolist(), strict=True)):
        symbols, sizes = best[n, :count].unique_consecutive(return_counts=True)
        ends = 2 * sizes.cumsum(0) - 1  # a frame stands for two columns: the last column of each run
        begins, digit = ends - 2 * sizes + 1, symbols > 0
        said = (symbols[digit] - int(way != "zero is blank")).tolist()
        true = strips.digits[n, :length].tolist()
        wrong += edits(said, true)
        zeros += said.count(0)
        blanks += int(sizes[~digit].sum())
        if said == true:
            overlap = (begins[digit] <= strips.last[n, :length]) & (ends[digit] >= strips.first[n, :length])
            said_inside += int(overlap.sum())
            said_in_all += length
    return {
        "error": wrong / int(strips.lengths.sum()),
        "blank": blanks / int(frames_of(strips).sum()),
        "inside": said_inside / max(1, said_in_all),
        "zeros": zeros,
    }


@cache
def strips_of(kind: str, seed: int) -> tuple[data.Strips, data.Strips]:
    """Strips to train on, and strips of digits that those never show."""
    gap = WIDEST_GAPS[kind]
    train = data.digit_strips(STRIPS, seed, widest_gap=gap)
    return train, data.digit_strips(HELD_BACK, 100 + seed, held_back=True, widest_gap=gap)


def run(kind: str, way: str, seed: int) -> dict[str, float]:
    """One network, trained and judged."""
    strips, held_back = strips_of(kind, seed)
    return judge(train(strips, way, seed), held_back, way)


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    record = {
        "about": "CTC against frame-wise cross-entropy on strips of digits; see book/experiments/read_strips.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "strips": STRIPS,
        "held_back": HELD_BACK,
        "epochs": EPOCHS,
        "widest_gaps": WIDEST_GAPS,
        "runs": {kind: {way: [run(kind, way, seed) for seed in SEEDS] for way in WAYS[kind]} for kind in WAYS},
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
