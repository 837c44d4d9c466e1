"""From a target's output at its own resolution to log-posteriors, posteriors and predictions at the image's pixels.

Logits are upsampled bilinearly (`align_corners=False`) before the softmax, as segmentation models do themselves.
Only the pixels asked for are computed, so that an image far larger than its attack grid costs little.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from core.errors import TargetError
from core.predicted import predicted_classes
from core.targets.base import Output
from core.targets.recognition import MOST_CLASSES

LOG_FLOOR = float(np.log(1e-30))
"""Log-probability of a class that an output rules out."""

BAND_VALUES = 1 << 23
"""Values computed at once where a whole image is wanted: 32 MiB of float32."""

Indices = npt.NDArray[np.integer]


def log_posteriors_at(output: Output, size: tuple[int, int], rows: Indices, cols: Indices) -> npt.NDArray[np.float32]:
    """Log-posteriors at some pixels of the image, exactly as in the full map.

    Parameters
    ----------
    output
        What the target gave for the image.
    size
        The image's height and width H, W.
    rows, cols
        Pixel rows `(R,)` in 0..H-1 and columns `(K,)` in 0..W-1.

    Returns
    -------
    `(C, R, K)` float32: for logits, the log-softmax of the bilinearly upsampled logits; for probabilities p, the
    logarithm of the upsampled p, at least 1e-30; for label maps 0 at the nearest label and log(1e-30) elsewhere.
    """
    return _log_posteriors(output, size, rows, cols).cpu().numpy()


def posteriors_at(output: Output, size: tuple[int, int], rows: Indices, cols: Indices) -> npt.NDArray[np.float32]:
    """Posteriors `(C, R, K)` float32 at some pixels, sum 1 over C; as `log_posteriors_at`, faster on many pixels."""
    return _posteriors(output, size, rows, cols).cpu().numpy()


def full_posteriors(output: Output, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    """Posteriors `(C, H, W)` float32 at every pixel of an image of `size` (H, W), sum 1 over C."""
    cols = np.arange(size[1])
    posteriors = np.empty((output.classes, *size), np.float32)
    for rows in bands(output.classes, size, slice(None)):
        posteriors[:, rows] = posteriors_at(output, size, np.arange(size[0])[rows], cols)
    return posteriors


def prediction(output: Output, size: tuple[int, int], rows: slice = slice(None)) -> npt.NDArray[np.uint8]:
    """The most probable class `(R, W)` uint8 at the given rows of an image of `size` (H, W); ties: the lowest class.

    Computed in bands of rows, so that memory does not grow with the image. Raises `TargetError` over 255 classes.
    """
    if output.classes > MOST_CLASSES:
        raise TargetError(f"{output.classes} classes do not fit a label map of bytes.", "")
    cols = np.arange(size[1])
    parts = []
    for band in bands(output.classes, size, rows):
        at = np.arange(size[0])[band]
        if output.kind == "labels":
            part = _nearest(output, size, at, cols)
        else:
            part = _most_probable(_upsampled(output, size, at, cols))
        parts.append(part.to(torch.uint8).cpu().numpy())
    return np.concatenate(parts) if parts else np.empty((0, size[1]), np.uint8)


def _most_probable(values: torch.Tensor) -> torch.Tensor:
    """The class of the largest of the values `(C, R, K)`; ties: the lowest class."""
    if values.device.type == "cpu":
        return torch.from_numpy(predicted_classes(values.numpy()))
    return values.max(dim=0).indices  # four times as fast as argmax


def bands(classes: int, size: tuple[int, int], rows: slice) -> Iterator[slice]:
    """Cut rows of an image of `size` (H, W) into bands of a bounded number of values."""
    start, stop, _ = rows.indices(size[0])
    height = max(1, BAND_VALUES // (classes * size[1]))
    for top in range(start, stop, height):
        yield slice(top, min(top + height, stop))


def log_probabilities(output: Output) -> torch.Tensor:
    """Log-posteriors `(C, h, w)` float64 at the target's own resolution. Not for label maps."""
    if output.kind == "logits":
        return output.values.double().log_softmax(dim=0)
    return output.values.double().clamp_min(np.exp(LOG_FLOOR)).log()


