"""What the losses ask of their arguments, one check at a time."""

import itertools
import math
import re
import warnings
from pathlib import Path

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

import lossbook
from lossbook.losses import checks


def test_tensor():
    checks.tensor("input", torch.ones(1))
    with pytest.raises(AttributeError, match=r"input must be a Tensor, but a list came: wrap it in torch\.tensor"):
        checks.tensor("input", [1.0])


@pytest.mark.parametrize("name", ["none", "mean", "sum"])
def test_a_name_of_a_reduction_passes(name: str):
    assert checks.reduction_name(name) == name
    assert checks.reduction_name(name, weighted=True) == name


@pytest.mark.parametrize("value", [1.0, 2, True, 1e-300, math.inf, torch.tensor(0.5), torch.tensor(3)])
def test_a_positive_number_passes(value: object):
    result = checks.number("delta", value)
    assert type(result) is float
    assert result == float(value)


@pytest.mark.parametrize("value", [0, -0.0, -1, math.nan, -math.inf, False])
def test_a_number_that_is_not_positive(value: float):
    with pytest.raises(RuntimeError, match=re.escape(f"delta must be positive, but it is {float(value)}")):
        checks.number("delta", value)


def test_zero_passes_where_it_may_and_nothing_below_it():
    assert checks.number("beta", 0, zero=True) == 0
    with pytest.raises(RuntimeError, match=r"beta must be zero or more, but it is -1e-09"):
        checks.number("beta", -1e-9, zero=True)
    with pytest.raises(RuntimeError, match="nan"):
        checks.number("beta", math.nan, zero=True)


ODD = ["1", None, 1j, [1.0], torch.ones(1), torch.ones(2), torch.tensor(1j), torch.tensor(1.0, requires_grad=True)]


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_real_number(value: object):
    with pytest.raises(TypeError, match=f"delta must be a real number, but a {type(value).__name__} came"):
        checks.number("delta", value)


def test_floating():
    checks.floating("mse_loss", torch.ones(1), torch.ones(1).long())
    checks.floating("mse_loss", torch.ones(1).long(), torch.ones(1))
    for bad in (torch.ones(1).long(), torch.ones(1) > 0, torch.ones(1) * 1j):
        with pytest.raises(NotImplementedError, match=rf"mse_loss is not implemented for {bad.dtype}.*x\.float\(\)"):
            checks.floating("mse_loss", bad, bad)
    with pytest.raises(NotImplementedError, match=r"sparse.*to_dense"):
        checks.floating("mse_loss", torch.eye(2).to_sparse(), torch.eye(2))


def test_a_size_that_differs_warns_with_both_and_the_way_out():
    with pytest.warns(UserWarning, match="Using a target size") as seen:
        checks.sizes(torch.ones(3, 1), torch.ones(3))
    (warning,) = seen
    for words in ("torch.Size([3])", "torch.Size([3, 1])", "target.reshape((3, 1))"):
        assert words in str(warning.message)


def test_sizes_that_agree_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checks.sizes(torch.ones(3, 1), torch.ones(3, 1))


def test_broadcast_keeps_the_order():
    input, target = checks.broadcast(torch.zeros(2, 1), torch.ones(3))
    assert torch.equal(input, torch.zeros(2, 3))
    assert torch.equal(target, torch.ones(2, 3))


def test_broadcast_names_both_sizes():
    with pytest.raises(RuntimeError, match=r"input of size \(3,\) and target of size \(4,\) do not fit"):
        checks.broadcast(torch.ones(3), torch.ones(4))
    one, other = checks.broadcast(torch.ones(3, 1), torch.ones(4))
    assert one.shape == other.shape == (3, 4)


def test_weight_size():
    checks.weight_size(torch.ones(2), torch.Size([2]))
    with pytest.raises(ValueError, match=r"weight must have the size of input, \(2,\), but it has \(2, 1\)"):
        checks.weight_size(torch.ones(2, 1), torch.Size([2]))
    with pytest.raises(AttributeError, match="weight must be a Tensor, but a float came"):
        checks.weight_size(1.0, torch.Size([2]))


