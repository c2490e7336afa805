"""The judges: each compares a loss of this package with torch's, or with the truth, in one respect.

A judge raises where the two disagree. That each does is itself tested, in test_judges.py.
"""

import inspect
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Tensor

import lossbook
from tests.cases import CALLS, FULL, HALF, SECOND_FORMS, BadCall, Trial

Loss = Callable[..., Tensor]


def loss_of(home: ModuleType, name: str) -> Loss:
    """A loss of this package (``lossbook``) or of torch (``torch.nn.functional``), as a function.

    Of a loss that torch lacks: the second form of it, which takes torch's place.
    """
    if name in SECOND_FORMS and home is not lossbook:
        return SECOND_FORMS[name]
    return CALLS[name](home) if name in CALLS else getattr(home, name)


def quiet(function: Callable, *args, **kwargs):
    """Call, and let warnings pass: their own judge reads them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


def direction(like: Tensor, seed: int) -> Tensor:
    """Fixed numbers between 0.5 and 2, never constant: a cotangent or a tangent. Its own for each argument.

    They are whole 64ths, so that every dtype holds them exactly.
    """
    return (torch.randint(32, 129, like.shape, generator=torch.Generator().manual_seed(seed)) / 64).to(like.dtype)


def leaves(arguments: dict[str, Tensor], constant: Collection[str] = ()) -> dict[str, Tensor]:
    """Copies of the arguments that can be differentiated, ready for autograd; strides are kept."""
    return {
        name: value.detach().requires_grad_()
        for name, value in arguments.items()
        if name not in constant and (value.is_floating_point() or value.is_complex())
    }


def value(loss: Loss, trial: Trial) -> dict[str, Tensor]:
    return {"value": quiet(loss, **trial.arguments(), **trial.options)}


def _slopes(loss: Loss, trial: Trial, create_graph: bool) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    arguments = trial.arguments()
    wanted = leaves(arguments, trial.case.constant)
    result = quiet(loss, **(arguments | wanted), **trial.options)
    slopes = torch.autograd.grad(
        result, list(wanted.values()), direction(result, 7), create_graph=create_graph, materialize_grads=True
    )
    return wanted, dict(zip(wanted, slopes, strict=True))


def gradient(loss: Loss, trial: Trial) -> dict[str, Tensor]:
    """The first derivative by every argument that has one, target and weight included, each for itself."""
    return _slopes(loss, trial, create_graph=False)[1]


def second(loss: Loss, trial: Trial) -> dict[str, Tensor]:
    """All second derivatives, mixed ones too: the gradient, along one direction per argument, once more."""
    wanted, slopes = _slopes(loss, trial, create_graph=True)
    seconds = {}
    for seed, (name, slope) in enumerate(slopes.items()):
        by = torch.zeros_like(slope)
        again = [torch.zeros_like(leaf) for leaf in wanted.values()]
        if slope.requires_grad:
            by = direction(slope, seed)
            again = torch.autograd.grad(slope, list(wanted.values()), by, retain_graph=True, materialize_grads=True)
        seconds |= {f"{name}, {other}": value for other, value in zip(wanted, again, strict=True)}
    return seconds


def forward_mode(loss: Loss, trial: Trial) -> dict[str, Tensor]:
    """The derivative in forward mode, one argument moved at a time."""
    arguments = trial.arguments()
    moved = {}
    for seed, (name, leaf) in enumerate(leaves(arguments, trial.case.constant).items()):

        def along(x: Tensor, name: str = name) -> Tensor:
            return loss(**(arguments | {name: x}), **trial.options)

        moved[name] = quiet(torch.func.jvp, along, (leaf.detach(),), (direction(leaf, seed),))[1]
    return moved


def forward_over_reverse(loss: Loss, trial: Trial, seed: int = 3) -> dict[str, Tensor]:
    """The second derivative, forward mode over the gradient: a Hessian times a vector."""
    arguments = trial.arguments()
    first = next(iter(leaves(arguments, trial.case.constant)))

    def slope(x: Tensor) -> Tensor:
        result, pull = torch.func.vjp(lambda x: loss(**(arguments | {first: x}), **trial.options), x)
        return pull(direction(result, 7))[0]

    x = arguments[first]
    return {first: quiet(torch.func.jvp, slope, (x,), (direction(x, seed),))[1]}


def per_sample(loss: Loss, trial: Trial) -> dict[str, Tensor]:
    """The gradient of each row by itself: ``vmap`` over ``grad``."""
    arguments = trial.arguments()
    rows = trial.case.rows or tuple(arguments)
    first, *_ = rows

    def row(*values: Tensor) -> Tensor:
        return 1.7 * loss(**(arguments | dict(zip(rows, values, strict=True))), **trial.options).sum()

    return {first: quiet(torch.func.vmap(torch.func.grad(row)), *(arguments[name] for name in rows))}


@dataclass(frozen=True)
class Quantity:
    """What is compared, and for which trials it exists."""

    of: Callable[[Loss, Trial], dict[str, Tensor]]
    dtypes: tuple[torch.dtype, ...] = FULL
    exists: Callable[[Trial], bool] = lambda trial: True


def is_real(trial: Trial) -> bool:
    return not any(value.is_complex() for value in trial.arguments().values())


def has_rows(trial: Trial) -> bool:
    """Whether a trial can be split into rows: those of its case, or one shape for all, real, with at least one row."""
    if trial.case.rows is not None:
        return bool(trial.case.rows)
    shapes = {value.shape for value in trial.arguments().values()}
    return len(shapes) == 1 and is_real(trial) and bool(max(shapes, default=())) and max(shapes)[0] > 0


QUANTITIES = {
    "value": Quantity(value),
    "gradient": Quantity(gradient),
    "second derivative": Quantity(second),
    "forward mode": Quantity(forward_mode, exists=is_real),
    "forward over reverse": Quantity(forward_over_reverse, (torch.float64,), is_real),
    "per sample": Quantity(per_sample, (torch.float64,), has_rows),
}


# --- float64 and float32: the same as torch -----------------------------------------------------------------------


def same(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> None:
    """Equal within torch's own tolerances for the dtype; shapes, dtypes and nan included."""
    assert ours.keys() == theirs.keys()
    for name in ours:
        torch.testing.assert_close(
            ours[name], theirs[name], equal_nan=True, msg=lambda text, name=name: f"{name}: {text}"
        )


