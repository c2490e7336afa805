"""The live figures: their numbers are the package's, and they move under pointer and keyboard."""

import json

import pytest
import torch
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from sklearn import datasets
from sklearn.svm import SVC

import lossbook
from lossbook.losses.sequence import one_layout, say, walk
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


# --- a score, its target and the weight of a yes ----------------------------------------------------------


@pytest.fixture
def binary_page(chrome, address):
    colours(chrome, "light")
    go(chrome, f"{address}/book/binary.html")
    box = chrome.find_element(By.CSS_SELECTOR, '.interactive[data-figure="binary"]')
    chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    return box


@pytest.mark.parametrize("weight", [1.0, 3.5, 20.0])
@pytest.mark.parametrize("answer", [0.0, 0.05, 1.0])
def test_binary_cross_entropy_of_the_script_is_the_packages(binary_page, chrome, answer, weight):
    score = ERRORS.clone().requires_grad_()
    options = {"reduction": "none", "pos_weight": torch.tensor(weight).double()}
    value = lossbook.binary_cross_entropy_with_logits(score, torch.full_like(score, answer), **options)
    (slope,) = torch.autograd.grad(value.sum(), score)
    torch.testing.assert_close(in_script(chrome, "bce", answer, weight), value.detach())
    torch.testing.assert_close(in_script(chrome, "bceSlope", answer, weight), slope)


@pytest.mark.parametrize(("name", "answer"), [("5 in 100 are yes", 0.05), ("yes", 1.0), ("no", 0.0)])
def test_the_numbers_beside_a_score_are_the_packages(binary_page, chrome, name, answer):
    choose(binary_page, name)
    slider = binary_page.find_element(By.CSS_SELECTOR, "input[type=range]")
    slider.send_keys(Keys.ARROW_RIGHT * 5)
    weight = float(binary_page.find_element(By.CSS_SELECTOR, "output").text)
    score = torch.tensor(move_constant(chrome, binary_page, Keys.ARROW_LEFT * 3)).double()
    assert weight > 1
    for row, w in zip(binary_page.find_elements(By.CSS_SELECTOR, "table.readout tbody tr"), (1.0, weight), strict=True):
        shown = [float(cell.text.replace("−", "-")) for cell in row.find_elements(By.TAG_NAME, "td")]
        factor, target = torch.tensor(w).double(), torch.tensor(answer).double()
        value = lossbook.binary_cross_entropy_with_logits(score, target, pos_weight=factor)
        slope = lossbook.binary_cross_entropy_with_logits_slope(score, target, pos_weight=factor)
        assert shown == pytest.approx([value.item(), slope.item()], abs=0.0051)


def test_a_group_rests_where_its_odds_are_multiplied(binary_page):
    choose(binary_page, "5 in 100 are yes")
    binary_page.find_element(By.CSS_SELECTOR, "input[type=range]").send_keys(Keys.END)
    says = binary_page.find_element(By.CSS_SELECTOR, ".says").text
    assert "zero at 5% without a weight, and at 51% with w = 20" in says


# --- one bell, two divergences -----------------------------------------------------------------------------


@pytest.fixture
def kl_page(chrome, address):
    colours(chrome, "light")
    go(chrome, f"{address}/book/kl-divergence.html")
    box = chrome.find_element(By.CSS_SELECTOR, '.interactive[data-figure="kl"]')
    chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    return box


def kl_data(box):
    return json.loads(box.find_element(By.TAG_NAME, "script").get_attribute("textContent"))


def bell_by_torch(outcomes, centre, width):
    outcomes = torch.tensor(outcomes, dtype=torch.float64)
    return (-((outcomes - centre) ** 2) / (2 * width**2)).log_softmax(0)


def both_orders(log_p, log_q):
    """KL(p || q) and KL(q || p), element by element, by the package."""
    options = {"reduction": "none", "log_target": True}
    return lossbook.kl_div(log_q, log_p, **options), lossbook.kl_div(log_p, log_q, **options)


