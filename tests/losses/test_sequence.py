"""The loss of a sequence, beside judges that are not torch: counts of alignments, sums, symmetry."""

import math
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import lossbook
from lossbook.catalog import CATALOG
from lossbook.losses.sequence import one_layout
from tests.cases import CASES, Case, noise, trials
from tests.cases.sequence import normalised
from tests.losses import judges

X = normalised(noise(6, 3, 4))
LABELS, READ, SAY = torch.tensor([[1, 2], [3, 3], [2, 1]]), torch.tensor([6, 5, 4]), torch.tensor([2, 2, 1])
ARGUMENTS = (X, LABELS, READ, SAY)


def chance(log_probs: torch.Tensor, labels: list[int]) -> float:
    loss = lossbook.ctc_loss(log_probs, torch.tensor(labels).long(), (len(log_probs),), (len(labels),), reduction="sum")
    return math.exp(-loss.item())


# --- by hand and by counting --------------------------------------------------------------------------------------


def test_two_moments_by_hand():
    """«1» in two moments: 1 1, 1 blank, blank 1."""
    log_probs = torch.tensor([[0.7, 0.3], [0.4, 0.6]], dtype=torch.float64).log()
    assert chance(log_probs, [1]) == pytest.approx(0.3 * 0.6 + 0.3 * 0.4 + 0.7 * 0.6)
    assert chance(log_probs, []) == pytest.approx(0.7 * 0.4)
    assert chance(log_probs, [1, 1]) == 0


@pytest.mark.parametrize(("moments", "labels"), [(1, 1), (5, 2), (9, 4), (30, 7), (12, 12), (40, 0)])
def test_the_number_of_alignments(moments: int, labels: int):
    """With a chance of 1 for everything, the sum counts: (T + S) over (2 S) ways, if no neighbours are equal."""
    said = [1 + i % 2 for i in range(labels)]
    count = chance(torch.zeros(moments, 3, dtype=torch.float64), said)
    assert count == pytest.approx(math.comb(moments + labels, 2 * labels), rel=1e-10)


@pytest.mark.parametrize(("moments", "labels"), [(3, 2), (9, 4), (30, 7)])
def test_the_number_of_alignments_of_one_label_again_and_again(moments: int, labels: int):
    """Each of the S − 1 pairs of equal neighbours needs a blank between them."""
    count = chance(torch.zeros(moments, 3, dtype=torch.float64), [1] * labels)
    assert count == pytest.approx(math.comb(moments + 1, 2 * labels), rel=1e-10)


def test_thousands_of_moments_do_not_underflow():
    moments, labels, symbols = 2000, 300, 50
    log_probs = torch.full((moments, 1, symbols), -math.log(symbols), dtype=torch.float64)
    targets = torch.arange(labels).remainder(symbols - 1)[None] + 1
    loss = lossbook.ctc_loss(log_probs, targets, (moments,), (labels,), reduction="sum").item()
    count = math.lgamma(moments + labels + 1) - math.lgamma(2 * labels + 1) - math.lgamma(moments - labels + 1)
    assert loss == pytest.approx(moments * math.log(symbols) - count, rel=1e-12)


def test_the_chances_of_all_labellings_add_up_to_one():
    log_probs = normalised(noise(4, 3))
    labellings = [[*labels] for count in range(5) for labels in product((1, 2), repeat=count)]
    assert sum(chance(log_probs, labels) for labels in labellings) == pytest.approx(1)


# --- symmetry -----------------------------------------------------------------------------------------------------


def test_read_backwards_it_is_the_same():
    forwards = lossbook.ctc_loss(X, LABELS, [6, 6, 6], [2, 2, 2], reduction="none")
    backwards = lossbook.ctc_loss(X.flip(0), LABELS.flip(1), [6, 6, 6], [2, 2, 2], reduction="none")
    torch.testing.assert_close(forwards, backwards)


def test_the_symbols_have_no_order():
    order = torch.tensor([2, 0, 3, 1])  # symbol c moves to order[c]
    moved = torch.empty_like(X).index_copy_(2, order, X)
    expected = lossbook.ctc_loss(X, LABELS, READ, SAY, reduction="none")
    torch.testing.assert_close(lossbook.ctc_loss(moved, order[LABELS], READ, SAY, 2, "none"), expected)


