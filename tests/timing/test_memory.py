"""Peak memory of operations whose temporaries can be counted by hand, in units of one input."""

import ctypes
import platform

import pytest
import torch

from lossbook.timing.memory import peak_bytes, return_freed

N = 100_000
X = torch.ones(N)
TRAINED = torch.ones(N, requires_grad=True)


@pytest.mark.parametrize(
    ("step", "units"),
    [
        pytest.param(lambda: X.view(-1), 0, id="a view allocates nothing"),
        pytest.param(lambda: X * 2, 1, id="the result"),
        pytest.param(lambda: X * 2 + 1, 2, id="a temporary and the result"),
        pytest.param(lambda: (X * 2 + 1) * 3, 2, id="a temporary is freed before the next"),
        pytest.param(lambda: X.double(), 2, id="a wider dtype"),
        pytest.param(lambda: TRAINED.exp().sum(), 1, id="what is kept for the backward pass"),
        pytest.param(lambda: torch.autograd.grad(TRAINED.exp().sum(), TRAINED), 2, id="that, and the gradient"),
    ],
)
def test_peak_in_inputs(step, units):
    assert peak_bytes(step, torch.device("cpu")) / X.nbytes == pytest.approx(units, abs=0.01)


def test_nothing_is_printed(capfd):
    peak_bytes(lambda: X * 2, torch.device("cpu"))
    assert capfd.readouterr() == ("", "")


def test_peak_on_a_gpu_is_beyond_what_was_allocated_before(monkeypatch):
    """The order matters: the statistic is reset after the warm-up, and read when the GPU is done."""
    log = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: log.append("wait"))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: log.append("reset"))
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 100)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: log.append("read") or 160)
    assert peak_bytes(lambda: log.append("step"), torch.device("cuda")) == 60
    assert log == ["step", "wait", "reset", "step", "wait", "read"]


@pytest.mark.parametrize(("library", "calls"), [("glibc", [0]), ("musl", [])])
def test_freed_memory_is_returned_where_the_library_can(monkeypatch, library, calls):
    asked = []
    c_library = type("Library", (), {"malloc_trim": staticmethod(asked.append)})
    monkeypatch.setattr(platform, "libc_ver", lambda: (library, "1.0"))
    monkeypatch.setattr(ctypes, "CDLL", lambda name: c_library)
    return_freed()
    assert asked == calls
