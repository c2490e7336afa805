"""Memory that a call asks for, beyond its arguments."""

import ctypes
import itertools
import os
import platform

import torch
from torch.autograd import profiler

from lossbook.timing.forms import Step

__all__ = ["peak_bytes", "return_freed"]


def return_freed() -> None:
    """Give freed memory back to the system, so that what ran before has no say in what comes next.

    Whether a large array gets used pages or fresh ones decides its time on a CPU several times over, and glibc
    keeps freed memory or not depending on the past of the process.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def peak_bytes(step: Step, device: torch.device) -> int:
    """The most bytes that are allocated at one time while ``step`` runs, its result included.

    It counts what is asked of PyTorch's allocator: memory that is asked for but never touched (torch's own
    ``mse_loss`` has some) counts too, although a CPU then never fills it.
    """
    step()  # what a first call sets up, a later one does not pay again
    return _cuda_peak(step, device) if device.type == "cuda" else _cpu_peak(step)


def _cuda_peak(step: Step, device: torch.device) -> int:
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    step()
    torch.cuda.synchronize(device)
    peak: int = torch.cuda.max_memory_allocated(device)
    return peak - before


def _cpu_peak(step: Step) -> int:
    # The profiler hears every allocation, those inside a kernel too, which a hook on operators would miss.
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else it prints two lines to stderr
    with profiler.profile(profile_memory=True) as profile:
        result = step()
    assert profile.kineto_results is not None
    changes: list[int] = [event.nbytes() for event in profile.kineto_results.events() if event.name() == "[memory]"]
    del result  # alive until here, so that no freeing of it was heard
    return max(itertools.accumulate(changes, initial=0))
