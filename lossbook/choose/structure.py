"""The decision table for targets with a structure: which answer leads to which losses."""

from lossbook.choose.form import Branch, Choice, Task

__all__ = ["TASKS"]

_WARPED = "Overlap and calibration beside plain cross-entropy's: focal scores lean to one half."
_PAIRS = "The share of held-back pairs in the right order, never the loss."
_NEIGHBOURS = "Hits among the nearest neighbours on kinds that were held back, beside those of the raw inputs."
_OVERLAP = "Overlap of the masks on held-back pictures, after the threshold was chosen on others."

RANKING = Task(
    name="ranking",
    group="structure",
    target="a comparison: this one before that one",
    question="What do you want to hear of a pair?",
    branches=(
        Branch(
            key="order",
            answer="the order: one score for each thing",
            look="What is done with the scores: only sorted?",
            choices=(
                Choice(
                    "margin_ranking_loss",
                    "It pulls the two scores apart until the right one leads by the margin.",
                    _PAIRS,
                    settings={"margin": 1.0},
                ),
            ),
        ),
        Branch(
            key="chance",
            answer="the chance that the one comes before the other",
            look="Pairs that were compared more than once: do the answers disagree?",
            choices=(
                Choice(
                    "binary_cross_entropy_with_logits",
                    "On the difference of two scores it gives the chance, and needs no margin.",
                    "Calibration over held-back pairs, and the share in the right order.",
                ),
                Choice("soft_margin_loss", "It is the same for answers of 1 and −1.", _PAIRS),
            ),
        ),
    ),
)

SIMILARITY = Task(
    name="similarity",
    group="structure",
    target="alike or different: vectors shall be near or far",
    question="What does one example consist of?",
    branches=(
        Branch(
            key="triplets",
            answer="an anchor, a match and a stranger",
            look="The data: can a stranger be drawn for every pair of matches?",
            choices=(
                Choice(
                    "triplet_margin_loss",
                    "It asks only that the match be nearer than the stranger, by the margin.",
                    _NEIGHBOURS,
                ),
                Choice(
                    "triplet_margin_with_distance_loss",
                    "The same by a distance of your own, such as one minus the cosine.",
                    _NEIGHBOURS,
                ),
            ),
        ),
        Branch(
            key="pairs",
            answer="two things, marked alike or different",
            look="The data: two columns of things and one of marks?",
            choices=(
                Choice(
                    "cosine_embedding_loss",
                    "It turns vectors towards or away from each other; their lengths do not count.",
                    _NEIGHBOURS,
                ),
                Choice(
                    "hinge_embedding_loss",
                    "It takes the distance of the two, and lets different ones alone beyond the margin.",
                    _NEIGHBOURS,
                ),
            ),
        ),
        Branch(
            key="batch",
            answer="a thing and its match; all others in the batch are strangers",
            look="The batch: large, and no two things of one kind in it?",
            choices=(
                Choice(
                    "info_nce_loss",
                    "It is cross-entropy over the batch: which of all matches is the own one?",
                    _NEIGHBOURS,
                ),
                Choice(
                    "nt_xent_loss",
                    "The same for two views of each thing, which are strangers to one another as well.",
                    _NEIGHBOURS,
                ),
            ),
        ),
    ),
)

MASKS = Task(
    name="masks",
    group="structure",
    target="a mask: which pixels of a picture belong to the thing",
    question="How much of a picture does the thing fill?",
    branches=(
        Branch(
            key="much",
            answer="a fair part",
            look="The share of pixels in each class.",
            choices=(
                Choice(
                    "cross_entropy",
                    "Each pixel is one class of several, and its chances can be cut anywhere.",
                    _OVERLAP,
                ),
                Choice(
                    "binary_cross_entropy_with_logits",
                    "Each pixel is a yes or no; with several masks, a channel each.",
                    _OVERLAP,
                ),
            ),
        ),
        Branch(
            key="little",
            answer="a small part: most pixels are background",
            look="The share of pixels in each class; pictures without the thing.",
            choices=(
                Choice(
                    "binary_cross_entropy_with_logits",
                    "With the threshold moved it has tied with Dice alone; there is nothing else to set.",
                    _OVERLAP,
                ),
                Choice(
                    "dice_loss",
                    "It asks for the overlap itself; add it to a cross-entropy, since sure pixels have no pull.",
                    "Pictures with an empty mask by themselves; overlap beside cross-entropy with a moved threshold.",
                ),
                Choice("focal_loss", "It mutes the many pixels that are easy background.", _WARPED),
            ),
        ),
    ),
)

SEQUENCES = Task(
    name="sequences",
    group="structure",
    target="a sequence of labels for a longer sequence of moments",
    question="Is it known which moment holds which label?",
    branches=(
        Branch(
            key="unknown",
            answer="no: only the order of the labels is known",
            look="The labels: shorter than the inputs, and without times?",
            choices=(
                Choice(
                    "ctc_loss",
                    "It adds up every timing that reads as the labels, so nobody has to mark one.",
                    "Edits per symbol of the decoded text on held-back sequences; that every label fits its moments.",
                ),
            ),
        ),
        Branch(
            key="known",
            answer="yes: a label for each moment",
            look="The labels: as long as the inputs?",
            choices=(
                Choice(
                    "cross_entropy",
                    "Each moment is one class of several; the classes stand in the second dimension.",
                    "Accuracy per moment, with padded moments ignored and not counted.",
                ),
            ),
        ),
    ),
)

VOCABULARY = Task(
    name="vocabulary",
    group="structure",
    target="the next word, or one class of very many",
    question="Do the scores of a batch, one for each word and place, fit into memory?",
    branches=(
        Branch(
            key="fits",
            answer="yes",
            look="Places in a batch × words × 4 bytes, a few times over.",
            choices=(
                Choice(
                    "cross_entropy",
                    "Nothing is simpler while the scores fit.",
                    "Surprise per byte on held-back text, beside that of the word shares alone.",
                ),
            ),
        ),
        Branch(
            key="chunks",
            answer="no: make them in chunks",
            look="Places in a batch × words × 4 bytes, a few times over.",
            choices=(
                Choice(
                    "linear_cross_entropy",
                    "The same number, and the scores are never all in memory at once.",
                    "That the parameters of the criterion are in the optimiser.",
                ),
            ),
        ),
        Branch(
            key="rare",
            answer="no, and most words are rare: make few scores at all",
            look="How many of the words make up nine in ten of the text.",
            choices=(
                Choice(
                    "AdaptiveLogSoftmaxWithLoss",
                    "A rare word is reached in two steps, so that most scores are never made.",
                    "That the words are numbered by frequency; surprise on the rare words by themselves.",
                ),
            ),
        ),
    ),
)

TASKS = (RANKING, SIMILARITY, MASKS, SEQUENCES, VOCABULARY)
