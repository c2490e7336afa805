"""Losses for several labels at once: any number of them may apply to a sample."""

import torch
from torch import Tensor, nn

from lossbook.losses import checks
from lossbook.losses.reduction import reduce
from lossbook.losses.stable import softplus_pair

__all__ = [
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "multilabel_margin_loss",
    "multilabel_margin_slope",
    "multilabel_soft_margin_loss",
    "multilabel_soft_margin_slope",
]


def multilabel_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    r"""Multi-label hinge: every label that applies should outscore every label that does not, by 1.

    .. math:: \ell(x, y) = \frac{1}{C} \sum_{j \in y} \sum_{c \notin y} \max(0,\ 1 - x_j + x_c)

    Args:
        input: a score per label, (N, C), or (C) for one sample, float32 or float64.
        target: the indices of the labels that apply, int64, the shape of ``input``. The first −1 ends the list of a
            sample: what follows is ignored (yet must be from −1 to C − 1). A label that is listed twice counts twice.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or (N) for ``reduction="none"``, in units of the scores. The sum is over pairs of labels, the
        division by C. It costs nothing if no label applies, or if all do; a score that is nan costs nothing: torch
        does so.

    Raises:
        NotImplementedError: ``input`` is neither float32 nor float64 (on a GPU, half precision is taken too).
        RuntimeError: a shape does not fit; ``target`` is not int64 or, on a CPU, out of range.
        TypeError: an argument is not a tensor.
        ValueError: an unknown reduction.

    Example:
        >>> scores = torch.tensor([[0.1, 0.2, 0.4, 0.8]])
        >>> multilabel_margin_loss(scores, torch.tensor([[3, 0, -1, 1]]))  # (0.4 + 0.6 + 1.1 + 1.3) / 4
        tensor(0.8500)

    Torch twin: :func:`torch.nn.functional.multilabel_margin_loss`. Here the second derivative and forward mode exist
    too, and the mean of an empty batch is nan, where torch returns uninitialised memory. All pairs are held in memory
    at once, N · C · C numbers.

    Source: Elisseeff, A., Weston, J. (2001), A kernel method for multi-labelled classification.
    """
    reduction = checks.reduction_name(reduction)
    x, y, dtype = checks.multilabel.label_scores("multilabel_margin_loss", input, target)
    missing = missing_margins(x, y)
    loss = missing.sum((1, 2)) / x.shape[1]
    return reduce(loss.reshape(input.shape[:-1]), reduction, dtype=dtype)


def missing_margins(x: Tensor, y: Tensor) -> Tensor:
    """What each listed label lacks to a margin of 1 over each that does not apply, (N, listed, C); else 0."""
    listed = (y < 0).cumsum(1) == 0
    index = y.clamp(min=0)
    applies = torch.zeros_like(y).scatter_add(1, index, listed.long()) > 0
    # Where there is no pair, the one is infinitely far ahead, or the other behind: then nothing is missing.
    ahead = torch.where(listed, x.gather(1, index), torch.inf)
    behind = torch.where(applies, -torch.inf, x)
    missing = 1 - ahead[:, :, None] + behind[:, None, :]
    return torch.where(missing > 0, missing, 0)


def multilabel_margin_slope(input: Tensor, target: Tensor) -> Tensor:
    r"""Slope of :func:`multilabel_margin_loss` per sample: each pair that is too near is pushed apart.

    .. math::

        \frac{\partial \ell}{\partial x_c} = \frac{1}{C} \sum_{j \in y} [1 - x_j + x_c > 0] \quad (c \notin y), \qquad
        \frac{\partial \ell}{\partial x_j} = -\frac{1}{C} \sum_{c \notin y} [1 - x_j + x_c > 0] \quad (j \in y)

    Example:
        >>> multilabel_margin_slope(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([[3, 0, -1, 1]]))
        tensor([[-0.5000,  0.5000,  0.5000, -0.5000]])
    """
    x, y = checks.margin.rows(input), checks.margin.rows(target)
    near = (missing_margins(x, y) > 0).to(x.dtype)
    push = near.sum(1).scatter_add(1, y.clamp(min=0), -near.sum(2))
    return (push / x.shape[1]).reshape(input.shape)


