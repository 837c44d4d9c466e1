"""Under which attack the defenses are looked at, and what lies over the images."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QFormLayout, QWidget

from gui.compare.layers import layer_of, unavailable
from gui.document import AuditDocument
from gui.selection import Selection

ID = Qt.ItemDataRole.UserRole


class Choosers(QWidget):
    """An attack chooser and a layer chooser.

    Parameters
    ----------
    selection
        What is looked at.
    engine
        Whether an engine works out the layers that no audit stores.
    """

    def __init__(self, selection: Selection, *, engine: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection, self._has_engine = selection, engine
        self.attacks, self.layers = _chooser("Attack"), _chooser("Layer over the images")
        self.attacks.activated.connect(self._attack_chosen)
        self.layers.activated.connect(self._layer_chosen)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("A&ttack", self.attacks)
        form.addRow("&Layer", self.layers)
        for signal in (selection.document_changed, selection.attack_changed, selection.layer_changed):
            signal.connect(self._show)
        self._show()

    def _show(self, _: object = None) -> None:
        document = self._selection.document
        self.attacks.clear()
        self.layers.clear()
        if document is not None:
            self._show_attacks(document)
            self._show_layers(document)

    def _show_attacks(self, document: AuditDocument) -> None:
        for entry in document.attacks:
            primary = entry.id == document.primary
            self.attacks.addItem(f"{entry.words} ({'primary' if primary else 'exploratory'})", entry.id)
            words = "Named before anything was scored." if primary else "Exploratory: gives no verdict."
            tip = "\n".join(filter(None, (words, entry.note, f"In specs and commands: {entry.id}")))
            self.attacks.setItemData(self.attacks.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.attacks.setCurrentIndex(self.attacks.findData(self._selection.attack))

    def _show_layers(self, document: AuditDocument) -> None:
        model = QStandardItemModel(self.layers)
        for layer_id in self._selection.layers:
            layer = layer_of(layer_id)
            why = unavailable(document, self._selection.attack, layer, engine=self._has_engine)
            item = QStandardItem(layer.title)
            item.setData(layer_id, ID)
            item.setToolTip(why or layer.help)
            item.setEnabled(not why)
            model.appendRow(item)
        self.layers.setModel(model)
        self.layers.setCurrentIndex(self.layers.findData(self._selection.layer))

    def _attack_chosen(self, index: int) -> None:
        self._selection.attack = self.attacks.itemData(index)

    def _layer_chosen(self, index: int) -> None:
        self._selection.layer = self.layers.itemData(index)


def _chooser(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return box
