"""Re-execute the book's notebooks and write them in the one form that the repository keeps.

    python book/notebooks.py                 every notebook named in _toc.yml
    python book/notebooks.py huber           one page
    python book/notebooks.py --check         execute nothing; name the files that are not in normal form
    python book/notebooks.py --everywhere    nbval strict on four kinds of CPU set-up, one table

In normal form a notebook keeps what a reader or a test compares (text outputs, counts, ids) and drops what
changes from run to run (pictures, timings, editor metadata). So running this twice changes no byte, and a
change in a diff is a change in the book.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import nbjson

ROOT = Path(__file__).resolve().parent.parent
CELL_TIMEOUT = 120  # seconds; the same limit stands in _config.yml and in nbval's options

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
KEPT_CELL_METADATA = ("tags", "mystnb")
# What such a cell prints differs on every run or every machine, so nothing of it is stored.
UNSTORED = "nbval-ignore-output"
VALID_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

# Vector width and thread count are what change the last digits of a float between two machines.
CPUS = ("default", "avx2")
THREADS = ("1", "2")


# --- which notebooks -----------------------------------------------------------------------------------


def toc_pages(root: Path = ROOT) -> list[str]:
    """Every page that `_toc.yml` names, in reading order, as it is written there (no suffix)."""
    toc = root / "_toc.yml"
    return list(_named(yaml.safe_load(toc.read_text(encoding="utf-8")))) if toc.exists() else []


def _named(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (node[key] for key in ("root", "file") if key in node)
        node = [value for value in node.values() if isinstance(value, list)]
    if isinstance(node, list):
        for item in node:
            yield from _named(item)


def toc_notebooks(root: Path = ROOT) -> list[Path]:
    """The notebooks among the pages of `_toc.yml`."""
    paths = (root / f"{page}.ipynb" for page in toc_pages(root))
    return [path for path in paths if path.exists()]


def chosen(pages: list[str], root: Path = ROOT) -> list[Path]:
    """The notebooks a command line names by page (`huber`) or file; all of them if it names none."""
    if not pages:
        return toc_notebooks(root)
    paths = [root / "book" / f"{Path(page).stem}.ipynb" for page in pages]
    missing = [path.name for path in paths if not path.exists()]
    if missing:
        raise SystemExit(f"no such notebook in book/: {', '.join(missing)}")
    return paths


# --- normal form ---------------------------------------------------------------------------------------


def load(text: str) -> NotebookNode:
    """A notebook from its file's text; unlike `nbformat.reads`, it invents no random cell ids."""
    return nbjson.reads(text)


def dump(notebook: NotebookNode) -> str:
    """The file's text: indent 1, sorted keys, final newline."""
    nbformat.validate(notebook)
    return nbjson.writes(notebook) + "\n"


