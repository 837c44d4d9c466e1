"""Single objects against scipy.ndimage and plain loops."""

import csv
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from core.audit import objects as listing
from core.audit.objects import found_objects, placed
from core.audit.runner import open_audit
from core.audit.slices import slices_of
from core.audit.store import AuditStore, ImageRow
from core.cli import app
from core.data.samples import Role
from core.metrics.objects import FEWEST, SMALLEST, ObjectTable, no_objects, objects_of, standings
from core.metrics.slices import pixels_of
from tests.slices_world import leaky_audit

ROLES = (Role.MEMBER, Role.NON_MEMBER, Role.SUSPECT)


def blobs(seed, shape=(40, 60)):
    """A label map with areas of all sizes, and a map that is NaN where void and somewhere else."""
    rng = np.random.default_rng(seed)
    label = ndimage.zoom(rng.choice([0, 1, 2, 255], (5, 8)), (8, 7.5), order=0).astype(np.uint8)
    label[:3, :3] = 2
    values = rng.normal(size=shape).astype(np.float32)
    values[label == 255] = np.nan
    values[10:14, 20:30] = np.nan
    return label[: shape[0], : shape[1]], values


@pytest.mark.parametrize("seed", range(6))
def test_objects_have_the_size_middle_and_mean_of_their_pixels(seed):
    label, values = blobs(seed)
    found = objects_of(values, label, 7)
    expected = {}
    for value in (0, 1, 2):
        areas, count = ndimage.label(label == value, structure=np.ones((3, 3)))
        for number in range(1, count + 1):
            inside = (areas == number) & np.isfinite(values)
            if inside.sum() >= SMALLEST:
                y, x = ((v.mean() + 0.5) / side for v, side in zip(np.nonzero(inside), label.shape, strict=True))
                expected[value, int(inside.sum()), round(y, 9), round(x, 9)] = values[inside].mean(dtype=np.float64)
    keys = zip(found.class_id.tolist(), found.pixels.tolist(), found.top.round(9), found.left.round(9), strict=True)
    assert dict(zip(keys, found.value, strict=True)) == pytest.approx(expected)
    assert set(found.image.tolist()) <= {7}
    for number, pixels, class_id in zip(found.number, found.pixels, found.class_id, strict=True):
        inside = pixels_of("object", int(number), label)
        assert (inside & np.isfinite(values)).sum() == pixels
        assert set(label[inside].tolist()) == {class_id}


def test_specks_and_images_without_labels_have_no_objects():
    label = np.full((30, 30), 255, np.uint8)
    label[:5, :6] = 1
    assert len(objects_of(np.zeros((30, 30)), label, 0)) == 0
    label[5, 0:2] = 1
    assert objects_of(np.zeros((30, 30)), label, 0).pixels.tolist() == [SMALLEST]
    assert len(no_objects()) == 0


@st.composite
def tables(draw):
    count = draw(st.integers(1, 60))
    some = lambda high: np.array(draw(st.lists(st.integers(0, high), min_size=count, max_size=count)))  # noqa: E731
    image = some(6)
    table = ObjectTable(image, some(3), some(1), some(3) * 40 + 32, np.zeros(count), np.zeros(count), some(4) / 2)
    roles = np.array([ROLES[i] for i in draw(st.lists(st.integers(0, 2), min_size=7, max_size=7))])
    groups = np.array(draw(st.lists(st.integers(0, 3), min_size=7, max_size=7)))
    return table, roles[image] == Role.NON_MEMBER, groups[image]


@given(tables())
def test_an_object_stands_among_those_of_its_class_and_size_in_other_non_members(made):
    table, non_member, units = made
    found = standings(table, non_member, units)
    for i in range(len(table)):
        alike = [
            j
            for j in range(len(table))
            if non_member[j]
            and units[j] != units[i]
            and table.class_id[j] == table.class_id[i]
            and math.floor(math.log2(table.pixels[j])) == math.floor(math.log2(table.pixels[i]))
        ]
        high = sum(table.value[j] >= table.value[i] for j in alike)
        assert (found.of[i], found.as_high[i]) == (len(alike), high)
        assert found.rank[i] == ((1 + high) / (len(alike) + 1) if len(alike) >= FEWEST else 1.0)


