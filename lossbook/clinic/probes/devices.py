"""On which device does a loss compute? Asked without a second device: the tensors are marked as being elsewhere."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from lossbook.clinic.report import Evidence, Untried
from lossbook.clinic.subject import Outcome, Subject, closed_over, tensors_in, words

__all__ = ["device"]

Seen = Iterator[Evidence | Untried]
ELSEWHERE = torch.device("cpu", 0)  # what a marked tensor says its device is; one made without a device is on "cpu"
# What takes tensors of two devices: copies, and indices on the CPU.
_TAKES_BOTH = ("copy_", "__setitem__", "__getitem__", "to", "cpu", "type_as", "set_", "result_type", "can_cast")
_NO_SCALARS = ("cat", "stack", "concat", "concatenate", "hstack", "vstack")


class MixedDevicesError(RuntimeError):
    """Tensors of two devices in one operation."""


class Elsewhere(TorchFunctionMode):
    """Follows which tensors come from the arguments, and are thus elsewhere, and which were made here on the CPU.

    Where an operation would combine the two on a GPU's side, it raises. Numbers without dimensions go with both.
    """

    def __init__(self, elsewhere: list[Tensor], here: list[Tensor]):
        super().__init__()
        self.places: dict[int, bool] = {}
        self.kept: list[Tensor] = []  # so that no mark passes to another tensor at the same address
        self.mark(elsewhere, True)
        self.mark(here, False)

    def mark(self, tensors: list[Tensor], elsewhere: bool) -> None:
        """Say where tensors are."""
        for it in tensors:
            self.places[id(it)] = elsewhere
            self.kept.append(it)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, name = kwargs or {}, getattr(func, "__name__", "")
        given = list(tensors_in([list(args), kwargs]))
        self.mark([it for it in given if id(it) not in self.places and self._made_here(it)], False)
        given = [it for it in given if id(it) in self.places]
        away = [it for it in given if self.places[id(it)]]
        here = [it for it in given if not self.places[id(it)]]
        if func == Tensor.device.__get__ and away:
            return ELSEWHERE
        if away and name in ("numpy", "__array__"):
            raise MixedDevicesError(f"{name} needs a tensor of shape {tuple(away[0].shape)} on the CPU")
        if away and here and name not in _TAKES_BOTH:
            self._refuse(name, args, here)
        result = func(*args, **kwargs)
        place = self._place(name, args, kwargs, bool(away))
        if isinstance(result, Tensor) and self.places.get(id(result), place) != place and name in ("to", "cpu"):
            result = result.clone()  # moved, it would be another tensor
        self.mark([it for it in tensors_in(result) if id(it) not in self.places], place)
        return result

    @staticmethod
    def _made_here(it: Tensor) -> bool:
        """Whether a tensor that nobody saw being made, as that of ``torch.Tensor(...)``, comes from no argument."""
        return it.is_leaf and not it.requires_grad

    def _refuse(self, name: str, args: Any, here: list[Tensor]) -> None:
        """Raise, unless all that is here are numbers without dimensions that are only read."""
        written = (name.endswith("_") and not name.startswith("__")) or name.startswith("__i")
        into = written and args and any(args[0] is it for it in here)
        bad = [it for it in here if it.dim() or name in _NO_SCALARS] or (here if into else [])
        if bad:
            raise MixedDevicesError(
                f"{name} combines an argument with a tensor of shape {tuple(bad[0].shape)} on the CPU"
            )

    @staticmethod
    def _place(name: str, args: Any, kwargs: dict[str, Any], away: bool) -> bool:
        """Whether a result is elsewhere: where the call says so, or where its arguments are."""
        if name == "cpu":
            return False
        said = [kwargs["device"]] if kwargs.get("device") is not None else []
        said += [it for it in args[1:] if isinstance(it, torch.device) or (name == "to" and isinstance(it, str))]
        if said:
            return bool(torch.device(said[0]) == ELSEWHERE)
        return away


def device(subject: Subject) -> Seen:
    """The result, and all on the way to it, when the arguments are on another device than the CPU."""
    tries = [_followed(subject, asks) for asks in (True, False)]
    done, mode = next(((it, mode) for it, mode in tries if not _other_error(it)), tries[0])
    if isinstance(done.error, MixedDevicesError):
        yield Evidence("device-not-kept", f"with arguments on another device, {done.error}")
    elif done.error:
        yield Untried("device-not-kept", words(done.error))
    elif mode.places.get(id(done.value), True) is False:
        yield Evidence("device-not-kept", "with arguments on another device, the result is on the CPU")


def _other_error(done: Outcome) -> bool:
    return done.error is not None and not isinstance(done.error, MixedDevicesError)


def _followed(subject: Subject, asks: bool) -> tuple[Outcome, Elsewhere]:
    """A call whose tensors are followed, with or without a gradient that is asked for."""
    subject = subject.fresh()
    subject.args[subject.first].requires_grad_(asks)
    module = subject.module
    moved = [*module.parameters(), *module.buffers()] if module is not None else []
    left = [] if module is None else [it for it in held_by(module) if not any(it is one for one in moved)]
    given = [*tensors_in(subject.args), *tensors_in(subject.options), *closed_over(subject.loss)]
    with Elsewhere([*given, *moved], left) as mode:
        return subject.tried(), mode


def held_by(module: torch.nn.Module) -> list[Tensor]:
    """The tensors in the attributes of a Module and of those within it."""
    return [it for owner in module.modules() for it in tensors_in(dict(vars(owner)))]
