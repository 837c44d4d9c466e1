"""The dialog that exports a snapshot: choices on the left, the pages as they will be on the right."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from core.errors import Cancelled, SegLeakError
from core.progress import Progress
from core.snapshot.asking import STAGE, Predictions, refusal
from core.snapshot.choices import SnapshotChoices, last_choices, profile_path, write_profile
from core.snapshot.content import View
from gui.background import Background
from gui.snapshot.buttons import Buttons
from gui.snapshot.export import Draft
from gui.snapshot.fields import Fields
from gui.snapshot.folder import page_image
from gui.snapshot.predicting import Predicting
from gui.snapshot.preview import Preview

CALM_MS = 400
"""The preview is made anew when nothing was changed for so long."""
NAME = "snapshot"
MOST_ROOM = 0.9
"""Share of the screen that it takes at first."""

T = TypeVar("T")


class _Bridge(QObject):
    """Brings progress from the thread that works to the window's."""

    moved = Signal(str, int, int)

    def listen(self, progress: Progress) -> None:
        """A listener for `Progress`."""
        self.moved.emit(progress.stage, progress.done, progress.total)


class SnapshotDialog(QDialog):
    """Exports the snapshot of an audit. `written` sends the path.

    Parameters
    ----------
    audit, defenses, image
        The audit folder, ids and titles of its defenses, and the image in view.
    view
        The panes as they are, for who wants them printed.
    predicting
        Asks the target about the images that get a page.
    """

    written = Signal(object)

    def __init__(
        self,
        audit: Path,
        defenses: Sequence[tuple[str, str]],
        image: int | None,
        view: View | None,
        predicting: Predicting,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export snapshot")
        self._audit, self._view, self._predicting = audit, view, predicting
        predicting.setParent(self)
        self._background, self._bridge = Background(self), _Bridge(self)
        self._progress = Progress()
        self._draft: Draft | None = None
        self._target: Path | None = None
        self._sized = False
        self.fields = Fields(last_choices(), defenses, image)
        self.fields.view.setEnabled(view is not None)
        self.preview, self.state, self.bar = Preview(), QLabel(), QProgressBar()
        self._buttons = Buttons()
        self.pdf, self.folder, self.stop = self._buttons.pdf, self._buttons.folder, self._buttons.stop
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(CALM_MS)
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        self.state.setWordWrap(True)
        self.state.setProperty("role", "muted")
        self.bar.hide()
        left = QVBoxLayout()
        left.addWidget(self.fields, stretch=1)
        left.addWidget(self.state)
        left.addWidget(self.bar)
        sides = QHBoxLayout()
        sides.addLayout(left)
        sides.addWidget(self.preview, stretch=1)
        layout = QVBoxLayout(self)
        layout.addLayout(sides, stretch=1)
        layout.addWidget(self._buttons)
        letter, line = self.fontMetrics().averageCharWidth(), self.fontMetrics().lineSpacing()
        for widget in (self.fields, self.state, self.bar):
            widget.setFixedWidth(letter * 92)
        room = self.screen().availableSize()
        self.resize(min(letter * 200, int(room.width() * MOST_ROOM)), min(line * 56, int(room.height() * MOST_ROOM)))

    def _connect(self) -> None:
        self.pdf.clicked.connect(self._ask_for_pdf)
        self.folder.clicked.connect(self._ask_for_folder)
        self.stop.clicked.connect(self._stop)
        self._buttons.close_button.clicked.connect(self.reject)
        self.fields.changed.connect(self._calm.start)
        self.fields.changed.connect(lambda: self._enable(False))
        self._calm.timeout.connect(self.refresh)
        self.preview.wanted.connect(lambda _: self._show_page())
        self._bridge.moved.connect(self._show_progress)
        self._predicting.moved.connect(lambda done, total: self._show_progress(STAGE, done, total))
        self._predicting.ended.connect(self._write)

    # ------------------------------------------------------------ the preview

    def refresh(self) -> None:
        """Lay the snapshot out anew."""
        try:
            choices = self.fields.choices()
        except SegLeakError as error:
            self._failed(error)
            return
        self._progress.cancel()  # of the one before
        self._enable(False)
        self.state.setText("Laying out the pages ...")
        progress = self._progress = Progress()
        views = (self._view,) if self._view is not None and self.fields.view.isChecked() else ()
        known = self._predicting.known
        self._background.run(lambda: self._laid_out(choices, progress, views, known), self._arrived, self._failed)

    def _laid_out(
        self, choices: SnapshotChoices, progress: Progress, views: Sequence[View], known: Predictions
    ) -> Draft | None:
        """In the thread: close the draft before, open another; None where it is not wanted any more."""
        self._close_draft()
        self._draft = _unless_stopped(lambda: Draft.open(self._audit, choices, progress, views, lambda *_: known))
        return self._draft

    def _arrived(self, draft: Draft | None) -> None:
        if draft is None:
            return
        self.preview.set_count(len(draft.pages.pages))
        self._enable(True)
        self.state.setText(f"{len(draft.pages.pages)} pages.")
        self._sized = False
        self._show_page()

    def _show_page(self) -> None:
        draft = self._draft
        if draft is None or self._target is not None or not self.pdf.isEnabled():
            return
        number = min(self.preview.page, len(draft.pages.pages) - 1)
        room = self.preview.paper
        dense = self.devicePixelRatioF()
        scale = dense * min(room.width() / draft.pages.sheet.width, room.height() / draft.pages.sheet.height)

        def shown(image: QImage) -> None:
            room.show_image(image)
            if not self._sized:
                self._background.run(draft.estimate, self._show_size)

        self._background.run(lambda: page_image(draft.pages, number, max(0.5, scale)), shown, self._failed)

    def _show_size(self, size: int) -> None:
        self._sized = True
        if self._draft is not None:
            self.state.setText(f"{len(self._draft.pages.pages)} pages, about {size / 1e6:.1f} MB as a PDF.")

    def _failed(self, error: SegLeakError) -> None:
        self.state.setText(str(error))
        self._target = None
        self.bar.hide()
        self._enable(self._draft is not None and self._draft.content.store is not None)

    def _enable(self, there: bool) -> None:
        self.pdf.setEnabled(there)
        self.folder.setEnabled(there)
        self.stop.setEnabled(False)
        self.fields.setEnabled(True)

    # ------------------------------------------------------------ writing

    def _ask_for_pdf(self) -> None:
        start = str(self._audit.with_suffix(".pdf"))
        chosen, _ = QFileDialog.getSaveFileName(self, "Export snapshot", start, "PDF (*.pdf)")
        if chosen:
            path = Path(chosen)
            self.write(path if path.suffix.lower() == ".pdf" else path.with_name(f"{path.name}.pdf"))

    def _ask_for_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for the pictures", str(self._audit.parent))
        if chosen:
            self.write(Path(chosen) / NAME)

    def write(self, path: Path) -> None:
        """Write the snapshot that is in view, once the target has been asked about its images."""
        draft = self._draft
        if draft is None:
            return
        self._target, self._sized = path, True
        self._enable(False)
        self.stop.setEnabled(True)
        self.fields.setEnabled(False)
        self.state.setText(f"Writing {path.name} ...")
        self.bar.show()
        self._progress = Progress(self._bridge.listen)
        if draft.content.to_predict:
            self._background.run(lambda: refusal(draft.content), self._ask_target, self._failed)
        else:
            self._write()

    def _ask_target(self, reason: str) -> None:
        """Ask about each image that gets a page, unless there is a reason not to."""
        draft = self._draft
        if draft is None or self._progress.cancelled:
            self._ended(None)
        elif reason:
            self._predicting.refuse(draft.content.to_predict, reason)
        else:
            self._predicting.ask(draft.content)

    def _write(self) -> None:
        draft, path, progress, known = self._draft, self._target, self._progress, self._predicting.known
        assert draft is not None and path is not None

        def work() -> Path:
            if draft.content.to_predict:
                self._draft = draft.with_predictions(known, progress)
            return (self._draft or draft).write(path, progress)

        self._background.run(lambda: _unless_stopped(work), self._ended, self._failed)

    def _stop(self) -> None:
        self._progress.cancel()
        if self._predicting.busy:
            self._predicting.stop()
            self._ended(None)

    def _ended(self, path: Path | None) -> None:
        self._target = None
        self.bar.hide()
        self._enable(True)
        if self._draft is not None:
            self.preview.set_count(len(self._draft.pages.pages))
            self._show_page()
        if path is None:
            self.state.setText("Stopped. Nothing was written; an older file is as it was.")
            return
        self.state.setText(f"Written: {path}")
        try:
            write_profile(self.fields.choices(), profile_path())
        except SegLeakError as error:
            self.state.setText(f"Written: {path}. The choices could not be kept: {error}")
        self.written.emit(path)

    def _show_progress(self, stage: str, done: int, total: int) -> None:
        self.bar.setFormat(f"{stage}: %v of %m")
        self.bar.setMaximum(max(1, total))
        self.bar.setValue(done)

    def done(self, result: int) -> None:
        """Stop what is being made, and close the audit's files."""
        self._calm.stop()
        self._progress.cancel()
        self._predicting.stop()
        self._background.close()
        self._close_draft()
        super().done(result)

    def _close_draft(self) -> None:
        draft, self._draft = self._draft, None
        if draft is not None:
            draft.close()


def _unless_stopped(work: Callable[[], T]) -> T | None:
    """In the thread; None where it was stopped."""
    try:
        return work()
    except Cancelled:
        return None
