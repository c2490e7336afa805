"""The decision table for one class of several, or its chances: which answer leads to which losses."""

from lossbook.choose.form import Branch, Choice, Task

__all__ = ["TASKS"]

_CALIBRATION = "Calibration on held-back rows: of the cases that were given 30 %, do about 30 in 100 come true?"
_WARPED = "Order and calibration beside plain cross-entropy's: focal scores lean to one half."
_RECALL = "Recall of each class on held-back rows, beside its share of the rows."
_STUDENT = "Accuracy on true labels, beside the same student trained on labels alone."
_GRADES = "Mean absolute error in grades, after rounding, beside that of always the commonest grade."
_CHECKED = "Errors on rows whose labels were checked, epoch by epoch: stop where they are fewest."

CLASSES = Task(
    name="classes",
    group="kinds",
    target="one class of several, without an order",
    question="What do you want to hear, and how far are the labels to be trusted?",
    branches=(
        Branch(
            key="chance",
            answer="a chance for each class; the labels are right",
            look="A few dozen labels, read by a person.",
            choices=(
                Choice(
                    "cross_entropy",
                    "It takes scores and the index, and the softmax of its scores are chances.",
                    _CALIBRATION,
                ),
                Choice(
                    "nll_loss",
                    "It is the second half of cross-entropy, for a model that ends in log-probabilities.",
                    "That the exponentials of the output add up to 1 over the classes.",
                ),
            ),
        ),
        Branch(
            key="rare",
            answer="a chance, and some classes are rare or cost more when missed",
            look="The share of each class; what each mistake costs.",
            choices=(
                Choice(
                    "cross_entropy",
                    "Rare or not, its chances stay true: decide by expected cost, not by the largest chance.",
                    _RECALL,
                ),
                Choice(
                    "cross_entropy",
                    "Class weights move belief towards rare classes: more of them are found, and the chances are lost.",
                    _RECALL,
                    computed=("weight",),
                ),
                Choice("focal_loss", "It mutes what is easy already, whatever its class.", _WARPED),
            ),
        ),
        Branch(
            key="wrong",
            answer="a chance, and some labels are wrong",
            look="A few dozen labels, read by a person: how many are wrong?",
            choices=(
                Choice(
                    "cross_entropy",
                    "Stopped in time, by rows kept apart, it has tied with its remedies; later it learns by heart.",
                    _CHECKED,
                ),
                Choice(
                    "cross_entropy",
                    "Label smoothing takes no label for certain, and is no cure: stopped in time, the two have tied.",
                    _CHECKED,
                    settings={"label_smoothing": 0.1},
                ),
            ),
        ),
        Branch(
            key="largest",
            answer="only which class: no chances",
            look="Whether anyone will ever ask how sure the answer is.",
            choices=(
                Choice(
                    "multi_margin_loss",
                    "It stops pulling where the true class leads each rival by the margin.",
                    "Accuracy on held-back rows beside that of the commonest class, and of cross-entropy.",
                ),
            ),
        ),
    ),
)

RATINGS = Task(
    name="ratings",
    group="kinds",
    target="one of a few grades in an order, such as one to five stars",
    question="What do the steps between the grades mean?",
    branches=(
        Branch(
            key="steps",
            answer="about the same each: two grades off is twice as bad as one",
            look="The metric: is it a mean error in grades?",
            choices=(
                Choice(
                    "mse_loss",
                    "It keeps the order and the distances; its answer is the mean grade, to be rounded.",
                    _GRADES,
                ),
                Choice(
                    "huber_loss",
                    "The same, if some grades are slips of the pen.",
                    _GRADES,
                    computed=("delta",),
                ),
            ),
        ),
        Branch(
            key="grades",
            answer="nothing: there is an order, and a chance of each grade is wanted",
            look="Who uses the answer: does anyone need the chance of a particular grade?",
            choices=(
                Choice(
                    "cross_entropy",
                    "It gives a chance for each grade, and must learn from the rows that they are ordered.",
                    "The distance of the mistakes in grades: are near grades confused more often than far ones?",
                ),
                Choice(
                    "binary_cross_entropy_with_logits",
                    "One question for each step, «above grade k?», keeps the order: K − 1 scores, targets of 0 and 1.",
                    "That the chances fall from step to step: nothing in the loss keeps them in order.",
                ),
            ),
        ),
        Branch(
            key="order",
            answer="only which is better: one person's four is another's three",
            look="The mean grade of each judge: do they differ by more than the things they judge?",
            choices=(
                Choice(
                    "margin_ranking_loss",
                    "It compares two things graded by the same person, and needs no common scale.",
                    "The share of held-back pairs in the right order.",
                    settings={"margin": 1.0},
                ),
            ),
        ),
    ),
)

DISTRIBUTIONS = Task(
    name="distributions",
    group="kinds",
    target="a chance for each of several classes, adding up to 1",
    question="What comes out of the model?",
    branches=(
        Branch(
            key="scores",
            answer="scores, straight from a linear layer",
            look="The last line of the model's `forward`.",
            choices=(
                Choice(
                    "cross_entropy",
                    "It takes a probability per class as target, and scores as input.",
                    "The loss less the mean entropy of the targets: that is the divergence, and 0 is perfect.",
                ),
            ),
        ),
        Branch(
            key="logs",
            answer="log-probabilities, or the value shall be 0 when all is right",
            look="The last line of the model's `forward`: is it `log_softmax`?",
            choices=(
                Choice(
                    "kl_div",
                    "Its slope is that of cross-entropy, and its value is 0 where both agree.",
                    "That every row of the targets adds up to 1, and that its first dimension holds the samples.",
                    settings={"reduction": "batchmean"},
                ),
            ),
        ),
    ),
)

DISTILLATION = Task(
    name="distillation",
    group="kinds",
    target="what another model says: a teacher for a smaller student",
    question="What is kept of the teacher?",
    branches=(
        Branch(
            key="scores",
            answer="its scores",
            look="What was stored, or can be computed beside the student.",
            choices=(
                Choice(
                    "distillation_loss",
                    "Both are softened by one temperature, so that the small chances teach too.",
                    _STUDENT,
                ),
            ),
        ),
        Branch(
            key="chances",
            answer="its chances alone",
            look="What was stored: rows that add up to 1?",
            choices=(
                Choice(
                    "kl_div",
                    "It measures how far the student's chances are from the teacher's, 0 where they agree.",
                    _STUDENT,
                    settings={"reduction": "batchmean"},
                ),
                Choice(
                    "cross_entropy",
                    "It takes the chances as target, and pulls as the divergence does.",
                    _STUDENT,
                ),
            ),
        ),
    ),
)

TASKS = (CLASSES, RATINGS, DISTRIBUTIONS, DISTILLATION)
