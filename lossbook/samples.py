"""Made-up arguments for every loss, of a given size: what its tests and timings run on.

Each maker draws about ``size`` elements in float32, then rounds to ``dtype``: all dtypes see the same numbers.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

__all__ = ["Maker", "Sample"]

CLASSES = 10  # where a loss needs classes, labels or symbols
FEATURES = 32  # where it needs vectors
COMPARED = 1024  # at most, where each is compared with each of the others


@dataclass(frozen=True)
class Sample:
    """Arguments of one call of a loss: ``loss(*args, **kwargs)``. The first of ``args`` is what is trained."""

    args: tuple[Tensor, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)

    def widened(self) -> "Sample":
        """The same numbers in float64, to see which of two results is nearer to the truth."""
        return Sample(_widened(self.args), _widened(self.kwargs))


def _widened(value: Any) -> Any:
    """All floating-point tensors in tuples and dictionaries, in float64."""
    if isinstance(value, dict):
        return {name: _widened(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_widened, value))
    return value.double() if isinstance(value, Tensor) and value.is_floating_point() else value


Maker = Callable[[int, torch.dtype, torch.device, torch.Generator], Sample]


@dataclass(frozen=True)
class _Draw:
    """Random numbers of one dtype, device and generator."""

    dtype: torch.dtype
    device: torch.device
    generator: torch.Generator

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(shape, dtype=torch.float32, device=self.device, generator=self.generator)

    def uniform(self, *shape: int) -> Tensor:
        return torch.rand(shape, dtype=torch.float32, device=self.device, generator=self.generator)

    def whole(self, low: int, high: int, *shape: int) -> Tensor:
        """Whole numbers from ``low`` to ``high - 1``."""
        return torch.randint(low, high, shape, device=self.device, generator=self.generator)

    def bits(self, *shape: int) -> Tensor:
        return self.whole(0, 2, *shape).float()

    def signs(self, *shape: int) -> Tensor:
        return 2 * self.bits(*shape) - 1

    def sample(self, *args: Tensor, **kwargs: Any) -> Sample:
        """The arguments in the dtype that was asked for; whole numbers stay whole."""
        return Sample(tuple(arg.to(self.dtype) if arg.is_floating_point() else arg for arg in args), kwargs)


def _rows(size: int, width: int) -> int:
    return max(1, size // width)


def _maker(draw_sample: Callable[[int, _Draw], Sample]) -> Maker:
    def make(size: int, dtype: torch.dtype, device: torch.device, generator: torch.Generator) -> Sample:
        return draw_sample(size, _Draw(dtype, device, generator))

    make.__name__, make.__doc__ = draw_sample.__name__, draw_sample.__doc__
    return make


@_maker
def amounts(size: int, draw: _Draw) -> Sample:
    """Predictions and targets, both of any real value, about one unit apart."""
    return draw.sample(draw.normal(size), draw.normal(size))


@_maker
def counts(size: int, draw: _Draw) -> Sample:
    """Logarithms of rates, and counts that came from such rates."""
    log_rate = draw.normal(size)
    return draw.sample(log_rate, torch.poisson(draw.normal(size).exp(), generator=draw.generator))


@_maker
def measurements(size: int, draw: _Draw) -> Sample:
    """Predictions, targets, and the variance claimed for each."""
    return draw.sample(draw.normal(size), draw.normal(size), draw.uniform(size) + 0.5)


@_maker
def chances(size: int, draw: _Draw) -> Sample:
    """Probabilities of a yes, and answers, 0 or 1."""
    return draw.sample(draw.normal(size).sigmoid(), draw.bits(size))


@_maker
def leanings(size: int, draw: _Draw) -> Sample:
    """Scores for a yes, and answers, 0 or 1."""
    return draw.sample(draw.normal(size), draw.bits(size))


@_maker
def sides(size: int, draw: _Draw) -> Sample:
    """Scores, and the side of zero that each should be on, 1 or −1."""
    return draw.sample(draw.normal(size), draw.signs(size))


@_maker
def class_scores(size: int, draw: _Draw) -> Sample:
    """A score per class, and the index of the true class."""
    count = _rows(size, CLASSES)
    return draw.sample(draw.normal(count, CLASSES), draw.whole(0, CLASSES, count))


@_maker
def class_log_chances(size: int, draw: _Draw) -> Sample:
    """A log-probability per class, and the index of the true class."""
    count = _rows(size, CLASSES)
    return draw.sample(draw.normal(count, CLASSES).log_softmax(-1), draw.whole(0, CLASSES, count))


@_maker
def distributions(size: int, draw: _Draw) -> Sample:
    """A log-probability per class, and the probability that it should have."""
    count = _rows(size, CLASSES)
    return draw.sample(draw.normal(count, CLASSES).log_softmax(-1), draw.normal(count, CLASSES).softmax(-1))


@_maker
def teachers(size: int, draw: _Draw) -> Sample:
    """A score per class, and the scores of a teacher."""
    count = _rows(size, CLASSES)
    return draw.sample(draw.normal(count, CLASSES), 2 * draw.normal(count, CLASSES))


@_maker
def label_bits(size: int, draw: _Draw) -> Sample:
    """A score per label, and whether each label applies, 0 or 1."""
    count = _rows(size, CLASSES)
    return draw.sample(draw.normal(count, CLASSES), draw.bits(count, CLASSES))


@_maker
def label_lists(size: int, draw: _Draw) -> Sample:
    """A score per label, and the indices of one to three labels that apply, followed by −1."""
    count = _rows(size, CLASSES)
    order = draw.uniform(count, CLASSES).argsort(-1)
    applying = draw.whole(1, 4, count, 1)
    past_the_end = torch.arange(CLASSES, device=draw.device) >= applying
    return draw.sample(draw.normal(count, CLASSES), order.masked_fill(past_the_end, -1))


@_maker
def pictures(size: int, draw: _Draw) -> Sample:
    """A score per class in each place of square pictures, and the index of the true class."""
    side = max(2, math.isqrt(size // 24))
    return draw.sample(draw.normal(8, 3, side, side), draw.whole(0, 3, 8, side, side))


@_maker
def distances(size: int, draw: _Draw) -> Sample:
    """Distances, and whether the two belong together, 1 or −1."""
    return draw.sample(2 * draw.uniform(size), draw.signs(size))


@_maker
def score_pairs(size: int, draw: _Draw) -> Sample:
    """Two scores, and which of them should be higher: the first, 1, or the second, −1."""
    return draw.sample(draw.normal(size), draw.normal(size), draw.signs(size))


@_maker
def vector_pairs(size: int, draw: _Draw) -> Sample:
    """Two vectors, and whether they belong together, 1 or −1."""
    shape = _rows(size, FEATURES), FEATURES
    return draw.sample(draw.normal(*shape), draw.normal(*shape), draw.signs(shape[0]))


@_maker
def views(size: int, draw: _Draw) -> Sample:
    """Two vectors of each thing, which point in somewhat the same direction; longer ones once a batch is full."""
    count = min(_rows(size, FEATURES), COMPARED)
    shape = count, FEATURES if count < COMPARED else size // count
    one = draw.normal(*shape)
    return draw.sample(one, one + draw.normal(*shape))


@_maker
def triplets(size: int, draw: _Draw) -> Sample:
    """An anchor, a vector that should be near it, and one that should not."""
    shape = _rows(size, FEATURES), FEATURES
    return draw.sample(draw.normal(*shape), draw.normal(*shape), draw.normal(*shape))


@_maker
def frames(size: int, draw: _Draw) -> Sample:
    """Log-probabilities of symbols over time, label sequences of different lengths, and both lengths."""
    time = min(100, max(8, _rows(size, CLASSES)))
    count = _rows(size, CLASSES * time)
    longest = time // 4
    return draw.sample(
        draw.normal(time, count, CLASSES).log_softmax(-1),
        draw.whole(1, CLASSES, count, longest),
        torch.full((count,), time, device=draw.device),
        draw.whole(1, longest + 1, count),
    )


@_maker
def words(size: int, draw: _Draw) -> Sample:
    """Hidden states, the matrix that turns each into a score per word, and the index of the true word."""
    vocabulary = max(CLASSES, math.isqrt(size))
    count = _rows(size, vocabulary)
    matrix = draw.normal(vocabulary, FEATURES) / math.sqrt(FEATURES)
    return draw.sample(draw.normal(count, FEATURES), matrix, draw.whole(0, vocabulary, count))


@_maker
def words_in_clusters(size: int, draw: _Draw) -> Sample:
    """Hidden states, the index of the true word, and an adaptive softmax: its sizes and its parameters."""
    vocabulary = max(CLASSES, math.isqrt(size))
    count = _rows(size, vocabulary)
    cutoffs = [vocabulary // 5, vocabulary // 2]
    shapes = {"head.weight": (cutoffs[0] + 2, FEATURES)}
    for number, (low, high) in enumerate([(cutoffs[0], cutoffs[1]), (cutoffs[1], vocabulary)]):
        inner = FEATURES // 4 ** (number + 1)
        shapes |= {f"tail.{number}.0.weight": (inner, FEATURES), f"tail.{number}.1.weight": (high - low, inner)}
    sizes = {"in_features": FEATURES, "n_classes": vocabulary, "cutoffs": cutoffs}
    parameters = {name: (draw.normal(*shape) / math.sqrt(shape[1])).to(draw.dtype) for name, shape in shapes.items()}
    return draw.sample(draw.normal(count, FEATURES), draw.whole(0, vocabulary, count), **sizes, parameters=parameters)
