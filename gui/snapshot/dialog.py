"""The dialog that exports a snapshot: choices on the left, the pages as they will be on the right."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QTimer, Signal
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
from core.snapshot.asking import Predictions
from core.snapshot.choices import SnapshotChoices, last_choices, profile_path, write_profile
from core.snapshot.content import View
from gui.background import Background
from gui.jobs.entry import Step
from gui.jobs.words import time_left
from gui.snapshot.buttons import Buttons
from gui.snapshot.export import Draft
from gui.snapshot.fields import Fields
from gui.snapshot.preview import Preview
from gui.snapshot.writing import Begin, Writing

CALM_MS = 400
"""The preview is made anew when nothing was changed for so long."""
NAME = "snapshot"
GOES_ON = "It is in the list of jobs, and goes on when this is closed."
FIELDS, LINES, PAGE = 92, 84, 0.72
"""Width of the fields in letters; height of the dialog in lines, so that a page can be read; its width in heights."""
MOST_ROOM = 0.9
"""Share of the screen that it takes at first."""

T = TypeVar("T")


class SnapshotDialog(QDialog):
    """Exports the snapshot of an audit. `written` sends the path.

    Parameters
    ----------
    audit, defenses, image
        The audit folder, ids and titles of its defenses, and the image in view.
    view
        The panes as they are, for who wants them printed.
    begin
        Begins to write; that goes on when the dialog is closed.
    """

    written = Signal(object)

    def __init__(
        self,
        audit: Path,
        defenses: Sequence[tuple[str, str]],
        image: int | None,
        view: View | None,
        begin: Begin,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export snapshot")
        self._audit, self._view, self._begin = audit, view, begin
        self._background = Background(self)
        self._progress = Progress()
        self._known: Predictions = {}
        self._draft: Draft | None = None
        self._writing: Writing | None = None
        self._sized, self._unkept, self._writes = False, "", ""
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
        self.bar.setTextVisible(False)
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
            widget.setFixedWidth(letter * FIELDS)
        room = self.screen().availableSize()
        height = min(line * LINES, int(room.height() * MOST_ROOM))
        width = letter * (FIELDS + 6) + max(letter * 100, round(PAGE * height))
        self.resize(min(width, int(room.width() * MOST_ROOM)), height)

    def _connect(self) -> None:
        self.pdf.clicked.connect(self._ask_for_pdf)
        self.folder.clicked.connect(self._ask_for_folder)
        self.stop.clicked.connect(self._stop)
        self._buttons.close_button.clicked.connect(self.reject)
        self.fields.changed.connect(self._calm.start)
        self.fields.changed.connect(lambda: self._enable(False))
        self._calm.timeout.connect(self.refresh)
        self.preview.wanted.connect(lambda _: self._show_page())

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
        known = self._known
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
        if draft is None or self._writing is not None or not self.pdf.isEnabled():
            return
        number = min(self.preview.page, len(draft.pages.pages) - 1)
        room = self.preview.paper
        dense = self.devicePixelRatioF()
        scale = dense * min(room.width() / draft.pages.sheet.width, room.height() / draft.pages.sheet.height)

        def shown(image: QImage) -> None:
            room.show_image(image)
            if not self._sized:
                self._background.run(draft.estimate, self._show_size)

        self._background.run(lambda: draft.page(number, max(0.5, scale)), shown, self._failed)

    def _show_size(self, size: int) -> None:
        self._sized = True
        if self._draft is not None:
            self.state.setText(f"{len(self._draft.pages.pages)} pages, about {size / 1e6:.1f} MB as a PDF.")

    def _failed(self, error: SegLeakError) -> None:
        self.state.setText(str(error))
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
        draft, self._draft = self._draft, None
        if draft is None:
            return
        self._sized, self._unkept = True, self._keep_choices()
        self._enable(False)
        self.fields.setEnabled(False)
        self.stop.setEnabled(True)
        self._writes = f"Writing {path.name}. {GOES_ON}"
        self.state.setText(self._writes)
        self.bar.setRange(0, 0)
        self.bar.show()
        work = self._writing = self._begin(draft, path, self._known)
        work.stepped.connect(self._show_step)
        work.done.connect(self._written)
        work.stopped.connect(self._stopped)
        work.failed.connect(self._not_written)

    def _keep_choices(self) -> str:
        """Keep the choices for next time; what to say where that cannot be."""
        try:
            write_profile(self.fields.choices(), profile_path())
        except SegLeakError as error:
            return f". The choices could not be kept: {error}"
        return ""

    def _stop(self) -> None:
        if self._writing is not None:
            self._writing.stop()

    def _taken_back(self) -> None:
        """The work has ended: the pages are the dialog's again."""
        work, self._writing = self._writing, None
        if work is None:
            return
        self._draft, self._known = work.draft, work.known
        self.bar.hide()
        self._enable(True)
        self.preview.set_count(len(self._draft.pages.pages))
        self._show_page()

    def _stopped(self) -> None:
        self._taken_back()
        self.state.setText("Stopped. Nothing was written; an older file is as it was.")

    def _not_written(self, error: SegLeakError) -> None:
        self._taken_back()
        self.state.setText(str(error))

    def _written(self, path: Path) -> None:
        self._taken_back()
        self.state.setText(f"Written: {path}{self._unkept}")
        self.written.emit(path)

    def _show_step(self, step: Step) -> None:
        left = time_left(step.seconds_left)
        self.state.setText(f"{self._writes}\n{step.stage}: {step.done} of {step.total}{left and ', '}{left}")
        self.bar.setRange(0, step.total)
        self.bar.setValue(step.done)

    def done(self, result: int) -> None:
        """Stop what is being laid out, and close the audit's files; what is being written goes on."""
        self._calm.stop()
        self._progress.cancel()
        self._background.close()
        work, self._writing = self._writing, None
        if work is not None:
            work.leave_alone()
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
