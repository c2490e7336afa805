"""Losses that ask for a side or an order, and most of them for a margin: on the right side, and clearly so.

Each but :func:`soft_margin_loss` is a hinge, and its slope is 0 once the margin is reached.
"""

import torch
from torch import Tensor, nn

from lossbook.losses import checks
from lossbook.losses.reduction import reduce
from lossbook.losses.stable import softplus

__all__ = [
    "HingeEmbeddingLoss",
    "HingeLoss",
    "MarginRankingLoss",
    "MultiMarginLoss",
    "SoftMarginLoss",
    "hinge_embedding_loss",
    "hinge_embedding_slope",
    "hinge_loss",
    "hinge_slope",
    "margin_ranking_loss",
    "margin_ranking_slope",
    "multi_margin_loss",
    "multi_margin_slope",
    "soft_margin_loss",
    "soft_margin_slope",
]


def hinge_loss(
    input: Tensor, target: Tensor, *, margin: float = 1.0, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    r"""Hinge: the score should be on the side of zero that the target names, by the margin; then it costs nothing.

    .. math:: \ell(x, y) = \max(0,\ m - y x)

    Args:
        input: scores, any shape, floating point.
        target: 1 or −1, the shape of ``input``, any dtype. Nothing is broadcast.
        margin: :math:`m`, from where on a score is right enough, in units of the scores. 0 gives the loss of the
            perceptron, which a score of 0 satisfies.
        weight: one factor per element, the shape of ``input``. ``mean`` divides by their sum.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or the shape of ``input`` for ``reduction="none"``, in units of the scores, in the dtype of
        ``input``.

    Raises:
        RuntimeError: ``input`` is not floating point; ``target`` asks for a gradient.
        TypeError: an argument is not a tensor; ``margin`` is not a real number; ``reduction`` is not a string.
        ValueError: ``target`` or ``weight`` is not of the shape of ``input``; on a CPU, a target that is neither 1
            nor −1; an unknown reduction.

    Example:
        >>> hinge_loss(torch.tensor([3.0, 0.4, -1.0]), torch.tensor([1, 1, 1]), reduction="none")
        tensor([0.0000, 0.6000, 2.0000])

    Torch twin: none. :func:`torch.nn.functional.hinge_embedding_loss` is another loss, of distances. The same number
    comes from :func:`torch.nn.functional.margin_ranking_loss`, with 0 as the second score. A score of exactly the
    margin has, as there, the slope of the smaller ones. Half precision is computed in float32 and rounded once.

    Source: Cortes, C., Vapnik, V. (1995), Support-vector networks, doi:10.1007/BF00994018.
    """
    checks.margin.sides(input, target, weight)
    checks.current_reduction(reduction)
    margin = checks.real_number("margin", margin)
    (input,) = checks.autocast(input)
    x = checks.wide(input)
    missing = (margin - target.to(x.dtype) * x).clamp(min=0)
    return reduce(missing, reduction, weight, dtype=input.dtype)


def hinge_slope(input: Tensor, target: Tensor, *, margin: float = 1.0) -> Tensor:
    r"""Slope of :func:`hinge_loss` per element: full pull to the side of the target up to the margin, none beyond.

    .. math::

        \frac{\partial \ell}{\partial x} = \begin{cases}
            -y & y x \le m \\
            0 & y x > m
        \end{cases}

    Example:
        >>> hinge_slope(torch.tensor([3.0, 0.4, -1.0]), torch.ones(3))
        tensor([ 0., -1., -1.])
    """
    y = target.to(input.dtype)
    return torch.where(y * input <= margin, -y, 0)


def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    r"""Soft margin: the score should be on the side of zero that the target names, the further the better.

    .. math:: \ell(x, y) = \log(1 + e^{-y x})

    It is the binary cross-entropy of the logit ``input``, for answers written as 1 and −1 instead of 1 and 0.

    Args:
        input: scores, any shape, floating point.
        target: 1 or −1 (any number is taken), a shape that broadcasts to that of ``input``, without a warning.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or the shape of ``input`` for ``reduction="none"``, in nats, in the dtype of ``input``.

    Raises:
        RuntimeError: ``target`` does not broadcast to the shape of ``input``, does not fit into its dtype, or
            asks for a gradient; ``input`` is not floating point.
        TypeError: an argument is not a tensor.
        ValueError: an unknown reduction.

    Example:
        >>> soft_margin_loss(torch.tensor([3.0, -3.0]), torch.tensor([1.0, 1.0]), reduction="none")
        tensor([0.0486, 3.0486])

    Torch twin: :func:`torch.nn.functional.soft_margin_loss`. As there, the exponential overflows where a score is far
    on the wrong side (by 89 in float32, by 710 in float64): the loss is inf and its slope nan, where
    ``binary_cross_entropy_with_logits(input, (target + 1) / 2)`` stays right. Half precision is computed in float32
    and rounded once.

    Source: Friedman, J., Hastie, T., Tibshirani, R. (2000), Additive logistic regression, doi:10.1214/aos/1016218223.
    """
    checks.tensors(input=input, target=target)
    checks.constant("target", target)
    input, target = checks.autocast(input, target)
    checks.margin.keeps_input(input, target)
    x, y = checks.wide(input), checks.wide(target)
    wrong = -x * y.detach()  # to torch, the target is a constant in forward mode too
    loss = wrong.exp().log1p()
    if not loss.is_complex():
        # The same, with its second slope right. Where the exponential overflows, torch's loss is infinite, and ours.
        loss = torch.where(loss.isinf(), loss, softplus(wrong))
    return reduce(loss, reduction, dtype=input.dtype)


def soft_margin_slope(input: Tensor, target: Tensor) -> Tensor:
    r"""Slope of :func:`soft_margin_loss` per element: a pull to the side of the target, by the chance of the other.

    .. math:: \frac{\partial \ell}{\partial x} = -y\,\sigma(-y x)

    Example:
        >>> soft_margin_slope(torch.tensor([3.0, 0.0, -3.0]), torch.ones(3))
        tensor([-0.0474, -0.5000, -0.9526])
    """
    return -target * (-target * input).sigmoid()


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    r"""Hinge embedding: a distance should be small for a pair that is alike, and beyond the margin for one that is not.

    .. math::

        \ell(x, y) = \begin{cases}
            x & y = 1 \\
            \max(0,\ m - x) & y = -1
        \end{cases}

    Args:
        input: distances, any shape, floating point (or integers, unless ``reduction="mean"``).
        target: 1 or −1, a shape that broadcasts with that of ``input``, without a warning. For any other number
            the two cases are added up: torch does so.
        margin: :math:`m`, the distance from which on a pair counts as different.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or the broadcast shape for ``reduction="none"``, in units of the distance, in its dtype.

    Raises:
        NotImplementedError: ``input`` is complex.
        RuntimeError: the shapes do not broadcast; ``input`` is bool; the mean of integers.
        TypeError: ``input`` or ``target`` is not a tensor; ``margin`` is not a real number.
        ValueError: an unknown reduction.

    Example:
        >>> distance, alike = torch.tensor([0.3, 0.3, 1.5]), torch.tensor([1, -1, -1])
        >>> hinge_embedding_loss(distance, alike, margin=1.0, reduction="none")
        tensor([0.3000, 0.7000, 0.0000])

    Torch twin: :func:`torch.nn.functional.hinge_embedding_loss`. A distance of exactly the margin has, as there,
    the slope of the smaller ones. Half precision is computed in float32 and rounded once.

    Source: Hadsell, R., Chopra, S., LeCun, Y. (2006), Dimensionality reduction by learning an invariant mapping,
    doi:10.1109/CVPR.2006.100.
    """
    checks.tensors(input=input, target=target)
    checks.margin.ordered("hinge_embedding_loss", input)
    checks.fit(input=input, target=target)
    margin = checks.real_number("margin", margin)
    (input,) = checks.autocast(input)
    x = checks.wide(input)
    alike = torch.where(target != -1, x, 0)
    # The margin in the dtype of input, as in torch: for integers, a whole number.
    different = torch.where(target != 1, (x.new_full((), margin) - x).clamp(min=0), 0)
    return reduce(alike + different, reduction, dtype=input.dtype)


def hinge_embedding_slope(input: Tensor, target: Tensor, *, margin: float = 1.0) -> Tensor:
    r"""Slope of :func:`hinge_embedding_loss` per element: together if alike, apart within the margin if not.

    .. math::

        \frac{\partial \ell}{\partial x} = \begin{cases}
            1 & y = 1 \\
            -1 & y = -1,\ x \le m \\
            0 & y = -1,\ x > m
        \end{cases}

    Example:
        >>> hinge_embedding_slope(torch.tensor([0.3, 0.3, 1.5]), torch.tensor([1, -1, -1]))
        tensor([ 1., -1.,  0.])
    """
    together, apart = target != -1, (target != 1) & (input <= margin)
    return together.to(input.dtype) - apart.to(input.dtype)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = "mean"
) -> Tensor:
    r"""Margin ranking: of two scores, the one that should be higher is, by the margin.

    .. math:: \ell(x_1, x_2, y) = \max(0,\ -y\,(x_1 - x_2) + m)

    Args:
        input1: scores, any shape, real numbers.
        input2: the scores they are compared with, a shape that broadcasts with that of ``input1``, without a
            warning, and has as many dimensions.
        target: 1 where ``input1`` should be higher, −1 where ``input2`` should (any number is taken, and counts as
            a factor); broadcast alike.
        margin: :math:`m`, by how much, in units of the scores. With the default, 0, equal scores cost nothing.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or the broadcast shape for ``reduction="none"``, in units of the scores.

    Raises:
        AttributeError: ``input1``, ``input2`` or ``target`` is not a tensor.
        NotImplementedError: one of them is complex.
        RuntimeError: they do not broadcast, differ in the number of dimensions, or are bool.
        TypeError: ``margin`` is not a real number.
        ValueError: an unknown reduction.

    Example:
        >>> first, second = torch.tensor([2.0, 2.0]), torch.tensor([1.5, 3.0])
        >>> margin_ranking_loss(first, second, torch.tensor([1.0, 1.0]), margin=1.0, reduction="none")
        tensor([0.5000, 2.0000])

    Torch twin: :func:`torch.nn.functional.margin_ranking_loss`. A lead of exactly the margin has, as there, the
    slope of the smaller ones. Half precision is computed in float32 and rounded once.

    Source: Herbrich, R., Graepel, T., Obermayer, K. (2000), Large margin rank boundaries for ordinal regression.
    """
    for name, value in (("input1", input1), ("input2", input2), ("target", target)):
        checks.tensor(name, value)
    checks.margin.ordered("margin_ranking_loss", input1, input2, target)
    checks.margin.dimensions(input1=input1, input2=input2, target=target)
    checks.fit(input1=input1, input2=input2, target=target)
    margin = checks.real_number("margin", margin)
    tensors = checks.autocast(input1, input2, target)
    dtype = checks.result_dtype(*tensors)
    x1, x2, y = map(checks.wide, tensors)
    return reduce((-y * (x1 - x2) + margin).clamp(min=0), reduction, dtype=dtype)


