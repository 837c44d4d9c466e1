"""The suspects' table, and a page for each selected image."""

import numpy as np

from core.audit import colours, decisions
from core.data.samples import Role
from core.defenses.chain import Chain
from core.metrics.roc import flagged_at
from core.snapshot import words
from core.snapshot.blocks import (
    Bars,
    Block,
    Callout,
    ColourBar,
    Facts,
    FigureRow,
    Head,
    Outline,
    PageBreak,
    Picture,
    PictureRow,
    Raster,
    Table,
    Text,
)
from core.snapshot.content import Content, Suspect
from core.snapshot.prediction import LATER, Prediction
from core.snapshot.record import Record

MOST_BARS = 8
WIDE = 0.6
"""Height by width of an image up to which three maps side by side leave room for the rest of its page."""
BOTH_WAYS = "What moved the score: blue and hatched away from member, rust towards member"
ONE_WAY = "Value of the map"


def suspects(content: Content, record: Record) -> list[Block]:
    """Every suspect with score, rank among known non-members, verdict and thumbnail."""
    if not content.suspects:
        return []
    columns = ("", "Suspect", "Score", "Non-members as high", "p", "q", "Verdict")
    table = Table(
        columns,
        tuple(_suspect_row(content, suspect) for suspect in content.suspects),
        (1.9, 2.8, 1.0, 1.7, 0.9, 0.9, 2.3),
        ("left", "left", "right", "right", "right", "right", "left"),
    )
    told = [Text(sentence, "small") for sentence in content.verdicts["sentences"]]
    doubts = [Callout("Doubt", doubt["told"]) for doubt in content.verdicts["doubts"]]
    return [Text(_about(content), "small"), *told, *doubts, table]


def _about(content: Content) -> str:
    verdicts = content.verdicts
    attack, chain = content.spec.primary.words, content.title_of(content.released)
    release = f"Scores of “{attack}” under {chain}; higher = more likely a member."
    needs = f" {verdicts['needs']}." if verdicts["needs"] else ""
    at = f" at a false discovery level of {words.share(verdicts['level'])}"
    return (
        f"{release} Verdicts{at}: p follows from the calibration non-members that score at least as high; q "
        f"allows for the number of suspects. No verdict says that an image was not trained on.{needs}"
    )


def _suspect_row(content: Content, suspect: Suspect) -> "tuple[str | Picture, ...]":
    image = suspect.image
    rank = f"{suspect.higher} of {suspect.calibration}" if suspect.higher is not None else "-"
    shown = Picture("", content.pictures.size(image), lambda: content.pictures.thumbnail(image))
    score, p, q = words.number(suspect.score), words.number(suspect.p), words.number(suspect.q)
    return shown, content.names.of(image), score, rank, p, q, suspect.kind


# ---------------------------------------------------------------- pages


def pages(content: Content, record: Record) -> list[Block]:
    """A page for each selected image."""
    if not content.pages:
        return _views(content)
    ends = content.pictures.map_range(content.pages, content.chains)
    loss_ends = content.pictures.loss_range(content.pages, content.released.id)
    blocks: list[Block] = [Text(_explained(content), "small")]
    for place, image in enumerate(content.pages):
        if place:
            blocks.append(PageBreak())
        blocks += _Page(content, image, ends, loss_ends).blocks()
    return [*blocks, *([PageBreak()] if content.views else []), *_views(content)]


def _views(content: Content) -> list[Block]:
    """The window as it was, with its zoom and layers."""
    made: list[Block] = []
    for view in content.views:
        size = (view.pixels.shape[0], view.pixels.shape[1])
        picture = Picture("As shown in the window", size, lambda view=view: Raster(view.pixels))  # type: ignore[misc]
        made += [Head(view.caption, 2), PictureRow((picture,), columns=1)]
    return made


def _explained(content: Content) -> str:
    pictures = content.pictures
    predicted = (
        f" The prediction is the most probable class under {content.title_of(content.released)} at each point of the "
        "attack grid (short side 128)."
    )
    return (
        f"All membership maps share one colour scale, over all pages and defenses. The {pictures.map_title} says which "
        "regions moved the image's score; it does not say which pixels were trained on. What was measured of it is "
        "among the limits. Compare it with the mean of known non-members: some regions are hard for every model."
    ) + (predicted if content.to_predict else "")


