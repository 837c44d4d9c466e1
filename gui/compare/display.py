"""Puts a frame on the panes: side by side, under a curtain or in turn."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from gui.compare.content import Layers
from gui.compare.curtain import Curtain
from gui.compare.frame import Frame
from gui.compare.look import Look
from gui.compare.marks import Mark
from gui.compare.pane import Heading, Pane
from gui.compare.pane_grid import PaneGrid
from gui.compare.patches import patch_marks
from gui.compare.readout import Reading, pane_words, place_words, read_out
from gui.compare.stage import Mode, Stage, staged
from gui.compare.viewport import Point

BLINK_MS = 600
"""A defense's turn: slow enough not to flicker (fewer than three changes a second)."""

LOADING = "Loading\N{HORIZONTAL ELLIPSIS}"


class Display(QObject):
    """Shows one frame after another on the panes of a grid.

    Parameters
    ----------
    grid
        The panes.
    heading
        Says what stands above a pane.

    Attributes
    ----------
    mode_changed
        Another mode of comparing was chosen.
    pointed
        Sends in words where the pointer is; empty beside the image.
    """

    mode_changed = Signal()
    pointed = Signal(str)

    def __init__(
        self, grid: PaneGrid, heading: Callable[[Frame, Stage], Heading], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._grid, self._heading = grid, heading
        self._frame: Frame | None = None
        self._look = Look()
        self._stages: tuple[Stage, ...] = ()
        self._marks: tuple[Mark, ...] = ()
        self._pixel: Point | None = None
        self._mode, self._partner, self._turn, self._curtain = Mode.PANES, 1, 0, Curtain()
        self._blinking = QTimer(self)
        self._blinking.setInterval(BLINK_MS)
        self._blinking.timeout.connect(self._next_turn)
        grid.curtain_moved.connect(self._pull_curtain)

    @property
    def frame(self) -> Frame | None:
        """What is shown."""
        return self._frame

    @property
    def mode(self) -> Mode:
        """How defenses are compared."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        if mode is Mode.CURTAIN:
            # The pane that is being looked at is compared with the first one.
            self._partner = self._grid.active or 1
        self._mode, self._turn = mode, 0
        self._blinking.start() if mode is Mode.BLINK else self._blinking.stop()
        self.refresh()
        self.mode_changed.emit()

    def show(self, frame: Frame | None, look: Look) -> None:
        """Show a frame in this look."""
        self._frame, self._look = frame, look
        self.refresh()

    def refresh(self) -> None:
        """Show what there is, anew."""
        self._stages = () if self._frame is None else self._staged(self._frame)
        self._grid.show_panes(len(self._stages))
        for pane, stage in zip(self._grid.panes, self._stages, strict=False):
            self._fill(pane, stage)
        self._show_marks()
        self._show_readings()

    def tell_slow(self) -> None:
        """Say that another frame is long in coming."""
        for pane in self._grid.visible_panes:
            pane.canvas.show_layers(pane.canvas.layers, LOADING)

    def mark(self, marks: tuple[Mark, ...]) -> None:
        """Draw these outlines in every pane."""
        self._marks = marks
        self._show_marks()

    def point_at(self, pixel: Point | None) -> None:
        """Show the crosshair and the readings of a pixel in every pane, also of the next frames."""
        self._pixel = pixel
        self._show_readings()

    def _show_readings(self) -> None:
        frame = self._frame
        reading = None if self._pixel is None or frame is None else read_out(frame, self._pixel)
        for pane, stage in zip(self._grid.visible_panes, self._stages, strict=True):
            pane.canvas.show_cross(None if reading is None else (reading.x + 0.5, reading.y + 0.5))
            known = None if reading is None else reading.of(stage.pane)
            pane.show_reading(None if known is None else known.value, self._words(stage, reading))
        self.pointed.emit("" if reading is None or frame is None else place_words(frame, reading))

    def _words(self, stage: Stage, reading: Reading | None) -> str:
        """What a pane says under the pointer: under a curtain both sides; without a reading what it shows."""
        if reading is None or self._frame is None:
            return stage.about
        sides = [
            (pane, known) for pane in (stage.pane, stage.other) if pane is not None and (known := reading.of(pane))
        ]
        return "   |   ".join(pane_words(self._frame, pane, known) for pane, known in sides)

    def _staged(self, frame: Frame) -> tuple[Stage, ...]:
        return staged(frame, self._mode, self._partner, self._turn, self._curtain)

    def _fill(self, pane: Pane, stage: Stage) -> None:
        assert self._frame is not None
        seen, look = self._frame.seen, self._look
        overlays = () if look.hidden else stage.overlays
        shown = stage.pane.shown
        note = seen.reason or ("" if shown.shape is not None else shown.note)
        pane.show_frame(self._frame, stage.pane, look)
        pane.show_heading(self._heading(self._frame, stage))
        spot = None if look.hidden else self._frame.spotlight
        pane.canvas.show_layers(Layers(seen.picture, overlays, look.opacity, stage.curtain, spot), note)

    def _show_marks(self) -> None:
        for pane, stage in zip(self._grid.visible_panes, self._stages, strict=True):
            frame = self._frame
            patches = frame is not None and self._look.patches and not self._look.hidden
            visited = patch_marks(stage.pane.judged, frame.seen, frame.patch) if patches and frame is not None else ()
            pane.canvas.show_marks((*visited, *self._marks))

    def _next_turn(self) -> None:
        self._turn += 1
        self.refresh()

    def _pull_curtain(self, curtain: Curtain) -> None:
        self._curtain = curtain
        self.refresh()
