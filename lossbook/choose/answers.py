"""The decision table for answers of yes or no, one or several: which answer leads to which losses."""

from lossbook.choose.form import Branch, Choice, Task

__all__ = ["TASKS"]

_CALIBRATION = "Calibration on held-back rows: of the cases that were given 30 %, do about 30 in 100 come true?"
_THRESHOLD = (
    "Precision and recall over all thresholds on held-back rows; then take the threshold that the costs ask for."
)
_SHIFTED = "Calibration: subtract the log of the weight from each score before you read it as a chance."
_WARPED = "Order and calibration beside plain cross-entropy's: focal scores lean to one half."
_SCORES = "Whether the sigmoid can be left out of the model: then take the loss on scores."

BINARY = Task(
    name="binary",
    group="kinds",
    target="yes or no",
    question="What do you want to hear of each case?",
    branches=(
        Branch(
            key="chance",
            answer="a chance, to sort by, to cut anywhere, or to hand on",
            look="What is done with the answer: if costs may change, or a person reads it, a chance is needed.",
            choices=(
                Choice(
                    "binary_cross_entropy_with_logits",
                    "Its best score is the log-odds, so the sigmoid of it is the chance.",
                    _CALIBRATION,
                ),
                Choice(
                    "soft_margin_loss",
                    "It is the same loss for answers of 1 and −1.",
                    "That the answers are 1 and −1: a 0 teaches nothing. Scores beyond 88 overflow in float32.",
                ),
                Choice(
                    "binary_cross_entropy",
                    "It is the same loss for a model whose output is a chance already.",
                    _SCORES,
                ),
            ),
        ),
        Branch(
            key="rare",
            answer="a chance, and one of the two answers is rare or costs more when missed",
            look="The share of the rarer answer; what a missed yes costs, in needless alarms.",
            choices=(
                Choice(
                    "binary_cross_entropy_with_logits",
                    "Rare or not, its chances stay true: move the threshold to what the costs ask for.",
                    _THRESHOLD,
                ),
                Choice(
                    "binary_cross_entropy_with_logits",
                    "`pos_weight` moves every score up by its log, like a moved threshold, and no chance stays true.",
                    _SHIFTED,
                    computed=("pos_weight",),
                ),
                Choice(
                    "focal_loss",
                    "It mutes what is easy; its order has tied with cross-entropy, and its chances lean to one half.",
                    _WARPED,
                ),
            ),
        ),
        Branch(
            key="side",
            answer="only which side: no chance, no threshold to move later",
            look="Whether anyone will ever ask how sure the answer is.",
            choices=(
                Choice(
                    "hinge_loss",
                    "It stops pulling where the answer is right by the margin.",
                    "That the answers are 1 and −1; accuracy on held-back rows beside that of the commoner answer.",
                ),
            ),
        ),
    ),
)

PROBABILITIES = Task(
    name="probabilities",
    group="kinds",
    target="a chance or a share between 0 and 1, each by itself",
    question="How is an error judged?",
    branches=(
        Branch(
            key="surprise",
            answer="as a chance: to call a real case impossible is unforgivable",
            look="Whether 0.01 instead of 0.0001 matters.",
            choices=(
                Choice(
                    "binary_cross_entropy_with_logits",
                    "It takes any target from 0 to 1, and its best answer is their mean.",
                    "The loss less the entropy of the targets: what remains is what the model lacks.",
                ),
                Choice(
                    "binary_cross_entropy",
                    "It is the same loss for a model whose output is a chance already.",
                    _SCORES,
                ),
            ),
        ),
        Branch(
            key="points",
            answer="in points: 0.30 instead of 0.28 is as bad as 0.02 instead of 0",
            look="The metric by which the model will be judged: a difference of shares?",
            choices=(
                Choice(
                    "mse_loss",
                    "Its best answer is the mean as well; nothing keeps a linear output between 0 and 1.",
                    "How many predictions lie below 0 or above 1.",
                ),
                Choice(
                    "l1_loss",
                    "Its best answer is a median, which a few wrong shares do not move.",
                    "How many predictions lie below 0 or above 1.",
                ),
            ),
        ),
    ),
)

LABELS = Task(
    name="labels",
    group="kinds",
    target="several labels at once: any number of them may be true",
    question="What do you want to hear of the labels?",
    branches=(
        Branch(
            key="chances",
            answer="a chance for each: each is a question by itself",
            look="Rows without any label: if there are some, «none» must be sayable.",
            choices=(
                Choice(
                    "binary_cross_entropy_with_logits",
                    "Each label is a question by itself, and none competes with another.",
                    "F1 of each label, beside «always no»; one threshold for each label, found on held-back rows.",
                ),
                Choice(
                    "multilabel_soft_margin_loss",
                    "It is the same loss, averaged over the labels first.",
                    "The dtype of the targets: fewer checks are made.",
                ),
            ),
        ),
        Branch(
            key="rare",
            answer="a chance for each, and some labels are rare",
            look="The share of yes, label by label.",
            choices=(
                Choice(
                    "binary_cross_entropy_with_logits",
                    "Rare or not, its chances stay true: find a threshold for each label.",
                    _THRESHOLD,
                ),
                Choice(
                    "binary_cross_entropy_with_logits",
                    "`pos_weight` moves the scores up by its log: needed only if one half must stay the threshold.",
                    _SHIFTED,
                    computed=("pos_weight",),
                ),
                Choice("focal_loss", "It mutes what is easy already, as most of many rare labels are.", _WARPED),
            ),
        ),
        Branch(
            key="order",
            answer="only that the true ones stand in front",
            look="Whether the list is cut by a person or by a fixed length.",
            choices=(
                Choice(
                    "multilabel_margin_loss",
                    "Each true label shall outscore each false one; no chance, no zero.",
                    "Ranking metrics alone: its targets are lists of label numbers that end at the first −1.",
                ),
            ),
        ),
    ),
)

TASKS = (BINARY, PROBABILITIES, LABELS)
