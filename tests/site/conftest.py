"""The built site, a server for it, and one browser for all tests."""

import os
from pathlib import Path

import pytest

from tests.site.visit import find_browser, served, start_browser

SITE = Path(__file__).parents[2] / "_build/html"


@pytest.fixture(scope="session")
def site():
    assert (SITE / "book").is_dir(), "no site to test: run `make book` first"
    return SITE


@pytest.fixture(scope="session")
def address(site):
    with served(site) as home:
        yield home


@pytest.fixture(scope="session")
def chrome():
    found = find_browser()
    if found is None:
        missing = (
            "no Chromium with its chromedriver on this machine, so the site was not looked at; on Debian or Ubuntu: "
            "apt-get install chromium chromium-driver"
        )
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    browser = start_browser(*found)
    yield browser
    browser.quit()
