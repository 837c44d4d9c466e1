"""Three large zones that ask which role images have: while they are dragged over the page, or as a question."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from core.data.samples import Role
from gui.dropping import local_paths
from gui.roles import PLURALS
from gui.wizard.parts import button
from gui.wizard.role_box import MEANING

LARGE = 1.4
"""Size of the zones' texts, in font sizes."""


class Zones(QWidget):
    """Lies over the page while it asks."""

    chosen = Signal(object, object)
    """The `Role` and the paths."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._page = parent
        self.setAutoFillBackground(True)
        self.setAcceptDrops(True)
        self._paths: list[Path] = []
        self._title = QLabel()
        self._title.setProperty("role", "title")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.buttons = {role: self._zone(role) for role in Role}
        zones = QHBoxLayout()
        for zone in self.buttons.values():
            zones.addWidget(zone)
        self._cancel = button("Cancel", self.hide)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(18)
        column.addStretch(1)
        column.addWidget(self._title)
        column.addLayout(zones, stretch=2)
        column.addWidget(self._cancel, alignment=Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        self.hide()

    def ask(self, paths: Sequence[Path]) -> None:
        """Ask what the images of these paths are; a press answers."""
        self._paths = list(paths)
        self._show(f"What are the images in \u201c{_names(self._paths)}\u201d?")
        self._cancel.show()
        self.buttons[Role.MEMBER].setFocus()

    def follow(self) -> None:
        """Show the zones while something is dragged; the drop answers."""
        self._paths = []
        self._show("Drop the images on what they are")
        self._cancel.hide()

    def _show(self, title: str) -> None:
        self._title.setText(title)
        self.setGeometry(self._page.rect())
        self.raise_()
        self.show()

    def _zone(self, role: Role) -> QPushButton:
        zone = button(f"{PLURALS[role]}\n\n{MEANING[role]}", lambda: self._answer(role, self._paths))
        font = zone.font()
        font.setPointSizeF(font.pointSizeF() * LARGE)
        zone.setFont(font)
        zone.setAccessibleName(PLURALS[role])
        zone.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        return zone

    def _answer(self, role: Role, paths: list[Path]) -> None:
        self.hide()
        if paths:
            self.chosen.emit(role, paths)

    def _under(self, point: QPoint) -> Role | None:
        return next((role for role, zone in self.buttons.items() if zone.geometry().contains(point)), None)

    # ------------------------------------------------------------ dragging

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Files and folders may be dropped."""
        if local_paths(event):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802 - Qt's name
        """Show which zone is meant."""
        role = self._under(event.position().toPoint())
        if role is not None:
            self.buttons[role].setFocus()
        event.setAccepted(role is not None)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing is dragged any more."""
        if not self._paths:
            self.hide()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Take what was dropped, in the role of the zone."""
        role, paths = self._under(event.position().toPoint()), local_paths(event)
        event.acceptProposedAction()
        self.hide()
        if role is not None:
            self._answer(role, paths)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape takes the question back."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)


def _names(paths: Sequence[Path]) -> str:
    more = len(paths) - 1
    return paths[0].name if not more else f"{paths[0].name} and {more} more"
