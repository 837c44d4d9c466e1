"""Asking every source for a batch: from the cache where possible, image by image where a batch fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.audit.analyse import needs_output, undefended
from core.audit.cache import CacheEntry, PosteriorCache, cache_key
from core.audit.memory import ShrinkingBatch, is_out_of_memory
from core.audit.plan import LabelReading, check_classes
from core.audit.reading import Loaded
from core.audit.sources import Source
from core.audit.store import ImageRow
from core.data.images import read_image
from core.errors import DataError, TargetError

if TYPE_CHECKING:
    from core.targets.base import Output, Target

TOO_LARGE = "{name}: memory ran out on this image alone. Set 'tile' in the pre-processing, or use a larger machine."


@dataclass(frozen=True)
class Queried:
    """What one source gave for a batch.

    Attributes
    ----------
    source
        What was asked.
    outputs, entries
        For each image, an output where the target was run, a cache entry where it was not needed.
    keys
        For each image, its key in the cache.
    sizes
        For each image, how many went through the target together with it.
    """

    source: Source
    outputs: "Sequence[Output | None]"
    entries: Sequence[CacheEntry | None]
    keys: Sequence[str]
    sizes: Sequence[int]

    def all_entries(self, images: Sequence[Loaded]) -> list[CacheEntry]:
        """An entry for each image, from the cache or from the output."""
        entries = []
        for image, output, cached in zip(images, self.outputs, self.entries, strict=True):
            if cached is not None:
                entries.append(cached)
            elif output is not None:
                entries.append(undefended(self.source, image, output))
        return entries

    def at(self, place: int) -> "Queried":
        """What it gave for one of the images."""
        only = slice(place, place + 1)
        parts = self.outputs[only], self.entries[only], self.keys[only], self.sizes[only]
        return Queried(self.source, *parts)

    def on_cpu(self) -> "Queried":
        """The same with its outputs in main memory."""
        return replace(self, outputs=[o and replace(o, values=o.values.cpu()) for o in self.outputs])


@dataclass(frozen=True)
class Querier:
    """Asks the sources; see `query`.

    Attributes
    ----------
    sources
        In the order of the spec's defenses.
    reading
        How the label maps of each [[images]] table are read: the cache keeps label maps too.
    shrinking
        How many images go through a target together.
    cache
        Where posteriors are kept, or None.
    """

    sources: Sequence[Source]
    reading: Sequence[LabelReading]
    shrinking: ShrinkingBatch
    cache: PosteriorCache | None

    def query(self, images: Sequence[Loaded]) -> tuple[list[Queried], Mapping[int, str]]:
        """What each source gave; or, by place in the batch, why a source cannot take some of the images."""
        queried = []
        for source in self.sources:
            found = self._cached(source, images)
            if found is None:
                outputs, sizes, failed = self._outputs(source, images)
                if failed:
                    return [], failed
                keys = self._keys(source, images, sizes)
                found = Queried(source, outputs, [None] * len(images), keys, sizes)
            queried.append(found)
        return queried, {}

    def entries(self, source: Source, images: Sequence[Loaded]) -> tuple[list[CacheEntry], Mapping[int, str]]:
        """What one more source gave, kept in the cache at once; its outputs, large as they are, are let go."""
        queried, failed = replace(self, sources=(source,)).query(images)
        if failed:
            return [], failed
        (one,) = queried
        try:
            entries = one.all_entries(images)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            entries = one.on_cpu().all_entries(images)
        for key, old, entry in zip(one.keys, one.entries, entries, strict=True):
            if old is None and self.cache is not None:
                self.cache.put(key, entry)
        return entries, {}

    def _cached(self, source: Source, images: Sequence[Loaded]) -> Queried | None:
        """All from the cache, or None: a batch goes through the target as a whole or not at all."""
        if self.cache is None or needs_output(source):
            return None
        sizes = self.shrinking.sizes(len(images))
        keys = self._keys(source, images, sizes)
        entries = []
        for key in keys:
            entry = self.cache.get(key)
            if entry is None:
                return None
            entries.append(entry)
        return Queried(source, [None] * len(images), entries, keys, sizes)

    def _keys(self, source: Source, images: Sequence[Loaded], sizes: Sequence[int]) -> list[str]:
        return [self._key(source, image, size) for image, size in zip(images, sizes, strict=True)]

    def _key(self, source: Source, image: Loaded, size: int) -> str:
        # The number of images that went together moves a posterior by 1e-5; which ones they were does not.
        how = self.reading[image.row.entry] if image.label_sha256 else None
        parts = (image.sha256, image.label_sha256, how, image.size, size)
        return cache_key(*source.cache_parts, *map(str, parts))

    def _outputs(
        self, source: Source, images: Sequence[Loaded]
    ) -> "tuple[Sequence[Output | None], list[int], Mapping[int, str]]":
        def ask(part: Sequence[Loaded]) -> "list[Output]":
            outputs = source.outputs([p.image for p in part], [p.sha256 for p in part])
            for image, output in zip(part, outputs, strict=True):
                check_classes(self.reading[image.row.entry], output.classes, source.target.info.path.name)
            return outputs

        try:
            outputs, sizes = self.shrinking.run(ask, images)
            return outputs, sizes, {}
        except (TargetError, RuntimeError, MemoryError) as error:
            reason = _reason(source, error)
        if len(images) == 1:
            return [], [], {0: reason}
        failed: dict[int, str] = {}
        for place, image in enumerate(images):
            try:
                ask([image])
            except (TargetError, RuntimeError, MemoryError) as error:
                failed[place] = _reason(source, error)
        if not failed:
            raise TargetError("The target fails on a batch and on none of its images.", "Set 'batch = 1' in [run].")
        return [], [], failed


def _reason(source: Source, error: Exception) -> str:
    """Why a source cannot take an image. What is neither the model's fault nor a lack of memory is raised again."""
    if is_out_of_memory(error):
        return TOO_LARGE.format(name=source.target.info.path.name)
    if isinstance(error, TargetError):
        return str(error)
    raise error


TRIED = 3
"""Images on which an unknown number of classes is looked for."""


def count_classes(target: "Target", rows: Sequence[ImageRow], pixel_limit: int) -> int:
    """The number of classes of a target that does not say it, from what it gives for an image; 0 without images.

    Raises `TargetError` where it can take none of the first images: better now than for each of thousands.
    """
    reason: TargetError | None = None
    for row in [row for row in rows if row.size is not None][:TRIED]:
        try:
            return target.outputs([read_image(Path(row.path), pixel_limit)])[0].classes
        except TargetError as error:
            reason = error
        except DataError:
            continue
    if reason is not None:
        raise reason
    return 0
