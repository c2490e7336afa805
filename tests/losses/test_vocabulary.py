"""The losses for a large vocabulary, beside judges that are not torch; and chunks that are real."""

import copy
import itertools
import pickle
import warnings
from dataclasses import asdict, fields

import numpy as np
import pytest
import scipy.special
import torch
import torch.nn.functional as F
from sklearn import metrics
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

import lossbook
from lossbook.catalog import CATALOG
from lossbook.losses import chunks
from lossbook.timing.memory import peak_bytes
from tests.cases import CASES, FULL, HALF, Case, noise, trials
from tests.cases.vocabulary import CLASS_WEIGHT, SIZES, B, H, Q, W, Y
from tests.losses import judges

LINEAR = [case for case in CASES if case.loss == "linear_cross_entropy"]

# --- linear cross-entropy, by other hands ---------------------------------------------------------------------------


def by_scipy(input: Tensor, linear_weight: Tensor, target: Tensor, linear_bias: Tensor | float = 0.0) -> Tensor:
    """The losses of (N, D), (C, D) and (N)."""
    log_chances = scipy.special.log_softmax((input @ linear_weight.T + linear_bias).numpy(), axis=1)
    return -torch.from_numpy(log_chances)[torch.arange(len(target)), target]


def test_scipys_log_softmax():
    for bias in (None, B):
        mine = lossbook.linear_cross_entropy(H, W, Y, linear_bias=bias, reduction="none")
        torch.testing.assert_close(mine, by_scipy(H, W, Y, 0.0 if bias is None else bias))


def test_sklearns_log_loss_with_and_without_weights():
    target = torch.arange(5).repeat(8)  # each class comes, or scikit-learn would not know of it
    input = noise(40, 3, seed=1)
    chances = scipy.special.softmax((input @ W.T).numpy(), axis=1)
    mine = lossbook.linear_cross_entropy(input, W, target)
    assert mine.item() == pytest.approx(metrics.log_loss(target, chances), rel=1e-12)
    weighted = lossbook.linear_cross_entropy(input, W, target, weight=CLASS_WEIGHT)
    assert weighted.item() == pytest.approx(
        metrics.log_loss(target, chances, sample_weight=CLASS_WEIGHT[target]), rel=1e-12
    )


def test_each_position_has_a_layer_of_its_own():
    layer, target = noise(5, 2, 3, 3, seed=5), torch.arange(24).reshape(4, 2, 3) % 5
    whole = lossbook.linear_cross_entropy(H, layer, target, reduction="none")
    assert whole.shape == (4, 2, 3)
    for i, j in itertools.product(range(2), range(3)):
        torch.testing.assert_close(whole[:, i, j], by_scipy(H, layer[:, i, j], target[:, i, j]))


def test_certain_chances_are_indices():
    certain = torch.eye(5, dtype=torch.float64)[Y]
    by_index = lossbook.linear_cross_entropy(H, W, Y, weight=CLASS_WEIGHT, reduction="none")
    torch.testing.assert_close(
        lossbook.linear_cross_entropy(H, W, certain, weight=CLASS_WEIGHT, reduction="none"), by_index
    )


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_smoothing_mixes_the_truth_with_all_classes(share: float):
    certain = torch.eye(5, dtype=torch.float64)[Y]
    mixed = (1 - share) * certain + share / 5
    expected = lossbook.linear_cross_entropy(H, W, mixed)
    torch.testing.assert_close(lossbook.linear_cross_entropy(H, W, Y, label_smoothing=share), expected)
    torch.testing.assert_close(lossbook.linear_cross_entropy(H, W, certain, label_smoothing=share), expected)


def test_equal_scores_cost_the_logarithm_of_the_number_of_classes():
    loss = lossbook.linear_cross_entropy(torch.zeros(4, 3), W.float(), Y)
    assert loss.item() == pytest.approx(np.log(5))


