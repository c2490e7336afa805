"""Wrong labels: one run anew, the labels, the losses, the choice of the rate, and the record."""

import pytest
import torch
from torch.nn.functional import one_hot

from book.experiments import wrong_labels
from tests.book.experiments.shared import record_of

RECORDED = record_of(wrong_labels)


FIRM = ("error", "brier", "cross-entropy", "hits apart")


def agrees(found, recorded, seed):
    """Whether a run made anew, of one seed and two epochs, is that one of the recorded."""
    return found.keys() == recorded.keys() and all(
        # another CPU rounds otherwise, and training spreads it
        found[metric][0] == pytest.approx(recorded[metric][seed][:2], rel=0.02, abs=0.01)
        for metric in FIRM
    )


@pytest.mark.parametrize("name", ["smoothed", "generalised"])
def test_a_run_with_wrong_labels_is_as_recorded_and_no_other(name, monkeypatch):
    monkeypatch.setattr(wrong_labels, "EPOCHS", wrong_labels.EPOCHS[:2])
    found = wrong_labels.run(name, 0.4, 0.003, seeds=(0,))
    recorded = RECORDED["runs"]["0.4"]
    assert agrees(found, recorded[name]["0.003"], seed=0)
    assert not agrees(found, recorded[name]["0.003"], seed=1)
    assert not agrees(found, recorded[name]["0.01"], seed=0)
    assert not agrees(found, recorded["cross-entropy"]["0.003"], seed=0)
    assert not agrees(found, RECORDED["runs"]["0.2"][name]["0.003"], seed=0)


@pytest.mark.parametrize("share", wrong_labels.SHARES)
def test_so_many_labels_are_false(share):
    rows = wrong_labels.rows_of(share, seed=3)
    false = rows["label"] != rows["digit"]
    assert false.sum() == round(share * 1000)
    assert len(rows["digit held"]) == 540
    assert len(rows["label apart"]) == 257
    assert rows["label"].min() == 0
    assert rows["label"].max() == 9
    if share:  # each of the nine others is as likely
        steps = ((rows["label"] - rows["digit"]) % 10)[false].bincount(minlength=10)
        assert steps[0] == 0
        assert steps[1:].min() > 0.5 * share * 1000 / 9


def test_splits_are_the_same_whatever_the_share():
    clean, spoilt = (wrong_labels.rows_of(share, seed=1) for share in (0.0, 0.4))
    for part in ("x", "digit", "x apart", "x held", "digit held"):
        assert torch.equal(clean[part], spoilt[part])


def test_the_losses_are_what_they_are_called():
    scores, label = torch.randn(6, 10, generator=torch.Generator().manual_seed(0)), torch.arange(6)
    found = {name: loss(scores, label) for name, loss in wrong_labels.LOSSES.items()}
    p = scores.softmax(1)
    absolute = (p - one_hot(label, 10)).abs().sum(1) / 2
    torch.testing.assert_close(found["mae"], absolute)
    torch.testing.assert_close(found["generalised"], (1 - (1 - absolute) ** 0.7) / 0.7)
    torch.testing.assert_close(found["cross-entropy"], -(1 - absolute).log())
    mixed = 0.9 * found["cross-entropy"] - 0.1 * p.log().mean(1)
    torch.testing.assert_close(found["smoothed"], mixed)


def test_a_probability_that_rounds_to_zero_has_a_finite_slope():
    scores = torch.tensor([[0.0, -200.0, 0.0]], requires_grad=True)
    wrong_labels.LOSSES["generalised"](scores, torch.tensor([1])).sum().backward()
    assert scores.grad.isfinite().all()


def test_no_network_feels_the_others_beside_it(monkeypatch):
    monkeypatch.setattr(wrong_labels, "EPOCHS", (1,))
    alone, beside = (wrong_labels.run("mae", 0.2, 0.01, seeds) for seeds in ((4,), (3, 4)))
    assert alone["brier"][0] == pytest.approx(beside["brier"][1], abs=1e-4)


def test_rate_and_epochs_are_chosen_by_the_rows_apart():
    epochs = wrong_labels.EPOCHS[:2]
    rates = {
        "0.001": {"hits apart": [[0.3, 0.5]], "error": [[1.0, 2.0]]},
        "0.003": {"hits apart": [[0.4, 0.4]], "error": [[3.0, 4.0]]},
    }
    assert wrong_labels.chosen(rates, epochs[:1])[0]["error"] == 3.0
    assert wrong_labels.chosen(rates, epochs[1:])[0]["error"] == 2.0
    best = wrong_labels.chosen(rates, epochs)[0]
    assert best["rate"] == 0.001
    assert best["epochs"] == epochs[1]


def test_the_record_of_wrong_labels_is_whole():
    assert set(RECORDED["runs"]) == {f"{share:g}" for share in wrong_labels.SHARES}
    for losses in RECORDED["runs"].values():
        assert set(losses) == set(wrong_labels.LOSSES)
        for rates in losses.values():
            assert set(rates) == {f"{rate:g}" for rate in wrong_labels.RATES}
            for columns in rates.values():
                assert all(len(of_seed) == len(wrong_labels.EPOCHS) for seeds in columns.values() for of_seed in seeds)
                assert len(columns["error"]) == len(wrong_labels.SEEDS)
