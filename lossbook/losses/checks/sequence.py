"""What the losses of ``sequence`` ask of their arguments."""

import operator
from typing import Any

import torch
from torch import Tensor

from lossbook.losses.checks import general


def between(name: str, values: Tensor, low: int, high: int, error: type[Exception], advice: str) -> None:
    """Raise ``error`` unless all values, where they may be read, are from ``low`` to ``high``."""
    plain = general.readable(values)
    if plain is None:
        return
    least, most = (int(value) for value in plain.aminmax())
    if least < low or most > high:
        raise error(f"{name} must be from {low} to {high}, but it goes from {least} to {most}: {advice}")


def log_probabilities(log_probs: Tensor) -> None:
    """Raise unless they are dense, of float32 or float64, and of shape (T, N, C) or (T, C), with something in it."""
    if log_probs.dim() not in (2, 3):
        error = RuntimeError if log_probs.dim() else IndexError
        raise error(f"log_probs must have shape (T, N, C) or (T, C), but it has {tuple(log_probs.shape)}")
    if log_probs.numel() == 0:
        raise RuntimeError(f"log_probs must not be empty, but it has shape {tuple(log_probs.shape)}")
    if log_probs.dtype not in (torch.float32, torch.float64) or log_probs.is_sparse:
        raise NotImplementedError(
            f"ctc_loss is not implemented for {log_probs.dtype}, {log_probs.layout}: give log_probs.float(), dense"
        )


def index(name: str, value: object, size: int) -> int:
    """Return ``value`` as an int: TypeError unless it is one, RuntimeError unless it is from 0 to ``size`` - 1."""
    if isinstance(value, Tensor) and value.dim() == 0 and not (value.is_floating_point() or value.is_complex()):
        value = value.item()
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, but a {type(value).__name__} came")
    if not 0 <= value < size:
        raise RuntimeError(f"{name} must be the index of a symbol, from 0 to {size - 1}, but it is {value}")
    return value


def lengths(count: int, **both: Any) -> list[Tensor]:
    """Give lengths, ``count`` whole numbers each, as int64 tensors of one dimension.

    Raises:
        RuntimeError: they are not whole, or not ``count``.
        TypeError: they are neither all tensors, nor all lists or tuples of ints.
    """
    if not (all(isinstance(given, Tensor) for given in both.values()) or all(map(is_list_of_ints, both.values()))):
        kinds = " and ".join(f"{name}, a {type(given).__name__}" for name, given in both.items())
        raise TypeError(f"the lengths must be two tensors, or two lists or tuples of ints, but there came {kinds}")
    found = []
    for name, given in both.items():
        lengths = given if isinstance(given, Tensor) else torch.tensor([operator.index(length) for length in given])
        if lengths.numel() != count:
            raise RuntimeError(f"{name} must have one length per sequence, {count}, but it has {lengths.numel()}")
        if general.kind(lengths.dtype) != 1:
            raise RuntimeError(f"{name} must be whole numbers, but it is of dtype {lengths.dtype}: give {name}.long()")
        found.append(lengths.long().flatten())
    return found


def is_list_of_ints(given: object) -> bool:
    """Whether it is a list or tuple of what counts as an int; True and False do not."""
    return isinstance(given, list | tuple) and all(
        hasattr(length, "__index__") and not isinstance(length, bool) for length in given
    )


def label_layout(targets: Tensor, target_lengths: Tensor) -> None:
    """Raise RuntimeError unless targets have a row per sequence, long enough, or all labels in one row."""
    shape, count = tuple(targets.shape), len(target_lengths)
    if targets.dim() not in (1, 2) or (targets.dim() == 2 and shape[0] != count):
        raise RuntimeError(f"targets must have shape ({count}, S), or (sum of the lengths), but it has {shape}")
    longest = shape[1] if targets.dim() == 2 else shape[0]
    between("target_lengths", target_lengths, 0, longest, RuntimeError, f"targets has shape {shape}")
    plain = general.readable(target_lengths)
    if targets.dim() == 1 and plain is not None and len(plain) == count and plain.sum() != longest:
        raise RuntimeError(
            f"targets in one row must hold {plain.sum()} labels, the sum of the lengths, but has {longest}"
        )
