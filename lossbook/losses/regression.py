"""Losses for amounts: a prediction and a target that are real numbers.

Each is a function of the error, ``input - target``. In each, the slope is a pull on the prediction.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lossbook.losses import checks
from lossbook.losses.options import hold
from lossbook.losses.reduction import reduce
from lossbook.losses.stable import softplus

__all__ = [
    "AsymmetricCostLoss",
    "HuberLoss",
    "L1Loss",
    "LogCoshLoss",
    "MSELoss",
    "QuantileLoss",
    "SmoothL1Loss",
    "asymmetric_cost_loss",
    "asymmetric_cost_slope",
    "huber_loss",
    "huber_slope",
    "l1_loss",
    "l1_slope",
    "log_cosh_loss",
    "log_cosh_slope",
    "mse_loss",
    "mse_slope",
    "quantile_loss",
    "quantile_slope",
    "smooth_l1_loss",
    "smooth_l1_slope",
]


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    r"""Absolute error: every error counts by its size.

    .. math:: \ell(x, y) = |x - y|

    Args:
        input: predictions, any shape; real or complex, integers too unless ``reduction="mean"``.
        target: the shape of ``input``, in its units. Another shape is broadcast, with a warning.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.
        weight: one factor per element, the shape of ``input``; ``mean`` then divides by its sum.

    Returns:
        A 0-d tensor, or the shape of the elements for ``reduction="none"``, in the units of the target.

    Raises:
        AttributeError: an argument is not a tensor.
        RuntimeError: the shapes do not broadcast; bool tensors; the mean of integers.
        ValueError: an unknown reduction; a weight of another size than ``input``.

    Example:
        >>> l1_loss(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]))
        tensor(2.)

    Torch twin: :func:`torch.nn.functional.l1_loss`. Half precision is computed in float32 and rounded once.

    Source: Laplace, P. S. (1774), Mémoire sur la probabilité des causes par les événements.
    """
    input, target, dtype = checks.broadcast_pair(
        input, target, weight, follows_autocast=weight is None, takes_bool=False
    )
    return reduce((input - target).abs(), reduction, weight, dtype)


def l1_slope(input: Tensor, target: Tensor) -> Tensor:
    r"""Slope of :func:`l1_loss` per element, for real tensors: a pull of constant size, 0 at the kink.

    .. math:: \frac{\partial \ell}{\partial x} = \operatorname{sign}(x - y)

    Example:
        >>> l1_slope(torch.tensor([-3.0, 0.0, 0.1]), torch.zeros(3))
        tensor([-1.,  0.,  1.])
    """
    return (input - target).sign()


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    r"""Squared error: large errors count more than in proportion.

    .. math:: \ell(x, y) = (x - y)^2

    Args:
        input: predictions, any shape, floating point.
        target: the shape of ``input``, in its units. Another shape is broadcast, with a warning.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.
        weight: one factor per element, the shape of ``input``; ``mean`` then divides by its sum.

    Returns:
        A 0-d tensor, or the shape of the elements for ``reduction="none"``, in squared units of the target.

    Raises:
        AttributeError: an argument is not a tensor.
        NotImplementedError: neither ``input`` nor ``target`` is floating point, or one is complex (no ``weight``).
        RuntimeError: the shapes do not broadcast.
        ValueError: an unknown reduction; a weight of another size than ``input``.

    Example:
        >>> mse_loss(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]))
        tensor(5.)

    Torch twin: :func:`torch.nn.functional.mse_loss`. Half precision is computed in float32 and rounded once.

    Source: Legendre, A.-M. (1805), Nouvelles méthodes pour la détermination des orbites des comètes.
    """
    input, target, dtype = checks.broadcast_pair(
        input, target, weight, follows_autocast=weight is None, takes_bool=weight is None
    )
    if weight is None:
        checks.floating("mse_loss", input, target)
    error = input - target
    return reduce(error * error, reduction, weight, dtype)


def mse_slope(input: Tensor, target: Tensor) -> Tensor:
    r"""Slope of :func:`mse_loss` per element: a pull that grows with the error, without end.

    .. math:: \frac{\partial \ell}{\partial x} = 2 (x - y)

    Example:
        >>> mse_slope(torch.tensor([-3.0, 0.0, 0.5]), torch.zeros(3))
        tensor([-6.,  0.,  1.])
    """
    return 2 * (input - target)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    r"""Huber loss: half the squared error near the target, a straight line beyond ``delta``.

    With the error :math:`e = x - y` and the clipped error :math:`c = \min(\max(e, -\delta), \delta)`,

    .. math::

        \ell(x, y) = c\,\bigl(e - \tfrac{1}{2} c\bigr) = \begin{cases}
            \tfrac{1}{2} e^2 & |e| \le \delta \\
            \delta \bigl(|e| - \tfrac{1}{2} \delta\bigr) & |e| > \delta
        \end{cases}

    Args:
        input: predictions, any shape, floating point.
        target: the shape of ``input``, in its units. Another shape is broadcast, with a warning.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.
        delta: where the square turns into a line, in units of the target; above 0.
        weight: one factor per element, the shape of ``input``. Unlike in :func:`mse_loss`, ``mean`` still
            divides by the number of elements: torch does so.

    Returns:
        A 0-d tensor, or the shape of the elements for ``reduction="none"``, in squared units of the target.
        Its dtype is that of ``input``, even where ``target`` is wider: torch does so.

    Raises:
        AttributeError: ``input``, ``target`` or ``weight`` is not a tensor.
        NotImplementedError: neither ``input`` nor ``target`` is floating point, or ``input`` is complex.
        RuntimeError: the shapes do not broadcast; ``delta`` is not above 0; ``input`` is of integers, ``target`` not.
        TypeError: ``delta`` is not a real number.
        ValueError: an unknown reduction; a weight of another size than ``input``.

    Example:
        >>> huber_loss(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]), reduction="none")
        tensor([0.5000, 2.5000])

    Torch twin: :func:`torch.nn.functional.huber_loss`. Half precision is computed in float32 and rounded once.
    Where ``input`` and ``target`` differ in dtype, torch's backward pass raises; this one works.

    Source: Huber, P. J. (1964), Robust estimation of a location parameter, doi:10.1214/aoms/1177703732.
    """
    input, target, dtype = checks.broadcast_pair(input, target, weight, keeps_input_dtype=True)
    checks.floating("huber_loss", input, target)
    delta = checks.number("delta", delta)
    reduction = checks.reduction_name(reduction, weighted=weight is not None)
    error = input - target
    clipped = clip(error, delta)
    loss = clipped * (error - clipped / 2)
    return reduce(loss if weight is None else loss * weight, reduction, dtype=dtype)


def huber_slope(input: Tensor, target: Tensor, *, delta: float = 1.0) -> Tensor:
    r"""Slope of :func:`huber_loss` per element: the error itself, clipped. A pull that grows, then stays.

    .. math:: \frac{\partial \ell}{\partial x} = \min(\max(x - y, -\delta), \delta)

    Example:
        >>> huber_slope(torch.tensor([-3.0, 0.0, 0.5]), torch.zeros(3), delta=1.0)
        tensor([-1.0000,  0.0000,  0.5000])
    """
    return clip(input - target, delta)


def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    r"""Smooth L1: the absolute error with its corner rounded off within ``beta``.

    With the error :math:`e = x - y` and the clipped error :math:`c = \min(\max(e, -\beta), \beta)`,

    .. math::

        \ell(x, y) = \frac{c}{\beta}\,\bigl(e - \tfrac{1}{2} c\bigr) = \begin{cases}
            \tfrac{1}{2} e^2 / \beta & |e| \le \beta \\
            |e| - \tfrac{1}{2} \beta & |e| > \beta
        \end{cases}

    It is :func:`huber_loss` with ``delta=beta``, divided by ``beta``. As ``beta`` goes to 0 it becomes
    :func:`l1_loss`, and ``beta=0`` is that loss.

    Args:
        input: predictions, any shape, floating point.
        target: the shape of ``input``, in its units. Another shape is broadcast, with a warning.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.
        beta: where the square turns into a line, in units of the target; 0 or more.

    Returns:
        A 0-d tensor, or the shape of the elements for ``reduction="none"``, in the units of the target.

    Raises:
        AttributeError: ``input`` or ``target`` is not a tensor.
        NotImplementedError: neither ``input`` nor ``target`` is floating point, or one is complex.
        RuntimeError: the shapes do not broadcast; ``beta`` is negative.
        TypeError: ``beta`` is not a real number.
        ValueError: an unknown reduction.

    Example:
        >>> smooth_l1_loss(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]), beta=2.0, reduction="none")
        tensor([0.2500, 2.0000])

    Torch twin: :func:`torch.nn.functional.smooth_l1_loss`. Half precision is computed in float32 and rounded once.

    Source: Girshick, R. (2015), Fast R-CNN, arXiv:1504.08083.
    """
    beta = checks.number("beta", beta, zero=True)
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    input, target, dtype = checks.broadcast_pair(input, target)
    checks.floating("smooth_l1_loss", input, target)
    error = input - target
    clipped = clip(error, beta)
    return reduce(clipped / beta * (error - clipped / 2), reduction, dtype=dtype)


def smooth_l1_slope(input: Tensor, target: Tensor, *, beta: float = 1.0) -> Tensor:
    r"""Slope of :func:`smooth_l1_loss` per element: a pull that grows up to 1, whatever ``beta`` is.

    .. math:: \frac{\partial \ell}{\partial x} = \min(\max((x - y) / \beta, -1), 1)

    Example:
        >>> smooth_l1_slope(torch.tensor([-3.0, 0.0, 0.5]), torch.zeros(3), beta=2.0)
        tensor([-1.0000,  0.0000,  0.2500])
    """
    return l1_slope(input, target) if beta == 0 else clip(input - target, beta) / beta


def clip(error: Tensor, limit: float) -> Tensor:
    """The error, cut off at plus and minus ``limit``.

    At the limit itself its slope is 0, where that of :meth:`torch.Tensor.clamp` is 1: then the second
    derivative of the losses built on it is torch's at the joint.
    """
    # A limit that the dtype cannot hold is infinite, as in torch; clamp would raise.
    limit = limit if limit <= torch.finfo(error.dtype).max else torch.inf
    return torch.where(error.abs() < limit, error, error.detach().clamp(-limit, limit))


def quantile_loss(
    input: Tensor,
    target: Tensor,
    *,
    q: float | Sequence[float] | Tensor = 0.5,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""Quantile loss: to predict too little costs ``q`` a unit, to predict too much ``1 - q``.

    .. math::

        \ell(x, y) = \max(q\,(y - x),\ (q - 1)(y - x)) = \begin{cases}
            q\,|y - x| & y > x \\
            (1 - q)\,|y - x| & y \le x
        \end{cases}

    Also called pinball loss. What it asks for is the quantile: an amount that a share ``q`` of the targets stays below.

    Args:
        input: predictions, any shape, floating point. For K quantiles one column more, (…, K).
        target: true amounts, real numbers, the shape of ``input``; for K quantiles its shape without the last
            dimension. Nothing is broadcast.
        q: the share of the targets that should lie below the prediction, between 0 and 1. For K quantiles a sequence or
            a tensor of K such numbers, one for each column of ``input``; also where K is 1.
        weight: one factor per target, in its shape. ``mean`` divides by their sum, counted once for each quantile.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``. ``mean`` divides by the number of elements of ``input``, so that
            K quantiles weigh as much as one.

    Returns:
        A 0-d tensor, or the shape of ``input`` for ``reduction="none"``, in units of the target, in the dtype of
        ``input``. The mean of nothing is nan.

    Raises:
        RuntimeError: ``input`` is not real floating point; ``target`` or ``weight`` is complex or bool.
        TypeError: an argument is not a tensor; ``q`` is no number and holds none; ``reduction`` is not a string.
        ValueError: a size does not fit; a level in ``q`` is not between 0 and 1 (a tensor's on a CPU alone); an unknown
            reduction.

    Example:
        >>> quantile_loss(torch.tensor([2.0, 2.0]), torch.tensor([1.0, 5.0]), q=0.9, reduction="none")
        tensor([0.1000, 2.7000])
        >>> low_and_high = torch.tensor([[1.0, 4.0], [3.0, 6.0]])
        >>> quantile_loss(low_and_high, torch.tensor([2.0, 7.0]), q=[0.1, 0.9])
        tensor(0.4000)

    Torch twin: none. With ``q=0.5`` it is half of :func:`torch.nn.functional.l1_loss`, and as there an exact prediction
    has the slope 0. The same number comes from ``mean_pinball_loss`` of scikit-learn, whose ``alpha`` is ``q``; for
    several quantiles, from the mean of its numbers. Nothing keeps the predicted quantiles in order. Half precision is
    computed in float32 and rounded once.

    Source: Koenker, R., Bassett, G. (1978), Regression quantiles, doi:10.2307/1913643.
    """
    checks.current_reduction(reduction)
    levels, columns = checks.regression.quantiles(q)
    x, y, weight, dtype = checks.regression.amounts(input, target, weight, columns=columns)
    error = y - x
    levels = _beside(levels, error)
    size = error.abs()
    loss = torch.where(error > 0, levels * size, (1 - levels) * size)
    return reduce(loss, reduction, weight, dtype=dtype)


