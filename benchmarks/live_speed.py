"""From a moved slider to the repainted overlay at 2048x1024, idle and during an audit: real panes, real engine process.

`python -m benchmarks.live_speed [--steps N]`
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import tomli_w
import torch
from PySide6.QtWidgets import QApplication

from benchmarks.browser_rows import Stalls, until
from benchmarks.simple_scenes import CLASSES, SCHEME, write_scenes
from benchmarks.tables import Table, show
from core.defenses.chain import Chain
from core.engine import events
from core.engine.jobs import RunAudit
from core.targets.architectures import build
from core.targets.checkpoint import save_target
from core.targets.preprocessing import Preprocessing
from gui.compare import CompareView
from gui.document import AuditDocument
from gui.engine import EngineClient
from gui.live.looker import Looker
from gui.ranges import Map
from gui.results.results import Results
from gui.selection import Selection

SIZE = (1024, 2048)
WINDOW = (1600, 900)
IMAGES = 24
"""Of the audit that runs meanwhile: more than it gets done."""
LAYERS = {"loss": "loss map", "evidence": "evidence map of the shipped network"}
IDLE_MS, BUSY_MS = 150, 500
"""Aims."""


def write_specs(folder: Path) -> tuple[Path, Path]:
    """Scenes and an untrained target; specs of an audit of two images, and of one of many."""
    torch.manual_seed(0)
    module = build("smp:PSPNet", "resnet18", CLASSES, {})
    target = folder / "target.safetensors"
    save_target(target, module, "smp:PSPNet", "resnet18", CLASSES, {}, Preprocessing(multiple=8), SCHEME)
    for place, (name, count) in enumerate({"looked-at": 1, "audited": IMAGES // 2}.items()):
        for number, role in enumerate(("member", "non-member")):
            write_scenes(folder / f"{name}-{role}s", count, 10_000 * place + 1000 * number, SIZE)
        (folder / f"{name}.toml").write_text(tomli_w.dumps(_spec(name)), "utf-8")
    return folder / "looked-at.toml", folder / "audited.toml"


def _spec(name: str) -> dict[str, object]:
    return {
        "name": name,
        "scheme": SCHEME,
        "target": {"path": "target.safetensors"},
        "images": [{"role": role, "path": f"{name}-{role}s"} for role in ("member", "non-member")],
        "defenses": [{"name": "none"}],
        "attacks": [{"name": "patch", "primary": True}, {"name": "loss"}],
        "run": {"data_check": False, "resamples": 100},
    }


@dataclass
class Desk:
    """A person's place: the panes, what they look at, and the engine."""

    selection: Selection
    view: CompareView
    looker: Looker
    engine: EngineClient
    trial: str = ""

    def shown(self, layer: str) -> Map | None:
        """The map on screen under the trial."""
        frame = self.view.display.frame
        pane = None if frame is None or len(frame.panes) < 2 else frame.panes[1]
        return None if pane is None or pane.overlay is None else pane.judged.maps.get(layer)

    def settle(self) -> None:
        """Wait until nothing more will come."""
        until(lambda: not (self.looker.busy or self.view.presenter.loader.busy) and self._settled())

    def _settled(self) -> bool:
        frame = self.view.display.frame
        return frame is not None and all(pane.judged.settled for pane in frame.panes)

    def moved(self, sigma: float, layer: str) -> float:
        """Move the slider; milliseconds until the overlay is repainted."""
        before, start = self.shown(layer), time.perf_counter()
        self.trial = self.selection.retune(self.trial, gauss(sigma))
        until(lambda: self.shown(layer) is not before)
        self.view.grid.canvases[1].repaint()
        taken = 1e3 * (time.perf_counter() - start)
        self.settle()
        return taken


def gauss(sigma: float) -> Chain:
    """The defense whose slider is moved."""
    return Chain.parse({"name": "gauss", "sigma": round(sigma, 4)})


def measure(steps: int) -> list[Table]:
    """Move a slider, idle and during an audit."""
    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory(prefix="segleak-bench-") as name:
        folder = Path(name)
        with mock.patch.dict(os.environ, {"SEGLEAK_HOME": str(folder / "home")}):
            rows = list(_measured(folder, steps))
    application.processEvents()
    title = f"From a moved slider to the repainted overlay of 2048x1024, {steps} moves, Gauss beside no defense"
    columns = ("shown", "median, ms", "95 %, ms", "aim, ms", "longest stall of the window, ms")
    return [
        Table(title, columns, rows, ["Each move waits for the one before: a dragged slider drops the ones between."])
    ]


Row = tuple[str, float, float, int, float]


def _measured(folder: Path, steps: int) -> Iterator[Row]:
    looked_at, audited = write_specs(folder)
    engine = EngineClient()
    ended: list[events.JobEvent] = []
    for signal in (engine.done, engine.failed, engine.cancelled):
        signal.connect(ended.append)
    number = engine.submit(RunAudit(looked_at, folder / "looked-at.segleak", device="cpu"))
    until(lambda: any(event.job == number for event in ended))
    desk = _opened(folder / "looked-at.segleak", engine)
    try:
        for layer, words in LAYERS.items():
            yield _row(desk, f"{words}, idle", layer, steps, IDLE_MS)
        busy = engine.submit(RunAudit(audited, folder / "audited.segleak", device="cpu"))
        _wait_for_auditing(engine, busy)
        for layer, words in LAYERS.items():
            yield _row(desk, f"{words}, during an audit", layer, steps, BUSY_MS)
        assert not any(event.job == busy for event in ended), "the audit ended too early: give it more images"
    finally:
        engine.close()
        _close(desk)


def _wait_for_auditing(engine: EngineClient, number: int) -> None:
    stages: list[str] = []
    engine.progressed.connect(lambda event: stages.append(event.stage) if event.job == number else None)
    until(lambda: "Auditing" in stages)


def _opened(audit: Path, engine: EngineClient) -> Desk:
    selection = Selection()
    view = CompareView(selection)
    looker = Looker(selection, engine, lambda: "cpu")
    view.presenter.follow(looker, Results(selection, engine, lambda: "cpu"))
    view.resize(*WINDOW)
    view.show()
    selection.document = AuditDocument.open(audit)
    desk = Desk(selection, view, looker, engine, selection.add_trial(gauss(0.05)))
    selection.chains = ("none", desk.trial)
    desk.settle()
    return desk


def _row(desk: Desk, name: str, layer: str, steps: int, aim: int) -> Row:
    desk.selection.layer = layer
    for warm in range(3):
        desk.moved(0.06 + warm / 100, layer)
    stalls = Stalls()
    taken = sorted(desk.moved(0.1 + step / 200, layer) for step in range(steps))
    return name, statistics.median(taken), taken[int(0.95 * (steps - 1))], aim, stalls.longest


def _close(desk: Desk) -> None:
    document, desk.selection.document = desk.selection.document, None
    desk.view.close_threads()
    desk.view.close()
    if document is not None:
        document.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live_speed", description=__doc__)
    parser.add_argument("--steps", type=int, default=40, help="moves of the slider for each row")
    for table in measure(parser.parse_args().steps):
        show(table)


if __name__ == "__main__":
    main()
