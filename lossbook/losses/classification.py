"""Losses for kinds: one of two answers, or one class of several.

Each is a surprise, minus the logarithm of the chance that the model gave to what came true. On scores, its slope is
prediction − target.
"""

import torch
from torch import Tensor, nn

from lossbook.losses import checks, stable, surprise
from lossbook.losses.checks.classification import class_dim
from lossbook.losses.reduction import reduce
from lossbook.losses.stated import stated

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "NLLLoss",
    "binary_cross_entropy",
    "binary_cross_entropy_slope",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_slope",
    "cross_entropy",
    "cross_entropy_slope",
    "nll_loss",
    "nll_slope",
]

_TINY = 1e-12  # what torch keeps the denominators of these slopes away from 0 by


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    r"""Binary cross-entropy of a chance: minus its logarithm, of yes or of no, whichever came true.

    .. math:: \ell(x, y) = -y \log x - (1 - y) \log(1 - x)

    The logarithms are cut off at −100, so that a certain model that is wrong pays 100, and not infinity.

    Args:
        input: chances of yes, any shape, floating point, from 0 to 1.
        target: answers, from 0 (no) to 1 (yes), in the shape and dtype of ``input``.
        weight: one factor per element, of a shape that broadcasts to that of ``input``; a constant.
            ``mean`` still divides by the number of elements.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or the shape of ``input`` for ``reduction="none"``; in nats, in the dtype of ``input``.

    Raises:
        AttributeError: an argument is not a tensor.
        NotImplementedError: ``input`` and ``target`` are not dense and floating point.
        RuntimeError: a value is not from 0 to 1 (seen on a CPU); ``input`` and ``target`` differ in dtype;
            ``weight`` does not broadcast, is complex, or asks for a derivative.
        ValueError: an unknown reduction; ``input`` and ``target`` differ in size.

    Example:
        >>> binary_cross_entropy(torch.tensor([0.5, 0.25, 0.0]), torch.tensor([1.0, 0.0, 1.0]), reduction="none")
        tensor([  0.6931,   0.2877, 100.0000])

    Torch twin: :func:`torch.nn.functional.binary_cross_entropy`. Half precision is computed in float32 and rounded
    once. The slope is torch's :func:`binary_cross_entropy_slope`: it ends at 1e12, where the value is cut off and
    flat. By ``target`` it is infinite there.

    Source: Cox, D. R. (1958), The regression analysis of binary sequences.
    """
    reduction = checks.reduction_name(reduction)
    input, target, dtype = checks.classification.probabilities(input, target, weight)
    loss = (target - 1) * (-input).log1p().clamp(min=-100) - target * input.log().clamp(min=-100)
    loss = _pulled(loss, input, target)
    return reduce(loss if weight is None else loss * weight, reduction, dtype=dtype)


def binary_cross_entropy_slope(input: Tensor, target: Tensor) -> Tensor:
    r"""Slope of :func:`binary_cross_entropy` per element: prediction − target, and steep where the model is certain.

    .. math:: \frac{\partial \ell}{\partial x} = \frac{x - y}{\max(x (1 - x),\ 10^{-12})}

    Example:
        >>> binary_cross_entropy_slope(torch.tensor([0.5, 0.25, 0.0]), torch.tensor([1.0, 0.0, 1.0]))
        tensor([-2.0000e+00,  1.3333e+00, -1.0000e+12])
    """
    return _bent((input - target) / _spread(input), input, target)


def _spread(x: Tensor) -> Tensor:
    """The variance of an answer whose chance is ``x``, kept above 0."""
    return (x * (1 - x)).clamp(min=_TINY)


def _curvature(x: Tensor, y: Tensor) -> Tensor:
    """The slope of the slope, as torch keeps it from 0/0: not the derivative of the clamped slope."""
    return (x * x - 2 * x * y + y) / ((x + _TINY) * (1 - x + _TINY)).square()


