"""The right end of the status bar: what computes, how far it is, and how to stop it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from gui.buttons import icon_button
from gui.icons import Sign
from gui.jobs.words import time_left
from gui.theme import tokens

BAR_WIDTH, DOT = 160, 12


class StatusLine(QWidget):
    """Engine state and device at all times; stage, count, time left and buttons while a job runs."""

    cancelled = Signal()
    paused = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stage = QLabel()
        self._bar = QProgressBar()
        self._bar.setFixedWidth(BAR_WIDTH)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the audit")
        self._left = QLabel()
        self._pause = icon_button("pause", "Pause the audit")
        self._pause.setCheckable(True)
        self._pause.toggled.connect(self.paused)
        self._stop = icon_button("stop", "Stop the audit; what is finished is kept")
        self._stop.clicked.connect(self.cancelled)
        self._state = "off"
        self._dot, self._engine = Sign("dot", DOT, self._colour), QLabel()
        self._engine.setAccessibleName("Engine")
        self._of_job = (self._stage, self._bar, self._left, self._pause, self._stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 6, 0)
        row.addStretch(1)
        for widget in (*self._of_job, self._dot, self._engine):
            row.addWidget(widget)
        self.end_job()
        self.show_engine("off", "Engine off")

    @property
    def text(self) -> str:
        """What it says, for tests and screen readers."""
        parts = (label.text() for label in (self._stage, self._left, self._engine) if not label.isHidden())
        return ", ".join(part for part in parts if part)

    def show_engine(self, state: str, words: str, help: str = "") -> None:
        """Say how the engine is: "off", "starting" or "warm"."""
        self._state = state
        self._engine.setText(words)
        self._engine.setToolTip(help)
        self._dot.tint()

    def _colour(self) -> str:
        of = tokens()
        return {"warm": of.success, "starting": of.warning}.get(self._state, of.muted)

    def show_paused(self, paused: bool) -> None:
        """Say whether the job is held, whoever asked for it."""
        self._pause.setChecked(paused)
        if paused:
            self._left.setText("paused")

    def show_job(self, count: str, done: int, total: int, seconds: float | None, message: str = "") -> None:
        """Say how far the job is: its stage with the count in words; a total of 0 means that nobody knows."""
        self._stage.setText(count)
        self._stage.setToolTip(message)
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._left.setText("paused" if self._pause.isChecked() else time_left(seconds))
        for widget in self._of_job:
            widget.show()

    def end_job(self) -> None:
        """No job runs any more."""
        self._pause.setChecked(False)
        for widget in self._of_job:
            widget.hide()
