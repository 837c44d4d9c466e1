"""What each class contributes: IoU per defense, and what the map in view says of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QScrollArea, QSplitter, QWidget

from core.data.samples import Role
from gui import roles
from gui.compare.layers import layer_of
from gui.document import AuditDocument
from gui.plots.chart import Chart
from gui.plots.class_bars import ClassBars
from gui.plots.class_reader import ClassReader, Question
from gui.plots.classes import ClassTable, class_names, iou_table, missing_iou
from gui.plots.classes_table import ClassesTable
from gui.plots.legend import Entry
from gui.plots.panel import WAITING, PlotPanel
from gui.selection import Selection

if TYPE_CHECKING:
    from gui.results import Results

IOU, MAP = "iou", "map"
WHATS = {IOU: "IoU", MAP: "Map in view"}
IOU_WORDS = "Intersection over union of each class: 1 is perfect."
NO_MAP = "This attack draws no map"
NO_MAP_TEXT = "Choose another attack in the panel Defenses."
NONE_KEPT = "No map was kept"
NONE_KEPT_TEXT = "No image of this kind has both a label map and a stored map."


class ClassesPanel(PlotPanel):
    """A table and bars per class: IoU, or the mean of the map in view over each class' pixels."""

    name, title = "classes", "Classes"

    def __init__(self, selection: Selection, results: "Results", parent: QWidget | None = None) -> None:
        super().__init__(selection, results, parent)
        self._reader = ClassReader(self)
        self._table: ClassTable | None = None
        self.what = self._chooser("Number per class", WHATS)
        self.role = self._chooser("Of which images", {str(role): roles.PLURALS[role] for role in Role})
        self.role.setCurrentIndex(self.role.findData(str(Role.NON_MEMBER)))
        self.table, self.bars = ClassesTable(), ClassBars()
        self._lay_out()
        self.table.model().layoutChanged.connect(lambda *_: self._show_bars())  # it was sorted
        self.bars.restyled.connect(self.later)
        self.bars.menu_wanted.connect(self.menu_wanted)
        self._reader.came.connect(self.later)
        self._reader.progressed.connect(self._tell)
        self._reader.failed.connect(self.failed)
        selection.layer_changed.connect(self.later)
        selection.document_changed.connect(self._reader.clear)

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setAccessibleName("IoU per class")
        scroll.setWidget(self.bars)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        split = QSplitter()
        split.setChildrenCollapsible(False)
        for widget in (self.table, scroll):
            split.addWidget(widget)
        split.setSizes([500, 500])
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(lambda p: self.menu_wanted.emit(self.table.mapToGlobal(p)))
        self.centre_on(split)

    def _chooser(self, name: str, choices: Mapping[str, str]) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        for choice, title in choices.items():
            box.addItem(title, choice)
        box.activated.connect(self.later)
        label = QLabel(name)
        label.setBuddy(box)
        self.tools.addWidget(label)
        self.tools.addWidget(box)
        return box

    # ------------------------------------------------------------ what is shown

    @property
    def charts(self) -> Sequence[Chart]:
        """The bars."""
        return (self.bars,)

    def draw(self, document: AuditDocument) -> None:
        """The table and the bars anew."""
        self.readout.set_words("")
        role = Role(self.role.currentData())
        if self.what.currentData() == IOU:
            self._reader.forget()
            self._draw_iou(document, role)
        else:
            self._draw_map(document, role)

    def _draw_iou(self, document: AuditDocument, role: Role) -> None:
        results = self.shown_results()
        made = iou_table(results, document.class_names, role, self._base(document))
        if not results:
            self.say_waiting()
        elif made is None:
            self.say("There is no IoU", missing_iou(role))
        else:
            counted = next(iter(results.values())).counted.get(role, 0)
            words = f"{IOU_WORDS} Counted on {counted:,} {roles.PLURALS[role].lower()}."
            self._show(made, words)

    def _draw_map(self, document: AuditDocument, role: Role) -> None:
        attack, layer = self._map(document)
        chains = tuple(chain for chain in self.selection.chains if document.chain(chain) is not None)
        if not layer:
            self.say(NO_MAP, NO_MAP_TEXT)
            return
        found = self._reader.of(Question(document, chains, attack, layer, role))
        if found is None:
            self.say(WAITING)
        elif not found.values:
            self.say(NONE_KEPT, NONE_KEPT_TEXT)
        else:
            base = self._base(document)
            names = class_names(document.class_names, found.values)
            made = ClassTable(names, found.values, base if base in found.values else "")
            which = f"{found.images:,} of {found.of:,} {roles.PLURALS[role].lower()}"
            self._show(made, f"{layer_of(layer).title}: mean over each class' pixels, of {which}; images count alike.")

    def _map(self, document: AuditDocument) -> tuple[str, str]:
        """The attack and the name of the map in view; of layers that are no maps, the attack's first map."""
        attack, layer = self.selection.attack, self.selection.layer
        maps = document.map_names(attack)
        if layer in maps:
            return attack, layer
        if layer == "loss" and document.loss_attack is not None:
            return document.loss_attack, layer
        return attack, maps[0] if maps else ""

    def _base(self, document: AuditDocument) -> str:
        """What differences are against: the undefended target where it is shown, else the first defense shown."""
        shown = self.selection.chains
        plain = (chain.id for chain in document.chains if chain.id in shown and chain.id == "none")
        return next(plain, shown[0])

    def _show(self, made: ClassTable, words: str) -> None:
        titles = {chain: self.selection.title(chain) for chain in made.values}
        colours = {chain: self.look(chain).colour for chain in made.values}
        self._table = made
        self.table.show_table(made, titles, colours, words)
        notes = dict.fromkeys(note for note in (made.notes or {}).values() if note)
        self.readout.set_words(" ".join([words, *notes]))
        self._show_bars()
        self.reveal()

    def _show_bars(self) -> None:
        if self._table is not None and self.table.rowCount() == len(self._table.names) + 1:
            styles = {chain: self.look(chain) for chain in self._table.values}
            entries = [Entry(self.selection.title(chain), style.pen()) for chain, style in styles.items()]
            self.bars.show_table(self._table, self.table.order, styles, entries)

    def _tell(self, done: int, of: int) -> None:
        self.notice.say(WAITING, f"{done} of {of} images. What is read here is kept until another audit is opened.")

    def rows(self) -> list[list[str]]:
        """The table as it stands."""
        return self.table.texts()

    # ------------------------------------------------------------ what it remembers

    def state(self) -> Mapping[str, Any]:
        """What is chosen."""
        return {"what": self.what.currentData(), "role": self.role.currentData()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Choose what was chosen."""
        for box, key in ((self.what, "what"), (self.role, "role")):
            place = box.findData(state.get(key))
            box.setCurrentIndex(place if place >= 0 else box.currentIndex())
        self.later()

    def close_threads(self) -> None:
        """Stop what is being read."""
        super().close_threads()
        self._reader.close()
