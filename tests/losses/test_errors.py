"""Bad calls: torch's exception type, and a message that names the argument, what came and what is wanted.

Then good and bad calls bent in one place at a time: where torch raises, ours raises the same type; where torch
accepts, ours agrees.
"""

import itertools
import linecache
import warnings

import pytest
import torch
import torch.nn.functional as F

import lossbook
from lossbook.catalog import CATALOG
from tests.cases import BAD_CALLS, OWN_BAD_CALLS, BadCall
from tests.losses import judges


@pytest.mark.parametrize("bad", BAD_CALLS, ids=str)
def test_bad_call(bad: BadCall):
    judges.same_error(judges.loss_of(lossbook, bad.loss), judges.loss_of(F, bad.loss), bad)


@pytest.mark.parametrize(("bad", "kind"), OWN_BAD_CALLS, ids=str)
def test_bad_call_of_a_loss_that_torch_lacks(bad: BadCall, kind: type[Exception]):
    with pytest.raises(kind) as caught:
        judges.loss_of(lossbook, bad.loss)(**bad.arguments)
    assert caught.type is kind
    for word in bad.says:
        assert word in str(caught.value), f"{word!r} is not in {caught.value}"


DTYPES = (
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
    *(torch.int64, torch.int32, torch.uint8, torch.bool, torch.complex64, torch.complex128),
)
LOSSES = ("l1_loss", "mse_loss", "huber_loss", "smooth_l1_loss")
WITH_WEIGHT = ("l1_loss", "mse_loss", "huber_loss")
# These broadcast without a warning.
PLAIN = ("poisson_nll_loss", "kl_div")


def bent(loss: str, **arguments: object) -> None:
    judges.same_outcome(judges.loss_of(lossbook, loss), judges.loss_of(F, loss), arguments)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("loss", LOSSES + PLAIN)
def test_every_pair_of_dtypes(loss: str, reduction: str):
    for first, second in itertools.product(DTYPES, repeat=2):
        bent(loss, input=torch.ones(3).to(first), target=torch.zeros(3).to(second), reduction=reduction)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("loss", WITH_WEIGHT)
def test_every_dtype_of_weight(loss: str, reduction: str):
    for first, second in itertools.product(DTYPES, repeat=2):
        weight = torch.tensor([1, 0, 3]).to(second)
        bent(loss, input=torch.ones(3).to(first), target=torch.zeros(3).to(first), weight=weight, reduction=reduction)


SHAPES = ((), (1,), (3,), (4,), (0,), (1, 3), (3, 1), (4, 3), (2, 4, 3), (3, 0))


@pytest.mark.parametrize("loss", LOSSES + PLAIN)
def test_every_pair_of_shapes(loss: str):
    for first, second in itertools.product(SHAPES, repeat=2):
        bent(loss, input=torch.full(first, 2.0), target=torch.ones(second), reduction="none")


@pytest.mark.parametrize("loss", WITH_WEIGHT)
def test_every_shape_of_weight(loss: str):
    for first, second in itertools.product(SHAPES, repeat=2):
        bent(
            loss,
            input=torch.full(first, 2.0),
            target=torch.ones(3, 1),
            weight=torch.full(second, 3.0),
            reduction="none",
        )


@pytest.mark.parametrize("loss", LOSSES + PLAIN)
def test_every_odd_reduction(loss: str):
    for reduction in ("avg", "", "MEAN", "batchmean", None, True, 0, "elementwise_mean", ["mean"]):
        bent(loss, input=torch.ones(3), target=torch.zeros(3), reduction=reduction)


@pytest.mark.parametrize(("loss", "option"), [("huber_loss", "delta"), ("smooth_l1_loss", "beta")])
def test_every_odd_option(loss: str, option: str):
    tensors = [torch.tensor(1.0), torch.tensor(2), torch.ones(1), torch.tensor(1.0, requires_grad=True)]
    for odd in (0, -1, -0.0, 2, True, False, "1", None, 1j, [1.0], float("nan"), float("inf"), 1e-45, *tensors):
        bent(loss, input=torch.ones(3), target=torch.tensor([0.0, 0.5, 5.0]), **{option: odd})


def test_a_listed_difference_beta_of_two_elements():
    """torch compares it with 0 before it looks at its type; here it is the TypeError that delta gives in both."""
    arguments = {"input": torch.ones(2), "target": torch.zeros(2)}
    assert judges.outcome(F.smooth_l1_loss, arguments | {"beta": torch.ones(2)}) is RuntimeError
    assert judges.outcome(lossbook.smooth_l1_loss, arguments | {"beta": torch.ones(2)}) is TypeError
    bent("huber_loss", **arguments, delta=torch.ones(2))


@pytest.mark.parametrize("loss", LOSSES + PLAIN)
def test_every_odd_object(loss: str):
    for odd in ([1.0], 1.0, None, "x", (1.0,)):
        bent(loss, input=odd, target=torch.zeros(1))
        bent(loss, input=torch.zeros(1), target=odd)
    bent(loss, input=torch.zeros(3, device="meta"), target=torch.zeros(3))
    bent(loss, input=torch.eye(3).to_sparse(), target=torch.zeros(3, 3))


