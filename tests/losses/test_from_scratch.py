"""From scratch: a watcher sees every operation that a loss runs, forward and backward, and knows the forbidden ones."""

import pytest
import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

import lossbook
from lossbook.catalog import CATALOG
from lossbook.losses import stable
from tests.cases import CASES, noise, trials
from tests.losses import judges

# What torch's loss kernels, its softmax family and its distances are called, in Python or below it.
FORBIDDEN = (
    "loss",
    "cross_entropy",
    "kl_div",
    "softmax",
    "logsumexp",
    "logaddexp",
    "softplus",
    "logsigmoid",
    "log_sigmoid",
    "xlogy",
    "xlog1py",
    "pairwise_distance",
    "cosine_similarity",
    "cdist",
    "pdist",
)


def is_forbidden(name: str) -> bool:
    return any(word in name for word in FORBIDDEN)


class _Calls(TorchFunctionMode):
    """Names of the functions of torch that Python calls."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        name = getattr(function, "__name__", "")
        inner = getattr(function, "__module__", None) == "torch._C._nn" and name != "linear"
        self.seen.add(f"torch._C._nn.{name} (loss)" if inner else name)
        return function(*args, **(kwargs or {}))


class _Operations(TorchDispatchMode):
    """Names of the operations below Python, those of the backward pass too."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.seen.add(str(function))
        return function(*args, **(kwargs or {}))


def forbidden_in(run) -> set[str]:
    """The forbidden names among all that ``run`` calls. ``run`` differentiates what it wants to be watched for."""
    with _Operations() as operations, _Calls() as calls:
        judges.quiet(run)
    seen = operations.seen | calls.seen
    assert seen, "the watcher saw nothing"
    return set(filter(is_forbidden, seen))


def with_slopes(function, *tensors: torch.Tensor) -> None:
    leaves = [t.clone().requires_grad_() for t in tensors]
    function(*leaves).sum().backward()


X, Y = noise(4, 3), noise(4, 3, seed=1)
FROM_TORCH = {
    "mse_loss": lambda: with_slopes(F.mse_loss, X, Y),
    "huber_loss": lambda: with_slopes(F.huber_loss, X, Y),
    "cross_entropy": lambda: with_slopes(F.cross_entropy, X, Y.softmax(1)),
    "log_softmax": lambda: with_slopes(lambda x: F.log_softmax(x, 1), X),
    "method log_softmax": lambda: with_slopes(lambda x: x.log_softmax(1), X),
    "logsumexp": lambda: with_slopes(lambda x: torch.logsumexp(x, 1), X),
    "logaddexp": lambda: with_slopes(torch.logaddexp, X, Y),
    "softplus": lambda: with_slopes(F.softplus, X),
    "logsigmoid": lambda: with_slopes(F.logsigmoid, X),
    "xlogy": lambda: with_slopes(torch.xlogy, X.abs(), Y.abs()),
    "special.xlogy": lambda: with_slopes(torch.special.xlogy, X.abs(), Y.abs()),
    "kl_div": lambda: with_slopes(F.kl_div, X, Y.abs()),
    "triplet": lambda: with_slopes(F.triplet_margin_loss, X, Y, X + Y),
    "pairwise_distance": lambda: with_slopes(F.pairwise_distance, X, Y),
    "cosine_similarity": lambda: with_slopes(F.cosine_similarity, X, Y),
    "cdist": lambda: with_slopes(torch.cdist, X, Y),
    "below Python": lambda: torch.ops.aten.mse_loss(X, Y),
    "inside C": lambda: torch._C._nn.l1_loss(X, Y),
}


@pytest.mark.parametrize("name", FROM_TORCH)
def test_the_watcher_catches_torchs_own(name: str):
    assert forbidden_in(FROM_TORCH[name])


def test_the_watcher_sees_the_backward_pass():
    (loss,) = [F.mse_loss(X.clone().requires_grad_(), Y)]
    assert any("backward" in name for name in forbidden_in(loss.backward))


def test_the_watcher_lets_plain_mathematics_pass():
    assert not forbidden_in(lambda: with_slopes(lambda x: x.sigmoid().log1p().exp().clamp(0).norm(), X))


@pytest.mark.slow
@pytest.mark.parametrize("loss", [row.name for row in CATALOG.values()])
def test_a_loss_calls_nothing_forbidden(loss: str):
    def run() -> None:
        for case in CASES:
            if case.loss == loss and not case.name.startswith("many"):
                for trial in trials(case, (torch.float64, torch.bfloat16)):
                    judges.gradient(judges.loss_of(lossbook, loss), trial)

    assert not forbidden_in(run)


@pytest.mark.parametrize("name", stable.__all__)
def test_the_stable_functions_call_nothing_forbidden(name: str):
    function = getattr(stable, name)
    calls = {
        "logsumexp": lambda: with_slopes(lambda x: function(x, 1), X),
        "log_softmax": lambda: with_slopes(lambda x: function(x, 1), X),
        "softmax": lambda: with_slopes(lambda x: function(x, 1), X),
        "softplus_pair": lambda: with_slopes(lambda x: torch.stack(function(x)), X),
        "xlogy": lambda: with_slopes(function, X.abs(), Y.abs()),
    }
    assert not forbidden_in(calls.get(name, lambda: with_slopes(function, X)))
