"""Where the tour stops. Each stop brings the window to what is to be seen, and cleans up behind itself."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from PySide6.QtWidgets import QApplication, QLineEdit, QWhatsThis, QWidget

from core.engine.jobs import RunAudit
from core.places import data_folder
from docs.tour.guide import Guide
from docs.tour.home import STREETS
from gui.compare.regions import rectangle
from gui.compare.stage import Mode
from gui.folders import DEMO_SPEC
from gui.running import RUN, Running
from gui.slices import SlicesPanel
from gui.snapshot.dialog import SnapshotDialog

Stop = Callable[[Guide], AbstractContextManager[QWidget | None]]
"""Gives the dialog to be seen over the window, if there is one."""

STOPS: dict[str, Stop] = {}
"""By the name of their pictures, in the order of the tour."""

IMAGE = "scene_500020"
"""A member on which much can be seen."""
SUSPECT = "scene_500341"
"""One that is flagged."""
THREE = ("none", "argmax", "gauss-sigma0.1")
ROAD, HOUSES = ((120.0, 150.0), (400.0, 235.0)), ((190.0, 30.0), (330.0, 45.0), (345.0, 125.0), (185.0, 125.0))
"""Regions: two corners of a rectangle, and a polygon."""
PART = "car"
"""What is highlighted."""
AUDITING, AT_WORK = "Auditing", 12
"""Stage of the audit that runs, and how many of its images are done when its picture is taken."""


def _stop(visit: Callable[[Guide], Iterator[QWidget | None]]) -> Callable[[Guide], Iterator[QWidget | None]]:
    STOPS[visit.__name__.replace("_", "-")] = contextmanager(visit)
    return visit


# ---------------------------------------------------------------- beginning


@_stop
def welcome(guide: Guide) -> Iterator[None]:
    """The page one begins with, once an audit has been looked at."""
    guide.open_demo()
    guide.window.audits.close()
    guide.until(lambda: guide.window.welcome.cards)
    yield


@_stop
def new_audit(guide: Guide) -> Iterator[None]:
    """A new audit, filled in from the files of the demo."""
    beginning = guide.window.beginning
    beginning.take([_home() / STREETS / DEMO_SPEC.name])
    guide.until(lambda: not beginning.page.looking.busy and beginning.page.looking.known.report)
    yield
    beginning.start_afresh()
    beginning.leave()


# ---------------------------------------------------------------- comparing


@_stop
def comparison(guide: Guide) -> Iterator[None]:
    """A member under three defenses."""
    guide.look_at(IMAGE, THREE, "evidence")
    guide.bring_up("numbers")
    yield


@_stop
def layers(guide: Guide) -> Iterator[None]:
    """What is known of an image without a defense, side by side."""
    guide.look_at(IMAGE, THREE, "evidence")
    guide.run("compare.layers")
    guide.until(lambda: len(guide.compare.grid.visible_panes) > len(THREE))
    yield
    guide.run("compare.layers")


@_stop
def map_power(guide: Guide) -> Iterator[QWidget]:
    """What was measured of the map in view."""
    guide.look_at(IMAGE, THREE, "evidence")
    guide.run("compare.power")
    yield next(w for w in QApplication.topLevelWidgets() if w.metaObject().className() == "QWhatsThat")
    QWhatsThis.hideText()


@_stop
def swipe(guide: Guide) -> Iterator[None]:
    """Two defenses on one image, with a curtain between them."""
    guide.look_at(IMAGE, THREE[:2], "loss")
    guide.run("compare.curtain")
    yield
    guide.compare.set_mode(Mode.PANES)


@_stop
def region(guide: Guide) -> Iterator[None]:
    """Two regions and what the maps say inside."""
    guide.look_at(IMAGE, THREE[:2], "evidence")
    guide.compare.marking.add(rectangle(*ROAD))
    guide.compare.marking.add(HOUSES)
    guide.until(lambda: " % of " in guide.compare.region_table.as_tsv())
    yield
    guide.run("edit.undo")
    guide.run("edit.undo")


@_stop
def trial(guide: Guide) -> Iterator[None]:
    """A defense that the audit does not have, with its slider."""
    guide.look_at(IMAGE, THREE[:2], "loss")
    guide.run("try.temperature")
    selection = guide.selection
    (chain,) = selection.trials
    guide.look_at(IMAGE, (*THREE[:2], chain.id), "loss")
    guide.bring_up("roc")
    results = guide.window.furniture.workbench.results
    guide.until(lambda: (known := results.of(chain.id, selection.attack)) is not None and known.exact)
    yield
    guide.run("edit.undo")
    selection.chains = THREE


# ---------------------------------------------------------------- numbers


@_stop
def roc(guide: Guide) -> Iterator[None]:
    """ROC curves on logarithmic axes, with an operating point."""
    guide.look_at(IMAGE, THREE, "evidence")
    guide.bring_up("roc")
    panel = guide.window.furniture.workbench.plots.roc
    panel.set_log(True)
    guide.rest()
    assert panel.first is not None
    guide.selection.threshold = panel.first.threshold(len(panel.first.roc.fpr) // 3)
    yield
    guide.selection.threshold = None
    panel.set_log(False)


def _panel(name: str) -> None:
    """A stop at a panel with three defenses."""

    def visit(guide: Guide) -> Iterator[None]:
        guide.look_at(IMAGE, THREE, "evidence")
        guide.bring_up(name)
        yield

    STOPS[name] = contextmanager(visit)


for _name in ("scores", "classes", "utility"):
    _panel(_name)


@_stop
def where_it_leaks(guide: Guide) -> Iterator[None]:
    """Which parts of the images tell members from non-members, and the one that is chosen in the panes."""
    panel = _measured(guide)
    row = next(i for i in range(panel.parts.rowCount()) if panel.parts.item(i, 0).text() == PART)
    panel.parts.setCurrentCell(row, 0)
    guide.until(lambda: (frame := guide.compare.display.frame) is not None and frame.spotlight is not None)
    yield
    guide.run("compare.highlight")


@_stop
def objects(guide: Guide) -> Iterator[None]:
    """Single objects that stand highest, and one of them in the middle of the panes."""
    panel = _measured(guide)
    panel.tabs.setCurrentWidget(panel.objects)
    image = guide.selection.image
    table = panel.objects.table
    row = next(i for i, line in enumerate(table.texts()[1:]) if line[0].startswith(IMAGE))
    table.setCurrentCell(row, 0)
    guide.until(lambda: (frame := guide.compare.display.frame) is not None and frame.spotlight is not None)
    yield
    panel.tabs.setCurrentIndex(0)
    guide.run("compare.highlight")
    guide.run("zoom.fit")
    guide.selection.image = image


def _measured(guide: Guide) -> SlicesPanel:
    guide.look_at(IMAGE, THREE, "score")
    guide.bring_up("slices")
    panel = guide.window.furniture.workbench.slices
    panel.measure()
    guide.until(lambda: panel.parts.rowCount() > 0)
    return panel


@_stop
def verdict(guide: Guide) -> Iterator[None]:
    """What can be said of one suspect."""
    guide.look_at(SUSPECT, THREE, "evidence")
    guide.bring_up("verdict")
    yield
    guide.look_at(IMAGE, THREE, "evidence")


# ---------------------------------------------------------------- the program


@_stop
def jobs(guide: Guide) -> Iterator[None]:
    """An audit that runs, one that waits, and the images that are done."""
    running = guide.window.furniture.running
    try:
        for name in ("Streets", "Streets again"):
            running.begin(RunAudit(_home() / STREETS / DEMO_SPEC.name, data_folder() / f"{name}.segleak"))
        entry = running.board.at_work[0]
        guide.until(lambda: entry.step.stage == AUDITING and entry.step.done >= AT_WORK)
        guide.bring_up("jobs")
        yield
    finally:
        _stop_all(running)
        guide.until(lambda: running.folder is None)
        guide.window.banners.withdraw(RUN)


@_stop
def snapshot(guide: Guide) -> Iterator[QWidget]:
    """The pages of the PDF before it is written."""
    guide.look_at(IMAGE, THREE, "evidence")
    guide.run("audit.snapshot")
    dialog = guide.dialog()
    assert isinstance(dialog, SnapshotDialog)
    guide.until(dialog.pdf.isEnabled)
    yield dialog
    dialog.reject()


@_stop
def palette(guide: Guide) -> Iterator[QWidget]:
    """Every command by a few letters of its name."""
    guide.look_at(IMAGE, THREE, "evidence")
    guide.run("view.palette")
    dialog = guide.dialog()
    field = dialog.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    field.setText("lay")
    yield dialog
    dialog.reject()


@_stop
def guide_pages(guide: Guide) -> Iterator[QWidget]:
    """The guide in the program."""
    yield from _dialog(guide, "help.guide")


@_stop
def settings(guide: Guide) -> Iterator[QWidget]:
    """The settings."""
    yield from _dialog(guide, "app.settings")


@_stop
def error_banner(guide: Guide) -> Iterator[None]:
    """What is said when the engine dies, and when a folder is no audit."""
    guide.look_at(IMAGE, THREE, "evidence")
    banners = guide.window.banners
    for engine in multiprocessing.active_children():
        engine.kill()
    guide.until(lambda: banners.shown)
    guide.window.audits.open(_home() / STREETS)
    guide.until(lambda: len(banners.shown) > 1)
    yield


def _dialog(guide: Guide, action_id: str) -> Iterator[QWidget]:
    """A dialog over the audit."""
    guide.look_at(IMAGE, THREE, "evidence")
    guide.run(action_id)
    dialog = guide.dialog()
    yield dialog
    dialog.reject()


def _stop_all(running: Running) -> None:
    for entry in running.board.waiting:
        running.board.remove(entry)
    running.cancel()


def _home() -> Path:
    return data_folder().parent
