"""The decision table for targets that are amounts: which answer leads to which losses."""

from lossbook.choose.form import Branch, Choice, Task

__all__ = ["TASKS"]

_RMSE = "RMSE on held-back rows, beside that of the training mean: it should be clearly smaller."
_MAE = "Mean absolute error on held-back rows, beside that of the training median."
_SUM = "The sum of the predictions beside the sum of the targets: a median or a clipped loss may fall short."
_COVERAGE = "The share of held-back targets inside each range, in all and by thirds of the prediction."
_PEARSON = "The mean of (target − rate)² / rate on held-back rows: near 1 if Poisson's spread holds, above if not."

AMOUNTS = Task(
    name="amounts",
    group="amounts",
    target="an amount: a number with a unit, on a scale where differences mean something",
    question="If the same inputs could bring several amounts, which of them do you want to hear?",
    branches=(
        Branch(
            key="mean",
            answer="their average: totals must come out right, or the large amounts are true and count",
            look="Residuals of a first fit: about as long a tail as a bell has, and no target you would strike out.",
            choices=(
                Choice("mse_loss", "Its best answer is the mean, so that sums and totals come out right.", _RMSE),
                Choice(
                    "gaussian_nll_loss",
                    "It has the same mean in view, and trusts a point less where it expects more noise.",
                    "The mean of squared error over stated variance on held-back rows: near 1, in each third too.",
                ),
            ),
        ),
        Branch(
            key="outliers",
            answer="their bulk: some targets are wrong or wild, and none of them may steer the model",
            look="Residuals of a first fit: how many lie further out than 3.5 robust standard deviations?",
            choices=(
                Choice(
                    "huber_loss",
                    "No target pulls harder than delta, and small errors still count squared.",
                    _SUM,
                    computed=("delta",),
                ),
                Choice(
                    "l1_loss",
                    "Every target has one vote however far out it lies: for a quarter of bad ones or more.",
                    _SUM,
                ),
                Choice(
                    "log_cosh_loss",
                    "It does what Huber does without a joint, once a usual error is about one unit.",
                    "The median size of the residuals in the units you train in: about 1.",
                ),
                Choice(
                    "smooth_l1_loss",
                    "It is Huber divided by its bend, as code for boxes in pictures expects it.",
                    "Whether the code you compare with means `beta` or Huber's `delta`.",
                    computed=("beta",),
                ),
            ),
        ),
        Branch(
            key="median",
            answer="the one in the middle: the typical case counts, an error costs in proportion to its size",
            look="Mean and median of the residuals: far apart if the noise is skewed, and then the two answers differ.",
            choices=(
                Choice("l1_loss", "Its best answer is a median: half of the targets above, half below.", _MAE),
                Choice(
                    "quantile_loss",
                    "At q = 0.5 it is half the absolute error, and one number away from other quantiles.",
                    "The share of held-back targets below the prediction: about q.",
                    settings={"q": 0.5},
                ),
            ),
        ),
        Branch(
            key="spread",
            answer="the average, and how far from it they may fall, case by case",
            look="Size of the residuals against the prediction or an input: does it grow along either?",
            choices=(
                Choice(
                    "gaussian_nll_loss",
                    "The model says a variance beside each amount, and pays for a wrong one.",
                    _COVERAGE,
                ),
                Choice(
                    "quantile_loss",
                    "Two quantiles make a range, and no bell has to be believed in.",
                    _COVERAGE,
                    settings={"q": (0.1, 0.5, 0.9)},
                ),
            ),
        ),
    ),
)

