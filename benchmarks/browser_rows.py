"""The image browser with 100,000 images: opening, sorting, filtering, scrolling, in the real widgets without a screen.

`python -m benchmarks.browser_rows [--images N]`
"""

import argparse
import os
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import tomli_w
from PIL import Image
from PySide6.QtCore import QElapsedTimer, QTimer
from PySide6.QtWidgets import QApplication, QScrollBar

from benchmarks.tables import Table, show
from core.audit.database import open_to_write
from core.audit.store import RESULTS_NAME, SPEC_NAME, AuditStore, ImageRow
from core.data.samples import Role
from gui.browser.arrange import Filter
from gui.browser.panel import BrowserPanel
from gui.browser.thumbnails import ThumbnailStore
from gui.document import AuditDocument
from gui.selection import Selection

CLASSES = 19
FILES = 64
"""Image files that the images share: decoding is measured, a disk is not."""
DEFENSES = ("none", "argmax", "temperature")
ATTACKS = ("loss", "confidence")
SCROLLED = 200
WAIT = 120.0


def make_audit(folder: Path, count: int) -> Path:
    """A finished audit of so many images, written without a target; returns its folder."""
    rng = np.random.default_rng(0)
    audit = folder / "many.segleak"
    files = _files(folder / "images", rng)
    roles = rng.permutation(np.repeat([str(role) for role in Role], [count // 2, count - count // 2 - 100, 100]))
    keys = [f"drive_{number % 97:02d}/frame_{number:06d}.jpg" for number in range(count)]
    with AuditStore.create(audit) as store:
        store.add_images(
            ImageRow(i, Role(roles[i]), 0, keys[i], str(files[i % FILES]), height=128, width=256, state="done")
            for i in range(count)
        )
        store.set_fact("finished", "now")
        store.set_fact("classes", {"scheme": "cityscapes19", "names": [f"class {c}" for c in range(CLASSES)]})
    _write_results(audit, count, rng)
    (audit / SPEC_NAME).write_text(tomli_w.dumps(_spec()), "utf-8")
    return audit


def _spec() -> dict[str, object]:
    return {
        "name": "many",
        "target": {"path": "target.safetensors"},
        "images": [{"role": "member", "path": "images"}],
        "defenses": [{"name": name} for name in DEFENSES],
        "attacks": [{"name": name} for name in ATTACKS],
    }


def _files(folder: Path, rng: np.random.Generator) -> list[Path]:
    folder.mkdir()
    for number in range(FILES):
        small = Image.fromarray(rng.integers(0, 255, (16, 32, 3), np.uint8))
        small.resize((1024, 512)).save(folder / f"{number:03d}.jpg")
    return sorted(folder.iterdir())


def _write_results(audit: Path, count: int, rng: np.random.Generator) -> None:
    scores = rng.normal(size=(count, len(DEFENSES), len(ATTACKS)))
    counts = rng.integers(0, 9000, (50, CLASSES, CLASSES)) * (rng.random((50, CLASSES, 1)) < 0.6)
    packed = [zlib.compress(matrix.astype("<i8").tobytes()) for matrix in counts]
    connection = open_to_write(audit / RESULTS_NAME)
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO scores VALUES (?,?,?,?,NULL)",
        (
            (i, d, a, scores[i, j, k])
            for i in range(count)
            for j, d in enumerate(DEFENSES)
            for k, a in enumerate(ATTACKS)
        ),
    )
    connection.executemany(
        "INSERT INTO confusions VALUES (?,?,?)", ((i, d, packed[i % 50]) for i in range(count) for d in DEFENSES)
    )
    connection.execute("COMMIT")
    connection.close()


class Stalls:
    """How long the event loop was away at most, in milliseconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._clock = QElapsedTimer()
        self._clock.start()
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(1)

    def _tick(self) -> None:
        self.longest = max(self.longest, float(self._clock.nsecsElapsed()) / 1e6)
        self._clock.restart()


@dataclass(frozen=True)
class Spent:
    """Wall time and the processor's time, in seconds: on a busy machine only the second says much."""

    wall: float
    cpu: float

    def row(self, name: str, stall: float | str = "") -> tuple[str, float, float, float | str]:
        """A row of the table."""
        return name, 1e3 * self.wall, 1e3 * self.cpu, stall


def spent(work: Callable[[], object]) -> Spent:
    """What a piece of work takes, with all its threads."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - start, time.process_time() - cpu)


def until(holds: Callable[[], bool]) -> None:
    """Run the event loop until something holds."""
    start = time.perf_counter()
    while not holds():
        QApplication.processEvents()
        time.sleep(0.0005)
        if time.perf_counter() - start > WAIT:
            raise TimeoutError("the browser did not get there")


def measure(count: int) -> list[Table]:
    """Open, sort, filter and scroll."""
    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory(prefix="segleak-bench-") as name:
        audit = make_audit(Path(name), count)
        selection = Selection()
        panel = BrowserPanel(selection, thumbnails=ThumbnailStore(Path(name) / "thumbnails"))
        panel.resize(700, 900)
        panel.show()
        rows = list(_measured(panel, selection, audit))
        panel.close_threads()
        panel.close()
        application.processEvents()
    title = f"Image browser, {count:,} images, {len(DEFENSES)} defenses"
    return [Table(title, ("step", "ms", "CPU ms", "longest stall, ms"), rows)]


def _measured(
    panel: BrowserPanel, selection: Selection, audit: Path
) -> Iterator[tuple[str, float, float, float | str]]:
    opened: list[AuditDocument] = []
    reading = spent(lambda: opened.append(AuditDocument.open(audit)))
    yield reading.row("read the audit (in a thread)")
    stalls = Stalls()
    selection.document = opened[0]
    listing = spent(lambda: until(lambda: panel.model.rowCount() > 0))
    yield listing.row("from there to the list on screen", stalls.longest)
    yield Spent(reading.wall + listing.wall, reading.cpu + listing.cpu).row("open, together (aim 2000)")
    stalls = Stalls()
    counting = spent(lambda: until(lambda: panel.model.table is not None and panel.model.table.counted))
    yield counting.row("then mIoU and classes (in a thread)", stalls.longest)
    for name, work in _works(panel).items():
        yield _median([_painted(panel, work, step) for step in range(6)]).row(name)
    for grid in (False, True):
        panel.restore_state({"grid": grid})
        until(panel.images.view.isVisible)
        frames = _scrolled(panel, panel.images.view.verticalScrollBar())
        name = "grid" if grid else "list"
        yield _median(frames).row(f"scroll the {name}, median frame")
        yield max(frames, key=lambda frame: frame.wall).row(f"scroll the {name}, slowest of {SCROLLED}")


def _median(found: Sequence[Spent]) -> Spent:
    return Spent(statistics.median(s.wall for s in found), statistics.median(s.cpu for s in found))


def _works(panel: BrowserPanel) -> dict[str, Callable[[int], None]]:
    """What is done on the window's thread; the argument tells repetitions apart."""
    return {
        "sort by score": lambda step: panel.model.sort_by("score:none", descending=bool(step % 2)),
        "sort by name": lambda step: panel.model.sort_by("name", descending=bool(step % 2)),
        "filter by text": lambda step: panel.model.set_filter(Filter(text=f"drive_{step:02d}")),
        "filter by class": lambda step: panel.model.set_filter(Filter(class_id=step)),
        "show all again": lambda step: panel.model.set_filter(Filter(low=-1e9 * (step + 1))),
        "flag an image": lambda step: panel.decisions.flag([step]),
        "go to the next image": lambda _: panel.images.step(1),
        "resize": lambda step: panel.resize(700 + step, 900),
    }


def _painted(panel: BrowserPanel, work: Callable[[int], None], step: int) -> Spent:
    """One step, until it is on the screen."""

    def all_of_it() -> None:
        work(step)
        panel.repaint()
        QApplication.processEvents()

    return spent(all_of_it)


def _scrolled(panel: BrowserPanel, bar: QScrollBar) -> list[Spent]:
    """Each of many pages, from the top to the end."""
    return [
        _painted(panel, lambda step: bar.setValue(round(bar.maximum() * step / SCROLLED)), step)
        for step in range(SCROLLED)
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browser_rows", description=__doc__)
    parser.add_argument("--images", type=int, default=100_000)
    for table in measure(parser.parse_args().images):
        show(table)


if __name__ == "__main__":
    main()
