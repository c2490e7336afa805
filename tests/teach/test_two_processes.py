"""The two processes of the chapter on reduction: what two real processes find, and DistributedDataParallel too."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from lossbook.teach import two_processes
from lossbook.teach.two_processes import LIMIT, PADDING

# The plain loop that most people write, in two processes: its own mean each, and DistributedDataParallel.
WRAPPED = """
import sys, torch, torch.distributed as dist
from datetime import timedelta
from pathlib import Path
from torch import nn
rank, folder = int(sys.argv[1]), Path(sys.argv[2])
dist.init_process_group("gloo", f"file://{folder / 'meeting'}", timedelta(seconds=60), world_size=2, rank=rank)
batch = torch.load(folder / "batch.pt", weights_only=False)
inputs, targets = batch["parts"][rank]
model = nn.parallel.DistributedDataParallel(batch["model"])
nn.functional.cross_entropy(model(inputs).transpose(1, 2), targets, ignore_index=0).backward()
if rank == 0:
    torch.save({"naive": torch.cat([p.grad.ravel() for p in model.parameters()])}, folder / "gradients.pt")
dist.barrier()
dist.destroy_process_group()
"""


@pytest.fixture
def batch():
    """A model, and two parts of unequal numbers of words."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 7)).double()
    inputs, targets = torch.randint(7, (4, 5)), torch.randint(1, 7, (4, 5))
    targets[:2, 2:] = PADDING
    return {"model": model, "parts": [(inputs[:2], targets[:2]), (inputs[2:], targets[2:])]}


def in_two_processes(program, batch, folder):
    torch.save(batch, folder / "batch.pt")
    started = [subprocess.Popen([sys.executable, *program, str(rank), str(folder)]) for rank in (0, 1)]
    try:
        assert [process.wait(timeout=LIMIT) for process in started] == [0, 0]
    finally:
        for process in started:
            process.kill()
    return torch.load(folder / "gradients.pt")


def alone(batch, inputs, targets):
    scores = batch["model"](inputs).transpose(1, 2)
    cost = nn.functional.cross_entropy(scores, targets, ignore_index=PADDING)
    return torch.cat([slope.ravel() for slope in torch.autograd.grad(cost, list(batch["model"].parameters()))])


@pytest.mark.slow
def test_one_way_is_the_whole_batch_and_the_other_is_not(batch, tmp_path):
    found = in_two_processes(["-P", two_processes.__file__], batch, tmp_path)
    whole = alone(batch, *(torch.cat(pair) for pair in zip(*batch["parts"], strict=True)))
    torch.testing.assert_close(found["right"], whole)
    torch.testing.assert_close(found["naive"], sum(alone(batch, *part) for part in batch["parts"]) / 2)
    assert (found["naive"] - whole).norm() > 0.1 * whole.norm()


@pytest.mark.slow
def test_distributed_data_parallel_averages_in_the_same_way(batch, tmp_path):
    found = in_two_processes(["-c", WRAPPED], batch, tmp_path)
    torch.testing.assert_close(found["naive"], sum(alone(batch, *part) for part in batch["parts"]) / 2)
