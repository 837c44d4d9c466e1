"""One job in the list: what it is, how far it is, and what can be done about it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QVBoxLayout, QWidget

from gui.buttons import icon_button
from gui.elided import ElidedLabel
from gui.icons import Sign
from gui.jobs.entry import Entry, State
from gui.theme import tokens

if TYPE_CHECKING:
    from gui.jobs.board import Board

SIDE = 16
SIGNS = {
    State.WAITING: ("dot", "muted"),
    State.RUNNING: ("play", "accent"),
    State.PAUSED: ("pause", "warning"),
    State.DONE: ("success", "success"),
    State.STOPPED: ("stop", "muted"),
    State.FAILED: ("error", "error"),
}
"""Drawing and colour of each state."""


class JobCard(QWidget):
    """A job; made anew where its state changes, told where only its step does.

    Parameters
    ----------
    entry
        The job.
    board
        Its list.
    """

    def __init__(self, entry: Entry, board: "Board", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entry = entry
        self._board = board
        self._words = ElidedLabel()
        self._words.setProperty("role", "small")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(self.fontMetrics().lineSpacing() // 3)
        self._bar.setAccessibleName(f"Progress of {entry.title}")
        self._bar.setVisible(entry.state.at_work)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 5, 4, 5)
        drawing, colour = SIGNS[entry.state]
        layout.addWidget(Sign(drawing, SIDE, lambda: str(getattr(tokens(), colour))))
        layout.addLayout(self._column(), stretch=1)
        for button in self._buttons():
            layout.addWidget(button)
        self.show_step()

    def show_step(self) -> None:
        """Show how far the job is."""
        self._words.set_words(self.entry.words)
        self._bar.setRange(0, self.entry.step.total)
        self._bar.setValue(self.entry.step.done)

    def _column(self) -> QVBoxLayout:
        title = ElidedLabel()
        title.setTextFormat(Qt.TextFormat.PlainText)
        title.set_words(self.entry.title)
        column = QVBoxLayout()
        column.setSpacing(3)
        for widget in (title, self._words, self._bar):
            # Long names and messages are cut rather than push the buttons out of sight.
            widget.setMinimumWidth(1)
            column.addWidget(widget)
        return column

    def _buttons(self) -> list[QToolButton]:
        entry, controls, made = self.entry, self.entry.controls, []
        if entry.state is State.WAITING:
            made += [self._mover("up", "Earlier", -1), self._mover("down", "Later", 1)]
        if entry.state.at_work and controls.pause is not None:
            made.append(self._pauser(controls.pause))
        if entry.state.at_work and controls.stop is not None:
            made.append(self._button("stop", "Stop; what is finished is kept", controls.stop))
        if entry.state in {State.STOPPED, State.FAILED} and controls.again is not None:
            made.append(self._button("play", "Go on", controls.again))
        if not entry.state.at_work:
            made.append(self._button("close", "Take off the list", lambda: self._board.remove(entry)))
        return made

    def _mover(self, drawing: str, words: str, places: int) -> QToolButton:
        button = self._button(drawing, words, lambda: self._board.move(self.entry, places))
        waiting = self._board.waiting
        button.setEnabled(0 <= waiting.index(self.entry) + places < len(waiting))
        return button

    def _pauser(self, pause: Callable[[bool], object]) -> QToolButton:
        paused = self.entry.state is State.PAUSED
        drawing, words = ("play", "Go on") if paused else ("pause", "Pause")
        return self._button(drawing, words, lambda: pause(not paused))

    def _button(self, drawing: str, words: str, press: Callable[[], object]) -> QToolButton:
        button = icon_button(drawing, f"{words}: {self.entry.title}", words)
        # Queued: what is pressed may make this card, and so the button, go.
        button.clicked.connect(press, Qt.ConnectionType.QueuedConnection)
        return button
