"""The row of controls above the panes: what maps are compared with, how strong they are, in which colours."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QSizePolicy, QSlider, QToolButton, QWidget

from gui.actions import Action
from gui.compare.colour_menu import ColourMenu
from gui.compare.layers import Comparison
from gui.compare.look import Look
from gui.icons import icon

PERCENT = 100
ROLE = Qt.ItemDataRole.UserRole


class Controls(QWidget):
    """What a person sets for all panes at once.

    Attributes
    ----------
    comparison_chosen, look_chosen
        Send a `Comparison`, a `Look`.
    """

    comparison_chosen = Signal(object)
    look_chosen = Signal(object)

    def __init__(self, actions: Sequence[Action], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = Look()
        self._comparisons = _box(
            "Compared with", "Show a map itself, or what is left when another one is taken off it."
        )
        for comparison in Comparison:
            self._comparisons.addItem(comparison.words, comparison)
        self._comparisons.activated.connect(
            lambda i: self.comparison_chosen.emit(Comparison(self._comparisons.itemData(i, ROLE)))
        )
        self._opacity = _slider()
        self._opacity.valueChanged.connect(lambda v: self._choose(replace(self._look, opacity=v / PERCENT)))
        self._colours = ColourMenu(self)
        self._colours.chosen.connect(self._choose)
        self._buttons = {action.id: _button(action) for action in actions}
        self._actions = {action.id: action for action in actions}
        self._lay_out()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 0)
        row.setSpacing(4)
        row.addWidget(self._comparisons)
        row.addWidget(self._opacity)
        row.addWidget(self._colours)
        row.addStretch(1)
        for button in self._buttons.values():
            row.addWidget(button)

    def show_comparison(self, comparison: Comparison, *, possible: bool) -> None:
        """Show what maps are compared with; `possible`: whether the layer has values."""
        with QSignalBlocker(self._comparisons):
            self._comparisons.setCurrentIndex(self._comparisons.findData(comparison, ROLE))
        self._comparisons.setEnabled(possible)

    def show_look(self, look: Look) -> None:
        """Show these settings."""
        self._look = look
        with QSignalBlocker(self._opacity):
            self._opacity.setValue(round(look.opacity * PERCENT))
        self._colours.show_look(look)

    def give_menu(self, action_id: str, menu: QMenu) -> None:
        """Let the button of an action open a menu besides."""
        self._buttons[action_id].setMenu(menu)
        self._buttons[action_id].setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)

    def refresh(self) -> None:
        """Ask the actions anew whether they can be used and whether they are on."""
        for action_id, button in self._buttons.items():
            action = self._actions[action_id]
            button.setEnabled(action.enabled())
            button.setChecked(action.checked is not None and action.checked())

    def _choose(self, look: Look) -> None:
        self._look = look
        self.look_chosen.emit(look)


def _box(name: str, tip: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(21)
    box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    box.view().setTextElideMode(Qt.TextElideMode.ElideNone)
    return box


def _slider() -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, PERCENT)
    slider.setPageStep(10)
    slider.setMinimumWidth(60)
    slider.setMaximumWidth(160)
    slider.setAccessibleName("Opacity of the overlay")
    slider.setToolTip("Opacity of the overlay ([ and ])")
    return slider


def _button(action: Action) -> QToolButton:
    """A small button; shortcuts and menus come from the same action."""
    button = QToolButton()
    button.setIcon(icon(action.icon) if action.icon else QIcon())
    button.setIconSize(QSize(18, 18))
    button.setAutoRaise(True)
    button.setCheckable(action.checked is not None)
    button.setToolTip(f"{action.title} ({action.keys})\n{action.tooltip}" if action.keys else action.title)
    button.setAccessibleName(action.title)
    button.clicked.connect(lambda _: action.callback())
    return button
