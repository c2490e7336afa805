"""Losses that are the negative logarithm of a likelihood: how surprising the target is, if the prediction holds.

Each belongs to one distribution: counts to that of Poisson, measurements to that of Gauss.
"""

import math

import torch
from torch import Tensor, nn

from lossbook.losses import checks
from lossbook.losses.reduction import reduce

__all__ = [
    "GaussianNLLLoss",
    "PoissonNLLLoss",
    "gaussian_nll_loss",
    "gaussian_nll_slope",
    "gaussian_nll_var_slope",
    "poisson_nll_loss",
    "poisson_nll_slope",
]


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    r"""Poisson likelihood: how surprising a count is, if things happen at the predicted rate.

    With the rate :math:`\lambda`, and its logarithm :math:`x` as input,

    .. math:: \ell(x, y) = e^{x} - y\,x \; [\, + \log y! \,]

    or, with ``log_input=False``, the rate itself as input,

    .. math:: \ell(\lambda, y) = \lambda - y \log(\lambda + \varepsilon) \; [\, + \log y! \,]

    Args:
        input: logarithms of rates, any shape; rates, 0 or more, with ``log_input=False``.
        target: counts, 0 or more, in the shape of ``input``. Another shape is broadcast, without a warning.
        log_input: whether ``input`` is the logarithm of the rate.
        full: whether to add :math:`\log y!`, by Stirling's approximation: it moves the loss, not the prediction.
        eps: what is added to a rate before its logarithm is taken; no part of the loss if ``log_input=True``.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or the shape of the elements for ``reduction="none"``. Without ``full`` it can be negative.

    Raises:
        NotImplementedError: a complex ``target`` with ``full``.
        RuntimeError: the shapes do not broadcast; bool tensors, where they are subtracted.
        TypeError: ``input`` or ``target`` is not a tensor, ``log_input`` or ``full`` no bool, ``eps`` no number.
        ValueError: an unknown reduction.

    Example:
        >>> poisson_nll_loss(torch.tensor([0.0, 1.0]), torch.tensor([2.0, 2.0]), reduction="none")
        tensor([1.0000, 0.7183])

    Torch twin: :func:`torch.nn.functional.poisson_nll_loss`. Half precision is computed in float32 and rounded once.
    As in torch, what ``full`` adds is 0 up to a count of 1 and too small by at most 0.042 above, and its slope by
    ``target`` is nan where ``target`` is 0 or less.

    Source: McCullagh, P. and Nelder, J. A. (1989), Generalized Linear Models, chapter 6.
    """
    checks.current_reduction(reduction)
    checks.flag("log_input", log_input)
    checks.flag("full", full)
    eps = checks.real_number("eps", eps)
    input, target, dtype = checks.likelihood.rate_and_count(input, target, log_input, full)
    rate, log_rate = (input.exp(), input) if log_input else (input, (input + eps).log())
    loss = rate - target * log_rate
    if full:
        loss = loss + log_factorial(target)
    return reduce(loss, reduction, dtype=dtype)


def poisson_nll_slope(
    input: Tensor, target: Tensor, *, log_input: bool = True, full: bool = False, eps: float = 1e-8
) -> Tensor:
    r"""Slope of :func:`poisson_nll_loss` per element: on the logarithm of the rate, rate minus count.

    .. math::
        \frac{\partial \ell}{\partial x} = e^{x} - y \qquad
        \frac{\partial \ell}{\partial \lambda} = 1 - \frac{y}{\lambda + \varepsilon}

    ``full`` changes nothing: what it adds does not depend on the prediction.

    Example:
        >>> poisson_nll_slope(torch.tensor([0.0, 0.0]), torch.tensor([0.0, 3.0]))
        tensor([ 1., -2.])
    """
    return input.exp() - target if log_input else 1 - target / (input + eps)


