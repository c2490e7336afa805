"""What the chapters need beside the losses: showing code, saying numbers, drawing. Needs matplotlib and IPython."""

from lossbook.teach import data
from lossbook.teach.cards import card
from lossbook.teach.code import source
from lossbook.teach.figures import curves, interactive, use_style
from lossbook.teach.record import agreement, record
from lossbook.teach.regret import Regrets, draw_regrets, regrets
from lossbook.teach.sentences import caught, say
from lossbook.teach.verdicts import Gap, paired_gap

__all__ = [
    "Gap",
    "Regrets",
    "agreement",
    "card",
    "caught",
    "curves",
    "data",
    "draw_regrets",
    "interactive",
    "paired_gap",
    "record",
    "regrets",
    "say",
    "source",
    "use_style",
]
