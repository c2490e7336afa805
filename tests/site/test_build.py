"""A small book with the settings of the real one, full of faults: the build fails and says where each is.

Its two addresses are set, which those of the real book may not be.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[2]
REPOSITORY, BASE = "https://github.com/someone/something", "https://books.example/loss/"

# page -> its text, and what the build must say about it
FAULTS = {
    "tex": (r"$\frac{1}$ is no formula.", "formula not understood"),
    "citation": ("As nobody said {cite:p}`nobody1900`.", "nobody1900"),
    "function": ("See {py:func}`lossbook.no_such_loss`.", "lossbook.no_such_loss"),
    "link": ("See [this page](nowhere.md).", "nowhere.md"),
    "place": ("See [this place](tex.md#nowhere).", "nowhere"),
    "term": ("It is a {term}`nonsense`.", "nonsense"),
    "picture": ("![a picture](nowhere.png)", "nowhere.png"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory, site):
    """The folder of the small book after its build, the exit status, and what was said."""
    folder = tmp_path_factory.mktemp("small")
    shutil.copytree(site.parent / "extra", folder / "_build/extra")
    for part in ("_ext", "_static", "_templates", "references.bib"):
        (folder / "book").mkdir(exist_ok=True)
        (folder / "book" / part).symlink_to(ROOT / "book" / part)
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
    settings["repository"]["url"] = REPOSITORY
    settings["html"]["baseurl"] = BASE
    (folder / "_config.yml").write_text(yaml.safe_dump(settings), encoding="utf8")
    write_pages(folder)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", folder, "-W", "--keep-going"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=folder, env={**os.environ, "NO_COLOR": "1"})
    return folder, ran.returncode, ran.stdout + ran.stderr


def write_pages(folder):
    for name, (text, _) in FAULTS.items():
        (folder / f"book/{name}.md").write_text(f"# A page\n\n{text}\n", encoding="utf8")
    (folder / "book/build-record.md").write_text("# Build record\n\nSome words to say so.\n", encoding="utf8")
    (folder / "book/intro.md").write_text("# First page\n\n```{bibliography}\n```\n", encoding="utf8")
    cells = [nbformat.v4.new_markdown_cell("# Raises\n\nA page whose code fails."), nbformat.v4.new_code_cell("1 / 0")]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "P"}})
    nbformat.write(notebook, folder / "book/raises.ipynb")
    chapters = [{"file": f"book/{name}"} for name in [*FAULTS, "raises", "build-record"]]
    toc = {"format": "jb-book", "root": "book/intro", "chapters": chapters}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf8")


def warnings_about(page, said):
    return [line for line in said.splitlines() if f"book/{page}." in line and "WARNING" in line]


def test_the_build_fails(built):
    assert built[1] != 0


@pytest.mark.parametrize("page", FAULTS)
def test_the_fault_is_named_with_its_page(built, page):
    assert any(FAULTS[page][1] in line for line in warnings_about(page, built[2])), built[2][-3000:]


def test_a_notebook_that_raises_is_named(built):
    assert any("Executing notebook failed" in line for line in warnings_about("raises", built[2]))


def test_with_the_addresses_set_every_page_uses_them(built):
    page = (built[0] / "_build/html/book/raises.html").read_text(encoding="utf8")
    assert f'href="{REPOSITORY}/issues/new?title=Error%20on%20page%20book/raises"' in page
    assert f"lossbook[book] @ {BASE}download/lossbook-" in page.replace("&#34;", '"')
    assert f'<meta property="og:url" content="{BASE}book/raises.html" />' in page
    lost = (built[0] / "_build/html/404.html").read_text(encoding="utf8")
    assert f'<base href="{BASE}">' in lost


def test_what_needs_an_address_is_there_only_when_it_is_set(site):
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
    page = (site / "book/huber.html").read_text(encoding="utf8")
    assert ("issues/new" in page) == bool(settings["repository"]["url"])
    assert ("og:url" in page) == bool(settings["html"]["baseurl"])
    assert "executablebooks" not in page, "Jupyter Book's own address stands in for the missing one"
