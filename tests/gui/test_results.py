"""Results of the audit's own defenses and of trials, with an engine that does what the test says."""

import numpy as np
import pytest
from PySide6.QtGui import QUndoStack
from sklearn.metrics import roc_auc_score

from core.audit.store import AuditStore
from core.data.samples import Role
from core.defenses import DEFENSES
from core.defenses.chain import Chain
from core.engine import events
from core.engine.jobs import Rescore, Rescored
from core.metrics.segmentation import miou
from gui.document import AuditDocument
from gui.numbers import COLUMNS, NOT_MEASURABLE
from gui.numbers_panel import NumbersPanel
from gui.results import Results
from gui.results.again import AgainButton
from gui.selection import Selection
from tests.gui.small_audit import small_audit
from tests.gui.stand_ins import FakeEngine

SOFT = Chain((DEFENSES.make({"name": "temperature", "T": 3.0}),))
NOISY = Chain((DEFENSES.make({"name": "gauss", "sigma": 0.1}),))
AUC = [column.title for column in COLUMNS].index("AUC")


class World:
    """An audit in view, its results, and the table of its numbers."""

    def __init__(self, folder, qtbot):
        self.folder, self.selection, self.engine = folder, Selection(), FakeEngine()
        self.results = Results(self.selection, self.engine)
        self.panel = NumbersPanel(self.selection, self.results, QUndoStack(self.selection))
        qtbot.addWidget(self.panel)
        self.document = AuditDocument.open(folder)
        self.selection.document = self.document

    def close(self):
        self.panel.close_threads()
        self.results.close()
        self.document.close()

    def stored(self):
        with AuditStore.read(self.folder) as store:
            roles = {row.id: row.role for row in store.images()}
            return roles, list(store.scores("none", "loss")), dict(store.confusions("none"))

    @property
    def jobs(self):
        return [job for job in self.engine.jobs if isinstance(job, Rescore)]

    def give(self, job, count, kind=events.JobDone, *, on_grid=False, again=0):
        """What the engine finds of the first `count` images: their ids as scores, members a hundred higher."""
        rows = [row for row in self.document.rows if row.id not in job.excluded]
        scores = [row.id + 100.0 * (row.role is Role.MEMBER) for row in rows[:count]]
        counts = {Role.MEMBER: np.diag([3, 1]).astype(np.int64)}
        value = Rescored(
            job.chain.id,
            np.array([row.id for row in rows[:count]]),
            {job.attacks[0]: np.array(scores)},
            counts,
            {Role.MEMBER: 1},
            on_grid,
            again,
            len(rows),
            {},
        )
        number = next(number for number, known in enumerate(self.engine.jobs, 1) if known is job)
        signal = self.engine.done if kind is events.JobDone else self.engine.partial
        signal.emit(kind(number, value))

    def row(self, chain, attack="loss"):
        rows = [self.panel._model.row(number) for number in range(self.panel._model.rowCount())]
        return next((row for row in rows if (row.chain, row.attack) == (chain, attack)), None)

    def auc_cell(self, chain):
        row = self.row(chain)
        return row and row.cells[AUC]


@pytest.fixture
def world(tmp_path, qtbot):
    made = World(small_audit(tmp_path / "small.segleak", per_role=5), qtbot)
    yield made
    made.close()


def result_of(qtbot, world, chain, attack="loss"):
    world.results.of(chain, attack)
    qtbot.waitUntil(lambda: world.results.of(chain, attack) is not None)
    return world.results.of(chain, attack)


def test_a_stored_result_has_the_scores_and_counts_of_the_store(qtbot, world):
    assert world.results.of("none", "loss") is None
    result = result_of(qtbot, world, "none")
    roles, scores, confusions = world.stored()
    assert dict(zip(result.images.tolist(), result.scores.tolist(), strict=True)) == {s.image: s.score for s in scores}
    assert sorted(result.members) == sorted(s.score for s in scores if roles[s.image] is Role.MEMBER)
    assert result.exact
    assert (result.note, result.on_grid, result.adaptive, len(result.suspects)) == ("", False, False, 0)
    for role in (Role.MEMBER, Role.NON_MEMBER):
        expected = sum(counts for image, counts in confusions.items() if roles[image] is role)
        np.testing.assert_array_equal(result.confusions[role], expected)
        assert result.counted[role] == 5


