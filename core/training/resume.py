"""Going on with a training that was stopped or killed: its state, kept beside the checkpoint to be."""

import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from core.files import write_bytes

SUFFIX = ".partial"
EVERY = 15.0
"""Seconds between two writings: what a kill can cost, against the time that writing takes."""


class Resume:
    """The state file of one training.

    Parameters
    ----------
    out
        The checkpoint that will be written; the state lies beside it as `<file name>.partial`.
    fingerprint
        Says what the state belongs to: settings, images, versions. A state of another training is not used.
    every
        Seconds between two writings.
    """

    def __init__(self, out: Path, fingerprint: str, every: float = EVERY) -> None:
        self._path = out.with_name(out.name + SUFFIX)
        self._fingerprint = fingerprint
        self._every = every
        self._written = time.monotonic()

    def load(self) -> dict[str, Any] | None:
        """What was saved, or None where nothing fitting was. Runs no code from the file."""
        if not self._path.is_file():
            return None
        try:
            saved = torch.load(self._path, map_location="cpu", weights_only=True)
        except Exception:  # torch raises whatever a damaged file provokes; a lost state only costs time
            return None
        fits = isinstance(saved, dict) and saved.get("fingerprint") == self._fingerprint
        return saved["state"] if fits else None

    @property
    def due(self) -> bool:
        """Whether it is time to save."""
        return time.monotonic() - self._written >= self._every

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep a state of tensors, numbers, texts, lists and tables, atomically."""
        buffer = io.BytesIO()
        torch.save({"fingerprint": self._fingerprint, "state": dict(state)}, buffer)
        write_bytes(self._path, buffer.getvalue())
        self._written = time.monotonic()

    def done(self) -> None:
        """The checkpoint is written: the state is not needed any more."""
        self._path.unlink(missing_ok=True)


def random_state(device: str) -> dict[str, torch.Tensor]:
    """Where torch's own generators stand (a model's dropout draws from them)."""
    state = {"cpu": torch.get_rng_state()}
    if torch.device(device).type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(torch.device(device))
    return state


def set_random_state(state: Mapping[str, torch.Tensor], device: str) -> None:
    """Put torch's own generators back to where they stood."""
    torch.set_rng_state(state["cpu"])
    if "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], torch.device(device))
