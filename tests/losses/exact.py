"""The losses a second time, in mpmath at 50 digits: value and slope of one element, from the textbook formula.

Nothing here knows torch. Numbers come in as exact binary fractions, so what comes out is exact to 50 digits.
"""

from collections.abc import Callable, Sequence

import mpmath
from mpmath import mpf

DIGITS = 50


def absolute(x: mpf, y: mpf) -> tuple[mpf, mpf]:
    return abs(x - y), mpmath.sign(x - y)


def square(x: mpf, y: mpf) -> tuple[mpf, mpf]:
    return (x - y) ** 2, 2 * (x - y)


def huber(x: mpf, y: mpf, delta: float = 1.0) -> tuple[mpf, mpf]:
    error = x - y
    if abs(error) <= delta:
        return error**2 / 2, error
    return mpf(delta) * (abs(error) - mpf(delta) / 2), mpf(delta) * mpmath.sign(error)


def smooth_l1(x: mpf, y: mpf, beta: float = 1.0) -> tuple[mpf, mpf]:
    if beta == 0:
        return absolute(x, y)
    value, slope = huber(x, y, beta)
    return value / mpf(beta), slope / mpf(beta)


EXACT: dict[str, Callable[..., tuple[mpf, mpf]]] = {
    "l1_loss": absolute,
    "mse_loss": square,
    "huber_loss": huber,
    "smooth_l1_loss": smooth_l1,
}


def elements(loss: str, inputs: Sequence[float], targets: Sequence[float], **options: float) -> list[tuple[mpf, mpf]]:
    with mpmath.workdps(DIGITS):
        return [EXACT[loss](mpf(x), mpf(y), **options) for x, y in zip(inputs, targets, strict=True)]


def gap(results: Sequence[float], truths: Sequence[mpf], eps: float, smallest: float) -> float:
    """The largest error, in units of the last place of the exact number."""
    with mpmath.workdps(DIGITS):
        worst = mpf(0)
        for result, truth in zip(results, truths, strict=True):
            place = mpf(2) ** mpmath.floor(mpmath.log(abs(truth), 2)) * mpf(eps) if truth else mpf(0)
            worst = max(worst, abs(mpf(result) - truth) / max(place, mpf(smallest)))
        return float(worst)
