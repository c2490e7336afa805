"""The front page's figure: one line, four questions, and in each case the answer that other programs give."""

import json
import math
import re
from itertools import pairwise

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from sklearn.linear_model import LinearRegression, QuantileRegressor

from lossbook.teach.data import tumour_area_error
from tests.site.visit import colours, go

QUESTIONS = ["the average", "the middle", "nine in ten", "how unsure"]
JUDGES = {
    "the average": LinearRegression(),
    "the middle": QuantileRegressor(quantile=0.5, alpha=0),
    "nine in ten": QuantileRegressor(quantile=0.9, alpha=0),
}


@pytest.fixture
def front(chrome, address):
    """The figure, for a reader who asked for less motion: it answers at once."""
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    go(chrome, f"{address}/book/intro.html")
    yield chrome.find_element(By.CSS_SELECTOR, '.interactive[data-figure="questions"]')
    colours(chrome, "light")


def fed(box):
    """The data that the notebook gave to the figure."""
    return json.loads(box.find_element(By.TAG_NAME, "script").get_attribute("textContent"))


def button(box, question):
    return next(button for button in box.find_elements(By.TAG_NAME, "button") if button.text == question)


def pressed(box):
    return [button.text for button in box.find_elements(By.CSS_SELECTOR, "button[aria-pressed=true]")]


def asked(box):
    """The line that answers now, as its drawn ends (left, right), in pixels of the drawing."""
    path = box.find_element(By.CSS_SELECTOR, "path.strong").get_attribute("d")
    x1, y1, x2, y2 = (float(number) for number in re.findall(r"-?[\d.]+", path))
    return (x1, y1), (x2, y2)


def said(box):
    """The numbers of the sentence below the figure: the radius, what the line says, and by how much it may be off."""
    return [float(n) for n in re.findall(r"[\d.]+\d|\d", box.find_element(By.CSS_SELECTOR, ".says strong").text)]


def by_another_program(question, radius):
    tumours = tumour_area_error()
    model = JUDGES[question].fit(tumours.x.double()[:, None].numpy(), tumours.y.double().numpy())
    return model.predict([[radius]]).item()


def test_it_opens_the_page(front, chrome):
    """On the first screen, and above it no code, formula, card or picture."""
    above = """
      const [box] = arguments;
      const first = document.querySelector(".bd-article :is(pre, .math, .loss-card, img, .interactive)");
      return first === box;
    """
    assert chrome.execute_script(above, front)
    bottom = chrome.execute_script("return arguments[0].querySelector('svg').getBoundingClientRect().bottom", front)
    assert bottom < chrome.execute_script("return innerHeight")
    assert [button.text for button in front.find_elements(By.TAG_NAME, "button")] == QUESTIONS


@pytest.mark.parametrize("question", JUDGES)
def test_the_line_answers_as_another_program_does(front, question):
    button(front, question).click()
    assert pressed(front) == [question]
    radius, answer = said(front)
    assert radius == pytest.approx(fed(front)["at"], abs=0.051)
    assert answer == pytest.approx(by_another_program(question, fed(front)["at"]), abs=0.51)
    assert front.find_element(By.CSS_SELECTOR, "text.answer").text == f"{answer:.0f}"


@pytest.mark.parametrize("question", JUDGES)
def test_the_line_is_drawn_where_it_says(front, question):
    """Its two ends, read off the axes, give the other program's answer at the ring."""
    button(front, question).click()
    (left, low), (right, high) = asked(front)
    zero, hundred = tick(front, "0", "y"), tick(front, "100", "y")
    ten, twenty = tick(front, "10", "x"), tick(front, "20", "x")
    at = ten + (fed(front)["at"] - 10) / 10 * (twenty - ten)
    height = low + (at - left) / (right - left) * (high - low)
    expected = by_another_program(question, fed(front)["at"])
    assert (height - zero) / (hundred - zero) * 100 == pytest.approx(expected, abs=0.5)
    ring = front.find_element(By.CSS_SELECTOR, ".ring")
    assert float(ring.get_attribute("cx")) == pytest.approx(at, abs=0.1)
    assert float(ring.get_attribute("cy")) == pytest.approx(height, abs=0.1)


def tick(box, label, axis):
    """The pixel of a grid line, by the number that stands at its end."""
    texts = box.find_elements(By.CSS_SELECTOR, "svg text")
    anchor = {"x": "middle", "y": "end"}[axis]
    text = next(t for t in texts if t.text == label and t.get_attribute("text-anchor") == anchor)
    lines = box.find_elements(By.CSS_SELECTOR, "line.grid")
    places = [float(line.get_attribute(f"{axis}1")) for line in lines]
    return min(places, key=lambda place: abs(place - float(text.get_attribute(axis))))


def test_how_unsure_has_a_band_that_widens(front, chrome):
    band = front.find_element(By.CSS_SELECTOR, "path.band")
    assert not band.get_attribute("d")
    button(front, "how unsure").click()
    points = [float(n) for n in re.findall(r"-?[\d.]+", band.get_attribute("d"))]
    heights = points[1::2]
    widths = [lower - upper for upper, lower in zip(heights[:61], heights[:60:-1], strict=True)]
    assert all(wide > narrow for narrow, wide in pairwise(widths))
    data = fed(front)
    (intercept, slope), (log_intercept, log_slope) = data["fits"][3]["centre"], data["fits"][3]["spread"]
    _, centre, spread = said(front)
    assert centre == pytest.approx(intercept + slope * data["at"], abs=0.51)
    assert spread == pytest.approx(math.exp(log_intercept + log_slope * data["at"]), abs=0.51)
    button(front, "the middle").click()
    assert not band.get_attribute("d"), "the band goes when another question is asked"
    assert len(front.find_elements(By.CSS_SELECTOR, "path.before")) == 2, "answers already given stay"


def test_buttons_answer_to_the_keyboard(front, chrome):
    for question, key in (("nine in ten", Keys.ENTER), ("the middle", Keys.SPACE)):
        chrome.execute_script("arguments[0].focus()", button(front, question))
        chrome.switch_to.active_element.send_keys(key)
        assert pressed(front) == [question]
        assert said(front)[1] == pytest.approx(by_another_program(question, fed(front)["at"]), abs=0.51)


def test_the_line_glides_unless_less_motion_is_asked_for(front, chrome, address):
    places = """
      const [box, done] = arguments;
      const seen = new Set();
      const look = (frames) => {
        seen.add(box.querySelector("path.strong").getAttribute("d"));
        frames ? requestAnimationFrame(() => look(frames - 1)) : done(seen.size);
      };
      [...box.querySelectorAll("button")].at(2).click();
      look(60);
    """
    assert chrome.execute_async_script(places, front) == 1
    features = [{"name": "prefers-reduced-motion", "value": "no-preference"}]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    go(chrome, f"{address}/book/intro.html")
    box = chrome.find_element(By.CSS_SELECTOR, '.interactive[data-figure="questions"]')
    assert chrome.execute_async_script(places, box) > 3


def test_without_script_the_static_picture_stands(chrome, address):
    chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        chrome.get(f"{address}/book/intro.html")
        picture = chrome.find_element(By.CSS_SELECTOR, ".bd-article .cell_output img")
        assert picture.is_displayed()
        assert not chrome.find_element(By.CSS_SELECTOR, ".interactive").is_displayed()
    finally:
        chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
