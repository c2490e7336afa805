"""Two processes, each with its own half of a batch: what the gradient is, divided in two ways.

The chapter on reduction starts this file twice, once for each process (rank 0 and rank 1):

    python -P two_processes.py RANK FOLDER

``FOLDER`` holds ``batch.pt``: the model, and for each rank its ``(inputs, targets)``. The two find each other by a
file there, and rank 0 leaves both gradients in ``gradients.pt``. Whoever waits for the other gives up after a minute.
"""

import sys
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

LIMIT = 60  # seconds
PADDING = 0
WAYS = ("naive", "right")


def gradient(model: nn.Module, inputs: Tensor, targets: Tensor, way: str) -> Tensor:
    """The gradient that every process ends up with."""
    scores = model(inputs).transpose(1, 2)
    summed = nn.CrossEntropyLoss(ignore_index=PADDING, reduction="sum")
    words = (targets != PADDING).sum()
    if way == "naive":
        loss = summed(scores, targets) / words
    else:
        dist.all_reduce(words)  # now the words of all processes together
        loss = summed(scores, targets) / words * dist.get_world_size()
    slopes = torch.autograd.grad(loss, list(model.parameters()))
    flat = torch.cat([slope.ravel() for slope in slopes])
    dist.all_reduce(flat)  # these two lines: what DistributedDataParallel does
    return flat / dist.get_world_size()


def main(rank: int, folder: Path) -> None:
    """Join the other process, take the gradient both ways, leave the result."""
    meeting = f"file://{folder / 'meeting'}"
    dist.init_process_group("gloo", meeting, timedelta(seconds=LIMIT), world_size=2, rank=rank)
    batch = torch.load(folder / "batch.pt", weights_only=False)
    inputs, targets = batch["parts"][rank]
    gradients = {way: gradient(batch["model"], inputs, targets, way) for way in WAYS}
    if rank == 0:
        torch.save(gradients, folder / "gradients.pt")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
