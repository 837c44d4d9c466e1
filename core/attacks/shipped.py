"""The pretrained attack networks that come with the program, by short name."""

import os
from pathlib import Path

from core.errors import AttackError

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "attack_networks"
ENDING = ".safetensors"
DEFAULT = "slm"


def shipped_networks() -> list[str]:
    """Their names, such as "slm"."""
    return sorted(path.name.removesuffix(ENDING) for path in FOLDER.glob(f"*{ENDING}"))


def is_short_name(name: str) -> bool:
    """Whether it can only be a shipped network: files have an ending, short names none."""
    return not Path(name).suffix and len(Path(name).parts) == 1


def network_path(name: str, folder: Path) -> Path:
    """The file of an attack network.

    Parameters
    ----------
    name
        A path relative to `folder`, or the short name of a shipped network.
    folder
        Where relative paths begin: the spec's.

    Raises
    ------
    AttackError
        No shipped network has that short name.
    """
    if not is_short_name(name):
        return beside(name, folder)
    if name not in shipped_networks():
        raise AttackError(
            f"There is no attack network '{name}'.",
            f"Give a file, or one of those that come with the program: {', '.join(shipped_networks()) or 'none'}.",
        )
    return FOLDER / f"{name}{ENDING}"


def beside(name: str, folder: Path) -> Path:
    """A path that begins at a folder, written without "..", so that a message names the file as people know it."""
    return Path(os.path.normpath(folder.resolve() / Path(name).expanduser()))
