"""The data check's line in the list of jobs."""

from PySide6.QtCore import QObject

from gui.jobs.board import Board
from gui.jobs.entry import Controls, State
from gui.jobs.line import Line
from gui.wizard.looking import Looking
from gui.wizard.missing import counted


class ListedCheck(QObject):
    """Follows the data check of a page in the list of jobs.

    Parameters
    ----------
    looking
        Has the images checked.
    board
        The list.
    """

    def __init__(self, looking: Looking, board: Board, parent: QObject | None = None) -> None:
        super().__init__(parent)
        line = Line(board, Controls(stop=looking.stop_check, again=looking.check_images), self)
        check = looking.check
        check.begun.connect(lambda: line.begin(f"Data check of {counted(looking.known.images, 'image')}"))
        check.progressed.connect(line.advance)
        check.done.connect(lambda _: line.end(State.DONE, "Finished."))
        check.failed.connect(line.fail)
        check.forgotten.connect(lambda: line.end(State.STOPPED, "Stopped."))
