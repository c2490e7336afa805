"""What a caller finds as it was: random numbers, dtype, examples, the Module with its gradients, buffers and mode."""

import copy
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from lossbook.clinic import certify
from tests.clinic.planted import AMOUNTS, BITS, Beforehand, Listed, dropping, mse, writes_data, writes_what_trains


class Running(nn.Module):
    """A loss with everything that a call could change."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.register_buffer("mean", torch.zeros(()))
        self.calls = 0
        self.seen = []
        self.norm = nn.BatchNorm1d(1)

    def forward(self, input, target):
        self.calls += 1
        self.seen.append(float(input.detach().sum()))
        self.mean.mul_(0.9).add_(0.1 * input.detach().mean())
        return mse(self.norm(input[:, None])[:, 0] * self.scale, target) + 0 * self.mean


def test_a_module_is_as_it_was():
    loss = Running()
    loss(*AMOUNTS).backward()
    loss.norm.eval()
    before, slopes = copy.deepcopy(loss), [it.grad.clone() for it in loss.parameters()]
    report = certify(loss, *AMOUNTS, compile=False)
    assert "the probe failed" not in str(report)
    assert loss.calls == before.calls == 1
    assert loss.seen == before.seen
    assert [part.training for part in loss.modules()] == [part.training for part in before.modules()]
    for (name, now), then in zip(loss.state_dict().items(), before.state_dict().values(), strict=True):
        assert torch.equal(now, then), name
    for now, then in zip(loss.parameters(), slopes, strict=True):
        assert torch.equal(now.grad, then)
    assert [type(part) for part in loss.modules()] == [type(part) for part in before.modules()]


@pytest.mark.parametrize("loss", [writes_what_trains, writes_data], ids=lambda loss: loss.__name__)
def test_examples_are_as_they_were(loss):
    x, y = (it.clone().requires_grad_() for it in AMOUNTS)
    certify(loss, x, y, options={}, compile=False)
    assert torch.equal(x, AMOUNTS[0])
    assert torch.equal(y, AMOUNTS[1])
    assert x.grad is None
    assert x._version == 0


def test_tensors_among_the_options_are_as_they_were():
    def weighted(input, target, *, weight):
        return (mse(input, target) * weight.mul_(2)).mean()

    weight = torch.ones(3)
    report = certify(weighted, *AMOUNTS, options={"weight": weight}, compile=False)
    assert "writes-input" in [it.kind for it in report.defects]
    assert torch.equal(weight, torch.ones(3))


def test_random_numbers_go_on_as_if_nothing_had_been():
    def draws(input, target):
        return mse(input, target) + torch.rand(()) + random.random() + np.random.rand()

    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = random.random(), np.random.rand(), torch.rand(3).tolist()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    certify(draws, *AMOUNTS, compile=False)
    certify(dropping, *AMOUNTS, compile=False)
    assert (random.random(), np.random.rand(), torch.rand(3).tolist()) == expected


def test_default_dtype_and_grad_mode_stay():
    def changes(input, target):
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        return mse(input, target)

    with torch.no_grad():
        assert [it.kind for it in certify(mse, *AMOUNTS, compile=False).defects] == []
        assert not torch.is_grad_enabled()
    certify(changes, *AMOUNTS, compile=False)
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("loss", [Listed, Beforehand])
def test_a_module_that_cannot_be_copied_as_it_is_stays_too(loss):
    kept = loss()
    before = {name: it.detach().clone() for name, it in kept.named_parameters()}
    attributes = dict(vars(kept))
    certify(kept, *AMOUNTS, compile=False)
    assert all(torch.equal(it, before[name]) for name, it in kept.named_parameters())
    assert vars(kept) == attributes


def test_twice_is_the_same():
    torch.manual_seed(3)
    first = certify(dropping, *AMOUNTS, compile=False)
    torch.rand(9)
    assert str(certify(dropping, *AMOUNTS, compile=False)) == str(first)


def test_warnings_of_the_loss_do_not_reach_the_caller(recwarn):
    import torch.nn.functional as F

    certify(F.mse_loss, *AMOUNTS, only=["broadcasts"])
    certify(F.kl_div, BITS[0].log_softmax(-1), BITS[0].softmax(-1), only=["cut-graph", "overflow"])
    assert not recwarn.list


@pytest.mark.slow
def test_an_import_and_a_call_bring_no_compiler():
    script = (
        "import sys, torch; before = set(sys.modules); import lossbook.clinic; "
        "x = torch.randn(4); "
        "print(*(set(sys.modules) - before)); "
        "lossbook.clinic.certify(lambda a, b: ((a - b) ** 2).mean(), x, -x, only=['device-not-kept', 'overflow']); "
        "print('torch._dynamo' in sys.modules, 'torch._inductor' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded, compilers = done.stdout.splitlines()
    heavy = ("matplotlib", "torch._dynamo", "torch._inductor", "pandas", "IPython", "sklearn", "scipy", "numpy")
    assert [name for name in loaded.split() if name.startswith(heavy)] == []
    assert compilers == "False False"
