"""Opening, closing, running and resuming audits in a window."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from core.errors import SegLeakError
from gui.banner import Message, Offer, Severity
from gui.folders import is_audit
from gui.opening import Opening
from gui.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.defenses.chain import Chain
    from core.engine.jobs import RunAudit
    from gui.document import AuditDocument
    from gui.elsewhere import Elsewhere
    from gui.furniture import Furniture
    from gui.window import Window

UNFINISHED = "The audit has not ended: no defense can be added yet."
AUDIT = "audit"
"""Subject of banners about the audit in view."""


class Audits(QObject):
    """What can be done with audits; the window shows it.

    Parameters
    ----------
    window
        Where audits are shown.

    Attributes
    ----------
    opening
        Reads audits and the list of recent ones.
    """

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self._window = window
        self._session = Session()
        self._elsewhere: Elsewhere | None = None
        self.opening = Opening(self)
        self.opening.opened.connect(self.show)
        self.opening.failed.connect(self._could_not_open)

    def furnish(self, furniture: "Furniture") -> None:
        """Listen to the engine's runs, and to those of others."""
        from gui.elsewhere import Elsewhere

        self._elsewhere = Elsewhere(furniture.selection, furniture.running, self)
        self._elsewhere.begun.connect(self._say_elsewhere)
        self._elsewhere.ended.connect(self._ended_elsewhere)
        furniture.running.begun.connect(self._begun)
        furniture.running.ended.connect(self._ended)
        furniture.running.taken.connect(furniture.following.wait_for)
        furniture.following.opened.connect(self._come)
        furniture.workbench.defenses.keep_wanted.connect(self.keep)

    @property
    def document(self) -> "AuditDocument | None":
        """The audit in view."""
        return self._window.furniture.selection.document if self._window.furnished else None

    def has_document(self) -> bool:
        """Whether an audit is in view."""
        return self.document is not None

    # ------------------------------------------------------------ opening and closing

    def ask(self) -> None:
        """Let a person choose an audit folder."""
        start = str(self.document.folder.parent if self.document is not None else Path.home())
        chosen = QFileDialog.getExistingDirectory(self._window, "Open an audit folder (NAME.segleak)", start)
        if chosen:
            self.open(Path(chosen))

    def open(self, path: Path) -> None:
        """Open the audit that a path means; a banner says where it is none."""
        self._window.statusBar().showMessage(f"Opening {path.name}")
        self.opening.open(path)

    def restore(self, session: Session) -> None:
        """Look at what was looked at before, where it is still there."""
        if session.audit and is_audit(Path(session.audit)):
            self._session = session
            self.open(Path(session.audit))

    @property
    def restoring(self) -> bool:
        """Whether the last session is still being opened."""
        return bool(self._session.audit)

    def show(self, document: "AuditDocument") -> None:
        """Show an audit in place of what was shown, and offer to go on with one that has not ended."""
        if self._show(document):
            self._offer_to_go_on(document)

    def _come(self, document: "AuditDocument") -> None:
        """An audit that runs can be looked at; who writes on the page of another one is not taken away from it."""
        self._show(document, behind=self._window.beginning.is_composing(document.folder))

    def _show(self, document: "AuditDocument", *, behind: bool = False) -> bool:
        """Whether it is shown now. What a run leaves half done is offered by the banner that says why it ended."""
        try:
            furniture, window = self._window.furniture, self._window
        except SegLeakError as error:
            self._could_not_open(error)
            return False
        window.statusBar().clearMessage()
        window.banners.withdraw(AUDIT)
        window.undo_stack.clear()
        furniture.following.forget()
        furniture.selection.document = document
        if not behind:
            window.show_workbench(document.title)
        if self._session.audit == str(document.folder):
            self._session.apply(furniture.selection)
            furniture.workbench.restore_state(self._session.views)
        self._session = Session()
        self.opening.remember(document)
        self._say_elsewhere(document)
        return True

    def close(self) -> None:
        """Close the audit in view; one that runs goes on."""
        window = self._window
        window.show_welcome()
        window.furniture.following.forget()
        window.furniture.selection.document = None
        window.undo_stack.clear()
        window.banners.withdraw(AUDIT)

    def reveal(self) -> None:
        """Show the audit folder in the file manager."""
        if self.document is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.document.folder)))

    def copy_numbers(self) -> None:
        """Copy the table of numbers."""
        self._window.furniture.workbench.numbers.table.copy()

    def _could_not_open(self, error: SegLeakError) -> None:
        self._session = Session()
        self._window.statusBar().clearMessage()
        self._window.show_error(error)

    # ------------------------------------------------------------ running

    def is_running(self) -> bool:
        """Whether the engine runs an audit for the window."""
        return self.running_folder() is not None

    def running_folder(self) -> Path | None:
        """The folder of the audit that the engine runs for the window."""
        return self._window.furniture.running.folder if self._window.furnished else None

    def can_go_on(self) -> bool:
        """Whether the audit in view has not ended, and nothing runs."""
        document = self.document
        free = not self.is_running() and not self.is_run_elsewhere()
        return document is not None and free and document.fact("finished") is None

    def is_run_elsewhere(self) -> bool:
        """Whether another window or a command runs the audit in view."""
        return self._elsewhere is not None and self._elsewhere.runs(self.document)

    def go_on(self) -> None:
        """Run the rest of the audit in view. Raises `SegLeakError` where no engine can be started."""
        from gui.runs import resumed

        if self.document is not None:
            self.begin(resumed(self.document.folder, self._window.preferences))

    def keep(self, chains: "Sequence[Chain]") -> None:
        """Have the audit in view take in defenses that were tried; a banner says where that cannot be."""
        from gui.runs import extended
        from gui.trials import title_of

        document = self.document
        if document is None:
            return
        try:
            if document.fact("finished") is None:
                raise SegLeakError(UNFINISHED, "Let it end first; what was tried stays.")
            begun = self.begin(extended(document, chains, self._window.preferences))
        except SegLeakError as error:
            self._window.show_error(error)
            return
        if begun:
            names = ", ".join(title_of(chain) for chain in chains)
            words = f"{names}: being computed for the whole audit. All else stays as it is."
            remedy = "The trial can be looked at meanwhile."
            self._window.say(Message(Severity.NOTE, words, remedy, subject=AUDIT))

    def stop(self) -> None:
        """Stop the audit that runs; what is finished is kept."""
        self._window.furniture.running.cancel()

    def begin(self, job: "RunAudit") -> bool:
        """Run an audit, or go on with one; it opens by itself. Raises `SegLeakError` where it cannot be.

        What somebody else runs is left to them, and opened as soon as it can be: then this is False.
        """
        return self._window.furniture.running.begin(job)

    def _say_elsewhere(self, document: "AuditDocument") -> None:
        """Say who runs an audit, where somebody else does."""
        from gui.elsewhere import run_elsewhere

        if self.is_run_elsewhere():
            self._window.say(run_elsewhere(document.title, document.writer, AUDIT))
        self._window.registry.refresh()

    def _ended_elsewhere(self, document: "AuditDocument") -> None:
        """As after a run of one's own; nobody was there to say why it has ended before its end."""
        self._window.banners.withdraw(AUDIT)
        self._window.furniture.workbench.numbers.reload()
        self.opening.remember(document)
        self._reopen_extended(document)
        self._offer_to_go_on(document)
        self._window.registry.refresh()

    def _begun(self, folder: Path) -> None:
        self._window.banners.withdraw(AUDIT)
        if self.document is None or self.document.folder != folder:
            self._window.furniture.following.wait_for(folder)
        self._window.registry.refresh()

    def _ended(self, folder: Path) -> None:
        furniture = self._window.furniture
        self._window.banners.withdraw(AUDIT)
        furniture.following.conclude()
        furniture.workbench.numbers.reload()
        if self.document is not None and self.document.folder == folder:
            self.opening.remember(self.document)
            self._reopen_extended(self.document)
        self._window.registry.refresh()

    def _reopen_extended(self, document: "AuditDocument") -> None:
        """Show an audit that took in defenses with them, and what was looked at before."""
        from core.audit.extension import EXTENDED  # brings numpy, which the first frame need not wait for

        if document.fact(EXTENDED):
            workbench = self._window.furniture.workbench
            self._session = Session.of(workbench.selection, workbench.state())
            self.open(document.folder)

    def _offer_to_go_on(self, document: "AuditDocument") -> None:
        if not self.can_go_on():
            return
        title = f"{document.title} has not ended: {_how_far(document)}"
        offer = Offer("Go on", self._window.runner("run.go-on"))
        remedy = "What is done can be looked at; the numbers come at the end."
        self._window.say(Message(Severity.WARNING, title, remedy, offers=(offer,), subject=AUDIT))


def _how_far(document: "AuditDocument") -> str:
    """How much of an audit that has not ended is there; with every image judged, something else is missing."""
    done, images = int((document.listing.states == "done").sum()), len(document.rows)
    if done < images:
        return f"{done} of {images} images are done."
    return f"all {images} images were judged, but not under a defense that was kept since, or without the numbers."
