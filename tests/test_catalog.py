"""The catalog's facts, each held against torch; those of a loss that torch lacks against our own.

Each check takes a row and raises where the row is wrong. `test_a_wrong_row_is_rejected` feeds each check wrong rows.
"""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import math
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

import lossbook
from lossbook import catalog
from lossbook.catalog import CATALOG, Row, loss_in, row

ROOT = Path(__file__).resolve().parent.parent
# torch says this whenever kl_div is asked for its default: it is why the card of kl_div names `batchmean`.
KL_MEAN = "reduction. 'mean' divides the total loss"
pytestmark = pytest.mark.filterwarnings(f"ignore:{KL_MEAN}")
LEGACY = {"size_average", "reduce", "reduction"}
CHAPTERS = {
    "mse-and-l1", "huber", "counts-and-noise", "binary", "cross-entropy", "kl-divergence", "hinge", "multilabel",
    "ranking", "embeddings", "ctc", "next-token", "beyond-torch", "custom-losses",
}  # fmt: skip
JARGON = {"logit", "logits", "gradient", "log-probability", "residual", "softmax", "sigmoid", "tensor", "likelihood"}


def rows(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("entry", [CATALOG[name] for name in names or CATALOG], ids=lambda entry: entry.name)


# --- what the words of the catalog mean ----------------------------------------------------------------
# Each way to describe allowed values is a way to draw some: ordinary ones, or extreme ones that look for trouble.


@dataclasses.dataclass(frozen=True)
class Draw:
    """One shape to fill: its letters ("N", "C"), their sizes, and whether to go to extremes."""

    letters: tuple[str, ...]
    sizes: dict[str, int]
    extreme: bool

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.sizes[letter] for letter in self.letters)

    @property
    def classes(self) -> int:
        """The dimension that holds the classes."""
        return self.letters.index("C") if "C" in self.letters else -1

    def normal(self) -> Tensor:
        return torch.randn(self.shape, dtype=torch.float64)

    def uniform(self) -> Tensor:
        return torch.rand(self.shape, dtype=torch.float64)

    def one_of(self, *values: float) -> Tensor:
        return torch.tensor(values, dtype=torch.float64)[self.whole(0, len(values))]

    def whole(self, low: int, high: int) -> Tensor:
        return torch.randint(low, high, self.shape)

    def mixed(self, tame: Tensor, *wild: float) -> Tensor:
        """``tame``; where extremes are wanted, every other row of ``wild`` values."""
        if not self.extreme:
            return tame
        is_wild = torch.rand(self.shape[:1]) < 0.5
        return torch.where(is_wild.reshape(-1, *[1] * (len(self.shape) - 1)), self.one_of(*wild), tame)

    def any_number(self) -> Tensor:
        return self.mixed(self.normal(), 0, 1, -1, 7, -7, 100, -100, 1000, -1000)

    def positive(self) -> Tensor:
        return self.mixed(3 * self.uniform(), 0, 1e-7, 1, 1000)

    def chance(self) -> Tensor:
        return self.mixed(self.uniform(), 0, 1)

    def chances(self) -> Tensor:
        return self.normal().softmax(self.classes) if self.shape else torch.ones(())

    def log_chances(self) -> Tensor:
        scale = 1000 if self.extreme else 1
        return (scale * self.normal()).log_softmax(self.classes) if self.shape else -self.uniform()


VALUES: dict[str, Callable[[Draw], Tensor]] = {
    "any real number": Draw.any_number,
    "0 or more": Draw.positive,
    "from 0 to 1": Draw.chance,
    "from 0 to 1, adding up to 1 over the classes": Draw.chances,
    "0 or less, their exponentials adding up to 1 over the classes": Draw.log_chances,
    "1 or −1": lambda draw: draw.one_of(1, -1),
    "whole, from 0 to C − 1": lambda draw: draw.whole(0, draw.sizes["C"]),
    "whole, from −1 to C − 1": lambda draw: draw.whole(-1, draw.sizes["C"]),
    "whole, from 1 to C − 1": lambda draw: draw.whole(1, draw.sizes["C"]),
    "whole, from 1 to T": lambda draw: draw.whole(1, draw.sizes["T"] + 1),
    "whole, from 0 to S": lambda draw: draw.whole(0, draw.sizes["S"] + 1),
}


def whole_between(low: int, letter: str, past: int) -> Callable[[Tensor, dict[str, int]], bool]:
    return lambda it, sizes: bool(((it >= low) & (it <= sizes.get(letter, math.inf) - past)).all())


# The same words, as a question to a tensor and the sizes of its letters.
ALLOWED: dict[str, Callable[[Tensor, dict[str, int]], bool]] = {
    "any real number": lambda it, sizes: len(it.unique()) > 2,
    "0 or more": lambda it, sizes: bool((it >= 0).all()),
    "from 0 to 1": lambda it, sizes: bool(((it >= 0) & (it <= 1)).all()),
    "from 0 to 1, adding up to 1 over the classes": lambda it, sizes: torch.allclose(it.sum(-1), it.new_ones(())),
    "0 or less, their exponentials adding up to 1 over the classes": lambda it, sizes: torch.allclose(
        it.exp().sum(-1), it.new_ones(())
    ),
    "1 or −1": lambda it, sizes: set(it.tolist()) == {1, -1},
    # With enough of them, the first class is among them.
    "whole, from 0 to C − 1": lambda it, sizes: (
        whole_between(0, "C", 1)(it, sizes) and (len(it) < 500 or bool((it == 0).any()))
    ),
    "whole, from −1 to C − 1": whole_between(-1, "C", 1),
    "whole, from 1 to C − 1": whole_between(1, "C", 1),
    "whole, from 1 to T": whole_between(1, "T", 0),
    "whole, from 0 to S": whole_between(0, "S", 0),
}

# A value just outside, where there is one.
OUTSIDE = {
    "1 or −1": 0,
    "0 or more": -0.5,
    "from 0 to 1": 1.5,
    "whole, from 0 to C − 1": 1000,
    "whole, from −1 to C − 1": 1000,
}

