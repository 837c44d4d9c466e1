"""The panel that says which defenses are shown, under which attack, and what lies over the images."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QComboBox, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from gui.compare.headings import chain_title
from gui.compare.layers import layer_of, unavailable
from gui.document import AuditDocument
from gui.icons import dot
from gui.selection import MOST_PANES, Selection
from gui.theme import defense_colours

ID = Qt.ItemDataRole.UserRole
FULL = f"{MOST_PANES} defenses are shown at most: switch another one off first."


class SwitchDefenses(QUndoCommand):
    """Other defenses are shown."""

    def __init__(self, selection: Selection, chains: tuple[str, ...], words: str) -> None:
        super().__init__(words)
        self._selection, self._before, self._after = selection, selection.chains, chains

    def redo(self) -> None:
        """Show the new ones."""
        self._selection.chains = self._after

    def undo(self) -> None:
        """Show the ones from before."""
        self._selection.chains = self._before


class DefensesPanel(QWidget):
    """A switch per defense of the audit, an attack chooser and a layer chooser.

    Parameters
    ----------
    selection
        What is looked at.
    undo_stack
        Takes every switch.
    engine
        Whether an engine works out the layers that no audit stores.
    """

    def __init__(
        self, selection: Selection, undo_stack: QUndoStack, *, engine: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._selection, self._undo_stack, self._has_engine = selection, undo_stack, engine
        self._list = QListWidget()
        self._list.setAccessibleName("Defenses shown")
        self._list.setWordWrap(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemChanged.connect(self._switched)
        self._hint = QLabel()
        self._hint.setProperty("role", "muted")
        self._hint.setWordWrap(True)
        self._attacks, self._layers = _chooser("Attack"), _chooser("Layer over the images")
        self._attacks.activated.connect(self._attack_chosen)
        self._layers.activated.connect(self._layer_chosen)
        self._lay_out()
        for signal in (selection.document_changed, selection.attack_changed, selection.layer_changed):
            signal.connect(self._show)
        selection.chains_changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.addWidget(self._list, stretch=1)
        layout.addWidget(self._hint)
        for title, box in (("&Attack", self._attacks), ("&Layer", self._layers)):
            label = QLabel(title)
            label.setBuddy(box)
            layout.addWidget(label)
            layout.addWidget(box)

    # ------------------------------------------------------------ what is selected

    def _show(self, _: object = None) -> None:
        document = self._selection.document
        self.setEnabled(document is not None)
        self._list.blockSignals(True)
        self._list.clear()
        self._attacks.clear()
        self._layers.clear()
        if document is not None:
            self._show_defenses(document)
            self._show_attacks(document)
            self._show_layers(document)
        self._list.blockSignals(False)

    def _show_defenses(self, document: AuditDocument) -> None:
        colours = defense_colours(chain.id for chain in document.chains)
        for chain in document.chains:
            item = QListWidgetItem(dot(colours[chain.id]), chain_title(document, chain.id))
            item.setData(ID, chain.id)
            item.setToolTip(chain.describe())
            on = chain.id in self._selection.chains
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            self._list.addItem(item)

    def _show_attacks(self, document: AuditDocument) -> None:
        for entry in document.attacks:
            primary = entry.id == document.primary
            self._attacks.addItem(f"{entry.id} (primary)" if primary else entry.id, entry.id)
            words = "Named before anything was scored." if primary else "Exploratory: gives no verdict."
            self._attacks.setItemData(self._attacks.count() - 1, words, Qt.ItemDataRole.ToolTipRole)
        self._attacks.setCurrentIndex(self._attacks.findData(self._selection.attack))

    def _show_layers(self, document: AuditDocument) -> None:
        model = QStandardItemModel(self._layers)
        for layer_id in self._selection.layers:
            layer = layer_of(layer_id)
            why = unavailable(document, self._selection.attack, layer, engine=self._has_engine)
            item = QStandardItem(layer.title)
            item.setData(layer_id, ID)
            item.setToolTip(why or layer.help)
            item.setEnabled(not why)
            model.appendRow(item)
        self._layers.setModel(model)
        self._layers.setCurrentIndex(self._layers.findData(self._selection.layer))

    # ------------------------------------------------------------ what a person does

    def _switched(self, item: QListWidgetItem) -> None:
        wanted = self._wanted()
        self._hint.setText(FULL if len(wanted) > MOST_PANES else "")
        if len(wanted) > MOST_PANES:
            self._show()
            return
        on = item.checkState() == Qt.CheckState.Checked
        words = f"Show {item.text()}" if on else f"Hide {item.text()}"
        self._undo_stack.push(SwitchDefenses(self._selection, wanted, words))

    def _wanted(self) -> tuple[str, ...]:
        """The defenses that are on, in the audit's order, then those that are not in the audit."""
        items = [self._list.item(row) for row in range(self._list.count())]
        on = [item.data(ID) for item in items if item.checkState() == Qt.CheckState.Checked]
        known = {item.data(ID) for item in items}
        return (*on, *(chain for chain in self._selection.chains if chain not in known))

    def _attack_chosen(self, index: int) -> None:
        self._selection.attack = self._attacks.itemData(index)

    def _layer_chosen(self, index: int) -> None:
        self._selection.layer = self._layers.itemData(index)


def _chooser(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return box