@pytest.mark.parametrize("first", [torch.float64, torch.float32, *HALF])
@pytest.mark.parametrize("second", [torch.float64, torch.float32, *HALF])
def test_chances_and_weights_of_another_dtype(first: torch.dtype, second: torch.dtype):
    """The result has torch's dtype; the scores are only as exact as the layer is."""
    layer, target = (H.to(first), W.to(first)), Q.to(second)
    for more in ({}, {"weight": CLASS_WEIGHT.to(torch.float32)}, {"weight": torch.arange(5)}):
        mine, torchs = (home.linear_cross_entropy(*layer, target, **more) for home in (lossbook, F))
        tolerance = 3 * torch.finfo(first if first.itemsize < second.itemsize else second).eps
        torch.testing.assert_close(mine, torchs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("case", [case for case in LINEAR if not case.options], ids=str)
def test_the_slope_is_autograds(case: Case):
    if "weight" in case.tensors or "byte" in case.name or case.name == "unbatched-one":
        return  # the closed form knows no weights, and takes targets of the shape that torch returns
    for dtype in FULL:
        arguments = case.arguments(dtype)
        judges.same_slope(lossbook.linear_cross_entropy, lossbook.linear_cross_entropy_slope, arguments, {})


def test_the_slope_leaves_out_what_is_ignored():
    slope = lossbook.linear_cross_entropy_slope(H, W, Y, ignore_index=4)
    assert not slope[Y == 4].any()
    torch.testing.assert_close(slope[Y != 4], lossbook.linear_cross_entropy_slope(H, W, Y)[Y != 4])


def test_the_options_of_the_catalog_are_the_defaults():
    of_function = {name: default for name, default, _ in judges.parameters(lossbook.linear_cross_entropy)}
    row = CATALOG["linear_cross_entropy"]
    assert {name: of_function[name] for name in row.options} == row.options
    assert set(of_function) == {*row.options, *row.arguments, "reduction"}


# --- chunks ---------------------------------------------------------------------------------------------------------


def is_chunkable(case: Case) -> bool:
    shapes = case.tensors["linear_weight"].dim() == 2 and case.name != "unbatched-one"
    return shapes and case.tensors["target"].dtype == torch.int64 and "label_smoothing" not in case.options


CHUNKABLE = [case for case in LINEAR if is_chunkable(case)]
OPTIONS = (
    *({"batch_chunk_size": rows} for rows in (1, 2, 3, 100)),
    *({"chunking_method": method} for method in (None, "aspect_ratio", "aspect_ratio:3")),
    {},
)
# Torch's chunks are nan where an ignored row has scores that are not finite, and where the weights add up to 0, also
# the slopes. Without chunks they are not; nor are ours.
NAN_ONLY_IN_TORCH = ("infinite", "all-ignored", "unbatched-ignored", "weights-cancel")


def in_chunks(home, options: dict):
    nn = lossbook if home is lossbook else torch.nn

    def call(**arguments) -> Tensor:
        return home.linear_cross_entropy(**arguments, options=nn.LinearCrossEntropyOptions(**options))

    return call


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("case", CHUNKABLE, ids=str)
def test_chunks_change_nothing(case: Case, options: dict):
    """Value, first and second derivatives are those without chunks."""
    ours = in_chunks(lossbook, options)
    for trial in trials(case, (torch.float64,)):
        for of in (judges.value, judges.gradient, judges.second):
            judges.same(of(ours, trial), of(lossbook.linear_cross_entropy, trial))


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("case", CHUNKABLE, ids=str)
def test_chunks_are_torchs(case: Case, options: dict):
    ours, theirs = in_chunks(lossbook, options), in_chunks(F, options)
    for trial in trials(case, FULL):
        for of in (judges.value, judges.gradient):
            mine, torchs = of(ours, trial), of(theirs, trial)
            if case.name in NAN_ONLY_IN_TORCH:
                torchs = {name: torch.where(value.isnan(), mine[name], value) for name, value in torchs.items()}
            judges.same(mine, torchs)


def test_torchs_chunks_are_nan_where_ours_are_not():
    for name in NAN_ONLY_IN_TORCH:
        (case,) = (case for case in CHUNKABLE if case.name == name)
        assert any(
            (of(in_chunks(F, {}), trial)[key].isnan() & ~value.isnan()).any()
            for trial in trials(case, (torch.float64,))
            for of in (judges.value, judges.gradient)
            for key, value in of(in_chunks(lossbook, {}), trial).items()
        ), name


@pytest.mark.slow
@pytest.mark.parametrize("case", CHUNKABLE, ids=str)
def test_chunks_in_half_precision_are_no_worse_than_torchs(case: Case):
    for trial, options in itertools.product(trials(case, HALF), ({}, {"batch_chunk_size": 2})):
        if case.name in ("many", *NAN_ONLY_IN_TORCH):
            continue  # 70,000 rows make very many chunks
        ours, theirs = in_chunks(lossbook, options), in_chunks(F, options)
        for of in (judges.value, judges.gradient):
            exact = of(ours, judges.widened(trial))
            judges.no_worse(of(ours, trial), of(theirs, trial), exact)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, *HALF])
