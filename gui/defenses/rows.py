"""The list of the defenses: a switch for each, with what is to be known of it."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from gui.icons import dot

ID = Qt.ItemDataRole.UserRole


class Rows(QListWidget):
    """One line for each defense of the audit and each trial."""

    switched = Signal(str, bool)
    """Id of a chain that a person switched on or off."""
    chosen = Signal(str)
    """Id of the chain whose row is the current one, or empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Defenses shown")
        self.setObjectName("defenseRows")
        self.setWordWrap(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemChanged.connect(self._switched)
        self.currentItemChanged.connect(lambda *_: self.chosen.emit(self.current))

    @property
    def current(self) -> str:
        """Id of the current row's chain, or empty."""
        item = self.currentItem()
        return "" if item is None else str(item.data(ID))

    @current.setter
    def current(self, chain: str) -> None:
        row = self._row_of(chain)
        if row is not None:
            self.setCurrentRow(row)

    @property
    def ids(self) -> list[str]:
        """Ids of all rows."""
        return [str(self.item(row).data(ID)) for row in range(self.count())]

    def show_ids(self, ids: list[str]) -> None:
        """Have a row for each of these; where there are as many as before they stay, with another id."""
        kept = self.current
        self.blockSignals(True)
        if len(ids) != self.count():
            self.clear()
            for _ in ids:
                self.addItem(QListWidgetItem())
        for row, chain in enumerate(ids):
            self.item(row).setData(ID, chain)
        self.blockSignals(False)
        if kept in ids:
            self.current = kept

    def rename(self, before: str, after: str) -> None:
        """The row of an id is that of another one now."""
        row = self._row_of(before)
        if row is not None:
            self.blockSignals(True)
            self.item(row).setData(ID, after)
            self.blockSignals(False)

    def show_row(self, chain: str, text: str, tip: str, colour: str, *, on: bool) -> None:
        """Show what is known of a chain."""
        row = self._row_of(chain)
        if row is None:
            return
        item, state = self.item(row), Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
        self.blockSignals(True)
        item.setText(text)
        item.setToolTip(tip)
        item.setIcon(dot(colour) if colour else QIcon())
        item.setCheckState(state)
        self.blockSignals(False)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as its rows, so that there is room for the fields below."""
        rows = sum(self.sizeHintForRow(row) for row in range(self.count()))
        return QSize(super().sizeHint().width(), rows + 2 * self.frameWidth() + self.fontMetrics().lineSpacing() // 2)

    def _row_of(self, chain: str) -> int | None:
        ids = self.ids
        return ids.index(chain) if chain in ids else None

    def _switched(self, item: QListWidgetItem) -> None:
        self.switched.emit(str(item.data(ID)), item.checkState() == Qt.CheckState.Checked)