def _log_posteriors(output: Output, size: tuple[int, int], rows: Indices, cols: Indices) -> torch.Tensor:
    """As `log_posteriors_at`, on the output's device."""
    if output.kind == "labels":
        labels = _nearest(output, size, rows, cols)
        shape = (output.classes, *labels.shape)
        return torch.full(shape, LOG_FLOOR, device=labels.device).scatter_(0, labels[None], 0.0)
    values = _upsampled(output, size, rows, cols).double()
    # In float64: a sure pixel's log-probability is -(1 - p), which float32 would round to 0 below 6e-8.
    if output.kind == "logits":
        return values.log_softmax(dim=0).float()
    return (values / values.sum(dim=0)).clamp_min(np.exp(LOG_FLOOR)).log().float()


def _posteriors(output: Output, size: tuple[int, int], rows: Indices, cols: Indices) -> torch.Tensor:
    """As `posteriors_at`, on the output's device."""
    if output.kind == "labels":
        return _log_posteriors(output, size, rows, cols).exp()
    values = _upsampled(output, size, rows, cols)
    return values.softmax(dim=0) if output.kind == "logits" else values / values.sum(dim=0)


def _upsampled(output: Output, size: tuple[int, int], rows: Indices, cols: Indices) -> torch.Tensor:
    """Values `(C, R, K)` interpolated at pixels of the image, one axis after the other."""
    ys, xs = (
        np.clip((np.asarray(at) + 0.5) * extent / length - 0.5, 0, cells - 1)
        for at, extent, length, cells in zip((rows, cols), output.extent, size, output.values.shape[1:], strict=True)
    )
    first, last = (int(ys.min()), int(np.ceil(ys.max()))) if len(ys) else (0, 0)
    if last - first + 1 >= len(ys):
        return _interpolated(_interpolated(output.values, 1, ys), 2, xs)
    # Fewer rows of cells than of pixels: widening those costs less.
    widened = _interpolated(output.values.narrow(1, first, last - first + 1), 2, xs)
    return _interpolated(widened, 1, ys - first)


def _interpolated(values: torch.Tensor, axis: int, positions: npt.NDArray[np.floating]) -> torch.Tensor:
    """Linear interpolation along one axis at fractional positions from the first to the last cell."""
    last = values.shape[axis] - 1
    below = np.floor(positions).astype(np.int64)
    share = positions - below
    low = _taken(values, axis, below)
    if not share.any():
        return low
    shape = [1] * values.ndim
    shape[axis] = -1
    weight = torch.from_numpy(share.astype(np.float32)).to(values.device).view(shape)
    return low.lerp(_taken(values, axis, np.minimum(below + 1, last)), weight)


def _taken(values: torch.Tensor, axis: int, index: npt.NDArray[np.int64]) -> torch.Tensor:
    """Cells along one axis; a view where they follow each other."""
    if len(index) and np.array_equal(index, np.arange(index[0], index[0] + len(index))):
        return values.narrow(axis, int(index[0]), len(index))
    if values.device.type == "cpu":  # along the last axis 15 times as fast as torch's
        return torch.from_numpy(np.take(values.numpy(), index, axis))
    return values.index_select(axis, torch.from_numpy(index).to(values.device))


def _nearest(output: Output, size: tuple[int, int], rows: Indices, cols: Indices) -> torch.Tensor:
    """Labels `(R, K)` int64 of the nearest cells."""
    found = output.values
    for axis, at in enumerate((rows, cols)):
        index = ((np.asarray(at) + 0.5) * output.extent[axis] / size[axis]).astype(np.int64)
        found = _taken(found, axis, np.minimum(index, found.shape[axis] - 1))
    return found
