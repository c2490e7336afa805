"""Each broken loss shows its fault and no other, and no sound loss shows one: by torch alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from tests.clinic import frozen_losses, judged_losses
from tests.clinic.judged_losses import FAULTS, Judged

BROKEN = [*judged_losses.BROKEN, *frozen_losses.BROKEN]
SOUND = [*judged_losses.SOUND, *frozen_losses.SOUND]

Loss = Callable[..., Tensor]
Args = tuple[Tensor, ...]

pytestmark = pytest.mark.filterwarnings("ignore")

# Floating arguments that by design take no gradient: a teacher, a time that only orders.
CONSTANT = {"distillation": {1}, "dino_center": {1}, "cox": {1}}

# What a fault brings with it, for all losses that have it, or for one by its name.
BRINGS = {
    "cut-graph": {"wrong-gradient"},
    "reductions-disagree": {"nan-on-empty-batch"},
    "plain-attribute": {"device", "dtype", "half-precision"},
    "hidden-parameter": {"device", "dtype", "half-precision"},
    "nondeterministic": {"vmap"},
}
BRINGS_NAMED = {
    # numpy knows neither meta tensors, nor bfloat16, nor transforms
    "msle_numpy": {"device", "half-precision", "vmap", "compile"},
    # `.item()` has no value on meta tensors, nor under vmap
    "edge_item": {"vmap", "device"},
    "pyramid_items": {"vmap", "device"},
    "branch_item": {"vmap", "device", "compile"},
    # vmap does not know one_hot
    "dice_argmax": {"vmap"},
    "brier_one_hot": {"vmap"},
    # of float64 it keeps float32's digits
    "iou_float": {"wrong-gradient"},
    # what asks for a gradient inside refuses transforms, too
    "eikonal": {"vmap"},
    "vjp_inside": {"vmap"},
    # no graph holds a caller's tensor of another shape
    "squeezed_target": {"compile"},
}


def inputs(case: Judged, dtype: torch.dtype = torch.float64, seed: int = 0) -> Args:
    """The inputs of a case, in a dtype."""
    args = case.inputs(torch.Generator().manual_seed(seed))
    return tuple(arg.to(dtype) if arg.is_floating_point() else arg for arg in args)


def fresh(case: Judged, dtype: torch.dtype | None = None) -> Loss:
    """A new loss, its Module in a dtype."""
    torch.manual_seed(0)
    if case.fault == "hidden-parameter" and dtype == torch.float64:
        torch.set_default_dtype(dtype)  # `.to` does not reach what is hidden
    loss = case.make()
    torch.set_default_dtype(torch.float32)
    return loss.to(dtype) if dtype is not None and isinstance(loss, nn.Module) else loss


def call(loss: Loss, args: Args) -> Tensor:
    """The loss of copies, so that one that writes in place writes elsewhere, and draws the same."""
    torch.manual_seed(1)
    return loss(*(arg.clone() for arg in args))


def differentiable(case: Judged, args: Args) -> list[int]:
    return [i for i, arg in enumerate(args) if arg.is_floating_point() and i not in CONSTANT.get(case.name, set())]


def gradient(loss: Loss, args: Args, which: int, scale: float = 1.0) -> Tensor | None:
    """The gradient of a multiple of the loss, None where the graph is cut."""
    leaf = args[which].detach().clone().requires_grad_()
    copies = [arg.clone() for arg in args]
    copies[which] = leaf * 1
    torch.manual_seed(1)
    value = scale * loss(*copies)
    if value.grad_fn is None:
        return None
    return torch.autograd.grad(value, leaf, allow_unused=True)[0]


def slopes(function: Callable[[Tensor], Tensor], at: Tensor, step: float = 1e-6) -> Tensor:
    """Central differences of a function of one tensor, each along one element of it."""
    rows = []
    for i in range(at.numel()):
        shift = torch.zeros_like(at).view(-1)
        shift[i] = step
        shift = shift.view_as(at)
        rows.append((function(at + shift) - function(at - shift)).detach() / (2 * step))
    return torch.stack(rows)


def along(loss: Loss, args: Args, which: int) -> Callable[[Tensor], Tensor]:
    return lambda x: call(loss, (*args[:which], x, *args[which + 1 :]))


def first_order(case: Judged) -> str | None:
    """What is wrong with the gradient, if anything."""
    args = inputs(case)
    loss = fresh(case, torch.float64)
    for which in differentiable(case, args):
        found = gradient(loss, args, which, scale=3.0)
        if found is None:
            return "cut-graph"
        if not found.any():
            return "zero-gradient"
        true = 3 * slopes(along(loss, args, which), args[which]).view_as(found)
        if not torch.allclose(found, true.to(found.dtype), rtol=1e-4, atol=1e-7):
            return "wrong-gradient"
    return None


def second_order(case: Judged) -> str | None:
    """Whether the second derivative is missing, by the gradient's differences along one direction."""
    args = inputs(case)
    loss = fresh(case, torch.float64)
    for which in differentiable(case, args):
        x = args[which]
        direction = torch.randn(x.shape, generator=torch.Generator().manual_seed(2), dtype=x.dtype)

        def at(step: float, x: Tensor = x, way: Tensor = direction, which: int = which) -> Tensor:
            found = gradient(loss, (*args[:which], x + step * way, *args[which + 1 :]), which)
            return torch.zeros_like(x) if found is None else found

        true = (at(1e-6) - at(-1e-6)) / 2e-6
        leaf = x.clone().requires_grad_()
        first = torch.autograd.grad(along(loss, args, which)(leaf), leaf, create_graph=True)[0]
        found = None
        if first.requires_grad:
            found = torch.autograd.grad((first * direction).sum(), leaf, allow_unused=True)[0]
        found = torch.zeros_like(x) if found is None else found
        if not torch.allclose(found, true, rtol=1e-3, atol=1e-6):
            return "no-second-derivative"
    return None