def test_the_rows_of_a_chunk_are_torchs(dtype: torch.dtype):
    seen = set()
    for count, features, classes in itertools.product((0, 1, 5, 64, 1000), (1, 7, 64), (1, 10, 5000)):
        for options in (*OPTIONS, {"batch_chunk_size": 32, "chunking_method": "aspect_ratio"}):
            mine, torchs = lossbook.LinearCrossEntropyOptions(**options), torch.nn.LinearCrossEntropyOptions(**options)
            input, layer = torch.zeros(count, features, dtype=dtype), torch.zeros(classes, features, dtype=dtype)
            try:
                rows = torchs._adjust(count, features, classes, dtype, input.device).batch_chunk_size
            except ValueError:
                with pytest.raises(ValueError, match="give one"):
                    chunks.rows_per_chunk(mine, input, layer)
            else:
                assert chunks.rows_per_chunk(mine, input, layer) == rows
                assert chunks.rows_per_chunk(torchs, input, layer) == rows
                seen.add(rows)
    assert len(seen) > 10


LARGE = noise(64, 8), noise(400, 8, seed=1), torch.arange(64)


class _Largest(TorchDispatchMode):
    """The largest number of elements that any operation returns, and the names of all operations."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0
        self.names: set[str] = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        self.names.add(function.name())
        for value in result if isinstance(result, tuple | list) else [result]:
            if isinstance(value, Tensor):
                self.elements = max(self.elements, value.numel())
        return result


def largest(reduction: str, **options) -> int:
    """Of a forward and a backward pass."""
    input, layer, target = LARGE
    bias = noise(len(layer), seed=2).requires_grad_()
    with _Largest() as watcher:
        loss = lossbook.linear_cross_entropy(
            input.clone().requires_grad_(),
            layer.clone().requires_grad_(),
            target,
            linear_bias=bias,
            reduction=reduction,
            **options,
        )
        loss.sum().backward()
    return watcher.elements


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_the_scores_are_never_all_in_memory(reduction: str):
    """No operation of either pass makes more than a chunk of scores, or a gradient of the layer."""
    rows, classes, features = 16, *LARGE[1].shape
    assert largest(reduction) >= 64 * classes
    for chosen in ({"batch_chunk_size": rows}, {"chunking_method": "aspect_ratio:4"}, {}):
        options = lossbook.LinearCrossEntropyOptions(**chosen)
        chunk = chunks.rows_per_chunk(options, *LARGE[:2])
        assert chunk < 64
        assert largest(reduction, options=options) <= max(chunk, features) * classes


def test_the_peak_of_memory_is_lower():
    input, layer, target = noise(512, 4).float(), noise(2000, 4, seed=1).float(), torch.arange(512)

    def step(**options):
        leaves = [input.clone().requires_grad_(), layer.clone().requires_grad_()]
        return lambda: torch.autograd.grad(lossbook.linear_cross_entropy(*leaves, target, **options), leaves)

    device, scores = torch.device("cpu"), 512 * 2000 * 4
    assert peak_bytes(step(), device) > 2 * scores
    small = peak_bytes(step(options=lossbook.LinearCrossEntropyOptions(batch_chunk_size=32)), device)
    assert small < scores / 2


@pytest.mark.parametrize("trained", [trained for trained in itertools.product((True, False), repeat=3) if any(trained)])
def test_chunks_make_the_gradients_that_are_asked_for(trained: tuple[bool, ...]):
    options = lossbook.LinearCrossEntropyOptions(batch_chunk_size=3)

    def gradients(chosen) -> list[Tensor]:
        leaves = [value.clone().requires_grad_(trains) for value, trains in zip((H, W, B), chosen, strict=True)]
        loss = lossbook.linear_cross_entropy(*leaves[:2], Y, linear_bias=leaves[2], options=options)
        return list(torch.autograd.grad(loss, [leaf for leaf in leaves if leaf.requires_grad]))

    every = [slope for slope, trains in zip(gradients((True,) * 3), trained, strict=True) if trains]
    torch.testing.assert_close(gradients(trained), every, rtol=0, atol=0)


def test_a_layer_that_does_not_train_costs_no_gradient():
    """A chunk adds to the gradient of the layer in place."""
    options = lossbook.LinearCrossEntropyOptions(batch_chunk_size=3)
    for trains in (True, False):
        with _Largest() as watcher:
            layer = W.clone().requires_grad_(trains)
            lossbook.linear_cross_entropy(H.clone().requires_grad_(), layer, Y, options=options).backward()
        assert ("aten::addmm_" in watcher.names) == trains


def test_a_graph_in_chunks_can_be_kept():
    input = H.clone().requires_grad_()
    loss = lossbook.linear_cross_entropy(input, W, Y, options=lossbook.LinearCrossEntropyOptions(batch_chunk_size=2))
    first, again = (torch.autograd.grad(loss, input, retain_graph=True)[0] for _ in range(2))
    torch.testing.assert_close(first, again, rtol=0, atol=0)


def test_derivatives_in_chunks_are_slopes():
    options = lossbook.LinearCrossEntropyOptions(batch_chunk_size=3)
    leaves = [value.clone().requires_grad_() for value in (H, W, B)]

    def loss(input: Tensor, layer: Tensor, bias: Tensor) -> Tensor:
        return lossbook.linear_cross_entropy(input, layer, Y, linear_bias=bias, reduction="none", options=options)

    assert torch.autograd.gradcheck(loss, leaves)
    assert torch.autograd.gradgradcheck(loss, leaves)


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # addmm_ has no rule for vmap
def test_torch_func_takes_chunks():
    """Torch's own take ``vmap`` alone, not ``grad``."""
    options = lossbook.LinearCrossEntropyOptions(batch_chunk_size=2)

    def loss(input: Tensor, layer: Tensor, options=options) -> Tensor:
        return lossbook.linear_cross_entropy(input, layer, Y, options=options)

    inputs, layers = torch.stack([H, 2 * H]), torch.stack([W, -W])
    expected = torch.stack([loss(*pair, options=None) for pair in zip(inputs, layers, strict=True)])
    torch.testing.assert_close(torch.func.vmap(loss)(inputs, layers), expected)
    torch.testing.assert_close(torch.func.vmap(loss, (0, None))(inputs, W)[0], expected[0])
    slope = torch.func.vmap(torch.func.grad(loss, (0, 1)))(inputs, layers)
    plain = torch.func.vmap(torch.func.grad(lambda *pair: loss(*pair, options=None), (0, 1)))(inputs, layers)
    torch.testing.assert_close(slope, plain)


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")  # the compiler does it
def test_a_compiler_takes_chunks_in_one_graph():
    options = lossbook.LinearCrossEntropyOptions(batch_chunk_size=2)
    torch.compiler.reset()
    compiled = torch.compile(lossbook.linear_cross_entropy, backend="eager", fullgraph=True)
    input, layer = H.clone().requires_grad_(), W.clone().requires_grad_()
    slopes = torch.autograd.grad(compiled(input, layer, Y, options=options), (input, layer))
    expected = torch.autograd.grad(lossbook.linear_cross_entropy(input, layer, Y), (input, layer))
    torch.testing.assert_close(slopes, expected)


