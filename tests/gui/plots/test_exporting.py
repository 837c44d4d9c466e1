"""Plots as pictures and as data."""

import csv
import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtSvg import QSvgRenderer

from core.errors import StoreError
from gui.plots import exporting
from gui.theme import DARK, LIGHT, Theme
from tests.gui.plots.helpers import MEMBERS, OTHERS, settle


def test_a_plot_is_saved_as_drawing_picture_and_data(roc, tmp_path):
    for name in ("a.svg", "a.png", "a.csv"):
        exporting.save_as(roc, tmp_path / name)
    assert QSvgRenderer(str(tmp_path / "a.svg")).isValid()
    assert "AUC" in (tmp_path / "a.svg").read_text("utf-8")
    picture = QImage(str(tmp_path / "a.png"))
    assert picture.width() == 2 * roc.chart.width()
    rows = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8")))
    found = [(float(r["Threshold"]), float(r["FPR"]), float(r["TPR"])) for r in rows if r["Defense"] == "No defense"]
    expected = [
        (t, np.mean([s >= t for s in OTHERS]), np.mean([s >= t for s in MEMBERS]))
        for t in [math.inf, *sorted(MEMBERS + OTHERS, reverse=True)]
    ]
    assert np.allclose(found, expected)


def test_a_plot_that_cannot_be_written_says_where(roc, tmp_path):
    (tmp_path / "file").write_text("no folder")
    for kind in exporting.KINDS:
        with pytest.raises(StoreError, match="file"):
            exporting.save_as(roc, tmp_path / "file" / f"plot{kind}")


def test_the_name_that_is_asked_for_gets_the_ending_of_the_kind(roc, tmp_path, monkeypatch):
    monkeypatch.setattr(
        exporting.QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "plot"), exporting.KINDS[".csv"])
    )
    exporting.save(roc)
    assert (tmp_path / "plot.csv").is_file()
    monkeypatch.setattr(exporting.QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    exporting.save(roc)


def test_a_plot_is_copied_as_picture_and_as_data(scores):
    exporting.copy_data(scores)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t") == ["Defense", "From score", "To score", "Members", "Non-members"]
    exporting.copy_picture(scores)
    copied = QGuiApplication.clipboard().image()
    first, last = (chart.rect().translated(chart.mapTo(chart.window(), QPoint())) for chart in scores.charts)
    assert copied.size() == 2 * first.united(last).size()  # as they stand on the screen


def test_plots_follow_the_theme_at_once(qtbot, qapp, roc):
    theme = Theme(qapp)
    for choice, colours in (("dark", DARK), ("light", LIGHT)):
        theme.apply(choice)
        settle(qtbot)
        seen = roc.chart.grab().toImage()
        assert seen.pixelColor(QPoint(roc.chart.width() - 3, roc.chart.height() - 3)).name() == colours.base
        assert roc._y.textPen().color().name() == colours.text
    qapp.setStyleSheet("")
    theme.deleteLater()
