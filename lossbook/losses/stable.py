r"""Log-sum-exp and its family, from scratch: where infinity is handled.

Each function is exact where the naive formula overflows, underflows or meets :math:`0 \cdot \infty`, and
autograd through it gives the right derivative, of first and second order, at zero and at infinity too.
"""

import torch
from torch import Tensor

__all__ = ["log_sigmoid", "log_softmax", "logsumexp", "softmax", "softplus", "softplus_pair", "xlogy"]


def logsumexp(x: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    r"""Log of a sum of exponentials, without overflow.

    .. math:: \log \sum_i e^{x_i} = m + \log \sum_i e^{x_i - m}, \qquad m = \max_i x_i

    Args:
        x: floating-point tensor.
        dim: the dimension to sum over.
        keepdim: whether that dimension stays, with size 1.

    Returns:
        A tensor without ``dim``. All :math:`-\infty` gives :math:`-\infty`, with gradient 0.

    Example:
        >>> logsumexp(torch.tensor([1000.0, 1000.0]), dim=0)
        tensor(1000.6932)
    """
    shift = _finite_maximum(x, dim)
    total = (x - shift).exp().sum(dim, keepdim=True)
    # A total of 0 (every x is -inf) must not reach the logarithm: its slope is infinite there, and 0 * inf is nan.
    result = torch.where(total == 0, -torch.inf, torch.where(total == 0, 1.0, total).log()) + shift
    return result if keepdim else result.squeeze(dim)


def log_softmax(x: Tensor, dim: int) -> Tensor:
    r"""Log of the softmax, without dividing by a sum that may overflow.

    .. math:: \log \operatorname{softmax}(x)_i = (x_i - m) - \log \sum_j e^{x_j - m}, \qquad m = \max_j x_j

    Args:
        x: logits, floating point.
        dim: the dimension of the classes.

    Returns:
        A tensor like ``x``: log-probabilities, never above 0. Of nothing, nothing.

    Example:
        >>> log_softmax(torch.tensor([1000.0, 0.0]), dim=0)
        tensor([    0., -1000.])
    """
    if x.shape[dim] == 0:
        return x
    shifted = x - x.amax(dim, keepdim=True).detach()
    return shifted - shifted.exp().sum(dim, keepdim=True).log()


def softmax(x: Tensor, dim: int) -> Tensor:
    r"""Scores turned into chances, without overflow.

    .. math:: \operatorname{softmax}(x)_i = \frac{e^{x_i - m}}{\sum_j e^{x_j - m}}, \qquad m = \max_j x_j

    Args:
        x: logits, floating point.
        dim: the dimension of the classes.

    Returns:
        A tensor like ``x``, from 0 to 1, that adds up to 1 along ``dim``.

    Example:
        >>> softmax(torch.tensor([1000.0, 1000.0]), dim=0)
        tensor([0.5000, 0.5000])
    """
    powers = (x - x.amax(dim, keepdim=True).detach()).exp()
    return powers / powers.sum(dim, keepdim=True)


def softplus(x: Tensor) -> Tensor:
    r"""Softplus: a smooth maximum of ``x`` and 0; its slope is the sigmoid.

    .. math:: \operatorname{softplus}(x) = \log(1 + e^x) = \max(x, 0) + \log(1 + e^{-|x|})

    Args:
        x: floating-point tensor.

    Returns:
        A tensor like ``x``, above 0.

    Example:
        >>> softplus(torch.tensor([-20.0, 0.0, 20.0]))
        tensor([2.0612e-09, 6.9315e-01, 2.0000e+01])
    """
    above, _, rest = _softplus_parts(x)
    return above + rest


def softplus_pair(x: Tensor) -> tuple[Tensor, Tensor]:
    r"""Softplus of ``x`` and of ``-x``, neither as a difference: minus the logarithms of the chances of no and of yes.

    .. math:: -\log(1 - \sigma(x)) = \operatorname{softplus}(x), \qquad -\log \sigma(x) = \operatorname{softplus}(-x)

    Args:
        x: a score for yes, floating point.

    Returns:
        Two tensors like ``x``, above 0.

    Example:
        >>> softplus_pair(torch.tensor([-20.0, 0.0]))
        (tensor([2.0612e-09, 6.9315e-01]), tensor([20.0000,  0.6931]))
    """
    above, below, rest = _softplus_parts(x)
    return above + rest, rest - below


def _softplus_parts(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """``x`` where it is above 0, ``x`` where it is below, else 0; and log(1 + exp(-|x|)).

    At 0 the slope of the first is 0 and of the second 1, that of -|x| is 1: then both softplus have their slope of 1/2.
    """
    above, below = x.relu(), x.clamp(max=0)
    return above, below, (below - above).exp().log1p()


def log_sigmoid(x: Tensor) -> Tensor:
    r"""Log of the sigmoid.

    .. math:: \log \sigma(x) = -\log(1 + e^{-x}) = -\operatorname{softplus}(-x)

    Args:
        x: logits, floating point.

    Returns:
        A tensor like ``x``: log-probabilities, never above 0.

    Example:
        >>> log_sigmoid(torch.tensor([-1000.0, 0.0, 1000.0]))
        tensor([-1.0000e+03, -6.9315e-01, -0.0000e+00])
    """
    return -softplus(-x)


def xlogy(x: Tensor, y: Tensor) -> Tensor:
    r"""``x * log(y)``, and 0 where ``x`` is 0, whatever ``y`` is (except nan).

    .. math:: x \log y, \qquad 0 \log 0 := 0

    Args:
        x: floating-point tensor.
        y: floating-point tensor that broadcasts with ``x``.

    Returns:
        A tensor of the broadcast shape.

    Example:
        >>> xlogy(torch.tensor([0.0, 2.0]), torch.tensor([0.0, 1.0]))
        tensor([0., 0.])
    """
    # The inner `where` matters as much as the outer one would: it keeps 0 * inf out of the backward pass too.
    absent = (x == 0) & ((y <= 0) | y.isinf())
    return x * torch.where(absent, 1.0, y).log()


def _finite_maximum(x: Tensor, dim: int) -> Tensor:
    """The maximum along ``dim``, kept; 0 where it is infinite, since inf - inf is nan. A constant to autograd."""
    maximum = x.detach().amax(dim, keepdim=True)
    return torch.where(maximum.isfinite(), maximum, 0.0)
