"""Everything a snapshot says, read from an audit folder. Knows nothing of pages or Qt."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.attacks.base import Attack
from core.audit import decisions, review
from core.audit.asked_alike import TAUGHT_IN_BLOCKS
from core.audit.map_power import asked_of
from core.audit.review import ReviewEntry
from core.audit.runner import open_audit
from core.audit.spec import AuditSpec
from core.audit.store import AuditStore, ImageRow
from core.audit.summary import summarise
from core.data.samples import Role
from core.defenses.chain import Chain
from core.errors import SpecError
from core.metrics.membership import MembershipMetrics, membership_metrics
from core.progress import Progress
from core.snapshot import left_out
from core.snapshot.choices import SnapshotChoices
from core.snapshot.pictures import Pictures
from core.snapshot.redaction import Names, Redacted, key_of
from core.versions import now

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """A picture of the window as it is: a caption and pixels `(H, W, 3)` uint8."""

    caption: str
    pixels: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Suspect:
    """The verdict on one suspect, as the summary has it: see `core.audit.verdicts.Verdict`."""

    image: int
    score: float | None
    higher: int | None
    calibration: int
    p: float | None
    q: float | None
    kind: str
    sentence: str


class Content:
    """What the sections read. Made by `opened`.

    Attributes
    ----------
    choices, folder, store, spec, created
        What was asked, the audit, and when the snapshot was made (ISO 8601 with zone).
    summary, facts, rows, entries
        The audit's numbers without excluded images, what the run recorded, all images, the review log.
    names
        What images are called, and what may be printed of a text.
    pictures
        Their arrays.
    views
        Pictures of the window as it is; left out where images or names are, as these may be in them.
    """

    def __init__(
        self, store: AuditStore, spec: AuditSpec, choices: SnapshotChoices, views: Sequence[View] = ()
    ) -> None:
        self.choices, self.folder, self.store, self.spec = choices, store.folder, store, spec
        self.views = tuple(views) if choices.privacy.pictures == "show" and not choices.privacy.redact else ()
        self.created = now()
        self._scores: dict[str, dict[int, float]] = {}
        self.rows = {row.id: row for row in store.images()}
        entries = review.read(store.folder)
        self.names = _names(store, spec, choices, tuple(self.rows.values()), entries)
        self.entries = self.names.decisions(entries)
        self.facts = left_out.facts(self.names, store.facts())
        self.summary = left_out.summary(self.names, summarise(store, spec))
        self.pictures = Pictures(store, spec, tuple(self.rows.values()), choices.privacy.pictures)

    # ------------------------------------------------------------ what was asked

    @property
    def title(self) -> str:
        """The title of the first page."""
        kind = "Membership audit"
        return self.choices.heading.caption or (kind if self.names.redacted else f"{kind}: {self.spec.name}")

    @cached_property
    def chains(self) -> tuple[Chain, ...]:
        """The defenses that are printed. Raises `SpecError` for one that the audit does not have."""
        wanted = self.choices.contents.defenses
        known = {chain.id: chain for chain in self.spec.defenses}
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise SpecError(f"The audit has no defense '{unknown[0]}'.", f"Choose from: {', '.join(known)}.")
        return tuple(known[name] for name in wanted) if wanted else self.spec.defenses

    @property
    def released(self) -> Chain:
        """The output that verdicts and image pages are about, named before anything was scored."""
        return self.spec.release

    @cached_property
    def excluded(self) -> set[int]:
        """Ids of the excluded images."""
        return review.excluded(self.entries)

    def of_role(self, role: Role) -> list[ImageRow]:
        """The images of one role that count."""
        return [row for row in self.rows.values() if row.role is role and row.id not in self.excluded]

    def role_of(self, image: int) -> Role:
        """The role of an image."""
        return self.rows[image].role

    # ------------------------------------------------------------ numbers

    def result(self, chain: str, attack: str = "") -> Mapping[str, Any]:
        """The summary's entry of one defense and attack; the primary one unless named."""
        wanted = chain, attack or self.spec.primary.id
        found: Mapping[str, Any] = next(r for r in self.summary["results"] if (r["defense"], r["attack"]) == wanted)
        return found

    def scores(self, chain: str, *, everything: bool = False) -> dict[int, float]:
        """Image scores of the primary attack by image id; excluded images are left out unless `everything` is asked."""
        if chain not in self._scores:
            stored = self.store.scores(chain, self.spec.primary.id)
            self._scores[chain] = {s.image: s.score for s in stored if s.score is not None}
        out = set() if everything else self.excluded
        return {image: score for image, score in self._scores[chain].items() if image not in out}

    def side(self, chain: str, role: Role, *, everything: bool = False) -> tuple[FloatArray, list[str | None]]:
        """Scores and groups of the images of one role."""
        scores = self.scores(chain, everything=everything)
        rows = [row for row in self.rows.values() if row.role is role and row.id in scores]
        return np.array([scores[row.id] for row in rows], np.float64), [row.group for row in rows]

    @cached_property
    def with_excluded(self) -> MembershipMetrics | None:
        """The headline numbers as they would be without exclusions; None where there are none."""
        if not self.excluded:
            return None
        (inside, in_groups), (outside, out_groups) = (
            self.side(self.released.id, role, everything=True) for role in (Role.MEMBER, Role.NON_MEMBER)
        )
        run = self.spec.run
        return membership_metrics(
            inside, outside, in_groups, out_groups, resamples=run.resamples, seed=self.spec.seed, level=run.level
        )

    # ------------------------------------------------------------ suspects

    @property
    def verdicts(self) -> Mapping[str, Any]:
        """The verdicts as the summary has them: see `core.audit.verdicts`."""
        found: Mapping[str, Any] = self.summary["verdicts"]
        return found

    @cached_property
    def suspects(self) -> tuple[Suspect, ...]:
        """All suspects, the highest score first."""
        names = [field.name for field in fields(Suspect)]
        found = [Suspect(**{name: told[name] for name in names}) for told in self.verdicts["verdicts"]]
        return tuple(sorted(found, key=lambda s: (s.score is None, -(s.score or 0.0), s.image)))

    @cached_property
    def pages(self) -> tuple[int, ...]:
        """Images with a page of their own: picked ones, flagged ones, then the highest-scoring ones."""
        asked = self.choices.contents
        unknown = [image for image in asked.picked if image not in self.rows]
        if unknown:
            raise SpecError(f"The audit has no image {unknown[0]}.", "Give numbers as in the scores' table.")
        flagged = sorted(decisions.flagged(self.entries)) if asked.flagged else []
        wanted = [*asked.picked, *flagged, *self._highest(asked.top)]
        return tuple(dict.fromkeys(image for image in wanted if self.rows[image].state == "done"))

    def _highest(self, count: int) -> list[int]:
        """The highest-scoring suspects; without suspects the highest-scoring members."""
        if any(row.role is Role.SUSPECT for row in self.rows.values()):
            return [s.image for s in self.suspects if s.score is not None][:count]
        scores = self.scores(self.released.id)
        members = [row.id for row in self.of_role(Role.MEMBER) if row.id in scores]
        return sorted(members, key=lambda image: -scores[image])[:count]

    @property
    def to_predict(self) -> tuple[int, ...]:
        """Images of which the target's prediction is printed."""
        asked = self.choices.contents.predictions and "images" in self.choices.sections
        return self.pages if asked else ()

    def asked(self, attack: Attack) -> str:
        """Which references an attack asks, as `core.audit.map_power.asked_of` has it."""
        return asked_of(attack, bool(self.facts.get(TAUGHT_IN_BLOCKS)))

    def title_of(self, chain: Chain) -> str:
        """What a defense is called inside a sentence."""
        return "no defense" if not chain.defenses else self.names.words(chain)

    def name_of(self, chain: Chain) -> str:
        """What a defense is called in tables and figures."""
        return self.names.words(chain)


def _names(
    store: AuditStore,
    spec: AuditSpec,
    choices: SnapshotChoices,
    rows: Sequence[ImageRow],
    entries: Sequence[ReviewEntry],
) -> Names:
    if not choices.privacy.redact:
        return Names(rows, spec)
    facts = [store.fact("target", {}).get("file", ""), str(Path.home()), choices.heading.logo]
    networks = [network.get("file", "") for network in store.fact("attack_networks", {}).values()]
    return Redacted(rows, spec, key_of(store.folder), [*facts, *networks], entries)


@contextmanager
def opened(
    folder: Path, choices: SnapshotChoices, progress: Progress | None = None, views: Sequence[View] = ()
) -> Iterator[Content]:
    """The content of an audit's snapshot; its files are open inside the block.

    Raises `StoreError` where the folder is no audit, `SpecError` for choices that do not fit it.
    """
    (progress or Progress()).check()
    store, spec = open_audit(folder)
    with store:
        yield Content(store, spec, choices, views)