# The arguments whose values torch (for a loss it lacks, this package) checks, on a CPU: outside, it raises.
CHECKED = {
    ("hinge_loss", "target"), ("focal_loss", "target"), ("dice_loss", "target"),
    ("gaussian_nll_loss", "var"), ("binary_cross_entropy", "input"), ("binary_cross_entropy", "target"),
    ("nll_loss", "target"), ("cross_entropy", "target"), ("multi_margin_loss", "target"),
    ("multilabel_margin_loss", "target"), ("linear_cross_entropy", "target"), ("AdaptiveLogSoftmaxWithLoss", "target_"),
}  # fmt: skip

# Integers by their meaning, that torch takes as floating point too.
TAKES_FLOATS = {("ctc_loss", "targets")}


def forms(entry: Row, name: str) -> list[tuple[str, ...]]:
    """The alternative shapes of an argument, each as the letters of its dimensions."""
    shape = entry.arguments[name].shape
    if shape.startswith("that of "):
        return forms(entry, shape.removeprefix("that of "))
    if shape == "any":
        return [(), ("N", "C"), ("N",)]
    found = [tuple(group.replace("…", "d1, d2").split(", ")) for group in re.findall(r"\(([^)]*)\)", shape)]
    alternatives = [tuple(letter for letter in form if letter) for form in found]
    first = next(iter(entry.arguments))
    return alternatives * len(forms(entry, first)) if len(found) == 1 and name != first else alternatives


def dtype_of(entry: Row, name: str, floating: torch.dtype = torch.float64) -> torch.dtype:
    dtype = entry.arguments[name].dtype
    if dtype.startswith("that of "):
        return dtype_of(entry, dtype.removeprefix("that of "), floating)
    return {"floating point": floating, "int64": torch.int64}[dtype]


def settings(entry: Row, dtype: torch.dtype = torch.float64) -> dict:
    """What must be passed beside the arguments: a Module's sizes and parameters, where there is no function."""
    return sample(entry, 1000, dtype).kwargs


def sizes_of(entry: Row, count: int) -> dict[str, int]:
    fixed = settings(entry)
    sizes = {"N": count, "C": fixed.get("n_classes", 5), "D": fixed.get("in_features", 4)}
    return sizes | {"T": 4, "S": 2, "d1": 2, "d2": 3}


def draw(
    entry: Row, form: int = 1, count: int = 7, extreme: bool = False, floating: torch.dtype = torch.float64
) -> dict[str, Tensor]:
    """Allowed arguments of a loss, by name, in one of its forms (1: with samples), or in its only one."""
    sizes = sizes_of(entry, count)
    drawn = {}
    for name, argument in entry.arguments.items():
        alternatives = forms(entry, name)
        letters = alternatives[form if len(alternatives) > 1 else 0]
        tensor = VALUES[argument.values](Draw(letters, sizes, extreme))
        drawn[name] = tensor.to(dtype_of(entry, name, floating))
    return drawn


def home(entry: Row) -> ModuleType:
    """Where the facts of a row are looked up: in torch, unless torch lacks the loss."""
    return torch.nn if entry.from_torch else lossbook


def call(entry: Row, arguments: dict[str, Tensor], **options) -> Tensor:
    """torch's own loss of these arguments, where it has one."""
    some = next(iter(arguments.values()))
    dtype = some.dtype if some.dtype.is_floating_point else torch.float64
    return loss_in(home(entry), entry)(*arguments.values(), **settings(entry, dtype), **options)


def each(entry: Row, arguments: dict[str, Tensor], **options) -> Tensor:
    """The loss of each element; where torch only gives a mean, one sample at a time."""
    if "none" in entry.reductions:
        return call(entry, arguments, reduction="none", **options)
    samples = zip(*arguments.values(), strict=True)
    return torch.stack([call(entry, dict(zip(arguments, one, strict=True)), **options) for one in samples])


def sample(entry: Row, size: int, dtype: torch.dtype) -> catalog.Sample:
    return entry.sample(size, dtype, torch.device("cpu"), torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


# --- the table is complete -----------------------------------------------------------------------------


def torchs_losses() -> set[str]:
    return set(torch.nn.modules.loss.__all__) - {"NLLLoss2d"} | {"AdaptiveLogSoftmaxWithLoss"}


def test_every_loss_of_torch_has_a_row():
    assert {entry.module for entry in CATALOG.values() if entry.from_torch} == torchs_losses()


@rows()
def test_names_are_torchs(entry):
    """And where torch lacks the loss, it has nothing of that name."""
    assert hasattr(torch.nn, entry.module) == entry.from_torch
    assert not entry.function or hasattr(F, entry.function) == entry.from_torch
    assert row(entry.module) is row(entry.name) is entry


def test_every_loss_function_of_torch_has_a_row():
    named = {name for name in dir(F) if re.search(r"_loss$|cross_entropy|kl_div", name) and not name.startswith("_")}
    assert {entry.function for entry in CATALOG.values() if entry.function and entry.from_torch} == named


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError, match="no_such_loss is not in the catalog"):
        row("no_such_loss")


# --- the checks ----------------------------------------------------------------------------------------


def check_words(entry: Row) -> None:
    assert entry.asks.endswith("?")
    assert entry.asks.count("?") == 1
    assert not JARGON & set(re.findall(r"[\w-]+", entry.asks.lower()))
    assert entry.chapter in CHAPTERS
    assert f"{{{entry.source}," in (ROOT / "book/references.bib").read_text(encoding="utf-8")
    letters = re.findall(r"\\[a-zA-Z]+|[a-zA-Z]", re.sub(r"\\text\{.*?\}", "", entry.formula))
    for name, argument in entry.arguments.items():
        assert re.split("[_^]", argument.symbol)[0] in letters or name.endswith("_lengths")


def check_code(entry: Row) -> None:
    """The family is the file, and the slope exists."""
    if entry.slope:
        assert callable(getattr(lossbook, entry.slope))
    assert getattr(lossbook, entry.name).__module__ == f"lossbook.losses.{entry.family}"


def check_signature(entry: Row) -> None:
    """Arguments, options and defaults are torch's, of the function and of the Module; else they follow our rule."""
    assert entry.from_torch or has_form_of_ours(entry)
    module = inspect.signature(getattr(home(entry), entry.module)).parameters
    if entry.function:
        of_call = inspect.signature(loss_in(home(entry), entry)).parameters
        of_options = of_call
    else:
        of_call, of_options = inspect.signature(getattr(torch.nn, entry.module).forward).parameters, module
    needed = [name for name, it in of_call.items() if it.default is it.empty and name != "self"]
    assert list(entry.arguments) == needed
    optional = {name: it.default for name, it in of_options.items() if it.default is not it.empty}
    assert entry.options == {k: v for k, v in optional.items() if k not in LEGACY | {"device", "dtype"}}
    for name, default in entry.options.items():
        assert name not in module or module[name].default == default
    assert ("weight" in entry.options) == bool(entry.weighted) == bool(entry.weighted_divisor)


