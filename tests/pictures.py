"""Pictures for tests that compare images."""

import cv2
import numpy as np


def picture(seed, size=(48, 64), brightness=0):
    """Soft random shapes: every seed another image, with much the same colours."""
    rng = np.random.default_rng(seed)
    small = rng.uniform(40, 200, (6, 8, 3)).astype(np.float32)
    large = cv2.resize(small, size[::-1], interpolation=cv2.INTER_CUBIC) + brightness
    return np.clip(large, 0, 255).astype(np.uint8)
