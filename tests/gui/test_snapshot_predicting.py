"""The target is asked through the engine while a snapshot is exported."""

import re
from dataclasses import replace

import numpy as np
import pytest
from pypdf import PdfReader

from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.engine import events
from core.engine.jobs import Observe, Observed, View
from core.progress import Progress
from core.snapshot.asking import asked
from core.snapshot.blocks import Facts
from core.snapshot.choices import Contents, SnapshotChoices
from core.snapshot.content import opened
from core.snapshot.prediction import LATER
from gui.engine import EngineClient
from gui.settings.table import Computing, Preferences
from gui.snapshot.dialog import SnapshotDialog
from gui.snapshot.predicting import Predicting
from tests.gui.snapshot_stand_ins import AnsweringEngine, SilentEngine, writer
from tests.gui.stand_ins import make_window
from tests.snapshot_world import make_snapshot_world
from tests.world import make_world

DEFENSES = (("none", "no defense"),)
LONG_MS = 120_000


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_snapshot_world(tmp_path_factory.mktemp("predicting") / "w", members=3, others=4, suspects=3)


@pytest.fixture
def content(world):
    with opened(world.audit, SnapshotChoices(contents=Contents(top=3))) as found:
        yield found


@pytest.fixture
def open_dialog(world, qtbot):
    """Opens the dialog on an audit with an engine."""

    def make(engine, audit=world.audit):
        made = SnapshotDialog(audit, DEFENSES, None, None, writer(engine))
        qtbot.addWidget(made)
        made.show()
        qtbot.waitUntil(lambda: "MB" in made.state.text(), timeout=LONG_MS)
        dialogs.append(made)
        return made

    dialogs = []
    yield make
    for dialog in dialogs:
        dialog.done(0)


def observed(job, classes=None, failed=""):
    return Observed(job.image, (View(job.chains[0].id, prediction=classes, failed=failed),))


def text_of(path):
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(path).pages))


# ---------------------------------------------------------------- one after the other


def test_one_image_is_asked_after_the_other_and_both_layers_of_it(content, qapp):
    engine = SilentEngine()
    predicting, moved = Predicting(engine, lambda: "cpu"), []
    predicting.moved.connect(lambda *at: moved.append(at))
    predicting.ask(content)
    assert [job.image for job in engine.jobs] == [content.to_predict[0]]
    for number in (1, 2, 3):
        engine.done.emit(events.JobDone(number, observed(engine.jobs[-1], np.zeros((2, 3), np.uint8))))
    assert tuple(job.image for job in engine.jobs) == content.to_predict
    assert {(job.layers, job.device) for job in engine.jobs} == {(("prediction", "label_probability"), "cpu")}
    assert moved == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert set(predicting.known) == set(content.to_predict) and not predicting.busy


def test_what_is_known_is_not_asked_again(content, qapp):
    engine = SilentEngine()
    predicting = Predicting(engine, lambda: "cpu")
    predicting.ask(content)
    engine.done.emit(events.JobDone(1, observed(engine.jobs[0], np.zeros((2, 3), np.uint8))))
    engine.done.emit(events.JobDone(2, observed(engine.jobs[1], failed="the image is gone")))
    predicting.stop()
    predicting.ask(content)
    assert engine.jobs[-1].image == content.to_predict[1]
    assert set(predicting.known) == {content.to_predict[0]}


def test_a_reason_for_one_image_is_kept_and_the_others_are_asked(content, qapp):
    engine = SilentEngine()
    predicting = Predicting(engine, lambda: "cpu")
    predicting.ask(content)
    engine.done.emit(events.JobDone(1, observed(engine.jobs[0], failed="the image is gone")))
    assert len(engine.jobs) == 2
    assert predicting.known[content.to_predict[0]].reason == "the image is gone"


def test_a_failed_job_is_tried_again_once_and_then_is_the_reason_for_all_that_are_left(content, qapp, qtbot):
    engine = SilentEngine()
    predicting = Predicting(engine, lambda: "auto")
    predicting.ask(content)
    again = replace(engine.jobs[0], device="cpu")
    engine.failed.emit(events.JobFailed(1, "Memory ran out.", "", again=again))
    assert engine.jobs[1] == again
    with qtbot.waitSignal(predicting.ended, timeout=1000):
        engine.failed.emit(events.JobFailed(2, "Memory ran out.", "Use a smaller image.", again=again))
    assert {found.reason for found in predicting.known.values()} == {"Memory ran out. Use a smaller image."}
    assert len(predicting.known) == 3 and len(engine.jobs) == 2


def test_answers_to_others_are_not_ours(content, qapp):
    engine = SilentEngine()
    predicting = Predicting(engine, lambda: "cpu")
    predicting.ask(content)
    engine.done.emit(events.JobDone(99, None))
    engine.failed.emit(events.JobFailed(99, "no"))
    assert predicting.busy and not predicting.known


