"""Running a large input in overlapping tiles and stitching their outputs together."""

from collections.abc import Callable

import torch
from torch.nn import functional

from core.errors import TargetError
from core.targets.recognition import Recognised

Run = Callable[[torch.Tensor], Recognised]


def starts(length: int, tile: int, overlap: int, multiple: int = 1) -> list[int]:
    """Where tiles begin along one side: evenly stepped, the last one flush with the end.

    `length` and `tile` are multiples of `multiple`, and so is every start.
    """
    if length <= tile:
        return [0]
    step = max((tile - overlap) // multiple, 1) * multiple
    return [*range(0, length - tile, step), length - tile]


def run_tiled(run: Run, batch: torch.Tensor, tile: int, overlap: int, multiple: int = 1) -> Recognised:
    """Run a batch tile by tile.

    Scores are blended with weights that fall linearly over the overlap; label maps are cut in its middle. Tiles are
    stitched at the target's own stride where every tile starts on a whole cell, else at the input's resolution.
    The result lies in main memory.

    Parameters
    ----------
    run
        Runs one tile `(N, 3, t, u)` and reads what came out.
    batch
        Input `(N, 3, h, w)`, both sides multiples of `multiple`.
    tile, overlap
        Pixels; the tile's side is rounded up to a multiple of `multiple`.

    Raises
    ------
    TargetError
        Where tiles give outputs of different kinds.
    """
    tile = -(-tile // multiple) * multiple
    height, width = batch.shape[2:]
    tops, lefts = (starts(side, tile, overlap, multiple) for side in (height, width))
    sides = min(tile, height), min(tile, width)
    canvas: _Canvas | None = None
    for top in tops:
        for left in lefts:
            part = run(batch[:, :, top : top + sides[0], left : left + sides[1]])
            if canvas is None:
                canvas = _Canvas(part, (height, width), sides, (tops, lefts))
            canvas.add(part, top, left)
    assert canvas is not None
    return canvas.finish()


class _Canvas:
    """The stitched output while it grows."""

    def __init__(
        self, first: Recognised, size: tuple[int, int], sides: tuple[int, int], places: tuple[list[int], list[int]]
    ) -> None:
        self.first = first
        self.sides = sides
        cells = first.values.shape[-2:]
        whole = all(
            side % n == 0 and length % (side // n) == 0 and all(start % (side // n) == 0 for start in begins)
            for side, n, length, begins in zip(sides, cells, size, places, strict=True)
        )
        self.strides = (sides[0] // cells[0], sides[1] // cells[1]) if whole else (1, 1)
        shape = tuple(length // stride for length, stride in zip(size, self.strides, strict=True))
        self.values = torch.zeros((*first.values.shape[:-2], *shape), dtype=first.values.dtype)
        self.weights = torch.zeros(shape)
        starts_in_cells = [[b // s for b in begins] for begins, s in zip(places, self.strides, strict=True)]
        self.places = starts_in_cells

    def add(self, part: Recognised, top: int, left: int) -> None:
        """Put one tile's output in its place."""
        if part.kind != self.first.kind or part.values.shape != self.first.values.shape:
            raise TargetError(
                f"Tiles of one image gave {self.first.kind} and {part.kind}, or differ in size.",
                "Say what the outputs are with 'output_kind'.",
            )
        values = self._on_canvas_grid(part).cpu()
        at = (top // self.strides[0], left // self.strides[1])
        if part.kind == "labels":
            self._paste(values, at)
        else:
            self._blend(values, at)

    def finish(self) -> Recognised:
        """The whole output."""
        values = self.values if self.first.kind == "labels" else self.values.div_(self.weights)
        return Recognised(values, self.first.kind, self.first.note)

    def _on_canvas_grid(self, part: Recognised) -> torch.Tensor:
        want = (self.sides[0] // self.strides[0], self.sides[1] // self.strides[1])
        if tuple(part.values.shape[-2:]) == want:
            return part.values
        if part.kind == "labels":
            return functional.interpolate(part.values[:, None].double(), want, mode="nearest-exact")[:, 0].long()
        return functional.interpolate(part.values, want, mode="bilinear", align_corners=False)

    def _blend(self, values: torch.Tensor, at: tuple[int, int]) -> None:
        rows, cols = (slice(a, a + n) for a, n in zip(at, values.shape[-2:], strict=True))
        ramps = [self._ramp(axis, values.shape[axis - 2]) for axis in (0, 1)]
        weight = ramps[0][:, None] * ramps[1][None, :]
        self.values[..., rows, cols] += values * weight
        self.weights[rows, cols] += weight

    def _ramp(self, axis: int, length: int) -> torch.Tensor:
        """Weights that rise over the overlap of two neighbours, stay at 1 and fall again."""
        begins = self.places[axis]
        overlap = length - (begins[1] - begins[0]) if len(begins) > 1 else 0
        distance = torch.arange(1, length + 1).minimum(torch.arange(length, 0, -1))
        return (distance / (overlap + 1)).clamp(max=1.0)

    def _paste(self, values: torch.Tensor, at: tuple[int, int]) -> None:
        """Keep of a tile what is nearer to its middle than to a neighbour's."""
        kept = [self._kept(axis, at[axis], values.shape[axis - 2]) for axis in (0, 1)]
        rows, cols = (slice(a + k.start, a + k.stop) for a, k in zip(at, kept, strict=True))
        self.values[..., rows, cols] = values[..., kept[0], kept[1]]

    def _kept(self, axis: int, start: int, length: int) -> slice:
        begins = self.places[axis]
        index = begins.index(start)
        low = 0 if index == 0 else (begins[index - 1] + length - start) // 2
        high = length if index == len(begins) - 1 else (begins[index + 1] + length - start) // 2
        return slice(low, high)
