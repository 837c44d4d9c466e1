import json

import numpy as np
import pytest

from core.attacks.base import AttackResult
from core.audit import review
from core.audit.store import AuditStore, ImageResult
from gui.document import AuditDocument
from gui.ranges import shared_range
from tests.gui.small_audit import small_audit

SIZE = (8, 16)
CLASSES = 7


@pytest.fixture
def folder(tmp_path):
    return small_audit(tmp_path / "small.segleak")


@pytest.fixture
def document(folder):
    document = AuditDocument.open(folder)
    yield document
    document.close()


# ---------------------------------------------------------------- colour ranges


def test_a_range_begins_at_zero_and_leaves_the_most_extreme_pixels_out():
    values = np.linspace(0, 1, 1001, dtype=np.float32).reshape(7, 143)
    values[0, 0] = np.nan
    extreme = values.copy()
    extreme[3, 3] = 1000
    low, high = shared_range([[values, extreme]], signed=False)
    assert low == 0
    assert 0.99 < high < 1.001


@pytest.mark.parametrize("ends", [(-3, 1), (-1, 3), (-1, 1)])
def test_a_signed_range_is_symmetric_and_shows_its_weaker_side(ends):
    values = np.linspace(*ends, 2000, dtype=np.float32)[None]
    low, high = shared_range([[values]], signed=True)
    assert (low, high) == (-high, high)
    assert 0.95 < high < 1


@pytest.mark.parametrize("ends", [(0, 3), (-3, 0), (-3, 0.1), (-0.01, 3)])
def test_a_signed_range_with_next_to_nothing_on_one_side_shows_the_other(ends):
    values = np.linspace(*ends, 2000, dtype=np.float32)[None]
    low, high = shared_range([[values]], signed=True)
    assert (low, high) == (-high, high)
    assert 2.9 < high < 3


def test_one_defense_that_makes_huge_losses_does_not_darken_the_others():
    plain, similar = np.full((4, 4), 2, np.float32), np.full((4, 4), 3, np.float32)
    zeroed = np.full((4, 4), 69, np.float32)
    assert shared_range([[plain], [similar], [zeroed]], signed=False) == (0, 3)
    assert shared_range([[plain], [zeroed]], signed=False) == (0, 2)


def test_nothing_to_see_has_a_range_all_the_same():
    assert shared_range([[], []], signed=True) == (0, 1)
    low, high = shared_range([[np.zeros((3, 3), np.float32)]], signed=False)
    assert low < high


def test_releases_of_label_maps_have_a_loss_range_of_their_own(tmp_path):
    folder = small_audit(tmp_path / "a.segleak", done=0)
    with AuditStore.create(folder) as store:
        for image in range(1, 7):
            maps = {"none": 2.0, "argmax": 69.0, "gauss-sigma0.3": 4.0}
            results = {(c, "loss"): AttackResult(0, {"loss": np.full(SIZE, v, np.float32)}) for c, v in maps.items()}
            store.write(ImageResult(image, "0" * 64, None, 1, results))
    document = AuditDocument.open(folder)
    assert document.value_range("loss", "loss") == (0, 2)
    assert document.value_range("loss", "loss", hard=True) == pytest.approx((0, -np.log(1e-30)))
    assert document.value_range("loss", "score") == document.value_range("loss", "score", hard=True) == (0, 1)
    document.close()


# ---------------------------------------------------------------- decisions
def test_decisions_go_to_the_log_and_the_last_one_stands(folder, document):
    document.decide("exclude", 3, "a test shot")
    document.decide("flag", 4)
    document.decide("note", 4, "look at the mirror")
    document.decide("exclude", 5, "twice")
    document.decide("include", 5, "not twice")
    assert document.excluded == {3}
    assert document.flagged == {4}
    assert document.noted == {4}
    assert document.exclusion(3).why == "a test shot"
    assert document.exclusion(5) is None
    assert [entry.action for entry in review.read(folder)] == ["exclude", "flag", "note", "exclude", "include"]
    again = AuditDocument.open(folder)
    assert (again.excluded, again.flagged, again.noted) == ({3}, {4}, {4})
    again.close()


def test_the_summary_leaves_excluded_images_out(folder, document):
    before = document.summary()["images"]["member"]["images"]
    document.decide("exclude", 1, "blurred")
    document.save_summary()
    kept = json.loads((folder / "summary.json").read_text("utf-8"))
    assert kept["images"]["member"]["images"] == before - 1
    assert kept["excluded"] == 1


def test_the_summary_of_a_run_that_goes_on_is_left_to_the_run(tmp_path):
    folder = small_audit(tmp_path / "run.segleak", done=2)
    document = AuditDocument.open(folder)
    document.decide("exclude", 1, "blurred")
    document.save_summary()
    assert not (folder / "summary.json").exists()
    document.close()
