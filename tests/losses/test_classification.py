"""The losses for kinds, beside judges that are not torch: scikit-learn, scipy, exact arithmetic, identities."""

import copy
import itertools
import math

import mpmath
import numpy as np
import pytest
import scipy.special
import torch
import torch.nn.functional as F
from mpmath import mpf
from sklearn import metrics
from torch import Tensor
from torch._subclasses import FakeTensorMode

import lossbook
from lossbook.catalog import CATALOG
from lossbook.losses import stable, surprise
from tests.cases import CASES, INF, Case, noise, numbers, trials
from tests.cases.classification import pair
from tests.losses import exact, judges

LOSSES = ("binary_cross_entropy", "binary_cross_entropy_with_logits", "nll_loss", "cross_entropy")
X, YES = 3 * noise(200), (noise(200, seed=1) > 0.3).double()
SHARES = noise(200, seed=1).sigmoid()  # answers between no and yes
SCORES, LABELS = 2 * noise(120, 5), torch.arange(120) * 7 % 5
CHANCES = noise(120, 5, seed=1).softmax(1)
WEIGHT = noise(5, seed=2).abs()


def close(mine: Tensor | float, expected: Tensor | np.ndarray | float, **tolerance: float) -> None:
    """Close by torch's tolerances; a plain number is taken for one in float64."""
    pair = (value if isinstance(value, Tensor) else torch.as_tensor(value).double() for value in (mine, expected))
    torch.testing.assert_close(*pair, **tolerance)


# --- libraries ----------------------------------------------------------------------------------------------------


def test_sklearns_log_loss_of_yes_and_no():
    chances = X.sigmoid()
    close(lossbook.binary_cross_entropy(chances, YES).item(), metrics.log_loss(YES, chances))
    close(lossbook.binary_cross_entropy(chances, YES, reduction="sum").item(), 200 * metrics.log_loss(YES, chances))
    weight = noise(200, seed=2).abs()
    mine = lossbook.binary_cross_entropy_with_logits(X, YES, weight, reduction="sum") / weight.sum()
    close(mine.item(), metrics.log_loss(YES, chances, sample_weight=weight))


def test_sklearns_log_loss_of_classes():
    chances = SCORES.softmax(1)
    close(lossbook.cross_entropy(SCORES, LABELS).item(), metrics.log_loss(LABELS, chances))
    close(lossbook.nll_loss(chances.log(), LABELS).item(), metrics.log_loss(LABELS, chances))
    expected = metrics.log_loss(LABELS, chances, sample_weight=WEIGHT[LABELS])
    close(lossbook.cross_entropy(SCORES, LABELS, WEIGHT).item(), expected)
    close(lossbook.nll_loss(chances.log(), LABELS, WEIGHT).item(), expected)


def test_scipys_logarithms_of_chances():
    x, y = X.numpy(), SHARES.numpy()
    expected = -y * scipy.special.log_expit(x) - (1 - y) * scipy.special.log_expit(-x)
    close(lossbook.binary_cross_entropy_with_logits(X, SHARES, reduction="none"), expected)
    weighted = -3 * y * scipy.special.log_expit(x) - (1 - y) * scipy.special.log_expit(-x)
    mine = lossbook.binary_cross_entropy_with_logits(X, SHARES, reduction="none", pos_weight=torch.tensor(3))
    close(mine, weighted)
    chances = scipy.special.expit(x)
    expected = -scipy.special.xlogy(y, chances) - scipy.special.xlog1py(1 - y, -chances)
    close(lossbook.binary_cross_entropy(X.sigmoid(), SHARES, reduction="none"), expected)


def test_scipys_log_softmax_and_logsumexp():
    x = SCORES.numpy()
    log_p = scipy.special.log_softmax(x, axis=1)
    close(
        lossbook.cross_entropy(SCORES, LABELS, reduction="none"),
        scipy.special.logsumexp(x, axis=1) - x[np.arange(120), LABELS],
    )
    close(lossbook.cross_entropy(SCORES, CHANCES, reduction="none"), -(CHANCES.numpy() * log_p).sum(1))
    weighted = -(CHANCES.numpy() * log_p * WEIGHT.numpy()).sum(1)
    close(lossbook.cross_entropy(SCORES, CHANCES, WEIGHT, reduction="none"), weighted)
    close(lossbook.cross_entropy(SCORES, CHANCES, WEIGHT).item(), weighted.mean())


