"""Where this package differs from torch, all of it, and why.

Each row is tested both ways: what it covers must differ, so the list shrinks when torch changes; what it does
not cover must agree.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from tests.cases import Trial

ANY_DERIVATIVE = ("gradient", "second derivative", "forward mode", "forward over reverse")
FORWARD = ("forward mode", "forward over reverse")


@dataclass(frozen=True)
class Difference:
    why: str
    losses: tuple[str, ...]
    quantities: tuple[str, ...]
    covers: Callable[[Trial], bool] = lambda trial: True


def named(*names: str, **facts: object) -> Callable[[Trial], bool]:
    """Trials of the cases with these names, and with this dtype or reduction where one is given."""
    return lambda trial: trial.case.name in names and all(getattr(trial, key) == fact for key, fact in facts.items())


def has_joint(trial: Trial) -> bool:
    return trial.case.options.get("beta") != 0


DIFFERENCES = (
    # torch raises, this package works
    Difference(
        "torch's huber_loss has no forward mode of its backward pass: it raises NotImplementedError",
        ("huber_loss",),
        ("forward over reverse",),
    ),
    Difference(
        "torch's huber_loss raises in the backward pass where input and target differ in dtype",
        ("huber_loss",),
        ANY_DERIVATIVE,
        lambda trial: len({t.dtype for n, t in trial.arguments().items() if n != "weight"}) > 1,
    ),
    Difference(
        "torch's forward mode raises where the target is of integers",
        ("mse_loss", "smooth_l1_loss"),
        FORWARD,
        named("integer-target"),
    ),
    Difference(
        "torch's mean of squares raises in forward mode over its backward pass (ZeroTensors are immutable)",
        ("mse_loss",),
        ("forward over reverse",),
        lambda trial: trial.reduction == "mean" and "weight" not in trial.case.tensors,
    ),
    # torch is wrong, this package is right
    Difference(
        "torch's forward mode of an infinite squared error is nan, ours the slope",
        ("mse_loss",),
        ("forward mode",),
        named("infinite", reduction="none"),
    ),
    Difference(
        "torch's forward mode over its backward pass is nan wherever the error is not finite, ours the second slope",
        ("mse_loss",),
        ("forward over reverse",),
        named("infinite"),
    ),
    Difference(
        "the same of torch's smooth_l1_loss where the error is nan; ours is 0, as in its own second derivative",
        ("smooth_l1_loss",),
        ("forward over reverse",),
        lambda trial: trial.case.name == "infinite" and has_joint(trial),
    ),
    Difference(
        "torch's smooth_l1_loss under vmap has slope 0 where the error is nan; without vmap it has nan, as ours",
        ("smooth_l1_loss",),
        ("per sample",),
        lambda trial: trial.case.name == "infinite" and has_joint(trial),
    ),
    Difference(
        "torch's forward mode over the backward pass has a wider dtype than its input, where the target is wider",
        ("mse_loss", "smooth_l1_loss"),
        ("forward over reverse",),
        named("single-input"),
    ),
    # this package is worse: corners that the readable formula leaves
    Difference(
        "the product of clipped and whole error is 0 * inf in forward mode where the error is infinite: nan",
        ("huber_loss", "smooth_l1_loss"),
        ("forward mode",),
        lambda trial: trial.case.name == "infinite" and trial.reduction == "none" and has_joint(trial),
    ),
    Difference(
        "the same with a weight, in forward mode",
        ("huber_loss",),
        ("forward mode",),
        named("weights-infinite", reduction="none"),
    ),
    Difference(
        "the same in the mixed second derivative by input and weight",
        ("huber_loss",),
        ("second derivative",),
        named("weights-infinite"),
    ),
    Difference(
        "in forward mode torch divides a 0-d float32 tensor by a number in float64, so the tangent is float64",
        ("smooth_l1_loss",),
        ("forward mode",),
        named("0-d", dtype=torch.float32),
    ),
    Difference(
        "a beta below the smallest float32 number gives nan; torch takes it for 0",
        ("smooth_l1_loss",),
        ("value", "gradient", "forward mode"),
        lambda trial: trial.case.name == "below-float32" and trial.dtype != torch.float64,
    ),
)

# Where half precision overflows in torch and not here: loss, case, options, dtype, reduction, what.
FINITE_ONLY_HERE = {
    ("l1_loss-weights-many", torch.float16, "mean", "value"),
    ("l1_loss-weights-many", torch.float16, "mean", "gradient"),
    ("mse_loss-weights-many", torch.float16, "mean", "value"),
    ("mse_loss-weights-many", torch.float16, "mean", "gradient"),
    ("smooth_l1_loss-large-beta=100000.0", torch.float16, "none", "value"),
}


def difference(trial: Trial, quantity: str) -> Difference | None:
    """The row that covers a trial, if there is one."""
    for row in DIFFERENCES:
        if trial.case.loss in row.losses and quantity in row.quantities and row.covers(trial):
            return row
    return None