_bent = stated(_curvature, lambda x, y: -1 / _spread(x))
_pulled = stated(binary_cross_entropy_slope, lambda x, y: -x.logit())


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""Binary cross-entropy of a score: :func:`binary_cross_entropy` of its sigmoid, without the way through chances.

    With :math:`\operatorname{softplus}(x) = \log(1 + e^x)` and :math:`p` for ``pos_weight``,

    .. math:: \ell(x, y) = (1 - y) \operatorname{softplus}(x) + p\,y \operatorname{softplus}(-x)

    At :math:`p = 1` it is :math:`\log(1 + e^x) - y\,x`.

    Args:
        input: scores for yes, any shape, floating point.
        target: answers, from 0 (no) to 1 (yes), in the shape of ``input``. Values outside are not refused.
        weight: one factor per element, of a shape that broadcasts to that of ``input``; a constant.
            ``mean`` still divides by the number of elements.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.
        pos_weight: how many times a yes counts, of a shape that broadcasts to that of ``input``; a constant.
            Shapes are matched from the last dimension: (C) for (N, C), but (C, 1, 1) for (N, C, H, W).

    Returns:
        A 0-d tensor, or the shape of ``input`` for ``reduction="none"``; in nats.
        Its dtype is that of ``target``, even where ``input`` is wider: torch does so.

    Raises:
        AttributeError: ``input`` or ``target`` is not a tensor.
        NotImplementedError: ``input`` is not dense and floating point.
        RuntimeError: ``target`` is not either (where nothing learns it may be complex, as in torch); a weight does
            not broadcast, is complex, or asks for a derivative; ``pos_weight`` is bool.
        TypeError: a weight is not a tensor.
        ValueError: an unknown reduction; ``input`` and ``target`` differ in size.

    Example:
        >>> binary_cross_entropy_with_logits(torch.tensor([0.0, -20.0]), torch.tensor([1.0, 0.0]), reduction="none")
        tensor([6.9315e-01, 2.0612e-09])

    Torch twin: :func:`torch.nn.functional.binary_cross_entropy_with_logits`. Half precision is computed in float32 and
    rounded once. A score of :math:`-\infty` gives nan, as there, whatever the answer.

    Source: Cox, D. R. (1958), The regression analysis of binary sequences.
    """
    reduction = checks.reduction_name(reduction)
    input, target, dtype = checks.classification.scores(input, target, weight, pos_weight)
    if_no, if_yes = stable.softplus_pair(input)
    loss = (1 - target) * if_no + (target if pos_weight is None else pos_weight * target) * if_yes
    loss = loss + 0 * input.detach().clamp(max=0)  # nan at -inf, as torch's formula has it: it computes (1 - y) x
    return reduce(loss if weight is None else loss * weight, reduction, dtype=dtype)


def binary_cross_entropy_with_logits_slope(
    input: Tensor, target: Tensor, *, pos_weight: Tensor | None = None
) -> Tensor:
    r"""Slope of :func:`binary_cross_entropy_with_logits` per element: prediction − target.

    .. math:: \frac{\partial \ell}{\partial x} = \sigma(x) - y

    With ``pos_weight`` :math:`p` it is :math:`(1 - y + p\,y)\,\sigma(x) - p\,y`.

    Example:
        >>> binary_cross_entropy_with_logits_slope(torch.tensor([0.0, 2.0]), torch.tensor([1.0, 0.0]))
        tensor([-0.5000,  0.8808])
    """
    if pos_weight is None:
        return input.sigmoid() - target
    return (1 - target + pos_weight * target) * input.sigmoid() - pos_weight * target


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    r"""Negative log-likelihood: how little of its belief the model left to the class that came true.

    .. math:: \ell(x, y) = -w_y\,x_y

    Args:
        input: log-probabilities, (C), (N, C) or (N, C, …), floating point.
        target: the index of the true class, int64: (), (N) or (N, …). Up to two dimensions of ``input``, also uint8.
        weight: one factor per class, (C), in the dtype of ``input``; a constant. ``mean`` divides by the sum of the
            weights of the targets that are not ignored.
        ignore_index: targets with this value cost nothing and count nothing.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or the shape of ``target`` for ``reduction="none"``; in nats, in the dtype of ``input``.
        The mean is nan where every target is ignored.

    Raises:
        IndexError: a target is no class and not ignored (seen on a CPU).
        NotImplementedError: ``input`` is not dense and floating point.
        RuntimeError: ``target`` or ``weight`` is of another shape or dtype; ``weight`` asks for a derivative.
        TypeError: an argument is not a tensor; ``ignore_index`` is no whole number.
        ValueError: an unknown reduction; ``input`` and ``target`` differ in their number of samples.

    Example:
        >>> nll_loss(torch.tensor([[0.9, 0.1], [0.5, 0.5]]).log(), torch.tensor([0, 1]), reduction="none")
        tensor([0.1054, 0.6931])

    Torch twin: :func:`torch.nn.functional.nll_loss`. Half precision is computed in float32 and rounded once.

    Source: Bridle, J. S. (1990), Probabilistic interpretation of feedforward classification network outputs.
    """
    reduction = checks.reduction_name(reduction)
    ignore_index = checks.whole_number("ignore_index", ignore_index)
    input, target, weight = checks.classification.class_scores(input, target, weight)
    target, weight = checks.classification.class_index(input.shape, input.dtype, target, weight, ignore_index)
    checks.classification.real("input", input)
    log_p, dtype = checks.wide(input), input.dtype
    losses, factors = surprise.of_index(log_p, target, weight, ignore_index)
    return reduce(losses, reduction, dtype=dtype, divisor=factors.sum())


def nll_slope(input: Tensor, target: Tensor, weight: Tensor | None = None, *, ignore_index: int = -100) -> Tensor:
    r"""Slope of :func:`nll_loss` per element: a constant pull upwards on the true class, and none on the others.

    .. math:: \frac{\partial \ell}{\partial x_c} = -w_c\,[c = y]

    Example:
        >>> nll_slope(torch.tensor([[-0.1, -2.4]]), torch.tensor([0]))
        tensor([[-1., -0.]])
    """
    return -_aims(input, target, weight, ignore_index)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    r"""Cross-entropy: :func:`nll_loss` of the log-softmax of scores.

    With the chances :math:`p = \operatorname{softmax}(x)`, weights :math:`w` and the target as a distribution
    :math:`q`, smoothed by :math:`\varepsilon`,

    .. math:: \ell(x, q) = -\sum_{c} w_c \bigl((1 - \varepsilon)\,q_c + \varepsilon / C\bigr) \log p_c

    An index :math:`y` stands for :math:`q_c = [c = y]`; without smoothing and weights this is
    :math:`\log \sum_c e^{x_c} - x_y`.

    Args:
        input: scores, (C), (N, C) or (N, C, …), floating point.
        target: the index of the true class, int64: (), (N) or (N, …), for up to two dimensions of ``input`` also uint8.
            Or a probability per class, floating point, in the shape of ``input``: a shape that is equal decides.
        weight: one factor per class, (C). With indices a constant in the dtype of ``input``, and ``mean`` divides by
            the sum of the weights of the targets that are not ignored; with probabilities by the number of samples.
        ignore_index: targets with this value cost nothing and count nothing. Only with indices.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.
        label_smoothing: the share of the target that is spread over all classes, 0 to 1. Below 0 counts as 0.

    Returns:
        A 0-d tensor, or the shape of ``input`` without its classes for ``reduction="none"``; in nats.
        The mean is nan where every target is ignored.

    Raises:
        IndexError: a target is no class and not ignored (seen on a CPU); ``input`` has no dimension.
        NotImplementedError: ``input`` is not dense and floating point.
        RuntimeError: ``target`` or ``weight`` is of another shape or dtype; ``weight`` asks for a derivative, with
            indices; ``ignore_index`` is 0 or more, with probabilities; ``label_smoothing`` is above 1.
        TypeError: an argument is not a tensor; ``ignore_index`` or ``label_smoothing`` is no number.
        ValueError: an unknown reduction; ``input`` and ``target`` differ in their number of samples.

    Example:
        >>> cross_entropy(torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 1]), reduction="none")
        tensor([0.1269, 0.6931])

    Torch twin: :func:`torch.nn.functional.cross_entropy`. Half precision is computed in float32 and rounded once.
    A probability of 0 for a class whose score is :math:`-\infty` gives nan, as there.

    Source: Bridle, J. S. (1990), Probabilistic interpretation of feedforward classification network outputs.
    """
    reduction = checks.reduction_name(reduction)
    share = checks.classification.smoothing(label_smoothing)
    ignore_index = checks.whole_number("ignore_index", ignore_index)
    input, target, weight = checks.classification.class_scores(input, target, weight)
    target, weight, dtype = checks.classification.class_targets(
        input.shape, input.dtype, target, weight, ignore_index, smooth=share > 0
    )
    checks.classification.real("input", input)
    x = checks.wide(input)
    log_p = stable.log_softmax(x, class_dim(x.shape))
    if target.shape == x.shape:
        return reduce(surprise.of_chances(log_p, target, weight, share), reduction, dtype=dtype)
    losses, factors = surprise.of_index(log_p, target, weight, ignore_index, share)
    return reduce(losses, reduction, dtype=dtype, divisor=factors.sum())


def cross_entropy_slope(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Tensor:
    r"""Slope of :func:`cross_entropy` per element: prediction − target.

    .. math:: \frac{\partial \ell}{\partial x_c} = \operatorname{softmax}(x)_c - q_c

    With weights and smoothing, :math:`a_c = w_c\,((1 - \varepsilon)\,q_c + \varepsilon / C)` stands for :math:`q_c`,
    and the prediction is scaled to the sum of :math:`a`.

    Example:
        >>> cross_entropy_slope(torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 1]))
        tensor([[-0.1192,  0.1192],
                [ 0.5000, -0.5000]])
    """
    dim = class_dim(input.shape)
    aims = _aims(input, target, weight, ignore_index, checks.classification.smoothing(label_smoothing))
    return stable.softmax(input, dim) * aims.sum(dim, keepdim=True) - aims


def _aims(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, label_smoothing: float = 0.0
) -> Tensor:
    """The target as a distribution in the shape of ``input``, smoothed and weighted; 0 where it is ignored."""
    dim, aims = class_dim(input.shape), target
    if target.shape != input.shape:
        kept = (target != ignore_index).unsqueeze(dim)
        aims = torch.zeros_like(input).scatter(dim, torch.where(kept, target.unsqueeze(dim), 0), 1.0)
    aims = surprise.smoothed(aims, label_smoothing)
    if weight is not None:
        aims = aims * surprise.along_classes(weight, input)
    return aims if target.shape == input.shape else torch.where(kept, aims, 0.0)


class BCELoss(nn.Module):
    """Module form of :func:`binary_cross_entropy`.

    Args:
        weight: one factor per element, of a shape that broadcasts to that of the input; a buffer.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> BCELoss()(torch.tensor([0.5, 0.25]), torch.tensor([1.0, 0.0]))
        tensor(0.4904)
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(nn.Module):
    """Module form of :func:`binary_cross_entropy_with_logits`.

    Args:
        weight: one factor per element, of a shape that broadcasts to that of the input; a buffer.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.
        pos_weight: how many times a yes counts, of a shape that broadcasts to that of the input; a buffer.

    Example:
        >>> BCEWithLogitsLoss()(torch.tensor([0.0, 2.0]), torch.tensor([1.0, 0.0]))
        tensor(1.4100)
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self, weight: Tensor | None = None, *, reduction: str = "mean", pos_weight: Tensor | None = None
    ) -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class NLLLoss(nn.Module):
    """Module form of :func:`nll_loss`.

    Args:
        weight: one factor per class, (C); a buffer.
        ignore_index: targets with this value cost nothing and count nothing.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> NLLLoss()(torch.tensor([[0.9, 0.1], [0.5, 0.5]]).log(), torch.tensor([0, 1]))
        tensor(0.3993)
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class CrossEntropyLoss(nn.Module):
    """Module form of :func:`cross_entropy`.

    Args:
        weight: one factor per class, (C); a buffer.
        ignore_index: targets with this value cost nothing and count nothing.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.
        label_smoothing: the share of the target that is spread over all classes, 0 to 1.

    Example:
        >>> CrossEntropyLoss()(torch.tensor([[2.0, 0.0], [0.0, 0.0]]), torch.tensor([0, 1]))
        tensor(0.4100)
    """

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )
