"""The scores of a last layer, a few rows at a time: they are never all in memory, nor on the way back."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from lossbook.losses import checks, stable, surprise
from lossbook.losses.checks.classification import class_dim

__all__ = ["LinearCrossEntropyOptions"]


@dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """How :func:`linear_cross_entropy` makes the scores a few rows at a time, so that they are never all in memory.

    It pays where there are many more classes than features. The defaults choose the rows by the shapes: chunks of
    scores then hold about half as many numbers as ``input``; in half precision on a CPU, as many.

    Args:
        allow_retain_graph: for torch's form, which can go back through a graph twice only with ``True``. Here that
            is always so.
        batch_chunk_size: rows of a chunk; ``None`` is all, if ``chunking_method`` is ``None`` too.
        chunking_method: ``"aspect_ratio"`` chooses the rows so that a chunk of scores is about as large as ``input``;
            ``"aspect_ratio:2"`` takes half of that, and so on; ``"auto"`` is one of these two; ``None`` leaves the
            choice to ``batch_chunk_size``.
        acc_policy: ``"accurate"``, ``"balanced"``, ``"compact"`` or ``"auto"``: what torch's form keeps in the wide
            dtype. Here half precision is always computed in float32.
        acc_dtype: the dtype of torch's sums: that of ``input``, or float32 for half precision; ``None`` chooses.

    Raises:
        ValueError: an unknown policy, method or dtype; a size that is not a positive int.

    Example:
        >>> from lossbook import linear_cross_entropy
        >>> hidden, layer, words = torch.ones(6, 2), torch.eye(4, 2), torch.tensor([0, 1, 2, 3, 0, 1])
        >>> linear_cross_entropy(hidden, layer, words, options=LinearCrossEntropyOptions(batch_chunk_size=2))
        tensor(1.3397)
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: Literal["accurate", "balanced", "compact", "auto"] = "auto"
    acc_dtype: torch.dtype | None = None

    def __post_init__(self) -> None:
        _check_options(self.batch_chunk_size, self.chunking_method, self.acc_policy, self.acc_dtype)


def last_layer(input: Tensor, linear_weight: Tensor, linear_bias: Tensor | None) -> Tensor:
    """The scores :math:`x = W h + b`: (N, D) and (C, …, D) give (N, C, …)."""
    scores: Tensor = (input @ linear_weight.flatten(0, -2).T).to(input.dtype)
    scores = scores.unflatten(-1, linear_weight.shape[:-1])
    return scores if linear_bias is None else scores + linear_bias


def pull(log_p: Tensor, target: Tensor, factor: Tensor) -> Tensor:
    """The slope of ``factor`` times the surprise by the scores: the softmax, minus 1 at the true class."""
    dim = class_dim(log_p.shape)
    factor = factor.unsqueeze(dim)
    return (log_p.exp() * factor).scatter_add(dim, target.unsqueeze(dim), -factor)


class SurpriseInChunks(torch.autograd.Function):
    """the surprise of a last layer, the scores made a few rows at a time, and once more on the way back."""

    generate_vmap_rule = True

    @staticmethod
    def forward(input: Tensor, linear_weight: Tensor, linear_bias: Tensor | None, target: Tensor, rows: int) -> Tensor:
        chunks = zip(input.split(rows), target.split(rows), strict=True)
        return torch.cat(
            [surprise.of_class(stable.log_softmax(last_layer(h, linear_weight, linear_bias), 1), y) for h, y in chunks]
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        *tensors, ctx.rows = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, factors: Tensor) -> tuple[Tensor | None, ...]:
        input, linear_weight, linear_bias, target = ctx.saved_tensors
        train_input, train_weight, train_bias, *_ = ctx.needs_input_grad
        by_input = []
        by_weight = factors.new_zeros(linear_weight.shape) if train_weight else None
        by_bias = factors.new_zeros(linear_bias.shape) if train_bias else None
        for h, y, factor in zip(*(t.split(ctx.rows) for t in (input, target, factors)), strict=True):
            by_scores = pull(stable.log_softmax(last_layer(h, linear_weight, linear_bias), 1), y, factor)
            if train_input:
                by_input.append(by_scores @ linear_weight)
            if by_weight is not None:
                by_weight.addmm_(by_scores.T, h)
            if by_bias is not None:
                by_bias += by_scores.sum(0)
        return torch.cat(by_input) if train_input else None, by_weight, by_bias, None, None