def _beside(levels: float | Tensor, error: Tensor) -> Tensor:
    """The levels of quantiles as they meet the errors: in their dtype and on their device."""
    return levels.to(error) if isinstance(levels, Tensor) else error.new_full((), levels)


def quantile_slope(input: Tensor, target: Tensor, *, q: float | Sequence[float] | Tensor = 0.5) -> Tensor:
    r"""Slope of :func:`quantile_loss` per element: one constant pull up, another one down, 0 at the kink.

    .. math::

        \frac{\partial \ell}{\partial x} = \begin{cases}
            -q & x < y \\
            0 & x = y \\
            1 - q & x > y
        \end{cases}

    Over many targets the two are in balance where a share ``q`` of them lies below.

    Example:
        >>> quantile_slope(torch.tensor([2.0, 2.0, 2.0]), torch.tensor([1.0, 2.0, 5.0]), q=0.9)
        tensor([ 0.1000,  0.0000, -0.9000])
    """
    levels, columns = checks.regression.quantiles(q)
    levels, y = _beside(levels, input), target if columns is None else target.unsqueeze(-1)
    return torch.where(input > y, 1 - levels, torch.where(input < y, -levels, 0))


def log_cosh_loss(input: Tensor, target: Tensor, *, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    r"""Log-cosh: half the squared error near the target, the absolute error far from it, and smooth throughout.

    .. math:: \ell(x, y) = \log \cosh e = |e| + \operatorname{softplus}(-2\,|e|) - \log 2, \qquad e = x - y

    Near 0 it is :math:`e^2/2`, far from it :math:`|e| - \log 2`. It bends at about one unit: scale the targets so that
    a usual error is about 1.

    Args:
        input: predictions, any shape, floating point.
        target: true amounts, real numbers, the shape of ``input``. Nothing is broadcast.
        weight: one factor per element, the shape of ``input``. ``mean`` divides by their sum.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or the shape of ``input`` for ``reduction="none"``, in the dtype of ``input``. The mean of nothing
        is nan.

    Raises:
        RuntimeError: ``input`` is not real floating point; ``target`` or ``weight`` is complex or bool.
        TypeError: an argument is not a tensor; ``reduction`` is not a string.
        ValueError: ``target`` or ``weight`` is not of the shape of ``input``; an unknown reduction.

    Example:
        >>> log_cosh_loss(torch.tensor([0.1, 1.0, 1000.0]), torch.zeros(3), reduction="none")
        tensor([4.9917e-03, 4.3378e-01, 9.9931e+02])

    Torch twin: none; :func:`torch.nn.functional.smooth_l1_loss` and :func:`torch.nn.functional.huber_loss` are joined
    from a square and a line. The same number comes from ``log_cosh`` of optax and ``LogCosh`` of Keras. Below an error
    of 1 it is computed as :math:`\log(1 + 2 \sinh^2(e/2))`, which keeps the digits that the other form loses to
    :math:`\log 2`. Half precision is computed in float32 and rounded once.

    Source: Saleh, R. A., Saleh, A. K. M. E. (2022), Statistical properties of the log-cosh loss function used in
    machine learning, arXiv:2208.04564.
    """
    checks.current_reduction(reduction)
    x, y, weight, dtype = checks.regression.amounts(input, target, weight)
    error = x - y
    size, half = error.abs(), error.clamp(-1, 1) / 2
    far = size + softplus(-2 * size) - math.log(2)
    near = (2 * half.sinh().square()).log1p()
    return reduce(torch.where(size < 1, near, far), reduction, weight, dtype=dtype)


def log_cosh_slope(input: Tensor, target: Tensor) -> Tensor:
    r"""Slope of :func:`log_cosh_loss` per element: a pull that grows with the error, and softly ends at 1.

    .. math:: \frac{\partial \ell}{\partial x} = \tanh(x - y)

    Example:
        >>> log_cosh_slope(torch.tensor([-3.0, 0.0, 0.5]), torch.zeros(3))
        tensor([-0.9951,  0.0000,  0.4621])
    """
    return (input - target).tanh()


def asymmetric_cost_loss(
    input: Tensor,
    target: Tensor,
    *,
    over: float = 1.0,
    under: float = 1.0,
    power: int = 1,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""Asymmetric cost: a unit too much costs ``over``, a unit too little ``under``, each in its own currency.

    .. math:: \ell(x, y) = c_+ \max(e, 0)^p + c_- \max(-e, 0)^p, \qquad e = x - y

    with :math:`c_+` for ``over``, :math:`c_-` for ``under`` and :math:`p` for ``power``. With :math:`p = 1` its best
    constant is the quantile of the targets at :math:`c_- / (c_+ + c_-)`; with :math:`p = 2` it is their expectile.

    Args:
        input: predictions, any shape, floating point.
        target: true amounts, real numbers, the shape of ``input``. Nothing is broadcast.
        over: what it costs to predict a unit more than came true; 0 or more.
        under: what it costs to predict a unit less; 0 or more.
        power: 1, or 2 for costs that grow with the square of the error.
        weight: one factor per element, the shape of ``input``. ``mean`` divides by their sum.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or the shape of ``input`` for ``reduction="none"``, in the unit of the costs, in the dtype of
        ``input``. The mean of nothing is nan.

    Raises:
        RuntimeError: ``input`` is not real floating point; ``target`` or ``weight`` is complex or bool.
        TypeError: an argument is not a tensor; ``over`` or ``under`` is not a real number; ``reduction`` not a string.
        ValueError: ``target`` or ``weight`` is not of the shape of ``input``; a cost is negative; ``power`` is neither
            1 nor 2; an unknown reduction.

    Example:
        >>> arrival, deadline = torch.tensor([8.0, 13.0]), torch.tensor([10.0, 10.0])
        >>> asymmetric_cost_loss(arrival, deadline, over=10.0, under=1.0, reduction="none")
        tensor([ 2., 30.])

    Torch twin: none. With ``over=under=1`` it is :func:`torch.nn.functional.l1_loss`, with ``power=2`` besides
    :func:`torch.nn.functional.mse_loss`; with ``power=1`` it is ``over + under`` times :func:`quantile_loss` at
    ``q = under / (over + under)``. An exact prediction has the slope 0; with ``power=2`` its second slope is that of a
    little too little. Half precision is computed in float32 and rounded once.

    Source: Granger, C. W. J. (1969), Prediction with a generalized cost of error function.
    """
    checks.current_reduction(reduction)
    over, under = (checks.regression.cost(name, value) for name, value in (("over", over), ("under", under)))
    checks.margin.one_or_two("power", power)
    x, y, weight, dtype = checks.regression.amounts(input, target, weight)
    error = x - y
    size = error.abs() if power == 1 else error * error
    return reduce(torch.where(error > 0, over * size, under * size), reduction, weight, dtype=dtype)


def asymmetric_cost_slope(
    input: Tensor, target: Tensor, *, over: float = 1.0, under: float = 1.0, power: int = 1
) -> Tensor:
    r"""Slope of :func:`asymmetric_cost_loss` per element: the cost of the side that the prediction is on.

    .. math::

        \frac{\partial \ell}{\partial x} = \begin{cases}
            p\,c_+\,e^{p-1} & e > 0 \\
            0 & e = 0 \\
            -p\,c_-\,(-e)^{p-1} & e < 0
        \end{cases}

    Example:
        >>> asymmetric_cost_slope(torch.tensor([8.0, 13.0]), torch.tensor([10.0, 10.0]), over=10.0)
        tensor([-1., 10.])
    """
    error = input - target
    pull = error.sign() if power == 1 else 2 * error
    return torch.where(error > 0, over * pull, under * pull)


class L1Loss(nn.Module):
    """Module form of :func:`l1_loss`.

    Args:
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> L1Loss()(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]))
        tensor(2.)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return l1_loss(input, target, reduction=self.reduction)