@pytest.mark.parametrize("inside", HALF)
def test_autocast_does_not_reach_the_chunks(inside: torch.dtype):
    for dtype in (*FULL, *HALF):
        with torch.autocast("cpu", dtype=inside):
            mine, torchs = (
                in_chunks(home, {})(input=H.to(dtype), linear_weight=W.to(dtype), target=Y) for home in (lossbook, F)
            )
        assert mine.dtype == torchs.dtype == dtype
        tolerance = 3 * torch.finfo(dtype).eps
        torch.testing.assert_close(mine, torchs, rtol=tolerance, atol=0)


def test_a_class_weight_gets_no_gradient_in_chunks():
    for home in (lossbook, F):
        weight, input = CLASS_WEIGHT.clone().requires_grad_(), H.clone().requires_grad_()
        loss = in_chunks(home, {})(input=input, linear_weight=W, target=Y, weight=weight)
        assert torch.autograd.grad(loss, weight, allow_unused=True) == (None,)


def test_torchs_own_options_do_too():
    mine = lossbook.linear_cross_entropy(H, W, Y, options=torch.nn.LinearCrossEntropyOptions(batch_chunk_size=2))
    torch.testing.assert_close(mine, lossbook.linear_cross_entropy(H, W, Y))


NOT_IN_CHUNKS = {
    "smoothing": {"label_smoothing": 0.1},
    "chances": {"target": Q},
    "bytes": {"target": Y.to(torch.uint8)},
    "positions": {"linear_weight": noise(5, 2, 3, seed=5), "target": torch.zeros(4, 2).long()},
}


@pytest.mark.parametrize("name", NOT_IN_CHUNKS)
def test_where_chunks_are_not_possible_a_warning_says_so(name: str):
    arguments = {"input": H, "linear_weight": W, "target": Y} | NOT_IN_CHUNKS[name]
    options = lossbook.LinearCrossEntropyOptions()
    with pytest.warns(UserWarning, match="linear_cross_entropy: ``options`` ignored") as seen:
        mine = lossbook.linear_cross_entropy(**arguments, options=options)
    assert [warning.filename for warning in seen] == [__file__]
    torch.testing.assert_close(mine, lossbook.linear_cross_entropy(**arguments))
    with pytest.warns(UserWarning, match="linear_cross_entropy: ``options`` ignored"):
        F.linear_cross_entropy(**arguments, options=torch.nn.LinearCrossEntropyOptions())


