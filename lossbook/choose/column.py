"""Whatever holds targets, as a tensor on the CPU: tensors, arrays, columns of a table, lists."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["Column", "take"]

_WAY_OUT = {
    "U": "number the texts first, as pandas.factorize does",
    "S": "number the texts first, as pandas.factorize does",
    "M": "a date is no amount: subtract a first day, and take hours or days",
    "m": "divide the durations by their unit",
    "V": "take one column of it",
}
_FROM_LISTS = "number texts first, and write what is missing as math.nan"


@dataclass(frozen=True)
class Column:
    """Targets: their values on the CPU, where they came from, and which of them are there.

    ``known`` holds the values that are not nan, in one dimension; ``made`` tells that they came as something else than
    a tensor.
    """

    values: Tensor
    known: Tensor
    dtype: torch.dtype
    device: torch.device
    made: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the targets as given."""
        return tuple(self.values.shape)

    @property
    def missing(self) -> int:
        """How many are nan."""
        return self.values.numel() - self.known.numel()

    @property
    def floating(self) -> bool:
        """Whether they came as floating point."""
        return self.dtype.is_floating_point


def take(given: Any, name: str = "target") -> Column:
    """Read targets, once: what lies on another device is moved here, and nothing else waits for it.

    Raises:
        TypeError: they are not real numbers.
        ValueError: there are none, or one is infinite.
    """
    tensor = given.detach() if isinstance(given, Tensor) else _from_array(given, name)
    if tensor.is_complex() or tensor.is_quantized or tensor.layout != torch.strided or tensor.is_meta:
        raise TypeError(f"{name} must hold plain real numbers; this is a {tensor.dtype} tensor ({tensor.layout})")
    if not tensor.numel():
        raise ValueError(f"{name} is empty: {tuple(tensor.shape)}")
    values = tensor.cpu()
    values = values.float() if values.dtype in (torch.float16, torch.bfloat16) else values
    values = values if values.is_floating_point() else _long(values, name)
    gone = values.isnan() if values.is_floating_point() else None
    known = values.flatten() if gone is None or not gone.any() else values[~gone]
    _check(known, name)
    return Column(values, known, tensor.dtype, tensor.device, not isinstance(given, Tensor))


def _long(values: Tensor, name: str) -> Tensor:
    whole = values.long()
    if values.dtype == torch.uint64 and bool((whole < 0).any()):
        raise ValueError(f"{name} holds numbers beyond int64: renumber them")
    return whole


def _check(known: Tensor, name: str) -> None:
    if not known.numel():
        raise ValueError(f"every {name} is missing (nan): there is nothing to choose by")
    if known.is_floating_point() and not torch.isfinite(known.aminmax().min + known.aminmax().max):
        infinite = int(known.isinf().sum())
        raise ValueError(f"{name} holds {infinite} infinite values: find out what they mean, or cap them")


def _from_array(given: Any, name: str) -> Tensor:
    """By way of ``__array__``, which numpy and pandas have; numpy itself is never imported."""
    if isinstance(given, str | bytes | dict | set) or given is None:
        raise TypeError(f"{name} must be a tensor, an array, a column or a list of numbers, not {type(given).__name__}")
    if hasattr(given, "__array__"):
        return _from_numpy(given.__array__(), name)
    try:
        return torch.as_tensor(list(given) if hasattr(given, "__iter__") else given)
    except (TypeError, RuntimeError, ValueError, OverflowError) as error:
        ragged = "expected sequence" in str(error) or "object cannot be interp" in str(error)
        kind, way_out = (ValueError, "its rows are not of one length") if ragged else (TypeError, _FROM_LISTS)
        raise kind(f"{name} cannot be read as numbers ({error}): {way_out}") from error


def _with_nan(array: Any) -> Any:
    """What pandas writes for a missing answer among objects refuses to become a number; nan is one."""
    flat = array.flatten()
    for place, it in enumerate(flat):
        if type(it).__name__ == "NAType":
            flat[place] = math.nan
    return flat.reshape(array.shape)


def _from_numpy(array: Any, name: str) -> Tensor:
    kind = array.dtype.kind
    if kind == "O":
        try:
            array, kind = _with_nan(array).astype("float64"), "f"
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name} cannot be read as numbers ({error}): {_WAY_OUT['U']}") from error
    if kind == "c":
        raise TypeError(f"{name} must hold real numbers; this is {array.dtype}")
    if kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, not {array.dtype}: {_WAY_OUT.get(kind, 'convert it first')}")
    # In native bytes, of a width that torch has, and a copy: torch reads no reversed arrays.
    names = {"b": "bool", "i": "int", "u": "uint", "f": "float"}
    width = "" if kind == "b" else str(min(array.dtype.itemsize, 8) * 8)
    return torch.as_tensor(array.astype(names[kind] + width))