class MSELoss(nn.Module):
    """Module form of :func:`mse_loss`.

    Args:
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> MSELoss()(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]))
        tensor(5.)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return mse_loss(input, target, reduction=self.reduction)


class HuberLoss(nn.Module):
    """Module form of :func:`huber_loss`.

    Args:
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.
        delta: where the square turns into a line, in units of the target.

    Raises:
        TypeError: ``delta`` is neither a float nor an int.

    Example:
        >>> HuberLoss(delta=1.0)(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]))
        tensor(1.5000)
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        checks.plain_number("delta", delta)
        super().__init__()
        self.reduction = reduction
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class SmoothL1Loss(nn.Module):
    """Module form of :func:`smooth_l1_loss`.

    Args:
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.
        beta: where the square turns into a line, in units of the target.

    Example:
        >>> SmoothL1Loss(beta=2.0)(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]))
        tensor(1.1250)
    """

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__()
        self.reduction = reduction
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class QuantileLoss(nn.Module):
    """Module form of :func:`quantile_loss`.

    Args:
        q: the share of the targets that should lie below the prediction, or K of them. A tensor becomes a buffer.
        weight: one factor per target, held as a buffer.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> QuantileLoss(q=0.9)(torch.tensor([2.0, 2.0]), torch.tensor([1.0, 5.0]))
        tensor(1.4000)
    """

    weight: Tensor | None
    q: float | Sequence[float] | Tensor

    def __init__(
        self,
        *,
        q: float | Sequence[float] | Tensor = 0.5,
        weight: Tensor | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)
        hold(self, q=q)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return quantile_loss(input, target, q=self.q, weight=self.weight, reduction=self.reduction)


