"""The pictures of a snapshot, read from the audit when they are painted: images, label maps, membership maps."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.audit import colours
from core.audit.map_export import RANGE_QUANTILE, SIGNED
from core.audit.place import image_path, label_path
from core.audit.spec import AuditSpec
from core.audit.store import AuditStore, ImageRow
from core.data._cv import cv2
from core.data.images import read_image
from core.data.labels import read_label
from core.data.samples import Role
from core.data.scheme import VOID, ClassScheme, load_scheme
from core.defenses.chain import Chain
from core.errors import SegLeakError
from core.grid import Grid
from core.snapshot.blocks import Raster
from core.snapshot.prediction import Prediction

Map = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

BLURRED_SIDE = 12
"""Blocks along the short side of a blurred image: shapes of light and dark, and nobody's face or number plate."""
THUMBNAIL = 240
"""Pixels along the long side of a thumbnail."""
MEAN_OF = 48
"""Known non-members in the mean map."""
OVERLAY = 0.72
HATCHED = 6
"""Pixels of a map from one line of its hatching to the next."""
PROBABILITIES = frozenset({"score", "confidence", "true_posterior"})
PREFERRED = ("evidence_corrected", "evidence")


class Pictures:
    """Arrays of an audit's images. Safe to use from one thread at a time.

    Parameters
    ----------
    store, spec
        The audit.
    rows
        Its images.
    treatment
        What becomes of the images: "show", "blur" or "omit".

    Attributes
    ----------
    predictions
        What the target predicts, by image id, where that was worked out.
    """

    def __init__(
        self,
        store: AuditStore,
        spec: AuditSpec,
        rows: Sequence[ImageRow],
        treatment: str,
    ) -> None:
        self._store, self._spec, self.treatment = store, spec, treatment
        self._rows = {row.id: row for row in rows}
        self.predictions: Mapping[int, Prediction] = {}
        self._grid: tuple[int, Pixels | None] = -1, None
        self._kept: tuple[int, Pixels | None] = -1, None
        self._greys: tuple[int, Pixels | None] = -1, None
        self._means: dict[tuple[str, tuple[int, int]], tuple[Map | None, int]] = {}

    # ------------------------------------------------------------ images

    def size(self, image: int) -> tuple[int, int]:
        """Height and width of an image, 3 by 4 where it was never read."""
        return self._rows[image].size or (3, 4)

    def image(self, image: int) -> Pixels | None:
        """The image as it may be shown, `(H, W, 3)`; None where omitted or unreadable. The last one is kept."""
        if self._kept[0] != image:
            self._kept = image, self._read(image)
        return self._kept[1]

    def _read(self, image: int) -> Pixels | None:
        if self.treatment == "omit":
            return None
        try:
            pixels = read_image(image_path(self._rows[image], self._spec), self._spec.run.pixel_limit)
        except SegLeakError:
            return None
        return blurred(pixels) if self.treatment == "blur" else pixels

    def photograph(self, image: int) -> Raster:
        """The image."""
        return Raster(self.image(image), photograph=True)

    def thumbnail(self, image: int) -> Raster:
        """The image, small."""
        pixels = self.image(image)
        return Raster(None if pixels is None else reduced(pixels, THUMBNAIL), photograph=True)

    # ------------------------------------------------------------ classes

    @cached_property
    def scheme(self) -> ClassScheme | None:
        """Names and colours of the classes; None where nothing names any."""
        named = self._spec.scheme or self._store.fact("classes", {}).get("scheme")
        if not named:
            return None
        try:
            is_file = named.endswith((".toml", ".json"))
            return load_scheme(self._spec.resolve(named) if is_file else named, self._spec.folder)
        except SegLeakError:
            return None

    def colour_of(self, name: str) -> str:
        """The colour of a class as "#rrggbb"; empty where there is no such class."""
        if self.scheme is None or name not in self.scheme.names:
            return ""
        red, green, blue = (int(part) for part in self.scheme.colours[self.scheme.names.index(name)])
        return f"#{red:02x}{green:02x}{blue:02x}"

    def label(self, image: int) -> Pixels | None:
        """Train ids `(H, W)`; None without a label map that can be read."""
        row = self._rows[image]
        path = label_path(row, self._spec)
        if path is None or self.scheme is None:
            return None
        encoding = self._spec.images[row.entry].encoding or "auto"
        try:
            return read_label(path, self.scheme, encoding, self._spec.run.pixel_limit).train_ids
        except SegLeakError:
            return None

    def label_picture(self, image: int) -> Raster:
        """The label map in its classes' colours, on the attack grid where images may not be shown as they are."""
        return Raster(self._classes(self._on_grid(image) if self.treatment != "show" else self.label(image)))

    def prediction_picture(self, image: int) -> Raster:
        """What the target predicts, in the classes' colours."""
        known = self.predictions.get(image)
        return Raster(None if known is None else self._classes(known.classes))

    def agreement(self, image: int) -> float | None:
        """Share of the grid points with a class where the prediction is the label's; None where that is not known."""
        known, label = self.predictions.get(image), self._on_grid(image)
        if known is None or known.classes is None or label is None or label.shape != known.classes.shape:
            return None
        inside = label != VOID
        return float((known.classes == label)[inside].mean()) if inside.any() else None

    def _classes(self, ids: Pixels | None) -> Pixels | None:
        if ids is None or self.scheme is None:
            return None
        table = np.full((256, 3), 235, np.uint8)
        table[: self.scheme.classes] = self.scheme.colours
        return np.ascontiguousarray(table[ids])

    def _on_grid(self, image: int) -> Pixels | None:
        """The label map on the attack grid. The last one is kept."""
        if self._grid[0] != image:
            label = self.label(image)
            taken = None if label is None else Grid.of((label.shape[0], label.shape[1])).take(label).astype(np.uint8)
            self._grid = image, taken
        return self._grid[1]

    # ------------------------------------------------------------ maps

    @property
    def map_name(self) -> str:
        """The map that is shown: the evidence where the primary attack draws it, else its first one."""
        maps = self._spec.primary.attack.maps
        return next((name for name in PREFERRED if name in maps), maps[0] if maps else "")

    @property
    def map_title(self) -> str:
        """What to call it in a sentence."""
        return "evidence map" if self.map_name in PREFERRED else f"{self.map_name.replace('_', ' ')} map".lstrip()

    @property
    def signed(self) -> bool:
        """Whether the map says something in both directions from 0."""
        return self.map_name in SIGNED

    def map(self, image: int, chain: str, name: str = "") -> Map | None:
        """A map of the primary attack `(h, w)`; None where none was kept."""
        return self._store.maps(image, chain, self._spec.primary.id).get(name or self.map_name)

    def loss(self, image: int, chain: str) -> Map | None:
        """The loss of each pixel `(h, w)`, where some attack kept it."""
        attack = next((a.id for a in self._spec.attacks if "loss" in a.attack.maps), None)
        return None if attack is None else self._store.maps(image, chain, attack).get("loss")

    def map_picture(self, values: Map | None, image: int | None, ends: tuple[float, float]) -> Raster:
        """A map in colours over the grey image; over white where there is none."""
        if values is None:
            return Raster(None)
        overlay = colours.coloured(values, *ends, diverging=self.signed)
        if self.signed:
            overlay = hatched(overlay, values)
        under = None if image is None else self._grey(image)
        if under is None:
            return Raster(np.full((*values.shape, 3), 255, np.uint8), overlay)
        return Raster(under, overlay, OVERLAY, photograph=True)

    def _grey(self, image: int) -> Pixels | None:
        """The image in grey; the very same array for all maps of an image, so that it is in the file once."""
        if self._greys[0] != image:
            pixels = self.image(image)
            self._greys = image, None if pixels is None else grey(reduced(pixels, 1024))
        return self._greys[1]

    def loss_picture(self, image: int, chain: str, ends: tuple[float, float]) -> Raster:
        """The loss of each pixel in colours."""
        values = self.loss(image, chain)
        return (
            Raster(None)
            if values is None
            else Raster(np.asarray(colours.coloured(values, *ends)[..., :3], dtype=np.uint8))
        )

    def map_range(self, images: Sequence[int], chains: Sequence[Chain]) -> tuple[float, float]:
        """One colour range for all pages and defenses, so that equal colours mean equal values."""
        if self.map_name in PROBABILITIES:
            return 0.0, 1.0
        maps = (self.map(image, chain.id) for image in images for chain in chains)
        return spread([m for m in maps if m is not None], signed=self.signed)

    def loss_range(self, images: Sequence[int], chain: str) -> tuple[float, float]:
        """One colour range for the losses of all pages."""
        return spread([m for image in images if (m := self.loss(image, chain)) is not None], signed=False)

    def mean_map(self, chain: str, shape: tuple[int, int]) -> tuple[Map | None, int]:
        """The mean map `(h, w)` of some known non-members of that size, and of how many."""
        if (chain, shape) not in self._means:
            self._means[chain, shape] = self._mean_map(chain, shape)
        return self._means[chain, shape]

    def _mean_map(self, chain: str, shape: tuple[int, int]) -> tuple[Map | None, int]:
        rows = [r for r in self._rows.values() if r.role is Role.NON_MEMBER and r.state == "done"]
        some = rows[:: max(1, len(rows) // MEAN_OF)][:MEAN_OF]
        maps = [m for row in some if (m := self.map(row.id, chain)) is not None and m.shape == shape]
        return (np.asarray(np.mean(maps, axis=0, dtype=np.float64), np.float32) if maps else None), len(maps)

    def contributions(self, image: int, chain: str) -> list[tuple[str, float]]:
        """What each class adds to the image score, largest first: sums of the evidence map, mean values of others."""
        label = self._on_grid(image)
        name = "evidence" if "evidence" in self._spec.primary.attack.maps else self.map_name
        values = self.map(image, chain, name)
        if label is None or values is None or self.scheme is None or label.shape != values.shape:
            return []
        found = []
        for number, title in [*enumerate(self.scheme.names), (VOID, "no class")]:
            inside = values[(label == number) & np.isfinite(values)].astype(np.float64)
            if inside.size:
                found.append((title, float(inside.sum() if name == "evidence" else inside.mean())))
        return sorted(found, key=lambda pair: -abs(pair[1]))


def blurred(pixels: Pixels) -> Pixels:
    """An image `(H, W, 3)` of which only coarse light and dark are left; small, so that nothing can be sharpened."""
    height, width = pixels.shape[:2]
    scale = BLURRED_SIDE / min(height, width)
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    coarse = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(coarse, (small[0] * 8, small[1] * 8), interpolation=cv2.INTER_LINEAR), np.uint8)


def hatched(overlay: Pixels, values: Map) -> Pixels:
    """Colours `(h, w, 4)` with white lines where values `(h, w)` are below 0: without colour both signs are dark."""
    rows, columns = np.indices(values.shape)
    lines = ((rows + columns) % HATCHED == 0) & (values < 0)
    return np.where(lines[..., None], np.uint8(255), overlay)


def grey(pixels: Pixels) -> Pixels:
    """An image `(H, W, 3)` without its colours."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def reduced(pixels: Pixels, side: int) -> Pixels:
    """The image with a long side of at most `side` pixels."""
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return pixels
    small = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(pixels, small, interpolation=cv2.INTER_AREA), np.uint8)


def spread(maps: Sequence[Map], *, signed: bool) -> tuple[float, float]:
    """The range in which maps are coloured: without the most extreme pixels, about 0 for signed ones."""
    finite = [values for m in maps if (values := m[np.isfinite(m)]).size]
    if not finite:
        return 0.0, 1.0
    ends = np.array([np.quantile(v.astype(np.float64), [1 - RANGE_QUANTILE, RANGE_QUANTILE]) for v in finite])
    if signed:  # typical rather than largest ends: maps of either sign are to be seen, and what is beyond is saturated
        high = float(np.quantile(np.abs(ends).max(axis=1), 0.25))
        return (-high, high) if high > 0 else (-1.0, 1.0)
    low, high = min(0.0, float(np.median(ends[:, 0]))), float(np.quantile(ends[:, 1], 0.9))
    return (low, high) if high > low else (low, low + 1.0)