BAD_CHUNKS = {
    "beyond": {"target": Y + 1},
    "negative": {"target": Y - 1},
    "two-dimensional": {"target": Y[:, None]},
    "fewer": {"target": Y[:3]},
    "chances-as-integers": {"target": Q.long()},
    "integers": {"input": H.long(), "linear_weight": W.long()},
    "float-layer": {"linear_weight": W.float()},
    "bias-size": {"linear_bias": B[:4]},
    "no-options": {"options": "x"},
    "two-sizes": {"options": {"batch_chunk_size": 3, "chunking_method": "aspect_ratio"}},
    "wide-sum": {"options": {"acc_dtype": torch.float32}},
    "half-sum": {"options": {"acc_dtype": torch.float16}},
    "matrix-weight": {"weight": CLASS_WEIGHT[:, None]},
}


@pytest.mark.parametrize("name", BAD_CHUNKS)
def test_a_bad_call_in_chunks_is_torchs_error(name: str):
    arguments = {"input": H, "linear_weight": W, "target": Y, "options": {"batch_chunk_size": 2}} | BAD_CHUNKS[name]
    outcomes = []
    for home, nn in ((lossbook, lossbook), (F, torch.nn)):
        options = arguments["options"]
        made = nn.LinearCrossEntropyOptions(**options) if isinstance(options, dict) else options
        outcomes.append(judges.outcome(home.linear_cross_entropy, arguments | {"options": made}))
    mine, torchs = outcomes
    assert isinstance(mine, type)
    assert mine is torchs


def test_listed_differences_torch_takes_a_target_or_a_weight_that_is_too_long():
    """It reads what it needs, yet divides by the number of all targets. Here it is an error."""
    for longer in ({"target": torch.cat([Y, Y])}, {"weight": torch.ones(6, dtype=torch.float64)}):
        arguments = {"input": H, "linear_weight": W, "target": Y} | longer
        assert isinstance(judges.outcome(in_chunks(F, {}), arguments), Tensor)
        assert judges.outcome(in_chunks(lossbook, {}), arguments) is RuntimeError


@pytest.mark.parametrize("options", [None, {}], ids=str)
def test_tensors_without_values_or_sparse(options: dict | None):
    """On the device ``meta`` the shape comes out; a sparse input is torch's case without chunks, and its error with."""
    for arguments in (
        {"input": H.to("meta"), "linear_weight": W.to("meta"), "target": Y.to("meta")},
        {"input": H.to_sparse(), "linear_weight": W, "target": Y},
    ):
        mine, torchs = (
            judges.outcome(home.linear_cross_entropy if options is None else in_chunks(home, options), arguments)
            for home in (lossbook, F)
        )
        if isinstance(torchs, type):
            assert mine is torchs
        else:
            assert (mine.shape, mine.dtype, mine.device) == (torchs.shape, torchs.dtype, torchs.device)
            assert mine.is_meta or torch.allclose(mine, torchs)


# --- options --------------------------------------------------------------------------------------------------------

BAD_OPTIONS = (
    *({"acc_policy": value} for value in ("", "best", None)),
    *({"chunking_method": value} for value in ("", "aspect_ratio:", "aspect_ratio:0", "aspect_ratio:x", "rows")),
    *({"batch_chunk_size": value} for value in (0, -1, 2.0, "2")),
    *({"acc_dtype": value} for value in (torch.int64, torch.complex64, "float32")),
)
GOOD_OPTIONS = (
    {},
    {"allow_retain_graph": True, "batch_chunk_size": 7, "chunking_method": None},
    {"chunking_method": "aspect_ratio:12", "acc_policy": "accurate", "acc_dtype": torch.float32},
    {"batch_chunk_size": True, "acc_policy": "compact"},
)


@pytest.mark.parametrize("options", BAD_OPTIONS, ids=str)
def test_bad_options_are_refused_as_torchs_are(options: dict):
    for kind in (lossbook.LinearCrossEntropyOptions, torch.nn.LinearCrossEntropyOptions):
        with pytest.raises(ValueError, match=next(iter(options))):
            kind(**options)


