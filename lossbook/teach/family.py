"""Who is related: which loss is another one in disguise, or becomes it at a limit. The atlas draws it as a map.

Each edge of the map is a pair of computations that must agree; the tests run them all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from torch import Tensor

import lossbook as F
from lossbook.losses.stable import log_softmax
from lossbook.teach.figures import COLOURS

__all__ = ["EDGES", "PLACES", "Edge", "family_map"]


@dataclass(frozen=True)
class Edge:
    """``one`` is ``other``, if what ``how`` says holds.

    ``both`` computes the two sides from a generator of random numbers. A ``limit`` is reached only in the end: there
    the two sides differ by less than ``within``, as a share of the larger.
    """

    one: str
    other: str
    how: str
    both: Callable[[torch.Generator], tuple[Tensor, Tensor]]
    limit: bool = False
    within: float = 1e-9


def _normal(g: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=g, dtype=torch.float64)


def _signs(g: torch.Generator, n: int) -> Tensor:
    return 2.0 * torch.randint(2, (n,), generator=g).double() - 1


def _classes(g: torch.Generator, n: int, classes: int) -> Tensor:
    return torch.randint(classes, (n,), generator=g)


def _pair(g: torch.Generator) -> tuple[Tensor, Tensor]:
    return _normal(g, 8), _normal(g, 8)


def _answers(g: torch.Generator) -> Tensor:
    return torch.randint(2, (8,), generator=g).double()


def _huber_wide(g: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = _pair(g)
    return F.huber_loss(x, y, delta=100.0), F.mse_loss(x, y) / 2


def _huber_narrow(g: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = _pair(g)
    return F.huber_loss(x, y, delta=1e-9) / 1e-9, F.l1_loss(x, y)


def _huber_smooth(g: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = _pair(g)
    return F.huber_loss(x, y, delta=0.7), 0.7 * F.smooth_l1_loss(x, y, beta=0.7)


def _smooth_sharp(g: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = _pair(g)
    return F.smooth_l1_loss(x, y, beta=0.0), F.l1_loss(x, y)


def _half_below(g: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = _pair(g)
    return F.quantile_loss(x, y, q=0.5), F.l1_loss(x, y) / 2


def _small_errors(g: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = (1e-4 * one for one in _pair(g))
    return F.log_cosh_loss(x, y), F.mse_loss(x, y) / 2


def _two_prices(g: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = _pair(g)
    return F.asymmetric_cost_loss(x, y, over=3.0, under=1.0), 4 * F.quantile_loss(x, y, q=0.25)


def _gauss_sure(g: torch.Generator) -> tuple[Tensor, Tensor]:
    x, y = _pair(g)
    return F.gaussian_nll_loss(x, y, torch.ones_like(x)), F.mse_loss(x, y) / 2


def _poisson_rare(g: torch.Generator) -> tuple[Tensor, Tensor]:
    log_rate, y = _normal(g, 8) - 25, _answers(g)
    return F.poisson_nll_loss(log_rate, y), F.binary_cross_entropy_with_logits(log_rate, y)


def _poisson_busy(g: torch.Generator) -> tuple[Tensor, Tensor]:
    """Around a large count: the error is measured in standard deviations, and the loss from its least value."""
    error, count = _normal(g, 8), torch.full((8,), 1e8, dtype=torch.float64)
    log_rate = count.log() + error / count.sqrt()
    excess = F.poisson_nll_loss(log_rate, count) - F.poisson_nll_loss(count.log(), count)
    return excess, F.mse_loss(error, torch.zeros_like(error)) / 2


def _with_logits(g: torch.Generator) -> tuple[Tensor, Tensor]:
    z, y = _normal(g, 8), _answers(g)
    return F.binary_cross_entropy_with_logits(z, y), F.binary_cross_entropy(torch.sigmoid(z), y)


def _two_classes(g: torch.Generator) -> tuple[Tensor, Tensor]:
    z, y = _normal(g, 8), _answers(g)
    return F.cross_entropy(torch.stack([torch.zeros_like(z), z], 1), y.long()), F.binary_cross_entropy_with_logits(z, y)


def _signed_answers(g: torch.Generator) -> tuple[Tensor, Tensor]:
    z, sign = _normal(g, 8), _signs(g, 8)
    return F.soft_margin_loss(z, sign), F.binary_cross_entropy_with_logits(z, (sign + 1) / 2)


def _log_softmax_first(g: torch.Generator) -> tuple[Tensor, Tensor]:
    z, y = _normal(g, 8, 5), _classes(g, 8, 5)
    return F.cross_entropy(z, y), F.nll_loss(log_softmax(z, 1), y)


def _entropy_apart(g: torch.Generator) -> tuple[Tensor, Tensor]:
    z, p = _normal(g, 8, 5), log_softmax(_normal(g, 8, 5), 1).exp()
    entropy = -(p * p.log()).sum(1).mean()
    return F.cross_entropy(z, p) - entropy, F.kl_div(log_softmax(z, 1), p, reduction="batchmean")


def _no_fading(g: torch.Generator) -> tuple[Tensor, Tensor]:
    z, y = _normal(g, 8, 5), _classes(g, 8, 5)
    return F.focal_loss(z, y, gamma=0.0), F.cross_entropy(z, y)


def _one_degree(g: torch.Generator) -> tuple[Tensor, Tensor]:
    x, z = _normal(g, 8, 5), _normal(g, 8, 5)
    divergence = F.kl_div(log_softmax(x, 1), log_softmax(z, 1).exp(), reduction="batchmean")
    return F.distillation_loss(x, z, temperature=1.0), divergence


def _label_by_label(g: torch.Generator) -> tuple[Tensor, Tensor]:
    z, y = _normal(g, 8, 3), torch.randint(2, (8, 3), generator=g).double()
    return F.multilabel_soft_margin_loss(z, y), F.binary_cross_entropy_with_logits(z, y)


def _one_label(g: torch.Generator) -> tuple[Tensor, Tensor]:
    z, y = _normal(g, 8, 5), _classes(g, 8, 5)
    padded = torch.cat([y[:, None], torch.full((8, 4), -1)], 1)
    return F.multilabel_margin_loss(z, padded), F.multi_margin_loss(z, y)


def _two_margins(g: torch.Generator) -> tuple[Tensor, Tensor]:
    z, y = _normal(g, 8, 2), _classes(g, 8, 2)
    return F.multi_margin_loss(z, y), F.hinge_loss(z[:, 1] - z[:, 0], 2.0 * y - 1) / 2


def _hard_logistic(g: torch.Generator) -> tuple[Tensor, Tensor]:
    z, sign = _signs(g, 8) * (1 + torch.rand(8, generator=g).double()), _signs(g, 8)
    return F.soft_margin_loss(100 * z, sign) / 100, F.hinge_loss(z, sign, margin=0.0)


def _difference(g: torch.Generator) -> tuple[Tensor, Tensor]:
    (a, b), sign = _pair(g), _signs(g, 8)
    return F.margin_ranking_loss(a, b, sign, margin=0.5), F.hinge_loss(a - b, sign, margin=0.5)


def _far_apart(g: torch.Generator) -> tuple[Tensor, Tensor]:
    distance, far = _normal(g, 8).abs(), torch.ones(8, dtype=torch.float64)
    return F.hinge_embedding_loss(distance, -far), F.hinge_loss(distance, far)


def _nearer_first(g: torch.Generator) -> tuple[Tensor, Tensor]:
    a, p, n = (_normal(g, 8, 4) for _ in range(3))
    near, far = ((a - other + 1e-6).norm(dim=1) for other in (p, n))  # torch adds that to each coordinate
    return F.triplet_margin_loss(a, p, n), F.margin_ranking_loss(far, near, torch.ones(8), margin=1.0)


def _own_distance(g: torch.Generator) -> tuple[Tensor, Tensor]:
    a, p, n = (_normal(g, 8, 4) for _ in range(3))
    return F.triplet_margin_with_distance_loss(a, p, n), F.triplet_margin_loss(a, p, n)


def _cosine_as_distance(g: torch.Generator) -> tuple[Tensor, Tensor]:
    a, b, sign = _normal(g, 8, 4), _normal(g, 8, 4), _signs(g, 8)
    distance = 1 - (a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1))
    return F.cosine_embedding_loss(a, b, sign, margin=0.3), F.hinge_embedding_loss(distance, sign, margin=0.7)


def _much_smoothing(g: torch.Generator) -> tuple[Tensor, Tensor]:
    z, mask = _normal(g, 4, 2, 9), torch.randint(2, (4, 2, 9), generator=g).double()
    overlap = F.dice_loss(z, mask, smooth=1e6, reduction="sum")
    return 1e6 * overlap, F.l1_loss(z.sigmoid(), mask, reduction="sum")


def _among_all(g: torch.Generator) -> tuple[Tensor, Tensor]:
    q, k = _normal(g, 8, 4), _normal(g, 8, 4)
    cosines = q @ k.T / (q.norm(dim=1)[:, None] * k.norm(dim=1))
    return F.info_nce_loss(q, k, temperature=0.1), F.cross_entropy(cosines / 0.1, torch.arange(8))


def _each_view(g: torch.Generator) -> tuple[Tensor, Tensor]:
    """One view at a time: its partner is the key, the rest of the batch are the negatives."""
    views, n = _normal(g, 10, 4), 5
    losses = []
    for i in range(2 * n):
        partner = (i + n) % (2 * n)
        rest = views[[k for k in range(2 * n) if k not in (i, partner)]]
        pair = views[i : i + 1], views[partner : partner + 1]
        losses.append(F.info_nce_loss(*pair, temperature=0.5, negatives=rest))
    return F.nt_xent_loss(views[:n], views[n:], temperature=0.5), torch.stack(losses).mean()


def _no_freedom(g: torch.Generator) -> tuple[Tensor, Tensor]:
    """As many frames as labels, no two neighbours alike: there is one alignment."""
    log_p, labels = log_softmax(_normal(g, 4, 1, 6), 2), torch.tensor([[3, 1, 4, 1]])
    lengths = torch.tensor([4])
    return F.ctc_loss(log_p, labels, lengths, lengths), F.nll_loss(log_p[:, 0], labels[0])


def _last_layer(g: torch.Generator) -> tuple[Tensor, Tensor]:
    h, w, y = _normal(g, 8, 4), _normal(g, 6, 4), _classes(g, 8, 6)
    return F.linear_cross_entropy(h, w, y), F.cross_entropy(h @ w.T, y)


def _tree(g: torch.Generator) -> tuple[Tensor, Tensor]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(1000, (), generator=g)))
        layer = F.AdaptiveLogSoftmaxWithLoss(16, 10, cutoffs=[3, 6]).double()
    h, y = _normal(g, 8, 16), _classes(g, 8, 10)
    return layer(h, y).loss, F.nll_loss(layer.log_prob(h), y)


EDGES = (
    Edge("huber_loss", "mse_loss", "δ → ∞: half of it", _huber_wide, limit=True),
    Edge("huber_loss", "l1_loss", "δ → 0, divided by δ", _huber_narrow, limit=True, within=1e-8),
    Edge("huber_loss", "smooth_l1_loss", "δ = β: δ times it", _huber_smooth),
    Edge("smooth_l1_loss", "l1_loss", "β = 0", _smooth_sharp),
    Edge("quantile_loss", "l1_loss", "q = ½: half of it", _half_below),
    Edge("log_cosh_loss", "mse_loss", "small errors: half", _small_errors, limit=True, within=1e-6),
    Edge("asymmetric_cost_loss", "quantile_loss", "at q: (over + under) ×", _two_prices),
    Edge("gaussian_nll_loss", "mse_loss", "variance 1: half of it", _gauss_sure),
    Edge("poisson_nll_loss", "binary_cross_entropy_with_logits", "rare events", _poisson_rare, limit=True),
    Edge("poisson_nll_loss", "mse_loss", "large counts", _poisson_busy, limit=True, within=1e-3),
    Edge("binary_cross_entropy_with_logits", "binary_cross_entropy", "after a sigmoid", _with_logits),
    Edge("cross_entropy", "binary_cross_entropy_with_logits", "two classes", _two_classes),
    Edge("soft_margin_loss", "binary_cross_entropy_with_logits", "labels ±1 for 1 and 0", _signed_answers),
    Edge("cross_entropy", "nll_loss", "after log-softmax", _log_softmax_first),
    Edge("focal_loss", "cross_entropy", "γ = 0", _no_fading),
    Edge("cross_entropy", "kl_div", "minus the target's entropy", _entropy_apart),
    Edge("distillation_loss", "kl_div", "T = 1, after softmax", _one_degree),
    Edge("multilabel_soft_margin_loss", "binary_cross_entropy_with_logits", "label by label", _label_by_label),
    Edge("multilabel_margin_loss", "multi_margin_loss", "one label each", _one_label),
    Edge("multi_margin_loss", "hinge_loss", "two classes: half of it", _two_margins),
    Edge("soft_margin_loss", "hinge_loss", "scores → ∞, margin 0", _hard_logistic, limit=True),
    Edge("margin_ranking_loss", "hinge_loss", "of the difference", _difference),
    Edge("hinge_embedding_loss", "hinge_loss", "of strangers", _far_apart),
    Edge("triplet_margin_loss", "margin_ranking_loss", "of two distances", _nearer_first),
    Edge("triplet_margin_with_distance_loss", "triplet_margin_loss", "its default distance", _own_distance),
    Edge("cosine_embedding_loss", "hinge_embedding_loss", "of 1 − cosine", _cosine_as_distance),
    Edge("dice_loss", "l1_loss", "smooth → ∞", _much_smoothing, limit=True, within=1e-4),
    Edge("info_nce_loss", "cross_entropy", "of cosines", _among_all),
    Edge("nt_xent_loss", "info_nce_loss", "view by view", _each_view),
    Edge("ctc_loss", "nll_loss", "as many frames as labels", _no_freedom),
    Edge("linear_cross_entropy", "cross_entropy", "scores made inside", _last_layer),
    Edge("AdaptiveLogSoftmaxWithLoss", "nll_loss", "scores from a tree", _tree),
)

# Where each loss stands on the map: right, up. Neighbours in meaning are neighbours here.
PLACES = {
    "quantile_loss": (4.6, 13.2),
    "asymmetric_cost_loss": (9.6, 13.2),
    "log_cosh_loss": (11.3, 12.0),
    "l1_loss": (0.9, 11.4),
    "smooth_l1_loss": (0.9, 9.6),
    "huber_loss": (4.1, 10.5),
    "mse_loss": (7.0, 11.4),
    "gaussian_nll_loss": (6.2, 9.5),
    "poisson_nll_loss": (9.2, 8.6),
    "binary_cross_entropy_with_logits": (5.6, 7.7),
    "binary_cross_entropy": (9.2, 7.2),
    "soft_margin_loss": (1.5, 7.7),
    "multilabel_soft_margin_loss": (9.0, 5.7),
    "hinge_loss": (1.4, 5.9),
    "cross_entropy": (5.6, 5.4),
    "focal_loss": (3.6, 6.6),
    "kl_div": (9.2, 4.4),
    "distillation_loss": (11.2, 3.2),
    "linear_cross_entropy": (9.0, 3.1),
    "nll_loss": (6.4, 2.2),
    "ctc_loss": (9.2, 1.4),
    "AdaptiveLogSoftmaxWithLoss": (6.4, 0.4),
    "multi_margin_loss": (3.7, 4.4),
    "multilabel_margin_loss": (4.0, 3.1),
    "margin_ranking_loss": (0.5, 3.9),
    "hinge_embedding_loss": (2.9, 2.0),
    "cosine_embedding_loss": (3.4, 0.5),
    "triplet_margin_loss": (0.3, 2.4),
    "dice_loss": (0.1, 13.4),
    "info_nce_loss": (4.5, -1.1),
    "nt_xent_loss": (1.2, -1.1),
    "triplet_margin_with_distance_loss": (0.5, 0.6),
}


_BOX: dict[str, Any] = {
    "ha": "center",
    "va": "center",
    "fontsize": 8,
    "family": "monospace",
    "bbox": {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "#6b7280"},
    "zorder": 3,
}


def _label(name: str) -> str:
    """The name as it fits into a box: without its last word, broken where it is long."""
    short = name.removesuffix("_loss").replace("binary_cross_entropy", "binary_\ncross_entropy")
    for word in ("_with", "_margin", "_embedding", "_cross", "WithLoss", "LogSoftmax"):
        short = short.replace(word, "\n" + word) if len(short.split("\n")[-1]) > 12 else short
    return short


def _arrow(axes: Axes, edge: Edge, names: dict[str, Text]) -> None:
    (x0, y0), (x1, y1) = PLACES[edge.one], PLACES[edge.other]
    style = {"arrowstyle": "-|>", "color": COLOURS[1] if edge.limit else COLOURS[0], "linewidth": 1.4}
    style |= {"linestyle": "--" if edge.limit else "-", "patchA": names[edge.one].get_bbox_patch()}
    style |= {"patchB": names[edge.other].get_bbox_patch(), "shrinkA": 1, "shrinkB": 1}
    axes.annotate("", (x1, y1), (x0, y0), arrowprops=style, zorder=1)
    axes.text((x0 + x1) / 2, (y0 + y1) / 2, edge.how, ha="center", va="center", fontsize=7, style="italic", zorder=2,
        bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none"})  # fmt: skip


def family_map(title: str) -> Figure:
    """Draw every loss and every edge. An arrow starts at the loss that becomes the other one; limits are dashed."""
    figure, axes = plt.subplots(figsize=(8.0, 9.8))
    names = {name: axes.text(*place, _label(name), **_BOX) for name, place in PLACES.items()}
    for edge in EDGES:
        _arrow(axes, edge, names)
    axes.set(xlim=(-0.9, 12.2), ylim=(-1.7, 13.9), title=title)
    axes.axis("off")
    return figure
