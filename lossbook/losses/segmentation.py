"""Losses for masks: which parts of a picture belong to a thing. They ask for overlap, not for each part by itself."""

import torch
from torch import Tensor, nn

from lossbook.losses import checks, stable
from lossbook.losses.reduction import reduce

__all__ = ["DiceLoss", "dice_loss", "dice_slope"]


def dice_loss(
    input: Tensor,
    target: Tensor,
    *,
    smooth: float = 1e-5,
    ignore_index: int | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""Dice loss: how little the predicted mask and the true one overlap, as a share of the two together.

    With the chances :math:`p` and the true mask :math:`g`, for each sample and each class,

    .. math:: \ell(x, y) = 1 - \frac{2 \sum_i p_i g_i + s}{\sum_i p_i + \sum_i g_i + s}

    summed over all places :math:`i`, with :math:`s` for ``smooth``.

    Args:
        input: scores, (N, C, …), floating point. The second dimension is that of the classes: masks (N, H, W) need
            ``input.unsqueeze(1)``.
        target: it decides how scores become chances. One class of several in each place: its index, int64, (N, …); then
            :math:`p` is the softmax. A mask for each class: floating point from 0 to 1, in the shape of ``input``; then
            :math:`p` is the sigmoid, and masks may overlap. For C = 1 it is the sigmoid too, and the mask may be of any
            real dtype or bool, in the shape of ``input`` or without its second dimension. A constant.
        smooth: :math:`s`, 0 or more. It decides what an empty mask costs, see below. With 0, an empty one that is
            predicted to be exactly empty gives nan.
        ignore_index: places where ``target`` has this value count for no mask.
        weight: one factor per class, (C). ``mean`` divides by their sum over all masks.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``. ``mean`` divides by the number of masks, N · C: a small one
            counts as much as a large one.

    Returns:
        A 0-d tensor, or (N, C) for ``reduction="none"``; from 0 to 1, in the dtype of ``input``. The mean of no masks
        is nan.

    Raises:
        IndexError: a target is no class and not ignored (seen on a CPU).
        RuntimeError: ``input`` is not real floating point; ``target`` is of another dtype, or asks for a gradient;
            ``weight`` is complex or bool.
        TypeError: an argument is not a tensor; ``smooth`` or ``ignore_index`` is no number of its kind.
        ValueError: a size does not fit; a mask is not from 0 to 1 (seen on a CPU); ``smooth`` is negative; an unknown
            reduction.

    Example:
        >>> scores = torch.tensor([[[4.0, 4.0, -4.0, -4.0]]])
        >>> dice_loss(scores, torch.tensor([[[1.0, 0.0, 0.0, 0.0]]]))
        tensor(0.3453)

    **An empty mask** costs :math:`\sum p / (\sum p + s)`: nothing if what is predicted there is far less than
    ``smooth``, nearly 1 if it is far more. With the default, scores of −8 in 16 places are too much already: 0.998; and
    a wrong mask has hardly a slope. With ``smooth=1`` right and wrong are told apart, 0.005 and 0.94, but then a small
    mask that is missed costs less too. Cross-entropy beside it trains each place, which Dice does not.

    Torch twin: none. The paper squares, :math:`\sum p^2 + \sum g^2` below the line; here, as in most libraries, nothing
    is squared. The same number comes from ``DiceLoss`` of MONAI with ``sigmoid=True``, or with ``softmax=True`` and
    ``to_onehot_y=True``. kornia adds up the classes of a sample before it divides, segmentation-models-pytorch the
    samples of a class, and it leaves out a class that is nowhere in the batch. Half precision is computed in float32
    and rounded once.

    Source: Milletari, F., Navab, N., Ahmadi, S.-A. (2016), V-Net: fully convolutional neural networks for volumetric
    medical image segmentation, arXiv:1606.04797.
    """
    checks.current_reduction(reduction)
    smooth = checks.segmentation.smoothing(smooth)
    x, target, kept, weight, dtype = checks.segmentation.masks(input, target, ignore_index, weight)
    p, g = _chances(x, target, kept)
    loss = 1 - (2 * (p * g).sum(-1) + smooth) / (p.sum(-1) + g.sum(-1) + smooth)
    return reduce(loss, reduction, weight, dtype=dtype)


def _chances(x: Tensor, target: Tensor, kept: Tensor | None) -> tuple[Tensor, Tensor]:
    """Predicted and true masks, (N, C, places): 0 in both where a place does not count."""
    if target.dim() == x.dim():
        p, g = x.sigmoid(), target
    else:
        p, g = stable.softmax(x, 1), torch.zeros_like(x).scatter(1, target.unsqueeze(1), 1.0)
    return (p, g) if kept is None else (torch.where(kept, p, 0.0), torch.where(kept, g, 0.0))


def dice_slope(input: Tensor, target: Tensor, *, smooth: float = 1e-5, ignore_index: int | None = None) -> Tensor:
    r"""Slope of :func:`dice_loss` per element: every place is pulled by the balance of the whole mask.

    With :math:`I` for what stands above the line of the fraction and :math:`D` below it,

    .. math::

        \frac{\partial \ell}{\partial p_i} = \frac{I - 2 g_i D}{D^2}, \qquad
        \frac{\partial \ell}{\partial x_i} = p_i\,(1 - p_i)\,\frac{\partial \ell}{\partial p_i}

    for a mask of its own; with the softmax of several classes,
    :math:`p_c \bigl(\partial_{p_c} - \sum_k p_k\,\partial_{p_k}\bigr)` in each place. Where the model is sure, right or
    wrong, there is no pull.

    Example:
        >>> dice_slope(torch.tensor([[[4.0, -4.0]]]), torch.tensor([[[1.0, 1.0]]]))
        tensor([[[-0.0079, -0.0079]]])
    """
    x, target, kept, _, _ = checks.segmentation.masks(input, target, ignore_index, None)
    p, g = _chances(x, target, kept)
    above, below = 2 * (p * g).sum(-1, keepdim=True) + smooth, (p + g).sum(-1, keepdim=True) + smooth
    pull = p * (above - 2 * g * below) / below.square()
    slope = pull * (1 - p) if target.dim() == x.dim() else pull - p * pull.sum(1, keepdim=True)
    return slope.reshape(input.shape).to(input.dtype)


class DiceLoss(nn.Module):
    """Module form of :func:`dice_loss`.

    Args:
        smooth: what is added above and below the line; it decides what an empty mask costs.
        ignore_index: places where the target has this value count for no mask.
        weight: one factor per class, held as a buffer.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> DiceLoss(smooth=1.0)(torch.tensor([[[4.0, 4.0, -4.0, -4.0]]]), torch.tensor([[[1.0, 0.0, 0.0, 0.0]]]))
        tensor(0.2590)
    """

    weight: Tensor | None

    def __init__(
        self,
        *,
        smooth: float = 1e-5,
        ignore_index: int | None = None,
        weight: Tensor | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)
        self.smooth = smooth
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return dice_loss(
            input,
            target,
            smooth=self.smooth,
            ignore_index=self.ignore_index,
            weight=self.weight,
            reduction=self.reduction,
        )
