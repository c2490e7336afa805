"""Rules of the stored form: what a committed notebook may hold, so that a comparison with it means something.

Each rule takes a page and yields what is wrong with it. `RULES` lists them; `test_form.py` applies them to the
book, `test_form_bites.py` to pages with a fault planted.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from book.notebooks import ROOT, UNSTORED, dump, normal
from tests.book.pages import FOLDING_TAGS, Cell, Finding, Page

RAISES = "raises-exception"
# The first two are all that may touch nbval. `hide-*` folds, `remove-*` leaves out; both still run.
TAGS = {UNSTORED, RAISES} | FOLDING_TAGS | {"hide-output", "remove-output"}

TIMING = {"section", "record"}
MACHINE_PATH = re.compile(r"(?<![\w.:/~-])/(?:home|tmp|Users|root|private|var|opt|mnt|usr)/\S*|\b[A-Z]:\\\\?\w+")
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{5,}\b")
NBVAL_COMMENT = re.compile(r"#\s*(?:NBVAL_|PYTEST_VALIDATE_)\w+")
EMBEDDED_IMAGE = re.compile(r"data:image/\w+|<svg\b")


def counted(page: Page) -> Iterator[Finding]:
    """Code cells count 1..n: nbval compares nothing in a cell that has no count."""
    for expected, cell in enumerate(page.code, 1):
        if cell.node.execution_count != expected:
            yield page.finding(cell, f"execution_count is {cell.node.execution_count}, not {expected}")


def in_normal_form(page: Page) -> Iterator[Finding]:
    """The file is, byte for byte, what `book/notebooks.py` writes."""
    if page.is_notebook and page.text != dump(normal(page.notebook)):
        yield page.finding(None, f"not in normal form: run `python book/notebooks.py {page.name}`")


def without_images(page: Page) -> Iterator[Finding]:
    """No picture is stored, in an output, an attachment or a data address."""
    for cell in page.cells:
        kinds = [kind for output in cell.outputs for kind in output.get("data", {}) if kind.startswith("image/")]
        if kinds or cell.node.get("attachments"):
            yield page.finding(cell, f"stores a picture ({', '.join(kinds) or 'attachment'})")
        elif any(EMBEDDED_IMAGE.search(text) for text in (cell.source, *cell.texts())):
            yield page.finding(cell, "stores a picture inside text")


def errors_on_purpose(page: Page) -> Iterator[Finding]:
    """A cell fails if and only if it is tagged so, and its traceback is one line that never changes."""
    tagged = [cell for cell in page.code if RAISES in cell.tags]
    for cell in page.code:
        failed = any(output.output_type == "error" for output in cell.outputs)
        if failed and RAISES not in cell.tags:
            yield page.finding(cell, f"stores an error, but is not tagged {RAISES}")
        if not failed and RAISES in cell.tags:
            yield page.finding(cell, f"is tagged {RAISES}, but stores no error")
    if tagged and not (first_is_hidden(page) and "%xmode Minimal" in page.code[0].source):
        yield page.finding(tagged[0], "fails on purpose, so the hidden first cell must set `%xmode Minimal`")


def first_is_hidden(page: Page) -> bool:
    return bool(page.code) and "remove-cell" in page.code[0].tags


def set_up_hidden(page: Page) -> Iterator[Finding]:
    """The first code cell is the set-up, and the site leaves it out."""
    if page.code and not first_is_hidden(page):
        yield page.finding(page.code[0], "the first code cell (the set-up) must be tagged remove-cell")


def of_no_machine(page: Page) -> Iterator[Finding]:
    """No path and no memory address of the machine that ran it."""
    own = (str(ROOT), str(Path.home()) + "/")
    for cell in page.cells:
        for text in (cell.source, *cell.texts()):
            path = MACHINE_PATH.search(text)
            if path or any(place in text for place in own):
                yield page.finding(cell, f"holds a path of one machine: {path[0] if path else own[0]}")
        for text in cell.texts():
            if address := ADDRESS.search(text):
                yield page.finding(cell, f"prints a memory address, which changes on each run: {address[0]}")


def without_stderr(page: Page) -> Iterator[Finding]:
    for cell in page.cells:
        if any(output.get("name") == "stderr" for output in cell.outputs):
            yield page.finding(cell, "stores stderr; show a warning worth showing as text")


def tags_known(page: Page) -> Iterator[Finding]:
    """Only tags that mean something here; nbval is never told by a comment what to skip."""
    for cell in page.cells:
        for tag in sorted(cell.tags - TAGS):
            yield page.finding(cell, f"has the tag {tag!r}; known are {', '.join(sorted(TAGS))}")
        if comment := NBVAL_COMMENT.search(cell.source):
            yield page.finding(cell, f"steers nbval by a comment: {comment[0]}")


def uncompared_in_pairs(page: Page) -> Iterator[Finding]:
    """A cell that nbval does not compare times something, or asserts what it claims about what it computed."""
    for cell in page.code:
        if UNSTORED in cell.tags and not (times(cell) or any(claims(node) for node in cell.asserts)):
            yield page.finding(cell, f"is tagged {UNSTORED}, but neither times anything nor asserts its claim")


def times(cell: Cell) -> bool:
    """Whether it calls the recorder: `timing.…(…)`, `section(…)`, or `record(…)`, which ends in one."""
    return any("timing" in name.split(".") or name.split(".")[-1] in TIMING for name, _ in cell.calls())


def claims(node: ast.Assert) -> bool:
    """Whether the assert compares something computed: `assert True` claims nothing."""
    compares = any(isinstance(part, ast.Compare | ast.Call) for part in ast.walk(node.test))
    return compares and any(isinstance(part, ast.Name) for part in ast.walk(node.test))


def compiles_elsewhere(page: Page) -> Iterator[Finding]:
    """`torch.compile` takes seconds and a compiler: it belongs to recorded runs and the timing page."""
    for cell in page.code:
        if page.name != "timing" and any(name == "torch.compile" for name, _ in cell.calls()):
            yield page.finding(cell, "calls torch.compile in a live cell")


RULES: tuple[Callable[[Page], Iterator[Finding]], ...] = (
    counted,
    in_normal_form,
    without_images,
    errors_on_purpose,
    set_up_hidden,
    of_no_machine,
    without_stderr,
    tags_known,
    uncompared_in_pairs,
    compiles_elsewhere,
)
