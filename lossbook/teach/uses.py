"""When to use which loss: the advice beside the facts of the catalog, one row a loss, and the table made of both."""

from dataclasses import dataclass

from IPython.display import Markdown

from lossbook.catalog import CATALOG, Row
from lossbook.teach.cards import breakable, leading_to, target_of

__all__ = ["USES", "Use", "when_to_use"]


@dataclass(frozen=True)
class Use:
    """Take the loss ``when`` this holds, not if ``unless`` does; ``neighbour`` is the loss to weigh it against.

    ``instead`` says for whom the neighbour is the better one.
    """

    when: str
    unless: str
    neighbour: str
    instead: str


USES = {
    "l1_loss": Use(
        "the middle is wanted: as many truths above the prediction as below; some targets may be wrong",
        "predictions are added up, or read as averages: where targets are skewed it says too little",
        "huber_loss",
        "its steps shrink near the optimum",
    ),
    "mse_loss": Use(
        "the mean is wanted: totals, budgets, averages",
        "some targets are wrong: the farthest of them take over",
        "huber_loss",
        "one that is wrong pulls only so hard",
    ),
    "huber_loss": Use(
        "a few targets may be wrong, and all others shall count as under squared error",
        "the far targets are true and totals matter; or nobody has looked at the residuals for `delta`",
        "mse_loss",
        "totals come out right",
    ),
    "smooth_l1_loss": Use(
        "what Huber is for, as one term of several: its pull stays at most 1, whatever `beta` is",
        "`beta` is left at 1 unseen: like `delta` it is in the units of the target",
        "huber_loss",
        "the square keeps its scale",
    ),
    "quantile_loss": Use(
        "a range is wanted, or a level that is passed with a chance you choose",
        "a mean or a total is wanted; or hardly any row lies beyond the level",
        "gaussian_nll_loss",
        "one fit gives all levels, if the noise is near to normal",
    ),
    "log_cosh_loss": Use(
        "what Huber is for, by a method that uses second derivatives",
        "the errors are not of about one unit: no option moves its bend",
        "huber_loss",
        "`delta` moves the bend",
    ),
    "asymmetric_cost_loss": Use(
        "too much and too little have two prices that somebody can name",
        "nobody can, or the number will be read as an average",
        "quantile_loss",
        "the same question asked as a share, not as prices",
    ),
    "gaussian_nll_loss": Use(
        "rows differ in how far they scatter, and the model shall say by how much",
        "some targets are wrong; or rows are few, and a flexible model claims to be sure",
        "mse_loss",
        "the mean alone, one output less",
    ),
    "poisson_nll_loss": Use(
        "the target counts events, and the mean count is wanted",
        "the whole numbers count nothing: classes, words, ratings. For a range measure the spread, it may be wider",
        "mse_loss",
        "effects that add up, not multiply; counts far from 0",
    ),
    "binary_cross_entropy": Use(
        "the model ends in a probability, and you cannot have the score before it",
        "you can: in a saturated sigmoid the pull is lost",
        "binary_cross_entropy_with_logits",
        "stable, and it has `pos_weight`",
    ),
    "binary_cross_entropy_with_logits": Use(
        "there are two answers, or several labels at once, and probabilities are wanted",
        "exactly one of several classes is true",
        "cross_entropy",
        "one of several classes",
    ),
    "hinge_loss": Use(
        "the right side counts and no more: no probability, no ranking of the doubtful",
        "anybody will read the score as a chance, or move a threshold by costs",
        "binary_cross_entropy_with_logits",
        "it gives a probability",
    ),
    "soft_margin_loss": Use(
        "the answers are stored as 1 and −1",
        "they are 0 and 1, or `pos_weight` is needed",
        "binary_cross_entropy_with_logits",
        "the same loss for 0 and 1",
    ),
    "nll_loss": Use(
        "the model gives log-probabilities, from `log_softmax` or from a tree of them",
        "it gives scores: those are taken without complaint",
        "cross_entropy",
        "it takes scores",
    ),
    "cross_entropy": Use(
        "exactly one of several classes is true, and probabilities are wanted",
        "several may be true at once; or many labels are wrong and nobody stops in time",
        "binary_cross_entropy_with_logits",
        "several labels at once",
    ),
    "focal_loss": Use(
        "easy rows outnumber the hard ones by thousands, as in detection",
        "probabilities are needed; or cross-entropy with a moved threshold was not tried",
        "cross_entropy",
        "true probabilities, and as good an order wherever this book compared them",
    ),
    "multi_margin_loss": Use(
        "the winner counts and no more",
        "probabilities are needed: the scores are none",
        "cross_entropy",
        "it gives probabilities",
    ),
    "kl_div": Use(
        "the target is itself a distribution",
        "the target is a class, or the model gives scores",
        "cross_entropy",
        "it takes scores, and distributions too: the same pull",
    ),
    "distillation_loss": Use(
        "a trained teacher's probabilities are at hand",
        "the teacher knows no more than the labels",
        "kl_div",
        "the same without a temperature",
    ),
    "multilabel_margin_loss": Use(
        "the order of the labels counts: those that apply before all others",
        "you must say which apply: these scores have no zero",
        "multilabel_soft_margin_loss",
        "a yes or no for each label",
    ),
    "multilabel_soft_margin_loss": Use(
        "any number of labels may apply, each of them a yes or no",
        "a label needs its own `pos_weight`, or places have labels (pixels)",
        "binary_cross_entropy_with_logits",
        "the same loss with these options",
    ),
    "dice_loss": Use(
        "masks are judged by their overlap, and what they mark is small",
        "masks may be empty; or it stands alone: add a cross-entropy",
        "binary_cross_entropy_with_logits",
        "with a moved threshold it may do",
    ),
    "margin_ranking_loss": Use(
        "people said which of two comes first, and nothing else",
        "amounts are known: predict those",
        "soft_margin_loss",
        "of the difference of scores: the chance that A comes first",
    ),
    "hinge_embedding_loss": Use(
        "pairs are alike or different, and the distance is one of your own",
        "you look for the hinge loss: this is another",
        "cosine_embedding_loss",
        "the angle, computed for you",
    ),
    "cosine_embedding_loss": Use(
        "pairs are alike or different, and the direction counts, not the length",
        "most pairs of strangers are easy: they pull nothing",
        "info_nce_loss",
        "each vector meets the whole batch",
    ),
    "triplet_margin_loss": Use(
        "it is known that one thing is nearer than another",
        "triplets are drawn at random: soon most of them pull nothing",
        "info_nce_loss",
        "as many strangers as the batch holds",
    ),
    "triplet_margin_with_distance_loss": Use(
        "triplets, by a distance that is no $p$-norm",
        "a $p$-norm will do",
        "triplet_margin_loss",
        "the same with a $p$-norm",
    ),
    "info_nce_loss": Use(
        "each thing has one match, and the rest of a large batch are strangers",
        "a thing stands in the batch twice, or the batch is small",
        "triplet_margin_loss",
        "you choose the stranger yourself",
    ),
    "nt_xent_loss": Use(
        "there are two views of each thing and no labels",
        "the two sides are of different kinds, as a picture and its caption",
        "info_nce_loss",
        "two kinds of things, one search",
    ),
    "ctc_loss": Use(
        "the order of the labels is known, their times are not, and moments outnumber labels",
        "the times are known, or the order may change, as in translation",
        "cross_entropy",
        "a label for each moment, or each next token",
    ),
    "linear_cross_entropy": Use(
        "the scores of all classes would not fit into memory at once",
        "they fit, or are needed for something else",
        "cross_entropy",
        "the same loss of scores that exist",
    ),
    "AdaptiveLogSoftmaxWithLoss": Use(
        "classes are very many, few of them frequent, and time is short",
        "classes are not sorted by frequency, or all are about as frequent",
        "linear_cross_entropy",
        "no approximation of the rare ones",
    ),
}


def when_to_use() -> Markdown:
    """Every loss of the catalog: when to take it, when not, what goes in and out, and its neighbour."""
    lines = [_line(entry, USES[entry.name]) for entry in CATALOG.values()]
    head = "| Loss | Take it when | Not when | Last layer | Target | Neighbour |\n|---|---|---|---|---|---|\n"
    return Markdown('<div class="when-to-use">\n\n' + head + "\n".join(lines) + "\n\n</div>")


def _line(entry: Row, use: Use) -> str:
    neighbour = f"{_link(CATALOG[use.neighbour])}: {use.instead}"
    cells = (_link(entry), use.when, use.unless, entry.last_layer, target_of(entry), neighbour)
    return "| " + " | ".join(cells) + " |"


def _link(entry: Row) -> str:
    return leading_to(entry, breakable(entry.name))
