"""Judging suspects although a check failed: a written reason is demanded, kept in the review log, and can be undone."""

from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from core.audit.doubts import Doubt
from gui.browser.deciding import Decision, Failed, Question, ReasonDialog
from gui.selection import Selection

OVERRIDE = Question(
    "Judge all the same",
    "{} Why can the verdict stand nevertheless? The reason is kept in the review log and printed beside the verdict.",
    "Judge all the same",
)
RESTORE = Question(
    "Take back", "{} Why does this check count again? The reason is kept in the review log.", "Let it count again"
)
ALL = "For every suspect for which this check failed"


class OverrideDialog(ReasonDialog):
    """Asks why; and, where the check failed for several suspects, whether it is about all of them."""

    def __init__(self, question: Question, doubt: Doubt, *, offer_all: bool, parent: QWidget | None = None) -> None:
        super().__init__(question, doubt.sentence, parent)
        self.for_all = QCheckBox(ALL)
        self.for_all.setVisible(offer_all)
        layout = self.layout()
        if isinstance(layout, QVBoxLayout):
            layout.insertWidget(layout.count() - 1, self.for_all)
            QWidget.setTabOrder(self.field, self.for_all)


class Overriding:
    """Overrides failed checks, and lets them count again.

    Parameters
    ----------
    selection, undo
        The audit, and what takes each decision.
    window
        Behind the dialogs.
    failed
        Told of a review log that cannot be written to.
    """

    def __init__(self, selection: Selection, undo: QUndoStack, window: QWidget, failed: Failed) -> None:
        self._selection, self._undo, self._window, self._failed = selection, undo, window, failed

    def override(self, doubt: Doubt, *, offer_all: bool) -> OverrideDialog:
        """Ask why suspects are judged although a check failed."""
        dialog = OverrideDialog(OVERRIDE, doubt, offer_all=offer_all, parent=self._window)
        dialog.accepted.connect(
            lambda: self._decide("override", doubt, None if dialog.for_all.isChecked() else doubt.image, dialog.words)
        )
        dialog.open()
        return dialog

    def restore(self, doubt: Doubt) -> OverrideDialog:
        """Ask why a check that was overridden counts again, for whom it was overridden."""
        dialog = OverrideDialog(RESTORE, doubt, offer_all=False, parent=self._window)
        image = None if doubt.override is None else doubt.override.image
        dialog.accepted.connect(lambda: self._decide("restore", doubt, image, dialog.words))
        dialog.open()
        return dialog

    def _decide(self, action: str, doubt: Doubt, image: int | None, why: str) -> None:
        self._undo.push(Decision(self._selection, action, [image], why, self._failed, str(doubt.check)))
