"""A page of the book as the checks see it: its kind, its cells, its code as syntax trees, its prose in plain words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from book.notebooks import load, toc_pages

# The one list of page kinds. Whatever `_toc.yml` names and is not here is a chapter.
NOT_CHAPTERS = {"intro", "notation", "glossary", "atlas", "reference", "references", "build-record"}
# Part V holds tools and tables; DESIGN lets these chapters be as long as they need.
ANY_LENGTH = {"custom-losses", "beyond-torch", "choosing", "monitoring", "clinic", "timing"}

FOLDING_TAGS = {"hide-input", "hide-cell", "remove-input", "remove-cell"}


class Finding(NamedTuple):
    """One fault: where it is (cells count from 1, as a reader counts; 0 is the page) and what is wrong."""

    page: str
    cell: int
    says: str

    def __str__(self) -> str:
        return f"{self.page}, cell {self.cell}: {self.says}" if self.cell else f"{self.page}: {self.says}"


@dataclass(frozen=True)
class Cell:
    """A cell with what the checks ask of it."""

    number: int
    node: NotebookNode

    @property
    def is_code(self) -> bool:
        return self.node.cell_type == "code"

    @property
    def source(self) -> str:
        return self.node.source

    @property
    def tags(self) -> set[str]:
        return set(self.node.metadata.get("tags", []))

    @property
    def outputs(self) -> list[NotebookNode]:
        return self.node.get("outputs", [])

    @property
    def shown(self) -> bool:
        """Whether its code is in sight without a click."""
        return self.is_code and not self.tags & FOLDING_TAGS

    @property
    def lines(self) -> int:
        return sum(1 for line in self.source.splitlines() if line.strip())

    @property
    def alt(self) -> str:
        return str(self.node.metadata.get("mystnb", {}).get("image", {}).get("alt", ""))

    @cached_property
    def tree(self) -> ast.Module:
        """The code's syntax tree; IPython's own lines become `pass`; empty where it is wrong on purpose."""
        try:
            return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", self.source, flags=re.MULTILINE))
        except SyntaxError:
            return ast.Module(body=[], type_ignores=[])

    @property
    def asserts(self) -> list[ast.Assert]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.Assert)]

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Every call, with its dotted name: ('plt.show', …)."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield dotted(node.func), node

    def texts(self) -> Iterator[str]:
        """Every stored text output, streams and tracebacks included."""
        for output in self.outputs:
            yield output.get("text", "")
            yield from (str(value) for value in output.get("data", {}).values())
            yield from output.get("traceback", [])


def dotted(node: ast.expr) -> str:
    """`a.b(c).d` as 'a.b.d': enough to recognise a call by."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    if isinstance(node, ast.Call):
        return dotted(node.func)
    return node.id if isinstance(node, ast.Name) else ""


@dataclass(frozen=True)
class Page:
    """One page: a notebook, or a Markdown file taken as a single cell."""

    name: str
    notebook: NotebookNode
    text: str
    is_notebook: bool = True

    @classmethod
    def read(cls, path: Path) -> Page:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            return cls(path.stem, load(text), text)
        return cls(path.stem, new_notebook(cells=[new_markdown_cell(text)]), text, is_notebook=False)

    @property
    def is_chapter(self) -> bool:
        return self.is_notebook and self.name not in NOT_CHAPTERS

    @property
    def is_bounded(self) -> bool:
        return self.is_chapter and self.name not in ANY_LENGTH

    @cached_property
    def cells(self) -> list[Cell]:
        return [Cell(number, node) for number, node in enumerate(self.notebook.cells, 1)]

    @cached_property
    def code(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.is_code]

    @cached_property
    def markdown(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.node.cell_type == "markdown"]

    def finding(self, cell: Cell | None, says: str) -> Finding:
        return Finding(self.name, cell.number if cell else 0, says)


# --- the book's pages ----------------------------------------------------------------------------------


