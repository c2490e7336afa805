"""The recorder: what it writes, where it goes on, what it refuses. No assertion on a time."""

import builtins
import json

import pytest
import torch

import lossbook
from lossbook import timing
from lossbook.__main__ import main
from lossbook.catalog import CATALOG
from lossbook.timing import forms, recorder
from lossbook.timing.runs import load

CPU = torch.device("cpu")
QUICK = {"sizes": [10, 1000], "rounds": 2}


@pytest.fixture
def measured(monkeypatch):
    """The names of the losses that are measured, in order."""
    names, cost = [], recorder._cost

    def noting(run, entry, device):
        names.append(entry.name)
        return cost(run, entry, device)

    monkeypatch.setattr(recorder, "_cost", noting)
    return names


def test_every_loss_joins_by_its_row(tmp_path):
    run, path = timing.record(CPU, tmp_path, **QUICK)
    assert list(run.losses) == [*CATALOG]
    assert run.left_out == {}
    assert load(path) == run
    assert [file.name for file in tmp_path.iterdir()] == [run.filename]


def test_a_stopped_run_goes_on_without_measuring_again(tmp_path, monkeypatch, measured):
    save, written = recorder.save, []

    def stop_after_one(run, path):
        save(run, path)
        written.append(path)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(recorder, "save", stop_after_one)
        with pytest.raises(KeyboardInterrupt):
            timing.record(CPU, tmp_path, **QUICK)
    first = load(written[0])
    assert list(first.losses) == measured == ["l1_loss"]

    run, path = timing.record(CPU, tmp_path, **QUICK)
    assert path == written[0]
    assert len(run.losses) > 1
    assert measured == list(run.losses)  # each once, in both runs together
    assert run.losses["l1_loss"] == first.losses["l1_loss"]


def test_fresh_measures_again(tmp_path, measured):
    timing.record(CPU, tmp_path, losses=["l1_loss"], **QUICK)
    timing.record(CPU, tmp_path, losses=["l1_loss"], fresh=True, **QUICK)
    assert measured == ["l1_loss", "l1_loss"]


def test_other_settings_do_not_mix_into_one_run(tmp_path):
    _, path = timing.record(CPU, tmp_path, losses=["l1_loss"], **QUICK)
    before = path.read_text()
    with pytest.raises(ValueError, match=r"rounds: 2 there, 3 now.*--fresh"):
        timing.record(CPU, tmp_path, sizes=[10, 1000], rounds=3)
    assert path.read_text() == before


def test_what_torch_lacks_is_left_out_with_a_sentence(tmp_path, monkeypatch, measured):
    monkeypatch.delattr(torch.nn.functional, "huber_loss")
    run, path = timing.record(CPU, tmp_path, losses=["huber_loss", "l1_loss"], **QUICK)
    assert measured == ["l1_loss"]
    assert load(path).left_out == {"huber_loss": f"torch {torch.__version__} has no torch.nn.functional.huber_loss."}
    assert "left out: huber_loss" in timing.ratios(run)


def wrong_value(input, target):
    return torch.nn.functional.l1_loss(input, target) * 1.001


def wrong_gradient(input, target):
    return torch.nn.functional.l1_loss(input, target) + 0.001 * (input - input.detach()).mean()


@pytest.mark.parametrize("wrong", [wrong_value, wrong_gradient])
def test_a_wrong_loss_is_not_timed(tmp_path, monkeypatch, capsys, wrong):
    monkeypatch.setattr(lossbook, "l1_loss", wrong)
    command = ["timing", "--out", str(tmp_path), "--losses", "l1_loss", "--sizes", "1e5", "--rounds", "2"]
    assert main(command) == 1
    (path,) = tmp_path.iterdir()
    assert load(path).losses == {}
    reason = load(path).left_out["l1_loss"]
    assert reason.startswith("Not timed, because the readable form does not agree")
    assert "are not close!" in reason
    assert "\n" not in reason
    assert "Not timed" in capsys.readouterr().out

    monkeypatch.undo()  # mended: the next run measures it, and the reason is gone
    assert main(command) == 0
    assert list(load(path).losses) == ["l1_loss"]
    assert load(path).left_out == {}


def test_what_is_nearer_to_float64_than_torch_is_timed():
    """Rounding alone may set it apart from torch: ctc_loss sums along many paths."""
    sample = forms.sample(CATALOG["huber_loss"], 100, torch.float32, CPU)
    huber = torch.nn.functional.huber_loss

    def rounding(x, y):
        """As a loss whose own rounding shows: in float64 the error is gone."""
        return huber(x, y) * (1 + 1e-3 * (x.dtype == torch.float32))

    forms.check({"torch": rounding, "readable": huber}, sample)
    for worse in (lambda x, y: huber(x, y) * (1 - 2e-3), lambda x, y: huber(x, y).double()):
        with pytest.raises(forms.DisagreementError):
            forms.check({"torch": rounding, "readable": worse}, sample)


def test_a_loss_that_torch_lacks_by_nature_is_timed_alone(tmp_path, monkeypatch):
    entry = CATALOG["l1_loss"]
    own = entry.__class__(**{**vars(entry), "from_torch": False})
    monkeypatch.setitem(CATALOG, "l1_loss", own)
    run, path = timing.record(CPU, tmp_path, losses=["l1_loss"], **QUICK)
    forms = run.losses["l1_loss"]["passes"]["forward"]
    assert list(forms) == ["readable"]
    assert "ratio" not in forms["readable"]
    assert load(path) == run
    assert timing.ratios(run)


