"""Between two layers of a model a job can be stopped and overtaken: a step of an audit may take many seconds.

Imports no torch until `watch` is called.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch.utils.hooks import RemovableHandle

_of_thread = threading.local()


@contextmanager
def checked(check: Callable[[], None]) -> Iterator[None]:
    """Inside the block, `check` is called before each layer that this thread runs. It may wait, and it may raise."""
    _of_thread.check = check
    try:
        yield
    finally:
        del _of_thread.check


def watch() -> "RemovableHandle":
    """Begin to watch all layers of this process. Models that are no torch modules have none."""
    import torch

    return torch.nn.modules.module.register_module_forward_pre_hook(_before_layer)


def _before_layer(module: "torch.nn.Module", inputs: object) -> None:
    check = getattr(_of_thread, "check", None)
    if check is not None:
        check()
