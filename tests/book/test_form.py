"""Every rule of form and of reading, applied to every page that `_toc.yml` names."""

from __future__ import annotations

from functools import cache

import pytest

from book.notebooks import ROOT, toc_notebooks
from tests.book import form, reading
from tests.book.pages import Page, page_paths, unmatched

RULES = form.RULES + reading.RULES


page_of = cache(Page.read)  # each page is read and parsed once for all rules


def test_there_are_notebooks():
    assert toc_notebooks(), "no notebook of _toc.yml exists, so the rules below would hold of nothing"


def test_every_page_is_in_the_contents_and_there():
    assert not [str(finding) for finding in unmatched(ROOT)]


@pytest.mark.parametrize("path", page_paths(ROOT), ids=lambda path: path.stem)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_page(rule, path):
    found = [str(finding) for finding in rule(page_of(path))]
    assert not found, "\n" + "\n".join(found)
