"""The matrix of regrets: who leads each column, what ties, and what is drawn."""

import math

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from lossbook.teach import draw_regrets, paired_gap, regrets

# Over three paired runs, b is ahead of a every time by about as much; c is a coin toss away from b.
COLUMNS = {"a": [2.0, 3.0, 4.0], "b": [1.0, 2.1, 2.9], "c": [1.3, 1.8, 3.1]}


def runs(columns=COLUMNS, sign=1.0, **more):
    return {way: [{"error": sign * number, **more} for number in numbers] for way, numbers in columns.items()}


@pytest.fixture(autouse=True)
def _agg():
    mpl.use("agg")
    yield
    plt.close("all")


def test_the_best_what_ties_with_it_and_what_is_worse():
    found = regrets(runs(), test_per_train=0)
    assert {way: found.cells[way]["error"].mark for way in "abc"} == {"a": "", "b": "●", "c": "○"}
    assert found.leaders("error") == ["b", "c"]
    gap = paired_gap(COLUMNS["a"], COLUMNS["b"], test_per_train=0)
    assert found.cells["a"]["error"].behind == gap
    assert found.cells["a"]["error"].mean == 3.0


def test_shared_rows_make_a_tie_of_what_was_worse():
    assert regrets(runs(), test_per_train=9).leaders("error") == ["b", "a", "c"]


def test_where_more_is_better_the_order_turns():
    turned = regrets(runs(), test_per_train=0, higher={"error"})
    assert turned.leaders("error") == ["a"]
    assert turned.cells["b"]["error"].mean == pytest.approx(2.0)
    assert turned.cells["b"]["error"].behind.mean > 0
    mirrored = regrets(runs(sign=-1.0), test_per_train=0, higher={"error"})
    assert mirrored.leaders("error") == ["b", "c"]


def test_a_way_alone_is_the_winner_and_two_alike_tie():
    assert regrets({"a": [{"m": 1.0}, {"m": 2.0}]}, test_per_train=0).leaders("m") == ["a"]
    assert regrets(runs({"a": [1.0, 2.0], "b": [1.0, 2.0]}), test_per_train=0).leaders("error") == ["a", "b"]


def test_a_metric_may_be_missing_from_a_way_altogether():
    found = regrets({"a": [{"m": 1.0, "n": 5.0}] * 2, "b": [{"m": 0.5}] * 2}, test_per_train=0)
    assert found.metrics == ["m", "n"]
    assert found.leaders("n") == ["a"]
    assert "–" in str(found).splitlines()[2]
    texts = [text.get_text() for text in draw_regrets(found, "t").axes[0].texts]
    assert texts == ["1.00 ", "5.00●", "0.500●", "– "]


def test_metrics_are_judged_in_the_order_that_is_named_and_others_left_out():
    both = runs(other=1.0, third=2.0)
    assert regrets(both, test_per_train=0).metrics == ["error", "other", "third"]
    assert regrets(both, test_per_train=0, metrics=("third", "error")).metrics == ["third", "error"]
    with pytest.raises(ValueError, match="errror"):
        regrets(both, test_per_train=0, metrics=("errror",))


@pytest.mark.parametrize(
    "broken",
    [
        {"a": []},
        {"a": [{"m": 1.0}, {"n": 1.0}]},
        {"a": [{"m": math.nan}, {"m": 1.0}]},
        {"a": [{"m": 1.0}, {"m": math.inf}]},
        {"a": [{"m": 1.0}, {"m": 2.0}], "b": [{"m": 1.0}] * 3},
    ],
)
def test_runs_that_cannot_be_judged_are_refused(broken):
    with pytest.raises(ValueError, match=r"needs runs|not finite|as many runs"):
        regrets(broken, test_per_train=0)


def test_the_text_shows_means_and_marks():
    head, *rows, key = str(regrets(runs(), test_per_train=0)).splitlines()
    assert head.split() == ["error"]
    assert [row.split() for row in rows] == [["a", "3.00"], ["b", "2.00●"], ["c", "2.07○"]]
    assert key.startswith("● best, ○ tie")
    assert [line.rstrip() for line in (head, *rows)] == [head, *rows]


@pytest.mark.parametrize(
    ("mean", "shown"), [(0.12345, "0.123"), (9.994, "9.99"), (45.67, "45.7"), (123.4, "123"), (12345.6, "12,346")]
)
def test_three_digits_are_shown(mean, shown):
    assert f" {shown}●" in str(regrets({"a": [{"m": mean}] * 2}, test_per_train=0))


def test_the_colour_is_the_regret_as_a_share_of_the_best_or_of_what_is_named():
    found = regrets({"a": [{"m": 11.0}] * 2, "b": [{"m": 10.0}] * 2, "c": [{"m": 50.0}] * 2}, test_per_train=0)

    def shares(**options):
        return draw_regrets(found, "t", **options).axes[0].images[0].get_array().ravel().tolist()

    assert shares() == pytest.approx([0.5, 0.0, 1.0])
    assert shares(full=0.4) == pytest.approx([0.25, 0.0, 1.0])
    assert shares(full={"m": 80.0}) == pytest.approx([1 / 80, 0.0, 0.5])
    assert shares(full={"other": 1.0}) == pytest.approx([0.5, 0.0, 1.0])


def test_a_best_of_zero_has_no_share_of_it():
    found = regrets({"a": [{"m": 0.0}] * 2, "b": [{"m": 0.1}] * 2}, test_per_train=0)
    assert draw_regrets(found, "t").axes[0].images[0].get_array().ravel().tolist() == [0.0, 1.0]


def test_rows_are_ways_columns_metrics_and_the_title_stands_over_all():
    found = regrets(runs(other=1.0), test_per_train=0)
    figure = draw_regrets(found, "The finding")
    assert figure.get_suptitle() == "The finding"
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["error", "other"]
    places = {(text.get_position()): text.get_text() for text in axes.texts}
    assert places[0, 1] == "2.00●"
    assert figure.get_facecolor() == (1, 1, 1, 1)  # the site leaves it alone in dark mode


def test_several_matrices_fit_into_one_figure():
    figure, panels = plt.subplots(1, 2)
    found = regrets(runs(), test_per_train=0)
    assert all(draw_regrets(found, name, axes=axes) is figure for name, axes in zip("xy", panels, strict=True))
    assert [axes.get_title(loc="center") or axes.get_title(loc="left") for axes in panels] == ["x", "y"]