def log_factorial(count: Tensor) -> Tensor:
    r"""Stirling's approximation of the logarithm of a factorial, as torch has it: 0 for a count of 1 or less.

    .. math:: \log y! \approx y \log y - y + \tfrac{1}{2} \log(2 \pi y)
    """
    stirling = count * count.log() - count + (2 * math.pi * count).log() / 2
    return stirling.masked_fill(count <= 1, 0)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor | float,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    r"""Gaussian likelihood: how surprising an amount is, given the prediction and the variance that it claims.

    .. math::
        \ell(x, y, \sigma^2) = \tfrac{1}{2} \Bigl( \log v + \frac{(x - y)^2}{v} \Bigr) \;
        [\, + \tfrac{1}{2} \log 2\pi \,], \qquad v = \max(\sigma^2, \varepsilon)

    Args:
        input: predictions, any shape, floating point.
        target: the shape of ``input``, in its units, or a number. Another shape is broadcast, without a warning.
        var: the variances that the model claims, 0 or more, in squared units of the target. Of the shape of
            ``input``: one each; of that without its last dimension, or with one dimension of size 1: one for all
            along it; or a float: one for all. The first of these that fits is taken.
        full: whether to add the constant, half the logarithm of :math:`2 \pi`.
        eps: the least variance that the loss believes, in squared units of the target.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or the shape of the elements for ``reduction="none"``. It is negative for a small variance.

    Raises:
        AttributeError: ``input`` is not a tensor (TypeError if ``var`` is a float).
        NotImplementedError: ``var`` is complex.
        RuntimeError: the shapes do not broadcast; bool tensors; an ``eps`` that cannot bound ``var``.
        TypeError: ``target``, ``var`` or ``eps`` is neither tensor nor number, or ``reduction`` no string.
        ValueError: ``var`` is negative (looked for on a CPU only) or of a size that does not fit; an unknown reduction.

    Example:
        >>> input, target = torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0])
        >>> gaussian_nll_loss(input, target, torch.tensor([1.0, 9.0]), reduction="none")
        tensor([0.5000, 1.5986])

    Torch twin: :func:`torch.nn.functional.gaussian_nll_loss`. Half precision is computed in float32 and rounded once.
    As in torch, a variance below ``eps`` has the slope that it would have at ``eps``, so that it can still grow; in
    forward mode it has none. torch's looks for a negative variance on every device, so that it makes a GPU wait, and
    raises under ``vmap``; this one works there.

    Source: Nix, D. A. and Weigend, A. S. (1994), Estimating the mean and variance of the target probability
    distribution, doi:10.1109/ICNN.1994.374138.
    """
    var = checks.likelihood.variance(var, input)
    checks.current_reduction(reduction)
    input, target, var, dtype = checks.likelihood.measurement(input, target, var)
    var = at_least(eps, var)
    loss = (var.log() + (input - target) ** 2 / var) / 2
    if full:
        loss = loss + math.log(2 * math.pi) / 2
    return reduce(loss, reduction, dtype=dtype)


def gaussian_nll_slope(
    input: Tensor, target: Tensor, var: Tensor | float, *, full: bool = False, eps: float = 1e-6
) -> Tensor:
    r"""Slope of :func:`gaussian_nll_loss` per element: the error, the weaker the larger the claimed variance.

    .. math:: \frac{\partial \ell}{\partial x} = \frac{x - y}{v}

    ``full`` changes nothing: it adds a constant.

    Example:
        >>> gaussian_nll_slope(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]), torch.tensor([1.0, 9.0]))
        tensor([-1.0000,  0.3333])
    """
    return (input - target) / at_least(eps, checks.likelihood.variance(var, input))


def gaussian_nll_var_slope(
    input: Tensor, target: Tensor, var: Tensor | float, *, full: bool = False, eps: float = 1e-6
) -> Tensor:
    r"""Slope of :func:`gaussian_nll_loss` by the variance, per element: towards the squared error.

    .. math:: \frac{\partial \ell}{\partial v} = \frac{v - (x - y)^2}{2 v^2}

    ``full`` changes nothing: it adds a constant.

    Example:
        >>> gaussian_nll_var_slope(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]), torch.tensor([1.0, 9.0]))
        tensor([0., 0.])
    """
    var = at_least(eps, checks.likelihood.variance(var, input))
    return (1 - (input - target) ** 2 / var) / (2 * var)


def at_least(eps: float, var: Tensor) -> Tensor:
    """The variance, raised to ``eps`` where it is below, out of sight of autograd: the slope stays that of ``var``."""
    var = var.clone()
    try:
        with torch.no_grad():
            return var.clamp_min_(eps)  # clamp_ does the same, but warns under vmap
    except (RuntimeError, TypeError) as error:
        kind = RuntimeError if eps is None or isinstance(eps, complex) else type(error)
        raise kind(f"eps={eps!r} cannot bound var of {var.dtype}: give a number, and var.float()") from error


class PoissonNLLLoss(nn.Module):
    """Module form of :func:`poisson_nll_loss`.

    Args:
        log_input: whether the input is the logarithm of the rate.
        full: whether to add the logarithm of the factorial of the count.
        eps: what is added to a rate before its logarithm is taken.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> PoissonNLLLoss()(torch.tensor([0.0, 1.0]), torch.tensor([2.0, 2.0]))
        tensor(0.8591)
    """

    def __init__(
        self, log_input: bool = True, full: bool = False, *, eps: float = 1e-8, reduction: str = "mean"
    ) -> None:
        super().__init__()
        self.log_input = log_input
        self.full = full
        self.eps = eps
        self.reduction = reduction

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return poisson_nll_loss(log_input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction)


class GaussianNLLLoss(nn.Module):
    """Module form of :func:`gaussian_nll_loss`.

    Args:
        full: whether to add the constant, half the logarithm of twice pi.
        eps: the least variance that the loss believes, in squared units of the target.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> GaussianNLLLoss()(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 2.0]), torch.tensor([1.0, 9.0]))
        tensor(1.0493)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__()
        self.full = full
        self.eps = eps
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)
