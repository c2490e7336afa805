"""How long does a loss take, and how much memory: measured here, and recorded elsewhere.

A chapter calls :func:`section`. ``python -m lossbook timing --device cpu`` records a run, :func:`recorded` reads
the runs, :func:`ratios` makes a table of one. A new loss joins by its row in the catalog alone.
"""

from lossbook.timing.figure import section
from lossbook.timing.forms import DisagreementError
from lossbook.timing.recorder import ROUNDS, record
from lossbook.timing.runs import Run, recorded
from lossbook.timing.stopwatch import best_device
from lossbook.timing.table import ratios

__all__ = ["ROUNDS", "DisagreementError", "Run", "best_device", "ratios", "record", "recorded", "section"]