def margin_ranking_slope(input1: Tensor, input2: Tensor, target: Tensor, *, margin: float = 0) -> Tensor:
    r"""Slope of :func:`margin_ranking_loss` by ``input1``, per element; that by ``input2`` is its negative.

    .. math::

        \frac{\partial \ell}{\partial x_1} = \begin{cases}
            -y & y\,(x_1 - x_2) \le m \\
            0 & y\,(x_1 - x_2) > m
        \end{cases}

    Example:
        >>> margin_ranking_slope(torch.tensor([2.0, 2.0]), torch.tensor([1.5, 0.0]), torch.ones(2), margin=1.0)
        tensor([-1., 0.])
    """
    return torch.where(target * (input1 - input2) <= margin, -target, 0)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
) -> Tensor:
    r"""Multi-class hinge: the true class should outscore each other class by the margin.

    .. math:: \ell(x, y) = \frac{w_y}{C} \sum_{c \ne y} \max(0,\ m - x_y + x_c)^p

    Args:
        input: a score per class, (N, C), or (C) for one sample, float32 or float64.
        target: the index of the true class, 0 to C − 1, int64, (N), or () for one sample.
        p: 1, or 2 for the square.
        margin: :math:`m`, by how much, in units of the scores.
        weight: :math:`w`, one factor per class, (C), in the dtype of ``input``. ``mean`` still divides by the number
            of samples.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or the shape of ``target`` for ``reduction="none"``, in units of the scores to the ``p``. The
        sum is over C − 1 classes, the division by C. A score that is nan costs nothing: torch does so.

    Raises:
        AttributeError: ``weight`` is not a tensor.
        NotImplementedError: ``input`` is neither float32 nor float64 (on a GPU, half precision is taken too).
        RuntimeError: a shape does not fit; ``target`` is not int64 or, on a CPU, out of range; ``weight`` is of another
            dtype or asks for a gradient.
        TypeError: ``input`` or ``target`` is not a tensor; ``margin`` is not a number.
        ValueError: ``p`` is neither 1 nor 2; ``weight`` has more or less than one dimension; an unknown reduction.

    Example:
        >>> scores = torch.tensor([[0.1, 0.2, 0.4, 0.8]])
        >>> multi_margin_loss(scores, torch.tensor([3]))  # (0.3 + 0.4 + 0.6) / 4
        tensor(0.3250)

    Torch twin: :func:`torch.nn.functional.multi_margin_loss`. Here the second derivative and forward mode exist too,
    and the mean of an empty batch is nan and its sum 0, where torch returns uninitialised memory.

    Source: Weston, J., Watkins, C. (1999), Support vector machines for multi-class pattern recognition.
    """
    reduction = checks.reduction_name(reduction)
    checks.margin.one_or_two("p", p)
    margin = checks.margin.scalar("margin", margin)
    x, y, weight, dtype = checks.margin.class_scores("multi_margin_loss", input, target, weight)
    missing = missing_margin(x, y, margin)
    cost = missing if p == 1 else missing * missing
    if weight is not None:
        cost = cost * weight[y]
    return reduce(cost.mean(1).reshape(target.shape), reduction, dtype=dtype)


