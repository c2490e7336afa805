"""The losses for vectors, beside judges that are not torch: scipy, scikit-learn, numpy, geometry."""

import math
import warnings
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.spatial import distance
from sklearn.metrics import pairwise

import lossbook
from lossbook.catalog import CATALOG
from lossbook.losses.embedding import PairwiseDistance, direction, pairwise_distance
from tests.cases import CASES, Case, noise, trials
from tests.cases.embedding import CityBlocks
from tests.losses import judges

LOSSES = ("cosine_embedding_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss")
A, P, N = (noise(50, 4, seed=seed) for seed in range(3))
SIGNS = torch.tensor([1, -1]).repeat(25)
NORMS = (1, 1.5, 2, 3, math.inf)


# --- libraries ----------------------------------------------------------------------------------------------------


def test_scipys_and_sklearns_cosine():
    loss = lossbook.cosine_embedding_loss(A, P, torch.ones(50), reduction="none")
    for expected in (
        [distance.cosine(a, p) for a, p in zip(A.numpy(), P.numpy(), strict=True)],
        pairwise.paired_cosine_distances(A.numpy(), P.numpy()),
    ):
        torch.testing.assert_close(loss, torch.as_tensor(np.array(expected)))
    apart = lossbook.cosine_embedding_loss(A, P, -torch.ones(50), margin=0.2, reduction="none")
    torch.testing.assert_close(apart, (0.8 - loss).clamp(min=0))


@pytest.mark.parametrize("p", NORMS)
def test_scipys_minkowski(p: float):
    near, far, other = (
        np.array([distance.minkowski(x + 1e-6, y, p) for x, y in zip(one.numpy(), two.numpy(), strict=True)])
        for one, two in ((A, P), (A, N), (P, N))
    )
    loss = lossbook.triplet_margin_loss(A, P, N, p=p, reduction="none")
    torch.testing.assert_close(loss, torch.from_numpy(np.maximum(0, 1 + near - far)))
    swapped = lossbook.triplet_margin_loss(A, P, N, p=p, swap=True, reduction="none")
    torch.testing.assert_close(swapped, torch.from_numpy(np.maximum(0, 1 + near - np.minimum(far, other))))
    assert (swapped != loss).any()


# --- geometry -----------------------------------------------------------------------------------------------------


def test_an_angle_by_hand():
    """60 degrees apart: the cosine is 1/2."""
    one, other = torch.tensor([[7.0, 0.0]]), torch.tensor([[1.0, math.sqrt(3)]])
    assert lossbook.cosine_embedding_loss(one, other, torch.ones(1)).item() == pytest.approx(0.5)
    assert lossbook.cosine_embedding_loss(one, other, -torch.ones(1), margin=0.2).item() == pytest.approx(0.3)
    assert lossbook.cosine_embedding_loss(one, other, -torch.ones(1), margin=0.6).item() == 0


def test_the_cosine_knows_no_length():
    scales = 10.0 ** torch.arange(50).remainder(7)[:, None]
    for reduction in ("none", "mean"):
        loss = lossbook.cosine_embedding_loss(A, P, SIGNS, margin=0.3, reduction=reduction)
        scaled = lossbook.cosine_embedding_loss(A * scales, 3 * P, SIGNS, margin=0.3, reduction=reduction)
        torch.testing.assert_close(loss, scaled)


def test_half_the_squared_distance_of_unit_vectors_is_one_minus_the_cosine():
    unit_a, unit_p = (x / x.norm(dim=-1, keepdim=True) for x in (A, P))
    loss = lossbook.cosine_embedding_loss(A, P, torch.ones(50), reduction="none")
    torch.testing.assert_close(loss, (unit_a - unit_p).square().sum(-1) / 2)


def test_the_slope_of_the_cosine_turns_and_does_not_stretch():
    slope = lossbook.cosine_embedding_slope(A, P, SIGNS)
    assert slope.abs().max() > 0.1
    assert (slope * A).sum(-1).abs().max() < 1e-10


