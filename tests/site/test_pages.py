"""Every page of the built site, held to every check."""

import pytest

from tests.site.checks import CHECKS
from tests.site.conftest import SITE
from tests.site.visit import visit

# The source pages of the package are all made alike: two stand for them.
SOURCES = ("_modules/index.html", "_modules/lossbook/losses/regression.html")


def is_visited(page):
    """Whether it is a page of its own: index.html only leads on, and what is under _static are parts of the theme."""
    if page.startswith("_modules"):
        return page in SOURCES
    return page != "index.html" and not page.startswith("_static")


PAGES = sorted(filter(is_visited, (str(page.relative_to(SITE)) for page in SITE.rglob("*.html"))))


def test_there_are_pages():
    assert "book/intro.html" in PAGES
    assert "404.html" in PAGES


@pytest.mark.parametrize("page", PAGES)
def test_page(chrome, address, site, page):
    seen = visit(chrome, f"{address}/{page}", site)
    findings = [finding for check in CHECKS for finding in check(seen)]
    assert not findings, "\n".join([page, *findings])
