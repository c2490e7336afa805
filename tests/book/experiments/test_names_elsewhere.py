"""Names elsewhere: the numbers of torch and of scikit-learn are as recorded."""

import pytest

from book.experiments import names_elsewhere
from lossbook.catalog import CATALOG
from tests.book.experiments.shared import record_of

RECORDED = record_of(names_elsewhere)


def test_the_names_elsewhere_were_compared_with_these_numbers_of_torch():
    assert names_elsewhere.torchs() == pytest.approx(RECORDED["torch"])
    assert {entry["loss"] for entry in RECORDED["entries"]} == set(RECORDED["torch"])
    assert {entry["loss"].partition(", ")[0] for entry in RECORDED["entries"]} <= set(CATALOG)


def test_the_metrics_of_scikit_learn_are_as_recorded():
    recorded = [entry for entry in RECORDED["entries"] if entry["library"] == "scikit-learn"]
    found = names_elsewhere.scikit_learns()
    for entry, (loss, name) in zip(recorded, found, strict=True):
        assert (entry["loss"], entry["name"], entry["difference"]) == (loss, name.name, name.difference)
        assert float(name.theirs()) == pytest.approx(entry["value"])
        assert name.to_torch(entry["value"]) == pytest.approx(RECORDED["torch"][loss])