# --- exact arithmetic, far out --------------------------------------------------------------------------------------

FAR = (1e-8, 0.1, 5.0, 20.0, 36.0, 40.0, 700.0)


@pytest.mark.parametrize("answer", [0.0, 1.0])
def test_a_score_loses_no_place_however_sure_it_is(answer: float):
    """Value and slope, right and wrong: a difference of large numbers would lose them all."""
    x = numbers(*FAR, *(-far for far in FAR)).requires_grad_()
    value = lossbook.binary_cross_entropy_with_logits(x, torch.full_like(x, answer), reduction="none")
    (slope,) = torch.autograd.grad(value.sum(), x)
    with mpmath.workdps(1000):
        sign = 1 - 2 * int(answer)
        values = [mpmath.log1p(mpmath.exp(sign * mpf(one))) for one in x.tolist()]
        slopes = [sign / (1 + mpmath.exp(-sign * mpf(one))) for one in x.tolist()]
    assert exact.gap(value.tolist(), values, 2.0**-52, 2.0**-1074) <= 4
    assert exact.gap(slope.tolist(), slopes, 2.0**-52, 2.0**-1074) <= 4


def test_scores_of_any_size_give_the_right_cross_entropy():
    scores = numbers(1e4, -1e4, 0, 1e308, 1e308, -1e308, -1e4, -1e4, -1e4).reshape(3, 3)
    values = [lossbook.cross_entropy(scores, torch.full((3,), label), reduction="none").tolist() for label in (0, 1, 2)]
    close(numbers(*values[0]), numbers(0, math.log(2), math.log(3)))
    close(numbers(*values[1]), numbers(2e4, math.log(2), math.log(3)))
    assert values[2] == [1e4, INF, pytest.approx(math.log(3))]


def test_a_class_that_is_impossible_pulls_nothing():
    scores = numbers(0, -INF, 1).requires_grad_()
    value = lossbook.cross_entropy(scores, torch.tensor(0))
    value.backward()
    close(value.detach(), numbers(1).exp().log1p()[0])
    assert scores.grad[1] == 0
    close(scores.grad.sum(), numbers(0)[0])
    assert lossbook.cross_entropy(scores, torch.tensor(1)) == INF


# --- binary cross-entropy where the model is certain ------------------------------------------------------------------


def test_a_certain_model_that_is_wrong_pays_a_hundred():
    sure = numbers(0, 1, 0, 1)
    assert lossbook.binary_cross_entropy(sure, numbers(1, 0, 0, 1), reduction="none").tolist() == [100, 100, 0, 0]
    assert lossbook.binary_cross_entropy(sure, numbers(0.5, 0.5, 0.5, 0.5), reduction="none").tolist() == [50] * 4
    tiny = numbers(math.exp(-99), math.exp(-101))
    close(lossbook.binary_cross_entropy(tiny, numbers(1, 1), reduction="none"), numbers(99, 100))


def test_its_slope_there_is_the_error_times_a_million_millions():
    x = numbers(0, 0, 1, 1, 0.5).requires_grad_()
    y = numbers(1, 0, 0, 1, 0).requires_grad_()
    by_x, by_y = torch.autograd.grad(lossbook.binary_cross_entropy(x, y, reduction="sum"), (x, y), create_graph=True)
    assert by_x.tolist() == [-1e12, 0, 1e12, 0, 2]
    assert by_y.tolist() == [INF, INF, -INF, -INF, 0]
    (curvature,) = torch.autograd.grad(by_x.sum(), x)
    close(curvature, numbers(1e24, 0, 1e24, 0, 4))


