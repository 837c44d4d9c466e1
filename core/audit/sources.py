"""What the audit queries: the target itself, the target with dropout, or a hardened target.

Each also about changed images, where an attack asks for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core import __version__
from core.attacks.label_only.probes import Probe
from core.attacks.views import View
from core.audit.spec import AuditSpec
from core.defenses.chain import Chain
from core.defenses.dropout import Dropout
from core.defenses.hardened import Hardened
from core.errors import SpecError
from core.randomness import key_for
from core.targets.options import TargetOptions
from core.versions import library_versions

if TYPE_CHECKING:
    from core.targets.base import Output, Target


Change = Probe | View
"""What is done to an image before a model sees it."""

ASSUMED = "Nothing says how images are prepared"
"""What a target notes whose file does not say its pre-processing."""


@dataclass(frozen=True)
class Source:
    """One way to query a model, with the defense chains that are applied to its outputs.

    Attributes
    ----------
    id
        Tells the sources of an audit apart.
    target
        The opened model.
    chains
        The defenses judged on this source's outputs.
    dropout
        The query-time defense, if this is one.
    seed
        The audit's seed, for dropout's masks.
    change
        What is done to each image before the model sees it, if anything.
    """

    id: str
    target: "Target"
    chains: tuple[Chain, ...]
    dropout: Dropout | None = None
    seed: int = 0
    change: Change | None = None

    @property
    def hardened(self) -> bool:
        """Whether the model is another one than the audited target."""
        return bool(self.chains) and isinstance(self.chains[0].source, Hardened)

    def outputs(self, images: Sequence[npt.NDArray[np.uint8]], hashes: Sequence[str]) -> list["Output"]:
        """Query the model with images; `hashes` key dropout's masks."""
        if self.change is not None:
            images = [self.change.changed(image) for image in images]
            hashes = [changed_key(sha, self.change) for sha in hashes]
        if self.dropout is None:
            return self.target.outputs(images)
        from core.targets.dropout import with_dropout

        keys = [key_for(self.seed, sha, "dropout") for sha in hashes]
        return with_dropout(self.target, self.dropout).outputs_for(images, keys)

    @cached_property
    def cache_parts(self) -> tuple[str, ...]:
        """What the outputs depend on, besides the image and its batch."""
        info, device = self.target.info, self.target.device.partition(":")[0]
        said = getattr(self.target, "options", None)
        seed = self.seed if self.dropout else None
        parts = (info.sha256, info.format, self.target.preprocessing, said, self.dropout, seed, device, __version__)
        changed = () if self.change is None else (self.change.id,)
        return (*map(str, parts), *map(str, library_versions().items()), *changed)

    def about(self, change: Change) -> "Source":
        """The same way to query, about changed images, with no chain."""
        return Source(f"{self.id}/{change.id}", self.target, (), self.dropout, self.seed, change)


def changed_key(image_sha256: str, change: Change) -> str:
    """Keys the random draws for a changed image: it is another query, with draws of its own."""
    return f"{image_sha256}/{change.id}"


def open_sources(spec: AuditSpec, target: "Target", trusted: frozenset[str]) -> tuple[Source, ...]:
    """Open what the spec's defenses need, one source per model and query-time setting.

    Raises `TargetError` for a hardened checkpoint that cannot be opened, or dropout on a format that has none.
    """
    by_id: dict[str, list[Chain]] = {}
    for chain in spec.defenses:
        by_id.setdefault("target" if chain.source is None else Chain((chain.source,)).id, []).append(chain)
    return tuple(_open(spec, target, name, tuple(chains), trusted) for name, chains in by_id.items())


def _open(spec: AuditSpec, target: "Target", name: str, chains: tuple[Chain, ...], trusted: frozenset[str]) -> Source:
    source = chains[0].source
    if source is None:
        return Source(name, target, chains)
    if isinstance(source, Dropout):
        from core.targets.dropout import with_dropout

        with_dropout(target, source)  # says why where the format or the architecture cannot, before any work is done
        return Source(name, target, chains, source, spec.seed)
    if isinstance(source, Hardened):
        hardened = _open_hardened(spec, source, target.device, trusted)
        counts = {t.info.classes for t in (hardened, target)} - {0}  # 0: not known until it has run
        if len(counts) > 1:
            raise SpecError(
                f"{source.path}: has {hardened.info.classes} classes, the target {target.info.classes}.",
                "A hardened target must give the same classes.",
            )
        return Source(name, hardened, chains)
    raise SpecError(f"The defense '{source.name}' cannot begin a chain.", "Only dropout and hardened can.")


def _open_hardened(spec: AuditSpec, source: Hardened, device: str, trusted: frozenset[str]) -> "Target":
    """Open a hardened target. What its own file and the defense do not say is as for the target."""
    from core.targets.open import open_target

    own = {k: v for k, v in source.to_mapping().items() if k in {"format", "architecture", "encoder"} and v}
    options = TargetOptions.from_mapping(own) if own else replace(spec.target.options, format="auto")
    path = spec.resolve(source.path)
    hardened = open_target(path, options, None, device, trusted)
    if spec.target.preprocessing is None or not any(ASSUMED in note for note in hardened.info.notes):
        return hardened
    return open_target(path, options, spec.target.preprocessing, device, trusted)
