"""Banners: what happened and what to do about it, above the work and not in its way."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import SegLeakError
from gui.buttons import icon_button
from gui.icons import Sign
from gui.theme import tokens

MOST = 3
"""Banners shown at a time; the oldest gives way."""
ICON_SIDE = 20
DETAIL_LINES = 8


class Severity(StrEnum):
    """How bad it is; also the name of the icon and of the colour."""

    NOTE = "note"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Offer:
    """Something a banner's button does."""

    title: str
    callback: Callable[[], object]


@dataclass(frozen=True)
class Message:
    """What a banner says.

    Attributes
    ----------
    severity
        How bad it is.
    title
        What happened, in a sentence.
    remedy
        What to do, in a sentence; may be empty.
    details
        For a report: a trace, an output. Shown on request; may be empty.
    offers
        Buttons. Pressing one closes the banner.
    subject
        A banner on the same subject takes the place of the one before; empty: on nothing in particular.
    """

    severity: Severity
    title: str
    remedy: str = ""
    details: str = ""
    offers: tuple[Offer, ...] = ()
    subject: str = ""

    @classmethod
    def of_error(cls, error: SegLeakError, **more: object) -> "Message":
        """The banner of an expected failure."""
        return cls(Severity.ERROR, error.message, error.remedy, **more)  # type: ignore[arg-type]

    @property
    def text(self) -> str:
        """Everything, to be copied."""
        return "\n".join(part for part in (self.title, self.remedy, self.details) if part)


class Banner(QFrame):
    """One message."""

    def __init__(self, message: Message, close: Callable[["Banner"], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("severity", str(message.severity))
        self.setAccessibleName(f"{message.severity}: {message.title}")
        self.setAccessibleDescription(message.remedy)
        self.message = message
        self._close = close
        self._details = _details(message.details)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 8, 8)
        layout.addLayout(self._top_row())
        layout.addWidget(self._details)

    def _top_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        severity = str(self.message.severity)
        sign = Sign(severity, ICON_SIDE, lambda: str(getattr(tokens(), severity)))
        row.addWidget(sign, alignment=Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._words(), stretch=1)
        for button in self._buttons():
            row.addWidget(button, alignment=Qt.AlignmentFlag.AlignTop)
        return row

    def _words(self) -> QVBoxLayout:
        words = QVBoxLayout()
        words.setSpacing(2)
        for text, role in ((self.message.title, ""), (self.message.remedy, "muted")):
            if text:
                words.addWidget(_words(text, role))
        return words

    def _buttons(self) -> list[QWidget]:
        made: list[QWidget] = [self._button(offer.title, self._taker(offer)) for offer in self.message.offers]
        if self.message.details:
            made.append(self._button("Details", self._toggle_details))
        if self.message.severity in {Severity.WARNING, Severity.ERROR}:
            made.append(self._button("Copy", self._copy))
        closing = icon_button("close", "Close this message")
        closing.clicked.connect(lambda: self._close(self))
        return [*made, closing]

    def _button(self, title: str, callback: Callable[[], object]) -> QPushButton:
        button = QPushButton(title)
        button.clicked.connect(callback)
        return button

    def _taker(self, offer: Offer) -> Callable[[], None]:
        def take() -> None:
            self._close(self)
            offer.callback()

        return take

    def _toggle_details(self) -> None:
        self._details.setVisible(self._details.isHidden())

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.message.text)


def _words(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)  # file names are no markup
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setProperty("role", role)
    return label


def _details(text: str) -> QPlainTextEdit:
    box = QPlainTextEdit(text)
    box.setReadOnly(True)
    box.setAccessibleName("Details")
    box.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    box.setFixedHeight(box.fontMetrics().lineSpacing() * DETAIL_LINES)
    box.hide()
    return box


class Banners(QWidget):
    """The banners of a window, the newest first. Takes no room while there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self.hide()

    @property
    def shown(self) -> list[Message]:
        """The messages, the newest first."""
        return [banner.message for banner in self._banners()]

    def show_message(self, message: Message) -> None:
        """Add a banner."""
        for banner in self._banners():
            same = message.subject and banner.message.subject == message.subject
            if same or banner.message.text == message.text:
                self._remove(banner)
        self._layout.insertWidget(0, Banner(message, self._remove, self))
        for banner in self._banners()[MOST:]:
            self._remove(banner)
        self.show()

    def withdraw(self, subject: str) -> None:
        """Take back what was said on a subject: it is over."""
        for banner in self._banners():
            if banner.message.subject == subject:
                self._remove(banner)

    def _banners(self) -> list[Banner]:
        items = (self._layout.itemAt(i) for i in range(self._layout.count()))
        return [widget for item in items if item is not None and isinstance(widget := item.widget(), Banner)]

    def _remove(self, banner: Banner) -> None:
        self._layout.removeWidget(banner)
        banner.hide()
        banner.deleteLater()
        self.setVisible(bool(self._banners()))