def derivatives_are_slopes(function: Loss, *inputs: Tensor) -> None:
    """First, second and forward-mode derivatives against finite differences of the values."""
    assert quiet(torch.autograd.gradcheck, function, inputs, check_forward_ad=True, fast_mode=True)
    assert quiet(torch.autograd.gradgradcheck, function, inputs, fast_mode=True)


def forward_agrees_with_reverse(loss: Loss, trial: Trial) -> None:
    """The derivative along one direction, seen from both ends; and the second derivative by ``input`` twice."""
    cotangent = direction(value(loss, trial)["value"], 7)
    forward, reverse = forward_mode(loss, trial), gradient(loss, trial)
    for seed, name in enumerate(reverse):
        one = (forward[name] * cotangent).sum()
        other = (reverse[name] * direction(reverse[name], seed)).sum()
        torch.testing.assert_close(one, other, equal_nan=True, check_dtype=False)
    first = next(iter(reverse))
    along = forward_over_reverse(loss, trial, seed=0)[first]
    torch.testing.assert_close(along, second(loss, trial)[f"{first}, {first}"], equal_nan=True)


def same_slope(loss: Loss, slope: Loss, arguments: dict[str, Tensor], options: dict) -> None:
    """The closed form of the slope against autograd, element by element."""
    first = next(iter(arguments))
    x = arguments[first].clone().requires_grad_()
    values = loss(**(arguments | {first: x}), reduction="none", **options)
    (expected,) = torch.autograd.grad(values, x, torch.ones_like(values))
    torch.testing.assert_close(slope(*arguments.values(), **options), expected, equal_nan=True)


# --- errors and warnings --------------------------------------------------------------------------------------------


def outcome(loss: Loss, arguments: dict) -> Tensor | type[Exception]:
    """What a call gives: a tensor, or the type of its exception."""
    try:
        return quiet(loss, **arguments)
    except Exception as error:
        return type(error)


def same_outcome(ours: Loss, theirs: Loss, arguments: dict) -> None:
    """Where torch raises, the same type; where it does not, the same result.

    An argument of half precision widens the tolerance to that of half precision, whatever dtype the result has.
    """
    half = any(isinstance(value, Tensor) and value.dtype in HALF for value in arguments.values())
    tolerance = {"rtol": 0.016, "atol": 1e-3} if half else {}
    mine, torchs = outcome(ours, arguments), outcome(theirs, arguments)
    if isinstance(torchs, type) or isinstance(mine, type):
        assert mine is torchs, f"{arguments}: {mine}, torch {torchs}"
    else:
        torch.testing.assert_close(mine, torchs, equal_nan=True, msg=lambda text: f"{arguments}: {text}", **tolerance)


