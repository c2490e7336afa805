"""Loss functions of PyTorch, from scratch, checked against torch: the package of the Loss Book.

``import lossbook as F`` stands in for ``torch.nn.functional``, and ``lossbook.HuberLoss`` for ``torch.nn.HuberLoss``.
"""

from lossbook.losses import *  # noqa: F403
from lossbook.losses import __all__ as _losses

__version__ = "0.1.0"
__all__ = ["__version__", *_losses]
