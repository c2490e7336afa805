"""What an import brings along."""

import functools
import subprocess
import sys

import pytest

HEAVY = ("matplotlib", "torch._dynamo", "torch._inductor", "pandas", "IPython", "sklearn", "tqdm", "scipy")


@functools.cache
def brought_along(module: str) -> set[str]:
    """The modules that importing ``module`` adds to what torch itself loads."""
    script = f"import sys, torch; before = set(sys.modules); import {module}; print(*set(sys.modules) - before)"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


@pytest.mark.slow
@pytest.mark.parametrize("module", ["lossbook", "lossbook.__main__", "lossbook.clinic"])
def test_an_import_is_light(module):
    loaded = brought_along(module)
    assert module in loaded
    assert [name for name in loaded if name.startswith(HEAVY)] == []


def test_the_package_does_not_import_its_tools():
    assert not any(
        name.startswith(("lossbook.timing", "lossbook.teach", "lossbook.clinic")) for name in brought_along("lossbook")
    )