def has_form_of_ours(entry: Row) -> bool:
    """Of a loss that torch lacks: options by keyword alone, in the Module too; last a weight and a reduction."""
    function, module = (inspect.signature(getattr(lossbook, name)).parameters for name in (entry.name, entry.module))
    options = {name: it.default for name, it in function.items() if it.kind is it.KEYWORD_ONLY}
    same = options == {name: it.default for name, it in module.items()}
    return (
        same
        and list(options.items())[-2:] == [("weight", None), ("reduction", "mean")]
        and all(it.kind is it.KEYWORD_ONLY for it in module.values())
        and all(it.default is it.empty for name, it in function.items() if name not in options)
    )


def check_reductions(entry: Row) -> None:
    """Torch takes these names and no other; ``sum`` is the sum of ``none``; ``mean`` is the default."""
    arguments = draw(entry)
    if "none" in entry.reductions:
        named = ("none", "mean", "sum", "batchmean", "median")
        assert {name for name in named if is_accepted(entry, arguments, reduction=name)} == set(entry.reductions)
        torch.testing.assert_close(call(entry, arguments), call(entry, arguments, reduction="mean"))
        torch.testing.assert_close(call(entry, arguments, reduction="sum"), each(entry, arguments).sum())
    else:
        assert entry.reductions == ("mean",)
        assert not is_accepted(entry, arguments, reduction="none")
    if "batchmean" in entry.reductions:
        one = call(entry, arguments, reduction="batchmean")
        torch.testing.assert_close(one, each(entry, arguments).sum() / len(arguments["input"]))


REFUSALS = (RuntimeError, ValueError, IndexError, TypeError)


def is_accepted(entry: Row, arguments: dict[str, Tensor], **options) -> bool:
    """Whether torch takes this without an error or a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=KL_MEAN)
        try:
            call(entry, arguments, **options)
        except (*REFUSALS, UserWarning):
            return False
    return True


def check_range(entry: Row) -> None:
    """A search among wild arguments never leaves the range, and comes as near its ends as one likes."""
    count = 3000 if "none" in entry.reductions else 300
    options = {}
    if entry.family == "contrastive":
        # Cosines end at 1: only a low temperature takes such a loss far, and only among few is one match clearly best.
        count, options = 30, {"temperature": 1e-3}
    values = each(entry, draw(entry, count=count, extreme=True), **options)
    assert not values.isnan().any()
    assert values.min() >= entry.minimum - 1e-9
    assert values.max() <= entry.maximum + 1e-9
    assert values.min() <= (-1000 if math.isinf(entry.minimum) else entry.minimum + 0.01)
    assert values.max() >= (500 if math.isinf(entry.maximum) else entry.maximum - 0.01)


def with_ignored(entry: Row, arguments: dict[str, Tensor]) -> Tensor:
    """Which targets count; where a loss can ignore some, two of these are made to be ignored."""
    if "ignore_index" not in entry.options or entry.family == "segmentation":
        return torch.ones(len(next(iter(arguments.values()))), dtype=torch.bool)
    arguments["target"][:2] = -100
    return arguments["target"] != -100


def check_divisor(entry: Row) -> None:
    arguments = draw(entry)
    if "input_lengths" in arguments:
        arguments["input_lengths"].fill_(4)  # else some labels would have no room, and cost infinity
    kept = with_ignored(entry, arguments)
    losses = each(entry, arguments)
    elements, samples = next(iter(arguments.values())).shape, (7,)
    if entry.divisor == "elements":
        assert losses.shape == elements
        expected = losses.sum() / elements.numel()
    elif entry.divisor == "samples":
        assert losses.shape == samples != elements
        expected = losses.sum() / 7
    elif entry.divisor == "masks, one per sample and class":
        assert losses.shape == elements[:2] != elements
        expected = losses.sum() / losses.numel()
    elif entry.divisor == "targets that are not ignored":
        assert losses.shape == arguments["target"].shape
        assert kept.sum() < len(losses)
        expected = losses.sum() / kept.sum()
    else:
        assert entry.divisor == "samples, each loss first divided by the number of its labels"
        lengths = arguments["target_lengths"].clamp(min=1)
        assert losses.isfinite().all()
        assert lengths.unique().numel() > 1
        expected = (losses / lengths).sum() / len(lengths)
    torch.testing.assert_close(call(entry, arguments), expected)


def check_weighted(entry: Row) -> None:
    if not entry.weighted:
        return
    arguments = draw(entry)
    kept = with_ignored(entry, arguments)
    first = next(iter(arguments.values()))
    shapes = {"element": lambda: first.shape, "class": lambda: (sizes_of(entry, 7)["C"],)}
    shape = (shapes | {"target": lambda: arguments["target"].shape, "sample": lambda: first.shape[:1]})[
        entry.weighted
    ]()
    weight = torch.rand(shape, dtype=torch.float64) + 0.5
    total = each(entry, arguments, weight=weight).sum()
    divisor = {
        "elements": lambda: first.numel(),
        "samples": lambda: len(first),
        "sum of the weights": lambda: weight.sum(),
        "sum of the weights of all masks": lambda: len(first) * weight.sum(),
        "sum of the weights that are not ignored": lambda: weight[kept].sum(),
        "sum of the weights of those targets": lambda: weight[arguments["target"][kept]].sum(),
    }[entry.weighted_divisor]
    torch.testing.assert_close(call(entry, arguments, weight=weight), total / divisor())


def check_shapes(entry: Row) -> None:
    """Torch takes every form, and refuses (or warns of) one argument that is longer than another in a shared letter."""
    (count,) = {len(forms(entry, name)) for name in entry.arguments}
    for form in range(count):
        assert is_accepted(entry, draw(entry, form)), f"form {form} refused"
        for name, dimension in bent_dimensions(entry, form):
            arguments = draw(entry, form)
            tensor = arguments[name]
            arguments[name] = torch.cat([tensor, tensor.narrow(dimension, 0, 1)], dimension)
            assert not is_accepted(entry, arguments), f"{name} of {tuple(arguments[name].shape)} accepted"


def bent_dimensions(entry: Row, form: int) -> list[tuple[str, int]]:
    """The dimensions, save the first argument's, whose letter another argument has too."""
    letters = {name: forms(entry, name)[form] for name in entry.arguments}
    first = next(iter(letters))
    return [
        (name, dimension)
        for name, own in letters.items()
        for dimension, letter in enumerate(own)
        if name != first and any(letter in other for key, other in letters.items() if key != name)
    ]


