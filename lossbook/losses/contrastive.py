"""Losses that tell each vector's match from everything else in the batch: cross-entropy over who belongs to whom."""

import torch
from torch import Tensor, nn

from lossbook.losses import checks, stable
from lossbook.losses.embedding import square
from lossbook.losses.options import hold
from lossbook.losses.reduction import reduce

__all__ = [
    "InfoNCELoss",
    "NTXentLoss",
    "info_nce_loss",
    "info_nce_slope",
    "nt_xent_loss",
    "nt_xent_slope",
]


def info_nce_loss(
    query: Tensor,
    key: Tensor,
    *,
    temperature: float | Tensor = 0.1,
    symmetric: bool = False,
    negatives: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""InfoNCE: among all keys, how surprising is the one that belongs to the query.

    With :math:`s_{ij} = \cos(q_i, k_j) / \tau`,

    .. math:: \ell_i = \log \sum_j e^{s_{ij}} - s_{ii}

    The i-th key is the match of the i-th query, all other keys of the batch are its negatives. With ``symmetric`` it is
    the mean of that and of the same with the roles exchanged, :math:`\log \sum_j e^{s_{ji}} - s_{ii}`.

    Args:
        query: vectors, (N, D), floating point. Their length does not matter, only where they point.
        key: the match of each, (N, D).
        temperature: :math:`\tau`, above 0; the lower, the more the hardest negatives count. A 0-d tensor is learned.
        symmetric: whether each key asks for its query too.
        negatives: more keys that match no query, (M, D), the same for all of them; ``None`` for none. They count where
            queries ask, not where keys do.
        weight: one factor per pair, (N). ``mean`` divides by their sum.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Returns:
        A 0-d tensor, or (N) for ``reduction="none"``; in nats, in the dtype of ``query``. Of one pair without negatives
        it is 0, of none the mean is nan.

    Raises:
        RuntimeError: vectors are not real floating point; ``weight`` is complex or bool.
        TypeError: an argument is not a tensor; ``temperature`` is no real number, ``symmetric`` no bool.
        ValueError: a size does not fit; ``temperature`` is not above 0; an unknown reduction.

    Example:
        >>> query = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> info_nce_loss(query, query, temperature=0.5)
        tensor(0.1269)
        >>> info_nce_loss(query, query.flip(0), temperature=0.5)
        tensor(2.1269)

    Torch twin: none. It is :func:`torch.nn.functional.cross_entropy` of the matrix :math:`s`, with ``torch.arange(N)``
    as target; with ``symmetric`` it is the loss of CLIP, which learns its temperature. A queue of old keys as
    ``negatives`` is the idea of MoCo, where the other keys of the batch are no negatives. A vector of no length has a
    cosine of 0, as in :func:`cosine_embedding_loss`. Half precision is computed in float32 and rounded once.

    Source: van den Oord, A., Li, Y., Vinyals, O. (2018), Representation learning with contrastive predictive coding,
    arXiv:1807.03748.
    """
    checks.current_reduction(reduction)
    temperature = checks.positive("temperature", temperature)
    checks.flag("symmetric", symmetric)
    q, k, others, dtype = checks.embedding.views("query", query, "key", key, weight, negatives)
    scores = _cosines(q, others) / temperature
    loss = -stable.log_softmax(scores, 1).diagonal()
    if symmetric:
        back = stable.log_softmax(scores[:, : len(k)], 0).diagonal()
        loss = (loss - back) / 2
    return reduce(loss, reduction, weight, dtype=dtype)


def _directions(vectors: Tensor) -> Tensor:
    """Each vector with length 1; one without any length stays without."""
    return vectors / square(vectors).sqrt().unsqueeze(-1)


def _cosines(one: Tensor, other: Tensor) -> Tensor:
    """The cosine of the angle between each of the ones and each of the others; also under autocast in their dtype."""
    with checks.no_autocast(one.device.type):
        return _directions(one) @ _directions(other).T


def _turns(vectors: Tensor, pull: Tensor) -> Tensor:
    """The slope by vectors, from that by their directions: what would only stretch them is left out."""
    towards = _directions(vectors)
    along = (towards * pull).sum(-1, keepdim=True)
    return (pull - along * towards) / square(vectors).sqrt().unsqueeze(-1)


def info_nce_slope(
    query: Tensor,
    key: Tensor,
    *,
    temperature: float | Tensor = 0.1,
    symmetric: bool = False,
    negatives: Tensor | None = None,
) -> Tensor:
    r"""Slope of :func:`info_nce_loss` by ``query``: prediction − target over the keys, as a turn.

    With :math:`p_{ij}` the softmax of :math:`s_{ij}` over the keys, and :math:`\hat q`, :math:`\hat k` of length 1,

    .. math::

        \frac{\partial \sum \ell}{\partial q_i} = \frac{1}{\tau \lVert q_i \rVert}
            \bigl(I - \hat q_i \hat q_i^\top\bigr) \sum_j (p_{ij} - [i = j])\,\hat k_j

    With ``symmetric``, the mean of :math:`p_{ij}` and of the softmax over the queries stands for it.

    Example:
        >>> query = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
        >>> info_nce_slope(query, torch.tensor([[1.0, 0.0], [1.0, 1.0]]), temperature=1.0)
        tensor([[0.0000, 0.1511],
                [0.0967, 0.0000]])
    """
    others = key if negatives is None else torch.cat([key, negatives])
    scores = _cosines(query, others) / temperature
    matched = torch.eye(*scores.shape, dtype=scores.dtype, device=scores.device)
    pull = stable.softmax(scores, 1) - matched
    if symmetric:
        back = torch.zeros_like(pull)
        back[:, : len(key)] = stable.softmax(scores[:, : len(key)], 0)
        pull = (pull + back - matched) / 2
    return _turns(query, pull @ _directions(others) / temperature)


def nt_xent_loss(
    a: Tensor,
    b: Tensor,
    *,
    temperature: float | Tensor = 0.5,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""NT-Xent: among all other views of a batch, how surprising is the second view of the same thing.

    With the 2N views :math:`z = (a, b)`, :math:`s_{uv} = \cos(z_u, z_v) / \tau`, and :math:`u'` the other view of what
    :math:`u` shows,

    .. math:: \ell_i = \frac{1}{2} \sum_{u \in \{a_i,\ b_i\}} \Bigl(\log \sum_{v \ne u} e^{s_{uv}} - s_{uu'}\Bigr)

    A view is never compared with itself.

    Args:
        a: one view of each thing, vectors (N, D), floating point. Their length does not matter.
        b: the other view of each, (N, D).
        temperature: :math:`\tau`, above 0; the lower, the more the hardest negatives count. A 0-d tensor is learned.
        weight: one factor per thing, (N). ``mean`` divides by their sum.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``. ``sum`` adds up the things, not the views.

    Returns:
        A 0-d tensor, or (N) for ``reduction="none"``; in nats, in the dtype of ``a``. Of a single pair it is 0, of none
        the mean is nan. Where all views are the same it is :math:`\log(2N - 1)`.

    Raises:
        RuntimeError: vectors are not real floating point; ``weight`` is complex or bool.
        TypeError: an argument is not a tensor; ``temperature`` is no real number.
        ValueError: a size does not fit; ``temperature`` is not above 0; an unknown reduction.

    Example:
        >>> a = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> nt_xent_loss(a, a)
        tensor(0.2395)

    Torch twin: none. It is :func:`torch.nn.functional.cross_entropy` of the matrix :math:`s` without its diagonal. The
    same number comes from ``NTXentLoss`` of lightly without its memory bank, and from that of pytorch-metric-learning
    with the views stacked and two of each label. :func:`info_nce_loss` with ``symmetric`` lets each view choose among
    those of the other kind alone. A vector of no length has a cosine of 0. Half precision is computed in float32 and
    rounded once.

    Source: Chen, T., Kornblith, S., Norouzi, M., Hinton, G. (2020), A simple framework for contrastive learning of
    visual representations, arXiv:2002.05709.
    """
    checks.current_reduction(reduction)
    temperature = checks.positive("temperature", temperature)
    one, other, _, dtype = checks.embedding.views("a", a, "b", b, weight)
    log_p = stable.log_softmax(_scores_of_views(torch.cat([one, other]), temperature), 1)
    pairs = len(one)
    loss = -(log_p.diagonal(pairs) + log_p.diagonal(-pairs)) / 2
    return reduce(loss, reduction, weight, dtype=dtype)


def _scores_of_views(views: Tensor, temperature: float | Tensor) -> Tensor:
    """How alike any two views are; a view and itself, not at all."""
    scores = _cosines(views, views) / temperature
    itself = torch.eye(len(views), dtype=torch.bool, device=views.device)
    return scores.masked_fill(itself, -torch.inf)


def nt_xent_slope(a: Tensor, b: Tensor, *, temperature: float | Tensor = 0.5) -> Tensor:
    r"""Slope of :func:`nt_xent_loss` by ``a``: prediction − target over the views, from both sides, as a turn.

    With :math:`p_{uv}` the softmax of :math:`s_{uv}` over all :math:`v \ne u`, and :math:`\hat z` of length 1,

    .. math::

        \frac{\partial \sum \ell}{\partial z_u} = \frac{1}{2 \tau \lVert z_u \rVert}
            \bigl(I - \hat z_u \hat z_u^\top\bigr) \sum_v (p_{uv} + p_{vu} - 2\,[v = u'])\,\hat z_v

    Example:
        >>> nt_xent_slope(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([[1.0, 1.0], [0.0, 1.0]]))
        tensor([[ 0.0000, -0.1078],
                [ 0.7119,  0.0000]])
    """
    views = torch.cat([a, b])
    p = stable.softmax(_scores_of_views(views, temperature), 1)
    matched = torch.eye(len(views), dtype=p.dtype, device=p.device).roll(len(a), 0)
    pull = (p + p.T - 2 * matched) @ _directions(views) / (2 * temperature)
    return _turns(a, pull[: len(a)])


class InfoNCELoss(nn.Module):
    """Module form of :func:`info_nce_loss`.

    Args:
        temperature: how much the hardest negatives count; a tensor becomes a buffer, a ``Parameter`` is learned.
        symmetric: whether each key asks for its query too.
        negatives: more keys that match no query, (M, D), held as a buffer.
        weight: one factor per pair, held as a buffer.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> query = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> InfoNCELoss(temperature=0.5)(query, query)
        tensor(0.1269)
    """

    weight: Tensor | None
    negatives: Tensor | None
    temperature: float | Tensor

    def __init__(
        self,
        *,
        temperature: float | Tensor = 0.1,
        symmetric: bool = False,
        negatives: Tensor | None = None,
        weight: Tensor | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)
        self.register_buffer("negatives", negatives)
        hold(self, temperature=temperature)
        self.symmetric = symmetric

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        return info_nce_loss(
            query,
            key,
            temperature=self.temperature,
            symmetric=self.symmetric,
            negatives=self.negatives,
            weight=self.weight,
            reduction=self.reduction,
        )


class NTXentLoss(nn.Module):
    """Module form of :func:`nt_xent_loss`.

    Args:
        temperature: how much the hardest negatives count; a tensor becomes a buffer, a ``Parameter`` is learned.
        weight: one factor per thing, held as a buffer.
        reduction: ``"none"``, ``"sum"`` or ``"mean"``.

    Example:
        >>> a = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> NTXentLoss()(a, a)
        tensor(0.2395)
    """

    weight: Tensor | None
    temperature: float | Tensor

    def __init__(
        self, *, temperature: float | Tensor = 0.5, weight: Tensor | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__()
        self.reduction = reduction
        self.register_buffer("weight", weight)
        hold(self, temperature=temperature)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return nt_xent_loss(a, b, temperature=self.temperature, weight=self.weight, reduction=self.reduction)
