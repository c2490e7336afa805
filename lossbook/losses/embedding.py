"""Losses for vectors that stand for things: alike things near each other, different things apart.

A loss here never says where a vector should be, only how far from another one.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lossbook.losses import checks
from lossbook.losses.reduction import reduce

__all__ = [
    "CosineEmbeddingLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
    "cosine_embedding_loss",
    "cosine_embedding_slope",
    "triplet_margin_loss",
    "triplet_margin_slope",
    "triplet_margin_with_distance_loss",
]

EPSILON = 1e-12  # added to each squared length, so that no vector is divided by 0
Distance = Callable[[Tensor, Tensor], Tensor]


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0, *, reduction: str = "mean"
) -> Tensor:
    r"""Cosine embedding loss: alike vectors should point the same way, different ones at an angle.

    .. math::

        \ell(x_1, x_2, y) = \begin{cases}
            1 - \cos(x_1, x_2) & y = 1 \\
            \max(0,\ \cos(x_1, x_2) - m) & y = -1
        \end{cases}
        \qquad
        \cos(x_1, x_2) = \frac{x_1 \cdot x_2}{\sqrt{(\lVert x_1 \rVert^2 + \epsilon)(\lVert x_2 \rVert^2 + \epsilon)}}

    with :math:`m` the ``margin`` and :math:`\epsilon = 10^{-12}`.

    Args:
        input1: vectors, shape (N, D), or one, (D); real. Their length does not matter, only where they point.
        input2: the vectors to compare with, that shape. N or D of 1 is broadcast.
        target: 1 where the two belong together, −1 where they do not; shape (N), or () for one pair.
            Any other value costs 0, without a word: torch does so.
        margin: the cosine that different vectors may have for free; −1 to 1, from 0 to 0.5 in most uses.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or shape (N) for ``reduction="none"``; from 0 to 2, without a unit.

    Raises:
        NotImplementedError: complex vectors.
        RuntimeError: the shapes do not fit.
        TypeError: an argument is not a tensor; ``margin`` is not a real number.
        ValueError: an unknown reduction.

    Example:
        >>> x1 = torch.tensor([[3.0, 0.0], [3.0, 0.0]])
        >>> x2 = torch.tensor([[1.0, 1.0], [1.0, 1.0]])
        >>> cosine_embedding_loss(x1, x2, torch.tensor([1, -1]), reduction="none")
        tensor([0.2929, 0.7071])

    Torch twin: :func:`torch.nn.functional.cosine_embedding_loss`. Half precision is computed in float32 and
    rounded once.

    Source: Bromley, J. et al. (1993), Signature verification using a "Siamese" time delay neural network.
    """
    checks.tensors(input1=input1, input2=input2, target=target)
    margin = checks.real_number("margin", margin)
    checks.embedding.vector_pair(input1, input2, target)
    input1, input2 = checks.autocast(input1, input2)
    dtype = checks.embedding.half_of((input1, input1), (input2, input2))
    input1, input2 = map(checks.wide, (input1, input2))
    cos = cosine(input1, input2)
    loss = torch.where(target == 1, 1 - cos, torch.where(target == -1, (cos - margin).clamp(min=0), 0.0))
    return reduce(loss, reduction, dtype=dtype)


def cosine_embedding_slope(input1: Tensor, input2: Tensor, target: Tensor, *, margin: float = 0) -> Tensor:
    r"""Slope of :func:`cosine_embedding_loss` by ``input1``: a turn, never a stretch.

    .. math::

        \frac{\partial \ell}{\partial x_1} = \mp \left( \frac{x_2}{\lVert x_1 \rVert \lVert x_2 \rVert}
            - \cos(x_1, x_2) \frac{x_1}{\lVert x_1 \rVert^2} \right)

    with − where :math:`y = 1`, + where :math:`y = -1` and the cosine is not below the margin, else 0; and
    :math:`\epsilon` added to each :math:`\lVert x \rVert^2`. It is at a right angle to :math:`x_1`.

    Example:
        >>> cosine_embedding_slope(torch.tensor([1.0, 2.0]), torch.tensor([-2.0, 1.0]), torch.tensor(1))
        tensor([ 0.4000, -0.2000])
    """
    cos = cosine(input1, input2)[..., None]
    square1, square2 = (square(x)[..., None] for x in (input1, input2))
    turn = input2 / (square1 * square2).sqrt() - cos * input1 / square1
    target = target[..., None]
    return torch.where(target == 1, -turn, torch.where((target == -1) & (cos >= margin), turn, 0.0))


def cosine(input1: Tensor, input2: Tensor) -> Tensor:
    """The cosine of the angle between two vectors; near 0 where one of them has almost no length."""
    return (input1 * input2).sum(-1) / (square(input1) * square(input2)).sqrt()


def square(x: Tensor) -> Tensor:
    """The squared length of each vector, a little more than 0."""
    return (x * x).sum(-1) + EPSILON


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Tensor:
    r"""Triplet margin loss: the anchor should be nearer to its match than to the stranger, by a margin.

    .. math::

        \ell(a, a^+, a^-) = \max\bigl(0,\ m + d(a, a^+) - d(a, a^-)\bigr),
        \qquad d(x, y) = \lVert x - y + \varepsilon \rVert_p

    With ``swap`` the stranger may also be too near to the match: the second distance is then
    :math:`\min\bigl(d(a, a^-),\ d(a^+, a^-)\bigr)`.

    Args:
        anchor: vectors, shape (N, D) or one, (D), or with more dimensions: the last one is that of the vectors.
        positive: the match of each, that shape; sizes of 1 are broadcast.
        negative: a stranger to each, that shape.
        margin: how much farther than the match the stranger must be, in units of the distance; above 0.
        p: which norm: 2 for the straight line, 1 for the sum of all differences, ``inf`` for the largest one.
            Values below 1 give no distance, but are taken, and so is nan: torch does so.
        eps: added to every difference, not to its size, so that the distance of equal vectors has a slope.
        swap: whether the distance from the match to the stranger counts too.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or shape (N) for ``reduction="none"``, in the units of the vectors.

    Raises:
        RuntimeError: the shapes do not fit; bool tensors.
        TypeError: an argument is not a tensor; ``margin``, ``p`` or ``eps`` is not a real number, ``swap`` not a bool.
        ValueError: an unknown reduction; ``margin`` is 0 or less.

    Example:
        >>> anchor, positive, negative = torch.tensor([[[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 5.5]]])
        >>> triplet_margin_loss(anchor, positive, negative)
        tensor(0.5000)

    Torch twin: :func:`torch.nn.functional.triplet_margin_loss`. Half precision is computed in float32 and
    rounded once.

    Source: Balntas, V. et al. (2016), Learning local feature descriptors with triplets and shallow
    convolutional neural networks, doi:10.5244/C.30.119.
    """
    checks.embedding.margin_above_zero(margin)
    checks.tensors(anchor=anchor, positive=positive, negative=negative)
    margin, p, eps = (checks.real_number(name, value) for name, value in (("margin", margin), ("p", p), ("eps", eps)))
    checks.flag("swap", swap)
    checks.embedding.triplet(anchor, positive, negative, subtracted=True)
    anchor, positive, negative = checks.autocast(anchor, positive, negative)
    dtype = checks.embedding.half_of((anchor, positive), (anchor, negative))
    anchor, positive, negative = map(checks.wide, (anchor, positive, negative))
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = torch.minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduce((margin + near - far).clamp(min=0), reduction, dtype=dtype)


def triplet_margin_slope(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
) -> Tensor:
    r"""Slope of :func:`triplet_margin_loss` by ``anchor``: two pulls, one to the match, one from the stranger.

    .. math::

        \frac{\partial \ell}{\partial a} = u(a - a^+ + \varepsilon) - u(a - a^- + \varepsilon),
        \qquad u(v)_i = \operatorname{sign}(v_i) \left( \frac{|v_i|}{\lVert v \rVert_p} \right)^{p - 1}

    while the margin is not met, else 0. For :math:`p = 2`, :math:`u(v)` is the direction of :math:`v`: each pull
    has length 1, whatever the distance. The pull from the stranger is gone where ``swap`` counts the other distance.

    Example:
        >>> triplet_margin_slope(torch.zeros(2), torch.tensor([3.0, 4.0]), torch.tensor([0.0, 5.5]))
        tensor([-0.6000,  0.2000])
    """
    near, far, other = (
        pairwise_distance(x, y, p, eps) for x, y in ((anchor, positive), (anchor, negative), (positive, negative))
    )
    pull, push = (direction(anchor - x + eps, p) for x in (positive, negative))
    if swap:
        push = push * torch.heaviside(other - far, torch.full_like(far, 0.5))[..., None]
        far = torch.minimum(far, other)
    return torch.where((margin + near - far >= 0)[..., None], pull - push, 0.0)


def direction(v: Tensor, p: float) -> Tensor:
    """The slope of the ``p``-norm of each vector; where several differences are the largest, ``inf`` shares it."""
    norm: Tensor = torch.linalg.vector_norm(v, p, -1, keepdim=True)
    if p == torch.inf:
        largest = v.abs() == norm
        return v.sign() * largest / largest.sum(-1, keepdim=True)
    return torch.where(v == 0, 0.0, v.sign() * (v.abs() / norm) ** (p - 1))


def pairwise_distance(x: Tensor, y: Tensor, p: float = 2.0, eps: float = 1e-6) -> Tensor:
    r"""The distance from each vector to its partner, :math:`\lVert x - y + \varepsilon \rVert_p`.

    Of equal vectors it is not 0, but the norm of ``eps`` in every place; and it is not the same from ``y`` to ``x``.

    Example:
        >>> pairwise_distance(torch.tensor([3.0, 4.0]), torch.zeros(2))
        tensor(5.0000)
    """
    distance: Tensor = torch.linalg.vector_norm(x - y + eps, p, -1)
    return distance


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Distance | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    r"""Triplet margin loss with a distance of your own.

    .. math:: \ell(a, a^+, a^-) = \max\bigl(0,\ m + d(a, a^+) - d(a, a^-)\bigr)

    With ``swap`` the second distance is :math:`\min\bigl(d(a, a^-),\ d(a^+, a^-)\bigr)`.

    Args:
        anchor: what the distance takes; by default vectors, shape (N, D) or (D).
        positive: the match of each; as many dimensions.
        negative: a stranger to each; as many dimensions.
        distance_function: of two such tensors, the distance of each pair, any shape. By default that of
            :func:`triplet_margin_loss` with ``p=2`` and ``eps=1e-6``, of which this loss is then the same.
        margin: how much farther than the match the stranger must be, in units of the distance; above 0. A tensor
            is taken too, and may be learned.
        swap: whether the distance from the match to the stranger counts too.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or the shape of the distances for ``reduction="none"``, in their units.

    Raises:
        AttributeError: ``anchor``, ``positive`` or ``negative`` is not a tensor.
        RuntimeError: the shapes do not fit.
        TypeError: ``distance_function`` cannot be called, or returns no tensor; ``margin`` is not a real number.
        ValueError: an unknown reduction; ``margin`` is 0 or less.

    Example:
        >>> def city_blocks(x, y):
        ...     return (x - y).abs().sum(-1)
        >>> anchor, positive, negative = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 7.5]])
        >>> triplet_margin_with_distance_loss(anchor, positive, negative, distance_function=city_blocks)
        tensor(0.5000)

    Torch twin: :func:`torch.nn.functional.triplet_margin_with_distance_loss`. Half precision is computed in
    float32 and rounded once, save what ``distance_function`` itself does.

    Source: Schroff, F., Kalenichenko, D. and Philbin, J. (2015), FaceNet, doi:10.1109/CVPR.2015.7298682.
    """
    reduction = checks.reduction_name(reduction, weighted=True)  # torch takes no old name here either
    checks.embedding.margin_above_zero(margin)
    for name, value in (("anchor", anchor), ("positive", positive), ("negative", negative)):
        checks.tensor(name, value)
    checks.embedding.triplet(anchor, positive, negative, subtracted=distance_function is None)
    dtype = None
    if distance_function is None:
        dtype = checks.embedding.half_of((anchor, positive), (anchor, negative))
        anchor, positive, negative = map(checks.wide, (anchor, positive, negative))
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = torch.minimum(far, distance(positive, negative))
    checks.tensors(**{"the result of distance_function": near, "its second result": far})
    dtype = dtype or checks.embedding.half_of((near, far))
    near, far = map(checks.wide, (near, far))
    return reduce((margin + near - far).clamp(min=0), reduction, dtype=dtype)


class PairwiseDistance(nn.Module):
    """Module form of the distance of :func:`triplet_margin_loss`, with ``p=2`` and ``eps=1e-6``.

    Example:
        >>> PairwiseDistance()(torch.tensor([3.0, 4.0]), torch.zeros(2))
        tensor(5.0000)
    """

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        dtype = checks.embedding.half_of((x, y))
        x, y = map(checks.wide, (x, y))
        return reduce(pairwise_distance(x, y), "none", dtype=dtype)


class CosineEmbeddingLoss(nn.Module):
    """Module form of :func:`cosine_embedding_loss`.

    Args:
        margin: the cosine that different vectors may have for free.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> CosineEmbeddingLoss()(torch.tensor([3.0, 0.0]), torch.tensor([1.0, 1.0]), torch.tensor(1))
        tensor(0.2929)
    """

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class TripletMarginLoss(nn.Module):
    """Module form of :func:`triplet_margin_loss`.

    Args:
        margin: how much farther than the match the stranger must be, in units of the distance.
        p: which norm.
        eps: added to every difference.
        swap: whether the distance from the match to the stranger counts too.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Raises:
        TypeError: ``margin`` is not a real number.
        ValueError: ``margin`` is 0 or less.

    Example:
        >>> TripletMarginLoss()(*torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 5.5]]))
        tensor(0.5000)
    """

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, *, reduction: str = "mean"
    ) -> None:
        super().__init__()
        checks.embedding.margin_above_zero(margin)
        self.reduction = reduction
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(nn.Module):
    """Module form of :func:`triplet_margin_with_distance_loss`.

    Args:
        distance_function: of two tensors, the distance of each pair; a function or a Module, whose parameters are
            then those of this one too.
        margin: how much farther than the match the stranger must be, in units of the distance.
        swap: whether the distance from the match to the stranger counts too.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Raises:
        TypeError: ``margin`` is not a real number.
        ValueError: ``margin`` is 0 or less.

    Example:
        >>> TripletMarginWithDistanceLoss()(*torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 5.5]]))
        tensor(0.5000)
    """

    def __init__(
        self,
        *,
        distance_function: Distance | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        checks.embedding.margin_above_zero(margin)
        self.reduction = reduction
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
