"""From images to a target's outputs: pre-processing, one forward pass per image size, recognition."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from core.errors import TargetError
from core.targets.base import Output, Target
from core.targets.formats import OpenedTarget
from core.targets.options import TargetOptions
from core.targets.preprocessing import Preprocessing
from core.targets.recognition import Recognised, recognise
from core.targets.tiling import run_tiled

Images = Sequence[npt.NDArray[np.uint8]]


@dataclass(frozen=True)
class InputBatch:
    """Images of one size, ready for a model.

    Attributes
    ----------
    values
        `(N, 3, h, w)` float32, padded at the bottom and on the right.
    covered
        Rows and columns of `values` that show the image; the rest is padding.
    """

    values: torch.Tensor
    covered: tuple[int, int]


def run_images(target: Target, images: Images, preprocessing: Preprocessing | None = None) -> list[Output]:
    """Run images `(H, W, 3)` uint8 RGB through a target; images of one size go through together.

    Parameters
    ----------
    preprocessing
        Used in place of the target's own.

    Returns
    -------
    One output per image, in order. Its `extent` is exact for models whose cells divide their input evenly
    (`align_corners=False`), which is what models trained today do; others are off by less than a cell.

    Raises
    ------
    TargetError
        Where the model cannot take the input or gives nothing usable. Running out of memory passes through.
    """
    preprocessing = preprocessing or target.preprocessing
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, image in enumerate(images):
        groups.setdefault(image.shape, []).append(index)
    outputs: dict[int, Output] = {}
    for indices in groups.values():
        found, _ = _run_group(target, [images[i] for i in indices], preprocessing)
        outputs.update(zip(indices, found, strict=True))
    return [outputs[i] for i in range(len(images))]


def run_with_note(target: Target, image: npt.NDArray[np.uint8]) -> tuple[Output, str]:
    """Run one image; also what had to be assumed to read the model's output, for a person."""
    found, note = _run_group(target, [image], target.preprocessing)
    return found[0], note


def input_batch(images: Images, preprocessing: Preprocessing, device: str = "cpu") -> InputBatch:
    """Images of one size `(H, W, 3)` uint8 RGB -> a model's input, as `Preprocessing` says."""
    pixels = torch.from_numpy(np.stack(images)).to(device).permute(0, 3, 1, 2)
    if preprocessing.channels == "bgr":
        pixels = pixels.flip(1)
    mean, std = (
        torch.tensor(v, dtype=torch.float32, device=device).view(1, 3, 1, 1)
        for v in (preprocessing.mean, preprocessing.std)
    )
    # Channel by channel from here on, and in place: what follows is faster so.
    values = pixels.contiguous().float().div_(preprocessing.divide).sub_(mean).div_(std)
    if preprocessing.resize is not None and tuple(preprocessing.resize) != tuple(values.shape[2:]):
        values = functional.interpolate(values, list(preprocessing.resize), mode="bilinear", antialias=True)
    covered = (values.shape[2], values.shape[3])
    return InputBatch(_padded(values, preprocessing.multiple).contiguous(), covered)


def _padded(values: torch.Tensor, multiple: int) -> torch.Tensor:
    """Pad the bottom and right sides to a multiple, by reflection where the image is large enough."""
    height, width = values.shape[2:]
    down, right = -height % multiple, -width % multiple
    if not down and not right:
        return values
    mode = "reflect" if down < height and right < width else "replicate"
    return functional.pad(values, (0, right, 0, down), mode=mode)


def _run_group(target: Target, images: Images, preprocessing: Preprocessing) -> tuple[list[Output], str]:
    """Run images of one size; their outputs and the note on how they were read."""
    # TF32 rounds to three digits: scores would differ between a GPU and the CPU by far more than 1e-4.
    exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
    with torch.inference_mode(), torch.autocast(torch.device(target.device).type, enabled=False), exact:
        batch = input_batch(images, preprocessing, target.device)
        height, width = batch.values.shape[2:]
        tile = preprocessing.tile
        if tile and max(height, width) > tile:
            found = run_tiled(
                lambda part: _run_batch(target, part),
                batch.values,
                tile,
                preprocessing.overlap,
                preprocessing.multiple,
            )
        else:
            found = _run_batch(target, batch.values)
    if len(found.values) != len(images):
        raise TargetError(
            f"{target.info.path.name}: {len(images)} images gave {len(found.values)} outputs.",
            "Name the output that holds one segmentation per image with 'output'.",
        )
    cells = found.values.shape[-2:]
    extent = (batch.covered[0] * cells[0] / height, batch.covered[1] * cells[1] / width)
    classes = found.values.shape[1] if found.kind != "labels" else _options(target).classes or target.info.classes
    return [Output(values, found.kind, extent, classes) for values in found.values], found.note


def _run_batch(target: Target, values: torch.Tensor) -> Recognised:
    """One forward pass, read."""
    options = _options(target)
    try:
        raw = target.forward(values)
        return recognise(raw, options.classes or target.info.classes, options.output_kind, options.output)
    except TargetError as error:
        name = target.info.path.name
        if name in error.message:
            raise
        raise TargetError(f"{name}: {error.message}", error.remedy) from error
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        if _out_of_memory(error):
            raise
        size = " x ".join(map(str, values.shape[2:]))
        raise TargetError(
            f"{target.info.path.name}: the model cannot take an input of {size} pixels "
            f"({str(error).strip().partition(chr(10))[0] or type(error).__name__}).",
            "Set 'resize' or 'multiple' in the pre-processing to what the model expects.",
        ) from error


def _out_of_memory(error: Exception) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or any(
        words in str(error).lower() for words in ("out of memory", "can't allocate memory", "bad alloc")
    )


def _options(target: Target) -> TargetOptions:
    return target.options if isinstance(target, OpenedTarget) else TargetOptions()
