"""Plants faults, one at a time, in a copy of the repository, and counts how many the tests notice.

Three kinds of faults:

- ``code``: small changes to the syntax tree of the functions in ``lossbook`` (operators, comparisons, constants,
  swapped arguments, dropped calls), from each file a sample, drawn with a fixed seed;
- ``notebooks``: a bent stored number, a lost alt text, a number in the prose, ...; each must turn the notebook
  checks or nbval red;
- ``site``: a remote script, a TeX typo, a picture without alt text, ...; each must turn the build or the browser
  checks red.

Run ``python tests/mutate.py`` (all kinds; over an hour on two cores) or, say,
``python tests/mutate.py code --only losses``. It prints the score and the survivors. A survivor asks for a new test,
or stands in ``EQUIVALENT`` with the reason why no test can tell it from the original.
"""

from __future__ import annotations

import argparse
import ast
import functools
import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import mpmath  # noqa: F401 - loaded here once, so that no fork has to
import pytest
import scipy.special  # noqa: F401
import sklearn.metrics  # noqa: F401
import torch

ROOT = Path(__file__).resolve().parents[1]
SEED = 2026
PATIENCE = 4  # times as long as without a fault: then a test will never end

_TORCHS_OWN = "tests/losses/test_torch_samples.py"
_JUDGED = "tests/clinic/test_judged_losses.py"  # judges the cases, without the clinic

# What walks the table of cases: a file of one family is shown to these, and to its own tests.
OF_EACH_LOSS = [f"tests/losses/test_{name}.py" for name in ("parity", "exact", "errors", "bent_calls")]

# The files of ``losses`` that serve some families alone; those not named here serve the one of their name, or all.
SERVES = {
    "chunks": ["vocabulary"],
    "options": ["regression", "focal", "divergence", "contrastive"],
    "stated": ["classification"],
    "surprise": ["classification", "vocabulary"],
}

# Which tests have to notice a fault in which files: the first prefix that fits.
JUDGES = {
    "lossbook/losses": ["tests/losses", "tests/test_package.py", "lossbook/losses", "--ignore", _TORCHS_OWN],
    "lossbook/catalog.py": ["tests/test_catalog.py", "lossbook/catalog.py"],
    "lossbook/records.py": ["tests/test_records.py", "tests/timing", "lossbook/records.py"],
    "lossbook/samples.py": ["tests/test_catalog.py"],
    "lossbook/choose": ["tests/choose", "lossbook/choose"],
    "lossbook/clinic": ["tests/clinic", "lossbook/clinic", "--ignore", _JUDGED, "-m", "not slow"],
    "lossbook/teach": ["tests/teach", "lossbook/teach"],
    "lossbook/timing": ["tests/timing", "lossbook/timing"],
    "lossbook/__main__.py": ["tests/timing"],
}

