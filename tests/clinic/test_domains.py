"""Which numbers an argument may hold: as declared, as the example suggests, and how to stay among them."""

import math

import pytest
import torch

from lossbook.catalog import CATALOG, row
from lossbook.clinic.contract import Contract
from lossbook.clinic.domains import NAMED, Domain, domain_of, guessed
from tests.clinic.planted import draw

X = draw(6, 4).double()
POSITIVE, CHANCES, LOGS = X.abs() + 0.1, X.softmax(-1), X.log_softmax(-1)
GENERATOR = torch.Generator()


@pytest.mark.parametrize("amount", [0.01, 0.3, 3.0])
def test_what_is_moved_stays_in_its_domain_and_moves(amount):
    for name, x in [("real", X), ("positive", POSITIVE), ("probability", X.sigmoid())]:
        moved = NAMED[name].moved(x, amount, GENERATOR.manual_seed(0))
        assert NAMED[name].holds(moved)
        assert not torch.equal(moved, x)
        assert moved.unique().numel() == x.numel(), "in general position no two numbers are one"
    chances = NAMED["probabilities"].moved(CHANCES, amount, GENERATOR)
    torch.testing.assert_close(chances.sum(-1), torch.ones(6).double())
    torch.testing.assert_close(NAMED["log-probabilities"].moved(LOGS, amount, GENERATOR).exp().sum(-1), chances.sum(-1))
    assert NAMED["fixed"].moved(X, amount, GENERATOR) is X


def test_a_border_is_left_and_not_crossed():
    bits = torch.tensor([0.0, 1.0, 1.0, 0.0]).double()
    moved = NAMED["probability"].moved(bits, 0.1, GENERATOR.manual_seed(0))
    assert bool(((moved > 0) & (moved < 1)).all())
    low = Domain("interval", -math.inf, 2.0).moved(torch.full((5,), 2.0).double(), 0.1, GENERATOR)
    assert bool((low < 2).all())
    assert bool((NAMED["non-negative"].moved(torch.zeros(5).double(), 0.1, GENERATOR) > 0).all())


def test_far_out():
    assert torch.equal(NAMED["real"].scaled(X, -3), -3 * X)
    assert torch.equal(NAMED["non-negative"].scaled(POSITIVE, 3), 3 * POSITIVE)
    assert NAMED["non-negative"].scaled(POSITIVE, -3) is None
    assert NAMED["probability"].scaled(X, 3) is None
    torch.testing.assert_close(NAMED["log-probabilities"].scaled(LOGS, 50).exp().sum(-1), torch.ones(6).double())


def test_ends():
    assert list(NAMED["probability"].borders()) == [0, 1]
    assert list(NAMED["non-negative"].borders()) == [0]
    assert [*NAMED["positive"].borders(), *NAMED["real"].borders(), *NAMED["fixed"].borders()] == []


def test_free_numbers_stand_for_those_of_the_domain():
    for name, x in [("probabilities", CHANCES), ("log-probabilities", LOGS), ("real", X), ("probability", CHANCES)]:
        torch.testing.assert_close(NAMED[name].onto(NAMED[name].free(x)), x)


@pytest.mark.parametrize(
    ("example", "first", "told"),
    [
        (X, True, "any real number"),
        (POSITIVE, True, "from 0 to inf"),
        (X.sigmoid(), True, "from 0 to 1"),
        (CHANCES, True, "probabilities"),
        (CHANCES, False, "probabilities"),
        (LOGS, True, "log-probabilities"),
        (torch.tensor([1.0, 2.0, 5.0]), True, "any real number"),
        (torch.tensor([1.0, 2.0, 5.0]), False, "the numbers of the example alone"),
        (torch.tensor([1.0, -1.0]), False, "the numbers of the example alone"),
        (torch.tensor([1, 2]), False, "the numbers of the example alone"),
        ("mean", False, "the numbers of the example alone"),
    ],
)
def test_what_an_example_suggests(example, first, told):
    domain = guessed(example, first)
    assert str(domain) == told
    assert not (domain.declared and isinstance(example, torch.Tensor) and example.is_floating_point())


def test_chances_along_another_dimension():
    assert guessed(X.softmax(0), True).dim == 0
    assert domain_of("log-probabilities", X.log_softmax(0)).dim == 0


def test_what_a_caller_declares():
    assert domain_of((0, None), X) == Domain("interval", 0.0)
    assert domain_of((None, 3), X) == Domain("interval", -math.inf, 3.0)
    assert domain_of({-1, 1}, X) == NAMED["fixed"]
    assert domain_of(NAMED["real"], X) is NAMED["real"]
    names, examples = ("input", "target"), (X, CHANCES)

    def declared(domain):
        return [str(it) for it in Contract(domain=domain).domains(names, examples, 0)]

    assert declared("positive") == ["from 0 to inf", "probabilities"]
    assert declared({"target": "real"}) == ["any real number", "any real number"]
    assert declared({1: (0, 1)}) == ["any real number", "from 0 to 1"]
    assert declared([None, "fixed"]) == ["any real number", "the numbers of the example alone"]


def test_a_row_is_a_contract():
    contract = Contract.of(row("ctc_loss"), (torch.zeros(5, 2, 3), torch.zeros(2, 2), torch.zeros(2), torch.zeros(2)))
    assert contract.batch == (1, 0, 0, 0)
    assert contract.differentiable == ("log_probs",)
    assert Contract.of(row("triplet_margin_loss")).differentiable == ("anchor", "positive", "negative")
    assert Contract.of(row("gaussian_nll_loss")).differentiable == ("input", "var")
    assert Contract.of(row("linear_cross_entropy"), (torch.zeros(5, 2), torch.zeros(3, 2))).batch == (0, None)
    assert Contract.of(row("cosine_embedding_loss"), (X, X, torch.zeros(6))).batch == (0, 0, 0)
    alike = {"hinge_loss", "quantile_loss", "log_cosh_loss", "asymmetric_cost_loss", "distillation_loss"}
    assert {it.name for it in CATALOG.values() if Contract.of(it).same_shape} == alike
    for entry in CATALOG.values():
        assert Contract.of(entry).minimum == entry.minimum
        assert Contract.of(entry).maximum == entry.maximum
