"""What the engine finds out about a draft: its image sets, its model, its attack networks, and the data check."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from core.attacks.shipped import shipped_networks
from core.audit.spec import ReferenceEntry
from core.engine import events
from core.engine.jobs import (
    CheckedReference,
    CheckedTarget,
    CheckImages,
    CheckReferences,
    CheckTarget,
    FoundSet,
    ImagesAsked,
    LookAtImages,
    ReadCard,
    ReadCards,
    WeightsAlone,
)
from gui.engine import EngineClient
from gui.wizard.asking import Asking
from gui.wizard.composer import Composer
from gui.wizard.draft import Draft

PAUSE = 250
"""Milliseconds after the last edit: then the engine is asked."""
MOST_UNASKED = 600
"""So many images are checked without being asked; reading more takes minutes."""


@dataclass(frozen=True)
class Known:
    """What is known of a draft by now.

    Attributes
    ----------
    sets
        What each image set is; empty until it is known.
    target
        What the model is; None until it is known, and where it cannot be opened.
    failure
        Why the model cannot be opened.
    weights
        What could belong to weights that come alone.
    cards
        Of attack networks, by name.
    references
        What each reference model is, by its entry in the spec; empty until it is known.
    report
        The data check's `DataReport.to_dict()`; empty until it is known.
    """

    sets: tuple[FoundSet, ...] = ()
    target: CheckedTarget | None = None
    failure: events.JobFailed | None = None
    weights: WeightsAlone | None = None
    cards: Mapping[str, ReadCard] = field(default_factory=dict)
    references: tuple[tuple[ReferenceEntry, CheckedReference], ...] = ()
    report: Mapping[str, Any] = field(default_factory=dict)

    def reference(self, entry: ReferenceEntry) -> CheckedReference | None:
        """What a reference model of the spec is; None until it is known."""
        return next((found for known, found in self.references if known == entry), None)

    @property
    def images(self) -> int:
        """How many images there are, in all sets."""
        return sum(found.images for found in self.sets)


class Looking(QObject):
    """Asks the engine what it must know, and again when the draft says something else.

    Parameters
    ----------
    composer
        The draft.
    engine
        What answers.
    device
        Gives the device to compute on.

    Attributes
    ----------
    known
        What is known by now.
    check
        The data check that runs, or not.
    """

    changed = Signal(object)
    """The new `Known`."""
    checking = Signal(object)
    """`events.JobProgress` of the data check."""
    check_failed = Signal(object)
    """`events.JobFailed` of the data check."""

    def __init__(
        self, composer: Composer, engine: EngineClient, device: Callable[[], str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._composer, self._device = composer, device
        self.known = Known()
        self._asked: dict[str, object] = {}
        self._checked: tuple[object, ...] = ()
        self._looked_at: tuple[ReferenceEntry, ...] = ()
        self._sets, self._target, self._cards, self._references, self.check = (Asking(engine, self) for _ in range(5))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self.look)
        self._connect()

    def _connect(self) -> None:
        self._composer.changed.connect(lambda _: self._timer.start())
        self._sets.done.connect(self._sets_found)
        self._sets.failed.connect(self._sets_failed)
        self._target.done.connect(lambda found: self._learn(target=found, failure=None, weights=None))
        self._target.sent.connect(lambda weights: self._learn(weights=weights))
        self._target.failed.connect(lambda event: self._learn(target=None, failure=event))
        self._cards.done.connect(lambda cards: self._learn(cards=cards))
        self._references.done.connect(self._references_found)
        self._references.failed.connect(lambda event: self._references_found(repeat(_failed_reference(event))))
        self.check.done.connect(lambda report: self._learn(report=report))
        self.check.progressed.connect(self.checking)
        self.check.failed.connect(self.check_failed)

    @property
    def busy(self) -> bool:
        """Whether images or model are still being looked at."""
        return self._timer.isActive() or any(a.busy for a in (self._sets, self._target, self._references))

    def look(self) -> None:
        """Ask about everything that is new in the draft."""
        self._look_at_images()
        self._look_at_target()
        self._look_at_references()
        networks = (*shipped_networks(), *_networks(self._composer.draft))
        self._ask("cards", self._cards, ReadCards(tuple(dict.fromkeys(networks)), self._composer.draft.spec.folder))

    def look_again(self) -> None:
        """Ask everything anew: files may have changed."""
        self._asked.clear()
        self.look()

    def check_images(self) -> None:
        """Read all images and compare them."""
        spec = self._composer.draft.spec
        self._checked = (self.images_asked, self.known.sets)
        self.check.ask(CheckImages(self.images_asked, spec.run.pixel_limit, device=self._device()))

    def stop_check(self) -> None:
        """Let the images be; they can be checked later."""
        self.check.forget()
        self.changed.emit(self.known)

    def rest(self) -> None:
        """Ask no more while the page is not in view; the data check, which may take minutes, goes on."""
        self._timer.stop()
        for asking in (self._sets, self._target, self._cards, self._references):
            asking.forget()
        self._asked.clear()

    def stop(self) -> None:
        """Ask no more, and take back what was asked."""
        self.rest()
        self.check.forget()

    # ------------------------------------------------------------ what is asked

    @property
    def images_asked(self) -> ImagesAsked:
        """The draft's image sets, as the engine is asked about them."""
        spec = self._composer.draft.spec
        target_scheme = None if self.known.target is None else self.known.target.scheme
        return ImagesAsked(spec.images, spec.scheme, spec.folder, spec.target.options.scheme or target_scheme)

    def _ask(self, about: str, asking: Asking, job: LookAtImages | CheckTarget | CheckReferences | ReadCards) -> bool:
        """Put a question, unless it was the last one; says whether it was put."""
        if self._asked.get(about) == job:
            return False
        self._asked[about] = job
        asking.ask(job)
        return True

    def _look_at_images(self) -> None:
        asked = self.images_asked
        if not asked.entries:
            self._asked.pop("sets", None)
            self._sets.forget()
            if self.known.sets:
                self._sets_found(())
        elif self._ask("sets", self._sets, LookAtImages(asked)) and asked not in self._checked:
            self._forget_check()

    def _forget_check(self) -> None:
        self.check.forget()
        self._checked = ()
        self._learn(report={})

    def _sets_found(self, sets: tuple[FoundSet, ...]) -> None:
        """Images that are the ones that are being checked, or were, are not read once more."""
        if (self.images_asked, sets) != self._checked:
            self._forget_check()
        self._learn(sets=sets)
        self._look_at_target()
        if self.check.busy or self.known.report:
            return
        if 0 < self.known.images <= MOST_UNASKED and not any(found.problem for found in sets):
            self.check_images()

    def _sets_failed(self, event: events.JobFailed) -> None:
        self._sets_found((_failed_set(event),) * len(self.images_asked.entries))

    def _look_at_target(self) -> None:
        draft = self._composer.draft
        if draft.target is None:
            self._asked.pop("target", None)
            self._target.forget()
            if self.known.target is not None or self.known.failure is not None:
                self._learn(target=None, failure=None, weights=None)
            return
        if self._ask("target", self._target, self._check(draft, draft.target)):
            before = self._asked.get("path")
            self._asked["path"] = draft.target
            if before != draft.target:
                self._learn(target=None, failure=None, weights=None)

    def _look_at_references(self) -> None:
        spec = self._composer.draft.spec
        if spec.references:
            job = CheckReferences(spec.with_paths(lambda path: str(spec.resolve(path))).references)
            if self._ask("references", self._references, job):
                self._looked_at = spec.references
            return
        self._asked.pop("references", None)
        self._references.forget()
        if self.known.references:
            self._learn(references=())

    def _references_found(self, found: Iterable[CheckedReference]) -> None:
        self._learn(references=tuple(zip(self._looked_at, found, strict=False)))

    def _check(self, draft: Draft, path: Path) -> CheckTarget:
        target, seen = draft.spec.target, first_image(self.known.sets)
        trusted = frozenset({target.trust} if target.trust else ())
        job = CheckTarget(path, target.options, target.preprocessing, device=self._device(), trusted=trusted)
        if seen is None or seen.first is None:
            return job
        image, label = seen.first
        return replace(job, image=image, label=label, scheme=seen.scheme, encoding=seen.encoding)

    def _learn(self, **news: Any) -> None:
        scheme = None if self.known.target is None else self.known.target.scheme
        self.known = replace(self.known, **news)
        self.changed.emit(self.known)
        if self.known.target is not None and self.known.target.scheme != scheme:
            self._look_at_images()  # the model says which classes the label maps have


def first_image(sets: tuple[FoundSet, ...]) -> FoundSet | None:
    """The set whose first image the model is tried on: one with label maps, where there is one."""
    usable = [found for found in sets if found.first is not None]
    return next((found for found in usable if found.labelled), usable[0] if usable else None)


def _networks(draft: Draft) -> list[str]:
    return [name for entry in draft.spec.attacks if (name := getattr(entry.attack, "network", None))]


def _failed_reference(event: events.JobFailed) -> CheckedReference:
    return CheckedReference(event.message, event.remedy)


def _failed_set(event: events.JobFailed) -> FoundSet:
    return FoundSet(problem=event.message, remedy=event.remedy)