@pytest.mark.parametrize("bell", [(3.0, 1.0), (4.9, 0.9), (0.0, 0.2), (9.5, 4.0)])
def test_the_bell_and_the_divergences_of_the_script_are_the_packages(kl_page, chrome, bell):
    given = kl_data(kl_page)
    log_p, log_q = torch.tensor(given["truth"], dtype=torch.float64).log(), bell_by_torch(given["outcomes"], *bell)
    call = "return lossbook.maths.bell(...arguments)"
    torch.testing.assert_close(torch.tensor(chrome.execute_script(call, given["outcomes"], *bell)).double(), log_q)
    call = "return lossbook.maths.klShares(...arguments)"
    for pair, expected in zip(((log_p, log_q), (log_q, log_p)), both_orders(log_p, log_q), strict=True):
        shares = chrome.execute_script(call, *(part.tolist() for part in pair))
        torch.testing.assert_close(torch.tensor(shares, dtype=torch.float64), expected)


def shown_numbers(box):
    rows = box.find_elements(By.CSS_SELECTOR, "table.readout tbody tr")
    return [[float(cell.text.replace("−", "-")) for cell in row.find_elements(By.TAG_NAME, "td")] for row in rows]


def test_the_divergences_shown_are_the_packages_and_the_best_is_best(kl_page, chrome):
    given = kl_data(kl_page)
    log_p = torch.tensor(given["truth"], dtype=torch.float64).log()
    ring = kl_page.find_element(By.CSS_SELECTOR, "[role=slider].handle")
    chrome.execute_script("arguments[0].focus()", ring)
    for keys in (Keys.ARROW_RIGHT * 4, Keys.PAGE_UP, Keys.HOME, Keys.ARROW_RIGHT * 49):
        ActionChains(chrome).send_keys(keys).perform()
        width = float(kl_page.find_element(By.CSS_SELECTOR, "output").text)
        here = bell_by_torch(given["outcomes"], float(ring.get_attribute("aria-valuenow")), width)
        for i, (yours, best) in enumerate(shown_numbers(kl_page)):
            assert yours == pytest.approx(both_orders(log_p, here)[i].sum().item(), abs=0.0051)
            assert best <= yours
            optimum = bell_by_torch(given["outcomes"], *given["best"]["forward" if i == 0 else "reverse"])
            assert best == pytest.approx(both_orders(log_p, optimum)[i].sum().item(), abs=0.0051)


def test_the_choice_of_the_order_changes_the_bars(kl_page, chrome):
    bars = [bar.get_attribute("y") for bar in kl_page.find_elements(By.CSS_SELECTOR, "rect.bar")]
    choose(kl_page, "KL(q‖p), model first")
    after = [bar.get_attribute("y") for bar in kl_page.find_elements(By.CSS_SELECTOR, "rect.bar")]
    assert len(bars) == len(after) == 18
    assert bars != after


# --- the lattice of CTC ------------------------------------------------------------------------------------

CHANCES = [[0.2, 0.6, 0.2], [0.5, 0.3, 0.2], [0.2, 0.1, 0.7]]


@pytest.fixture
def ctc_page(chrome, address):
    colours(chrome, "light")
    go(chrome, f"{address}/book/ctc.html")
    box = chrome.find_element(By.CSS_SELECTOR, '.interactive[data-figure="ctc"]')
    chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    return box


def lattice_in_script(chrome, chances, labels):
    """All sums, and the chance of the word, as the script has them."""
    call = """const [chances, labels] = arguments, m = lossbook.maths, states = m.ctcStates(labels);
              return [m.ctcAlphas(chances, states), m.ctcTotal(chances, states)];"""
    alphas, total = chrome.execute_script(call, chances, labels)
    return torch.tensor(alphas, dtype=torch.float64), total


def lattice_in_package(chances, labels):
    log_probs = torch.tensor(chances, dtype=torch.float64).log()
    arguments = (log_probs, torch.tensor(labels).long(), [len(chances)], [len(labels)])
    scores, states, read, lengths = one_layout(*arguments, blank=0)
    _, alphas = walk(say(scores, states), states, read, torch.zeros_like(lengths))
    return torch.stack(alphas)[:, 0].exp(), lossbook.ctc_loss(*arguments, reduction="sum").neg().exp().item()