class _Page:
    """One image's page."""

    def __init__(self, content: Content, image: int, ends: tuple[float, float], loss_ends: tuple[float, float]) -> None:
        self._content, self._image, self._ends, self._loss_ends = content, image, ends, loss_ends
        self._row = content.rows[image]
        self._size = content.pictures.size(image)
        found = content.pictures.predictions.get(image, Prediction(reason=LATER))
        self._predicted = found if image in content.to_predict else None

    def blocks(self) -> list[Block]:
        """Heading, facts, pictures, maps, numbers, contributions, notes."""
        names = self._content.names
        name = names.of(self._image) if names.redacted else f"{names.of(self._image)} ({self._row.role})"
        return [
            Head(name, 2),
            Facts(tuple(self._facts())),
            PictureRow(tuple(self._plain()), columns=4),
            *self._maps(),
            self._scores(),
            *self._contributions(),
            *self._notes(),
        ]

    def _facts(self) -> "list[tuple[str, str]]":
        row, size = self._row, self._size
        sha256 = self._content.names.hash(row.sha256) or "-"
        facts = [
            ("Size", f"{size[1]} x {size[0]} pixels"),
            ("SHA-256" if not self._content.names.redacted else "Keyed hash", sha256),
        ]
        told = next((s for s in self._content.suspects if s.image == self._image), None)
        if told is not None:
            facts.append(("Verdict", told.sentence.replace(" = ", "\u00a0=\u00a0")))
        if self._predicted is not None:
            facts.append(("Prediction", self._of_prediction(self._predicted)))
        if self._image in self._content.excluded:
            facts.append(("Excluded", "by the examiner; this image is in no number"))
        return facts

    def _of_prediction(self, known: Prediction) -> str:
        """How well it fits the label map, or why there is none."""
        if known.reason:
            return known.reason if known.reason == LATER else f"none: {self._content.names.told(known.reason)}"
        agreement = self._content.pictures.agreement(self._image)
        if agreement is None or known.probability is None:
            return f"under {self._content.title_of(self._content.released)}"
        sure = words.number(known.probability, 2)
        return (
            f"the label's class at {words.share(agreement)} of the points; mean posterior of the label's class {sure}"
        )

    def _plain(self) -> "list[Picture]":
        content, image, pictures = self._content, self._image, self._content.pictures
        made = [Picture("Image", self._size, lambda: pictures.photograph(image), self._outlines(), _why(content))]
        if self._row.label_path is not None:
            made.append(Picture("Label map", self._size, lambda: pictures.label_picture(image)))
        if self._predicted is not None and self._predicted.reason in {"", LATER}:
            load = lambda: pictures.prediction_picture(image)  # noqa: E731
            made.append(Picture("Prediction, attack grid", self._size, load, note=LATER))
        if pictures.loss(image, content.released.id) is not None:
            low, high = self._loss_ends
            caption = f"Loss, {low:.2g} (dark) to {high:.2g} (bright)"
            made.append(
                Picture(caption, self._size, lambda: pictures.loss_picture(image, content.released.id, self._loss_ends))
            )
        return made

    def _outlines(self) -> "tuple[Outline, ...]":
        height, width = self._size
        regions = decisions.standing_regions(self._content.entries, self._image)
        return tuple(
            Outline(name, tuple((x / width, y / height) for x, y in points)) for name, points in regions.items()
        )

    def _maps(self) -> "list[Block]":
        content, pictures, image = self._content, self._content.pictures, self._image
        made = [picture for chain in content.chains if (picture := self._map(chain)) is not None]
        if not made:
            return [Text("No membership map of this image was kept.", "muted")]
        first = pictures.map(image, content.released.id)
        mean, of = (None, 0) if first is None else pictures.mean_map(content.released.id, first.shape)
        if mean is not None:
            shown = mean
            caption = f"Mean of {of} known non-members"
            made.append(Picture(caption, self._size, lambda: pictures.map_picture(shown, None, self._ends)))
        table = colours.diverging() if pictures.signed else colours.sequential()
        bar = ColourBar(BOTH_WAYS if pictures.signed else ONE_WAY, *self._ends, table)
        wide = self._size[0] <= WIDE * self._size[1]
        return [PictureRow(tuple(made), columns=3 if wide else 4), bar]

    def _map(self, chain: Chain) -> "Picture | None":
        pictures, image, ends = self._content.pictures, self._image, self._ends
        if pictures.map(image, chain.id) is None:
            return None
        caption = self._content.name_of(chain)
        load = lambda: pictures.map_picture(pictures.map(image, chain.id), image, ends)  # noqa: E731
        return Picture(caption, self._size, load, self._outlines())

    def _scores(self) -> Table:
        rows = []
        for chain in self._content.chains:
            score = self._content.scores(chain.id, everything=True).get(self._image)
            known, _ = self._content.side(chain.id, Role.NON_MEMBER)
            higher = "-" if score is None else f"{int(flagged_at(known, np.array([score]))[0])} of {known.size}"
            rows.append((self._content.name_of(chain), words.number(score), higher))
        head = ("Defense", "Image score", "Non-members at least as high")
        return Table(head, tuple(rows), (3.6, 1.0, 2.0), ("left", "right", "right"))

    def _contributions(self) -> "list[Block]":
        found = self._content.pictures.contributions(self._image, self._content.released.id)
        if not found:
            return []
        rest = sum(value for _, value in found[MOST_BARS:])
        rows = [*found[:MOST_BARS], (f"{len(found) - MOST_BARS} more", rest)] if len(found) > MOST_BARS else found
        summed = "evidence" in self._content.spec.primary.attack.maps
        what = "What each class adds to the image score" if summed else "Mean of the map by class"
        caption = f"{what}, {self._content.title_of(self._content.released)}"
        inks = tuple(self._content.pictures.colour_of(name) for name, _ in rows)
        return [
            FigureRow(
                (Bars(caption, tuple(rows), inks, signed=self._content.pictures.signed),), height=24 + 11 * len(rows)
            )
        ]

    def _notes(self) -> "list[Block]":
        entries = self._content.entries
        notes = decisions.standing_notes(entries).get(self._image, ())
        lines = [Text(f"Note of {note.who}, {words.moment(note.when)}: {note.why}", "small") for note in notes]
        regions = decisions.standing_regions(entries, self._image)
        if regions:
            lines.append(Text(f"Regions marked by the examiner: {', '.join(regions)}.", "small"))
        return list(lines)


def _why(content: Content) -> str:
    return {"show": "", "blur": "Blurred to protect those in it.", "omit": "Left out to protect those in it."}[
        content.pictures.treatment
    ]