# --- identities between the losses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"weight": WEIGHT}, {"ignore_index": 2}, {"reduction": "none"}], ids=str)
def test_cross_entropy_is_the_likelihood_of_log_softmax(options: dict):
    close(
        lossbook.cross_entropy(SCORES, LABELS, **options),
        lossbook.nll_loss(stable.log_softmax(SCORES, 1), LABELS, **options),
    )


@pytest.mark.parametrize("options", [{}, {"weight": SHARES}, {"reduction": "none"}], ids=str)
def test_of_scores_is_of_their_sigmoids(options: dict):
    close(
        lossbook.binary_cross_entropy_with_logits(X, SHARES, **options),
        lossbook.binary_cross_entropy(X.sigmoid(), SHARES, **options),
    )


def test_two_classes_are_one_yes_or_no_about_the_difference():
    scores, labels = SCORES[:, :2], LABELS % 2
    close(
        lossbook.cross_entropy(scores, labels, reduction="none"),
        lossbook.binary_cross_entropy_with_logits(scores[:, 1] - scores[:, 0], labels.double(), reduction="none"),
    )


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_smoothing_is_a_mixture(share: float):
    """(1 − ε) times the loss, and ε times the mean of all −log p."""
    plain, smoothed = (lossbook.cross_entropy(SCORES, LABELS, label_smoothing=s, reduction="none") for s in (0, share))
    uniform = -stable.log_softmax(SCORES, 1).mean(1)
    close(smoothed, (1 - share) * plain + share * uniform)
    by_chances = lossbook.cross_entropy(SCORES, CHANCES, label_smoothing=share, reduction="none")
    close(by_chances, (1 - share) * lossbook.cross_entropy(SCORES, CHANCES, reduction="none") + share * uniform)


@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.2}, {"reduction": "none"}], ids=str)
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_an_index_is_a_certain_distribution(options: dict, weight: Tensor | None):
    """Only what the mean divides by differs, where there are weights."""
    certain = torch.eye(5, dtype=torch.float64)[LABELS]
    by_index = lossbook.cross_entropy(SCORES, LABELS, weight, **options)
    by_chances = lossbook.cross_entropy(SCORES, certain, weight, **options)
    if weight is not None and "reduction" not in options:
        by_index = by_index * weight[LABELS].sum() / 120
    close(by_chances, by_index)


def test_smoothing_spreads_the_weights_too():
    """With weights, the even share of each class counts by the weight of that class, not of the true one."""
    log_p = stable.log_softmax(SCORES, 1)
    expected = 0.9 * WEIGHT[LABELS] * -log_p[range(120), LABELS] - 0.1 / 5 * (WEIGHT * log_p).sum(1)
    close(lossbook.cross_entropy(SCORES, LABELS, WEIGHT, label_smoothing=0.1, reduction="none"), expected)
    mean = lossbook.cross_entropy(SCORES, LABELS, WEIGHT, label_smoothing=0.1)
    close(mean, expected.sum() / WEIGHT[LABELS].sum())


@pytest.mark.parametrize("loss", ["nll_loss", "cross_entropy"])
@pytest.mark.parametrize("options", [{}, {"weight": WEIGHT}], ids=["plain", "weighted"])
def test_what_is_ignored_might_as_well_not_be_there(loss: str, options: dict):
    f, spoilt = getattr(lossbook, loss), SCORES.clone()
    kept = LABELS != 3
    spoilt[~kept] = INF
    for reduction in ("mean", "sum"):
        close(
            f(SCORES, LABELS, ignore_index=3, reduction=reduction, **options),
            f(SCORES[kept], LABELS[kept], reduction=reduction, **options),
        )
    assert f(SCORES, LABELS, ignore_index=3, reduction="none", **options)[~kept].tolist() == [0] * int((~kept).sum())
    close(lossbook.nll_loss(spoilt, LABELS, ignore_index=3), lossbook.nll_loss(SCORES, LABELS, ignore_index=3))


