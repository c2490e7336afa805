"""When one way of training is called better than another: one rule for the whole book."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

__all__ = ["Gap", "paired_gap"]


@dataclass(frozen=True)
class Gap:
    """The mean of paired differences, and half the width of its 95 % interval: ``mean ± half``."""

    mean: float
    half: float

    def verdict(self, higher: str = "higher", lower: str = "lower") -> str:
        """``higher`` or ``lower`` if the interval leaves out zero, else ``"tie"``."""
        if not abs(self.mean) > self.half:  # also where either is nan
            return "tie"
        return higher if self.mean > 0 else lower

    def __str__(self) -> str:
        return f"{self.mean:+.3g} ± {self.half:.2g}"


def paired_gap(first: Sequence[float], second: Sequence[float], *, test_per_train: float) -> Gap:
    r"""The mean of ``first - second`` over runs that share their data and seed, with its 95 % interval.

    The interval is Student's, corrected for runs that split the same rows anew: such runs share most of their rows,
    so that their differences vary less than those of runs on new data would.

    .. math:: \bar d \pm t_{0.975,\, J-1}\; s \sqrt{\frac{1}{J} + \frac{n_\text{test}}{n_\text{train}}}

    Args:
        first: one number a run.
        second: the same of the other way, in the same order.
        test_per_train: test rows for each training row, if all runs split the same rows anew;
            0 if each run drew data of its own.

    Raises:
        ValueError: if the two differ in length, or there are fewer than two runs.

    Example:
        >>> gap = paired_gap([0.90, 0.92, 0.91, 0.93], [0.88, 0.89, 0.89, 0.90], test_per_train=0)
        >>> print(gap, gap.verdict())
        +0.025 ± 0.0092 higher
        >>> paired_gap([0.90, 0.92, 0.91, 0.93], [0.88, 0.89, 0.89, 0.90], test_per_train=3).verdict()
        'tie'

    Source: Nadeau, C. and Bengio, Y. (2003), Inference for the Generalization Error, Machine Learning 52, 239-281.
    """
    from scipy import stats

    if len(first) != len(second) or len(first) < 2:
        raise ValueError(f"need as many runs of one as of the other, two at least: got {len(first)} and {len(second)}")
    gaps = torch.as_tensor(first, dtype=torch.float64) - torch.as_tensor(second, dtype=torch.float64)
    runs = len(gaps)
    half = stats.t.ppf(0.975, runs - 1) * gaps.std().item() * (1 / runs + test_per_train) ** 0.5
    return Gap(gaps.mean().item(), half.item())
