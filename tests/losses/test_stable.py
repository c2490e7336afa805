"""Log-sum-exp and its family: exact where the naive formula breaks, with right slopes, at 0 and at infinity too."""

import itertools

import mpmath
import pytest
import torch
import torch.nn.functional as F
from mpmath import mpf

from lossbook.losses import stable
from tests.cases import INF, NAN, noise, numbers
from tests.losses import exact, judges

POINTS = (
    *(0.0, -0.0, 1e-300, -1e-300, 1e-20, -1e-20, 1e-8, -1e-8, 0.1, -0.1, 1.0, -1.0, 5.0, -5.0, 17.0, -17.0),
    *(20.0, -20.0, 36.0, -36.0, 40.0, -40.0, 700.0, -700.0, 745.0, -745.0, 1e4, -1e4, 1e308, -1e308),
)
FACTS = {torch.float64: (2.0**-52, 2.0**-1074), torch.float32: (2.0**-23, 2.0**-149)}

# Function, torch's twin, value and slope in exact arithmetic.
ONE = {
    "softplus": (
        stable.softplus,
        lambda x: torch.logaddexp(x, torch.zeros_like(x)),
        lambda x: max(x, 0) + mpmath.log1p(mpmath.exp(-abs(x))),
        lambda x: 1 / (1 + mpmath.exp(-x)),
    ),
    "log_sigmoid": (
        stable.log_sigmoid,
        F.logsigmoid,
        lambda x: min(x, 0) - mpmath.log1p(mpmath.exp(-abs(x))),
        lambda x: 1 / (1 + mpmath.exp(x)),
    ),
}


def slopes(function, x: torch.Tensor, order: int = 1) -> list[torch.Tensor]:
    """Value and derivatives, element by element, of a function that acts on each element."""
    x = x.clone().requires_grad_()
    results = [function(x)]
    for _ in range(order):
        (slope,) = torch.autograd.grad(results[-1].sum(), x, create_graph=True)
        results.append(slope)
    return results


@pytest.mark.parametrize("dtype", FACTS)
@pytest.mark.parametrize("name", ONE)
def test_elementwise_against_exact_arithmetic(name: str, dtype: torch.dtype):
    function, _, value, slope = ONE[name]
    x = torch.tensor([point for point in POINTS if abs(point) < torch.finfo(dtype).max], dtype=dtype)
    mine, my_slope = slopes(function, x)
    with mpmath.workdps(exact.DIGITS):
        values, right = ([f(mpf(point)) for point in x.tolist()] for f in (value, slope))
    assert exact.gap(mine.tolist(), values, *FACTS[dtype]) <= 2
    assert exact.gap(my_slope.tolist(), right, *FACTS[dtype]) <= 2


@pytest.mark.parametrize("name", ONE)
def test_elementwise_against_torch_and_at_infinity(name: str):
    function, twin, _, _ = ONE[name]
    x = numbers(*POINTS, INF, -INF, NAN)
    torch.testing.assert_close(function(x), twin(x), equal_nan=True)
    ends = numbers(INF, -INF)
    expected = {"softplus": [INF, 0.0], "log_sigmoid": [0.0, -INF]}[name]
    assert function(ends).tolist() == expected


@pytest.mark.parametrize("name", ONE)
def test_slopes_at_zero_and_at_the_ends(name: str):
    """First and second derivative: one half and one quarter at 0, nothing or one at the ends, never nan."""
    _, first, second = slopes(ONE[name][0], numbers(0.0, 1e4, -1e4, INF, -INF), order=2)
    sign = 1 if name == "softplus" else -1
    assert first.tolist() == ([0.5, 1, 0, 1, 0] if sign == 1 else [0.5, 0, 1, 0, 1])
    assert second[:3].tolist() == [0.25 * sign, 0, 0]


