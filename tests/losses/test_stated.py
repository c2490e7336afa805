"""Slopes that are stated: seen by every way to a derivative, to any order that is stated, and by nothing else."""

import pytest
import torch
from torch import Tensor

from lossbook.losses.stated import stated
from tests.cases import INF, numbers

# Both are torch's own: its forward mode scripts, and its compiler makes an instance of a Function.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
]

X, Y = numbers(0.5, -2, 3), numbers(1, 4, -1)


def by_x(x: Tensor, y: Tensor) -> Tensor:
    return 10 * x * y


def by_y(x: Tensor, y: Tensor) -> Tensor:
    return x + 100 * y


def cube(x: Tensor, y: Tensor) -> Tensor:
    """A value whose stated slopes have nothing to do with it."""
    return stated(by_x, by_y)(x**3, x, y)


def test_the_value_is_what_was_given():
    assert cube(X, Y).tolist() == (X**3).tolist()


def test_reverse_mode_and_its_second_order():
    x, y = X.clone().requires_grad_(), Y.clone().requires_grad_()
    first, other = torch.autograd.grad(cube(x, y).sum(), (x, y), create_graph=True)
    assert first.tolist() == (10 * X * Y).tolist()
    assert other.tolist() == (X + 100 * Y).tolist()
    twice, mixed = torch.autograd.grad(first.sum(), (x, y))
    assert twice.tolist() == (10 * Y).tolist()
    assert mixed.tolist() == (10 * X).tolist()


def test_a_slope_is_asked_for_only_where_it_is_wanted():
    def never(x: Tensor, y: Tensor) -> Tensor:
        raise AssertionError("nobody asked")

    x = X.clone().requires_grad_()
    stated(by_x, never)(x, x, Y).sum().backward()
    assert x.grad.tolist() == (10 * X * Y).tolist()


def test_forward_mode_adds_up_what_moves():
    step, other = numbers(1, 2, 3), numbers(-1, 0.5, 2)
    moved = torch.func.jvp(cube, (X, Y), (step, other))[1]
    assert moved.tolist() == (10 * X * Y * step + (X + 100 * Y) * other).tolist()
    alone = torch.func.jvp(lambda x: cube(x, Y), (X,), (step,))[1]
    assert alone.tolist() == (10 * X * Y * step).tolist()


def test_what_stands_still_does_not_meet_an_infinite_slope():
    f = stated(lambda x, y: torch.ones_like(x), lambda x, y: torch.full_like(x, INF))
    assert torch.func.jvp(lambda x: f(x, x, Y), (X,), (X,))[1].tolist() == X.tolist()


def test_under_transforms_nested_in_each_other():
    def total(x: Tensor, y: Tensor) -> Tensor:
        return cube(x, y).sum()

    per_row = torch.func.vmap(torch.func.grad(total))(X[:, None], Y[:, None])
    assert per_row.flatten().tolist() == (10 * X * Y).tolist()
    for second in (torch.func.jacfwd(torch.func.grad(total)), torch.func.jacrev(torch.func.jacfwd(total))):
        assert second(X, Y).tolist() == (10 * Y).diag().tolist()


def test_a_stated_slope_may_state_its_own():
    flat = stated(lambda x: torch.full_like(x, 7))
    f = stated(lambda x: flat(x * x, x))
    x = X.clone().requires_grad_()
    (first,) = torch.autograd.grad(f(x, x).sum(), x, create_graph=True)
    assert first.tolist() == (X * X).tolist()
    assert torch.autograd.grad(first.sum(), x)[0].tolist() == [7, 7, 7]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_compiled_in_one_graph(backend: str):
    torch.compiler.reset()
    flat = stated(lambda x: torch.full_like(x, 7))
    f = stated(lambda x: flat(x * x, x))
    compiled = torch.compile(lambda x: f(x.exp(), x), backend=backend, fullgraph=True)
    x = X.clone().requires_grad_()
    value = compiled(x)
    torch.testing.assert_close(value, X.exp())
    assert torch.autograd.grad(value.sum(), x)[0].tolist() == (X * X).tolist()


def test_without_a_gradient_the_value_alone():
    with torch.no_grad():
        assert not cube(X.clone().requires_grad_(), Y).requires_grad
    assert not cube(X, Y).requires_grad
