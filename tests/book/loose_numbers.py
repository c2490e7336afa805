"""Numbers in prose that nobody would notice going stale.

A measured number belongs in an output, not in a sentence. So prose is searched for decimals (0.37), percentages
(5 %, 12 per cent) and ratios (3×, 3 times). Not searched, since they cannot be measurements of ours:

- formulas, except one that is nothing but a number (`$0.37$` is prose in disguise);
- code, likewise (`beta=1.0` is code, `0.37` in backticks is prose in disguise);
- a sentence that cites a source, and the text of a glossary or a definition;
- addresses, and the number of a version, a licence, a section or a figure; the level of an interval.

What is left is loose, unless the code beside it, the nearest code cells above or below, holds the number:
as a literal in an `assert`, or, for a decimal, in a plain assignment (`residual = 0.5`), which makes it an
input of a worked example. 5 % is held by `0.05` or `5`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import dropwhile, takewhile

from tests.book.pages import CODE, MATHS, Cell, Finding, Page, unfenced

NUMBER = r"[-+−]?\s?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?"
ONLY_A_NUMBER = re.compile(rf"[\s$`]*(?:\\approx|\\sim|≈|~)?\s*({NUMBER})\s*(\\?%|\\times|×|x)?[\s$`]*")
LOOSE = re.compile(
    r"(?<![\w./])(?P<value>\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?)"
    r"(?:(?P<percent>\s?\\?%|\s(?:percent|per cent)\b)|(?P<ratio>\s?×|x\b|\stimes\b))"
    r"|(?<![\w./])(?P<decimal>\d+\.\d+(?:[eE][-+]?\d+)?|\d+[eE]-\d+)(?!\d|\.\d)"
)
NAMED = re.compile(
    r"\b(?:(?:py)?torch|python|numpy|matplotlib|scikit-learn|cuda|jupyter book|version|v|by"
    r"|section|figure|chapter|table)"
    r"[\s~]*v?\d+(?:\.\d+)*(?:\s?(?:and|or|,|to|–)\s?\d+\.\d+)*(?:\.x)?",
    re.I,
)
# The level of an interval or quantile is chosen, not measured.
LEVEL = re.compile(r"\d+(?:\.\d+)?\s?\\?%[\s-](?:\w+\s)?(?:interval|quantile|level)", re.I)
CITATION = re.compile(r"\{cite[^}]*\}`[^`]*`")
ROLE = re.compile(r"\{[\w:.-]+\}`[^`]*`")
SPEAKING = {"title", "set_title", "suptitle", "curves", "draw_regrets", "say"}
ADDRESS = re.compile(r"\]\([^)]*\)|<?https?://[^\s>)]+>?|^\[[^\]]+\]:.*$", re.M)
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+(?=[A-Z*\[$`{(«\"“])|\n\s*\n|\n(?=\s*(?:[-*|]|\d+\.)\s)")


def loose_numbers(page: Page) -> Iterator[Finding]:
    """Numbers typed in prose, alt texts and titles that no code beside them holds."""
    for cell in page.markdown:
        yield from _unheld(page, cell, in_prose(cell.source))
    for cell in page.code:
        for text in (cell.alt, *spoken(cell)):
            yield from _unheld(page, cell, LOOSE.finditer(_bare(text)))


def spoken(cell: Cell) -> Iterator[str]:
    """What the code says in words: the typed parts of titles and of `say`."""
    for name, call in cell.calls():
        if name.split(".")[-1] in SPEAKING:
            for argument in call.args + [keyword.value for keyword in call.keywords]:
                yield from _typed(argument)


def _typed(node: ast.expr) -> Iterator[str]:
    """The string literals in an expression, without what is filled in: `{gap:.1e}`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.sub(r"\{[^}]*\}", " § ", node.value)
    elif isinstance(node, ast.JoinedStr):
        yield " § ".join(part for value in node.values for part in _typed(value))
    elif isinstance(node, ast.BinOp):
        yield from (*_typed(node.left), *_typed(node.right))


def _unheld(page: Page, cell: Cell, matches: Iterator[re.Match[str]]) -> Iterator[Finding]:
    asserted, assigned = held_beside(page, cell)
    for match in matches:
        value = float((match["value"] or match["decimal"]).replace(",", "."))
        held = asserted | assigned if match["decimal"] else asserted
        alike = {value, value / 100} if match["percent"] else {value}
        if not any(abs(one - other) < 1e-9 * max(1, abs(one)) for one in alike for other in held):
            yield page.finding(cell, f"a loose number in prose: «{match[0].strip()}» ({_around(match)})")


def _around(match: re.Match[str]) -> str:
    text = match.string[max(0, match.start() - 25) : match.end() + 15]
    return "…" + " ".join(text.split()) + "…"


def in_prose(markdown: str) -> Iterator[re.Match[str]]:
    """Every number that counts as prose, in the order of the text."""
    text = unfenced(markdown, drop_folded=False)
    for sentence in SENTENCE_END.split(text):
        if sentence and not CITATION.search(sentence):
            yield from LOOSE.finditer(_bare(sentence))


def _bare(sentence: str) -> str:
    """The sentence without code, maths, addresses and version numbers; a formula that is a number stays."""

    def number_or_nothing(formula: re.Match[str]) -> str:
        alone = ONLY_A_NUMBER.fullmatch(formula[0])
        return f" {alone[1]}{(alone[2] or '').replace(chr(92) + 'times', '×')} " if alone else " § "

    for pattern, new in ((ROLE, " § "), (MATHS, number_or_nothing), (CODE, number_or_nothing), (ADDRESS, "] ")):
        sentence = pattern.sub(new, sentence)
    return LEVEL.sub("", NAMED.sub("", sentence))


def held_beside(page: Page, cell: Cell) -> tuple[set[float], set[float]]:
    """Literals (asserted, assigned) of the cell itself and of the code above and below it."""
    asserted: set[float] = set()
    assigned: set[float] = set()
    for other in code_beside(page, cell):
        for node in ast.walk(other.tree):
            if isinstance(node, ast.Assert):
                asserted |= _literals(node)
            elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
                assigned |= _literals(node.value)
    return asserted, assigned


def code_beside(page: Page, cell: Cell) -> Iterator[Cell]:
    """The cell, and the nearest run of code cells on either side: those with no prose between them."""
    at = cell.number - 1
    for side in (reversed(page.cells[: at + 1]), page.cells[at + 1 :]):
        code = dropwhile(lambda other: not other.is_code, side)
        yield from takewhile(lambda other: other.is_code, code)


def _literals(tree: ast.AST) -> set[float]:
    return {
        abs(float(node.value))
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)
    }