def finite(loss: Loss, args: Args, which: int = 0) -> bool:
    """Whether the value and its gradient, if it has one, are finite."""
    found = gradient(loss, args, which)
    return bool(call(loss, args).isfinite().all()) and (found is None or bool(found.isfinite().all()))


def writes(case: Judged) -> bool:
    args = inputs(case, torch.float32)
    copies = [arg.clone() for arg in args]
    fresh(case)(*copies)
    return any(a.shape != b.shape or not torch.equal(a, b) for a, b in zip(args, copies, strict=True))


def changes_dtype(case: Judged) -> bool:
    for dtype in (torch.float64, torch.float32):
        try:
            if call(fresh(case, dtype), inputs(case, dtype)).dtype != dtype:
                return True
        except RuntimeError:
            return True
    try:
        return call(fresh(case, torch.float16), inputs(case, torch.float16)).dtype != torch.float16
    except (RuntimeError, TypeError):
        return False


def fails_in_half(case: Judged) -> bool:
    for dtype, tolerance in ((torch.float16, 0.03), (torch.bfloat16, 0.1)):
        args = inputs(case, dtype)
        try:
            found = call(fresh(case, dtype), args).double()
            ok = finite(fresh(case, dtype), args)
        except (RuntimeError, TypeError):
            return True
        true = call(fresh(case, torch.float64), tuple(a.double() if a.is_floating_point() else a for a in args))
        if not ok or not torch.allclose(found, true.double(), rtol=tolerance, atol=tolerance):
            return True
    return False


def fails_elsewhere(case: Judged) -> bool:
    """Whether the loss fails on another device: on meta tensors, which most operations refuse to mix with others."""
    loss = fresh(case)
    loss = loss.to("meta") if isinstance(loss, nn.Module) else loss
    try:
        return loss(*(arg.to("meta") for arg in inputs(case, torch.float32))).device.type != "meta"
    except (RuntimeError, NotImplementedError, TypeError):
        return True


