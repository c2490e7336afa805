"""Seconds of a call: forms that take turns in one process, on one thread, round after round."""

import contextlib
import gc
import itertools
import statistics
import time
from collections.abc import Callable, Iterator

import torch

from lossbook.timing.forms import Step

__all__ = ["CLOCKS", "best_device", "quartiles", "rounds_of", "undisturbed"]

# Long enough for the clock, short enough that a disturbance hits one round and not the median.
BLOCK_SECONDS = 0.001

# What a second is, for each kind of device.
CLOCKS = {"cpu": "CPU time of the one thread", "cuda": "time between two CUDA events"}


def best_device() -> torch.device:
    """The device that live timings use: a CUDA GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """One CPU thread and no garbage collection, both as before afterwards.

    With more threads, each parallel loop waits for its slowest one, and on a shared machine that wait is
    what one would measure.
    """
    threads, collects = torch.get_num_threads(), gc.isenabled()
    torch.set_num_threads(1)
    gc.disable()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        if collects:
            gc.enable()


def rounds_of(steps: dict[str, Step], device: torch.device, rounds: int) -> dict[str, list[float]]:
    """Seconds per call of each step, one number a round. The steps take turns; who begins changes every round."""
    clock = _cuda_seconds if device.type == "cuda" else _cpu_seconds
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    with undisturbed():
        calls = {name: _enough(clock, step) for name, step in steps.items()}
        for number in range(rounds):
            for name in rotated(list(steps), number):
                seconds[name].append(clock(steps[name], calls[name]))
    return seconds


def rotated(names: list[str], by: int) -> list[str]:
    """The names in the same circle, begun ``by`` places later."""
    start = by % len(names)
    return names[start:] + names[:start]


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """First quartile, median, third quartile of two or more values."""
    lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
    return lower, median, upper


def _enough(clock: Callable[[Step, int], float], step: Step) -> int:
    """How many calls in a row fill a block. Finding out warms up caches, allocators and compilers."""
    clock(step, 1)
    calls = 1
    while (each := clock(step, calls)) * calls < BLOCK_SECONDS / 4:
        calls *= 2
    return max(1, round(BLOCK_SECONDS / each))


def _cpu_seconds(step: Step, calls: int) -> float:
    # The time of this thread, not that of the wall: waiting while another program has the core does not count.
    begin = time.thread_time()
    for _ in itertools.repeat(None, calls):
        step()
    return (time.thread_time() - begin) / calls


def _cuda_seconds(step: Step, calls: int) -> float:
    # Events are stamped by the GPU itself, so neither waiting (before, after) counts.
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    torch.cuda.synchronize()
    begin.record()
    for _ in itertools.repeat(None, calls):
        step()
    end.record()
    end.synchronize()
    milliseconds: float = begin.elapsed_time(end)
    return milliseconds / 1000 / calls
