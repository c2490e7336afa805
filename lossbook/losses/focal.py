"""The focal loss: cross-entropy that looks away from what the model already gets right.

All of it is computed from logarithms of chances, so that neither a sure right answer nor a sure wrong one is lost.
"""

import torch
from torch import Tensor, nn

from lossbook.losses import checks, stable
from lossbook.losses.checks.classification import class_dim
from lossbook.losses.options import hold
from lossbook.losses.reduction import reduce

__all__ = ["FocalLoss", "focal_loss", "focal_slope"]


def focal_loss(
    input: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    alpha: float | Tensor | None = None,
    ignore_index: int = -100,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""Focal loss: how surprising the truth is, less and less so the likelier the model held it.

    .. math:: \ell(x, y) = -\alpha_y\,(1 - p)^\gamma \log p

    with :math:`p` the chance that the model gave to what came true. In the binary case that is
    :math:`\sigma(x)` for a yes and :math:`1 - \sigma(x)` for a no; an answer :math:`y` between takes its share of both,
    :math:`1 - p = y\,(1 - \sigma(x)) + (1 - y)\,\sigma(x)`, and its cross-entropy for :math:`-\log p`. With several
    classes it is :math:`\operatorname{softmax}(x)_y`.

    Args:
        input: scores, floating point. Binary: any shape. Several classes: (C), (N, C) or (N, C, …).
        target: a floating point target is binary: answers from 0 (no) to 1 (yes), in the shape of ``input``. An int64
            target holds the index of the true class: (), (N) or (N, …). A constant.
        gamma: :math:`\gamma`, how fast the loss of a likely truth fades; 0 or more. 0 is plain cross-entropy.
        alpha: :math:`\alpha`. Binary: a number from 0 to 1 that multiplies a yes, and ``1 - alpha`` a no. Several
            classes: a tensor of one factor per class, (C). ``None`` for none. What ``mean`` divides by stays the same.
        ignore_index: targets with this value cost nothing and count nothing, binary ones too.
        weight: one factor per target, in its shape. ``mean`` divides by their sum over the targets that count.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``. ``mean`` divides by the number of targets that are not ignored.

    Returns:
        A 0-d tensor, or the shape of ``target`` for ``reduction="none"``; in the dtype of ``input``. The mean is nan
        where every target is ignored.

    Raises:
        IndexError: a target is no class and not ignored (seen on a CPU).
        RuntimeError: ``input`` is not real floating point; ``target`` is neither that nor int64, or asks for a
            gradient; ``weight`` or ``alpha`` is complex or bool.
        TypeError: an argument is not a tensor; ``gamma``, ``alpha`` or ``ignore_index`` is no number of its kind.
        ValueError: a size does not fit; an answer is not from 0 to 1 (seen on a CPU); ``gamma`` is negative; ``alpha``
            is not from 0 to 1, or not of the kind that the target asks for; an unknown reduction.

    Example:
        >>> scores, answers = torch.tensor([2.0, 0.0, -2.0]), torch.ones(3)
        >>> focal_loss(scores, answers, reduction="none")
        tensor([0.0018, 0.1733, 1.6501])
        >>> focal_loss(torch.tensor([[2.0, 0.0, 0.0]]), torch.tensor([0]), alpha=torch.tensor([0.5, 1.0, 1.0]))
        tensor(0.0054)

    Torch twin: none. With ``gamma=0`` it is :func:`torch.nn.functional.binary_cross_entropy_with_logits`, or
    :func:`torch.nn.functional.cross_entropy`. In the binary case the same number comes from ``sigmoid_focal_loss`` of
    torchvision, whose default is the paper's choice, ``alpha=0.25``. The paper adds up the losses of all anchors and
    divides by the number of those that hold an object: ``focal_loss(..., reduction="sum") / held``. With several
    classes, libraries mean different things by the name. Here it is one softmax loss per sample; others divide that by
    C too, or add up one binary loss per class. Half precision is computed in float32 and rounded once.

    Source: Lin, T.-Y., Goyal, P., Girshick, R., He, K., Dollár, P. (2017), Focal loss for dense object detection,
    arXiv:1708.02002.
    """
    checks.current_reduction(reduction)
    gamma = checks.focal.focus(gamma)
    x, y, counts, dtype = checks.focal.arguments(input, target, weight, ignore_index)
    share = checks.focal.share(alpha, x, y)
    log_miss, surprise = _of_answers(x, y) if y.is_floating_point() else _of_classes(x, y)[:2]
    loss = share * (gamma * log_miss).exp() * surprise if gamma else share * surprise
    return reduce(loss * counts, reduction, dtype=dtype, divisor=counts.sum())


def _of_answers(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The logarithm of the chance that was not given to the truth, and the cross-entropy; of scores for yes."""
    if_no, if_yes = stable.softplus_pair(x)  # minus the logarithms of the chances of no and of yes
    log_miss = stable.logsumexp(torch.stack((y.log() - if_no, (1 - y).log() - if_yes)), 0)
    return log_miss, (1 - y) * if_no + y * if_yes


def _of_classes(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The same of scores per class, from how far the true one leads all others together; and their shares of those."""
    dim = class_dim(x.shape)
    place = y.unsqueeze(dim)
    others = x.scatter(dim, place, -torch.inf)
    total = stable.logsumexp(others, dim, keepdim=True)
    miss, surprise = stable.softplus_pair((x.gather(dim, place) - total).squeeze(dim))
    return -miss, surprise, (others - total).exp()


def focal_slope(
    input: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    alpha: float | Tensor | None = None,
    ignore_index: int = -100,
) -> Tensor:
    r"""Slope of :func:`focal_loss` per element: prediction − target, faded where the truth was likely.

    In the binary case, with :math:`m = 1 - p` and the cross-entropy :math:`h`,

    .. math::

        \frac{\partial \ell}{\partial x} = \alpha_y\,m^\gamma \left( \sigma(x) - y
            + \gamma\,(1 - 2y)\,\frac{\sigma(x)\,(1 - \sigma(x))}{m}\,h \right)

    With several classes, :math:`r_c` being the share of class :math:`c` among the scores of the others,

    .. math::

        \frac{\partial \ell}{\partial x_c} = \alpha_y\,m^\gamma\,(m + \gamma\,p\,h)\,(r_c - [c = y])

    Example:
        >>> focal_slope(torch.tensor([2.0, 0.0, -2.0]), torch.ones(3))
        tensor([-0.0049, -0.2983, -1.0767])
    """
    gamma = checks.focal.focus(gamma)
    x, y, counts, _ = checks.focal.arguments(input, target, None, ignore_index)
    share = counts * checks.focal.share(alpha, x, y)
    if y.is_floating_point():
        log_miss, surprise = _of_answers(x, y)
        if_no, if_yes = stable.softplus_pair(x)
        fading = gamma * (1 - 2 * y) * (-if_no - if_yes - log_miss).exp() * surprise
        return share * (gamma * log_miss).exp() * (x.sigmoid() - y + fading)
    dim = class_dim(x.shape)
    log_miss, surprise, others = _of_classes(x, y)
    pull = log_miss.exp() + gamma * (-surprise).exp() * surprise
    return (share * (gamma * log_miss).exp() * pull).unsqueeze(dim) * others.scatter(dim, y.unsqueeze(dim), -1.0)


class FocalLoss(nn.Module):
    """Module form of :func:`focal_loss`.

    Args:
        gamma: how fast the loss of a likely truth fades.
        alpha: what a yes is multiplied by; or a factor per class, (C), which becomes a buffer.
        ignore_index: targets with this value cost nothing and count nothing.
        weight: one factor per target, held as a buffer.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> FocalLoss(alpha=0.25)(torch.tensor([2.0, -2.0]), torch.tensor([1.0, 1.0]))
        tensor(0.2065)
    """

    weight: Tensor | None
    alpha: float | Tensor | None

    def __init__(
        self,
        *,
        gamma: float = 2.0,
        alpha: float | Tensor | None = None,
        ignore_index: int = -100,
        weight: Tensor | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)
        hold(self, alpha=alpha)
        self.gamma = gamma
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return focal_loss(
            input,
            target,
            gamma=self.gamma,
            alpha=self.alpha,
            ignore_index=self.ignore_index,
            weight=self.weight,
            reduction=self.reduction,
        )