def broadcasts(case: Judged) -> bool:
    input, target = inputs(case, torch.float32)
    for pair in ((input, target.unsqueeze(-1)), (input.unsqueeze(-1), target)):
        try:
            fresh(case)(*pair)
        except (ValueError, RuntimeError):
            continue
        return True
    return False


def options(case: Judged) -> dict[str, object]:
    """Options of the loss with their defaults, without what a closure or a partial has settled."""
    made = case.make()
    source = type(made).__init__ if isinstance(made, nn.Module) else made
    if isinstance(made, partial):
        return {}
    return {n: p.default for n, p in inspect.signature(source).parameters.items() if p.default is not p.empty}


def rebuilt(case: Judged, **changed: object) -> Loss:
    torch.manual_seed(0)
    made = case.make()
    return type(made)(**changed) if isinstance(made, nn.Module) else partial(made, **changed)


def reductions(case: Judged, args: Args) -> tuple[Tensor, ...]:
    return tuple(call(rebuilt(case, reduction=name), args) for name in ("none", "sum", "mean"))


def reductions_disagree(case: Judged) -> bool:
    if "reduction" not in options(case):
        return False
    each, total, mean = reductions(case, inputs(case, torch.float32))
    if case.name == "weighted_segmentation":
        weight = case.make().weight[inputs(case)[1]]
        return not (torch.allclose(each.sum(), total) and torch.allclose(each.sum() / weight.sum(), mean))
    return not (torch.allclose(each.sum(), total) and torch.allclose(each.mean(), mean))


def dead_options(case: Judged) -> set[str]:
    """Numeric options without effect. `eps` and which label is ignored have none on these inputs."""
    args = inputs(case, torch.float32)
    dead = set()
    for name, default in options(case).items():
        if name in ("eps", "ignore_index", "pad", "void", "momentum"):
            continue
        if isinstance(default, bool):
            other: object = not default
        elif isinstance(default, int):
            other = default - 1
        elif isinstance(default, float):
            other = default / 2 + 0.07
        else:
            continue
        if name in ("classes", "dim", "heads", "tasks"):
            continue
        before, after = call(rebuilt(case, **{name: default}), args), call(rebuilt(case, **{name: other}), args)
        if torch.allclose(before.double(), after.double(), rtol=1e-4):
            dead.add(name)
    return dead


def held(value: object) -> Iterator[object]:
    """Tensors and Modules in plain containers."""
    if isinstance(value, Tensor | nn.Module):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from held(item)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from held(item)


def stray(case: Judged) -> set[str]:
    made = case.make()
    if not isinstance(made, nn.Module):
        return set()
    found = set()
    for module in made.modules():
        plain = {k: v for k, v in vars(module).items() if k not in ("_parameters", "_buffers", "_modules")}
        for item in held(plain):
            hidden = isinstance(item, nn.Parameter) or (isinstance(item, nn.Module) and bool(list(item.parameters())))
            found.add("hidden-parameter" if hidden else "plain-attribute")
    return found


def nan_at_zero_error(case: Judged) -> bool:
    args = inputs(case, torch.float32)
    if len(args) < 2 or args[1].shape != args[0].shape or not args[1].is_floating_point():
        return False
    domain = case.declares.get("domain", {})
    if domain.get(0) != domain.get(1):
        return False
    return not finite(fresh(case), (args[0], args[0].clone(), *args[2:]))


def nan_when_all_masked(case: Judged) -> bool:
    args = list(inputs(case, torch.float32))
    ignored = {"all_padding": -100, "ignoring_focal": -100, "void_in_place": 255}
    if case.name in ignored:
        args[1] = torch.full_like(args[1], ignored[case.name])
    for i, arg in enumerate(args):
        lengths = i == 2 and not arg.is_floating_point()
        if arg.dtype == torch.bool or lengths:
            args[i] = torch.zeros_like(arg)
    return not finite(fresh(case), tuple(args))


