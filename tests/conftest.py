import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Set before anything imports numpy, torch or platformdirs: they read their environment once.
# ruff: noqa: E402
_HOME = Path(tempfile.mkdtemp(prefix="segleak-tests-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
for _name in ("SEGLEAK_HOME", "HF_HOME", "TORCH_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
    os.environ[_name] = str(_HOME / _name.lower())
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import hypothesis
import numpy as np
import pytest

# No deadline: the first example of many tests pays for an import.
hypothesis.settings.register_profile("segleak", deadline=None, database=None, max_examples=50)
hypothesis.settings.load_profile("segleak")


def _folder_named_by(variable):
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} does not name a folder of data")
    folder = Path(value)
    assert folder.is_dir(), f"{variable} names {folder}, which is no folder"
    return folder


@pytest.fixture(scope="session")
def camvid():
    return _folder_named_by("SEGLEAK_CAMVID")


@pytest.fixture(scope="session")
def layouts():
    return _folder_named_by("SEGLEAK_LAYOUTS")


SKY, BUILDING, ROAD, CAR, VOID = 0, 1, 2, 3, 255
COLOURS = {SKY: (150, 190, 230), BUILDING: (120, 90, 80), ROAD: (80, 80, 85), CAR: (180, 30, 40), VOID: (0, 0, 0)}


def _street_like(size=(48, 64), seed=0):
    """An image (H, W, 3) uint8 of sky, houses, road and a car with texture, and its label map (H, W): 0..3 and 255."""
    rng = np.random.default_rng(seed)
    height, width = size
    label = np.full(size, SKY, np.uint8)
    horizon = int(height * rng.uniform(0.4, 0.6))
    label[horizon:] = ROAD
    for left in range(0, width, max(width // 5, 1)):
        label[int(horizon * rng.uniform(0.2, 0.9)) : horizon, left : left + max(width // 6, 1)] = BUILDING
    top, left = int(rng.integers(horizon, max(height - 6, horizon + 1))), int(rng.integers(0, max(width - 10, 1)))
    label[top : top + max(height // 8, 2), left : left + max(width // 6, 3)] = CAR
    label[-max(height // 16, 1) :] = VOID  # the bonnet of the car that carries the camera
    image = np.zeros((*size, 3))
    for train_id, colour in COLOURS.items():
        image[label == train_id] = colour
    image += rng.normal(0, 12, (*size, 1)) + rng.normal(0, 4, (*size, 3))
    return np.clip(image, 0, 255).astype(np.uint8), label


@pytest.fixture(scope="session")
def street_like():
    return _street_like