@pytest.mark.parametrize("loss", ["nll_loss", "cross_entropy"])
def test_all_ignored_is_nan_and_pulls_nothing(loss: str):
    x = SCORES.clone().requires_grad_()
    mean = getattr(lossbook, loss)(x, torch.full((120,), -100))
    mean.backward()
    assert mean.isnan()
    assert not x.grad.any()
    assert getattr(lossbook, loss)(x, torch.full((120,), -100), reduction="sum") == 0


@pytest.mark.parametrize("loss", ["nll_loss", "cross_entropy"])
@pytest.mark.parametrize("options", [{}, {"weight": WEIGHT, "ignore_index": 1}], ids=["plain", "options"])
def test_places_are_samples(loss: str, options: dict):
    """(N, C, …) is (N …, C), and one sample needs no dimension of its own."""
    f = getattr(lossbook, loss)
    wide, labels = SCORES.reshape(6, 4, 5, 5).permute(0, 3, 1, 2), LABELS.reshape(6, 4, 5)
    close(f(wide, labels, **options), f(SCORES, LABELS, **options))
    each = f(wide, labels, reduction="none", **options)
    close(each.flatten(), f(SCORES, LABELS, reduction="none", **options))
    close(f(SCORES[7], LABELS[7], **options), f(SCORES[7:8], LABELS[7:8], **options))
    close(f(SCORES[7], LABELS[7:8], **options), f(SCORES[7:8], LABELS[7:8], **options))


def test_a_weight_for_yes_is_that_many_yes():
    repeated = torch.where(YES.bool(), 3, 1)
    close(
        lossbook.binary_cross_entropy_with_logits(X, YES, pos_weight=torch.tensor(3), reduction="sum"),
        lossbook.binary_cross_entropy_with_logits(
            X.repeat_interleave(repeated), YES.repeat_interleave(repeated), reduction="sum"
        ),
    )


def test_a_weight_for_yes_is_matched_from_the_last_dimension():
    x, y, weight = noise(2, 4, 3), noise(2, 4, 3, seed=1).sigmoid(), noise(4, seed=2).abs()
    with pytest.raises(
        RuntimeError, match=r"pos_weight of size \(4,\) does not broadcast to that of input, \(2, 4, 3\)"
    ):
        lossbook.binary_cross_entropy_with_logits(x, y, pos_weight=weight)
    by_column = lossbook.binary_cross_entropy_with_logits(x, y, pos_weight=weight[:, None], reduction="none")
    by_row = lossbook.binary_cross_entropy_with_logits(
        x.transpose(1, 2), y.transpose(1, 2), pos_weight=weight, reduction="none"
    )
    close(by_column, by_row.transpose(1, 2))


@pytest.mark.parametrize("shift", [1.0, -1e4])
def test_only_differences_of_scores_count(shift: float):
    close(lossbook.cross_entropy(SCORES + shift, LABELS), lossbook.cross_entropy(SCORES, LABELS))


def test_yes_and_no_mirror_each_other():
    close(
        lossbook.binary_cross_entropy_with_logits(X, SHARES, reduction="none"),
        lossbook.binary_cross_entropy_with_logits(-X, 1 - SHARES, reduction="none"),
    )


# --- slopes -------------------------------------------------------------------------------------------------------

PLAIN = [
    case
    for case in CASES
    if case.loss in LOSSES
    and set(case.tensors) <= {"input", "target"} | ({"weight"} if CATALOG[case.loss].weighted == "class" else set())
    and not any(word in case.name for word in ("infinite", "unused", "empty", "one", "3-dim", "bytes", "many"))
    and torch.float64 in case.dtypes
]


@pytest.mark.parametrize("case", PLAIN, ids=str)
def test_the_slope_is_autograds(case: Case):
    for trial in trials(case, (torch.float64,)):
        if trial.reduction == "sum":
            slope = getattr(lossbook, CATALOG[case.loss].slope)
            judges.same_slope(getattr(lossbook, case.loss), slope, trial.arguments(), case.options)