class LogCoshLoss(nn.Module):
    """Module form of :func:`log_cosh_loss`.

    Args:
        weight: one factor per element, held as a buffer.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> LogCoshLoss()(torch.tensor([0.1, 1000.0]), torch.zeros(2))
        tensor(499.6559)
    """

    weight: Tensor | None

    def __init__(self, *, weight: Tensor | None = None, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return log_cosh_loss(input, target, weight=self.weight, reduction=self.reduction)


class AsymmetricCostLoss(nn.Module):
    """Module form of :func:`asymmetric_cost_loss`.

    Args:
        over: what it costs to predict a unit more than came true.
        under: what it costs to predict a unit less.
        power: 1, or 2 for costs that grow with the square of the error.
        weight: one factor per element, held as a buffer.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> AsymmetricCostLoss(over=10.0)(torch.tensor([8.0, 13.0]), torch.tensor([10.0, 10.0]))
        tensor(16.)
    """

    weight: Tensor | None

    def __init__(
        self,
        *,
        over: float = 1.0,
        under: float = 1.0,
        power: int = 1,
        weight: Tensor | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)
        self.over = over
        self.under = under
        self.power = power

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return asymmetric_cost_loss(
            input,
            target,
            over=self.over,
            under=self.under,
            power=self.power,
            weight=self.weight,
            reduction=self.reduction,
        )
