"""Bend softly: log-cosh against Huber and squared error, on the splits of ``where_to_bend.py``, recorded over seeds.

The straight lines of the Huber chapter, fitted to their optimum: on the diabetes data as they are and with spoilt
training targets, judged on clean held-back rows; and on the tumours as they are. Both losses that bend are scaled so
that on normal noise they need as many rows more than squared error does: one in twenty.

Run ``python -m book.experiments.bend_softly`` to record anew. The chapter shows the record.
"""

from pathlib import Path

import torch
from torch import Tensor

import lossbook
from book.experiments.where_to_bend import (
    SEEDS,
    Metrics,
    fit,
    fit_l1,
    metrics,
    predict,
    real_split,
    robust_sigma,
    spoilt_split,
)
from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "bend_softly.json"
HUBER, LOG_COSH = 1.345, 1.205  # where to bend, in robust sigmas of the residuals, to be 95 % efficient
SHARES = (0.0, 0.15)


def run(split: data.Split, y_train: Tensor) -> dict[str, Metrics]:
    """Fit with each loss; judge each on the held-back rows."""
    absolute = fit_l1(split.x_train, y_train)
    sigma = robust_sigma(y_train.double() - predict(split.x_train, absolute))
    scale = LOG_COSH * sigma
    fits = {
        "mse": fit(split.x_train, y_train, lossbook.mse_loss),
        "huber": fit(split.x_train, y_train, lossbook.HuberLoss(delta=HUBER * sigma)),
        "log-cosh": fit(split.x_train, y_train, lambda x, y: scale**2 * lossbook.log_cosh_loss(x / scale, y / scale)),
    }
    return {name: metrics(predict(split.x_test, c) - split.y_test.double()) for name, c in fits.items()}


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    runs = {f"diabetes, {share:.0%} spoilt": [run(*spoilt_split(share, seed)) for seed in SEEDS] for share in SHARES}
    runs["tumours"] = [run(*real_split(seed)) for seed in SEEDS]
    record = {
        "about": "Log-cosh against Huber and squared error; see book/experiments/bend_softly.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "runs": {
            rows: {name: [found[name] for found in splits] for name in splits[0]} for rows, splits in runs.items()
        },
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
