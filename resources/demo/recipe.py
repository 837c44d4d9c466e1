"""What the demo audit is made from."""

from core.training.settings import TargetTraining

SCENE_SIZE = (256, 512)
JPEG_QUALITY = 90
LAYOUT = "pairs"
SCHEME = "cityscapes19"
ENCODING = "train-id"

MEMBERS, NON_MEMBERS, SUSPECTS = 100, 240, 12
FIRST_SEED = 500_000
OTHER_SCENES = 200
"""Further scenes: what DP-SGD starts from and the distilled target learns from; not in the demo's folder."""
OTHER_SEED = 600_000

TRAINED_SUSPECTS = (1, 2, 5, 7, 8, 11)
"""Which suspects, counted from 0, the target was trained on."""

_SMALL = {"architecture": "smp:DeepLabV3Plus", "encoder": "tu-mobilenetv2_050", "size": (128, 256)}

TARGET = TargetTraining(**_SMALL, epochs=50, learning_rate=2e-3, augment="none", seed=1)
START = TargetTraining(**_SMALL, epochs=20, learning_rate=2e-3, norm="group", seed=2)
PRIVATE = TargetTraining(**_SMALL, epochs=20, batch=16, learning_rate=1e-3, norm="group", augment="none", seed=3)
DISTILLED = TargetTraining(**_SMALL, epochs=20, learning_rate=2e-3, seed=4)

DP_SGD = {"name": "dp-sgd", "epsilon": 8.0, "clip": 1.0, "part": "decoder"}
DISTILLATION = {"name": "distillation", "temperature": 2.0}
