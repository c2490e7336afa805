"""Exact arithmetic, by mpmath at 50 digits: the judge that knows nothing of torch, and how far off a result is.

Numbers come in as exact binary fractions, so what comes out is exact to 50 digits.
"""

from collections.abc import Sequence

import mpmath
import torch
from mpmath import mpf

from tests.cases import EXACT, Case, Exact

DIGITS = 50


def precise(values: list) -> list:
    """Nested lists of numbers, each as mpmath's."""
    return [precise(value) if isinstance(value, list) else mpf(value) for value in values]


def of(case: Case, dtype: torch.dtype) -> Exact:
    """The case in exact arithmetic, on exactly the numbers that it has in this dtype, options included."""
    tensors = {
        name: precise(value.tolist()) if value.is_floating_point() else value.tolist()
        for name, value in case.arguments(dtype).items()
    }
    options = {
        name: torch.tensor(value, dtype=dtype).item() if isinstance(value, float) else value
        for name, value in case.options.items()
    }
    with mpmath.workdps(DIGITS):
        return EXACT[case.loss](**tensors, **options)


def gap(results: Sequence[float], truths: Sequence[mpf], eps: float, smallest: float) -> float:
    """The largest error, in units of the last place of the exact number."""
    with mpmath.workdps(DIGITS):
        worst = mpf(0)
        for result, truth in zip(results, truths, strict=True):
            place = mpf(2) ** mpmath.floor(mpmath.log(abs(truth), 2)) * mpf(eps) if truth else mpf(0)
            worst = max(worst, abs(mpf(result) - truth) / max(place, mpf(smallest)))
        return float(worst)
