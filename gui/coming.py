"""The page that is shown while an audit is being opened or begun, until its first images are listed."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from gui.actions import Action
from gui.column_page import ColumnPage, in_a_row, offer_buttons, words_label
from gui.jobs.entry import Step

PICTURE, PICTURES = QSize(184, 92), 4
"""Of an image, in pixels, and how many of them there are in a row."""
OPENING = "Opening\N{HORIZONTAL ELLIPSIS}"


class ComingPage(ColumnPage):
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
        self.state, self._bar = QLabel(OPENING), QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress")
        self._pictures = QHBoxLayout()
        self._pictures.setSpacing(8)
        about = words_label(words, "muted")
        about.setWordWrap(True)
        column = self.column
        column.addStretch(1)
        column.addWidget(words_label(title, "title"))
        column.addWidget(about)
        column.addLayout(self._pictures)
        column.addWidget(self.state)
        column.addWidget(self._bar)
        column.addSpacing(18)
        column.addWidget(words_label("Your own model, meanwhile:", "muted"))
        column.addLayout(in_a_row(offer_buttons(offers)))
        column.addStretch(2)
        outside = QHBoxLayout(self)
        outside.addWidget(self.content)
        self._bar.setRange(0, 0)  # nobody knows yet how long it takes

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
