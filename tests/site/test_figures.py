"""The live figures: their numbers are the package's, and they move under pointer and keyboard."""

import pytest
import torch
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import lossbook
from lossbook.teach.data import tumour_area_error
from tests.site.visit import colours, go

ERRORS = torch.cat([torch.linspace(-8, 8, 65), torch.tensor([0.1, -0.1, 1.35, -1.35, 1e-9, 1e6])]).double()


@pytest.fixture
def huber_page(chrome, address):
    colours(chrome, "light")
    go(chrome, f"{address}/book/huber.html")
    box = chrome.find_element(By.CSS_SELECTOR, '.interactive[data-figure="huber"]')
    chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    return box


def in_script(chrome, name, *options):
    """The script's own function, over all errors."""
    call = f"const [e, ...rest] = arguments; return e.map((x) => lossbook.maths.{name}(x, ...rest));"
    return torch.tensor(chrome.execute_script(call, ERRORS.tolist(), *options), dtype=torch.float64)


def value_and_slope(loss, **options):
    """The package's value, and its slope by autograd."""
    error = ERRORS.clone().requires_grad_()
    value = loss(error, torch.zeros_like(error), reduction="none", **options)
    (slope,) = torch.autograd.grad(value, error, torch.ones_like(value))
    return value.detach(), slope


@pytest.mark.parametrize("delta", [0.1, 0.5, 1.0, 1.35, 3.0])
def test_huber_of_the_script_is_the_packages(huber_page, chrome, delta):
    value, slope = value_and_slope(lossbook.huber_loss, delta=delta)
    torch.testing.assert_close(in_script(chrome, "huber", delta), value)
    torch.testing.assert_close(in_script(chrome, "huberSlope", delta), slope)


def test_the_neighbours_of_the_script_are_the_packages(huber_page, chrome):
    value, slope = value_and_slope(lossbook.mse_loss)
    torch.testing.assert_close(in_script(chrome, "squared"), value / 2)
    torch.testing.assert_close(in_script(chrome, "squaredSlope"), slope / 2)
    value, slope = value_and_slope(lossbook.l1_loss)
    torch.testing.assert_close(in_script(chrome, "absolute"), value)
    torch.testing.assert_close(in_script(chrome, "absoluteSlope"), slope)


def test_the_slider_moves_the_curve(huber_page):
    slider = huber_page.find_element(By.CSS_SELECTOR, "input[type=range]")
    before = curves(huber_page)
    shown = huber_page.find_element(By.CSS_SELECTOR, "output").text
    slider.send_keys(Keys.ARROW_RIGHT * 10)
    after = curves(huber_page)
    assert huber_page.find_element(By.CSS_SELECTOR, "output").text != shown
    changed = [old != new for old, new in zip(before, after, strict=True)]
    assert changed == [False, False, True, False, False, True], "only the two Huber curves bend"


def curves(box):
    return [curve.get_attribute("d") for curve in box.find_elements(By.CSS_SELECTOR, "path.curve")]


def test_the_point_moves_by_keyboard_and_pointer(huber_page, chrome):
    ring = huber_page.find_element(By.CSS_SELECTOR, "[role=slider].handle")
    start = float(ring.get_attribute("aria-valuenow"))
    chrome.execute_script("arguments[0].focus()", ring)
    ActionChains(chrome).send_keys(Keys.ARROW_LEFT * 3).perform()
    assert float(ring.get_attribute("aria-valuenow")) < start
    ActionChains(chrome).send_keys(Keys.END).perform()
    assert float(ring.get_attribute("aria-valuenow")) == float(ring.get_attribute("aria-valuemax"))
    plot = huber_page.find_elements(By.CSS_SELECTOR, "svg")[1]
    ActionChains(chrome).move_to_element_with_offset(plot, -40, 0).click().perform()
    assert float(ring.get_attribute("aria-valuenow")) < 0


def test_the_numbers_shown_are_the_packages(huber_page, chrome):
    ring = huber_page.find_element(By.CSS_SELECTOR, "[role=slider].handle")
    chrome.execute_script("arguments[0].focus()", ring)
    ActionChains(chrome).send_keys(Keys.ARROW_LEFT * 5).perform()
    error = torch.tensor(float(ring.get_attribute("aria-valuenow")), dtype=torch.float64)
    delta = float(huber_page.find_element(By.CSS_SELECTOR, "output").text)
    cells = huber_page.find_elements(By.CSS_SELECTOR, "table.readout tbody tr:last-child td")
    value, slope = (float(cell.text.replace("−", "-")) for cell in cells)
    assert value == pytest.approx(lossbook.huber_loss(error, torch.zeros_like(error), delta=delta).item(), abs=0.0051)
    assert slope == pytest.approx(max(-delta, min(delta, error.item())), abs=0.0051)


# --- one constant for all targets ------------------------------------------------------------------------

TAU = 0.9


def quantile_loss(prediction, target, reduction="none"):
    error = prediction - target
    return torch.maximum((1 - TAU) * error, -TAU * error)


CONSTANT_LOSSES = {
    "squared error": (lossbook.mse_loss, 40.34),
    "absolute error": (lossbook.l1_loss, 24.53),
    "one against nine": (quantile_loss, 92.81),
}


