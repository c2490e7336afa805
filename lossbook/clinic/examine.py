"""The one call: a contract, the probes, a verdict on each thing that they saw."""

import functools
import inspect
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

import lossbook
from lossbook.catalog import Row, loss_in, row
from lossbook.clinic.contract import Contract, place_of
from lossbook.clinic.probes import PROBES, Probe, compiled, held_tensors, raises
from lossbook.clinic.report import Evidence, Report, Untried
from lossbook.clinic.rules import RULES, judged
from lossbook.clinic.settings import called, parameters_of
from lossbook.clinic.subject import Subject, attempt, mapped, words

__all__ = ["certify", "certify_row"]


def certify(
    loss: Callable[..., Any],
    *example_inputs: Any,
    domain: Any = None,
    same_shape: bool = False,
    second_derivative: bool | None = None,
    differentiable: Iterable[str | int] | None = None,
    minimum: float = float("-inf"),
    maximum: float = float("inf"),
    divisor: str | None = None,
    deterministic: bool = True,
    surrogate: bool = False,
    largest: float = 1e4,
    never: Iterable[str] = (),
    options: dict[str, Any] | None = None,
    only: Iterable[str] | None = None,
    compile: bool | None = None,
) -> Report:
    """Examine a loss of your own: what is broken in it, and what is worth knowing about it.

    The loss is called many times, on copies: at points in general position near the examples, at borders, far out, in
    other dtypes, with other options. What comes out is compared with what the keywords declare. A finding is a defect
    if it contradicts that, or if nobody can want it; else a property. The examples, the Module and the state of the
    random numbers are afterwards as they were.

    Args:
        loss: a function, a Module, or another object to be called as ``loss(*example_inputs, **options)``.
        example_inputs: the arguments of one call: a batch of a few samples, with numbers as they occur, the second
            argument of the first's shape most often the target. The first of floating point is what is trained.
        domain: which numbers the arguments may hold: ``"real"``, ``"positive"`` (above 0), ``"non-negative"``,
            ``"probability"`` (0 to 1), ``"probabilities"`` and ``"log-probabilities"`` (adding up to 1), ``"fixed"``
            (not to be moved), or the ends of an interval, ``(low, high)``; ``"logits"`` is ``"real"``; ``"binary"``,
            ``"signs"`` and ``"classes"`` are ``"fixed"``. In a dictionary per argument, by name or position, in a list
            in their order; one alone is meant for the first. For the others the example is asked.
        same_shape: the loss raises, or knows what to do, where shapes differ; it never broadcasts in silence.
        second_derivative: ``True``: it can be differentiated twice; ``False``: nobody asks for that; ``None``: a
            second derivative is right or raises, but is not missing in silence.
        differentiable: names or positions of the arguments that are trained; ``None``: the first of floating point.
        minimum: no loss is below.
        maximum: no loss is above.
        divisor: what ``reduction="mean"`` divides by, in words, if not by the number of losses in ``"none"``.
        deterministic: the same arguments give the same loss.
        surrogate: the gradient is stated by hand and need not be the slope, as in a straight-through estimator.
        largest: real arguments up to this size give a finite loss in float32, wherever the true one is finite.
        never: kinds of findings that the loss promises not to show; if it shows one, that is a defect.
        options: keyword arguments of every call.
        only: the kinds of findings to look for; ``None``: all.
        compile: try ``torch.compile``, which takes seconds; ``None``: if there is a C++ compiler.

    Returns:
        The report, with ``defects`` and ``properties`` (each a ``kind``, ``evidence``, ``remedy``), and ``untried``.

    Raises:
        TypeError: no example is a tensor of floating point.
        ValueError: a domain, an argument or a kind in ``never`` or ``only`` that does not exist.

    Example:
        >>> def rmse(input, target):
        ...     return ((input - target) ** 2).mean().sqrt()
        >>> x, y = torch.tensor([0.3, -1.2, 2.0, 0.7]), torch.tensor([1.0, 0.0, 1.5, -1.0])
        >>> report = certify(rmse, x, y, compile=False)
        >>> [finding.kind for finding in report.defects]
        ['nan-at-zero-error']
        >>> report.defects[0].evidence
        'with input equal to its target, the value is 0, the gradient nan'
    """
    contract = Contract(
        domain=domain,
        same_shape=same_shape,
        second_derivative=second_derivative,
        differentiable=None if differentiable is None else tuple(differentiable),
        minimum=minimum,
        maximum=maximum,
        divisor=divisor,
        deterministic=deterministic,
        surrogate=surrogate,
        largest=largest,
        never=frozenset(never),
    )
    return examined(loss, example_inputs, options or {}, contract, compile, only=only)


def certify_row(
    entry: Row | str,
    home: ModuleType = lossbook,
    *,
    only: Iterable[str] | None = None,
    compile: bool | None = None,
) -> Report:
    """Examine a loss of the catalog: its row is the contract.

    Args:
        entry: the row, or its name.
        home: where the loss is: this package, or ``torch.nn``.
        only: as in :func:`certify`.
        compile: likewise.

    Returns:
        The report.

    Raises:
        KeyError: there is no such row.

    Example:
        >>> certify_row("mse_loss", torch.nn, compile=False).sound
        True
    """
    entry = row(entry) if isinstance(entry, str) else entry
    args, options = _examples(entry)
    contract = Contract.of(entry, args)
    name = f"{home.__name__}.{entry.name}"
    return examined(loss_in(home, entry), args, options, contract, compile, name, tuple(entry.arguments), only)