def rows_per_chunk(options: Any, input: Tensor, linear_weight: Tensor) -> int:
    """How many rows of scores are made at a time: as many as hold about as many numbers as ``input``, or a part."""
    method, given, count = options.chunking_method, options.batch_chunk_size, len(input)
    if method == "auto" and given is None:
        on_cpu = input.device.type == "cpu" and input.dtype in checks.HALF
        method = "aspect_ratio" if on_cpu else "aspect_ratio:2"
    if method in (None, "auto"):
        return max(1, min(given or count, count))
    as_large = math.ceil(count / math.ceil(len(linear_weight) / input.shape[1]))
    rows: int = min(2 ** (as_large - 1).bit_length() // int(method.partition(":")[2] or 1), count)
    if given not in (None, rows):
        raise ValueError(
            f"chunking_method={method!r} makes chunks of {rows} rows, batch_chunk_size is {given}: give one"
        )
    return max(1, rows)


def surprise_in_chunks(
    input: Tensor, linear_weight: Tensor, target: Tensor, linear_bias: Tensor | None, options: Any
) -> Tensor:
    """The surprise of a last layer, wide and of the shape of ``target``, as ``options`` say."""
    hidden, wide = torch.atleast_2d(input), checks.wide_dtype(input.dtype)
    rows = rows_per_chunk(options, hidden, linear_weight)
    linear_bias = None if linear_bias is None else linear_bias.to(wide)
    with checks.no_autocast(input.device.type):  # as torch's, whose chunks know none
        result: Tensor = SurpriseInChunks.apply(
            hidden.to(wide), linear_weight.to(wide), linear_bias, torch.atleast_1d(target), rows
        )
    return result.reshape(target.shape)


def possible(linear_weight: Tensor, target: Tensor, reduction: str, label_smoothing: float) -> bool:
    """Whether a loss can be made in chunks; where it cannot, warn."""
    if (
        linear_weight.dim() == 2
        and reduction in checks.REDUCTIONS
        and label_smoothing == 0
        and target.dtype == torch.int64
    ):
        return True
    checks.warn(
        "linear_cross_entropy: ``options`` ignored: chunks need class indices of torch.int64, a linear_weight (C, D), "
        f"one of {checks.REDUCTIONS} and no label_smoothing. Here target is of {target.dtype}, linear_weight is "
        f"{tuple(linear_weight.shape)}, reduction={reduction!r} and label_smoothing={label_smoothing}."
    )
    return False


def check(input: Tensor, linear_weight: Tensor, target: Tensor, weight: Tensor | None, acc_dtype: Any) -> None:
    """Check what a chunked loss asks beside the shapes of its layer."""
    dtype = acc_dtype or input.dtype
    if not dtype.is_floating_point:
        raise ValueError(f"input must be real floating point, but it is of {input.dtype}: give x.float()")
    if dtype != input.dtype and not (input.dtype in checks.HALF and dtype == torch.float32):
        raise RuntimeError(f"acc_dtype must be None, {input.dtype} or, for half precision, float32; it is {acc_dtype}")
    if linear_weight.dtype != input.dtype and input.dtype not in checks.HALF:
        raise RuntimeError(f"linear_weight is of {linear_weight.dtype}, input of {input.dtype}: cast one, x.to(dtype)")
    if target.shape != input.shape[:-1]:
        raise RuntimeError(f"target must be {tuple(input.shape[:-1])}, as input, but it is {tuple(target.shape)}")
    if weight is not None:
        checks.tensor("weight", weight, TypeError)
        checks.classification.class_weight(linear_weight.shape[:1], weight)


def _check_options(size: Any, method: str | None, policy: str, dtype: Any) -> None:
    """Raise ValueError where an option of a chunked loss has no meaning."""
    policies = ("auto", "accurate", "balanced", "compact")
    if policy not in policies:
        raise ValueError(f"acc_policy={policy!r} is none of {policies}")
    if method not in (None, "auto"):
        name, colon, factor = method.partition(":")
        if name != "aspect_ratio" or (colon and not (factor.isdigit() and int(factor) > 0)):
            raise ValueError(
                f"chunking_method={method!r} is none of None, 'auto', 'aspect_ratio' or 'aspect_ratio:2' …"
            )
    if not (size is None or (isinstance(size, int) and size > 0)):
        raise ValueError(f"batch_chunk_size must be None or a positive int, but it is {size!r}")
    if dtype not in (None, torch.float16, torch.bfloat16, torch.float32, torch.float64):
        raise ValueError(f"acc_dtype must be None or real floating point, but it is {dtype!r}")
