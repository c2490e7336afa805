"""More judged losses, of the same form: the frozen part, on which ``certify`` was scored once, when it was done."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from tests.clinic.judged_losses import Inputs, Judged, binary, labelled, masked, noise, reduce, sequences, uniform

# Broken


def pyramid_loss(input, target, levels=3):
    """Smooth L1 on several scales of an image."""
    losses = []
    for _ in range(levels):
        losses.append(F.smooth_l1_loss(input, target))
        input, target = F.avg_pool2d(input, 2), F.avg_pool2d(target, 2)
    coarse = torch.tensor([loss.item() for loss in losses[1:]], dtype=input.dtype, device=input.device)
    return losses[0] + coarse.sum()


def asymmetric_error(input, target, under=3.0):
    """Squared error for gains, absolute error for losses."""
    total = 0.0
    for p, t in zip(input, target, strict=True):
        total = total + (under * (p - t) ** 2 if t > 0 else abs(p.item() - t.item()))
    return total / len(input)


class QuantizedL2(nn.Module):
    """Squared error of images after quantisation."""

    def __init__(self, bits=6):
        super().__init__()
        self.levels = 2**bits - 1

    def forward(self, input, target):
        quantized = torch.round(input.clamp(0, 1) * self.levels) / self.levels
        return (quantized - target).pow(2).mean()


class _MeanSquare(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(input, target):
        return (input - target).pow(2).mean()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        input, target = ctx.saved_tensors
        grad = 2 * (input - target) / input.numel()
        return grad, -grad


class FusedMSE(nn.Module):
    """Squared error with a fused backward."""

    def forward(self, input, target):
        return _MeanSquare.apply(input, target)


class _ClippedSquare(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(input, target, delta):
        error = (input - target).abs()
        quadratic = error.clamp(max=delta)
        return 0.5 * quadratic**2 + delta * (error - quadratic)

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, target, ctx.delta = inputs
        ctx.save_for_backward(input, target)

    @staticmethod
    def backward(ctx, grad_output):
        input, target = ctx.saved_tensors
        grad = (input - target).clamp(-1, 1) * grad_output
        return grad, -grad, None


def huber_clipped(input, target, delta=1.5):
    """Huber loss whose backward clips the error."""
    return _ClippedSquare.apply(input, target, delta).mean()


class _SmoothHinge(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(margin):
        return F.softplus(-margin)

    @staticmethod
    def setup_context(ctx, inputs, output):
        (margin,) = inputs
        ctx.save_for_backward(torch.sigmoid(-margin))

    @staticmethod
    def backward(ctx, grad_output):
        (slope,) = ctx.saved_tensors
        return -slope.detach() * grad_output


def regularized_margin(score, label, decay=0.05):
    """Logistic loss of signed labels with a penalty on large scores."""
    return _SmoothHinge.apply(label * score).mean() + decay * score.pow(2).mean()


def normalized_weight_l1(input, target, weight):
    """Absolute error averaged with weights."""
    weight /= weight.sum().clamp(min=torch.finfo(weight.dtype).tiny)
    return (weight * (input - target).abs()).sum()


class FlatBCE(nn.Module):
    """Binary cross entropy on one output unit."""

    def forward(self, logits, target):
        if logits.dim() == 2:
            logits, target = logits.squeeze(1), target.squeeze_(1)
        return F.binary_cross_entropy_with_logits(logits, target)


def brier_score(logits, target):
    """Brier score of a softmax."""
    prob = logits.softmax(dim=1)
    onehot = F.one_hot(target, logits.shape[1]).float()
    return (prob - onehot).pow(2).sum(1).mean()


class DiscountedMSE(nn.Module):
    """Squared error of forecasts, discounted with the horizon."""

    def __init__(self, gamma=0.9):
        super().__init__()
        self.gamma = gamma

    def forward(self, input, target):
        weight = self.gamma ** torch.arange(input.shape[1], dtype=input.dtype)
        return ((input - target) ** 2 @ (weight / weight.sum())).mean()


def correlation_loss(input, target, eps=1e-4):
    """One minus the Pearson correlation."""
    x = input - input.mean()
    y = target - target.mean()
    scale = torch.sqrt(x.pow(2).mean() * y.pow(2).mean() + eps)
    return 1 - (x * y).mean() / scale


class PixelMSE(nn.Module):
    """Squared error of images."""

    def __init__(self, reduction="mean"):
        super().__init__()
        self.reduction = reduction

    def forward(self, input, target):
        loss = (input - target).pow(2)
        if self.reduction == "none":
            return loss
        loss = loss.mean()
        return loss * input.shape[0] if self.reduction == "sum" else loss


class NLLFromLogits(nn.Module):
    """Negative log likelihood of the true class."""

    def __init__(self):
        super().__init__()
        self.log_softmax = nn.LogSoftmax(dim=0)

    def forward(self, logits, target):
        log_prob = self.log_softmax(logits)
        return -log_prob.gather(1, target.unsqueeze(1)).mean()


def hellinger(input, target):
    """Hellinger distance between two sets of logits."""
    root_p = torch.exp(0.5 * F.log_softmax(input, dim=1))
    root_q = torch.exp(0.5 * F.log_softmax(target, dim=1))
    return (root_p - root_q).pow(2).sum(dim=1).sqrt().mean() / math.sqrt(2)


def hed_loss(logits, target):
    """Class-balanced cross entropy for edges, summed over pixels."""
    beta = 1 - target.mean()
    positive = (target * F.softplus(-logits)).sum()
    negative = ((1 - target) * F.softplus(logits)).sum()
    return beta * positive + (1 - beta) * negative


def attention_mse(input, scores, mask, target):
    """Squared error of a value pooled with masked attention."""
    scores = scores.masked_fill(~mask, float("-inf"))
    pooled = (scores.softmax(dim=1) * input).sum(dim=1)
    return (pooled - target).pow(2).mean()


class PairwiseNCE(nn.Module):
    """Contrastive loss with dot products."""

    def __init__(self, temperature=2.0):
        super().__init__()
        self.temperature = temperature

    def forward(self, query, key):
        sim = query @ key.T / self.temperature
        return (torch.log(torch.exp(sim).sum(dim=1)) - sim.diagonal()).mean()


def bce_probs(prob, target, eps=1e-8):
    """Binary cross entropy of probabilities."""
    positive = target * torch.log(prob + eps)
    negative = (1 - target) * torch.log(1 - prob + eps)
    return -(positive + negative).mean()


class ProjectedCosine(nn.Module):
    """Cosine distance of embeddings after dropout."""

    def __init__(self, drop=0.2):
        super().__init__()
        self.dropout = nn.Dropout(drop)

    def forward(self, z1, z2):
        return 1 - F.cosine_similarity(self.dropout(z1), z2, dim=1, eps=1e-4).mean()


class PrototypeCE(nn.Module):
    """Cross entropy over cosine similarities to prototypes."""

    def __init__(self, dim=5, classes=4, temperature=0.1):
        super().__init__()
        self.temperature = temperature
        self.prototypes = nn.Parameter(torch.linspace(-1, 1, dim * classes).sin().view(classes, dim))

    def forward(self, input, target):
        features = F.normalize(input / self.temperature, dim=1, eps=1e-4)
        logits = features @ F.normalize(self.prototypes, dim=1).to(input.dtype).T
        return F.cross_entropy(logits, target)


class DINOLoss(nn.Module):
    """Cross entropy of a student with a centred, sharpened teacher."""

    def __init__(self, dim=6, student_temp=0.5, teacher_temp=0.25, momentum=0.9):
        super().__init__()
        self.student_temp = student_temp
        self.teacher_temp = teacher_temp
        self.momentum = momentum
        self.center = torch.zeros(1, dim)

    @torch.no_grad()
    def update_center(self, teacher):
        """Move the centre towards the mean of a batch."""
        center = self.center.to(teacher)
        self.center = center * self.momentum + teacher.mean(0, keepdim=True) * (1 - self.momentum)

    def forward(self, student, teacher):
        q = F.softmax((teacher.detach() - self.center.to(teacher)) / self.teacher_temp, dim=1)
        return -(q * F.log_softmax(student / self.student_temp, dim=1)).sum(1).mean()


class DeepSupervision(nn.Module):
    """Squared error of linear heads on a shared feature."""

    def __init__(self, dim=4, heads=2):
        super().__init__()
        self.heads = [nn.Linear(dim, 1) for _ in range(heads)]

    def forward(self, features, target):
        losses = [(head(features).squeeze(1) - target).pow(2).mean() for head in self.heads]
        return torch.stack(losses).mean()


def center_spread(embedding, label, classes=3):
    """Squared distance to the class means of the batch."""
    sums = torch.zeros(classes, embedding.shape[1], dtype=embedding.dtype, device=embedding.device)
    sums.index_add_(0, label, embedding)
    count = (label.unsqueeze(1) == torch.arange(classes, device=label.device)).sum(0).clamp(min=1)
    centers = sums / count.unsqueeze(1)
    return (embedding - centers[label]).pow(2).sum(1).mean()


def contractive_loss(input, target, weight=0.1):
    """Squared error of a fixed squashing with a penalty on its slope."""
    _, slope = torch.autograd.functional.vjp(lambda x: torch.tanh(x).sum(), input, create_graph=True)
    return (torch.tanh(input) - target).pow(2).mean() + weight * slope.pow(2).mean()


# Sound


def squared_hinge(score, label):
    """Squared hinge for labels of plus and minus one."""
    return F.relu(1 - label * score).pow(2).mean()


def ensemble_crps(ensemble, target):
    """Continuous ranked probability score of an ensemble."""
    skill = (ensemble - target.unsqueeze(-1)).abs().mean(-1)
    spread = (ensemble.unsqueeze(-1) - ensemble.unsqueeze(-2)).abs().mean((-1, -2))
    return (skill - 0.5 * spread).mean()


class StudentTNLL(nn.Module):
    """Negative log likelihood of Student's t with fixed degrees of freedom."""

    def __init__(self, df=4.0, reduction="mean"):
        super().__init__()
        self.df = df
        self.reduction = reduction

    def forward(self, loc, log_scale, target):
        z = (target - loc) * torch.exp(-log_scale)
        const = math.lgamma(self.df / 2) - math.lgamma((self.df + 1) / 2) + 0.5 * math.log(self.df * math.pi)
        return reduce(const + log_scale + 0.5 * (self.df + 1) * torch.log1p(z**2 / self.df), self.reduction)


