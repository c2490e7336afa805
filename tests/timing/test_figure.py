"""What a chapter shows: drawn from recorded runs, said in sentences, silent about what is not there."""

import copy
import itertools

import IPython.display
import matplotlib.pyplot as plt
import pytest
import torch

import lossbook
from lossbook import timing
from lossbook.catalog import CATALOG
from lossbook.timing import figure

LOSS = "huber_loss"


@pytest.fixture(scope="module")
def cpu_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    run, _ = timing.record(torch.device("cpu"), folder, losses=[LOSS], sizes=[10, 100], rounds=2)
    run.losses[LOSS]["passes"]["forward+backward"]["readable"]["ratio"]["median"] = [2.5, 7.5]
    return run


@pytest.fixture
def gpu_run(cpu_run):
    run = copy.deepcopy(cpu_run)
    run.device = {"type": "cuda", "name": "NVIDIA H200"}
    return run


@pytest.fixture
def show(monkeypatch):
    """Run ``section`` and return the figure and the text that it shows."""

    def shown(*runs):
        texts, shows = [], []
        monkeypatch.setattr(figure, "recorded", lambda: list(runs))
        monkeypatch.setattr(plt, "show", lambda: shows.append(True))
        monkeypatch.setattr(IPython.display, "display", lambda text: texts.append(text.data))
        with plt.rc_context({"backend": "agg"}):
            timing.section("HuberLoss")
        assert shows == [True]
        assert all("µs" in axes.yaxis.get_major_formatter()(1e-6) for axes in plt.gcf().axes)
        return plt.gcf(), texts[0]

    yield shown
    plt.close("all")


def test_live_beside_the_recorded_runs(show, cpu_run, gpu_run):
    drawn, text = show(cpu_run, gpu_run)
    titles = [axes.get_title() or axes.get_title(loc="left") for axes in drawn.axes]
    assert [title.splitlines()[-1] for title in titles] == ["forward", "forward + backward"] * 3
    labels = [title.splitlines()[0] for title in titles[::2]]
    assert labels[0].startswith("live, ")
    assert labels[1] == f"recorded {cpu_run.losses[LOSS]['date']}, {cpu_run.where}"
    assert "NVIDIA H200" in labels[2]
    assert (
        drawn.get_suptitle() == f"{LOSS}: 2.5 to 7.5 times torch's time, forward + backward, {cpu_run.device['name']}"
    )
    assert "2.5, 7.5" in text
    assert "No run on a GPU" not in text


def test_the_curves_are_the_recorded_medians(show, cpu_run):
    drawn, _ = show(cpu_run)
    for axes, (passed, form) in zip(drawn.axes[2:], cpu_run.losses[LOSS]["passes"].items(), strict=True):
        lines = {line.get_label(): line for line in axes.lines}
        assert set(lines) == {"torch", "readable"}, passed
        for name, line in lines.items():
            assert list(line.get_xdata()) == cpu_run.sizes
            assert list(line.get_ydata()) == form[name]["seconds"]["median"]


def test_where_no_gpu_run_is_recorded_it_says_how_to_make_one(show, cpu_run):
    _, text = show(cpu_run)
    assert "`python -m lossbook timing --device cuda --out book/_data/timings/`" in text


def test_where_nothing_is_recorded_it_says_so(show):
    drawn, text = show()
    assert len(drawn.axes) == 2
    assert "No recorded runs were found" in text
    assert "No run on a GPU" in text
    assert "times torch's" not in drawn.get_suptitle()


def test_a_run_whose_torch_lacks_the_loss_gives_its_reason(show, gpu_run):
    gpu_run.losses.clear()
    gpu_run.left_out[LOSS] = "torch 2.0 has no such loss."
    _, text = show(gpu_run)
    assert "torch 2.0 has no such loss." in text


def test_the_text_is_the_same_every_time(show, cpu_run):
    """It is stored in the notebook, so no live number may be in it."""
    assert show(cpu_run)[1] == show(cpu_run)[1]


def test_a_wrong_loss_is_not_drawn(show, monkeypatch):
    monkeypatch.setattr(lossbook, LOSS, lambda input, target: (input - target).abs().mean())
    with pytest.raises(timing.DisagreementError):
        show()


def test_live_stops_before_the_time_is_over(monkeypatch):
    """Each size takes ten times as long as the one before: the last that fits is measured, the next is not begun."""
    now, begun = [0.0], []

    def measure(entry, size, dtype, device, rounds, found):
        if rounds > 1:
            begun.append(size)
            now[0] += size / 10**5
        return {passed: {name: [1.0, 1.0] for name in found} for passed in ("forward", "forward+backward")}

    monkeypatch.setattr(figure, "seconds_at", measure)
    monkeypatch.setattr(figure, "best_device", lambda: torch.device("cpu"))
    monkeypatch.setattr(figure.time, "thread_time", lambda: now[0])
    panels = figure.live(CATALOG[LOSS], seconds=5.0)
    assert begun == [100, 1000, 10_000, 100_000]
    assert now[0] < 5.0
    for passed, form in itertools.product(panels, ("torch", "readable")):
        assert panels[passed][form] == (begun, [(1.0, 1.0, 1.0)] * 4)
