"""One row of facts per loss. Tests, cards, the atlas and the timings all read this table.

To add a loss: the function, its row here, its section in a chapter. A row states facts, and each fact is tested
against torch, also for a loss that this package does not hold yet; nothing here computes a loss.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from lossbook import samples
from lossbook.samples import Maker, Sample

__all__ = ["CATALOG", "Argument", "Row", "Sample", "loss_in", "row"]


@dataclass(frozen=True)
class Argument:
    """What one tensor argument must be.

    In ``shape``, a letter is a size and ``…`` stands for any further dimensions. The alternatives stand in the
    same order for all arguments of a loss; one alone holds in all of them. ``that of input`` is the shape, or the
    dtype, of that argument.
    """

    symbol: str
    what: str
    values: str
    shape: str
    dtype: str


@dataclass(frozen=True)
class Row:
    """The facts about one loss.

    ``function`` is empty where torch has the Module alone. ``arguments`` are those without a default, in order;
    ``options`` the others, with their defaults, save ``reduction``.
    ``minimum`` and ``maximum`` bound the loss of one element, over all arguments that are allowed.
    ``divisor`` is what ``reduction="mean"`` divides by, ``weighted_divisor`` what it divides by with ``weight``,
    which holds one factor per ``weighted``.
    ``chapter`` is the page that explains the loss, ``section`` its heading there, if it has not the whole page.
    ``beware`` is what users of the loss trip over, in a sentence or two.
    ``best_constant`` is the statistic of the targets that a model learns if it can only say one thing.
    ``last_layer`` is what stands last in a model that is trained with the loss, ``to_predict`` what its output still
    needs before it can be used.
    ``sample`` makes arguments of about ``size`` elements in all, for tests and timings.
    ``from_torch`` is false for a loss that torch lacks.
    """

    function: str
    module: str
    family: str
    lead: bool
    task: str
    asks: str
    formula: str
    arguments: dict[str, Argument]
    minimum: float
    maximum: float
    divisor: str
    best_constant: str | None
    last_layer: str
    to_predict: str
    chapter: str
    source: str
    sample: Maker
    weighted: str | None = None
    weighted_divisor: str | None = None
    slope: str | None = None
    section: str = ""
    beware: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    reductions: tuple[str, ...] = ("none", "mean", "sum")
    from_torch: bool = True

    @property
    def name(self) -> str:
        """The function, or the Module where there is no function."""
        return self.function or self.module


ANY = "any real number"
POSITIVE = "0 or more"
CHANCE = "from 0 to 1"
CHANCES = "from 0 to 1, adding up to 1 over the classes"
LOG_CHANCES = "0 or less, their exponentials adding up to 1 over the classes"
SIGN = "1 or −1"
CLASS = "whole, from 0 to C − 1"

FLOATING = "floating point"
INDEX = "int64"
SAME = "that of input"

ELEMENTS = "elements"
SAMPLES = "samples"
KEPT = "targets that are not ignored"
MASKS = "masks, one per sample and class"
SUM_OF_MASK_WEIGHTS = "sum of the weights of all masks"
SUM_OF_WEIGHTS = "sum of the weights"
SUM_OF_KEPT_WEIGHTS = "sum of the weights that are not ignored"
SUM_OF_TARGET_WEIGHTS = "sum of the weights of those targets"

AS_IT_IS = "linear: the amount"
SCORE = "linear: a score"
SCORES = "linear: a score per class"
LOG_SOFTMAX = "`log_softmax`: a log-probability per class"
VECTOR = "linear: a vector"

NOTHING = "nothing"
CHANCE_OF_YES = "`sigmoid`: the chance of yes"
CLASS_CHANCES = "`softmax`: a chance per class"
CHANCES_BACK = "`exp`: a chance per class"

ANYTHING = "anything: all constants cost the same"
_INF = math.inf

_AMOUNTS = {
    "input": Argument("x", "the predicted amount", ANY, "any", FLOATING),
    "target": Argument("y", "the true amount, in the same units", ANY, SAME, SAME),
}
_SCORE_AND_ANSWER = {
    "input": Argument("x", "a score for yes", ANY, "any", FLOATING),
    "target": Argument("y", "the answer: 1 for yes, 0 for no, or a chance between", CHANCE, SAME, SAME),
}
_SCORES_AND_CLASS = {
    "input": Argument("x", "a score per class", ANY, "(C), (N, C) or (N, C, …)", FLOATING),
    "target": Argument(
        "y",
        "the index of the true class; or a probability per class, in the shape and dtype of input",
        CLASS,
        "(), (N) or (N, …)",
        INDEX,
    ),
}
_HIDDEN = Argument("h", "what the model says before its last layer", ANY, "(D) or (N, D)", FLOATING)
_TRIPLET = {
    "anchor": Argument("a", "the vector of one example", ANY, "(D) or (N, D)", FLOATING),
    "positive": Argument("a^+", "the vector of its match", ANY, "that of anchor", "that of anchor"),
    "negative": Argument("a^-", "the vector of a stranger", ANY, "that of anchor", "that of anchor"),
}

_ROWS = (
    Row(
        function="l1_loss",
        module="L1Loss",
        family="regression",
        lead=False,
        task="an amount",
        asks="How far off is the prediction, every unit counting the same?",
        formula=r"|x - y|",
        arguments=_AMOUNTS,
        options={"weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=ELEMENTS,
        weighted="element",
        weighted_divisor=SUM_OF_WEIGHTS,
        best_constant="median",
        last_layer=AS_IT_IS,
        to_predict=NOTHING,
        chapter="mse-and-l1",
        section="Which of the two?",
        source="laplace1774",
        sample=samples.amounts,
        slope="l1_slope",
    ),
    Row(
        function="mse_loss",
        module="MSELoss",
        family="regression",
        lead=True,
        task="an amount",
        asks="How far off is the prediction, large errors counting far more than small ones?",
        formula=r"(x - y)^2",
        arguments=_AMOUNTS,
        options={"weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=ELEMENTS,
        weighted="element",
        weighted_divisor=SUM_OF_WEIGHTS,
        best_constant="mean",
        last_layer=AS_IT_IS,
        to_predict=NOTHING,
        chapter="mse-and-l1",
        source="legendre1805",
        sample=samples.amounts,
        slope="mse_slope",
    ),
    Row(
        function="huber_loss",
        module="HuberLoss",
        family="regression",
        lead=True,
        task="an amount",
        asks="How far off is the prediction, if no single point may pull harder than delta?",
        formula=r"\begin{cases}\tfrac{1}{2}(x-y)^2 & |x-y| \le \delta \\ "
        r"\delta\,(|x-y| - \tfrac{1}{2}\delta) & |x-y| > \delta\end{cases}",
        arguments=_AMOUNTS,
        options={"delta": 1.0, "weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=ELEMENTS,
        weighted="element",
        weighted_divisor=ELEMENTS,
        best_constant="where the clipped errors cancel",
        last_layer=AS_IT_IS,
        to_predict=NOTHING,
        beware="`delta` must be above 0.",
        chapter="huber",
        source="huber1964",
        sample=samples.amounts,
        slope="huber_slope",
    ),
    Row(
        function="smooth_l1_loss",
        module="SmoothL1Loss",
        family="regression",
        lead=False,
        task="an amount",
        asks="How far off is the prediction, every unit counting the same, but gently near zero?",
        formula=r"\begin{cases}\tfrac{1}{2}(x-y)^2/\beta & |x-y| < \beta \\ "
        r"|x-y| - \tfrac{1}{2}\beta & |x-y| \ge \beta\end{cases}",
        arguments=_AMOUNTS,
        options={"beta": 1.0},
        minimum=0.0,
        maximum=_INF,
        divisor=ELEMENTS,
        best_constant="where the clipped errors cancel",
        last_layer=AS_IT_IS,
        to_predict=NOTHING,
        chapter="huber",
        section="Smooth L1: the same shape under another scale",
        source="girshick2015",
        sample=samples.amounts,
        slope="smooth_l1_slope",
    ),
    Row(
        function="quantile_loss",
        module="QuantileLoss",
        family="regression",
        lead=True,
        task="an amount",
        asks="Does the right share of the true amounts lie below the prediction?",
        formula=r"\max(q\,(y - x),\ (q - 1)(y - x))",
        arguments=_AMOUNTS,
        options={"q": 0.5, "weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=ELEMENTS,
        weighted="element",
        weighted_divisor=SUM_OF_WEIGHTS,
        best_constant="quantile at q",
        last_layer="linear: the amount; for K quantiles K of them",
        to_predict=NOTHING,
        beware="Several quantiles, as `q=[0.1, 0.9]`, need a column each: `input` (…, K), `target` (…). "
        "Nothing keeps them in order.",
        chapter="beyond-torch",
        section="Quantiles: a range instead of one number",
        source="koenker1978",
        sample=samples.amounts,
        slope="quantile_slope",
        from_torch=False,
    ),
    Row(
        function="log_cosh_loss",
        module="LogCoshLoss",
        family="regression",
        lead=False,
        task="an amount",
        asks="How far off is the prediction, with small errors squared, large ones not, and no joint between?",
        formula=r"\log \cosh(x - y)",
        arguments=_AMOUNTS,
        options={"weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=ELEMENTS,
        weighted="element",
        weighted_divisor=SUM_OF_WEIGHTS,
        best_constant="where the tanh of the errors cancels",
        last_layer=AS_IT_IS,
        to_predict=NOTHING,
        beware="It turns from a square into a line at about one unit, and no option moves that: scale the targets.",
        chapter="beyond-torch",
        section="Log-cosh: Huber without a joint",
        source="saleh2022",
        sample=samples.amounts,
        slope="log_cosh_slope",
        from_torch=False,
    ),
    Row(
        function="asymmetric_cost_loss",
        module="AsymmetricCostLoss",
        family="regression",
        lead=False,
        task="an amount",
        asks="What does the error cost, if too much has one price and too little another?",
        formula=r"c_+ \max(x - y, 0)^p + c_- \max(y - x, 0)^p",
        arguments=_AMOUNTS,
        options={"over": 1.0, "under": 1.0, "power": 1, "weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=ELEMENTS,
        weighted="element",
        weighted_divisor=SUM_OF_WEIGHTS,
        best_constant="quantile at under / (over + under)",
        last_layer=AS_IT_IS,
        to_predict=NOTHING,
        beware="`over` is the price of a prediction above the target, `under` of one below. "
        "With `power=2` the best constant is an expectile.",
        chapter="custom-losses",
        section="A cost with two prices",
        source="granger1969",
        sample=samples.amounts,
        slope="asymmetric_cost_slope",
        from_torch=False,
    ),
    Row(
        function="gaussian_nll_loss",
        module="GaussianNLLLoss",
        family="likelihood",
        lead=True,
        task="an amount",
        asks="How surprising is the true amount, given the prediction and how unsure the model says it is?",
        formula=r"\tfrac{1}{2}\Bigl(\log v + \frac{(x-y)^2}{v}\Bigr), \quad v = \max(\sigma^2, \varepsilon)",
        arguments={
            **_AMOUNTS,
            "var": Argument(r"\sigma^2", "the variance that the model claims", POSITIVE, SAME, SAME),
        },
        options={"full": False, "eps": 1e-6},
        minimum=0.5 * math.log(1e-6),
        maximum=_INF,
        divisor=ELEMENTS,
        best_constant="mean, with the variance as var",
        last_layer="linear for the amount; `softplus` or `exp` for its variance",
        to_predict=NOTHING,
        chapter="counts-and-noise",
        section="Let the model say how sure it is",
        source="nix1994",
        sample=samples.measurements,
        slope="gaussian_nll_slope",
    ),
    Row(
        function="poisson_nll_loss",
        module="PoissonNLLLoss",
        family="likelihood",
        lead=True,
        task="a count",
        asks="How surprising is this count, if things happen at the predicted rate?",
        formula=r"e^{x} - y\,x",
        arguments={
            "input": Argument("x", "the logarithm of the predicted rate", ANY, "any", FLOATING),
            "target": Argument("y", "the count", POSITIVE, SAME, SAME),
        },
        options={"log_input": True, "full": False, "eps": 1e-8},
        minimum=-_INF,
        maximum=_INF,
        divisor=ELEMENTS,
        best_constant="log of the mean",
        last_layer="linear: the log of the rate",
        to_predict="`exp`: the rate",
        chapter="counts-and-noise",
        source="mccullagh1989",
        sample=samples.counts,
        slope="poisson_nll_slope",
    ),
    Row(
        function="binary_cross_entropy",
        module="BCELoss",
        family="classification",
        lead=False,
        task="yes or no",
        asks="The model named its chance of a yes: how surprising is the answer?",
        formula=r"-y \log x - (1 - y) \log(1 - x)",
        arguments={
            "input": Argument("x", "the chance of yes; its logarithms are cut off at −100", CHANCE, "any", FLOATING),
            "target": _SCORE_AND_ANSWER["target"],
        },
        options={"weight": None},
        minimum=0.0,
        maximum=100.0,
        divisor=ELEMENTS,
        weighted="element",
        weighted_divisor=ELEMENTS,
        best_constant="mean",
        last_layer="`sigmoid`: a chance",
        to_predict=NOTHING,
        chapter="binary",
        section="BCELoss: when a probability is all you have",
        source="cox1958",
        sample=samples.chances,
        slope="binary_cross_entropy_slope",
    ),
    Row(
        function="binary_cross_entropy_with_logits",
        module="BCEWithLogitsLoss",
        family="classification",
        lead=True,
        task="yes or no",
        asks="The model scored how far it leans to yes: how surprising is the answer?",
        formula=r"\log(1 + e^{x}) - y\,x",
        arguments=_SCORE_AND_ANSWER,
        options={"weight": None, "pos_weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=ELEMENTS,
        weighted="element",
        weighted_divisor=ELEMENTS,
        best_constant="logit of the mean",
        last_layer=SCORE,
        to_predict=CHANCE_OF_YES,
        chapter="binary",
        source="cox1958",
        sample=samples.leanings,
        slope="binary_cross_entropy_with_logits_slope",
    ),
    Row(
        function="hinge_loss",
        module="HingeLoss",
        family="margin",
        lead=True,
        task="yes or no",
        asks="Is the score on the right side of zero, by the margin?",
        formula=r"\max(0,\ m - y\,x)",
        arguments={
            "input": _SCORE_AND_ANSWER["input"],
            "target": Argument("y", "the answer: 1 for yes, −1 for no", SIGN, SAME, SAME),
        },
        options={"margin": 1.0, "weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=ELEMENTS,
        weighted="element",
        weighted_divisor=SUM_OF_WEIGHTS,
        best_constant="the margin, with the sign of the more frequent answer",
        last_layer=SCORE,
        to_predict="its sign; the score is no chance",
        beware="Answers of 0 and 1 are an error on a CPU; on a GPU nobody checks, and a 0 pulls nothing. "
        "The score is no logit: it says nothing about a chance.",
        chapter="hinge",
        source="cortes1995",
        sample=samples.sides,
        slope="hinge_slope",
        from_torch=False,
    ),
    Row(
        function="soft_margin_loss",
        module="SoftMarginLoss",
        family="margin",
        lead=False,
        task="yes or no",
        asks="Is the score on the right side of zero, and how clearly?",
        formula=r"\log(1 + e^{-y\,x})",
        arguments={
            "input": _SCORE_AND_ANSWER["input"],
            "target": Argument("y", "the answer: 1 for yes, −1 for no", SIGN, SAME, SAME),
        },
        minimum=0.0,
        maximum=_INF,
        divisor=ELEMENTS,
        best_constant="logit of the share of 1s",
        last_layer=SCORE,
        to_predict="its sign; or `sigmoid`: the chance of yes",
        chapter="hinge",
        section="Soft margin: the logistic loss under another name",
        source="friedman2000",
        sample=samples.sides,
        slope="soft_margin_slope",
    ),
    Row(
        function="nll_loss",
        module="NLLLoss",
        family="classification",
        lead=False,
        task="one class of several",
        asks="How little of its belief did the model leave to the class that came true?",
        formula=r"-x_y",
        arguments={
            "input": Argument("x", "a log-probability per class", LOG_CHANCES, "(C), (N, C) or (N, C, …)", FLOATING),
            "target": Argument("y", "the index of the true class", CLASS, "(), (N) or (N, …)", INDEX),
        },
        options={"weight": None, "ignore_index": -100},
        minimum=0.0,
        maximum=_INF,
        divisor=KEPT,
        weighted="class",
        weighted_divisor=SUM_OF_TARGET_WEIGHTS,
        best_constant="log of the class shares",
        last_layer=LOG_SOFTMAX,
        to_predict=CHANCES_BACK,
        beware="With every target ignored, `mean` is nan.",
        chapter="cross-entropy",
        section="The second half alone: NLL",
        source="bridle1990",
        sample=samples.class_log_chances,
        slope="nll_slope",
    ),
    Row(
        function="cross_entropy",
        module="CrossEntropyLoss",
        family="classification",
        lead=True,
        task="one class of several",
        asks="With one score per class, how surprising is the class that came true?",
        formula=r"\log \sum_{c} e^{x_c} - x_y",
        arguments=_SCORES_AND_CLASS,
        options={"weight": None, "ignore_index": -100, "label_smoothing": 0.0},
        minimum=0.0,
        maximum=_INF,
        divisor=KEPT,
        weighted="class",
        weighted_divisor=SUM_OF_TARGET_WEIGHTS,
        best_constant="log of the class shares",
        last_layer=SCORES,
        to_predict=CLASS_CHANCES,
        beware="With probabilities as target, `mean` divides by the number of samples, with `weight` too. "
        "With every target ignored it is nan.",
        chapter="cross-entropy",
        source="bridle1990",
        sample=samples.class_scores,
        slope="cross_entropy_slope",
    ),
    Row(
        function="focal_loss",
        module="FocalLoss",
        family="focal",
        lead=True,
        task="one class of several",
        asks="How surprising is the class that came true, if what the model got right hardly counts?",
        formula=r"-(1 - p)^\gamma \log p, \quad p = \operatorname{softmax}(x)_y",
        arguments={
            "input": _SCORES_AND_CLASS["input"],
            "target": Argument(
                "y",
                "the index of the true class; or in floating point, in the shape of input: yes or no for each score",
                CLASS,
                "(), (N) or (N, …)",
                INDEX,
            ),
        },
        options={"gamma": 2.0, "alpha": None, "ignore_index": -100, "weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=KEPT,
        weighted="target",
        weighted_divisor=SUM_OF_KEPT_WEIGHTS,
        best_constant=None,
        last_layer=SCORES,
        to_predict="the largest score; the chances are drawn to the middle",
        beware="The dtype of the target decides: floating point is yes or no, int64 a class. `alpha` is a number for "
        "yes or no, a tensor for classes. The paper divides by the number of objects: `sum`, divided by it.",
        chapter="beyond-torch",
        section="Focal: fewer easy ones",
        source="lin2017",
        sample=samples.class_scores,
        slope="focal_slope",
        from_torch=False,
    ),
    Row(
        function="multi_margin_loss",
        module="MultiMarginLoss",
        family="margin",
        lead=False,
        task="one class of several",
        asks="Does the true class outscore each of the others, by the margin?",
        formula=r"\frac{1}{C} \sum_{c \ne y} \max(0,\ m - x_y + x_c)^p",
        arguments={
            "input": Argument("x", "a score per class", ANY, "(C) or (N, C)", FLOATING),
            "target": Argument("y", "the index of the true class", CLASS, "() or (N)", INDEX),
        },
        options={"p": 1, "margin": 1.0, "weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=SAMPLES,
        weighted="class",
        weighted_divisor=SAMPLES,
        best_constant=None,
        last_layer=SCORES,
        to_predict="the largest score; the scores are no chances",
        beware="`p` is 1 or 2.",
        chapter="hinge",
        section="Multi-margin: several classes",
        source="weston1999",
        sample=samples.class_scores,
        slope="multi_margin_slope",
    ),
    Row(
        function="kl_div",
        module="KLDivLoss",
        family="divergence",
        lead=True,
        task="a distribution",
        asks="How much is lost by believing the predicted chances, when the target's are the true ones?",
        formula=r"y\,(\log y - x)",
        arguments={
            "input": Argument("x", "a log-probability per class", LOG_CHANCES, "(C), (N, C) or (N, …, C)", FLOATING),
            "target": Argument("y", "the probability that it should be", CHANCES, SAME, SAME),
        },
        options={"log_target": False},
        reductions=("none", "mean", "sum", "batchmean"),
        minimum=-math.exp(-1),
        maximum=_INF,
        divisor=ELEMENTS,
        best_constant="log of the mean",
        last_layer=LOG_SOFTMAX,
        to_predict=CHANCES_BACK,
        beware="`batchmean` divides by the size of the first dimension.",
        chapter="kl-divergence",
        source="kullback1951",
        sample=samples.distributions,
        slope="kl_div_slope",
    ),
    Row(
        function="distillation_loss",
        module="DistillationLoss",
        family="divergence",
        lead=False,
        task="a distribution",
        asks="How far are the chances of a student from those of its teacher, the small ones made to count?",
        formula=r"T^2 \sum_c q_c\,(\log q_c - \log p_c), \quad "
        r"q = \operatorname{softmax}(z / T),\ p = \operatorname{softmax}(x / T)",
        arguments={
            "input": Argument("x", "the student's score per class", ANY, "(C), (N, C) or (N, C, …)", FLOATING),
            "teacher": Argument("z", "the teacher's scores; detach them, or they get a slope", ANY, SAME, SAME),
        },
        options={"temperature": 2.0, "weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=SAMPLES,
        weighted="sample",
        weighted_divisor=SUM_OF_WEIGHTS,
        best_constant="the scores whose softened chances are the teachers' mean",
        last_layer=SCORES,
        to_predict=CLASS_CHANCES,
        beware="It is the soft term alone, with its factor $T^2$: add the cross-entropy of the labels. "
        "Nothing detaches the teacher.",
        chapter="beyond-torch",
        section="Distillation: a teacher's doubts",
        source="hinton2015",
        sample=samples.teachers,
        slope="distillation_slope",
        from_torch=False,
    ),
    Row(
        function="multilabel_margin_loss",
        module="MultiLabelMarginLoss",
        family="multilabel",
        lead=False,
        task="several labels at once",
        asks="Does every label that applies outscore every label that does not?",
        formula=r"\frac{1}{C} \sum_{j \in y} \sum_{c \notin y} \max(0,\ 1 - (x_j - x_c))",
        arguments={
            "input": Argument("x", "a score per label", ANY, "(C) or (N, C)", FLOATING),
            "target": Argument(
                "y",
                "the indices of the labels that apply; the first −1 ends the list",
                "whole, from −1 to C − 1",
                SAME,
                INDEX,
            ),
        },
        minimum=0.0,
        maximum=_INF,
        divisor=SAMPLES,
        best_constant=None,
        last_layer="linear: a score per label",
        to_predict="the order of the scores; they have no zero",
        chapter="multilabel",
        section="Only the order: multi-label margin",
        source="elisseeff2001",
        sample=samples.label_lists,
        slope="multilabel_margin_slope",
    ),
    Row(
        function="multilabel_soft_margin_loss",
        module="MultiLabelSoftMarginLoss",
        family="multilabel",
        lead=False,
        task="several labels at once",
        asks="Asked about each label alone, yes or no, how surprising are the answers on average?",
        formula=r"\frac{1}{C} \sum_{c} \bigl(\log(1 + e^{x_c}) - y_c\,x_c\bigr)",
        arguments={
            "input": Argument("x", "a score per label", ANY, "(C), (N, C) or (N, …, C)", FLOATING),
            "target": Argument("y", "1 where the label applies, 0 where not", CHANCE, SAME, SAME),
        },
        options={"weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=SAMPLES,
        weighted="class",
        weighted_divisor=SAMPLES,
        best_constant="logit of the mean",
        last_layer="linear: a score per label",
        to_predict="`sigmoid`: a chance per label",
        chapter="multilabel",
        section="One loss, two names",
        source="nam2014",
        sample=samples.label_bits,
        slope="multilabel_soft_margin_slope",
    ),
    Row(
        function="dice_loss",
        module="DiceLoss",
        family="segmentation",
        lead=False,
        task="a mask",
        asks="How little do the predicted mask and the true one overlap, whatever their size?",
        formula=r"1 - \frac{2 \sum_i p_i\,g_i + s}{\sum_i p_i + \sum_i g_i + s}, \quad "
        r"p = \operatorname{softmax}(x),\ g_i = [y_i = c]",
        arguments={
            "input": Argument("x", "a score per class in each place", ANY, "(N, C) or (N, C, …)", FLOATING),
            "target": Argument(
                "y",
                "the index of the true class in each place; or, in floating point and the shape of input, masks",
                CLASS,
                "(N) or (N, …)",
                INDEX,
            ),
        },
        options={"smooth": 1e-5, "ignore_index": None, "weight": None},
        minimum=0.0,
        maximum=1.0,
        divisor=MASKS,
        weighted="class",
        weighted_divisor=SUM_OF_MASK_WEIGHTS,
        best_constant=None,
        last_layer=SCORES,
        to_predict="the largest score; of a mask per class, its sign",
        beware="Where a mask is empty, the default costs nearly 1 even if almost nothing is predicted. "
        "What is sure and wrong has no slope: add a cross-entropy. `input` needs its dimension of classes.",
        chapter="beyond-torch",
        section="Dice: the overlap of masks",
        source="milletari2016",
        sample=samples.pictures,
        slope="dice_slope",
        from_torch=False,
    ),
    Row(
        function="margin_ranking_loss",
        module="MarginRankingLoss",
        family="margin",
        lead=True,
        task="an order",
        asks="Of two, does the one that should come first score higher, by the margin?",
        formula=r"\max(0,\ -y\,(x_1 - x_2) + m)",
        arguments={
            "input1": Argument("x_1", "the score of the first", ANY, "any", FLOATING),
            "input2": Argument("x_2", "the score of the second", ANY, "that of input1", "that of input1"),
            "target": Argument(
                "y", "1 if the first should score higher, else −1", SIGN, "that of input1", "that of input1"
            ),
        },
        options={"margin": 0.0},
        minimum=0.0,
        maximum=_INF,
        divisor=ELEMENTS,
        best_constant=ANYTHING,
        last_layer="linear: a score per item",
        to_predict="the order of the scores",
        chapter="ranking",
        source="herbrich2000",
        sample=samples.score_pairs,
        slope="margin_ranking_slope",
    ),
    Row(
        function="hinge_embedding_loss",
        module="HingeEmbeddingLoss",
        family="margin",
        lead=False,
        task="alike or different",
        asks="Is this distance small for a pair that is alike, and beyond the margin for one that is not?",
        formula=r"\begin{cases} x & y = 1 \\ \max(0,\ m - x) & y = -1 \end{cases}",
        arguments={
            "input": Argument("x", "the distance of a pair", POSITIVE, "any", FLOATING),
            "target": Argument("y", "1 if the two are alike, else −1", SIGN, SAME, SAME),
        },
        options={"margin": 1.0},
        minimum=0.0,
        maximum=_INF,
        divisor=ELEMENTS,
        best_constant="0 if most targets are 1, else the margin",
        last_layer="a vector each; their distance goes in",
        to_predict="the distance, against a threshold",
        chapter="embeddings",
        section="Pairs: a distance and a label",
        source="hadsell2006",
        sample=samples.distances,
        slope="hinge_embedding_slope",
    ),
    Row(
        function="cosine_embedding_loss",
        module="CosineEmbeddingLoss",
        family="embedding",
        lead=False,
        task="alike or different",
        asks="Do two vectors point the same way if they belong together, and apart if they do not?",
        formula=r"\begin{cases} 1 - \cos(x_1, x_2) & y = 1 \\ \max(0,\ \cos(x_1, x_2) - m) & y = -1 \end{cases}",
        arguments={
            "input1": Argument("x_1", "the one vector", ANY, "(D) or (N, D)", FLOATING),
            "input2": Argument("x_2", "the other", ANY, "that of input1", "that of input1"),
            "target": Argument("y", "1 if they belong together, else −1", SIGN, "() or (N)", "that of input1"),
        },
        options={"margin": 0.0},
        minimum=0.0,
        maximum=2.0,
        divisor=SAMPLES,
        best_constant=ANYTHING,
        last_layer=VECTOR,
        to_predict="the cosine, against a threshold",
        chapter="embeddings",
        section="Pairs: an angle and a label",
        source="bromley1993",
        sample=samples.vector_pairs,
        slope="cosine_embedding_slope",
    ),
    Row(
        function="triplet_margin_loss",
        module="TripletMarginLoss",
        family="embedding",
        lead=True,
        task="alike or different",
        asks="Is the anchor nearer to its match than to the stranger, by the margin?",
        formula=r"\max(0, \lVert a - a^+ + \varepsilon \rVert_p - \lVert a - a^- + \varepsilon \rVert_p + m)",
        arguments=_TRIPLET,
        options={"margin": 1.0, "p": 2.0, "eps": 1e-6, "swap": False},
        minimum=0.0,
        maximum=_INF,
        divisor=SAMPLES,
        best_constant=ANYTHING,
        last_layer=VECTOR,
        to_predict="the nearest neighbours",
        chapter="embeddings",
        source="balntas2016",
        sample=samples.triplets,
        slope="triplet_margin_slope",
    ),
    Row(
        function="triplet_margin_with_distance_loss",
        module="TripletMarginWithDistanceLoss",
        family="embedding",
        lead=False,
        task="alike or different",
        asks="By a distance of your own choosing, is the anchor nearer to its match than to the stranger?",
        formula=r"\max(0,\ d(a, a^+) - d(a, a^-) + m)",
        arguments=_TRIPLET,
        options={"distance_function": None, "margin": 1.0, "swap": False},
        minimum=0.0,
        maximum=_INF,
        divisor=SAMPLES,
        best_constant=ANYTHING,
        last_layer=VECTOR,
        to_predict="the nearest neighbours, by the same distance",
        chapter="embeddings",
        section="A distance of your own",
        source="schroff2015",
        sample=samples.triplets,
    ),
    Row(
        function="info_nce_loss",
        module="InfoNCELoss",
        family="contrastive",
        lead=False,
        task="alike or different",
        asks="Among the matches of the whole batch, how surprising is the own one?",
        formula=r"\log \sum_j e^{s_{ij}} - s_{ii}, \quad s_{ij} = \cos(q_i, k_j) / \tau",
        arguments={
            "query": Argument("q", "a vector for each thing", ANY, "(N, D)", FLOATING),
            "key": Argument("k", "the match of each", ANY, "that of query", "that of query"),
        },
        options={"temperature": 0.1, "symmetric": False, "negatives": None, "weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=SAMPLES,
        weighted="sample",
        weighted_divisor=SUM_OF_WEIGHTS,
        best_constant=ANYTHING,
        last_layer=VECTOR,
        to_predict="the nearest neighbours, by the angle",
        beware="All other keys of the batch are taken for strangers, and more of them make the loss larger: "
        "two batch sizes do not compare. Its temperature is 0.1, that of NT-Xent 0.5.",
        chapter="beyond-torch",
        section="InfoNCE: the match among all",
        source="oord2018",
        sample=samples.views,
        slope="info_nce_slope",
        from_torch=False,
    ),
    Row(
        function="nt_xent_loss",
        module="NTXentLoss",
        family="contrastive",
        lead=False,
        task="alike or different",
        asks="Among all other views of the batch, how surprising is the second view of the same thing?",
        formula=r"\frac{1}{2} \sum_{u \in \{a_i, b_i\}} \Bigl(\log \sum_{v \ne u} e^{s_{uv}} - s_{uu'}\Bigr)",
        arguments={
            "a": Argument("a", "the vector of one view of each thing", ANY, "(N, D)", FLOATING),
            "b": Argument("b", "the vector of the other view", ANY, "that of a", "that of a"),
        },
        options={"temperature": 0.5, "weight": None},
        minimum=0.0,
        maximum=_INF,
        divisor=SAMPLES,
        weighted="sample",
        weighted_divisor=SUM_OF_WEIGHTS,
        best_constant=ANYTHING,
        last_layer=VECTOR,
        to_predict="the nearest neighbours, by the angle",
        beware="`sum` and `none` are of things, each the mean of its two views. "
        "Of a single thing the loss is 0 whatever its views are.",
        chapter="beyond-torch",
        section="NT-Xent: both views at once",
        source="chen2020",
        sample=samples.views,
        slope="nt_xent_slope",
        from_torch=False,
    ),
    Row(
        function="ctc_loss",
        module="CTCLoss",
        family="sequence",
        lead=True,
        task="a sequence without timing",
        asks="How surprising is this sequence of labels, when nobody marked which moment holds which?",
        formula=r"-\log \sum_{\pi \,\to\, y} \ \prod_{t=1}^{T} e^{x_{t, \pi_t}}",
        arguments={
            "log_probs": Argument(
                "x", "a log-probability per moment and symbol", LOG_CHANCES, "(T, C) or (T, N, C)", FLOATING
            ),
            "targets": Argument(
                "y", "the labels in their order; 0 is the blank", "whole, from 1 to C − 1", "(S) or (N, S)", INDEX
            ),
            "input_lengths": Argument("T", "how many moments to read", "whole, from 1 to T", "() or (N)", INDEX),
            "target_lengths": Argument("S", "how many labels to read", "whole, from 0 to S", "() or (N)", INDEX),
        },
        options={"blank": 0, "zero_infinity": False},
        minimum=0.0,
        maximum=_INF,
        divisor="samples, each loss first divided by the number of its labels",
        best_constant=None,
        last_layer="`log_softmax` over the symbols and the blank, in each frame",
        to_predict="a decoder: it merges repeats, then drops blanks",
        beware="Where the labels do not fit into the moments, the loss is infinite, unless `zero_infinity`.",
        chapter="ctc",
        source="graves2006",
        sample=samples.frames,
        slope="ctc_slope",
    ),
    Row(
        function="linear_cross_entropy",
        module="LinearCrossEntropyLoss",
        family="vocabulary",
        lead=True,
        task="a large vocabulary",
        asks="How surprising is the next word, when the scores of all words are too many to hold at once?",
        formula=r"\log \sum_{c} e^{x_c} - x_y, \quad x = W h",
        arguments={
            "input": _HIDDEN,
            "linear_weight": Argument("W", "the last layer, a row per class", ANY, "(C, D)", SAME),
            "target": Argument(
                "y",
                "the index of the true class; or a probability per class, in the dtype of input",
                CLASS,
                "() or (N)",
                INDEX,
            ),
        },
        options={
            "linear_bias": None, "weight": None, "ignore_index": None, "label_smoothing": 0.0, "options": None,
        },
        minimum=0.0,
        maximum=_INF,
        divisor=KEPT,
        weighted="class",
        weighted_divisor=SUM_OF_TARGET_WEIGHTS,
        best_constant="log of the class shares",
        last_layer="none: the loss multiplies by the weight of the last layer itself",
        to_predict="that layer, then `softmax`: a chance per class",
        beware="The Module holds $W$ itself. "
        "With probabilities as target, `mean` divides by the number of samples, with `weight` too.",
        chapter="next-token",
        source="wijmans2025",
        slope="linear_cross_entropy_slope",
        sample=samples.words,
    ),
    Row(
        function="",
        module="AdaptiveLogSoftmaxWithLoss",
        family="vocabulary",
        lead=False,
        task="a large vocabulary",
        asks="How surprising is the next word, when a rare one is reached in two steps: its group, then itself?",
        formula=r"\begin{cases} -\log p_{\text{head}}(y \mid h) & y \text{ frequent} \\ "
        r"-\log p_{\text{head}}(k \mid h) - \log p_k(y \mid h) & y \text{ in group } k \end{cases}",
        arguments={
            "input_": _HIDDEN,
            "target_": Argument("y", "the index of the true class, frequent ones first", CLASS, "() or (N)", INDEX),
        },
        options={"div_value": 4.0, "head_bias": False},
        reductions=("mean",),
        minimum=0.0,
        maximum=_INF,
        divisor=SAMPLES,
        best_constant=None,
        last_layer="none: the Module holds it",
        to_predict="its method `predict`; or `log_prob`, then `exp`",
        beware="Returns a pair: the log-probability of each target, and as `loss` minus their mean. "
        "It has no `reduction`.",
        chapter="next-token",
        section="Fewer scores: the adaptive softmax",
        source="grave2017",
        sample=samples.words_in_clusters,
    ),
)  # fmt: skip

CATALOG: dict[str, Row] = {entry.name: entry for entry in _ROWS}


def row(name: str) -> Row:
    """The row of a loss, by the name of its function or of its Module.

    Example:
        >>> row("HuberLoss").best_constant
        'where the clipped errors cancel'
    """
    for entry in CATALOG.values():
        if name in (entry.function, entry.module):
            return entry
    raise KeyError(f"{name} is not in the catalog: it has {', '.join(CATALOG)}")


def loss_in(home: ModuleType, entry: Row) -> Callable[..., Any]:
    """The loss as ``home`` has it, this package or ``torch.nn``, called as ``loss(*sample.args, **sample.kwargs)``.

    Where there is no function, the call makes the Module first, with the parameters of the sample.

    Example:
        >>> nothing = torch.zeros(2)
        >>> loss_in(torch.nn, row("mse_loss"))(nothing, nothing)
        tensor(0.)
    """
    if entry.function:
        return getattr(getattr(home, "functional", home), entry.function)  # type: ignore[no-any-return]

    def call(*args: Tensor, parameters: dict[str, Tensor], **sizes: Any) -> Tensor:
        module = getattr(home, entry.module)(**sizes)
        return torch.func.functional_call(module, parameters, args).loss  # type: ignore[no-any-return]

    return call