# Faults that no test can tell from the original, or that are a matter of looks alone, each with the reason.
_CHECKS, _FIGURE = "lossbook/losses/checks/general.py", "lossbook/timing/figure.py"
_STABLE, _PROMOTE = "lossbook/losses/stable.py", "torch.promote_types"
_MAIN, _LEFT_OUT = "lossbook/__main__.py", "any((why_left_out(row(name)) is None for name in run.left_out))"
_STYLE, _RECORD, _DRAW = "lossbook/teach/figures.py", "lossbook/teach/record.py", "torch.Generator()"
_FLOATS = "(t.float() if t.dtype in HALF else t for t in tensors)"
_MAXIMUM = "x.amax(dim, keepdim=True)"
EQUIVALENT = {
    "lossbook/choose/arguments.py: `bool(there.all())` -> `there.all()`": "a 0-d tensor is as true",
    "lossbook/choose/branches.py: `float(shares.max())` -> `shares.max()`": "it is only printed, and as the same",
    "lossbook/choose/advice.py: `_same(it, other)` -> `_same(other, it)`": "symmetric",
    "lossbook/losses/chunks.py: "
    "`max(1, min(given or count, count))` -> `max(min(given or count, count), 1)`": "symmetric",
    "lossbook/losses/embedding.py: `torch.minimum(far, other)` -> `torch.minimum(other, far)`": "symmetric",
    "lossbook/losses/checks/margin.py: `general.wide(weight)` -> `weight`": "no half precision on a CPU",
    f"{_CHECKS}: `1` -> `2`": "only the order of the ranks counts",
    "lossbook/losses/checks/divergence.py: `general.wide(input)` -> `input`": "the wide target lifts it",
    "lossbook/losses/checks/embedding.py: "
    f"`{_PROMOTE}(one.dtype, other.dtype)` -> `{_PROMOTE}(other.dtype, one.dtype)`": "symmetric",
    "lossbook/losses/checks/likelihood.py: `0` -> `1`": "an empty tensor or one of ones: its dtype is what counts",
    "lossbook/losses/classification.py: `0` -> `1`": "the bound of a clamp whose result is multiplied by 0",
    f"{_CHECKS}: `{_PROMOTE}(input.dtype, target.dtype)` -> `{_PROMOTE}(target.dtype, input.dtype)`": "symmetric",
    f"{_CHECKS}: `{_PROMOTE}(dtype, weight.dtype)` -> `{_PROMOTE}(weight.dtype, dtype)`": "likewise",
    f"{_CHECKS}: `tuple({_FLOATS})` -> `{_FLOATS}`": "it is unpacked at once",
    f"{_CHECKS}: `3` -> `4`": "only the order of the kinds counts",
    f"{_CHECKS}: `int(dtype != torch.bool)` -> `dtype != torch.bool`": "True is 1",
    f"{_CHECKS}: `input.size()` -> `input`": "a tensor never equals a size: then broadcasting does nothing, later",
    f"{_CHECKS}: `target.size()` -> `target`": "likewise",
    f"{_CHECKS}: `0` -> `1`": "all tensors of a call are on one device, else the next line raises",
    f"{_STABLE}: `1.0` -> `2.0`": "any number with a logarithm: -inf replaces it",
    f"{_STABLE}: `{_MAXIMUM}.detach()` -> `{_MAXIMUM}`": "a softmax does not feel a shift: its slopes cancel",
    f"{_STABLE}: `x.detach()` -> `x`": "likewise",
    f"{_STABLE}: `0.0` -> `1.0`": "an infinite x minus a finite number is that x, whatever the number",
    f"{_MAIN}: `int({_LEFT_OUT})` -> `{_LEFT_OUT}`": "True is the exit status 1",
    f"{_MAIN}: `int(options.run(options))` -> `options.run(options)`": "it is an int, which argparse cannot tell mypy",
    "lossbook/samples.py: `0` -> `1`": "whether the first of many words occurs: any sample serves",
    "lossbook/samples.py: `1` -> `2`": "how short the shortest sequence of labels is: any sample serves",
    f"{_STYLE}: `False` -> `True`": "looks: a frame, an edge",
    f"{_STYLE}: `True` -> `False`": "looks: a grid, a margin",
    f"{_STYLE}: `3.4` -> `4.4`": "how high a figure is",
    f"{_STYLE}: `4.0` -> `5.0`": "how far the curves go where nobody says so",
    f"{_STYLE}: `0.01` -> `1.01`": "where the title begins",
    f"{_RECORD}: `{_DRAW}.manual_seed(0)` -> `{_DRAW}`": "any fixed numbers serve, and a generator starts with some",
    f"{_RECORD}: `0` -> `1`": "likewise",
    f"{_RECORD}: `value.detach()` -> `value`": "only its number is compared",
    "lossbook/teach/sentences.py: `1` -> `2`": "only the first piece is used",
    f"{_FIGURE}: `7.0` -> `8.0`": "how wide a figure is",
}


@dataclass(frozen=True)
class Fault:
    """One planted fault: the file, where and what, and how to write it into a copy of the tree."""

    path: str
    text: str
    plant: Callable[[Path], None]
    judge: list[list[str]]

    @property
    def name(self) -> str:
        return f"{self.path}: {self.text}"


# --- code ---------------------------------------------------------------------------------------------------------