def normal(notebook: NotebookNode) -> NotebookNode:
    """A copy of the notebook in normal form."""
    counts, taken = itertools.count(1), set()
    cells = []
    for position, cell in enumerate(notebook.cells):
        new = _normal_cell(cell, position, taken)
        if new.cell_type == "code":
            _number(new, next(counts))
        cells.append(new)
    return nbformat.from_dict({"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5})


def _normal_cell(cell: NotebookNode, position: int, taken: set[str]) -> NotebookNode:
    new = NotebookNode(
        cell_type=cell.cell_type,
        id=_cell_id(cell, position, taken),
        metadata={key: cell.metadata[key] for key in KEPT_CELL_METADATA if cell.metadata.get(key)},
        source=cell.source,
    )
    if cell.get("attachments"):
        new.attachments = cell.attachments  # kept for the form checks to refuse: dropping one would lose a picture
    if cell.cell_type == "code":
        stored = [] if UNSTORED in cell.metadata.get("tags", []) else cell.outputs
        new.outputs = [_normal_output(output) for output in stored]
    return new


def _cell_id(cell: NotebookNode, position: int, taken: set[str]) -> str:
    """The cell's own id; if it has none, or a twin's, one derived from what it says and where it stands."""
    cell_id = cell.get("id", "")
    while not VALID_ID.fullmatch(cell_id) or cell_id in taken:
        cell_id = hashlib.sha256(f"{position} {cell_id} {cell.source}".encode()).hexdigest()[:8]
    taken.add(cell_id)
    return cell_id


def _normal_output(output: NotebookNode) -> NotebookNode:
    """The output without pictures. Its text/plain stays: nbval fails if a whole output is missing."""
    new = NotebookNode({key: value for key, value in output.items() if key != "transient"})
    if "data" in new:
        new.data = {kind: value for kind, value in new.data.items() if not kind.startswith("image/")}
        new.metadata = {}
    return new


def _number(cell: NotebookNode, count: int) -> None:
    cell.execution_count = count
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output.execution_count = count


# --- the three commands --------------------------------------------------------------------------------


def execute(path: Path) -> NotebookNode:
    """The notebook after a fresh run in its own folder, in normal form. Stderr is refused."""
    notebook = normal(load(path.read_text(encoding="utf-8")))
    NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=CELL_TIMEOUT,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,  # else how often the kernel happened to flush would be stored
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    refuse_stderr(notebook)
    return normal(notebook)


class StderrError(Exception):
    """A cell wrote to stderr: a warning that the reader should not get, or that should be shown as text."""


def refuse_stderr(notebook: NotebookNode) -> None:
    """Raise if a stored output is stderr, naming the cell and what it said."""
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise StderrError(f"cell {number} wrote to stderr:\n{output.text.rstrip()}")


def run(path: Path) -> bool:
    """Execute one notebook and write it if anything changed; a failing one is left as it was."""
    begin = time.perf_counter()
    try:
        text = dump(execute(path))
    except (CellExecutionError, CellTimeoutError, DeadKernelError, StderrError) as trouble:
        print(f"FAIL  {path.name}\n{trouble}")
        return False
    changed = text != path.read_text(encoding="utf-8")
    if changed:
        path.write_text(text, encoding="utf-8")
    print(f"{'wrote' if changed else 'same '} {path.name}  {time.perf_counter() - begin:.1f} s", flush=True)
    return True


def is_normal(path: Path) -> bool:
    """Whether the file is, byte for byte, what `normal` would write; says so if it is not."""
    text = path.read_text(encoding="utf-8")
    same = text == dump(normal(load(text)))
    if not same:
        print(f"{path.name} is not in normal form: run `python book/notebooks.py {path.stem}`")
    return same


def nbval(path: Path, cpu: str, threads: str) -> bool:
    """Run nbval strict on one notebook as a machine of that vector width and thread count would."""
    settings = {"MKL_CBWR": "COMPATIBLE", "ATEN_CPU_CAPABILITY": cpu, "OMP_NUM_THREADS": threads}
    strict = ["--nbval", "--nbval-current-env", f"--nbval-cell-timeout={CELL_TIMEOUT}"]
    quiet = ["-q", "--color=no", "-o", "addopts=", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *strict, *quiet, str(path)],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        print(f"{path.name} with {settings}:\n{done.stdout}{done.stderr}")
    return done.returncode == 0


def everywhere(paths: list[Path]) -> bool:
    """Run nbval strict in the four ways; print one row for each notebook."""
    ways = list(itertools.product(CPUS, THREADS))
    width = max((len(path.stem) for path in paths), default=0)
    print(" " * width, *(f"{cpu}, {threads} thread{'s' * (threads != '1')}".rjust(18) for cpu, threads in ways))
    results = []
    for path in paths:
        row = [nbval(path, cpu, threads) for cpu, threads in ways]
        print(path.stem.ljust(width), *(("pass" if ok else "FAIL").rjust(18) for ok in row), flush=True)
        results += row
    print(f"{sum(results)} of {len(results)} passed")
    return all(results)


def each(job: Callable[[Path], bool]) -> Callable[[list[Path]], bool]:
    """Do one file's job on all of them, and go on after a failure: one run should name every fault."""

    def all_of(paths: list[Path]) -> bool:
        results = [job(path) for path in paths]
        return all(results)

    return all_of


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, do what it asks, return the exit status."""
    parser = argparse.ArgumentParser(description="Re-execute and normalise the book's notebooks.")
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="a page's name, e.g. huber (default: all)")
    parser.set_defaults(command=each(run))
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--check", dest="command", action="store_const", const=each(is_normal),
                      help="execute nothing, report files not in normal form")  # fmt: skip
    ways.add_argument("--everywhere", dest="command", action="store_const", const=everywhere,
                      help="run nbval strict in four CPU set-ups")  # fmt: skip
    options = parser.parse_args(arguments)
    paths = chosen(options.pages)
    if not paths:
        print("no notebook is named in _toc.yml")
        return 1
    return 0 if options.command(paths) else 1


if __name__ == "__main__":
    sys.exit(main())
