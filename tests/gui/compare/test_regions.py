import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit.review import ReviewEntry
from core.data.scheme import ClassEntry, ClassScheme
from core.grid import Grid
from core.metrics.region_rank import FEWEST, ClassMeans
from gui.compare.frame import Frame, Judged, PaneFrame, Seen, Shown
from gui.compare.layers import layer_of
from gui.compare.picture import Picture
from gui.compare.region_log import next_id, removal, standing_regions, to_value
from gui.compare.regions import Region, rectangle, statistics

coordinates = st.floats(-5, 45).map(lambda v: round(v, 3))
polygons = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=7)


def inside(x, y, points):
    """Whether an odd number of edges lies to the left of a point: the textbook's loop."""
    odd = False
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
        if (y0 <= y) != (y1 <= y) and x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x:
            odd = not odd
    return odd


@given(polygons)
def test_a_pixel_is_inside_where_its_centre_is(points):
    mask = Region("A", tuple(points)).mask((32, 40))
    for y in range(0, 32, 3):
        for x in range(0, 40, 3):
            near = [inside(x + 0.5 + d, y + 0.5, points) for d in (-1e-6, 0, 1e-6)]
            assert mask[y, x] in near


@given(st.tuples(coordinates, coordinates), polygons)
def test_triangles_around_a_point_that_make_up_a_polygon_share_no_pixel_and_leave_none_out(middle, points):
    shape = (32, 40)
    whole = Region("A", tuple(points)).mask(shape)
    parity = np.zeros(shape, np.bool_)
    for one, other in zip(points, points[1:] + points[:1], strict=True):
        parity ^= Region("B", (middle, one, other)).mask(shape)
    assert np.array_equal(parity, whole)


def test_a_rectangle_has_its_width_times_its_height_pixels_whichever_way_it_is_pulled():
    for one, other in (((10, 5), (30, 25)), ((30, 25), (10, 5)), ((10, 25), (30, 5))):
        mask = Region("A", rectangle(one, other)).mask((64, 64))
        assert mask.sum() == 20 * 20
        assert mask[5:25, 10:30].all()


def test_a_region_beyond_the_image_is_cut_at_its_border():
    assert Region("A", rectangle((-100, -100), (1000, 1000))).mask((20, 30)).all()
    assert not Region("A", rectangle((40, 0), (50, 10))).mask((20, 30)).any()


# ---------------------------------------------------------------- statistics

SIZE = (256, 512)


@pytest.fixture(scope="module")
def frame(qapp):
    rng = np.random.default_rng(3)
    entries = tuple(ClassEntry(name, i, i, (i, 0, 0)) for i, name in enumerate(("sky", "road", "car")))
    label = rng.integers(0, 3, SIZE).astype(np.uint8)
    label[200:] = 255
    seen = Seen(Picture.of(np.zeros((*SIZE, 3), np.uint8)), label, ClassScheme("s", "s", entries))
    shape = Grid.of(SIZE).shape
    panes = []
    for chain in ("none", "argmax"):
        loss = rng.exponential(1, shape).astype(np.float32)
        loss[Grid.of(SIZE).take(label) == 255] = np.nan
        maps = {
            "score": rng.random(shape, np.float32),
            "evidence": rng.normal(0.001, 0.01, shape).astype(np.float32),
            "loss": loss,
        }
        panes.append(PaneFrame(chain, Judged(maps), None, Shown(layer_of("loss"), None)))
    return Frame(None, 0, seen, tuple(panes))


def cut(points, count):
    """Rectangles that make up the image, their borders at odd places."""
    xs = [0.0, *sorted(points[:count]), 512.0]
    ys = [0.0, *sorted(p / 2 for p in points[count:]), 256.0]
    return [
        Region("A", rectangle((x0, y0), (x1, y1)))
        for x0, x1 in itertools.pairwise(xs)
        for y0, y1 in itertools.pairwise(ys)
    ]


@settings(max_examples=12)
@given(st.lists(st.floats(0, 512), min_size=4, max_size=4))
def test_the_shares_of_evidence_over_a_partition_of_the_image_sum_to_one_under_every_defense(frame, points):
    parts = [statistics(region, frame) for region in cut(points, 2)]
    for pane in frame.panes:
        assert sum(part[pane.chain].share for part in parts) == pytest.approx(1.0, abs=1e-6)
        whole = float(pane.judged.maps["evidence"].sum(dtype=np.float64))
        assert sum(part[pane.chain].evidence for part in parts) == pytest.approx(whole, abs=1e-6)
    assert sum(part["none"].pixels for part in parts) == SIZE[0] * SIZE[1]


def loss_elsewhere(loss, label):
    """The mean loss outside, each class weighing as many points as it has inside."""
    inside = np.zeros(label.shape, bool)
    inside[20:120, 50:150] = True
    weights = {c: np.count_nonzero(label[inside] == c) for c in range(3)}
    means = {c: loss[(label == c) & ~inside].mean(dtype=np.float64) for c in range(3)}
    return sum(weights[c] * means[c] for c in range(3)) / sum(weights.values())


