"""What all tests share: where imports start, what a warning means, and what a skip means on CI."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# `from book.notebooks import …` and `from tests.cases import …` work wherever pytest is started.
sys.path.insert(0, str(HERE.parent))
# jsonschema, which nbformat needs, would compile a grammar of URIs at import: seconds, for a format no notebook uses.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cases-of", metavar="LOSS,LOSS", help="only these losses' cases: to collect all takes seconds")


def pytest_configure(config: pytest.Config) -> None:
    if losses := config.getoption("--cases-of"):
        from tests import cases

        cases.CASES = tuple(case for case in cases.CASES if case.loss in losses.split(","))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A warning fails a test, so that none is missed; a test that means one says `pytest.warns`.

    The browser tests are left out: what selenium warns about is not ours to mend.
    """
    for item in items:
        if HERE in item.path.parents and HERE / "site" not in item.path.parents:
            # `append=False` puts the mark furthest from the test, so the test's own filters win.
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)


def skip_is_failure(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Under CI a skipped check is a check that did not run: turn it red and keep its reason."""
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true does not allow: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    report = yield
    skip_is_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    report = yield
    skip_is_failure(report)
    return report
