"""The button that opens the choice of colours: colour map, direction, and where its scale ends."""

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QMenu,
    QToolButton,
    QWidget,
    QWidgetAction,
)

from gui.colour_names import SEQUENTIAL
from gui.compare.look import Ends, Look
from gui.compare.overlay import colour_table
from gui.compare.picture import Overlay
from gui.icons import icon

SWATCH = QSize(72, 12)

ENDS = {
    Ends.SHARED: "Shared by all images and defenses",
    Ends.OWN: "Own range of each map",
    Ends.HAND: "Set by hand",
}


class ColourMenu(QToolButton):
    """Opens the choice of colours. `chosen` sends a `Look`."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = Look()
        self.setIcon(icon("colours"))
        self.setIconSize(QSize(18, 18))
        self.setAutoRaise(True)
        self.setToolTip("Colour map and range of the overlay")
        self.setAccessibleName("Colours")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._maps = QComboBox()
        self._maps.setIconSize(SWATCH)
        self._backwards = QCheckBox("Reversed")
        self._clear_void = QCheckBox("Void pixels transparent")
        self._ends = QComboBox()
        self._low, self._high = _end("Low end"), _end("High end")
        self._make_menu()
        self._connect()

    def show_look(self, look: Look) -> None:
        """Show these settings."""
        self._look = look
        widgets = (self._maps, self._backwards, self._clear_void, self._ends, self._low, self._high)
        blockers = [QSignalBlocker(widget) for widget in widgets]
        self._maps.setCurrentIndex(self._maps.findData(look.colours))
        self._backwards.setChecked(look.backwards)
        self._clear_void.setChecked(look.clear_void)
        self._ends.setCurrentIndex(self._ends.findData(look.ends))
        self._low.setValue(look.hand[0])
        self._high.setValue(look.hand[1])
        for box in (self._low, self._high):
            box.setEnabled(look.ends is Ends.HAND)
        del blockers

    def _make_menu(self) -> None:
        for name in SEQUENTIAL:
            self._maps.addItem(name.capitalize(), name)
        for ends, title in ENDS.items():
            self._ends.addItem(title, ends)
        by_hand = QHBoxLayout()
        by_hand.addWidget(self._low)
        by_hand.addWidget(self._high)
        page = QWidget()
        form = QFormLayout(page)
        form.addRow("Colour map", self._maps)
        form.addRow("", self._backwards)
        form.addRow("", self._clear_void)
        form.addRow("Range", self._ends)
        form.addRow("By hand", by_hand)
        self._maps.setToolTip("For probabilities and losses. Evidence and differences go from blue over white to rust.")
        self._clear_void.setToolTip("In every layer. Without it maps are drawn where the label map says nothing, too.")
        menu = QMenu(self)
        menu.aboutToShow.connect(self._draw_swatches)
        entry = QWidgetAction(menu)
        entry.setDefaultWidget(page)
        menu.addAction(entry)
        self.setMenu(menu)

    def _draw_swatches(self) -> None:
        """Only when the menu opens: the colour maps come from a library that is slow to load."""
        for row in range(self._maps.count()):
            ramp = Overlay.of(colour_table(self._maps.itemData(row))[None, 1:])
            self._maps.setItemIcon(row, QIcon(QPixmap.fromImage(ramp.image).scaled(SWATCH)))

    def _connect(self) -> None:
        self._maps.activated.connect(lambda _: self._choose(replace(self._look, colours=self._maps.currentData())))
        self._backwards.toggled.connect(lambda on: self._choose(replace(self._look, backwards=on)))
        self._clear_void.toggled.connect(lambda on: self._choose(replace(self._look, clear_void=on)))
        self._ends.activated.connect(lambda _: self._choose(replace(self._look, ends=Ends(self._ends.currentData()))))
        self._low.valueChanged.connect(self._choose_by_hand)
        self._high.valueChanged.connect(self._choose_by_hand)

    def _choose_by_hand(self) -> None:
        low, high = self._low.value(), self._high.value()
        if low < high:
            self._choose(replace(self._look, hand=(low, high)))

    def _choose(self, look: Look) -> None:
        self.show_look(look)
        self.chosen.emit(look)


def _end(name: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(-1e6, 1e6)
    box.setDecimals(5)
    box.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    box.setAccessibleName(name)
    box.setToolTip(f"{name} of the colour scale")
    return box
