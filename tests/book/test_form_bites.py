"""The rules find the faults they are for: a good chapter is silent, and one fault at a time is planted in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from book.notebooks import METADATA, dump, normal
from tests.book import form, reading
from tests.book.loose_numbers import in_prose
from tests.book.pages import Page, headings, unmatched, words

RULES = form.RULES + reading.RULES
Fault = Callable[[NotebookNode], None]

PROBLEM = """(good)=
# Where to bend

One point of ten lies far away. Two lines could be drawn, and each of them is right in a way that the other
is not. Which of them would you rather trust tomorrow, and what would have to be true for that?"""
EXERCISES = """## Exercises

**1.** Which line moves?

:::{admonition} Answer
:class: dropdown
The squared one, by $0.5\\,e$.
:::

**2.** And if there were two such points?

<details><summary>Answer</summary>

**2** points pull twice as hard.

</details>

**3.** Compute it."""


def stream(text: str, name: str = "stdout") -> NotebookNode:
    return new_output("stream", name=name, text=text)


def figure() -> NotebookNode:
    return new_output("display_data", {"text/plain": "<Figure size 700x340 with 1 Axes>"})


def result(text: str) -> NotebookNode:
    return new_output("execute_result", {"text/plain": text}, execution_count=1)


def code(name: str, source: str, *outputs: NotebookNode, tags: tuple[str, ...] = (), alt: str = "") -> NotebookNode:
    metadata: dict[str, object] = {"tags": list(tags)} if tags else {}
    if alt:
        metadata["mystnb"] = {"image": {"alt": alt}}
    return new_code_cell(source, id=name, metadata=metadata, outputs=list(outputs))


def prose(name: str, source: str) -> NotebookNode:
    return new_markdown_cell(source, id=name)


def good_chapter() -> NotebookNode:
    """One page with an instance of everything that the rules speak of, all of it right."""
    cells = [
        code("setup", "%xmode Minimal\nimport torch", stream("Exception mode: Minimal\n"), tags=("remove-cell",)),
        prose("problem", PROBLEM),
        prose("example", "## A worked example\n\nAn error of 2.5 in torch 2.13: the slope is 5 % of $\\delta = 0.37$."),
        code("assigned", "error = torch.tensor(2.5)\nerror * 2", result("tensor(5.)")),
        code("asserted", "assert abs(float(error) / 50 - 0.05) < 1e-6"),
        prose("drawn", "### Drawn\n\nValue beside slope; {cite}`huber1964` has 95 % and 0.98 in one sentence."),
        code("plot", 'plt.plot(x)\nplt.title(f"bends at {delta:6.2f}")\nplt.show()', figure(),
             alt="A line that bends at delta, twice"),
        code("trained", "loss = train()\nprint(loss)\nassert loss < 1", tags=("nbval-ignore-output",)),
        code("fails", "error + 'a'", new_output("error", ename="TypeError", evalue="no", traceback=["TypeError: no"]),
             tags=("raises-exception",)),
        code("timed", 'record("huber_loss")', tags=("nbval-ignore-output", "hide-input"),
             alt="Time of the loss over its size, ours beside torch"),
        prose("short", "## In short\n\nIt bends."),
        prose("exercises", EXERCISES),
        code("answer", "torch.ones(2)", result("tensor([1., 1.])"), tags=("hide-cell",)),
        prose("sources", "## Sources\n\nHuber."),
        prose("next", "## Next\n\nCounts."),
    ]  # fmt: skip
    return normal(from_dict(new_notebook(cells=cells, metadata=METADATA)))


def page(notebook: NotebookNode, name: str = "good") -> Page:
    return Page(name, notebook, dump(notebook))


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.id == name)


# --- faults --------------------------------------------------------------------------------------------


def change(name: str, **fields: object) -> Fault:
    return lambda notebook: cell(notebook, name).update(fields)


def tag(name: str, *tags: str) -> Fault:
    return lambda notebook: cell(notebook, name).metadata.update(tags=list(tags))


def alt(name: str, text: str) -> Fault:
    return lambda notebook: cell(notebook, name).metadata.update(mystnb={"image": {"alt": text}})


def write(name: str, text: str) -> Fault:
    return lambda notebook: cell(notebook, name).update(source=cell(notebook, name).source + "\n\n" + text)


def replace(name: str, old: str, new: str) -> Fault:
    def planted(notebook: NotebookNode) -> None:
        assert old in cell(notebook, name).source
        cell(notebook, name).source = cell(notebook, name).source.replace(old, new)

    return planted


def output(name: str, *outputs: NotebookNode) -> Fault:
    return lambda notebook: cell(notebook, name).outputs.extend(from_dict(list(outputs)))


def remove(name: str) -> Fault:
    return lambda notebook: notebook.cells.remove(cell(notebook, name))


def before(name: str, *cells: NotebookNode) -> Fault:
    def planted(notebook: NotebookNode) -> None:
        at = notebook.cells.index(cell(notebook, name))
        notebook.cells[at:at] = cells

    return planted


def png() -> NotebookNode:
    return new_output("display_data", {"image/png": "iVBOR", "text/plain": "<Figure size 700x340 with 1 Axes>"})


def many(count: int, lines: int = 1) -> list[NotebookNode]:
    return [code(f"many{n}", "\n".join(["1"] * lines)) for n in range(count)]


FAULTS: list[tuple[Callable, str, Fault]] = [
    (form.counted, "never run", change("assigned", execution_count=None)),
    (form.counted, "run twice", change("assigned", execution_count=7)),
    (form.in_normal_form, "editor metadata", lambda notebook: notebook.metadata.update(colab={})),
    (form.in_normal_form, "timing metadata", lambda notebook: cell(notebook, "plot").metadata.update(execution={})),
    (form.in_normal_form, "output of an uncompared cell", output("trained", stream("0.1"))),
    (form.in_normal_form, "kernel of one's own", lambda notebook: notebook.metadata.kernelspec.update(name="mine")),
    (form.without_images, "png", output("plot", png())),
    (form.without_images, "attachment", change("short", attachments={"a.png": {"image/png": "iVBOR"}})),
    (form.without_images, "image in HTML", output("plot", result('<img src="data:image/png;base64,AA">'))),
    (form.errors_on_purpose, "untagged error", change("fails", metadata={})),
    (form.errors_on_purpose, "no error came", change("fails", outputs=[])),
    (form.errors_on_purpose, "long traceback", replace("setup", "%xmode Minimal", "pass")),
    (form.set_up_hidden, "set-up in sight", tag("setup")),
    (form.of_no_machine, "path printed", output("assigned", stream("/home/ada/data.csv"))),
    (form.of_no_machine, "path in code", write("assigned", "open('C:\\\\data')")),
    (form.of_no_machine, "address", output("assigned", result("<Line2D at 0x7f11aabbccdd>"))),
    (form.of_no_machine, "own folder", output("assigned", stream(f"in {form.ROOT}/lossbook"))),
    (form.without_stderr, "stderr", output("assigned", stream("UserWarning", "stderr"))),
    (form.tags_known, "nbval-skip", tag("assigned", "nbval-skip")),
    (form.tags_known, "a comment for nbval", write("assigned", "# NBVAL_IGNORE_OUTPUT")),
    (form.uncompared_in_pairs, "no claim", replace("trained", "assert loss < 1", "loss")),
    (form.uncompared_in_pairs, "an empty claim", replace("trained", "assert loss < 1", "assert True")),
    (form.uncompared_in_pairs, "a claim about nothing", replace("trained", "assert loss < 1", "assert 0 < 1")),
    (form.compiles_elsewhere, "torch.compile", write("assigned", "torch.compile(error)")),
    (reading.short_to_read, "too many words", write("short", "word " * 3501)),
    (reading.short_to_look_at, "too many cells", before("short", *many(26))),
    (reading.short_to_look_at, "long median", before("short", *many(9, lines=7))),
    (reading.short_to_look_at, "one long cell", before("short", *many(1, lines=21))),
    (reading.asserts_in_one_line, "two lines", write("asserted", "assert (\n  error\n)")),
    (reading.asserts_in_one_line, "too wide", write("asserted", f"assert error, '{'x' * 100}'")),
    (reading.says_little, "four sentences", write("assigned", 'say("a")\n' * 4)),
    (reading.described, "no alt", alt("plot", "")),
    (reading.described, "an alt of two words", alt("plot", "A line")),
    (reading.described, "a twin's alt", alt("plot", "Time of the loss over its size, ours beside torch")),
    (reading.described, "timing figure without alt", alt("timed", "")),
    (reading.described, "two pictures", output("plot", figure())),
    (reading.described, "Markdown image", write("short", "![](figure.svg)")),
    (reading.described, "HTML image", write("short", '<img src="figure.svg" alt="">')),
    (reading.described, "figure directive", write("short", ":::{figure} figure.svg\n:name: x\n:::")),
    (reading.titled, "no title", replace("plot", "plt.title", "plt.xlabel")),
    (reading.headings_in_order, "second title", write("short", "# Another")),
    (reading.headings_in_order, "a jump", write("short", "#### Deep")),
    (reading.headings_in_order, "no title", replace("problem", "# Where", "Where")),
    (reading.opens_with_a_problem, "code first", before("problem", code("early", "1"))),
    (reading.opens_with_a_problem, "card first", before("problem", code("early", "card('l1')", tags=("hide-input",)))),
    (reading.opens_with_a_problem, "formula first", replace("problem", "One point", "$$e = 1$$\n\nOne point")),
    (reading.opens_with_a_problem, "no words", change("problem", source="# Where to bend\n\nHere:")),
    (reading.ends_like_its_sisters, "no recap", remove("short")),
    (reading.ends_like_its_sisters, "another order", lambda notebook: notebook.cells.append(notebook.cells.pop(-2))),
    (reading.ends_like_its_sisters, "empty", change("next", source="## Next")),
    (reading.exercises_answered, "two exercises", replace("exercises", "**2.**", "2.")),
    (reading.exercises_answered, "answer in sight", replace("exercises", ":class: dropdown", ":class: note")),
    (reading.exercises_answered, "answer not folded", tag("answer")),
    (reading.exercises_answered, "no answer", replace("exercises", "<details>", "<div>")),
    (reading.loose_numbers, "decimal", write("short", "The loss falls to 0.37.")),
    (reading.loose_numbers, "percentage", write("short", "It is 12 % lower.")),
    (reading.loose_numbers, "per cent", write("short", "It is 12 per cent lower.")),
    (reading.loose_numbers, "ratio", write("short", "It is 3× faster.")),
    (reading.loose_numbers, "times", write("short", "It is 3 times as fast.")),
    (reading.loose_numbers, "maths in disguise", write("short", "The loss falls to $0.37$.")),
    (reading.loose_numbers, "code in disguise", write("short", "The loss falls to `0.37`.")),
    (reading.loose_numbers, "far from its code", write("next", "The error was 2.5.")),
    (reading.loose_numbers, "a percentage only assigned", replace("asserted", "0.05", "0.07")),
    (reading.loose_numbers, "in an alt text", alt("plot", "The test error falls to 0.37 at last")),
    (reading.loose_numbers, "in a title", replace("plot", "bends at", "0.37 lower, bends at")),
    (reading.loose_numbers, "in a sentence", write("trained", 'say("It is 3 times as fast as {other:.2f}.")')),
    (reading.loose_numbers, "in a folded answer", replace("exercises", "pull twice as hard", "pull 1.9 times as hard")),
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_chapter_is_silent(rule):
    assert not [str(finding) for finding in rule(page(good_chapter()))]


@pytest.mark.parametrize(
    ("rule", "what", "plant"), FAULTS, ids=[f"{rule.__name__}: {what}" for rule, what, _ in FAULTS]
)
def test_a_fault_is_found(rule, what, plant):
    notebook = good_chapter()
    plant(notebook)
    assert list(rule(page(notebook)))


def test_every_rule_is_fed_a_fault():
    assert {rule for rule, _, _ in FAULTS} == set(RULES)


@pytest.mark.parametrize("rule", [reading.short_to_read, reading.ends_like_its_sisters, reading.opens_with_a_problem])
def test_the_atlas_is_no_chapter(rule):
    long = new_notebook(cells=[prose("long", "# Title"), code("card", "1"), prose("more", "word " * 4000)])
    assert list(rule(page(long, "huber")))
    assert not list(rule(page(long, "atlas")))


def test_part_five_is_as_long_as_it_needs():
    long = new_notebook(cells=[prose("long", "word " * 4000), *many(26)])
    for rule in (reading.short_to_read, reading.short_to_look_at):
        assert list(rule(page(long, "huber")))
        assert not list(rule(page(long, "clinic")))


# --- reading prose -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    "Python 3.11 and torch 2.13.0, section 3.2, CC BY 4.0", "`beta=1.0` and $e = 0.5$", "[here](https://a.org/1.5/2)",
    "twice as large, three times a day", "1. first\n2. second", "```python\nx = 0.37\n```", ":::{math}\n0.37\n:::",
    "$$\nx = 0.37\n$$", "By {cite}`huber1964`, 95 % at 1.345 suffice.", "an 80 % interval", "% a comment of 0.37\nword",
    "the v1.2.3 tag", "```{glossary}\nrate\n  0.37 of it\n```", "{eq}`loss-0.5` holds",
])  # fmt: skip
def test_prose_without_loose_numbers(text):
    assert not [match[0] for match in in_prose(text)]


@pytest.mark.parametrize(("text", "numbers"), [
    ("It is 0.37, or 1,234.5 in all", ["0.37", "234.5"]), ("between 1.5σ and 2.5ms", ["1.5", "2.5"]),
    ("(0.37)", ["0.37"]), ("about $\\approx 0.37$", ["0.37"]), ("below 1e-6", ["1e-6"]), ("$3\\times$ slower", ["3×"]),
    ("3x faster", ["3x"]), ("5% less, 12 percent more", ["5%", "12 percent"]),
    (":::{note} Of 0.37\nand 0.38\n:::", ["0.37", "0.38"]), ("| a | 0.37 |", ["0.37"]), ("> quoted 0.37", ["0.37"]),
    ("Cited {cite}`a`. Ours is 0.37.", ["0.37"]),
])  # fmt: skip
def test_prose_with_loose_numbers(text, numbers):
    assert [match[0].strip() for match in in_prose(text)] == numbers


def test_words_in_sight():
    text = "Two words $a + b$\n\n```\nno words here\n```\n\n:::{admonition} Answer\n:class: dropdown\nnot these\n:::\n"
    assert words(text + "<details>nor these</details>\n\n:::{note}\nbut this\n:::") == 5


def test_headings_outside_code():
    assert headings("# One\n\n```\n# no\n```\n\n## Two `x` ##") == [(1, "One"), (2, "Two `x`")]


def test_contents_and_files(tmp_path):
    (tmp_path / "book" / "_static").mkdir(parents=True)
    (tmp_path / "_toc.yml").write_text("root: book/intro\nparts:\n- chapters:\n  - file: book/gone\n")
    for name in ("intro.ipynb", "stray.md", "_static/readme.md"):
        (tmp_path / "book" / name).write_text("")
    (tmp_path / "book" / "404.md").write_text("---\norphan: true\n---\n")
    assert [finding.page for finding in unmatched(tmp_path)] == ["book/gone", "book/stray"]


# --- limits and places ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "limit", "of_size"), [
    (reading.short_to_read, 3500, lambda size: [prose("p", "word " * size)]),
    (reading.short_to_look_at, 25, lambda size: many(size)),
    (reading.short_to_look_at, 6, lambda size: many(3, lines=size)),
    (reading.short_to_look_at, 20, lambda size: [*many(2), code("long", "1\n\n" * size)]),
    (reading.asserts_in_one_line, 100, lambda size: [code("a", "assert " + "x" * (size - 7))]),
    (reading.says_little, 3, lambda size: [code("a", "say()\n" * size)]),
    (reading.described, 1, lambda size: [code("a", "1", *[figure()] * size, alt="five words and a dot")]),
])  # fmt: skip
def test_at_the_limit_is_silent(rule, limit, of_size):
    assert not list(rule(page(new_notebook(cells=of_size(limit)))))
    assert list(rule(page(new_notebook(cells=of_size(limit + 1)))))


def test_opening_needs_25_words():
    def opening(count):
        return page(new_notebook(cells=[prose("p", "# Title\n\n" + "word " * count), code("c", "1")]))

    assert list(reading.opens_with_a_problem(opening(24)))
    assert not list(reading.opens_with_a_problem(opening(25)))


def test_a_finding_says_where():
    notebook = good_chapter()
    write("short", "Falls to 0.37.")(notebook)
    place = [cell.id for cell in notebook.cells].index("short") + 1
    (finding,) = reading.loose_numbers(page(notebook))
    assert str(finding).startswith(f"good, cell {place}: a loose number in prose: «0.37»")
    assert str(page(notebook).finding(None, "wrong")) == "good: wrong"
