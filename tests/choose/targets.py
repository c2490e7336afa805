"""Targets to try ``suggest`` on: real columns, made ones, and edges; each with what should be found."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas
import torch
from sklearn import datasets
from statsmodels.datasets import fair, spector

from lossbook.teach import data

_DRAWN = torch.Generator().manual_seed(3)


@dataclass(frozen=True)
class Expected:
    """A target, what else is told, and what should be found: the task, the losses of the taken answer in order, and
    what the other readings are; ``arguments`` are those of the named suggestion, in the order of the report.
    """

    name: str
    target: Any
    task: str
    losses: list[str]
    told: dict[str, Any] = field(default_factory=dict)
    undecided: list[str] | None = None
    arguments: dict[int, dict[str, Any]] = field(default_factory=dict)
    note: str = ""


def drawn(low: int, high: int, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.randint(low, high, shape, generator=_DRAWN)


def uniform(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=_DRAWN)


def bell(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=_DRAWN)


MSE, HUBER, L1 = "mse_loss", "huber_loss", "l1_loss"
BCE, CE, FOCAL = "binary_cross_entropy_with_logits", "cross_entropy", "focal_loss"
POISSON, GAUSS, QUANTILE = "poisson_nll_loss", "gaussian_nll_loss", "quantile_loss"
ROBUST = [HUBER, L1, "log_cosh_loss", "smooth_l1_loss"]
PLAIN = [MSE, GAUSS]
RARE = [BCE, BCE, FOCAL]
EVEN = [BCE, "soft_margin_loss", "binary_cross_entropy"]
CHANCES = [CE, "nll_loss"]
TWO_PRICES = ["asymmetric_cost_loss", QUANTILE]
COSTS = [[0, 1, 2], [5, 0, 1], [1, 1, 0]]

cancer, digits, wine = datasets.load_breast_cancer(), datasets.load_digits(), datasets.load_wine()
diabetes, exercise = datasets.load_diabetes(), datasets.load_linnerud()
area_error = data.tumour_area_error().y
affairs, exam = fair.load_pandas().data, spector.load_pandas().data
fit = np.polynomial.Polynomial.fit(diabetes.data[:, 2], diabetes.target, 1)(diabetes.data[:, 2])
flights = data.flights().late
skips = torch.cat([drawn(0, 4, (60,)), torch.full((7,), -100)])
holes = torch.cat([torch.linspace(0.3, 2, 50), torch.full((4,), math.nan)])
teacher = 3 * bell(50, 4)
ages = torch.cat([torch.arange(80), torch.arange(81, 95)]).repeat(5)
unlabelled = torch.where(drawn(0, 9, (2, 8, 8)) == 0, 255, drawn(0, 5, (2, 8, 8)))
speckled = (uniform(4, 1, 8, 8) < 0.04).float()
tags = (uniform(90, 4) < torch.tensor([0.5, 0.4, 0.3, 0.05])).float()

REAL = [
    Expected("progression of diabetes", diabetes.target, "amounts", PLAIN, undecided=["amounts", "counts"]),
    Expected("the same with a fit", diabetes.target, "amounts", PLAIN, {"prediction": fit}),
    Expected("digits", digits.target, "classes", CHANCES, undecided=["classes", "counts", "amounts", "ratings"]),
    Expected("pictures of digits", digits.images, "amounts", PLAIN, {"task": "amounts"}),
    Expected("tumours", cancer.target, "binary", EVEN, undecided=["binary", "counts"]),
    Expected("area error", area_error, "amounts", ROBUST, undecided=None),
    Expected("wine", wine.target, "classes", CHANCES),
    Expected("alcohol", wine.data[:, 0], "amounts", PLAIN),
    Expected("body", exercise.target, "amounts", PLAIN, undecided=["amounts", "counts"],
             note="The columns differ in scale"),
    Expected("chins", exercise.data[:, 0], "counts", [POISSON, MSE]),
    Expected("horse kicks", data.horse_kicks(), "counts", [POISSON, MSE],
             undecided=["counts", "classes", "ratings", "amounts"]),
    Expected("visits", data.doctor_visits()[1], "counts", [POISSON, MSE], note="They lean: the mean, 2.86, lies above"),
    Expected("flights", flights, "amounts", ROBUST, undecided=None, note="They lean"),
    Expected("flights with two prices", flights, "costs", TWO_PRICES, {"costs": (10, 1)},
             arguments={0: {"over": 10.0, "under": 1.0}, 1: {"q": 1 / 11}}),
    Expected("affairs", affairs["affairs"], "amounts", PLAIN, {"task": "amounts"}),
    Expected("marriage", affairs["rate_marriage"], "ratings", [MSE, HUBER]),
    Expected("passed", exam["GRADE"], "binary", EVEN),
    Expected("strips", data.several_digits(200, 0)[1], "labels", RARE),
    Expected("ink", data.digits_in_noise(20, 0)[1], "masks", [BCE, "dice_loss", FOCAL]),
    Expected("readings of strips", data.digit_strips(9, 0).digits, "sequences", ["ctc_loss"], {"task": "sequences"}),
    Expected("King James", torch.tensor(list(data.king_james()[:5000].encode())), "vocabulary", [CE],
             {"task": "vocabulary"}),
]  # fmt: skip

MADE = [
    Expected("constant", torch.full((9,), 7.3), "amounts", PLAIN, arguments={2: {"delta": 1.0}},
             note="Every target is 7.3"),
    Expected("one class", torch.ones(9, dtype=torch.bool), "binary", RARE, arguments={1: {"pos_weight": 1.0}},
             note="Every target is 1"),
    Expected("holes", holes, "amounts", PLAIN, note="4 of 54 targets are nan"),
    Expected("classes in floats", drawn(0, 3, (90,)).double(), "classes", CHANCES),
    Expected("answers in floats", torch.tensor([0.0, 1, 1, 0, 1]), "binary", EVEN),
    Expected("percentages", 100 * uniform(80), "amounts", PLAIN, note="divide by 100"),
    Expected("chances", uniform(80), "probabilities", [BCE, "binary_cross_entropy"],
             undecided=["probabilities", "amounts"]),
    Expected("signs", torch.tensor([1, -1, -1, 1]), "binary", EVEN, undecided=["binary", "ranking", "similarity"]),
    Expected("whole amounts", drawn(120, 260, (40,)), "amounts", PLAIN, undecided=["amounts", "counts"]),
    Expected("below zero", drawn(-40, 40, (90,)), "amounts", PLAIN, undecided=["amounts"][:0]),
    Expected("a million classes", torch.randperm(1_000_000, generator=_DRAWN), "classes", CHANCES, {"task": "classes"}),
    Expected("many words", drawn(0, 20_000, (90_000,)), "vocabulary", ["linear_cross_entropy"], {"task": "vocabulary"}),
    Expected("names of rows", torch.arange(100), "amounts", PLAIN, note="Every number occurs once"),
    Expected("one and two", torch.tensor([1, 2, 2, 1, 1]), "binary", EVEN),
    Expected("stars", drawn(1, 6, (90,)), "ratings", [MSE, HUBER],
             undecided=["ratings", "classes", "counts", "amounts"]),
    Expected("half stars", drawn(2, 11, (90,)) / 2, "ratings", [MSE, HUBER], {"task": "ratings"}),
    Expected("classes with gaps", torch.tensor([3, 7, 900] * 9), "classes", CHANCES, {"task": "classes"}),
    Expected("numbers of articles", torch.tensor([5_000_000_000, 71, 40_000, -100] * 9), "classes", CHANCES,
             {"task": "classes"}, note="9 targets are −100"),
    Expected("words by article", torch.tensor([5_000_000_000, 71, 40_000] * 9), "vocabulary", [CE],
             {"task": "vocabulary"}),
    Expected("marks to skip", skips, "classes", CHANCES, note="7 targets are −100"),
    Expected("minus one", torch.tensor([0, 1, 2, -1] * 9), "classes", CHANCES,
             arguments={0: {"ignore_index": -1}}, note="9 targets are −1"),
    Expected("signs with a mark", torch.tensor([1, -1, -100, 1, -1]), "binary", EVEN, note="1 targets are −100"),
    Expected("rare", torch.tensor([1] * 2 + [0] * 38), "binary", RARE, arguments={0: {}, 1: {"pos_weight": 19.0}}),
    Expected("rare with prices", torch.tensor([True] + [False] * 9), "binary", RARE, {"costs": (30, 1)},
             arguments={1: {"pos_weight": 30.0}}),
    Expected("even with prices", torch.tensor([0, 1] * 9), "binary", RARE, {"costs": torch.tensor([4, 1])}),
    Expected("rare classes", torch.tensor([0] * 80 + [1] * 16 + [3] * 4), "classes", [CE, CE, FOCAL],
             arguments={1: {"weight": [100 / 240, 100 / 48, 1.0, 100 / 12]}}, told={"task": "classes"}),
    Expected("prices of classes", drawn(0, 3, (60,)), "classes", [CE, CE, FOCAL], {"costs": COSTS},
             arguments={1: {"weight": [9 / 11, 18 / 11, 6 / 11]}}),
    Expected("one-hot", torch.eye(3)[drawn(0, 3, (40,))], "classes", CHANCES, undecided=["classes", "labels"]),
    Expected("rows of chances", uniform(50, 4).softmax(1), "distributions", [CE],
             undecided=["distributions", "distillation"]),
    Expected("chances in places", uniform(5, 7, 4).softmax(-1), "distributions", [CE]),
    Expected("soft labels", uniform(50, 4), "probabilities", [BCE, "binary_cross_entropy"]),
    Expected("soft classes", uniform(50, 4).softmax(1), "classes", CHANCES, {"task": "classes"}),
    Expected("tags", tags, "labels", RARE, arguments={1: {"pos_weight": (90 / tags.sum(0) - 1).tolist()}}),
    Expected("teacher's scores", teacher, "distillation", ["distillation_loss"], {"task": "distillation"}),
    Expected("teacher's chances", teacher.softmax(1), "distillation", ["kl_div", CE], {"task": "distillation"}),
    Expected("small mask", speckled, "masks", [BCE, "dice_loss", FOCAL]),
    Expected("flat mask", (uniform(4, 8, 8) < 0.5).float(), "masks", [CE, BCE]),
    Expected("parts", drawn(0, 4, (2, 8, 8)), "masks", [CE]),
    Expected("places of classes", drawn(0, 4, (6, 5)), "classes", CHANCES),
    Expected("marks of pairs", torch.tensor([1, -1, 1, -1]), "similarity",
             ["cosine_embedding_loss", "hinge_embedding_loss"],
             {"task": "similarity"}),
    Expected("kinds", drawn(0, 9, (40,)), "similarity", ["triplet_margin_loss", "triplet_margin_with_distance_loss"],
             {"task": "similarity"}),
    Expected("comparisons", torch.tensor([1.0, -1, 1]), "ranking", ["margin_ranking_loss"], {"task": "ranking"}),
    Expected("comparisons in bits", torch.tensor([1, 0, 1]), "ranking", ["margin_ranking_loss"], {"task": "ranking"}),
    Expected("a range", bell(60), "intervals", [QUANTILE], {"task": "intervals"},
             arguments={0: {"q": (0.1, 0.5, 0.9)}}),
    Expected("two prices", bell(60), "costs", TWO_PRICES, {"costs": np.array([1, 3])},
             arguments={0: {"over": 1.0, "under": 3.0}, 1: {"q": 0.75}, 2: {"over": 1.0, "under": 3.0, "power": 2}}),
    Expected("no price told", bell(60), "costs", TWO_PRICES, {"task": "costs"}, arguments={1: {"q": 0.5}}),
    Expected("dozens", drawn(24, 90, (60,)), "counts", [MSE, HUBER, POISSON], {"task": "counts"}),
    Expected("a quarter of outliers", torch.cat([bell(70), 50 + bell(30)]), "amounts", [L1, HUBER, *ROBUST[2:]]),
    Expected("MAD of 0", torch.tensor([5.5] * 30 + [6.5, 90.25]), "amounts", PLAIN),
    Expected("half precision", torch.linspace(-2.5, 2.5, 64).half(), "amounts", PLAIN),
    Expected("bfloat16", torch.linspace(-2.5, 2.5, 64).bfloat16(), "amounts", PLAIN),
    Expected("bytes", drawn(0, 3, (90,)).to(torch.uint8), "classes", CHANCES),
    Expected("a column", bell(40, 1), "amounts", PLAIN, note="so must the output be"),
    Expected("one number", 3.5, "amounts", PLAIN),
    Expected("a list", [1.5, 2.25, 3.0], "amounts", PLAIN),
    Expected("nullable", pandas.Series([1.5, None, 2.5], dtype="Float64"), "amounts", PLAIN,
             note="1 of 3 targets are nan"),
    Expected("reversed bytes", np.arange(9).astype(">f4") / 4, "amounts", PLAIN),
    Expected("turned around", np.linspace(2.5, 9.2, 30)[::-1], "amounts", PLAIN),
    Expected("black and white", 255 * speckled.to(torch.uint8), "masks", [BCE, "dice_loss", FOCAL],
             undecided=["masks", "classes"]),
    Expected("black and white, half of it", 255.0 * (uniform(3, 8, 8) < 0.5), "masks", [CE, BCE]),
    Expected("parts nobody knows", unlabelled, "masks", [CE], note="pixels are 255",
             arguments={0: {"ignore_index": 255}, 1: {"ignore_index": 255}}),
    Expected("a thing nobody knows", unlabelled.clamp(max=1) + 254 * (unlabelled == 255), "masks", [CE]),
    Expected("photographs", drawn(0, 256, (2, 3, 16, 16)).to(torch.uint8), "amounts", PLAIN,
             undecided=["amounts", "masks"], note="divide by 255"),
    Expected("words of a tokenizer", drawn(0, 30_000, (8, 64)), "vocabulary", ["linear_cross_entropy"],
             undecided=["vocabulary", "classes", "sequences", "amounts"]),
    Expected("words with padding", drawn(1, 5000, (8, 20)) * (torch.arange(20) < 14), "vocabulary", [CE],
             note="8 of 8 rows end in zeros"),
    Expected("postcodes", torch.tensor([10115, 20095, 50667, 80331] * 20), "amounts", PLAIN,
             undecided=["amounts", "classes", "counts"]),
    Expected("postcodes as classes", torch.tensor([10115, 20095, 50667, 80331] * 20), "classes", CHANCES,
             {"task": "classes"}),
    Expected("ages from 0", ages, "amounts", PLAIN, undecided=["amounts", "counts"]),
    Expected("softened answers", torch.tensor([0.1, 0.9] * 20), "probabilities", [BCE, "binary_cross_entropy"],
             undecided=["probabilities", "binary", "amounts"]),
    Expected("nullable answers", pandas.Series([True, False, None] * 9, dtype="boolean"), "binary", EVEN,
             note="9 of 27 targets are nan"),
    Expected("unsigned", np.array([0, 2, 1, 5] * 5, dtype=np.uint32), "counts", [POISSON, MSE]),
]  # fmt: skip

TARGETS = REAL + MADE
