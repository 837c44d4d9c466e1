"""A recent audit on the welcome page."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from gui.icons import Sign
from gui.recent import RecentAudit

PICTURE = QSize(128, 72)
LETTERS = 44


class RecentCard(QFrame):
    """Picture, name, what was found and where it lies; a click or Enter opens it."""

    opened = Signal(object)
    forgotten = Signal(object)

    def __init__(self, audit: RecentAudit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.audit = audit
        self.setObjectName("card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(str(audit.folder))
        self.setAccessibleName(f"Open the audit {audit.title}")
        self.setAccessibleDescription(audit.line)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(12)
        row.addWidget(self._picture())
        row.addLayout(self._words(), stretch=1)

    def _picture(self) -> QLabel:
        picture = QPixmap(str(self.audit.thumbnail))
        label = Sign("folder", PICTURE.height() // 2) if picture.isNull() else QLabel()
        label.setFixedSize(PICTURE)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        if not picture.isNull():
            fitted = picture.scaled(
                PICTURE * self.devicePixelRatioF(),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            fitted.setDevicePixelRatio(self.devicePixelRatioF())
            label.setPixmap(fitted)
        return label

    def _words(self) -> QVBoxLayout:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        for text, role in ((self.audit.title, "heading"), (self.audit.line, ""), (self._place(), "small")):
            label = QLabel(text)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("role", role)
            label.setWordWrap(role == "")
            words.addWidget(label)
        words.addStretch(1)
        return words

    def _place(self) -> str:
        """The folder, shortened in its middle."""
        width = self.fontMetrics().averageCharWidth() * LETTERS
        return self.fontMetrics().elidedText(str(self.audit.folder), Qt.TextElideMode.ElideMiddle, width)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click opens."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.opened.emit(self.audit.folder)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter and Space open, Delete takes it off the list."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self.audit.folder)
        elif event.key() == Qt.Key.Key_Delete:
            self.forgotten.emit(self.audit.folder)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """What else can be done with it."""
        menu = QMenu(self)
        menu.addAction("Open", lambda: self.opened.emit(self.audit.folder))
        menu.addAction("Remove from this list", lambda: self.forgotten.emit(self.audit.folder))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())
