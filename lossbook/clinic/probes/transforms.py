"""Does torch transform it: vmap, grad, compile?"""

import shutil
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.subject import Args, Subject, attempt, mapped, number, words

__all__ = ["compiled", "func_grad", "vmap"]

Seen = Iterator[Evidence | Untried]


def close(one: Tensor, other: Tensor) -> bool:
    """Whether two results agree, as their dtype allows."""
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-4, atol=1e-5, equal_nan=True)


def steady(subject: Subject) -> bool:
    """Whether two calls agree: else there is nothing to compare with."""
    first, second = subject.tried(), subject.tried()
    return not first.error and not second.error and close(first.value, second.value)


def vmap(subject: Subject) -> Seen:
    """Several calls as one, against the calls."""
    if not steady(subject.fresh()):
        yield Untried("fails-under-vmap", "the loss differs from call to call")
        return
    points = subject.points(0.1, 0.2)
    dims = tuple(0 if isinstance(it, Tensor) else None for it in subject.args)
    stacked = tuple(
        torch.stack(its) if dim == 0 else its[0] for its, dim in zip(zip(*points, strict=True), dims, strict=True)
    )
    single = attempt(lambda: torch.stack([subject(*args) for args in points]))
    if single.error:
        return
    many = attempt(
        lambda: torch.func.vmap(lambda *args: subject(*args), in_dims=dims, randomness="different")(*stacked)
    )
    if many.error:
        yield Evidence("fails-under-vmap", f"it raises {words(many.error)}", {"wrong": False})
    elif not close(many.value, single.value):
        yield Evidence("fails-under-vmap", _differ(many.value, single.value), {"wrong": True})


def _differ(one: Tensor, other: Tensor) -> str:
    return (
        f"it gives {number(one)} of shape {tuple(one.shape)}, without it {number(other)} of shape {tuple(other.shape)}"
    )


def _slope(subject: Subject, args: Args) -> Tensor:
    """The gradient by the first argument; where there is none, zeros."""
    (found,) = subject.slopes(args, (subject.first,))[1][:1]
    return torch.zeros_like(args[subject.first]) if found is None else found


def func_grad(subject: Subject) -> Seen:
    """The gradient by ``torch.func``, against that of the backward pass."""
    plain = attempt(lambda: _slope(subject.fresh(), subject.args))
    if plain.error or not steady(subject.fresh()):
        yield Untried("fails-under-func-grad", "there is no gradient to compare with")
        return

    def of_first(x: Tensor) -> Tensor:
        return subject(*subject.with_args({subject.first: x})).sum()

    done = attempt(lambda: torch.func.grad(of_first)(subject.args[subject.first]))
    if done.error:
        yield Evidence("fails-under-func-grad", f"it raises {words(done.error)}", {"wrong": False})
    elif not close(done.value, plain.value):
        yield Evidence("fails-under-func-grad", _differ(done.value, plain.value), {"wrong": True})


def compiled(subject: Subject) -> Seen:
    """Value and gradient after ``torch.compile``, against those before."""
    backend = "inductor" if any(map(shutil.which, ("c++", "g++", "clang++", "cl"))) else ""
    if not backend:
        yield Untried("fails-under-compile", "there is no C++ compiler")
        return
    plain = attempt(lambda: (subject().detach(), _slope(subject.fresh(), subject.args)))
    if plain.error or not steady(subject.fresh()):
        yield Untried("fails-under-compile", "there is no value and gradient to compare with")
        return
    other = replace(subject.fresh(), loss=torch.compile(subject.fresh().loss, backend=backend, fullgraph=True))
    args = mapped(other.args, lambda it: it.clone())
    done = attempt(lambda: (other(*args).detach(), _slope(other, args)))
    if done.error:
        yield Evidence("fails-under-compile", f"it raises {words(done.error)}", {"wrong": False})
        return
    for compiled_one, plain_one in zip(done.value, plain.value, strict=True):
        if not close(compiled_one, plain_one):
            yield Evidence("fails-under-compile", _differ(compiled_one, plain_one), {"wrong": True})
            return
