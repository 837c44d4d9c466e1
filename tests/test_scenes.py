import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cli import app
from core.data.images import read_image
from core.data.labels import read_label
from core.data.layouts import LAYOUTS, open_images
from core.data.scenes import PLACES, make_scene, write_scenes
from core.data.scenes import writing as writing_module
from core.data.scenes.bodies import bus, car, tram, truck
from core.data.scenes.camera import Camera
from core.data.scenes.canvas import Canvas
from core.data.scenes.classes import (
    BUILDING,
    BUS,
    CAR,
    MOTORCYCLE,
    PERSON,
    POLE,
    RIDER,
    ROAD,
    SKY,
    TERRAIN,
    TRAFFIC_LIGHT,
    TRAFFIC_SIGN,
    TRAIN,
    TRUCK,
    VEGETATION,
    VOID,
)
from core.data.scenes.cycles import bicycle, motorcycle
from core.data.scenes.dice import Dice
from core.data.scenes.light import MOMENTS, make_light
from core.data.scenes.people import person
from core.data.scenes.plants import tree
from core.data.scenes.poles import plain_pole, traffic_light, traffic_sign
from core.data.scenes.street import make_street
from core.data.scenes.vehicles import vehicle
from core.data.scheme import load_scheme
from core.errors import Cancelled, DataError, SpecError
from core.files import sha256_of_path
from core.progress import Progress

SMALL = (96, 192)


@pytest.fixture(scope="module")
def scenes():
    return [make_scene(seed, SMALL) for seed in range(40)]


def test_a_seed_and_size_always_give_the_same_scene():
    first = make_scene(11, SMALL)
    make_scene(12, SMALL)
    second = make_scene(11, SMALL)
    assert np.array_equal(first.image, second.image)
    assert np.array_equal(first.label, second.label)


def test_seeds_give_different_scenes(scenes):
    assert len({scene.image.tobytes() for scene in scenes}) == len(scenes)
    assert len({scene.label.tobytes() for scene in scenes}) == len(scenes)


@pytest.mark.parametrize("size", [(33, 47), (8, 8), (64, 40), (95, 191), (150, 75), (9, 300)])
def test_any_size_is_drawn(size):
    for seed in range(4):
        scene = make_scene(seed, size)
        assert scene.image.shape == (*size, 3) and scene.image.dtype == np.uint8
        assert scene.label.shape == size and scene.label.dtype == np.uint8


def test_a_size_below_eight_pixels_is_refused():
    with pytest.raises(DataError, match="7 x 20"):
        make_scene(0, (7, 20))


def test_label_pixels_hold_train_ids_or_void_only(scenes):
    present = np.unique(np.concatenate([scene.label.ravel() for scene in scenes]))
    assert set(present.tolist()) <= {*range(19), VOID}


def test_every_class_occurs(scenes):
    assert set(np.unique([scene.label for scene in scenes]).tolist()) >= set(range(19))


def test_little_is_void(scenes):
    shares = [(scene.label == VOID).mean() for scene in scenes]
    assert max(shares) < 0.2
    assert np.mean(shares) < 0.03


def test_the_larger_classes_have_the_shares_of_a_street(scenes):
    shares = np.mean([np.bincount(scene.label.ravel(), minlength=256) for scene in scenes], 0) / np.prod(SMALL)
    assert 0.15 < shares[ROAD] < 0.5
    assert 0.05 < shares[BUILDING] < 0.4
    assert 0.03 < shares[VEGETATION] < 0.4
    assert 0.02 < shares[CAR] < 0.3
    assert shares[PERSON] > 0.001


def test_the_same_street_is_seen_at_every_scale():
    for seed in range(6):
        small, large = make_scene(seed, (128, 256)).label, make_scene(seed, (256, 512)).label
        agree = small == large[::2, ::2]
        # Borders move by less than a pixel, and many things are a few pixels wide.
        assert agree.mean() > 0.85, seed


def test_sky_is_above_road(scenes):
    for scene in scenes:
        rows = np.arange(SMALL[0])[:, None]
        below, above = scene.label == ROAD, scene.label == SKY
        if above.any() and below.any():
            assert (rows * below).sum() / below.sum() > (rows * above).sum() / above.sum()