# ---------------------------------------------------------------- in the dialog


def test_the_preview_keeps_the_place_and_the_file_has_the_prediction(open_dialog, qtbot, tmp_path):
    engine = AnsweringEngine()
    dialog = open_dialog(engine)
    facts = [block for block in dialog._draft.blocks if isinstance(block, Facts)]
    assert [value for block in facts for name, value in block.rows if name == "Prediction"] == [LATER] * 3
    with qtbot.waitSignal(dialog.written, timeout=LONG_MS):
        dialog.write(tmp_path / "s.pdf")
    assert len(engine.jobs) == 3
    assert "Prediction, attack grid" in text_of(tmp_path / "s.pdf") and LATER not in text_of(tmp_path / "s.pdf")
    with qtbot.waitSignal(dialog.written, timeout=LONG_MS):
        dialog.write(tmp_path / "again.pdf")
    assert len(engine.jobs) == 3


def test_without_predictions_the_engine_is_not_asked(open_dialog, qtbot, tmp_path):
    engine = SilentEngine()
    dialog = open_dialog(engine)
    dialog.fields.predictions.setChecked(False)
    assert not dialog.pdf.isEnabled()  # until the pages are laid out anew
    qtbot.waitUntil(lambda: dialog.pdf.isEnabled() and "MB" in dialog.state.text(), timeout=LONG_MS)
    with qtbot.waitSignal(dialog.written, timeout=LONG_MS):
        dialog.write(tmp_path / "s.pdf")
    assert not engine.jobs and "Prediction" not in text_of(tmp_path / "s.pdf")


def test_stop_ends_the_asking_and_writes_nothing(open_dialog, qtbot, tmp_path):
    engine = SilentEngine()
    dialog = open_dialog(engine)
    dialog.write(tmp_path / "s.pdf")
    qtbot.waitUntil(lambda: bool(engine.jobs) and bool(dialog.bar.maximum()), timeout=LONG_MS)
    assert "Asking the target" in dialog.state.text()
    dialog.stop.click()
    assert ("cancel", 1) in engine.calls
    qtbot.waitUntil(lambda: "Stopped" in dialog.state.text(), timeout=LONG_MS)
    assert dialog.pdf.isEnabled() and not (tmp_path / "s.pdf").exists()


def test_a_target_that_is_not_the_audited_one_is_not_asked(open_dialog, qtbot, tmp_path):
    own = make_snapshot_world(tmp_path / "own", members=3, others=4, suspects=1)
    (own.folder / "models" / "target.safetensors").write_bytes(b"another one")
    engine = SilentEngine()
    dialog = open_dialog(engine, own.audit)
    with qtbot.waitSignal(dialog.written, timeout=LONG_MS):
        dialog.write(tmp_path / "s.pdf")
    assert not engine.jobs
    assert "is not the file that was audited" in text_of(tmp_path / "s.pdf")


def test_the_window_gives_its_engine_and_device_to_the_dialog(world, qtbot, qapp, tmp_path):
    window = make_window(qtbot, qapp, preferences=Preferences(computing=Computing("cpu", 1)), engine=SilentEngine)
    window.audits.open(world.audit)
    qtbot.waitUntil(window.audits.has_document, timeout=LONG_MS)
    window.export_snapshot()
    dialog = window.findChild(SnapshotDialog)
    qtbot.waitUntil(lambda: "MB" in dialog.state.text(), timeout=LONG_MS)
    dialog.write(tmp_path / "s.pdf")
    jobs = window.furniture.engine.jobs
    qtbot.waitUntil(lambda: any(isinstance(job, Observe) for job in jobs), timeout=LONG_MS)
    assert jobs[-1].device == "cpu" and jobs[-1].audit == world.audit
    dialog.stop.click()
    qtbot.waitUntil(lambda: "Stopped" in dialog.state.text(), timeout=LONG_MS)
    dialog.done(0)


# ---------------------------------------------------------------- with the engine's process


def test_the_engine_gives_what_the_command_line_gives(open_dialog, qtbot, tmp_path, street_like):
    world = make_world(tmp_path, street_like, members=2, non_members=2, suspects=2)
    spec = read_spec(world.write_spec(defenses=[{"name": "none"}], run={"resamples": 100, "data_check": False}))
    audit = world.folder / "small.segleak"
    run_audit(spec, audit, RunOptions(device="cpu"))
    engine = EngineClient(1)
    try:
        dialog = open_dialog(engine, audit)
        with qtbot.waitSignal(dialog.written, timeout=LONG_MS):
            dialog.write(tmp_path / "s.pdf")
        known = dialog._known
        with opened(audit, SnapshotChoices()) as content:
            expected = asked(content, Progress())
        assert known.keys() == expected.keys() and known
        for image, found in expected.items():
            assert np.array_equal(known[image].classes, found.classes)
            assert known[image].probability == pytest.approx(found.probability, abs=1e-6)
    finally:
        engine.close()
