"""Time spent inside the forward passes, wherever and in whatever thread they run."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from benchmarks.timing import settle
from core.attacks.networks import AttackNetwork
from core.progress import Progress
from core.targets.module_target import ModuleTarget


class Stopwatch:
    """Adds up the wall time of calls of one function."""

    def __init__(self, device: str) -> None:
        self.seconds = 0.0
        self._device = device
        self._lock = threading.Lock()

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, timed."""

        def timed(*arguments: Any) -> Any:
            start = time.perf_counter()
            result = function(*arguments)
            settle(self._device)
            spent = time.perf_counter() - start
            with self._lock:
                self.seconds += spent
            return result

        return timed


@contextlib.contextmanager
def forward_passes(device: str) -> Iterator[tuple[Stopwatch, Stopwatch]]:
    """Stopwatches of the target's and of the attack network's forward passes while the block runs."""
    target, attack = Stopwatch(device), Stopwatch(device)
    with (
        mock.patch.object(ModuleTarget, "forward", target.around(ModuleTarget.forward)),
        mock.patch.object(AttackNetwork, "cell_logits", attack.around(AttackNetwork.cell_logits)),
    ):
        yield target, attack


class StageClock:
    """A listener of `Progress` that keeps the wall time of every stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage = ""
        self._since = time.perf_counter()

    def __call__(self, progress: Progress) -> None:
        """Note a change of stage."""
        if progress.stage != self._stage:
            self._close()
            self._stage = progress.stage

    def stop(self) -> dict[str, float]:
        """End the last stage; seconds by stage."""
        self._close()
        return self.seconds

    def _close(self) -> None:
        now = time.perf_counter()
        if self._stage:
            self.seconds[self._stage] = self.seconds.get(self._stage, 0.0) + now - self._since
        self._since = now