def _examples(entry: Row, size: int = 160, samples: int = 4) -> tuple[tuple[Tensor, ...], dict[str, Any]]:
    """The arguments that a row makes, and where that is a single sample, several of them side by side."""
    draw = torch.Generator().manual_seed(20)
    made = [entry.sample(size, torch.float32, torch.device("cpu"), draw) for _ in range(samples)]
    dims = Contract.of(entry, made[0].args).batch or ()
    if all(dim is None or it.shape[dim] > 1 for it, dim in zip(made[0].args, dims, strict=True)):
        return made[0].args, made[0].kwargs
    columns = zip(*(it.args for it in made), strict=True)
    joined = tuple(its[0] if dim is None else torch.cat(its, dim) for its, dim in zip(columns, dims, strict=True))
    return joined, made[0].kwargs


def examined(
    loss: Callable[..., Any],
    examples: tuple[Any, ...],
    options: dict[str, Any],
    contract: Contract,
    compile: bool | None,
    name: str = "",
    names: tuple[str, ...] = (),
    only: Iterable[str] | None = None,
) -> Report:
    """The report on a loss under a contract."""
    wanted = frozenset(only or ())
    _known("never", contract.never)
    _known("only", wanted)
    with untouched():
        subject = subject_of(loss, examples, options, contract, names or _names(loss, len(examples)))
        if subject.args[subject.first].dtype in (torch.float16, torch.bfloat16):
            subject = subject.to(torch.float32)  # half precision has a probe of its own
        seen = [*_observed(subject, compile, wanted)]
    seen = [it for it in seen if not wanted or it.kind in wanted or it.kind == "raises"]
    evidence = [it for it in seen if isinstance(it, Evidence)]
    untried = tuple(dict.fromkeys(it for it in seen if isinstance(it, Untried)))
    findings = tuple(judged(it, contract) for it in evidence)
    return Report(name or name_of(loss), contract.declared(), findings, untried)


def _known(keyword: str, kinds: frozenset[str]) -> None:
    unknown = kinds - set(RULES)
    if unknown:
        raise ValueError(f"{keyword} names {', '.join(sorted(unknown))}, but the kinds are {', '.join(RULES)}")


def subject_of(
    loss: Any, examples: tuple[Any, ...], options: dict[str, Any], contract: Contract, names: tuple[str, ...]
) -> Subject:
    """The loss with what is known about its arguments."""
    floating = [n for n, it in enumerate(examples) if isinstance(it, Tensor) and it.is_floating_point() and it.numel()]
    if contract.differentiable is not None:
        said = [place_of(key, names) for key in contract.differentiable]
        floating = [n for n in said if n in floating]
    if not floating:
        raise TypeError("one of the example inputs must be a tensor of floating point: it is what is trained")
    domains = contract.domains(names, examples, floating[0])
    plain = mapped(examples, lambda it: it.detach().clone())
    return Subject(loss, plain, mapped(options, lambda it: it.detach().clone()), contract, names, domains, floating[0])


def _names(loss: Any, count: int) -> tuple[str, ...]:
    positional = [
        it.name for it in parameters_of(called(loss)).values() if it.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    return tuple(positional[n] if n < len(positional) else f"argument {n + 1}" for n in range(count))


def name_of(loss: Any) -> str:
    """What a loss is called."""
    if isinstance(loss, functools.partial):
        return name_of(loss.func)
    return getattr(loss, "__name__", type(loss).__name__)


def _observed(subject: Subject, compile: bool | None, only: frozenset[str]) -> Iterator[Evidence | Untried]:
    """What the probes see, each on a copy of its own; a loss that refuses its examples is not looked at further."""
    for probe, kinds in PROBES.items():
        if only and probe is not raises and not only & set(kinds):
            continue
        if probe is compiled and compile is False:
            yield Untried("fails-under-compile", "`compile=False`")
            continue
        seen = _looked(probe, subject)
        yield from seen
        if probe is raises and seen:
            return


def _looked(probe: Probe, subject: Subject) -> list[Evidence | Untried]:
    """What one probe sees, with its own seed; that it cannot look is no more than untried."""
    torch.manual_seed(0)
    done = attempt(lambda: list(probe(subject if probe is held_tensors else subject.fresh())))
    return [Untried(PROBES[probe][0], f"the probe failed, {words(done.error)}")] if done.error else done.value


@contextmanager
def untouched() -> Iterator[None]:
    """Random numbers, default dtype and the recording of gradients, afterwards, as they were."""
    numpy = sys.modules.get("numpy")
    state, dtype, drawn = random.getstate(), torch.get_default_dtype(), numpy and numpy.random.get_state()
    try:
        with torch.random.fork_rng(), torch.enable_grad():
            yield
    finally:
        random.setstate(state)
        torch.set_default_dtype(dtype)
        if numpy:
            numpy.random.set_state(drawn)
