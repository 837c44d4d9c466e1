import shutil
import sqlite3
import zlib

import numpy as np
import pytest
from PIL import Image

from core.attacks.base import AttackResult
from core.audit.columns import PART, ColumnStore
from core.audit.spec import parse_spec, write_spec
from core.audit.store import SPEC_NAME, AuditStore, ImageResult, ImageRow
from core.data.samples import Role
from core.errors import DataError, StoreError
from core.metrics.segmentation import miou
from gui.document import AuditDocument
from tests.gui.small_audit import change, rows_of, small_audit

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


# ---------------------------------------------------------------- columns


def test_scores_stand_in_the_order_of_the_rows_with_nan_where_there_is_none(folder, document):
    change(folder, "DELETE FROM scores WHERE image = 2 AND defense = 'argmax'")
    change(
        folder, "UPDATE scores SET score = NULL, reason = 'needs a label map' WHERE image = 5 AND defense = 'argmax'"
    )
    stored = dict(rows_of(folder, "SELECT image, score FROM scores WHERE defense = 'argmax' AND attack = 'loss'"))
    expected = [stored.get(row.id) for row in document.rows]
    np.testing.assert_array_equal(document.scores("argmax", "loss"), np.array(expected, np.float64))
    assert np.flatnonzero(np.isnan(document.scores("argmax", "loss"))).tolist() == [1, 4]
    assert document.reason(5, "argmax", "loss") == "needs a label map"
    assert document.reason(1, "argmax", "loss") is None
    assert np.isnan(document.scores("no-such-defense", "loss")).all()


def test_miou_of_each_image_is_that_of_its_own_counts(folder, document):
    counts = np.zeros((CLASSES, CLASSES), np.int64)
    counts[2, 2], counts[2, 3], counts[5, 5] = 30, 10, 4
    change(folder, "UPDATE confusions SET counts = ? WHERE image = 3", zlib.compress(counts.astype("<i8").tobytes()))
    change(folder, "DELETE FROM confusions WHERE image = 4")
    found = document.segmentation("none")
    assert found.miou[2] == pytest.approx(np.mean([30 / 40, 0 / 10, 1.0]))  # class 3 is only ever predicted
    assert np.flatnonzero(found.present[2]).tolist() == [2, 5]
    assert np.isnan(found.miou[3])
    assert not found.present[3].any()


@pytest.mark.parametrize("sides", [(4,), (3, 5)])
def test_miou_in_parts_agrees_with_miou_one_by_one(tmp_path, sides):
    rng = np.random.default_rng(0)
    count = PART + 70
    counts = {}
    with AuditStore.create(tmp_path / "a.segleak") as store:
        store.add_images(ImageRow(i, Role.MEMBER, 0, f"{i}.png", f"/{i}.png") for i in range(count))
        for i in range(count):
            side = sides[i % len(sides)]
            counts[i] = rng.integers(0, 50, (side, side)) * (rng.random((side, 1)) < 0.5)
            store.write(ImageResult(i, "0" * 64, None, 1, {}, {"none": counts[i]}))
    write_spec(
        parse_spec(
            {"target": {"path": "t"}, "images": [{"role": "member", "path": "."}], "attacks": [{"name": "loss"}]}
        ),
        tmp_path / "a.segleak" / SPEC_NAME,
    )
    document = AuditDocument.open(tmp_path / "a.segleak")
    found = document.segmentation("none")
    np.testing.assert_allclose(found.miou, [miou(counts[i]) for i in range(count)])
    for i in range(count):
        side = len(counts[i])
        np.testing.assert_array_equal(found.present[i, :side], counts[i].sum(axis=1) > 0)
        assert not found.present[i, side:].any()
    document.close()


def test_columns_of_some_images_are_those_of_all_images_at_their_places(folder):
    with ColumnStore.read(folder) as store:
        ids, scores = store.score_column("none", "loss")
        some_ids, some_scores = store.score_column("none", "loss", [2, 6])
        assert some_ids.tolist() == [2, 6]
        np.testing.assert_array_equal(some_scores, scores[np.isin(ids, [2, 6])])
        assert [image for images, _ in store.confusion_column("none", [6, 1]) for image in images] == [1, 6]
        assert [row.id for row in store.some_images([4, 3])] == [3, 4]
        assert store.score_column("none", "loss", [])[0].tolist() == []


# ---------------------------------------------------------------- an audit that grows


def finish(folder, images, score=0.5):
    with AuditStore.create(folder) as store:
        for image in images:
            counts = {"none": np.eye(CLASSES, dtype=np.int64)}
            store.write(ImageResult(image, "1" * 64, None, 1, {("none", "loss"): AttackResult(score)}, counts))


