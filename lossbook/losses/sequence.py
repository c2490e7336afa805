r"""The loss of a sequence without timing: connectionist temporal classification.

A model says at each moment how likely each symbol is, one of them the blank. An *alignment* writes one symbol into
each moment. It is read by taking each run of one symbol as one, and then leaving out the blanks. The probability of
a sequence of labels is the sum over all alignments that read so: far too many to list. But each of them is a walk
along the states

.. math:: z = (\text{blank},\ y_1,\ \text{blank},\ y_2,\ \dots,\ y_S,\ \text{blank})

which at each moment stays, goes on by one, or skips the blank between two labels that differ. So the sum can be
carried from moment to moment, state by state.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from lossbook.losses import checks
from lossbook.losses.reduction import reduce
from lossbook.losses.stable import logsumexp

__all__ = ["CTCLoss", "ctc_loss", "ctc_slope"]

Lengths = Tensor | Sequence[int]


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    r"""Connectionist temporal classification: how surprising are these labels, whenever they were said.

    .. math:: \ell(x, y) = -\log \sum_{\pi \,\to\, y} \ \prod_{t=1}^{T} e^{x_{t, \pi_t}}

    over all alignments :math:`\pi` that read :math:`y`. Along the states :math:`z` (blank, :math:`y_1`, blank, …,
    :math:`y_S`, blank) the sum is carried from moment to moment:

    .. math::

        \alpha_t(s) = e^{x_{t, z_s}} \bigl(\alpha_{t-1}(s) + \alpha_{t-1}(s - 1)
            + [z_s \ne z_{s-2}]\ \alpha_{t-1}(s - 2)\bigr),
        \qquad \ell = -\log \bigl(\alpha_T(2S + 1) + \alpha_T(2S)\bigr)

    Args:
        log_probs: log-probabilities of C symbols, one of them the blank, at T moments: shape (T, N, C), or (T, C) for
            one sequence; float32 or float64, from a log-softmax.
        targets: the labels, shape (N, S), padded with anything, or all in one row, one sequence after the other. Any
            dtype; fractions are cut off. A blank among them is a label like any other: torch does so.
        input_lengths: how many moments to read of each sequence, shape (N), or () for one; whole, from 0 to T.
        target_lengths: how many labels to read of each, that shape; whole, from 0 to S. The lengths are two tensors,
            or two lists or tuples of ints.
        blank: the index of the blank.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``. The mean divides each loss by the number of its labels, or by
            1 if there are none, and then takes the mean over the sequences.
        zero_infinity: whether an infinite loss, of labels that do not fit into the moments, counts as 0, with slope 0.

    Returns:
        A 0-d tensor, or shape (N) for ``reduction="none"``; in nats.

    Raises:
        IndexError: a label is no symbol, 0 to C − 1 (on a CPU); ``log_probs`` is 0-d.
        NotImplementedError: ``log_probs`` is neither float32 nor float64.
        RuntimeError: the shapes do not fit; a length is out of its range (on a CPU), or not of integers; ``blank`` is
            no symbol.
        TypeError: an argument is of another type; one of the lengths is a tensor, the other not.
        ValueError: an unknown reduction.

    Example:
        Two moments. The label 1 may be said as 1 1, as 1 blank or as blank 1: 0.3·0.6 + 0.3·0.4 + 0.7·0.6 = 0.72.

        >>> log_probs = torch.tensor([[0.7, 0.3], [0.4, 0.6]]).log()
        >>> (-ctc_loss(log_probs, torch.tensor([1]), [2], [1])).exp()
        tensor(0.7200)

    Torch twin: :func:`torch.nn.functional.ctc_loss`. The slope is torch's: that of the scores which a log-softmax
    turned into ``log_probs``, see :func:`ctc_slope`. torch has no second derivative and no forward mode; here they
    are. A log-probability of −inf has the slope nan in torch, 0 here. A label that is no symbol makes torch read
    memory beyond the frame; here it is an error.

    Source: Graves, A. et al. (2006), Connectionist temporal classification, doi:10.1145/1143844.1143891.
    """
    checks.flag("zero_infinity", zero_infinity)
    reduction = checks.reduction_name(reduction)
    scores, states, read, target_lengths = one_layout(log_probs, targets, input_lengths, target_lengths, blank)
    _, log_alphas = walk(say(scores, states), states, read, torch.zeros_like(target_lengths))
    nll = surprise(log_alphas[-1], target_lengths)
    if zero_infinity:
        read = read & (nll != torch.inf)
        nll = torch.where(nll == torch.inf, 0.0, nll)
    loss: Tensor = _SlopeOfScores.apply(nll, scores, read)
    if reduction == "mean":
        loss = loss / target_lengths.clamp(min=1)
    return reduce(loss.reshape(log_probs.shape[1:-1]), reduction)


def ctc_slope(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    *,
    blank: int = 0,
    zero_infinity: bool = False,
) -> Tensor:
    r"""Slope of :func:`ctc_loss`, sequence by sequence: prediction minus target, once more.

    .. math:: e^{x_{t, c}} - \frac{1}{e^{-\ell}} \sum_{s:\ z_s = c} \alpha_t(s)\, \beta_t(s)

    The prediction is the probability of the symbol now. The target is its probability once the labels are known: the
    share of the alignments, by weight, that say it now. :math:`\alpha` sums the ways to a state, :math:`\beta` those
    from it to the end, by the same walk from behind.

    This is the slope by the scores that a log-softmax turned into ``log_probs``, not by ``log_probs`` themselves: that
    one is the second term alone. Both give the same slope to the model, since the first one adds to 0 on its way back
    through the log-softmax, as long as there is one.

    Example:
        >>> log_probs = torch.tensor([[0.7, 0.3], [0.4, 0.6]]).log()
        >>> ctc_slope(log_probs, torch.tensor([1]), [2], [1])
        tensor([[ 0.1167, -0.1167],
                [ 0.2333, -0.2333]])
    """
    scores, states, read, target_lengths = one_layout(log_probs, targets, input_lengths, target_lengths, blank)
    said, last = say(scores, states), states.shape[1] - 1
    _, log_alphas = walk(said, states, read, torch.zeros_like(target_lengths))
    log_betas, _ = walk(said.flip(0, 2), states.flip(1), read.flip(0), last - 2 * target_lengths)
    nll = surprise(log_alphas[-1], target_lengths)
    share = (torch.stack(log_alphas) + torch.stack(log_betas).flip(0, 2) + nll[:, None]).exp()
    known = torch.zeros_like(scores).scatter_add(2, states.expand_as(share), share)
    if zero_infinity:
        read = read & (nll != torch.inf)
    return torch.where(read[..., None], predicted(scores, nll) - known, 0.0).reshape(log_probs.shape)


def one_layout(
    log_probs: Tensor, targets: Tensor, input_lengths: Lengths, target_lengths: Lengths, blank: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Every layout as one: log-probabilities (T, N, C), states (N, 2S + 1), whether to read (T, N), target lengths."""
    checks.tensors(log_probs=log_probs, targets=targets)
    (log_probs,) = checks.autocast(log_probs)
    checks.sequence.log_probabilities(log_probs)
    scores = log_probs if log_probs.dim() == 3 else log_probs[:, None]
    moments, count, symbols = scores.shape
    blank = checks.sequence.index("blank", blank, symbols)
    lengths = checks.sequence.lengths(count, input_lengths=input_lengths, target_lengths=target_lengths)
    checks.sequence.between("input_lengths", lengths[0], 0, moments, RuntimeError, "log_probs has no more moments")
    checks.sequence.label_layout(targets, lengths[1])
    input_lengths, target_lengths = (length.to(scores.device) for length in lengths)
    labels = rows(targets.long(), target_lengths, blank)
    checks.sequence.between("targets", labels, 0, symbols - 1, IndexError, "a label is the index of a symbol")
    blanks = torch.full_like(labels, blank)
    states = pad(torch.stack((blanks, labels), -1).flatten(1), (0, 1), value=blank)
    read = torch.arange(moments, device=scores.device)[:, None] < input_lengths
    return scores, states, read, target_lengths


