"""What the losses of ``vocabulary`` ask of their arguments."""

import operator
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lossbook.losses.checks import general


def layer_shapes(input: Tensor, linear_weight: Tensor, linear_bias: Tensor | None) -> None:
    """Check that a linear layer and its input are tensors of shapes that fit."""
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
    given = [value.to(wide_dtype(dtype)) for value in given]
    return given[0], given[1], None if linear_bias is None else given[2], dtype


def wide_dtype(dtype: torch.dtype) -> torch.dtype:
    """The dtype to compute in: float32 for half precision."""
    return torch.float32 if dtype in general.HALF else dtype


def ignored_class(ignore_index: int | None, by_chances: bool) -> int:
    """The index to ignore, -100 for ``None``; TypeError for another type, RuntimeError where targets are chances."""
    if ignore_index is None:
        return -100
    if by_chances:
        raise RuntimeError("ignore_index does not go with a target of probabilities: give a class index per target")
    if isinstance(ignore_index, bool):
        raise TypeError("ignore_index must be an int, but a bool came")
    try:
        return operator.index(ignore_index)
    except TypeError as error:
        raise TypeError(f"ignore_index must be an int, but a {type(ignore_index).__name__} came") from error


def smoothing(label_smoothing: float) -> float:
    """Return it as a float, RuntimeError above 1. Below 0 and nan count as 0, as in torch."""
    share = general.real_number("label_smoothing", label_smoothing)
    if share > 1:
        raise RuntimeError(f"label_smoothing must be between 0 and 1, but it is {share}")
    return share if share > 0 else 0.0


def class_targets(
    scores: torch.Size, target: Tensor, weight: Tensor | None, dtype: torch.dtype
) -> tuple[Tensor, Tensor | None, torch.dtype]:
    """Check the target of scores (C), (N, C) or (N, C, …), and a weight per class; give the dtype of the result too.

    Indices come back in the shape of the result, probabilities at least as wide as the scores.
    """
    if target.shape == scores:
        return chances(scores, target, weight, dtype)
    got, wanted = tuple(target.shape), tuple(scores[:1] + scores[2:]) if len(scores) > 1 else ()
    if len(scores) > 1 and got[:1] != wanted[:1]:
        raise ValueError(f"target must be {wanted}, an index for each of input, but it is {got}")
    if target.dim() <= 1 and target.dtype == torch.uint8 and len(scores) <= 2:
        target = target.long()
    if target.dtype != torch.int64:
        raise RuntimeError(f"target must be class indices of torch.int64, but it is of {target.dtype}: give y.long()")
    if len(scores) == 1 and target.dim() == 1 and got != (1,):
        raise ValueError(f"target must be (), the one index of this input, but it is {got}")
    if got != wanted and not (len(scores) == 1 and got == (1,)):
        raise RuntimeError(f"target must be {wanted}, or probabilities of size {tuple(scores)}, but it is {got}")
    return target.reshape(wanted), index_weight(weight, scores, dtype), dtype


def chances(
    scores: torch.Size, target: Tensor, weight: Tensor | None, dtype: torch.dtype
) -> tuple[Tensor, Tensor | None, torch.dtype]:
    """Check a target of probabilities; make it at least as wide as the scores, and give the dtype of the result."""
    if not target.is_floating_point():
        raise RuntimeError(f"target has the size of the scores, so it must be probabilities, but is {target.dtype}")
    class_weight(weight, scores)
    (target,) = general.autocast(target)
    dtype = torch.promote_types(dtype, target.dtype)
    if weight is not None:
        (weight,) = general.autocast(weight)
        dtype = torch.promote_types(dtype, weight.dtype)
    return target.to(wide_dtype(target.dtype)), weight, dtype


def index_weight(weight: Tensor | None, scores: torch.Size, dtype: torch.dtype) -> Tensor | None:
    """Check a weight per class that goes with class indices; give it wide."""
    class_weight(weight, scores)
    if weight is None:
        return None
    (weight,) = general.autocast(weight)
    if weight.dtype != dtype:
        raise RuntimeError(f"weight is of {weight.dtype}, the scores of {dtype}: give weight.to({dtype})")
    if weight.requires_grad and torch.is_grad_enabled():
        raise RuntimeError("weight asks for a gradient, and gets none from class indices: give weight.detach()")
    return weight.to(wide_dtype(dtype))


def class_weight(weight: Tensor | None, scores: torch.Size) -> None:
    """Check that a weight per class is a tensor of size (C)."""
    if weight is None:
        return
    if not isinstance(weight, Tensor):
        raise TypeError(f"weight must be a Tensor, but a {type(weight).__name__} came: torch.tensor(...)")
    classes = scores[min(len(scores) - 1, 1)]
    if weight.shape != (classes,):
        raise RuntimeError(f"weight must be ({classes},), one factor per class, but it is {tuple(weight.shape)}")


def class_range(target: Tensor, classes: int, error: type[Exception] = IndexError) -> None:
    """Raise ``error`` where a target is no class."""
    plain = general.readable(target)
    if plain is None or plain.numel() == 0:
        return
    low, high = (bound.item() for bound in plain.aminmax())
    if low < 0 or high >= classes:
        raise error(f"target must be from 0 to {classes - 1}, or ignored, but {low if low < 0 else high} came")


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
    class_range(target, n_classes, error=RuntimeError)


def wide_input(name: str, input: Tensor, module: nn.Module) -> tuple[Tensor, torch.dtype]:
    """An input in float32 for half precision, and its own dtype; RuntimeError unless the Module has that dtype.

    Under autocast the dtypes need not be the same.
    """
    first = next(module.parameters())
    ours, theirs = general.autocast(input.new_empty(0), first.new_empty(0))
    if ours.dtype != theirs.dtype:
        raise RuntimeError(f"{name} is of {input.dtype}, the layers of {first.dtype}: cast one, for instance x.to(...)")
    return input.to(wide_dtype(input.dtype)), input.dtype


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
        class_weight(weight, torch.Size([num_classes]))
    if label_smoothing < 0 or label_smoothing > 1:
        raise RuntimeError(f"label_smoothing must be between 0 and 1, but it is {label_smoothing}")
