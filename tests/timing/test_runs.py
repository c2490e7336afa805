"""The recorded runs: those that the book ships, what a file must hold, and where files are found."""

import copy
import dataclasses
import json
from pathlib import Path

import pytest
import torch

from lossbook import records, timing
from lossbook.catalog import CATALOG
from lossbook.timing import runs

SHIPPED = sorted((Path(__file__).parents[2] / "book" / "_data" / "timings").iterdir())
LOSS = "huber_loss"


def test_every_loss_is_recorded_on_a_cpu():
    on_cpus = [runs.load(path) for path in SHIPPED if path.name.startswith("cpu-")]
    missing = CATALOG.keys() - set().union(*(run.losses for run in on_cpus))
    assert not missing, "record them: python -m lossbook timing --device cpu --out book/_data/timings/"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_run(path):
    run = runs.load(path)
    assert path.name == run.filename
    assert run.rounds >= 9
    assert run.dtype == "float32"
    assert len(run.sizes) >= 4
    assert set(run.losses) <= set(CATALOG)
    assert not any(reason.startswith("Not timed") for reason in run.left_out.values())


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    run, _ = timing.record(
        torch.device("cpu"), tmp_path_factory.mktemp("runs"), losses=[LOSS], sizes=[10, 20], rounds=2
    )
    return dataclasses.asdict(run)


def cost(document):
    return document["losses"][LOSS]["passes"]["forward"]["readable"]


FAULTS = {
    "another schema": lambda d: d.update(schema=2),
    "a field too many": lambda d: d.update(host="somewhere"),
    "a field too few": lambda d: d.pop("allocator"),
    "no device name": lambda d: d["device"].pop("name"),
    "no torch version": lambda d: d["versions"].pop("torch"),
    "sizes out of order": lambda d: d["sizes"].reverse(),
    "one round": lambda d: d.update(rounds=1),
    "no day": lambda d: d["losses"][LOSS].update(date="yesterday"),
    "a pass too few": lambda d: d["losses"][LOSS]["passes"].pop("forward"),
    "an unknown form": lambda d: d["losses"][LOSS]["passes"]["forward"].update(fast=cost(d)),
    "only torch's": lambda d: d["losses"][LOSS]["passes"]["forward"].pop("readable"),
    "a size without a number": lambda d: cost(d)["seconds"]["median"].pop(),
    "every list a number short": lambda d: [cost(d)["seconds"][name].pop() for name in ("lower", "median", "upper")],
    "a negative time": lambda d: cost(d)["seconds"]["lower"].__setitem__(0, -1e-6),
    "a time of nan": lambda d: cost(d)["seconds"]["median"].__setitem__(0, float("nan")),
    "quartiles out of order": lambda d: cost(d)["ratio"]["lower"].__setitem__(1, 1e9),
    "no ratio": lambda d: cost(d).pop("ratio"),
    "no peak": lambda d: cost(d).pop("peak"),
    "a negative peak": lambda d: cost(d).update(peak=-1.0),
    "left out without a reason": lambda d: d["left_out"].update(mse_loss=""),
    "left out and measured": lambda d: d["left_out"].update({LOSS: "Because."}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_refused_by_name(document, tmp_path, fault):
    path = tmp_path / "cpu-x.json"
    path.write_text(json.dumps(document))
    runs.load(path)
    bent = copy.deepcopy(document)
    FAULTS[fault](bent)
    path.write_text(json.dumps(bent))
    with pytest.raises(ValueError, match=r"^cpu-x\.json is not a recorded run"):
        runs.load(path)


def test_a_broken_file_is_refused_by_name(tmp_path):
    (tmp_path / "cpu-x.json").write_text('{"schema": 1')
    with pytest.raises(ValueError, match=r"^cpu-x\.json"):
        runs.load(tmp_path / "cpu-x.json")


def test_a_failed_write_leaves_the_old_file(document, tmp_path, monkeypatch):
    path = tmp_path / "cpu-x.json"
    run = runs.Run(**copy.deepcopy(document))
    runs.save(run, path)

    def full(self, text, **options):
        self.open("w").close()  # a disk that is full empties the file before it fails
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    run.losses.clear()
    with pytest.raises(OSError, match="no space"):
        runs.save(run, path)
    assert list(runs.load(path).losses) == [LOSS]


def test_the_shipped_runs_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert [run.filename for run in timing.recorded()] == [path.name for path in SHIPPED]


def test_an_installed_package_finds_the_runs_that_it_carries(document, tmp_path, monkeypatch):
    monkeypatch.setattr(records, "__file__", str(tmp_path / "lossbook" / "records.py"))
    runs.save(runs.Run(**document), tmp_path / "lossbook" / "_data" / "timings" / "cpu-x.json")
    assert [dataclasses.asdict(run) for run in timing.recorded()] == [document]


def test_no_runs_is_an_empty_list(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "__file__", str(tmp_path / "lossbook" / "records.py"))
    assert timing.recorded() == []


def test_the_file_is_named_by_device_and_torch_version(document):
    run = runs.Run(**document)
    run.device = {"type": "cuda", "name": "NVIDIA H200"}
    run.versions = {**run.versions, "torch": "2.11.0+cu130"}
    assert run.filename == "cuda-nvidia-h200-torch-2.11.0.json"
    assert run.where == "NVIDIA H200, torch 2.11.0+cu130"


def test_the_allocator_regime_is_named(monkeypatch):
    cpu = torch.device("cpu")
    for name in ("LD_PRELOAD", "MALLOC_MMAP_MAX_", "THP_MEM_ALLOC_ENABLE"):
        monkeypatch.delenv(name, raising=False)
    assert runs.allocator(cpu).endswith(", default settings")
    monkeypatch.setenv("MALLOC_MMAP_MAX_", "0")
    monkeypatch.setenv("MALLOC_ARENA_MAX", "1")
    monkeypatch.setenv("LD_PRELOAD", "/opt/lib/libjemalloc.so.2")
    assert runs.allocator(cpu).endswith("after libjemalloc.so.2, MALLOC_ARENA_MAX=1 MALLOC_MMAP_MAX_=0")
    monkeypatch.setenv("PYTORCH_ALLOC_CONF", "expandable_segments:True")
    assert runs.allocator(torch.device("cuda")).endswith(", PYTORCH_ALLOC_CONF=expandable_segments:True")
