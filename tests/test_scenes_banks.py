"""What scenes share: fronts, vehicles and crowns that are made once a process."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from core.data.scenes import compose, fronts, ground, make_scene, meshes, patterns, plants, tiles
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
    for module in (compose, fronts, ground, meshes, patterns, plants, tiles):
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
    monkeypatch.setattr(compose, "seen", lambda things, camera: things)
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
        front = fronts.draw_front(pattern(kind, number), make_coat(dice, kind), 17.0, light, 9.0, 0.9, density, dice)
        assert (front[..., 3] == BUILDING).all()
        assert front[..., :3].std() > 3


@pytest.mark.parametrize("label", [*range(19), VOID])
def test_a_texture_has_its_label_everywhere(label):
    greys = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for paint in ((3, 90, 250), (0, 0, 0), (255, 255, 255)):
        texture = tiles.coloured(greys, (*paint, label), 0.7)
        assert (texture[..., 3] == label).all()
        grey = texture.reshape(256, 4)[128, :3].astype(int)
        assert np.abs(grey - paint).max() <= 1
