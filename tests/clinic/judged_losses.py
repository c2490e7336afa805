"""Losses as one finds them, each judged beforehand: broken in one way, or sound."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

FAULTS = (
    "cut-graph",
    "zero-gradient",
    "wrong-gradient",
    "no-second-derivative",
    "writes-input",
    "dtype",
    "device",
    "broadcasting",
    "reductions-disagree",
    "depends-on-batch-split",
    "nan-at-zero-error",
    "nan-on-empty-batch",
    "nan-when-all-masked",
    "overflow",
    "half-precision",
    "nondeterministic",
    "dead-option",
    "plain-attribute",
    "hidden-parameter",
    "vmap",
    "compile",
)

Inputs = Callable[[Generator], tuple[Tensor, ...]]


@dataclass(frozen=True)
class Judged:
    """A loss, inputs it is called with, the one fault it has, and what its author says of it."""

    name: str
    make: Callable[[], Callable[..., Tensor]]
    inputs: Inputs
    fault: str | None
    declares: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def noise(*shapes: tuple[int, ...]) -> Inputs:
    """Standard normal tensors of these shapes."""
    return lambda g: tuple(torch.randn(shape, generator=g) for shape in shapes)


def uniform(*shapes: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Inputs:
    """Uniform tensors of these shapes."""
    return lambda g: tuple(low + (high - low) * torch.rand(shape, generator=g) for shape in shapes)


def labelled(rows: int, classes: int, *rest: int) -> Inputs:
    """Logits with their classes on dimension 1, and a class for each place."""
    return lambda g: (
        torch.randn(rows, classes, *rest, generator=g),
        torch.randint(classes, (rows, *rest), generator=g),
    )


def ignoring(rows: int, classes: int, *rest: int, ignored: int = -100) -> Inputs:
    """As `labelled`, with about a quarter of the places ignored, the first never."""

    def inputs(g: Generator) -> tuple[Tensor, ...]:
        logits, target = labelled(rows, classes, *rest)(g)
        skip = torch.rand(target.shape, generator=g) < 0.25
        skip[0] = False
        skip[-1] = True
        return logits, target.masked_fill(skip, ignored)

    return inputs


def binary(*shape: int) -> Inputs:
    """Logits, and a target of zeros and ones."""
    return lambda g: (torch.randn(shape, generator=g), torch.randint(2, shape, generator=g).to(torch.float32))


def masked(*shape: int) -> Inputs:
    """Input, target and a mask that keeps about two thirds, among them the first."""

    def inputs(g: Generator) -> tuple[Tensor, ...]:
        input, target = noise(shape, shape)(g)
        mask = torch.rand(shape, generator=g) < 0.65
        mask[0] = True
        mask[-1] = False
        return input, target, mask

    return inputs


def sequences(rows: int, steps: int, *rest: int) -> Inputs:
    """Two batches of padded sequences, and their lengths."""

    def inputs(g: Generator) -> tuple[Tensor, ...]:
        input, target = noise((rows, steps, *rest), (rows, steps, *rest))(g)
        return input, target, torch.randint(1, steps, (rows,), generator=g)

    return inputs


# Broken: the graph, the gradient, the second derivative


def msle_loss(input, target):
    """Mean squared logarithmic error."""
    log_input = np.log1p(input.detach().cpu().numpy())
    log_target = np.log1p(target.detach().cpu().numpy())
    value = np.mean((log_input - log_target) ** 2)
    return torch.tensor(value, dtype=input.dtype, device=input.device, requires_grad=True)


def multiclass_dice(logits, target, smooth=1.0):
    """Dice loss of a multi-class segmentation."""
    num_classes = logits.shape[1]
    pred = F.one_hot(logits.argmax(dim=1), num_classes).to(logits.dtype)
    truth = F.one_hot(target, num_classes).to(logits.dtype)
    intersection = (pred * truth).flatten(1, -2).sum(1)
    total = pred.flatten(1, -2).sum(1) + truth.flatten(1, -2).sum(1)
    return 1 - ((2 * intersection + smooth) / (total + smooth)).mean()


class PixelEdgeLoss(nn.Module):
    """L1 between images plus L1 between their edges."""

    def __init__(self, edge_weight=0.5):
        super().__init__()
        self.edge_weight = edge_weight

    def forward(self, input, target):
        pixel = (input - target).abs().mean()
        dx = (input.diff(dim=-1) - target.diff(dim=-1)).abs().mean()
        dy = (input.diff(dim=-2) - target.diff(dim=-2)).abs().mean()
        return pixel + self.edge_weight * (dx + dy).item()


def beta_vae_loss(recon, target, mu, logvar, beta=4.0):
    """Reconstruction error and weighted KL term of a variational autoencoder."""
    recon_loss = (recon - target).pow(2).sum(dim=1).mean()
    with torch.no_grad():
        kld = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(dim=1).mean()
    return recon_loss + beta * kld


def network_nll(logits, target):
    """Cross entropy of a network's outputs with their targets."""
    log_prob = F.log_softmax(logits, dim=1)
    return -(target * log_prob).sum(dim=1).mean()


def clipped_nll(prob, target, eps=1e-4):
    """Negative log likelihood of the true class, never below zero."""
    prob = prob.clamp(min=eps)
    picked = prob.gather(1, target.unsqueeze(1)).squeeze(1)
    return -torch.log(picked).clamp(min=0.0).mean()