def test_forward_asks_for_no_gradient(monkeypatch):
    seen = {}

    def noting(steps, device, rounds):
        assert len(steps) == 2
        seen[len(seen)] = {name: step() for name, step in steps.items()}
        return {name: [1.0] * rounds for name in steps}

    monkeypatch.setattr(recorder, "rounds_of", noting)
    entry = CATALOG["mse_loss"]
    recorder.seconds_at(entry, 50, torch.float32, CPU, 2, recorder.forms(entry))
    forward, backward = seen.values()
    assert not any(value.requires_grad for value in forward.values())
    assert all(gradient.shape == (50,) for gradient in backward.values())


def test_what_is_written_of_the_rounds():
    at_sizes = [
        {"torch": [1.0, 1.0, 2.0], "readable": [2.0, 3.0, 8.0]},
        {"torch": [4.0, 4.0, 4.0], "readable": [1.0, 2.0, 3.0]},
    ]
    ours = recorder._form_cost(at_sizes, "readable", peak=3.14159)
    assert ours == {
        "seconds": {"lower": [2.5, 1.5], "median": [3.0, 2.0], "upper": [5.5, 2.5]},
        "ratio": {"lower": [2.5, 0.375], "median": [3.0, 0.5], "upper": [3.5, 0.625]},
        "peak": 3.14,
    }
    assert "ratio" not in recorder._form_cost(at_sizes, "torch", peak=1.0)


def test_peak_memory_is_in_units_of_the_input(tmp_path):
    """Our squared error, forward: the error and its square live at one time."""
    run, _ = timing.record(CPU, tmp_path, losses=["mse_loss"], **QUICK)
    assert run.losses["mse_loss"]["passes"]["forward"]["readable"]["peak"] == 2.0


def test_the_compiled_form_takes_part_on_demand(tmp_path, monkeypatch):
    compiled = []

    def compile_nothing(function, *, dynamic):
        assert dynamic
        compiled.append(function)
        return function

    monkeypatch.setattr(torch, "compile", compile_nothing)
    monkeypatch.setattr(torch.compiler, "reset", lambda: None)
    command = ["timing", "--out", str(tmp_path), "--losses", "l1_loss", "--sizes", "10", "--rounds", "2"]
    assert main([*command, "--compile"]) == 0
    assert compiled == [lossbook.l1_loss]
    (path,) = tmp_path.iterdir()
    assert set(load(path).losses["l1_loss"]["passes"]["forward"]) == {"torch", "readable", "compiled"}
    assert main(command) == 2  # a run without it is another run


def test_table_has_the_geometric_mean(tmp_path):
    run, _ = timing.record(CPU, tmp_path, losses=["l1_loss", "mse_loss"], **QUICK)
    for name, ratios in {"l1_loss": [2.0, 1.0], "mse_loss": [8.0, 0.25]}.items():
        for costs in run.losses[name]["passes"].values():
            costs["readable"]["ratio"]["median"] = ratios
    means = [line.split()[2:] for line in timing.ratios(run).splitlines() if line.startswith("geometric mean")]
    assert means == [["4.00", "0.50"]] * 2


def test_table_says_what_each_column_is(tmp_path):
    run, _ = timing.record(CPU, tmp_path, losses=["l1_loss"], sizes=[100, 1_000_000], rounds=2)
    heads = [line.split() for line in timing.ratios(run).splitlines() if line.startswith("readable")]
    assert heads == [
        ["readable,", "forward", "100", "1e6", "peak", "torch"],
        ["readable,", "forward+backward", "100", "1e6", "peak", "torch"],
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--losses", "no_such_loss"], "no_such_loss is not in the catalog"),
        (["--device", "cuda"], "sees no CUDA device"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path, capsys, monkeypatch, arguments, says):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["timing", "--out", str(tmp_path), *arguments]) == 2
    assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--rounds", "1"], "error: argument --rounds: a spread needs at least 2 rounds"),
        (["--sizes", "0"], "error: argument --sizes: 0 is not a number of elements"),
        (["--device", "tpu"], "error: argument --device: invalid choice"),
    ],
)
def test_bad_options_are_refused(tmp_path, capsys, arguments, says):
    with pytest.raises(SystemExit):
        main(["timing", "--out", str(tmp_path), *arguments])
    assert says in capsys.readouterr().err


def test_the_command_shows_the_table_and_says_where_the_run_lies(tmp_path, capsys):
    command = ["timing", "--out", str(tmp_path), "--losses", "l1_loss", "--sizes", "100", "--rounds", "2"]
    assert main(command) == 0
    (path,) = tmp_path.iterdir()
    shown = capsys.readouterr().out
    assert shown.strip() == f"{timing.ratios(load(path))}\n\nwritten to {path}"


def test_progress_without_tqdm(tmp_path, monkeypatch, capsys):
    load_module = builtins.__import__

    def without_tqdm(name, *rest):
        if name == "tqdm":
            raise ImportError
        return load_module(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_tqdm)
    timing.record(CPU, tmp_path, losses=["l1_loss", "mse_loss"], **QUICK)
    assert capsys.readouterr().out == "[1/2] l1_loss\n[2/2] mse_loss\n"


def test_json_is_plain(tmp_path):
    """No nan or infinity, which json does not know."""
    _, path = timing.record(CPU, tmp_path, losses=["l1_loss"], **QUICK)

    def refuse(constant):
        raise AssertionError(constant)

    json.loads(path.read_text(), parse_constant=refuse)
