"""The choices of a snapshot as fields: forms for what is plain, lists to tick for sections and defenses."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from core.errors import SpecError
from core.snapshot.choices import ALWAYS, SECTIONS, Contents, Form, Heading, Privacy, SnapshotChoices
from gui.forms import Form as ChoiceForm

MOST = 10_000


class TickList(QListWidget):
    """Names to tick."""

    ticked = Signal()

    def __init__(self, name: str, items: Iterable[tuple[str, str]], fixed: Sequence[str] = ()) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setObjectName("ticks")
        for key, title in items:
            item = QListWidgetItem(title)
            item.setData(Qt.ItemDataRole.UserRole, key)
            item.setToolTip(title)
            item.setCheckState(Qt.CheckState.Checked)
            if key in fixed:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
                item.setToolTip(f"{title}: always there.")
            self.addItem(item)
        self.itemChanged.connect(lambda _: self.ticked.emit())

    def chosen(self) -> tuple[str, ...]:
        """The keys that are ticked; empty where all are, which means all."""
        found = [item for item in self._items() if item.checkState() is Qt.CheckState.Checked]
        return () if len(found) == self.count() else tuple(item.data(Qt.ItemDataRole.UserRole) for item in found)

    def choose(self, keys: Sequence[str]) -> None:
        """Tick these; all where there are none."""
        for item in self._items():
            on = not keys or item.data(Qt.ItemDataRole.UserRole) in keys or not item.flags() & Qt.ItemFlag.ItemIsEnabled
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def _items(self) -> list[QListWidgetItem]:
        return [self.item(row) for row in range(self.count())]


class Fields(QTabWidget):
    """All fields.

    Parameters
    ----------
    choices
        What they show at first.
    defenses
        Ids and titles of the audit's defenses.
    image
        The image in view, or None.
    """

    changed = Signal()

    def __init__(self, choices: SnapshotChoices, defenses: Sequence[tuple[str, str]], image: int | None) -> None:
        super().__init__()
        self._image = image
        self._heading, self._privacy = ChoiceForm(choices.heading), ChoiceForm(choices.privacy, explained=True)
        self._form = ChoiceForm(choices.form, explained=True)
        self._sections, self._defenses = TickList("Sections", SECTIONS.items(), ALWAYS), TickList("Defenses", defenses)
        self._sections.choose(choices.contents.sections)
        self._top, self._flagged, self._picked = QSpinBox(), QCheckBox("Flagged images"), QLineEdit()
        self.predictions = QCheckBox("What the target predicts")
        self.predictions.setToolTip(
            "The target is asked about each image that gets a page when the snapshot is written."
        )
        self.view = QCheckBox("The panes as they are, with zoom and layers")
        self._fill(choices.contents)
        self.addTab(self._heading, Heading.title)
        self.addTab(self._images(), "Images")
        self.addTab(self._sections, "Sections")
        self.addTab(self._defenses, "Defenses")
        self.addTab(self._privacy, Privacy.title)
        self.addTab(self._form, Form.title)
        self._connect()

    def choices(self) -> SnapshotChoices:
        """What the fields say. Raises `SpecError` naming the field that cannot be."""
        contents = Contents(
            self._sections.chosen(),
            self._defenses.chosen(),
            self._top.value(),
            self._flagged.isChecked(),
            self._numbers(),
            self.predictions.isChecked(),
        )
        return SnapshotChoices(self._heading.value(), contents, self._privacy.value(), self._form.value())  # type: ignore[arg-type]

    def _numbers(self) -> tuple[int, ...]:
        words = self._picked.text().replace(",", " ").split()
        wrong = [word for word in words if not word.isdecimal()]
        if wrong:
            raise SpecError(f"Further images: '{wrong[0]}' is no number.", "Write numbers such as 3, 17.")
        return tuple(int(word) for word in words)

    def _fill(self, contents: Contents) -> None:
        self._top.setRange(0, MOST)
        self._top.setValue(contents.top)
        self._flagged.setChecked(contents.flagged)
        self.predictions.setChecked(contents.predictions)
        self._top.setAccessibleName("Highest-scoring suspects")
        self._picked.setPlaceholderText("such as 3, 17")
        self._picked.setAccessibleName("Further images")

    def _images(self) -> QWidget:
        page = QWidget()
        layout = QFormLayout(page)
        layout.addRow("Highest-scoring suspects", self._top)
        layout.addRow("", self._flagged)
        row = QHBoxLayout()
        row.addWidget(self._picked)
        add = QPushButton("Add the image in view")
        add.setEnabled(self._image is not None)
        add.clicked.connect(self._add_image)
        row.addWidget(add)
        layout.addRow("Further images", row)
        layout.addRow("On each page", self.predictions)
        layout.addRow("Window", self.view)
        return page

    def _add_image(self) -> None:
        known = self._picked.text().replace(",", " ").split()
        if str(self._image) not in known:
            self._picked.setText(", ".join([*known, str(self._image)]))

    def _connect(self) -> None:
        for form in (self._heading, self._privacy, self._form):
            form.changed.connect(self.changed)
        self._sections.ticked.connect(self.changed)
        self._defenses.ticked.connect(self.changed)
        self._top.valueChanged.connect(lambda _: self.changed.emit())
        self._picked.textChanged.connect(lambda _: self.changed.emit())
        for box in (self._flagged, self.predictions, self.view):
            box.toggled.connect(lambda _: self.changed.emit())


def column(*widgets: QWidget) -> QVBoxLayout:
    """Widgets below each other."""
    layout = QVBoxLayout()
    for widget in widgets:
        layout.addWidget(widget)
    return layout
