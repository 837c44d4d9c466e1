"""Write scenes to disk in the layouts that `core.data.layouts` opens."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.data._cv import cv2
from core.data.scenes.compose import SIZE, make_scene
from core.data.scheme import load_scheme
from core.errors import DataError, SpecError
from core.files import write_bytes, write_text
from core.progress import Progress

RECORD = "scenes.json"
"""Beside the scenes: what they were made of, so that a folder never mixes two kinds."""

DRAWING = 3
"""Part of that; one more whenever the drawing of a seed changes."""

CAMVID_ID = (3, 4, 1, 1, 7, 2, 6, 6, 5, 5, 0, 9, 10, 8, 8, 8, 8, 10, 10)
"""CamVid's label for each Cityscapes train id: walls are buildings, terrain is trees, all who ride are bicyclists."""
CAMVID_VOID = 11


@dataclass(frozen=True)
class Place:
    """How one layout stores scenes.

    Attributes
    ----------
    image, label
        Paths without the image's ending, with fields for the scene's name and the split.
    table
        Gives what stands in the label map for each train id and 255, `(256,)` uint8.
    opens
        What `open_images` takes, relative to the folder.
    palette
        Scheme whose colours the label maps carry, for layouts of palette images.
    """

    image: str
    label: str
    table: Callable[[], npt.NDArray[np.uint8]]
    opens: str = "."
    palette: str | None = None


def _train_ids() -> npt.NDArray[np.uint8]:
    return np.arange(256, dtype=np.uint8)


@lru_cache
def _ids_of(scheme: str, void: int) -> npt.NDArray[np.uint8]:
    """The first label id of each train id of a scheme, `void` elsewhere."""
    table = np.full(256, void, np.uint8)
    for entry in reversed(load_scheme(scheme).entries):
        if entry.train_id is not None:
            table[entry.train_id] = entry.id
    return table


def _camvid_ids() -> npt.NDArray[np.uint8]:
    table = np.full(256, CAMVID_VOID, np.uint8)
    table[: len(CAMVID_ID)] = CAMVID_ID
    return table


PLACES = {
    "pairs": Place("images/{name}", "labels/{name}.png", _train_ids),
    "list": Place("images/{name}", "labels/{name}.png", _train_ids, "{split}.txt"),
    "cityscapes": Place(
        "leftImg8bit/{split}/scenes/scenes_{number:06d}_000000_leftImg8bit",
        "gtFine/{split}/scenes/scenes_{number:06d}_000000_gtFine_labelIds.png",
        lambda: _ids_of("cityscapes19", 0),
    ),
    "bdd100k": Place("images/10k/{split}/{name}", "labels/sem_seg/masks/{split}/{name}.png", _train_ids),
    "mapillary": Place(
        "{long_split}/images/{name}",
        "{long_split}/v1.2/labels/{name}.png",
        lambda: _ids_of("mapillary-cityscapes19", 65),
        palette="mapillary65",
    ),
    "camvid": Place("images/scene{number:06d}", "labels/scene{number:06d}.png", _camvid_ids),
}
"""How each layout stores scenes. Mapillary's labels read back as Cityscapes' with the option classes=cityscapes."""

LISTED = ("list", "camvid")
"""Layouts with a list of the images beside them."""
LONG_SPLITS = {"train": "training", "val": "validation", "test": "testing"}


def write_scenes(
    folder: Path,
    count: int,
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    layout: str = "pairs",
    *,
    split: str = "train",
    jpeg_quality: int | None = 92,
    progress: Progress | None = None,
) -> Path:
    """Write the scenes of `count` seeds; those that are there already are kept.

    Parameters
    ----------
    folder
        Made if it does not exist. Each file appears whole or not at all, the image after its label map, so a killed
        run goes on where it stopped.
    seed
        Of the first scene; the others follow.
    size
        Height and width in pixels.
    layout
        A name from `PLACES`.
    split
        "train", "val" or "test", for layouts that have splits.
    jpeg_quality
        1 to 100, or None for PNG. Label maps are always PNG.

    Returns what `open_images` takes: the folder, or the list in it. Raises `SpecError` for wrong settings and
    `DataError` when the folder holds other scenes.
    """
    if layout not in PLACES:
        raise SpecError(f"There is no layout '{layout}'.", f"Choose one of: {', '.join(PLACES)}.")
    if split not in LONG_SPLITS:
        raise SpecError(f"There is no split '{split}'.", f"Choose one of: {', '.join(LONG_SPLITS)}.")
    if jpeg_quality is not None and not 1 <= jpeg_quality <= 100:
        raise SpecError(f"A JPEG quality of {jpeg_quality} does not exist.", "Choose 1 to 100, or PNG.")
    if count < 1 or seed < 0:
        raise SpecError(f"{count} scenes from seed {seed} cannot be written.", "Take at least 1, from seed 0 or more.")
    settings: dict[str, object] = {
        "size": list(size),
        "layout": layout,
        "jpeg_quality": jpeg_quality,
        "drawing": DRAWING,
    }
    _check_record(folder / RECORD, settings)
    place = PLACES[layout]
    progress = progress or Progress()
    names = []
    for number in progress.over("scenes", range(seed, seed + count), count):
        fields = {"name": f"scene_{number:06d}", "number": number, "split": split, "long_split": LONG_SPLITS[split]}
        image = folder / (place.image.format(**fields) + (".png" if jpeg_quality is None else ".jpg"))
        label = folder / place.label.format(**fields)
        names.append((image, label))
        if not (image.is_file() and label.is_file()):
            scene = make_scene(number, size)
            write_bytes(label, _label_bytes(place.table()[scene.label], place.palette))
            write_bytes(image, _image_bytes(scene.image, jpeg_quality))
    if layout in LISTED:
        _write_list(folder, layout, split, names)
    return folder / place.opens.format(split=split)


def _check_record(record: Path, settings: dict[str, object]) -> None:
    """Keep the settings of the folder's scenes; refuse others."""
    if record.is_file():
        try:
            known = json.loads(record.read_text("utf-8"))
        except ValueError as error:
            raise DataError(f"{record} cannot be read: {error}.", "Name another folder.") from error
        if known != settings:
            raise DataError(
                f"{record.parent} holds other scenes: {known}.", "Name another folder, or take its settings."
            )
    else:
        write_text(record, json.dumps(settings))


def _write_list(folder: Path, layout: str, split: str, names: list[tuple[Path, Path]]) -> None:
    """A line for each image; lines of scenes written before stay."""
    path = folder / f"{split}.txt"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    for image, label in names:
        pair = f"{image.relative_to(folder).as_posix()} {label.relative_to(folder).as_posix()}"
        lines.append(image.stem if layout == "camvid" else pair)
    write_text(path, "\n".join(sorted(set(lines))) + "\n")


def _image_bytes(image: npt.NDArray[np.uint8], jpeg_quality: int | None) -> bytes:
    reversed_channels = np.ascontiguousarray(image[..., ::-1])  # OpenCV writes blue first
    if jpeg_quality is None:
        return cv2.imencode(".png", reversed_channels)[1].tobytes()
    return cv2.imencode(".jpg", reversed_channels, [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality])[1].tobytes()


def _label_bytes(label: npt.NDArray[np.uint8], palette: str | None) -> bytes:
    picture = Image.fromarray(label)
    if palette is not None:
        colours = np.zeros((256, 3), np.uint8)
        for entry in load_scheme(palette).entries:
            colours[entry.id] = entry.colour
        picture.putpalette(colours.tobytes())
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
