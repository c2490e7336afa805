"""What the losses of ``vocabulary`` ask of their arguments."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lossbook.losses.checks import classification, general


def layer_shapes(input: Tensor, linear_weight: Tensor, linear_bias: Tensor | None) -> torch.Size:
    """Check that a linear layer and its input are tensors of shapes that fit; give the size of the scores."""
    general.tensor("input", input)
    general.tensor("linear_weight", linear_weight)
    got, layer = tuple(input.shape), tuple(linear_weight.shape)
    if input.dim() not in (1, 2):
        raise RuntimeError(f"input must be (D) or (N, D), but it is {got}")
    if linear_weight.dim() < 2:
        raise RuntimeError(f"linear_weight must be (C, D) or (C, …, D), but it is {layer}")
    if got[-1] != layer[-1]:
        raise RuntimeError(f"input of size {got} and linear_weight of size {layer} must end in one D, the features")
    if linear_bias is not None:
        general.tensor("linear_bias", linear_bias)
        if linear_bias.shape != layer[:-1]:
            raise RuntimeError(
                f"linear_bias must be {layer[:-1]} as linear_weight, but it is {tuple(linear_bias.shape)}"
            )
    if linear_weight.dim() > 2 and input.dim() == 1:
        raise RuntimeError(f"linear_weight of size {layer} needs a batch (N, D), but input is {got}: give input[None]")
    return input.shape[:-1] + linear_weight.shape[:-1]


def layer_dtypes(
    input: Tensor, linear_weight: Tensor, linear_bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None, torch.dtype]:
    """A linear layer and its input in one real dtype, float32 for half precision, and the dtype of the result."""
    given = [input, linear_weight] if linear_bias is None else [input, linear_weight, linear_bias]
    given = [*general.autocast(*given)]
    dtype = given[0].dtype
    for name, value in zip(("linear_weight", "linear_bias"), given[1:], strict=False):
        if value.dtype != dtype:
            raise RuntimeError(f"{name} is of {value.dtype}, input of {dtype}: cast one of them, x.to(dtype)")
    if not dtype.is_floating_point:
        raise NotImplementedError(f"input must be real floating point, but it is of {dtype}: give x.float()")
    given = [value.to(general.wide_dtype(dtype)) for value in given]
    return given[0], given[1], None if linear_bias is None else given[2], dtype


def ignored_class(ignore_index: int | None, by_chances: bool) -> int:
    """The index to ignore, -100 for ``None``; TypeError for another type, RuntimeError where targets are chances."""
    if ignore_index is None:
        return -100
    if by_chances:
        raise RuntimeError("ignore_index does not go with a target of probabilities: give a class index per target")
    return general.whole_number("ignore_index", ignore_index)


def cutoffs(values: Sequence[int], n_classes: int) -> list[int]:
    """The cutoffs as a list, or ValueError: whole numbers from 1 to ``n_classes - 1``, each above the one before."""
    values = list(values)
    if not values:
        raise ValueError("cutoffs is empty: give at least one, where the frequent classes end")
    rising = values == sorted(set(values)) and values[0] > 0 and values[-1] < n_classes
    if not rising or any(int(value) != value for value in values):
        raise ValueError(f"cutoffs must be whole, rising, and from 1 to n_classes - 1 = {n_classes - 1}: {values} came")
    return values


def clustered(input: Tensor, target: Tensor, n_classes: int) -> None:
    """Check input (N, D) and target (N), or (D) and (), for the adaptive softmax."""
    general.tensor("target_", target)
    general.tensor("input_", input)
    got, wanted = tuple(input.shape), tuple(target.shape)
    if target.dim() > 1:
        raise RuntimeError(f"target_ must be () or (N), but it is {wanted}")
    if target.dim() == 1 and not got:
        raise IndexError(f"input_ must be (N, D) for a target_ of size {wanted}, but it is ()")
    if input.dim() != target.dim() + 1 or got[:-1] != wanted:
        raise RuntimeError(f"input_ must be (D) or (N, D), target_ () or (N); but they are {got} and {wanted}")
    if target.is_complex():
        raise NotImplementedError(f"target_ must be class indices, but it is of {target.dtype}")
    if target.dtype not in (torch.int64, torch.int32):
        raise RuntimeError(f"target_ must be class indices of torch.int64, but it is of {target.dtype}: give y.long()")
    classification.classes(target, n_classes, error=RuntimeError)


def wide_input(name: str, input: Tensor, module: nn.Module) -> tuple[Tensor, torch.dtype]:
    """An input in float32 for half precision, and its own dtype; RuntimeError unless the Module has that dtype.

    Under autocast the dtypes need not be the same.
    """
    first = next(module.parameters())
    ours, theirs = general.autocast(input.new_empty(0), first.new_empty(0))
    if ours.dtype != theirs.dtype:
        raise RuntimeError(f"{name} is of {input.dtype}, the layers of {first.dtype}: cast one, for instance x.to(...)")
    return input.to(general.wide_dtype(input.dtype)), input.dtype


def batch(name: str, value: Tensor) -> None:
    """Check that a tensor is (N, D): IndexError where a dimension is missing, RuntimeError where there is one more."""
    general.tensor(name, value)
    if value.dim() != 2:
        raise (IndexError if value.dim() < 2 else RuntimeError)(
            f"{name} must be (N, D), but it is {tuple(value.shape)}"
        )


def module_options(weight: Tensor | None, num_classes: int, label_smoothing: float) -> None:
    """Check what a Module with a last layer is to hold."""
    if weight is not None:
        general.tensor("weight", weight)
        classification.class_weight(torch.Size([num_classes]), weight)
    if label_smoothing < 0 or label_smoothing > 1:
        raise RuntimeError(f"label_smoothing must be between 0 and 1, but it is {label_smoothing}")
