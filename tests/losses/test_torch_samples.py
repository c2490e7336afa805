"""torch's own test inputs, run against this package: samples, error inputs and reference functions.

Necessary, not sufficient: these samples leave out many corners, which the table of cases holds. A loss joins by
its row of the catalog alone.
"""

import random
import warnings

import pytest
import torch

import lossbook
from lossbook.catalog import CATALOG
from tests.cases import REFERENCE_OPTIONS
from tests.losses import judges

pytest.importorskip("expecttest", reason="torch's own test inputs need expecttest: pip install expecttest")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_modules import ModuleErrorEnum, module_db
    from torch.testing._internal.common_nn import loss_reference_fns

pytestmark = pytest.mark.slow
ROWS = [row for row in CATALOG.values() if row.from_torch]
FUNCTIONS = {f"nn.functional.{row.function}": row.function for row in ROWS if row.function}
OPS = [op for op in op_db if op.name in FUNCTIONS]  # several of one name, where torch has several forms of a loss
MODULES = {info.module_cls.__name__: info for info in module_db}
# What torch has no entry for; a test makes the lists shrink.
NO_OP: set[str] = set()
NO_MODULE = {"TripletMarginLoss", "TripletMarginWithDistanceLoss", "AdaptiveLogSoftmaxWithLoss"}
NO_REFERENCE = {"L1Loss", "MSELoss", "PoissonNLLLoss", "GaussianNLLLoss", "BCELoss", "BCEWithLogitsLoss"}
NO_REFERENCE |= {"TripletMarginWithDistanceLoss", "MultiLabelSoftMarginLoss", "AdaptiveLogSoftmaxWithLoss"}
# Where torch raises; here there is a derivative, which other tests judge.
NO_SECOND = {"ctc_loss"}
NO_FORWARD = {"ctc_loss", "multi_margin_loss", "multilabel_margin_loss"}
# Where torch's own slopes are further from the exact ones than assert_close would let pass.
FAR_FROM_EXACT = {("ctc_loss", torch.float32)}
# Where float32 leaves too few digits of the second derivative.
FEW_DIGITS = {("linear_cross_entropy", torch.float32)}
DTYPES = (torch.float64, torch.float32, torch.complex128, torch.complex64)
ON = (torch.float64, torch.float32)


def seed() -> None:
    random.seed(0)
    torch.manual_seed(0)


def test_torch_has_an_entry_for_every_written_loss_but_these():
    modules = {row.module for row in ROWS}
    assert set(FUNCTIONS.values()) - {FUNCTIONS[op.name] for op in OPS} == NO_OP
    assert modules - set(MODULES) == NO_MODULE
    assert modules - set(loss_reference_fns) == NO_REFERENCE


def op_samples():
    for op in OPS:
        for dtype in (d for d in DTYPES if d in op.supported_dtypes("cpu")):
            yield pytest.param(op, dtype, id=f"{op.full_name}-{dtype}")


def derivatives(loss, sample, levels: int) -> list[torch.Tensor]:
    """Value, then each order of derivative by everything that asks for one, under cotangents that vary."""
    tensors = [sample.input, *sample.args, *sample.kwargs.values()]
    wanted = [t for t in tensors if isinstance(t, torch.Tensor) and t.requires_grad]
    results = [judges.quiet(loss, sample.input, *sample.args, **sample.kwargs)]
    outputs = results[:1]
    for level in range(levels):
        outputs = [out for out in outputs if out.requires_grad]
        if not outputs:
            break
        cotangents = [judges.direction(out, 10 * level + i) for i, out in enumerate(outputs)]
        outputs = torch.autograd.grad(outputs, wanted, cotangents, create_graph=True, materialize_grads=True)
        results += outputs
    return results


@pytest.mark.parametrize(("op", "dtype"), [*op_samples()])
def test_samples_of_op_db(op, dtype: torch.dtype):
    """Values, gradients and second derivatives."""
    name = FUNCTIONS[op.name]
    ours = getattr(lossbook, name)
    seed()
    samples = list(op.sample_inputs("cpu", dtype, requires_grad=True))
    assert samples
    for sample in samples:
        has_second = op.supports_gradgrad and name not in NO_SECOND and (name, dtype) not in FEW_DIGITS
        levels = 2 if has_second else 1
        found = zip(derivatives(ours, sample, levels), derivatives(op.op, sample, levels), strict=False)
        if (name, dtype) in FAR_FROM_EXACT:
            nearer(found, derivatives(op.op, sample.transform(widen), levels))
            continue
        for mine, torchs in found:
            torch.testing.assert_close(mine, torchs, equal_nan=True)


def widen(value):
    if not isinstance(value, torch.Tensor) or not value.is_floating_point():
        return value
    return value.detach().double().requires_grad_(value.requires_grad)


