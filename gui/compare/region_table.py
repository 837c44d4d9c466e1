"""The regions of the image in view, with what each defense's maps say inside."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableWidget, QTableWidgetItem, QWidget

from gui.compare.colour_bar import ELLIPSIS
from gui.compare.frame import Seen
from gui.compare.readout import class_name, number
from gui.compare.regions import Statistics
from gui.icons import dot, icon
from gui.minus import shown
from gui.numbers import as_tsv

COLUMNS = {
    "Region": "Its name in the review log.",
    "Defense": "Under which its maps were made.",
    "Map": "Mean of the map in view inside, void left out.",
    "Elsewhere": "Its mean over the same classes in the rest of the image, mixed as inside.",
    "Non-members": "Its mean over the same classes in known non-members, mixed as inside.",
    "Percentile": "How many per cent of the known non-members speak less for a member, by the same classes. A region "
    "is smaller than an image and strays further for that alone: a place in a row, no evidence.",
    "Pixels": "Pixels of the image whose centre lies inside.",
    "Mean score": "Mean of the score map inside.",
    "Mean loss": "Mean loss inside, in nats, void left out.",
    "Evidence": "What the region adds to the image score.",
    "Share": "Of the image's evidence. Evidence has both signs: shares may be below 0 or above 100 %.",
    "Classes": "Of the labelled pixels inside.",
    "Note": "What was said of the region; it is kept as a note on the image.",
}
DEFENSE = 1
NUMBERS = range(2, 11)
MOST_CLASSES = 4
MOST_LINES = 4

Rows = Sequence[tuple[str, Mapping[str, Statistics]]]
"""Region ids, each with the statistics by chain id."""


class RegionTable(QTableWidget):
    """A row per region and defense; copies as TSV; Delete asks to remove the region of the current row.

    `removal_wanted` and `note_wanted` send the region's id.
    """

    removal_wanted = Signal(str)
    note_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(COLUMNS), parent)
        self._lines: list[list[str]] = []
        for place, (title, tip) in enumerate(COLUMNS.items()):
            header = QTableWidgetItem(title)
            header.setToolTip(tip)
            self.setHorizontalHeaderItem(place, header)
        self.verticalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAccessibleName("Regions")
        self.setToolTip("Enter adds a note to a region, Delete removes it, Ctrl+C copies the table.")

    def show_regions(
        self,
        rows: Rows,
        titles: Mapping[str, str],
        colours: Mapping[str, str],
        seen: Seen,
        notes: Mapping[str, str],
        *,
        waiting: bool = False,
    ) -> None:
        """List these statistics; `titles` and `colours` are by chain id, `notes` by region.

        `waiting`: whether what non-members say is still being read.
        """
        lines = [(name, chain, found) for name, by_chain in rows for chain, found in by_chain.items()]
        self._lines = [
            [*_texts(name, titles[chain], found, seen, waiting), notes.get(name, "")] for name, chain, found in lines
        ]
        self.setRowCount(len(lines))
        for row, (texts, (_, chain, _)) in enumerate(zip(self._lines, lines, strict=True)):
            for column, text in enumerate(texts):
                self.setItem(row, column, _item(text, column, colours[chain]))
        self.updateGeometry()

    @property
    def current_region(self) -> str:
        """Id of the region of the current row; empty without one."""
        row = self.currentRow()
        return self._lines[row][0] if 0 <= row < len(self._lines) else ""

    def as_tsv(self) -> str:
        """The table as text for a spreadsheet."""
        return as_tsv([list(COLUMNS), *self._lines])

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as its rows, up to a few."""
        lines = min(self.rowCount(), MOST_LINES)
        height = self.horizontalHeader().sizeHint().height() + sum(self.rowHeight(row) for row in range(lines)) + 4
        return QSize(super().sizeHint().width(), height)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The header and a row."""
        return QSize(120, min(self.sizeHint().height(), 60))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Copy, or ask to remove a region."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.as_tsv())
        elif event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace} and self.current_region:
            self.removal_wanted.emit(self.current_region)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.current_region:
            self.note_wanted.emit(self.current_region)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """What can be done with the region under the pointer."""
        self.menu().popup(event.globalPos())

    def menu(self) -> QMenu:
        """What can be done with the region of the current row, and with the table."""
        menu, region = QMenu(self), self.current_region
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if region:
            menu.addAction(icon("note"), f"Note on region {region}...", lambda: self.note_wanted.emit(region))
            menu.addAction(icon("close"), f"Remove region {region}", lambda: self.removal_wanted.emit(region))
        menu.addAction(icon("copy"), "Copy the table", lambda: QGuiApplication.clipboard().setText(self.as_tsv()))
        return menu


def _item(text: str, column: int, colour: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    if column == DEFENSE:
        item.setIcon(dot(colour))
    if column in NUMBERS:
        item.setTextAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
    return item


def _texts(name: str, title: str, found: Statistics, seen: Seen, waiting: bool) -> list[str]:
    share = number(None) if found.share is None else shown(f"{100 * found.share:z.1f} %")
    unlike = [ELLIPSIS, ELLIPSIS] if waiting and found.rank is None else _unlike(found)
    compared = [number(found.here), number(found.elsewhere), *unlike]
    numbers = [*map(number, (found.score, found.loss, found.evidence)), share]
    return [name, title, *compared, f"{found.pixels:,}", *numbers, _classes(found, seen)]


def _unlike(found: Statistics) -> list[str]:
    """What non-members have, and how many of them lie below."""
    rank = found.rank
    if rank is None:
        return [number(None), number(None)]
    above = rank.percentile
    return [number(rank.usual), number(None) if above is None else f"{above:.0f} % of {rank.of}"]


def _classes(found: Statistics, seen: Seen) -> str:
    named = [f"{class_name(seen, i)} {100 * share:.0f} %" for i, share in found.classes[:MOST_CLASSES]]
    more = len(found.classes) - len(named)
    return ", ".join([*named, f"{more} more"] if more > 0 else named)
