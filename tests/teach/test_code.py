"""`source` shows the tested code itself: no docstring, checks folded, formula early."""

import ast
import inspect

import pytest

import lossbook
from lossbook.catalog import CATALOG
from lossbook.losses import checks, reduction
from lossbook.teach import source
from lossbook.teach.sentences import PAGE_WIDTH

LOSSES = [row.function for row in CATALOG.values() if row.function]


def shown(function) -> list[str]:
    lines = source(function).data.splitlines()
    assert lines[0] == "```python"
    assert lines[-1] == "```"
    return lines[1:-1]


def computes(statement: ast.stmt) -> bool:
    """Whether a statement has an operator between values, or calls a part of a formula that has a name."""
    for part in ast.walk(statement):
        if isinstance(part, ast.BinOp | ast.UnaryOp):
            return True
        if isinstance(part, ast.Call) and ast.unparse(part.func).startswith(("stable.", "surprise.")):
            return True
    return False


@pytest.mark.parametrize("name", LOSSES)
def test_the_formula_stands_within_the_first_ten_lines(name: str):
    """The lines of the signature do not count."""
    lines = shown(getattr(lossbook, name))
    first = next(number for number, line in enumerate(lines) if line.endswith(":")) + 1
    body = ast.parse("\n".join(["def f():", *lines[first:]])).body[0].body
    assert any(computes(statement) for statement in body if statement.lineno <= 1 + 10), lines
    assert isinstance(body[-1], ast.Return)
    assert ast.unparse(body[-1].value).startswith("reduce(")


@pytest.mark.parametrize("name", LOSSES)
def test_what_is_shown_is_the_tested_code(name: str):
    """Line by line, but for the signature, which may be wrapped: there, word by word."""
    function = getattr(lossbook, name)
    written = inspect.getsource(function).splitlines()
    end = next(number for number, line in enumerate(shown(function)) if line.endswith(":")) + 1
    signature, body = shown(function)[:end], shown(function)[end:]
    assert max(map(len, signature)) <= PAGE_WIDTH
    stripped = "".join(signature).replace(" ", "").replace(",)", ")")
    assert "".join(written).replace(" ", "").replace(",)", ")").startswith(stripped)
    rest = [line for line in body if line != "    # (checks of the arguments)"]
    places = [written.index(line) for line in rest]
    assert places == sorted(places)
    assert '"""' not in "\n".join(rest)
    assert "checks." not in "\n".join(rest)
    assert "checks." in "\n".join(written)


def test_neighbouring_checks_fold_to_one_line_and_the_rest_stays():
    def example(x):
        """Gone."""
        x = checks.number("x", x)
        if x:
            checks.tensor("x", x)
        for name, value in (("x", x),):
            checks.tensor(name, value)
        x, z = map(checks.wide, (x, x))
        y = x + 1
        checks.tensor("y", y)
        if y:
            y = 2
        y, z = checks.wide(y), z.abs()
        return y, map(abs, z)

    assert shown(example) == [
        "def example(x):",
        "    # (checks of the arguments)",
        "    y = x + 1",
        "    # (checks of the arguments)",
        "    if y:",
        "        y = 2",
        "    y, z = checks.wide(y), z.abs()",
        "    return y, map(abs, z)",
    ]


def test_a_function_without_docstring_or_checks_is_shown_whole():
    def plain(x):
        return -x

    assert shown(plain) == ["def plain(x):", "    return -x"]


def test_a_class_is_shown_too():
    lines = shown(lossbook.HuberLoss)
    assert lines[0] == "class HuberLoss(nn.Module):"
    assert '    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:' in lines
    assert "Module form" not in "\n".join(lines)


def test_reduce_shows_the_divisor():
    assert any("weight.sum()" in line for line in shown(reduction.reduce))
