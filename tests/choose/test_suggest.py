"""``suggest`` on many targets: what it takes them for, what it suggests, and whether each suggestion runs."""

import dataclasses
import math
import time

import numpy as np
import pytest
import torch

import lossbook
from lossbook.catalog import CATALOG
from lossbook.choose import TASKS, Report, Suggestion, suggest
from lossbook.choose.arguments import arguments_of
from lossbook.choose.case import Case
from lossbook.choose.column import take
from lossbook.choose.handover import handed as handed_over
from lossbook.choose.seen import look
from lossbook.choose.spread import median
from lossbook.teach.cards import _anchor
from tests.choose.targets import TARGETS, Expected, bell, cancer, diabetes, drawn, fit, tags

each = pytest.mark.parametrize("expected", TARGETS, ids=lambda it: it.name)


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    return {it.name: suggest(it.target, **it.told) for it in TARGETS}


@each
def test_the_task_and_the_losses(expected: Expected, reports: dict[str, Report]):
    report = reports[expected.name]
    assert report.task == expected.task
    assert [it.loss for it in report.suggestions if it.taken] == expected.losses
    readings = [it.task for it in report.undecided]
    if expected.undecided is not None:
        assert readings == expected.undecided
    assert not readings or readings[0] == report.task or "costs" in expected.told
    assert not (readings and "task" in expected.told)
    assert not expected.note or any(expected.note in note for note in report.notes)


@each
def test_the_arguments(expected: Expected, reports: dict[str, Report]):
    for place, arguments in expected.arguments.items():
        found = reports[expected.name].suggestions[place].arguments
        assert set(found) == set(arguments)
        for name, value in arguments.items():
            told = found[name].tolist() if isinstance(found[name], torch.Tensor) else found[name]
            assert told == pytest.approx(value), name


@each
def test_what_is_said_agrees_with_the_catalog_and_the_table(expected: Expected, reports: dict[str, Report]):
    report = reports[expected.name]
    assert report.question == TASKS[report.task].question
    answers = {branch.answer: [it.loss for it in branch.choices] for branch in TASKS[report.task].branches}
    for it in report.suggestions:
        row = CATALOG[it.loss]
        assert it.loss in answers[it.answer]
        assert it.output_layer == (row.last_layer.replace(" per class", "") if it.single else row.last_layer)
        assert not it.single or (
            it.output_shape in (report.seen.shape, (report.seen.shape[0], 1, *report.seen.shape[1:]))
        )
        assert it.chapter == row.chapter + _anchor(row.section)
        assert type(it.criterion) is getattr(torch.nn if row.from_torch else lossbook, row.module)
        assert it.reasons
        assert it.check_next


# --- every suggestion runs ----------------------------------------------------------------------------------------