def missing_margin(x: Tensor, y: Tensor, margin: float) -> Tensor:
    """What the true class, its index in ``y`` (N, 1), lacks to the margin over each class; 0 for itself and for nan."""
    missing = (margin - x.gather(1, y) + x).scatter(1, y, 0)
    return torch.where(missing > 0, missing, 0)


def multi_margin_slope(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, p: int = 1, margin: float = 1.0
) -> Tensor:
    r"""Slope of :func:`multi_margin_loss` per sample: each class that is too near is pushed down, the true one up.

    .. math::

        \frac{\partial \ell}{\partial x_c} = \frac{w_y\,p}{C} \max(0,\ m - x_y + x_c)^{p - 1} \quad (c \ne y), \qquad
        \frac{\partial \ell}{\partial x_y} = -\sum_{c \ne y} \frac{\partial \ell}{\partial x_c}

    For :math:`p = 1` the power is 1 where the margin is missed, and 0 where it is reached.

    Example:
        >>> multi_margin_slope(torch.tensor([[0.1, 0.2, 0.4, 2.0]]), torch.tensor([2]))
        tensor([[ 0.2500,  0.2500, -0.7500,  0.2500]])
    """
    x, y = checks.margin.rows(input), target.reshape(-1, 1)
    missing = missing_margin(x, y, margin)
    push = ((missing > 0).to(x.dtype) if p == 1 else 2 * missing) / x.shape[1]
    if weight is not None:
        push = push * weight[y]
    return push.scatter(1, y, -push.sum(1, keepdim=True)).reshape(input.shape)


