"""Minus the logarithm of the chance of what came true: what the losses over classes share."""

import torch
from torch import Tensor

from lossbook.losses.checks.classification import class_dim

__all__ = ["along_classes", "factors", "of_chances", "of_class", "of_index", "smoothed"]


def of_class(log_p: Tensor, target: Tensor) -> Tensor:
    """Minus the ``log_p`` of the class with index ``target``, per sample.

    Example:
        >>> of_class(torch.tensor([[0.5, 0.5], [0.9, 0.1]]).log(), torch.tensor([0, 1]))
        tensor([0.6931, 2.3026])
    """
    dim = class_dim(log_p.shape)
    return -log_p.gather(dim, target.unsqueeze(dim)).squeeze(dim)


def of_chances(log_p: Tensor, target: Tensor, weight: Tensor | None = None, label_smoothing: float = 0.0) -> Tensor:
    r"""Minus the mean of ``log_p`` under a target distribution, per sample: the classes are summed over.

    .. math:: -\sum_{c} w_c \bigl((1 - \varepsilon)\,q_c + \varepsilon / C\bigr) \log p_c

    Example:
        >>> of_chances(torch.tensor([0.5, 0.5]).log(), torch.tensor([0.3, 0.7]))
        tensor(0.6931)
    """
    chances = smoothed(target, label_smoothing) if label_smoothing else target
    if weight is not None:
        chances = chances * along_classes(weight, log_p)
    return -(chances * log_p).sum(class_dim(log_p.shape))


def of_index(
    log_p: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> tuple[Tensor, Tensor]:
    r"""Minus the ``log_p`` of the class with index ``target``, weighted and smoothed; and what a mean divides by.

    .. math:: -(1 - \varepsilon)\,w_y \log p_y - \frac{\varepsilon}{C} \sum_{c} w_c \log p_c \qquad\text{and}\qquad w_y

    Both are 0 where the target is ignored, whatever ``log_p`` is there. The divisor of a mean is the sum of the second.

    Example:
        >>> of_index(torch.tensor([[0.5, 0.5], [0.9, 0.1]]).log(), torch.tensor([0, -100]))
        (tensor([0.6931, 0.0000]), tensor([1., 0.]))
    """
    dim, kept = class_dim(log_p.shape), target != ignore_index
    index = torch.where(kept, target, 0)
    counts = factors(index, kept, weight).to(log_p.dtype)
    losses = counts * of_class(log_p, index)
    if label_smoothing:
        every = log_p if weight is None else log_p * along_classes(weight, log_p)
        losses = (1 - label_smoothing) * losses - label_smoothing * every.mean(dim)
    return torch.where(kept, losses, 0.0), counts


def factors(index: Tensor, kept: Tensor, weight: Tensor | None) -> Tensor:
    """How much each target counts: the weight of its class, or 1; and 0 where it is not kept."""
    return kept if weight is None else torch.where(kept, weight.take(index), 0.0)


def along_classes(weight: Tensor, x: Tensor) -> Tensor:
    """One number per class, in a shape that broadcasts to that of ``x``."""
    return weight.reshape(-1, *[1] * (x.dim() - 2))


def smoothed(chances: Tensor, share: float) -> Tensor:
    """A distribution of which ``share`` is spread evenly over the classes."""
    return (1 - share) * chances + share / chances.shape[class_dim(chances.shape)]