def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    r"""Multi-label soft margin: each label alone is a yes or a no, and the surprise is averaged over the labels.

    .. math::

        \ell(x, y) = \frac{1}{C} \sum_{c} w_c \bigl(y_c \log(1 + e^{-x_c}) + (1 - y_c) \log(1 + e^{x_c})\bigr)

    It is the binary cross-entropy of each logit, and its mean over the labels.

    Args:
        input: a score per label, (N, …, C), or (C) for one sample, floating point.
        target: 1 where the label applies, 0 where not, or a chance between; the shape of ``input`` or one that
            broadcasts with it, without a warning. A number counts for all labels.
        weight: :math:`w`, one factor per label, (C), or any shape that broadcasts, or a number. ``mean`` still divides
            by the number of samples.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or the shape of ``input`` without its last dimension for ``reduction="none"``, in nats. If
        ``target`` or ``weight`` has more dimensions than ``input``, the sum is still over the position of the last
        dimension of ``input``, and so not over the labels: torch does so.

    Raises:
        IndexError: ``input`` is 0-d.
        NotImplementedError: ``input`` is not floating point.
        RuntimeError: the shapes do not broadcast; ``target`` is bool.
        TypeError: an argument is neither a tensor nor a number, or ``reduction`` no string.
        ValueError: an unknown reduction.

    Example:
        >>> scores, labels = torch.tensor([[3.0, -1.0]]), torch.tensor([[1.0, 1.0]])
        >>> multilabel_soft_margin_loss(scores, labels)
        tensor(0.6809)

    Torch twin: :func:`torch.nn.functional.multilabel_soft_margin_loss`. Half precision is computed in float32 and
    rounded once.

    Source: Nam, J. et al. (2014), Large-scale multi-label text classification, doi:10.1007/978-3-662-44851-9_28.
    """
    checks.current_reduction(reduction)
    x, y, weight, dtype = checks.multilabel.label_chances("multilabel_soft_margin_loss", input, target, weight)
    cost_of_no, cost_of_yes = softplus_pair(x)
    loss = y * cost_of_yes + (1 - y) * cost_of_no
    if weight is not None:
        loss = loss * weight
    dim = input.dim() - 1
    return reduce(loss.sum(dim) / input.shape[dim], reduction, dtype=dtype)


def multilabel_soft_margin_slope(input: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    r"""Slope of :func:`multilabel_soft_margin_loss` per sample: prediction minus target, shared among the labels.

    .. math:: \frac{\partial \ell}{\partial x_c} = \frac{w_c}{C} (\sigma(x_c) - y_c)

    Example:
        >>> multilabel_soft_margin_slope(torch.tensor([[0.0, 3.0]]), torch.tensor([[1.0, 0.0]]))
        tensor([[-0.2500,  0.4763]])
    """
    # Of the two, the sigmoid that is small is exact: 1 - sigmoid(x) is sigmoid(-x), without a difference.
    pull = (1 - target) * input.sigmoid() - target * (-input).sigmoid()
    return (pull if weight is None else weight * pull) / input.shape[-1]


class MultiLabelMarginLoss(nn.Module):
    """Module form of :func:`multilabel_margin_loss`.

    Args:
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> MultiLabelMarginLoss()(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([[3, 0, -1, 1]]))
        tensor(0.8500)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(nn.Module):
    """Module form of :func:`multilabel_soft_margin_loss`.

    Args:
        weight: one factor per label, (C), held as a buffer.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Raises:
        TypeError: ``weight`` is not a tensor.

    Example:
        >>> MultiLabelSoftMarginLoss()(torch.tensor([[3.0, -1.0]]), torch.tensor([[1.0, 1.0]]))
        tensor(0.6809)
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)