@pytest.mark.parametrize("options", GOOD_OPTIONS, ids=str)
def test_options_are_torchs(options: dict):
    mine, torchs = lossbook.LinearCrossEntropyOptions(**options), torch.nn.LinearCrossEntropyOptions(**options)
    assert repr(mine) == repr(torchs)
    assert asdict(mine) == asdict(torchs)
    assert pickle.loads(pickle.dumps(mine)) == mine
    assert hash(mine) == hash(copy.copy(mine))
    with pytest.raises(AttributeError):
        mine.acc_policy = "auto"
    names = [[(field.name, field.default) for field in fields(kind)] for kind in (type(mine), type(torchs))]
    assert names[0] == names[1]


# --- Modules with parameters ----------------------------------------------------------------------------------------

MADE = {
    "LinearCrossEntropyLoss": (
        {"in_features": 3, "num_classes": 5},
        {"in_features": 3, "num_classes": 5, "bias": True, "weight": CLASS_WEIGHT.float(), "ignore_index": 2},
        {"in_features": 3, "num_classes": 5, "out_features": (2, 2), "bias": True, "label_smoothing": 0.25},
        {"in_features": 3, "num_classes": 5, "options": lossbook.LinearCrossEntropyOptions(batch_chunk_size=3)},
        {"in_features": 3, "num_classes": 5, "reduction": "none", "dtype": torch.bfloat16},
    ),
    "AdaptiveLogSoftmaxWithLoss": (
        SIZES,
        SIZES | {"head_bias": True, "cutoffs": (1,), "dtype": torch.float64},
        SIZES | {"cutoffs": range(2, 8, 2), "div_value": 1.0, "dtype": torch.float16},
    ),
}
MODULES = [(name, options) for name, all_options in MADE.items() for options in all_options]


def twins(name: str, options: dict) -> list[torch.nn.Module]:
    """Our Module and torch's, made from one seed."""
    made = []
    for home in (lossbook, torch.nn):
        torch.manual_seed(0)
        given = options | (
            {"options": torch.nn.LinearCrossEntropyOptions(batch_chunk_size=3)}
            if "options" in options and home is torch.nn
            else {}
        )
        made.append(getattr(home, name)(**given))
    return made


def arguments_of(module: torch.nn.Module) -> tuple[Tensor, Tensor]:
    dtype = next(module.parameters()).dtype
    if isinstance(module, lossbook.LinearCrossEntropyLoss):
        shape = (6, *module.out_features)
        return noise(6, 3).to(dtype), torch.arange(int(np.prod(shape))).reshape(shape) % 5
    return noise(9, 4).to(dtype), torch.arange(9)


@pytest.mark.parametrize(("name", "options"), MODULES)
def test_parameters_are_drawn_as_torchs(name: str, options: dict):
    mine, torchs = twins(name, options)
    assert list(mine.state_dict()) == list(torchs.state_dict())
    assert repr(mine) == repr(torchs)
    for ours, theirs in zip(mine.state_dict().values(), torchs.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


@pytest.mark.parametrize(("name", "options"), MODULES)
def test_modules_compute_and_learn_what_torchs_do(name: str, options: dict):
    mine, torchs = twins(name, options)
    copies = (pickle.loads(pickle.dumps(mine)), copy.deepcopy(mine), mine)
    arguments = arguments_of(mine)
    of = (lambda result: result.loss) if name.startswith("Adaptive") else Tensor.mean
    expected = of(torchs(*arguments))
    expected.backward()
    tolerance = {"rtol": 0.1, "atol": 0.01} if expected.dtype in HALF else {}
    for form in copies:
        result = of(form(*arguments))
        torch.testing.assert_close(result, expected, **tolerance)
        result.backward()
        for (key, ours), theirs in zip(form.named_parameters(), torchs.parameters(), strict=True):
            if theirs.grad is None:
                assert ours.grad is None, key
            else:
                torch.testing.assert_close(
                    ours.grad, theirs.grad, **tolerance, msg=lambda text, key=key: f"{key}: {text}"
                )


def test_the_class_weight_is_a_buffer_that_moves_along():
    module = lossbook.LinearCrossEntropyLoss(3, 5, weight=CLASS_WEIGHT.float())
    assert dict(module.named_buffers()).keys() == {"weight"}
    assert module.double().weight.dtype == torch.float64
    assert module.double()(H, Y).dtype == torch.float64


@pytest.mark.parametrize(
    "options",
    [
        {"weight": torch.ones(4)},
        {"weight": torch.ones(5, 1)},
        {"weight": [1.0] * 5},
        {"label_smoothing": -0.1},
        {"label_smoothing": 1.1},
        {"label_smoothing": "x"},
        {"out_features": 3},
        {"dtype": torch.int64},
    ],
    ids=str,
)
def test_a_module_refuses_what_torchs_does(options: dict):
    outcomes = []
    for home in (lossbook, torch.nn):
        outcomes.append(judges.outcome(lambda home=home: home.LinearCrossEntropyLoss(3, 5, **options), {}))
    assert isinstance(outcomes[0], type)
    assert outcomes[0] is outcomes[1]


# --- adaptive log-softmax ---------------------------------------------------------------------------------------------

ODD_SIZES = (
    *({"cutoffs": value} for value in ((2, 5), range(2, 6), torch.tensor([2, 5]), {2, 5}, [True], [8], [1, 2, 3, 8])),
    *(
        {"cutoffs": value}
        for value in ([9], [10], [-1], [2.0, 5], [2.5], "ab", None, 5, ["2"], [2, None], [float("nan")])
    ),
    *(
        {"div_value": value}
        for value in (0, -1, 0.5, 1, 1.5, float("nan"), float("inf"), None, "x", 1j, torch.tensor(2.0))
    ),
    *({"head_bias": value} for value in (0, 1, None, "x", torch.ones(2))),
    *({"in_features": value} for value in (0, -1, 4.0, "4")),
    *({"n_classes": value} for value in (0, 5, 6, True, 9.0)),
    {"device": "meta"},
    {"dtype": torch.int64},
)


@pytest.mark.filterwarnings("ignore:Initializing zero-element")
@pytest.mark.parametrize("odd", ODD_SIZES, ids=str)
def test_odd_sizes_are_refused_or_taken_as_torchs(odd: dict):
    outcomes = []
    for home in (lossbook, torch.nn):
        try:
            module = home.AdaptiveLogSoftmaxWithLoss(**SIZES | odd)
            shapes = [tuple(value.shape) for value in module.parameters()]
            outcomes.append((repr(module), shapes, str(judges.public(module))))
        except Exception as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]


