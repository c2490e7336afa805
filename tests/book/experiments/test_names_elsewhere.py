"""Names elsewhere: our numbers and those of scikit-learn are as recorded."""

import pytest
from sklearn import metrics

import lossbook
from book.experiments import names_elsewhere
from lossbook.catalog import CATALOG
from tests.book.experiments.shared import record_of

RECORDED = record_of(names_elsewhere)


def test_the_names_elsewhere_were_compared_with_these_numbers_of_ours():
    assert names_elsewhere.ours() == pytest.approx(RECORDED["ours"])
    assert {entry["loss"] for entry in RECORDED["entries"]} == set(RECORDED["ours"])
    assert {entry["loss"].partition(", ")[0] for entry in RECORDED["entries"]} <= set(CATALOG)


def test_every_loss_that_torch_lacks_is_named_elsewhere_or_said_to_be_nowhere():
    lacking = {name for name, entry in CATALOG.items() if not entry.from_torch}
    named = {entry["loss"].partition(", ")[0] for entry in RECORDED["entries"]}
    assert lacking - named == set(RECORDED["nowhere"]) == set(names_elsewhere.NOWHERE)


def test_a_loss_said_to_be_nowhere_is_refused_where_there_is_one():
    names_elsewhere.refuse_namesakes([metrics])
    with pytest.raises(AssertionError, match="may be"):
        names_elsewhere.refuse_namesakes([lossbook])


def test_the_metrics_of_scikit_learn_are_as_recorded():
    recorded = [entry for entry in RECORDED["entries"] if entry["library"] == "scikit-learn"]
    found = names_elsewhere.scikit_learns()
    for entry, (loss, name) in zip(recorded, found, strict=True):
        assert (entry["loss"], entry["name"], entry["difference"]) == (loss, name.name, name.difference)
        assert float(name.theirs()) == pytest.approx(entry["value"])
        assert name.to_ours(entry["value"]) == pytest.approx(RECORDED["ours"][loss])