def overflows(case: Judged) -> bool:
    args = inputs(case, torch.float32)
    if 0 in case.declares.get("domain", {}):
        return False
    signs = torch.where(torch.arange(args[0].numel()) % 3 == 0, -1e4, 1e4).view_as(args[0])
    return any(not finite(fresh(case), (sign * signs, *args[1:])) for sign in (1, -1))


def empty(case: Judged, *alone: int) -> Args:
    """Inputs without a row; `alone` are those whose first dimension is no batch."""
    return tuple(arg if i in alone else arg[:0] for i, arg in enumerate(inputs(case, torch.float32)))


def nan_on_empty(case: Judged) -> bool:
    """Whether a sum, which is zero of nothing, is not finite. A bare mean of nothing is NaN, as torch's."""
    made = rebuilt(case, reduction="sum") if "reduction" in options(case) else None
    if made is None and case.fault != "nan-on-empty-batch":
        return False
    return not bool(call(made or fresh(case), empty(case)).isfinite().all())


def nondeterministic(case: Judged) -> bool:
    loss = fresh(case)
    first, *rest = [loss(*inputs(case, torch.float32)) for _ in range(4)]
    return any(not torch.equal(first, other) for other in rest)


def fails_vmap(case: Judged) -> bool:
    loss = fresh(case, torch.float64)
    sets = [inputs(case, seed=seed) for seed in range(3)]
    stacked = tuple(torch.stack(args) for args in zip(*sets, strict=True))
    # A copy of each, on which one may write.
    copied = lambda *args: loss(*(arg.clone() for arg in args))  # noqa: E731
    try:
        values = torch.func.vmap(copied)(*stacked)
        grads = torch.func.vmap(torch.func.grad(copied))(*stacked)
    except (RuntimeError, TypeError, NotImplementedError):
        return True
    ones = [gradient(loss, args, 0) for args in sets]
    ones = [torch.zeros_like(sets[0][0]) if g is None else g for g in ones]
    return not (
        torch.allclose(values, torch.stack([call(loss, args) for args in sets]).to(values.dtype))
        and torch.allclose(grads, torch.stack(ones), atol=1e-7)
    )


def fails_compiled(case: Judged) -> bool:
    torch.compiler.reset()
    loss = fresh(case)
    args = inputs(case, torch.float32)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    try:
        value, grad = call(compiled, args), gradient(compiled, args, 0)
    except Exception:
        return True
    true = gradient(loss, args, 0)
    same = (grad is None) == (true is None) and (grad is None or torch.allclose(grad, true, atol=1e-6))
    return case.fault != "nondeterministic" and not (torch.allclose(value, call(loss, args)) and same)


def observed(case: Judged) -> set[str]:
    """Every fault that a loss shows, apart from the batch's split, which many losses rightly depend on."""
    first = first_order(case)
    shows = {
        "writes-input": writes(case),
        "dtype": changes_dtype(case),
        "half-precision": fails_in_half(case),
        "device": fails_elsewhere(case),
        "broadcasting": "same_shape" in case.declares and broadcasts(case),
        "reductions-disagree": reductions_disagree(case),
        "dead-option": bool(dead_options(case)),
        "nan-at-zero-error": nan_at_zero_error(case),
        "nan-when-all-masked": nan_when_all_masked(case),
        "nan-on-empty-batch": nan_on_empty(case),
        "overflow": overflows(case),
        "nondeterministic": nondeterministic(case),
        "vmap": fails_vmap(case),
        "compile": fails_compiled(case),
        "no-second-derivative": case.declares.get("second_derivative", True)
        and first is None
        and second_order(case) is not None,
    }
    return {fault for fault, shown in shows.items() if shown} | stray(case) | ({first} if first else set())


def value(case: Judged, args: Args) -> Tensor:
    return call(fresh(case), args)


