"""The name of a defense in a chain: it can be pulled to another place of the chain."""

from collections.abc import Callable

from PySide6.QtCore import QByteArray, QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget

from gui.compare import marks

PLACE = "application/x-segleak-place-in-chain"
PULL = "Pull it onto another one to change the order."


class Head(QWidget):
    """A row with the name of the defense in a place of the chain in view; more widgets may follow.

    Parameters
    ----------
    place
        Its place.
    title, tip
        Its name, and what it does.
    can_come
        Whether the defense in another place can come here.
    """

    dropped = Signal(int, int)
    """From which place a defense was pulled, and to which."""

    def __init__(
        self, place: int, title: str, tip: str, can_come: Callable[[int], bool], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._place, self._can_come = place, can_come
        self._pressed: QPoint | None = None
        self._over = False
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        name = QLabel(f"<b>{title}</b>")
        name.setToolTip(tip)
        self.row.addWidget(name, stretch=1)

    def let_be_pulled(self) -> None:
        """There are others: it can change places with them."""
        self.setAcceptDrops(True)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip(PULL)

    # ------------------------------------------------------------ pulling

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Perhaps it is pulled."""
        if event.button() is Qt.MouseButton.LeftButton and self.acceptDrops():
            self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Pull it, once that is clearly meant."""
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        if (event.position().toPoint() - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            self._pressed = None
            self._pull()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """It was only a click."""
        self._pressed = None

    def _pull(self) -> None:
        data, drag = QMimeData(), QDrag(self)
        data.setData(PLACE, QByteArray(str(self._place).encode()))
        drag.setMimeData(data)
        drag.setPixmap(self.grab())
        drag.exec(Qt.DropAction.MoveAction)

    # ------------------------------------------------------------ being dropped on

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take what can come here."""
        place = place_in(event.mimeData())
        if place is not None and place != self._place and self._can_come(place):
            event.acceptProposedAction()
            self._mark(over=True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """It goes on."""
        self._mark(over=False)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """It came."""
        self._mark(over=False)
        place = place_in(event.mimeData())
        if place is not None:
            event.acceptProposedAction()
            self.dropped.emit(place, self._place)

    def _mark(self, *, over: bool) -> None:
        self._over = over
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """A frame where something would come."""
        super().paintEvent(event)
        if self._over:
            painter = QPainter(self)
            marks.paint_frame(painter, self.rect(), self.palette().highlight().color())
            painter.end()


def place_in(data: QMimeData) -> int | None:
    """The place that is pulled; None where something else is."""
    words = bytes(data.data(PLACE).data())
    return int(words) if words.isdigit() else None