def check_dtypes(entry: Row) -> None:
    for floating in (torch.float32, torch.float64):
        arguments = draw(entry, floating=floating)
        value = call(entry, arguments)
        assert value.dtype == floating
        for name in arguments:
            check_other_dtype(entry, name, arguments, value)


def check_other_dtype(entry: Row, name: str, arguments: dict[str, Tensor], value: Tensor) -> None:
    """Whole numbers as floating point are refused; floating point as whole numbers too, or taken at their value."""
    tensor = arguments[name]
    if not tensor.is_floating_point():
        accepted = is_accepted(entry, arguments | {name: tensor.to(value.dtype)})
        assert accepted == ((entry.name, name) in TAKES_FLOATS)
    elif name != next(iter(arguments)):
        whole = arguments | {name: tensor.round().long()}
        if is_accepted(entry, whole):
            torch.testing.assert_close(call(entry, whole), call(entry, arguments | {name: tensor.round()}))


def check_values(entry: Row) -> None:
    """Torch refuses a value outside, for exactly the arguments that are listed as checked."""
    for name, argument in entry.arguments.items():
        if argument.values in OUTSIDE:
            arguments = draw(entry)
            outside = torch.full_like(arguments[name], OUTSIDE[argument.values])
            assert is_accepted(entry, arguments | {name: outside}) == ((entry.name, name) not in CHECKED), name
        else:
            assert (entry.name, name) not in CHECKED


def check_sample(entry: Row) -> None:
    # At 5000, unlike at a square, no two sizes of a sample are the same by chance.
    for size, dtype in itertools.product((100, 5000, 10_000), (torch.float32, torch.float64)):
        made, again = sample(entry, size, dtype), sample(entry, size, dtype)
        assert all(torch.equal(a, b) for a, b in zip(made.args, again.args, strict=True))
        letters = fit(entry, made.args)
        for tensor, name in zip(made.args, entry.arguments, strict=True):
            assert tensor.dtype == dtype_of(entry, name, dtype)
            assert ALLOWED[entry.arguments[name].values](tensor, letters), f"{entry.name}: {name} holds other values"
        scores = letters["N"] * made.kwargs.get("n_classes", letters.get("C", 1))
        assert size / 2 <= (scores if entry.family == "vocabulary" else made.args[0].numel()) <= 2 * size
        trained = made.args[0].requires_grad_()
        value = loss_in(home(entry), entry)(trained, *made.args[1:], **made.kwargs)
        (pull,) = torch.autograd.grad(value, trained)
        assert value.dtype == pull.dtype == dtype
        assert value.isfinite()
        assert pull.isfinite().all()
        assert pull.any()


def fit(entry: Row, tensors: tuple[Tensor, ...]) -> dict[str, int]:
    """The sizes of the letters in the one form that these tensors have; no argument may disagree."""
    for form in range(len(forms(entry, next(iter(entry.arguments))))):
        letters: dict[str, int] = {}
        shapes = [forms(entry, name)[form] for name in entry.arguments]
        if [len(shape) for shape in shapes] != [tensor.ndim for tensor in tensors]:
            continue
        if all(
            letters.setdefault(letter, size) == size
            for shape, tensor in zip(shapes, tensors, strict=True)
            for letter, size in zip(shape, tensor.shape, strict=True)
        ):
            return letters
    raise AssertionError(f"{entry.name}: {[tuple(tensor.shape) for tensor in tensors]} fit no form")


# What undoes the link that the best constant names, and what the numbers then are.
UNDOES = {"logit": "sigmoid", "log of the mean": "exp", "log of the class shares": "softmax exp"}
SAYS = {
    "the rate": "0 or more",
    "a chance per class": "from 0 to 1, adding up to 1 over the classes",
    "the chance of yes": "from 0 to 1",
    "a chance per label": "from 0 to 1",
}


def check_last_layer(entry: Row) -> None:
    """What the last layer gives is what the loss may be handed; what is done to it then gives what it says."""
    raw = torch.randn(50, 4)
    values = next(iter(entry.arguments.values())).values
    first = re.match(r"`(\w+)`|linear", entry.last_layer)
    if first is None:
        assert entry.last_layer.startswith(("none: ", "a vector each; ")), entry.last_layer
        assert values == ("any real number" if entry.family == "vocabulary" else "0 or more")
        return
    given = activation(first[1])(raw)
    assert ALLOWED[values](given, {}), f"{entry.name} may not be handed that"
    assert (values == "any real number") == (first[1] is None)
    then = re.fullmatch(r"(?:.*; or )?`(\w+)`: (.*)", entry.to_predict)
    if then:
        assert ALLOWED[SAYS[then[2]]](activation(then[1])(given), {}), f"{entry.to_predict} is not what it says"
    for link, undoes in UNDOES.items():
        if (entry.best_constant or "").startswith(link):
            assert then
            assert then[1] in undoes.split()


def activation(name: str | None) -> Callable[[Tensor], Tensor]:
    """What a last layer ends with; rows are samples."""
    if name in ("softmax", "log_softmax"):
        return lambda it: getattr(it, name)(-1)
    return getattr(torch, name) if name else lambda it: it


CHECKS = [
    check_words, check_code, check_signature, check_reductions, check_range, check_divisor, check_weighted,
    check_shapes, check_dtypes, check_values, check_last_layer, check_sample,
]  # fmt: skip


@rows()
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_fact(check, entry):
    check(entry)


def test_questions_differ():
    questions = [entry.asks for entry in CATALOG.values()]
    assert len(set(questions)) == len(questions)


def test_tasks_and_families_stay_together():
    """The atlas gives each task one section, in the order of the table."""
    tasks = [task for task, _ in itertools.groupby(entry.task for entry in CATALOG.values())]
    assert len(set(tasks)) == len(tasks)