INTERVALS = Task(
    name="intervals",
    group="amounts",
    target="an amount, of which a range or a level is wanted rather than one number",
    question="May the noise be taken for a bell?",
    branches=(
        Branch(
            key="free",
            answer="no, or nobody knows: the range shall hold what it says, whatever the shape",
            look="A histogram of the residuals: skewed, or with other tails than a bell?",
            choices=(
                Choice(
                    "quantile_loss",
                    "Its best answer is the quantile, so each level is learned as itself.",
                    _COVERAGE,
                    settings={"q": (0.1, 0.5, 0.9)},
                ),
            ),
        ),
        Branch(
            key="bell",
            answer="yes: the residuals over their size look like one",
            look="Residuals divided by the stated standard deviation: about two in three between −1 and 1?",
            choices=(
                Choice(
                    "gaussian_nll_loss",
                    "A mean and a variance give every range at once, and no two of them can cross.",
                    _COVERAGE,
                ),
            ),
        ),
    ),
)

COSTS = Task(
    name="costs",
    group="amounts",
    target="an amount, where a unit too much and a unit too little have different prices",
    question="How does the price of an error grow?",
    branches=(
        Branch(
            key="linear",
            answer="in proportion to the error",
            look="The bill: does twice the error cost twice as much?",
            choices=(
                Choice(
                    "asymmetric_cost_loss",
                    "It is the bill itself: its value is money, its best answer a quantile.",
                    "The mean cost on held-back rows, beside that of a plain loss moved by the best constant.",
                    computed=("over", "under"),
                ),
                Choice(
                    "quantile_loss",
                    "At q = under / (over + under) it is the same loss in another unit.",
                    "The share of held-back targets below the prediction: about q.",
                    computed=("q",),
                ),
            ),
        ),
        Branch(
            key="squared",
            answer="faster: twice the error costs four times as much",
            look="The bill: does twice the error cost about four times as much?",
            choices=(
                Choice(
                    "asymmetric_cost_loss",
                    "With power 2 each side has its own square, and the best answer is an expectile.",
                    "The mean cost on held-back rows, beside that of a plain loss moved by the best constant.",
                    settings={"power": 2},
                    computed=("over", "under"),
                ),
            ),
        ),
    ),
)

COUNTS = Task(
    name="counts",
    group="amounts",
    target="a count of events: 0, 1, 2 …, without an upper limit",
    question="How large are the counts, and how do they scatter about what the inputs explain?",
    branches=(
        Branch(
            key="rates",
            answer="small or mixed, and they scatter more where more is expected",
            look="Zeros and small counts among the targets; residuals that grow with the prediction.",
            choices=(
                Choice(
                    "poisson_nll_loss",
                    "Its best answer is the mean, never below 0, and small rates are trusted more.",
                    _PEARSON,
                ),
                Choice(
                    "mse_loss", "It has the same mean in view, with one trust for all, and may predict below 0.", _RMSE
                ),
            ),
        ),
        Branch(
            key="large",
            answer="large and far from 0: they scatter as any amount does",
            look="The smallest counts: if even they are in the dozens, 0 is far away.",
            choices=(
                Choice("mse_loss", "Far from 0 a count is an amount, and its mean is what sums need.", _RMSE),
                Choice(
                    "huber_loss",
                    "Far from 0 a count is an amount, and a few wild ones shall not steer.",
                    _SUM,
                    computed=("delta",),
                ),
                Choice(
                    "poisson_nll_loss",
                    "It still has the mean in view, and listens more to the smaller counts.",
                    _PEARSON,
                ),
            ),
        ),
        Branch(
            key="range",
            answer="a range is wanted, and they scatter more than Poisson says",
            look="The mean of (residual)² / rate on held-back rows: well above 1?",
            choices=(
                Choice(
                    "quantile_loss",
                    "It learns the range itself, where Poisson's own would be too narrow.",
                    _COVERAGE,
                    settings={"q": (0.1, 0.5, 0.9)},
                ),
                Choice(
                    "poisson_nll_loss",
                    "Its mean stays right; widen its standard deviation by the root of that ratio.",
                    _PEARSON,
                ),
            ),
        ),
    ),
)

TASKS = (AMOUNTS, INTERVALS, COSTS, COUNTS)