def page_paths(root: Path) -> list[Path]:
    """The source file of every page in `_toc.yml` that has one."""
    candidates = (root / f"{page}{suffix}" for page in toc_pages(root) for suffix in (".ipynb", ".md"))
    return [path for path in candidates if path.exists()]


def unmatched(root: Path) -> list[Finding]:
    """Pages that `_toc.yml` names and that do not exist, and files in book/ that it does not name."""
    named, found = set(toc_pages(root)), set()
    for path in (root / "book").rglob("*"):
        parts = path.relative_to(root).parts
        hidden = any(part[0] in "_." for part in parts)
        if path.suffix in (".ipynb", ".md") and not hidden and not is_orphan(path):
            found.add(path.relative_to(root).with_suffix("").as_posix())
    absent, stray = sorted(named - found), sorted(found - named)
    return [Finding(name, 0, "_toc.yml names it, but there is no such file") for name in absent] + [
        Finding(name, 0, "it is in book/, but _toc.yml does not name it") for name in stray
    ]


def is_orphan(path: Path) -> bool:
    """Whether the page says itself that no table of contents leads to it, as the 404 page does."""
    return path.suffix == ".md" and path.read_text(encoding="utf-8").startswith("---\norphan: true")


# --- prose ---------------------------------------------------------------------------------------------

FENCE = re.compile(
    r"^(?P<fence>`{3,}|:{3,}|~{3,})\s*(?P<head>[^\n]*)\n(?P<body>.*?)^(?P=fence)[`:~]*[ \t]*$", re.M | re.S
)
OPTION = re.compile(r"^:[^:\n]+:.*$", re.M)
DETAILS = re.compile(r"<details.*?</details>", re.S)
COMMENT = re.compile(r"<!--.*?-->|^%.*$", re.S | re.M)
MATHS = re.compile(r"\$\$.*?\$\$|(?<![\\$])\$[^$\n]+?\$|\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.S)
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
FOLDED = re.compile(r"\{(dropdown|toggle)\}|\{solution\}|:class:.*\b(dropdown|toggle)\b")
LITERAL = re.compile(r"\{(math|code|code-block|glossary|prf:definition|eval-rst|raw|figure|image|bibliography)\}")


def unfenced(markdown: str, drop_folded: bool) -> str:
    """Markdown with directives opened up, code fences, maths and definitions gone, and folded blocks as asked."""

    def open_up(block: re.Match[str]) -> str:
        head, body = block["head"], block["body"]
        is_code = block["fence"][0] != ":" and not head.startswith("{")
        if is_code or LITERAL.search(head):
            return ""
        if drop_folded and FOLDED.search(head + "\n" + body.split("\n\n")[0]):
            return ""
        title = re.sub(r"^\{[^}]*\}\s*", "", head)
        return f"{title}\n{unfenced(OPTION.sub('', body), drop_folded)}"

    text = COMMENT.sub("", markdown)
    if drop_folded:
        text = DETAILS.sub("", text)
    return FENCE.sub(open_up, text)


def headings(markdown: str) -> list[tuple[int, str]]:
    """(level, text) of each ATX heading outside fences."""
    plain = FENCE.sub("", COMMENT.sub("", markdown))
    return [(len(level), text.strip()) for level, text in re.findall(r"^(#{1,6})\s+(.+?)\s*#*$", plain, re.M)]


def words(markdown: str) -> int:
    """Words in sight: folded blocks and code left out, a formula counts as one word."""
    text = re.sub(r"<[^>]+>", " ", MATHS.sub(" formula ", unfenced(markdown, drop_folded=True)))
    return len(re.findall(r"\w[\w'’.-]*", text))


def sections(cells: Iterable[Cell]) -> list[tuple[str, list[Cell]]]:
    """The page cut before every level-2 heading that opens a cell: (heading, cells)."""
    parts: list[tuple[str, list[Cell]]] = [("", [])]
    for cell in cells:
        opening = re.match(r"\s*##\s+(.+)", cell.source) if not cell.is_code else None
        if opening:
            parts.append((opening[1].strip(), []))
        parts[-1][1].append(cell)
    return parts