@pytest.mark.parametrize("loss", WITH_WEIGHT)
def test_every_odd_weight(loss: str):
    for odd in ([1.0, 1.0, 1.0], 2.0, "x"):
        bent(loss, input=torch.zeros(3), target=torch.ones(3), weight=odd)
    for reduction in ("avg", "elementwise_mean"):
        bent(loss, input=torch.zeros(3), target=torch.ones(3), weight=torch.ones(3), reduction=reduction)


# --- warnings -----------------------------------------------------------------------------------------------------

ODD_PAIR = (torch.zeros(3, 1), torch.ones(3))


def warnings_of(call) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        call()
    return seen


@pytest.mark.parametrize("loss", LOSSES)
def test_a_warning_is_torchs_once_and_points_at_the_caller(loss: str):
    ours, theirs = judges.loss_of(lossbook, loss), judges.loss_of(F, loss)
    for change in ({}, {"reduction": "elementwise_mean"}):
        pair = ODD_PAIR if not change else (torch.zeros(3), torch.ones(3))
        judges.same_warning(ours, theirs, *pair, **change)


def test_smooth_l1_without_a_joint_warns_of_the_same_pair():
    judges.same_warning(lossbook.smooth_l1_loss, F.smooth_l1_loss, *ODD_PAIR, beta=0)


def test_kl_div_warns_of_its_mean_and_of_its_old_name_alone():
    pair = (torch.zeros(3), torch.ones(3))
    for change in ({}, {"reduction": "mean"}, {"reduction": "elementwise_mean"}):
        judges.same_warning(lossbook.kl_div, F.kl_div, *pair, **change)
    for reduction in ("none", "sum", "batchmean"):
        assert not warnings_of(lambda reduction=reduction: lossbook.kl_div(*pair, reduction=reduction))
    (warning,) = warnings_of(lambda: lossbook.KLDivLoss()(*pair))
    assert warning.filename == __file__
    assert "KLDivLoss()(*pair)" in _line(warning)
    assert "reduction='batchmean'" in str(warning.message)


@pytest.mark.parametrize("loss", ["poisson_nll_loss", "gaussian_nll_loss"])
def test_a_likelihood_does_not_warn_of_sizes(loss: str):
    arguments = {"input": torch.zeros(3, 1), "target": torch.ones(3)}
    if loss == "gaussian_nll_loss":
        arguments["var"] = torch.ones(3, 1)
    assert not warnings_of(lambda: judges.loss_of(lossbook, loss)(**arguments))


# The losses that know an old name of the mean, and do not mind a target of another size.
OLD_NAME = (
    *("soft_margin_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss"),
    "multilabel_margin_loss",
)


@pytest.mark.parametrize("loss", OLD_NAME)
def test_the_old_name_of_the_mean_warns_as_torchs_does(loss: str):
    sample = CATALOG[loss].sample(20, torch.float64, torch.device("cpu"), torch.Generator().manual_seed(0))
    ours, theirs = judges.loss_of(lossbook, loss), judges.loss_of(F, loss)
    judges.same_warning(ours, theirs, *sample.args, reduction="elementwise_mean")
    assert judges.quiet(ours, *sample.args, reduction="elementwise_mean") == ours(*sample.args)


@pytest.mark.parametrize("home", [lossbook, F])
def test_the_losses_with_a_margin_broadcast_in_silence(home):
    column, row = torch.ones(3, 1), -torch.ones(4)
    assert not warnings_of(lambda: home.hinge_embedding_loss(column, row))
    assert not warnings_of(lambda: home.margin_ranking_loss(column, row[None], column))
    assert not warnings_of(lambda: home.soft_margin_loss(torch.ones(3, 4), row))
    assert not warnings_of(lambda: home.multilabel_soft_margin_loss(torch.ones(3, 4), row))


@pytest.mark.parametrize("name", ["L1Loss", "MSELoss", "HuberLoss", "SmoothL1Loss"])
def test_a_module_warns_at_the_callers_line(name: str):
    module = torch.nn.Sequential(getattr(lossbook, name)())[0]
    seen = warnings_of(lambda: module(*ODD_PAIR))
    (warning,) = seen
    assert warning.filename == __file__
    assert "module(*ODD_PAIR)" in _line(warning)
    assert "target size (torch.Size([3])) that is different to the input size (torch.Size([3, 1]))" in str(
        warning.message
    )


def test_a_call_that_is_well_shaped_does_not_warn():
    for loss in LOSSES:
        assert not warnings_of(lambda loss=loss: judges.loss_of(lossbook, loss)(torch.zeros(2), torch.ones(2)))


def _line(warning: warnings.WarningMessage) -> str:
    return linecache.getline(warning.filename, warning.lineno)


def test_the_errors_keep_their_cause():
    with pytest.raises(RuntimeError) as caught:
        judges.quiet(lossbook.mse_loss, torch.zeros(3), torch.zeros(4))
    assert isinstance(caught.value.__cause__, RuntimeError)