def halves_differ(case: Judged) -> bool:
    """Whether the mean of two halves' losses is not the loss of the whole."""
    args = inputs(case, torch.float32)
    half = len(args[0]) // 2
    one, other = value(case, tuple(a[:half] for a in args)), value(case, tuple(a[half:] for a in args))
    return not torch.allclose((one + other) / 2, value(case, args), rtol=1e-3)


def zeros_in_half(case: Judged) -> bool:
    """Whether float16 is not finite at the lower border, where float32 is."""
    low = [torch.zeros_like(arg) if arg.is_floating_point() else arg for arg in inputs(case, torch.float32)]
    assert finite(fresh(case), tuple(low))
    return not finite(fresh(case), tuple(arg.half() if arg.is_floating_point() else arg for arg in low))


def test_every_fault_is_there() -> None:
    """Each fault has a case in both files, and names are used once."""
    for module in (judged_losses, frozen_losses):
        assert {case.fault for case in module.BROKEN} == set(FAULTS)
        assert {case.fault for case in module.SOUND} == {None}
    names = [case.name for case in (*BROKEN, *SOUND)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("case", [*BROKEN, *SOUND], ids=str)
def test_inputs_are_as_agreed(case: Judged) -> None:
    """Inputs are the same for the same seed, float32 where floating, without gradient, and in their domain."""
    args = case.inputs(torch.Generator().manual_seed(0))
    for arg, again in zip(args, case.inputs(torch.Generator().manual_seed(0)), strict=True):
        assert torch.equal(arg, again)
        assert not arg.requires_grad
        assert arg.dtype == torch.float32 or not arg.is_floating_point()
    for i, (low, high) in case.declares.get("domain", {}).items():
        assert args[i].is_floating_point()
        assert low <= args[i].min()
        assert args[i].max() <= high
    assert value(case, args).isfinite().all()
    assert set(case.declares) <= {"domain", "same_shape", "second_derivative"}


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_broken_shows_its_fault_alone(case: Judged) -> None:
    """The fault is seen, and what is seen beside it is its consequence."""
    seen = observed(case)
    if case.fault == "depends-on-batch-split":
        assert halves_differ(case)
        seen.add(case.fault)
    if case.name in ("eps_below_half", "bce_eps"):
        assert zeros_in_half(case)
        seen.add(case.fault)
    if case.fault == "cut-graph" and "wrong-gradient" in seen:
        seen.add(case.fault)  # one of two terms is cut: shown apart, below
    assert case.fault in seen
    assert seen - {case.fault} <= BRINGS.get(case.fault, set()) | BRINGS_NAMED.get(case.name, set())


def case_named(name: str) -> Judged:
    (case,) = (case for case in (*BROKEN, *SOUND) if case.name == name)
    return case


@pytest.mark.parametrize("name", ["edge_item", "pyramid_items", "branch_item"])
def test_half_cut_graphs_lose_slope(name: str) -> None:
    """Where one term is cut, the gradient lacks that term's share: no step explains it but the graph's."""
    case = case_named(name)
    args, loss = inputs(case), fresh(case, torch.float64)
    missing = slopes(along(loss, args, 0), args[0]).view_as(args[0]) - gradient(loss, args, 0)
    whole = {
        "edge_item": lambda x: 0.5 * sum((x - args[1]).diff(dim=d).abs().mean() for d in (-1, -2)),
        "pyramid_items": lambda x: sum(
            nn.functional.smooth_l1_loss(nn.functional.avg_pool2d(x, k), nn.functional.avg_pool2d(args[1], k))
            for k in (2, 4)
        ),
        "branch_item": lambda x: ((x - args[1]).abs() * (args[1] <= 0)).mean(),
    }[name]
    assert torch.allclose(missing, slopes(whole, args[0]).view_as(missing), atol=1e-6)


def test_vae_loses_its_kl() -> None:
    """The reconstruction has a gradient, the two parameters of the posterior have none."""
    case = case_named("vae_no_grad")
    args, loss = inputs(case), fresh(case)
    assert gradient(loss, args, 0) is not None
    for which in (2, 3):
        assert gradient(loss, args, which) is None
        assert slopes(along(loss, args, which), args[which]).abs().min() > 0


def test_scale_of_a_loss_is_lost() -> None:
    """A mean that forgets grad_output is right by itself and wrong when scaled."""
    case = case_named("fused_mse")
    args, loss = inputs(case), fresh(case)
    one, three = gradient(loss, args, 0), gradient(loss, args, 0, scale=3.0)
    assert torch.allclose(one, slopes(along(loss, args, 0), args[0]).view_as(one))
    assert torch.equal(one, three)


@pytest.mark.parametrize(
    ("name", "dead"),
    [
        ("alpha_unused", {"alpha"}),
        ("smoothing_not_passed", {"label_smoothing"}),
        ("temperature_normalised", {"temperature"}),
    ],
)
def test_one_option_is_dead(name: str, dead: set[str]) -> None:
    """Of the options just the intended one changes nothing."""
    assert dead_options(case_named(name)) == dead


def test_compiled_eikonal_raises() -> None:
    """Even where graph breaks are allowed."""
    case = case_named("eikonal")
    torch.compiler.reset()
    compiled = torch.compile(fresh(case), backend="aot_eager")
    with pytest.raises(RuntimeError, match="double backward"):
        gradient(compiled, inputs(case, torch.float32), 0)


def test_compiled_penalty_loses_its_gradient() -> None:
    """Where graph breaks are allowed, the value is right and the gradient silently is not."""
    case = case_named("vjp_inside")
    torch.compiler.reset()
    args, loss = inputs(case, torch.float32), fresh(case)
    compiled = torch.compile(loss, backend="aot_eager")
    assert torch.allclose(call(compiled, args), call(loss, args))
    assert (gradient(compiled, args, 0) - gradient(loss, args, 0)).abs().max() > 1e-3


@pytest.mark.parametrize("case", [c for c in BROKEN if c.fault == "no-second-derivative"], ids=str)
def test_first_derivative_is_right(case: Judged) -> None:
    """What lacks a second derivative has a first one."""
    assert first_order(case) is None


@pytest.mark.parametrize("case", [c for c in BROKEN if c.fault == "plain-attribute"], ids=str)
def test_state_dict_lacks_it(case: Judged) -> None:
    """Nothing of it is saved."""
    assert not case.make().state_dict()


@pytest.mark.parametrize("case", [c for c in BROKEN if c.fault == "hidden-parameter"], ids=str)
def test_optimiser_sees_none(case: Judged) -> None:
    """The Module has no parameter, and yet one gets a gradient."""
    loss = case.make()
    assert not list(loss.parameters())
    assert loss(*inputs(case, torch.float32)).requires_grad


@pytest.mark.parametrize("case", SOUND, ids=str)
def test_sound_shows_nothing(case: Judged) -> None:
    """No fault is seen."""
    assert observed(case) == set()


@pytest.mark.parametrize("case", SOUND, ids=str)
def test_sound_passes_gradcheck(case: Judged) -> None:
    """Both derivatives agree with torch's own finite differences."""
    args, loss = inputs(case), fresh(case, torch.float64)
    leaves = tuple(a.requires_grad_() if i in differentiable(case, args) else a for i, a in enumerate(args))
    assert torch.autograd.gradcheck(loss, leaves)
    if case.declares.get("second_derivative", True):
        assert torch.autograd.gradgradcheck(loss, leaves)


@pytest.mark.parametrize("case", SOUND, ids=str)
def test_sound_survives_its_domain(case: Judged) -> None:
    """At the borders of what its author declares, value and gradient are finite."""
    args = inputs(case, torch.float32)
    for i, borders in case.declares.get("domain", {}).items():
        for border in borders:
            edge = (*args[:i], torch.full_like(args[i], border), *args[i + 1 :])
            assert finite(fresh(case), edge)
