"""Do "none", "sum" and "mean" belong to one loss, and what does the mean divide by?"""

from collections.abc import Iterator

import torch
from torch import Tensor

from lossbook.clinic.probes.borders import batch_dims, cut_out
from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.settings import reduced, settings
from lossbook.clinic.subject import Args, Subject, attempt, number, tensors_in, words

__all__ = ["batch_split", "reductions", "unknown_reduction"]

Seen = Iterator[Evidence | Untried]
_CLOSE = 1e-4
NAMES = ("none", "sum", "mean")


def close(one: Tensor, other: Tensor) -> bool:
    """Whether two numbers are the same, as float32 sees them."""
    return torch.allclose(one.double(), other.double(), rtol=_CLOSE, atol=1e-6, equal_nan=True)


def reductions(subject: Subject) -> Seen:
    """The number of "sum" against the sum of "none", that of "mean" against its mean."""
    if not isinstance(settings(subject).get("reduction"), str):
        yield Untried("reductions-disagree", "it has no option `reduction`")
        return
    forms = {name: reduced(subject, name) for name in NAMES}
    missing = [name for name, form in forms.items() if form is None]
    if missing:
        yield Untried("reductions-disagree", f"it does not take reduction={', '.join(map(repr, missing))}")
    if forms["none"] is None:
        return
    for args in [subject.args, *subject.points(0.3)]:
        found = [*_at(subject, forms, args)]
        yield from found
        if found:
            return


def _at(subject: Subject, forms: dict[str, Subject | None], args: Args) -> Seen:
    done = attempt(lambda: {name: form.fresh()(*args).detach() for name, form in forms.items() if form is not None})
    if done.error:
        return
    each = done.value["none"]
    if (
        "mean" in done.value
        and each.dim() == 0
        and subject.args[subject.first].dim() > 0
        and close(each, done.value["mean"])
    ):
        yield Evidence("reductions-disagree", f"'none' gives a single number, {number(each)}, the same as 'mean'")
    elif "sum" in done.value and not close(done.value["sum"], each.double().sum()):
        seen = f"'sum' is {number(done.value['sum'])}, but 'none' adds up to {number(each.double().sum())}"
        yield Evidence("reductions-disagree", seen)
    elif "mean" in done.value and not close(done.value["mean"], each.double().mean()):
        yield from _mean(subject, each, done.value["mean"])


def _mean(subject: Subject, each: Tensor, mean: Tensor) -> Seen:
    """A mean that is not the mean of all elements: by what it divides instead."""
    if mean.dim():
        yield Evidence("reductions-disagree", f"'mean' gives the shape {tuple(mean.shape)}, no single number")
        return
    divisor = float(each.double().sum() / mean.double())
    seen = (
        f"'mean' is {number(mean)}, the mean of 'none' {number(each.double().mean())}: "
        f"it divides by {divisor:.6g} instead of {each.numel()}"
    )
    known, declared = _divisors(subject), subject.contract.divisor
    fits = [what for what, size in known.items() if abs(divisor - size) <= _CLOSE * max(1.0, abs(size))]
    if declared not in (None, "elements") and (declared != "samples" or abs(divisor / samples(subject) - 1) < _CLOSE):
        yield Evidence("mean-divides-otherwise", f"{seen}; declared are {declared}")
    elif fits:
        yield Evidence("mean-divides-otherwise", f"{seen}, {fits[0]}")
    else:
        yield Evidence("reductions-disagree", seen)


def _divisors(subject: Subject) -> dict[str, float]:
    """What a mean may well divide by: sums and counts over masks, weights and targets."""
    known: dict[str, float] = {}
    others = [
        (name, it) for n, (name, it) in enumerate(zip(subject.names, subject.args, strict=True)) if n != subject.first
    ]
    for name, given in [*others, *subject.options.items(), *_buffers(subject)]:
        for it in tensors_in(given):
            known[f"the sum of {name}"] = float(it.sum())
            known[f"the count in {name}"] = float((it != 0).sum())
            known |= _by_class(subject, name, it)
    return known | _not_ignored(subject)


def _buffers(subject: Subject) -> list[tuple[str, Tensor]]:
    return list(subject.module.named_buffers()) if subject.module is not None else []


def _targets(subject: Subject) -> list[Tensor]:
    given = [it for n, it in enumerate(subject.args) if n != subject.first and isinstance(it, Tensor)]
    return [it for it in given if not it.is_floating_point() and it.dtype != torch.bool]


def _by_class(subject: Subject, name: str, weight: Tensor) -> dict[str, float]:
    """The weights of the targets' classes, added up."""
    if weight.dim() != 1 or not weight.is_floating_point():
        return {}
    sums = [weight[it[(it >= 0) & (it < len(weight))].long()].sum() for it in _targets(subject)]
    return {f"the sum of {name} over the targets": float(it) for it in sums}


def _not_ignored(subject: Subject) -> dict[str, float]:
    ignored = [value for name, value in settings(subject).items() if "ignore" in name and type(value) in (int, float)]
    others = [it for n, it in enumerate(subject.args) if n != subject.first and isinstance(it, Tensor)]
    return {f"the targets that are not {value}": float((it != value).sum()) for value in ignored for it in others}


def samples(subject: Subject) -> int:
    """How many samples the examples hold; 1, if nothing says so."""
    sizes = [it.shape[dim] for it, dim in zip(subject.args, batch_dims(subject), strict=True) if dim is not None]
    return sizes[0] if sizes else 1


def batch_split(subject: Subject) -> Seen:
    """The loss of a batch against that of its parts, each counted by its samples."""
    count = samples(subject)
    if count < 2:
        yield Untried("mean-depends-on-batch-split", "the examples hold no two samples")
        return
    mean = reduced(subject, "mean")
    if mean is None and settings(subject).get("reduction") == "sum":
        return  # it says itself that it is a sum
    subject = mean or subject
    for args in (subject.args, *subject.points(0.5)):
        for part in {(count + 1) // 2, 1}:
            seen = _split(subject.at(args), part, count)
            if seen:
                yield seen
                return


def _split(subject: Subject, part: int, count: int) -> Evidence | Untried | None:
    calls = (subject.args, cut_out(subject, 0, part), cut_out(subject, part, count))
    done = attempt(lambda: [subject.fresh()(*args).detach().double() for args in calls])
    if done.error or any(it.dim() for it in done.value):
        why = words(done.error) if done.error else "it returns no single number"
        return Untried("mean-depends-on-batch-split", why)
    whole, one, other = done.value
    parts = (part * one + (count - part) * other) / count
    if close(whole, parts):
        return None
    seen = (
        f"the loss of {count} samples is {number(whole)}; of {part} and {count - part} of them {number(one)} and "
        f"{number(other)}, on average {number(parts)}"
    )
    added = "; it is their sum, divided by nothing, or by a number that does not follow the batch"
    summed = close(whole, one + other) and bool(one) and bool(other)  # a part of which nothing counts says nothing
    return Evidence("mean-depends-on-batch-split", seen + (added if summed else ""))


def unknown_reduction(subject: Subject) -> Seen:
    """A reduction that does not exist."""
    other = reduced(subject, "no such reduction")
    if other is not None and other.tried().error is None:
        yield Evidence(
            "unknown-reduction-accepted", "reduction='no such reduction' is taken, and gives " + number(other())
        )