def test_the_pair_is_softplus_both_ways():
    """Values and slopes of both orders, at 0 and at infinity too."""
    x = numbers(*POINTS, INF, -INF, NAN)
    for place, sign in enumerate((1, -1)):
        mine = slopes(lambda x, place=place: stable.softplus_pair(x)[place], x, order=2)
        for one, other in zip(mine, slopes(lambda x, sign=sign: stable.softplus(sign * x), x, order=2), strict=True):
            torch.testing.assert_close(one, other, equal_nan=True)


@pytest.mark.parametrize("name", ONE)
def test_elementwise_gradchecks(name: str):
    function = ONE[name][0]
    x = (3 * noise(12)).requires_grad_()
    judges.derivatives_are_slopes(function, x)


# --- along a dimension --------------------------------------------------------------------------------------------

ROWS = (
    (0.0, 0.0, 0.0),
    (1.0, 2.0, 3.0),
    (-1.0, 0.5, 1e-20),
    (1e4, -1e4, 0.0),
    (-1e4, -1e4, -1e4 - 1),
    (1e308, 1e308, 0.0),
    (-1e308, -1e308, -1e308),
    (700.0, 710.0, 720.0),
    (-1e-9, 1e-9, 0.0),
)
DIM = {
    "logsumexp": (stable.logsumexp, torch.logsumexp),
    "log_softmax": (stable.log_softmax, F.log_softmax),
    "softmax": (stable.softmax, F.softmax),
}


def exact_logsumexp(row) -> mpf:
    with mpmath.workdps(1000):
        top = max(map(mpf, row))
        return top + mpmath.log(mpmath.fsum(mpmath.exp(mpf(x) - top) for x in row))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_along_a_dimension_against_exact_arithmetic(row: tuple[float, ...]):
    total = exact_logsumexp(row)
    x = numbers(*row)
    assert exact.gap([stable.logsumexp(x, 0).item()], [total], 2.0**-52, 1e-15) <= 2
    with mpmath.workdps(1000):
        truth = [mpf(one) - total for one in row]
        chances = [mpmath.exp(one) for one in truth]
    assert exact.gap(stable.log_softmax(x, 0).tolist(), truth, 2.0**-52, 1e-16) <= 8
    assert exact.gap(stable.softmax(x, 0).tolist(), chances, 2.0**-52, 2.0**-1074) <= 8


@pytest.mark.parametrize("name", DIM)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_along_a_dimension_against_torch(name: str, dtype: torch.dtype):
    ours, theirs = DIM[name]
    for x, dim in itertools.product((noise(4, 5), 1e4 * noise(4, 5), noise(2, 3, 4), noise(1, 1)), (0, 1, -1)):
        x = x.to(dtype)
        torch.testing.assert_close(ours(x, dim), theirs(x, dim))
        leaf, other = (x.clone().requires_grad_() for _ in range(2))
        cotangent = noise(*theirs(x, dim).shape, seed=3).to(dtype)
        mine, torchs = (f(v, dim) for f, v in ((ours, leaf), (theirs, other)))
        (one,), (two,) = (
            torch.autograd.grad(out, v, cotangent, create_graph=True) for out, v in ((mine, leaf), (torchs, other))
        )
        torch.testing.assert_close(one, two)
        again = noise(*x.shape, seed=4).to(dtype)
        torch.testing.assert_close(torch.autograd.grad(one, leaf, again)[0], torch.autograd.grad(two, other, again)[0])


INFINITE_ROWS = (
    (-INF, 0.0, 1.0),
    (-INF, -INF, 2.0),
    (-INF, -INF, -INF),
    (INF, 0.0, 1.0),
    (INF, INF, 0.0),
    (INF, -INF, 0.0),
    (NAN, 0.0, 1.0),
)


@pytest.mark.parametrize("name", DIM)
@pytest.mark.parametrize("row", INFINITE_ROWS, ids=str)
def test_along_a_dimension_at_infinity_is_torchs(name: str, row: tuple[float, ...]):
    ours, theirs = DIM[name]
    results = []
    for function in (ours, theirs):
        x = numbers(*row).requires_grad_()
        value = function(x, 0)
        cotangent = torch.tensor([0.0, 1.5, 0.75], dtype=torch.float64)[: value.numel()] if value.dim() else None
        results.append((value.detach(), torch.autograd.grad(value, x, cotangent)[0]))
    (mine, my_slope), (torchs, torchs_slope) = results
    torch.testing.assert_close(mine, torchs, equal_nan=True)
    if torchs.isfinite().any():
        torch.testing.assert_close(my_slope, torchs_slope, equal_nan=True)


