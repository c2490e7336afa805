"""Timing itself is not tested by time: only who has a turn when, and that nothing is left changed."""

import gc

import pytest
import torch

from lossbook.timing import stopwatch

CPU = torch.device("cpu")


def test_a_different_form_begins_each_round():
    names = ["a", "b", "c"]
    orders = ["".join(stopwatch.rotated(names, turn)) for turn in range(4)]
    assert orders == ["abc", "bca", "cab", "abc"]


def test_forms_take_turns_within_each_round(monkeypatch):
    turns = []

    def clock(step, calls):
        turns.append(step())
        return 1.0  # long enough to be a block of its own

    monkeypatch.setattr(stopwatch, "_cpu_seconds", clock)
    seconds = stopwatch.rounds_of({"a": lambda: "a", "b": lambda: "b"}, CPU, rounds=3)
    warm_up = 4
    assert "".join(turns[warm_up:]) == "abbaab"
    assert {name: len(values) for name, values in seconds.items()} == {"a": 3, "b": 3}


def test_a_block_is_as_many_calls_as_fill_it():
    """Twice as many calls each time, until a quarter of a block is measured; from that, how many fill one."""
    asked = []

    def clock(step, calls):
        asked.append(calls)
        return stopwatch.BLOCK_SECONDS / 10

    assert stopwatch._enough(clock, lambda: None) == 10
    assert asked == [1, 1, 2, 4]


def test_a_step_runs_in_one_thread_without_collection_and_both_come_back():
    seen = []
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    assert gc.isenabled()
    try:
        stopwatch.rounds_of({"a": lambda: seen.append((torch.get_num_threads(), gc.isenabled()))}, CPU, rounds=2)
        assert set(seen) == {(1, False)}
        assert torch.get_num_threads() == 2
        with pytest.raises(ZeroDivisionError), stopwatch.undisturbed():
            raise ZeroDivisionError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert gc.isenabled()


def test_seconds_are_per_call():
    """A call that burns a known share of the thread's time reads as that, whatever the number of calls."""
    ticks = iter(range(100))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stopwatch.time, "thread_time", lambda: next(ticks) * 10.0)
        assert stopwatch._cpu_seconds(lambda: None, 5) == 2.0


def test_quartiles():
    assert stopwatch.quartiles([5.0, 1.0, 2.0, 4.0, 3.0]) == (2.0, 3.0, 4.0)


class Event:
    """Stands in for a CUDA event: this many milliseconds lie between any two."""

    def __init__(self, enable_timing):
        assert enable_timing
        self.recorded = self.waited_for = False

    def record(self):
        self.recorded = True

    def synchronize(self):
        assert self.recorded
        self.waited_for = True

    def elapsed_time(self, end):
        assert self.recorded
        assert end.waited_for, "read before the GPU was done"
        return 30.0


def test_seconds_on_a_gpu_are_between_two_events(monkeypatch):
    monkeypatch.setattr(torch.cuda, "Event", Event)
    ran = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: ran.append("wait"))
    assert stopwatch._cuda_seconds(lambda: ran.append("step"), 5) == 0.006
    assert ran == ["wait", *["step"] * 5]
    seconds = stopwatch.rounds_of({"a": lambda: None}, torch.device("cuda"), rounds=2)
    assert seconds == {"a": [0.03, 0.03]}


@pytest.mark.parametrize(("gpu", "device"), [(True, "cuda"), (False, "cpu")])
def test_the_best_device_is_a_gpu_if_there_is_one(monkeypatch, gpu, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert stopwatch.best_device().type == device
