"""Losses between two distributions: how far the predicted one is from the true one."""

from torch import Tensor, nn

from lossbook.losses import checks
from lossbook.losses.reduction import reduce

__all__ = ["KLDivLoss", "kl_div", "kl_div_slope"]


def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    r"""Kullback-Leibler divergence: what is lost by believing ``input`` where ``target`` is true.

    With :math:`x` the predicted log-probability, and :math:`y` the true probability,

    .. math:: \ell(x, y) = y\,(\log y - x) = y \log y - y\,x, \qquad 0 \log 0 := 0

    or, with ``log_target=True``, the true log-probability :math:`z` as target,

    .. math:: \ell(x, z) = e^{z}\,(z - x)

    Args:
        input: log-probabilities, any shape, floating point.
        target: probabilities, in the shape of ``input``; their logarithms, with ``log_target=True``. Another shape
            is broadcast, without a warning.
        reduction: ``"batchmean"`` is the divergence: the sum, divided by the size of the first dimension of
            ``input``. ``"mean"`` divides by the number of elements, and warns; also ``"sum"`` and ``"none"``.
        log_target: whether ``target`` is the logarithm of the probability.

    Returns:
        A 0-d tensor, or the shape of the elements for ``reduction="none"``, in nats. One element can be negative;
        the sum over a distribution is not.

    Raises:
        RuntimeError: the shapes do not broadcast; an argument is not real floating point.
        TypeError: ``input`` or ``target`` is not a tensor, or ``log_target`` no bool.
        ValueError: an unknown reduction.

    Example:
        >>> import torch
        >>> input, target = torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.0, 1.0]])
        >>> kl_div(input, target, reduction="batchmean")
        tensor(0.6931)

    Torch twin: :func:`torch.nn.functional.kl_div`. Half precision is computed in float32 and rounded once.
    As in torch, the loss is nan where both probabilities are 0 (:math:`0 \cdot \infty`), with ``log_target=True``
    wherever the true one is, and so is the slope by ``target`` where that is 0.

    Source: Kullback, S. and Leibler, R. A. (1951), On information and sufficiency, doi:10.1214/aoms/1177729694.
    """
    if reduction == "mean":
        checks.warn(
            "reduction: 'mean' divides the total loss by the number of elements, so that it is not the divergence: "
            "reduction='batchmean' is."
        )
    checks.flag("log_target", log_target)
    input, target, dtype = checks.divergence.distributions(input, target)
    loss = target.exp() * (target - input) if log_target else xlogx(target) - target * input
    return reduce(loss, reduction, dtype=dtype, batch=len(input) if input.dim() else 1)


def kl_div_slope(input: Tensor, target: Tensor, *, log_target: bool = False) -> Tensor:
    r"""Slope of :func:`kl_div` per element: the true probability, whatever the prediction.

    .. math:: \frac{\partial \ell}{\partial x} = -y

    On the scores behind the log-probabilities, the pull is softmax minus target.

    Example:
        >>> import torch
        >>> kl_div_slope(torch.tensor([0.5, 0.5]).log(), torch.tensor([0.0, 1.0]))
        tensor([-0., -1.])
    """
    return -(target.exp() if log_target else target)


def xlogx(x: Tensor) -> Tensor:
    r""":math:`x \log x`, and 0 where :math:`x` is 0. The slope there, which is infinite, comes out as nan, as torch's.

    Example:
        >>> import torch
        >>> xlogx(torch.tensor([0.0, 1.0, 2.0]))
        tensor([0.0000, 0.0000, 1.3863])
    """
    return (x * x.log()).masked_fill(x == 0, 0)


class KLDivLoss(nn.Module):
    """Module form of :func:`kl_div`.

    Args:
        reduction: ``"batchmean"`` for the divergence; also ``"mean"``, ``"sum"`` and ``"none"``.
        log_target: whether the target is the logarithm of the probability.

    Example:
        >>> import torch
        >>> KLDivLoss(reduction="batchmean")(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.0, 1.0]]))
        tensor(0.6931)
    """

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__()
        self.reduction = reduction
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return kl_div(input, target, reduction=self.reduction, log_target=self.log_target)
