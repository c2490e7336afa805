"""One code, two views: the tested source of a function, shown in a chapter."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

from IPython.display import Markdown

from lossbook.teach.sentences import PAGE_WIDTH

__all__ = ["source"]


def source(function: Callable[..., Any]) -> Markdown:
    """The code of ``function`` as it stands in the package, without docstring, the checks folded to a comment.

    A signature that is wider than a page is wrapped; nothing else is changed.

    Example:
        >>> import lossbook
        >>> print(source(lossbook.mse_slope).data)
        ```python
        def mse_slope(input: Tensor, target: Tensor) -> Tensor:
            return 2 * (input - target)
        ```
    """
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    tree = ast.parse("\n".join(lines)).body[0]
    assert isinstance(tree, ast.FunctionDef | ast.ClassDef)
    dropped = _lines(tree.body[0]) if ast.get_docstring(tree) else set()
    checks = set().union(*(_lines(node) for node in tree.body if _is_check(node)))
    first = tree.body[0].lineno
    shown = _narrow(lines[: first - 1])
    for number, line in enumerate(lines[first - 1 :], start=first):
        if number in checks:
            if number - 1 not in checks:
                shown.append("    # (checks of the arguments)")
        elif number not in dropped:
            shown.append(line)
    return Markdown("```python\n" + "\n".join(shown) + "\n```")


def _narrow(signature: list[str]) -> list[str]:
    """The lines of a signature, wrapped between its arguments where one is wider than a page."""
    if max(map(len, signature)) <= PAGE_WIDTH:
        return signature
    head, _, rest = " ".join(line.strip() for line in signature).partition("(")
    arguments, _, tail = rest.rpartition(")")
    wrapped = ["   "]
    for argument in re.findall(r"(?:\[.*?\]|[^\[,])+,?", arguments):
        if len(f"{wrapped[-1]} {argument.strip()}") > PAGE_WIDTH:
            wrapped.append("   ")
        wrapped[-1] += f" {argument.strip()}"
    return [f"{head}(", *wrapped, f"){tail}"]


def _lines(node: ast.stmt) -> set[int]:
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _is_check(node: ast.stmt) -> bool:
    """Whether a statement does nothing but call into ``lossbook.losses.checks``, for one argument or for each."""
    if isinstance(node, ast.If | ast.For):
        return not node.orelse and all(_is_check(inner) for inner in node.body)
    if not isinstance(node, ast.Expr | ast.Assign):
        return False
    calls = [_called(part) for part in ast.walk(node) if isinstance(part, ast.Call)]
    return bool(calls) and all(name.startswith("checks.") for name in calls)


def _called(call: ast.Call) -> str:
    """The name of what is called; of a ``map``, the name of what it calls."""
    name = ast.unparse(call.func)
    return ast.unparse(call.args[0]) if name == "map" else name
