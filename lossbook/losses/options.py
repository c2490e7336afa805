"""How a Module holds an option that may be a tensor: as state, so that it moves and is saved with the Module."""

from typing import Any

from torch import Tensor, nn

__all__ = ["hold"]


def hold(module: nn.Module, **options: Any) -> None:
    """Set options of a Module: a tensor becomes a buffer, a ``Parameter`` is learned, anything else is an attribute.

    Example:
        >>> import torch
        >>> module = nn.Module()
        >>> hold(module, temperature=0.5, alpha=torch.tensor([0.25, 0.75]))
        >>> list(module.state_dict())
        ['alpha']
    """
    for name, value in options.items():
        if isinstance(value, Tensor) and not isinstance(value, nn.Parameter):
            module.register_buffer(name, value)
        else:
            setattr(module, name, value)
