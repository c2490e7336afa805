"""A large vocabulary: one training and the peaks run anew, the forms, and the record."""

import pytest
import torch

from book.experiments import large_vocabulary
from tests.book.experiments.shared import record_of

RECORDED = record_of(large_vocabulary)


@pytest.mark.slow
@pytest.mark.parametrize("way", large_vocabulary.WAYS)
def test_a_vocabulary_is_as_recorded(way):
    assert large_vocabulary.train(way, seed=0) == pytest.approx(RECORDED["words"][way][0], rel=0.01)


def test_peaks_are_as_recorded():
    size = large_vocabulary.CLASSES[0]
    assert large_vocabulary.peaks(size) == pytest.approx(RECORDED["peaks"][str(size)], rel=0.05)


def test_the_record_is_whole():
    for measured in (RECORDED["peaks"], RECORDED["seconds"]):
        assert set(measured) == {str(size) for size in large_vocabulary.CLASSES}
        assert all(set(forms) == set(large_vocabulary.FORMS) for forms in measured.values())
    assert {way: len(found) for way, found in RECORDED["words"].items()} == dict.fromkeys(large_vocabulary.WAYS, 5)


def test_all_forms_of_a_large_vocabulary_are_one_loss():
    first, *others = [step() for step in large_vocabulary.steps(64).values()]
    for other in others:
        torch.testing.assert_close(other, first, rtol=1e-4, atol=1e-6)
