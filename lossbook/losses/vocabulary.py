"""Losses for a large vocabulary: one class of very many, whose scores are the cost.

One makes the scores a few rows at a time, so that they are never all in memory. The other reaches a rare class in two
steps, its group and then itself, so that few scores are made at all.
"""

import math
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lossbook.losses import checks, chunks, stable, surprise
from lossbook.losses.checks.classification import class_dim
from lossbook.losses.chunks import LinearCrossEntropyOptions
from lossbook.losses.reduction import reduce

__all__ = [
    "AdaptiveLogSoftmaxWithLoss",
    "LinearCrossEntropyLoss",
    "linear_cross_entropy",
    "linear_cross_entropy_slope",
]


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: LinearCrossEntropyOptions | None = None,
) -> Tensor:
    r"""Cross-entropy of a last linear layer: how surprising the true class is, by the scores that the layer gives.

    With the scores :math:`x = W h + b` of an input :math:`h`,

    .. math:: \ell(h, y) = \log \sum_c e^{x_c} - x_y

    Args:
        input: what the model says before its last layer, (D) or (N, D), floating point.
        linear_weight: the layer, (C, D); or (C, d1, …, D), then the classes of each of d1 × … positions.
        target: the index of the true class, int64, (), (N) or (N, d1, …); or a probability per class, floating
            point, (C), (N, C) or (N, C, d1, …).
        linear_bias: added to the scores, (C) or (C, d1, …); or ``None``.
        weight: one factor per class, (C); ``mean`` then divides by the sum of the factors of the targets.
            Class indices give it no gradient: if it asks for one, that is an error, or with ``options`` silence.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.
        ignore_index: targets of this index count nothing; ``None`` is -100. Not with probabilities.
        label_smoothing: the share of the target that is spread over all classes, from 0 to 1. Below 0 it counts
            as 0: torch does so.
        options: a :class:`LinearCrossEntropyOptions`: the scores are made a few rows at a time, and never kept.
            Only for class indices, a layer (C, D) and no smoothing; else it warns and does without.

    Returns:
        A 0-d tensor, or for ``reduction="none"`` the shape of the class indices.

    Raises:
        AttributeError: an argument is not a tensor, or ``options`` no options.
        IndexError: a class index out of range. With ``options`` it is a RuntimeError, as in torch.
        NotImplementedError: ``input`` is not real floating point. With ``options`` it is a ValueError.
        RuntimeError: shapes or dtypes do not fit; ``label_smoothing`` is above 1; ``ignore_index`` with probabilities.
        TypeError: ``weight``, ``ignore_index`` or ``label_smoothing`` is of a wrong type.
        ValueError: an unknown reduction; ``target`` has another number of samples than ``input``.

    Example:
        >>> hidden, layer = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 1.0], [2.0, 0.0], [1.0, 1.0]])
        >>> linear_cross_entropy(hidden, layer, torch.tensor([2]))
        tensor(0.5514)

    Torch twin: :func:`torch.nn.functional.linear_cross_entropy`. Half precision is computed in float32 and rounded
    once. With ``options``, this one also has second derivatives, keeps a graph as often as wished, and counts an
    ignored row as 0 where its scores are not finite, where torch's gives nan. ``weight`` gets no gradient in either.

    Source: Wijmans, E. et al. (2025), Cut Your Losses in Large-Vocabulary Language Models, arXiv:2411.09009.
    """
    size = checks.vocabulary.layer_shapes(input, linear_weight, linear_bias)
    checks.tensor("target", target)
    ignore_index = checks.vocabulary.ignored_class(ignore_index, by_chances=target.shape == size)
    if options is not None and chunks.possible(linear_weight, target, reduction, label_smoothing):
        losses, factors = _in_chunks(input, linear_weight, target, linear_bias, weight, ignore_index, options)
        return reduce(losses, reduction, dtype=input.dtype, divisor=factors.sum())
    share = checks.classification.smoothing(label_smoothing)
    h, linear_weight, linear_bias, dtype = checks.vocabulary.layer_dtypes(input, linear_weight, linear_bias)
    _, target, weight = checks.classification.class_scores(input, target, weight)
    target, weight, dtype = checks.classification.class_targets(
        size, dtype, target, weight, ignore_index, smooth=share > 0
    )
    log_p = stable.log_softmax(chunks.last_layer(h, linear_weight, linear_bias), class_dim(size))
    if target.shape == size:
        return reduce(surprise.of_chances(log_p, target, weight, share), reduction, dtype=dtype)
    losses, factors = surprise.of_index(log_p, target, weight, ignore_index, share)
    return reduce(losses, reduction, dtype=dtype, divisor=factors.sum())