def test_both_pulls_of_a_triplet_have_length_one():
    """So the slope is at most 2 long, however far the three are apart: no vector is pulled harder for being far."""
    for scale in (1.0, 1e3):
        slope = lossbook.triplet_margin_slope(scale * A, scale * P, scale * N, margin=1e9)
        pull, push = (A - P), (A - N)
        unit = pull / pull.norm(dim=-1, keepdim=True) - push / push.norm(dim=-1, keepdim=True)
        torch.testing.assert_close(slope, unit, rtol=1e-5, atol=1e-5)


def test_a_met_margin_pulls_no_more():
    near, far = torch.tensor([[0.0, 1.0]]), torch.tensor([[0.0, 9.0]])
    assert lossbook.triplet_margin_loss(torch.zeros(1, 2), near, far).item() == 0
    assert not lossbook.triplet_margin_slope(torch.zeros(1, 2), near, far).any()


def test_a_custom_distance_is_the_one_that_counts():
    ours = lossbook.triplet_margin_with_distance_loss(A, P, N, distance_function=CityBlocks(), reduction="none")
    expected = lossbook.triplet_margin_loss(A, P, N, p=1, eps=0, reduction="none")
    torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize("swap", [False, True])
def test_the_default_distance_makes_the_two_triplet_losses_one(swap: bool):
    for reduction in ("none", "mean", "sum"):
        options = {"swap": swap, "reduction": reduction, "margin": 0.7}
        one = lossbook.triplet_margin_loss(A, P, N, **options)
        other = lossbook.triplet_margin_with_distance_loss(A, P, N, **options)
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_a_margin_can_be_learned():
    margin = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    for loss in (lossbook.triplet_margin_with_distance_loss, F.triplet_margin_with_distance_loss):
        values = loss(A, P, N, margin=margin, reduction="none")
        (slope,) = torch.autograd.grad(values.sum(), margin)
        assert slope == (values > 0).sum()


def test_equal_vectors_have_a_distance_and_a_slope():
    """``eps`` is added to the difference itself: equal vectors are ``eps`` times the root of D apart."""
    x = torch.ones(1, 4, dtype=torch.float64, requires_grad=True)
    loss = lossbook.triplet_margin_loss(x, torch.ones(1, 4).double(), torch.full((1, 4), 9.0).double(), margin=100)
    assert loss.item() == pytest.approx(100 + 2e-6 - (16 - 2e-6))
    (slope,) = torch.autograd.grad(loss, x)
    torch.testing.assert_close(slope, torch.full((1, 4), 0.5 + 0.5).double())


# --- the distance -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [*NORMS, 0, 0.5, -1, -math.inf])
def test_the_distance_is_torchs(p: float):
    ours, theirs = pairwise_distance(A, P, p, 0.01), F.pairwise_distance(A, P, p, 0.01)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


@pytest.mark.parametrize("p", NORMS)
def test_the_direction_is_the_slope_of_the_norm(p: float):
    v = torch.cat([A, torch.tensor([[0.0, 0, 0, 0], [1, 0, -2, 0], [3, 3, -3, 0]]).double()]).requires_grad_()
    (slope,) = torch.autograd.grad(torch.linalg.vector_norm(v, p, -1).sum(), v)
    if p == math.inf:  # of no vector, torch's slope is 0 too, but no place is the largest
        v, slope = v[[*range(50), 51, 52]], slope[[*range(50), 51, 52]]
    torch.testing.assert_close(direction(v.detach(), p), slope)


def test_the_module_of_the_distance_rounds_once():
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
        result = PairwiseDistance()(A.to(dtype), P.to(dtype))
        assert result.dtype == dtype
        exact = F.pairwise_distance(A.to(dtype).double(), P.to(dtype).double())
        assert ((result.double() - exact).abs() <= 1.001 * judges.rounding(exact, dtype) + 1e-6 * exact).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_what_a_distance_returns_in_half_precision_is_rounded_no_more_than_once(dtype: torch.dtype):
    """The distance rounds what it returns. From there to the loss there is one rounding, where torch has three."""
    a, p, n = (100 * x.to(dtype) for x in (A, P, N))
    near, far = CityBlocks()(a, p), CityBlocks()(a, n)
    exact = (0.3 + near.double() - far.double()).clamp(min=0)
    loss = lossbook.triplet_margin_with_distance_loss
    result = loss(a, p, n, distance_function=CityBlocks(), margin=0.3, reduction="none")
    assert result.dtype == dtype
    assert ((result.double() - exact).abs() <= 1.001 * judges.rounding(exact, dtype)).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_the_dtype_of_a_mixture_is_torchs(loss: str):
    """Half precision beside integers, the other half precision and float32, in each argument."""
    kinds = (torch.float16, torch.bfloat16, torch.float32, torch.int64)
    for dtypes in product(kinds, repeat=2 if loss == LOSSES[0] else 3):
        arguments = [x.to(dtype) for x, dtype in zip((A, P, N), dtypes, strict=False)]
        arguments += [SIGNS] if loss == LOSSES[0] else []
        ours, torchs = (getattr(home, loss)(*arguments, reduction="none").dtype for home in (lossbook, F))
        assert ours == torchs, dtypes


