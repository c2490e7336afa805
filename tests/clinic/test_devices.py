"""Where tensors are, followed on a machine with one device alone: what a GPU would refuse, and what it would take."""

import pytest
import torch
import torch.nn.functional as F

from lossbook.clinic import certify
from lossbook.clinic.probes.devices import Elsewhere, MixedDevicesError
from tests.clinic.planted import AMOUNTS, HalfTheSlope, WholeSlope, draw, mse

KIND = "device-not-kept"

REFUSED = {
    "a vector made here": lambda x: x + torch.ones(4),
    "a mask made here": lambda x: x.masked_fill(torch.eye(4, dtype=torch.bool), 0),
    "a product": lambda x: torch.eye(4) @ x,
    "where": lambda x: torch.where(torch.zeros(4) > 1, x, x),
    "joined": lambda x: torch.stack([x.sum(), torch.tensor(1.0)]),
    "added to a number made here": lambda x: torch.zeros(()).add_(x.sum()),
    "numpy": lambda x: x + torch.from_numpy(x.detach().numpy()),
    "told to be on the CPU": lambda x: x + torch.ones(4, device="cpu"),
    "moved to the CPU": lambda x: x + x.cpu(),
    "moved to the CPU by name": lambda x: x + x.to("cpu"),
    "a loss of torch": lambda x: F.mse_loss(x, torch.zeros(4, 4)),
    "gathered": lambda x: x.gather(1, torch.zeros(4, 1, dtype=torch.int64)),
}
TAKEN = {
    "like": lambda x: x + torch.ones_like(x) + x.new_zeros(4),
    "beside": lambda x: x + torch.ones(4, device=x.device) + torch.arange(4).to(x.device),
    "a number": lambda x: x * torch.tensor(2.0) + torch.pi,
    "an index made here": lambda x: x[torch.arange(4), torch.zeros(4, dtype=torch.int64)],
    "copied in": lambda x: torch.empty_like(x).copy_(torch.ones(4, 4)) + x,
    "values are read": lambda x: x * float(x.sum().cpu()) if bool(x.sum() > 0) else x.sum().item() * x,
    "among themselves, then moved": lambda x: x + (torch.ones(4) + torch.arange(4)).to(x.device),
    "of its own dtype": lambda x: x.to(torch.float64).to(x),
    "functions of torch": lambda x: F.one_hot(x.argmax(-1), 4) * F.normalize(x) + F.relu(x).T,
}


@pytest.mark.parametrize("loss", REFUSED.values(), ids=REFUSED)
def test_what_a_gpu_refuses(loss):
    x = draw(4, 4).requires_grad_()
    loss(x)  # on one device nobody notices
    with pytest.raises(MixedDevicesError, match="on the CPU"), Elsewhere([x], []):
        loss(x)


@pytest.mark.parametrize("loss", TAKEN.values(), ids=TAKEN)
def test_what_a_gpu_takes(loss):
    x = draw(4, 4)
    with Elsewhere([x], []) as mode:
        result = loss(x)
    assert mode.places[id(result)]
    assert torch.equal(result, loss(x))


@pytest.mark.parametrize("loss", [lambda x: x.cpu(), lambda x: torch.tensor(x.sum().item()), lambda x: torch.ones(3)])
def test_what_ends_on_the_cpu(loss):
    x = draw(4, 4)
    with Elsewhere([x], []) as mode:
        result = loss(x)
    assert not mode.places[id(result)]


def test_what_nobody_saw_being_made_was_made_here():
    def legacy(input, target):
        return mse(input * torch.Tensor([1.0] * 8).to(input.dtype), target)

    scale = torch.ones(8)
    assert [it.kind for it in certify(legacy, *AMOUNTS, only=[KIND]).findings] == [KIND]
    held = certify(lambda input, target: mse(input * scale, target), *AMOUNTS, only=[KIND])
    assert held.findings == held.untried == ()


@pytest.mark.parametrize("function", [WholeSlope, HalfTheSlope], ids=lambda it: it.__name__)
def test_a_function_written_by_hand_is_followed(function):
    report = certify(function.apply, *AMOUNTS, only=[KIND])
    assert report.findings == report.untried == ()