def test_a_sequence_does_not_see_its_neighbours_nor_what_is_not_read():
    together = lossbook.ctc_loss(*ARGUMENTS, reduction="none")
    for n in range(3):
        moments, count = READ[n].item(), SAY[n].item()
        alone = lossbook.ctc_loss(X[:moments, n], LABELS[n, :count], (moments,), (count,), reduction="none")
        torch.testing.assert_close(together[n], alone)


def test_the_blank_may_be_a_tensor_of_one_whole_number():
    for home in (lossbook, F):
        losses = [home.ctc_loss(X, LABELS, READ, SAY, blank=blank) for blank in (0, torch.tensor(0))]
        assert torch.equal(*losses)
        for odd in (torch.tensor(0.0), torch.zeros(2, dtype=torch.int64), torch.tensor(0j)):
            with pytest.raises((TypeError, RuntimeError)):
                home.ctc_loss(X, LABELS, READ, SAY, blank=odd)


def test_labels_in_one_row_make_no_more_states_than_the_longest_sequence_has():
    """Not as many as there are labels in all, times the number of sequences."""
    in_rows, in_one_row = ((LABELS, READ, SAY), (torch.tensor([1, 2, 3, 3, 2]), READ, SAY))
    for arguments in (in_rows, in_one_row):
        _, states, _, _ = one_layout(X, *arguments, blank=0)
        assert states.tolist() == [[0, 1, 0, 2, 0], [0, 3, 0, 3, 0], [0, 2, 0, 0, 0]]


# --- slopes -------------------------------------------------------------------------------------------------------

SLOPES = [case for case in CASES if case.loss == "ctc_loss" and not {"plus-infinity", "infinite-chances"} & {case.name}]


@pytest.mark.parametrize("case", SLOPES, ids=str)
def test_the_slope_is_autograds(case: Case):
    lengths = {name: value for name, value in case.options.items() if name.endswith("lengths")}
    options = {name: value for name, value in case.options.items() if name not in lengths}
    for trial in trials(case, (torch.float64,)):
        judges.same_slope(lossbook.ctc_loss, lossbook.ctc_slope, trial.arguments() | lengths, options)


def test_the_slope_is_that_of_the_scores_and_no_other():
    """torch's slope is the derivative through the log-softmax; that by the log-probabilities is the share alone."""
    scores = (2 * noise(6, 3, 4)).requires_grad_()
    through = lossbook.ctc_loss(normalised(scores), LABELS, READ, SAY, reduction="sum")
    (by_scores,) = torch.autograd.grad(through, scores)
    slope = lossbook.ctc_slope(normalised(scores.detach()), LABELS, READ, SAY)
    torch.testing.assert_close(by_scores, slope)

    place, step = (2, 0, 1), 1e-6
    one, other = X.clone(), X.clone()
    one[place] -= step
    other[place] += step
    low, high = (lossbook.ctc_loss(x, LABELS, READ, SAY, reduction="sum") for x in (one, other))
    derivative = ((high - low) / (2 * step)).item()
    slope = lossbook.ctc_slope(*ARGUMENTS)[place].item()
    assert derivative == pytest.approx(slope - X[place].exp().item(), abs=1e-8)
    assert derivative != pytest.approx(slope, abs=1e-2)


def test_the_slope_is_prediction_minus_target_and_the_target_is_a_distribution():
    slope = lossbook.ctc_slope(*ARGUMENTS)
    read = torch.arange(6)[:, None] < READ
    target = X.exp() - slope
    assert not slope[~read].any()
    assert (target[read] >= -1e-12).all()
    torch.testing.assert_close(target[read].sum(-1), torch.ones(15, dtype=torch.float64))
    torch.testing.assert_close(slope.sum(-1), torch.zeros(6, 3, dtype=torch.float64), atol=1e-12, rtol=0)


