"""InfoNCE and NT-Xent, beside double loops over their formulas, and what is known of their ends."""

import copy
import math
import pickle

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import lossbook
from lossbook.catalog import CATALOG
from tests.cases import CASES, Case, noise, numbers, trials
from tests.losses import judges

Q, K, EXTRA = noise(6, 4), noise(6, 4, seed=1), noise(9, 4, seed=2)
LOSSES = {"info_nce_loss": lossbook.info_nce_loss, "nt_xent_loss": lossbook.nt_xent_loss}


def cosine(x: Tensor, y: Tensor) -> float:
    return (x @ y / (x.norm() * y.norm())).item()


def looped(query: Tensor, key: Tensor, temperature: float, negatives: Tensor | None = None) -> Tensor:
    """Each query against each key, and each of the others."""
    values = []
    for i in range(len(query)):
        total = 0.0
        for j in range(len(key)):
            total += math.exp(cosine(query[i], key[j]) / temperature)
        for other in () if negatives is None else negatives:
            total += math.exp(cosine(query[i], other) / temperature)
        values.append(-math.log(math.exp(cosine(query[i], key[i]) / temperature) / total))
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_info_nce_is_a_double_loop(temperature: float):
    for negatives in (None, EXTRA):
        result = lossbook.info_nce_loss(Q, K, temperature=temperature, negatives=negatives, reduction="none")
        torch.testing.assert_close(result, looped(Q, K, temperature, negatives))
    both = lossbook.info_nce_loss(Q, K, temperature=temperature, symmetric=True, reduction="none")
    torch.testing.assert_close(both, (looped(Q, K, temperature) + looped(K, Q, temperature)) / 2)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_nt_xent_is_a_double_loop_over_equation_1(temperature: float):
    """Chen et al.: -log exp(s_ij / τ) / Σ_{k ≠ i} exp(s_ik / τ), over all 2N views, both of each pair."""
    views, values = torch.cat([Q, K]), []
    for i in range(12):
        total = 0.0
        for k in range(12):
            total += 0.0 if k == i else math.exp(cosine(views[i], views[k]) / temperature)
        values.append(-math.log(math.exp(cosine(views[i], views[(i + 6) % 12]) / temperature) / total))
    expected = torch.tensor(values, dtype=torch.float64)
    result = lossbook.nt_xent_loss(Q, K, temperature=temperature, reduction="none")
    torch.testing.assert_close(result, (expected[:6] + expected[6:]) / 2)
    torch.testing.assert_close(lossbook.nt_xent_loss(Q, K, temperature=temperature), expected.mean())


def test_info_nce_is_cross_entropy_of_the_similarities():
    similar = F.normalize(Q) @ F.normalize(K).T / 0.1
    torch.testing.assert_close(lossbook.info_nce_loss(Q, K), F.cross_entropy(similar, torch.arange(6)))


