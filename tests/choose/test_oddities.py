"""Numbers that may mean something else: each remark where it is due, and none beside it."""

import numpy as np
import pandas
import pytest
import torch

from lossbook.choose import TASKS, suggest
from lossbook.choose.advice import suggest as documented

DRAWN = np.random.default_rng(5)
DEGREES = DRAWN.normal(10, 2, 300)
PRICES = np.exp(DRAWN.normal(12, 0.6, 400))
DEPTHS = np.where(DRAWN.random(400) < 0.3, 0, DRAWN.uniform(0.5, 10, 400))

FAR, ZERO, TURN, PERCENT, LOGS, PADDED = (
    "far from all others",
    "exactly 0",
    "sine",
    "percentages",
    "logs lean",
    "rows end",
)
REMARKS = (FAR, ZERO, TURN, PERCENT, LOGS, PADDED)

CASES = [
    ("temperatures", DEGREES, set()),
    ("a mark for a gap", np.where(np.arange(300) % 9 == 0, -999, DEGREES), {FAR}),
    ("a mark above", np.where(np.arange(300) % 9 == 0, 9999, DEGREES.round()), {FAR}),
    ("one wild value", np.where(np.arange(300) == 9, -999, DEGREES), set()),
    ("a few doses", np.array([10.0, 20, 50, 1000] * 20), set()),
    ("depths", DEPTHS, {ZERO}),
    ("depths without gaps", DEPTHS[DEPTHS > 0], set()),
    ("counts with zeros", DRAWN.poisson(0.4, 300), set()),
    ("angles", DRAWN.integers(0, 360, 400), {TURN}),
    ("angles about north", DRAWN.uniform(-180, 180, 400), {TURN}),
    ("lengths", DRAWN.uniform(0.5, 300, 400), set()),
    ("shares in per cent", DRAWN.uniform(0, 100, 400), {PERCENT}),
    ("marks up to 100", np.append(DRAWN.integers(0, 101, 400), 100), {PERCENT}),
    ("logs of prices", np.log(PRICES), set()),
    ("prices", PRICES, {LOGS}),
    ("half stars", DRAWN.integers(1, 11, 200) / 2, set()),
    ("words, padded", np.hstack([DRAWN.integers(1, 5000, (9, 9)), np.zeros((9, 4), int)]), {PADDED}),
    ("words", DRAWN.integers(0, 5000, (9, 13)), set()),
]  # fmt: skip


@pytest.mark.parametrize(("target", "expected"), [it[1:] for it in CASES], ids=[it[0] for it in CASES])
def test_each_remark_where_it_is_due(target: np.ndarray, expected: set[str]):
    notes = " ".join(suggest(target).notes)
    assert {it for it in REMARKS if it in notes} == expected


def test_one_number_has_no_spread_to_standardise():
    report = suggest(np.full(50, 3.2))
    assert report.seen.spread.sd == report.seen.spread.skew == 0
    assert "standardise" not in str(report)


def test_two_numbers_are_no_pile():
    assert "one value" not in str(suggest([1.5, 2.5]))
    assert "67% of the targets are one value" in " ".join(suggest([1.5, 2.5, 2.5]).suggestions[0].reasons)


def test_a_lean_is_told_where_mean_and_median_differ():
    near, apart = np.append(np.linspace(-1, 1, 400), [3.0] * 9), np.append(np.linspace(-1, 1, 400), [9.0] * 40)
    assert suggest(near).seen.spread.skew < 1 or "They lean" not in str(suggest(near))
    assert "They lean" in str(suggest(apart))


def test_noise_that_grows_is_not_taken_for_outliers():
    said = torch.linspace(1, 10, 1000)
    noise = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    grown = suggest(said + 0.3 * said * noise, prediction=said)
    assert grown.seen.residuals.outliers > 0.01 > grown.seen.level_outliers
    assert grown.suggestions[0].loss == "gaussian_nll_loss"
    assert "Beside those of similar predictions" in " ".join(grown.suggestions[0].reasons)
    wild = torch.where(torch.arange(1000) % 20 == 0, 40.0, 0.0)
    assert suggest(said + 0.3 * said * noise + wild, prediction=said).suggestions[0].loss == "huber_loss"


def test_a_double_is_handed_over_in_the_precision_of_a_model():
    """Huber's loss and BCELoss cannot be differentiated where the target is a double."""
    for target in ([0.5, 7.25, 1.5], [0.25, 0.5, 0.75], [-1.0, 1.0, -1.0]):
        doubles = torch.tensor(target, dtype=torch.float64)
        for it in suggest(doubles).suggestions:
            assert eval(it.hand_over, {"target": doubles, "torch": torch}).dtype == torch.float32, it.loss


def test_a_black_and_white_mask_becomes_ones_and_zeros():
    mask = torch.zeros(2, 1, 4, 4, dtype=torch.uint8)
    mask[0, 0, 1, 2] = 255
    best = suggest(mask).suggestions[0]
    assert best.loss == "binary_cross_entropy_with_logits"
    assert eval(best.hand_over, {"target": mask}).tolist() == (mask > 0).float().tolist()


@pytest.mark.parametrize(("target", "told"), [([10115, 20095, 80331] * 9, "classes"), ([1, 2, 5] * 9, "ratings")])
def test_a_few_classes_have_one_number_each_whatever_the_rows(target: list[int], told: str):
    it = next(it for it in suggest(target, task=told).suggestions if it.loss == "cross_entropy")
    rows = torch.tensor([target[2], target[1]])
    assert eval(it.hand_over, {"target": rows, "torch": torch}).tolist() == [2, 1]


def test_many_classes_with_gaps_are_told_to_keep_their_numbers():
    assert "keep it, or other rows" in str(suggest(torch.arange(40) * 100, task="classes"))
    assert "keep it, or other rows" not in str(suggest(torch.arange(40), task="classes"))


def test_words_keep_the_numbers_of_their_tokenizer():
    report = suggest(torch.tensor([[17, 29_999, 4], [5, 17, 3]]), task="vocabulary")
    assert report.suggestions[0].hand_over == "target.flatten()"
    assert report.suggestions[0].arguments["num_classes"] == 30_000


def test_what_is_no_tensor_is_told_how_to_become_one():
    assert "`target` is a tensor" in " ".join(suggest(pandas.Series([0.5, 1.5])).notes)
    assert "`target` is a tensor" not in " ".join(suggest(torch.tensor([0.5, 1.5])).notes)


def test_the_remark_on_gaps_can_be_followed_where_classes_stand_in_places():
    target = torch.tensor([[0.0, 1, 2], [torch.nan, 2, 2], [1, 0, 0]])
    report = suggest(target, task="classes")
    assert "take `target[known]` and `output.movedim(1, -1)[known]`" in report.notes[0]
    known, output = ~target.isnan(), torch.randn(report.suggestions[0].output_shape)
    assert report.suggestions[0].criterion(output.movedim(1, -1)[known], target[known].long()).isfinite()
    assert "`output[known]`" in suggest([0.5, torch.nan]).notes[0]


def test_minus_one_may_be_an_answer():
    assert "if −1 is an answer of its own, `target + 1`" in " ".join(suggest([-1, 0, 1] * 9).notes)


def test_the_documentation_names_every_task():
    assert all(f'``"{name}"``' in documented.__doc__ for name in TASKS)
