"""Every kind of finding: a broken loss that shows it, and a sound one that does not."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lossbook.clinic import Untried, certify
from lossbook.clinic.rules import RULES
from tests.clinic.planted import AMOUNTS, BITS, PLANTED, VECTORS, Planted, branching, draw, mse

COMPILED = "fails-under-compile"


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_what_is_broken_is_found(planted: Planted):
    report = certify(planted.broken, *planted.examples, only=[planted.kind], **planted.contract)
    assert {(it.kind, it.verdict) for it in report.findings} == {(planted.kind, planted.verdict)}, str(report)


@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_what_is_sound_is_not(planted: Planted):
    report = certify(planted.sound, *planted.examples, only=[planted.kind], **planted.contract)
    assert report.findings == ()
    assert report.untried == ()


@pytest.mark.slow
@pytest.mark.parametrize("planted", PLANTED, ids=str)
def test_it_is_found_among_all_others_too(planted: Planted):
    report = certify(planted.broken, *planted.examples, compile=False, **planted.contract)
    assert (planted.kind, planted.verdict) in {(it.kind, it.verdict) for it in report.findings}
    assert "the probe failed" not in str(report)
    sound = certify(planted.sound, *planted.examples, compile=False, **planted.contract)
    assert planted.kind not in {it.kind for it in sound.findings}
    assert "the probe failed" not in str(sound)


def test_every_kind_is_planted():
    assert {it.kind for it in PLANTED} | {COMPILED} == set(RULES)


def test_a_kind_that_can_be_both_is_planted_as_both():
    for kind, rule in RULES.items():
        verdicts = {it.verdict for it in PLANTED if it.kind == kind}
        both = rule.otherwise and "promises" not in rule.defect and not rule.defect.startswith("never")
        assert kind == COMPILED or len(verdicts) == 2 or not both, kind


def test_the_rest_of_a_broken_loss_is_examined_too():
    def broken(input, target, gamma=2.0):
        return ((input - target).float() ** 2).mean().sqrt()

    kinds = {it.kind for it in certify(broken, *AMOUNTS, compile=False).defects}
    assert {"nan-at-zero-error", "dead-option", "dtype-not-kept"} <= kinds


def test_a_loss_may_return_several_things():
    for pack in (lambda it: (it, {"mse": 1.0}), lambda it: {"loss": it, "other": 0.0}, lambda it: [it]):
        report = certify(lambda input, target, pack=pack: pack(mse(input, target)), *AMOUNTS, compile=False)
        assert report.sound
        assert "broadcasts" in [it.kind for it in report.properties]


def test_one_argument_is_enough():
    assert certify(
        lambda logits: -(logits.softmax(-1) * logits.log_softmax(-1)).sum(-1).mean(), torch.randn(4, 3), compile=False
    ).sound


def test_the_evidence_names_both_dtypes():
    def widened(input, target):
        return mse(input.float(), target.float()) if input.dtype.itemsize == 2 else mse(input, target)

    (found,) = certify(widened, *AMOUNTS, only=["dtype-not-kept"]).findings
    for half in ("float16", "bfloat16"):
        assert f"torch.{half} gives torch.float32" in found.evidence


def test_options_reach_the_loss():
    x, y = AMOUNTS
    report = certify(F.huber_loss, x, y, options={"delta": 0.1}, compile=False)
    assert report.sound
    assert not certify(F.huber_loss, x, y, options={"delta": -0.1}, compile=False).sound


def test_what_cannot_be_examined_is_an_error():
    with pytest.raises(TypeError, match="floating point"):
        certify(mse, torch.ones(3, dtype=torch.int64), compile=False)
    with pytest.raises(ValueError, match="never names no-such-kind"):
        certify(mse, *AMOUNTS, never=["no-such-kind"])
    with pytest.raises(ValueError, match="domain 'huge'"):
        certify(mse, *AMOUNTS, domain="huge")
    with pytest.raises(ValueError, match="no argument is called 'x'"):
        certify(mse, *AMOUNTS, domain={"x": "real"})


def test_the_same_evidence_has_the_same_verdict():
    """What torch does under a contract, anybody may do under it, and the other way round."""

    def soft_margin(input, target):
        return torch.log(1 + torch.exp(-input * target)).mean()

    x, y = torch.randn(8), torch.tensor([1.0, -1, 1, 1, -1, -1, 1, -1])
    for contract in ({}, {"largest": 80.0}):
        theirs, mine = (certify(it, x, y, compile=False, **contract) for it in (F.soft_margin_loss, soft_margin))
        assert [it.kind for it in theirs.defects] == [it.kind for it in mine.defects]
        assert theirs.sound == ("largest" in contract)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_examples_of_any_dtype(dtype):
    report = certify(F.binary_cross_entropy_with_logits, *(it.to(dtype) for it in BITS), compile=False)
    assert report.sound, str(report)
    assert "the probe failed" not in str(report)


def test_examples_in_any_layout():
    report = certify(F.mse_loss, draw(4, 6).T, draw(6, 4), compile=False)
    assert report.sound
    assert report.untried == (Untried(COMPILED, "`compile=False`"),)


def test_a_parameter_whose_gradient_cancels_is_no_defect():
    class Between(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 1)

        def forward(self, input, target):
            return mse(self.layer(input), self.layer(target))

    assert certify(Between(), *VECTORS, only=["unused-parameter"]).sound


def test_a_loss_of_one_number_and_one_of_each():
    one = certify(lambda input, target: (input - target) ** 2, torch.tensor(0.3), torch.tensor(1.0), compile=False)
    each = certify(lambda input, target: (input - target) ** 2, *AMOUNTS, compile=False)
    for report in (one, each):
        assert report.sound
        assert "the probe failed" not in str(report)


@pytest.mark.slow
def test_a_compiler_that_changes_the_loss_is_noticed():
    def broken(input, target):
        return mse(input, target) * (2 if torch.compiler.is_compiling() else 1)

    found = certify(broken, *AMOUNTS, compile=True).defects
    assert [it.kind for it in found] == [COMPILED]


@pytest.mark.slow
def test_what_no_compiler_takes_is_a_property_and_what_it_takes_is_nothing():
    def of(loss):
        report = certify(loss, *AMOUNTS, compile=True)
        assert COMPILED not in {it.kind for it in report.untried}
        return [it.verdict for it in report.findings if it.kind == COMPILED]

    assert of(branching) == ["property"]
    assert of(mse) == []
