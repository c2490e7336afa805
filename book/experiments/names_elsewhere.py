"""What Keras, optax and scikit-learn call the losses of this book, and where they give another number.

Each entry is called with its defaults on the same made-up numbers as the loss of torch, or of lossbook where torch has
none, and its value is turned into that number by the sentence that stands beside it. The record keeps both numbers, and
the atlas shows names and sentences. Of a few losses none of the three has one: no public name there holds their words.

Run ``python book/experiments/names_elsewhere.py`` to record anew. It needs ``pip install keras optax`` besides what the
book needs; neither is in ``requirements.txt``, since the pages only show the record.
"""

import datetime
import json
import math
import os
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import sklearn
import torch
import torch.nn.functional as F
from sklearn import metrics

import lossbook

os.environ["KERAS_BACKEND"] = "torch"
RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "names_elsewhere.json"

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
SCORES = rng.normal(size=(6, 3))
INDEX = rng.integers(3, size=6)
ONE_HOT = np.eye(3)[INDEX]
SOFT = np.exp(Y) / np.exp(Y).sum(1, keepdims=True)
CHANCES = np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)
ANSWERS = rng.integers(2, size=(6, 3)).astype(float)
SIGNS = 2 * ANSWERS - 1
COUNTS = rng.poisson(2, size=(6, 3)).astype(float)
VECTORS = [rng.normal(size=(6, 4)) for _ in range(3)]
FRAMES = rng.normal(size=(2, 5, 4))  # two recordings, five frames, a blank and three symbols
SYMBOLS = np.array([[1, 2], [3, 3]])
INK = rng.normal(size=(2, 1, 3, 4))  # scores of two pictures
MASKS = (rng.random(size=(2, 1, 3, 4)) < 0.4).astype(float)
NOWHERE = {  # what a public name would hold
    "info_nce_loss": ("infonce", "info_nce", "contrast"),
    "distillation_loss": ("distil", "teacher", "student"),
    "asymmetric_cost_loss": ("asym", "cost", "linex"),
}


class Name(NamedTuple):
    """A loss by another library's name: its value, and what turns that into ours."""

    library: str
    name: str
    difference: str
    theirs: Callable[[], Any]
    to_ours: Callable[[float], float] = lambda value: value


def tensors(*arrays: np.ndarray) -> list[torch.Tensor]:
    """The same numbers as tensors."""
    return [torch.from_numpy(np.asarray(array)) for array in arrays]


def ours() -> dict[str, float]:
    """The value of each loss by torch, or by lossbook where torch has none, with its defaults."""
    return {name: value.item() for name, value in {**of_torch(), **of_lossbook()}.items()}


def of_lossbook() -> dict[str, torch.Tensor]:
    """The losses that torch lacks."""
    x, y, scores, index, answers, signs = tensors(X, Y, SCORES, INDEX, ANSWERS, SIGNS)
    return {
        "quantile_loss": lossbook.quantile_loss(x, y),
        "log_cosh_loss": lossbook.log_cosh_loss(x, y),
        "focal_loss": lossbook.focal_loss(scores, answers),
        "focal_loss, classes": lossbook.focal_loss(scores, index),
        "hinge_loss": lossbook.hinge_loss(scores, signs),
        "nt_xent_loss": lossbook.nt_xent_loss(*tensors(*VECTORS[:2])),
        "dice_loss": lossbook.dice_loss(*tensors(INK, MASKS)),
    }


