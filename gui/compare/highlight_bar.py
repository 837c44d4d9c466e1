"""Says what is highlighted in the panes, and takes it back."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from gui.compare.frame import Frame
from gui.compare.spotlight import Spotlight
from gui.compare.viewport import Viewport
from gui.elided import ElidedLabel
from gui.highlight import Highlight
from gui.selection import Selection

CLEAR, KEY = "Clear", "Shift+H"


class HighlightBar(QWidget):
    """Words below the panes while something is highlighted; brings a highlighted object into the middle."""

    def __init__(self, selection: Selection, viewport: Viewport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection, self._viewport = selection, viewport
        self._gone_to: Highlight | None = None
        self._words = ElidedLabel()
        self._words.setProperty("role", "small")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.clear = QToolButton()
        self.clear.setText(CLEAR)
        self.clear.setProperty("role", "words")
        self.clear.setToolTip(f"Highlight nothing ({KEY})")
        self.clear.clicked.connect(self.drop)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 4, 0)
        row.addWidget(self._words, 1)
        row.addWidget(self.clear)
        selection.highlight_changed.connect(self._changed)
        self._changed(selection.highlight)

    @property
    def words(self) -> str:
        """What it says; empty while nothing is highlighted."""
        return self._words.toolTip() if self._selection.highlight is not None else ""

    def beside(self, widget: QWidget) -> QHBoxLayout:
        """A row with another widget before it, as high without a highlight: the panes must not jump."""
        row = QHBoxLayout()
        row.addWidget(widget, 1)
        row.addWidget(self, 1)
        widget.setMinimumHeight(self.clear.sizeHint().height())
        return row

    def drop(self) -> None:
        """Highlight nothing."""
        self._selection.highlight = None

    def show_frame(self, frame: Frame | None) -> None:
        """Say what a frame makes out; show the place of an object once, as it comes into view."""
        spot = None if frame is None else frame.spotlight
        if spot is None or spot.highlight != self._selection.highlight:
            return
        self._words.set_words(_words(spot))
        if spot.highlight.image is not None and spot.highlight != self._gone_to and spot.bounds is not None:
            bounds = spot.bounds
            self._viewport.bring((bounds.x(), bounds.y(), bounds.width(), bounds.height()))
        self._gone_to = spot.highlight

    def _changed(self, highlight: Highlight | None) -> None:
        self._gone_to = None
        self.setVisible(highlight is not None)
        self._words.set_words("" if highlight is None else highlight.title)


def _words(spot: Spotlight) -> str:
    said = spot.reason or f"{100 * spot.share:.2g} % of the image."
    return f"Highlighted: {spot.highlight.title}.   {said}"