def test_no_bool_names_the_one_that_is():
    checks.no_bool(torch.ones(1), torch.ones(1).long())
    with pytest.raises(RuntimeError, match=r"target is of dtype torch\.bool"):
        checks.no_bool(torch.ones(1), torch.ones(1) > 0)
    with pytest.raises(RuntimeError, match=r"input is of dtype torch\.bool"):
        checks.no_bool(torch.ones(1) > 0, torch.ones(1))


def test_divisible():
    for good in (torch.ones(1), torch.ones(1) * 1j, torch.ones(1).half()):
        checks.divisible(good)
    for bad in (torch.ones(1).long(), torch.ones(1) > 0):
        with pytest.raises(RuntimeError, match=str(bad.dtype)):
            checks.divisible(bad)


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16])
def test_half_precision_is_lifted_and_its_dtype_remembered(half: torch.dtype):
    x, y, dtype = checks.broadcast_pair(torch.ones(2, dtype=half), torch.ones(2, dtype=half))
    assert (x.dtype, y.dtype, dtype) == (torch.float32, torch.float32, half)


def test_autocast_lifts_halves_only_and_only_inside():
    half, double = torch.ones(2, dtype=torch.bfloat16), torch.ones(2, dtype=torch.float64)
    assert checks.autocast(half, double) == (half, double)
    with torch.autocast("cpu"):
        lifted, same = checks.autocast(half, double)
        _, _, dtype = checks.broadcast_pair(half, half)
        _, _, outside = checks.broadcast_pair(half, half, follows_autocast=False)
    assert (lifted.dtype, same.dtype) == (torch.float32, torch.float64)
    assert (dtype, outside) == (torch.float32, torch.bfloat16)


def test_the_dtype_of_the_result():
    single, double = torch.ones(2), torch.ones(2).double()
    assert checks.broadcast_pair(single, double)[2] == torch.float64
    assert checks.broadcast_pair(single, double, keeps_input_dtype=True)[2] == torch.float32
    assert checks.broadcast_pair(single, single, double)[2] == torch.float64
    with pytest.raises(RuntimeError, match=r"torch.float32, which does not fit into that of input, torch.int64"):
        checks.broadcast_pair(single.long(), single, keeps_input_dtype=True)


def test_a_warning_points_at_the_first_line_outside_the_package():
    with pytest.warns(DeprecationWarning, match="words") as seen:
        checks.warn("words", DeprecationWarning)
    assert seen[0].filename == __file__


@pytest.mark.parametrize("package", [lossbook, torch])
def test_a_neighbour_whose_name_begins_like_the_package_is_a_caller_too(package):
    inside, beside = f"{Path(package.__file__).parent}/x.py", f"{Path(package.__file__).parent}_demo/x.py"
    scope = {"warn": checks.warn}
    exec(compile("def wrapped(): warn('words')", inside, "exec"), scope)
    exec(compile("def caller(): wrapped()", beside, "exec"), scope)
    with pytest.warns(UserWarning, match="words") as seen:
        scope["caller"]()
    assert seen[0].filename == beside


def test_the_old_name_of_the_mean_is_taken_without_weight():
    with pytest.warns(UserWarning, match="elementwise_mean"):
        assert checks.reduction_name("elementwise_mean") == "mean"
    with pytest.raises(ValueError, match="'elementwise_mean' is not a valid value"):
        checks.reduction_name("elementwise_mean", weighted=True)


def test_a_device_without_autocast():
    pair = torch.ones(3, device="meta"), torch.zeros(3, device="meta")
    assert not torch.amp.is_autocast_available("meta")
    assert checks.autocast(*pair) == pair


# --- likelihood, divergence ---------------------------------------------------------------------------------------


def test_tensor_raises_what_it_is_told():
    with pytest.raises(TypeError, match="target must be a Tensor, but a float came"):
        checks.tensor("target", 1.0, TypeError)


def test_values_are_read_on_a_cpu_alone_and_below_every_transform():
    x, seen = torch.ones(3), []

    def look(value: torch.Tensor) -> torch.Tensor:
        seen.append(checks.readable(value))
        return value.sum()

    for unread in (x.to("meta"), torch.ones(0)):
        assert checks.readable(unread) is None
    look(x.requires_grad_())
    torch.func.grad(look)(x)
    torch.func.vmap(look)(x)
    torch.func.vmap(torch.func.grad(look))(x)
    torch.func.grad(lambda x: torch.func.vmap(look)(x).sum())(x)
    for plain in seen:
        assert torch.equal(plain, torch.ones(3))
        assert not plain.requires_grad