def linear_cross_entropy_slope(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    linear_bias: Tensor | None = None,
    *,
    ignore_index: int = -100,
) -> Tensor:
    r"""Slope of :func:`linear_cross_entropy` by ``input``: what is said minus what is true, back through the layer.

    With the softmax :math:`p` of the scores, and the true probabilities :math:`q`, 1 for the true class,

    .. math:: \frac{\partial \ell}{\partial h} = \sum_c (p_c - q_c)\, W_c

    Example:
        >>> linear_cross_entropy_slope(torch.tensor([[0.0, 0.0]]), torch.eye(2), torch.tensor([0]))
        tensor([[-0.5000,  0.5000]])
    """
    scores = chunks.last_layer(input, linear_weight, linear_bias)
    classes = class_dim(scores.shape)
    log_p = stable.log_softmax(scores, classes)
    if target.shape == scores.shape:
        pull = log_p.exp() * target.sum(classes, keepdim=True) - target
    else:
        kept = target != ignore_index
        pull = chunks.pull(log_p, torch.where(kept, target, 0), kept.to(log_p.dtype))
    slope: Tensor = torch.tensordot(pull, linear_weight, dims=linear_weight.dim() - 1)
    return slope


def _in_chunks(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    linear_bias: Tensor | None,
    weight: Tensor | None,
    ignore_index: int,
    options: LinearCrossEntropyOptions,
) -> tuple[Tensor, Tensor]:
    """As :func:`surprise.of_index`, with the scores a few rows at a time."""
    chunks.check(input, linear_weight, target, weight, options.acc_dtype)
    kept = target != ignore_index
    index = torch.where(kept, target, 0)
    checks.classification.classes(index, len(linear_weight), error=RuntimeError)
    losses = chunks.surprise_in_chunks(input, linear_weight, index, linear_bias, options)
    weight = None if weight is None else weight.detach().to(losses.dtype)
    factors = surprise.factors(index, kept, weight).to(losses.dtype)
    return torch.where(kept, losses * factors, 0.0), factors


class LinearCrossEntropyLoss(nn.Module):
    """Module form of :func:`linear_cross_entropy`, which holds the last layer too, as ``linear``.

    Args:
        in_features: the features D of an input.
        num_classes: the classes C.
        out_features: positions (d1, …) per sample, each with scores of its own.
        bias: whether the layer has one.
        device: where the layer lies.
        dtype: its dtype.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.
        weight: one factor per class, (C), or ``None``; a buffer.
        ignore_index: targets of this index count nothing; ``None`` is -100.
        label_smoothing: the share of the target that is spread over all classes, from 0 to 1.
        options: a :class:`LinearCrossEntropyOptions`, or ``None``.

    Raises:
        RuntimeError: ``weight`` is not (C), or ``label_smoothing`` not from 0 to 1.

    Example:
        >>> loss = LinearCrossEntropyLoss(2, 5)
        >>> loss(torch.zeros(3, 2), torch.tensor([0, 1, 4])).item()  # log(5)
        1.6094379425048828
    """

    weight: Tensor | None

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: torch.dtype | None = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ) -> None:
        checks.vocabulary.module_options(weight, num_classes, label_smoothing)
        super().__init__()
        self.register_buffer("weight", weight)
        self.num_classes = num_classes
        self.out_features = out_features
        self.reduction = reduction
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self.options = options
        rows = math.prod(out_features, start=num_classes)
        self.linear = nn.Linear(in_features, rows, bias=bias, device=device, dtype=dtype)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        shape = (self.num_classes, *self.out_features)
        bias = self.linear.bias
        return linear_cross_entropy(
            input,
            self.linear.weight.reshape(*shape, self.linear.in_features),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, reduction={self.reduction}, "
            f"ignore_index={self.ignore_index}, label_smoothing={self.label_smoothing}, options={self.options}"
        )


# --- few scores at all: frequent classes by themselves, rare ones in groups ---------------------------------------