@pytest.mark.parametrize("labels", [[1, 2], [1, 1], [1, 2, 2], [1], [], [2, 1, 2]])
def test_the_sums_of_the_script_are_the_packages(ctc_page, chrome, labels):
    longer = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)).double().softmax(-1).tolist()
    for chances in (CHANCES, longer):
        alphas, total = lattice_in_script(chrome, chances, labels)
        expected, chance = lattice_in_package(chances, labels)
        torch.testing.assert_close(alphas, expected)
        assert total == pytest.approx(chance)


def test_the_ways_of_the_script_are_all_alignments(ctc_page, chrome):
    call = """const [chances, labels] = arguments, m = lossbook.maths, states = m.ctcStates(labels);
              return m.ctcWays(chances, states).filter(({walk}) => m.ctcCanEnd(states, walk.at(-1), 0))
                .map(({walk, p}) => [walk.map((s) => states[s]).join(""), p]);"""
    found = dict(chrome.execute_script(call, CHANCES, [1, 2]))
    assert found == pytest.approx({"112": 0.126, "122": 0.084, "012": 0.042, "102": 0.21, "120": 0.024})


def test_the_lattice_is_stepped_through(ctc_page):
    slider = ctc_page.find_element(By.CSS_SELECTOR, "input[type=range]")
    numbers = [len(ctc_page.find_elements(By.CSS_SELECTOR, "text.alpha"))]
    for _ in range(2):
        slider.send_keys(Keys.ARROW_RIGHT)
        numbers.append(len(ctc_page.find_elements(By.CSS_SELECTOR, "text.alpha")))
    assert numbers == [2, 6, 11]
    says = ctc_page.find_element(By.CSS_SELECTOR, ".says")
    assert "probability 0.486" in says.text
    choose(ctc_page, "aa")
    assert "probability 0.030" in says.text
    choose(ctc_page, "abb")
    assert "loss infinite" in says.text


def test_every_box_is_filled_and_its_static_twin_hidden(chrome, address, site):
    for page in sorted((site / "book").glob("*.html")):
        if 'class="interactive"' not in page.read_text(encoding="utf8"):
            continue
        go(chrome, f"{address}/book/{page.name}")
        for box in chrome.find_elements(By.CSS_SELECTOR, ".interactive"):
            name = f"{page.name}: {box.get_attribute('data-figure')}"
            assert box.find_elements(By.CSS_SELECTOR, "svg :is(path, circle, line, rect)"), f"{name}: nothing drawn"
            assert box.find_elements(By.CSS_SELECTOR, "input, button, [role=slider]"), f"{name}: nothing to move"
        twins = chrome.find_elements(By.CSS_SELECTOR, ".static-twin")
        assert len(twins) == len(chrome.find_elements(By.CSS_SELECTOR, ".interactive")), (
            f"{page.name}: a twin is missing"
        )
        assert not any(twin.is_displayed() for twin in twins)


# --- the hinge, and who still pulls -----------------------------------------------------------------------


@pytest.fixture
def hinge_page(chrome, address):
    colours(chrome, "light")
    go(chrome, f"{address}/book/hinge.html")
    box = chrome.find_element(By.CSS_SELECTOR, '.interactive[data-figure="hinge"]')
    chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    return box


def signed_value_and_slope(loss, side, **options):
    score = ERRORS.clone().requires_grad_()
    value = loss(score, torch.full_like(score, side), reduction="none", **options)
    (slope,) = torch.autograd.grad(value, score, torch.ones_like(value))
    return value.detach(), slope


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_hinge_of_the_script_is_the_packages(hinge_page, chrome, side):
    for margin in (0.0, 0.5, 1.0, 3.0):
        value, slope = signed_value_and_slope(lossbook.hinge_loss, side, margin=margin)
        torch.testing.assert_close(in_script(chrome, "hinge", side, margin), value)
        torch.testing.assert_close(in_script(chrome, "hingeSlope", side, margin), slope)
    score = ERRORS.clone().requires_grad_()
    value = lossbook.binary_cross_entropy_with_logits(score, torch.full_like(score, (side + 1) / 2), reduction="none")
    (slope,) = torch.autograd.grad(value, score, torch.ones_like(value))
    torch.testing.assert_close(in_script(chrome, "softMargin", side), value.detach())
    torch.testing.assert_close(in_script(chrome, "softMarginSlope", side), slope)


