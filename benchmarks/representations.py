"""(c) What the attack looks at, against plain Python; the attack grid, against the full-resolution map."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from benchmarks.tables import Cell, Table
from benchmarks.timing import median, rounds
from core.attacks.base import PROBABILITY_FLOOR, VOID, Observation
from core.attacks.representations.concatenation import Concatenation
from core.attacks.representations.slm import StructuredLossMap
from core.grid import Grid
from core.targets.base import Output
from core.targets.output import log_posteriors_at

FloatArray = npt.NDArray[np.float32]
CLASSES = 19
FULL, SMALL = (128, 256), (32, 64)
SCALE = FULL[0] * FULL[1] / (SMALL[0] * SMALL[1])
IMAGE = (1024, 2048)


def plain_slm(observation: Observation) -> FloatArray:
    """The structured loss map, pixel by pixel."""
    assert observation.label is not None
    height, width = observation.label.shape
    values = np.zeros((1, height, width), np.float32)
    for row in range(height):
        for col in range(width):
            true = int(observation.label[row, col])
            if true != VOID:
                values[0, row, col] = -math.log(max(float(observation.posteriors[true, row, col]), PROBABILITY_FLOOR))
    return values


def plain_concatenation(observation: Observation) -> FloatArray:
    """Posteriors and one-hot label, pixel by pixel."""
    assert observation.label is not None
    classes, height, width = observation.posteriors.shape
    values = np.zeros((2 * classes, height, width), np.float32)
    for row in range(height):
        for col in range(width):
            for known in range(classes):
                values[known, row, col] = observation.posteriors[known, row, col]
            true = int(observation.label[row, col])
            if true != VOID:
                values[classes + true, row, col] = 1.0
    return values


def whole_then_grid(output: Output, grid: Grid) -> FloatArray:
    """Log-posteriors on the attack grid by way of every pixel of the image."""
    logits = functional.interpolate(output.values[None], grid.size, mode="bilinear")[0]
    posteriors = logits.softmax(dim=0).clamp_min(PROBABILITY_FLOOR).log().numpy()
    return np.asarray(grid.take(posteriors), np.float32)


def measure(repeats: int) -> list[Table]:
    """Both tables."""
    return [_representations(repeats), _grid(repeats)]


def _representations(repeats: int) -> Table:
    rows: list[list[Cell]] = []
    pairs: list[tuple[str, Callable[[Observation], FloatArray], Callable[[Observation], FloatArray]]] = [
        ("slm", StructuredLossMap().of, plain_slm),
        ("concatenation", Concatenation().of, plain_concatenation),
    ]
    full, small = _observation(FULL), _observation(SMALL)
    for name, ours, plain in pairs:
        difference = float(np.abs(ours(small) - plain(small)).max())
        times = rounds({"ours": partial(ours, full), "plain": partial(plain, small)}, repeats)
        fast, slow = median(times, "ours"), median(times, "plain") * SCALE
        rows.append([name, fast * 1e3, slow * 1e3, slow / fast, difference])
    return Table(
        f"(c) Representations of a {FULL[0]}x{FULL[1]} map, {CLASSES} classes",
        ("representation", "SegLeak ms", "plain loop ms", "ratio", "largest difference"),
        rows,
        (f"The plain loop ran on {SMALL[0]}x{SMALL[1]}, where both were compared; its time is scaled by {SCALE:.0f}.",),
    )


def _grid(repeats: int) -> Table:
    generator = torch.Generator().manual_seed(0)
    values = 4 * torch.randn(CLASSES, IMAGE[0] // 8, IMAGE[1] // 8, generator=generator)
    output = Output(values, "logits", (values.shape[1], values.shape[2]), CLASSES)
    grid = Grid.of(IMAGE)

    def ours() -> FloatArray:
        return log_posteriors_at(output, IMAGE, grid.rows, grid.cols)

    difference = float(np.abs(ours() - whole_then_grid(output, grid)).max())
    times = rounds({"ours": ours, "whole": lambda: whole_then_grid(output, grid)}, repeats)
    fast, slow = median(times, "ours"), median(times, "whole")
    return Table(
        f"(c) Log-posteriors on the attack grid of a {IMAGE[0]}x{IMAGE[1]} image, {CLASSES} classes, output stride 8",
        ("way", "ms", "ratio", "largest difference"),
        [
            ["only the grid's pixels (float64 softmax)", fast * 1e3, 1.0, difference],
            ["upsample all, softmax, take the grid (float32)", slow * 1e3, slow / fast, ""],
        ],
    )


def _observation(shape: tuple[int, int]) -> Observation:
    rng = np.random.default_rng(0)
    logits = 3 * rng.standard_normal((CLASSES, *shape))
    posteriors = np.exp(logits) / np.exp(logits).sum(axis=0)
    label = rng.integers(0, CLASSES, shape).astype(np.uint8)
    label[rng.random(shape) < 0.1] = VOID
    return Observation("0" * 64, posteriors.astype(np.float32), label)
