"""The command palette: every action by a few letters of its name."""

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QIcon, QKeyEvent, QPainter, QPalette, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from gui.actions import Action, ActionRegistry
from gui.icons import icon
from gui.matching import found

ID = Qt.ItemDataRole.UserRole
KEYS = ID + 1
MARGIN = 8
"""Pixels right of the keys."""
LETTERS, LINES = 70, 14
MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class CommandPalette(QDialog):
    """A field and a list; Enter runs what is selected. What cannot be used now is not listed."""

    def __init__(self, registry: ActionRegistry, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Commands")
        self.setWindowFlags(Qt.WindowType.Popup)
        self._registry, self._window = registry, parent
        self._field = QLineEdit()
        self._field.setPlaceholderText("Type a command")
        self._field.setAccessibleName("Command")
        self._field.setClearButtonEnabled(True)
        self._field.textChanged.connect(self._fill)
        self._field.installEventFilter(self)
        self._list = QListWidget()
        self._list.setAccessibleName("Commands found")
        self._list.setUniformItemSizes(True)
        self._list.setItemDelegate(_KeysDelegate(self._list))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemActivated.connect(lambda _: self.accept())
        self._list.itemClicked.connect(lambda _: self.accept())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self._field)
        layout.addWidget(self._list)

    @property
    def titles(self) -> list[str]:
        """What is listed."""
        return [self._list.item(row).text() for row in range(self._list.count())]

    @property
    def keys(self) -> list[str]:
        """The shortcut of each, empty where there is none."""
        return [self._list.item(row).data(KEYS) for row in range(self._list.count())]

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Begin with all commands, in the upper middle of the window."""
        self._registry.refresh()
        self._field.clear()
        self._fill("")
        metrics, window = self.fontMetrics(), self._window
        width = min(metrics.averageCharWidth() * LETTERS, window.width() - 20)
        self.resize(width, metrics.lineSpacing() * (LINES + 6))
        self.move(window.mapToGlobal(QPoint((window.width() - width) // 2, window.height() // 8)))
        self._field.setFocus()
        super().showEvent(event)

    def _fill(self, query: str) -> None:
        self._list.clear()
        usable = [a for a in self._registry if a.enabled()]
        for action in found(query, usable, _words):
            self._list.addItem(_item(action))
        self._list.setCurrentRow(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """In the field, Up and Down move through the list, and Enter runs."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in MOVES:
                self._list.event(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.accept()
                return True
        return super().eventFilter(watched, event)

    def accept(self) -> None:
        """Close, then run what is selected."""
        item = self._list.currentItem()
        super().accept()
        if item is not None:
            self._registry.trigger(item.data(ID))


def _words(action: Action) -> str:
    place = f"{action.menu.replace('/', ': ')}: " if action.menu else ""
    return f"{place}{action.title.removesuffix('...')}"


def _item(action: Action) -> QListWidgetItem:
    item = QListWidgetItem(icon(action.icon) if action.icon else _no_icon(), _words(action))
    item.setData(ID, action.id)
    item.setData(KEYS, action.keys)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, " ".join(filter(None, (_words(action), action.keys))))
    item.setToolTip(action.tooltip)
    return item


def _no_icon() -> QIcon:
    """As wide as an icon, so that all names stand in line."""
    empty = QPixmap(64, 64)
    empty.fill(Qt.GlobalColor.transparent)
    return QIcon(empty)


class _KeysDelegate(QStyledItemDelegate):
    """A command's name, and its keys at the right."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint the row."""
        super().paint(painter, option, index)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.PlaceholderText
        painter.save()
        painter.setFont(option.font)
        painter.setPen(option.palette.color(role))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(option.rect.adjusted(0, 0, -MARGIN, 0), right, index.data(KEYS) or "")
        painter.restore()