def adaptive(dtype: torch.dtype = torch.float64, **options) -> lossbook.AdaptiveLogSoftmaxWithLoss:
    torch.manual_seed(0)
    return lossbook.AdaptiveLogSoftmaxWithLoss(**SIZES | options, dtype=dtype)


def by_hand(module: torch.nn.Module, hidden: Tensor) -> Tensor:
    """The chance of every class: of the head, or of the group times that within it."""
    head = scipy.special.softmax((module.head(hidden)).detach().numpy(), axis=1)
    parts = [head[:, : module.cutoffs[0]]]
    for number, tail in enumerate(module.tail):
        within = scipy.special.softmax(tail(hidden).detach().numpy(), axis=1)
        parts.append(head[:, [module.cutoffs[0] + number]] * within)
    return torch.from_numpy(np.concatenate(parts, axis=1))


@pytest.mark.filterwarnings("ignore:Initializing zero-element")
@pytest.mark.parametrize("options", [{}, {"head_bias": True}, {"cutoffs": [1, 2, 8]}, {"cutoffs": [8]}], ids=str)
def test_the_whole_distribution(options: dict):
    """All chances add up to 1, are those by hand, and give output and loss."""
    module, hidden = adaptive(**options), 3 * noise(9, 4)
    log_chances = module.log_prob(hidden)
    assert log_chances.shape == (9, 9)
    torch.testing.assert_close(log_chances.exp().sum(1), torch.ones(9, dtype=torch.float64))
    torch.testing.assert_close(log_chances.exp(), by_hand(module, hidden))
    for shift in range(9):
        target = (torch.arange(9) + shift) % 9
        output, loss = module(hidden, target)
        torch.testing.assert_close(output, log_chances[torch.arange(9), target])
        torch.testing.assert_close(loss, -output.mean())


def test_the_likeliest_class():
    module = adaptive()
    for scale in (0.0, 1.0, 10.0, 100.0):
        hidden = scale * noise(50, 4, seed=3)
        torch.testing.assert_close(module.predict(hidden), by_hand(module, hidden).argmax(1))
    hidden = 10 * noise(50, 4, seed=3)
    rare = module.predict(hidden) >= module.cutoffs[0]
    assert rare.any()
    assert not rare.all()
    for part in (hidden[rare], hidden[~rare], hidden[:0]):
        torch.testing.assert_close(module.predict(part), by_hand(module, part).argmax(1) if len(part) else Y[:0])


