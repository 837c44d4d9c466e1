"""The draft that the page is about: every part of the page changes it here and hears of every change."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from core.audit.spec import ImagesEntry, TargetEntry
from core.data.samples import Role
from gui.wizard.draft import Draft


class Composer(QObject):
    """Holds the draft. Parts of a draft are values: an edit puts others in their place.

    Parameters
    ----------
    draft
        To begin with.
    """

    changed = Signal(object)
    """The new `Draft`."""

    def __init__(self, draft: Draft, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft = draft

    @property
    def draft(self) -> Draft:
        """What there is by now."""
        return self._draft

    @draft.setter
    def draft(self, draft: Draft) -> None:
        if draft != self._draft or draft.spec.folder != self._draft.spec.folder:
            self._draft = draft
            self.changed.emit(draft)

    def edit(self, **parts: Any) -> None:
        """Put other parts into the spec. Among other defenses the released output stays, where it is still there."""
        spec = self._draft.spec
        if "defenses" in parts and spec.defenses:
            ids = [chain.id for chain in parts["defenses"]]
            changed = len(ids) == len(spec.defenses)  # in its place, so that it is released as it is now
            kept = ids.index(spec.release.id) if spec.release.id in ids else spec.released if changed else 0
            parts = {"released": kept} | parts
        self.draft = replace(self._draft, spec=replace(spec, **parts))

    def edit_target(self, **parts: Any) -> None:
        """Put other parts into the spec's target."""
        self.edit(target=replace(self._draft.spec.target, **parts))

    def choose_target(self, path: Path) -> None:
        """Take another model file; what was said of the one before does not hold for it."""
        spec, before = self._draft.spec, self._draft.target
        named = not spec.name or (before is not None and spec.name == before.stem)
        self.edit(target=TargetEntry(str(path.absolute())), name=path.stem if named else spec.name)

    def add_images(self, role: Role, paths: list[Path]) -> None:
        """Add folders, lists or images to a role; what is there already stays once."""
        spec = self._draft.spec
        known = {(entry.role, spec.resolve(entry.path)) for entry in spec.images}
        new = dict.fromkeys(path.absolute() for path in paths if (role, path.absolute()) not in known)
        self.edit(images=(*spec.images, *(ImagesEntry(role, str(path)) for path in new)))

    def replace_images(self, place: int, *entries: ImagesEntry) -> None:
        """Put other image sets in the place of one; none: take it away."""
        images = self._draft.spec.images
        self.edit(images=(*images[:place], *entries, *images[place + 1 :]))

    # ------------------------------------------------------------ the protocol

    def make_primary(self, attack: str) -> None:
        """Name the attack, by its id, that gives verdicts."""
        attacks = self._draft.spec.attacks
        self.edit(attacks=tuple(replace(other, primary=other.id == attack) for other in attacks))

    def hide_labels(self, *, hidden: bool) -> None:
        """Hide the label maps from the primary attack, or show them to it."""
        spec = self._draft.spec
        primary = replace(spec.primary, hidden=hidden)
        self.edit(attacks=tuple(primary if other.id == primary.id else other for other in spec.attacks))

    def mark_calibration(self, place: int, *, on: bool) -> None:
        """Let a set of non-members calibrate the verdicts and serve nothing else, or no longer."""
        self.replace_images(place, replace(self._draft.spec.images[place], calibration=on))