def edges(image):
    """Whether a pixel differs much from its left neighbour."""
    grey = image.astype(np.float64).mean(2)
    return np.abs(np.diff(grey, axis=1))


def test_borders_of_labels_lie_on_borders_of_the_image(scenes):
    """Shifted by a few pixels the label map fits worse."""

    def contrast(shift):
        found = []
        for scene in scenes[:20]:
            border = np.diff(np.roll(scene.label.astype(int), shift, 1), axis=1) != 0
            found.append(edges(scene.image)[:, 4:-4][border[:, 4:-4]].mean())
        return np.mean(found)

    at_zero = contrast(0)
    assert at_zero > 1.25 * max(contrast(shift) for shift in (-4, -3, 3, 4))
    assert at_zero >= max(contrast(-2), contrast(2))


def test_classes_have_colours_of_their_own(scenes):
    """The nearest mean colour of sky, grass and road finds most of their pixels within one scene."""
    hits = total = 0
    for scene in scenes:
        image = scene.image.astype(np.float64)
        means = {k: image[scene.label == k].mean(0) for k in (SKY, ROAD, TERRAIN) if (scene.label == k).sum() > 200}
        if len(means) < 2:
            continue
        keys = list(means)
        for index, key in enumerate(keys):
            pixels = image[scene.label == key]
            near = np.argmin([((pixels - means[k]) ** 2).sum(1) for k in keys], 0)
            hits, total = hits + (near == index).sum(), total + len(near)
    assert hits / total > 0.8


def flat_canvas(size=(200, 300)):
    light = make_light(Dice(3, "light"))
    return Canvas(Camera(*size, focal=260.0, horizon=80.0, centre=150.0, eye=1.4), light)


@pytest.mark.parametrize("turn", [0.0, 0.5, 1.6, 3.1, 4.0, 5.5])
def test_a_car_changes_exactly_the_same_pixels_in_image_and_label_map(turn):
    canvas = flat_canvas()
    vehicle(car(Dice(1, "car")), 0.5, 9.0, turn, Dice(1, "paint")).paint(canvas)
    drawn = canvas.image.any(2)
    labelled = canvas.label == CAR
    assert labelled.sum() > 500
    assert np.array_equal(drawn, labelled)


THINGS = {
    PERSON: lambda dice: person(0.3, 8.0, dice),
    RIDER: lambda dice: bicycle(0.3, 8.0, 0.8, dice, ridden=True),
    MOTORCYCLE: lambda dice: motorcycle(0.3, 8.0, 0.6, dice, ridden=False),
    TRUCK: lambda dice: vehicle(truck(dice), 1.0, 14.0, 0.4, dice),
    BUS: lambda dice: vehicle(bus(dice), 1.0, 14.0, 3.3, dice),
    TRAIN: lambda dice: vehicle(tram(dice), -2.0, 24.0, 3.2, dice),
    VEGETATION: lambda dice: tree(0.3, 12.0, dice),
    POLE: lambda dice: plain_pole(0.3, 8.0, dice),
    TRAFFIC_SIGN: lambda dice: traffic_sign(0.3, 8.0, dice),
    TRAFFIC_LIGHT: lambda dice: traffic_light(0.3, 8.0, 1, dice, overhead=True),
}