def cox_loss(risk, time, event):
    """Negative partial log likelihood of Cox's model, per event."""
    at_risk = time.unsqueeze(0) >= time.unsqueeze(1)
    log_sum = torch.logsumexp(torch.where(at_risk, risk.unsqueeze(0), float("-inf")), dim=1)
    return ((log_sum - risk) * event).sum() / event.sum().clamp(min=1)


class BarlowTwins(nn.Module):
    """Redundancy reduction between two views of a batch."""

    def __init__(self, lambd=0.05, eps=1e-3):
        super().__init__()
        self.lambd = lambd
        self.eps = eps

    def standardize(self, z):
        z = z - z.mean(0)
        return z / torch.sqrt(z.pow(2).mean(0) + self.eps)

    def forward(self, z1, z2):
        c = self.standardize(z1).T @ self.standardize(z2) / max(len(z1), 1)
        on = (c.diagonal() - 1).pow(2).sum()
        off = c.pow(2).sum() - c.diagonal().pow(2).sum()
        return on + self.lambd * off


def listnet(score, relevance):
    """Cross entropy of two rankings by their top-one probabilities."""
    return -(relevance.softmax(dim=-1) * score.log_softmax(dim=-1)).sum(-1).mean()


class CenterLoss(nn.Module):
    """Squared distance to learned class centers."""

    def __init__(self, classes=4, dim=5):
        super().__init__()
        self.centers = nn.Parameter(torch.linspace(-1, 1, classes * dim).cos().view(classes, dim))

    def forward(self, embedding, label):
        return 0.5 * (embedding - self.centers[label].to(embedding.dtype)).pow(2).sum(1).mean()