_SWAPPED_OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def variants(node: ast.AST) -> Iterator[ast.expr]:
    """The faulty expressions that may stand in the place of ``node``."""
    if isinstance(node, ast.BinOp) and type(node.op) in _SWAPPED_OPERATORS:
        yield ast.BinOp(node.left, _SWAPPED_OPERATORS[type(node.op)](), node.right)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(_SWAPPED_OPERATORS[type(node.op)](), node.values)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield ast.Compare(node.left, [_SWAPPED_OPERATORS[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not | ast.Invert):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from constant_variants(node.value)
    elif isinstance(node, ast.Call):
        yield from call_variants(node)


def constant_variants(value: object) -> Iterator[ast.expr]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float):
        yield ast.Constant(value + 1)


def call_variants(node: ast.Call) -> Iterator[ast.expr]:
    if len(node.args) >= 2 and not any(isinstance(a, ast.Starred) for a in node.args[:2]):
        yield ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)
    if isinstance(node.func, ast.Attribute) and (not node.args or not isinstance(node.func.value, ast.Name)):
        yield node.func.value
    elif node.args and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]


def mutable_nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node in a function body, but for docstrings, annotations and the texts of messages."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        body = function.body[1:] if ast.get_docstring(function) else function.body
        for part in [*body, *function.args.defaults, *(d for d in function.args.kw_defaults if d)]:
            yield from without_texts(part)


def without_texts(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.JoinedStr | ast.FunctionDef):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from without_texts(child)


def replaced(source: str, node: ast.expr, new: ast.expr) -> str:
    """The source with the text of one node replaced, everything else to the letter."""
    lines = source.splitlines(keepends=True)
    start = sum(len(line.encode()) for line in lines[: node.lineno - 1]) + node.col_offset
    end = sum(len(line.encode()) for line in lines[: (node.end_lineno or 0) - 1]) + (node.end_col_offset or 0)
    raw = source.encode()
    return (raw[:start] + f"({ast.unparse(new)})".encode() + raw[end:]).decode()


@functools.cache
def losses_by_family() -> dict[str, list[str]]:
    """From a process of its own: a fork must not find the package loaded already, without the fault."""
    script = "from lossbook.catalog import CATALOG; print(*(f'{row.family} {row.name}' for row in CATALOG.values()))"
    words = subprocess.check_output([sys.executable, "-c", script], cwd=ROOT, text=True).split()
    found: dict[str, list[str]] = {}
    for family, name in zip(words[::2], words[1::2], strict=True):
        found.setdefault(family, []).append(name)
    return found


def judges_of(path: Path) -> list[list[str]]:
    """The commands that judge a fault in a file: those that notice most, and soon, first."""
    name = str(path.relative_to(ROOT))
    tests = next((tests for prefix, tests in JUDGES.items() if name.startswith(prefix)), None)
    if tests is None:
        return []
    shown = [tests]
    if "losses" in path.parts:
        families = SERVES.get(path.stem, [path.stem])
        losses = [name for family in families for name in losses_by_family().get(family, [])]
        twins = [f"tests/losses/test_{stem}.py" for stem in [path.stem, *families, path.parent.name]]
        twins.append("tests/losses/test_signatures.py")  # by the names of functions and of Modules: for -k too many
        shown = [[twin] for twin in dict.fromkeys(twins) if (ROOT / twin).exists()]
        chosen = " or ".join(losses or ["random", "weight"])
        if losses:
            tests = [*OF_EACH_LOSS, name, "--cases-of", ",".join(losses)]
        shown += [[*tests, "-k", chosen, "-m", "not slow"], [*tests, "-k", f"({chosen}) and random", "-m", "slow"]]
    start = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    return [[*start, *tests] for tests in shown]


def code_faults(path: Path) -> list[Fault]:
    """All faults of one file."""
    source, name = path.read_text(), str(path.relative_to(ROOT))
    commands = judges_of(path)
    if not commands:
        return []
    found = []
    for node in mutable_nodes(ast.parse(source)):
        for new in variants(node):
            new = ast.fix_missing_locations(new)
            text = f"{node.lineno} `{ast.unparse(node)}` -> `{ast.unparse(new)}`"
            mutated = replaced(source, node, new)
            found.append(Fault(name, text, lambda tree, m=mutated: (tree / name).write_text(m) and None, commands))
    return found


def all_code_faults(only: str, per_file: int) -> list[Fault]:
    chosen = []
    for path in sorted((ROOT / "lossbook").rglob("*.py")):
        faults = code_faults(path) if only in str(path) else []
        # Drawn for each file by itself: a change elsewhere does not change the draw.
        draw = random.Random(f"{SEED} {path.name}")
        chosen += draw.sample(faults, min(per_file, len(faults)))
    return chosen


