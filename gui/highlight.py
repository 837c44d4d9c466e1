"""Some pixels of the images that are to be made out among the others. Knows nothing of Qt."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Highlight:
    """A part of the images, or one object of one image.

    Attributes
    ----------
    kind, number
        How label maps are cut, and which part of that; see `core.metrics.slices.CUTS`.
    title
        What it is called on screen.
    image
        The only image that has it; None where all may have it.
    """

    kind: str
    number: int
    title: str
    image: int | None = None
