"""The page that is shown while an audit is being opened or begun, until its first images are listed."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from gui.actions import Action
from gui.icons import icon
from gui.jobs.entry import Step

WIDTH = 96
"""Of the page, in letters."""
PICTURE, PICTURES = QSize(184, 92), 4
"""Of an image, in pixels, and how many of them there are in a row."""
OPENING = "Opening\N{HORIZONTAL ELLIPSIS}"


class ComingPage(QWidget):
    """What is coming, how far it is, and where else one can go meanwhile.

    Parameters
    ----------
    title, words
        What is coming, and what to know of it.
    offers
        Where else one can go.
    """

    def __init__(self, title: str, words: str, offers: Sequence[Action], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page = QWidget()
        self.state, self._bar = QLabel(OPENING), QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress")
        self._pictures = QHBoxLayout()
        self._pictures.setSpacing(8)
        column = QVBoxLayout(self._page)
        column.setSpacing(14)
        column.addStretch(1)
        column.addWidget(_label(title, "title"))
        column.addWidget(_label(words, "muted"))
        column.addLayout(self._pictures)
        column.addWidget(self.state)
        column.addWidget(self._bar)
        column.addSpacing(18)
        column.addWidget(_label("Your own model, meanwhile:", "muted"))
        column.addLayout(_buttons(offers))
        column.addStretch(2)
        outside = QHBoxLayout(self)
        outside.addWidget(self._page)
        self._bar.setRange(0, 0)  # nobody knows yet how long it takes
        self._fit()

    def show_step(self, step: Step) -> None:
        """Say how far it is."""
        self.state.setText(step.count)
        self._bar.setRange(0, step.total)
        self._bar.setValue(step.done)

    def show_pictures(self, paths: Sequence[Path]) -> None:
        """Show the first of these images."""
        for path in paths[:PICTURES]:
            picture = QPixmap(str(path))
            if not picture.isNull():
                self._pictures.addWidget(self._framed(picture))
        self._pictures.addStretch(1)

    def _framed(self, picture: QPixmap) -> QLabel:
        ratio = self.devicePixelRatioF()
        aspect, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        fitted = picture.scaled(PICTURE * ratio, aspect, smooth)
        fitted.setDevicePixelRatio(ratio)
        label = QLabel()
        label.setPixmap(fitted)
        return label

    def _fit(self) -> None:
        self._page.setFixedWidth(self.fontMetrics().averageCharWidth() * WIDTH)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the page to the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label


def _buttons(offers: Sequence[Action]) -> QHBoxLayout:
    row = QHBoxLayout()
    for offer in offers:
        button = QPushButton(icon(offer.icon), offer.title)
        button.setToolTip(offer.tooltip)
        button.clicked.connect(lambda _=False, offer=offer: offer.callback())
        row.addWidget(button)
    row.addStretch(1)
    return row