def test_values_are_not_read_where_a_compiler_looks_on():
    def readable(x: torch.Tensor) -> torch.Tensor:
        return x if checks.readable(x) is None else x + 1

    compiled = torch.compile(readable, backend="eager", fullgraph=True)
    assert (readable(torch.ones(1)), compiled(torch.ones(1))) == (2, 1)


def test_values_are_not_read_of_a_tensor_that_has_none():
    with FakeTensorMode() as mode:
        assert checks.readable(mode.from_tensor(torch.ones(3))) is None


def test_a_warning_is_left_out_where_a_compiler_looks_on():
    def warned(x: torch.Tensor) -> torch.Tensor:
        checks.warn("words")
        return x + 1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.compile(warned, backend="eager", fullgraph=True)(torch.ones(1)) == 2
    with pytest.warns(UserWarning, match="words"):
        warned(torch.ones(1))


@pytest.mark.parametrize("value", [1.0, -2, 0, math.nan, torch.tensor(-0.5)])
def test_any_real_number_is_one(value: object):
    result = checks.real_number("eps", value)
    assert type(result) is float
    assert result == pytest.approx(float(value), nan_ok=True)


@pytest.mark.parametrize("value", ["1", None, 1j, torch.ones(1), torch.tensor(1j), torch.tensor(1.0).requires_grad_()])
def test_what_is_not_any_real_number(value: object):
    with pytest.raises(TypeError, match=f"eps must be a real number, but a {type(value).__name__} came"):
        checks.real_number("eps", value)


def test_a_whole_number_is_no_bool_and_no_fraction():
    assert checks.whole_number("ignore_index", -100) == -100
    assert checks.whole_number("ignore_index", torch.tensor(3)) == 3
    for odd in (True, 1.0, "1", None, torch.tensor(1.5)):
        with pytest.raises(TypeError):
            checks.whole_number("ignore_index", odd)


def test_a_flag_is_a_bool():
    checks.flag("full", True)
    checks.flag("full", False)
    for odd in (1, 0, None, "True", torch.tensor(True)):
        with pytest.raises(TypeError, match=f"full must be True or False, but a {type(odd).__name__} came"):
            checks.flag("full", odd)


def test_a_reduction_of_today_is_a_name():
    for name in ("none", "mean", "sum"):
        checks.current_reduction(name)
    for odd in (None, True, 0, ["mean"]):
        with pytest.raises(TypeError, match=r"reduction must be one of \('none', 'mean', 'sum'\)"):
            checks.current_reduction(odd)
    for odd in ("elementwise_mean", "batchmean", ""):
        with pytest.raises(ValueError, match=f"reduction='{odd}' is not a valid value"):
            checks.current_reduction(odd)


def test_batchmean_is_a_name_where_it_is_named():
    names = (*checks.REDUCTIONS, "batchmean")
    assert checks.reduction_name("batchmean", names=names) == "batchmean"
    with pytest.raises(ValueError, match="'batchmean' is not a valid value"):
        checks.reduction_name("batchmean")


DTYPES = (
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.complex64, torch.complex128),
    *(torch.int64, torch.int32, torch.uint8, torch.bool),
)


@pytest.mark.parametrize("shapes", [*itertools.product(((), (2,), (2, 2)), repeat=2)])
def test_the_dtype_of_arithmetic_is_torchs(shapes: tuple):
    for first, second in itertools.product(DTYPES, repeat=2):
        x, y = torch.ones(shapes[0]).to(first), torch.ones(shapes[1]).to(second)
        assert checks.result_dtype(x, y) == torch.result_type(x, y)


def test_the_dtype_of_arithmetic_with_a_number_is_torchs():
    for tensor in (torch.ones(shape).to(dtype) for dtype in DTYPES for shape in ((2,), ())):
        for number in (2, 0.5, True, 1j):
            assert checks.result_dtype(tensor, number) == torch.result_type(tensor, number)
        assert checks.result_dtype(tensor, None) == tensor.dtype


