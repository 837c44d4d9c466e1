"""What a folder holds of shadows that were begun earlier, and whether they can be gone on with. Imports no torch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import DataError, SegLeakError
from core.files import write_text
from core.training.manifest import read_manifest
from core.training.membership import NAME, read_membership, shadow_files
from core.training.settings import TargetTraining, of_shadow

BEGUN_WITH = "training.json"
"""Says how the shadows of a folder are trained, so that they can be gone on with before the first is there."""
PARTIAL = ".partial"
"""As `core.training.resume` names the state of an unfinished training."""


@dataclass(frozen=True)
class Standing:
    """What a folder holds.

    Attributes
    ----------
    count
        Shadows in its membership table; 0: no table.
    images
        SHA-256 of the images in the table.
    trained
        The settings of each shadow that is trained, by its number.
    begun
        Whether one was begun and has not ended.
    settings
        The settings that all shadows have, with the seed of the first; None where nothing says so.
    other
        A file that is nothing of this, where there is no table; or "".
    exchange
        What its pairs have halves of, as its table says: "images", or "blocks" of every image.
    """

    count: int = 0
    images: frozenset[str] = frozenset()
    trained: tuple[tuple[int, Mapping[str, Any]], ...] = ()
    begun: bool = False
    settings: TargetTraining | None = None
    other: str = ""
    exchange: str = "images"

    def differences(self, settings: TargetTraining) -> tuple[str, ...]:
        """Names of the settings in which trained shadows differ from what is wanted now."""
        start = Path(settings.start).name
        usual = TargetTraining().to_mapping()
        found: dict[str, None] = {}
        for number, kept in self.trained:
            now = of_shadow(settings, number, self.exchange).to_mapping() | {"start": start}
            # A setting that is younger than the shadow is not in its list: it had the default's effect.
            found |= dict.fromkeys(name for name, value in now.items() if kept.get(name, usual[name]) != value)
            if kept.get("hardening"):
                found["hardening"] = None
        return tuple(found)


def standing(folder: Path) -> Standing:
    """Look into a folder, which need not be there.

    Raises `DataError` where its table or the list of a shadow's images is damaged, `OSError` where it cannot be read.
    """
    if not folder.is_dir():
        return Standing()
    names = sorted(file.name for file in folder.iterdir() if not file.name.startswith("."))
    if NAME not in names:
        return Standing(other=next((name for name in names if name != BEGUN_WITH), ""))
    table, files = read_membership(folder), shadow_files(folder)
    manifests = ((number, read_manifest(file)) for number, file in enumerate(files) if file.is_file())
    trained = tuple((number, manifest.settings) for number, manifest in manifests if manifest is not None)
    begun = any(file.with_name(file.name + PARTIAL).is_file() for file in files)
    exchange = "blocks" if table.members.size and table.members.all() else "images"
    return Standing(len(files), frozenset(table.images), trained, begun, _settings(trained, folder), exchange=exchange)


def _settings(trained: tuple[tuple[int, Mapping[str, Any]], ...], folder: Path) -> TargetTraining | None:
    """As the first trained shadow has them, else as the training was begun."""
    try:
        if not trained:
            return TargetTraining.from_mapping(json.loads((folder / BEGUN_WITH).read_text("utf-8")))
        number, kept = trained[0]
        return TargetTraining.from_mapping(dict(kept) | {"seed": kept["seed"] - number, "other_half": False})
    except (OSError, ValueError, TypeError, KeyError, AttributeError, SegLeakError):
        return None


def note_settings(folder: Path, settings: TargetTraining) -> None:
    """Write down how the shadows of a folder will be trained. Raises `DataError` where that cannot be written."""
    try:
        write_text(folder / BEGUN_WITH, json.dumps(settings.to_mapping(), indent=1, sort_keys=True) + "\n")
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be written to ({error.strerror}).", "Choose another folder for the references."
        ) from error
