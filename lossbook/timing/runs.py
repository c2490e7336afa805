"""A recorded run: one json file with what was measured, on which device, with which versions, on which day."""

import dataclasses
import datetime
import json
import os
import platform
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import torch

import lossbook
from lossbook import records
from lossbook.timing.forms import PASSES
from lossbook.timing.stopwatch import CLOCKS

__all__ = ["FormCost", "LossCost", "Run", "Spread", "load", "recorded", "save", "today", "where"]

SCHEMA = 1


class Spread(TypedDict):
    """First quartile, median and third quartile over the rounds, each with one number for each size."""

    lower: list[float]
    median: list[float]
    upper: list[float]


class FormCost(TypedDict):
    """What one form of a loss costs in one pass.

    ``seconds`` of a call; ``ratio`` to torch's seconds in the same round; ``peak`` memory at the largest size,
    beyond the arguments, in units of the first argument.
    """

    seconds: Spread
    ratio: NotRequired[Spread]
    peak: float


class LossCost(TypedDict):
    """The day a loss was measured, and for each pass, for each form, its cost."""

    date: str
    passes: dict[str, dict[str, FormCost]]


@dataclass
class Run:
    """All that is in the file. The fields up to ``rounds`` are settings: one run has one of each."""

    schema: int
    device: dict[str, str]
    versions: dict[str, str]
    threads: int
    clock: str
    allocator: str
    dtype: str
    forms: list[str]
    sizes: list[int]
    rounds: int
    date: str
    losses: dict[str, LossCost] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @classmethod
    def here(cls, device: torch.device, dtype: torch.dtype, forms: list[str], sizes: list[int], rounds: int) -> "Run":
        """A run without losses yet, of this process on ``device``."""
        return cls(
            schema=SCHEMA,
            device={"type": device.type, "name": device_name(device)},
            versions={
                "python": platform.python_version(),
                "torch": str(torch.__version__),
                "lossbook": lossbook.__version__,
            },
            threads=1,
            clock=CLOCKS[device.type],
            allocator=allocator(device),
            dtype=str(dtype).removeprefix("torch."),
            forms=forms,
            sizes=sizes,
            rounds=rounds,
            date=today(),
        )

    @property
    def settings(self) -> dict[str, Any]:
        """What has to be equal before two measurements belong into one run."""
        return {
            key: value for key, value in dataclasses.asdict(self).items() if key not in ("date", "losses", "left_out")
        }

    @property
    def filename(self) -> str:
        """The name of its file, by device and torch version."""
        words = f"{self.device['type']} {self.device['name']} torch {self.versions['torch'].partition('+')[0]}"
        return re.sub(r"[^a-z0-9.]+", "-", words.lower()) + ".json"

    @property
    def where(self) -> str:
        """Device and torch version, for people."""
        return _where(self.device["type"], self.device["name"], self.versions["torch"])


def where(device: torch.device) -> str:
    """Device and torch version of this process, for people."""
    return _where(device.type, device_name(device), str(torch.__version__))


def _where(kind: str, name: str, version: str) -> str:
    return f"{name}{', one thread' if kind == 'cpu' else ''}, torch {version}"


def device_name(device: torch.device) -> str:
    """What the maker calls the device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    facts = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", facts.read_text(), re.MULTILINE) if facts.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def allocator(device: torch.device) -> str:
    """Where memory comes from: on a CPU, that decides much of the time of a large loss."""
    if device.type == "cuda":
        name, tunes = "the caching allocator of torch", r"PYTORCH_(CUDA_)?ALLOC_CONF"
    else:
        name, tunes = " ".join(platform.libc_ver()).strip() or platform.system(), r"MALLOC_\w+|THP_MEM_ALLOC_ENABLE"
        if preloaded := os.environ.get("LD_PRELOAD"):
            name += f" after {Path(preloaded).name}"
    set_here = sorted(f"{key}={value}" for key, value in os.environ.items() if re.fullmatch(tunes, key))
    return f"{name}, {' '.join(set_here) or 'default settings'}"


def today() -> str:
    """The date, as year-month-day."""
    return datetime.date.today().isoformat()


def save(run: Run, path: Path) -> None:
    """Write the file whole or not at all, so that a stop at any moment loses at most the loss being measured."""
    text = json.dumps(dataclasses.asdict(run), indent=1, ensure_ascii=False)
    text = re.sub(r"\[[^\[\]{}]*\]", lambda numbers: " ".join(numbers[0].split()), text)  # a list is one line
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text + "\n", encoding="utf-8")
    unfinished.replace(path)


def load(path: Path) -> Run:
    """Read a run, or raise ValueError that names the file and what is wrong with it."""
    try:
        run = Run(**json.loads(path.read_text(encoding="utf-8")))
        _validate(run)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ValueError(f"{path.name} is not a recorded run of schema {SCHEMA}: {error}") from error
    return run


def recorded() -> list[Run]:
    """The runs that the book ships; none is an empty list."""
    return [load(path) for path in sorted((records.folder() / "timings").glob("*.json"))]


def _validate(run: Run) -> None:
    _need(run.schema == SCHEMA, f"its schema is {run.schema}")
    _need(set(run.device) == {"type", "name"}, "device has a type and a name")
    _need({"python", "torch", "lossbook"} <= set(run.versions), "versions name python, torch and lossbook")
    _need(run.sizes == sorted(set(run.sizes)) and run.sizes[0] > 0, "sizes ascend")
    _need(run.rounds >= 2 and run.threads >= 1, "rounds and threads are counts")
    for name, reason in run.left_out.items():
        _need(bool(reason) and name not in run.losses, f"{name} is measured or left out for a reason")
    for name, loss in run.losses.items():
        datetime.date.fromisoformat(loss["date"])
        _need(tuple(loss["passes"]) == PASSES, f"{name} has the passes {PASSES}")
        for passed, forms in loss["passes"].items():
            _need("readable" in forms and set(forms) <= set(run.forms), f"{name}: forms are among {run.forms}")
            for form, cost in forms.items():
                _validate_cost(f"{name}, {passed}, {form}", cost, len(run.sizes))
                _need(("ratio" in cost) == ("torch" in forms and form != "torch"), f"{name}, {form}: ratio is to torch")


def _validate_cost(where: str, cost: FormCost, sizes: int) -> None:
    _need(cost["peak"] >= 0, f"{where}: peak is zero or more")
    for spread in (cost["seconds"], cost.get("ratio", cost["seconds"])):
        rows = [spread["lower"], spread["median"], spread["upper"]]
        _need(all(len(row) == sizes for row in rows), f"{where}: one number for each size")
        ordered = all(0 < low <= middle <= high for low, middle, high in zip(*rows, strict=True))
        _need(ordered, f"{where}: 0 < lower <= median <= upper")


def _need(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"it must hold that {what}")
