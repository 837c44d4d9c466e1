from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from core.data.shift import Appearance, appearance, differences, rank_test
from tests.pictures import picture


def looks(rng, count, brightness=0.0, size=(100, 200), camera="Acme 1"):
    colours = rng.normal([50 + brightness, 0, 0, 20, 5, 5], [10, 4, 4, 4, 1, 1], (count, 6))
    layouts = rng.normal(0, 5, (count, 48))
    return [Appearance(size, camera, "JPEG", "", c, t) for c, t in zip(colours, layouts, strict=True)]


@pytest.mark.parametrize("count", [8, 30, 150])
def test_random_halves_of_one_set_are_not_reported(count):
    rng = np.random.default_rng(count)
    alarms = 0
    for _ in range(60):
        images = looks(rng, count) + looks(rng, count, brightness=15, size=(300, 400), camera="")
        rng.shuffle(images)
        alarms += bool(differences(images[:count], images[count:]))
    assert alarms <= 1


@pytest.mark.parametrize("count", [15, 100])
def test_a_brightness_shift_is_reported(count):
    rng = np.random.default_rng(0)
    found = {d.kind: d for d in differences(looks(rng, count, brightness=20), looks(rng, count))}
    assert "brightness" in found["colour"].sentence
    assert found["colour"].effect > 0.85
    assert ("looks" in found) == (count == 100)  # too few images for the classifier


@pytest.mark.parametrize(("kind", "other"), [("size", {"size": (100, 201)}), ("camera", {"camera": "Acme 2"})])
def test_another_size_or_camera_is_reported(kind, other):
    rng = np.random.default_rng(0)
    (found,) = differences(looks(rng, 15), looks(rng, 15, **other))
    assert (found.kind, found.effect) == (kind, 1.0)


def test_sizes_that_all_differ_are_compared_as_numbers():
    rng = np.random.default_rng(0)
    small = [image for i in range(40) for image in looks(rng, 1, size=(100 + i, 150))]
    large = [image for i in range(40) for image in looks(rng, 1, size=(130 + i, 150))]
    (found,) = differences(small, large)
    assert found.kind == "size"
    assert "AUC" in found.sentence


def test_groups_keep_scenes_out_of_the_classifiers_test():
    rng = np.random.default_rng(0)
    # Ten scenes a side, fifteen nearly equal images each: scenes can be learnt, membership cannot.
    sides = []
    for _ in range(2):
        scenes = looks(rng, 10)
        repeat = [Appearance(s.size, s.camera, s.format, "", s.colours, s.layout) for s in scenes for _ in range(15)]
        sides.append(repeat)
    groups = [[f"scene {side}{i // 15}" for i in range(150)] for side in "ab"]
    assert "looks" in {d.kind for d in differences(*sides)}
    assert "looks" not in {d.kind for d in differences(*sides, *groups)}


def test_the_rank_test_is_that_of_scipy():
    from scipy import stats

    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 8, 60).astype(float), rng.integers(2, 10, 50).astype(float)
    expected = stats.mannwhitneyu(first, second, use_continuity=False, method="asymptotic")
    area, p_value = rank_test(first, second)
    assert area == pytest.approx(expected.statistic / (60 * 50))
    assert p_value == pytest.approx(expected.pvalue)
    assert rank_test(np.ones(3), np.ones(3)) == (0.5, 1.0)


def test_camera_format_and_compression_are_read_from_the_file(tmp_path):
    image = picture(1)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Acme", "One"
    coarse, fine, png = tmp_path / "a.jpg", tmp_path / "b.jpg", tmp_path / "c.png"
    Image.fromarray(image).save(coarse, exif=exif, quality=40)
    Image.fromarray(image).save(fine, quality=95)
    Image.fromarray(image).save(png)
    seen = [appearance(path.read_bytes(), path, image) for path in (coarse, fine, png)]
    assert [(a.camera, a.format) for a in seen] == [("Acme One", "JPEG"), ("", "JPEG"), ("", "PNG")]
    assert len({a.compression for a in seen}) == 3
    assert seen[0].size == (48, 64)


def test_colours_are_those_of_the_lab_space():
    image = np.full((8, 8, 3), (255, 0, 0), np.uint8)
    png = cv2.imencode(".png", image)[1].tobytes()
    red = appearance(png, Path("red.png"), image)
    # CIE 1976 of sRGB red under D65: L* 53.24, a* 80.09, b* 67.20.
    assert red.colours == pytest.approx([53.24, 80.09, 67.20, 0, 0, 0], abs=0.1)


def test_camera_names_from_files_are_made_safe_to_show(tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "Acme\x1b[31m" + "x" * 500
    path = tmp_path / "a.jpg"
    Image.fromarray(picture(1)).save(path, exif=exif)
    camera = appearance(path.read_bytes(), path, picture(1)).camera
    assert camera.startswith("Acme[31mxxx")
    assert len(camera) <= 80