@pytest.mark.parametrize("label", THINGS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_thing_changes_exactly_the_same_pixels_in_image_and_label_map(label, seed):
    canvas, unlike = flat_canvas(), 200
    canvas.label[:] = unlike
    canvas.image[:] = 1  # no thing has this colour
    THINGS[label](Dice(seed, "thing")).paint(canvas)
    assert (canvas.label == label).any()
    assert np.array_equal((canvas.image != 1).any(2), canvas.label != unlike)


def test_a_car_stands_where_the_pinhole_camera_sees_it():
    canvas = flat_canvas()
    shape = car(Dice(2, "car"))
    vehicle(shape, 0.0, 12.0, 0.0, Dice(1, "paint")).paint(canvas)
    rows, columns = np.nonzero(canvas.label == CAR)
    rear = 12.0 - shape.long / 2
    assert rows.max() == pytest.approx(80 + 260 * 1.4 / rear, abs=4)
    assert rows.min() == pytest.approx(80 + 260 * (1.4 - shape.tall) / 12.0, abs=4)
    assert columns.max() - columns.min() == pytest.approx(260 * shape.wide / rear, rel=0.12)


def test_a_person_twice_as_far_is_half_as_tall():
    heights = []
    for z in (8.0, 16.0):
        canvas = flat_canvas()
        person(0.0, z, Dice(5, "person")).paint(canvas)
        rows = np.nonzero(canvas.label == PERSON)[0]
        heights.append(rows.max() - rows.min() + 1)
    assert heights[0] / heights[1] == pytest.approx(2, rel=0.12)


@given(st.integers(0, 2**40), st.text(max_size=8))
@settings(max_examples=30)
def test_draws_depend_on_seed_and_name_alone(seed, name):
    first = [Dice(seed, "scene").child(name).unit() for _ in range(2)]
    other = Dice(seed, "scene")
    other.unit()
    assert first[0] == first[1] == other.child(name).unit()
    assert Dice(seed, "scene").child(name + "x").unit() != first[0]
    assert Dice(seed + 1, "scene").child(name).unit() != first[0]


def test_draws_are_uniform():
    dice = Dice(1, "uniform")
    draws = np.array([dice.unit() for _ in range(20000)])
    assert draws.min() >= 0 and draws.max() < 1
    counts = np.histogram(draws, 20, (0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 45  # chi-squared with 19 degrees: 0.1 % lie above 43.8
    assert {dice.whole(2, 4) for _ in range(200)} == {2, 3, 4}


def test_all_moments_and_characters_of_street_occur():
    assert {make_light(Dice(seed, "light")).moment for seed in range(200)} == set(MOMENTS)
    streets = [make_street(Dice(seed, "street")) for seed in range(100)]
    assert {street.character for street in streets} == {"city", "suburb", "avenue", "works", "outskirts"}
    assert {street.crossing is None for street in streets} == {True, False}


def expected_label(label, layout):
    """The label map of a layout's own classes, spelled out apart from the tables of the writer."""
    if layout != "camvid":
        return label
    words = load_scheme("cityscapes19").names
    groups = {
        "Sky": ["sky"], "Building": ["building", "wall"], "Pole": ["pole"], "Road": ["road"], "Pavement": ["sidewalk"],
        "Tree": ["vegetation", "terrain"], "SignSymbol": ["traffic sign", "traffic light"], "Fence": ["fence"],
        "Car": ["car", "truck", "bus", "train"], "Pedestrian": ["person"],
        "Bicyclist": ["rider", "bicycle", "motorcycle"],
    }  # fmt: skip
    made = np.full_like(label, VOID)
    for train_id, name in enumerate(load_scheme("camvid11").names):
        for word in groups[name]:
            made[label == words.index(word)] = train_id
    return made


OPTIONS = {"mapillary": {"classes": "cityscapes"}}


def test_every_layout_can_be_written():
    assert set(PLACES) == set(LAYOUTS.names())


@pytest.mark.parametrize("layout", sorted(PLACES))
@pytest.mark.parametrize("split", ["train", "val"])
def test_scenes_read_back_as_they_were_written(layout, split, tmp_path):
    place = write_scenes(tmp_path, 3, 20, SMALL, layout, split=split, jpeg_quality=None)
    found = open_images(place, layout, OPTIONS.get(layout))
    scheme = load_scheme(found.scheme or "cityscapes19")
    assert len(found.samples) == 3 and not found.missing and not found.orphans
    groups = [sample.group for sample in found.samples]
    assert groups == [None] * 3 or len(set(groups)) == 3  # no scene has to do with another
    for seed, sample in zip((20, 21, 22), found.samples, strict=True):
        scene = make_scene(seed, SMALL)
        label = read_label(sample.label, scheme, found.encoding)
        assert label.unknown == {}
        assert np.array_equal(label.train_ids, expected_label(scene.label, layout))
        assert np.array_equal(read_image(sample.image), scene.image)


@pytest.mark.parametrize("layout", ["cityscapes", "bdd100k", "mapillary", "pairs"])
def test_written_layouts_are_recognised(layout, tmp_path):
    place = write_scenes(tmp_path, 1, 0, (24, 32), layout)
    assert open_images(place).layout == layout


def test_mapillary_labels_are_palette_images_of_its_own_ids(tmp_path):
    place = write_scenes(tmp_path, 1, 4, SMALL, "mapillary")
    found = open_images(place, "mapillary")
    label = read_label(found.samples[0].label, load_scheme(found.scheme), "palette")
    road = load_scheme("mapillary65").names.index("Road")
    assert np.array_equal(label.train_ids == road, make_scene(4, SMALL).label == ROAD)


def test_jpeg_images_are_close_to_the_scene(tmp_path):
    place = write_scenes(tmp_path, 1, 7, SMALL, jpeg_quality=95)
    image = read_image(open_images(place).samples[0].image).astype(int)
    assert np.abs(image - make_scene(7, SMALL).image).mean() < 8


class StopsAfter(Progress):
    def __init__(self, steps):
        super().__init__()
        self._left = steps

    def step(self, message="", steps=1):
        self._left -= 1
        if not self._left:
            self.cancel()
        super().step(message, steps)


def test_a_stopped_run_goes_on_and_ends_with_the_same_files(tmp_path, monkeypatch):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    write_scenes(whole, 4, 0, (24, 32), "list")
    with pytest.raises(Cancelled):
        write_scenes(stopped, 4, 0, (24, 32), "list", progress=StopsAfter(2))
    (next((stopped / "labels").glob("*1.png"))).unlink()
    made = []
    monkeypatch.setattr(writing_module, "make_scene", lambda seed, size: made.append(seed) or make_scene(seed, size))
    write_scenes(stopped, 4, 0, (24, 32), "list")
    assert made == [1, 2, 3]
    assert sha256_of_path(whole) == sha256_of_path(stopped)


def test_more_scenes_can_be_added_to_a_list(tmp_path):
    write_scenes(tmp_path, 2, 0, (24, 32), "list")
    place = write_scenes(tmp_path, 2, 2, (24, 32), "list")
    assert [sample.image.stem for sample in open_images(place).samples] == [f"scene_00000{n}" for n in range(4)]


def test_a_folder_never_mixes_scenes_of_two_settings(tmp_path):
    write_scenes(tmp_path, 1, 0, (24, 32))
    with pytest.raises(DataError, match="holds other scenes"):
        write_scenes(tmp_path, 1, 1, (24, 48))
    (tmp_path / "scenes.json").write_text("{")
    with pytest.raises(DataError, match=r"scenes\.json"):
        write_scenes(tmp_path, 1, 1, (24, 32))


def test_a_folder_never_mixes_scenes_of_two_versions_of_the_drawing(tmp_path, monkeypatch):
    monkeypatch.setattr(writing_module, "DRAWING", writing_module.DRAWING - 1)
    write_scenes(tmp_path, 1, 0, (24, 32))
    monkeypatch.undo()
    with pytest.raises(DataError, match=r"holds other scenes: .*'drawing'"):
        write_scenes(tmp_path, 1, 1, (24, 32))


@pytest.mark.parametrize(
    "wrong", [{"layout": "coco"}, {"split": "all"}, {"jpeg_quality": 0}, {"count": 0}, {"seed": -1}]
)
def test_wrong_settings_are_refused_before_anything_is_written(wrong, tmp_path):
    with pytest.raises(SpecError):
        write_scenes(tmp_path / "new", **{"count": 1, "size": (24, 32), **wrong})
    assert not (tmp_path / "new").exists()


def test_the_command_writes_scenes(tmp_path, capsys):
    out = tmp_path / "scenes"
    arguments = ["scenes", "--out", str(out), "--count", "2", "--size", "24x32", "--layout", "cityscapes", "--quiet"]
    assert app.run(arguments) == 0
    assert "2 images, 2 with a label map" in capsys.readouterr().out
    assert json.loads((out / "scenes.json").read_text())["size"] == [24, 32]
    assert app.run([*arguments[:6], "many", *arguments[7:]]) == 2


def test_the_command_knows_every_layout():
    from core.cli import scenes as command

    assert set(command.LAYOUTS) == set(PLACES)