class _Pinball(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(input, target, q):
        error = target - input
        return torch.where(error >= 0, q * error, (q - 1) * error)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, target, ctx.q = inputs
        ctx.save_for_backward(input, target)

    @staticmethod
    def backward(ctx, grad_output):
        input, target = ctx.saved_tensors
        grad = torch.where(target >= input, -ctx.q * grad_output, (ctx.q - 1) * grad_output)
        return grad, -grad, None


class PinballLoss(nn.Module):
    """Quantile loss with its own backward."""

    def __init__(self, q=0.8):
        super().__init__()
        self.q = q

    def forward(self, input, target):
        return _Pinball.apply(input, target, self.q).mean()


class _WeightedSquare(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(input, target, weight):
        return weight * (input - target) ** 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, target, _ = inputs
        ctx.save_for_backward(input, target)

    @staticmethod
    def backward(ctx, grad_output):
        input, target = ctx.saved_tensors
        diff = input - target
        grad = 2 * diff * grad_output
        return grad, -grad, diff**2 * grad_output


def weighted_mse(input, target, weight):
    """Weighted squared error."""
    return _WeightedSquare.apply(input, target, weight).mean()


class _LogCosh(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(input, target):
        diff = input - target
        return diff + F.softplus(-2 * diff) - math.log(2)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        input, target = ctx.saved_tensors
        grad = torch.tanh(input - target)
        return grad, -grad


def log_cosh_fast(input, target):
    """Log-cosh with a cheap backward."""
    return _LogCosh.apply(input, target).mean()


class _StashedBCE(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(logits, target):
        return F.softplus(logits) - logits * target

    @staticmethod
    def setup_context(ctx, inputs, output):
        logits, target = inputs
        ctx.save_for_backward(torch.sigmoid(logits) - target, -logits)

    @staticmethod
    def backward(ctx, grad_output):
        grad_logits, grad_target = ctx.saved_tensors
        return grad_output * grad_logits, grad_output * grad_target


class MemoryEfficientBCE(nn.Module):
    """Binary cross entropy that keeps only its gradient."""

    def forward(self, logits, target):
        return _StashedBCE.apply(logits, target).mean()


class _SquaredLog(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(input, target):
        return torch.log1p((input - target) ** 2)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        input, target = ctx.saved_tensors
        with torch.no_grad():
            diff = input - target
            slope = 2 * diff / (1 + diff**2)
        return grad_output * slope, -grad_output * slope


def cauchy_loss(input, target):
    """Robust loss with Cauchy tails."""
    return _SquaredLog.apply(input, target).mean()


# Broken: what is done to tensors


def one_based_ce(logits, target):
    """Cross entropy for classes numbered from one."""
    target -= 1
    return F.cross_entropy(logits, target)


class SmoothedBCE(nn.Module):
    """Binary cross entropy with label smoothing."""

    def __init__(self, smoothing=0.1):
        super().__init__()
        self.smoothing = smoothing

    def forward(self, logits, target):
        target.mul_(1 - self.smoothing).add_(0.5 * self.smoothing)
        return F.binary_cross_entropy_with_logits(logits, target)


class SegmentationCE(nn.Module):
    """Cross entropy for label maps whose void pixels are 255."""

    def __init__(self, void=255):
        super().__init__()
        self.void = void

    def forward(self, logits, target):
        target.masked_fill_(target == self.void, -1)
        loss = F.cross_entropy(logits, target, ignore_index=-1, reduction="sum")
        return loss / (target != -1).sum().clamp(min=1)


def nonnegative_mse(input, target):
    """Squared error against targets that cannot be negative."""
    flat = target.view(-1)
    flat.clamp_(min=0)
    return (input.reshape(-1) - flat).pow(2).mean()


def class_balanced_ce(logits, target, counts=(900, 60, 40), beta=0.999):
    """Cross entropy weighted by the effective number of samples."""
    effective = 1.0 - np.power(beta, counts)
    weight = (1.0 - beta) / effective
    weight = torch.as_tensor(weight / weight.sum() * len(counts), device=logits.device)
    nll = F.cross_entropy(logits, target, reduction="none")
    return (weight[target] * nll).mean()


def iou_loss(logits, target, smooth=1.0):
    """Soft intersection over union."""
    prob = torch.sigmoid(logits.float()).flatten(1)
    target = target.float().flatten(1)
    intersection = (prob * target).sum(1)
    union = prob.sum(1) + target.sum(1) - intersection
    return (1 - (intersection + smooth) / (union + smooth)).mean()


class JensenShannonLoss(nn.Module):
    """Jensen-Shannon divergence between two sets of logits."""

    def forward(self, input, target):
        log_p = F.log_softmax(input.double(), dim=-1)
        log_q = F.log_softmax(target.double(), dim=-1)
        log_m = torch.logaddexp(log_p, log_q) - math.log(2)
        js = 0.5 * (log_p.exp() * (log_p - log_m) + log_q.exp() * (log_q - log_m))
        return js.sum(-1).mean()


def nt_xent(z1, z2, temperature=0.5):
    """SimCLR's loss on two views."""
    n = z1.shape[0]
    z = F.normalize(torch.cat([z1, z2]), dim=1, eps=1e-4)
    sim = z @ z.T / temperature
    self_mask = torch.eye(2 * n, dtype=torch.bool)
    sim = sim.masked_fill(self_mask, float("-inf"))
    log_prob = sim - torch.logsumexp(sim, dim=1, keepdim=True)
    return -(log_prob.diagonal(n).sum() + log_prob.diagonal(-n).sum()) / (2 * n)


def padded_l1(input, target, lengths):
    """Mean absolute error over the valid steps of padded sequences."""
    steps = torch.arange(input.shape[1])
    mask = (steps[None, :] < lengths[:, None]).unsqueeze(-1)
    error = (input - target).abs() * mask
    return error.sum() / (mask.sum() * input.shape[-1]).clamp(min=1)


def scaled_mse(input, target, scale=2.0):
    """Squared error in units of a scale."""
    return (((input - target) / scale) ** 2).mean()


class HuberLoss(nn.Module):
    """Huber loss."""

    def __init__(self, delta=1.0, reduction="mean"):
        super().__init__()
        self.delta = delta
        self.reduction = reduction

    def forward(self, input, target):
        error = (input - target).abs()
        quadratic = error.clamp(max=self.delta)
        loss = 0.5 * quadratic**2 + self.delta * (error - quadratic)
        if self.reduction == "mean":
            return loss.mean()
        if self.reduction == "sum":
            return loss.sum()
        return loss


# Broken: reductions, batches, borders


class BinaryFocalLoss(nn.Module):
    """Focal loss on binary logits."""

    def __init__(self, gamma=2.0, alpha=0.25, reduction="mean"):
        super().__init__()
        self.gamma = gamma
        self.alpha = alpha
        self.reduction = reduction

    def forward(self, logits, target):
        bce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        prob = torch.sigmoid(logits)
        p_t = prob * target + (1 - prob) * (1 - target)
        alpha_t = self.alpha * target + (1 - self.alpha) * (1 - target)
        loss = alpha_t * (1 - p_t) ** self.gamma * bce
        if self.reduction == "none":
            return loss
        return loss.mean()


def multilabel_soft_margin(logits, target, reduction="mean"):
    """Logistic loss over several labels."""
    loss = F.softplus(logits) - logits * target
    if reduction == "mean":
        return loss.mean()
    loss = loss.sum(dim=1)
    return loss.sum() if reduction == "sum" else loss


def weighted_l1(input, target, weight, reduction="mean"):
    """Absolute error with a weight for each element."""
    loss = (input - target).abs()
    if reduction == "none":
        return loss
    loss = weight * loss
    return loss.sum() if reduction == "sum" else loss.mean()


class BatchMSE(nn.Module):
    """Squared error summed over features, averaged over the batch."""

    def __init__(self, batch_size=8):
        super().__init__()
        self.batch_size = batch_size

    def forward(self, input, target):
        return (input - target).pow(2).sum() / self.batch_size


def mean_nll(logits, target):
    """Average negative log likelihood of a batch."""
    loss = F.cross_entropy(logits, target)
    return loss / logits.shape[0]


class RMSELoss(nn.Module):
    """Root of the mean squared error."""

    def forward(self, input, target):
        return torch.sqrt(((input - target) ** 2).mean())


def triplet_loss(anchor, positive, negative, margin=1.0):
    """Triplet margin loss with Euclidean distances."""
    d_pos = (anchor - positive).pow(2).sum(dim=1).sqrt()
    d_neg = (anchor - negative).pow(2).sum(dim=1).sqrt()
    return F.relu(d_pos - d_neg + margin).mean()


def huber_total(input, target, delta=1.0, reduction="sum"):
    """Huber loss, by habit summed."""
    loss = F.huber_loss(input, target, delta=delta, reduction="none")
    if reduction == "none":
        return loss
    loss = loss.mean()
    return loss * input.numel() if reduction == "sum" else loss


def detection_loss(boxes, target_boxes, scores, target_scores):
    """Box and score losses of the matched detections of an image."""
    num_pos = target_scores.sum().clamp(min=1)
    score_loss = F.binary_cross_entropy_with_logits(scores, target_scores, reduction="sum") / num_pos
    box_loss = F.smooth_l1_loss(boxes, target_boxes, reduction="none").sum(dim=1).mean()
    return score_loss + box_loss


def masked_mse(input, target, mask):
    """Squared error over the pixels of a mask."""
    mask = mask.to(input.dtype)
    return ((input - target) ** 2 * mask).sum() / mask.sum()


class TokenNLL(nn.Module):
    """Cross entropy per token that skips padding."""

    def __init__(self, pad=-100):
        super().__init__()
        self.pad = pad

    def forward(self, logits, target):
        keep = target != self.pad
        log_prob = F.log_softmax(logits, dim=1)
        safe = target.masked_fill(~keep, 0)
        nll = -log_prob.gather(1, safe.unsqueeze(1)).squeeze(1)
        return (nll * keep).sum() / keep.sum()


def logistic_loss(logits, target):
    """Logistic loss for targets of zero and one."""
    return (torch.log(1 + torch.exp(logits)) - target * logits).mean()


class SoftmaxNLL(nn.Module):
    """Negative log of the softmax of the true class."""

    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, logits, target):
        prob = torch.softmax(logits, dim=1)
        loss = -torch.log(prob.gather(1, target.unsqueeze(1)).squeeze(1))
        return loss if self.reduction == "none" else getattr(loss, self.reduction)()


def log_cosh(input, target):
    """Logarithm of the hyperbolic cosine of the error."""
    return torch.log(torch.cosh(input - target)).mean()


def attention_pool_mse(input, scores, mask, target):
    """Squared error of a value pooled with masked attention."""
    scores = scores.masked_fill(~mask, -1e9)
    pooled = (scores.softmax(dim=1) * input).sum(dim=1)
    return (pooled - target).pow(2).mean()


def psnr_loss(input, target, max_value=255.0):
    """Negative peak signal-to-noise ratio of images between zero and 255."""
    mse = (input - target).pow(2).sum() / input.numel() + 1e-3
    return 10 * torch.log10(mse) - 20 * math.log10(max_value)


class NormalizedMSE(nn.Module):
    """Squared error of images after each is standardised."""

    def __init__(self, eps=1e-8):
        super().__init__()
        self.eps = eps

    def normalize(self, image):
        image = image.flatten(1)
        centered = image - image.mean(dim=1, keepdim=True)
        return centered / torch.sqrt(centered.pow(2).mean(dim=1, keepdim=True) + self.eps)

    def forward(self, input, target):
        return (self.normalize(input) - self.normalize(target)).pow(2).mean()


# Broken: options, state, and what torch cannot transform


def consistency_loss(student, teacher, temperature=2.0, p=0.1):
    """Agreement of two sets of logits under dropout."""
    student = F.dropout(student, p)
    log_p = F.log_softmax(student / temperature, dim=1)
    q = F.softmax(teacher / temperature, dim=1)
    return F.kl_div(log_p, q, reduction="batchmean") * temperature**2


class SampledTripletLoss(nn.Module):
    """Triplet loss with a random negative from the batch."""

    def __init__(self, margin=0.3):
        super().__init__()
        self.margin = margin

    def forward(self, anchor, positive):
        negative = positive[torch.randperm(len(positive), device=positive.device)]
        d_pos = (anchor - positive).pow(2).sum(1)
        d_neg = (anchor - negative).pow(2).sum(1)
        return F.relu(d_pos - d_neg + self.margin).mean()


def focal_loss(logits, target, gamma=2.0, alpha=0.25):
    """Multi-class focal loss with balance factor alpha and focus gamma."""
    log_prob = F.log_softmax(logits, dim=1)
    log_pt = log_prob.gather(1, target.unsqueeze(1)).squeeze(1)
    return (-((1 - log_pt.exp()) ** gamma) * log_pt).mean()


class TopicLoss(nn.Module):
    """Cross entropy with label smoothing and a penalty on large logits."""

    def __init__(self, label_smoothing=0.1, z_weight=1e-2):
        super().__init__()
        self.label_smoothing = label_smoothing
        self.z_weight = z_weight
        self.ce = nn.CrossEntropyLoss()

    def forward(self, logits, target):
        z_loss = torch.logsumexp(logits, dim=1).pow(2).mean()
        return self.ce(logits, target) + self.z_weight * z_loss


class WeightedCE(nn.Module):
    """Cross entropy with a weight for each class, averaged over samples."""

    def __init__(self, weight=(0.2, 1.0, 3.0)):
        super().__init__()
        self.weight = torch.tensor(weight)

    def forward(self, logits, target):
        nll = F.cross_entropy(logits, target, reduction="none")
        return (self.weight[target] * nll).mean()


class SobelLoss(nn.Module):
    """L1 between the Sobel gradients of two images."""

    def __init__(self):
        super().__init__()
        kernel = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
        self.kernels = {"x": kernel[None, None], "y": kernel.T[None, None]}

    def forward(self, input, target):
        loss = 0.0
        for kernel in self.kernels.values():
            kernel = kernel.to(input)
            loss = loss + (F.conv2d(input, kernel, padding=1) - F.conv2d(target, kernel, padding=1)).abs().mean()
        return loss


class UncertaintyWeighting(nn.Module):
    """Two regression tasks weighted by learned uncertainties."""

    def __init__(self, tasks=2):
        super().__init__()
        self.log_vars = [nn.Parameter(torch.zeros(())) for _ in range(tasks)]

    def forward(self, input, target):
        total = 0.0
        for i, log_var in enumerate(self.log_vars):
            error = (input[:, i] - target[:, i]).pow(2).mean()
            total = total + torch.exp(-log_var) * error + log_var
        return total


class ScaledCosineLoss(nn.Module):
    """Logistic loss on cosine similarities with a learned scale and bias."""

    def __init__(self, scale=10.0, bias=-5.0):
        super().__init__()
        self.params = {"scale": nn.Parameter(torch.tensor(scale)), "bias": nn.Parameter(torch.tensor(bias))}

    def forward(self, z1, z2, label):
        cosine = F.cosine_similarity(z1, z2, dim=1, eps=1e-4)
        logits = self.params["scale"] * cosine + self.params["bias"]
        return F.softplus(-label * logits).mean()


class _Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return F.softplus(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(x)


def margin_softplus(input, target):
    """Smooth margin loss for targets of plus and minus one."""
    return _Softplus.apply(-input * target).mean()


def per_class_l2(input, target, classes=3):
    """Squared error averaged within each column, then summed up."""
    total = torch.zeros((), dtype=input.dtype, device=input.device)
    for c in range(classes):
        total += (input[:, c] - target[:, c]).pow(2).mean()
    return total


class EikonalLoss(nn.Module):
    """Distance field fitted to samples, with unit gradient norm."""

    def __init__(self, dim=3, weight=0.1):
        super().__init__()
        self.weight = weight
        self.field = nn.Sequential(nn.Linear(dim, 8), nn.Softplus(), nn.Linear(8, 1))

    def forward(self, points, distance):
        if not points.requires_grad:
            points = points.clone().requires_grad_()
        out = self.field(points).squeeze(1)
        (grad,) = torch.autograd.grad(out.sum(), points, create_graph=True)
        return (out - distance).abs().mean() + self.weight * (grad.pow(2).sum(1) - 1).pow(2).mean()


def checked_bce(logits, target):
    """Binary cross entropy that shows where a NaN is born."""
    with torch.autograd.detect_anomaly(check_nan=True):
        loss = F.softplus(logits) - logits * target
        return loss.mean()


# Sound


def strict_mse(input, target):
    """Squared error of equal shapes."""
    if input.shape != target.shape:
        raise ValueError(f"shapes differ: {tuple(input.shape)} and {tuple(target.shape)}")
    return (input - target).pow(2).mean()


def reduce(loss, reduction):
    """Apply a reduction by its name."""
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    if reduction == "mean":
        return loss.mean()
    raise ValueError(f"unknown reduction {reduction!r}")


class CharbonnierLoss(nn.Module):
    """Smooth absolute error."""

    def __init__(self, eps=1e-2, reduction="mean"):
        super().__init__()
        self.eps = eps
        self.reduction = reduction

    def forward(self, input, target):
        return reduce(torch.sqrt((input - target) ** 2 + self.eps**2), self.reduction)


def stable_log_cosh(input, target, reduction="mean"):
    """Log-cosh that does not overflow."""
    diff = input - target
    return reduce(diff + F.softplus(-2 * diff) - math.log(2), reduction)


class MultiQuantileLoss(nn.Module):
    """Pinball loss of several quantiles at once."""

    def __init__(self, quantiles=(0.1, 0.5, 0.9)):
        super().__init__()
        self.register_buffer("quantiles", torch.tensor(quantiles), persistent=False)

    def forward(self, input, target):
        quantiles = self.quantiles.to(input.dtype)
        error = target.unsqueeze(-1) - input
        return torch.maximum(quantiles * error, (quantiles - 1) * error).sum(-1).mean()


def weighted_mean_mse(input, target, weight):
    """Weighted mean of squared errors."""
    tiny = torch.finfo(input.dtype).tiny
    return (weight * (input - target) ** 2).sum() / weight.sum().clamp(min=tiny)


def masked_mae(input, target, mask):
    """Mean absolute error where the mask is true, zero if it is nowhere."""
    error = torch.where(mask, (input - target).abs(), torch.zeros_like(input))
    return error.sum() / mask.sum().clamp(min=1)


class GaussianNLL(nn.Module):
    """Negative log likelihood of a Gaussian with predicted logarithm of the variance."""

    def __init__(self, full=False, reduction="mean"):
        super().__init__()
        self.full = full
        self.reduction = reduction

    def forward(self, mean, log_var, target):
        loss = 0.5 * (log_var + (target - mean) ** 2 * torch.exp(-log_var))
        if self.full:
            loss = loss + 0.5 * math.log(2 * math.pi)
        return reduce(loss, self.reduction)


def poisson_nll(log_rate, count):
    """Poisson deviance up to a constant, of the logarithm of the rate."""
    return (log_rate.exp() - count * log_rate).mean()


def sigmoid_focal(logits, target, alpha=0.25, gamma=2.0, reduction="mean"):
    """Focal loss on binary logits, as for dense detection."""
    ce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    prob = torch.sigmoid(logits)
    p_t = prob * target + (1 - prob) * (1 - target)
    alpha_t = alpha * target + (1 - alpha) * (1 - target)
    return reduce(alpha_t * (1 - p_t) ** gamma * ce, reduction)


class IgnoringFocal(nn.Module):
    """Multi-class focal loss that skips a label."""

    def __init__(self, gamma=2.0, ignore_index=-100):
        super().__init__()
        self.gamma = gamma
        self.ignore_index = ignore_index

    def forward(self, logits, target):
        keep = target != self.ignore_index
        log_prob = F.log_softmax(logits, dim=1)
        log_pt = log_prob.gather(1, target.where(keep, 0).unsqueeze(1)).squeeze(1)
        loss = -((1 - log_pt.exp()) ** self.gamma) * log_pt
        return torch.where(keep, loss, 0).sum() / keep.sum().clamp(min=1)


class SoftDiceLoss(nn.Module):
    """Dice loss of probabilities from logits, for each image."""

    def __init__(self, smooth=1.0, squared=False):
        super().__init__()
        self.smooth = smooth
        self.squared = squared

    def forward(self, logits, target):
        prob = torch.sigmoid(logits).flatten(1)
        target = target.flatten(1)
        intersection = (prob * target).sum(1)
        power = 2 if self.squared else 1
        total = prob.pow(power).sum(1) + target.pow(power).sum(1)
        return (1 - (2 * intersection + self.smooth) / (total + self.smooth)).mean()


def tversky_loss(logits, target, alpha=0.7, beta=0.3, smooth=1.0):
    """Tversky loss of a multi-class segmentation with integer labels."""
    prob = logits.softmax(dim=1).flatten(2)
    classes = torch.arange(logits.shape[1], device=logits.device).unsqueeze(1)
    truth = (target.flatten(1).unsqueeze(1) == classes).to(prob.dtype)
    hit = (prob * truth).sum(-1)
    miss = ((1 - prob) * truth).sum(-1)
    false = (prob * (1 - truth)).sum(-1)
    return 1 - ((hit + smooth) / (hit + alpha * miss + beta * false + smooth)).mean()


class LabelSmoothingCE(nn.Module):
    """Cross entropy against labels smoothed uniformly."""

    def __init__(self, smoothing=0.1, reduction="mean"):
        super().__init__()
        self.smoothing = smoothing
        self.reduction = reduction

    def forward(self, logits, target):
        log_prob = F.log_softmax(logits, dim=-1)
        nll = -log_prob.gather(-1, target.unsqueeze(-1)).squeeze(-1)
        loss = (1 - self.smoothing) * nll - self.smoothing * log_prob.mean(dim=-1)
        return reduce(loss, self.reduction)


def soft_target_ce(logits, target):
    """Cross entropy against probabilities."""
    return -(target * F.log_softmax(logits, dim=-1)).sum(dim=-1).mean()


def kl_from_log_probs(log_prob, target):
    """Kullback-Leibler divergence of log-probabilities from target probabilities."""
    return (torch.xlogy(target, target) - target * log_prob).sum(dim=-1).mean()


class DistillationLoss(nn.Module):
    """Temperature-softened agreement with a frozen teacher."""

    def __init__(self, temperature=3.0):
        super().__init__()
        self.temperature = temperature

    def forward(self, student, teacher):
        with torch.no_grad():
            log_q = F.log_softmax(teacher / self.temperature, dim=1)
        log_p = F.log_softmax(student / self.temperature, dim=1)
        return (log_q.exp() * (log_q - log_p)).sum(dim=1).mean() * self.temperature**2


class ClipLoss(nn.Module):
    """Symmetric contrastive loss over a batch of pairs, with learned temperature."""

    def __init__(self, temperature=0.2):
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)))

    def forward(self, image, text):
        image = F.normalize(image, dim=1, eps=1e-4)
        text = F.normalize(text, dim=1, eps=1e-4)
        sim = image @ text.T * self.log_scale.exp().to(image.dtype)
        labels = torch.arange(sim.shape[0], device=sim.device)
        return 0.5 * (F.cross_entropy(sim, labels) + F.cross_entropy(sim.T, labels))


def squared_triplet(anchor, positive, negative, margin=1.0):
    """Triplet loss with squared distances."""
    d_pos = (anchor - positive).pow(2).sum(dim=1)
    d_neg = (anchor - negative).pow(2).sum(dim=1)
    return F.relu(d_pos - d_neg + margin).mean()


def multi_margin(scores, target, margin=1.0):
    """Crammer-Singer hinge over classes."""
    true = scores.gather(1, target.unsqueeze(1))
    others = torch.arange(scores.shape[1], device=scores.device) != target.unsqueeze(1)
    return (F.relu(margin - true + scores) * others).sum(1).mean()


def total_variation(image):
    """Smoothness of an image."""
    return image.diff(dim=-1).abs().mean() + image.diff(dim=-2).abs().mean()


def negative_entropy(logits):
    """Minus the entropy of a categorical distribution: a bonus for exploration."""
    log_prob = F.log_softmax(logits, dim=-1)
    return (log_prob.exp() * log_prob).sum(dim=-1).mean()


class MultiTaskLoss(nn.Module):
    """Regression and classification balanced by learned uncertainties."""

    def __init__(self):
        super().__init__()
        self.log_vars = nn.Parameter(torch.zeros(2))

    def forward(self, value, target_value, logits, target_class):
        losses = torch.stack([F.mse_loss(value, target_value), F.cross_entropy(logits, target_class)])
        log_vars = self.log_vars.to(losses.dtype)
        return (torch.exp(-log_vars) * losses + log_vars).sum()


def masked_sequence_ce(logits, target, lengths):
    """Cross entropy over the valid steps of padded sequences."""
    steps = torch.arange(logits.shape[1], device=logits.device)
    mask = steps < lengths.unsqueeze(1)
    nll = F.cross_entropy(logits.transpose(1, 2), target, reduction="none")
    return (nll * mask).sum() / mask.sum().clamp(min=1)


class _Square(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(input, target):
        return (input - target) ** 2

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        input, target = ctx.saved_tensors
        grad = 2 * (input - target) * grad_output
        return grad, -grad


def hand_written_mse(input, target, reduction="mean"):
    """Squared error with its own backward."""
    return reduce(_Square.apply(input, target), reduction)


class _LogisticOnce(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(logits, target):
        return F.softplus(logits) - logits * target

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_output):
        logits, target = ctx.saved_tensors
        return grad_output * (torch.sigmoid(logits) - target), -grad_output * logits


def once_differentiable_bce(logits, target):
    """Binary cross entropy that refuses a second derivative."""
    return _LogisticOnce.apply(logits, target).mean()


def wing_loss(input, target, width=0.8, curvature=0.3):
    """Wing loss for landmarks: logarithmic near zero, linear beyond."""
    error = (input - target).abs()
    shift = width - width * math.log1p(width / curvature)
    return torch.where(error < width, width * torch.log1p(error / curvature), error - shift).mean()


def wasserstein_1d(input, target):
    """Distance of two samples by their order statistics."""
    return (input.sort(dim=-1).values - target.sort(dim=-1).values).abs().mean()


def ccc_loss(input, target, eps=1e-4):
    """One minus the concordance correlation over the batch."""
    x, y = input - input.mean(), target - target.mean()
    covariance = (x * y).mean()
    spread = x.pow(2).mean() + y.pow(2).mean() + (input.mean() - target.mean()) ** 2
    return 1 - 2 * covariance / (spread + eps)


def make_weighted_bce(pos_weight):
    """A binary cross entropy whose positives count more."""

    def weighted_bce(logits, target):
        weight = 1 + (pos_weight - 1) * target
        return ((1 - target) * logits + weight * F.softplus(-logits)).mean()

    return weighted_bce


# Inputs of some of them


def _with_void(g: Generator) -> tuple[Tensor, ...]:
    return ignoring(2, 3, 4, 4, ignored=255)(g)


def _one_based(g: Generator) -> tuple[Tensor, ...]:
    logits, target = labelled(6, 4)(g)
    return logits, target + 1


def _prob_and_class(g: Generator) -> tuple[Tensor, ...]:
    logits, target = labelled(6, 4)(g)
    return logits.softmax(1), target


def _weighted(*shape: int) -> Inputs:
    return lambda g: (*noise(shape, shape)(g), *uniform(shape, low=0.5, high=2.0)(g))


def _detections(g: Generator) -> tuple[Tensor, ...]:
    return *noise((5, 4), (5, 4))(g), *binary(5)(g)


def _pooled(g: Generator) -> tuple[Tensor, ...]:
    input, scores, mask = masked(4, 6)(g)
    mask[:, 0] = True
    return input, scores, mask, *noise((4,))(g)


def _signed(*shape: int) -> Inputs:
    return lambda g: (torch.randn(shape, generator=g), 2.0 * torch.randint(2, shape, generator=g) - 1)


def _pairs(g: Generator) -> tuple[Tensor, ...]:
    return *noise((6, 5), (6, 5))(g), 2.0 * torch.randint(2, (6,), generator=g) - 1


def _counts(g: Generator) -> tuple[Tensor, ...]:
    return torch.randn(8, generator=g), torch.randint(6, (8,), generator=g).to(torch.float32)


def _soft(g: Generator) -> tuple[Tensor, ...]:
    logits, target = noise((6, 4), (6, 4))(g)
    return logits, target.softmax(-1)


def _log_probs(g: Generator) -> tuple[Tensor, ...]:
    logits, target = _soft(g)
    return logits.log_softmax(-1), target


def _two_tasks(g: Generator) -> tuple[Tensor, ...]:
    return *noise((6, 2), (6, 2))(g), *labelled(6, 3)(g)


def _tokens(g: Generator) -> tuple[Tensor, ...]:
    logits = torch.randn(3, 5, 4, generator=g)
    return logits, torch.randint(4, (3, 5), generator=g), torch.randint(1, 6, (3,), generator=g)


_SAME = {"same_shape": True}

BROKEN = [
    Judged(
        "msle_numpy",
        lambda: msle_loss,
        uniform((8,), (8,), high=5.0),
        "cut-graph",
        {"domain": {0: (0.0, 100.0), 1: (0.0, 100.0)}},
    ),
    Judged("dice_argmax", lambda: multiclass_dice, labelled(2, 3, 4, 4), "cut-graph"),
    Judged("edge_item", PixelEdgeLoss, noise((2, 1, 6, 6), (2, 1, 6, 6)), "cut-graph"),
    Judged(
        "vae_no_grad",
        lambda: beta_vae_loss,
        noise((5, 6), (5, 6), (5, 3), (5, 3)),
        "cut-graph",
        {"domain": {3: (-8.0, 8.0)}},
    ),
    Judged("softmax_of_one", lambda: network_nll, binary(8, 1), "zero-gradient"),
    Judged("nll_clamped", lambda: clipped_nll, _prob_and_class, "zero-gradient", {"domain": {0: (0.0, 1.0)}}),
    Judged("pinball_flipped", PinballLoss, noise((9,), (9,)), "wrong-gradient"),
    Judged(
        "weight_not_in_slope", lambda: weighted_mse, _weighted(7, 2), "wrong-gradient", {"domain": {2: (0.0, 10.0)}}
    ),
    Judged("log_cosh_no_grad_output", lambda: log_cosh_fast, noise((8,), (8,)), "wrong-gradient"),
    Judged("bce_stashed", MemoryEfficientBCE, binary(8), "no-second-derivative"),
    Judged("cauchy_no_grad", lambda: cauchy_loss, noise((8,), (8,)), "no-second-derivative"),
    Judged("one_based_labels", lambda: one_based_ce, _one_based, "writes-input"),
    Judged("smoothing_in_place", SmoothedBCE, binary(8), "writes-input"),
    Judged("void_in_place", SegmentationCE, _with_void, "writes-input"),
    Judged("view_clamped", lambda: nonnegative_mse, noise((4, 3), (4, 3)), "writes-input"),
    Judged("numpy_weights", lambda: class_balanced_ce, labelled(8, 3), "dtype"),
    Judged("iou_float", lambda: iou_loss, binary(2, 1, 4, 4), "dtype"),
    Judged("js_double", JensenShannonLoss, noise((5, 4), (5, 4)), "dtype"),
    Judged("nt_xent_eye", lambda: nt_xent, noise((5, 4), (5, 4)), "device"),
    Judged("lengths_arange", lambda: padded_l1, sequences(4, 6, 2), "device"),
    Judged("scaled_mse", lambda: scaled_mse, noise((8,), (8,)), "broadcasting", _SAME),
    Judged("huber_broadcasts", HuberLoss, noise((8,), (8,)), "broadcasting", _SAME),
    Judged("focal_sum_is_mean", BinaryFocalLoss, binary(6, 2), "reductions-disagree"),
    Judged("multilabel_rows", lambda: multilabel_soft_margin, binary(6, 4), "reductions-disagree"),
    Judged(
        "none_forgets_weight",
        lambda: weighted_l1,
        _weighted(6, 2),
        "reductions-disagree",
        {"domain": {2: (0.0, 10.0)}},
    ),
    Judged("fixed_batch_size", BatchMSE, noise((8, 3), (8, 3)), "depends-on-batch-split"),
    Judged("mean_divided_twice", lambda: mean_nll, labelled(8, 3), "depends-on-batch-split"),
    Judged("rmse", RMSELoss, noise((8,), (8,)), "nan-at-zero-error"),
    Judged("triplet_sqrt", lambda: triplet_loss, noise((6, 4), (6, 4), (6, 4)), "nan-at-zero-error"),
    Judged("sum_from_mean", lambda: huber_total, noise((8,), (8,)), "nan-on-empty-batch"),
    Judged("no_boxes", lambda: detection_loss, _detections, "nan-on-empty-batch"),
    Judged("mask_sum", lambda: masked_mse, masked(6, 4), "nan-when-all-masked"),
    Judged("all_padding", TokenNLL, ignoring(4, 5, 6), "nan-when-all-masked"),
    Judged("logistic_exp", lambda: logistic_loss, binary(8), "overflow"),
    Judged("log_of_softmax", SoftmaxNLL, labelled(8, 4), "overflow"),
    Judged("log_of_cosh", lambda: log_cosh, noise((8,), (8,)), "overflow"),
    Judged("mask_minus_1e9", lambda: attention_pool_mse, _pooled, "half-precision"),
    Judged(
        "psnr_sum",
        lambda: psnr_loss,
        uniform((2, 3, 8, 8), (2, 3, 8, 8), high=255.0),
        "half-precision",
        {"domain": {0: (0.0, 255.0), 1: (0.0, 255.0)}},
    ),
    Judged("eps_below_half", NormalizedMSE, noise((3, 1, 4, 4), (3, 1, 4, 4)), "half-precision"),
    Judged("dropout_on", lambda: consistency_loss, noise((6, 5), (6, 5)), "nondeterministic"),
    Judged("random_negative", SampledTripletLoss, noise((6, 4), (6, 4)), "nondeterministic"),
    Judged("alpha_unused", lambda: focal_loss, labelled(8, 4), "dead-option"),
    Judged("smoothing_not_passed", TopicLoss, labelled(8, 4), "dead-option"),
    Judged("weight_attribute", WeightedCE, labelled(8, 3), "plain-attribute"),
    Judged("kernels_in_dict", SobelLoss, noise((2, 1, 6, 6), (2, 1, 6, 6)), "plain-attribute"),
    Judged("parameters_in_list", UncertaintyWeighting, noise((6, 2), (6, 2)), "hidden-parameter"),
    Judged("parameters_in_dict", ScaledCosineLoss, _pairs, "hidden-parameter"),
    Judged("old_style_function", lambda: margin_softplus, _signed(8), "vmap"),
    Judged("adds_in_place", lambda: per_class_l2, noise((6, 3), (6, 3)), "vmap"),
    Judged("eikonal", EikonalLoss, noise((6, 3), (6,)), "compile"),
    Judged("anomaly_mode", lambda: checked_bce, binary(8), "compile"),
]

SOUND = [
    Judged("strict_mse", lambda: strict_mse, noise((8,), (8,)), None, _SAME),
    Judged("charbonnier", CharbonnierLoss, noise((6, 2), (6, 2)), None),
    Judged("stable_log_cosh", lambda: stable_log_cosh, noise((8,), (8,)), None),
    Judged("multi_quantile", MultiQuantileLoss, noise((7, 3), (7,)), None),
    Judged("weighted_mean_mse", lambda: weighted_mean_mse, _weighted(6, 2), None, {"domain": {2: (0.0, 10.0)}}),
    Judged("masked_mae", lambda: masked_mae, masked(6, 4), None),
    Judged(
        "gaussian_nll_log_var",
        GaussianNLL,
        noise((8,), (8,), (8,)),
        None,
        {"domain": {1: (-8.0, 8.0)}},
    ),
    Judged("poisson", lambda: poisson_nll, _counts, None, {"domain": {0: (-8.0, 8.0), 1: (0.0, 100.0)}}),
    Judged("sigmoid_focal", lambda: sigmoid_focal, binary(6, 3), None),
    Judged("ignoring_focal", IgnoringFocal, ignoring(3, 4, 5), None),
    Judged("soft_dice", SoftDiceLoss, binary(3, 1, 4, 4), None),
    Judged("tversky", lambda: tversky_loss, labelled(2, 3, 4, 4), None),
    Judged("label_smoothing", LabelSmoothingCE, labelled(8, 4), None),
    Judged("soft_targets", lambda: soft_target_ce, _soft, None, {"domain": {1: (0.0, 1.0)}}),
    Judged("kl_log_probs", lambda: kl_from_log_probs, _log_probs, None, {"domain": {0: (-20.0, 0.0), 1: (0.0, 1.0)}}),
    Judged("distillation", DistillationLoss, noise((6, 5), (6, 5)), None),
    Judged("clip", ClipLoss, noise((6, 5), (6, 5)), None),
    Judged("squared_triplet", lambda: squared_triplet, noise((6, 4), (6, 4), (6, 4)), None),
    Judged("multi_margin", lambda: multi_margin, labelled(8, 4), None),
    Judged("total_variation", lambda: total_variation, noise((2, 1, 5, 5)), None),
    Judged("negative_entropy", lambda: negative_entropy, noise((6, 5)), None),
    Judged("multi_task", MultiTaskLoss, _two_tasks, None),
    Judged("sequence_ce", lambda: masked_sequence_ce, _tokens, None),
    Judged("hand_written_mse", lambda: hand_written_mse, noise((6, 2), (6, 2)), None),
    Judged("once_differentiable", lambda: once_differentiable_bce, binary(8), None, {"second_derivative": False}),
    Judged("wing", lambda: wing_loss, noise((6, 2), (6, 2)), None),
    Judged("wasserstein", lambda: wasserstein_1d, noise((4, 6), (4, 6)), None),
    Judged("concordance", lambda: ccc_loss, noise((9,), (9,)), None),
    Judged("closure_bce", lambda: make_weighted_bce(3.0), binary(8), None),
    Judged("partial_huber", lambda: partial(F.huber_loss, delta=0.7), noise((8,), (8,)), None),
]
