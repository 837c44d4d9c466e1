"""Every command of the window, in one registry: it feeds the menus, the tool bar, the palette and the cheat sheet."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QWidget

from core.errors import SegLeakError
from gui.icons import icon

MENUS = ("File", "Edit", "View", "Image", "Compare", "Defenses", "Audit")
"""The menus that stand first, in this order; others follow, and Help comes last."""
LAST_MENU = "Help"
PROGRAM = "app."
"""Ids of what concerns the program as a whole, such as quitting: it stands last in its menu."""


def always() -> bool:
    """Whether an action without conditions can be used."""
    return True


@dataclass(frozen=True)
class Action:
    """One command.

    Attributes
    ----------
    id
        Unique, such as "audit.open". In a menu a line is drawn where the part before the dot changes.
    title
        What it does, as the menu says it; "..." at its end where it asks for more.
    menu
        The menu it is in, such as "File" or "View/Panels"; empty: in the palette only.
    shortcut
        In Qt's portable form, such as "Ctrl+O"; several in a tuple, the first being the one shown.
    callback
        Called without arguments. A `SegLeakError` that it raises is shown as a banner.
    tooltip
        One sentence more than the title says.
    icon
        Name of a file in resources/icons, without ".svg".
    enabled
        Whether it can be used now; asked anew by `ActionRegistry.refresh`.
    checked
        For a switch: whether it is on.
    toolbar
        Whether it has a button in the tool bar.
    """

    id: str
    title: str
    menu: str
    shortcut: str | tuple[str, ...]
    callback: Callable[[], object]
    tooltip: str = ""
    icon: str = ""
    enabled: Callable[[], bool] = always
    checked: Callable[[], bool] | None = None
    toolbar: bool = False

    @property
    def shortcuts(self) -> tuple[str, ...]:
        """All shortcuts, the one shown first."""
        given = (self.shortcut,) if isinstance(self.shortcut, str) else self.shortcut
        return tuple(s for s in given if s)

    @property
    def keys(self) -> str:
        """The shortcuts as this system writes them, such as "Ctrl+O" or the signs of a Mac."""
        native = QKeySequence.SequenceFormat.NativeText
        return ", ".join(QKeySequence(s).toString(native) for s in self.shortcuts)


class ActionRegistry(QObject):
    """The actions of one window, with a `QAction` for each.

    Raises `ValueError` for an id or a shortcut that is taken: a mistake of the program, found by its tests.
    """

    failed = Signal(object)
    """The `SegLeakError` that an action raised."""
    changed = Signal()
    """Actions were added or removed."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._actions: dict[str, Action] = {}
        self._made: dict[str, QAction] = {}
        self._owners: dict[str, str] = {}

    def __iter__(self) -> Iterator[Action]:
        return iter(self._actions.values())

    def __getitem__(self, action_id: str) -> Action:
        return self._actions[action_id]

    def qaction(self, action_id: str) -> QAction:
        """The `QAction` of that id, for a button or a context menu."""
        return self._made[action_id]

    def add(self, actions: Iterable[Action]) -> None:
        """Register actions; their shortcuts work in the whole window from now on."""
        for action in actions:
            self._claim(action)
            self._actions[action.id] = action
            self._made[action.id] = made = self._make(action)
            self._window.addAction(made)
        self.refresh()
        self.changed.emit()

    def refresh(self) -> None:
        """Ask every action anew whether it can be used and whether it is on."""
        for action in self:
            made = self._made[action.id]
            made.setEnabled(action.enabled())
            if action.checked is not None:
                made.setChecked(action.checked())

    def trigger(self, action_id: str) -> None:
        """Run an action, if it can be used now."""
        action = self._actions[action_id]
        try:
            if action.enabled():
                action.callback()
        except SegLeakError as error:
            self.failed.emit(error)
        self.refresh()

    def _claim(self, action: Action) -> None:
        if action.id in self._actions:
            raise ValueError(f"two actions are called {action.id!r}")
        for shortcut in (QKeySequence(s).toString() for s in action.shortcuts):
            if not shortcut or shortcut in self._owners:
                taken = self._owners.get(shortcut, "nobody: Qt does not know it")
                raise ValueError(f"{action.id}: the shortcut {shortcut!r} belongs to {taken}")
            self._owners[shortcut] = action.id

    def _make(self, action: Action) -> QAction:
        made = QAction(action.title, self)
        made.setObjectName(action.id)
        made.setShortcuts([QKeySequence(s) for s in action.shortcuts])
        made.setToolTip(_tool_tip(action))
        made.setStatusTip(action.tooltip)
        made.setCheckable(action.checked is not None)
        if action.icon:
            made.setIcon(icon(action.icon))
        made.triggered.connect(lambda: self.trigger(action.id))
        return made

    # ------------------------------------------------------------ where they are shown

    def fill_menus(self, bar: QMenuBar) -> None:
        """Build the menus anew."""
        bar.clear()
        menus: dict[str, QMenu] = {}
        for action in sorted(self, key=lambda a: (_place(a.menu), a.id.startswith(PROGRAM))):
            if action.menu:
                menu = _menu(bar, menus, action.menu)
                _separate(menu, action.id)
                menu.addAction(self._made[action.id])

    def fill_tool_bar(self, bar: QToolBar) -> None:
        """Build the tool bar anew, in the order of the menus."""
        bar.clear()
        before = ""
        for action in sorted((a for a in self if a.toolbar), key=lambda a: _place(a.menu)):
            if before and action.menu != before:
                bar.addSeparator()
            before = action.menu
            bar.addAction(self._made[action.id])


def _place(menu: str) -> int:
    top = menu.partition("/")[0]
    if top in MENUS:
        return MENUS.index(top)
    return len(MENUS) + (top == LAST_MENU)


def _menu(bar: QMenuBar, menus: dict[str, QMenu], path: str) -> QMenu:
    """The menu of a path such as "View/Panels", made where it is not there yet."""
    if path not in menus:
        parent, _, name = path.rpartition("/")
        menus[path] = _menu(bar, menus, parent).addMenu(name) if parent else bar.addMenu(f"&{name}")
        menus[path].setToolTipsVisible(True)
    return menus[path]


def _separate(menu: QMenu, action_id: str) -> None:
    """Draw a line where another group begins; a menu in it belongs to either, but for what concerns the program."""
    if not menu.actions():
        return
    before, group = menu.actions()[-1].objectName().partition(".")[0], action_id.partition(".")[0]
    if before != group and (before or action_id.startswith(PROGRAM)):
        menu.addSeparator()


def _tool_tip(action: Action) -> str:
    keys = f" ({action.keys})" if action.shortcuts else ""
    title = f"{action.title.removesuffix('...')}{keys}"
    return f"{title}\n{action.tooltip}" if action.tooltip else title
