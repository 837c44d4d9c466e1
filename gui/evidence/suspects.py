"""All suspects with their verdicts, in a table."""

import math
from pathlib import PurePath

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHeaderView, QWidget

from core.audit.verdicts import Kind, Verdict, Verdicts
from gui.browser.cells import SHAPES
from gui.evidence.facts import HELP, NOTHING, number
from gui.minus import shown
from gui.slices.tables import KEY, Cell, SortedTable

TITLES = ("Suspect", "Verdict", "p", "Score", "Group")
GROUP = TITLES.index("Group")
LETTERS = 68
"""Width of the table at most."""
MOST = 500
"""Suspects that are listed: each row costs the window a fraction of a millisecond, and there may be thousands."""
OTHERS = "The first {listed:,} of {of:,} suspects. All of them are in the list of images."


class SuspectsTable(SortedTable):
    """A row for each suspect, at most `MOST` and those first of which most can be said.

    `chosen` sends the number of the image.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Suspects", TITLES, parent)
        self.tell(TITLES.index("Verdict"), "All that is ever said of a suspect: evidence, no evidence, or not judged.")
        self.tell(TITLES.index("p"), HELP["p"])
        self.tell(TITLES.index("Score"), "By the primary attack on the released output. Higher = more likely a member.")
        self.tell(GROUP, "Images of a group are judged together.")
        self._found: Verdicts | None = None
        self.hide()

    def show_verdicts(self, found: Verdicts | None) -> None:
        """Show these; the same ones again change nothing, not even the order."""
        if found is self._found:
            return
        self._found = found
        verdicts = () if found is None else sorted(found.verdicts, key=_order)[:MOST]
        self.setVisible(bool(verdicts))
        self.setColumnHidden(GROUP, not any(verdict.group for verdict in verdicts))
        names = _names([verdict.key for verdict in verdicts])
        self.show_rows([(verdict.image, _cells(verdict, name)) for verdict, name in zip(verdicts, names, strict=True)])
        for row, verdict in enumerate(verdicts):
            for item in (self.item(row, column) for column in range(self.columnCount())):
                if item is not None:
                    item.setToolTip(f"{verdict.key}\n{verdict.sentence}")
        self._fit()

    def _fit(self) -> None:
        """As wide as the columns are, where that is not too much."""
        header = self.horizontalHeader()
        header.resizeSections(QHeaderView.ResizeMode.ResizeToContents)
        around = self.verticalScrollBar().sizeHint().width() + 2 * self.frameWidth()
        most = QFontMetrics(self.font()).averageCharWidth() * LETTERS
        self.setFixedWidth(min(header.length() + around, most))

    @property
    def others(self) -> str:
        """What is said of the suspects that are not listed, or empty."""
        of = 0 if self._found is None else len(self._found.verdicts)
        return OTHERS.format(listed=MOST, of=of) if of > MOST else ""

    def follow(self, image: int | None) -> None:
        """Mark the row of the image in view."""
        rows = (row for row in range(self.rowCount()) if self.model().index(row, 0).data(KEY) == image)
        row = next(rows, None)
        if row is None:
            self.let_go()
        elif row != self.currentRow():
            with QSignalBlocker(self):
                self.setCurrentCell(row, 0)
            self.scrollTo(self.model().index(row, 0))


def _order(verdict: Verdict) -> tuple[int, float, float]:
    p = math.inf if verdict.p is None else verdict.p
    return list(Kind).index(verdict.kind), p, math.inf if verdict.score is None else -verdict.score


def _cells(verdict: Verdict, name: str) -> list[Cell]:
    sign, words = SHAPES[verdict.kind]
    p = math.inf if verdict.p is None else verdict.p
    score = -math.inf if verdict.score is None else verdict.score
    scored = NOTHING if verdict.score is None else shown(f"{verdict.score:z.2f}")
    return [name, f"{sign} {words}", (number(verdict.p), p), (scored, score), verdict.group or ""]


def _names(keys: list[str]) -> list[str]:
    """Names without their folders, where those alone tell them apart."""
    short = [PurePath(key).name for key in keys]
    return short if len(set(short)) == len(short) else keys
