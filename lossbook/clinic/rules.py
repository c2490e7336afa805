"""The one table of rules: for each kind of finding what is asked, when it is a defect, and what to write instead.

A verdict depends on the contract and on the facts that a probe saw, and on nothing else: no rule knows a name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lossbook.clinic.contract import Contract
from lossbook.clinic.report import Evidence, Finding

__all__ = ["RULES", "Rule", "judged"]

Facts = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """What one kind of finding means.

    ``asks`` is the question, ``defect`` says in words when the finding is a defect, ``when`` decides it; ``otherwise``
    says when it is a property. ``remedy`` is what to write instead.
    """

    asks: str
    defect: str
    when: Callable[[Contract, Facts], bool]
    remedy: str
    otherwise: str = ""


ONLY_PROMISED = "the contract promises `never` to show it"


def _defect(asks: str, remedy: str) -> Rule:
    """A rule of what nobody can want."""
    return Rule(asks, "always", lambda contract, facts: True, remedy)


def _property(asks: str, remedy: str, otherwise: str) -> Rule:
    """A rule of what is a defect only where the contract promises ``never`` to show it."""
    return Rule(asks, ONLY_PROMISED, lambda contract, facts: False, remedy, otherwise)


RULES: dict[str, Rule] = {
    # --- the graph ---
    "raises": _defect(
        "Does it take its own examples?",
        "Call it by hand with these arguments, and mend what the message says.",
    ),
    "cut-graph": _defect(
        "Does the gradient reach what is trained?",
        "Compute the loss from the tensors themselves: no `.item()`, `.detach()`, numpy, argmax, comparison or "
        "`torch.tensor(...)` between the argument and the result.",
    ),
    "zero-gradient": _defect(
        "Is the gradient zero where the loss is not flat?",
        "Replace what is flat almost everywhere (round, sign, argmax, a comparison) by a smooth stand-in, such as "
        "sigmoid or softmax, or state a gradient and declare `surrogate=True`.",
    ),
    "constant-argument": _property(
        "Which other arguments pass no gradient?",
        "If a model is to be trained through this argument too, leave out the `detach`, and declare it in "
        "`differentiable`.",
        "always: a target needs none",
    ),
    "unused-parameter": Rule(
        "Does a gradient reach every parameter of the Module?",
        "if the parameter is never read, or acts on the loss all the same",
        lambda contract, facts: facts["acts"] or not facts["read"],
        "Use the parameter itself in `forward`, without `.data`, `.detach()` or `.item()`, or remove it: as it is, an "
        "optimiser cannot train it.",
        "it is read, but does not act on these examples",
    ),
    "writes-input": _defect(
        "Are the arguments as they were after a call?",
        "Write into a new tensor: `x = x.clamp(...)` for `x.clamp_(...)`, `torch.where` for `x[mask] = ...`.",
    ),
    # --- gradients ---
    "wrong-gradient": Rule(
        "Is the gradient the slope?",
        "unless the contract says `surrogate=True`",
        lambda contract, facts: not contract.surrogate,
        "Mend `backward` (times `grad_output`, a gradient per argument), or leave it to autograd; drop a `detach` or "
        "`no_grad` that cuts a part. If the gradient is meant to differ, declare `surrogate=True`.",
        "the contract says `surrogate=True`",
    ),
    "no-second-derivative": Rule(
        "Is there a second derivative?",
        "if it is missing in silence, unless the contract says `second_derivative=False`; if it raises, only where the "
        "contract says `second_derivative=True`",
        lambda contract, facts: bool(contract.second_derivative)
        or (facts["silent"] and contract.second_derivative is None),
        "In `backward`, compute the gradient from the saved arguments with torch's own operations, not from a stashed "
        "gradient; or raise there `if torch.is_grad_enabled()`, so that nobody trains on what is missing.",
        "it raises, or nobody asks for it",
    ),
    "no-second-derivative-at-kink": _property(
        "Does the slope jump at zero error?",
        "If the slope must not jump there, round the corner off: `sqrt(e**2 + eps)`, or Huber.",
        "always",
    ),
    # --- numbers at the borders ---
    "nan-at-zero-error": Rule(
        "Are value and gradient finite where prediction and target agree?",
        "if they are finite right beside it",
        lambda contract, facts: not facts["diverges"],
        "Keep the argument of a root, a quotient or a logarithm off 0: `sqrt(x + eps)`, `x / (y + eps)`, "
        "`torch.xlogy`.",
        "the loss grows without end towards it",
    ),
    "nan-at-border": Rule(
        "Are value and gradient finite at the ends of the domain?",
        "if the domain is declared, and they are finite right beside its end",
        lambda contract, facts: facts["declared"] and not facts["diverges"],
        "Clamp first, `x.clamp(eps, 1 - eps).log()`, use `torch.xlogy`, or take logits and `logsigmoid`.",
        "nobody declared the domain, or the loss grows without end towards it",
    ),
    "nan-at-zero-input": _property(
        "Are value and gradient finite for an input of zeros?",
        "Keep the length that you divide by off 0: `F.normalize(x, eps=...)`, or `x / (norm + eps)` with the root's "
        "own argument off 0 too.",
        "always: a direction, a correlation or a ratio has no value there",
    ),
    "nan-on-empty-batch": _property(
        "What is the loss of no samples?",
        "The mean of nothing is nan. Where a batch may be empty, skip it, or divide by `max(count, 1)`.",
        "always: the mean of nothing is nan in torch",
    ),
    "raises-on-empty-batch": _property(
        "Does it take an empty batch?",
        "Where a batch may be empty, skip it.",
        "always: it is said loudly",
    ),
    "nan-when-all-masked": Rule(
        "What if every sample is masked or ignored?",
        "if the gradient is nan, one such batch ruining every weight of the model, and an example, an option or the "
        "loss itself says that there may be one",
        lambda contract, facts: facts["gradient"] and facts["said"],
        "Divide by `mask.sum().clamp_min(1)`, or select the samples that count before the mean.",
        "only the value is nan, and the gradient 0, or nobody says that it may come to that",
    ),
    "nan-when-weights-are-zero": _property(
        "What if every weight is 0?",
        "Where all weights may be 0, divide by `weight.sum().clamp_min(eps)`.",
        "always: a mean with weights of zero is 0/0",
    ),
    "negative-values": _property(
        "Can the loss be below 0?",
        "That is no fault: but 0 is then no perfect score. If it must not be, declare `minimum=0`.",
        "always",
    ),
    "out-of-range": _defect(
        "Is the loss within the range that is declared?",
        "Mend the formula (most often a sign), or declare the range that it has.",
    ),
    "overflow": Rule(
        "Is the loss finite for arguments as large as 1e4?",
        "within the contract's `largest`, where the true value is no larger than the dtype holds",
        lambda contract, facts: not facts["true"] and facts["at"] <= contract.largest,
        "Do not exponentiate what may be large: use `F.softplus`, `logsigmoid`, `log_softmax`, `logsumexp`, or a "
        "difference of logarithms.",
        "the true value is that large, or the argument is larger than the contract's `largest`",
    ),
    "half-precision": Rule(
        "Does it work in float16 and bfloat16?",
        "if a finite loss of the examples becomes nan or infinite",
        lambda contract, facts: facts["problem"] == "not finite",
        "Compute in float32 and round once: `x.float()` at the beginning, `.to(x.dtype)` at the end.",
        "it refuses them, or fails far out or at the borders alone",
    ),
    # --- what is kept ---
    "dtype-not-kept": Rule(
        "Has the result the dtype of the arguments?",
        "in float32 and float64; not where half precision becomes float32",
        lambda contract, facts: facts["defect"],
        "Make every tensor in the dtype of the argument: `torch.zeros_like(x)`, `x.new_tensor(...)`, no `.float()` or "
        "`.double()`.",
        "half precision becomes float32, or the tensors that the function holds decide it",
    ),
    "device-not-kept": _defect(
        "Does it compute on the device of its arguments?",
        "Make every tensor on the device of the argument: `torch.arange(n, device=x.device)`, `zeros_like(x)`; in a "
        "Module, `register_buffer`.",
    ),
    "broadcasts": Rule(
        "Are (N,) and (N, 1) combined in silence?",
        "if the contract says `same_shape`, and no warning comes",
        lambda contract, facts: contract.same_shape and not facts["warned"],
        "Raise where the shapes differ: `if input.shape != target.shape: raise ValueError(...)`.",
        "the contract says nothing of shapes, or a warning comes",
    ),
    # --- reductions ---
    "reductions-disagree": _defect(
        "Do the values of `reduction` belong to one loss?",
        'Compute the losses of the elements once; return them for "none", their sum for "sum", their mean for "mean". '
        "If the mean divides by something else, declare it as `divisor`.",
    ),
    "mean-divides-otherwise": _property(
        "What does the mean divide by?",
        "Say in the docstring what the mean divides by.",
        "always: the contract declares it, or a weight or mask explains it",
    ),
    "mean-depends-on-batch-split": _property(
        "Is the mean of a batch the mean of the means of its parts?",
        "When gradients are accumulated over parts, add up sums and divide once by the whole; samples that are "
        "compared with each other need the whole batch. If it is to be a mean, divide by the samples that came.",
        "always",
    ),
    "unknown-reduction-accepted": _property(
        "Is an unknown `reduction` refused?",
        "Raise ValueError for a reduction that is none of those you know: a typing error is then seen.",
        "always",
    ),
    # --- options and state ---
    "not-deterministic": Rule(
        "Do the same arguments give the same loss?",
        "unless the contract says `deterministic=False`, or it happens in training mode alone",
        lambda contract, facts: contract.deterministic and not facts["training_only"],
        "Draw random numbers outside of the loss, or take a `generator`; if it is meant, declare "
        "`deterministic=False`.",
        "the contract says `deterministic=False`, or it happens in training mode alone",
    ),
    "dead-option": Rule(
        "Does every option change something?",
        "if it is a real number, or is never read",
        lambda contract, facts: facts["number"] or facts["unread"],
        "Use the option in the formula, or remove it.",
        "a flag, a count or a choice may matter in cases that were not tried",
    ),
    "plain-tensor-attribute": Rule(
        "Are the Module's tensors saved and moved with it?",
        "in a Module",
        lambda contract, facts: facts["module"],
        "Use `self.register_buffer(name, tensor)` for it, `nn.Parameter` if it is trained.",
        "the object is no Module, and is neither saved nor moved as a whole",
    ),
    "hidden-parameters": Rule(
        "Does an optimiser see everything that trains?",
        "in a Module",
        lambda contract, facts: facts["module"],
        "Make it an `nn.Parameter` attribute, several an `nn.ParameterList`, and compute from them in `forward`.",
        "the loss is no Module: its caller must hand it to the optimiser",
    ),
    # --- transforms ---
    "fails-under-vmap": Rule(
        "Does `torch.func.vmap` take it?",
        "if it gives other numbers",
        lambda contract, facts: facts["wrong"],
        "Write `torch.where` for `if`, and no `.item()`; give a hand-written Function a `setup_context` and "
        "`generate_vmap_rule = True`.",
        "it raises",
    ),
    "fails-under-func-grad": Rule(
        "Does `torch.func.grad` take it?",
        "if it gives other numbers",
        lambda contract, facts: facts["wrong"],
        "Give a hand-written Function a separate `setup_context`, and compute from the tensors that come in.",
        "it raises",
    ),
    "fails-under-compile": Rule(
        "Does `torch.compile` take it?",
        "if it gives other numbers",
        lambda contract, facts: facts["wrong"],
        "Look for what depends on Python's state or on values; `torch.compiler.disable` leaves a part out.",
        "it raises",
    ),
}  # fmt: skip


def judged(evidence: Evidence, contract: Contract) -> Finding:
    """What was seen, with the verdict of the table."""
    rule = RULES[evidence.kind]
    promised = evidence.kind in contract.never
    defect = promised or rule.when(contract, evidence.facts)
    because = ONLY_PROMISED if promised else f"a defect {rule.defect}" if defect else f"a property: {rule.otherwise}"
    verdict = "defect" if defect else "property"
    return Finding(evidence.kind, verdict, evidence.seen, rule.remedy, because, evidence.facts)