def test_in_float32_the_slope_of_a_long_sequence_is_nearer_than_torchs():
    x = normalised(noise(300, 4, 20)).float()
    arguments = (torch.arange(200).view(4, 50).remainder(19) + 1, (300, 250, 200, 300), (50, 40, 50, 30))

    def slope(loss, log_probs: torch.Tensor) -> torch.Tensor:
        leaf = log_probs.clone().requires_grad_()
        return torch.autograd.grad(loss(leaf, *arguments, reduction="sum"), leaf)[0]

    exact = slope(F.ctc_loss, x.double())
    torch.testing.assert_close(slope(lossbook.ctc_loss, x.double()), exact)
    ours, torchs = ((slope(loss, x) - exact).abs().max() for loss in (lossbook.ctc_loss, F.ctc_loss))
    assert ours < torchs


def test_a_second_derivative_goes_on_through_the_log_softmax():
    """The curvature by the scores is symmetric, and 0 along a shift of all scores of a moment."""
    scores = noise(3, 1, 3).requires_grad_()

    def loss(scores: torch.Tensor) -> torch.Tensor:
        return lossbook.ctc_loss(normalised(scores), torch.tensor([[1, 2]]), (3,), (2,), reduction="sum")

    curvature = torch.autograd.functional.hessian(loss, scores).reshape(9, 9)
    assert curvature.abs().max() > 0.01
    torch.testing.assert_close(curvature, curvature.t())
    torch.testing.assert_close(
        curvature.view(9, 3, 3).sum(-1), torch.zeros(9, 3, dtype=torch.float64), atol=1e-9, rtol=0
    )


# --- infinities ---------------------------------------------------------------------------------------------------


def test_what_does_not_fit_poisons_a_batch_unless_told_not_to():
    lengths = torch.tensor([6, 2, 4])  # the second says one label twice, for which two moments are too few
    x = X.clone().requires_grad_()
    for zero_infinity in (False, True):
        loss = lossbook.ctc_loss(x, LABELS, lengths, SAY, zero_infinity=zero_infinity)
        (slope,) = torch.autograd.grad(loss, x)
        assert loss.isfinite() == zero_infinity
        assert slope.isfinite().all() == zero_infinity
        assert slope[:, [0, 2]].isfinite().all()
    assert not slope[:, 1].any()


def test_a_symbol_that_cannot_be_does_not_poison_the_slope():
    """A chance of 0 for a symbol has a slope of 0 here, where torch's is nan."""
    x = X.clone()
    x[1, 0, 3] = -math.inf
    leaf = x.requires_grad_()
    ours, torchs = (torch.autograd.grad(f(leaf, LABELS, READ, SAY), leaf)[0] for f in (lossbook.ctc_loss, F.ctc_loss))
    assert torchs[1, 0, 3].isnan()
    assert ours[1, 0, 3] == 0
    torch.testing.assert_close(ours, torchs.nan_to_num(0))


def test_a_label_that_is_no_symbol_is_an_error_here():
    for labels in ([[1, 4]], [[-1, 2]]):
        with pytest.raises(IndexError, match=r"targets must be from 0 to 3, but it goes from -?\d to \d"):
            lossbook.ctc_loss(X[:, :1], torch.tensor(labels), (6,), (2,))
        lossbook.ctc_loss(X[:, :1], torch.tensor(labels).flip(1), (6,), (1 if labels[0][1] == 2 else 0,))


# --- torch.func, autocast, lengths --------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["row per sequence", "one row each"])
def test_vmap_over_sequences(layout: str):
    """torch lets vmap split a batch into sequences; each is then a call of its own."""
    labels = LABELS[:, None] if layout == "row per sequence" else LABELS

    def each(loss, say):
        def one(x, labels, read, say):
            return 1.7 * loss(x, labels, read, say, reduction="sum")

        return torch.func.vmap(torch.func.grad_and_value(one), in_dims=(1, 0, 0, 0))(X, labels, READ, say)

    say = torch.tensor([2, 2, 2])
    for mine, torchs in zip(each(lossbook.ctc_loss, say), judges.quiet(each, F.ctc_loss, say), strict=True):
        torch.testing.assert_close(mine, torchs)
    if layout == "row per sequence":  # where the lengths differ, torch raises
        slopes, values = each(lossbook.ctc_loss, SAY)
        torch.testing.assert_close(values, 1.7 * lossbook.ctc_loss(*ARGUMENTS, reduction="none"))
        torch.testing.assert_close(slopes.transpose(0, 1), 1.7 * lossbook.ctc_slope(*ARGUMENTS))


