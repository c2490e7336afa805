"""``certify`` against losses that were judged by someone who had not seen it.

The first scores: of the losses that its authors then looked at, 47 of 51 faults found and 1 of 30 sound ones blamed;
of the frozen ones, looked at once when it was done, 23 of 24 found and 0 of 16 blamed. What was missed is mended by its
general reason, so all of them hold it to that now.
"""

import pytest

from tests.clinic import frozen_losses, judged_losses
from tests.clinic.judged_losses import FAULTS
from tests.clinic.verdicts import NAMED, report_on

BROKEN = [*judged_losses.BROKEN, *frozen_losses.BROKEN]
SOUND = [*judged_losses.SOUND, *frozen_losses.SOUND]


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
