"""Between two layers of a model a job can be stopped and overtaken: a step may take many seconds. On the way back too.

Imports no torch until `watch` is called.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch.utils.hooks import RemovableHandle

_check: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)


@contextmanager
def checked(check: Callable[[], None]) -> Iterator[None]:
    """Inside the block, `check` is called before each layer, and where slopes are computed, after each on the way back.

    It may wait, and it may raise. Of this thread's layers, and of those of other threads that run in a copy of its
    context.
    """
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def watch() -> "RemovableHandle":
    """Begin to watch all layers of this process. Models that are no torch modules have none."""
    import torch

    return torch.nn.modules.module.register_module_forward_pre_hook(_before_layer)


def _before_layer(module: "torch.nn.Module", inputs: tuple[object, ...]) -> None:
    check = _check.get()
    if check is None:
        return
    check()
    thread = threading.get_ident()

    def on_the_way_back(slope: "torch.Tensor") -> None:
        # On a GPU all jobs share one thread for that way: who waited there would hold those that go first.
        if threading.get_ident() == thread:
            check()

    for value in inputs:
        if getattr(value, "grad_fn", None) is not None:  # weights, which have none, would keep the hook for ever
            value.register_hook(on_the_way_back)  # type: ignore[attr-defined]