def test_vmap_over_models():
    stack = normalised(noise(2, 6, 3, 4, seed=5))
    for targets in (LABELS, torch.tensor([1, 2, 3, 3, 2])):
        ours, torchs = (
            judges.quiet(torch.func.vmap(torch.func.grad(lambda x, f=f, y=targets: f(x, y, READ, SAY))), stack)
            for f in (lossbook.ctc_loss, F.ctc_loss)
        )
        torch.testing.assert_close(ours, torchs)


def test_vmap_checks_every_row():
    with pytest.raises(RuntimeError, match="input_lengths must be from 0 to 6"):
        torch.func.vmap(lossbook.ctc_loss, in_dims=(1, 0, 0, 0))(X, LABELS[:, None], torch.tensor([6, 5, 7]), SAY)


def test_the_value_is_compiled_in_one_graph():
    torch.compiler.reset()
    compiled = torch.compile(lossbook.ctc_loss, backend="eager", fullgraph=True)
    torch.testing.assert_close(judges.quiet(compiled, *ARGUMENTS), F.ctc_loss(*ARGUMENTS))
    torch.compiler.reset()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_needs_autocast(dtype: torch.dtype):
    x = X.to(dtype)
    for loss in (lossbook.ctc_loss, F.ctc_loss):
        with pytest.raises(NotImplementedError):
            loss(x, LABELS, READ, SAY)
    for inside, wide in product((torch.float16, torch.bfloat16), (x, X.float(), X)):
        with torch.autocast("cpu", dtype=inside):
            ours, torchs = (loss(wide, LABELS, READ, SAY, reduction="none") for loss in (lossbook.ctc_loss, F.ctc_loss))
        torch.testing.assert_close(ours, torchs)


def test_lengths_may_be_any_whole_numbers():
    expected = lossbook.ctc_loss(*ARGUMENTS)
    for read, say in (
        (READ.tolist(), tuple(SAY.tolist())),
        ([np.int64(n) for n in READ], [*SAY]),
        (READ.to(torch.uint8), SAY.to(torch.int16)),
    ):
        torch.testing.assert_close(lossbook.ctc_loss(X, LABELS, read, say), expected)
        torch.testing.assert_close(F.ctc_loss(X, LABELS, read, say), expected)


def test_the_old_name_of_the_mean_warns():
    judges.same_warning(lossbook.ctc_loss, F.ctc_loss, *ARGUMENTS, reduction="elementwise_mean")


# --- facts of the catalog -----------------------------------------------------------------------------------------


def test_the_divisor_of_the_mean():
    """Each loss by the number of its labels, at least 1; then the number of sequences. Not the number of all labels."""
    for say in ([2, 1, 1], [2, 0, 1], [0, 0, 0]):
        each = lossbook.ctc_loss(X, LABELS, READ, torch.tensor(say), reduction="none")
        mean = lossbook.ctc_loss(X, LABELS, READ, torch.tensor(say))
        by_hand = sum(loss / max(1, count) for loss, count in zip(each.tolist(), say, strict=True)) / 3
        assert mean.item() == pytest.approx(by_hand)


def test_the_least_is_reached_by_a_certain_model():
    certain = torch.tensor([[-math.inf, 0.0, -math.inf], [-math.inf, -math.inf, 0.0]])
    loss = lossbook.ctc_loss(certain, torch.tensor([1, 2]), (2,), (2,), reduction="none")
    assert loss.item() == CATALOG["ctc_loss"].minimum


def test_the_options_of_the_catalog_are_the_defaults():
    row = CATALOG["ctc_loss"]
    defaults = judges.parameters(lossbook.ctc_loss)
    assert {name: default for name, default, _ in defaults if name not in (*row.arguments, "reduction")} == row.options
