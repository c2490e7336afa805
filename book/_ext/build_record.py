"""The `built-with` directive: what this build of the book was made with, and when. Nothing of it is typed."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

PACKAGES = (
    "lossbook", "torch", "numpy", "scipy", "scikit-learn", "matplotlib",
    "jupyter-book", "sphinx", "myst-nb", "sphinx-book-theme", "sphinxcontrib-katex",
)  # fmt: skip


def record():
    """Pairs of a name and its value, in the order shown."""
    yield "Built on", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    yield "Machine", f"{platform.system()} {platform.machine()}"
    yield "Python", platform.python_version()
    yield from ((package, version(package)) for package in PACKAGES)


class BuiltWith(SphinxDirective):
    """A table of the record."""

    def run(self):
        """Make the table."""
        self.env.note_reread()  # the date is of this build, not of an earlier one
        group = nodes.tgroup("", nodes.colspec(colwidth=1), nodes.colspec(colwidth=1), cols=2)
        group += nodes.thead("", _row("What", "Version"))
        group += nodes.tbody("", *(_row(*pair) for pair in record()))
        return [nodes.table("", group)]


def _row(*cells):
    return nodes.row("", *(nodes.entry("", nodes.paragraph(text=cell)) for cell in cells))


def setup(app):
    """Tell Sphinx."""
    app.add_directive("built-with", BuiltWith)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
