"""What a person decides about images in the list: asked for, written to the review log, undone and redone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut, QShowEvent, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from core.audit.decisions import withdrawal
from core.audit.review import ReviewEntry
from core.errors import SegLeakError
from gui.selection import Selection

Failed = Callable[[SegLeakError], object]

LETTERS = 80
"""Width of the question, so that the path of an image need not be broken."""
OPPOSITE = {
    "exclude": "include",
    "include": "exclude",
    "flag": "unflag",
    "unflag": "flag",
    "note": "note",
    "override": "restore",
    "restore": "override",
}

TITLES = {
    "exclude": "Exclude {}",
    "include": "Include {} again",
    "flag": "Flag {}",
    "unflag": "Take the flag off {}",
    "note": "Note on {}",
    "override": "Judge {} all the same",
    "restore": "Let a failed check count again for {}",
}


class Decision(QUndoCommand):
    """One decision about some images of one document. Undoing adds an entry that takes it back: the log only grows.

    An image that is None stands for the audit as a whole; `value` is what the action needs besides.
    """

    def __init__(
        self,
        selection: Selection,
        action: str,
        images: Sequence[int | None],
        why: str,
        failed: Failed,
        value: str | None = None,
    ) -> None:
        super().__init__(TITLES[action].format(_named(images)))
        self._selection = selection
        self._document = selection.document
        self._action = action
        self._images = tuple(images)
        self._why = why
        self._failed = failed
        self._value = value
        self._entries: list[ReviewEntry] = []

    def redo(self) -> None:
        """Add the decision to the log."""
        self._attempt(self._decide)

    def undo(self) -> None:
        """Take the decision back."""
        self._attempt(self._take_back)

    def _decide(self) -> None:
        self._entries = []
        for image in self._images:
            entry = self._selection.decide(self._action, image, self._why, self._value)
            self._entries += [entry] if entry is not None else []

    def _take_back(self) -> None:
        for entry in reversed(self._entries):
            value = withdrawal(entry) if self._action == "note" else self._value
            why = f"Taken back: {self._why}" if self._why else "Taken back"
            self._selection.decide(OPPOSITE[self._action], entry.image, why, value)

    def _attempt(self, work: Callable[[], None]) -> None:
        """Do it; what fails is told, and this command goes. Nothing may be raised into Qt."""
        if self._selection.document is not self._document:
            self.setObsolete(True)
            return
        try:
            work()
        except SegLeakError as error:
            self.setObsolete(True)
            self._failed(error)


def _named(images: Sequence[int | None]) -> str:
    if None in images:
        return "all suspects"
    return "the image" if len(images) == 1 else f"{len(images)} images"


@dataclass(frozen=True)
class Question:
    """What is asked before a decision."""

    title: str
    text: str
    button: str


QUESTIONS = {
    "exclude": Question(
        "Exclude from the numbers",
        "Why does {} count in no number? The reason is kept in the review log and printed in the snapshot.",
        "Exclude",
    ),
    "include": Question("Include again", "Why does {} count again? The reason is kept in the review log.", "Include"),
    "note": Question("Note", "What is there to say about {}? It is kept in the review log.", "Add note"),
}


class ReasonDialog(QDialog):
    """Asks for a reason or a note; nothing can be decided without words."""

    def __init__(self, question: Question, subject: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(question.title)
        label = QLabel(question.text.format(subject))
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        self.field = QPlainTextEdit()
        self.field.setAccessibleName(question.title)
        self.field.setTabChangesFocus(True)
        self.field.setFixedHeight(5 * self.fontMetrics().lineSpacing())
        label.setBuddy(self.field)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._ok = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._ok.setText(question.button)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self.field.textChanged.connect(self._check)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):  # Enter alone begins a line
            QShortcut(keys, self, self._ok.click)
        layout = QVBoxLayout(self)
        for widget in (label, self.field, self._buttons):
            layout.addWidget(widget)
        self.setMinimumWidth(LETTERS * self.fontMetrics().averageCharWidth())
        self._check()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """As high as it must be: words that are broken had the room of a narrower dialog."""
        super().showEvent(event)
        layout = self.layout()
        if layout is not None:
            self.resize(self.width(), layout.heightForWidth(self.width()))

    @property
    def words(self) -> str:
        """What was written, without blanks around it."""
        return self.field.toPlainText().strip()

    def _check(self) -> None:
        self._ok.setEnabled(bool(self.words))
        self._ok.setToolTip("Ctrl+Enter" if self.words else "Write a reason first")


class Decisions:
    """Decides about images: asks for words where they are needed, and lets everything be undone."""

    def __init__(self, selection: Selection, undo: QUndoStack, window: QWidget, failed: Failed) -> None:
        self._selection = selection
        self._undo = undo
        self._window = window
        self._failed = failed

    def exclude(self, images: Sequence[int]) -> None:
        """Take images out of the numbers, or back into them where all are out; asks why."""
        document = self._selection.document
        if document is None or not images:
            return
        inside = [image for image in images if image not in document.excluded]
        self._ask("exclude" if inside else "include", inside or images)

    def note(self, images: Sequence[int]) -> None:
        """Ask for a note on images."""
        if self._selection.document is not None and images:
            self._ask("note", images)

    def flag(self, images: Sequence[int]) -> None:
        """Mark images to come back to, or take the mark off where all have it."""
        document = self._selection.document
        if document is None or not images:
            return
        plain = [image for image in images if image not in document.flagged]
        self._decide("flag" if plain else "unflag", plain or images, "")

    def _ask(self, action: str, images: Sequence[int]) -> None:
        document = self._selection.document
        if document is None:
            return
        subject = document.row(images[0]).key if len(images) == 1 else f"each of {len(images)} images"
        dialog = ReasonDialog(QUESTIONS[action], subject, self._window)
        dialog.accepted.connect(lambda: self._decide(action, images, dialog.words))
        dialog.open()

    def _decide(self, action: str, images: Sequence[int], why: str) -> None:
        self._undo.push(Decision(self._selection, action, images, why, self._failed))
