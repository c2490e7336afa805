"""Distilling digits: the experiment behind the section on distillation of the chapter on KL divergence, over seeds.

A teacher, a network of two hidden layers, learns from about 1250 labelled digits. A small student sees only a few of
those images, and one of these targets for each:

- hard: the label, cross-entropy;
- smooth: the label with a tenth of it spread evenly over all classes, cross-entropy;
- T = 1, 2, 4, 8: the teacher's probabilities at that temperature, T² times the KL divergence;
- both, T = 4: half of it the label, half the teacher, with T² and without.

Same start, same images, same optimiser for each of them. Judged on held-back digits: the share of them read correctly,
and the mean surprise at the true label.

Run ``python book/experiments/distil_digits.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

from pathlib import Path

import torch
from sklearn import datasets
from torch import Tensor, nn

import lossbook
from lossbook import records

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "distil_digits.json"
SEEDS = range(12)
SIZES = (50, 200)  # images that the student sees
TEMPERATURES = (1.0, 2.0, 4.0, 8.0)
STEPS, RATE = 200, 0.02
SHOWN = (5, 1095, 1500, 1726)  # digits that are easily taken for another; no network is trained on them


def digits() -> tuple[Tensor, Tensor]:
    """1797 digits of 64 pixels from black, 0, to white, 1; and what they are."""
    pixels, labels = datasets.load_digits(return_X_y=True)
    return torch.tensor(pixels, dtype=torch.float32) / 16, torch.tensor(labels)


def parts(seed: int) -> tuple[Tensor, Tensor]:
    """The rows to train on and those held back, without the shown digits."""
    labels = digits()[1]
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    order = order[~torch.isin(order, torch.tensor(SHOWN))]
    return order[540:], order[:540]


def teach(images: Tensor, labels: Tensor, seed: int) -> nn.Module:
    """The teacher."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.005, weight_decay=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        lossbook.cross_entropy(model(images), labels).backward()
        optimizer.step()
    return model


def soft(scores: Tensor, teachers: Tensor, temperature: float) -> Tensor:
    """How far the student's probabilities at this temperature are from the teacher's: their KL divergence."""
    log_q = lossbook.losses.stable.log_softmax(scores / temperature, 1)
    log_p = lossbook.losses.stable.log_softmax(teachers / temperature, 1)
    return lossbook.kl_div(log_q, log_p, reduction="batchmean", log_target=True)


def costs(scores: Tensor, labels: Tensor, teachers: Tensor) -> dict[str, Tensor]:
    """What each student minimises."""
    hard = lossbook.cross_entropy(scores, labels)
    return {
        "hard": hard,
        "smooth": lossbook.cross_entropy(scores, labels, label_smoothing=0.1),
        **{f"T = {t:g}": t**2 * soft(scores, teachers, t) for t in TEMPERATURES},
        "both": 0.5 * hard + 0.5 * 4**2 * soft(scores, teachers, 4.0),
        "both without T²": 0.5 * hard + 0.5 * soft(scores, teachers, 4.0),
    }


WAYS = tuple(costs(torch.zeros(1, 10), torch.zeros(1, dtype=torch.long), torch.zeros(1, 10)))


def learn(way: str, images: Tensor, labels: Tensor, teachers: Tensor, seed: int) -> nn.Module:
    """A student: one hidden layer of sixteen."""
    torch.manual_seed(1000 + seed)
    model = nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    # Down to zero, so that no student is judged while it hops around its optimum.
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=STEPS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        costs(model(images), labels, teachers)[way].backward()
        optimizer.step()
        schedule.step()
    return model


@torch.no_grad()
def judge(model: nn.Module, images: Tensor, labels: Tensor) -> dict[str, float]:
    """Accuracy in percent, and mean surprise in nats, on digits not seen in training."""
    scores = model(images)
    return {
        "accuracy": 100 * (scores.argmax(1) == labels).float().mean().item(),
        "surprise": lossbook.cross_entropy(scores, labels).item(),
    }


def run(seed: int) -> dict[str, dict[str, dict[str, float]]]:
    """Every student on one split, for each number of images; and, in each, their teacher."""
    images, labels = digits()
    rows, held_back = parts(seed)
    teacher = teach(images[rows], labels[rows], seed)
    judged = {}
    for size in SIZES:
        few = rows[:size]
        with torch.no_grad():
            teachers = teacher(images[few])
        models = {way: learn(way, images[few], labels[few], teachers, seed) for way in WAYS}
        everyone = {"teacher": teacher, **models}
        judged[str(size)] = {name: judge(it, images[held_back], labels[held_back]) for name, it in everyone.items()}
    return judged


def shown() -> list[list[float]]:
    """The scores that the teacher of seed 0 gives to the shown digits."""
    images, labels = digits()
    rows, _ = parts(0)
    return teach(images[rows], labels[rows], 0)(images[list(SHOWN)]).tolist()


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    record = {
        "about": "Students trained on labels and on a teacher; see book/experiments/distil_digits.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "sizes": list(SIZES),
        "shown": list(SHOWN),
        "scores": shown(),
        "runs": [run(seed) for seed in SEEDS],
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
