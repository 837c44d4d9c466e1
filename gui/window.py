"""The main window: menus, banners, the welcome page or an audit, and the status bar."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QUndoStack
from PySide6.QtWidgets import QMenu, QToolBar, QVBoxLayout, QWidget

from core.errors import SegLeakError
from gui.actions import ActionRegistry
from gui.audits import Audits
from gui.banner import Banners, Message
from gui.commands import panel_menu, welcome_offers, window_actions
from gui.demo import Demo
from gui.dialogs import show, stop_and_close
from gui.dropping import local_paths
from gui.icons import icon
from gui.keyboard import KeyboardWindow
from gui.memory import Memory
from gui.pages import Pages
from gui.settings.table import Preferences
from gui.status import StatusLine
from gui.theme import Theme
from gui.welcome import WelcomePage
from gui.wizard.beginning import Beginning

if TYPE_CHECKING:
    from gui.furniture import Furniture

BUTTON = 1.5
"""Side of a tool bar button's icon, in lines of text."""


class Window(KeyboardWindow):
    """The window of SegLeak. It begins empty; `furnish` brings what takes longer than a moment to load.

    Parameters
    ----------
    preferences
        The settings.
    theme
        Applies the look when it is changed.

    Attributes
    ----------
    undo_stack
        Takes what can be undone, in every view.
    registry
        Every command.
    audits
        What can be done with audits.
    beginning, demo
        What can be done about audits that are not there yet, and about the demo audit.
    """

    def __init__(self, preferences: Preferences, theme: Theme) -> None:
        super().__init__()
        self.preferences, self._theme = preferences, theme
        self.undo_stack, self._stack = QUndoStack(self), Pages()
        self.banners, self.status = Banners(), StatusLine()
        self._furniture: Furniture | None = None
        self.memory, self.audits, self.beginning, self.demo = Memory(self), Audits(self), Beginning(self), Demo(self)
        self.registry = ActionRegistry(self)
        self.registry.add(window_actions(self))
        self.welcome = WelcomePage(welcome_offers(self))
        self._lay_out()
        self._connect()
        self.memory.restore_geometry()

    def _lay_out(self) -> None:
        self.setWindowTitle("SegLeak")
        self.setWindowIcon(icon("segleak"))
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self._stack.addWidget(self.welcome)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banners)
        column.addWidget(self._stack, stretch=1)
        self.setCentralWidget(centre)
        self._tools = QToolBar("Tools")
        self._tools.setObjectName("tools")
        self._tools.setMovable(False)
        self.addToolBar(self._tools)
        self.statusBar().addPermanentWidget(self.status)
        self._fit()
        self._show_commands()

    def _fit(self) -> None:
        """Let the buttons grow with the font."""
        side = round(self.fontMetrics().lineSpacing() * BUTTON)
        self._tools.setIconSize(QSize(side, side))

    def _connect(self) -> None:
        self.registry.failed.connect(self.show_error)
        self.registry.changed.connect(self._show_commands)
        self.undo_stack.indexChanged.connect(self.registry.refresh)
        opening = self.audits.opening
        opening.recent_changed.connect(self.welcome.show_recent)
        opening.read_recent()
        self.welcome.opened.connect(self.audits.open)
        self.welcome.forgotten.connect(opening.forget)

    def _show_commands(self) -> None:
        self.registry.fill_menus(self.menuBar())
        self.registry.fill_tool_bar(self._tools)

    # ------------------------------------------------------------ what comes later

    @property
    def furnished(self) -> bool:
        """Whether the views and the engine are there."""
        return self._furniture is not None

    @property
    def furniture(self) -> "Furniture":
        """The views and the engine; where a person was faster than they, they are made now."""
        if self._furniture is None:
            from gui.furniture import furnished

            self.furnish(furnished(self))
        assert self._furniture is not None
        return self._furniture

    def furnish(self, furniture: "Furniture") -> None:
        """Take in the views and the engine."""
        self._furniture = furniture
        workbench = furniture.workbench
        self._stack.addWidget(workbench.centre)
        self.registry.add(workbench.actions())
        self.registry.add(furniture.exports.actions())
        workbench.on_failure(self.show_error)
        furniture.running.said.connect(self.say)
        furniture.exports.said.connect(self.say)
        furniture.running.over.connect(self.banners.withdraw)
        chosen = furniture.selection
        for signal in (chosen.document_changed, chosen.chains_changed, chosen.highlight_changed):
            signal.connect(lambda _: self.registry.refresh())
        workbench.plots.changed.connect(self.registry.refresh)
        self.demo.furnish(furniture)  # first: where it goes on by itself, nobody is asked whether it should
        self.audits.furnish(furniture)
        self.beginning.furnish(furniture)
        workbench.use_colours(self.preferences.look.colours)
        self.memory.watch(workbench)
        workbench.placed = self.memory.restore_docks()
        workbench.hide_docks()

    # ------------------------------------------------------------ what is shown

    def show_workbench(self, title: str) -> None:
        """Show the views of an audit."""
        self.setWindowTitle(f"{title} - SegLeak")
        workbench = self.furniture.workbench
        if self._stack.currentWidget() is not workbench.centre:
            self._stack.setCurrentWidget(workbench.centre)
            workbench.show_docks()
            self.registry.refresh()

    @property
    def shows_workbench(self) -> bool:
        """Whether the views of an audit are in view."""
        return self.furnished and self._stack.currentWidget() is self.furniture.workbench.centre

    def show_welcome(self) -> None:
        """Show the welcome page."""
        self.show_page(self.welcome)

    def is_away(self) -> bool:
        """Whether something else than the welcome page is in view."""
        return self._stack.currentIndex() > 0

    def add_page(self, page: QWidget) -> None:
        """Take in a page that can be shown in place of the views."""
        self._stack.addWidget(page)

    def show_page(self, page: QWidget, title: str = "") -> None:
        """Show a page in place of the views of an audit."""
        self.setWindowTitle(f"{title} - SegLeak" if title else "SegLeak")
        if self.shows_workbench:
            self.memory.save_docks()
            self.furniture.workbench.hide_docks()
        self._stack.setCurrentWidget(page)
        self.registry.refresh()

    def say(self, message: Message) -> None:
        """Show a banner."""
        self.banners.show_message(message)

    def show_error(self, error: SegLeakError) -> None:
        """Show a banner about an expected failure."""
        self.say(Message.of_error(error))

    def runner(self, action_id: str) -> Callable[[], None]:
        """What runs an action, for a button."""
        return lambda: self.registry.trigger(action_id)

    def shows_dock(self, name: str) -> bool:
        """Whether a panel is shown."""
        return self.furnished and not self.furniture.workbench.docks[name].isHidden()

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back."""
        (self.showNormal if self.isFullScreen() else self.showFullScreen)()

    # ------------------------------------------------------------ dialogs

    def show_palette(self) -> None:
        """Find a command by some letters of its name."""
        from gui.palette import CommandPalette

        show(CommandPalette(self.registry, self))

    def show_keys(self) -> None:
        """All shortcuts on one page."""
        from gui.cheatsheet import CheatSheet

        show(CheatSheet(self.registry, self))

    def show_help(self) -> None:
        """The guide."""
        from gui.help import HelpDialog

        show(HelpDialog(self))

    def show_about(self) -> None:
        """Versions and citation."""
        from gui.about import AboutDialog

        show(AboutDialog(self))

    def export_snapshot(self) -> None:
        """Choose what goes into the PDF of the audit in view, and write it."""
        from gui.snapshot.start import snapshot_dialog

        show(snapshot_dialog(self.furniture, lambda: self.preferences.computing.device, self))

    def show_settings(self) -> None:
        """The settings."""
        from gui.settings.dialog import SettingsDialog

        dialog = SettingsDialog(self.preferences, self)
        dialog.saved.connect(self.take_preferences)
        show(dialog)

    def choose_theme(self, choice: str) -> None:
        """Use another theme from now on. Raises `StoreError` where it cannot be kept."""
        from gui.settings.store import save

        preferences = replace(self.preferences, look=replace(self.preferences.look, theme=choice))
        self.take_preferences(preferences)
        save(preferences)

    def take_preferences(self, preferences: Preferences) -> None:
        """Use these settings from now on."""
        before, self.preferences = self.preferences, preferences
        if self.furnished and preferences.look.colours != before.look.colours:
            self.furniture.workbench.use_colours(preferences.look.colours)
        self._theme.apply(preferences.look.theme, preferences.look.font_scale)
        self._fit()
        self.registry.refresh()

    # ------------------------------------------------------------ events

    def createPopupMenu(self) -> QMenu:  # noqa: N802 - Qt's name
        """What a title of a panel and the tool bar offer under the right button."""
        return panel_menu(self)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Files and folders may be dropped."""
        if local_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open what was dropped."""
        event.acceptProposedAction()
        self.beginning.take(local_paths(event))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask where an audit runs; keep what is to be remembered, and stop all work."""
        if self.furnished and not stop_and_close(self.furniture.running.board, self):
            event.ignore()
            return
        self.memory.save_geometry()
        if self.shows_workbench:
            self.memory.save_docks()
        if not self.audits.restoring:
            self.memory.save_session()
        self.memory.close()
        self.undo_stack.clear()  # a stack that goes with steps in it still tells of them
        self.hide()  # the engine may need a second to end
        self.audits.opening.close()
        self.beginning.close()
        if self._furniture is not None:
            self._furniture.close()
        event.accept()