def of_torch() -> dict[str, torch.Tensor]:
    """The losses of torch."""
    x, y, scores, index, soft = tensors(X, Y, SCORES, INDEX, SOFT)
    answers, counts = tensors(ANSWERS, COUNTS)
    a, p, n = tensors(*VECTORS)
    ones, five, two = torch.ones(6), torch.full((2,), 5), torch.full((2,), 2)
    log_p = torch.log_softmax(torch.from_numpy(FRAMES), 2).transpose(0, 1)
    return {
        "l1_loss": F.l1_loss(x, y),
        "mse_loss": F.mse_loss(x, y),
        "huber_loss": F.huber_loss(x, y),
        "poisson_nll_loss": F.poisson_nll_loss(scores, counts),
        "binary_cross_entropy": F.binary_cross_entropy(torch.sigmoid(scores), answers),
        "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits(scores, answers),
        "nll_loss": F.nll_loss(torch.log_softmax(scores, 1), index),
        "cross_entropy": F.cross_entropy(scores, index),
        "cross_entropy, probabilities": F.cross_entropy(scores, soft),
        "kl_div": F.kl_div(torch.log_softmax(scores, 1), soft, reduction="batchmean"),
        "multi_margin_loss": F.multi_margin_loss(scores[:, :2], index.clamp(max=1)),
        "cosine_embedding_loss": F.cosine_embedding_loss(a, p, ones),
        "triplet_margin_loss": F.triplet_margin_loss(a, p, n),
        "ctc_loss": F.ctc_loss(log_p, torch.from_numpy(SYMBOLS), five, two, reduction="sum"),
    }


def scikit_learns() -> list[tuple[str, Name]]:
    """The metrics of scikit-learn."""
    flat_scores, flat_signs = SCORES.ravel(), SIGNS.ravel()
    chances, answers = 1 / (1 + np.exp(-flat_scores)), ANSWERS.ravel()
    rate = np.exp(SCORES)
    # The deviance is twice the excess over a perfect prediction.
    perfect = float(np.mean(COUNTS - np.where(COUNTS > 0, COUNTS * np.log(np.maximum(COUNTS, 1)), 0)))
    return [
        ("l1_loss", Name(
            "scikit-learn", "mean_absolute_error", "", lambda: metrics.mean_absolute_error(Y, X))),
        ("mse_loss", Name(
            "scikit-learn", "mean_squared_error", "", lambda: metrics.mean_squared_error(Y, X))),
        ("poisson_nll_loss", Name(
            "scikit-learn", "mean_poisson_deviance", "takes rates; twice the excess over a perfect prediction",
            lambda: metrics.mean_poisson_deviance(COUNTS.ravel(), rate.ravel()), lambda v: v / 2 + perfect)),
        ("binary_cross_entropy", Name(
            "scikit-learn", "log_loss", "", lambda: metrics.log_loss(answers, chances))),
        ("cross_entropy", Name(
            "scikit-learn", "log_loss", "takes probabilities", lambda: metrics.log_loss(INDEX, CHANCES))),
        ("hinge_loss", Name(
            "scikit-learn", "hinge_loss", "", lambda: metrics.hinge_loss(flat_signs, flat_scores))),
        ("quantile_loss", Name(
            "scikit-learn", "mean_pinball_loss", "`q` is called `alpha`", lambda: metrics.mean_pinball_loss(Y, X))),
    ]  # fmt: skip


