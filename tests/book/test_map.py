"""The map on the front page leads to every page that there is, and names none that is planned as if it were."""

import re

from book.notebooks import ROOT, toc_pages
from tests.book.pages import Page

FRONT = "intro"


def linked(page: Page) -> set[str]:
    """The pages that the map links to, by name."""
    (map_cell,) = (cell for cell in page.markdown if cell.source.startswith("## The map"))
    return set(re.findall(r"\]\(([\w-]+)\.(?:ipynb|md)\)", map_cell.source))


def test_the_map_is_the_table_of_contents():
    pages = {page.removeprefix("book/") for page in toc_pages(ROOT)} - {FRONT}
    assert linked(Page.read(ROOT / "book" / f"{FRONT}.ipynb")) == pages