def test_statistics_are_those_of_the_arrays(frame):
    region = Region("A", rectangle((100, 40), (300, 240)))
    found = statistics(region, frame)
    for pane in frame.panes:
        part = {
            name: values[20:120, 50:150] for name, values in pane.judged.maps.items()
        }  # the grid is every 2nd pixel
        one = found[pane.chain]
        assert one.pixels == 200 * 200
        assert one.score == pytest.approx(part["score"].mean(dtype=np.float64))
        assert one.loss == one.here == pytest.approx(np.nanmean(part["loss"].astype(np.float64)))
        assert one.evidence == pytest.approx(part["evidence"].sum(dtype=np.float64))
        assert one.elsewhere == pytest.approx(loss_elsewhere(pane.judged.maps["loss"], frame.seen.label[::2, ::2]))
    labelled = frame.seen.label[40:200, 100:300]
    counts = np.bincount(labelled.ravel(), minlength=3)
    assert dict(found["none"].classes) == pytest.approx({i: counts[i] / counts.sum() for i in range(3)})
    assert [share for _, share in found["none"].classes] == sorted(counts / counts.sum(), reverse=True)


def test_a_region_between_the_grid_points_has_pixels_but_no_mean(frame):
    one = statistics(Region("A", rectangle((101, 41), (102, 42))), frame)["none"]
    assert (one.pixels, one.score, one.loss) == (1, None, None)
    assert (one.evidence, one.share) == (0.0, 0.0)


def test_what_is_not_known_is_none_and_void_pixels_have_no_class(frame):
    bare = Frame(None, 0, frame.seen, (PaneFrame("none", Judged(), None, Shown(layer_of("image"), None)),))
    one = statistics(Region("A", rectangle((0, 210), (100, 256))), bare)["none"]
    assert (one.score, one.loss, one.evidence, one.share, one.classes) == (None, None, None, None, ())


def test_the_map_in_view_is_compared_with_what_known_non_members_say_of_the_same_classes(frame):
    rng = np.random.default_rng(8)
    images, values = np.arange(40), rng.exponential(1, (40, 3))
    values[3] = np.nan  # has none of the classes
    values[5, :2] = np.nan  # has too few of the region's pixels to compare
    values[7, 1] = np.nan
    known = {"none": ClassMeans(images, values, -1)}
    found = statistics(Region("A", rectangle((100, 40), (300, 240))), frame, known)
    assert found["argmax"].rank is None
    inside, loss = frame.seen.label[40:240:2, 100:300:2], frame.panes[0].judged.maps["loss"][20:120, 50:150]
    own = {c: loss[inside == c].mean(dtype=np.float64) for c in range(3)}
    count = {c: np.count_nonzero(inside == c) for c in range(3)}
    usual, as_high = [], 0
    for image in range(40):
        has = [c for c in range(3) if np.isfinite(values[image, c])]
        total = sum(count[c] for c in has)
        if image == frame.image or total < sum(count.values()) / 2:
            continue
        usual.append(sum(count[c] * values[image, c] for c in has) / total)
        as_high += usual[-1] <= sum(count[c] * own[c] for c in has) / total  # a low loss speaks for a member
    rank = found["none"].rank
    assert (rank.of, rank.as_high, rank.usual) == (len(usual), as_high, pytest.approx(np.mean(usual)))
    assert rank.of == 37 and rank.percentile == pytest.approx(100 * (1 - as_high / 37))


def test_beside_too_few_non_members_nothing_is_said(frame):
    region = Region("A", rectangle((100, 40), (300, 240)))
    few = {"none": ClassMeans(np.arange(FEWEST), np.ones((FEWEST, 3)))}
    found = statistics(region, frame, few)["none"].rank
    assert (found.of, found.percentile) == (FEWEST - 1, None), "the image itself is not compared with itself"
    none = {"none": ClassMeans(np.arange(3), np.full((3, 3), np.nan))}
    assert statistics(region, frame, none)["none"].rank is None


# ---------------------------------------------------------------- the review log


def entry(value, action="region", image=7):
    return ReviewEntry("somebody", "2026-01-01T00:00:00+00:00", action, image, "", value)


TRIANGLE = Region("A", ((0.0, 0.0), (10.0, 0.0), (0.0, 10.25)))


def test_a_region_comes_back_from_the_log_until_it_is_taken_back():
    marked = [entry(to_value(TRIANGLE))]
    assert standing_regions(marked, 7) == (TRIANGLE,)
    assert standing_regions(marked, 8) == ()
    assert standing_regions([*marked, entry(removal(TRIANGLE))], 7) == ()
    assert standing_regions([*marked, entry(removal(TRIANGLE)), *marked], 7) == (TRIANGLE,)


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        "A",
        {},
        {"id": "A"},
        {"id": "A", "points": [[0, 0], [1, 1]]},
        {"id": "A", "points": [[0, 0], [1, 1], [2]]},
        {"id": "A", "points": [[0, 0], [1, 1], ["2", 3]]},
        {"id": "A", "points": [[0, 0], [1, 1], [math.inf, 3]]},
        {"id": "A", "points": "abc"},
    ],
)
def test_what_is_no_region_in_the_log_is_left_out(value):
    assert standing_regions([entry(value), entry(to_value(TRIANGLE), action="note")], 7) == ()


def test_names_are_never_given_twice_also_after_a_region_was_taken_back():
    log = [entry(to_value(TRIANGLE)), entry(removal(TRIANGLE))]
    assert next_id(log, 7) == "B"
    assert next_id(log, 8) == "A"
    for _ in range(30):
        log.append(entry(to_value(Region(next_id(log, 7), TRIANGLE.points))))
    names = [region.id for region in standing_regions(log, 7)]
    assert len(set(names)) == 30
    assert names[24:27] == ["Z", "A2", "B2"]
