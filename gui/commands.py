"""The commands of the window itself; the views bring their own."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu, QTableView

from gui.actions import Action
from gui.sort_menu import pop_up, table_at
from gui.theme import CHOICES

if TYPE_CHECKING:
    from gui.window import Window

PANELS = (
    ("images", "Images", "Ctrl+1"),
    ("defenses", "Defenses", "Ctrl+2"),
    ("numbers", "Numbers", "Ctrl+3"),
    ("roc", "ROC", "Ctrl+4"),
    ("scores", "Scores", "Ctrl+5"),
    ("classes", "Classes", "Ctrl+6"),
    ("utility", "Utility", "Ctrl+7"),
    ("slices", "Where it leaks", "Ctrl+8"),
    ("verdict", "Verdict", "Ctrl+9"),
    ("jobs", "Jobs", "Ctrl+0"),
)

PANEL_MENU = "View/Panels"
DEMO = "Drawn street scenes and a small target that really remembers some of them."
PDF = "A PDF with the finding, the images, the curves and where everything comes from."
SORT = "The table that has the keyboard, else the images. The column it is sorted by turns the order round."
GO_ON = "Audit the images that are not done yet, and compute the numbers."


def window_actions(window: "Window") -> list[Action]:
    """The commands that are there before an audit is in view."""
    return [*_file(window), *_edit(window), *_view(window), *_audit(window), *_help(window)]


def panel_menu(window: "Window") -> QMenu:
    """The panels, to be shown and hidden, in the order of the menu bar."""
    menu = QMenu(window)
    for action in window.registry:
        if action.menu == PANEL_MENU:
            menu.addAction(window.registry.qaction(action.id))
    return menu


def welcome_offers(window: "Window") -> list[Action]:
    """What the welcome page offers, the first one first."""
    return [window.registry[name] for name in ("audit.demo", "audit.new", "audit.open")]


def _file(window: "Window") -> list[Action]:
    audits = window.audits
    choose, folder, away = "Choose an audit folder.", "Open it in the file manager.", "Where one begins."
    there, home, is_away = audits.has_document, window.demo.leave, window.is_away
    return [
        *_begin(window),
        Action("audit.open", "Open an audit...", "File", "Ctrl+O", audits.ask, choose, "open", toolbar=True),
        Action("audit.demo", "Open the demo audit", "File", "Ctrl+Shift+O", window.demo.open, DEMO, "play"),
        Action("audit.snapshot", "Export snapshot...", "File", "Ctrl+P", window.export_snapshot, PDF, "save", there),
        Action("audit.reveal", "Show the audit folder", "File", "", audits.reveal, folder, "folder", there),
        Action("audit.close", "Close the audit", "File", "Ctrl+W", audits.close, "", "close", there),
        Action("audit.welcome", "Welcome page", "File", "", home, away, "home", is_away, toolbar=True),
        Action("app.settings", "Settings...", "File", "Ctrl+,", window.show_settings, "", "settings"),
        Action("app.quit", "Quit", "File", "Ctrl+Q", window.close),
    ]


def _begin(window: "Window") -> list[Action]:
    begin, there = window.beginning, window.audits.has_document
    new, fill, spec = "A model, images, an attack, defenses.", "Fill the page with its spec.", "Fill the page from it."
    return [
        Action("audit.new", "New audit...", "File", "Ctrl+N", begin.show, new, "new", toolbar=True),
        Action("audit.again", "Same again...", "File", "", begin.again, fill, "redo", there),
        Action("spec.open", "Open a spec...", "File", "", begin.open_spec, spec, "open"),
        Action("spec.save", "Save the spec...", "File", "", begin.save_spec, "", "save", begin.is_shown),
        Action("audit.run", "Run the new audit", "Audit", "Ctrl+Return", begin.run, "", "play", begin.can_run),
    ]


def _edit(window: "Window") -> list[Action]:
    stack, again = window.undo_stack, ("Ctrl+Shift+Z", "Ctrl+Y")
    return [
        Action("edit.undo", "Undo", "Edit", "Ctrl+Z", stack.undo, "", "undo", stack.canUndo, toolbar=True),
        Action("edit.redo", "Redo", "Edit", again, stack.redo, "", "redo", stack.canRedo, toolbar=True),
    ]


def _view(window: "Window") -> list[Action]:
    full, is_full = window.toggle_full_screen, window.isFullScreen
    return [
        Action("view.palette", "All commands...", "View", "Ctrl+Shift+P", window.show_palette, "", "command"),
        Action("view.sort", "Sort by...", "View", "S", lambda: _sort(window), SORT, enabled=window.audits.has_document),
        *(_panel(window, name, title, key) for name, title, key in PANELS),
        *_panels(window),
        *(_theme(window, choice) for choice in CHOICES),
        Action("window.full", "Full screen", "View", "F11", full, checked=is_full),
    ]


def _sort(window: "Window") -> None:
    """Offer the columns of the table that has the keyboard, or of the images, to sort by."""
    images = window.furniture.workbench.docks["images"]
    table = table_at(window.focusWidget(), images.findChildren(QTableView))
    if table is not None:
        pop_up(table)


def _panels(window: "Window") -> list[Action]:
    back, there = "Images left, defenses right, numbers and plots below.", window.audits.has_document
    ways = "With the keyboard: images, panes, defenses, and what is below."

    def put_back() -> None:
        window.furniture.workbench.put_docks_back()

    def go(*, forward: bool) -> Callable[[], None]:
        return lambda: window.keyboard.go_to_panel(forward=forward)

    return [
        Action("panel.next", "Go to the next panel", "View", "F6", go(forward=True), ways, enabled=there),
        Action("panel.previous", "Go to the panel before", "View", "Shift+F6", go(forward=False), enabled=there),
        Action("panel.reset", "Put the panels back", PANEL_MENU, "", put_back, back, "panels", there),
    ]


def _panel(window: "Window", name: str, title: str, key: str) -> Action:
    return Action(
        f"panel.{name}",
        f"{title} panel",
        PANEL_MENU,
        key,
        lambda: window.keyboard.toggle(window.furniture.workbench.docks[name]),
        "Bring it to the front, with the keyboard; hide it where it is in front.",
        enabled=(lambda: window.furnished) if name == "jobs" else window.audits.has_document,
        checked=lambda: window.shows_dock(name),
    )


def _theme(window: "Window", choice: str) -> Action:
    return Action(
        f"theme.{choice}",
        "As the system" if choice == "system" else choice.capitalize(),
        "View/Theme",
        "",
        lambda: window.choose_theme(choice),
        checked=lambda: window.preferences.look.theme == choice,
    )


def _audit(window: "Window") -> list[Action]:
    audits = window.audits
    kept, table = "What is finished is kept.", "The table of all defenses, for a spreadsheet."
    copy, there = audits.copy_numbers, audits.has_document
    return [
        Action("run.go-on", "Go on with the audit", "Audit", "", audits.go_on, GO_ON, "play", audits.can_go_on),
        Action("run.stop", "Stop the audit", "Audit", "Ctrl+.", audits.stop, kept, "stop", audits.is_running),
        Action("numbers.copy", "Copy the numbers", "Audit", "", copy, table, "copy", there),
    ]


def _help(window: "Window") -> list[Action]:
    read, guide = "How to read what you see.", window.show_help
    return [
        Action("help.guide", "Guide", "Help", "F1", guide, read, "help", toolbar=True),
        Action("help.keys", "Keyboard shortcuts", "Help", "?", window.show_keys, "", "keyboard"),
        Action("help.about", "About SegLeak", "Help", "", window.show_about, "Versions and citation.", "note"),
    ]