# --- notebooks ----------------------------------------------------------------------------------------------------

Notebook = dict


def cells(notebook: Notebook, kind: str) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def compared(notebook: Notebook) -> Iterator[dict]:
    """The text outputs that nbval compares."""
    for cell in cells(notebook, "code"):
        if "nbval-ignore-output" not in cell["metadata"].get("tags", []):
            yield from (output for output in cell["outputs"] if output.get("name") == "stdout")


def bend_a_number(notebook: Notebook) -> None:
    output = next(o for o in compared(notebook) if re.search(r"\d", "".join(o["text"])))
    text = "".join(output["text"])
    digit = re.search(r"\d(?=\D*$)", text)
    assert digit
    output["text"] = text[: digit.start()] + str((int(digit[0]) + 1) % 10) + text[digit.end() :]


def first_picture(notebook: Notebook) -> dict:
    return next(c for c in cells(notebook, "code") if "image" in c["metadata"].get("mystnb", {}))


def lose_the_alt_text(notebook: Notebook) -> None:
    first_picture(notebook)["metadata"]["mystnb"].pop("image")


def lose_the_count(notebook: Notebook) -> None:
    cells(notebook, "code")[2]["execution_count"] = None


def store_an_image(notebook: Notebook) -> None:
    first_picture(notebook)["outputs"][-1]["data"]["image/png"] = "iVBORw0KGgo="


def type_a_measured_number(notebook: Notebook) -> None:
    cell = cells(notebook, "markdown")[2]
    cell["source"] = "".join(cell["source"]) + " It is 3.7 times faster."


def store_a_path(notebook: Notebook) -> None:
    next(compared(notebook))["text"] = "/home/someone/lossbook/regression.py\n"


def write_a_long_cell(notebook: Notebook) -> None:
    plain = next(c for c in cells(notebook, "code") if not c["metadata"].get("tags"))
    plain["source"] = "".join(plain["source"]) + "\n" + "\n".join(f"a{i} = {i}" for i in range(30))


def hide_from_nbval(notebook: Notebook) -> None:
    plain = next(c for c in cells(notebook, "code") if c["outputs"] and "assert" not in "".join(c["source"]))
    plain["metadata"]["tags"] = [*plain["metadata"].get("tags", []), "nbval-ignore-output"]


def drop_the_exercises(notebook: Notebook) -> None:
    notebook["cells"] = [c for c in notebook["cells"] if not "".join(c["source"]).startswith("## Exercises")]


def break_the_code(notebook: Notebook) -> None:
    cells(notebook, "code")[2]["source"] = "raise RuntimeError('planted')"


# Each with the judge that has to notice: the form of the notebook, or its run.
NOTEBOOK_FAULTS: dict[Callable[[Notebook], None], str] = {
    bend_a_number: "run",
    break_the_code: "run",
    lose_the_alt_text: "form",
    lose_the_count: "form",
    store_an_image: "form",
    type_a_measured_number: "form",
    store_a_path: "form",
    write_a_long_cell: "form",
    hide_from_nbval: "form",
    drop_the_exercises: "form",
}
CHAPTERS = ("one-number", "training-loop", "huber")


def edit_notebook(page: str, change: Callable[[Notebook], None]) -> Callable[[Path], None]:
    def plant(tree: Path) -> None:
        path = tree / "book" / f"{page}.ipynb"
        notebook = json.loads(path.read_text())
        change(notebook)
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")

    return plant


def all_notebook_faults(only: str, _: int) -> list[Fault]:
    judges = {
        "form": [sys.executable, "-m", "pytest", "-x", "-q", "tests/book/test_form.py"],
        "run": [sys.executable, "-m", "pytest", "-x", "-q", "--nbval", "--nbval-current-env"],
    }
    return [
        Fault(
            f"book/{page}.ipynb",
            change.__name__.replace("_", " "),
            edit_notebook(page, change),
            [[*judges[judge], *([f"book/{page}.ipynb"] if judge == "run" else [])]],
        )
        for page in CHAPTERS
        for change, judge in NOTEBOOK_FAULTS.items()
        if only in page
    ]


# --- site ---------------------------------------------------------------------------------------------------------

PAGE = "_build/html/book/huber.html"