def test_clip_is_the_symmetric_one():
    """As its authors write it down: scores both ways, labels 0 to N - 1, the mean of the two."""
    scale = numbers(1 / 0.07)[0].log().exp()
    logits, labels = scale * F.normalize(Q) @ F.normalize(K).T, torch.arange(6)
    expected = (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2
    torch.testing.assert_close(lossbook.info_nce_loss(Q, K, temperature=1 / scale, symmetric=True), expected)
    torch.testing.assert_close(lossbook.info_nce_loss(K, Q, temperature=1 / scale, symmetric=True), expected)


def test_negatives_count_where_queries_ask_alone():
    one_way, back = lossbook.info_nce_loss(Q, K, negatives=EXTRA), lossbook.info_nce_loss(K, Q)
    both = lossbook.info_nce_loss(Q, K, negatives=EXTRA, symmetric=True)
    torch.testing.assert_close(both, (one_way + back) / 2)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_of_equal_vectors_every_one_is_as_likely(n: int):
    same = Q[:1].expand(n, 4)
    assert lossbook.info_nce_loss(same, same).item() == pytest.approx(math.log(n), abs=1e-12)
    more = lossbook.info_nce_loss(same, same, negatives=Q[:1].expand(3, 4))
    assert more.item() == pytest.approx(math.log(n + 3))
    assert lossbook.nt_xent_loss(same, same).item() == pytest.approx(math.log(2 * n - 1), abs=1e-12)


def test_the_least_that_cosines_allow():
    """Matches in one direction, all others opposite: two pairs in one dimension."""
    x = numbers(1, -1)[:, None]
    for temperature in (0.1, 0.5, 3.0):
        gap = 2 / temperature
        expected = math.log1p(math.exp(-gap))
        assert lossbook.info_nce_loss(x, x, temperature=temperature).item() == pytest.approx(expected, rel=1e-6)
        assert lossbook.nt_xent_loss(x, x, temperature=temperature).item() == pytest.approx(
            math.log1p(2 * math.exp(-gap)), rel=1e-6
        )


def test_exponentiated_info_nce_bounds_the_information_from_below():
    """van den Oord et al.: log N minus the loss is never above log N, as the loss is never below 0."""
    for f in LOSSES.values():
        assert (f(Q, K, reduction="none") >= 0).all()
        assert (f(Q, Q, temperature=1e-3, reduction="none") >= 0).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_the_length_of_a_vector_does_not_matter_and_its_slope_is_a_turn(loss: str):
    f, factors = LOSSES[loss], noise(6, 1, seed=3).abs() + 0.1
    torch.testing.assert_close(f(factors * Q, 7 * K), f(Q, K))
    x = Q.clone().requires_grad_()
    (slope,) = torch.autograd.grad(f(x, K), x)
    torch.testing.assert_close((slope * Q).sum(1), torch.zeros(6, dtype=torch.float64), atol=1e-10, rtol=0)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_order_of_the_pairs_and_of_the_views_does_not_matter(loss: str):
    f, order = LOSSES[loss], torch.tensor([3, 1, 5, 0, 2, 4])
    torch.testing.assert_close(f(Q[order], K[order], reduction="none"), f(Q, K, reduction="none")[order])
    torch.testing.assert_close(
        lossbook.nt_xent_loss(K, Q, reduction="none"), lossbook.nt_xent_loss(Q, K, reduction="none")
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_low_temperature_and_vectors_without_length_stay_finite(loss: str, dtype: torch.dtype):
    x = Q.to(dtype, copy=True)
    x[2] = 0
    x.requires_grad_()
    value = LOSSES[loss](x, K.to(dtype), temperature=1e-3)
    (slope,) = torch.autograd.grad(value, x)
    assert value.isfinite()
    assert slope.isfinite().all() or dtype == torch.float16  # a slope of a million and more has no place there


def test_autocast_makes_no_half_of_the_cosines():
    for f in LOSSES.values():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            inside = f(Q.float(), K.float())
        assert torch.equal(inside, f(Q.float(), K.float()))


@pytest.mark.parametrize("loss", LOSSES)
def test_a_temperature_may_be_learned(loss: str):
    made = getattr(lossbook, CATALOG[loss].module)
    module = made(temperature=torch.nn.Parameter(torch.tensor(0.5).double()))
    assert [name for name, _ in module.named_parameters()] == ["temperature"]
    module(Q, K).backward()
    steps = [LOSSES[loss](Q, K, temperature=0.5 + step) for step in (-1e-6, 1e-6)]
    assert module.temperature.grad.item() == pytest.approx((steps[1] - steps[0]).item() / 2e-6, rel=1e-5)
    assert list(made(temperature=torch.tensor(0.5)).state_dict()) == ["temperature"]


@pytest.mark.parametrize(
    ("loss", "more"), [("info_nce_loss", {"symmetric": True, "negatives": EXTRA}), ("nt_xent_loss", {})]
)
def test_the_module_does_what_the_function_does(loss: str, more: dict):
    f, made = LOSSES[loss], getattr(lossbook, CATALOG[loss].module)
    options = {"temperature": 0.3, "weight": noise(6, seed=3).abs(), "reduction": "sum"} | more
    module = made(**options)
    for form in (module, pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
        assert torch.equal(form(Q, K), f(Q, K, **options))
    assert set(module.state_dict()) == {"weight", *more} - {"symmetric"}
    assert torch.equal(made()(Q, K), f(Q, K))
    assert module.float()(Q.float(), K.float()).dtype == torch.float32
    with pytest.raises(TypeError):
        made(0.5)
    later = made()
    for name, value in options.items():
        setattr(later, name, value)
    assert torch.equal(later(Q, K), f(Q, K, **options))


SLOPED = ("random", "wide", "right-angles", "zero", "same", "one-pair", "negatives", "no-negatives")


@pytest.mark.parametrize("case", [c for c in CASES if c.loss in LOSSES and c.name in SLOPED], ids=str)
def test_the_slope_is_autograds(case: Case):
    """That of the sum, in which a vector is in every pair; so by keyword: negatives are the third tensor."""
    slope = getattr(lossbook, CATALOG[case.loss].slope)
    for trial in trials(case, (torch.float64, torch.float32)):
        if trial.reduction == "sum":
            arguments = trial.arguments()
            by_name = lambda *values, names=tuple(arguments), **options: slope(  # noqa: E731
                **dict(zip(names, values, strict=True)), **options
            )
            judges.same_slope(LOSSES[case.loss], by_name, arguments, case.options)
