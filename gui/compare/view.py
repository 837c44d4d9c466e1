"""The comparison: an image under one to four defenses, side by side, under a curtain or in turn."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QUndoStack
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from gui.actions import Action
from gui.compare import commands
from gui.compare.beside import Beside
from gui.compare.beside_menu import BesideMenu
from gui.compare.controls import Controls
from gui.compare.display import Display
from gui.compare.frame import Frame
from gui.compare.headings import Headings
from gui.compare.highlight_bar import HighlightBar
from gui.compare.holding import HeldKey
from gui.compare.layers import Comparison
from gui.compare.look import Look
from gui.compare.marking import Marking
from gui.compare.pane_grid import PaneGrid
from gui.compare.presenter import Presenter
from gui.compare.region_known import KnownMeans
from gui.compare.region_notes import ask_for_note
from gui.compare.region_table import RegionTable
from gui.compare.region_tool import Shape
from gui.compare.regions import statistics
from gui.compare.saving import PanePictures
from gui.compare.stage import Mode
from gui.compare.viewport import Viewport, pixel_of
from gui.selection import Selection

if TYPE_CHECKING:
    from gui.live.looker import Looker
    from gui.results import Results

NO_IMAGE = "No image is chosen. Choose one in the list of images."
NO_DEFENSE_ON = "No defense is switched on. Switch one on to see the image and its maps."


class CompareView(QWidget):
    """The panes with their controls, the readout and the regions.

    Parameters
    ----------
    selection
        What is looked at.
    undo_stack
        Takes the steps that mark and remove regions; one of its own where none is given.

    Attributes
    ----------
    presenter, headings, display, pictures, marking, viewport
        What asks for frames, names them, shows them, saves them, keeps the regions, and says where the panes look.
    failed
        Sends the `SegLeakError` of what could not be read or written.
    """

    failed = Signal(object)

    def __init__(
        self, selection: Selection, undo_stack: QUndoStack | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.selection = selection
        self.viewport = Viewport(self)
        self.presenter = Presenter(selection, self)
        self.marking = Marking(selection, QUndoStack(self) if undo_stack is None else undo_stack, self)
        self.grid = PaneGrid(self.viewport)
        self.headings = Headings(selection, self.presenter.heir)
        self.display = Display(self.grid, self.headings.of, self)
        self.pictures = PanePictures(self.grid, self.display)
        self._controls = Controls(commands.button_actions(self))
        self._controls.give_menu("compare.layers", BesideMenu(selection, self.presenter, self))
        self._readout, self._message = QLabel(), QLabel(NO_IMAGE)
        self.region_table = RegionTable()
        self._known = KnownMeans(selection, self)
        self.highlight_bar = HighlightBar(selection, self.viewport)
        self._held = HeldKey(Qt.Key.Key_H, self._show_overlay, self)
        self._lay_out()
        self._connect()
        self._framed(None)

    def _lay_out(self) -> None:
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setProperty("role", "muted")
        self._message.setWordWrap(True)
        self._readout.setContentsMargins(8, 0, 8, 2)
        self._readout.setAccessibleName("Under the pointer")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._controls)
        layout.addWidget(self._message, 1)
        layout.addWidget(self.grid, 1)
        layout.addLayout(self.highlight_bar.beside(self._readout))
        layout.addWidget(self.region_table)

    def _connect(self) -> None:
        selection, marking = self.selection, self.marking
        self.presenter.framed.connect(self._framed)
        self.presenter.restyled.connect(self._restyled)
        self.presenter.slow.connect(self.display.tell_slow)
        self.presenter.loader.failed.connect(self.failed)
        marking.failed.connect(self.failed)
        self._controls.look_chosen.connect(self.set_look)
        self._controls.comparison_chosen.connect(self.set_comparison)
        self.grid.hovered.connect(lambda point: selection.hovered.emit(pixel_of(point)))
        self.grid.used.connect(marking.tool.use)
        self.grid.menu_wanted.connect(self._open_menu)
        marking.changed.connect(self._show_marks)
        selection.reviewed.connect(lambda _: self._show_regions())
        selection.hovered.connect(self.display.point_at)
        self.display.pointed.connect(self._readout.setText)
        selection.threshold_changed.connect(lambda _: self.display.refresh())
        self.display.mode_changed.connect(self._controls.refresh)
        self.region_table.removal_wanted.connect(marking.remove)
        self._known.came.connect(self._show_regions)
        self._known.failed.connect(self.failed)
        self.region_table.note_wanted.connect(lambda region: ask_for_note(marking, region, self))

    # ------------------------------------------------------------ what others ask for

    def actions(self) -> list[Action]:  # type: ignore[override]
        """The commands for the menus, the palette and the cheat sheet."""
        return commands.all_actions(self)

    def follow(self, looker: "Looker", results: "Results") -> None:
        """Show what the engine works out: of the image in view, and of where its score stands among all."""
        self.presenter.follow(looker, results)
        self.headings.results = results
        results.changed.connect(self.display.refresh)

    def state(self) -> dict[str, Any]:
        """What a session keeps: settings, mode, and the place that is looked at."""
        return {
            "look": self.look.to_mapping(),
            "comparison": str(self.comparison),
            "mode": str(self.mode),
            "beside": self.presenter.beside.to_mapping(),
            "place": self.viewport.to_mapping(),
        }

    def restore_state(self, kept: Mapping[str, Any]) -> None:
        """Take up what a session kept; what does not fit is passed over."""
        if isinstance(kept.get("look"), dict):
            self.set_look(Look.from_mapping(kept["look"]))
        if kept.get("comparison") in list(Comparison):
            self.set_comparison(Comparison(kept["comparison"]))
        if kept.get("mode") in list(Mode):
            self.set_mode(Mode(kept["mode"]))
        if isinstance(kept.get("beside"), dict):
            self.presenter.beside = Beside.from_mapping(kept["beside"])
        self.viewport.restore(kept.get("place"))

    def close_threads(self) -> None:
        """Stop the timers and wait for the threads: before the window goes."""
        self.display.mode = Mode.PANES
        self.presenter.close()
        self._known.close()

    # ------------------------------------------------------------ settings

    @property
    def look(self) -> Look:
        """How overlays look."""
        return self.presenter.look

    def set_look(self, look: Look) -> None:
        """Change how overlays look."""
        self.presenter.look = look

    def change_opacity(self, by: float) -> None:
        """Make overlays stronger or fainter."""
        self.set_look(replace(self.look, opacity=round(min(max(self.look.opacity + by, 0.0), 1.0), 2)))

    def switch(self, setting: str) -> None:
        """Have a setting of the look that is on or off the other way."""
        other: dict[str, Any] = {setting: not getattr(self.look, setting)}
        self.set_look(replace(self.look, **other))

    def hide_overlay(self) -> None:
        """Hide overlays until this is asked for again, or until the key is let go that was held for it."""
        if not self._held.down:
            self.set_look(replace(self.look, hidden=not self.look.hidden))
            if self.look.hidden:
                self._held.begin()

    def _show_overlay(self) -> None:
        self.set_look(replace(self.look, hidden=False))

    @property
    def comparison(self) -> Comparison:
        """What maps are compared with."""
        return self.presenter.comparison

    def set_comparison(self, comparison: Comparison) -> None:
        """Show maps themselves, or what is left when another one is taken off them."""
        self.presenter.comparison = comparison

    @property
    def mode(self) -> Mode:
        """How defenses are compared."""
        return self.display.mode

    def set_mode(self, mode: Mode) -> None:
        """Compare defenses in another way."""
        self.display.mode = mode

    def toggle_layers(self) -> None:
        """Show a pane for each layer of the defense that is being looked at, or for each defense again."""
        beside = self.presenter.beside
        self.presenter.beside = replace(beside, on=not beside.on, place=self.grid.active)

    def show_layer(self, place: int) -> None:
        """Show the layer at a place in the list."""
        layers = self.selection.layers
        if place < len(layers):
            self.selection.layer = layers[place]

    @property
    def tool(self) -> Shape | None:
        """What is drawn with the pointer; None while it moves the image."""
        return self.marking.tool.shape

    def take_tool(self, shape: Shape | None) -> None:
        """Draw regions of this shape, or move the image again."""
        self.marking.tool.take(shape)
        self.grid.take_tool(taken=shape is not None)
        self._controls.refresh()

    def actual_size(self) -> None:
        """One device pixel per image pixel."""
        self.viewport.actual_size(self.devicePixelRatioF())

    # ------------------------------------------------------------ showing

    def _framed(self, frame: Frame | None) -> None:
        if frame is not None and frame.seen.picture is not None:
            height, width = frame.seen.shape
            self.viewport.set_image((width, height))
            self.grid.image_changed()
        self.display.show(frame, self.look)
        self.highlight_bar.show_frame(frame)
        empty = frame is None or not frame.panes
        self.grid.setVisible(not empty)
        self._message.setVisible(empty)
        self._message.setText(NO_IMAGE if frame is None else NO_DEFENSE_ON)
        self._show_marks()
        self._show_regions()
        self._refresh_controls()

    def _restyled(self) -> None:
        self.display.show(self.display.frame, self.look)
        self._refresh_controls()

    def _refresh_controls(self) -> None:
        frame = self.display.frame
        scalar = frame is not None and any(pane.shown.layer.scalar for pane in frame.panes)
        self._controls.show_look(self.look)
        self._controls.show_comparison(self.comparison, possible=scalar)
        self._controls.refresh()

    def _show_marks(self) -> None:
        frame = self.display.frame
        self.display.mark(self.marking.marks() if frame is not None and self.headings.is_current(frame) else ())

    def _show_regions(self) -> None:
        frame = self.display.frame
        regions = self.marking.regions if frame is not None and self.headings.is_current(frame) else ()
        self.region_table.setVisible(bool(regions))
        if frame is None or not regions:
            return
        chains = tuple(pane.chain for pane in frame.panes)
        titles, colours = ({chain: of(chain) for chain in chains} for of in (self.headings.title, self.headings.colour))
        known = self._known.of(frame)
        found = [(region.id, statistics(region, frame, known)) for region in regions]
        self.region_table.show_regions(found, titles, colours, frame.seen, self.marking.notes, waiting=self._known.busy)

    # ------------------------------------------------------------ the pointer and the keyboard

    def _open_menu(self, place: QPoint) -> None:
        commands.pane_menu(self).popup(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape drops what is drawn, then puts the tool away; Enter ends a polygon."""
        tool = self.marking.tool
        if event.key() == Qt.Key.Key_Escape and tool.shape is not None:
            tool.drop() if tool.drawing else self.take_tool(None)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and tool.drawing:
            tool.finish()
        else:
            super().keyPressEvent(event)
