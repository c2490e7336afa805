"""Wrong labels: four losses of one network on digits, some of whose training labels are false, over seeds.

Of the labels to train on a share of 0, 20 or 40 % is replaced by one of the nine others, at random; so are those of the
rows set apart to choose the learning rate. The rows held back keep the truth. One network with one hidden layer, the
same start and the same batches for each loss, Adam; the networks of all seeds are trained side by side, as one batch of
matrices: no weight belongs to two of them. They are judged after several numbers of epochs, since the budget decides.

- cross-entropy;
- smoothed: cross-entropy with a tenth of label smoothing;
- mae: the absolute error of the probabilities, as one minus the probability of the label;
- generalised: (1 - p ** 0.7) / 0.7, between the two (Zhang and Sabuncu, 2018).

Every loss is tried with each learning rate, and all is recorded. ``chosen`` takes for each seed the rate, and where it
may the number of epochs, with which most labels of the rows set apart are hit: false labels among them, as in practice.

Run ``python -m book.experiments.wrong_labels`` to record anew; it takes some minutes. The chapter shows the record.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from sklearn import datasets
from torch import Tensor, nn

import lossbook
from book.experiments.rare_yes import calibration_error
from lossbook import records

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "wrong_labels.json"
SEEDS = range(10)
SHARES = (0.0, 0.2, 0.4)
RATES = (0.001, 0.003, 0.01)
EPOCHS = (2, 5, 10, 20, 40)
HELD_BACK, APART, BATCH, HIDDEN, CLASSES = 540, 257, 50, 128, 10
SMOOTHING, POWER = 0.1, 0.7

Loss = Callable[[Tensor, Tensor], Tensor]  # of each row: scores (N, 10) and labels (N)
Layers = list[Tensor]
Rows = dict[str, Tensor]
Metrics = dict[str, float]
Columns = dict[str, list[list[float]]]


def of_label(scores: Tensor, label: Tensor) -> Tensor:
    """The probability that the network gives to the label."""
    return scores.softmax(1).gather(1, label[:, None])[:, 0]


LOSSES: dict[str, Loss] = {
    "cross-entropy": lambda x, y: lossbook.cross_entropy(x, y, reduction="none"),
    "smoothed": lambda x, y: lossbook.cross_entropy(x, y, reduction="none", label_smoothing=SMOOTHING),
    "mae": lambda x, y: 1 - of_label(x, y),
    # From the logarithm: the slope of ``p ** POWER`` is infinite where p has rounded to zero.
    "generalised": lambda x, y: -torch.expm1(-POWER * lossbook.cross_entropy(x, y, reduction="none")) / POWER,
}


def spoilt(digit: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Labels, of which so many are replaced by one of the nine others."""
    false = torch.randperm(len(digit), generator=generator)[: round(share * len(digit))]
    label = digit.clone()
    label[false] += torch.randint(1, CLASSES, (len(false),), generator=generator)
    return label % CLASSES


def rows_of(share: float, seed: int) -> Rows:
    """One split: to train on, apart, and held back. ``digit`` is the truth of the rows to train on."""
    pixels, digit = (torch.tensor(part) for part in datasets.load_digits(return_X_y=True))
    generator = torch.Generator().manual_seed(seed)
    x = pixels.float() / 16
    held, apart, train = torch.randperm(len(x), generator=generator).split(
        [HELD_BACK, APART, len(x) - HELD_BACK - APART]
    )
    return {
        "x": x[train],
        "digit": digit[train],
        "label": spoilt(digit[train], share, generator),
        "x apart": x[apart],
        "label apart": spoilt(digit[apart], share, generator),
        "x held": x[held],
        "digit held": digit[held],
    }


def start(seeds: Sequence[int]) -> Layers:
    """Weights and biases of both layers, as torch starts them, stacked over the seeds."""
    layers = []
    for seed in seeds:
        torch.manual_seed(seed)
        pair = nn.Linear(64, HIDDEN), nn.Linear(HIDDEN, CLASSES)
        layers.append([tensor.detach() for layer in pair for tensor in (layer.weight.mT, layer.bias[None])])
    return [torch.stack(same).contiguous().requires_grad_() for same in zip(*layers, strict=True)]


def scores_of(layers: Layers, x: Tensor) -> Tensor:
    """What the networks say: (seeds, rows, classes)."""
    first, first_bias, last, last_bias = layers
    return torch.baddbmm(last_bias, torch.baddbmm(first_bias, x, first).relu(), last)


