"""Opening the demo audit in a window: computed once, with a page to look at until its first images are there."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.errors import SegLeakError
from core.places import data_folder
from gui.banner import Message, Offer, Severity
from gui.folders import DEMO_SPEC, demo_folder, is_begun

if TYPE_CHECKING:
    from gui.coming import ComingPage
    from gui.furniture import Furniture
    from gui.window import Window

DEMO = "demo"
"""Subject of the banner over the demo audit."""
TITLE = "The demo audit"
WORDS = (
    "Drawn street scenes, and a small target that remembers those it was trained on. It is audited once, on this "
    "machine, which takes some minutes. The scenes come into view as soon as they are listed, and fill up one by one."
)
ABOUT = "The demo: drawn scenes, and a target that remembers some."
WHAT_NEXT = "Images are on the left, defenses on the right; F1 explains."
PICTURES = DEMO_SPEC.parent / "members" / "images"


class Demo(QObject):
    """What can be done about the demo audit.

    Parameters
    ----------
    window
        Shows it.
    """

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self._window = window
        self._page: ComingPage | None = None
        self._wanted = self._left = False

    def furnish(self, furniture: "Furniture") -> None:
        """Listen to what is begun and opened."""
        furniture.running.board.changed.connect(self._show_step)
        furniture.following.missed.connect(self.give_up)
        furniture.selection.document_changed.connect(self._document_shown)
        self._window.audits.opening.failed.connect(self._not_opened)

    @property
    def page(self) -> "ComingPage":
        """What is shown until the first images are there."""
        if self._page is None:
            from gui.coming import ComingPage

            names = ("audit.new", "audit.open", "audit.welcome")
            self._page = ComingPage(TITLE, WORDS, [self._window.registry[name] for name in names])
            self._page.show_pictures(sorted(PICTURES.glob("*.jpg")) if PICTURES.is_dir() else ())
            self._window.add_page(self._page)
        return self._page

    def is_coming(self) -> bool:
        """Whether its page is in view."""
        return self._page is not None and self._page.isVisible()

    def announce(self) -> None:
        """Show its page, before anything else is there."""
        self._window.show_page(self.page, TITLE)

    def open(self) -> None:
        """Open it, and run what is not there of it yet. Raises `SegLeakError` where it cannot be."""
        folder, audits = demo_folder(), self._window.audits
        running, document = audits.running_folder() == folder, audits.document
        in_view = document is not None and document.folder == folder
        self._wanted, self._left = True, is_begun(folder) and (in_view or not running)
        if self._left:
            audits.open(folder)
            return
        if not running:
            from gui.runs import demo_job

            data_folder().mkdir(parents=True, exist_ok=True)
            audits.begin(demo_job(self._window.preferences))
        following = self._window.furniture.following
        if audits.running_folder() == folder:
            following.wait_for(folder)
        if following.waits_for(folder):  # else it waits for its turn, and a banner says so
            self.announce()
            self._show_step()
            following.look()

    def leave(self) -> None:
        """To the welcome page, from wherever one is. It does not open by itself any more, but is still computed."""
        self._wanted = False
        if self._window.audits.has_document():
            self._window.audits.close()
            return
        if self._window.furnished:
            self._window.furniture.following.forget()
        self._window.show_welcome()

    def give_up(self) -> None:
        """It cannot be opened: a banner says why, and its page promises nothing any more."""
        self._wanted = False
        if self.is_coming():
            self._window.show_welcome()

    def _not_opened(self, _: SegLeakError) -> None:
        """Something cannot be opened; while the demo is waited for, it is something else."""
        if self._left or not self._window.furniture.following.waits:
            self.give_up()

    def _show_step(self, _: object = None) -> None:
        running = self._window.furniture.running
        if self.is_coming() and running.folder == demo_folder():
            self.page.show_step(next(e.step for e in running.board.at_work if e.title == running.title))

    def _document_shown(self, document: object) -> None:
        from gui.document import AuditDocument

        self._window.banners.withdraw(DEMO)
        if not (isinstance(document, AuditDocument) and document.folder == demo_folder() and self._wanted):
            return
        self._wanted = False
        if self._left and self._window.audits.can_go_on():
            self._go_on()
        if not self._window.audits.can_go_on():  # else a banner says why it has ended
            self._introduce()

    def _introduce(self) -> None:
        window = self._window
        offers = Offer("New audit", window.runner("audit.new")), Offer("Welcome page", window.runner("audit.welcome"))
        window.say(Message(Severity.NOTE, ABOUT, WHAT_NEXT, offers=offers, subject=DEMO))

    def _go_on(self) -> None:
        """What was closed before it had ended needs no question: it is the program's own."""
        try:
            self._window.audits.go_on()
        except SegLeakError as error:
            self._window.show_error(error)
