"""The contract card of a loss, and the table of all losses: what goes in, what comes out, read off the catalog."""

import inspect
import itertools
import math
import re
from pathlib import Path

import torch
from IPython.display import Markdown

import lossbook
from lossbook.catalog import CATALOG, Argument, Row, row
from lossbook.teach.data import experiment

__all__ = ["breakable", "card", "cheat_sheet", "leading_to", "names_elsewhere", "overview", "target_of"]

# How the formulas of the catalog write the options.
_SYMBOLS = {
    "delta": r"\delta",
    "beta": r"\beta",
    "margin": "m",
    "eps": r"\varepsilon",
    "p": "p",
    "q": "q",
    "over": "c_+",
    "under": "c_-",
    "power": "p",
}
_SYMBOLS |= {"distance_function": "d", "q": "q", "over": "c_+", "under": "c_-", "power": "p"}
_SYMBOLS |= {"gamma": r"\gamma", "alpha": r"\alpha", "smooth": "s"}


def card(name: str) -> Markdown:
    """The card of one loss, by the name of its function or Module."""
    entry = row(name)
    (first, value), *facts = _facts(entry)
    lines = [f"| {first} | {value} |", "|---|---|", *(f"| {label} | {value} |" for label, value in facts)]
    return Markdown(
        f'<div class="loss-card">\n\n**{entry.asks}**\n\n$$\n\\ell = {entry.formula}\n$$\n\n'
        + "\n".join(lines)
        + "\n\n</div>"
    )


def overview() -> Markdown:
    """Every loss of the catalog in one table: its name, what it asks, the chapter that explains it."""
    lines = [f"| {_link(entry)} | {entry.asks} | {_chapter(entry)} |" for entry in CATALOG.values()]
    return Markdown("| Loss | What it asks | Chapter |\n|---|---|---|\n" + "\n".join(lines))


def cheat_sheet() -> Markdown:
    """One line a loss: how it is called, what the target is, the last layer, and how to predict then."""
    lines = []
    for task, entries in itertools.groupby(CATALOG.values(), lambda entry: entry.task):
        lines.append(f"| **{task}** | | | |")
        lines += [
            f"| {_call(entry)} | {target_of(entry)} | {entry.last_layer} | {entry.to_predict} |" for entry in entries
        ]
    head = "| Call | Target | Last layer | Then, to predict |\n|---|---|---|---|\n"
    return Markdown('<div class="cheat-sheet">\n\n' + head + "\n".join(lines) + "\n\n</div>")


def target_of(entry: Row) -> str:
    """What the loss is told of the truth."""
    if "negative" in entry.arguments:
        return "a match and a stranger for each"
    named = [it.what for name, it in entry.arguments.items() if name.startswith("target")]
    return named[0] if named else list(entry.arguments.values())[1].what


def _call(entry: Row) -> str:
    needed = ['reduction="batchmean"'] if "batchmean" in entry.reductions else []
    arguments = "(" + ", ".join([*entry.arguments, *needed]).replace("_", "\\_") + ")"
    if not entry.function:
        return f"nn.{_link(entry)}(…)<wbr>{arguments}"
    return f"{'F' if entry.from_torch else 'lossbook'}.{_link(entry)}<wbr>{arguments}"


def names_elsewhere() -> Markdown:
    """What other libraries call each loss, and what turns their number into ours: read off a recorded comparison."""
    recorded = experiment("names_elsewhere")
    libraries = ("Keras", "optax", "scikit-learn")
    named: dict[str, dict[str, list[str]]] = {loss: {} for loss in recorded["nowhere"]}
    for entry in recorded["entries"]:
        says = f"`{entry['name']}`" + (f": {entry['difference']}" if entry["difference"] else "")
        named.setdefault(entry["loss"], {}).setdefault(entry["library"], []).append(says)
    versions = [f"{library} {recorded['versions'][library.lower()]}" for library in libraries]
    lines = ["| Loss | " + " | ".join(versions) + " |", "|---" * 4 + "|"]
    for loss, names in sorted(named.items(), key=lambda item: list(CATALOG).index(item[0].partition(", ")[0])):
        cells = ["; or ".join(names.get(library, ["–"])) for library in libraries]
        name, _, target = loss.partition(", ")
        lines.append(f"| {_link(CATALOG[name])}{target and ', ' + target} | " + " | ".join(cells) + " |")
    return Markdown('<div class="names-elsewhere">\n\n' + "\n".join(lines) + "\n\n</div>")


