"""The cases of the losses that tell a match from the rest of the batch."""

from collections.abc import Iterator
from typing import Any

import mpmath
import torch
from mpmath import mpf
from torch import Tensor
from torch.nn import functional as F

from tests.cases.embedding import table
from tests.cases.form import FULL, NAN, BadCall, Case, Difference, Exact, noise, numbers, second_form

LOSSES = ("info_nce_loss", "nt_xent_loss")
NAMES = {"info_nce_loss": ("query", "key"), "nt_xent_loss": ("a", "b")}

VECTORS: dict[str, tuple[Tensor, Tensor, dict[str, Any]]] = {
    "random": (noise(4, 3), noise(4, 3, seed=1), {}),
    "wide": (noise(7, 20), noise(7, 20, seed=1), {}),
    # Slopes and second slopes of 0, or of a million, of which float32 keeps little.
    "right-angles": (table((1, 0), (0, 2), (-3, 0)), table((0, 1), (0, 5), (1, 0)), {"dtypes": FULL}),
    "zero": (table((0, 0), (1, 2), (3, 4)), table((1, 2), (0, 0), (4, 3)), {"dtypes": FULL[:1]}),
    "one-pair": (noise(1, 3), noise(1, 3, seed=1), {"dtypes": FULL}),
    "same": (noise(1, 3).repeat(4, 1), noise(1, 3).repeat(4, 1), {"dtypes": FULL[:1]}),
    "one-number": (noise(4, 1), noise(4, 1, seed=1), {"dtypes": FULL[:1]}),
    "transposed": (noise(3, 4), noise(3, 4, seed=1), {"view": torch.t, "dtypes": FULL}),
    "strided": (noise(8, 6), noise(8, 6, seed=1), {"view": lambda t: t[::2, ::2]}),
    "empty": (noise(0, 3), noise(0, 3), {}),
}


def cases() -> Iterator[Case]:
    for loss in LOSSES:
        names = NAMES[loss]
        options = ({}, {"temperature": 1.0}, *([{"symmetric": True}] if loss == "info_nce_loss" else []))
        for option in options:
            for name, (one, other, facts) in VECTORS.items():
                tensors = dict(zip(names, (one, other), strict=True))
                facts = facts | {"exact": name == "random" and "symmetric" not in option}
                yield Case(loss, name, tensors, option, rows=(), places=2048, **facts)
        some = dict(zip(names, (noise(4, 3), noise(4, 3, seed=1)), strict=True))
        yield Case(loss, "weighted", some | {"weight": noise(4, seed=2).abs()}, {}, rows=())
        yield Case(loss, "weights-all-zero", some | {"weight": torch.zeros(4).double()}, {}, rows=())
        yield Case(loss, "double-other", some, {}, fixed={names[1]}, dtypes=FULL, rows=())
        yield Case(loss, "learned-temperature", some | {"temperature": numbers(0.5)[0]}, dtypes=FULL, rows=())
    some = {"query": noise(4, 3), "key": noise(4, 3, seed=1), "negatives": noise(5, 3, seed=2)}
    for option in ({}, {"symmetric": True}):
        yield Case("info_nce_loss", "negatives", some, option, rows=(), dtypes=FULL[:1])
    yield Case("info_nce_loss", "no-negatives", some | {"negatives": noise(0, 3)}, {}, rows=())


CASES = (*cases(),)


# --- from torch's own pieces --------------------------------------------------------------------------------------


def cosines(one: Tensor, other: Tensor) -> Tensor:
    """Of all pairs, from torch's loss of the angle between two vectors."""
    common = torch.promote_types(one.dtype, other.dtype)
    shape = len(one), len(other), one.shape[1]
    left, right = (it.to(common).expand(shape).reshape(-1, shape[2]) for it in (one.unsqueeze(1), other.unsqueeze(0)))
    return 1 - F.cosine_embedding_loss(left, right, left.new_ones(len(left)), reduction="none").reshape(shape[:2])


