"""The package as a whole: what an import costs, what is public, and how each function is written down."""

import ast
import builtins
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lossbook
from lossbook.catalog import CATALOG
from lossbook.losses import stable

ROOT = Path(lossbook.__file__).parent
HEART = sorted((ROOT / "losses").glob("*.py"))
FILES = sorted(ROOT.rglob("*.py"))
SHORT = [*HEART, *sorted((ROOT / "clinic").rglob("*.py")), *sorted((ROOT / "choose").rglob("*.py"))]
LINES_OF_A_BODY, LINES_OF_A_FILE = 20, 250


# --- imports ------------------------------------------------------------------------------------------------------


def modules_after(statement: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after a statement."""
    code = f"import sys, json; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.slow
def test_importing_adds_nothing_but_itself_to_torch():
    added = modules_after("import torch, lossbook") - modules_after("import torch")
    assert "lossbook" in added
    standard = set(sys.stdlib_module_names)
    strangers = {name for name in added if name.split(".")[0] not in standard | {"lossbook"}}
    assert not strangers


def test_the_heart_imports_nothing_of_the_rest():
    for path in HEART:
        for name in imports(path):
            inside = name.startswith("lossbook") and not name.startswith("lossbook.losses")
            assert not inside, f"{path.name} imports {name}"


def test_only_teach_needs_what_teaches():
    """matplotlib, IPython and scikit-learn are needed by ``teach`` and ``timing`` alone."""
    for path in FILES:
        if path.parent.name not in ("teach", "timing"):
            found = {name.split(".")[0] for name in imports(path)} & {
                "matplotlib",
                "IPython",
                "sklearn",
                "numpy",
                "pandas",
            }
            assert not found, f"{path} imports {found}"


def imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names


# --- what is public -----------------------------------------------------------------------------------------------


def test_every_loss_is_public_as_function_module_and_slope():
    for row in CATALOG.values():
        assert {row.name, row.module} <= set(lossbook.__all__)
        assert row.slope is None or row.slope in lossbook.__all__


def test_all_is_complete_sorted_and_true():
    public = {name for name, value in vars(lossbook).items() if callable(value) and not name.startswith("_")}
    assert set(lossbook.__all__) == public | {"__version__"}
    assert all(hasattr(lossbook, name) for name in lossbook.__all__)
    assert len(set(lossbook.__all__)) == len(lossbook.__all__)


def test_the_package_is_typed_and_has_a_version():
    assert (ROOT / "py.typed").is_file()
    assert lossbook.__version__.count(".") == 2


# --- docstrings ---------------------------------------------------------------------------------------------------

PUBLIC = [getattr(lossbook, name) for name in lossbook.__all__ if callable(getattr(lossbook, name))]
PUBLIC += [getattr(stable, name) for name in stable.__all__]
LOSSES = [getattr(lossbook, row.name) for row in CATALOG.values()]
PARTS = (".. math::", "Args:", "Returns:", "Raises:", "Example:", "Torch twin:", "Source:")


@pytest.mark.parametrize("thing", PUBLIC, ids=lambda thing: thing.__name__)
def test_everything_public_says_what_it_is_in_one_line_with_an_example(thing):
    first, blank, *_ = thing.__doc__.splitlines()
    assert first.endswith("."), first
    assert blank == ""
    assert ">>> " in thing.__doc__
    assert not re.search(r"(?<!\\)\\$", thing.__doc__, re.MULTILINE), "one backslash ends no line of a formula: two do"


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_the_docstring_of_a_loss_has_all_parts_in_order(loss):
    places = [loss.__doc__.find(part) for part in PARTS]
    assert -1 not in places, [part for part, place in zip(PARTS, places, strict=True) if place < 0]
    assert places == sorted(places)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_the_docstring_of_a_loss_names_every_argument(loss):
    described = inspect.cleandoc(loss.__doc__).split("Args:")[1].split("Returns:")[0]
    for name in inspect.signature(loss).parameters:
        assert f"\n    {name}: " in described


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_the_exceptions_that_are_named_are_built_in(loss):
    raises = inspect.cleandoc(loss.__doc__).split("Raises:")[1].split("Example:")[0]
    named = [line.split(":")[0].strip() for line in raises.splitlines() if line.startswith("    ") and line[4] != " "]
    assert named == sorted(named)
    for name in named:
        assert issubclass(getattr(builtins, name), Exception)


# --- size ---------------------------------------------------------------------------------------------------------


def written_lines(path: Path) -> list[int]:
    """The numbers of the lines that are neither blank nor part of a docstring."""
    text = path.read_text()
    docs = {line for node in ast.walk(ast.parse(text)) for line in docstring_lines(node)}
    return [n for n, line in enumerate(text.splitlines(), start=1) if line.strip() and n not in docs]


def docstring_lines(node: ast.AST) -> range:
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) or ast.get_docstring(node) is None:
        return range(0)
    return range(node.body[0].lineno, node.body[0].end_lineno + 1)


@pytest.mark.parametrize("path", SHORT, ids=lambda path: path.name)
def test_functions_and_files_are_short(path: Path):
    lines = written_lines(path)
    assert len(lines) <= LINES_OF_A_FILE
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            body = [n for n in lines if node.body[0].lineno <= n <= node.end_lineno]
            assert len(body) <= LINES_OF_A_BODY, f"{node.name}: {len(body)} lines"


def test_the_count_of_lines_counts(tmp_path: Path):
    path = tmp_path / "one.py"
    path.write_text('"""Doc."""\n\n\ndef f():\n    """Two\n    lines."""\n    x = 1\n\n    return x\n')
    assert written_lines(path) == [4, 7, 9]
