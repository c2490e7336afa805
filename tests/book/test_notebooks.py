"""`book/notebooks.py` writes one form, twice the same, and refuses what must not be stored."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from book import notebooks
from book.notebooks import dump, load, main, normal, toc_notebooks, toc_pages


@pytest.fixture
def book(tmp_path, monkeypatch):
    """An empty book of one named page: `book(cells)` writes it and returns its path."""
    (tmp_path / "book").mkdir()
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/page\n")
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(notebooks, "chosen", lambda pages: toc_notebooks(tmp_path))

    def write(*cells):
        path = tmp_path / "book" / "page.ipynb"
        path.write_text(dump(from_dict(new_notebook(cells=list(cells)))), encoding="utf-8")
        return path

    return write


# --- which notebooks -----------------------------------------------------------------------------------


def test_contents_in_reading_order(tmp_path):
    (tmp_path / "_toc.yml").write_text(
        "root: book/intro\nparts:\n- caption: A\n  chapters:\n  - file: book/a\n    sections:\n    - file: book/b\n"
        "- caption: B\n  chapters:\n  - file: book/c\n"
    )
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "b.ipynb").touch()
    assert toc_pages(tmp_path) == ["book/intro", "book/a", "book/b", "book/c"]
    assert toc_notebooks(tmp_path) == [tmp_path / "book" / "b.ipynb"]


def test_pages_by_name(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "huber.ipynb").touch()
    expected = [tmp_path / "book" / "huber.ipynb"]
    assert notebooks.chosen(["huber"], tmp_path) == notebooks.chosen(["book/huber.ipynb"], tmp_path) == expected
    with pytest.raises(SystemExit, match=r"hubert\.ipynb"):
        notebooks.chosen(["hubert"], tmp_path)


# --- normal form ---------------------------------------------------------------------------------------


def messy():
    """A notebook as an editor leaves it."""
    picture = new_output(
        "display_data", {"image/png": "iVBOR", "text/plain": "<Figure>"}, metadata={"image/png": {"width": 7}}
    )
    number = new_output("execute_result", {"text/plain": "2"}, execution_count=9)
    editor = {"execution": {"iopub.execute_input": "2026"}, "collapsed": True, "tags": [], "mystnb": {"image": {}}}
    cells = [
        new_markdown_cell("# Title", id="same"),
        new_code_cell("1 + 1", id="lost", metadata=editor, outputs=[number, picture], execution_count=9),
        new_code_cell("time()", id="timed", metadata={"tags": ["nbval-ignore-output"]}, outputs=[number]),
    ]
    notebook = from_dict(new_notebook(cells=cells))
    notebook.metadata = from_dict({"colab": {}, "language_info": {"version": "3.11.7"}})
    del notebook.cells[1]["id"]
    return notebook


def test_normal_form():
    result = normal(messy())
    title, sum_, timed = result.cells
    assert result.metadata == notebooks.METADATA
    assert (result.nbformat, result.nbformat_minor) == (4, 5)
    assert title.id == "same"
    assert sum_.metadata == {"mystnb": {"image": {}}}
    assert [sum_.execution_count, timed.execution_count] == [1, 2]
    assert sum_.outputs[0].execution_count == 1
    assert sum_.outputs[1] == {"output_type": "display_data", "data": {"text/plain": "<Figure>"}, "metadata": {}}
    assert timed.outputs == []


def test_normal_form_is_final():
    once = dump(normal(messy()))
    assert dump(normal(load(once))) == once


def test_ids_are_invented_once_and_alike():
    first, second = normal(messy()), normal(messy())
    assert [cell.id for cell in first.cells] == [cell.id for cell in second.cells]
    twins = messy()
    twins.cells[1].id = "same"
    ids = [cell.id for cell in normal(twins).cells]
    assert ids[0] == "same"
    assert len(set(ids)) == 3


def test_the_original_is_left_alone():
    notebook = messy()
    before = json.dumps(notebook)
    normal(notebook)
    assert json.dumps(notebook) == before


def test_file_is_what_nbformat_writes(tmp_path):
    notebook = normal(messy())
    nbformat.write(notebook, tmp_path / "n.ipynb")
    assert (tmp_path / "n.ipynb").read_text() == dump(notebook)


# --- the commands --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_running_twice_changes_no_byte(book, capsys):
    path = book(
        new_code_cell("%xmode Minimal", id="first"),
        new_code_cell("import os, sys, time\nprint('a', flush=True)\ntime.sleep(.1)\nprint('b')", id="flushed"),
        new_code_cell("time.time()", id="timed", metadata={"tags": ["nbval-ignore-output"]}),
        new_code_cell("1 / 0", id="fails", metadata={"tags": ["raises-exception"]}),
        new_code_cell("os.path.basename(os.getcwd())", id="where"),
    )
    assert main([]) == 0
    first = path.read_bytes()
    assert main([]) == 0
    assert path.read_bytes() == first
    assert "wrote" in (told := capsys.readouterr().out)
    assert "same" in told
    assert main(["--check"]) == 0

    cells = {cell.id: cell for cell in load(first.decode()).cells}
    assert cells["flushed"].outputs == [{"output_type": "stream", "name": "stdout", "text": "a\nb\n"}]
    assert cells["timed"].outputs == []
    assert cells["fails"].outputs[0].ename == "ZeroDivisionError"
    assert cells["where"].outputs[0].data["text/plain"] == "'book'"
    assert [cell.execution_count for cell in cells.values()] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import warnings\nwarnings.warn('careful')", "cell 1 wrote to stderr"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_bad_notebook_is_named_and_left_as_it_was(book, capsys, source, says):
    path = book(new_code_cell(source, id="bad"))
    before = path.read_bytes()
    assert main([]) == 1
    told = capsys.readouterr().out
    assert "FAIL  page.ipynb" in told
    assert says in told
    assert path.read_bytes() == before


def test_check_executes_nothing_and_names_the_file(book, capsys):
    path = book(new_code_cell("raise SystemExit", id="never"))
    before = path.read_bytes()
    assert main(["--check"]) == 1
    assert "page.ipynb is not in normal form" in capsys.readouterr().out
    assert path.read_bytes() == before


@pytest.mark.slow
def test_everywhere_compares_under_each_setting(book, capsys, monkeypatch):
    monkeypatch.setattr(notebooks, "CPUS", ("default",))
    stored = new_output("execute_result", {"text/plain": "2"}, execution_count=1)
    book(new_code_cell("import os\nint(os.environ['OMP_NUM_THREADS'])", id="a", outputs=[stored], execution_count=1))
    assert main(["--everywhere"]) == 1
    told = capsys.readouterr().out
    assert "1 of 2 passed" in told
    assert "mismatch" in told


def test_nothing_to_do_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "chosen", lambda pages: [])
    assert main([]) == 1