def same_error(ours: Loss, theirs: Loss, bad: BadCall) -> None:
    """torch's exception type, and every word that the message owes the reader."""
    kind = outcome(theirs, bad.arguments)
    assert isinstance(kind, type), f"{bad}: torch takes it"
    mine, text = None, ""
    try:
        quiet(ours, **bad.arguments)
    except Exception as error:
        mine, text = type(error), str(error)
    assert mine is kind, f"{bad}: {mine}, torch {kind}"
    for word in bad.says:
        assert word in text, f"{bad}: {word!r} is not in {text}"


def same_warning(ours: Loss, theirs: Loss, *args, **options) -> None:
    """torch's category, once, at the line of the caller (this one, here), with torch's first words."""
    seen = []
    for loss in (theirs, ours):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loss(*args, **options)
        seen.append(caught)
    torchs, mine = seen
    assert len(mine) == len(torchs) == 1, f"{len(mine)} warnings, torch {len(torchs)}"
    assert mine[0].category is torchs[0].category
    assert mine[0].filename == __file__, f"the warning points at {mine[0].filename}"
    assert str(mine[0].message)[:40] == str(torchs[0].message)[:40]


# --- form ---------------------------------------------------------------------------------------------------------

LEGACY = ("size_average", "reduce")


def parameters(function: Callable) -> list[tuple[str, object, bool]]:
    """Name, default, and whether it may be given by position, of each parameter.

    The legacy arguments are left out, and what follows them counts as keyword-only.
    """
    found, by_position = [], True
    for name, one in inspect.signature(function).parameters.items():
        by_position &= name not in LEGACY and one.kind is not one.KEYWORD_ONLY
        if name not in LEGACY:
            found.append((name, one.default, by_position))
    return found


def same_signature(ours: Callable, theirs: Callable) -> None:
    assert parameters(ours) == parameters(theirs)


def public(module: torch.nn.Module) -> dict[str, object]:
    """The attributes of a Module that are its own."""
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}


# --- half precision: no further from float64 than torch -----------------------------------------------------------


def distance(result: Tensor, exact: Tensor) -> Tensor:
    """How far each element is from the exact one; 0 where both are the same infinity or nan, else inf."""
    gap = (result.double() - exact).abs()
    alike = (result.double() == exact.to(result.dtype).double()) | (result.isnan() & exact.isnan())
    return torch.where(gap.isfinite(), gap, torch.where(alike, 0.0, torch.inf))


def rounding(exact: Tensor, dtype: torch.dtype) -> Tensor:
    """Half the distance between the neighbours of each number in ``dtype``: the most one rounding can cost."""
    facts = torch.finfo(dtype)
    return (exact.abs() * facts.eps / 2).nan_to_num(0, 0, 0).clamp(min=facts.smallest_normal * facts.eps / 2)


def no_worse(ours: dict[str, Tensor], theirs: dict[str, Tensor], exact: dict[str, Tensor]) -> None:
    """torch's dtype and shape, and for every element an error of at most torch's plus one rounding.

    Where the dtype of the result is not a half one, four units in the last place stand for the one rounding.
    """
    assert ours.keys() == theirs.keys() == exact.keys()
    for name, one in ours.items():
        other, truth = theirs[name], exact[name].double()
        assert one.dtype == other.dtype, f"{name}: dtype {one.dtype}, torch {other.dtype}"
        assert one.shape == other.shape, f"{name}: shape {tuple(one.shape)}, torch {tuple(other.shape)}"
        roundings = 1 + 1e-3 if one.dtype in HALF else 8
        allowed = distance(other, truth) + roundings * rounding(truth, one.dtype)
        assert (distance(one, truth) <= allowed).all(), f"{name}: {one}, torch {other}, exact {truth}"


class Widened(Trial):
    """A trial in float64, on exactly the numbers that it has in its own dtype."""

    def arguments(self) -> dict[str, Tensor]:
        narrow = super().arguments()
        return {name: value.double() if value.is_floating_point() else value for name, value in narrow.items()}


def widened(trial: Trial) -> Trial:
    return Widened(trial.case, trial.dtype, trial.reduction)
