"""The commands of the comparison, for the menus, the palette and the cheat sheet."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from gui.actions import Action
from gui.compare.highlight_bar import KEY
from gui.compare.layers import Comparison
from gui.compare.look import OPACITY_STEP
from gui.compare.power import show_power
from gui.compare.region_dialog import ask_for_rectangle
from gui.compare.region_tool import Shape
from gui.compare.stage import Mode
from gui.icons import icon

if TYPE_CHECKING:
    from gui.compare.view import CompareView

MENU = "Compare"
ZOOM_STEP = 1.5
CURTAIN = "The first pane left of an edge, another one right. Pull the edge, or move it with Shift and the arrow keys."
PICTURE = "With its title and colour scale, as it is on the screen."
IN_PANE = ("pane.copy", "pane.save", "zoom.fit", "zoom.actual", "compare.patches", "compare.hide")
LAYER_KEYS = 8
"""Keys 1 to 8 are the layers in their order."""


def button_actions(view: "CompareView") -> list[Action]:
    """The commands that have a button above the panes."""
    return [*_views(view), *_tools(view), *_zooms(view)]


def all_actions(view: "CompareView") -> list[Action]:
    """All commands, in the order of the menu."""
    return [*_views(view), *_tools(view), _by_numbers(view), *_zooms(view), *other_actions(view)]


def _tools(view: "CompareView") -> list[Action]:
    return [
        _tool(view, Shape.RECTANGLE, "Mark a rectangle", "R", "Pull from one corner to the other."),
        _tool(view, Shape.POLYGON, "Mark a polygon", "Shift+R", "Click corner by corner, double-click the last one."),
    ]


def _by_numbers(view: "CompareView") -> Action:
    tip = "A rectangle by its place and size in pixels, without the mouse."
    return Action(
        "region.numbers",
        "Mark a rectangle by numbers...",
        MENU,
        "Ctrl+R",
        lambda: ask_for_rectangle(view.marking, view.viewport, view),
        tip,
        enabled=lambda: view.display.frame is not None,
    )


def _zooms(view: "CompareView") -> list[Action]:
    def shown() -> bool:
        return view.display.frame is not None

    return [
        Action("zoom.fit", "Fit the image", MENU, "F", view.viewport.fit, "All of the image.", "fit", enabled=shown),
        Action(
            "zoom.actual",
            "One to one",
            MENU,
            "0",
            view.actual_size,
            "One pixel of the screen for each of the image.",
            "one-to-one",
            enabled=shown,
        ),
    ]


def _views(view: "CompareView") -> list[Action]:

    def shown() -> bool:
        return view.display.frame is not None

    return [
        Action(
            "compare.hide",
            "Hide overlay",
            MENU,
            "H",
            view.hide_overlay,
            "The image alone; hold the key for a moment's look.",
            "eye-off",
            checked=lambda: view.look.hidden,
        ),
        Action(
            "compare.patches",
            "Visited patches",
            MENU,
            "P",
            lambda: view.switch("patches"),
            "Which patches the attack network looked at, or their middles where they are many.",
            "patches",
            checked=lambda: view.look.patches,
        ),
        Action(
            "compare.layers",
            "Layers side by side",
            MENU,
            "L",
            view.toggle_layers,
            "A pane for each of up to four layers of one defense, in place of one for each defense.",
            "layers",
            checked=lambda: view.presenter.beside.on,
        ),
        Action(
            "compare.power",
            "How far to trust this map",
            MENU,
            "M",
            lambda: show_power(view, view.selection),
            "What was measured of the map in view: how well it points at what was memorised.",
            "help",
            enabled=shown,
        ),
        _mode(view, Mode.CURTAIN, "Curtain", "C", CURTAIN),
        _mode(view, Mode.BLINK, "Blink", "B", "The panes in turn on one image."),
    ]


def other_actions(view: "CompareView") -> list[Action]:
    """The commands without a button."""
    pictures = view.pictures

    def has_pane() -> bool:
        return pictures.possible

    return [
        _zoom(view, "zoom.in", "Zoom in", ("+", "="), ZOOM_STEP),
        _zoom(view, "zoom.out", "Zoom out", ("-",), 1 / ZOOM_STEP),
        Action(
            "compare.void",
            "Void pixels transparent",
            MENU,
            "V",
            lambda: view.switch("clear_void"),
            "In every layer of an image with a label map.",
            checked=lambda: view.look.clear_void,
        ),
        Action(
            "compare.highlight",
            "Clear the highlight",
            MENU,
            KEY,
            view.highlight_bar.drop,
            "What was chosen in the panel Where it leaks is no longer made out in the panes.",
            enabled=lambda: view.selection.highlight is not None,
        ),
        _opacity(view, "compare.fainter", "Overlay fainter", "[", -OPACITY_STEP),
        _opacity(view, "compare.stronger", "Overlay stronger", "]", OPACITY_STEP),
        _compare(view, Comparison.MINUS_FIRST, "X", "What a defense changed; blue is less, rust is more."),
        _compare(view, Comparison.MINUS_MEAN, "Shift+X", "What is unlike an average image the target never saw."),
        _compare(view, Comparison.MEAN, "9", "What the map looks like on average where nothing was learned."),
        *(_layer(view, place) for place in range(LAYER_KEYS)),
        Action("pane.copy", "Copy pane", "Edit", "Ctrl+Shift+C", pictures.copy, PICTURE, "copy", enabled=has_pane),
        Action(
            "pane.save", "Save pane as PNG...", "File", "Ctrl+Shift+S", pictures.save, PICTURE, "save", enabled=has_pane
        ),
    ]


def pane_menu(view: "CompareView") -> QMenu:
    """What a pane offers under the right button."""
    known = {action.id: action for action in view.actions()}
    menu = QMenu(view)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for action in (known[action_id] for action_id in IN_PANE):
        made = menu.addAction(icon(action.icon), f"{action.title}\t{action.keys}", action.callback)
        if action.checked is not None:
            made.setCheckable(True)
            made.setChecked(action.checked())
    return menu


def _mode(view: "CompareView", mode: Mode, title: str, key: str, tip: str) -> Action:
    return Action(
        f"compare.{mode}",
        title,
        MENU,
        key,
        lambda: view.set_mode(Mode.PANES if view.mode is mode else mode),
        tip,
        str(mode),
        checked=lambda: view.mode is mode,
    )


def _tool(view: "CompareView", shape: Shape, title: str, key: str, tip: str) -> Action:
    return Action(
        f"region.{shape}",
        title,
        MENU,
        key,
        lambda: view.take_tool(None if view.tool is shape else shape),
        tip,
        str(shape),
        checked=lambda: view.tool is shape,
    )


def _zoom(view: "CompareView", name: str, title: str, keys: tuple[str, ...], factor: float) -> Action:
    return Action(name, title, MENU, keys, lambda: view.viewport.zoom(factor), "About the middle of the panes.")


def _opacity(view: "CompareView", name: str, title: str, key: str, by: float) -> Action:
    return Action(name, title, MENU, key, lambda: view.change_opacity(by))


def _compare(view: "CompareView", comparison: Comparison, key: str, tip: str) -> Action:
    return Action(
        f"with.{comparison}",
        comparison.words,
        MENU,
        key,
        lambda: view.set_comparison(Comparison.PLAIN if view.comparison is comparison else comparison),
        tip,
        checked=lambda: view.comparison is comparison,
    )


def _layer(view: "CompareView", place: int) -> Action:
    """A key per place in the list of layers, whatever the attack puts there."""
    tip = "By its place in the list of layers under the attack in view."
    return Action(
        f"layer.{place + 1}", f"Show layer {place + 1}", "", str(place + 1), lambda: view.show_layer(place), tip
    )
