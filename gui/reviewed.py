"""What people decided about an audit: the last word of its review log. Knows nothing of Qt."""

from pathlib import Path
from typing import Any

from core.audit import decisions, review


class Reviewed:
    """The decisions about an audit.

    Attributes
    ----------
    folder
        The audit folder.
    entries
        Its review log.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: tuple[review.ReviewEntry, ...] = tuple(review.read(folder))

    @property
    def excluded(self) -> frozenset[int]:
        """Ids of the images that people took out of the numbers."""
        return frozenset(review.excluded(self.entries))

    @property
    def flagged(self) -> frozenset[int]:
        """Ids of the images that people marked to come back to."""
        return decisions.flagged(self.entries)

    @property
    def noted(self) -> frozenset[int]:
        """Ids of the images that have notes."""
        return frozenset(image for image in decisions.standing_notes(self.entries) if image is not None)

    def notes(self, image: int | None) -> tuple[review.ReviewEntry, ...]:
        """The notes on one image, or on the audit as a whole, that were not taken back."""
        return decisions.standing_notes(self.entries).get(image, ())

    def exclusion(self, image: int) -> review.ReviewEntry | None:
        """The decision that took an image out of the numbers; None where it counts."""
        if image not in self.excluded:
            return None
        return next(e for e in reversed(self.entries) if e.image == image and e.action == "exclude")

    def decide(self, action: str, image: int | None, why: str = "", value: Any = None) -> review.ReviewEntry:
        """Add a decision to the review log: see `core.audit.review.append`, whose `StoreError` it raises.

        In the window, `Selection.decide` does this and tells every view.
        """
        entry = review.append(self.folder, action, image=image, why=why, value=value)
        self.entries = (*self.entries, entry)
        return entry