def test_logsumexp_of_nothing_possible_pulls_nowhere():
    x = numbers(-INF, -INF).requires_grad_()
    value = stable.logsumexp(x, 0)
    value.backward()
    assert value == -INF
    assert x.grad.tolist() == [0.0, 0.0]


def test_keepdim():
    x = noise(3, 4)
    assert stable.logsumexp(x, 1, keepdim=True).shape == (3, 1)
    torch.testing.assert_close(stable.logsumexp(x, 1, keepdim=True).squeeze(1), stable.logsumexp(x, 1))


@pytest.mark.parametrize("name", DIM)
def test_along_a_dimension_gradchecks(name: str):
    x = noise(3, 4).requires_grad_()
    for dim in (0, 1):
        judges.derivatives_are_slopes(lambda x, dim=dim: DIM[name][0](x, dim), x)


# --- x log y ------------------------------------------------------------------------------------------------------

_VALUES = (0.0, -0.0, 1e-300, 0.5, 1.0, 3.0, 1e308, INF, -1.0, NAN)


@pytest.mark.parametrize("x", _VALUES, ids=str)
def test_xlogy_is_torchs(x: float):
    """Value, and both slopes wherever x is not 0 (there ours is the limit 0, and not nan)."""
    a, b = numbers(x).expand(len(_VALUES)), numbers(*_VALUES)
    torch.testing.assert_close(stable.xlogy(a, b), torch.xlogy(a, b), equal_nan=True)
    if x != 0 and x == x:
        pairs = [(a.clone().requires_grad_(), b.clone().requires_grad_()) for _ in range(2)]
        found = [
            torch.autograd.grad(f(*pair).sum(), pair)
            for f, pair in zip((stable.xlogy, torch.xlogy), pairs, strict=True)
        ]
        for mine, torchs in zip(*found, strict=True):
            torch.testing.assert_close(mine, torchs, equal_nan=True)


def test_xlogy_of_nothing_pulls_nowhere():
    x, y = torch.zeros(5, dtype=torch.float64), numbers(0.0, INF, -1.0, 2.0, 0.5)
    x, y = x.requires_grad_(), y.requires_grad_()
    by_x, by_y = torch.autograd.grad(stable.xlogy(x, y).sum(), (x, y), create_graph=True)
    assert by_y.tolist() == [0, 0, 0, 0, 0]
    log2 = numbers(2).log().item()
    assert by_x.tolist() == [0, 0, 0, log2, -log2]  # the pull that a little of x would meet
    assert all(grad.isfinite().all() for grad in torch.autograd.grad(by_x.sum() + by_y.sum(), (x, y)))


def test_xlogy_broadcasts_and_gradchecks():
    x, y = noise(3, 1).requires_grad_(), noise(4, seed=1).abs().add(0.1).requires_grad_()
    assert stable.xlogy(x, y).shape == (3, 4)
    judges.derivatives_are_slopes(stable.xlogy, x, y)


def test_xlogy_against_exact_arithmetic():
    x, y = noise(50).abs(), 10 ** (30 * noise(50, seed=1)).abs()
    with mpmath.workdps(exact.DIGITS):
        truth = [mpf(a) * mpmath.log(mpf(b)) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    assert exact.gap(stable.xlogy(x, y).tolist(), truth, 2.0**-52, 2.0**-1074) <= 2


def test_the_log_softmax_of_nothing_is_nothing():
    for shape in ((3, 0), (0, 3), (0,)):
        x = torch.zeros(shape, requires_grad=True)
        torch.testing.assert_close(stable.log_softmax(x, -1), F.log_softmax(x, -1))
