"""Every loss of the catalog under its row, torch's and ours: no defect, and what is known of it is reported."""

import pytest
import torch

import lossbook
from lossbook.catalog import CATALOG
from lossbook.clinic import certify_row
from lossbook.clinic.rules import RULES

EMPTY, KINK = "nan-on-empty-batch", "no-second-derivative-at-kink"
KNOWN = {
    "l1_loss": {"broadcasts", EMPTY, KINK},
    "mse_loss": {"broadcasts", EMPTY},
    "huber_loss": {"broadcasts", EMPTY},
    "smooth_l1_loss": {"broadcasts", EMPTY},
    "gaussian_nll_loss": {"broadcasts", EMPTY},
    "poisson_nll_loss": {"broadcasts", EMPTY, "negative-values", "overflow"},
    "binary_cross_entropy": {EMPTY},
    "binary_cross_entropy_with_logits": {EMPTY},
    "hinge_loss": {EMPTY, KINK},
    "soft_margin_loss": {EMPTY, "overflow"},
    "nll_loss": {EMPTY, "nan-when-all-masked"},
    "cross_entropy": {EMPTY, "nan-when-all-masked"},
    "multi_margin_loss": {"half-precision"},
    "kl_div": {"broadcasts", EMPTY, "negative-values"},
    "multilabel_margin_loss": {"half-precision"},
    "multilabel_soft_margin_loss": {"broadcasts", EMPTY},
    "margin_ranking_loss": {EMPTY, KINK},
    "hinge_embedding_loss": {"broadcasts", EMPTY},
    "cosine_embedding_loss": {"broadcasts", EMPTY},
    "triplet_margin_loss": {"broadcasts", EMPTY},
    "triplet_margin_with_distance_loss": {"broadcasts", EMPTY},
    "ctc_loss": {"dead-option", "half-precision", "mean-divides-otherwise", "raises-on-empty-batch"},
    "linear_cross_entropy": {EMPTY, "nan-when-all-masked"},
    "AdaptiveLogSoftmaxWithLoss": {"fails-under-vmap", EMPTY},
    "quantile_loss": {EMPTY, KINK},
    "log_cosh_loss": {EMPTY},
    "asymmetric_cost_loss": {EMPTY, KINK},
    "focal_loss": {EMPTY, "nan-when-all-masked"},
    "dice_loss": set(),
    "distillation_loss": {EMPTY},
    "info_nce_loss": {EMPTY, "mean-depends-on-batch-split"},
    "nt_xent_loss": {EMPTY, "mean-depends-on-batch-split"},
}
# What is true of torch's form alone: no derivative of its backward pass, a value that it reads, bits that it loses.
IN_TORCH = {
    "soft_margin_loss": {"half-precision"},
    "cosine_embedding_loss": {"half-precision"},
    "gaussian_nll_loss": {"fails-under-vmap"},
    "binary_cross_entropy": {"half-precision"},
    "multi_margin_loss": {"no-second-derivative"},
    "multilabel_margin_loss": {"no-second-derivative"},
    "ctc_loss": {"no-second-derivative"},
}
# With no samples, torch returns what was in memory; ours is the mean of nothing.
IN_OURS = {"multi_margin_loss": {EMPTY}, "multilabel_margin_loss": {EMPTY}}
HOMES = [pytest.param(torch.nn, id="torch"), pytest.param(lossbook, id="lossbook")]


def pairs():
    for row in CATALOG.values():
        for home in HOMES if row.from_torch else HOMES[1:]:
            yield pytest.param(row, *home.values, id=f"{home.id}-{row.name}")


@pytest.mark.slow
@pytest.mark.parametrize(("row", "home"), [*pairs()])
def test_a_row_holds_what_it_says_and_its_properties_are_seen(row, home):
    report = certify_row(row, home, compile=False)
    assert report.defects == [], str(report)
    extra = IN_OURS if home is lossbook else IN_TORCH
    found = {it.kind for it in report.properties}
    if home is torch.nn and row.name in IN_OURS:
        found -= {EMPTY}  # left to chance
    assert found == KNOWN.get(row.name, set()) | extra.get(row.name, set())
    assert {it.kind for it in report.untried} <= set(RULES)
    assert "the probe failed" not in str(report)


def test_every_row_has_its_known_properties_here():
    assert set(KNOWN) == set(CATALOG)


@pytest.mark.parametrize("name", ["mse_loss", "soft_margin_loss", "kl_div"])
def test_some_rows_in_the_fast_part_too(name):
    known = KNOWN[name] | IN_TORCH.get(name, set())
    assert {it.kind for it in certify_row(name, torch.nn, compile=False).findings} == known


def test_the_largest_argument_of_a_row_is_as_large_as_can_be():
    """What a row declares of overflow is a fact: finite up to there, and not much farther."""
    for row in CATALOG.values():
        if row.largest < 1e4:
            seen = [it.facts["at"] for it in certify_row(row, only=["overflow"]).findings]
            assert len(seen) == 1, row.name
            assert row.largest < seen[0] < 1.02 * row.largest


def test_poisson_is_truly_infinite_far_out_and_soft_margin_is_not():
    truth = {name: certify_row(name, torch.nn, only=["overflow"]).findings[0].facts["true"] for name in _OVERFLOWING}
    assert truth == {"poisson_nll_loss": True, "soft_margin_loss": False}


_OVERFLOWING = ("poisson_nll_loss", "soft_margin_loss")


def test_a_row_that_is_wrong_is_noticed():
    """The same losses under rows that say something else: then there are defects."""
    from dataclasses import replace

    def defects(name, **facts):
        return [it.kind for it in certify_row(replace(CATALOG[name], **facts), torch.nn, compile=False).defects]

    assert defects("kl_div", minimum=0.0) == ["out-of-range"]
    assert defects("soft_margin_loss", largest=1e4) == ["overflow"]
    assert defects("mse_loss", maximum=0.1) == ["out-of-range"]
    assert defects("poisson_nll_loss", from_torch=False) == ["broadcasts"]