def optaxs() -> list[tuple[str, Name]]:
    """The losses of optax. But for ntxent, none of them reduces over samples: each is averaged here."""
    import jax
    from optax import losses

    jax.config.update("jax_enable_x64", True)
    a, p, n = VECTORS
    index = np.minimum(INDEX, 1)
    none, nothing = np.zeros((2, 5)), np.zeros((2, 2))

    def mean(function: Callable[..., Any], *args: Any) -> Callable[[], float]:
        return lambda: float(function(*args).mean())

    def summed(function: Callable[..., Any], *args: Any) -> Callable[[], float]:
        return lambda: float(function(*args).sum())

    return [
        ("mse_loss", Name("optax", "squared_error", "", mean(losses.squared_error, X, Y))),
        ("mse_loss", Name("optax", "l2_loss", "half of it", mean(losses.l2_loss, X, Y), lambda v: 2 * v)),
        ("huber_loss", Name("optax", "huber_loss", "", mean(losses.huber_loss, X, Y))),
        ("binary_cross_entropy_with_logits", Name(
            "optax", "sigmoid_binary_cross_entropy", "", mean(losses.sigmoid_binary_cross_entropy, SCORES, ANSWERS))),
        ("hinge_loss", Name("optax", "hinge_loss", "", mean(losses.hinge_loss, SCORES, SIGNS))),
        ("cross_entropy", Name(
            "optax", "softmax_cross_entropy_with_integer_labels", "",
            mean(losses.softmax_cross_entropy_with_integer_labels, SCORES, INDEX))),
        ("cross_entropy, probabilities", Name(
            "optax", "softmax_cross_entropy", "", mean(losses.softmax_cross_entropy, SCORES, SOFT))),
        ("kl_div", Name("optax", "kl_divergence", "", mean(losses.kl_divergence, np.log(CHANCES), SOFT))),
        ("multi_margin_loss", Name(
            "optax", "multiclass_hinge_loss", "counts the strongest rival alone, undivided; with two classes, twice it",
            mean(losses.multiclass_hinge_loss, SCORES[:, :2], index), lambda v: v / 2)),
        ("cosine_embedding_loss", Name(
            "optax", "cosine_distance", "only for pairs that match", mean(losses.cosine_distance, a, p))),
        ("triplet_margin_loss", Name("optax", "triplet_margin_loss", "", mean(losses.triplet_margin_loss, a, p, n))),
        ("ctc_loss", Name(
            "optax", "ctc_loss", "takes scores, (N, T, C), and padding masks for lengths",
            summed(losses.ctc_loss, FRAMES, none, SYMBOLS, nothing))),
        ("log_cosh_loss", Name("optax", "log_cosh", "", mean(losses.log_cosh, X, Y))),
        ("focal_loss", Name("optax", "sigmoid_focal_loss", "", mean(losses.sigmoid_focal_loss, SCORES, ANSWERS))),
        ("dice_loss", Name(
            "optax", "dice_loss", "takes (N, …, C), and half of our `smooth`, which is 1 by default",
            mean(partial(losses.dice_loss, smooth=5e-6), INK.transpose(0, 2, 3, 1), MASKS.transpose(0, 2, 3, 1)))),
        ("nt_xent_loss", Name(
            "optax", "ntxent", "takes both views as one batch, with labels; `temperature` is 0.07 by default",
            mean(partial(losses.ntxent, temperature=0.5), np.concatenate([a, p]), np.tile(np.arange(6), 2)))),
    ]  # fmt: skip