class HingeLoss(nn.Module):
    """Module form of :func:`hinge_loss`.

    Args:
        margin: from where on a score is right enough.
        weight: one factor per element, the shape of ``input``, held as a buffer.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> HingeLoss()(torch.tensor([3.0, 0.5, -1.0]), torch.tensor([1, -1, -1]))
        tensor(0.5000)
    """

    weight: Tensor | None

    def __init__(self, *, margin: float = 1.0, weight: Tensor | None = None, reduction: str = "mean") -> None:
        super().__init__()
        self.margin = margin
        self.register_buffer("weight", weight)
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return hinge_loss(input, target, margin=self.margin, weight=self.weight, reduction=self.reduction)


class SoftMarginLoss(nn.Module):
    """Module form of :func:`soft_margin_loss`.

    Args:
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> SoftMarginLoss()(torch.tensor([3.0, -3.0]), torch.tensor([1.0, 1.0]))
        tensor(1.5486)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return soft_margin_loss(input, target, reduction=self.reduction)


class HingeEmbeddingLoss(nn.Module):
    """Module form of :func:`hinge_embedding_loss`.

    Args:
        margin: the distance from which on a pair counts as different.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> HingeEmbeddingLoss(margin=1.0)(torch.tensor([0.3, 0.3]), torch.tensor([1, -1]))
        tensor(0.5000)
    """

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(nn.Module):
    """Module form of :func:`margin_ranking_loss`.

    Args:
        margin: by how much the one score should be higher.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> MarginRankingLoss(margin=1.0)(torch.tensor([2.0, 2.0]), torch.tensor([1.5, 3.0]), torch.ones(2))
        tensor(1.2500)
    """

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class MultiMarginLoss(nn.Module):
    """Module form of :func:`multi_margin_loss`.

    Args:
        p: 1, or 2 for the square.
        margin: by how much the true class should outscore the others.
        weight: one factor per class, (C), held as a buffer.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Raises:
        TypeError: ``weight`` is not a tensor.
        ValueError: ``p`` is neither 1 nor 2; ``weight`` has more or less than one dimension.

    Example:
        >>> MultiMarginLoss()(torch.tensor([[0.1, 0.2, 0.4, 0.8]]), torch.tensor([3]))
        tensor(0.3250)
    """

    weight: Tensor | None

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, *, reduction: str = "mean"
    ) -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)
        checks.margin.one_or_two("p", p)
        if weight is not None:
            checks.margin.class_weight(weight)
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return multi_margin_loss(input, target, self.p, self.margin, self.weight, reduction=self.reduction)
