"""The hooks of `tests/conftest.py`, seen at work in a pytest of their own: skips on CI, warnings anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parent.parent / "conftest.py"
CASES = """
import warnings
import pytest

@pytest.mark.skip(reason="no browser")
def test_marked(): ...

def test_inside(): pytest.skip("no GPU")

@pytest.mark.xfail(reason="known")
def test_expected(): assert False

def test_warns(): warnings.warn("careful", UserWarning)

@pytest.mark.filterwarnings("ignore:careful")
def test_allows(): warnings.warn("careful", UserWarning)
"""


@pytest.fixture
def outcome(tmp_path):
    """The summary line and the output of a pytest that runs `CASES` under a value of CI."""
    (tmp_path / "conftest.py").write_text(CONFTEST.read_text())
    (tmp_path / "test_cases.py").write_text(CASES)
    (tmp_path / "test_module.py").write_text("import pytest\npytest.importorskip('no_such_module')\n")

    def run(ci):
        command = [sys.executable, "-m", "pytest", "-q", "-rf", "--color=no", "-p", "no:cacheprovider"]
        command += ["--continue-on-collection-errors", "."]
        # No plugins: none is needed, and nbval alone takes seconds to import.
        settings = {"CI": ci, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(command, cwd=tmp_path, env=os.environ | settings, capture_output=True, text=True)
        return done.stdout.splitlines()[-1], done.stdout

    return run


def test_a_skip_is_only_a_skip_elsewhere(outcome):
    last, output = outcome("")
    assert "1 failed, 1 passed, 3 skipped, 1 xfailed" in last
    assert "UserWarning: careful" in output


def test_a_skip_is_a_failure_on_ci(outcome):
    last, output = outcome("true")
    assert "skipped, which CI=true does not allow: Skipped: no GPU" in output
    assert "no browser" in output
    assert "could not import 'no_such_module'" in output
    assert "2 failed, 1 passed, 1 xfailed, 2 errors" in last
