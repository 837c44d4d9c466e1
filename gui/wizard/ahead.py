"""Makes the page on which an audit is set up ahead of time, so that nobody waits for it when it is asked for."""

from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QTimer

from gui.wizard.page import NewAuditPage


class Ahead(QObject):
    """Makes a page part by part, each in a turn of the event loop of its own: all at once they take 0.1 s.

    Parameters
    ----------
    make
        Makes a page without its sections, as `NewAuditPage` is at first.
    """

    def __init__(self, make: Callable[[], NewAuditPage], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make = make
        self._page: NewAuditPage | None = None
        self._steps: Iterator[None] = iter(())

    def go_on(self) -> None:
        """Make the next part, and go on with the one after it as soon as the window has had its turn."""
        if self._page is None:
            self._begin()
        elif next(self._steps, self) is self:
            return
        QTimer.singleShot(0, self, self.go_on)

    def page(self) -> NewAuditPage:
        """The page; what it still lacks is made now."""
        page = self._page or self._begin()
        for _ in self._steps:
            pass
        return page

    def close(self) -> None:
        """Wait for the threads of a page that nobody asked for."""
        if self._page is not None:
            self.page().close_threads()

    def _begin(self) -> NewAuditPage:
        self._page = self._make()
        self._steps = self._page.parts()
        return self._page
