"""Chooses what the grid is sorted by; the list has its header for that."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton, QWidget

from gui.browser.model import ImageModel

ARROWS = {False: Qt.ArrowType.UpArrow, True: Qt.ArrowType.DownArrow}
WORDS = {False: "Smallest first", True: "Greatest first"}


class SortChooser(QWidget):
    """A column and a direction; follows what the header of the list says."""

    def __init__(self, model: ImageModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._columns = QComboBox()
        self._columns.setAccessibleName("Sort by")
        self._columns.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._columns.activated.connect(self._chosen)
        self._direction = QToolButton()
        self._direction.setAutoRaise(True)
        self._direction.clicked.connect(self._turn)
        label = QLabel("Sort by")
        label.setBuddy(self._columns)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 4)
        layout.addWidget(label)
        layout.addWidget(self._columns, stretch=1)
        layout.addWidget(self._direction)
        model.modelReset.connect(self._follow)
        model.asked_anew.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        """Show the columns there are, and how the rows are sorted."""
        column_id, descending = self._model.sorted_by
        self._columns.clear()
        for column in self._model.columns:
            self._columns.addItem(column.title, column.id)
        self._columns.setCurrentIndex(self._columns.findData(column_id))
        self._direction.setArrowType(ARROWS[descending])
        self._direction.setToolTip(WORDS[descending])
        self._direction.setAccessibleName(WORDS[descending])

    def _chosen(self, _place: int) -> None:
        self._model.sort_by(self._columns.currentData(), descending=self._model.sorted_by[1])

    def _turn(self) -> None:
        column_id, descending = self._model.sorted_by
        self._model.sort_by(column_id, descending=not descending)
