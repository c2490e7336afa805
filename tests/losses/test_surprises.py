"""Where torch surprises: each a sentence, run against torch and against this package, which does the same.

The docstrings say it where it matters, the book shows it. Where the two packages differ, the difference stands with the
cases of its family in ``tests/cases``, or as a test whose name begins with ``test_listed_difference``.
"""

import math
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import lossbook
from lossbook.catalog import CATALOG

INF, NAN = math.inf, math.nan


class Surprise(NamedTuple):
    """What one would not expect of a loss, and whether the functions of a module do it."""

    loss: str
    says: str
    shown: Callable[[ModuleType], bool]


def slope(loss: Callable[[Tensor], Tensor], *at: float) -> list[float]:
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(loss(x), x)[0].tolist()


def refuses(error: type[Exception], call: Callable[[], object]) -> bool:
    try:
        call()
    except error:
        return True
    return False


def gets_no_gradient(loss: Callable[[Tensor], Tensor]) -> bool:
    w = _WEIGHT.clone().requires_grad_()
    return torch.autograd.grad(loss(w), w, allow_unused=True) == (None,)


def numbers(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def same(one: Tensor, other: float) -> bool:
    return torch.allclose(one, torch.tensor(other, dtype=one.dtype), equal_nan=True)


_ONE, _TWO = torch.ones(1), torch.ones(2)
_SCORES = numbers(2, 0, -1, 0, 1, 3).reshape(2, 3)
_CHANCES = numbers(0.5, 0.3, 0.2, 0.1, 0.1, 0.8).reshape(2, 3)
_WEIGHT = numbers(1, 2, 4)
_PICK = torch.tensor([0, 2])

SURPRISES = [
    Surprise(
        "mse_loss",
        "Sizes (2, 1) and (2) are broadcast to (2, 2), with no more than a warning.",
        lambda f: f.mse_loss(_TWO[:, None], _TWO, reduction="none").shape == (2, 2),
    ),
    Surprise(
        "mse_loss",
        "With weight, mean divides by the sum of the weights.",
        lambda f: same(f.mse_loss(numbers(0, 2), numbers(0, 0), weight=numbers(3, 1)), 4 / 4),
    ),
    Surprise(
        "huber_loss",
        "With weight, mean divides by the number of elements all the same.",
        lambda f: same(f.huber_loss(numbers(0, 2), numbers(0, 0), weight=numbers(3, 1)), 1.5 / 2),
    ),
    Surprise(
        "smooth_l1_loss",
        "beta=0 is the absolute error, and no division by zero.",
        lambda f: same(f.smooth_l1_loss(numbers(3), numbers(0), beta=0), 3),
    ),
    Surprise(
        "l1_loss",
        "At zero error the slope is 0, not undefined.",
        lambda f: slope(lambda x: f.l1_loss(x, numbers(1)), 1) == [0],
    ),
    Surprise(
        "poisson_nll_loss",
        "The loss is negative where the count is large.",
        lambda f: f.poisson_nll_loss(numbers(3), numbers(20)) < 0,
    ),
    Surprise(
        "gaussian_nll_loss",
        "A variance of shape (3) with an input of (3, 3) is one for each row, and not for each column.",
        lambda f: torch.equal(
            f.gaussian_nll_loss(torch.zeros(3, 3), torch.ones(3, 3), torch.tensor([1.0, 2.0, 4.0]), reduction="none"),
            f.gaussian_nll_loss(
                torch.zeros(3, 3), torch.ones(3, 3), torch.tensor([[1.0], [2.0], [4.0]]).expand(3, 3), reduction="none"
            ),
        ),
    ),
    Surprise(
        "gaussian_nll_loss",
        "eps is a floor of the variance, under which no gradient gets through to it any less.",
        lambda f: slope(lambda v: f.gaussian_nll_loss(numbers(0), numbers(0), v, eps=1.0), 0.5) == [0.5],
    ),
    Surprise(
        "kl_div",
        "mean divides by the elements, not by the samples, and warns of it.",
        lambda f: same(f.kl_div(_CHANCES.log(), _CHANCES.flip(0)), f.kl_div(
            _CHANCES.log(), _CHANCES.flip(0), reduction="batchmean").item() / 3),
    ),
    Surprise(
        "kl_div",
        "batchmean of a single vector divides by its classes.",
        lambda f: same(
            f.kl_div(_CHANCES[0].log(), _CHANCES[1], reduction="batchmean"),
            f.kl_div(_CHANCES[0].log(), _CHANCES[1], reduction="sum").item() / 3,
        ),
    ),
    Surprise(
        "kl_div",
        "A probability of 0 where the target has 0 too gives nan, not 0.",
        lambda f: f.kl_div(numbers(-INF), numbers(0)).isnan().item(),
    ),
    Surprise(
        "binary_cross_entropy",
        "The loss of a certain model that is wrong is 100, and its slope 1e12.",
        lambda f: same(f.binary_cross_entropy(numbers(0), numbers(1)), 100)
        and math.isclose(slope(lambda x: f.binary_cross_entropy(x, numbers(1)), 0)[0], -1e12, rel_tol=1e-6),
    ),
    Surprise(
        "binary_cross_entropy",
        "With weight, mean divides by the number of elements.",
        lambda f: same(f.binary_cross_entropy(numbers(0.5, 0.5), numbers(1, 1), numbers(3, 1)), 2 * math.log(2)),
    ),
    Surprise(
        "binary_cross_entropy_with_logits",
        "Targets outside of 0 to 1 are taken, and the loss can then be negative without end.",
        lambda f: f.binary_cross_entropy_with_logits(numbers(100), numbers(2)) < -99,
    ),
    Surprise(
        "binary_cross_entropy_with_logits",
        "The result has the dtype of target, even where input is wider.",
        lambda f: f.binary_cross_entropy_with_logits(numbers(1), torch.ones(1)).dtype == torch.float32,
    ),
    Surprise(
        "nll_loss",
        "Nothing checks that the input holds log-probabilities: probabilities give a loss below 0.",
        lambda f: f.nll_loss(_CHANCES, _PICK) < 0,
    ),
    Surprise(
        "cross_entropy",
        "The mean of targets that are all ignored is nan, their sum 0.",
        lambda f: f.cross_entropy(_SCORES, torch.tensor([-100, -100])).isnan().item()
        and f.cross_entropy(_SCORES, torch.tensor([-100, -100]), reduction="sum") == 0,
    ),
    Surprise(
        "cross_entropy",
        "With weight, mean divides by the weights of the targets if they are indices, by the samples if probabilities.",
        lambda f: same(f.cross_entropy(_SCORES, _PICK, _WEIGHT), f.cross_entropy(
            _SCORES, _PICK, _WEIGHT, reduction="sum").item() / 5)
        and same(f.cross_entropy(_SCORES, torch.eye(3).double()[_PICK], _WEIGHT), f.cross_entropy(
            _SCORES, _PICK, _WEIGHT, reduction="sum").item() / 2),
    ),
    Surprise(
        "cross_entropy",
        "A weight that trains is refused beside indices and taken beside probabilities.",
        lambda f: refuses(RuntimeError, lambda: f.cross_entropy(_SCORES, _PICK, _WEIGHT.clone().requires_grad_()))
        and f.cross_entropy(_SCORES, _CHANCES, _WEIGHT.clone().requires_grad_()).requires_grad,
    ),
    Surprise(
        "cross_entropy",
        "A target of floating point in the shape of input holds probabilities, whatever they add up to.",
        lambda f: same(f.cross_entropy(_SCORES, 2 * _CHANCES), 2 * f.cross_entropy(_SCORES, _CHANCES).item()),
    ),
    Surprise(
        "cross_entropy",
        "label_smoothing below 0 counts as 0.",
        lambda f: torch.equal(f.cross_entropy(_SCORES, _PICK, label_smoothing=-1), f.cross_entropy(_SCORES, _PICK)),
    ),
    Surprise(
        "cross_entropy",
        "A probability of 0 for a class whose score is minus infinity gives nan; as an index the target costs no more.",
        lambda f: f.cross_entropy(numbers(0, -INF), numbers(1, 0)).isnan().item()
        and f.cross_entropy(numbers(0, -INF), torch.tensor(0)) == 0,
    ),
    Surprise(
        "soft_margin_loss",
        "Labels of 0 and 1 are taken: a 0 costs log 2, whatever the score.",
        lambda f: same(f.soft_margin_loss(numbers(9), numbers(0)), math.log(2)),
    ),
    Surprise(
        "hinge_embedding_loss",
        "A target that is neither 1 nor -1 costs both cases together.",
        lambda f: same(f.hinge_embedding_loss(numbers(0.25), numbers(0)), 0.25 + 0.75),
    ),
    Surprise(
        "hinge_embedding_loss",
        "At the kink of the hinge the slope is that of the side that costs.",
        lambda f: slope(lambda x: f.hinge_embedding_loss(x, numbers(-1)), 1) == [-1],
    ),
    Surprise(
        "multi_margin_loss",
        "At the kink of the hinge the slope is 0.",
        lambda f: slope(lambda x: f.multi_margin_loss(x, torch.tensor(0)), 1, 0) == [0, 0],
    ),
    Surprise(
        "multi_margin_loss",
        "A score that is nan costs nothing.",
        lambda f: f.multi_margin_loss(numbers(0, NAN), torch.tensor(0)) == 0,
    ),
    Surprise(
        "multilabel_margin_loss",
        "The labels are those before the first -1; what follows it is not read.",
        lambda f: torch.equal(
            f.multilabel_margin_loss(_SCORES[0], torch.tensor([1, -1, 0])),
            f.multilabel_margin_loss(_SCORES[0], torch.tensor([1, -1, -1])),
        ),
    ),
    Surprise(
        "multilabel_margin_loss",
        "A label that is listed twice counts twice.",
        lambda f: f.multilabel_margin_loss(_SCORES[0], torch.tensor([1, 1, -1]))
        == 2 * f.multilabel_margin_loss(_SCORES[0], torch.tensor([1, -1, -1])),
    ),
    Surprise(
        "margin_ranking_loss",
        "The default margin of 0 is satisfied by equal scores: a model that says one number for all has no loss.",
        lambda f: f.margin_ranking_loss(_ONE, _ONE, _ONE) == 0,
    ),
    Surprise(
        "cosine_embedding_loss",
        "A target that is neither 1 nor -1 costs nothing.",
        lambda f: f.cosine_embedding_loss(_SCORES, _CHANCES, torch.zeros(2)) == 0,
    ),
    Surprise(
        "cosine_embedding_loss",
        "A vector of zeros has the cosine 0 to every other.",
        lambda f: same(f.cosine_embedding_loss(0 * _SCORES, _CHANCES, torch.ones(2)), 1),
    ),
    Surprise(
        "triplet_margin_loss",
        "eps is added to every difference: the distance of a vector to itself is not 0.",
        lambda f: f.triplet_margin_loss(_SCORES, _SCORES, 9 + _SCORES, margin=30, eps=0.5, p=1)
        == f.triplet_margin_loss(_SCORES, _SCORES + 0.5, 9 + _SCORES, margin=30, eps=0.5, p=1) + 1.5,
    ),
    Surprise(
        "triplet_margin_loss",
        "Where all vectors are one, the loss is the margin and every slope 0: nothing trains.",
        lambda f: slope(lambda x: f.triplet_margin_loss(x[None], x[None], x[None]), 1, 2) == [0, 0],
    ),
    Surprise(
        "ctc_loss",
        "mean divides the loss of each sequence by the length of its labels first.",
        lambda f: same(
            f.ctc_loss(torch.full((4, 1, 3), 1 / 3).log(), torch.tensor([[1, 2]]), [4], [2]),
            f.ctc_loss(
                torch.full((4, 1, 3), 1 / 3).log(), torch.tensor([[1, 2]]), [4], [2], reduction="sum").item() / 2,
        ),
    ),
    Surprise(
        "ctc_loss",
        "A sequence that is too short for its labels costs infinity, which zero_infinity hides.",
        lambda f: f.ctc_loss(torch.zeros(1, 1, 3), torch.tensor([[1, 2]]), [1], [2]) == INF
        and f.ctc_loss(torch.zeros(1, 1, 3), torch.tensor([[1, 2]]), [1], [2], zero_infinity=True) == 0,
    ),
    Surprise(
        "ctc_loss",
        "Its slope is that of the scores behind the log-softmax: it adds up to 0 over the symbols.",
        lambda f: abs(sum(slope(
            lambda x: f.ctc_loss(x[None, None], torch.tensor([[1]]), [1], [1]), *map(math.log, (0.5, 0.3, 0.2))
        ))) < 1e-12,
    ),
    Surprise(
        "linear_cross_entropy",
        "With options, a weight that trains gets no gradient, in silence.",
        lambda f: gets_no_gradient(lambda w: f.linear_cross_entropy(
            _SCORES.clone().requires_grad_(), torch.eye(3).double(), _PICK, weight=w, options=_options(f))),
    ),
    Surprise(
        "linear_cross_entropy",
        "With options, a class index out of range is a RuntimeError; without, an IndexError.",
        lambda f: refuses(IndexError, lambda: f.linear_cross_entropy(_SCORES, torch.eye(3).double(), _PICK + 1))
        and refuses(RuntimeError, lambda: f.linear_cross_entropy(
            _SCORES, torch.eye(3).double(), _PICK + 1, options=_options(f))),
    ),
]  # fmt: skip


def _options(home: ModuleType) -> object:
    maker = lossbook if home is lossbook else torch.nn
    return maker.LinearCrossEntropyOptions(batch_chunk_size=1, chunking_method=None)


@pytest.mark.parametrize("home", [F, lossbook], ids=["torch", "lossbook"])
@pytest.mark.parametrize("surprise", SURPRISES, ids=lambda surprise: f"{surprise.loss}: {surprise.says}")
def test_surprise(surprise: Surprise, home: ModuleType):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert surprise.shown(home)


def test_a_surprise_is_of_a_loss_and_says_one_thing():
    for surprise in SURPRISES:
        assert surprise.loss in CATALOG
        assert surprise.says.endswith(".")
    assert len({surprise.says for surprise in SURPRISES}) == len(SURPRISES)