def test_a_running_audit_grows_in_place(tmp_path):
    folder = small_audit(tmp_path / "run.segleak", done=2)
    document = AuditDocument.open(folder)
    before, listing = document.scores("none", "loss"), document.listing
    document.segmentation("none")
    assert not document.refresh()
    assert np.isfinite(before).sum() == 2
    finish(folder, [5], score=0.25)
    assert document.refresh()
    assert not document.refresh()
    after = document.scores("none", "loss")
    assert after[4] == 0.25
    np.testing.assert_array_equal(after[:2], before[:2])
    assert document.segmentation("none").miou[4] == 1.0
    assert document.listing.states.tolist() == ["done", "done", "waiting", "waiting", "done", "waiting"]
    assert document.row(5).sha256 == "1" * 64
    assert np.isfinite(before).sum() == 2  # what was given out does not change
    assert document.listing.index is listing.index
    document.close()


def test_a_column_read_between_two_refreshes_catches_up(tmp_path):
    folder = small_audit(tmp_path / "run.segleak", done=1)
    document = AuditDocument.open(folder)
    document.scores("none", "loss")
    finish(folder, [2])
    document.refresh()
    finish(folder, [3])
    document.refresh()
    assert np.isfinite(document.scores("none", "loss")).tolist() == [True, True, True, False, False, False]
    document.close()


def test_images_that_are_listed_later_appear(tmp_path):
    folder = small_audit(tmp_path / "run.segleak", done=0)
    rows = rows_of(folder, "SELECT * FROM images")
    change(folder, "DELETE FROM images")
    document = AuditDocument.open(folder)
    assert document.rows == ()
    assert document.first_image is None
    assert document.scores("none", "loss").shape == (0,)
    connection = sqlite3.connect(folder / "results.sqlite")
    with connection:
        connection.executemany(f"INSERT INTO images VALUES ({','.join('?' * len(rows[0]))})", rows)
    connection.close()
    assert document.refresh()
    assert len(document.rows) == 6
    assert document.scores("none", "loss").shape == (6,)
    document.close()


# ---------------------------------------------------------------- images, labels, places


def labelled_audit(folder, **entry):
    """One member with a label map of ids in Cityscapes' encoding, in a folder beside the audit."""
    images = folder.parent / "data"
    (images / "city").mkdir(parents=True)
    picture = np.random.default_rng(1).integers(0, 255, (*SIZE, 3), np.uint8)
    ids = np.full(SIZE, 7, np.uint8)  # road
    ids[:4], ids[7] = 23, 0  # sky; unlabelled
    Image.fromarray(picture).save(images / "city" / "a.png")
    Image.fromarray(ids).save(images / "city" / "a_mask.png")
    table = {
        "name": "labelled",
        "scheme": "cityscapes19",
        "target": {"path": "t"},
        "images": [{"role": "member", "path": "../data", **entry}],
        "attacks": [{"name": "loss"}],
    }
    path = images / "city" / "a.png"
    row = ImageRow(0, Role.MEMBER, 0, "city/a.png", str(path), str(path.with_name("a_mask.png")), height=8, width=16)
    with AuditStore.create(folder) as store:
        store.add_images([row])
    write_spec(parse_spec(table, folder), folder / SPEC_NAME)
    return picture


EXPECTED_LABEL = np.repeat(np.array([10, 10, 10, 10, 0, 0, 0, 255], np.uint8)[:, None], 16, axis=1)


@pytest.mark.parametrize("entry", [{}, {"encoding": "id"}])
def test_images_and_label_maps_are_read_as_the_run_reads_them(tmp_path, entry):
    picture = labelled_audit(tmp_path / "a.segleak", **entry)
    document = AuditDocument.open(tmp_path / "a.segleak")
    np.testing.assert_array_equal(document.image(0), picture)
    np.testing.assert_array_equal(document.label(0), EXPECTED_LABEL)
    assert document.scheme.names[10] == "sky"
    document.close()


def test_an_audit_that_was_moved_with_its_images_finds_them(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    picture = labelled_audit(old / "a.segleak")
    shutil.move(old, new)
    document = AuditDocument.open(new / "a.segleak")
    np.testing.assert_array_equal(document.image(0), picture)
    np.testing.assert_array_equal(document.label(0), EXPECTED_LABEL)
    assert document.path(0) == new / "data" / "city" / "a.png"
    document.close()


def test_an_image_that_is_gone_is_named(tmp_path):
    labelled_audit(tmp_path / "a.segleak")
    shutil.rmtree(tmp_path / "data")
    document = AuditDocument.open(tmp_path / "a.segleak")
    with pytest.raises(DataError, match=r"city/a\.png"):
        document.image(0)
    document.close()


def test_a_folder_that_is_no_audit_is_refused(tmp_path):
    with pytest.raises(StoreError, match="is not an audit"):
        AuditDocument.open(tmp_path)
