"""A check that cannot fail is no check: each kind is given a bad page and must say so, and a good one and be silent."""

import random

import pytest

from tests.site import checks
from tests.site.links import dead_links
from tests.site.visit import served, visit

GOOD = """<!DOCTYPE html><html lang="en"><head><title>A page</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width">
<meta name="description" content="A page that says what it is about.">{head}</head>
<body><main><h1>A page</h1><p>The Loss Book {version} and lossbook {version}.</p>{body}</main></body></html>"""

# check -> what is put into the good page
PLANTED = {
    "third_party": '<script src="https://third.party.example/x.js"></script>',
    "failed_requests": '<img src="gone.png" alt="a picture">',
    "console": "<script>console.error('help')</script>",
    "pictures_drawn": "<pre>&lt;Figure size 640x480 with 1 Axes&gt;</pre>",
    "formulas": '<span class="katex-error">\\frac{1}</span>',
    "alt_texts": '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
    "accessible": '<p style="color: #ccc; background: #fff">too pale to read</p>',
    "narrow": '<div style="width: 700px">too wide</div>',
    "light_weight": '<script src="heavy.js"></script>',
}
# check -> what is taken out of it
TAKEN = {"described": 'content="A page that says what it is about."', "versions_shown": "The Loss Book"}


@pytest.fixture
def look(chrome, tmp_path):
    """Visits a page made of the good one."""

    def visited(body="", without=""):
        page = GOOD.format(head="", body=body, version=checks.version("lossbook")).replace(without, "")
        (tmp_path / "page.html").write_text(page, encoding="utf8")
        noise = random.Random(0).randbytes(checks.MOST_KIB * 1024).hex()
        (tmp_path / "heavy.js").write_text(f"/* {noise} */", encoding="utf8")
        with served(tmp_path) as home:
            return visit(chrome, f"{home}/page.html", tmp_path)

    return visited


def test_every_kind_of_check_is_put_to_the_test():
    assert {check.__name__ for check in checks.CHECKS} == PLANTED.keys() | TAKEN.keys()


def test_a_good_page_passes(look):
    seen = look()
    assert not [finding for check in checks.CHECKS for finding in check(seen)]


@pytest.mark.parametrize("name", PLANTED)
def test_check_finds_what_was_planted(look, name):
    assert list(getattr(checks, name)(look(body=PLANTED[name])))


@pytest.mark.parametrize("name", TAKEN)
def test_check_misses_what_was_taken(look, name):
    assert list(getattr(checks, name)(look(without=TAKEN[name])))


@pytest.mark.parametrize("left", ["$$ e = mc^2 $$", r"the slope \frac{1}{2}", r"beyond \delta it is flat"])
def test_source_left_in_place_of_a_formula_is_found(look, left):
    assert list(checks.formulas(look(body=f"<p>{left}</p>")))
    assert not list(checks.formulas(look(body=f"<pre>{left}</pre>")))


def test_a_formula_cut_off_on_the_left_is_found(look):
    formula = '<div class="math" style="overflow: auto"><span class="katex-html" style="{}"><i>e = mcc</i></span></div>'
    assert not list(checks.narrow(look(body=formula.format(""))))
    (found,) = checks.narrow(look(body=formula.format("display: block; margin-left: -30px")))
    assert "the start of e = mcc" in found


def test_low_contrast_in_the_dark_alone_is_found(look):
    style = "<style>@media (prefers-color-scheme: dark) { p { color: #ccc; background: #fff } }</style>"
    assert {finding.split(":")[0] for finding in checks.accessible(look(body=style))} == {"axe, dark"}


def test_dead_links_are_found(tmp_path):
    (tmp_path / "a.html").write_text('<a href="gone.html"></a><a href="b.html#here"></a><a href="b.html#not"></a>')
    (tmp_path / "b.html").write_text('<p id="here"></p>')
    assert [finding.split(" ")[1] for finding in dead_links(tmp_path)] == ["gone.html", "b.html#not"]


def test_an_allowed_finding_names_its_element_and_its_reason():
    for part, reason in checks.UNMENDABLE.values():
        assert part
        assert len(reason.split()) > 5
