"""Record a run: walk the catalog, measure each loss, write after each, and go on where it was stopped."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import torch

from lossbook.catalog import CATALOG, Row, row
from lossbook.timing.forms import PASSES, DisagreementError, Form, check, forms, sample, step, why_left_out
from lossbook.timing.memory import peak_bytes, return_freed
from lossbook.timing.runs import FormCost, LossCost, Run, Spread, load, save, today
from lossbook.timing.stopwatch import quartiles, rounds_of

__all__ = ["ROUNDS", "SIZES", "record", "seconds_at"]

# For each kind of device, up to where memory and patience last.
SIZES = {"cpu": [10**power for power in range(2, 8)], "cuda": [10**power for power in range(2, 9)]}
ROUNDS = 9

# For each pass, for each form, the seconds of each round.
Seconds = dict[str, dict[str, list[float]]]


def record(
    device: torch.device,
    out: Path,
    *,
    losses: list[str] | None = None,
    sizes: list[int] | None = None,
    rounds: int = ROUNDS,
    compiled: bool = False,
    fresh: bool = False,
) -> tuple[Run, Path]:
    """Measure the losses of the catalog on ``device`` and write the run into the folder ``out``.

    Args:
        device: the CPU or a CUDA GPU.
        out: the folder of the file, which is named by device and torch version.
        losses: names of functions; ``None`` means every loss that is written.
        sizes: elements of an input; ``None`` means those that fit the device.
        rounds: how often each form has its turn, two or more.
        compiled: whether ``torch.compile`` of the readable form takes part.
        fresh: whether to forget what the file holds already, rather than to go on from there.

    Returns:
        The run and the path of its file. A loss that could not be measured stands in ``left_out`` with its reason.

    Raises:
        KeyError: the catalog has no such loss.
        ValueError: the file holds a run with other settings, and ``fresh`` is not set.
    """
    names = ["torch", "readable", "compiled"][: 3 if compiled else 2]
    run = Run.here(device, torch.float32, names, sorted(sizes or SIZES[device.type]), rounds)
    path = out / run.filename
    if path.exists() and not fresh:
        run = _continued(run, load(path))
    for entry in _progress(_chosen(losses, run)):
        _add(run, entry, device)
        save(run, path)
    return run, path


def seconds_at(
    entry: Row, size: int, dtype: torch.dtype, device: torch.device, rounds: int, found: dict[str, Form]
) -> Seconds:
    """Measure one loss at one size, after checking that its forms agree."""
    arguments = sample(entry, size, dtype, device)
    check(found, arguments)
    return_freed()
    return {
        passed: rounds_of({name: step(form, arguments, passed) for name, form in found.items()}, device, rounds)
        for passed in PASSES
    }


def _chosen(losses: list[str] | None, run: Run) -> list[Row]:
    entries = list(CATALOG.values()) if losses is None else [row(name) for name in losses]
    return [entry for entry in entries if entry.name not in run.losses]


def _continued(new: Run, old: Run) -> Run:
    changed = [key for key, value in new.settings.items() if old.settings[key] != value]
    if changed:
        differences = "; ".join(f"{key}: {old.settings[key]} there, {new.settings[key]} now" for key in changed)
        raise ValueError(f"{new.filename} holds a run with other settings ({differences}). Replace it with --fresh.")
    return old


def _add(run: Run, entry: Row, device: torch.device) -> None:
    run.left_out.pop(entry.name, None)
    reason = why_left_out(entry)
    try:
        if reason is None:
            # What a loss has to say of its defaults (kl_div of its mean) is for those who train with them.
            with warnings.catch_warnings(action="ignore"):
                run.losses[entry.name] = _cost(run, entry, device)
    except DisagreementError as error:
        reason = f"Not timed, because {error}"
    if reason is not None:
        run.left_out[entry.name] = reason


def _cost(run: Run, entry: Row, device: torch.device) -> LossCost:
    dtype = getattr(torch, run.dtype)
    found = forms(entry, "compiled" in run.forms)
    at_sizes = [seconds_at(entry, size, dtype, device, run.rounds, found) for size in run.sizes]
    largest = sample(entry, run.sizes[-1], dtype, device)
    passes = {
        passed: {
            name: _form_cost(
                [seconds[passed] for seconds in at_sizes],
                name,
                peak_bytes(step(form, largest, passed), device) / largest.args[0].nbytes,
            )
            for name, form in found.items()
        }
        for passed in PASSES
    }
    return {"date": today(), "passes": passes}


def _form_cost(at_sizes: list[dict[str, list[float]]], name: str, peak: float) -> FormCost:
    cost: FormCost = {"seconds": _spread([seconds[name] for seconds in at_sizes]), "peak": round(peak, 2)}
    if name != "torch" and "torch" in at_sizes[0]:
        # Round by round: what slows a round down slows both forms, and leaves their ratio.
        pairs = [zip(seconds[name], seconds["torch"], strict=True) for seconds in at_sizes]
        cost["ratio"] = _spread([[ours / theirs for ours, theirs in rounds] for rounds in pairs])
    return cost


def _spread(rounds_at_sizes: list[list[float]]) -> Spread:
    lower, median, upper = zip(*(quartiles(rounds) for rounds in rounds_at_sizes), strict=True)
    return {"lower": _digits(lower), "median": _digits(median), "upper": _digits(upper)}


def _digits(values: tuple[float, ...]) -> list[float]:
    return [float(f"{value:.4g}") for value in values]


def _progress(entries: list[Row]) -> Iterator[Row]:
    try:
        from tqdm import tqdm
    except ImportError:
        for number, entry in enumerate(entries, start=1):
            print(f"[{number}/{len(entries)}] {entry.name}", flush=True)
            yield entry
    else:
        bar = tqdm(entries, unit="loss")
        for entry in bar:
            bar.set_description(entry.name)
            yield entry