def row(image, role, group=None):
    return ImageRow(image, role, 0, f"{image}.png", "", None, group, 100, 200)


def table_of(image, values, pixels=64):
    count = len(values)
    whole = np.full(count, image), np.arange(count), np.zeros(count, int), np.full(count, pixels)
    return ObjectTable(*whole, np.full(count, 0.25), np.full(count, 0.5), np.array(values, float))


def test_the_list_begins_with_the_objects_that_few_others_reach_and_ends_where_it_is_full(monkeypatch):
    rows = [row(0, Role.MEMBER), *(row(i, Role.NON_MEMBER) for i in range(1, FEWEST + 2))]
    found = [table_of(0, [9.0, 3.0]), *(table_of(r.id, [float(r.id)]) for r in rows[1:])]
    listed = found_objects(found, rows, ("car",)).listed
    assert [(one.image, one.as_high, one.of) for one in listed[:2]] == [(21, 0, 20), (20, 1, 20)]
    assert [(one.as_high, one.of, one.percentile) for one in listed if one.image == 0] == [
        (13, 21, pytest.approx(100 * 8 / 21)),
        (19, 21, pytest.approx(100 * 2 / 21)),
    ]
    assert placed(listed[0], rows[21]) == (100, 25)
    monkeypatch.setattr(listing, "MOST", 5)
    cut = found_objects(found, rows, ("car",))
    assert [one.value for one in cut.listed] == [21, 20, 19, 18, 17]
    assert cut.of == len(rows) + 1
    assert cut.shares.startswith("0 % of the 5 that stand highest are of members; of all 9 %")


def test_with_too_few_to_compare_with_nothing_is_said():
    rows = [row(i, Role.NON_MEMBER) for i in range(FEWEST)]
    listed = found_objects([table_of(r.id, [1.0]) for r in rows], rows, ()).listed
    assert {(one.of, one.percentile, one.name) for one in listed} == {(FEWEST - 1, None, "0")}


# ---------------------------------------------------------------- of an audit


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    return leaky_audit(tmp_path_factory.mktemp("objects") / "leaky.segleak", count=24)


def test_the_objects_that_leak_stand_highest_and_their_means_are_those_of_the_stored_maps(audit):
    store, spec = open_audit(audit)
    with store:
        found = slices_of(store, spec, "none", "loss").objects
        rows = {row.id: row for row in store.images()}
    assert found.of == 2 * 48 and found.roles == {Role.MEMBER: 48, Role.NON_MEMBER: 48}
    first = found.listed[:20]
    assert {one.name for one in first} == {"class 6"}
    assert all(rows[one.image].role is Role.MEMBER for one in first)
    with AuditStore.read(audit) as store:
        for one in first:
            cars = store.maps(one.image, "none", "loss")["loss"][:, 24:]
            assert one.value == pytest.approx(-cars.mean(), rel=1e-5)
            assert (one.pixels, placed(one, rows[one.image])) == (cars.size, (75.0, 50.0))


def test_the_command_line_lists_objects_and_writes_them(audit, tmp_path, capsys):
    assert app.run(["slices", str(audit), "--objects", "7", "--out", str(tmp_path / "objects.csv")]) == 0
    out, err = capsys.readouterr()
    assert out.count("class 6") == 7 and "Exploratory" in err and "of all 50 %" in err
    with (tmp_path / "objects.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 7 and {line["role"] for line in lines} == {"member"}
    for line in lines:
        below = 100 * (1 - int(line["as_high"]) / int(line["of"]))
        assert float(line["percentile"]) == pytest.approx(below)


def test_parts_and_objects_are_not_asked_for_together(audit, capsys):
    assert app.run(["slices", str(audit), "--by", "class", "--objects", "3"]) == 2
    assert "not allowed with" in capsys.readouterr().err