def nearer(pairs, exact: list[torch.Tensor]) -> None:
    """Values as torch's; every derivative, at its worst place, no further from that in float64 than torch's is."""
    (mine, torchs), *slopes = pairs
    torch.testing.assert_close(mine, torchs)
    assert slopes
    for (mine, torchs), truth in zip(slopes, exact[1:], strict=True):
        assert mine.dtype == torchs.dtype
        assert (mine - truth).abs().max() <= (torchs - truth).abs().max()


@pytest.mark.parametrize("name", sorted(NO_SECOND & NO_FORWARD))
def test_torch_has_no_more_derivatives_of_these(name: str):
    (op,) = (op for op in OPS if FUNCTIONS[op.name] == name)
    seed()
    sample = next(iter(op.sample_inputs("cpu", torch.float64, requires_grad=True)))
    with pytest.raises(RuntimeError, match="is not implemented"):
        derivatives(op.op, sample, 2)
    with pytest.raises(NotImplementedError, match="forward AD"):
        judges.quiet(torch.func.jvp, lambda x: op.op(x, *sample.args), (sample.input,), (sample.input,))


@pytest.mark.parametrize("op", [op for op in OPS if op.supports_forward_ad], ids=lambda op: op.full_name)
def test_forward_mode_on_samples_of_op_db(op):
    ours = getattr(lossbook, FUNCTIONS[op.name])
    seed()
    for sample in op.sample_inputs("cpu", torch.float64, requires_grad=False):
        tangent = judges.direction(sample.input, 0)

        def run(loss, sample=sample, tangent=tangent):
            return torch.func.jvp(lambda x: loss(x, *sample.args, **sample.kwargs), (sample.input,), (tangent,))

        torch.testing.assert_close(judges.quiet(run, ours), judges.quiet(run, op.op), equal_nan=True)


def test_every_function_but_these_has_a_forward_mode():
    """The chunks of linear_cross_entropy are forms of their own, without one in torch too."""
    assert {FUNCTIONS[op.name] for op in OPS} - {
        FUNCTIONS[op.name] for op in OPS if op.supports_forward_ad
    } == NO_FORWARD


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.full_name)
def test_error_inputs_of_op_db(op):
    seed()
    for bad in op.error_inputs("cpu") if op.error_inputs_func else ():
        sample = bad.sample_input
        with pytest.raises(bad.error_type):
            judges.quiet(getattr(lossbook, FUNCTIONS[op.name]), sample.input, *sample.args, **sample.kwargs)


def module_inputs():
    for row in ROWS:
        if row.module in MODULES:
            for dtype in ON:
                yield row.module, dtype


@pytest.mark.parametrize(("name", "dtype"), [*module_inputs()])
def test_inputs_of_module_db(name: str, dtype: torch.dtype):
    """The Module on torch's inputs, against torch's Module and, where torch gives one, its reference function."""
    info, ours, theirs = MODULES[name], getattr(lossbook, name), getattr(torch.nn, name)
    seed()
    inputs = info.module_inputs_func(info, "cpu", dtype, requires_grad=False, training=True)
    assert inputs
    for one in inputs:
        made, call = one.constructor_input, one.forward_input
        module, twin = ours(*made.args, **made.kwargs), theirs(*made.args, **made.kwargs)
        module.load_state_dict(twin.state_dict())
        result, torchs = (judges.quiet(form, *call.args, **call.kwargs) for form in (module, twin))
        torch.testing.assert_close(result, torchs, equal_nan=True)
        if one.reference_fn:
            exact = judges.quiet(one.reference_fn, module, *call.args)
            torch.testing.assert_close(result, exact, check_dtype=False, equal_nan=True)


@pytest.mark.parametrize("name", [row.module for row in ROWS if row.module in MODULES])
def test_error_inputs_of_module_db(name: str):
    info = MODULES[name]
    if info.module_error_inputs_func is None:
        return
    for bad in info.module_error_inputs_func(info, "cpu", torch.float32, requires_grad=False, training=True):
        made = bad.module_error_input.constructor_input
        if bad.error_on == ModuleErrorEnum.CONSTRUCTION_ERROR:
            with pytest.raises(bad.error_type):
                getattr(lossbook, name)(*made.args, **made.kwargs)
        else:
            module, call = getattr(lossbook, name)(*made.args, **made.kwargs), bad.module_error_input.forward_input
            with pytest.raises(bad.error_type):
                judges.quiet(module, *call.args, **call.kwargs)


@pytest.mark.parametrize("name", [row.module for row in ROWS if row.module in loss_reference_fns])
def test_reference_functions_of_torchs_tests(name: str):
    row = CATALOG[next(r.function for r in ROWS if r.module == name)]
    sample = row.sample(60, torch.float64, torch.device("cpu"), torch.Generator().manual_seed(0))
    for options in REFERENCE_OPTIONS[name]:
        for reduction in ("none", "mean", "sum"):
            mine = judges.quiet(getattr(lossbook, row.function), *sample.args, reduction=reduction, **options)
            exact = loss_reference_fns[name](*sample.args, reduction=reduction, **options)
            torch.testing.assert_close(mine, exact)
