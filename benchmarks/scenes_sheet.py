"""Draws the contact sheet of procedural scenes for the documentation.

python -m benchmarks.scenes_sheet docs/images/scenes.jpg
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from core.data.scenes import make_scene
from core.data.scheme import load_scheme

SEEDS = (1, 3, 5, 8, 13, 14, 19, 25)
SIZE = (216, 432)
COLUMNS = 2


def sheet() -> Image.Image:
    """Scenes and their label maps in colour, side by side."""
    colours = np.zeros((256, 3), np.uint8)
    colours[:19] = load_scheme("cityscapes19").colours
    scenes = [make_scene(seed, SIZE) for seed in SEEDS]
    cells = [np.concatenate([scene.image, colours[scene.label]], 1) for scene in scenes]
    rows = [np.concatenate(cells[i : i + COLUMNS], 1) for i in range(0, len(cells), COLUMNS)]
    return Image.fromarray(np.concatenate(rows))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    sheet().save(target, quality=84)
