"""Weigh the yeses or move the threshold: the experiment behind the chapter on binary cross-entropy, over splits.

A missed yes costs twenty times as much as a false alarm. Two ways to reckon with that: train with ``pos_weight=20`` and
say yes above one half, or train without and say yes above 1/21. And the probability: how good is it without weights,
with them, and after log 20 was subtracted from the scores? For two sets of rows and two models each.

Run ``python book/experiments/weigh_or_move.py`` to record anew; it takes some minutes. The chapter shows the record.
"""

import math
from pathlib import Path

import torch
from sklearn import datasets
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

import lossbook
from lossbook import records
from lossbook.teach import data

RECORD = Path(__file__).parents[1] / "_data" / "experiments" / "weigh_or_move.json"
SEEDS = range(30)
WEIGHT = 20.0
HEAVY = 10  # so many visits to a doctor make a heavy year
BLOCK = 100  # so many neighbouring rows are held back together

Metrics = dict[str, float]


def heavy_years(seed: int) -> data.Split:
    """Half of the person-years held back, block by block: the years of a person stand side by side."""
    x, visits, _ = data.doctor_visits()
    generator = torch.Generator().manual_seed(seed)
    held_back = (torch.rand(len(x) // BLOCK + 1, generator=generator) < 0.5).repeat_interleave(BLOCK)[: len(x)]
    return standardised(x, (visits >= HEAVY).float(), ~held_back, held_back)


def tumours(seed: int) -> data.Split:
    """Half of the tumours held back; the ten mean measurements, and yes for malignant."""
    bunch = datasets.load_breast_cancer()
    x, y = torch.tensor(bunch.data[:, :10]).float(), torch.tensor(bunch.target == 0).float()
    held_back = torch.zeros(len(y), dtype=torch.bool)
    held_back[torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))[: len(y) // 2]] = True
    return standardised(x, y, ~held_back, held_back)


def standardised(x: Tensor, y: Tensor, train: Tensor, test: Tensor) -> data.Split:
    """Rows to train on and rows held back, with mean 0 and spread 1 on the former."""
    x = (x - x[train].mean(0)) / x[train].std(0)
    return data.Split(x[train].double(), y[train].double(), x[test].double(), y[test].double())


def linear(inputs: int) -> nn.Module:
    """One score per row, from nothing."""
    model = nn.Linear(inputs, 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    return model.double()


def network(inputs: int) -> nn.Module:
    """The same with one hidden layer."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(inputs, 16), nn.Tanh(), nn.Linear(16, 1)).double()


MODELS = {"linear": linear, "network": network}
SETS = {"heavy years": heavy_years, "tumours": tumours}
STEPS = {"linear": 500, "network": 30}  # of L-BFGS; few for the network, since it would learn the rows by heart


def scores(split: data.Split, kind: str, weight: float | None) -> tuple[Tensor, Tensor]:
    """Train on one half; the scores of that half, and of the other."""
    model = MODELS[kind](split.x_train.shape[1])
    criterion = nn.BCEWithLogitsLoss(pos_weight=None if weight is None else torch.tensor(weight).double())
    optimizer = torch.optim.LBFGS(
        model.parameters(), max_iter=STEPS[kind], tolerance_change=1e-12, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        # A trace of weight decay: some splits of the tumours could be told apart without a mistake.
        decay = sum(parameter.square().sum() for parameter in model.parameters() if parameter.dim() == 2)
        loss: Tensor = criterion(model(split.x_train)[:, 0], split.y_train) + 1e-4 * decay
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        own: Tensor = model(split.x_train)[:, 0]
        others: Tensor = model(split.x_test)[:, 0]
    return own, others


def metrics(score: Tensor, y: Tensor) -> Metrics:
    """How good the probabilities are, and what the decisions cost, in false alarms a hundred rows."""
    surprise = lossbook.binary_cross_entropy_with_logits(score, y).item()
    cost = {
        name: 100 * (WEIGHT * y * (score <= at) + (1 - y) * (score > at)).mean().item()
        for name, at in {"at half": 0.0, "moved": -math.log(WEIGHT)}.items()
    }
    said = score.sigmoid().mean().item()
    return {"surprise": surprise, "says": said, "auc": float(roc_auc_score(y, score)), **cost}


def run(rows: str, kind: str, seed: int) -> dict[str, Metrics]:
    """One split: without weights, with them, and with them and log w subtracted.

    Beside them how far the weight moved the scores: the median over the rows held back. And the surprise on the rows
    trained on, without weights: near 0 where they were learnt by heart.
    """
    split = SETS[rows](seed)
    (by_heart, plain), (_, weighted) = (scores(split, kind, weight) for weight in (None, WEIGHT))
    all_three = {"plain": plain, "weighted": weighted, "shifted back": weighted - math.log(WEIGHT)}
    found = {name: metrics(score, split.y_test) for name, score in all_three.items()}
    other = {
        "share": split.y_test.mean().item(),
        "shift": (weighted - plain).median().item(),
        "training surprise": lossbook.binary_cross_entropy_with_logits(by_heart, split.y_train).item(),
    }
    return found | {"other": other}


def main() -> None:
    """Run everything and write the record."""
    torch.set_num_threads(1)
    record = {
        "about": "pos_weight against a moved threshold; see book/experiments/weigh_or_move.py",
        **records.stamp("scikit-learn"),
        "seeds": list(SEEDS),
        "weight": WEIGHT,
        "runs": {f"{rows}, {kind}": [run(rows, kind, seed) for seed in SEEDS] for rows in SETS for kind in MODELS},
    }
    records.write(RECORD, record)


if __name__ == "__main__":
    main()
