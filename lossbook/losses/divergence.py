"""Losses between two distributions: how far the predicted one is from the true one."""

import torch
from torch import Tensor, nn

from lossbook.losses import checks, stable
from lossbook.losses.checks.classification import class_dim
from lossbook.losses.options import hold
from lossbook.losses.reduction import reduce

__all__ = ["DistillationLoss", "KLDivLoss", "distillation_loss", "distillation_slope", "kl_div", "kl_div_slope"]


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
        >>> kl_div_slope(torch.tensor([0.5, 0.5]).log(), torch.tensor([0.0, 1.0]))
        tensor([-0., -1.])
    """
    return -(target.exp() if log_target else target)


def xlogx(x: Tensor) -> Tensor:
    r""":math:`x \log x`, and 0 where :math:`x` is 0. The slope there, which is infinite, comes out as nan, as torch's.

    Example:
        >>> xlogx(torch.tensor([0.0, 1.0, 2.0]))
        tensor([0.0000, 0.0000, 1.3863])
    """
    return (x * x.log()).masked_fill(x == 0, 0)


def distillation_loss(
    input: Tensor,
    teacher: Tensor,
    *,
    temperature: float | Tensor = 2.0,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""Distillation: how far the softened chances of a student are from those of its teacher.

    With :math:`q = \operatorname{softmax}(z / T)` of the teacher and :math:`p = \operatorname{softmax}(x / T)`,

    .. math:: \ell(x, z) = T^2 \sum_{c} q_c\,(\log q_c - \log p_c), \qquad 0 \log 0 := 0

    The factor :math:`T^2` keeps the size of the slope when the temperature changes. This is the soft term alone: add
    ``cross_entropy(input, labels)`` for the hard one.

    Args:
        input: scores of the student, (C), (N, C) or (N, C, …), floating point.
        teacher: scores of the teacher, in the shape of ``input``. They have a slope too: give ``teacher.detach()``, or
            make them without a gradient, where the teacher is not to learn.
        temperature: :math:`T`, above 0; the higher, the more the small chances count. A 0-d tensor may be learned.
        weight: one factor per sample, (), (N) or (N, …). ``mean`` divides by their sum.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``. ``mean`` divides by the number of samples, not of elements.

    Returns:
        A 0-d tensor, or the shape of ``input`` without its classes for ``reduction="none"``; in the dtype of ``input``.
        The mean of nothing is nan.

    Raises:
        RuntimeError: ``input`` or ``teacher`` is not real floating point; ``weight`` is complex or bool.
        TypeError: an argument is not a tensor; ``temperature`` is no real number; ``reduction`` is not a string.
        ValueError: a size does not fit; ``temperature`` is not above 0; an unknown reduction.

    Example:
        >>> student, teacher = torch.tensor([[2.0, 0.0]]), torch.tensor([[4.0, 0.0]])
        >>> distillation_loss(student, teacher, temperature=2.0)
        tensor(0.2685)

    Torch twin: none. The same number comes from :func:`torch.nn.functional.kl_div` of the two log-softmaxes, with
    ``log_target=True`` and ``reduction="batchmean"``, times :math:`T^2`; for (N, C, …) divided by the number of places
    too. Its ``"mean"`` divides by C besides. A class whose score is :math:`-\infty` for the teacher costs nothing. Half
    precision is computed in float32 and rounded once.

    Source: Hinton, G., Vinyals, O., Dean, J. (2015), Distilling the knowledge in a neural network, arXiv:1503.02531.
    """
    checks.current_reduction(reduction)
    temperature = checks.positive("temperature", temperature)
    x, z, dtype = checks.divergence.scores(input, teacher, weight)
    dim = class_dim(x.shape)
    log_p, log_q = (stable.log_softmax(scores / temperature, dim) for scores in (x, z))
    lost = torch.where(log_q == -torch.inf, 0.0, log_q - log_p)
    loss = temperature**2 * (log_q.exp() * lost).sum(dim)
    return reduce(loss, reduction, weight, dtype=dtype)


def distillation_slope(input: Tensor, teacher: Tensor, *, temperature: float | Tensor = 2.0) -> Tensor:
    r"""Slope of :func:`distillation_loss` per element: prediction − target, both softened, times the temperature.

    .. math:: \frac{\partial \ell}{\partial x_c} = T\,(p_c - q_c)

    At a high temperature it is the difference of the scores, each less its mean over the classes, divided by C.

    Example:
        >>> distillation_slope(torch.tensor([[2.0, 0.0]]), torch.tensor([[4.0, 0.0]]))
        tensor([[-0.2995,  0.2995]])
    """
    dim = class_dim(input.shape)
    p, q = (stable.softmax(scores / temperature, dim) for scores in (input, teacher))
    return temperature * (p - q)


class KLDivLoss(nn.Module):
    """Module form of :func:`kl_div`.

    Args:
        reduction: ``"batchmean"`` for the divergence; also ``"mean"``, ``"sum"`` and ``"none"``.
        log_target: whether the target is the logarithm of the probability.

    Example:
        >>> KLDivLoss(reduction="batchmean")(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[0.0, 1.0]]))
        tensor(0.6931)
    """

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__()
        self.reduction = reduction
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class DistillationLoss(nn.Module):
    """Module form of :func:`distillation_loss`.

    Args:
        temperature: how soft the chances are made; a tensor becomes a buffer, a ``Parameter`` is learned.
        weight: one factor per sample, held as a buffer.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> DistillationLoss(temperature=4.0)(torch.tensor([[2.0, 0.0]]), torch.tensor([[4.0, 0.0]]))
        tensor(0.4215)
    """

    weight: Tensor | None
    temperature: float | Tensor

    def __init__(
        self, *, temperature: float | Tensor = 2.0, weight: Tensor | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)
        hold(self, temperature=temperature)

    def forward(self, input: Tensor, teacher: Tensor) -> Tensor:
        return distillation_loss(
            input, teacher, temperature=self.temperature, weight=self.weight, reduction=self.reduction
        )
