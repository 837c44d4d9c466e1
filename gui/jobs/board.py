"""The list of jobs: what runs, what waits in which order, and what has ended."""

from PySide6.QtCore import QObject, QTimer, Signal

from gui.jobs.entry import Entry, State

BETWEEN_MS = 200
"""Milliseconds between two times that listeners hear of a job which goes on: each time costs a repaint."""
MOST_ENDED = 20
"""Ended jobs that stay in the list; the oldest give way."""


class Board(QObject):
    """Long work, in the order of the list. Whoever does the work changes its `Entry` and tells the board."""

    changed = Signal(object)
    """An `Entry` that is at another step."""
    listed = Signal()
    """Entries came, went, changed places, or are in another state."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[Entry] = []
        self._unheard: dict[Entry, None] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BETWEEN_MS)
        self._timer.timeout.connect(self._tell)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All jobs, those that wait in the order of their turns."""
        return tuple(self._entries)

    @property
    def at_work(self) -> tuple[Entry, ...]:
        """What has begun and not ended."""
        return tuple(entry for entry in self._entries if entry.state.at_work)

    @property
    def waiting(self) -> tuple[Entry, ...]:
        """What waits, the next one first."""
        return tuple(entry for entry in self._entries if entry.state is State.WAITING)

    def add(self, entry: Entry) -> None:
        """Put a job at the end of the list; where many have ended, the oldest of them goes."""
        ended = [known for known in self._entries if known.state.ended]
        if len(ended) >= MOST_ENDED:
            self._entries.remove(ended[0])
        self._entries.append(entry)
        self.relist()

    def remove(self, entry: Entry) -> None:
        """Take a job that waits or has ended off the list."""
        if entry in self._entries and not entry.state.at_work:
            self._entries.remove(entry)
            self._unheard.pop(entry, None)
            self.relist()

    def move(self, entry: Entry, places: int) -> None:
        """Let a waiting job change places with the one before it (-1) or after it (1)."""
        waiting = self.waiting
        place = waiting.index(entry) + places if entry in waiting else -1
        if 0 <= place < len(waiting):
            one, other = self._entries.index(entry), self._entries.index(waiting[place])
            self._entries[one], self._entries[other] = self._entries[other], self._entries[one]
            self.relist()

    def first(self, entry: Entry) -> None:
        """Let a job that begins stand before those that wait."""
        self._entries.remove(entry)
        place = next((i for i, e in enumerate(self._entries) if e.state is State.WAITING), len(self._entries))
        self._entries.insert(place, entry)

    def relist(self) -> None:
        """Tell that a job's state is another one."""
        self.listed.emit()

    def step(self, entry: Entry) -> None:
        """Tell that a job is at another step: at once, then not more often than a person can follow."""
        self._unheard[entry] = None
        if not self._timer.isActive():
            self._tell()

    def close(self) -> None:
        """Tell no steps any more."""
        self._timer.stop()
        self._unheard.clear()

    def _tell(self) -> None:
        unheard, self._unheard = self._unheard, {}
        for entry in unheard:
            self.changed.emit(entry)
        if unheard:
            self._timer.start()