@pytest.fixture
def constant_page(chrome, address):
    colours(chrome, "light")
    go(chrome, f"{address}/book/best-constant.html")
    box = chrome.find_element(By.CSS_SELECTOR, '.interactive[data-figure="constant"]')
    chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    return box


def move_constant(chrome, box, *keys):
    ring = box.find_element(By.CSS_SELECTOR, "[role=slider].handle")
    chrome.execute_script("arguments[0].focus()", ring)
    ActionChains(chrome).send_keys(*keys).perform()
    return float(ring.get_attribute("aria-valuenow"))


def pulls_by_package(loss, constant):
    """How hard the targets pull on this constant, to the left and to the right: means over all of them."""
    target = tumour_area_error().y.double()
    said = torch.full_like(target, constant, requires_grad=True)
    (slope,) = torch.autograd.grad(loss(said, target, reduction="none").sum(), said)
    return slope.clamp(min=0).mean().item(), -slope.clamp(max=0).mean().item()


def choose(box, name):
    next(button for button in box.find_elements(By.TAG_NAME, "button") if button.text == name).click()


def test_quantile_loss_of_the_script_is_the_line_on_the_page(constant_page, chrome):
    value, slope = value_and_slope(quantile_loss)
    torch.testing.assert_close(in_script(chrome, "quantile", TAU), value)
    away = ERRORS != 0  # at the kink torch takes the middle of the two slopes
    torch.testing.assert_close(in_script(chrome, "quantileSlope", TAU)[away], slope[away])


@pytest.mark.parametrize("keys", [Keys.HOME, Keys.ARROW_LEFT * 7, Keys.PAGE_UP * 4, Keys.END])
def test_the_pulls_shown_are_the_packages(constant_page, chrome, keys):
    constant = move_constant(chrome, constant_page, keys)
    for row in constant_page.find_elements(By.CSS_SELECTOR, "table.readout tbody tr"):
        loss, _ = CONSTANT_LOSSES[row.find_element(By.TAG_NAME, "th").text]
        shown = [float(cell.text) for cell in row.find_elements(By.TAG_NAME, "td")]
        assert shown == pytest.approx(pulls_by_package(loss, constant), abs=0.0051)


@pytest.mark.parametrize("name", CONSTANT_LOSSES)
def test_at_the_best_constant_left_and_right_pull_alike(constant_page, chrome, name):
    choose(constant_page, name)
    _, best = CONSTANT_LOSSES[name]
    move_constant(chrome, constant_page, Keys.HOME, Keys.ARROW_RIGHT * round(best / 0.5))
    left, right = (float(text.text.strip("←→ ").split()[0]) for text in side_texts(constant_page))
    assert left == pytest.approx(right, abs=4)
    assert left == pytest.approx(50, abs=3)


def side_texts(box):
    return box.find_elements(By.CSS_SELECTOR, "text.side")


def test_the_bars_add_up_to_what_is_written(constant_page, chrome):
    choose(constant_page, "squared error")
    move_constant(chrome, constant_page, Keys.HOME, Keys.ARROW_RIGHT * 100)
    bars = constant_page.find_elements(By.CSS_SELECTOR, "rect.bar")
    units = 80 / (220 - 36 - 18)  # the scale of the plot: 80 percent over its height
    middle = (220 - 36 + 18) / 2
    tall = {True: 0.0, False: 0.0}
    for bar in bars:
        tall[float(bar.get_attribute("y")) < middle - 1e-6] += float(bar.get_attribute("height")) * units
    left, right = (float(text.text.strip("←→ ").split()[0]) for text in side_texts(constant_page))
    assert len(bars) == 31
    assert (tall[True], tall[False]) == pytest.approx((left, right), abs=1.5)


def test_the_constant_moves_under_the_pointer(constant_page, chrome):
    ring = constant_page.find_element(By.CSS_SELECTOR, "[role=slider].handle")
    before = ring.get_attribute("aria-valuenow")
    plot = constant_page.find_elements(By.CSS_SELECTOR, "svg")[1]
    ActionChains(chrome).move_to_element_with_offset(plot, 60, 0).click().perform()
    assert float(ring.get_attribute("aria-valuenow")) > float(before)


def test_every_box_is_filled_and_its_static_twin_hidden(chrome, address, site):
    for page in sorted((site / "book").glob("*.html")):
        if 'class="interactive"' not in page.read_text(encoding="utf8"):
            continue
        go(chrome, f"{address}/book/{page.name}")
        for box in chrome.find_elements(By.CSS_SELECTOR, ".interactive"):
            name = f"{page.name}: {box.get_attribute('data-figure')}"
            assert box.find_elements(By.CSS_SELECTOR, "svg path"), f"{name}: nothing drawn"
            assert box.find_elements(By.CSS_SELECTOR, "input, button, [role=slider]"), f"{name}: nothing to move"
        twins = chrome.find_elements(By.CSS_SELECTOR, ".static-twin")
        assert len(twins) == len(chrome.find_elements(By.CSS_SELECTOR, ".interactive")), (
            f"{page.name}: a twin is missing"
        )
        assert not any(twin.is_displayed() for twin in twins)
