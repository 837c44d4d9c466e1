"""Exports of the audit in view: what is in the files, what is asked, what happens where they cannot be written."""

import csv
import errno
import io
import json
import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QFileDialog, QRadioButton

from core.audit.map_export import MapExport, export_maps
from core.audit.scale_bar import with_scale
from core.audit.spec import read_spec
from core.audit.store import SPEC_NAME, AuditStore
from core.audit.summary import summarise
from core.errors import StoreError
from core.progress import Progress
from gui.document import AuditDocument
from gui.exports.dialog import MapsDialog
from gui.exports.exports import Exports
from gui.exports.kinds import KINDS, write_maps, write_table
from gui.jobs.board import Board
from gui.jobs.entry import State
from gui.jobs.thread_work import ThreadWork
from gui.selection import Selection
from tests.gui.small_audit import small_audit

BY_ID = {kind.id: kind for kind in KINDS}


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    return small_audit(tmp_path_factory.mktemp("audits") / "one.segleak")


@pytest.fixture
def read(audit):
    with AuditStore.read(audit) as store:
        yield store, read_spec(audit / SPEC_NAME)


@pytest.fixture
def exports(qtbot, audit, window_behind):
    selection = Selection()
    selection.document = AuditDocument.open(audit)
    made = Exports(selection, Board(), window_behind)
    yield made
    made.close()
    selection.document.close()


@pytest.fixture
def window_behind(qtbot):
    from PySide6.QtWidgets import QWidget

    made = QWidget()
    qtbot.addWidget(made)
    return made


def lines_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---------------------------------------------------------------- tables


def test_the_scores_are_the_stores_in_csv_and_in_json(audit, read, tmp_path):
    store, _ = read
    write_table(audit, BY_ID["scores-csv"], tmp_path / "s.csv", Progress())
    write_table(audit, BY_ID["scores-json"], tmp_path / "s.json", Progress())
    wanted = {(str(s.image), s.defense, s.attack): s.score for s in store.scores()}
    found = {(r["id"], r["defense"], r["attack"]): float(r["score"]) for r in lines_of(tmp_path / "s.csv")}
    records = json.loads((tmp_path / "s.json").read_text("utf-8"))
    assert found == wanted
    assert {(r["id"], r["defense"], r["attack"]): float(r["score"]) for r in records} == wanted


