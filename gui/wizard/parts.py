"""Small widgets that the sections of the page share."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from gui.banner import Severity
from gui.buttons import icon_button
from gui.icons import Sign
from gui.theme import tokens

SIGN = 16


class Words(QLabel):
    """A text that wraps, is no markup and can be copied; takes no room while it is empty."""

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setProperty("role", role)
        self.say(text)

    def say(self, text: str) -> None:
        """Show another text."""
        self.setText(text)
        self.setVisible(bool(text))


class Notice(QWidget):
    """A sentence with the sign of its severity, where it belongs; takes no room while there is nothing to say."""

    def __init__(self, severity: Severity = Severity.NOTE, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._severity = severity
        self._sign = Sign(str(severity), SIGN, lambda: str(getattr(tokens(), self._severity)))
        self._words = Words()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(self._sign, alignment=Qt.AlignmentFlag.AlignTop)
        self._row.addWidget(self._words, stretch=1)
        self.say(text)

    @property
    def text(self) -> str:
        """What it says."""
        return self._words.text()

    def say(self, *sentences: str) -> None:
        """Show other sentences; nothing where they are empty."""
        text = " ".join(sentence for sentence in sentences if sentence)
        self._words.say(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))

    def add(self, button: QPushButton) -> None:
        """Put a button behind the sentence."""
        self._row.addWidget(button, alignment=Qt.AlignmentFlag.AlignTop)


class Section(QWidget):
    """A heading, what the section is for, and its contents.

    Attributes
    ----------
    column
        Takes the contents.
    """

    def __init__(self, title: str, words: str, parent: QWidget | None = None, *, role: str = "heading") -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(8)
        heading = QLabel(title)
        heading.setProperty("role", role)
        self.column.addWidget(heading)
        self.column.addWidget(Words(words, "muted"))


class Fold(QWidget):
    """A title that shows and hides what is below it; that is made when it is first shown.

    Parameters
    ----------
    title
        What is below.
    make
        Makes it.
    """

    made = Signal()
    """The widget below was made."""

    def __init__(self, title: str, make: Callable[[], QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make = make
        self.content: QWidget | None = None
        self.button = QToolButton()
        self.button.setText(title)
        self.button.setProperty("role", "fold")
        self.button.setAutoRaise(True)
        self.button.setCheckable(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setArrowType(Qt.ArrowType.RightArrow)
        self.button.toggled.connect(self._toggle)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignLeft)

    def open(self) -> None:
        """Show what is below."""
        self.button.setChecked(True)

    def _toggle(self, shown: bool) -> None:
        self.button.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        if self.content is None:
            self.content = self._make()
            self._column.addWidget(self.content)
            self.made.emit()
        self.content.setVisible(shown)


class Box(QFrame):
    """A bordered box with a column for its contents."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(10, 8, 10, 8)
        self.column.setSpacing(6)


def button(title: str, callback: Callable[[], object], help: str = "", role: str = "") -> QPushButton:
    """A push button; its role is one of the style sheet's."""
    made = QPushButton(title)
    made.setToolTip(help)
    made.setProperty("role", role)
    made.clicked.connect(lambda _=False: callback())
    return made


def small_button(name: str, words: str, callback: Callable[[], object]) -> QToolButton:
    """A button with an icon alone."""
    made = icon_button(name, words)
    made.clicked.connect(lambda _=False: callback())
    return made


def row_of(*widgets: QWidget, stretch: bool = True) -> QHBoxLayout:
    """Widgets beside each other, to the left."""
    row = QHBoxLayout()
    for widget in widgets:
        row.addWidget(widget)
    if stretch:
        row.addStretch(1)
    return row


def notices_in(column: QVBoxLayout) -> list[str]:
    """What the notices in a column say."""
    items = (column.itemAt(place) for place in range(column.count()))
    return [widget.text for item in items if item is not None and isinstance(widget := item.widget(), Notice)]


def refill(column: QVBoxLayout, widgets: Sequence[QWidget]) -> None:
    """Put other widgets in the place of those in a column."""
    while (item := column.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
    for made in widgets:
        column.addWidget(made)
