"""Trials scored by the real engine process, in the real window."""

import dataclasses

import numpy as np
import pytest
from PySide6.QtWidgets import QSlider
from sklearn.metrics import roc_auc_score

from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.audit.store import AuditStore
from core.data.samples import Role
from core.defenses import DEFENSES
from gui.engine import EngineClient
from gui.numbers import COLUMNS
from gui.settings.table import Computing, Preferences
from tests.gui.stand_ins import make_window
from tests.world import make_world

LONG_MS = 120_000
RUN = {"batch": 2, "cache_gb": 1.0, "resamples": 100, "data_check": False}
AUC = [column.title for column in COLUMNS].index("AUC")


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("world"), street_like, members=5, non_members=4, suspects=1)


def by_runner(spec, folder, chain):
    """Scores and roles as the one runner has them for this chain."""
    run_audit(dataclasses.replace(spec, defenses=(chain,)), folder, RunOptions(device="cpu"))
    with AuditStore.read(folder) as store:
        roles = {row.id: row.role for row in store.images()}
        scores = {row.image: np.nan if row.score is None else row.score for row in store.scores(chain.id, "patch")}
        return {image: (roles[image], score) for image, score in scores.items()}


def auc_of(found):
    judged = [(r is Role.MEMBER, s) for r, s in found.values() if r is not Role.SUSPECT and not np.isnan(s)]
    return roc_auc_score(*zip(*judged, strict=True))


def cells(numbers, chain):
    rows = [numbers._model.row(number) for number in range(numbers._model.rowCount())]
    return next((row.cells for row in rows if (row.chain, row.attack) == (chain, "patch")), None)


def test_a_trial_moved_by_its_slider_ends_with_the_runners_scores_and_numbers(qtbot, qapp, world, tmp_path):
    spec = read_spec(world.write_spec(defenses=[{"name": "none"}], run=RUN))
    folder = tmp_path / "audit.segleak"
    run_audit(spec, folder, RunOptions(device="cpu"))
    preferences = Preferences(computing=Computing("cpu", 1))
    window = make_window(qtbot, qapp, preferences=preferences, engine=EngineClient)
    window.audits.open(folder)
    qtbot.waitUntil(window.audits.has_document, timeout=LONG_MS)
    furniture = window.furniture
    panel, numbers, results = (getattr(furniture.workbench, name) for name in ("defenses", "numbers", "results"))
    panel.try_kind(DEFENSES.get("temperature"))
    slider = panel.editor.widget().findChild(QSlider)
    for place in range(slider.value(), 420, 40):
        slider.setValue(place)
        qtbot.wait(5)
    (chain,) = furniture.selection.trials
    qtbot.waitUntil(lambda: (r := results.of(chain.id, "patch")) is not None and r.exact, timeout=LONG_MS)
    found, expected = results.of(chain.id, "patch"), by_runner(spec, tmp_path / "alone.segleak", chain)
    np.testing.assert_allclose(found.scores, [expected[image][1] for image in found.images.tolist()], atol=1e-4)
    assert [str(expected[image][0]) for image in found.images.tolist()] == found.roles.tolist()
    assert found.again == 0  # from the cache alone
    qtbot.waitUntil(lambda: (c := cells(numbers, chain.id)) is not None and c[AUC].value is not None, timeout=LONG_MS)
    assert cells(numbers, chain.id)[AUC].value == pytest.approx(auc_of(expected))
    assert cells(numbers, chain.id)[AUC].text.startswith(("0.", "1."))

    panel.try_kind(DEFENSES.get("dropout"))
    dropout = furniture.selection.trials[-1]
    qtbot.waitUntil(lambda: (r := results.of(dropout.id, "patch")) is not None and r.exact, timeout=LONG_MS)
    assert results.of(dropout.id, "patch").again == 10  # the target had to answer anew
    window.undo_stack.clear()
    window.close()
