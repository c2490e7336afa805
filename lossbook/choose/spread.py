"""How a column of numbers is spread: its middle, its scale, how much lies far out, how much it leans."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["FAR", "SIGMA", "Spread", "median", "sample", "spread"]

SIGMA = 1.4826  # a bell's standard deviation over its MAD
_SIGMA_OF_MEAN = 1.2533  # the same over its mean absolute deviation
FAR = 3.5  # robust standard deviations: beyond, a value counts as an outlier
ENOUGH = 1_000_000  # values: a median of more of them takes long and says nothing new


@dataclass(frozen=True)
class Spread:
    """The spread of some numbers.

    ``scale`` is a robust standard deviation, ``scale_by`` what it was read off: ``"MAD"``; where that is 0 the
    ``"mean absolute deviation"``; where all numbers are one, ``"nothing"``. ``outliers`` is the share that lies more
    than 3.5 of it from the median. ``skew`` is the mean cube of the standardised numbers.
    """

    mean: float
    sd: float
    median: float
    mad: float
    scale: float
    scale_by: str
    outliers: float
    skew: float


def spread(values: Tensor) -> Spread:
    """The spread of floating point or whole numbers in one dimension, none of them missing."""
    exact = values.double() if values.numel() <= ENOUGH else values
    mean = float(exact.mean(dtype=torch.float64))
    few = sample(values).double()
    middle = median(few)
    away = (few - middle).abs()
    mad = median(away)
    scale, by = _scale(mad, float(away.mean()))
    # All one number: what is left of their mean is rounding, and no spread.
    sd = float((few - mean).square().mean().sqrt()) if scale else 0.0
    skew = float(((few - mean) / sd).pow(3).mean()) if sd > 0 and math.isfinite(sd) else 0.0
    outliers = float((away > FAR * scale).double().mean()) if scale else 0.0
    return Spread(mean, sd, middle, mad, scale, by, outliers, skew)


def _scale(mad: float, mean_deviation: float) -> tuple[float, str]:
    if mad > 0:
        return SIGMA * mad, "MAD"
    if mean_deviation > 0:
        return _SIGMA_OF_MEAN * mean_deviation, "mean absolute deviation"
    return 0.0, "nothing"


def median(values: Tensor) -> float:
    """The median: between the two in the middle, where their number is even. Torch's own takes the lower one."""
    half = (values.numel() + 1) // 2
    low = values.kthvalue(half).values
    if values.numel() % 2 or (values <= low).sum() > half:
        return float(low)
    return float((low + values[values > low].min()) / 2)


def sample(values: Tensor) -> Tensor:
    """All of them, or a million drawn with a fixed seed; torch's own random numbers are left as they were."""
    if values.numel() <= ENOUGH:
        return values
    generator = torch.Generator().manual_seed(0)
    return values[torch.randint(values.numel(), (ENOUGH,), generator=generator)]