def test_the_slope_of_a_weight_for_yes_is_autograds():
    pos_weight = numbers(0.5, 3)
    arguments = {"input": X.reshape(100, 2), "target": SHARES.reshape(100, 2)}
    f, slope = lossbook.binary_cross_entropy_with_logits, lossbook.binary_cross_entropy_with_logits_slope
    judges.same_slope(f, slope, arguments, {"pos_weight": pos_weight})


def test_the_slope_is_prediction_minus_target():
    close(lossbook.binary_cross_entropy_with_logits_slope(X, SHARES), scipy.special.expit(X.numpy()) - SHARES.numpy())
    pull = lossbook.cross_entropy_slope(SCORES, LABELS)
    close(pull, scipy.special.softmax(SCORES.numpy(), axis=1) - np.eye(5)[LABELS])
    close(pull.sum(1), torch.zeros(120).double())
    pull = lossbook.cross_entropy_slope(SCORES, CHANCES)
    close(pull, scipy.special.softmax(SCORES.numpy(), axis=1) - CHANCES.numpy())


# --- facts of the catalog -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_the_options_of_the_catalog_are_the_defaults(loss: str):
    defaults = judges.parameters(getattr(lossbook, loss))
    options = {name: default for name, default, _ in defaults if name not in ("input", "target", "reduction")}
    assert options == CATALOG[loss].options


@pytest.mark.parametrize("loss", LOSSES)
def test_the_divisor_of_the_mean(loss: str):
    """What the catalog says that ``mean`` divides by, without and with weights, read off as sum over mean."""
    row, f = CATALOG[loss], getattr(lossbook, loss)
    if row.weighted == "element":
        arguments, weight = (X.sigmoid(), SHARES), noise(200, seed=2).abs()
        named = {"elements": 200.0}
    else:
        arguments, weight = (SCORES, torch.where(LABELS == 0, -100, LABELS)), WEIGHT
        named = {
            "targets that are not ignored": 96.0,
            "sum of the weights of those targets": WEIGHT[LABELS[LABELS != 0]].sum().item(),
        }
    for options, divisor in (({}, row.divisor), ({"weight": weight}, row.weighted_divisor)):
        ratio = f(*arguments, reduction="sum", **options) / f(*arguments, reduction="mean", **options)
        assert ratio.item() == pytest.approx(named[divisor])


def test_with_probabilities_the_mean_divides_by_the_number_of_samples():
    for options in ({}, {"weight": WEIGHT}, {"weight": WEIGHT, "label_smoothing": 0.3}):
        total, mean = (lossbook.cross_entropy(SCORES, CHANCES, reduction=r, **options) for r in ("sum", "mean"))
        close(mean * 120, total)


