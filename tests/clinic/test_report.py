"""The report: in words, as data, as a table; and the table of rules that gives the verdicts."""

import json

import pytest

from lossbook.clinic import Contract, certify
from lossbook.clinic.report import Evidence, Finding, Report, Untried
from lossbook.clinic.rules import RULES, judged
from tests.clinic.planted import AMOUNTS, draw, mse, root

DEFECT = Finding("overflow", "defect", "inf at 1e4", "Use <softplus> | logsigmoid.", "a defect within the contract")
PROPERTY = Finding("negative-values", "property", "the loss is -1", "That is no fault.", "a property: always")
REPORT = Report("mine", "nothing", (PROPERTY, DEFECT), (Untried("device-not-kept", "it raises"),))


def test_in_words():
    assert str(REPORT).splitlines() == [
        "mine: 1 defect, 1 property. It declares nothing.",
        "defect, overflow: inf at 1e4.",
        "    Use <softplus> | logsigmoid.",
        "property, negative-values: the loss is -1.",
        "    That is no fault.",
        "not tried, device-not-kept: it raises",
    ]
    assert repr(REPORT) == str(REPORT)
    assert str(Report("mine", "nothing", (DEFECT, DEFECT, PROPERTY, PROPERTY))).startswith(
        "mine: 2 defects, 2 properties."
    )
    assert str(Report("mine", "largest=3", ())) == "mine: no defect, no property. It declares largest=3."


def test_as_data():
    assert REPORT.defects == [DEFECT]
    assert REPORT.properties == [PROPERTY]
    assert not REPORT.sound
    assert Report("mine", "nothing", (PROPERTY,)).sound
    data = json.loads(json.dumps(REPORT.as_dict()))
    assert list(data) == ["name", "contract", "defects", "properties", "untried"]
    assert data["defects"] == [
        {
            "kind": "overflow",
            "evidence": "inf at 1e4",
            "remedy": "Use <softplus> | logsigmoid.",
            "because": "a defect within the contract",
        }
    ]
    assert data["untried"] == [{"kind": "device-not-kept", "why": "it raises"}]


def test_as_a_table():
    lines = REPORT._repr_markdown_().splitlines()
    assert lines[0] == "**mine**: 1 defect, 1 property"
    assert lines[4] == "| defect | overflow | inf at 1e4 | Use <softplus> \\| logsigmoid. |"
    assert [line.split(" | ")[0] for line in lines[4:]] == ["| defect", "| property", "| not tried"]
    html = REPORT._repr_html_()
    assert html.count("<tr>") == 4
    assert "<td>Use &lt;softplus&gt; | logsigmoid.</td>" in html
    assert "<softplus>" not in html


def test_the_evidence_has_numbers_and_shapes():
    report = certify(root, draw(8, seed=4), draw(8, seed=5), compile=False)
    (defect,) = report.defects
    assert defect.evidence == "with input equal to its target, the value is 0, the gradient nan"
    assert "sqrt(x + eps)" in defect.remedy
    said = {it.kind: it.evidence for it in report.properties}
    assert "(8,)" in said["broadcasts"]
    assert "(8, 1)" in said["broadcasts"]
    assert "the loss of 8 samples is" in said["mean-depends-on-batch-split"]
    assert report.name == "root"


def test_every_rule_says_what_it_asks_and_what_to_write():
    for kind, rule in RULES.items():
        assert kind == kind.lower()
        assert " " not in kind
        assert rule.asks.endswith("?"), kind
        assert rule.remedy.endswith("."), kind
        assert rule.remedy.count(". ") <= 2, kind
        assert rule.defect, kind
        assert rule.otherwise or rule.when(Contract(), {}), "a rule that is not always a defect says when it is none"