class _ASMoutput(NamedTuple):
    """What :class:`AdaptiveLogSoftmaxWithLoss` returns: log-probabilities of the targets, and their mean, negated."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(nn.Module):
    r"""Cross-entropy over a large vocabulary that reaches a rare class in two steps: its group, then itself.

    With the softmax :math:`p_0` of the head, over the frequent classes and the groups of rare ones, and the softmax
    :math:`p_k` within group :math:`k`,

    .. math::

        \ell(h, y) = \begin{cases}
            -\log p_0(y \mid h) & y \text{ frequent} \\
            -\log p_0(k \mid h) - \log p_k(y \mid h) & y \text{ in group } k
        \end{cases}

    Only groups that hold a target are computed. Class 0 must be the most frequent, the last class the rarest.

    Args:
        in_features: the features D of an input.
        n_classes: the classes C.
        cutoffs: where the groups begin: with ``[10, 100]``, classes 0 to 9 are in the head, 10 to 99 in the first
            group, the others in the second. Rising, from 1 to C - 1.
        div_value: group k sees the input through ``in_features // div_value**k`` features, rounded down, at times
            to none: torch does so, and then gives all classes of the group one score.
        head_bias: whether the layer of the head has a bias.
        device: where the layers lie.
        dtype: their dtype.

    Returns:
        A pair with names. ``output`` is the log-probability of each target, (N) or (), in the dtype of the input;
        ``loss`` is 0-d, the mean of their negatives.

    Raises:
        AttributeError: ``input_`` or ``target_`` is not a tensor.
        RuntimeError: shapes or dtypes do not fit; a target is no class.
        ValueError: ``cutoffs`` is empty, does not rise, or leaves the range.

    Example:
        >>> loss = AdaptiveLogSoftmaxWithLoss(2, 6, cutoffs=[2], div_value=1.0)
        >>> loss(torch.zeros(2, 2), torch.tensor([0, 5])).output.exp()  # 1/3, and 1/3 times 1/4
        tensor([0.3333, 0.0833], grad_fn=<ExpBackward0>)

    Torch twin: :class:`torch.nn.AdaptiveLogSoftmaxWithLoss`. The losses of half-precision scores are computed in
    float32 and rounded once. Under autocast on a CPU, torch's fails where a target lies in a group; this one works.

    Source: Grave, É. et al. (2017), Efficient Softmax Approximation for GPUs, arXiv:1609.04309.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*checks.vocabulary.cutoffs(cutoffs, n_classes), n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        layer = partial(nn.Linear, device=device, dtype=dtype)
        self.head = layer(in_features, self.head_size, bias=head_bias)
        self.tail = nn.ModuleList()
        for group, (start, stop) in enumerate(pairwise(self.cutoffs), 1):
            inner = int(in_features // div_value**group)
            self.tail.append(
                nn.Sequential(layer(in_features, inner, bias=False), layer(inner, stop - start, bias=False))
            )

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        self.head.reset_parameters()
        for tail in self.tail.children():
            for layer in tail.children():
                layer.reset_parameters()  # type: ignore[operator]

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        checks.vocabulary.clustered(input_, target_, self.n_classes)
        input, dtype = checks.vocabulary.wide_input("input_", torch.atleast_2d(input_), self)
        target = torch.atleast_1d(target_).long()
        group = torch.stack([target >= start for start in self.cutoffs[:-1]]).sum(0)  # 0 is the head
        in_head = torch.where(group == 0, target, self.shortlist_size + group - 1)
        losses = surprise.of_class(_log_softmax(self.head, input, dtype), in_head)
        for number, tail in enumerate(self.tail, 1):
            rows = (group == number).nonzero().squeeze(1)
            if len(rows):
                within = target[rows] - self.cutoffs[number - 1]
                losses = losses.index_add(0, rows, surprise.of_class(_log_softmax(tail, input[rows], dtype), within))
        return _ASMoutput(-reduce(losses.reshape(target_.shape), "none", dtype=dtype), reduce(losses, dtype=dtype))

    def log_prob(self, input: Tensor) -> Tensor:
        """Log-probabilities of all classes, (N, C), for an input (N, D)."""
        checks.vocabulary.batch("input", input)
        input, dtype = checks.vocabulary.wide_input("input", input, self)
        head = _log_softmax(self.head, input, dtype)
        frequent, groups = head[:, : self.shortlist_size], head[:, self.shortlist_size :]
        rare = [
            chance[:, None] + _log_softmax(tail, input, dtype) for chance, tail in zip(groups.T, self.tail, strict=True)
        ]
        return torch.cat([frequent, *rare], dim=1).to(dtype)

    def predict(self, input: Tensor) -> Tensor:
        """The likeliest class of each sample, (N), for an input (N, D); all scores only where a group wins the head."""
        checks.vocabulary.batch("input", input)
        likeliest = _log_softmax(self.head, *checks.vocabulary.wide_input("input", input, self)).argmax(1)
        rare = likeliest >= self.shortlist_size
        if rare.any():
            likeliest[rare] = self.log_prob(input[rare]).argmax(1)
        return likeliest


def _log_softmax(layer: nn.Module, input: Tensor, dtype: torch.dtype) -> Tensor:
    """Log-probabilities (N, C) by the scores that a layer, made as wide as the input, gives an input of ``dtype``."""
    if input.dtype == dtype:
        scores: Tensor = layer(input)
    else:
        parameters = {name: value.to(input.dtype) for name, value in layer.named_parameters()}
        scores = torch.func.functional_call(layer, parameters, input)
    return stable.log_softmax(scores.to(checks.wide_dtype(scores.dtype)), 1)