def kerases() -> list[tuple[str, Name]]:
    """The losses of Keras, on its torch backend."""
    import keras
    from keras import losses

    keras.config.set_floatx("float64")
    a, p, _ = VECTORS
    index = np.eye(2)[np.minimum(INDEX, 1)]
    sigmoid = 1 / (1 + np.exp(-SCORES))

    def call(loss: Any, target: np.ndarray, prediction: np.ndarray) -> Callable[[], float]:
        return lambda: float(loss(target, prediction))

    scores_in = "with `from_logits=True`, which is not its default"
    return [
        ("l1_loss", Name("Keras", "MeanAbsoluteError", "", call(losses.MeanAbsoluteError(), Y, X))),
        ("mse_loss", Name("Keras", "MeanSquaredError", "", call(losses.MeanSquaredError(), Y, X))),
        ("huber_loss", Name("Keras", "Huber", "", call(losses.Huber(), Y, X))),
        ("poisson_nll_loss", Name("Keras", "Poisson", "takes rates", call(losses.Poisson(), COUNTS, np.exp(SCORES)))),
        ("binary_cross_entropy", Name(
            "Keras", "BinaryCrossentropy", "", call(losses.BinaryCrossentropy(), ANSWERS, sigmoid))),
        ("binary_cross_entropy_with_logits", Name(
            "Keras", "BinaryCrossentropy", scores_in,
            call(losses.BinaryCrossentropy(from_logits=True), ANSWERS, SCORES))),
        ("hinge_loss", Name("Keras", "Hinge", "takes labels 0 and 1 too", call(losses.Hinge(), ANSWERS, SCORES))),
        ("nll_loss", Name(
            "Keras", "SparseCategoricalCrossentropy", "takes probabilities, not their logarithms",
            call(losses.SparseCategoricalCrossentropy(), INDEX, CHANCES))),
        ("cross_entropy", Name(
            "Keras", "SparseCategoricalCrossentropy", scores_in,
            call(losses.SparseCategoricalCrossentropy(from_logits=True), INDEX, SCORES))),
        ("cross_entropy, probabilities", Name(
            "Keras", "CategoricalCrossentropy", scores_in,
            call(losses.CategoricalCrossentropy(from_logits=True), SOFT, SCORES))),
        ("kl_div", Name(
            "Keras", "KLDivergence", "takes probabilities, not their logarithms",
            call(losses.KLDivergence(), SOFT, CHANCES))),
        ("multi_margin_loss", Name(
            "Keras", "CategoricalHinge",
            "counts the strongest rival alone, as 0 if it is below 0, undivided; with two classes and positive scores, "
            "twice it",
            call(losses.CategoricalHinge(), index, SCORES[:, :2] + 10), lambda v: v / 2)),
        ("cosine_embedding_loss", Name(
            "Keras", "CosineSimilarity", "minus the cosine; only for pairs that match",
            call(losses.CosineSimilarity(), p, a), lambda v: 1 + v)),
        ("ctc_loss", Name(
            "Keras", "CTC", "takes scores, (N, T, C); the mean over recordings",
            call(losses.CTC(), SYMBOLS, FRAMES), lambda v: 2 * v)),
        ("log_cosh_loss", Name("Keras", "LogCosh", "", call(losses.LogCosh(), Y, X))),
        ("focal_loss", Name(
            "Keras", "BinaryFocalCrossentropy", f"{scores_in}; `alpha` counts with `apply_class_balancing=True` alone",
            call(losses.BinaryFocalCrossentropy(from_logits=True), ANSWERS, SCORES))),
        ("focal_loss, classes", Name(
            "Keras", "CategoricalFocalCrossentropy", f"{scores_in}; `alpha=0.25` makes it a quarter, for all classes",
            call(losses.CategoricalFocalCrossentropy(from_logits=True), ONE_HOT, SCORES), lambda v: 4 * v)),
        ("dice_loss", Name(
            "Keras", "Dice", "takes probabilities; adds up the whole batch, unless `axis` names the places",
            call(losses.Dice(axis=(1, 2, 3)), MASKS, 1 / (1 + np.exp(-INK))))),
    ]  # fmt: skip


def compared(right: dict[str, float]) -> list[dict[str, Any]]:
    """All names with their values. Raises where a sentence does not hold."""
    entries = []
    for loss, (library, name, difference, theirs, to_ours) in [*kerases(), *optaxs(), *scikit_learns()]:
        value = float(theirs())
        if not math.isclose(to_ours(value), right[loss], rel_tol=1e-5):
            raise AssertionError(
                f"{library} {name}: {value} is not {right[loss]} of {loss}, once {difference!r} is undone"
            )
        entries.append({"loss": loss, "library": library, "name": name, "difference": difference, "value": value})
    return entries


def refuse_namesakes(homes: list[ModuleType]) -> None:
    """Raise if a loss that is said to be nowhere has a namesake in one of these modules."""
    for home in homes:
        for name in filter(lambda name: not name.startswith("_"), dir(home)):
            for loss, words in NOWHERE.items():
                if any(word in name.lower() for word in words):
                    raise AssertionError(f"{home.__name__}.{name} may be {loss}")


def main() -> None:
    """Call everything, refuse a sentence that does not hold, and write the record."""
    import keras
    import optax

    refuse_namesakes([keras.losses, optax.losses, metrics])
    right = ours()
    record = {
        "about": "Names of losses in other libraries, compared by value; see book/experiments/names_elsewhere.py",
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "seeds": [0],
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "keras": keras.__version__,
            "optax": optax.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "ours": right,
        "nowhere": list(NOWHERE),
        "entries": compared(right),
    }
    RECORD.write_text(json.dumps(record, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