def test_those_that_still_pull_are_the_support_vectors(hinge_page, chrome):
    bunch = datasets.load_breast_cancer()
    at = [list(bunch.feature_names).index(name) for name in ("worst radius", "worst smoothness")]
    rows = bunch.data[:, at]
    rows = (rows - rows.mean(0)) / rows.std(0, ddof=1)
    support = SVC(kernel="linear", C=1.0, tol=1e-10).fit(rows, 1 - bunch.target).n_support_.tolist()
    says = hinge_page.find_element(By.CSS_SELECTOR, ".says").text
    assert says.startswith(f"{sum(support)} of 569 tumours")
    slider = hinge_page.find_element(By.CSS_SELECTOR, "input[type=range]")
    slider.send_keys(Keys.ARROW_RIGHT * 20)
    assert hinge_page.find_element(By.CSS_SELECTOR, "output").text == "2.00"
    more = int(hinge_page.find_element(By.CSS_SELECTOR, ".says").text.split()[0])
    assert more > sum(support)


def test_the_label_turns_the_hinge_round(hinge_page):
    before = curves(hinge_page)
    choose(hinge_page, "y = −1: harmless")
    assert all(old != new for old, new in zip(before, curves(hinge_page), strict=True))
    value, slope = (
        float(cell.text.replace("−", "-"))
        for cell in hinge_page.find_elements(By.CSS_SELECTOR, "table.readout tbody tr:first-child td")
    )
    assert (value, slope) == (0.5, 1.0)


# --- a triplet and its pulls ------------------------------------------------------------------------------


@pytest.fixture
def triplet_page(chrome, address):
    colours(chrome, "light")
    go(chrome, f"{address}/book/embeddings.html")
    box = chrome.find_element(By.CSS_SELECTOR, '.interactive[data-figure="triplet"]')
    chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    return box


@pytest.mark.parametrize("margin", [0.05, 0.6, 2.0])
def test_the_triplet_of_the_script_is_the_packages(triplet_page, chrome, margin):
    triplets = torch.randn(20, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for three in triplets:
        vectors = three.clone().requires_grad_()
        value = lossbook.triplet_margin_loss(*vectors, margin=margin)
        (slopes,) = torch.autograd.grad(value, vectors)
        call = "const [a, p, n, m] = arguments; return lossbook.maths.triplet(a, p, n, m);"
        found = chrome.execute_script(call, *three.tolist(), margin)
        assert found["loss"] == pytest.approx(value.item(), abs=1e-12)
        torch.testing.assert_close(torch.tensor(found["slopes"], dtype=torch.float64), slopes, atol=1e-9, rtol=0)


def test_the_arrows_vanish_when_the_triplet_is_silent(triplet_page):
    distance, _, margin = triplet_page.find_elements(By.CSS_SELECTOR, "input[type=range]")
    arrows = triplet_page.find_elements(By.CSS_SELECTOR, "svg")[0].find_elements(By.CSS_SELECTOR, "path.curve")
    distance.send_keys(Keys.HOME)
    assert all(arrow.get_attribute("d") for arrow in arrows)
    margin.send_keys(Keys.HOME)
    distance.send_keys(Keys.END)
    assert not any(arrow.get_attribute("d") for arrow in arrows)
    assert "silent" in triplet_page.find_element(By.CSS_SELECTOR, ".says").text
    lengths = triplet_page.find_elements(By.CSS_SELECTOR, "table.readout td:last-child")
    assert [float(cell.text) for cell in lengths] == [0, 0, 0]
