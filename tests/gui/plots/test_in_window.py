import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu

from gui.plots import exporting
from gui.session import read_session
from tests.gui.small_audit import small_audit
from tests.gui.stand_ins import make_window

NAMES = ("roc", "scores", "classes", "utility")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_audit(tmp_path_factory.mktemp("plots") / "one.segleak", title="One", per_role=8)


@pytest.fixture
def window(qtbot, qapp, folder):
    made = make_window(qtbot, qapp)
    made.resize(1280, 800)
    made.audits.open(folder)
    qtbot.waitUntil(made.audits.has_document, timeout=9000)
    qtbot.waitUntil(lambda: not made.audits.opening._remembering.busy, timeout=9000)
    return made


def bring_up(qtbot, window, name):
    """Bring a plot to the front and wait until it is drawn from the stored results."""
    workbench = window.furniture.workbench
    workbench.docks[name].raise_()
    panel = workbench.plots.panels[name]
    qtbot.waitUntil(lambda: panel.in_front and not panel.empty, timeout=9000)
    qtbot.waitUntil(lambda: not workbench.plots.bands.busy, timeout=9000)
    return panel


def test_every_plot_is_a_panel_of_the_window_and_shows_the_audit(qtbot, window):
    for name in NAMES:
        assert window.shows_dock(name)
        panel = bring_up(qtbot, window, name)
        assert len(panel.rows()) > 1
        assert all(chart.accessibleName() for chart in panel.charts)
    window.furniture.workbench.docks["roc"].close()
    assert not window.shows_dock("roc")
    window.registry.trigger("panel.reset")
    assert window.shows_dock("roc")


def test_the_commands_work_on_the_plot_in_front(qtbot, window, tmp_path, monkeypatch):
    bring_up(qtbot, window, "utility")
    window.registry.trigger("plot.data")
    assert QGuiApplication.clipboard().text().startswith("Defense\tAttack\tmIoU of non-members")
    bring_up(qtbot, window, "roc")
    window.registry.trigger("plot.data")
    assert QGuiApplication.clipboard().text().startswith("Defense\tAttack\tThreshold")
    window.registry.trigger("plot.copy")
    assert not QGuiApplication.clipboard().image().isNull()
    target = tmp_path / "roc.svg"
    monkeypatch.setattr(exporting.QFileDialog, "getSaveFileName", lambda *_: (str(target), exporting.KINDS[".svg"]))
    window.registry.trigger("plot.save")
    assert target.is_file()


def test_a_file_that_cannot_be_written_makes_a_banner(qtbot, window, tmp_path, monkeypatch):
    bring_up(qtbot, window, "roc")
    (tmp_path / "file").write_text("no folder")
    target = tmp_path / "file" / "roc.svg"
    monkeypatch.setattr(exporting.QFileDialog, "getSaveFileName", lambda *_: (str(target), exporting.KINDS[".svg"]))
    window.registry.trigger("plot.save")
    assert any("cannot be written" in message.title for message in window.banners.shown)


def test_nothing_can_be_copied_from_a_plot_that_is_not_in_view(qtbot, window):
    window.furniture.workbench.docks["numbers"].raise_()
    qtbot.wait(20)
    window.registry.trigger("plot.copy")
    assert not window.registry.qaction("plot.copy").isEnabled()
    bring_up(qtbot, window, "scores")
    assert window.registry.qaction("plot.copy").isEnabled()


def test_the_menu_of_a_plot_offers_the_same_commands(qtbot, window):
    panel = bring_up(qtbot, window, "roc")
    panel.menu_wanted.emit(panel.mapToGlobal(panel.rect().center()))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    texts = [action.text() for action in menu.actions()]
    zooms = ["Zoom into the plot", "Zoom out of the plot", "Whole plot"]
    assert texts == ["Logarithmic ROC", *zooms, "Copy plot", "Copy the plot's data", "Save plot..."]
    menu.actions()[0].trigger()
    menu.close()
    assert panel.is_log
    assert window.registry.qaction("plot.log").isChecked()


def test_an_operating_point_in_the_plot_marks_the_images_in_the_list(qtbot, window):
    panel = bring_up(qtbot, window, "roc")
    panel.chart.stepped.emit(1)
    selection = window.furniture.selection
    scores = selection.document.scores(selection.chains[0], selection.attack)
    assert selection.threshold == scores.max()


def test_logarithmic_axes_are_remembered(qtbot, window):
    window.registry.trigger("plot.log")
    window.memory.save_session()
    assert read_session().views["plots"]["roc"] == {"log": True}


def test_excluding_an_image_changes_the_curve(qtbot, window):
    panel = bring_up(qtbot, window, "roc")
    before = panel.first.roc.members
    selection = window.furniture.selection
    entry = selection.decide("exclude", 1, "a test")
    qtbot.waitUntil(lambda: panel.first is not None and panel.first.roc.members == before - 1, timeout=9000)
    selection.decide("include", entry.image, "put back")
    qtbot.waitUntil(lambda: panel.first.roc.members == before, timeout=9000)


def test_plots_behind_another_tab_draw_nothing_until_they_come_up(qtbot, window, monkeypatch):
    bring_up(qtbot, window, "roc")
    panels = window.furniture.workbench.plots.panels
    drawn = []
    for name, panel in panels.items():
        monkeypatch.setattr(panel, "draw", lambda document, name=name: drawn.append(name))
    window.furniture.selection.chains = ("argmax", "none")
    qtbot.wait(50)
    assert set(drawn) == {"roc"}
    window.furniture.workbench.docks["scores"].raise_()
    qtbot.waitUntil(lambda: "scores" in drawn, timeout=3000)
    assert "utility" not in drawn


def test_the_panels_fit_into_a_small_window(window):
    assert (window.width(), window.height()) == (1280, 800)
