"""The losses. Imports nothing of the rest of the package."""

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
    "HuberLoss",
    "L1Loss",
    "MSELoss",
    "SmoothL1Loss",
    "huber_loss",
    "huber_slope",
    "l1_loss",
    "l1_slope",
    "mse_loss",
    "mse_slope",
    "smooth_l1_loss",
    "smooth_l1_slope",
]