def test_a_distance_with_parameters_is_part_of_the_module():
    module = lossbook.TripletMarginWithDistanceLoss(distance_function=torch.nn.Bilinear(4, 4, 1).double())
    theirs = torch.nn.TripletMarginWithDistanceLoss(distance_function=module.distance_function)
    assert (
        list(module.state_dict()) == list(theirs.state_dict()) == ["distance_function.weight", "distance_function.bias"]
    )
    torch.testing.assert_close(module(A, P, N), theirs(A, P, N))


# --- slopes -------------------------------------------------------------------------------------------------------

SLOPES = [
    case
    for case in CASES
    if case.loss in LOSSES and CATALOG[case.loss].slope and case.exact and case.name != "infinite-curvature"
]


@pytest.mark.parametrize("case", SLOPES, ids=str)
def test_the_slope_is_autograds(case: Case):
    slope = getattr(lossbook, CATALOG[case.loss].slope)
    for trial in trials(case, (torch.float64, torch.float32)):
        if trial.reduction == "sum":
            judges.same_slope(getattr(lossbook, case.loss), slope, trial.arguments(), case.options)


def test_the_slope_of_one_vector():
    for options in ({}, {"swap": True}):
        arguments = {"anchor": A[0], "positive": P[0], "negative": N[0]}
        judges.same_slope(lossbook.triplet_margin_loss, lossbook.triplet_margin_slope, arguments, options)
    for sign in (1, -1):
        arguments = {"input1": A[0], "input2": P[0], "target": torch.tensor(sign)}
        judges.same_slope(lossbook.cosine_embedding_loss, lossbook.cosine_embedding_slope, arguments, {"margin": -1})


# --- facts of the catalog, and warnings ---------------------------------------------------------------------------


def test_the_range_of_the_cosine_loss_is_reached():
    row = CATALOG["cosine_embedding_loss"]
    x = torch.tensor([[3.0, 4.0]])
    for other, sign, margin, expected in ((x, 1, 0, row.minimum), (-x, 1, 0, row.maximum), (x, -1, -1, row.maximum)):
        result = lossbook.cosine_embedding_loss(x, other, torch.tensor([sign]), margin)
        assert result.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_options_of_the_catalog_are_the_defaults(loss: str):
    row = CATALOG[loss]
    defaults = judges.parameters(getattr(lossbook, loss))
    assert {name: default for name, default, _ in defaults if name not in (*row.arguments, "reduction")} == row.options


@pytest.mark.parametrize("loss", LOSSES[:2])
def test_the_old_name_of_the_mean_warns(loss: str):
    arguments = (A, P, SIGNS if loss == LOSSES[0] else N)
    judges.same_warning(getattr(lossbook, loss), getattr(F, loss), *arguments, reduction="elementwise_mean")


@pytest.mark.parametrize("loss", LOSSES)
def test_a_good_call_does_not_warn(loss: str):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(lossbook, loss)(A, P, SIGNS if loss == LOSSES[0] else N)


@pytest.mark.parametrize("margin", [0, -1, 0.0, "1", None, 1j, [1.0], torch.tensor(0.0), torch.ones(2)])
@pytest.mark.parametrize("name", ["TripletMarginLoss", "TripletMarginWithDistanceLoss"])
def test_the_modules_refuse_a_margin_as_torchs_do(name: str, margin: object):
    kinds = [judges.outcome(getattr(home, name), {"margin": margin}) for home in (torch.nn, lossbook)]
    assert kinds[0] is kinds[1]
    assert isinstance(kinds[0], type)
