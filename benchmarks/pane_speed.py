"""The comparison with panes of 2048x1024: panning, hovering, opacity, colours, other images; and its memory.

`python -m benchmarks.pane_speed [--panes N] [--switches N]`, in the real widgets without a screen.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import tomli_w
from PIL import Image
from PySide6.QtWidgets import QApplication

from benchmarks.browser_rows import Stalls, until
from benchmarks.tables import Table, show
from core.attacks.base import AttackResult
from core.audit.store import SPEC_NAME, AuditStore, ImageResult, ImageRow
from core.data.samples import Role
from core.grid import Grid
from gui.compare import CompareView
from gui.compare.layers import Comparison
from gui.document import AuditDocument
from gui.selection import Selection

SIZE = (1024, 2048)
IMAGES = 8
DEFENSES = ("none", "argmax", "rounding", "topk")
WINDOW = (1600, 900)
FRAMES = 60
PATCH = 90


def make_audit(folder: Path, panes: int) -> Path:
    """A finished audit with images of 2048x1024 and maps for each defense; returns its folder."""
    rng = np.random.default_rng(0)
    audit = folder / "panes.segleak"
    (folder / "images").mkdir()
    with AuditStore.create(audit) as store:
        (audit / SPEC_NAME).write_text(tomli_w.dumps(_spec(panes)), "utf-8")
        rows = [_image(folder, rng, number) for number in range(IMAGES)]
        store.add_images(rows)
        store.set_fact("classes", {"scheme": "cityscapes19", "names": [f"class {c}" for c in range(19)]})
        chains = [chain.id for chain in AuditDocument.open(audit).chains]
        for row in rows:
            store.write(ImageResult(row.id, f"{row.id:064d}", None, 1, _results(rng, chains)))
    return audit


def _spec(panes: int) -> dict[str, object]:
    return {
        "name": "panes",
        "scheme": "cityscapes19",
        "target": {"path": "target.safetensors"},
        "images": [{"role": "non-member", "path": "images"}],
        "defenses": [{"name": name} for name in DEFENSES[:panes]],
        "attacks": [{"name": "patch", "network": "attack.safetensors", "primary": True}, {"name": "loss"}],
    }


def _image(folder: Path, rng: np.random.Generator, number: int) -> ImageRow:
    height, width = SIZE
    path, label_path = folder / "images" / f"{number}.jpg", folder / "images" / f"{number}_mask.png"
    small = Image.fromarray(rng.integers(0, 255, (height // 8, width // 8, 3), np.uint8))
    small.resize((width, height), Image.Resampling.BICUBIC).save(path, quality=90)
    label = rng.integers(0, 19, (height // 32, width // 32)).astype(np.uint8)
    Image.fromarray(label.repeat(32, axis=0).repeat(32, axis=1)).save(label_path)
    role = Role.NON_MEMBER
    return ImageRow(number, role, 0, path.name, str(path), str(label_path), height=height, width=width)


def _results(rng: np.random.Generator, chains: list[str]) -> dict[tuple[str, str], AttackResult]:
    shape = Grid.of(SIZE).shape
    found = {}
    for chain in chains:
        maps = {name: rng.normal(0.5, 0.2, shape).astype(np.float32) for name in ("score", "evidence")}
        found[chain, "patch"] = AttackResult(float(rng.normal()), maps)
        found[chain, "loss"] = AttackResult(0.0, {"loss": rng.exponential(1, shape).astype(np.float32)})
    return found


def measure(panes: int, switches: int) -> Table:
    """Frames of the panes, milliseconds each."""
    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory(prefix="segleak-bench-") as name:
        document = AuditDocument.open(make_audit(Path(name), panes))
        selection = Selection()
        view = CompareView(selection)
        view.resize(*WINDOW)
        view.show()
        selection.document = document
        _settle(view)
        rows = [*_frames(view, selection), *_loading(view, selection), *_memory(view, selection, switches)]
        view.close_threads()
        view.close()
        document.close()
        application.processEvents()
    title = f"Comparison, {panes} panes of 2048x1024 in a window of {WINDOW[0]}x{WINDOW[1]}"
    notes = [
        "Computing: median processor time of the window's thread, which other programs do not change.",
        "Stalls: the longest time that the event loop did nothing else. Loading and painting overlays is in a thread.",
    ]
    return Table(title, ("step", "median, ms", "95 %, ms", "computing, ms", "longest stall, ms"), rows, notes)


def _settle(view: CompareView) -> None:
    QApplication.processEvents()
    until(lambda: not view.presenter.loader.busy)
    QApplication.processEvents()


Row = tuple[str, float | str, float | str, float | str, float | str]
Times = list[tuple[float, float]]
"""Of each repetition: seconds on the wall, and seconds of computing in the window's thread."""


