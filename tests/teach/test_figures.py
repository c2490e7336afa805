"""Figures: value beside slope, the style of the book, and a placeholder that cannot break the page."""

import json
from html.parser import HTMLParser

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import lossbook
from lossbook.teach import curves, interactive, use_style
from lossbook.teach.figures import COLOURS


@pytest.fixture(autouse=True)
def _own_style():
    mpl.use("agg")
    with mpl.rc_context():
        yield
    plt.close("all")


def mse_curve():
    zero = torch.zeros(())
    return (
        lambda e: lossbook.mse_loss(e, zero.expand_as(e), reduction="none"),
        lambda e: lossbook.mse_slope(e, zero.expand_as(e)),
    )


def test_curves_draw_each_value_beside_its_slope():
    figure = curves({"squared": mse_curve(), "doubled": (lambda e: e, lambda e: 2 * e)}, title="The finding", span=2.0)
    left, right = figure.axes
    assert left.get_position().x1 <= right.get_position().x0
    for axes in (left, right):
        assert len(axes.lines) == 2
    x, y = left.lines[0].get_data()
    assert (x.min(), x.max()) == (-2, 2)
    np.testing.assert_allclose(y, x**2)
    np.testing.assert_allclose(right.lines[0].get_ydata(), 2 * x)
    np.testing.assert_allclose(right.lines[1].get_ydata(), 2 * x)
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["squared", "doubled"]
    assert figure.get_suptitle() == "The finding"


def test_the_style_is_transparent_and_tells_lines_apart_twice():
    use_style()
    assert mpl.rcParams["savefig.transparent"]
    cycle = list(mpl.rcParams["axes.prop_cycle"])
    assert tuple(entry["color"] for entry in cycle) == COLOURS
    assert len({str(entry["linestyle"]) for entry in cycle}) == len(COLOURS)


class _Page(HTMLParser):
    """The elements and the text inside the first script element."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.script = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, text: str) -> None:
        self.script += text


def test_interactive_is_a_named_place_with_its_data():
    page = _Page(interactive("huber", delta=1.5, points=[1, 2])._repr_html_())
    assert page.elements == [
        ("div", {"class": "interactive", "data-figure": "huber"}),
        ("script", {"type": "application/json"}),
    ]
    assert json.loads(page.script) == {"delta": 1.5, "points": [1, 2]}


@pytest.mark.parametrize("text", ["</script><b>", "<!--<script>", "</SCRIPT >", "a & b \"c\" 'd' \u2028", "<"])
def test_data_cannot_break_out_of_its_script_element(text: str):
    html = interactive("huber", text=text, **{text: [text]})._repr_html_()
    page = _Page(html)
    assert [tag for tag, _ in page.elements] == ["div", "script"]
    assert html.count("<") == 4
    assert json.loads(page.script) == {"text": text, text: [text]}


def test_interactive_is_the_same_for_the_same_data_and_plain_outside_the_site():
    one, other = interactive("huber", a=1, b=2), interactive("huber", b=2, a=1)
    assert one._repr_html_() == other._repr_html_()
    assert repr(one) == "(interactive figure on the site: huber)"


def test_data_that_is_not_plain_is_refused():
    with pytest.raises(TypeError):
        interactive("huber", x=torch.ones(2))._repr_html_()
