"""How the images and label maps of one set are read: layout, classes, encoding, how many."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from core.audit.spec import ImagesEntry
from core.data.labels import ENCODINGS
from core.data.layouts import LAYOUTS
from core.data.layouts.detect import AUTO
from core.errors import SegLeakError
from gui.banner import Severity
from gui.forms import Form
from gui.wizard.parts import Notice, refill
from gui.wizard.schemes import SchemeBox

MOST = 10_000_000
Button = QDialogButtonBox.StandardButton


class ReadingDialog(QDialog):
    """Changes one `ImagesEntry`; `accepted_entry` sends the new one.

    Parameters
    ----------
    entry
        As it is now.
    recognised
        Name of the layout that is used now.
    """

    accepted_entry = Signal(object)

    def __init__(self, entry: ImagesEntry, recognised: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("How these images are read")
        self._entry, self._recognised = entry, recognised
        self.layout_box, self.encoding_box = QComboBox(), QComboBox()
        self.layout_box.addItem(f"As recognised ({recognised or 'nothing yet'})", AUTO)
        for layout in LAYOUTS:
            self.layout_box.addItem(layout.title, layout.name)
        self.layout_box.setCurrentIndex(max(0, self.layout_box.findData(entry.layout)))
        self.layout_box.currentIndexChanged.connect(lambda _: self._show_options({}))
        self.scheme_box = SchemeBox(entry.scheme)
        self.encoding_box.addItems(ENCODINGS)
        self.encoding_box.setCurrentText(entry.encoding or "auto")
        self.limit = QSpinBox()
        self.limit.setRange(0, MOST)
        self.limit.setSpecialValueText("All")
        self.limit.setValue(entry.limit or 0)
        self.wrong = Notice(Severity.ERROR)
        self.form: Form | None = None
        self._options = QVBoxLayout()
        self._lay_out()
        self._show_options(dict(entry.options))

    def _lay_out(self) -> None:
        rows = QFormLayout()
        for title, widget in (
            ("Layout", self.layout_box),
            ("Classes", self.scheme_box),
            ("Label maps hold", self.encoding_box),
            ("How many images", self.limit),
        ):
            rows.addRow(title, widget)
            widget.setAccessibleName(title)
        buttons = QDialogButtonBox(Button.Ok | Button.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(rows)
        column.addLayout(self._options)
        column.addWidget(self.wrong)
        column.addWidget(buttons)
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 70)

    def _show_options(self, values: dict[str, Any]) -> None:
        """The form of the layout's own options."""
        name = self._name()
        self.form = None
        if name in LAYOUTS.names():
            kind = LAYOUTS.get(name)
            self.form = Form(kind.from_mapping(values), explained=True)
        refill(self._options, [] if self.form is None else [self.form])
        self.adjustSize()

    def _name(self) -> str:
        chosen = self.layout_box.currentData()
        return self._recognised if chosen == AUTO else str(chosen)

    def entry(self) -> ImagesEntry:
        """What the fields say. Raises `SegLeakError` where one cannot be."""
        options: dict[str, Any] = {}
        if self.form is not None:
            kind = LAYOUTS.get(self._name())
            plain = kind().to_mapping()
            options = {k: v for k, v in self.form.value().to_mapping().items() if v not in ("", plain.get(k))}
        return replace(
            self._entry,
            # Options belong to a layout: with some given, it is no longer left to be recognised.
            layout=self._name() if options else self.layout_box.currentData(),
            options=options,
            scheme=self.scheme_box.value(),
            encoding=None if self.encoding_box.currentText() == "auto" else self.encoding_box.currentText(),
            limit=self.limit.value() or None,
        )

    def accept(self) -> None:
        """Send the entry, where the fields are right."""
        try:
            entry = self.entry()
        except SegLeakError as error:
            self.wrong.say(error.message, error.remedy)
            return
        self.accepted_entry.emit(entry)
        super().accept()
