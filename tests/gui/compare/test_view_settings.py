"""How overlays look, the commands of the view, and its pictures."""

import pytest
from PySide6.QtGui import QGuiApplication, QImage

from gui.actions import ActionRegistry
from gui.compare.commands import pane_menu
from gui.compare.layers import Comparison
from gui.compare.look import Ends, Look
from gui.compare.region_tool import Shape
from gui.compare.stage import Mode
from tests.gui.compare.helpers import canvases, settle

# ---------------------------------------------------------------- settings


def test_opacity_needs_no_new_frame_and_colours_do(qtbot, view, heard):
    frames = heard(view.presenter.framed)
    view.change_opacity(0.1)
    qtbot.wait(20)
    assert frames.got == []
    assert canvases(view)[0].layers.opacity == pytest.approx(0.7)
    for _ in range(9):
        view.change_opacity(0.1)
    assert view.look.opacity == 1.0
    view.set_look(Look(colours="magma"))
    settle(qtbot, view)
    assert len(frames.got) == 1


def test_the_colour_menu_changes_the_look(qtbot, view):
    menu = view._controls._colours
    menu._draw_swatches()
    menu._maps.setCurrentIndex(2)
    menu._maps.activated.emit(2)
    menu._backwards.setChecked(True)
    menu._ends.setCurrentIndex(2)
    menu._ends.activated.emit(2)
    menu._high.setValue(0.5)
    assert (view.look.colours, view.look.backwards, view.look.ends) == ("magma", True, Ends.HAND)
    assert view.look.hand == (0.0, 0.5)
    menu._low.setValue(3.0)  # above the high end: not taken
    assert view.look.hand == (0.0, 0.5)
    settle(qtbot, view)
    assert view.display.frame.panes[0].ends == (0.0, 0.5)


def test_the_comparison_is_grey_for_layers_without_values(qtbot, view, selection):
    assert view._controls._comparisons.isEnabled()
    selection.layer = "label"
    settle(qtbot, view)
    assert not view._controls._comparisons.isEnabled()
    selection.layer = "score"
    settle(qtbot, view)
    view._controls._comparisons.setCurrentIndex(1)
    view._controls._comparisons.activated.emit(1)
    assert view.comparison is Comparison.MINUS_FIRST


def test_all_commands_can_be_registered_together_and_run(qtbot, view, selection):
    registry = ActionRegistry(view)
    registry.add(view.actions())
    registry.trigger("compare.curtain")
    assert view.mode is Mode.CURTAIN
    assert registry.qaction("compare.curtain").isChecked()
    registry.trigger("compare.curtain")
    assert view.mode is Mode.PANES
    registry.trigger("layer.2")
    assert selection.layer == selection.layers[1]
    registry.trigger("layer.8")
    registry.trigger("region.polygon")
    assert view.tool is Shape.POLYGON
    registry.trigger("with.minus-mean")
    assert view.comparison is Comparison.MINUS_MEAN
    registry.trigger("zoom.actual")
    assert view.viewport.view.scale == pytest.approx(1 / view.devicePixelRatioF())
    for action in view.actions():
        assert action.title
        assert action.menu or action.id.startswith("layer.")


def test_the_operating_point_is_marked_where_the_image_score_is_above_it(qtbot, view, selection, world):
    score = world.scores[0, "none"]
    words = view.grid.panes[0]._score
    selection.threshold = score - 0.01
    assert words.text().endswith("\N{BLACK UP-POINTING TRIANGLE}")
    assert "Above the operating point" in words.toolTip()
    selection.threshold = score + 0.01
    assert not words.text().endswith("\N{BLACK UP-POINTING TRIANGLE}")
    assert "operating point" not in view.grid.panes[1]._score.toolTip()


# ---------------------------------------------------------------- pictures


def test_a_pane_can_be_copied_and_saved_as_a_picture(qtbot, view, tmp_path, monkeypatch):
    view.grid._hover(1, (1, 1))
    view.pictures.copy()
    copied = QGuiApplication.clipboard().image()
    assert copied.size() == view.grid.panes[1].grab().toImage().size()
    target = tmp_path / "pane"
    monkeypatch.setattr("gui.compare.saving.QFileDialog.getSaveFileName", lambda *a: (str(target), ""))
    view.pictures.save()
    assert QImage(str(tmp_path / "pane.png")).size() == copied.size()
    monkeypatch.setattr(
        "gui.compare.saving.QFileDialog.getSaveFileName", lambda *a: (str(tmp_path / "no" / "x.png"), "")
    )
    with pytest.raises(Exception, match="cannot be written"):
        view.pictures.save()


def test_the_menu_of_a_pane_says_the_keys_and_what_is_on(view):
    view.switch("patches")
    menu = pane_menu(view)
    said = {action.text().partition("\t")[0]: action for action in menu.actions()}
    assert said["Fit the image"].text().endswith("\tF")
    assert said["Visited patches"].isChecked() == view.look.patches
    assert not said["Hide overlay"].isChecked()
    said["Hide overlay"].trigger()
    assert view.look.hidden
    menu.deleteLater()
