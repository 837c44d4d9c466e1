"""The fields above the image list: which images are shown."""

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.data.samples import Role
from gui import roles
from gui.browser.arrange import Filter, Only
from gui.buttons import icon_button
from gui.icons import icon
from gui.theme import tokens

TYPING = 150
"""Milliseconds without a key after which a typed filter is applied."""

TABS = ("", *(str(role) for role in Role))

ONLY = {
    Only.ALL: "All images",
    Only.ABOVE: "Above the operating point",
    Only.FLAGGED: "Flagged",
    Only.NOTED: "With notes",
    Only.EXCLUDED: "Excluded",
    Only.FAILED: "Failed",
    Only.EVIDENCE: "Evidence of membership",
    Only.NO_EVIDENCE: "No evidence at this power",
    Only.UNJUDGED: "Cannot be judged",
}


class FilterBar(QWidget):
    """Role, text, score range, class and further conditions.

    `changed` sends the `Filter` that is asked for, a moment after the last key.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tabs = self._make_tabs()
        self._text = self._field("Filter by name", "Words that occur in the image's path, in any order")
        self._text.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        self._text.setClearButtonEnabled(True)
        self._low = self._field("from", "Least image score under the first defense shown")
        self._high = self._field("to", "Greatest image score under the first defense shown")
        self._class = self._combo("Class in the image", "Only images in whose label map this class occurs")
        self._only = self._combo("Further condition", "Only images of which this holds")
        for only, title in ONLY.items():
            self._only.addItem(title, str(only))  # Qt hands no enumerations back
        self._wrong = QLabel()
        self._wrong.setProperty("role", "small")
        self._wrong.setWordWrap(True)
        self._more = self._make_more()
        self._toggle = self._make_toggle()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(TYPING)
        self._timer.timeout.connect(self._tell)
        self._asked = Filter()
        self.set_counts({})
        self.set_classes((), counted=False)
        self._lay_out()
        self._tabs.currentChanged.connect(self._tell)
        for field in (self._text, self._low, self._high):
            field.textChanged.connect(lambda _: self._timer.start())
        for combo in (self._class, self._only):
            combo.currentIndexChanged.connect(self._tell)

    # ------------------------------------------------------------ what it says

    @property
    def filter(self) -> Filter:
        """What the fields ask for; a field whose text is no number asks for nothing."""
        return Filter(
            role=TABS[max(0, self._tabs.currentIndex())],
            text=self._text.text().strip(),
            low=_number(self._low.text()),
            high=_number(self._high.text()),
            class_id=self._class.currentData(),
            only=Only(self._only.currentData() or Only.ALL),
        )

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """Say how many images there are of each role; roles without any cannot be chosen."""
        for place, role in enumerate(TABS):
            count = sum(counts.values()) if not role else counts.get(role, 0)
            title = "All" if not role else roles.PLURALS[Role(role)]
            self._tabs.setTabText(place, title)
            self._tabs.setTabToolTip(place, f"{title}: {count:,}")
            self._tabs.setTabEnabled(place, count > 0 or not role)

    def set_classes(self, names: Sequence[str], *, counted: bool) -> None:
        """Offer these classes, once it is known which image has which."""
        chosen = self._class.currentData()
        self._class.blockSignals(True)
        self._class.clear()
        self._class.addItem("Any class", None)
        for train_id, name in enumerate(names):
            self._class.addItem(name, train_id)
        self._class.setCurrentIndex(max(0, self._class.findData(chosen)))
        self._class.setEnabled(counted and bool(names))
        self._class.blockSignals(False)

    def focus_text(self) -> None:
        """Put the cursor into the text field."""
        self._text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._text.selectAll()

    def clear(self) -> None:
        """Show all images of the chosen role."""
        for field in (self._text, self._low, self._high):
            field.clear()
        for combo in (self._class, self._only):
            combo.setCurrentIndex(0)
        self._tell()

    def show_role(self, role: str) -> None:
        """Show the images of a role; empty for all."""
        self._tabs.setCurrentIndex(TABS.index(role))

    def show_only(self, only: Only) -> None:
        """Show the images of which this holds."""
        self._only.setCurrentIndex(self._only.findData(str(only)))

    def _tell(self, _: object = None) -> None:
        self._timer.stop()
        self._mark_wrong()
        asked = self.filter
        self._toggle.setIcon(icon("filter", tokens().accent if asked.narrow else ""))
        if asked != self._asked:
            self._asked = asked
            self.changed.emit(asked)

    def _mark_wrong(self) -> None:
        """Say of a score that is no number that it is none."""
        wrong = [field for field in (self._low, self._high) if field.text().strip() and _number(field.text()) is None]
        for field in (self._low, self._high):
            palette = self.palette()
            if field in wrong:
                palette.setColor(QPalette.ColorRole.Text, tokens().error)
            field.setPalette(palette)
        self._wrong.setText(f"“{wrong[0].text().strip()}” is no number; write one such as 0.25." if wrong else "")
        self._wrong.setVisible(bool(wrong))

    # ------------------------------------------------------------ how it is made

    def _make_tabs(self) -> QTabBar:
        tabs = QTabBar()
        tabs.setAccessibleName("Role of the images shown")
        tabs.setDrawBase(False)
        tabs.setExpanding(False)
        tabs.setUsesScrollButtons(False)
        tabs.setElideMode(Qt.TextElideMode.ElideRight)
        for _ in TABS:
            tabs.addTab("")
        return tabs

    def _field(self, hint: str, help: str) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText(hint)
        field.setToolTip(help)
        field.setAccessibleName(help)
        return field

    def _combo(self, name: str, help: str) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(name)
        combo.setToolTip(help)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(8)
        return combo

    def _make_toggle(self) -> QToolButton:
        button = icon_button("filter", "More filters", "More filters: score, class, state", checkable=True)
        button.toggled.connect(self._more.setVisible)
        return button

    def _make_more(self) -> QWidget:
        box = QWidget()
        clear = QPushButton("Clear")
        clear.setToolTip("Show all images of the chosen role")
        clear.clicked.connect(self.clear)
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        rows: dict[str, tuple[QWidget, ...]] = {
            "Score": (self._low, self._high),
            "Class": (self._class,),
            "Only": (self._only, clear),
        }
        for row, (title, fields) in enumerate(rows.items()):
            label = QLabel(title)
            label.setBuddy(fields[0])
            grid.addWidget(label, row, 0)
            for column, field in enumerate(fields):
                grid.addWidget(field, row, 1 + column, 1, 3 - len(fields))
        grid.addWidget(self._wrong, 3, 0, 1, 3)
        self._wrong.hide()
        box.hide()
        return box

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self._text, stretch=1)
        row.addWidget(self._toggle)
        self._row = row
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        layout.addWidget(self._tabs)
        layout.addLayout(row)
        layout.addWidget(self._more)

    def add_tools(self, *tools: QWidget) -> None:
        """Put further buttons beside the text field."""
        for tool in tools:
            self._row.addWidget(tool)


def _number(text: str) -> float | None:
    """The number a text says; None for an empty text and for what is no number."""
    try:
        value = float(text.strip().replace(",", ".").replace("−", "-"))
    except ValueError:
        return None
    return None if math.isnan(value) else value