# Faults in the built site: what is replaced by what; the browser checks have to notice.
SITE_FAULTS = {
    "a remote script": (PAGE, "</body>", '<script src="https://example.org/x.js"></script></body>'),
    "a script that fails": (PAGE, "</body>", "<script>undefinedFunction()</script></body>"),
    "a missing file": (PAGE, "</body>", '<img src="nowhere.png" alt="a picture that is not there"></body>'),
    "a picture without alt text": (PAGE, ' alt="', ' data-alt="'),
    "a wide box": (PAGE, "<p>", '<div style="width: 900px; height: 1px"></div><p>'),
    "pale text": (PAGE, "<p>", '<p style="color: #ccc; background: #fff">too pale to read</p><p>'),
    "no description": (PAGE, '<meta name="description"', '<meta name="undescription"'),
    "an unset formula": (PAGE, "<p>", '<p><span class="katex-error">\\frac{1</span></p><p>'),
    "a picture that was not drawn": (PAGE, "<p>", "<p>&lt;Figure size 770x374 with 1 Axes&gt;</p><p>"),
    "a wrong formula in the live figure": ("_build/html/_static/book.js", "(e * e) / 2", "(e * e) / 3"),
    "half a megabyte of script": ("_build/html/_static/book.js", '"use strict";', None),
    "no search index": ("_build/html/searchindex.js", "huber", "hubris"),
}

# Faults in the sources; the build has to fail, with warnings as errors.
SOURCE_FAULTS = {
    "a TeX typo": r"A formula: $\fraq{1}{2}$.",
    "a missing citation": "See {cite:t}`nobody1900`.",
    "a link that leads nowhere": "See [that page](nowhere.ipynb).",
    "an unknown term": "See {term}`florp`.",
    "an unknown function": "See {py:func}`lossbook.florp_loss`.",
}


def edit_site(path: str, old: str, new: str | None) -> Callable[[Path], None]:
    def plant(tree: Path) -> None:
        text = (tree / path).read_text()
        assert old in text, f"{old!r} is not in {path}"
        if new is None:
            noise = "".join(random.Random(SEED).choices("0123456789abcdef", k=1_400_000))
            (tree / path).write_text(f"{text}\n// {noise}")
        else:
            (tree / path).write_text(text.replace(old, new, 1 if old == "<p>" else -1))

    return plant


def edit_source(addition: str) -> Callable[[Path], None]:
    def change(notebook: Notebook) -> None:
        cell = cells(notebook, "markdown")[2]
        cell["source"] = "".join(cell["source"]) + "\n\n" + addition

    def plant(tree: Path) -> None:
        edit_notebook("huber", change)(tree)
        config = tree / "_config.yml"
        # These faults show without running the notebooks, which saves minutes a fault.
        config.write_text(config.read_text().replace("execute_notebooks: force", 'execute_notebooks: "off"'))
        shutil.rmtree(tree / "_build/html", ignore_errors=True)
        shutil.rmtree(tree / "_build/.doctrees", ignore_errors=True)

    return plant


def all_site_faults(only: str, _: int) -> list[Fault]:
    browser = [[sys.executable, "-m", "pytest", "-x", "-q", "tests/site", "-k", "huber or search or figure"]]
    build = [[str(Path(sys.executable).parent / "jupyter-book"), "build", ".", "--warningiserror", "--keep-going"]]
    built = [Fault(path, text, edit_site(path, a, b), browser) for text, (path, a, b) in SITE_FAULTS.items()]
    sources = [Fault("book/huber.ipynb", text, edit_source(a), build) for text, a in SOURCE_FAULTS.items()]
    return [fault for fault in built + sources if only in fault.name]


# --- running ------------------------------------------------------------------------------------------------------


def copy_tree(target: Path, with_site: bool) -> Path:
    ignored = shutil.ignore_patterns(
        ".venv", ".git", "__pycache__", ".*_cache", *([] if with_site else ["_build"]), "*.egg-info"
    )
    shutil.copytree(ROOT, target, ignore=ignored)
    return target


def noticed(fault: Fault, tree: Path, patience: dict[tuple[str, ...], float]) -> bool:
    """Plant the fault in the tree, run its judges, take the fault out again."""
    originals = {path: path.read_bytes() for path in touched(fault, tree) if path.exists()}
    fault.plant(tree)
    try:
        return any(red(command, tree, patience.get(tuple(command))) for command in fault.judge)
    finally:
        for path, content in originals.items():
            path.write_bytes(content)


