"""``certify`` against losses that were judged before it was seen. The frozen part is for the last scoring alone."""

import pytest

from tests.clinic.judged_losses import BROKEN, FAULTS, SOUND
from tests.clinic.verdicts import NAMED, report_on


def test_every_fault_has_a_name():
    assert NAMED.keys() == set(FAULTS)


@pytest.mark.slow
@pytest.mark.parametrize("judged", BROKEN, ids=str)
def test_the_fault_is_found(judged):
    report = report_on(judged)
    found = {finding.kind for finding in (*report.defects, *report.properties)}
    assert found & NAMED[judged.fault], report


@pytest.mark.slow
@pytest.mark.parametrize("judged", SOUND, ids=str)
def test_no_sound_loss_is_blamed(judged):
    assert report_on(judged).sound
