"""The losses. Imports nothing of the rest of the package."""

from lossbook.losses.divergence import (
    KLDivLoss,
    kl_div,
    kl_div_slope,
)
from lossbook.losses.likelihood import (
    GaussianNLLLoss,
    PoissonNLLLoss,
    gaussian_nll_loss,
    gaussian_nll_slope,
    gaussian_nll_var_slope,
    poisson_nll_loss,
    poisson_nll_slope,
)
from lossbook.losses.regression import (
    HuberLoss,
    L1Loss,
    MSELoss,
    SmoothL1Loss,
    huber_loss,
    huber_slope,
    l1_loss,
    l1_slope,
    mse_loss,
    mse_slope,
    smooth_l1_loss,
    smooth_l1_slope,
)

__all__ = [
    "GaussianNLLLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "gaussian_nll_loss",
    "gaussian_nll_slope",
    "gaussian_nll_var_slope",
    "huber_loss",
    "huber_slope",
    "kl_div",
    "kl_div_slope",
    "l1_loss",
    "l1_slope",
    "mse_loss",
    "mse_slope",
    "poisson_nll_loss",
    "poisson_nll_slope",
    "smooth_l1_loss",
    "smooth_l1_slope",
]
