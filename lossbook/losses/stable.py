r"""Log-sum-exp and its family, from scratch: where infinity is handled.

Each function is exact where the naive formula overflows, underflows or meets :math:`0 \cdot \infty`, and
autograd through it gives the right derivative, of first and second order, at zero and at infinity too.
"""

import torch
from torch import Tensor

__all__ = ["log_sigmoid", "log_softmax", "logsumexp", "softplus", "xlogy"]


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
        A tensor like ``x``: log-probabilities, never above 0.

    Example:
        >>> log_softmax(torch.tensor([1000.0, 0.0]), dim=0)
        tensor([    0., -1000.])
    """
    shifted = x - x.amax(dim, keepdim=True).detach()
    return shifted - shifted.exp().sum(dim, keepdim=True).log()


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
    # -|x| written so that its slope at 0 is 1, not 0: then the slope of softplus is 1/2 there, as it must be.
    minus_abs = torch.where(x > 0, -x, x)
    return torch.where(x > 0, x, 0.0) + minus_abs.exp().log1p()


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
