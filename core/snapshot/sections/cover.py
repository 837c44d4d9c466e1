"""The first page: the finding in plain words, three numbers, one picture, and where to sign."""

import math
from collections.abc import Iterator
from pathlib import Path

from core.errors import DataError
from core.snapshot import words
from core.snapshot.blocks import Block, Callout, Facts, Numbers, Picture, PictureRow, Signature, Text, Title
from core.snapshot.content import Content
from core.snapshot.record import Record
from core.snapshot.sections.curves import roc_row

LARGEST_LOGO = 8 << 20


def cover(content: Content, record: Record) -> list[Block]:
    """The first page."""
    heading = content.choices.heading
    under = " · ".join(filter(None, (heading.organisation, words.moment(content.created))))
    blocks: list[Block] = [
        Title(content.title, under, _logo(heading.logo)),
        Numbers(words.headline(content)),
        Facts(tuple(_answers(content)), large=True),
        Callout("What this does not prove", words.DOES_NOT_PROVE),
        *_picture(content),
    ]
    if heading.notes:
        blocks.append(Text(content.names.written(heading.notes)))
    facts = (("Case", heading.case), ("Examiner", heading.examiner), ("SHA-256 of audit.json", record.sha256))
    return [
        *blocks,
        Facts(tuple(fact for fact in facts if fact[1])),
        Signature(("Place and date", "Name", "Signature")),
    ]


def _answers(content: Content) -> Iterator[tuple[str, str]]:
    """The finding in plain words."""
    yield "Asked", words.asked(content)
    yield "Found", words.found(content)
    if sure := words.sure(content):
        yield "How sure", sure


def _picture(content: Content) -> list[Block]:
    """The highest-scoring image with its map, where one was kept; without image pages the ROC curve."""
    if not content.pages:
        return roc_row(content, content.chains[:1])
    pictures, chain = content.pictures, content.released
    scores = content.scores(chain.id, everything=True)
    image = max(content.pages, key=lambda page: scores.get(page, -math.inf))
    ends = pictures.map_range(content.pages, content.chains)
    size, name = pictures.size(image), content.names.of(image)
    shown = [Picture(name, size, lambda: pictures.photograph(image))]
    if pictures.map(image, chain.id) is not None:
        caption = "What moved its score: rust towards member, hatched away" if pictures.signed else "Its map"
        load = lambda: pictures.map_picture(pictures.map(image, chain.id), image, ends)  # noqa: E731
        shown.append(Picture(caption, size, load))
    return [PictureRow(tuple(shown), columns=3)]


def _logo(path: str) -> bytes:
    """The bytes of the logo. Raises `DataError` where it cannot be read."""
    if not path:
        return b""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}).", "Choose another logo, or none.") from error
    if len(data) > LARGEST_LOGO:
        raise DataError(f"{path}: is too large for a logo.", "Choose a picture of less than 8 MB.")
    return data