def best(loss: str, make_input, targets: Tensor, steps: int = 400) -> Tensor:
    """The constant that costs least, by Newton's steps down a smooth valley."""
    constant = torch.zeros(make_input.size, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([constant], max_iter=steps, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = getattr(lossbook, loss)(make_input(constant).expand(len(targets), *constant.shape[1:]), targets)
        value.backward()
        return value

    optimiser.step(closure)
    return make_input(constant.detach())


NEAR = {"atol": 1e-5, "rtol": 1e-5}


class Straight:
    """The constant as it is, or by a function; it holds the number of its parameters."""

    def __init__(self, size: tuple[int, ...], function=lambda x: x) -> None:
        self.size, self.function = size, function

    def __call__(self, x: Tensor) -> Tensor:
        return self.function(x)


def test_the_best_constant_is_the_share_of_yes():
    close(best("binary_cross_entropy_with_logits", Straight((1,)), YES)[0], YES.mean().logit(), **NEAR)
    close(best("binary_cross_entropy", Straight((1,), torch.sigmoid), SHARES)[0], SHARES.mean(), **NEAR)


def test_the_best_constants_are_the_shares_of_the_classes():
    labels = torch.tensor([0, 0, 0, 1, 1, 2, 3, 4, 4, 4, 4])
    shares = labels.bincount() / len(labels)
    found = best("cross_entropy", Straight((1, 5)), labels)
    close(found.softmax(-1)[0], shares.double(), **NEAR)
    close(best("nll_loss", Straight((1, 5), lambda x: x.log_softmax(-1)), labels)[0], shares.double().log(), **NEAR)
    assert CATALOG["cross_entropy"].best_constant == CATALOG["nll_loss"].best_constant == "log of the class shares"


# --- Modules: weights are buffers -----------------------------------------------------------------------------------

MODULES = ("BCELoss", "BCEWithLogitsLoss", "NLLLoss", "CrossEntropyLoss")


@pytest.mark.parametrize("name", MODULES)
def test_weights_are_buffers_that_travel_with_the_module(name: str):
    module, plain = getattr(lossbook, name)(weight=WEIGHT.float()), getattr(lossbook, name)()
    assert not list(module.parameters())
    assert list(module.state_dict()) == ["weight"] == [key for key, _ in module.named_buffers()]
    assert not plain.state_dict()
    assert copy.deepcopy(module).double().weight.dtype == torch.float64
    assert copy.deepcopy(module).to("meta").weight.device.type == "meta"
    other = getattr(lossbook, name)(weight=torch.zeros(5))
    other.load_state_dict(module.state_dict())
    assert torch.equal(other.weight, module.weight)
    module.weight = None
    assert not module.state_dict()


def test_the_weight_for_yes_is_a_buffer_too():
    module = lossbook.BCEWithLogitsLoss(pos_weight=WEIGHT)
    assert list(module.state_dict()) == ["pos_weight"]
    assert module.half().pos_weight.dtype == torch.float16


# --- where values are read, and where not ---------------------------------------------------------------------------


def bad_values() -> list[tuple[str, tuple[Tensor, Tensor]]]:
    return [
        ("binary_cross_entropy", (torch.tensor([0.5, 1.5]), torch.ones(2))),
        ("binary_cross_entropy", (torch.tensor([0.5, 0.5]), torch.tensor([1.0, -1.0]))),
        ("nll_loss", (torch.zeros(2, 3), torch.tensor([0, 3]))),
        ("cross_entropy", (torch.zeros(2, 3), torch.tensor([-1, 0]))),
    ]


@pytest.mark.parametrize(("loss", "arguments"), bad_values())
def test_a_bad_value_is_seen_through_every_transform(loss: str, arguments: tuple[Tensor, Tensor]):
    f = getattr(lossbook, loss)
    for run in (f, torch.func.grad(f), torch.func.vmap(f), torch.func.vmap(torch.func.grad(f))):
        with pytest.raises((RuntimeError, IndexError), match="must be from 0 to"):
            run(*arguments)


@pytest.mark.parametrize(("loss", "arguments"), bad_values())
def test_no_value_is_read_where_there_is_none(loss: str, arguments: tuple[Tensor, Tensor]):
    f = getattr(lossbook, loss)
    assert f(*(value.to("meta") for value in arguments)).shape == ()
    with FakeTensorMode() as mode:
        assert f(*(mode.from_tensor(value) for value in arguments)).shape == ()


@pytest.mark.parametrize("loss", ["nll_loss", "cross_entropy"])
def test_an_ignored_target_may_be_anything(loss: str):
    f = getattr(lossbook, loss)
    for ignored in (-100, -1, 7, 1000):
        value = f(torch.zeros(2, 3), torch.tensor([ignored, 1]), ignore_index=ignored, reduction="none")
        assert value[0] == 0
        with pytest.raises(IndexError, match=f"ignore_index, {ignored}, but it goes from 1 to 3"):
            f(torch.zeros(3, 3), torch.tensor([ignored, 1, 3]), ignore_index=ignored)


COMPILED = [
    ("cross_entropy", {"weight": WEIGHT, "label_smoothing": 0.1, "ignore_index": 2}),
    ("nll_loss", {"weight": WEIGHT}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("loss", "options"), COMPILED, ids=str)
def test_options_compile_in_one_graph(loss: str, options: dict):
    torch.compiler.reset()
    f = torch.compile(getattr(lossbook, loss), backend="eager", fullgraph=True)
    close(f(SCORES, LABELS, **options), getattr(lossbook, loss)(SCORES, LABELS, **options))


# torch's compiler makes an instance of a Function, of which torch's autograd warns.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
def test_a_compiled_slope_at_certainty_is_the_stated_one():
    torch.compiler.reset()
    f = torch.compile(lossbook.binary_cross_entropy, backend="aot_eager", fullgraph=True)
    x = numbers(0, 1, 0.5).requires_grad_()
    assert torch.autograd.grad(f(x, numbers(1, 0, 0), reduction="sum"), x)[0].tolist() == [-1e12, 1e12, 2]


# --- the old name of the mean -----------------------------------------------------------------------------------------

OLD = [
    ("binary_cross_entropy", (X.sigmoid(), SHARES), noise(200, seed=2).abs()),
    ("binary_cross_entropy_with_logits", (X, SHARES), noise(200, seed=2).abs()),
    ("nll_loss", (SCORES, LABELS), WEIGHT),
    ("cross_entropy", (SCORES, LABELS), WEIGHT),
    ("cross_entropy", (SCORES, CHANCES), WEIGHT),
]


@pytest.mark.parametrize(("loss", "arguments", "weight"), OLD)
def test_the_old_name_of_the_mean_warns_as_torchs(loss: str, arguments: tuple, weight: Tensor):
    ours, theirs = getattr(lossbook, loss), getattr(torch.nn.functional, loss)
    for options in ({}, {"weight": weight}):
        judges.same_warning(ours, theirs, *arguments, reduction="elementwise_mean", **options)
        old = judges.quiet(ours, *arguments, reduction="elementwise_mean", **options)
        close(old, ours(*arguments, **options))


# --- two things wrong at once -----------------------------------------------------------------------------------------

DTYPES = (
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
    *(torch.int64, torch.int32, torch.uint8, torch.bool, torch.complex64, torch.complex128),
)
SIZES = ((), (1,), (3,), (4,), (0,), (3, 4), (3, 1), (1, 3), (0, 4), (3, 4, 2), (3, 4, 0), (0, 4, 2), (3, 4, 2, 1, 2))
TARGET_SIZES = ((), (1,), (3,), (0,), (3, 1), (3, 2), (0, 2), (3, 0), (3, 2, 1), (3, 2, 1, 2), (3, 4))


def bent(loss: str, **arguments: object) -> None:
    judges.same_outcome(getattr(lossbook, loss), getattr(torch.nn.functional, loss), arguments)


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_every_pair_of_dtypes_of_yes_and_no(loss: str):
    input, target, weight = torch.tensor([1, 0, 1]), torch.tensor([0, 1, 1]), torch.tensor([1, 1, 3])
    for one, other in itertools.product(DTYPES, repeat=2):
        # Listed: a complex64 target beside a float64 input is rounded to complex64 in torch.
        if (one, other) != (torch.float64, torch.complex64):
            bent(loss, input=input.to(one), target=target.to(other))
        bent(loss, input=input.to(one), target=target.to(one), weight=weight.to(other))


@pytest.mark.slow
def test_every_pair_of_dtypes_with_a_weight_for_yes():
    input, target, weight = torch.tensor([1, 0, 1]), torch.tensor([0, 1, 1]), torch.tensor([1, 1, 3])
    for one, other in itertools.product(DTYPES, repeat=2):
        for arguments in ((input.to(one), target.to(one)), (input.float(), target.to(one))):
            bent("binary_cross_entropy_with_logits", **pair(*arguments), pos_weight=weight.to(other))


@pytest.mark.parametrize("loss", ["nll_loss", "cross_entropy"])
def test_every_pair_of_dtypes_of_classes(loss: str):
    scores, labels, weight = torch.eye(3), torch.tensor([0, 2, 1]), torch.tensor([1, 2, 3])
    for one, other in itertools.product(DTYPES, repeat=2):
        bent(loss, input=scores.to(one), target=labels.to(other))
        bent(loss, input=scores.to(one), target=labels, weight=weight.to(other))
        if loss == "cross_entropy":
            bent(loss, input=scores.to(one), target=scores.to(other), label_smoothing=0.25)
            bent(loss, input=scores.to(one), target=scores, weight=weight.to(other))


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.25}], ids=str)
@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_every_pair_of_shapes_of_classes(reduction: str, options: dict):
    """Save those where torch reads a size that is not there, of a 0-d target beside an empty batch."""
    for size, other in itertools.product(SIZES, TARGET_SIZES):
        if (other == () and size[:1] == (0,) and len(size) > 1) or (size == (0,) and other in ((1,), (0,))):
            continue
        arguments = {"input": torch.ones(size), "reduction": reduction}
        bent("cross_entropy", **arguments, target=torch.zeros(other).long(), **options)
        bent("cross_entropy", **arguments, target=torch.ones(other), **options)
        if not options:
            bent("nll_loss", **arguments, target=torch.zeros(other).long())


