"""The menu in which layers are chosen that stand side by side."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu, QWidget

from gui.compare.layers import IMAGE, layer_of, unavailable
from gui.selection import MOST_PANES, Selection

if TYPE_CHECKING:
    from gui.compare.presenter import Presenter


class BesideMenu(QMenu):
    """A switch per layer, made anew each time it opens; a choice turns the arrangement on."""

    def __init__(self, selection: Selection, presenter: "Presenter", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection, self._presenter = selection, presenter
        self.setTitle("Beside the layer in view")
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """List the layers under the attack in view."""
        self.clear()
        self.addSection(f"Beside the layer in view, at most {MOST_PANES - 1}")
        shown = self._presenter.beside.layers
        for layer_id in self._selection.layers:
            if layer_id not in (self._selection.layer, IMAGE):
                self._add(layer_id, layer_id in shown)

    def _add(self, layer_id: str, checked: bool) -> None:
        layer, selection = layer_of(layer_id), self._selection
        why = unavailable(selection.document, selection.attack, layer, engine=self._presenter.has_engine)
        action = self.addAction(layer.title)
        action.setCheckable(True)
        action.setChecked(checked)
        action.setEnabled(not why)
        action.setToolTip(why or layer.help)
        action.triggered.connect(self._switcher(layer_id))

    def _switcher(self, layer_id: str) -> Callable[[], None]:
        def switch() -> None:
            beside = self._presenter.beside
            self._presenter.beside = replace(beside, on=True, layers=beside.switched(layer_id))

        return switch