_FACTS = {
    "unused-parameter": {"acts": False, "read": True},
    "no-second-derivative": {"silent": False},
    "nan-at-zero-error": {"diverges": True},
    "nan-at-border": {"diverges": False, "declared": False},
    "nan-when-all-masked": {"gradient": False, "said": True},
    "overflow": {"true": True, "at": 90.0},
    "half-precision": {"problem": "raises"},
    "dtype-not-kept": {"defect": False},
    "broadcasts": {"warned": False},
    "not-deterministic": {"training_only": True},
    "dead-option": {"number": False, "unread": False},
}


@pytest.mark.parametrize("kind", [kind for kind, rule in RULES.items() if rule.otherwise])
def test_what_is_promised_is_a_defect_and_what_is_not_a_property(kind):
    facts = _FACTS.get(kind, {"module": False, "wrong": False})
    contract = {"surrogate": True} if kind == "wrong-gradient" else {}
    evidence = Evidence(kind, "seen", facts)
    assert judged(evidence, Contract(**contract)).verdict == "property"
    assert judged(evidence, Contract(**contract, never=frozenset([kind]))).verdict == "defect"


@pytest.mark.parametrize(
    ("kind", "facts", "contract", "verdict"),
    [
        ("wrong-gradient", {}, {}, "defect"),
        ("no-second-derivative", {"silent": True}, {}, "defect"),
        ("no-second-derivative", {"silent": True}, {"second_derivative": False}, "property"),
        ("no-second-derivative", {"silent": False}, {"second_derivative": True}, "defect"),
        ("nan-at-zero-error", {"diverges": False}, {}, "defect"),
        ("nan-at-border", {"diverges": False, "declared": True}, {}, "defect"),
        ("nan-at-border", {"diverges": True, "declared": True}, {}, "property"),
        ("nan-when-all-masked", {"gradient": True, "said": True}, {}, "defect"),
        ("nan-when-all-masked", {"gradient": True, "said": False}, {}, "property"),
        ("overflow", {"true": False, "at": 90.0}, {}, "defect"),
        ("overflow", {"true": False, "at": 90.0}, {"largest": 90.0}, "defect"),
        ("overflow", {"true": False, "at": 90.0}, {"largest": 89.0}, "property"),
        ("half-precision", {"problem": "not finite"}, {}, "defect"),
        ("half-precision", {"problem": "border"}, {}, "property"),
        ("dtype-not-kept", {"defect": True}, {}, "defect"),
        ("broadcasts", {"warned": False}, {"same_shape": True}, "defect"),
        ("broadcasts", {"warned": True}, {"same_shape": True}, "property"),
        ("not-deterministic", {"training_only": False}, {}, "defect"),
        ("not-deterministic", {"training_only": False}, {"deterministic": False}, "property"),
        ("dead-option", {"number": True, "unread": False}, {}, "defect"),
        ("dead-option", {"number": False, "unread": True}, {}, "defect"),
        ("unused-parameter", {"acts": True, "read": True}, {}, "defect"),
        ("unused-parameter", {"acts": False, "read": False}, {}, "defect"),
        ("plain-tensor-attribute", {"module": True}, {}, "defect"),
        ("hidden-parameters", {"module": True}, {}, "defect"),
        ("fails-under-vmap", {"wrong": True}, {}, "defect"),
        ("fails-under-func-grad", {"wrong": True}, {}, "defect"),
        ("fails-under-compile", {"wrong": True}, {}, "defect"),
    ],
)
def test_the_verdict_depends_on_contract_and_facts(kind, facts, contract, verdict):
    found = judged(Evidence(kind, "seen", facts), Contract(**contract))
    assert (found.verdict, found.evidence, found.remedy) == (verdict, "seen", RULES[kind].remedy)
    assert found.because.startswith("a defect" if verdict == "defect" else "a property")


def test_the_contract_is_told():
    assert certify(mse, *AMOUNTS, only=["raises"]).contract == "nothing"
    said = certify(mse, *AMOUNTS, only=["raises"], same_shape=True, domain=(0, 1)).contract
    assert said == "domain=(0, 1), same_shape=True"
