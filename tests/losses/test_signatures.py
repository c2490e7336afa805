"""Drop-in by form: signatures, defaults, and Modules that behave as torch's do."""

import copy
import inspect
import pickle

import pytest
import torch
import torch.nn.functional as F

import lossbook
from lossbook.catalog import CATALOG, Row
from tests.cases import MODULE_NEEDS, MODULE_OPTIONS
from tests.losses import judges

ROWS = [row for row in CATALOG.values() if row.from_torch]
# Two sets of options for each Module: the defaults, and every option changed.
MODULES = [(row, options) for row in ROWS for options in (MODULE_NEEDS.get(row.module, {}), MODULE_OPTIONS[row.module])]
# The Modules that hold nothing but options: what they compute is what their function does.
PLAIN = [(row, options) for row, options in MODULES if row.module not in MODULE_NEEDS]


@pytest.mark.parametrize("row", [row for row in ROWS if row.function], ids=lambda row: row.function)
def test_signature_of_the_function(row: Row):
    judges.same_signature(getattr(lossbook, row.function), getattr(F, row.function))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.module)
def test_signature_of_the_module(row: Row):
    ours, theirs = getattr(lossbook, row.module), getattr(torch.nn, row.module)
    judges.same_signature(ours, theirs)
    judges.same_signature(ours.forward, theirs.forward)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.module)
def test_every_option_of_the_module_is_changed_once(row: Row):
    assert set(MODULE_OPTIONS[row.module]) == set(inspect.signature(getattr(lossbook, row.module)).parameters)


@pytest.mark.parametrize(("row", "options"), MODULES)
def test_module_holds_what_torchs_holds(row: Row, options: dict):
    ours, theirs = getattr(lossbook, row.module)(**options), getattr(torch.nn, row.module)(**options)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert judges.public(ours) == judges.public(theirs)
    assert ours.training == theirs.training
    ours.load_state_dict(theirs.state_dict())


@pytest.mark.parametrize(("row", "options"), PLAIN)
def test_module_computes_what_the_function_does(row: Row, options: dict):
    module, theirs = getattr(lossbook, row.module)(**options), getattr(torch.nn, row.module)(**options)
    sample = row.sample(20, torch.float64, torch.device("cpu"), torch.Generator().manual_seed(0))
    expected = judges.quiet(theirs, *sample.args)
    for form in (module, pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
        torch.testing.assert_close(judges.quiet(form, *sample.args), expected)
    torch.testing.assert_close(judges.quiet(getattr(lossbook, row.function), *sample.args, **options), expected)
    single = row.sample(20, torch.float32, torch.device("cpu"), torch.Generator().manual_seed(0))
    mine, torchs = (judges.quiet(it.to(torch.float32), *single.args) for it in (module, theirs))
    torch.testing.assert_close(mine, torchs)


@pytest.mark.parametrize("row", [row for row, options in PLAIN if not options], ids=lambda row: row.function)
def test_an_attribute_changed_later_counts(row: Row):
    sample = row.sample(20, torch.float64, torch.device("cpu"), torch.Generator().manual_seed(0))
    module, expected = getattr(lossbook, row.module)(), getattr(torch.nn, row.module)(**MODULE_OPTIONS[row.module])
    for name, value in MODULE_OPTIONS[row.module].items():
        setattr(module, name, value)
    torch.testing.assert_close(module(*sample.args), expected(*sample.args))


@pytest.mark.parametrize("delta", [1j, "1", None, torch.tensor(1.0)])
def test_huber_module_refuses_a_delta_as_torchs_does(delta: object):
    with pytest.raises(TypeError):
        torch.nn.HuberLoss(delta=delta)
    with pytest.raises(TypeError, match=f"delta must be a float or an int, but a {type(delta).__name__} came"):
        lossbook.HuberLoss(delta=delta)