class SSIMLoss(nn.Module):
    """One minus the structural similarity of images."""

    def __init__(self, size=5, sigma=1.5, max_value=1.0):
        super().__init__()
        x = torch.arange(size) - (size - 1) / 2
        window = torch.exp(-(x**2) / (2 * sigma**2))
        window = window / window.sum()
        self.register_buffer("window", torch.outer(window, window)[None, None])
        self.c1 = (0.01 * max_value) ** 2
        self.c2 = (0.03 * max_value) ** 2

    def forward(self, input, target):
        w = self.window.to(input.dtype)
        mx, my = F.conv2d(input, w), F.conv2d(target, w)
        vx = (F.conv2d(input**2, w) - mx**2).clamp(min=0)
        vy = (F.conv2d(target**2, w) - my**2).clamp(min=0)
        cov = F.conv2d(input * target, w) - mx * my
        ssim = (2 * mx * my + self.c1) * (2 * cov + self.c2) / ((mx**2 + my**2 + self.c1) * (vx + vy + self.c2))
        return 1 - ssim.mean()


class WeightedSegmentationCE(nn.Module):
    """Cross entropy of label maps, weighted by class and divided by the sum of weights."""

    def __init__(self, weight=(0.3, 1.0, 2.0), reduction="mean"):
        super().__init__()
        self.register_buffer("weight", torch.tensor(weight))
        self.reduction = reduction

    def forward(self, logits, target):
        return F.cross_entropy(logits, target, self.weight.to(logits.dtype), reduction=self.reduction)