def test_what_nobody_knows_is_not_fetched(world):
    assert world.results.of("nobody", "loss") is None
    assert world.results.of("none", "nobody") is None
    assert world.jobs == []


def test_exclusions_are_left_out_at_once_and_the_summary_file_stays(qtbot, world):
    before = (world.folder / "summary.json").read_bytes()
    whole = result_of(qtbot, world, "none")
    gone = int(whole.images_of(Role.MEMBER)[0])
    world.selection.decide("exclude", gone, "blurred")
    qtbot.waitUntil(lambda: gone not in world.results.of("none", "loss").images)
    result = world.results.of("none", "loss")
    assert (result.exact, result.total, result.counted[Role.MEMBER]) == (True, 9, 4)
    kept = whole.images != gone
    truth, scores = whole.roles[kept] == Role.MEMBER, whole.scores[kept]
    qtbot.waitUntil(lambda: "now 1" in world.panel.note and world.auc_cell("none").value is not None)
    qtbot.waitUntil(lambda: world.auc_cell("none").value == pytest.approx(roc_auc_score(truth, scores)))
    assert world.row("none").cells[8].value == pytest.approx(miou(result.confusions[Role.MEMBER]))
    assert (world.folder / "summary.json").read_bytes() == before


def test_a_trial_is_coarse_first_and_then_exact(qtbot, world, heard):
    world.selection.chains = ("none", world.selection.add_trial(NOISY))
    changed = heard(world.results.changed)
    (job,) = world.jobs
    qtbot.waitUntil(lambda: world.row(NOISY.id) is not None)
    assert world.auc_cell(NOISY.id).text == "\N{HORIZONTAL ELLIPSIS}"
    world.engine.progressed.emit(events.JobProgress(1, "Scoring again", 7, 10, "", 1.0, 65.0))
    world.give(job, 7, events.JobPartial, on_grid=True, again=3)
    result = world.results.of(NOISY.id, "loss")
    assert (result.exact, result.done, result.total, result.on_grid) == (False, 7, 10, True)
    assert "7 of 10" in result.note
    assert "3 of them were not in the cache" in result.note
    qtbot.waitUntil(lambda: world.auc_cell(NOISY.id).text == "~1.000")
    assert "1 min left" in world.panel.note
    assert world.row(NOISY.id).cells[8].text == "~1.000 on grid"
    world.give(job, 10)
    assert changed.got == [(NOISY.id, "loss")] * 2
    result = world.results.of(NOISY.id, "loss")
    assert (result.exact, result.note) == (True, "")
    qtbot.waitUntil(lambda: world.auc_cell(NOISY.id).text == "1.000")
    assert world.panel.note == ""
    assert world.row(NOISY.id).cells[-1].text == "\N{WHITE DIAMOND} same attack"


def test_what_comes_for_a_trial_that_has_moved_on_is_dropped(world):
    world.selection.chains = ("none", world.selection.add_trial(NOISY))
    (job,) = world.jobs
    world.selection.retune(NOISY.id, SOFT)
    assert ("cancel", 1) in world.engine.calls
    world.give(job, 10)
    assert world.results.of(NOISY.id, "loss") is None
    assert world.jobs[-1].chain == SOFT
    world.give(world.jobs[-1], 10)
    assert world.results.of(SOFT.id, "loss").exact


def test_the_trial_asked_for_last_goes_first_and_the_other_goes_on_from_where_it_was(world):
    world.selection.chains = ("none", world.selection.add_trial(NOISY))
    world.give(world.jobs[0], 4, events.JobPartial)
    world.selection.chains = ("none", NOISY.id, world.selection.add_trial(SOFT))
    assert [job.chain for job in world.jobs] == [NOISY, SOFT]
    world.give(world.jobs[1], 10)
    assert [job.chain for job in world.jobs] == [NOISY, SOFT, NOISY]
    assert len(world.jobs[2].begun.images) == 4


def test_trials_that_wait_do_not_push_each_other_out(world):
    world.selection.chains = ("none", world.selection.add_trial(NOISY), world.selection.add_trial(SOFT))
    asked = len(world.jobs)
    for _ in range(5):
        assert world.results.of(NOISY.id, "loss") is world.results.of(SOFT.id, "loss") is None
    assert len(world.jobs) == asked == 2


