"""What a reader does on the site: search, switch the colours, read without scripts, print, download, lose the way."""

import base64
import json
import re
import zipfile
from importlib.metadata import version

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as there
from selenium.webdriver.support.ui import WebDriverWait

from tests.site.conftest import SITE
from tests.site.links import Links, dead_links
from tests.site.visit import colours, go

NOTEBOOKS = sorted(path.stem for path in (SITE / "_sources/book").glob("*.ipynb"))


def test_search_finds_huber(chrome, address):
    go(chrome, f"{address}/search.html?q=huber")
    results = (By.CSS_SELECTOR, "#search-results li a")
    WebDriverWait(chrome, 20).until(there.presence_of_element_located(results))
    WebDriverWait(chrome, 20).until(lambda c: any("book/huber.html" in _target(a) for a in c.find_elements(*results)))


def _target(link):
    return link.get_attribute("href") or ""


def test_search_says_when_nothing_is_found(chrome, address):
    go(chrome, f"{address}/search.html?q=zzyzxqq")
    WebDriverWait(chrome, 20).until(
        lambda c: "did not match any documents" in c.find_element(By.ID, "search-results").text
    )


def test_colours_follow_the_system_until_the_reader_chooses(chrome, address):
    chrome.execute_script("localStorage.clear()")
    for mode in ("dark", "light"):
        colours(chrome, mode)
        go(chrome, f"{address}/book/huber.html")
        assert _theme(chrome) == mode
    light = _background(chrome)
    chrome.find_element(By.CSS_SELECTOR, ".theme-switch-button").click()  # from «system», which is light here, to dark
    assert _theme(chrome) == "dark"
    assert _background(chrome) != light
    go(chrome, f"{address}/book/intro.html")
    assert _theme(chrome) == "dark", "the choice holds on the next page"
    chrome.execute_script("localStorage.clear()")


def _theme(chrome):
    return chrome.execute_script("return document.documentElement.dataset.theme")


def _background(chrome):
    return chrome.execute_script("return getComputedStyle(document.body).backgroundColor")


def test_without_scripts_formulas_pictures_and_colours_are_there(chrome, address):
    chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        chrome.get(f"{address}/book/huber.html")
        formulas = chrome.find_elements(By.CSS_SELECTOR, ".katex-html")
        assert formulas
        assert any(formula.size["width"] > 20 and formula.size["height"] > 8 for formula in formulas)
        assert any(picture.is_displayed() for picture in chrome.find_elements(By.CSS_SELECTOR, ".cell_output img"))
        assert not any(box.is_displayed() for box in chrome.find_elements(By.CSS_SELECTOR, ".interactive"))
        background = chrome.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")
        assert background != "rgba(0, 0, 0, 0)"
    finally:
        chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_icons_are_drawn(chrome, address):
    """They are letters of a font: without it, or with its script gone wrong, they have no width."""
    go(chrome, f"{address}/book/huber.html")
    icon = chrome.find_element(By.CSS_SELECTOR, ".article-header-buttons .fa-download, .article-header-buttons .fas")
    assert icon.size["width"] > 8
    fonts = "return [...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.family).join()"
    assert "Font Awesome" in chrome.execute_script(fonts)


def test_the_page_of_calls_is_printed_on_one_sheet(chrome, address):
    go(chrome, f"{address}/book/atlas.html")
    printed = chrome.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    sheets = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", base64.b64decode(printed["data"]))
    across = [sheet for sheet in sheets if float(sheet[0]) > float(sheet[1])]
    assert len(across) == 1, f"{len(across)} of {len(sheets)} sheets lie across"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_and_package_can_be_downloaded(site, name):
    page = site / f"book/{name}.html"
    addresses = Links(page).addresses
    assert any(a.endswith(f"_sources/book/{name}.ipynb") for a in addresses), "no link to the notebook"
    notebook = json.loads((site / f"_sources/book/{name}.ipynb").read_text(encoding="utf8"))
    assert notebook["cells"]
    wheel = f"lossbook-{version('lossbook')}-py3-none-any.whl"
    line = re.search(r'<pre class="install-line"[^>]*>(.*?)</pre>', page.read_text(encoding="utf8"), re.S)
    assert line, "the page does not say how to install the package"
    assert wheel in line[1]
    assert "[book]" in line[1]


def test_the_wheel_holds_the_package(site):
    (wheel,) = (site / "download").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "lossbook/py.typed" in names
    assert "lossbook/losses/regression.py" in names
    strangers = {name.split("/")[0] for name in names} - {"lossbook", f"lossbook-{version('lossbook')}.dist-info"}
    assert not strangers


def test_no_link_of_the_site_leads_nowhere(site):
    broken = list(dead_links(site))
    assert not broken, "\n".join(broken[:20])


def test_first_page_is_reached_from_the_root(chrome, address):
    chrome.get(f"{address}/")
    WebDriverWait(chrome, 10).until(lambda c: c.current_url.endswith("book/intro.html"))


def test_build_record_names_every_notebook_and_version(site):
    text = (site / "book/build-record.html").read_text(encoding="utf8")
    for name in NOTEBOOKS:
        assert f"book/{name}" in text, f"no run time for {name}"
    for package in ("torch", "numpy", "lossbook", "jupyter-book"):
        assert version(package) in text