@second_form
def info_nce_from_cross_entropy(
    query: Tensor, key: Tensor, temperature: Any = 0.1, symmetric: bool = False, negatives: Tensor | None = None
) -> Tensor:
    scores, own = cosines(query, key) / temperature, torch.arange(len(query))
    every = scores if negatives is None else torch.cat([scores, cosines(query, negatives) / temperature], 1)
    losses = F.cross_entropy(every, own, reduction="none")
    return (losses + F.cross_entropy(scores.T, own, reduction="none")) / 2 if symmetric else losses


@second_form
def nt_xent_from_cross_entropy(a: Tensor, b: Tensor, temperature: Any = 0.5) -> Tensor:
    """The views without themselves: two blocks of scores side by side, the diagonal of the one taken out."""
    n, losses = len(a), []
    for one, other in ((a, b), (b, a)):
        apart = cosines(one, one)[~torch.eye(n, dtype=torch.bool)].reshape(n, max(n - 1, 0))
        scores = torch.cat([cosines(one, other), apart], 1) / temperature
        losses.append(F.cross_entropy(scores, torch.arange(n), reduction="none"))
    return sum(losses) / 2


SECOND_FORMS = {"info_nce_loss": info_nce_from_cross_entropy, "nt_xent_loss": nt_xent_from_cross_entropy}


# --- bad calls ----------------------------------------------------------------------------------------------------

_X = torch.ones(4, 3)
Bad = dict[str, tuple[dict[str, Any], tuple[str, ...], type[Exception]]]


def bad_vectors(one: str, other: str) -> Bad:
    return {
        "list": ({one: [1.0]}, (one, "list", "torch.tensor"), TypeError),
        "number": ({other: 1.0}, (other, "float", "torch.tensor"), TypeError),
        "number-for-weight": ({"weight": 1.0}, ("weight", "float", "torch.tensor"), TypeError),
        "integers": ({one: _X.long()}, (one, "int64", f"{one}.float()"), RuntimeError),
        "complex": ({other: _X + 0j}, (other, "complex64", "real"), RuntimeError),
        "one-vector": ({one: _X[0], other: _X[0]}, (one, "(N, D)", "(3,)"), ValueError),
        "too-few": ({other: _X[:1]}, (other, one, "(4, 3)", "(1, 3)", "broadcast"), ValueError),
        "labels-for-weight": ({"weight": _X}, ("weight", "pairs", "(4,)", "(4, 3)"), ValueError),
        "weight-bool": ({"weight": _X[:, 0] > 0}, ("weight", "bool"), RuntimeError),
        "temperature": ({"temperature": 0.0}, ("temperature", "above 0", "0.0"), ValueError),
        "temperature-below": ({"temperature": torch.tensor(-1.0)}, ("temperature", "above 0", "-1"), ValueError),
        "temperature-nan": ({"temperature": NAN}, ("temperature", "above 0", "nan"), ValueError),
        "temperature-a-word": ({"temperature": "1"}, ("temperature", "real number", "str"), TypeError),
        "reduction": ({"reduction": "avg"}, ("reduction", "'avg'", "none", "mean", "sum"), ValueError),
        "no-reduction": ({"reduction": None}, ("reduction", "None"), TypeError),
    }