@pytest.mark.parametrize("dtype", [*FULL, *HALF])
def test_log_prob_and_predict_are_torchs(dtype: torch.dtype):
    mine = adaptive(dtype)
    torchs, hidden = torch.nn.AdaptiveLogSoftmaxWithLoss(**SIZES, dtype=dtype), (5 * noise(20, 4)).to(dtype)
    torchs.load_state_dict(mine.state_dict())
    exact = copy.deepcopy(mine).double().log_prob(hidden.double())
    result = mine.log_prob(hidden)
    if dtype in FULL:
        torch.testing.assert_close(result, torchs.log_prob(hidden))
        torch.testing.assert_close(mine.predict(hidden), torchs.predict(hidden))
    else:
        judges.no_worse({"": result}, {"": torchs.log_prob(hidden)}, {"": exact})
        sure = exact.topk(2).values.diff().abs().squeeze() > 0.1
        assert sure.any()
        torch.testing.assert_close(mine.predict(hidden)[sure], exact.argmax(1)[sure])


@pytest.mark.parametrize("method", ["log_prob", "predict"])
def test_bad_inputs_of_log_prob_and_predict(method: str):
    mine, torchs = adaptive(torch.float32), torch.nn.AdaptiveLogSoftmaxWithLoss(**SIZES)
    for odd in (noise(4).float(), noise(2, 3).float(), noise(2, 4)):
        outcomes = [judges.outcome(getattr(module, method), {"input": odd}) for module in (mine, torchs)]
        assert isinstance(outcomes[0], type)
        assert outcomes[0] is outcomes[1]


@pytest.mark.parametrize("method", ["log_prob", "predict"])
def test_listed_differences_of_log_prob_and_predict(method: str):
    """Torch's predict takes three dimensions, and predicts nonsense; of no tensor it raises TypeError in the layer."""
    call = getattr(adaptive(torch.float32), method)
    assert judges.outcome(call, {"input": noise(1, 2, 4).float()}) is RuntimeError
    assert judges.outcome(call, {"input": [1.0]}) is AttributeError


def test_what_comes_back_is_a_named_tuple_like_torchs():
    mine = adaptive()
    torchs = torch.nn.AdaptiveLogSoftmaxWithLoss(**SIZES, dtype=torch.float64)
    torchs.load_state_dict(mine.state_dict())
    results = [module(noise(2, 4), torch.tensor([0, 8])) for module in (mine, torchs)]
    assert results[0]._fields == results[1]._fields == ("output", "loss")
    assert type(results[0]).__name__ == type(results[1]).__name__
    output, loss = results[0]
    assert output.shape == (2,)
    assert loss.shape == ()
    assert mine(noise(4), torch.tensor(8)).output.shape == ()


def test_parameters_are_drawn_anew_as_torchs():
    mine, torchs = twins("AdaptiveLogSoftmaxWithLoss", SIZES | {"head_bias": True})
    before = copy.deepcopy(mine.state_dict())
    for module in (mine, torchs):
        torch.manual_seed(1)
        module.reset_parameters()
    for name, value in mine.state_dict().items():
        assert not torch.equal(value, before[name])
        torch.testing.assert_close(value, torchs.state_dict()[name], rtol=0, atol=0)


def test_groups_without_a_target_are_not_computed():
    """Their layers are not called, and get no gradient, as in torch."""
    module = adaptive()
    called = []
    for number, tail in enumerate(module.tail):
        tail.register_forward_hook(lambda *_, number=number: called.append(number))
    module(noise(3, 4), torch.tensor([0, 8, 1])).loss.backward()
    assert called == [1]
    assert module.tail[0][0].weight.grad is None
    assert module.tail[1][0].weight.grad is not None


@pytest.mark.parametrize("inside", HALF)
@pytest.mark.parametrize("dtype", [torch.float32, *HALF])
def test_a_group_under_autocast(inside: torch.dtype, dtype: torch.dtype):
    """Torch raises where the dtype of a group's scores is not that of the input; here it works, in the same dtype."""
    module, target = adaptive(torch.float32), torch.tensor([0, 4, 8])
    hidden = noise(3, 4).to(dtype)
    expected = module(hidden.float(), target).output
    with torch.autocast("cpu", dtype=inside):
        output, loss = module(hidden, target)
    assert output.dtype == loss.dtype == dtype
    torch.testing.assert_close(output.float(), expected, rtol=0.03, atol=0.03)


def test_no_graph_knows_the_groups_torchs_neither():
    torch.compiler.reset()
    for home in (lossbook, torch.nn):
        module = home.AdaptiveLogSoftmaxWithLoss(**SIZES)
        compiled = torch.compile(module, backend="eager", fullgraph=True)
        with pytest.raises(Exception, match=r"data-dependent|dynamic"):
            compiled(noise(3, 4).float(), torch.tensor([0, 4, 8]))


def test_warnings_of_an_old_name_of_the_mean():
    judges.same_warning(lossbook.linear_cross_entropy, F.linear_cross_entropy, H, W, Y, reduction="elementwise_mean")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lossbook.linear_cross_entropy(H, W, Y)