@pytest.mark.parametrize("loss", ["nll_loss", "cross_entropy"])
def test_every_shape_of_weight_of_classes(loss: str):
    for size in SIZES:
        labels = torch.zeros(size[:1] + size[2:] if len(size) > 1 else ()).long()
        for other in ((), (1,), (4,), (3,), (1, 4), (4, 1), (0,), (1, 3), (1, 1)):
            bent(loss, input=torch.ones(size), target=labels, weight=torch.full(other, 2.0))


@pytest.mark.parametrize("loss", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_every_pair_of_shapes_of_yes_and_no(loss: str):
    for size, other in itertools.product(SIZES, SIZES):
        ones = torch.ones(size)
        bent(loss, input=ones, target=torch.ones(other), reduction="none")
        bent(loss, input=ones, target=ones, weight=torch.full(other, 3.0), reduction="none")
        if loss != "binary_cross_entropy":
            bent(loss, input=ones, target=ones, pos_weight=torch.full(other, 3.0), reduction="none")


# --- the parts ----------------------------------------------------------------------------------------------------


def test_the_parts_stand_alone():
    """What linear cross-entropy takes over: losses per target, and the numbers whose sum a mean divides by."""
    log_p, labels = SCORES.log_softmax(1), torch.where(LABELS == 4, -100, LABELS)
    losses, factors = surprise.of_index(log_p, labels, WEIGHT, -100, 0.1)
    close(losses.sum() / factors.sum(), F.cross_entropy(SCORES, labels, WEIGHT, label_smoothing=0.1))
    close(factors, torch.where(LABELS == 4, 0, WEIGHT[LABELS]))
    close(surprise.of_index(log_p, labels)[1], (labels >= 0).double())
    close(
        surprise.of_chances(log_p, CHANCES, WEIGHT, 0.1).mean(),
        F.cross_entropy(SCORES, CHANCES, WEIGHT, label_smoothing=0.1),
    )


def test_a_listed_difference_no_class_at_all():
    """Scores of no class, under probabilities of no class: 0 for each. torch finds nan for their mean, here it is 0."""
    nothing = torch.zeros(3, 0)
    for reduction in ("none", "sum"):
        mine, torchs = (home.cross_entropy(nothing, nothing, reduction=reduction) for home in (lossbook, F))
        assert torch.equal(mine, torchs)
    assert F.cross_entropy(nothing, nothing).isnan()
    assert lossbook.cross_entropy(nothing, nothing) == 0


def test_a_listed_difference_weights_beside_bytes_or_in_a_column():
    """With smoothing, torch refuses these for the mean alone; here they pass, as they do there without smoothing."""
    scores, bytes_, column = torch.zeros(2, 3), torch.tensor([0, 2], dtype=torch.uint8), torch.ones(3, 1)
    for arguments in ((scores, bytes_, torch.ones(3)), (scores[..., None], bytes_[:, None].long(), column)):
        with pytest.raises(RuntimeError):
            F.cross_entropy(*arguments, label_smoothing=0.1)
        mine = lossbook.cross_entropy(*arguments, label_smoothing=0.1)
        close(mine, torch.tensor(math.log(3)))
