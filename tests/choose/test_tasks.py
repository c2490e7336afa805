"""The decision table: it reaches every loss, agrees with the catalog, and says something in each place."""

import dataclasses
import inspect

import pytest
import torch

import lossbook
from lossbook.catalog import CATALOG
from lossbook.choose import QUESTION, TASKS, Branch, Choice, Task


def short(part: Task | Branch | Choice) -> str:
    return next(getattr(part, name) for name in ("key", "name", "loss") if hasattr(part, name))


BRANCHES = [(task, branch) for task in TASKS.values() for branch in task.branches]
CHOICES = [(task, branch, choice) for task, branch in BRANCHES for choice in branch.choices]


def faults(tasks: list[Task]) -> list[str]:
    """What is wrong with a table, in words; nothing for a sound one."""
    choices = [choice for task in tasks for branch in task.branches for choice in branch.choices]
    named = {choice.loss for choice in choices}
    found = [f"unreached: {name}" for name in sorted(CATALOG.keys() - named)]
    found += [f"no such loss: {name}" for name in sorted(named - CATALOG.keys())]
    for choice in choices:
        if choice.loss in CATALOG:
            found += [f"{choice.loss}: {it}" for it in faults_of(choice)]
    for task in tasks:
        keys = [branch.key for branch in task.branches]
        found += [f"{task.name}: the same key twice"] * (len(set(keys)) < len(keys))
        found += [f"{task.name}: a question ends so"] * (not task.question.endswith("?"))
    return found


def faults_of(choice: Choice) -> list[str]:
    row = CATALOG[choice.loss]
    home = torch.nn if row.from_torch else lossbook
    options = inspect.signature(getattr(home, row.module)).parameters
    found = [f"takes no {name}" for name in (*choice.settings, *choice.computed) if name not in options]
    found += [f"{name} is set and computed" for name in choice.computed if name in choice.settings]
    reason = choice.reason.lower()
    best = row.best_constant or ""
    if "best answer is the mean" in reason or "the mean in view" in reason:
        found += [f"best constant is {best}"] * ("mean" not in best)
    if "best answer is a median" in reason:
        found += [f"best constant is {best}"] * (best != "median")
    if "best answer is the quantile" in reason or "best answer a quantile" in reason:
        found += [f"best constant is {best}"] * ("quantile" not in best)
    if "sigmoid of it is the chance" in reason:
        found += ["predicts otherwise"] * ("sigmoid" not in row.to_predict or "score" not in row.last_layer)
    if "softmax of its scores" in reason:
        found += ["predicts otherwise"] * ("softmax" not in row.to_predict)
    if "ends in log-probabilities" in reason:
        found += ["has another last layer"] * ("log_softmax" not in row.last_layer)
    if "output is a chance already" in reason:
        found += ["has another last layer"] * ("a chance" not in row.last_layer)
    return found


def test_the_table_is_sound():
    assert faults(list(TASKS.values())) == []


def bent(name: str, **changes: object) -> list[Task]:
    """The table with a first choice that is changed."""
    task = TASKS[name]
    branch = task.branches[0]
    choice = dataclasses.replace(branch.choices[0], **changes)
    branch = dataclasses.replace(branch, choices=(choice, *branch.choices[1:]))
    task = dataclasses.replace(task, branches=(branch, *task.branches[1:]))
    return [task if it.name == name else it for it in TASKS.values()]


@pytest.mark.parametrize(
    ("tasks", "fault"),
    [
        ([it for it in TASKS.values() if it.name != "sequences"], "unreached: ctc_loss"),
        (bent("amounts", loss="mean_loss"), "no such loss: mean_loss"),
        (bent("amounts", loss="l1_loss"), "l1_loss: best constant is median"),
        (bent("amounts", settings={"delta": 1.0}), "mse_loss: takes no delta"),
        (bent("binary", loss="hinge_loss"), "hinge_loss: predicts otherwise"),
        (bent("classes", loss="multi_margin_loss"), "multi_margin_loss: predicts otherwise"),
        (bent("intervals", computed=("q",)), "quantile_loss: q is set and computed"),
        ([dataclasses.replace(TASKS["amounts"], question="So")], "amounts: a question ends so"),
        ([dataclasses.replace(it, branches=it.branches * 2) for it in TASKS.values()], "costs: the same key twice"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_a_bent_table_is_noticed(tasks: list[Task], fault: str):
    assert fault in faults(tasks)


@pytest.mark.parametrize(("task", "branch", "choice"), CHOICES, ids=short)
def test_each_choice_says_why_and_what_then(task: Task, branch: Branch, choice: Choice):
    assert choice.facts is CATALOG[choice.loss]
    for text in (choice.reason, choice.check):
        assert text[0].isupper() or text[0] == "`"
        assert text.endswith((".", "?"))
        assert len(text) <= 120, text


@pytest.mark.parametrize(("task", "branch"), BRANCHES, ids=short)
def test_each_answer_says_where_to_look(task: Task, branch: Branch):
    assert branch.choices
    assert branch.look.endswith((".", "?"))
    assert branch.answer[0].islower()
    assert task.branch(branch.key) is branch


def test_the_table_has_one_first_question_and_every_task_the_book_knows():
    assert QUESTION.endswith("?")
    assert [task.name for task in TASKS.values()] == list(TASKS)
    assert {task.group for task in TASKS.values()} == {"amounts", "kinds", "structure"}
    assert len({task.target for task in TASKS.values()}) == len(TASKS) == 16