def a_few(target: torch.Tensor, it: Suggestion) -> torch.Tensor:
    """Targets to try on: none that the loss cannot skip, and no more than their scores fit into memory."""
    if target.is_floating_point():
        target = target[~target.isnan()] if target.isnan().any() else target
    elif "ignore_index" not in CATALOG[it.loss].options:
        marked = target.long() == -100  # of bytes, 156 would pass for it
        target = target[~marked] if marked.any() else target
    scores = math.prod((it.output_shape or (1,))[1:])
    return target[: max(2, min(3000, 20_000_000 // scores))] if target.dim() else target


def value_and_gradient(it: Suggestion, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss of random outputs, of the shape and the kind that the suggestion asks for."""
    torch.manual_seed(0)
    handed = eval(it.hand_over, {"torch": torch}, {"target": target}) if it.hand_over else None
    if CATALOG[it.loss].family in ("embedding", "contrastive") or it.loss in _OF_PAIRS:
        return of_several(it, handed)
    if it.loss == "ctc_loss":
        return of_frames(it, handed)
    if CATALOG[it.loss].family == "vocabulary":
        output = torch.randn(len(handed), it.arguments["in_features"], requires_grad=True)
        loss = it.criterion(output, handed)
        return getattr(loss, "loss", loss), output
    shape = (len(handed), *it.output_shape[1:]) if it.output_shape else ()
    output = torch.randn(shape, requires_grad=True)
    more = (torch.ones(shape),) if it.loss == "gaussian_nll_loss" else ()
    return it.criterion(as_asked(it, output), handed, *more), output


_OF_PAIRS = ("hinge_embedding_loss", "margin_ranking_loss")


def as_asked(it: Suggestion, output: torch.Tensor) -> torch.Tensor:
    if "log_softmax" in it.output_layer:
        return output.log_softmax(-1 if it.loss == "kl_div" else 1)
    return output.sigmoid() if "sigmoid" in it.output_layer else output


def of_several(it: Suggestion, handed: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
    names = list(CATALOG[it.loss].arguments)
    n = 6 if handed is None else len(handed)
    shape = (n,) if it.loss in _OF_PAIRS else (n, 5)
    given = [torch.rand(shape, requires_grad=True) for name in names if name != "target"]
    marks = [torch.ones(n) if handed is None else handed] if "target" in names else []
    return it.criterion(*given, *marks), given[0]


def of_frames(it: Suggestion, handed: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    frames = torch.randn(3 * handed.shape[1], len(handed), int(handed.max()) + 1, requires_grad=True)
    read, lengths = torch.full((len(handed),), len(frames)), (handed > 0).sum(1)
    return it.criterion(frames.log_softmax(2), handed.clamp(min=1), read, lengths), frames


@each
def test_every_suggestion_runs(expected: Expected, reports: dict[str, Report]):
    target = expected.target if isinstance(expected.target, torch.Tensor) else take(expected.target).values
    for it in reports[expected.name].suggestions:
        loss, output = value_and_gradient(it, a_few(target, it))
        loss.backward()
        assert loss.isfinite(), it.loss
        assert output.grad.isfinite().all(), it.loss
        assert output.grad.abs().sum() > 0, it.loss


def test_a_wrong_handover_is_noticed(reports: dict[str, Report]):
    """The check that everything runs can fail: labels of 0 and 1 for a hinge, a class too many, a target as it came."""
    it = reports["tumours"].suggestions[3]
    assert it.loss == "hinge_loss"
    target = torch.from_numpy(cancer.target)
    for hand_over in ("target.float()", "target"):
        with pytest.raises((ValueError, RuntimeError)):
            value_and_gradient(Suggestion("hinge_loss", hand_over=hand_over, output_shape=it.output_shape), target)
    with pytest.raises(IndexError):
        value_and_gradient(Suggestion("cross_entropy", hand_over="target + 2", output_shape=(9, 2)), target)


# --- arguments, by other arithmetic -------------------------------------------------------------------------------


def robust_bend(values: np.ndarray) -> float:
    return 1.345 * 1.4826 * float(np.median(np.abs(values - np.median(values))))


def delta(report: Report) -> Suggestion:
    return next(it for it in report.suggestions if it.loss == "huber_loss")


def test_delta_is_that_of_the_residuals_where_a_prediction_is_given(reports: dict[str, Report]):
    alone, fitted = delta(reports["progression of diabetes"]), delta(reports["the same with a fit"])
    assert alone.arguments["delta"] == pytest.approx(robust_bend(diabetes.target))
    assert fitted.arguments["delta"] == pytest.approx(robust_bend(diabetes.target - fit))
    assert alone.provisional == ("delta",)
    assert fitted.provisional == ()
    assert "Provisional" in str(alone.reasons)
    assert "Provisional" not in str(fitted.reasons)


def test_without_a_mad_the_mean_deviation_is_taken_and_told(reports: dict[str, Report]):
    values = np.array([5.5] * 30 + [6.5, 90.25])
    mean_deviation = np.abs(values - 5.5).mean()
    it, seen = delta(reports["MAD of 0"]), reports["MAD of 0"].seen
    assert it.arguments["delta"] == pytest.approx(1.345 * 1.2533 * mean_deviation)
    assert seen.spread.scale_by == "mean absolute deviation"
    assert seen.spread.outliers == pytest.approx(1 / 32)
    assert "MAD is 0" in str(it.reasons)
    assert reports["constant"].seen.spread.scale_by == "nothing"


def test_a_pile_is_told_and_makes_no_robust_loss(reports: dict[str, Report]):
    assert "94% of the targets are one value" in str(reports["MAD of 0"].suggestions[0].reasons)
    nearly = torch.cat([torch.full((39,), 2.5), 2.5 + torch.linspace(-1, 1, 60), torch.tensor([90.0, 80.0])])
    assert suggest(nearly).suggestions[0].loss == "huber_loss"


def test_columns_of_different_scale_are_not_read_together(reports: dict[str, Report]):
    it = delta(reports["body"])
    assert it.arguments["delta"] == 1.345
    assert "standardised" in str(it.reasons)


def test_the_facts_of_a_column():
    values = np.array([1.0, 2.5, 2.5, 4.0, 100.0, np.nan, 0.0])
    seen, known = suggest(values).seen, values[~np.isnan(values)]
    assert (seen.n, seen.missing, seen.distinct, seen.least, seen.most) == (7, 1, 5, 0.0, 100.0)
    assert seen.spread.median == np.median(known)
    assert seen.spread.mad == np.median(np.abs(known - np.median(known)))
    assert seen.spread.mean == pytest.approx(known.mean())
    assert seen.spread.sd == pytest.approx(known.std())
    assert seen.spread.skew == pytest.approx((((known - known.mean()) / known.std()) ** 3).mean())
    assert seen.spread.outliers == pytest.approx(1 / 6)
    assert seen.zeros == pytest.approx(1 / 6)
    assert seen.dispersion == pytest.approx(known.var() / known.mean())
    assert seen.counts == {0.0: 1, 1.0: 1, 2.5: 2, 4.0: 1, 100.0: 1}
    assert seen.imbalance == 2
    assert not seen.whole


def test_what_residuals_add():
    target, said = np.array([1.0, 4, 2, 8, 12, 30]), np.array([2.0, 3, 2.5, 9, 10, 20])
    seen = suggest(target, prediction=said, task="counts").seen
    assert seen.residuals.median == np.median(target - said)
    assert seen.trust == pytest.approx(((target - said) ** 2 / said).mean())
    assert seen.growth == pytest.approx(np.abs(target - said)[[4, 5]].mean() / np.abs(target - said)[[0, 2]].mean())


def test_residuals_decide_where_the_target_alone_misleads():
    """Two clouds far apart look like outliers; a fit that knows the cloud leaves none."""
    cloud = torch.tensor([0.0] * 95 + [1000.0] * 5)
    target = cloud + bell(100)
    assert suggest(target).suggestions[0].loss == "huber_loss"
    assert "The inputs may explain them" in str(suggest(target).suggestions[0].reasons)
    assert suggest(target, prediction=cloud).suggestions[0].loss == "mse_loss"


def test_residuals_that_grow_ask_for_a_variance():
    said = torch.arange(1.0, 301.0)
    target = said * (1 + 0.1 * bell(300).clamp(-2, 2))
    best = suggest(target, prediction=said, task="amounts")
    first = best.suggestions[0]
    assert first.loss == "gaussian_nll_loss"
    assert suggest(2 * said + bell(300), prediction=2 * said, task="amounts").suggestions[0].loss == "mse_loss"


def test_the_prices_decide_the_threshold(reports: dict[str, Report]):
    plain, weighted, focal, *_ = reports["rare with prices"].suggestions
    assert plain.threshold == pytest.approx(1 / 31)
    assert weighted.threshold == 0.5
    assert focal.threshold is None
    odds = (1 / 31) / (30 / 31)
    assert math.log(odds) == pytest.approx(-math.log(float(weighted.arguments["pos_weight"])))
    assert all(it.threshold is None for it in reports["rare"].suggestions)
    assert "0.05" in str(reports["rare"].suggestions[1].reasons)


def test_a_table_of_prices_is_told_how_to_be_used(reports: dict[str, Report]):
    plain, weighted, *_ = reports["prices of classes"].suggestions
    assert "(chances @ costs).argmin(-1)" in str(plain.reasons)
    assert "argmin" not in str(weighted.reasons)


def test_prices_narrow_down_what_the_targets_can_be():
    kicks = torch.arange(5.0).repeat_interleave(torch.tensor([144, 91, 32, 11, 2]))
    assert suggest(kicks).task == "counts"
    assert suggest(kicks, costs=1 - torch.eye(5)).task == "classes"
    assert suggest(kicks, costs=(1, 2)).task == "costs"
    assert suggest([0, 1, 2, 2, 1, 0], costs=(1, 2)).task == "costs"
    assert suggest([0, 1, 1, 0], costs=(1, 2)).task == "binary"


def test_class_weights_add_up_to_the_rows():
    target = torch.tensor([0] * 80 + [1] * 16 + [3] * 4)
    weighted = suggest(target, task="classes").suggestions[1]
    assert weighted.arguments["weight"][target].sum() == pytest.approx(100)


def test_a_class_of_one_row_and_prices_below_one_have_weights():
    weighted = suggest(torch.tensor([0] * 8 + [1]), task="classes").suggestions[1]
    assert weighted.arguments["weight"].tolist() == pytest.approx([9 / 16, 9 / 2])
    cheap = suggest([0, 1, 1, 0], task="classes", costs=[[0, 0.2], [0.6, 0]]).suggestions[1]
    assert cheap.arguments["weight"].tolist() == pytest.approx([0.5, 1.5])


def test_wrong_labels_are_told_what_the_evidence_says():
    """Plain cross-entropy stands first anyway; label smoothing is offered, and called no cure."""
    smoothed = next(it for it in suggest(torch.arange(90) % 3).suggestions if "label_smoothing" in it.arguments)
    assert "no cure" in smoothed.reasons[0]
    assert TASKS["classes"].branch("wrong").choices[0].settings == {}


def test_pos_weight_stands_along_the_labels():
    there = tags[:, :, None, None].expand(90, 4, 3, 2)
    weighted = suggest(there, task="labels").suggestions[1]
    assert weighted.arguments["pos_weight"].shape == (4, 1, 1)
    assert weighted.arguments["pos_weight"].flatten().tolist() == pytest.approx((90 / tags.sum(0) - 1).tolist())


def test_the_head_of_a_vocabulary_holds_three_quarters():
    counts = [400, 250, 101, 100, 60, 40, 30, 15, 4]
    target = torch.arange(9).repeat_interleave(torch.tensor(counts))
    it = suggest(target, task="vocabulary").suggestions[-1]
    assert it.loss == "AdaptiveLogSoftmaxWithLoss"
    assert it.arguments["cutoffs"] == [3, 6]
    mixed = (target * 7) % 9  # the most frequent word becomes number 0 again, and so on
    handed = eval(suggest(mixed, task="vocabulary").suggestions[-1].hand_over, {"torch": torch}, {"target": mixed})
    assert handed.bincount().tolist() == counts


def test_classes_with_marks_are_renumbered_around_them():
    target = torch.tensor([5_000_000_000, 71, 40_000, -100])
    it = suggest(target, task="classes").suggestions[0]
    assert it.output_shape == (4, 3)
    assert eval(it.hand_over, {"torch": torch}, {"target": target}).tolist() == [2, 0, 1, -100]


@pytest.mark.parametrize(
    ("target", "told", "handed"),
    [
        ([1, 2, 3, 1], {"task": "classes"}, [0, 1, 2, 0]),
        ([1, 2, 3, -100], {"task": "classes"}, [0, 1, 2, -100]),
        ([0, 2, 3, 0], {"task": "classes"}, [0, 2, 3, 0]),
        ([[0, 1], [1, 0]], {}, [1, 0]),
        ([4.5, 9.5, 9.5], {"task": "binary"}, [0.0, 1, 1]),
        ([-1, 1], {}, [0.0, 1]),
        ([True, False], {}, [1.0, 0]),
        ([[0.25, 0.75]], {"task": "classes"}, [[0.25, 0.75]]),
    ],
    ids=str,
)
def test_what_is_handed_over(target: list[float], told: dict[str, str], handed: list[float]):
    given = torch.tensor(target)
    it = suggest(given, **told).suggestions[0]
    assert eval(it.hand_over, {"torch": torch}, {"target": given}).tolist() == handed


def test_labels_become_lists_that_end_at_minus_one():
    bits = torch.tensor([[0, 1, 1], [1, 0, 0], [0, 0, 0], [1, 1, 1]])
    it = suggest(bits, task="labels").suggestions[-1]
    assert it.loss == "multilabel_margin_loss"
    handed = eval(it.hand_over, {"torch": torch}, {"target": bits})
    assert handed.tolist() == [[1, 2, -1], [0, -1, -1], [-1, -1, -1], [0, 1, 2]]


def test_grades_become_one_question_for_each_step():
    it = next(it for it in suggest([1, 2, 3, 2], task="ratings").suggestions if "grade" in it.answer and not it.taken)
    assert it.loss == "cross_entropy"
    steps = TASKS["ratings"].branch("grades").choices[1]
    column = take(torch.tensor([1, 2, 3, 2]))
    expression, shape = handed_over(steps, Case("ratings", column, *look(column)))
    assert eval(expression, {"torch": torch}, {"target": column.values}).tolist() == [[0, 0], [1, 0], [1, 1], [1, 0]]
    assert shape == (4, 2)


# --- what is left alone, and how long it takes --------------------------------------------------------------------


def test_nothing_is_drawn_and_nothing_changed():
    target = torch.randn(2_000_000, requires_grad=True)
    before, state = target.detach().clone(), torch.get_rng_state()
    suggest(target)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(target, before)
    assert target.grad is None


@pytest.mark.slow
def test_ten_million_targets_take_seconds():
    for target in (torch.randn(10_000_000), drawn(0, 1_000_000, (10_000_000,))):
        start = time.perf_counter()
        report = suggest(target)
        assert time.perf_counter() - start < 10  # two at rest; a busy machine takes its time
        assert report.seen.sampled
        assert "drawn at random" in str(report.notes)


def test_a_sample_tells_the_same():
    many = torch.randn(3_000_000, generator=torch.Generator().manual_seed(1)) ** 3 + 40
    seen = suggest(many).seen
    assert seen.spread.median == pytest.approx(float(many.median()), abs=0.01)
    assert seen.spread.outliers == pytest.approx(suggest(many[:1_000_000]).seen.spread.outliers, rel=0.02)


@pytest.mark.parametrize("values", [[3.0], [1.0, 2.0], [2.0, 2.0, 5.0, 7.0], [1.0, 2.0, 2.0, 9.0], [4.0, 1.0, 3.0]])
def test_the_median_is_between_the_middle_two(values: list[float]):
    assert median(torch.tensor(values)) == np.median(values)


def test_arguments_lie_where_the_target_lies():
    column = dataclasses.replace(take(torch.tensor([1] * 2 + [0] * 38)), device=torch.device("meta"))
    weighted = TASKS["binary"].branch("rare").choices[1]
    arguments, _ = arguments_of(weighted, Case("binary", column, *look(column)))
    assert arguments["pos_weight"].is_meta
    assert arguments["pos_weight"].dtype == torch.float32