def touched(fault: Fault, tree: Path) -> list[Path]:
    return [tree / fault.path, tree / "_config.yml"]


def red(command: list[str], tree: Path, seconds: float | None = None) -> bool:
    """Whether a judge fails. Unit tests run in a fork, which has torch loaded already: half the time of a run.

    A test that has not ended after ``seconds`` never will, and so has noticed.
    """
    environment = {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    if command[1:3] == ["-m", "pytest"] and "--nbval" not in command and "tests/site" not in command:
        return red_in_fork(command[3:], tree, environment, seconds)
    try:
        done = subprocess.run(
            command, cwd=tree, env=os.environ | environment, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def red_in_fork(arguments: list[str], tree: Path, environment: dict[str, str], seconds: float | None) -> bool:
    assert "lossbook" not in sys.modules, "the fork would not see the fault"
    child = os.fork()
    if child == 0:
        if seconds is not None:
            signal.alarm(math.ceil(seconds))  # it kills
        os.environ |= environment
        os.chdir(tree)
        sys.path.insert(0, str(tree))
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
            os._exit(min(int(pytest.main(arguments)), 1))
    return os.waitpid(child, 0)[1] != 0


def judged(faults: list[Fault], jobs: int, with_site: bool) -> list[Fault]:
    """Run all faults and return the survivors. First the judges must be green without a fault."""
    with tempfile.TemporaryDirectory() as folder:
        trees: Queue[Path] = Queue()
        for job in range(jobs):
            trees.put(copy_tree(Path(folder) / f"tree{job}", with_site))
        patience = patience_with(faults, trees, jobs)

        def run(fault: Fault) -> bool:
            tree = trees.get()
            try:
                seen = noticed(fault, tree, patience)
            finally:
                trees.put(tree)
            print("noticed " if seen else "SURVIVED", fault.name, flush=True)
            return seen

        with ThreadPoolExecutor(jobs) as pool:
            return [fault for fault, seen in zip(faults, pool.map(run, faults), strict=True) if not seen]


def patience_with(faults: list[Fault], trees: Queue[Path], jobs: int) -> dict[tuple[str, ...], float]:
    """How many seconds to give each judge. Without a fault it must be green, else it cannot judge."""

    def seconds(command: tuple[str, ...]) -> float:
        tree, start = trees.get(), time.monotonic()
        try:
            if red(list(command), tree):
                sys.exit(f"red without any fault, so it cannot judge: {' '.join(command)}")
        finally:
            trees.put(tree)
        return 60 + PATIENCE * (time.monotonic() - start)

    commands = sorted({tuple(command) for fault in faults for command in fault.judge if "build" not in command})
    with ThreadPoolExecutor(jobs) as pool:
        return dict(zip(commands, pool.map(seconds, commands), strict=True))


def without_line(fault: Fault) -> str:
    """The name of a fault as it stands in ``EQUIVALENT``, where a line number would soon be wrong."""
    return re.sub(r": \d+ ", ": ", fault.name)


KINDS = {"code": all_code_faults, "notebooks": all_notebook_faults, "site": all_site_faults}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("kind", nargs="*", choices=[*KINDS, []], help="kinds of faults; all if none is named")
    parser.add_argument("--only", default="", help="only files or pages whose name holds this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--per-file", type=int, default=12, help="at most so many faults of each file of code")
    parser.add_argument("--list", action="store_true", help="only list the faults")
    options = parser.parse_args()
    torch.set_num_threads(1)  # a fork must not inherit a pool of threads
    total = 0
    survivors: list[Fault] = []
    for kind in options.kind or KINDS:
        faults = KINDS[kind](options.only, options.per_file)
        if options.list:
            print(*(fault.name for fault in faults), sep="\n")
        else:
            survivors += judged(faults, 1 if kind == "site" else options.jobs, with_site=kind == "site")
        total += len(faults)
    if options.list:
        return
    print(f"{total} faults, {total - len(survivors)} noticed, survivors:")
    for fault in survivors:
        print(f"  {fault.name}  ({EQUIVALENT.get(without_line(fault), 'ASKS FOR A TEST')})")


if __name__ == "__main__":
    main()