@rows("cross_entropy", "linear_cross_entropy")
def test_probabilities_are_targets_too(entry):
    arguments = draw(entry)
    shape = arguments["input"].shape[0], sizes_of(entry, 7)["C"]
    arguments["target"] = torch.randn(shape, dtype=torch.float64).softmax(-1)
    assert is_accepted(entry, arguments)


def test_ctc_takes_its_labels_in_one_row():
    entry = CATALOG["ctc_loss"]
    arguments = draw(entry)
    arguments |= {"input_lengths": torch.full((7,), 4), "target_lengths": torch.full((7,), 2)}
    joined = arguments | {"targets": arguments["targets"].flatten()}
    torch.testing.assert_close(call(entry, joined), call(entry, arguments))


# --- the best constant, found and compared with the statistic that the row names -----------------------


def skewed_targets(entry: Row) -> Tensor:
    """Targets that tell mean, median and the rest apart."""
    count, values = 501, entry.arguments[list(entry.arguments)[-1 if entry.name != "gaussian_nll_loss" else 1]].values
    if values == "whole, from 0 to C − 1":
        return torch.tensor([0, 0, 0, 1, 1, 2, 3, 4, 4, 4, 4, 4])
    if values == "from 0 to 1, adding up to 1 over the classes":
        return (2 * torch.randn(count, 5, dtype=torch.float64) + torch.arange(5)).softmax(-1)
    if values == "1 or −1":
        return torch.tensor([1.0, 1, 1, -1], dtype=torch.float64)
    if entry.name == "distillation_loss":
        return 2 * torch.randn(count, 5, dtype=torch.float64) + torch.arange(5)
    if entry.family == "multilabel":
        return (torch.rand(count, 5, dtype=torch.float64) < torch.linspace(0.1, 0.8, 5)).double()
    if values == "from 0 to 1":
        return torch.tensor([1.0, 0, 0, 0, 0.4], dtype=torch.float64)
    return torch.randn(count, dtype=torch.float64).exp()


def best_on_a_line(entry: Row, targets: Tensor, low: float, high: float) -> Tensor:
    """The constant of least mean loss between two numbers, by ever finer grids."""
    for _ in range(4):
        grid = torch.linspace(low, high, 401, dtype=torch.float64)[:, None].expand(-1, len(targets))
        means = call_on(entry, grid, targets.expand_as(grid), reduction="none").mean(1)
        best, step = grid[means.argmin(), 0], (high - low) / 400
        low, high = max(low, best.item() - step), min(high, best.item() + step)
    return best


def call_on(entry: Row, input: Tensor, targets: Tensor, **options) -> Tensor:
    return loss_in(home(entry), entry)(input, targets, **options)


