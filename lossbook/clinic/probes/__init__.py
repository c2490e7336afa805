"""The probes: each looks at a copy of the loss, and says what it saw, never what to think of it."""

from collections.abc import Callable, Iterator

from lossbook.clinic.probes.borders import empty_batch, ends_of_domain, masked, of_no_input, range_of_values, zero_error
from lossbook.clinic.probes.devices import device
from lossbook.clinic.probes.gradients import kink, second_derivative, wrong_gradient
from lossbook.clinic.probes.graph import cut_graph, raises, unused_parameters, writes_input, zero_gradient
from lossbook.clinic.probes.kept import broadcasts, dtype
from lossbook.clinic.probes.options import dead_options
from lossbook.clinic.probes.reductions import batch_split, reductions, unknown_reduction
from lossbook.clinic.probes.scales import half_precision, overflow
from lossbook.clinic.probes.state import deterministic, held_tensors
from lossbook.clinic.probes.transforms import compiled, func_grad, vmap
from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.subject import Subject

__all__ = ["PROBES", "Probe", "compiled", "held_tensors", "raises"]

Probe = Callable[[Subject], Iterator[Evidence | Untried]]

# Each needs a loss that takes its own examples; `held_tensors` does not.
PROBES: tuple[Probe, ...] = (
    cut_graph,
    zero_gradient,
    unused_parameters,
    writes_input,
    wrong_gradient,
    second_derivative,
    kink,
    zero_error,
    ends_of_domain,
    of_no_input,
    empty_batch,
    masked,
    range_of_values,
    overflow,
    half_precision,
    dtype,
    device,
    broadcasts,
    reductions,
    batch_split,
    unknown_reduction,
    deterministic,
    dead_options,
    vmap,
    func_grad,
)
