"""Loading the libraries, so that the first job does not wait for them. Imports torch."""

import os

import segmentation_models_pytorch  # noqa: F401 - what most targets are built with
import torch

import core.attacks.networks
import core.audit.runner
import core.targets.check
import core.targets.open  # noqa: F401 - what the jobs use; each takes its part of the seconds
from core.audit.device import describe_device, pick_device
from core.engine import layers
from core.engine.events import EngineWarm
from core.versions import versions


def warm_up() -> EngineWarm:
    """Settle how torch computes in this process, and say what it computes on."""
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"].partition(",")[0]))
    # Targets and attack networks switch TF32 off while they run and restore it after. Jobs that overtake each other do
    # so in another order, so that here it has to be off at all times.
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    layers.watch()
    device = pick_device("auto")
    return EngineWarm(device, describe_device(device), versions())
