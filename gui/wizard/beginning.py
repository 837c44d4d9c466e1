"""Setting up an audit in a window: the page, what fills it, and the run. Loads the page when it is first needed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from core.errors import SegLeakError
from gui.banner import Offer

if TYPE_CHECKING:
    from core.engine.jobs import TrainReferences
    from gui.furniture import Furniture
    from gui.window import Window
    from gui.wizard.ahead import Ahead
    from gui.wizard.composer import Composer
    from gui.wizard.draft import Draft
    from gui.wizard.page import NewAuditPage

SPECS = "Audit specs (*.toml)"


class Beginning(QObject):
    """What can be done about audits that are not there yet.

    Parameters
    ----------
    window
        Shows the page.
    """

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self._window = window
        self._page: NewAuditPage | None = None
        self._ahead: Ahead | None = None

    def furnish(self, furniture: "Furniture") -> None:
        """Listen to the engine's runs."""
        furniture.running.begun.connect(lambda _: self._tell_of_run())
        furniture.running.ended.connect(lambda _: self._tell_of_run())
        furniture.selection.document_changed.connect(self._document_shown)
        furniture.trainings.trained.connect(self._take_trained)

    def prepare(self) -> None:
        """Make the page before it is asked for, in turns too short to be felt."""
        self._coming.go_on()

    @property
    def _coming(self) -> "Ahead":
        if self._ahead is None:
            from gui.wizard.ahead import Ahead

            self._ahead = Ahead(self._made, self)
        return self._ahead

    @property
    def page(self) -> "NewAuditPage":
        """The page, with the draft that was left. Raises `SegLeakError` where no engine can be made."""
        if self._page is None:
            from gui.wizard.draft import read_draft

            page = self._coming.page()
            page.composer.draft = read_draft() or self._empty()
            self._page = page
        return self._page

    @property
    def composer(self) -> "Composer":
        """The draft on the page."""
        return self.page.composer

    def is_shown(self) -> bool:
        """Whether the page is in view."""
        return self._page is not None and self._page.isVisible()

    def _made(self) -> "NewAuditPage":
        from gui.wizard.composer import Composer
        from gui.wizard.listed import ListedCheck
        from gui.wizard.looking import Looking
        from gui.wizard.page import NewAuditPage

        window = self._window
        composer = Composer(self._empty())
        engine = window.furniture.engine
        looking = Looking(composer, engine, lambda: window.preferences.computing.device)
        page = NewAuditPage(composer, looking, window.furniture.trainings)
        ListedCheck(looking, window.furniture.running.board, page)
        page.dropped.connect(self.take)
        page.footer.run_pressed.connect(window.runner("audit.run"))
        page.footer.back_pressed.connect(self.leave)
        page.footer.afresh_pressed.connect(self.start_afresh)
        page.footer.open_pressed.connect(window.runner("spec.open"))
        page.footer.save_pressed.connect(window.runner("spec.save"))
        window.add_page(page)
        return page

    def _empty(self) -> "Draft":
        from gui.runs import run_table
        from gui.wizard.draft import empty

        return empty(run_table(self._window.preferences))

    def is_composing(self, folder: Path) -> bool:
        """Whether the page is in view for another audit than the one in a folder."""
        return self.is_shown() and self.composer.draft.folder != folder

    # ------------------------------------------------------------ showing and filling the page

    def show(self) -> None:
        """Show the page as it was left."""
        page = self.page
        self._window.show_page(page, "New audit")
        self._tell_of_run()
        page.show_again()

    def leave(self) -> None:
        """Back to the audit in view, or to the welcome page; the draft is kept, and its data check goes on."""
        self.page.looking.rest()
        document = self._window.audits.document
        if document is None:
            self._window.show_welcome()
        else:
            self._window.show_workbench(document.title)

    def start_afresh(self) -> None:
        """Empty the page."""
        self.composer.draft = self._empty()

    def again(self) -> None:
        """Fill the page with the spec of the audit in view."""
        from gui.wizard.draft import again

        document = self._window.audits.document
        if document is not None:
            self.composer.draft = again(document.spec, document.folder)
            self.show()

    def open_spec(self) -> None:
        """Let a person choose a spec that fills the page. Raises `SegLeakError` where it is none."""
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open a spec", str(Path.home()), SPECS)
        if chosen:
            self._take_spec(Path(chosen))

    def save_spec(self) -> None:
        """Let a person choose where the spec is saved. Raises `SegLeakError` where it cannot be written."""
        from gui.wizard.draft import save_spec

        draft = self.composer.draft
        start = str(draft.folder.with_suffix(".toml"))
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Save the spec", start, SPECS)
        if chosen:
            save_spec(draft, Path(chosen).with_suffix(".toml"))
            self._window.statusBar().showMessage(f"Saved {chosen}", 5000)

    def take(self, paths: Sequence[Path]) -> None:
        """Open what was dropped or named: an audit in the views, everything else on the page."""
        from gui.wizard.kinds import Kind, kind_of

        try:
            kind = kind_of(paths[0])
            if kind is Kind.AUDIT:
                self._window.audits.open(paths[0])
            elif kind is Kind.SPEC:
                self._take_spec(paths[0])
            else:
                self._take_part(kind, paths)
        except SegLeakError as error:
            self._window.show_error(error)

    def _take_spec(self, path: Path) -> None:
        from gui.wizard.draft import of_spec

        self.composer.draft = of_spec(path)
        self.show()

    def _take_part(self, kind: str, paths: Sequence[Path]) -> None:
        from gui.wizard.kinds import Kind

        self.show()
        if kind == Kind.MODEL:
            self.composer.choose_target(paths[0])
        elif kind == Kind.NETWORK:
            self.page.attacks.add_network(str(paths[0].absolute()))
        else:
            self.page.ask_role(paths)

    # ------------------------------------------------------------ running

    def can_run(self) -> bool:
        """Whether nothing is missing on the page."""
        return self.is_shown() and self.page.run_button.isEnabled()

    def run(self) -> None:
        """Write the spec beside the audit, and run it as soon as nothing else runs.

        Raises `SegLeakError` where that cannot be.
        """
        from core.engine.jobs import RunAudit
        from gui.wizard.draft import save_beside

        draft = self.composer.draft
        self.page.looking.stop()
        device = self._window.preferences.computing.device
        self._window.audits.begin(RunAudit(save_beside(draft), draft.folder, device=device))
        self._window.statusBar().showMessage(f"{draft.spec.name} opens as soon as its first images are listed")

    def _tell_of_run(self) -> None:
        if self._page is not None:
            self._page.footer.running = self._window.audits.is_running()
            self._page.judge()

    def _document_shown(self, document: object) -> None:
        """The audit that was set up has been begun: the next one begins with an empty page."""
        from gui.document import AuditDocument

        if self._page is not None and isinstance(document, AuditDocument):
            draft = self.composer.draft
            if document.folder == draft.folder:
                self.composer.draft = replace(self._empty(), place=draft.place)

    def _take_trained(self, job: "TrainReferences", files: Sequence[Path]) -> None:
        """Add what was trained to the draft that it was trained for; where that is gone, say where it is."""
        from gui.wizard.trained import is_for, message

        there = self._page is not None and is_for(job, self.composer.draft)
        if there:
            self.page.attacks.references.add(files)
        offer = () if self.is_shown() else (Offer("Show the new audit", self.show),)
        self._window.say(message(job, offers=offer if there else (), added=there))

    def close(self) -> None:
        """Keep the draft and wait for what is being read."""
        if self._ahead is not None:
            self._ahead.close()
