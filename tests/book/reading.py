"""Rules of reading: a page is short to look at, described in words, and opens and closes like its sisters."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from statistics import median

from book.notebooks import UNSTORED
from tests.book.form import TIMING
from tests.book.loose_numbers import loose_numbers
from tests.book.pages import FOLDED, MATHS, Cell, Finding, Page, headings, sections, unfenced, words

MOST_WORDS = 3500
MOST_CODE_CELLS = 25
MOST_MEDIAN_LINES = 6
MOST_LINES = 20
MOST_SAID = 3
MOST_ASSERT_WIDTH = 100
LEAST_ALT_WORDS = 5
LEAST_OPENING_WORDS = 25
EXERCISES = 3
ENDING = ("In short", "Exercises", "Sources", "Next")

STORED_PICTURE = re.compile(r"^<(?:Figure|PIL\.|IPython\.core\.display\.(?:Image|SVG))", re.M)
DRAWING = {"show", "subplots", "subplot_mosaic", "figure", *TIMING}
TITLING = {"title", "set_title", "suptitle"}
# They title their figures themselves, with numbers that they compute, or take the title as an argument.
TITLED = {"curves", "draw_regrets", *TIMING}
EXERCISE_START = re.compile(r"^(?:\*\*(?:Exercise\s+)?\d+\b|#{3,4} )", re.M)
# Where something folded begins: `:::{dropdown} …`, an admonition of class dropdown, or HTML's own <details>.
FOLD_START = re.compile(r"^(?=[:`]{3,}(?P<head>\{\w+\}[^\n]*(?:\n:[^\n]*)*))|^(?=<details)", re.M)
FOLD_MARK = "\N{BALLOT BOX}"
BARE_IMAGE = re.compile(r"!\[\s*\]\(|<img(?![^>]*\balt=\"[^\"]+\")[^>]*>")
DIRECTIVE_IMAGE = re.compile(r"^(?P<fence>[:`]{3,})\{(?:image|figure)\}(?P<body>.*?)^(?P=fence)", re.M | re.S)


# --- length --------------------------------------------------------------------------------------------


def short_to_read(page: Page) -> Iterator[Finding]:
    shown = sum(words(cell.source) for cell in page.markdown)
    if page.is_bounded and shown > MOST_WORDS:
        yield page.finding(None, f"shows {shown} words; at most {MOST_WORDS}")


def short_to_look_at(page: Page) -> Iterator[Finding]:
    """Few code cells in sight, small ones."""
    shown = [cell for cell in page.code if cell.shown]
    if page.is_bounded and len(shown) > MOST_CODE_CELLS:
        yield page.finding(None, f"shows {len(shown)} code cells; at most {MOST_CODE_CELLS}")
    if page.is_chapter and shown and (middle := median(cell.lines for cell in shown)) > MOST_MEDIAN_LINES:
        yield page.finding(None, f"its shown cells have a median of {middle:g} lines; at most {MOST_MEDIAN_LINES}")
    for cell in shown:
        if page.is_chapter and cell.lines > MOST_LINES:
            yield page.finding(cell, f"shows {cell.lines} lines of code; at most {MOST_LINES}")


def asserts_in_one_line(page: Page) -> Iterator[Finding]:
    for cell in page.code:
        for node in cell.asserts if cell.shown else ():
            last = node.end_lineno or node.lineno
            if last != node.lineno or (node.end_col_offset or 0) > MOST_ASSERT_WIDTH:
                yield page.finding(cell, f"a visible assert is one line of at most {MOST_ASSERT_WIDTH} characters")


def says_little(page: Page) -> Iterator[Finding]:
    said = sum(name.split(".")[-1] == "say" for cell in page.code for name, _ in cell.calls())
    if page.is_chapter and said > MOST_SAID:
        yield page.finding(None, f"calls say(…) {said} times; at most {MOST_SAID}")


# --- pictures ------------------------------------------------------------------------------------------


def pictures(cell: Cell) -> int:
    """How many pictures the cell shows: known from its stored outputs, or guessed where none are stored."""
    if UNSTORED in cell.tags:
        return int(any(name.split(".")[-1] in DRAWING for name, _ in cell.calls()))
    plain = (str(output.get("data", {}).get("text/plain", "")) for output in cell.outputs)
    return sum(bool(STORED_PICTURE.search(text)) for text in plain)


def described(page: Page) -> Iterator[Finding]:
    """Every picture has an alt text of its own that says what it shows."""
    seen: set[str] = set()
    for cell in page.code:
        if not (count := pictures(cell)):
            continue
        if len(cell.alt.split()) < LEAST_ALT_WORDS:
            yield page.finding(cell, f"its picture needs an alt text (mystnb.image.alt) of ≥ {LEAST_ALT_WORDS} words")
        elif cell.alt in seen:
            yield page.finding(cell, "its alt text is that of another picture")
        if count > 1:
            yield page.finding(cell, f"shows {count} pictures, but a cell has one alt text: one picture a cell")
        seen.add(cell.alt)
    for cell in page.markdown:
        missing = any(":alt:" not in block["body"] for block in DIRECTIVE_IMAGE.finditer(cell.source))
        if missing or BARE_IMAGE.search(cell.source):
            yield page.finding(cell, "holds a picture without alt text")


def titled(page: Page) -> Iterator[Finding]:
    """Every figure has a title: its finding. A function of the page that sets one counts where it is called."""
    titling = TITLED | {node.name for cell in page.code for node in _functions(cell.tree) if _titles(node)}
    for cell in page.code:
        called = {name.split(".")[-1] for name, _ in cell.calls()}
        if pictures(cell) and not (called & titling or _titles(cell.tree)):
            yield page.finding(cell, "its figure has no title")


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _titles(tree: ast.AST) -> bool:
    """Whether the code sets a title: `ax.set_title(…)`, `ax.set(title=…)`."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(
        (isinstance(call.func, ast.Attribute) and call.func.attr in TITLING)
        or any(keyword.arg == "title" for keyword in call.keywords)
        for call in calls
    )


