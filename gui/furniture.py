"""What the window needs for an audit and takes more than a moment to load: the views and the engine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import StoreError
from core.places import cache_folder
from gui.engine import EngineClient
from gui.exports.exports import Exports
from gui.following import Following
from gui.running import Running
from gui.selection import Selection
from gui.trainings import Trainings
from gui.workbench import Views, Workbench, program_views

if TYPE_CHECKING:
    from gui.window import Window

MakeEngine = Callable[[int, "Window"], EngineClient]


@dataclass(frozen=True)
class Furniture:
    """The parts, which know each other and not the window.

    Attributes
    ----------
    engine
        Computes, in a process of its own.
    running
        The audit that the engine runs.
    workbench
        The views.
    following
        Keeps the audit in view up to date.
    exports
        Writes results as files.
    trainings
        The references that the engine trains.
    """

    engine: EngineClient
    running: Running
    workbench: Workbench
    following: Following
    exports: Exports
    trainings: Trainings

    @property
    def selection(self) -> Selection:
        """What is looked at."""
        return self.workbench.selection

    def close(self) -> None:
        """Stop all work; takes as long as the engine needs for it."""
        self.running.close()
        self.exports.close()
        self.following.close()
        self.workbench.close()
        self.engine.close()


def furnished(window: "Window", make_engine: MakeEngine = EngineClient, views: Views | None = None) -> Furniture:
    """Make the parts for a window. Raises `StoreError` where the cache folder cannot be written to."""
    try:
        engine = make_engine(window.preferences.computing.threads, window)
    except OSError as error:
        remedy = "Check the rights and the room on the disk, or name another place in SEGLEAK_HOME."
        raise StoreError(f"{cache_folder()}: cannot be written to ({error.strerror}).", remedy) from error

    def device() -> str:
        return window.preferences.computing.device

    running = Running(engine, window.status, window)
    workbench = Workbench(window, views or program_views(), window.undo_stack, engine, device, running.board)
    exports = Exports(workbench.selection, running.board, window)
    following, trainings = Following(workbench.selection, window), Trainings(engine, running, device, window)
    return Furniture(engine, running, workbench, following, exports, trainings)