def test_while_somebody_looks_at_the_numbers_trials_are_scored_under_every_attack_the_one_in_view_first(qtbot, world):
    world.selection.chains = ("none", world.selection.add_trial(NOISY))
    world.panel.resize(900, 300)
    assert [job.attacks for job in world.jobs] == [("loss",)]
    assert world.row(NOISY.id, "confidence") is None
    world.panel.show()
    world.panel.come_up()
    qtbot.waitUntil(lambda: world.row(NOISY.id, "confidence") is not None)
    assert [job.attacks for job in world.jobs] == [("loss",)]  # the other one waits
    world.give(world.jobs[0], 10)
    assert [job.attacks for job in world.jobs] == [("loss",), ("confidence",)]
    world.selection.chains = ("none", NOISY.id, world.selection.add_trial(SOFT))  # what is in view goes before it
    assert [(job.chain, job.attacks) for job in world.jobs[2:]] == [(SOFT, ("loss",))]
    world.give(world.jobs[2], 10)
    assert (world.jobs[-1].chain, world.jobs[-1].attacks) == (NOISY, ("confidence",))
    world.give(world.jobs[-1], 10)
    qtbot.waitUntil(lambda: world.row(NOISY.id, "confidence").cells[AUC].value == 1.0)
    world.panel.hide()


def test_an_attack_that_comes_into_view_is_scored_at_once(world):
    world.results.of("none", "loss")
    trial, other = world.selection.add_trial(NOISY), world.selection.add_trial(SOFT)
    world.selection.chains = ("none", trial)
    world.results.of(trial, "confidence", later=True)
    world.results.of(other, "confidence", later=True)
    assert len(world.jobs) == 1
    world.results.of(trial, "confidence")
    assert world.jobs[-1].attacks == ("confidence",)
    assert world.jobs[-1].chain == NOISY


def test_an_exclusion_takes_an_image_out_of_a_trial_before_it_is_scored_again(world):
    world.selection.chains = ("none", world.selection.add_trial(NOISY))
    world.give(world.jobs[0], 10)
    world.selection.decide("exclude", 1, "blurred")
    result = world.results.of(NOISY.id, "loss")
    assert 1 not in result.images
    assert (result.total, len(result.scores), len(result.groups)) == (9, 9, 9)
    assert world.jobs[-1].excluded == {1}
    world.give(world.jobs[-1], 9)
    assert world.results.of(NOISY.id, "loss").exact


def test_a_failure_is_tried_once_more_where_that_may_help_and_then_told(qtbot, world):
    world.selection.chains = ("none", world.selection.add_trial(NOISY))
    gentler = Rescore(world.folder, NOISY, ("loss",), device="cpu")
    world.engine.failed.emit(events.JobFailed(1, "No memory.", "Smaller.", again=gentler))
    assert world.engine.jobs[-1] is gentler
    world.engine.failed.emit(events.JobFailed(2, "No memory.", "Nothing helps.", again=gentler))
    assert len(world.jobs) == 2
    assert world.results.reason(NOISY.id, "loss") == "No memory. Nothing helps."
    qtbot.waitUntil(lambda: world.row("none") is not None)
    assert "Nothing helps" in world.panel.note
    assert world.auc_cell(NOISY.id).why.startswith("No memory")
    (button,) = world.panel.findChildren(AgainButton)
    assert not button.isHidden()
    button.click()
    assert len(world.jobs) == 3
    assert world.results.reason(NOISY.id, "loss") == ""
    assert button.isHidden()
    assert "Nothing helps" not in world.panel.note


def test_another_audit_drops_everything(world):
    world.selection.chains = ("none", world.selection.add_trial(NOISY))
    world.selection.document = None
    assert ("cancel", 1) in world.engine.calls
    world.give(world.jobs[0], 10)
    assert world.results.of(NOISY.id, "loss") is None
    assert world.panel.note == ""


def test_an_audit_that_runs_has_numbers_of_what_is_done(qtbot, tmp_path):
    world = World(small_audit(tmp_path / "half.segleak", per_role=4, done=6), qtbot)
    qtbot.waitUntil(lambda: world.auc_cell("none") is not None and world.auc_cell("none").value is not None)
    result = world.results.of("none", "loss")
    truth = result.roles == Role.MEMBER
    assert world.auc_cell("none").value == pytest.approx(roc_auc_score(truth, result.scores))
    assert world.auc_cell("none").text.startswith("~")
    assert "6 of 8" in world.panel.note
    assert "6 of 8" in result.note
    assert world.row("none").cells[5].text == NOT_MEASURABLE
    world.close()
