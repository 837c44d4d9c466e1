"""An attack network ready for use."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from core.attacks.networks.base import AttackNetwork
from core.attacks.networks.card import AttackCard

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class LoadedNetwork:
    """An attack network in evaluation mode on its device.

    Attributes
    ----------
    network
        The network; its weights need no gradients.
    card
        What is known of it.
    sha256
        Hash of the checkpoint file.
    device
        "cpu" or "cuda:N".
    """

    network: AttackNetwork
    card: AttackCard
    sha256: str
    device: str = "cpu"

    def cell_logits(self, batch: FloatArray) -> FloatArray:
        """Run representations `(N, K, h, w)` float32 -> logits of every cell `(N, 2, h', w')`."""
        inputs = torch.from_numpy(np.ascontiguousarray(batch)).to(self.device)
        with torch.inference_mode(), full_precision(self.device):
            logits: FloatArray = self.network.cell_logits(inputs).cpu().numpy()
        return logits


@contextlib.contextmanager
def full_precision(device: str) -> Iterator[None]:
    """Keep a GPU's convolutions in float32: TF32, the default there, is off by about 1e-3."""
    if not device.startswith("cuda"):
        yield
        return
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        yield