_BAD_NEGATIVES: Bad = {
    "symmetric": ({"symmetric": 1}, ("symmetric", "True", "int"), TypeError),
    "number-for-negatives": ({"negatives": 1.0}, ("negatives", "float", "torch.tensor"), TypeError),
    "negatives-integers": ({"negatives": _X.long()}, ("negatives", "int64"), RuntimeError),
    "negatives-of-each": ({"negatives": torch.ones(4, 5, 3)}, ("negatives", "(M, 3)", "(4, 5, 3)"), ValueError),
    "negatives-longer": ({"negatives": torch.ones(5, 4)}, ("negatives", "(M, 3)", "(5, 4)"), ValueError),
}
BAD_CALLS: tuple[BadCall, ...] = ()
OWN_BAD_CALLS = tuple(
    (BadCall(loss, name, dict.fromkeys(NAMES[loss], _X) | arguments, says), kind)
    for loss, more in (("info_nce_loss", _BAD_NEGATIVES), ("nt_xent_loss", {}))
    for name, (arguments, says, kind) in (bad_vectors(*NAMES[loss]) | more).items()
)
DIFFERENCES: tuple[Difference, ...] = ()
FINITE_ONLY_HERE: set = set()


# --- the losses a second time, in exact arithmetic ----------------------------------------------------------------

_EPSILON = mpf("1e-12")


def lengths(vectors: list) -> list[mpf]:
    return [mpmath.sqrt(mpmath.fsum(x * x for x in row) + _EPSILON) for row in vectors]


def directions(vectors: list) -> list[list[mpf]]:
    return [[x / length for x in row] for row, length in zip(vectors, lengths(vectors), strict=True)]


def dot(one: list, other: list) -> mpf:
    return mpmath.fsum(x * y for x, y in zip(one, other, strict=True))


def turned(vectors: list, pulls: list) -> list[mpf]:
    """The slopes by vectors, from those by their directions."""
    slopes = []
    for hat, length, pull in zip(directions(vectors), lengths(vectors), pulls, strict=True):
        slopes += [(g - dot(hat, pull) * u) / length for g, u in zip(pull, hat, strict=True)]
    return slopes


def softmax(scores: list) -> list[mpf]:
    powers = [mpmath.exp(score) for score in scores]
    return [power / mpmath.fsum(powers) for power in powers]


def info_nce(
    query: list, key: list, temperature: float = 0.1, symmetric: bool = False, negatives: list | None = None
) -> Exact:
    heat, n = mpf(temperature), len(query)
    q, k = directions(query), directions(key + (negatives or []))
    s = [[dot(one, other) / heat for other in k] for one in q]
    rows = [softmax(row) for row in s]
    columns = [softmax([row[j] for row in s]) for j in range(n)]
    values, pulls = [], []
    for i in range(n):
        back = mpmath.log(columns[i][i]) if symmetric else mpmath.log(rows[i][i])
        values.append(-(mpmath.log(rows[i][i]) + back) / 2)
        aims = [rows[i][j] - (i == j) for j in range(len(k))]
        if symmetric:
            aims = [(aim + (columns[j][i] - (i == j) if j < n else 0)) / 2 for j, aim in enumerate(aims)]
        pulls.append([mpmath.fsum(aim * k[j][d] for j, aim in enumerate(aims)) / heat for d in range(len(q[0]))])
    return Exact(values, turned(query, pulls))


def nt_xent(a: list, b: list, temperature: float = 0.5) -> Exact:
    heat, n, z = mpf(temperature), len(a), directions(a + b)
    p = []
    for u in range(2 * n):
        chances = iter(softmax([dot(z[u], z[v]) / heat for v in range(2 * n) if v != u]))
        p.append([next(chances) if v != u else mpf(0) for v in range(2 * n)])
    values = [-(mpmath.log(p[i][i + n]) + mpmath.log(p[i + n][i])) / 2 for i in range(n)]
    pulls = []
    for u in range(n):
        aims = [p[u][v] + p[v][u] - 2 * (v == u + n) for v in range(2 * n)]
        pulls.append([mpmath.fsum(x * z[v][d] for v, x in enumerate(aims)) / (2 * heat) for d in range(len(z[0]))])
    return Exact(values, turned(a, pulls))


EXACT = {"info_nce_loss": info_nce, "nt_xent_loss": nt_xent}
MODULE_OPTIONS: dict[str, dict[str, Any]] = {}
REFERENCE_OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {}