def best_by_descent(loss: Callable[[Tensor], Tensor], size: int) -> Tensor:
    """The vector of least loss, for smooth losses."""
    found = torch.zeros(size, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([found], max_iter=200, tolerance_grad=1e-10, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        value = loss(found)
        value.backward()
        return value

    optimiser.step(closure)
    return found.detach()


def best_vector(entry: Row, targets: Tensor) -> Tensor:
    """The constant scores of least loss, as the logarithms of chances where that is what the loss takes."""
    is_log = "exponentials" in entry.arguments["input"].values
    as_input = (lambda scores: scores.log_softmax(-1)) if is_log else (lambda scores: scores)

    def loss(scores: Tensor) -> Tensor:
        constant = as_input(scores).expand(len(targets), -1)
        if entry.name == "linear_cross_entropy":
            return F.linear_cross_entropy(constant, torch.eye(5, dtype=torch.float64), targets)
        return call_on(entry, constant, targets)

    return as_input(best_by_descent(loss, 5))


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def check_best_constant(entry: Row) -> None:
    if entry.best_constant is None:
        return
    if entry.best_constant.startswith("anything"):
        check_all_constants_alike(entry)
        return
    if entry.best_constant == "0 if most targets are 1, else the margin":
        targets = skewed_targets(entry)
        close(best_on_a_line(entry, targets, 0, 5), torch.tensor(0.0, dtype=torch.float64))
        close(best_on_a_line(entry, -targets, 0, 5), torch.tensor(entry.options["margin"], dtype=torch.float64))
        return
    if entry.best_constant == "the margin, with the sign of the more frequent answer":
        targets, margin = skewed_targets(entry), torch.tensor(entry.options["margin"], dtype=torch.float64)
        close(best_on_a_line(entry, targets, -5, 5), margin)
        close(best_on_a_line(entry, -targets, -5, 5), -margin)
        return
    if entry.best_constant == "mean, with the variance as var":
        y = skewed_targets(entry)
        found = best_by_descent(lambda it: F.gaussian_nll_loss(it[0].expand_as(y), y, it[1].exp().expand_as(y)), 2)
        close(found, torch.stack([y.mean(), y.var(correction=0).log()]))
        return
    y = skewed_targets(entry)
    levels = {
        "quantile at q": lambda: entry.options["q"],
        "quantile at under / (over + under)": lambda: (
            entry.options["under"] / sum(map(entry.options.get, ("over", "under")))
        ),
    }
    if entry.best_constant in levels:
        # Where a share of the targets lies below; between two of them, every number is as good.
        close(best_on_a_line(entry, y, -10, 10), y.quantile(levels[entry.best_constant]()))
        return
    if y.ndim == 2 or not y.is_floating_point():
        found = best_vector(entry, y)
    else:
        found = best_on_a_line(entry, y, *((0, 1) if entry.arguments["input"].values == "from 0 to 1" else (-10, 10)))
    if entry.best_constant == "where the clipped errors cancel":
        limit = entry.options.get("delta", entry.options.get("beta"))
        assert limit is not None, "only a loss that clips can have this one"
        close((found - y).clamp(-limit, limit).mean(), torch.tensor(0.0, dtype=torch.float64))
    elif entry.best_constant == "where the tanh of the errors cancels":
        close((found - y).tanh().mean(), torch.tensor(0.0, dtype=torch.float64))
    elif entry.best_constant == "the scores whose softened chances are the teachers' mean":
        softness = entry.options["temperature"]
        close((found / softness).softmax(-1), (y / softness).softmax(-1).mean(0))
    elif entry.best_constant == "log of the class shares":
        close(found.log_softmax(-1), (y.bincount() / len(y)).double().log())
    else:
        close(found, {
            "mean": lambda: y.mean(0),
            "median": lambda: y.median(),
            "log of the mean": lambda: y.mean(0).log(),
            "logit of the mean": lambda: y.mean(0).logit(),
            "logit of the share of 1s": lambda: (y == 1).double().mean().logit(),
        }[entry.best_constant]())  # fmt: skip


def check_all_constants_alike(entry: Row) -> None:
    arguments = draw(entry)
    first = next(iter(arguments.values()))
    losses = []
    for constant in (torch.randn(first.shape[1:], dtype=torch.float64) for _ in range(2)):
        said = {name: constant.expand_as(first) for name in arguments if name != "target"}
        losses.append(call(entry, arguments | said))
    torch.testing.assert_close(*losses)


@rows()
def test_best_constant(entry):
    check_best_constant(entry)


def test_some_constants_have_no_name():
    """Named or not: a row that gives no statistic is one of these."""
    unnamed = {entry.name for entry in CATALOG.values() if entry.best_constant is None}
    unnamed -= {"focal_loss", "dice_loss"}
    assert unnamed == {"multi_margin_loss", "multilabel_margin_loss", "ctc_loss", "AdaptiveLogSoftmaxWithLoss"}


# --- what to beware of ---------------------------------------------------------------------------------
# For each row with such a sentence: torch does just that.

SCORES, CLASSES = torch.arange(12.0).reshape(4, 3).sin(), torch.tensor([0, 2, 1, 1])
SHARES, WEIGHT = SCORES.softmax(1), torch.tensor([1.0, 5.0, 0.5])


def mean_of_shares_divides_by_samples(loss: Callable[..., Tensor]) -> None:
    for weight in (None, WEIGHT):
        total, mean = (loss(SHARES, weight=weight, reduction=name) for name in ("sum", "mean"))
        torch.testing.assert_close(total / mean, torch.tensor(4.0))


def beware_hinge() -> None:
    """No chance: of nine in ten and of six in ten the best score is the same."""
    with pytest.raises(ValueError, match="2 \\* target - 1"):
        lossbook.hinge_loss(SCORES, (SCORES > 0).float())
    x = SCORES.to("meta")  # values are not read there, nor on a GPU
    assert lossbook.hinge_loss(x, torch.zeros_like(x)).device.type == "meta"
    assert not lossbook.hinge_slope(SCORES, torch.zeros_like(SCORES)).any()
    for yes in (9, 6):
        targets = torch.tensor([1.0] * yes + [-1.0] * (10 - yes), dtype=torch.float64)
        close(best_on_a_line(CATALOG["hinge_loss"], targets, -5, 5), torch.tensor(1.0, dtype=torch.float64))


def beware_quantile() -> None:
    """Two columns may cross: nothing costs more where they do than each of them alone."""
    crossed, y = torch.tensor([[3.0, 1.0]]), torch.tensor([2.0])
    with pytest.raises(ValueError, match="2 columns"):
        lossbook.quantile_loss(crossed[:, 0], y, q=[0.1, 0.9])
    alone = [lossbook.quantile_loss(crossed[:, k], y, q=q) for k, q in enumerate((0.1, 0.9))]
    assert lossbook.quantile_loss(crossed, y, q=[0.1, 0.9]) == sum(alone) / 2


def beware_log_cosh() -> None:
    """In other units it is another loss: an error of a thousandth or of a thousand is squared, or is not."""
    error, none = torch.tensor([0.5], dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    assert (lossbook.log_cosh_loss(error / 1000, none) / (error / 1000).square() - 0.5).abs() < 1e-6
    assert (lossbook.log_cosh_loss(1000 * error, none) / (1000 * error) - 1).abs() < 2e-3
    assert lossbook.log_cosh_slope(error / 2, none) < 0.5 * lossbook.log_cosh_slope(2 * error, none)


def beware_asymmetric_cost() -> None:
    above, below = torch.tensor([3.0]), torch.tensor([1.0])
    prices = {"over": 10.0, "under": 1.0}
    assert lossbook.asymmetric_cost_loss(above, below, **prices) == 20
    assert lossbook.asymmetric_cost_loss(below, above, **prices) == 2
    y = skewed_targets(CATALOG["asymmetric_cost_loss"])
    grid = torch.linspace(0, 5, 5001, dtype=torch.float64)[:, None].expand(-1, len(y))
    costs = lossbook.asymmetric_cost_loss(grid, y.expand_as(grid), **prices, power=2, reduction="none").mean(1)
    found = grid[costs.argmin(), 0]
    above, below = ((side * (found - y)).clamp(min=0).mean() for side in (1, -1))
    assert (10 * above / below - 1).abs() < 1e-2  # an expectile: the errors themselves are in balance


def beware_focal() -> None:
    """Three scores with answers, or one class of three: another loss of the same numbers."""
    hot = torch.eye(3)[CLASSES]
    assert lossbook.focal_loss(SCORES, hot, reduction="none").shape == SCORES.shape
    assert lossbook.focal_loss(SCORES, CLASSES, reduction="none").shape == CLASSES.shape
    for target, alpha in ((hot, WEIGHT), (CLASSES, 0.25)):
        with pytest.raises(ValueError, match="alpha"):
            lossbook.focal_loss(SCORES, target, alpha=alpha)
    by_objects = lossbook.focal_loss(SCORES, hot, reduction="sum") / hot.sum()
    torch.testing.assert_close(by_objects, 3 * lossbook.focal_loss(SCORES, hot))


def beware_distillation() -> None:
    """No label comes in, the factor is there, and the teacher is moved."""
    teacher = SCORES.flip(0).clone().requires_grad_()
    lossbook.distillation_loss(SCORES, teacher).backward()
    assert teacher.grad.any()
    soft = [F.log_softmax(scores / 2, 1) for scores in (SCORES, teacher.detach())]
    bare = F.kl_div(*soft, log_target=True, reduction="batchmean")
    torch.testing.assert_close(lossbook.distillation_loss(SCORES, teacher.detach()), 4 * bare)


def beware_dice() -> None:
    """Hardly anything predicted where there is nothing; a slope that is gone; and rows taken for classes."""
    nothing = torch.zeros(1, 1, 64, 64)
    assert lossbook.dice_loss(nothing - 8, nothing) > 0.99
    wrong = (nothing + 20).requires_grad_()
    lossbook.dice_loss(wrong, nothing).backward()
    assert wrong.grad.abs().max() < 1e-12
    assert lossbook.dice_loss(nothing[0], nothing[0], reduction="none").shape == (1, 64)


def beware_info_nce() -> None:
    torch.manual_seed(0)
    query, key = torch.randn(2, 512, 32)
    assert lossbook.info_nce_loss(query, key) > lossbook.info_nce_loss(query[:64], key[:64]) + 1
    copies = torch.randn(1, 32).expand(8, 32)  # all alike, and yet each is a stranger to the others
    torch.testing.assert_close(lossbook.info_nce_loss(copies, copies), torch.tensor(8.0).log())
    defaults = [CATALOG[name].options["temperature"] for name in ("info_nce_loss", "nt_xent_loss")]
    assert defaults == [0.1, 0.5]


def beware_nt_xent() -> None:
    a, b = torch.randn(2, 5, 8)
    values = lossbook.nt_xent_loss(a, b, reduction="none")
    assert values.shape == (5,)
    torch.testing.assert_close(lossbook.nt_xent_loss(a, b, reduction="sum"), values.sum())
    torch.testing.assert_close(lossbook.nt_xent_loss(a, b), values.mean())
    assert lossbook.nt_xent_loss(a[:1], b[:1]) == 0


def beware_huber() -> None:
    for delta in (0.0, -1.0):
        with pytest.raises(RuntimeError):
            F.huber_loss(SCORES, SCORES, delta=delta)


def beware_kl() -> None:
    total, mean = (F.kl_div(SCORES.log_softmax(1), SHARES.flip(0), reduction=it) for it in ("sum", "batchmean"))
    torch.testing.assert_close(total / mean, torch.tensor(4.0))


def beware_nll() -> None:
    assert F.nll_loss(SCORES, CLASSES, ignore_index=1).isfinite()
    assert F.nll_loss(SCORES, torch.ones(4).long(), ignore_index=1).isnan()


def beware_cross_entropy() -> None:
    mean_of_shares_divides_by_samples(lambda target, **options: F.cross_entropy(SCORES, target, **options))
    assert F.cross_entropy(SCORES, torch.ones(4).long(), ignore_index=1).isnan()


def beware_multi_margin() -> None:
    for p in (0, 3):
        with pytest.raises(ValueError, match="p == 1 and p == 2"):
            F.multi_margin_loss(SCORES, CLASSES, p=p)


def beware_ctc() -> None:
    call = SCORES.log_softmax(1)[:2], torch.tensor([1, 2, 1]), torch.tensor(2), torch.tensor(3)
    assert F.ctc_loss(*call) == math.inf
    assert F.ctc_loss(*call, zero_infinity=True) == 0


def beware_linear() -> None:
    mean_of_shares_divides_by_samples(
        lambda target, **options: F.linear_cross_entropy(SCORES, torch.eye(3), target, **options)
    )
    module = torch.nn.LinearCrossEntropyLoss(3, 7)
    assert any(parameter.shape == (7, 3) for parameter in module.parameters())


def beware_adaptive() -> None:
    module = torch.nn.AdaptiveLogSoftmaxWithLoss(3, 5, cutoffs=[2], div_value=1.0)
    output, loss = module(SCORES, CLASSES)
    torch.testing.assert_close(output, module.log_prob(SCORES).gather(1, CLASSES[:, None])[:, 0])
    torch.testing.assert_close(loss, -output.mean())
    assert "reduction" not in inspect.signature(torch.nn.AdaptiveLogSoftmaxWithLoss).parameters


BEWARE = {
    "hinge_loss": beware_hinge,
    "quantile_loss": beware_quantile,
    "dice_loss": beware_dice,
    "info_nce_loss": beware_info_nce,
    "nt_xent_loss": beware_nt_xent,
    "focal_loss": beware_focal,
    "distillation_loss": beware_distillation,
    "log_cosh_loss": beware_log_cosh,
    "asymmetric_cost_loss": beware_asymmetric_cost,
    "huber_loss": beware_huber,
    "kl_div": beware_kl,
    "nll_loss": beware_nll,
    "cross_entropy": beware_cross_entropy,
    "multi_margin_loss": beware_multi_margin,
    "ctc_loss": beware_ctc,
    "linear_cross_entropy": beware_linear,
    "AdaptiveLogSoftmaxWithLoss": beware_adaptive,
}


@pytest.mark.parametrize("name", BEWARE)
def test_beware(name):
    BEWARE[name]()


def test_every_sentence_to_beware_of_is_tested():
    assert {name for name, entry in CATALOG.items() if entry.beware} == set(BEWARE)


# --- each check rejects wrong rows ---------------------------------------------------------------------


def with_argument(name: str, argument: str, **facts: str) -> Row:
    entry = CATALOG[name]
    changed = dataclasses.replace(entry.arguments[argument], **facts)
    return dataclasses.replace(entry, arguments=entry.arguments | {argument: changed})


def but(name: str, **facts) -> Row:
    return dataclasses.replace(CATALOG[name], **facts)


WRONG = [
    (check_words, but("l1_loss", asks="How far off?" * 2)),
    (check_words, but("l1_loss", asks="How far off.")),
    (check_words, but("l1_loss", asks="How large is the gradient?")),
    (check_words, but("l1_loss", chapter="l1")),
    (check_words, but("l1_loss", source="nobody1900")),
    (check_words, but("l1_loss", formula=r"|x - z|")),
    (check_code, but("l1_loss", slope="l2_slope")),
    (check_code, but("l1_loss", family="classification")),
    (check_signature, but("huber_loss", options={"delta": 2.0, "weight": None})),
    (check_signature, but("huber_loss", options={"delta": 1.0})),
    (check_signature, but("huber_loss", options={"delta": 1.0, "weight": None, "beta": 1.0})),
    (check_signature, but("huber_loss", weighted=None)),
    (check_signature, but("cross_entropy", arguments={"input": CATALOG["cross_entropy"].arguments["input"]})),
    (check_signature, but("AdaptiveLogSoftmaxWithLoss", options={"div_value": 2.0, "head_bias": False})),
    (check_signature, but("hinge_loss", options={"margin": 2.0, "weight": None})),
    (check_signature, but("hinge_loss", from_torch=True)),
    (check_signature, but("huber_loss", from_torch=False)),
    (check_reductions, but("l1_loss", reductions=("none", "mean", "sum", "batchmean"))),
    (check_reductions, but("kl_div", reductions=("none", "mean", "sum"))),
    (check_reductions, but("AdaptiveLogSoftmaxWithLoss", reductions=("none", "mean", "sum"))),
    (check_range, but("l1_loss", minimum=-1.0)),
    (check_range, but("l1_loss", minimum=0.1)),
    (check_range, but("binary_cross_entropy", maximum=math.inf)),
    (check_range, but("l1_loss", maximum=100.0)),
    (check_range, but("cosine_embedding_loss", maximum=1.0)),
    (check_range, but("cosine_embedding_loss", maximum=3.0)),
    (check_range, but("poisson_nll_loss", minimum=0.0)),
    (check_range, but("kl_div", minimum=0.0)),
    (check_range, but("kl_div", minimum=-math.inf)),
    (check_divisor, but("kl_div", divisor="samples")),
    (check_divisor, but("multilabel_margin_loss", divisor="elements")),
    (check_divisor, but("cross_entropy", divisor="samples")),
    (check_divisor, but("multi_margin_loss", divisor="targets that are not ignored")),
    (check_divisor, but("ctc_loss", divisor="samples")),
    (check_divisor, but("dice_loss", divisor="samples")),
    (check_divisor, but("nt_xent_loss", divisor="masks, one per sample and class")),
    (check_weighted, but("mse_loss", weighted_divisor="elements")),
    (check_weighted, but("hinge_loss", weighted_divisor="elements")),
    (check_weighted, but("distillation_loss", weighted="element")),
    (check_weighted, but("distillation_loss", weighted_divisor="samples")),
    (check_weighted, but("dice_loss", weighted_divisor="sum of the weights")),
    (check_weighted, but("info_nce_loss", weighted_divisor="samples")),
    (check_weighted, but("focal_loss", weighted="class")),
    (check_weighted, but("focal_loss", weighted_divisor="samples")),
    (check_weighted, but("huber_loss", weighted_divisor="sum of the weights")),
    (check_weighted, but("nll_loss", weighted_divisor="samples")),
    (check_weighted, but("nll_loss", weighted="element")),
    (check_weighted, but("multi_margin_loss", weighted_divisor="sum of the weights of those targets")),
    (check_shapes, with_argument("nll_loss", "target", shape="(C), (N, C) or (N, C, …)")),
    (check_shapes, with_argument("cosine_embedding_loss", "target", shape="that of input1")),
    (check_shapes, with_argument("l1_loss", "target", shape="(N), () or (C)")),
    (check_shapes, with_argument("l1_loss", "target", shape="(), (C, N) or (C)")),
    (check_shapes, but("multi_margin_loss", arguments=CATALOG["nll_loss"].arguments)),
    (check_dtypes, with_argument("nll_loss", "target", dtype="that of input")),
    (check_dtypes, with_argument("l1_loss", "target", dtype="int64")),
    (check_dtypes, with_argument("multilabel_margin_loss", "target", dtype="that of input")),
    (check_values, with_argument("binary_cross_entropy", "input", values="any real number")),
    (check_values, with_argument("gaussian_nll_loss", "var", values="any real number")),
    (check_values, with_argument("nll_loss", "target", values="any real number")),
    (check_values, with_argument("hinge_loss", "target", values="any real number")),
    (check_last_layer, but("cross_entropy", last_layer=CATALOG["nll_loss"].last_layer)),
    (check_last_layer, but("nll_loss", last_layer=CATALOG["cross_entropy"].last_layer)),
    (check_last_layer, but("binary_cross_entropy", last_layer="`exp`: a chance")),
    (check_last_layer, but("cross_entropy", to_predict="`exp`: a chance per class")),
    (check_last_layer, but("binary_cross_entropy_with_logits", to_predict="`exp`: the chance of yes")),
    (check_last_layer, but("poisson_nll_loss", to_predict="nothing")),
    (check_last_layer, but("hinge_embedding_loss", last_layer="linear: a score")),
    (check_sample, but("nll_loss", sample=CATALOG["l1_loss"].sample)),
    (check_sample, but("l1_loss", sample=CATALOG["nll_loss"].sample)),
    (check_sample, but("l1_loss", sample=lambda size, *rest: CATALOG["l1_loss"].sample(3 * size, *rest))),
    (check_sample, but("soft_margin_loss", sample=CATALOG["mse_loss"].sample)),
    (check_sample, but("mse_loss", sample=CATALOG["soft_margin_loss"].sample)),
    (check_best_constant, but("l1_loss", best_constant="mean")),
    (check_best_constant, but("mse_loss", best_constant="median")),
    (check_best_constant, but("mse_loss", best_constant="where the clipped errors cancel")),
    (check_best_constant, but("l1_loss", best_constant="where the clipped errors cancel")),
    (check_best_constant, but("poisson_nll_loss", best_constant="mean")),
    (check_best_constant, but("binary_cross_entropy", best_constant="logit of the mean")),
    (check_best_constant, but("soft_margin_loss", best_constant="logit of the mean")),
    (check_best_constant, but("cross_entropy", best_constant="anything: all constants cost the same")),
    (check_best_constant, but("huber_loss", best_constant="anything: all constants cost the same")),
    (check_best_constant, but("hinge_embedding_loss", options={"margin": 2.0})),
    (check_best_constant, but("distillation_loss", options={"temperature": 1.0})),
    (check_best_constant, but("distillation_loss", best_constant="mean")),
    (check_best_constant, but("quantile_loss", options={"q": 0.9})),
    (check_best_constant, but("asymmetric_cost_loss", options={"over": 1.0, "under": 3.0})),
    (check_best_constant, but("mse_loss", best_constant="where the tanh of the errors cancels")),
    (check_best_constant, but("quantile_loss", best_constant="mean")),
    (check_best_constant, but("hinge_loss", options={"margin": 2.0})),
    (check_best_constant, but("hinge_loss", best_constant="mean")),
]  # fmt: skip


@pytest.mark.parametrize(("check", "wrong"), WRONG, ids=lambda it: getattr(it, "__name__", None))
def test_a_wrong_row_is_rejected(check, wrong):
    with pytest.raises((AssertionError, AttributeError, *REFUSALS)):
        check(wrong)


def test_every_check_is_fed_a_wrong_row():
    assert {check for check, _ in WRONG} == {*CHECKS, check_best_constant}
