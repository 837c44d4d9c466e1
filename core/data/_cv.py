"""OpenCV, without the traces that its import leaves in the environment."""

import os

import cv2

# OpenCV 5 points Qt at its own plugins and fonts; a window started later would load the wrong ones.
for _variable in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
    os.environ.pop(_variable, None)

__all__ = ["cv2"]