def hadsell(z1, z2, same, margin=2.0, eps=1e-3):
    """Contrastive loss of pairs that are the same or not."""
    squared = (z1 - z2).pow(2).sum(1)
    distance = torch.sqrt(squared + eps**2)
    return (torch.where(same, squared, F.relu(margin - distance).pow(2))).mean()


def orthogonality(weight):
    """Distance of a matrix from having orthonormal columns."""
    eye = torch.eye(weight.shape[1], dtype=weight.dtype, device=weight.device)
    return (weight.T @ weight - eye).pow(2).sum()


def coral_loss(logits, level):
    """Ordinal regression: one logit for each threshold."""
    above = level.unsqueeze(1) > torch.arange(logits.shape[1], device=logits.device)
    return (F.softplus(logits) - logits * above).sum(1).mean()


def gaussian_nll_var(mean, target, var):
    """Negative log likelihood of a Gaussian with predicted variance."""
    return 0.5 * (torch.log(var) + (mean - target) ** 2 / var).mean()


class _StableSoftplus(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return F.softplus(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(x)


def bradley_terry(chosen, rejected, beta=0.5):
    """Preference loss of a reward model."""
    return _StableSoftplus.apply(beta * (rejected - chosen)).mean()


def codebook_loss(latent, code, commitment=0.25):
    """Codebook loss: the code moves to the latent, the latent commits to the code."""
    distance = (latent - code).pow(2).mean()
    return (1 + commitment) * distance


def padded_mse(input, target, lengths):
    """Mean squared error of the valid steps, each sequence counting the same."""
    steps = torch.arange(input.shape[1], device=input.device)
    mask = steps < lengths.unsqueeze(1)
    per_sequence = ((input - target).pow(2) * mask).sum(1) / lengths.clamp(min=1)
    return per_sequence.mean()


# Inputs of some of them


def _signed(*shape: int) -> Inputs:
    return lambda g: (torch.randn(shape, generator=g), 2.0 * torch.randint(2, shape, generator=g) - 1)


def _weighted(g: Generator) -> tuple[Tensor, ...]:
    return *noise((6, 2), (6, 2))(g), *uniform((6, 2), low=0.5, high=2.0)(g)


def _pooled(g: Generator) -> tuple[Tensor, ...]:
    input, scores, mask = masked(4, 6)(g)
    mask[:, 0] = True
    return input, scores, mask, *noise((4,))(g)


def _embedded(rows: int, dim: int, classes: int) -> Inputs:
    return lambda g: (torch.randn(rows, dim, generator=g), torch.randint(classes, (rows,), generator=g))


def _probabilities(g: Generator) -> tuple[Tensor, ...]:
    return *uniform((8,), low=0.05, high=0.95)(g), torch.randint(2, (8,), generator=g).to(torch.float32)


def _survival(g: Generator) -> tuple[Tensor, ...]:
    event = torch.rand(8, generator=g) < 0.7
    event[0] = True
    return torch.randn(8, generator=g), torch.rand(8, generator=g), event


def _pairs(g: Generator) -> tuple[Tensor, ...]:
    return *uniform((6, 5), (6, 5))(g), torch.rand(6, generator=g) < 0.5


def _variances(g: Generator) -> tuple[Tensor, ...]:
    return *noise((8,), (8,))(g), *uniform((8,), low=0.3, high=3.0)(g)


_UNIT = {"domain": {0: (0.0, 1.0), 1: (0.0, 1.0)}}

BROKEN = [
    Judged("pyramid_items", lambda: pyramid_loss, noise((2, 1, 8, 8), (2, 1, 8, 8)), "cut-graph"),
    Judged("branch_item", lambda: asymmetric_error, noise((8,), (8,)), "cut-graph"),
    Judged("rounded", QuantizedL2, uniform((2, 1, 4, 4), (2, 1, 4, 4)), "zero-gradient", _UNIT),
    Judged("fused_mse", FusedMSE, noise((7,), (7,)), "wrong-gradient"),
    Judged("huber_clip", lambda: huber_clipped, noise((12,), (12,)), "wrong-gradient"),
    Judged("margin_and_decay", lambda: regularized_margin, _signed(8), "no-second-derivative"),
    Judged("weights_in_place", lambda: normalized_weight_l1, _weighted, "writes-input", {"domain": {2: (0.0, 10.0)}}),
    Judged("squeezed_target", FlatBCE, binary(6, 1), "writes-input"),
    Judged("brier_one_hot", lambda: brier_score, labelled(8, 4), "dtype"),
    Judged("discounted", DiscountedMSE, noise((5, 6), (5, 6)), "device"),
    Judged("correlation", lambda: correlation_loss, noise((9,), (9,)), "broadcasting", {"same_shape": True}),
    Judged("sum_times_batch", PixelMSE, noise((4, 3), (4, 3)), "reductions-disagree"),
    Judged("softmax_over_batch", NLLFromLogits, labelled(8, 3), "depends-on-batch-split"),
    Judged("hellinger", lambda: hellinger, noise((6, 4), (6, 4)), "nan-at-zero-error"),
    Judged("hed", lambda: hed_loss, binary(2, 1, 4, 4), "nan-on-empty-batch"),
    Judged("attention_rows", lambda: attention_mse, _pooled, "nan-when-all-masked"),
    Judged("nce_exp", PairwiseNCE, noise((6, 5), (6, 5)), "overflow"),
    Judged("bce_eps", lambda: bce_probs, _probabilities, "half-precision", _UNIT),
    Judged("dropout_module", ProjectedCosine, noise((6, 10), (6, 10)), "nondeterministic"),
    Judged("temperature_normalised", PrototypeCE, _embedded(6, 5, 4), "dead-option"),
    Judged("dino_center", DINOLoss, noise((5, 6), (5, 6)), "plain-attribute"),
    Judged("heads_in_list", DeepSupervision, noise((6, 4), (6,)), "hidden-parameter"),
    Judged("index_add", lambda: center_spread, _embedded(8, 4, 3), "vmap"),
    Judged("vjp_inside", lambda: contractive_loss, noise((4, 3), (4, 3)), "compile"),
]

SOUND = [
    Judged("squared_hinge", lambda: squared_hinge, _signed(9), None),
    Judged("crps", lambda: ensemble_crps, noise((5, 4), (5,)), None),
    Judged("student_t", StudentTNLL, noise((8,), (8,), (8,)), None, {"domain": {1: (-5.0, 5.0)}}),
    Judged("cox", lambda: cox_loss, _survival, None, {"domain": {1: (0.0, 100.0)}}),
    Judged("barlow", BarlowTwins, noise((8, 4), (8, 4)), None),
    Judged("listnet", lambda: listnet, noise((5, 6), (5, 6)), None),
    Judged("center_loss", CenterLoss, _embedded(6, 5, 4), None),
    Judged("ssim", SSIMLoss, uniform((2, 1, 8, 8), (2, 1, 8, 8)), None, _UNIT),
    Judged("weighted_segmentation", WeightedSegmentationCE, labelled(2, 3, 4, 4), None),
    Judged("hadsell", lambda: hadsell, _pairs, None),
    Judged("orthogonality", lambda: orthogonality, noise((6, 3)), None),
    Judged("coral", lambda: coral_loss, _embedded(6, 4, 5), None),
    Judged("gaussian_nll_var", lambda: gaussian_nll_var, _variances, None, {"domain": {2: (0.05, 20.0)}}),
    Judged("bradley_terry", lambda: bradley_terry, noise((8,), (8,)), None),
    Judged("codebook", lambda: codebook_loss, noise((6, 4), (6, 4)), None),
    Judged("padded_mse", lambda: padded_mse, sequences(5, 6), None),
]
