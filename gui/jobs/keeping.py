"""Keeps the queue of audits on disk, and offers at the next start what did not end."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from core.audit.folder import writer_of
from core.engine.jobs import RunAudit
from gui.background import Background
from gui.banner import Message, Offer, Severity
from gui.jobs.kept import Queue

KEPT = "kept"
"""Subject of the banner with the offer."""


class Keeping(QObject):
    """What runs or waits in this window, and what ran or waited in windows that have ended.

    Parameters
    ----------
    unfinished
        Gives what runs and what waits, in this order.
    begin
        Begins with a job.
    """

    said = Signal(object)
    """A `Message` for a banner."""
    over = Signal(str)
    """The subject of banners that hold no longer."""

    def __init__(
        self,
        unfinished: Callable[[], list[RunAudit]],
        begin: Callable[[RunAudit], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._unfinished, self._begin = unfinished, begin
        self.queue = Queue()
        self._offered: list[RunAudit] = []
        self._others: list[RunAudit] = []
        self._reading = self._closed = False
        self._background = Background(self)

    def offer(self) -> None:
        """Offer what ran or waited when the program ended."""
        self._reading = True
        self._background.run(lambda: _left_behind(self.queue), self._take)

    def keep(self) -> None:
        """Write down what there is to do."""
        if self._reading or self._closed:  # what is kept is kept until it is known
            return
        known = {job.folder for job in self._unfinished()}
        if any(job.folder in known for job in self._offered):
            self._offer_those([job for job in self._offered if job.folder not in known])
        ours = [*self._unfinished(), *self._offered]
        own = {job.folder for job in ours}
        jobs = [*ours, *(job for job in self._others if job.folder not in own)]
        self._background.run(lambda: self.queue.write(jobs), lambda _: None)

    def close(self) -> None:
        """What happens from now on is not kept; wait until what happened is."""
        self._closed = True
        self._background.finish()
        self.queue.close()

    def _take(self, left: tuple[list[RunAudit], list[RunAudit]]) -> None:
        self._reading = False
        jobs, self._others = left
        self._offer_those(jobs)
        if self._unfinished():
            self.keep()

    def _offer_those(self, jobs: list[RunAudit]) -> None:
        """Offer what ran or waited when the program ended and has not been begun again since."""
        self._offered = jobs
        self.over.emit(KEPT)
        if jobs:
            names = ", ".join(job.folder.stem for job in jobs)
            title = f"Not ended when SegLeak was closed: {names}."
            offers = Offer("Go on", lambda: self._take_up(jobs)), Offer("Forget", lambda: self._take_up([]))
            self.said.emit(Message(Severity.NOTE, title, "What was finished is kept.", offers=offers, subject=KEPT))

    def _take_up(self, jobs: list[RunAudit]) -> None:
        """Begin with these of the jobs that were offered."""
        self._offered = []
        known = {job.folder for job in self._unfinished()}
        for job in jobs:
            if job.folder not in known:
                self._begin(job)
        self.keep()


def _left_behind(queue: Queue) -> tuple[list[RunAudit], list[RunAudit]]:
    """In a thread: what windows that have ended left, and what of that somebody runs, an engine to its last image, say.

    The latter is not offered, but kept: at the next start it has ended, one way or the other.
    """
    found = queue.take_over()
    free = [job for job in found if writer_of(job.folder) is None]
    return free, [job for job in found if job not in free]
