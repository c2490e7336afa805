"""The probes: each looks at a copy of the loss, and says what it saw, never what to think of it."""

from collections.abc import Callable, Iterator

from lossbook.clinic.probes.borders import empty_batch, ends_of_domain, of_no_input, range_of_values, zero_error
from lossbook.clinic.probes.devices import device
from lossbook.clinic.probes.gradients import kink, second_derivative, wrong_gradient
from lossbook.clinic.probes.graph import cut_graph, raises, unused_parameters, writes_input, zero_gradient
from lossbook.clinic.probes.kept import broadcasts, dtype
from lossbook.clinic.probes.masks import masked
from lossbook.clinic.probes.options import dead_options
from lossbook.clinic.probes.reductions import batch_split, reductions, unknown_reduction
from lossbook.clinic.probes.scales import half_precision, overflow
from lossbook.clinic.probes.state import deterministic, held_tensors
from lossbook.clinic.probes.transforms import compiled, func_grad, vmap
from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.subject import Subject

__all__ = ["PROBES", "Probe", "compiled", "held_tensors", "raises"]

Probe = Callable[[Subject], Iterator[Evidence | Untried]]

# Which kinds each can see. All but the first two need a loss that takes its own examples.
PROBES: dict[Probe, tuple[str, ...]] = {
    held_tensors: ("plain-tensor-attribute", "hidden-parameters"),
    raises: ("raises",),
    cut_graph: ("cut-graph", "constant-argument"),
    zero_gradient: ("zero-gradient", "constant-argument"),
    unused_parameters: ("unused-parameter",),
    writes_input: ("writes-input",),
    wrong_gradient: ("wrong-gradient",),
    second_derivative: ("no-second-derivative",),
    kink: ("no-second-derivative-at-kink",),
    zero_error: ("nan-at-zero-error",),
    ends_of_domain: ("nan-at-border",),
    of_no_input: ("nan-at-zero-input",),
    empty_batch: ("nan-on-empty-batch", "raises-on-empty-batch"),
    masked: ("nan-when-all-masked", "nan-when-weights-are-zero"),
    range_of_values: ("negative-values", "out-of-range"),
    overflow: ("overflow",),
    half_precision: ("half-precision",),
    dtype: ("dtype-not-kept",),
    device: ("device-not-kept",),
    broadcasts: ("broadcasts",),
    reductions: ("reductions-disagree", "mean-divides-otherwise"),
    batch_split: ("mean-depends-on-batch-split",),
    unknown_reduction: ("unknown-reduction-accepted",),
    deterministic: ("not-deterministic",),
    dead_options: ("dead-option",),
    vmap: ("fails-under-vmap",),
    func_grad: ("fails-under-func-grad",),
    compiled: ("fails-under-compile",),
}