def train(
    loss: Loss, rate: float, rows: Rows, seeds: Sequence[int], epochs: Sequence[int], judge: Callable[[Layers], Any]
) -> list[Any]:
    """Train side by side; what ``judge`` says of the networks after each of ``epochs``."""
    layers, found = start(seeds), []
    optimizer = torch.optim.Adam(layers, lr=rate)
    generators = [torch.Generator().manual_seed(1000 + seed) for seed in seeds]
    each = torch.arange(len(seeds))[:, None]
    for epoch in range(1, max(epochs) + 1):
        orders = torch.stack([torch.randperm(rows["x"].shape[1], generator=generator) for generator in generators])
        for batch in orders.split(BATCH, dim=1):
            optimizer.zero_grad()
            said = scores_of(layers, rows["x"][each, batch])
            # The mean over the rows of each seed, the sum over the seeds: none feels how many others there are.
            (loss(said.flatten(0, 1), rows["label"][each, batch].flatten()).sum() / batch.shape[1]).backward()
            optimizer.step()
        if epoch in epochs:
            with torch.no_grad():
                found.append(judge(layers))
    return found


def hits(scores: Tensor, label: Tensor) -> float:
    """The share of rows whose label has the highest score."""
    return (scores.argmax(-1) == label).double().mean().item()


def metrics(held: Tensor, digit: Tensor) -> Metrics:
    """How good the scores of the rows held back are: what every loss here says of them, and more."""
    p, said = held.softmax(1).max(1)
    squared = (held.softmax(1) - nn.functional.one_hot(digit, CLASSES)).square().sum(1)
    return {
        "error": 1 - hits(held, digit),
        **{name: loss(held, digit).mean().item() for name, loss in LOSSES.items()},
        "brier": squared.mean().item(),
        "calibration error": calibration_error(p.double(), (said == digit).double()),
    }


def judge(layers: Layers, rows: Rows) -> list[Metrics]:
    """For each seed, all that its network is judged by, and how many false labels it has learnt by heart."""
    held, apart, own = (scores_of(layers, rows[x]) for x in ("x held", "x apart", "x"))
    found = []
    for seed in range(len(held)):
        false = rows["label"][seed] != rows["digit"][seed]
        by_heart = hits(own[seed][false], rows["label"][seed][false]) if false.any() else 0.0
        of_apart = {"hits apart": hits(apart[seed], rows["label apart"][seed]), "by heart": by_heart}
        found.append(metrics(held[seed], rows["digit held"][seed]) | of_apart)
    return found


def run(name: str, share: float, rate: float, seeds: Sequence[int] = SEEDS) -> Columns:
    """For each metric, for each seed, its values after the numbers of epochs."""
    splits = [rows_of(share, seed) for seed in seeds]
    rows = {part: torch.stack([split[part] for split in splits]) for part in splits[0]}
    found = train(LOSSES[name], rate, rows, seeds, EPOCHS, lambda layers: judge(layers, rows))
    by_seed = list(zip(*found, strict=True))
    return {metric: [[after[metric] for after in of_seed] for of_seed in by_seed] for metric in by_seed[0][0]}


def chosen(rates: dict[str, Columns], epochs: Sequence[int]) -> list[Metrics]:
    """For each seed the metrics with the rate, and after which of ``epochs``, most labels of the rows apart are hit."""
    found = []
    for seed in range(len(rates["0.001"]["error"])):
        tried = [(rate, EPOCHS.index(epoch)) for epoch in epochs for rate in rates]
        rate, when = max(tried, key=lambda each: rates[each[0]]["hits apart"][seed][each[1]])  # the first of equals
        metrics = {metric: of_seed[seed][when] for metric, of_seed in rates[rate].items()}
        found.append(metrics | {"rate": float(rate), "epochs": EPOCHS[when]})
    return found


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    record = {
        "about": "Four losses for digits with false labels; see book/experiments/wrong_labels.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "epochs": list(EPOCHS),
        "held back": HELD_BACK,
        "rows": 1797,
        "runs": {
            f"{share:g}": {name: {f"{rate:g}": run(name, share, rate) for rate in RATES} for name in LOSSES}
            for share in SHARES
        },
    }
    records.write(RECORD, record, digits=4)


if __name__ == "__main__":
    main()
