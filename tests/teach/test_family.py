"""The map of the atlas: each arrow is true, each loss is on it, and a false arrow is seen."""

import dataclasses

import pytest
import torch

from lossbook.catalog import CATALOG
from lossbook.teach.family import EDGES, PLACES, Edge, family_map


def check_edge(edge: Edge) -> None:
    for seed in range(20):
        one, other = edge.both(torch.Generator().manual_seed(seed))
        assert one.isfinite()
        assert one != 0
        assert (one - other).abs() <= edge.within * torch.maximum(one.abs(), other.abs())


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: f"{edge.one}-{edge.other}")
def test_an_arrow_is_true(edge):
    check_edge(edge)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: f"{edge.one}-{edge.other}")
def test_a_false_arrow_is_seen(edge):
    def bent(generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        one, other = edge.both(generator)
        return one * 1.01, other

    with pytest.raises(AssertionError):
        check_edge(dataclasses.replace(edge, both=bent))


def test_an_arrow_computes_the_losses_that_it_names():
    for edge in EDGES:
        called = edge.both.__code__.co_names
        assert {edge.one, edge.other} <= {*called}, edge.both.__name__


def test_only_a_limit_may_be_loose():
    assert all(edge.within == Edge.within for edge in EDGES if not edge.limit)


def test_every_loss_has_one_place_and_is_tied_to_the_others():
    assert set(PLACES) == set(CATALOG)
    reached, grown = set(), {EDGES[0].one}
    while grown != reached:
        reached = grown
        grown = reached | {end for e in EDGES if {e.one, e.other} & reached for end in (e.one, e.other)}
    assert reached == set(CATALOG)


def test_the_map_draws_each_of_them():
    (axes,) = family_map("a title").axes
    said = [text.get_text() for text in axes.texts]
    assert all(edge.how in said for edge in EDGES)
    assert len({text.get_position() for text in axes.texts if text.get_text()}) == len(PLACES) + len(EDGES)
