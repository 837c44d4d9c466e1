"""What scenes share: fronts, vehicles and crowns that are made once a process."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from core.data.scenes import compose, finish, fronts, ground, make_scene, meshes, patterns, plants, tiles
from core.data.scenes.camera import Camera
from core.data.scenes.canvas import Canvas
from core.data.scenes.classes import BUILDING, VOID
from core.data.scenes.dice import Dice
from core.data.scenes.facades import make_coat
from core.data.scenes.inks import FIRST, WALLS
from core.data.scenes.light import make_light
from core.data.scenes.patterns import BAYS, PATTERNS, pattern

SMALL = (96, 192)
KINDS = ("block", "office", "house", "hall")
ALONE = """
import hashlib, sys
from core.data.scenes import make_scene
scene = make_scene(int(sys.argv[1]), (96, 192))
print(hashlib.sha256(scene.image.tobytes() + scene.label.tobytes()).hexdigest())
"""


def digest(seed):
    scene = make_scene(seed, SMALL)
    return hashlib.sha256(scene.image.tobytes() + scene.label.tobytes()).hexdigest()


def forget():
    """Forget all that is kept between scenes."""
    for module in (compose, finish, fronts, ground, meshes, patterns, plants, tiles):
        for kept in vars(module).values():
            if hasattr(kept, "cache_clear"):
                kept.cache_clear()


def test_a_scene_does_not_depend_on_the_scenes_before_it():
    seeds = range(12)
    forget()
    upwards = {seed: digest(seed) for seed in seeds}
    forget()
    assert {seed: digest(seed) for seed in reversed(seeds)} == upwards


@pytest.mark.parametrize("seed", [3, 8])
def test_another_process_draws_the_same_scene(seed):
    for other in range(4):
        make_scene(other, SMALL)
    alone = subprocess.run([sys.executable, "-c", ALONE, str(seed)], capture_output=True, text=True, check=True)
    assert alone.stdout.strip() == digest(seed)


def test_what_is_left_out_because_it_is_hidden_would_not_be_seen(monkeypatch):
    seeds = range(12)
    drawn = [make_scene(seed, SMALL) for seed in seeds]
    monkeypatch.setattr(compose, "seen", lambda things, camera, night: things)
    for seed, scene in zip(seeds, drawn, strict=True):
        everything = make_scene(seed, SMALL)
        assert np.array_equal(scene.label, everything.label)
        assert np.array_equal(scene.image, everything.image)


@pytest.mark.parametrize("kind", KINDS)
def test_every_front_has_a_colour_for_each_of_its_numbers(kind):
    looks = set()
    for number in range(1, PATTERNS + 1):
        front = pattern(kind, number)
        assert front.cells.shape[::2] == (front.look.floors, BAYS)
        used = np.unique(front.cells[front.cells > 0])
        assert used.min() >= WALLS  # only what is not drawn shows the wall
        others = used[used >= FIRST]
        assert (np.abs(front.inks.own[others]).sum(1) + front.inks.shares[others, :2].sum(1) > 0).all()
        looks.add(front.cells.tobytes())
    assert len(looks) == PATTERNS


@pytest.mark.parametrize("kind", KINDS)
def test_all_pixels_of_a_front_are_building(kind):
    dice = Dice(4, "front")
    for number, density in enumerate(((1.0, 1.0), (6.0, 2.5), (22.0, 14.0)), 1):
        light = make_light(Dice(number, "light"))
        coat = make_coat(dice, kind)
        front, _ = fronts.draw_front(pattern(kind, number), coat, 17.0, (light, 9.0, 0.9), density, dice)
        assert (front[..., 3] == BUILDING).all()
        assert front[..., :3].std() > 3


@pytest.mark.parametrize("density", [(1.0, 1.0), (6.0, 2.5), (22.0, 14.0), (22.0, 22.0)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_part_of_a_front_is_cut_from_the_whole(kind, density):
    light, coat = make_light(Dice(3, "light")), make_coat(Dice(3, "coat"), kind)

    def drawn(part):
        given = (light, 9.0, 0.9), density, Dice(3, "front"), part
        return fronts.draw_front(pattern(kind, 5), coat, 31.0, *given)

    whole, place = drawn(fronts.WHOLE)
    assert place == (0, 0, *whole.shape[:2])
    for part in (fronts.Part(0.3, 0.8, 0.4, 1.0), fronts.Part(0.9, 1.0, 0.0, 0.1), fronts.Part(0.5, 0.5, 0.5, 0.5)):
        some, (top, left, height, width) = drawn(part)
        assert (height, width) == whole.shape[:2]
        assert np.array_equal(some, whole[top : top + some.shape[0], left : left + some.shape[1]])
        assert top <= part.top * (height - 1) <= part.bottom * (height - 1) <= top + some.shape[0] - 1
        assert left <= part.left * (width - 1) <= part.right * (width - 1) <= left + some.shape[1] - 1


@pytest.mark.parametrize("seed", range(30))
def test_a_texture_is_drawn_on_exactly_the_pixels_that_get_its_label(seed):
    rng = np.random.default_rng(seed)
    canvas = Canvas(Camera(120, 200, focal=150.0, horizon=60.0, centre=100.0, eye=1.4), make_light(Dice(3, "light")))
    old, new = 200, 11
    canvas.image[:], canvas.label[:] = 1, old
    texture = rng.integers(90, 256, (*rng.integers(2, 60, 2), 4), np.uint8)
    texture[..., 3] = new
    x, y = rng.uniform(-60, 160), rng.uniform(-40, 90, 4)
    wide, tall = rng.uniform(0.3, 120), rng.uniform(0.3, 90, 2)
    corners = np.array([(x, y[0]), (x + wide, y[1]), (x + wide, y[1] + tall[1]), (x, y[0] + tall[0])])
    canvas.texture(corners[::-1] if seed % 2 else corners, texture)
    drawn = (canvas.image != 1).any(2)
    assert np.array_equal(drawn, canvas.label == new)
    assert set(np.unique(canvas.label).tolist()) <= {old, new}
    rows, columns = np.indices(drawn.shape)
    inside = np.full(drawn.shape, np.inf)  # distance from the nearest side in pixels, negative outside
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, 0), strict=True):
        distance = ((x1 - x0) * (rows - y0) - (y1 - y0) * (columns - x0)) / np.hypot(x1 - x0, y1 - y0)
        inside = np.minimum(inside, distance)
    assert drawn[inside > 1].all()
    assert not drawn[inside < -1.1].any()


@pytest.mark.parametrize("label", [*range(19), VOID])
def test_a_texture_has_its_label_everywhere(label):
    greys = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for paint in ((3, 90, 250), (0, 0, 0), (255, 255, 255)):
        texture = tiles.coloured(greys, (*paint, label), 0.7)
        assert (texture[..., 3] == label).all()
        grey = texture.reshape(256, 4)[128, :3].astype(int)
        assert np.abs(grey - paint).max() <= 1
