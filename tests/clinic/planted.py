"""Losses that show one kind of finding each, and beside each a sound one, which does not.

Every broken loss is one that somebody could write; its sound twin is the remedy.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Planted(NamedTuple):
    """A broken loss and a sound one, called with the same examples under the same contract."""

    kind: str
    name: str
    verdict: str
    broken: Callable[..., Any]
    sound: Callable[..., Any]
    examples: tuple[Any, ...]
    contract: dict[str, Any] = {}  # noqa: RUF012

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


AMOUNTS = (draw(8), draw(8, seed=1))
COLUMNS = (draw(8, 1), draw(8, 1, seed=1))
BITS = (draw(8), torch.tensor([0.0, 1, 1, 0, 1, 0, 0, 1]))
CLASSES = (draw(6, 4), torch.tensor([0, 3, 1, 2, 2, 0]))
MASKED = (*AMOUNTS, torch.tensor([True, True, False, True, False, True, True, True]))
VECTORS = (draw(6, 4), draw(6, 4, seed=1))
TERMS = (draw(6, 4), draw(6, 4, seed=1), draw(6, 4, seed=2), draw(6, 4, seed=3))
TOKENS = (draw(4, 5, 3), torch.tensor([[0, 3, 1], [2, 2, 0], [4, 1, 1], [0, 4, 3]]))
STEPS = (draw(4, 3), draw(4, 3, seed=1), torch.tensor([2, 1, 3, 1]))
SOME_NONE = torch.tensor([2, 0, 3, 1])
CHANCES = (draw(8).sigmoid(), BITS[1])


def mse(input, target):
    return ((input - target) ** 2).mean()


def squares(input, target, reduction="mean"):
    loss = (input - target) ** 2
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"reduction={reduction!r}")
    return loss.mean() if reduction == "mean" else loss.sum()


# --- the graph ----------------------------------------------------------------------------------------------------


def through_item(input, target):
    return torch.tensor(mse(input, target).item(), requires_grad=True)


def through_numpy(input, target):
    return torch.from_numpy((input.detach().numpy() - target.numpy()) ** 2).mean()


def numpy_of_what_trains(input, target):
    return torch.from_numpy((input.numpy() - target.numpy()) ** 2).mean()


def rewrapped(input, target):
    return mse(torch.tensor(input.tolist(), dtype=input.dtype, requires_grad=True), target)


def errors_counted(input, target):
    return (input.argmax(-1) != target).to(input.dtype).mean()


def rounded(input, target):
    return mse(input.round(), target)


def rounded_softly(input, target):
    return mse(input + 0.1 * torch.sin(6.28 * input), target)


def signs(input, target):
    return (1 - input.sign() * target).mean()


def hinge(input, target):
    return (1 - input * (2 * target - 1)).clamp_min(0).mean()


def one_sided(input, other):
    return mse(input, other.detach())


def forgotten_term(input, target, mean, log):
    with torch.no_grad():
        spread = (mean**2 + log.exp() - log - 1).mean()
    return mse(input, target) + spread


def both_terms(input, target, mean, log):
    return mse(input, target) + (mean**2 + log.exp() - log - 1).mean()


def forgotten_hits(input, target, scores):
    return mse(input, target) + (scores > 0).to(input.dtype).mean() + 0 * scores.sum()


def soft_hits(input, target, scores):
    return mse(input, target) + scores.sigmoid().mean()


def both_terms_of_three(input, target, other):
    return mse(input, target) + mse(other, target)


def of_a_teacher(input, target, features, wanted):
    return mse(input, target) + mse(features, wanted.detach())


def beyond_a_baseline(input, target, other):
    return F.relu((input - target) ** 2 - (other.detach() - target) ** 2 + 50).mean()


class NeverReads(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, input, target):
        return mse(input, target)


class ReadsData(NeverReads):
    def forward(self, input, target):
        return mse(input, target) * self.scale.data


class Scaled(NeverReads):
    def forward(self, input, target):
        return mse(input, target) * self.scale


class OfNoAccount(NeverReads):
    def forward(self, input, target):
        return mse(input, target) + 0 * self.scale


def subtracts_in_place(input, target):
    return target.sub_(input).pow(2).mean()


def clamps_in_place(input, target):
    return mse(input, target.clamp_(-9, 9))


def writes_what_trains(input, target):
    input -= target
    return (input**2).mean()


def writes_data(input, target):
    target.data[0] = 0
    return mse(input, target)


# --- gradients ----------------------------------------------------------------------------------------------------


class HalfTheSlope(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return ((x - y) ** 2).mean()

    @staticmethod
    def backward(ctx, pull):
        x, y = ctx.saved_tensors
        return pull * (x - y) / x.numel(), pull * (y - x) / x.numel()


class ForgetsThePull(HalfTheSlope):
    @staticmethod
    def backward(ctx, pull):
        x, y = ctx.saved_tensors
        return 2 * (x - y) / x.numel(), 2 * (y - x) / x.numel()


class WholeSlope(torch.autograd.Function):
    @staticmethod
    def forward(x, y):
        return ((x - y) ** 2).mean()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, pull):
        x, y = ctx.saved_tensors
        return 2 * pull * (x - y) / x.numel(), 2 * pull * (y - x) / x.numel()

    @staticmethod
    def vmap(info, in_dims, x, y):
        moved = [it if dim is None else it.movedim(dim, 0) for it, dim in zip((x, y), in_dims, strict=True)]
        return ((moved[0] - moved[1]) ** 2).flatten(1).mean(1), 0


class Stashed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        error = x - y
        ctx.save_for_backward(3 * error * error.abs() / error.numel())
        return (error.abs() ** 3).mean()

    @staticmethod
    def backward(ctx, pull):
        (slope,) = ctx.saved_tensors
        return pull * slope, -pull * slope


class NoMore(Stashed):
    @staticmethod
    def backward(ctx, pull):
        if torch.is_grad_enabled():
            raise NotImplementedError("no second derivative")
        return Stashed.backward(ctx, pull)


class OnceDifferentiable(Stashed):
    """Raises only where the pull asks for a gradient: that of a loss, which is 1, does not."""

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, pull):
        return Stashed.backward(ctx, pull)


def cubes(input, target):
    return ((input - target).abs() ** 3).mean()


def half_detached(input, target):
    return mse(input, target) + (input.detach() * input).mean()


def straight_through(input, target):
    return mse(input + (input.round() - input).detach(), target)


class WrongByItsParameter(NeverReads):
    def forward(self, input, target):
        return mse(input, target) * (2 * self.scale - self.scale.detach())


# --- numbers at the borders ---------------------------------------------------------------------------------------


def root(input, target):
    return mse(input, target).sqrt()


def root_off_zero(input, target):
    return (mse(input, target) + 1e-6).sqrt()


def attraction(input, target):
    return -(input - target).abs().log().mean()


def angle(input, target):
    return F.cosine_similarity(input, target, dim=-1).acos().mean()


def cosine(input, target):
    return (1 - F.cosine_similarity(input, target, dim=-1)).mean()


def log_of_chance(input, target):
    return -(target * input.log() + (1 - target) * (1 - input).log()).mean()


def clamped_log_of_chance(input, target):
    input = input.clamp(1e-6, 1 - 1e-6)
    return -(target * input.log() + (1 - target) * (1 - input).log()).mean()


def minus_log(input, target):
    return -(input.log()).mean() + 0 * target.mean()


def direction(input, target):
    return mse(input / input.norm(dim=-1, keepdim=True), target)


def safe_direction(input, target):
    return mse(F.normalize(input, dim=-1), target)


def sum_over_something(input, target):
    return ((input - target) ** 2).sum() / max(len(input), 1)


def first_of(input, target):
    return mse(input, target) + 0 * input[0].sum()


def masked_mean(input, target, mask):
    return ((input - target) ** 2 * mask).sum() / mask.sum()


def safe_masked_mean(input, target, mask):
    return ((input - target) ** 2 * mask).sum() / mask.sum().clamp_min(1)


def selected_mean(input, target, mask):
    return ((input - target) ** 2)[mask].mean()


def weighted_mean(input, target, weight):
    return ((input - target) ** 2 * weight).sum() / weight.sum()


def ignoring(input, target, ignore_index=-100):
    kept = target != ignore_index
    loss = -input.log_softmax(-1).gather(-1, target.where(kept, 0)[:, None])[:, 0]
    return (loss * kept).sum() / kept.sum()


def safely_ignoring(input, target, ignore_index=-100):
    kept = target != ignore_index
    loss = -input.log_softmax(-1).gather(-1, target.where(kept, 0)[:, None])[:, 0]
    return (loss * kept).sum() / kept.sum().clamp_min(1)


def skipping(input, target, blank=9):
    kept = target != blank
    loss = -input.log_softmax(-1).gather(-1, target.where(kept, 0)[:, None])[:, 0]
    return (loss * kept).sum() / kept.sum()


def skipping_negative(input, target):
    kept = target >= 0
    loss = -input.log_softmax(-1).gather(-1, target.where(kept, 0)[:, None])[:, 0]
    return (loss * kept).sum() / kept.sum()


def where_known(input, target):
    known = ~target.isnan()
    error = torch.where(known, input - target, 0)
    return (error**2).sum() / known.sum()


def where_any_known(input, target):
    known = ~target.isnan()
    error = torch.where(known, input - target, 0)
    return (error**2).sum() / known.sum().clamp_min(1)


def for_each_row(input, target, blank=9):
    kept = target != blank
    loss = F.cross_entropy(input, target.where(kept, 0), reduction="none")
    return ((loss * kept).sum(1) / kept.sum(1)).mean()


def for_each_row_that_counts(input, target, blank=9):
    kept = target != blank
    loss = F.cross_entropy(input, target.where(kept, 0), reduction="none")
    return ((loss * kept).sum(1) / kept.sum(1).clamp_min(1)).mean()


def of_the_found(input, target):
    return softplus(input, target) * len(target) / target.sum()


def of_any_found(input, target):
    return softplus(input, target) * len(target) / target.sum().clamp_min(1)


def within_lengths(input, target, steps):
    kept = torch.arange(input.shape[1], device=input.device) < steps[:, None]
    return ((input - target) ** 2 * kept).sum() / kept.sum()


def within_any_length(input, target, steps):
    kept = torch.arange(input.shape[1], device=input.device) < steps[:, None]
    return ((input - target) ** 2 * kept).sum() / kept.sum().clamp_min(1)


def log_of_exp(input, target):
    return (torch.log(1 + torch.exp(input)) - input * target).mean()


def softplus(input, target):
    return (F.softplus(input) - input * target).mean()


def log_of_softmax(input, target):
    return -input.softmax(-1).gather(-1, target[:, None]).log().mean()


def log_softmax(input, target):
    return -input.log_softmax(-1).gather(-1, target[:, None]).mean()


def log_of_cosh(input, target):
    return torch.cosh(input - target).log().mean()


def stable_log_of_cosh(input, target):
    error = (input - target).abs()
    return (error + F.softplus(-2 * error) - 0.6931).mean()


def rate(input, target):
    return (input.exp() - input * target).mean()


def large_within(input, target):
    return ((1e4 * (input - target)) ** 2).mean() / 1e8


def standardised(input, target):
    input = input - input.mean(-1, keepdim=True)
    return mse(input / (input.pow(2).mean(-1, keepdim=True) + 1e-8).sqrt(), target)


def standardised_in_float(input, target):
    return (
        standardised(input.float(), target.float()).to(input.dtype)
        if input.dtype.itemsize < 4
        else standardised(input, target)
    )


def masked_mean_with_epsilon(input, target, mask):
    return ((input - target) ** 2 * mask).sum() / (mask.sum() + 1e-8)


def only_wide(input, target):
    if input.dtype in (torch.float16, torch.bfloat16):
        raise NotImplementedError("float32 alone")
    return mse(input, target)


# --- what is kept -------------------------------------------------------------------------------------------------


def narrowed(input, target):
    return mse(input.float(), target.float())


def narrowed_within(input, target):
    return mse(input.float(), target.float()).to(input.dtype)


def widened(input, target):
    return mse(input.double(), target)


def widened_half(input, target):
    return mse(input.float() if input.dtype == torch.float16 else input, target)


def with_a_matrix(input, target):
    return mse(input @ torch.eye(4), target)


def with_its_own_matrix(input, target):
    return mse(input @ torch.eye(4, dtype=input.dtype, device=input.device), target)


def against_zeros(input, target):
    return torch.maximum(torch.zeros(8, dtype=input.dtype), 1 - input * target).mean()


def against_its_own_zeros(input, target):
    return torch.maximum(torch.zeros_like(input), 1 - input * target).mean()


def to_the_cpu(input, target):
    return mse(input.cpu(), target.cpu())


def reading_a_value(input, target):
    return mse(input, target) * (2 if float(input.detach().cpu().sum()) > 1e9 else 1)


def mask_on_the_cpu(input, target):
    similar = (input @ target.T).masked_fill(torch.eye(6, dtype=torch.bool), 0.0)
    return similar.logsumexp(-1).mean()


def mask_beside(input, target):
    similar = (input @ target.T).masked_fill(torch.eye(6, dtype=torch.bool, device=input.device), 0.0)
    return similar.logsumexp(-1).mean()


def same_shapes(input, target):
    if input.shape != target.shape:
        raise ValueError("shapes differ")
    return mse(input, target)


def reshaping(input, target):
    return mse(input, target.reshape(input.shape))


# --- reductions ---------------------------------------------------------------------------------------------------


def twice_the_mean(input, target, reduction="mean"):
    loss = squares(input, target, "none")
    return {"none": loss, "mean": loss.mean(), "sum": 2 * loss.mean()}[reduction]


def one_too_few(input, target, reduction="mean"):
    loss = squares(input, target, "none")
    return {"none": loss, "mean": loss.sum() / (loss.numel() - 1), "sum": loss.sum()}[reduction]


def never_each(input, target, reduction="mean"):
    return squares(input, target, "sum" if reduction == "sum" else "mean")


def by_samples(input, target, reduction="mean"):
    loss = squares(input, target, "none")
    return {"none": loss, "mean": loss.sum() / len(loss), "sum": loss.sum()}[reduction]


def with_weight(input, target, weight, reduction="mean"):
    loss = squares(input, target, "none") * weight
    return {"none": loss, "mean": loss.sum() / weight.sum(), "sum": loss.sum()}[reduction]


def any_reduction(input, target, reduction="mean"):
    loss = squares(input, target, "none")
    return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss


class Reduced(nn.Module):
    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, input, target):
        return squares(input, target, self.reduction)


class ReducedWrongly(Reduced):
    def forward(self, input, target):
        return one_too_few(input, target, self.reduction)


def over_a_fixed_size(input, target, batch_size=8):
    return ((input - target) ** 2).sum() / batch_size


def over_its_size(input, target):
    return ((input - target) ** 2).sum() / len(input)


def sum_by_name(input, target, reduction="sum"):
    if reduction != "sum":
        raise ValueError(f"reduction={reduction!r}")
    return ((input - target) ** 2).sum()


def among_themselves(input, target):
    similar = input @ target.T
    return F.cross_entropy(similar, torch.arange(len(input), device=input.device))


# --- options and state --------------------------------------------------------------------------------------------


def noisy(input, target):
    return mse(input + 0.01 * torch.randn_like(input), target)


def noisy_parts(input, target):
    return (input + 0.01 * torch.randn_like(input) - target) ** 2


def parts(input, target):
    return (input - target) ** 2


def dropping(input, target):
    return mse(F.dropout(input, 0.5), target)


class Dropping(nn.Module):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def forward(self, input, target):
        return mse(self.dropout(input), target)


class Counting(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, input, target):
        self.calls += 1
        return mse(input, target) * (1 + 1 / self.calls)


def unread_option(input, target, gamma=2.0):
    return mse(input, target)


def gamma_to_the_zero(input, target, gamma=2.0):
    return mse(input, target) * gamma**0


def powered(input, target, gamma=2.0):
    return ((input - target).abs() ** gamma).mean()


def cooled_before_its_length(input, target, temperature=0.5):
    return 1 - F.cosine_similarity(input / temperature, target, dim=-1).mean()


def cooled(input, target, temperature=0.5):
    return (1 - F.cosine_similarity(input, target, dim=-1) / temperature).exp().mean()


def unread_weight(input, target, scale, weight=None):
    return scale * mse(input, target)


def read_weight(input, target, scale, weight=None):
    return scale * mse(input, target) * (1 if weight is None else weight.mean())


def idle_switch(input, target, fast=True):
    return mse(input, target) if fast else ((input - target).square()).mean()


def switched(input, target, half=True):
    return mse(input, target) / (2 if half else 1)


class IdleOption(nn.Module):
    def __init__(self, delta=1.0):
        super().__init__()
        self.delta = delta

    def forward(self, input, target):
        return mse(input, target)


class IdleCount(nn.Module):
    def __init__(self, rounds=3):
        super().__init__()

    def forward(self, input, target):
        return mse(input, target)


class Count(IdleCount):
    def __init__(self, rounds=3):
        super().__init__()
        self.rounds = rounds

    def forward(self, input, target):
        return mse(input, target) * self.rounds


class ScaledBefore(nn.Module):
    def __init__(self, delta=1.0):
        super().__init__()
        self.delta = delta
        self.factor = 1 / delta

    def forward(self, input, target):
        return mse(input, target) * self.factor


class IdleStart(nn.Module):
    def __init__(self, start=0.5):
        super().__init__()
        self.log = nn.Parameter(torch.tensor(0 * start))

    def forward(self, input, target):
        return mse(input, target) * self.log.exp() + self.log


class Start(IdleStart):
    def __init__(self, start=0.5):
        super().__init__()
        self.log = nn.Parameter(torch.tensor(start))


class IdleWidth(nn.Module):
    def __init__(self, width=0.5):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, input, target):
        return mse(self.layer(input), target)


class Width(IdleWidth):
    def __init__(self, width=0.5):
        super().__init__()
        nn.init.normal_(self.layer.weight, std=width)


class Attribute(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.linspace(0.5, 2, 8)

    def forward(self, input, target):
        return (self.weight * (input - target) ** 2).mean()


class Buffer(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("weight", torch.linspace(0.5, 2, 8))

    def forward(self, input, target):
        return (self.weight * (input - target) ** 2).mean()


class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.logs = [nn.Parameter(torch.zeros(())), nn.Parameter(torch.zeros(()))]

    def forward(self, input, target):
        return mse(input, target) * torch.exp(-self.logs[0]) + self.logs[0] + self.logs[1] ** 2


class Registered(Listed):
    def __init__(self):
        nn.Module.__init__(self)
        self.logs = nn.ParameterList([torch.ones(()), torch.ones(())])


class Beforehand(nn.Module):
    def __init__(self):
        super().__init__()
        self.log = nn.Parameter(torch.zeros(()))
        self.factor = self.log.exp()

    def forward(self, input, target):
        return mse(input, target) * self.factor + self.log


class InTime(Beforehand):
    def __init__(self):
        nn.Module.__init__(self)
        self.log = nn.Parameter(torch.zeros(()))

    def forward(self, input, target):
        return mse(input, target) * self.log.exp() + self.log


class PlainObject:
    def __init__(self):
        self.weight = torch.linspace(0.5, 2, 8)

    def __call__(self, input, target):
        return (self.weight * (input - target) ** 2).mean()


class PlainNumbers(PlainObject):
    def __init__(self):
        self.weight = 2.0


_SCALE = torch.zeros((), requires_grad=True)


def closing_over(scale):
    def loss(input, target):
        return mse(input, target) * torch.exp(-scale) + scale

    return loss


# --- transforms ---------------------------------------------------------------------------------------------------


def branching(input, target):
    return mse(input, target) if bool(input.sum() > 0) else cubes(input, target)


def choosing(input, target):
    return torch.where(input.sum() > 0, mse(input, target), cubes(input, target))


def counts_its_numbers(input, target):
    """Another loss under vmap, which hides a dimension of the storage."""
    return mse(input, target) * (2 if torch._C._functorch.is_batchedtensor(input) else 1)


def knows_a_wrapper(input, target):
    return mse(input, target) * (2 if torch._C._functorch.is_gradtrackingtensor(input) else 1)


DEFECT, PROPERTY = "defect", "property"
WEIGHTED = (*AMOUNTS, draw(8, seed=2).abs() + 0.1)
PLANTED = [
    Planted("raises", "a bad name", DEFECT, lambda input, target: input.no_such_method(), mse, AMOUNTS),
    Planted("cut-graph", "item", DEFECT, through_item, mse, AMOUNTS),
    Planted("cut-graph", "numpy of a detached", DEFECT, through_numpy, mse, AMOUNTS),
    Planted("cut-graph", "numpy", DEFECT, numpy_of_what_trains, mse, AMOUNTS),
    Planted("cut-graph", "wrapped again", DEFECT, rewrapped, mse, AMOUNTS),
    Planted("cut-graph", "argmax", DEFECT, errors_counted, log_softmax, CLASSES),
    Planted("cut-graph", "a float", DEFECT, lambda input, target: float(mse(input, target)), mse, AMOUNTS),
    Planted("cut-graph", "second argument", DEFECT, one_sided, mse, AMOUNTS, {"differentiable": ("input", 1)}),
    Planted("cut-graph", "a term", DEFECT, forgotten_term, both_terms, TERMS),
    Planted("zero-gradient", "a term", DEFECT, forgotten_hits, soft_hits, TERMS[:3]),
    Planted("constant-argument", "teacher", PROPERTY, of_a_teacher, both_terms, TERMS),
    Planted("constant-argument", "baseline", PROPERTY, beyond_a_baseline, both_terms_of_three, TERMS[:3]),
    Planted("constant-argument", "said", PROPERTY, forgotten_term, both_terms, TERMS, {"differentiable": [0]}),
    Planted("constant-argument", "detached", PROPERTY, one_sided, mse, AMOUNTS),
    Planted("zero-gradient", "round", DEFECT, rounded, rounded_softly, AMOUNTS),
    Planted("zero-gradient", "sign", DEFECT, signs, hinge, BITS),
    Planted("unused-parameter", "never read", DEFECT, NeverReads(), Scaled(), AMOUNTS),
    Planted("unused-parameter", "data", DEFECT, ReadsData(), Scaled(), AMOUNTS),
    Planted("unused-parameter", "times 0", PROPERTY, OfNoAccount(), Scaled(), AMOUNTS),
    Planted("writes-input", "sub_", DEFECT, subtracts_in_place, mse, AMOUNTS),
    Planted("writes-input", "the same numbers", DEFECT, clamps_in_place, mse, AMOUNTS),
    Planted("writes-input", "what trains", DEFECT, writes_what_trains, mse, AMOUNTS),
    Planted("writes-input", "data", DEFECT, writes_data, mse, AMOUNTS),
    Planted("wrong-gradient", "half", DEFECT, HalfTheSlope.apply, WholeSlope.apply, AMOUNTS),
    Planted("wrong-gradient", "no pull", DEFECT, ForgetsThePull.apply, WholeSlope.apply, AMOUNTS),
    Planted("wrong-gradient", "a part detached", DEFECT, half_detached, mse, AMOUNTS),
    Planted("wrong-gradient", "by a parameter", DEFECT, WrongByItsParameter(), Scaled(), AMOUNTS),
    Planted("wrong-gradient", "meant", PROPERTY, straight_through, mse, AMOUNTS, {"surrogate": True}),
    Planted("wrong-gradient", "not declared", DEFECT, straight_through, mse, AMOUNTS),
    Planted("no-second-derivative", "stashed", DEFECT, Stashed.apply, cubes, AMOUNTS),
    Planted("no-second-derivative", "once", DEFECT, OnceDifferentiable.apply, cubes, AMOUNTS),
    Planted("no-second-derivative", "not asked", PROPERTY, Stashed.apply, cubes, AMOUNTS, {"second_derivative": False}),
    Planted("no-second-derivative", "raises", PROPERTY, NoMore.apply, cubes, AMOUNTS),
    Planted("no-second-derivative", "promised", DEFECT, NoMore.apply, cubes, AMOUNTS, {"second_derivative": True}),
    Planted("no-second-derivative-at-kink", "l1", PROPERTY, F.l1_loss, mse, AMOUNTS),
    Planted("nan-at-zero-error", "root", DEFECT, root, root_off_zero, AMOUNTS),
    Planted("nan-at-zero-error", "angle", DEFECT, angle, cosine, VECTORS),
    Planted("nan-at-zero-error", "pole", PROPERTY, attraction, mse, AMOUNTS),
    Planted("nan-at-zero-error", "chances", DEFECT, log_of_chance, clamped_log_of_chance, CHANCES),
    Planted("nan-at-border", "log", DEFECT, log_of_chance, clamped_log_of_chance, CHANCES, {"domain": (0, 1)}),
    Planted("nan-at-border", "pole", PROPERTY, minus_log, mse, CHANCES, {"domain": "probability"}),
    Planted("nan-at-border", "not declared", PROPERTY, log_of_chance, clamped_log_of_chance, CHANCES),
    Planted("nan-at-zero-input", "direction", PROPERTY, direction, safe_direction, VECTORS),
    Planted("nan-on-empty-batch", "mean", PROPERTY, mse, sum_over_something, AMOUNTS),
    Planted(
        "nan-on-empty-batch", "promised", DEFECT, mse, sum_over_something, AMOUNTS, {"never": ["nan-on-empty-batch"]}
    ),
    Planted("raises-on-empty-batch", "index", PROPERTY, first_of, mse, AMOUNTS),
    Planted("nan-when-all-masked", "factor", DEFECT, masked_mean, safe_masked_mean, MASKED),
    Planted("nan-when-all-masked", "selection", PROPERTY, selected_mean, safe_masked_mean, MASKED),
    Planted("nan-when-all-masked", "ignored", DEFECT, ignoring, safely_ignoring, CLASSES),
    Planted("nan-when-all-masked", "torch", PROPERTY, F.cross_entropy, safely_ignoring, CLASSES),
    Planted("nan-when-all-masked", "by a number", DEFECT, skipping, lambda input, target, blank=9: safely_ignoring(
        input, target, blank), CLASSES),
    Planted("nan-when-all-masked", "below 0", DEFECT, skipping_negative, log_softmax, CLASSES),
    Planted("nan-when-all-masked", "not known", PROPERTY, where_known, where_any_known, AMOUNTS),
    Planted("nan-when-all-masked", "each row", DEFECT, for_each_row, for_each_row_that_counts, TOKENS),
    Planted("nan-when-all-masked", "none found", PROPERTY, of_the_found, of_any_found, BITS),
    Planted("nan-when-all-masked", "lengths", PROPERTY, within_lengths, within_any_length, STEPS),
    Planted("nan-when-all-masked", "length 0", DEFECT, within_lengths, within_any_length, (*STEPS[:2], SOME_NONE)),
    Planted("nan-when-weights-are-zero", "another name", PROPERTY, lambda input, target, w: weighted_mean(
        input, target, w), lambda input, target, w: mse(input * w, target), WEIGHTED),
    Planted("nan-when-weights-are-zero", "weight", PROPERTY, weighted_mean, lambda input, target, weight: mse(
        input * weight, target), WEIGHTED),
    Planted("negative-values", "product", PROPERTY, lambda input, target: -(input * target).mean(), mse, AMOUNTS),
    Planted("out-of-range", "sign", DEFECT, lambda input, target: -mse(input, target), mse, AMOUNTS, {"minimum": 0}),
    Planted("out-of-range", "above", DEFECT, mse, lambda input, target: mse(
        input, target).tanh(), AMOUNTS, {"maximum": 1}),
    Planted("overflow", "log of exp", DEFECT, log_of_exp, softplus, BITS),
    Planted("overflow", "log of softmax", DEFECT, log_of_softmax, log_softmax, CLASSES),
    Planted("overflow", "log of cosh", DEFECT, log_of_cosh, stable_log_of_cosh, AMOUNTS),
    Planted("overflow", "declared", PROPERTY, log_of_exp, softplus, BITS, {"largest": 80.0}),
    Planted("overflow", "truly large", PROPERTY, rate, softplus, BITS),
    Planted("half-precision", "within", DEFECT, large_within, mse, AMOUNTS),
    Planted("half-precision", "epsilon", PROPERTY, standardised, standardised_in_float, VECTORS),
    Planted("half-precision", "empty mask", PROPERTY, masked_mean_with_epsilon, safe_masked_mean, MASKED),
    Planted("half-precision", "logits", PROPERTY, log_of_exp, softplus, BITS),
    Planted("half-precision", "end", PROPERTY, lambda input, target: -(target * (input + 1e-8).log()).mean(),
            lambda input, target: -(target * (input + 1e-3).log()).mean(), CHANCES, {"domain": (0, 1)}),
    Planted("half-precision", "refused", PROPERTY, only_wide, mse, AMOUNTS),
    Planted("dtype-not-kept", "narrowed", DEFECT, narrowed, mse, AMOUNTS),
    Planted("dtype-not-kept", "narrowed within", DEFECT, narrowed_within, mse, AMOUNTS),
    Planted("dtype-not-kept", "widened", DEFECT, widened, mse, AMOUNTS),
    Planted("dtype-not-kept", "half widened", PROPERTY, widened_half, mse, AMOUNTS),
    Planted("dtype-not-kept", "refuses", DEFECT, with_a_matrix, with_its_own_matrix, VECTORS),
    Planted("device-not-kept", "zeros", DEFECT, against_zeros, against_its_own_zeros, AMOUNTS),
    Planted("device-not-kept", "cpu", DEFECT, to_the_cpu, reading_a_value, AMOUNTS),
    Planted("device-not-kept", "mask", DEFECT, mask_on_the_cpu, mask_beside, VECTORS),
    Planted("device-not-kept", "where no gradient is asked for", DEFECT,
            lambda input, target: (input.sub_(target) * torch.ones(8)).square().mean(),
            lambda input, target: input.sub_(target).square().mean(), AMOUNTS),
    Planted("device-not-kept", "attribute", DEFECT, Attribute(), Buffer(), AMOUNTS),
    Planted("broadcasts", "declared", DEFECT, mse, same_shapes, AMOUNTS, {"same_shape": True}),
    Planted("broadcasts", "columns", DEFECT, mse, reshaping, COLUMNS, {"same_shape": True}),
    Planted("broadcasts", "not declared", PROPERTY, mse, same_shapes, AMOUNTS),
    Planted("broadcasts", "warned", PROPERTY, F.mse_loss, same_shapes, AMOUNTS, {"same_shape": True}),
    Planted("reductions-disagree", "sum", DEFECT, twice_the_mean, squares, AMOUNTS),
    Planted("reductions-disagree", "mean", DEFECT, one_too_few, squares, AMOUNTS),
    Planted("reductions-disagree", "none", DEFECT, never_each, squares, AMOUNTS),
    Planted("reductions-disagree", "samples", DEFECT, by_samples, squares, VECTORS),
    Planted("reductions-disagree", "Module", DEFECT, ReducedWrongly(), Reduced(), AMOUNTS),
    Planted("reductions-disagree", "declared", DEFECT, one_too_few, by_samples, VECTORS, {"divisor": "samples"}),
    Planted("mean-divides-otherwise", "samples", PROPERTY, by_samples, squares, VECTORS, {"divisor": "samples"}),
    Planted("mean-divides-otherwise", "weight", PROPERTY, with_weight, lambda input, target, weight, reduction="mean":
            squares(weight * input, target, reduction), WEIGHTED),
    Planted("mean-depends-on-batch-split", "fixed", PROPERTY, over_a_fixed_size, over_its_size, AMOUNTS),
    Planted("mean-depends-on-batch-split", "sum", PROPERTY, over_a_fixed_size, sum_by_name, AMOUNTS),
    Planted("mean-depends-on-batch-split", "pairs", PROPERTY, among_themselves, mse, VECTORS),
    Planted("unknown-reduction-accepted", "else", PROPERTY, any_reduction, squares, AMOUNTS),
    Planted("not-deterministic", "noise", DEFECT, noisy, mse, AMOUNTS),
    Planted("not-deterministic", "parts", DEFECT, noisy_parts, parts, AMOUNTS),
    Planted("not-deterministic", "dropout", DEFECT, dropping, mse, AMOUNTS),
    Planted("not-deterministic", "declared", PROPERTY, dropping, mse, AMOUNTS, {"deterministic": False}),
    Planted("not-deterministic", "training", PROPERTY, Dropping(), Reduced(), AMOUNTS),
    Planted("not-deterministic", "counting", DEFECT, Counting(), Reduced(), AMOUNTS),
    Planted("dead-option", "unread", DEFECT, unread_option, powered, AMOUNTS),
    Planted("dead-option", "number", DEFECT, gamma_to_the_zero, powered, AMOUNTS),
    Planted("dead-option", "but for its sign", DEFECT, cooled_before_its_length, cooled, VECTORS),
    Planted("dead-option", "unread None", DEFECT, lambda input, target, weight=None: mse(input, target),
            lambda input, target, weight=None: mse(input, target) * (1 if weight is None else weight.mean()), AMOUNTS),
    Planted("dead-option", "Module", DEFECT, IdleOption(), ScaledBefore(), AMOUNTS),
    Planted("dead-option", "Module, unread", DEFECT, IdleCount(), Count(), AMOUNTS),
    Planted("dead-option", "beside a number", DEFECT, unread_weight, read_weight, (*AMOUNTS, 2.0)),
    Planted("dead-option", "start", DEFECT, IdleStart(), Start(), AMOUNTS),
    Planted("dead-option", "random start", DEFECT, IdleWidth(), Width(), VECTORS),
    Planted("dead-option", "switch", PROPERTY, idle_switch, switched, AMOUNTS),
    Planted("plain-tensor-attribute", "Module", DEFECT, Attribute(), Buffer(), AMOUNTS),
    Planted("plain-tensor-attribute", "object", PROPERTY, PlainObject(), PlainNumbers(), AMOUNTS),
    Planted("hidden-parameters", "list", DEFECT, Listed(), Registered(), AMOUNTS),
    Planted("hidden-parameters", "beforehand", DEFECT, Beforehand(), InTime(), AMOUNTS),
    Planted("hidden-parameters", "closure", PROPERTY, closing_over(_SCALE), closing_over(_SCALE.detach()), AMOUNTS),
    Planted("fails-under-vmap", "branch", PROPERTY, branching, choosing, AMOUNTS),
    Planted("fails-under-vmap", "other numbers", DEFECT, counts_its_numbers, mse, AMOUNTS),
    Planted("fails-under-func-grad", "no context", PROPERTY, HalfTheSlope.apply, WholeSlope.apply, AMOUNTS),
    Planted("fails-under-func-grad", "other numbers", DEFECT, knows_a_wrapper, mse, AMOUNTS),
]  # fmt: skip
