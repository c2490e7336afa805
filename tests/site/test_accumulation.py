"""The figure of the micro-batch border: its costs and its gradient gap are the package's, and the border moves."""

import json
import re

import pytest
import torch
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from lossbook.losses.reduction import reduce
from tests.site.visit import colours, go

WORDS = [3, 5, 2, 7]
BORDERS = range(1, len(WORDS))


@pytest.fixture
def figure(chrome, address):
    colours(chrome, "light")
    go(chrome, f"{address}/book/reduction.html")
    box = chrome.find_element(By.CSS_SELECTOR, '.interactive[data-figure="accumulation"]')
    chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    return box


@pytest.fixture
def batch():
    """Losses of the words of each line, as functions of three made-up weights; and what the script is told of them."""
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(3, generator=generator, dtype=torch.float64, requires_grad=True)
    per_line = [torch.randn(n, 3, generator=generator, dtype=torch.float64) @ weights for n in WORDS]
    sums = [reduce(line, "sum") for line in per_line]
    slopes = torch.stack([torch.autograd.grad(total, weights, retain_graph=True)[0] for total in sums])
    return weights, per_line, [total.item() for total in sums], (slopes @ slopes.T).tolist()


def naive_and_whole(per_line, after):
    halves = [torch.cat(per_line[:after]), torch.cat(per_line[after:])]
    return sum(reduce(half, "mean") for half in halves) / 2, reduce(torch.cat(per_line), "mean")


@pytest.mark.parametrize("after", BORDERS)
def test_costs_of_the_script_are_the_packages(figure, chrome, batch, after):
    _, per_line, sums, _ = batch
    found = chrome.execute_script("return lossbook.maths.costs(...arguments)", WORDS, sums, after)
    naive, whole = naive_and_whole(per_line, after)
    assert found == pytest.approx({"naive": naive.item(), "whole": whole.item()})


@pytest.mark.parametrize("after", BORDERS)
def test_the_gap_of_the_script_is_that_of_the_gradients(figure, chrome, batch, after):
    weights, per_line, _, gram = batch
    found = chrome.execute_script("return lossbook.maths.gradientGap(...arguments)", WORDS, gram, after)
    naive, whole = (torch.autograd.grad(it, weights, retain_graph=True)[0] for it in naive_and_whole(per_line, after))
    assert found == pytest.approx(((naive - whole).norm() / whole.norm()).item())


def shown(box):
    """The slider, the gap in percent, and the table: naive and whole, each as loss and votes on both sides."""
    border = int(box.find_element(By.TAG_NAME, "output").text)
    gap = int(re.search(r"(\d+)%", box.find_element(By.CSS_SELECTOR, ".says").text)[1])
    cells = [float(cell.text) for cell in box.find_elements(By.CSS_SELECTOR, "table.readout td")]
    return border, gap, cells


def test_keyboard_and_pointer_move_the_border(figure, chrome):
    words = json.loads(figure.find_element(By.TAG_NAME, "script").get_attribute("textContent"))["words"]
    start, _, before = shown(figure)
    figure.find_element(By.CSS_SELECTOR, "input[type=range]").send_keys(Keys.ARROW_RIGHT)
    after, _, cells = shown(figure)
    assert after == start + 1
    assert cells[0] != before[0]
    assert cells[3:] == before[3:], "only the mean of means depends on the border"
    plot = figure.find_element(By.CSS_SELECTOR, "svg")
    left = -plot.size["width"] // 2 + 40
    ActionChains(chrome).move_to_element_with_offset(plot, left, 0).click().perform()
    border, gap, cells = shown(figure)
    assert border == 1
    assert gap > 100
    assert cells[1] == pytest.approx(sum(words) / (2 * words[0]), abs=0.005)


def test_both_areas_are_of_one_size(figure):
    slider = figure.find_element(By.CSS_SELECTOR, "input[type=range]")
    slider.send_keys(Keys.HOME)
    for _ in range(6):
        slider.send_keys(Keys.ARROW_RIGHT)
        areas = figure.find_elements(By.CSS_SELECTOR, "rect.votes")
        sizes = [float(it.get_attribute("width")) * float(it.get_attribute("height")) for it in areas]
        assert sizes[0] == pytest.approx(sizes[1], rel=1e-6)
