"""Whether the window stays quick while the engine runs an audit: `python -m benchmarks.window_stalls`.

The real window without a screen and the real engine on the demo's images: the longest time the event loop was away
while an audit runs and somebody goes through its images, and how long stopping takes. Then, in a new window, from
asking for that audit to its first map on screen.

A loop is away because it computes, or because something else has the processor: so the time that the window's own
thread computed in that stall stands beside it. On a busy machine only the second says much.
"""

import argparse
import os
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.browser_rows import spent, until
from benchmarks.tables import Table, show
from core.engine.client import EngineState
from core.engine.jobs import RunAudit, SpecTable
from gui.app import TURN, keep_what_is_there, opened_window
from gui.compare import CompareView
from gui.engine import EngineClient
from gui.folders import DEMO_SPEC
from gui.furniture import furnished
from gui.window import Window

SIZE = (1280, 800)
GO_ON_MS = 1500
"""Milliseconds between two images that are gone to."""
DEFENSES = 3
"""Of the demo's defenses: the hardened ones would only make it longer."""
LONG_MS = 50.0


@dataclass(frozen=True)
class Stall:
    """How long the event loop was away and how much of that its thread computed, in milliseconds."""

    wall: float
    cpu: float


class Watch:
    """Notes when the event loop was away."""

    def __init__(self) -> None:
        self.stalls: list[Stall] = []
        self._wall, self._cpu = time.perf_counter(), time.thread_time()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(1)

    def _beat(self) -> None:
        wall, cpu = time.perf_counter(), time.thread_time()
        self.stalls.append(Stall(1e3 * (wall - self._wall), 1e3 * (cpu - self._cpu)))
        self._wall, self._cpu = wall, cpu

    def stop(self) -> None:
        """Watch no longer."""
        self._timer.stop()

    def rows(self) -> Iterator[tuple[str, float, str]]:
        """The rows of the table."""
        worst, busiest = max(self.stalls, key=lambda s: s.wall), max(self.stalls, key=lambda s: s.cpu)
        yield "longest stall, ms (aim 50)", worst.wall, f"{worst.cpu:.0f} ms of it computing"
        yield "longest computing in a stall, ms", busiest.cpu, f"{busiest.wall:.0f} ms by the clock"
        long = sum(stall.wall > LONG_MS for stall in self.stalls)
        yield f"stalls over {LONG_MS:.0f} ms", float(long), f"of {len(self.stalls)} turns of the loop"


def seconds_until(holds: Callable[[], bool]) -> float:
    """Run the event loop until something holds; returns the seconds."""
    return spent(lambda: until(holds)).wall


def _window(app: QApplication) -> Window:
    window = opened_window(app)
    window.resize(*SIZE)
    window.show()
    window.furnish(furnished(window, EngineClient))
    window.furniture.engine.start()
    until(lambda: window.furniture.engine.state is EngineState.WARM)
    keep_what_is_there()
    return window


def measure(seconds: float) -> list[Table]:
    """Run the demo for so many seconds, stop it, and open it again."""
    sys.setswitchinterval(TURN)
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    with tempfile.TemporaryDirectory(prefix="segleak-bench-") as name:
        os.environ["SEGLEAK_HOME"] = str(Path(name) / "home")
        rows = [*_during(app, Path(name) / "demo.segleak", seconds), *_opened(app, Path(name) / "demo.segleak")]
    notes = [f"The demo's first {DEFENSES} defenses for {seconds:.0f} s; another image every {GO_ON_MS} ms."]
    return [Table("The window during an audit", ("", "value", ""), rows, notes)]


def _during(app: QApplication, folder: Path, seconds: float) -> Iterator[tuple[str, float, str]]:
    window = _window(app)
    table = tomllib.loads(DEMO_SPEC.read_text("utf-8"))
    table["defenses"] = table["defenses"][:DEFENSES]
    running = window.furniture.running
    running.begin(RunAudit(SpecTable(table, DEMO_SPEC.parent), folder, device="cpu"))
    until(lambda: window.audits.has_document() and bool(_done(window)))
    watch, going = Watch(), QTimer()
    going.timeout.connect(lambda: _go_on(window))
    going.start(GO_ON_MS)
    end = time.perf_counter() + seconds
    until(lambda: time.perf_counter() > end or running.folder is None)
    watch.stop()
    going.stop()
    yield from watch.rows()
    running.cancel()
    yield "stop to idle, s (aim 1)", seconds_until(lambda: running.folder is None), ""
    window.close()


def _done(window: Window) -> list[int]:
    document = window.audits.document
    return [] if document is None else [row.id for row in document.rows if row.state == "done"]


def _go_on(window: Window) -> None:
    """Look at another image, as a person does who cannot wait."""
    images, selection = _done(window), window.furniture.selection
    if images:
        selection.image = images[(images.index(selection.image) + 1) % len(images) if selection.image in images else 0]


def _opened(app: QApplication, folder: Path) -> Iterator[tuple[str, float, str]]:
    window = _window(app)
    window.audits.open(folder)
    seconds = seconds_until(lambda: _shows_map(window))
    yield "asked for to first map on screen, s (aim 3)", seconds, ""
    window.close()


def _shows_map(window: Window) -> bool:
    centre = window.furniture.workbench.centre
    assert isinstance(centre, CompareView)
    panes = centre.grid.visible_panes
    return bool(panes) and panes[0].shown is not None


def main() -> None:
    """Measure, and show it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.window_stalls", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the audit is watched")
    for table in measure(parser.parse_args().seconds):
        show(table)


if __name__ == "__main__":
    main()