def test_the_dtype_of_arithmetic_on_three_goes_in_order():
    sized, single, double = torch.ones(2).half(), torch.tensor(1.0), torch.tensor(1.0).double()
    whole = torch.ones(2).long()
    assert checks.result_dtype(single, double, sized) == ((single - double) / sized).dtype == torch.float16
    assert checks.result_dtype(single, sized, double) == ((single - sized) / double).dtype == torch.float16
    assert checks.result_dtype(whole, double, sized) == ((whole - double) / sized).dtype == torch.float64


def test_a_result_is_rounded_where_something_is_of_half_precision():
    half, single = torch.ones(2).half(), torch.ones(2)
    assert checks.rounded_to(single, single.double()) is None
    assert checks.rounded_to(half, single.long()) == torch.float16
    assert checks.rounded_to(single, half) == torch.float32


def test_whole_numbers_become_inexact_in_the_default_dtype():
    assert checks.inexact(torch.ones(1).long()).dtype == torch.ones(1).bool().exp().dtype == torch.float32
    for dtype in (torch.float64, torch.float16, torch.complex64):
        assert checks.inexact(torch.ones(1, dtype=dtype)).dtype == dtype


VAR_SIZES = [(), (1,), (2,), (3,), (1, 1), (2, 1), (1, 3), (2, 3), (3, 2), (2, 3, 1), (1, 2, 3), (0, 1), (2, 0), (1, 0)]


@pytest.mark.parametrize("size", VAR_SIZES)
@pytest.mark.parametrize("var", VAR_SIZES)
def test_the_size_of_a_variance_is_refused_where_torch_does(size: tuple, var: tuple):
    try:
        torch.nn.functional.gaussian_nll_loss(torch.zeros(size), 0.0, torch.ones(var))
        refused = False
    except ValueError:
        refused = True
    except RuntimeError:  # the sizes pass this check, but do not broadcast
        refused = False
    if refused:
        with pytest.raises(ValueError, match="var must have the size of input"):
            checks.likelihood.per_element(torch.ones(var), torch.Size(size))
    else:
        assert checks.likelihood.per_element(torch.ones(var), torch.Size(size)).dim() == len(size)


# --- margin and multilabel ------------------------------------------------------------------------------------------


def test_tensors_names_the_one_that_is_none():
    checks.tensors(input=torch.ones(1), target=torch.ones(1))
    with pytest.raises(TypeError, match=r"target must be a Tensor, but a float came: wrap it in torch\.tensor"):
        checks.tensors(input=torch.ones(1), target=1.0)


def test_wide_lifts_half_precision_alone():
    dtypes = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64, torch.complex64)
    lifted = [checks.wide(torch.ones(1, dtype=dtype)).dtype for dtype in dtypes]
    assert lifted == [torch.float32, torch.float32, *dtypes[2:]]
    assert checks.wide(0.5) == 0.5


def test_constant_refuses_only_what_asks_for_a_gradient():
    weight = torch.ones(1, requires_grad=True)
    checks.constant("weight", weight.detach())
    with torch.no_grad():
        checks.constant("weight", weight)
    with pytest.raises(RuntimeError, match=r"weight asks for a gradient.*weight\.detach\(\)"):
        checks.constant("weight", weight)


def test_rows():
    for shape, rows in (((), (1, 1)), ((3,), (1, 3)), ((2, 3), (2, 3)), ((0, 3), (0, 3))):
        assert checks.margin.rows(torch.ones(shape)).shape == rows
    for shape in ((0,), (2, 0), (1, 2, 3)):
        with pytest.raises(RuntimeError, match=re.escape(str(shape))):
            checks.margin.rows(torch.ones(shape))


def test_indices_shows_the_ends_and_reads_no_values_elsewhere():
    checks.margin.indices(torch.tensor([0, 2]), 0, 2)
    checks.margin.indices(torch.zeros(0, dtype=torch.int64), 0, 2)
    checks.margin.indices(torch.tensor([0, 7], device="meta"), 0, 2)
    with pytest.raises(RuntimeError, match="it must be from 0 to 2, but is from -5 to 7"):
        checks.margin.indices(torch.tensor([0, 7, -5]), 0, 2)