def _row(name: str, times: Times, stall: float | str = "") -> Row:
    wall, computing = (sorted(1e3 * s for s in part) for part in zip(*times, strict=True))
    return name, statistics.median(wall), wall[int(0.95 * (len(wall) - 1))], statistics.median(computing), stall


def _timed(work: Callable[[int], object], count: int, end: Callable[[], object]) -> Times:
    times = []
    for step in range(count):
        start, busy = time.perf_counter(), time.thread_time()
        work(step)
        end()
        times.append((time.perf_counter() - start, time.thread_time() - busy))
    return times


def _frames(view: CompareView, selection: Selection) -> Iterator[Row]:
    """What changes every pane at once, in the window's thread."""

    def repaint() -> None:
        for canvas in view.grid.canvases:
            canvas.repaint()

    for words, factor in (("fitted", 1.0), ("one to one", 1.0 / view.viewport.view.scale)):
        view.viewport.zoom(factor)
        yield _row(f"linked pan, {words}", _timed(lambda s: view.viewport.move((s % 7 - 3.0, 1.0)), FRAMES, repaint))
    view.viewport.fit()
    yield _row("linked zoom", _timed(lambda s: view.viewport.zoom(1.05 if s % 2 else 0.95), FRAMES, repaint))
    hover = _timed(lambda s: selection.hovered.emit((30 * s, 15 * s)), FRAMES, repaint)
    yield _row("crosshair and readout", hover)
    opacity = _timed(lambda s: view.change_opacity(0.1 if s % 2 else -0.1), FRAMES, repaint)
    yield _row("opacity", opacity)


def _loading(view: CompareView, selection: Selection) -> Iterator[Row]:
    """What is loaded or painted in a thread, until it is on the screen."""

    def settle() -> None:
        _settle(view)

    ids = [row.id for row in view.display.frame.document.rows] if view.display.frame else []
    works: dict[str, Callable[[int], object]] = {
        "other colours": lambda s: view.set_look(replace(view.look, backwards=not s % 2)),
        "other layer": lambda s: setattr(selection, "layer", ("score", "evidence", "loss", "label")[s % 4]),
        "minus the first defense": lambda s: view.set_comparison(list(Comparison)[s % 2]),
        "next image, at hand": lambda s: setattr(selection, "image", ids[s % 2]),
    }
    for name, work in works.items():
        settle()
        stalls = Stalls()
        yield _row(name, _timed(work, FRAMES // 3, settle), stalls.longest)

    def unseen(step: int) -> None:
        view.presenter.loader.clear()
        selection.image = ids[step % len(ids)]

    stalls = Stalls()
    yield _row("an image from the disk", _timed(unseen, FRAMES // 3, settle), stalls.longest)


def _memory(view: CompareView, selection: Selection, switches: int) -> Iterator[Row]:
    """Growth of the process over many image switches, in MB instead of milliseconds."""
    frame = view.display.frame
    if not switches or frame is None:
        return
    ids = [row.id for row in frame.document.rows]
    for turn in range(4 * IMAGES):
        selection.image = ids[turn % len(ids)]
        _settle(view)
    before = _resident_mb()
    for turn in range(switches):
        selection.image = ids[turn % len(ids)]
        _settle(view)
    yield f"growth over {switches:,} image switches, MB", _resident_mb() - before, "", "", ""


def _resident_mb() -> float:
    """Memory of this process, on Linux."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pane_speed", description=__doc__)
    parser.add_argument("--panes", type=int, default=3, choices=range(1, 5), help="panes side by side")
    parser.add_argument("--switches", type=int, default=0, help="image switches over which memory is watched")
    args = parser.parse_args()
    show(measure(args.panes, args.switches))


if __name__ == "__main__":
    main()
