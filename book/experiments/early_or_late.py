"""Early or late at the airport: the experiment behind the chapter on losses of one's own, over splits.

A driver is told when a flight will land. Each minute that the traveller waits for the driver costs five times a minute
that the driver waits. Which training makes that bill smallest on days held back? Squared and absolute error, each as it
is and moved by a constant that was chosen on days of its own; and the bill itself, straight or squared, as the loss.
And, where the driver is told quarters of an hour: rounding after training, or training through the rounding.

Run ``python book/experiments/early_or_late.py`` to record anew; it takes a minute or two. The chapter shows the record.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "early_or_late.json"
SEEDS = range(20)
OVER, UNDER = 5.0, 1.0  # what a minute costs: too late, too early
SLOT = 15.0  # minutes: what the driver is told may have to be a multiple of it
DAYS_HELD_BACK = 110  # of 365
DAYS_FOR_THE_SHIFT = 51  # of the other 255, for those who choose a constant
STEPS = 300

Loss = Callable[[Tensor, Tensor], Tensor]
Metrics = dict[str, float]


def bill(prediction: Tensor, target: Tensor, power: float = 1) -> Tensor:
    """What each flight costs, if a minute costs; or its squared minutes."""
    error = prediction - target
    return OVER * error.clamp(min=0) ** power + UNDER * (-error).clamp(min=0) ** power


def squared_bill(prediction: Tensor, target: Tensor) -> Tensor:
    """The same of squared minutes."""
    return bill(prediction, target, power=2)


def slots(prediction: Tensor) -> Tensor:
    """To the nearest slot."""
    return (prediction / SLOT).round() * SLOT


def bill_through_rounding(prediction: Tensor, target: Tensor) -> Tensor:
    """The bill of what the driver is told; the pull passes the rounding as if it were not there."""
    return bill(prediction + (slots(prediction) - prediction).detach(), target)


PLAIN: dict[str, Loss] = {"squared": torch.nn.functional.mse_loss, "absolute": torch.nn.functional.l1_loss}
OWN: dict[str, Loss] = {"asymmetric": bill, "asymmetric, squared": squared_bill}


def days(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Days to train on, days to choose a constant on, days to judge by: whole ones, since their flights are alike."""
    order = torch.randperm(365, generator=torch.Generator().manual_seed(seed))
    held_back, shift, train = order.split(
        [DAYS_HELD_BACK, DAYS_FOR_THE_SHIFT, 365 - DAYS_HELD_BACK - DAYS_FOR_THE_SHIFT]
    )
    return train, shift, held_back


def fit(loss: Loss, x: Tensor, y: Tensor) -> Tensor:
    """The weights of the line of least mean loss, from nothing."""
    weights = torch.zeros(x.shape[1], requires_grad=True)
    optimizer = torch.optim.Adam([weights], lr=1.0)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.001, STEPS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss(x @ weights, y).mean().backward()
        optimizer.step()
        schedule.step()
    return weights.detach()


def metrics(prediction: Tensor, target: Tensor) -> Metrics:
    """The bill per flight, that of squared minutes, and whom it falls on: how often late, who waits how long."""
    error = prediction - target
    return {
        "bill": bill(prediction, target).mean().item(),
        "squared bill": squared_bill(prediction, target).mean().item(),
        "late": (error > 0).float().mean().item(),
        "traveller waits": error.clamp(min=0).mean().item(),
        "driver waits": (-error).clamp(min=0).mean().item(),
    }


def run(seed: int) -> dict[str, Metrics]:
    """One split: every way to train, judged on the days held back."""
    flights = data.flights()
    train, shift, held_back = (torch.isin(flights.day, part) for part in days(seed))
    both = train | shift
    x = torch.cat([flights.features, torch.ones(len(flights.late), 1)], dim=1)
    x[:, :-1] = (x[:, :-1] - x[both, :-1].mean(0)) / x[both, :-1].std(0)
    y = flights.late
    said = {name: x @ fit(loss, x[both], y[both]) for name, loss in (PLAIN | OWN).items()}
    for name, loss in PLAIN.items():
        moved = x @ fit(loss, x[train], y[train])
        # The constant with the least bill on the days kept for it: there a sixth of the flights land first.
        constant = torch.quantile((y - moved)[shift], UNDER / (OVER + UNDER))
        said[f"{name}, moved"] = moved + constant
    said["rounded after"] = slots(said["asymmetric"])
    said["rounded within"] = slots(x @ fit(bill_through_rounding, x[both], y[both]))
    return {name: metrics(prediction[held_back], y[held_back]) for name, prediction in said.items()}


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    record = {
        "about": "the bill as the loss, against moving a plain prediction; see book/experiments/early_or_late.py",
        **records.stamp(),
        "seeds": list(SEEDS),
        "prices": [OVER, UNDER],
        "days": {"train": 365 - DAYS_HELD_BACK, "held back": DAYS_HELD_BACK},
        "runs": [run(seed) for seed in SEEDS],
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