def rows(targets: Tensor, target_lengths: Tensor, blank: int) -> Tensor:
    """The labels, a row per sequence, whatever follows them replaced by blanks."""
    if targets.dim() == 1:
        known = checks.readable(target_lengths.cpu())
        longest = len(targets) if known is None else int(known.max())
        places = (target_lengths.cumsum(0) - target_lengths)[:, None] + torch.arange(longest, device=targets.device)
        targets = targets[places.clamp(max=len(targets) - 1)]
    places = torch.arange(targets.shape[1], device=targets.device)
    return torch.where(places < target_lengths[:, None], targets, blank)


def say(scores: Tensor, states: Tensor) -> Tensor:
    """The log-probability of each state's symbol at each moment, shape (T, N, 2S + 1)."""
    return scores.gather(2, states.expand(len(scores), -1, -1))


def walk(said: Tensor, states: Tensor, read: Tensor, start: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """The log of the sum over all ways into each state, at each moment: before its symbol is said, and after.

    Before the first moment all are in ``start``; at moments that are not read, nothing moves.
    """
    may_skip = states != pad(states, (2, 0))[:, :-2]
    alpha = torch.full_like(said[0], -torch.inf)
    alpha = torch.where(torch.arange(states.shape[1], device=said.device) == start[:, None], 0.0, alpha)
    arrivals, alphas = [], []
    for symbol, reads in zip(said, read[..., None], strict=True):
        behind = pad(alpha, (2, 0), value=-torch.inf)
        skip = torch.where(may_skip, behind[:, :-2], -torch.inf)
        arrivals.append(logsumexp(torch.stack((alpha, behind[:, 1:-1], skip)), dim=0))
        alpha = torch.where(reads, arrivals[-1] + symbol, alpha)
        alphas.append(alpha)
    return arrivals, alphas


def surprise(log_alpha: Tensor, target_lengths: Tensor) -> Tensor:
    """Minus the log-probability of the labels: a walk ends in its last label, or in the blank after it."""
    state, last = torch.arange(log_alpha.shape[1], device=log_alpha.device), 2 * target_lengths[:, None]
    return -logsumexp(torch.where((state == last) | (state == last - 1), log_alpha, -torch.inf), dim=1)


def predicted(scores: Tensor, nll: Tensor) -> Tensor:
    """The probability of each symbol; nan where the loss is infinite, as torch's slope is."""
    return scores.exp() + (nll - nll)[:, None]


class _SlopeOfScores(torch.autograd.Function):
    """The loss as it is; added to its slope, the prediction at each moment that is read, as torch does."""

    generate_vmap_rule = True

    @staticmethod
    def forward(nll: Tensor, scores: Tensor, read: Tensor) -> Tensor:
        return nll.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def slope(ctx: Any) -> Tensor:
        nll, scores, read = ctx.saved_tensors
        return torch.where(read[..., None], predicted(scores, nll), 0.0)

    @staticmethod
    def backward(ctx: Any, pull: Tensor) -> tuple[Tensor, Tensor, None]:
        return pull, _SlopeOfScores.slope(ctx) * pull[:, None], None

    @staticmethod
    def jvp(ctx: Any, nll: Tensor, scores: Tensor, _: None) -> Tensor:
        return nll + (_SlopeOfScores.slope(ctx) * scores).sum((0, 2))


class CTCLoss(nn.Module):
    """Module form of :func:`ctc_loss`.

    Args:
        blank: the index of the blank.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.
        zero_infinity: whether an infinite loss counts as 0, with slope 0.

    Example:
        >>> log_probs = torch.tensor([[0.7, 0.3], [0.4, 0.6]]).log()
        >>> (-CTCLoss()(log_probs, torch.tensor([1]), [2], [1])).exp()
        tensor(0.7200)
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__()
        self.reduction = reduction
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Lengths, target_lengths: Lengths) -> Tensor:
        return ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