# --- the way through the page --------------------------------------------------------------------------


def headings_in_order(page: Page) -> Iterator[Finding]:
    """One level-1 heading, first; no level is jumped over on the way down."""
    found = [(cell, level, text) for cell in page.markdown for level, text in headings(cell.source)]
    if not found or found[0][1] != 1:
        yield page.finding(None, "its first heading must be its title, level 1")
    last = 1
    for cell, level, text in found[1:]:
        if level == 1:
            yield page.finding(cell, f"a second level-1 heading: «{text}»")
        elif level > last + 1:
            yield page.finding(cell, f"«{text}» jumps from heading level {last} to {level}")
        last = level


def opens_with_a_problem(page: Page) -> Iterator[Finding]:
    """The first thing in sight is the title and prose; only then code, a card or a formula."""
    if not page.is_chapter:
        return
    in_sight = [cell for cell in page.cells if not (cell.is_code and "remove-cell" in cell.tags)]
    opening = []
    for cell in in_sight:
        if cell.is_code:
            break
        opening.append(cell.source)
    text = unfenced("\n\n".join(opening), drop_folded=True)
    title = re.match(r"\s*(?:\([\w-]+\)=\s*)?# .+", text)
    if not title:
        yield page.finding(in_sight[0] if in_sight else None, "must open with its title and a problem in words")
    elif words(MATHS.split(text[title.end() :])[0]) < LEAST_OPENING_WORDS:
        yield page.finding(in_sight[0], f"must open with {LEAST_OPENING_WORDS} words of problem before code or formula")


def ends_like_its_sisters(page: Page) -> Iterator[Finding]:
    """The last four sections, in this order: In short · Exercises · Sources · Next; none of them empty."""
    if not page.is_chapter:
        return
    last = sections(page.cells)[-len(ENDING) :]
    if tuple(title for title, _ in last) != ENDING:
        yield page.finding(None, f"must end with level-2 headings {' · '.join(ENDING)}, each opening a cell of its own")
        return
    for title, cells in last:
        if sum(words(cell.source) for cell in cells) <= len(title.split()):
            yield page.finding(cells[0], f"the section «{title}» is empty")


def exercises_answered(page: Page) -> Iterator[Finding]:
    """Three exercises, each followed by a folded answer: a dropdown, or a code cell tagged hide-cell."""
    cells = dict(sections(page.cells)).get("Exercises", [])
    if not page.is_chapter or not cells:
        return
    parts = EXERCISE_START.split("\n\n".join(_with_folds_marked(cell) for cell in cells))[1:]
    if len(parts) != EXERCISES:
        yield page.finding(cells[0], f"has {len(parts)} exercises (lines that begin with «**1.**»), not {EXERCISES}")
    for number, part in enumerate(parts, 1):
        if FOLD_MARK not in part:
            yield page.finding(cells[0], f"exercise {number} has no folded answer")


def _with_folds_marked(cell: Cell) -> str:
    """The cell's text with a mark in place of whatever is folded, so that what is inside starts no exercise."""
    if cell.is_code:
        return FOLD_MARK if "hide-cell" in cell.tags else ""
    return unfenced(FOLD_START.sub(_fold_mark, cell.source), drop_folded=True)


def _fold_mark(at: re.Match[str]) -> str:
    folds = at["head"] is None or FOLDED.search(at["head"])
    return f"{FOLD_MARK}\n" if folds else ""


RULES: tuple[Callable[[Page], Iterator[Finding]], ...] = (
    short_to_read,
    short_to_look_at,
    asserts_in_one_line,
    says_little,
    described,
    titled,
    headings_in_order,
    opens_with_a_problem,
    ends_like_its_sisters,
    exercises_answered,
    loose_numbers,
)