def test_the_numbers_are_the_summarys_a_line_for_each(audit, read, tmp_path):
    summary = summarise(*read)
    write_table(audit, BY_ID["metrics-csv"], tmp_path / "m.csv", Progress())
    write_table(audit, BY_ID["metrics-json"], tmp_path / "m.json", Progress())
    assert json.loads((tmp_path / "m.json").read_text("utf-8")) == json.loads(json.dumps(summary))
    lines = lines_of(tmp_path / "m.csv")
    for result in summary["results"]:
        (auc,) = [
            line
            for line in lines
            if (line["defense"], line["attack"], line["measure"]) == (result["defense"], result["attack"], "auc")
        ]
        assert float(auc["value"]) == result["metrics"]["auc"]
        assert float(auc["low"]) == result["metrics"]["auc_interval"]["low"]
    rare = [line for line in lines if line["measure"] == "tpr_at_fpr" and line["at"] == "0.001"]
    assert all(line["value"] == "" and "not measurable" in line["why_not"] for line in rare)
    iou = [line for line in lines if (line["defense"], line["role"], line["measure"]) == ("none", "member", "iou")]
    assert [float(line["value"]) for line in iou] == summary["segmentation"]["none"]["member"]["iou"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_file_that_cannot_be_written_is_named_and_the_old_one_stays_whole(audit, tmp_path, monkeypatch, number):
    path = tmp_path / "s.csv"
    path.write_text("old", "utf-8")

    def refuse(*_):
        raise OSError(number, "No room or no right", str(path))

    monkeypatch.setattr("core.files.os.fsync", refuse)
    with pytest.raises(StoreError, match=r"s\.csv: cannot be written to \(No room or no right\)") as raised:
        write_table(audit, BY_ID["scores-csv"], path, Progress())
    assert "unchanged" in raised.value.remedy
    assert files(tmp_path) == {"s.csv": b"old"}


def test_a_file_in_place_of_a_folder_is_told(audit, tmp_path):
    (tmp_path / "maps").write_text("in the way", "utf-8")
    with pytest.raises(StoreError, match="maps"):
        write_maps(audit, MapExport(), tmp_path, Progress())


# ---------------------------------------------------------------- maps


def test_tiff_and_npz_hold_the_very_numbers(read, tmp_path):
    store, spec = read
    export_maps(store, spec, tmp_path / "t", MapExport("tiff", frozenset({2})), Progress())
    export_maps(store, spec, tmp_path / "n", MapExport("npz", frozenset({2})), Progress())
    kept = store.maps(2, "argmax", "loss")["loss"]
    with Image.open(tmp_path / "t" / "maps" / "000002-01--argmax--loss--loss.tiff") as picture:
        assert picture.mode == "F"
        np.testing.assert_array_equal(np.asarray(picture), kept)
    with np.load(tmp_path / "n" / "maps" / "000002-01--argmax--loss.npz") as file:
        np.testing.assert_array_equal(file["loss"], kept)
    assert len(files(tmp_path / "t")) == len(files(tmp_path / "n")) == 6  # three defenses, two attacks, one image


def test_nan_stays_nan_in_a_tiff(tmp_path):
    from core.audit.map_export import _write

    values = np.array([[np.nan, 1.5], [-2.25, 0.0]], np.float32)
    _write(tmp_path / "a.tiff", values)
    with Image.open(tmp_path / "a.tiff") as picture:
        np.testing.assert_array_equal(np.asarray(picture), values)


def test_pictures_share_a_range_or_have_their_own(read, tmp_path):
    store, spec = read
    export_maps(store, spec, tmp_path / "shared", MapExport(), Progress())
    export_maps(store, spec, tmp_path / "own", MapExport(own_range=True), Progress())
    shared = json.loads((tmp_path / "shared" / "maps" / "ranges.json").read_text())
    own = json.loads((tmp_path / "own" / "maps" / "ranges.json").read_text())
    assert set(shared) == {
        f"{attack}--loss{kind}" for attack in ("loss", "confidence") for kind in ("", "--label-maps")
    }
    assert len(own) == len(files(tmp_path / "own")) - 1 == 36
    values = store.maps(1, "none", "loss")["loss"]
    assert own["000001-00--none--loss--loss"] == pytest.approx(np.quantile(values, [0.005, 0.995]).tolist())


def test_a_scale_stands_right_of_the_picture_and_runs_from_high_to_low():
    picture = np.full((64, 100, 4), 7, np.uint8)
    whole = with_scale(picture, -1.0, 1.0, diverging=True)
    assert whole.shape[0] == 64
    np.testing.assert_array_equal(whole[:, :100], picture)
    strip = whole[:, 100:]
    bar = strip[:, 10].astype(int)
    assert bar[8, 0] > bar[8, 2], "rust above"
    assert bar[-9, 2] > bar[-9, 0], "blue below"
    assert (strip[..., :3].min(axis=2) < 100).sum() > 20, "there are letters"
    assert with_scale(picture[:10], 0.0, 1.0).shape[0] == 36, "room for two lines of text"


# ---------------------------------------------------------------- in the window


def test_a_table_is_written_in_a_thread_and_told(qtbot, exports, tmp_path, heard, monkeypatch):
    said = heard(exports.said)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "named"), ""))
    exports.ask_table(BY_ID["scores-csv"])
    (entry,) = exports._board.entries
    qtbot.waitUntil(lambda: bool(said.got), timeout=20_000)
    assert said.got[0].title == f"Written: {tmp_path / 'named.csv'}"
    assert (entry.title, entry.state) == ("Small: named.csv", State.DONE)
    assert lines_of(tmp_path / "named.csv")


def test_the_dialog_offers_what_there_is_and_maps_are_written(qtbot, exports, tmp_path, heard, monkeypatch):
    said, selection = heard(exports.said), exports._selection
    selection.image = 3
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    exports.ask_maps()
    (dialog,) = exports._window.findChildren(MapsDialog)
    offered = {button.text(): button.isEnabled() for button in dialog.findChildren(QRadioButton)}
    assert offered == {
        "The image in view (1)": True,
        "Flagged images (0)": False,
        "Suspects (0)": False,
        "All images (6)": True,
    }
    dialog._form.setCurrentIndex(1)
    assert not dialog._own.isEnabled()
    dialog.accept()
    qtbot.waitUntil(lambda: bool(said.got), timeout=20_000)
    assert said.got[0].title == f"Written: {tmp_path / 'maps'}"
    assert all(name.startswith("maps/000003-02--") for name in files(tmp_path))


def test_an_export_is_stopped_from_the_list_and_what_is_written_is_whole(qtbot, exports, tmp_path, heard):
    board, said = exports._board, heard(exports.said)
    going = threading.Event()

    def work(progress):
        for _ in progress.over("Exporting maps", range(1000), 1000):
            going.wait(0.01)

    made = ThreadWork("maps", work, board, exports)
    made.start()
    qtbot.waitUntil(lambda: made.entry.step.done > 2)
    made.entry.controls.stop()
    qtbot.waitUntil(lambda: made.entry.state is State.STOPPED)
    assert made.entry.words == "Stopped."
    assert said.got == []


def test_closing_stops_what_is_being_exported(qtbot, exports, tmp_path):
    exports.write_maps(MapExport(), tmp_path)
    exports.close()
    assert not list(tmp_path.rglob(".part-*"))


def test_a_failed_export_says_why(qtbot, exports, tmp_path, heard):
    said = heard(exports.said)
    (tmp_path / "maps").write_text("in the way", "utf-8")
    exports.write_maps(MapExport(), tmp_path)
    qtbot.waitUntil(lambda: bool(said.got), timeout=20_000)
    assert "cannot be written to" in said.got[0].title
    assert exports._board.entries[0].state is State.FAILED
