"""Trials that become defenses of the audit, with an engine that the test plays and with the real one."""

import dataclasses

import pytest

from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.audit.store import AuditStore
from core.defenses import DEFENSES
from core.engine import events
from core.engine.jobs import RunAudit
from core.engine.jobs.base import spec_of
from gui.engine import EngineClient
from gui.jobs.kept import read_queue, write_queue
from gui.settings.table import Computing, Preferences
from tests.gui.small_audit import CHAINS, small_audit
from tests.gui.stand_ins import make_window
from tests.world import make_world, scores_of

LONG_MS = 120_000
RUN = {"batch": 2, "cache_gb": 1.0, "resamples": 100, "data_check": False}


def opened(qtbot, window, folder):
    window.audits.open(folder)
    qtbot.waitUntil(window.audits.has_document, timeout=LONG_MS)
    return window.furniture.workbench.defenses, window.furniture.selection


@pytest.fixture
def window(qtbot, qapp):
    return make_window(qtbot, qapp)


def runs(window):
    return [job for job in window.furniture.engine.jobs if isinstance(job, RunAudit)]


def test_keeping_a_trial_runs_the_audit_with_one_more_defense_behind_its_own(qtbot, window, tmp_path):
    panel, selection = opened(qtbot, window, small_audit(tmp_path / "small.segleak"))
    panel.try_kind(DEFENSES.get("topk"))
    panel.try_kind(DEFENSES.get("rounding"))
    first, second = selection.trials
    assert panel._keep.isEnabled()
    panel._keep.click()  # the last one tried is the chosen one
    (job,) = runs(window)
    spec = spec_of(job.spec)
    assert [chain.id for chain in spec.defenses] == [*CHAINS, second.id]
    assert spec.released == selection.document.spec.released
    assert job.extend
    assert job.folder == selection.document.folder
    write_queue(tmp_path / "queue.toml", [job])
    assert read_queue(tmp_path / "queue.toml") == [job]  # it would go on after the program was closed
    window.furniture.engine.cancelled.emit(events.JobCancelled(len(window.furniture.engine.jobs)))
    panel.keep_all()
    assert [chain.id for chain in spec_of(runs(window)[-1].spec).defenses] == [*CHAINS, first.id, second.id]


def test_what_belongs_to_the_audit_cannot_be_kept_again(qtbot, window, tmp_path):
    panel, _ = opened(qtbot, window, small_audit(tmp_path / "small.segleak"))
    panel.rows.current = CHAINS[0]
    assert not panel._keep.isEnabled()
    panel.keep()
    panel.keep_all()
    assert runs(window) == []


def test_an_audit_that_has_not_ended_takes_nothing_in_and_says_so(qtbot, window, tmp_path):
    panel, _ = opened(qtbot, window, small_audit(tmp_path / "small.segleak", done=2))
    panel.try_kind(DEFENSES.get("topk"))
    panel.keep()
    assert runs(window) == []
    assert "has not ended: no defense can be added" in window.banners.shown[0].title


def test_a_kept_trial_has_the_runners_scores_and_stays_in_view(qtbot, qapp, tmp_path, street_like):
    world = make_world(tmp_path, street_like, members=3, non_members=2)
    spec = read_spec(world.write_spec(defenses=[{"name": "none"}], attacks=[{"name": "loss"}], run=RUN))
    folder = tmp_path / "audit.segleak"
    run_audit(spec, folder, RunOptions("cpu"))
    preferences = Preferences(computing=Computing("cpu", 1))
    window = make_window(qtbot, qapp, preferences=preferences, engine=EngineClient)
    panel, selection = opened(qtbot, window, folder)
    before = selection.document
    panel.try_kind(DEFENSES.get("temperature"))
    (chain,) = selection.trials
    image = before.rows[-1].id
    selection.image = image
    panel.keep()
    qtbot.waitUntil(lambda: selection.document is not before, timeout=LONG_MS)
    assert [c.id for c in selection.document.chains] == ["none", chain.id]
    assert (selection.trials, selection.chains, selection.image) == ((), ("none", chain.id), image)
    numbers = window.furniture.workbench.numbers
    qtbot.waitUntil(lambda: numbers._model.rowCount() == 2, timeout=LONG_MS)
    assert numbers.note == ""
    alone = tmp_path / "alone.segleak"
    run_audit(dataclasses.replace(spec, defenses=(*spec.defenses, chain)), alone, RunOptions("cpu"))
    with AuditStore.read(folder) as kept, AuditStore.read(alone) as fresh:
        assert scores_of(kept) == scores_of(fresh)
    window.undo_stack.clear()
    window.close()