def _link(entry: Row) -> str:
    """To the heading of the loss on the same page."""
    return f"[{breakable(entry.name)}](#{entry.name.lower()})"


def breakable(name: str) -> str:
    """A name that may break between its words, on a narrow screen."""
    return re.sub("(?<=_)|(?<=[a-z])(?=[A-Z])", "<wbr>", name)


def _facts(entry: Row) -> list[tuple[str, str]]:
    facts = [("Function", f"`{entry.function}`")] if entry.function else []
    facts += [("Module", f"`{entry.module}`")]
    facts += [] if entry.from_torch else [("In torch", "torch has none: these are the names in `lossbook`")]
    facts += [(f"`{name}` ${it.symbol}$", _argument(it)) for name, it in entry.arguments.items()]
    facts += [
        ("Options", _options(entry)),
        ("Range", f"one element: {_range(entry)}"),
        ("Mean", _divisor(entry)),
        ("Best constant", entry.best_constant or "none that has a name"),
        *([("Beware", entry.beware)] if entry.beware else []),
        ("Chapter", _chapter(entry)),
    ]
    return facts


def _argument(argument: Argument) -> str:
    if argument.shape == argument.dtype:
        form = f"Shape and dtype: {argument.shape.replace('that of', 'those of')}."
    else:
        form = f"Shape: {argument.shape}. Dtype: {argument.dtype}."
    return f"{argument.what}. Values: {argument.values}. {form}"


def _options(entry: Row) -> str:
    options = [f"`{name}` (needed)" for name in _needed(entry)]
    for name, default in entry.options.items():
        symbol = f" (${_SYMBOLS[name]}$)" if name in _SYMBOLS else ""
        if name == "temperature":
            symbol = " ($T$)" if entry.name == "distillation_loss" else r" ($\tau$)"
        factors = f" (one factor per {entry.weighted}{_function_only(entry)})" if name == "weight" else ""
        options.append(f"`{name}={default!r}`{symbol}{factors}")
    if len(entry.reductions) > 1:
        options.append("`reduction='mean'`, or " + ", ".join(f"`{it!r}`" for it in entry.reductions if it != "mean"))
    return "; ".join(options)


def _function_only(entry: Row) -> str:
    """Torch's Modules of regression take no ``weight``, though their functions do."""
    home = torch.nn if entry.from_torch else lossbook
    return "" if "weight" in inspect.signature(getattr(home, entry.module)).parameters else "; not the Module"


def _needed(entry: Row) -> list[str]:
    """What the Module must be told, where there is no function to call without it."""
    if entry.function:
        return []
    parameters = inspect.signature(getattr(torch.nn, entry.module)).parameters.values()
    return [it.name for it in parameters if it.default is it.empty]


def _range(entry: Row) -> str:
    low = "no lower bound" if math.isinf(entry.minimum) else f"from {_number(entry.minimum)}"
    high = "no upper bound" if math.isinf(entry.maximum) else f"to {_number(entry.maximum)}"
    return f"{low}, {high}" if math.isinf(entry.maximum) else f"{low} {high}"


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def _divisor(entry: Row) -> str:
    plain = f"divides by the number of {entry.divisor}"
    if entry.weighted_divisor is None:
        return plain
    if entry.weighted_divisor == entry.divisor:
        return f"{plain}, also with `weight`"
    return f"{plain}; with `weight`, by the {entry.weighted_divisor}"


def _chapter(entry: Row) -> str:
    return leading_to(entry, entry.chapter)


def leading_to(entry: Row, words: str) -> str:
    """``words`` as a link to the loss's section, where its notebook lies beside the one that runs, else as they are."""
    page = f"{entry.chapter}.ipynb"
    return f"[{words}]({page}{_anchor(entry.section)})" if Path(page).exists() else words


def _anchor(heading: str) -> str:
    """A heading as the site makes it an address: small letters and hyphens."""
    return heading and "#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
