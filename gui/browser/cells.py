"""What the cells of the image list say. Knows nothing of Qt."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.audit import verdicts
from core.audit.review import ReviewEntry
from core.audit.store import ImageRow
from core.data.samples import Role
from gui import roles
from gui.browser.arrange import BoolArray, Marks, above
from gui.browser.table import Column, Kind, Table
from gui.columns import FloatArray
from gui.minus import plain, shown

NONE = "–"
"""Where there is no number."""

SHAPES = {
    verdicts.Kind.EVIDENCE: ("\N{BLACK UP-POINTING TRIANGLE}", "evidence"),
    verdicts.Kind.NO_EVIDENCE: ("\N{WHITE UP-POINTING TRIANGLE}", "no evidence"),
    verdicts.Kind.UNJUDGED: ("\N{MULTIPLICATION X}", "not judged"),
}
"""What tells verdicts apart without colours, and short words for where there is little room."""


@dataclass(frozen=True)
class Cells:
    """The texts of a table, with what people decided. Images are named by their place in the table's listing."""

    table: Table
    marks: Marks

    @cached_property
    def above(self) -> BoolArray:
        """Which images `(n,)` the operating point calls members."""
        return above(self.table, self.marks)

    def image(self, place: int) -> ImageRow:
        """The image."""
        return self.table.listing.rows[place]

    def text(self, column: Column, place: int) -> str:
        """What a cell shows."""
        if column.kind is Kind.NAME:
            return self.image(place).key
        if column.kind is Kind.ROLE:
            return roles.TITLES[Role(self.image(place).role)]
        if column.kind is Kind.STATE:
            return self.state(place)
        if column.kind is Kind.VERDICT:
            return self.verdict(place)
        value = float(self.table.numbers[column.id][place])
        return NONE if math.isnan(value) else shown(f"{value:z.{self._digits[column.id]}f}")

    @cached_property
    def _digits(self) -> dict[str, int]:
        """Digits behind the point by numeric column, so that they stand in line and still tell images apart."""
        return {name: _digits(values) for name, values in self.table.numbers.items()}

    @cached_property
    def first_score(self) -> Column | None:
        """The column that thresholds are about: the scores under the first defense shown."""
        return next((column for column in self.table.columns if column.kind is Kind.SCORE), None)

    def score(self, place: int) -> str:
        """The image score under the first defense shown; empty where there is none."""
        text = NONE if self.first_score is None else self.text(self.first_score, place)
        return "" if text == NONE else text

    def judged_member(self, column: Column, place: int) -> bool:
        """Whether a cell holds a score that the operating point calls a member."""
        return column == self.first_score and bool(self.above[place])

    def signs(self, place: int) -> tuple[str, ...]:
        """Names of the icons that stand on the picture of an image."""
        held = {
            "warning": self.image(place).state == "failed",
            "exclude": self.marks.excluded[place],
            "flag": self.marks.flagged[place],
            "note": self.marks.noted[place],
        }
        return tuple(name for name, holds in held.items() if holds)

    def state(self, place: int) -> str:
        """What is special about an image, the gravest first; empty for most images."""
        image = self.image(place)
        words = {"failed": f"Failed: {image.reason or 'no reason is known'}", "waiting": "Waiting"}
        said = {
            words.get(image.state, ""): image.state in words,
            "Excluded": self.marks.excluded[place],
            "Flagged": self.marks.flagged[place],
            "Noted": self.marks.noted[place],
        }
        return ", ".join(word for word, holds in said.items() if holds)

    def verdict(self, place: int) -> str:
        """The verdict on a suspect, with a shape of its own; empty for other images."""
        verdict = self.table.verdicts.get(self.image(place).id)
        return "" if verdict is None else f"{SHAPES[verdict.kind][0]} {verdict.kind}"

    def short_verdict(self, place: int) -> str:
        """The same in a word or two."""
        verdict = self.table.verdicts.get(self.image(place).id)
        return "" if verdict is None else " ".join(SHAPES[verdict.kind])

    def faint(self, place: int) -> bool:
        """Whether an image counts in no number: excluded, failed or not yet done."""
        return bool(self.marks.excluded[place]) or self.image(place).state != "done"

    def line(self, place: int) -> str:
        """All cells of an image, for a spreadsheet."""
        return plain("\t".join(self.text(column, place) for column in self.table.columns))

    def tool_tip(self, column: Column, place: int) -> str:
        """Everything about an image in a few lines; where a score is missing, why."""
        image = self.image(place)
        size = "size unknown" if image.size is None else f"{image.size[1]} × {image.size[0]} px"
        group = f", group {image.group}" if image.group else ""
        lines = [image.key, f"{roles.TITLES[Role(image.role)]}, {size}{group}", *self._decisions(image.id)]
        if image.state == "failed":
            lines.append(f"Failed: {image.reason}")
        elif column.kind in {Kind.SCORE, Kind.LOSS} and math.isnan(self.table.numbers[column.id][place]):
            lines.append(self._why_no_score(column, image))
        if verdict := self.table.verdicts.get(image.id):
            lines.append(verdict.sentence)
        return "\n".join(lines)

    def _decisions(self, image: int) -> list[str]:
        document = self.table.document
        exclusion = document.exclusion(image)
        lines = [] if exclusion is None else [f"Excluded by {_said(exclusion)}"]
        lines += ["Flagged"] if image in document.flagged else []
        return lines + [f"Note by {_said(note)}" for note in document.notes(image)]

    def _why_no_score(self, column: Column, image: ImageRow) -> str:
        document = self.table.document
        attack = document.loss_attack if column.kind is Kind.LOSS else self.table.attack
        reason = document.reason(image.id, column.chain or self.table.chain, attack or "")
        return f"No score: {reason}" if reason else "No score yet"


def _digits(values: FloatArray) -> int:
    """As many as show a thousandth of the spread of most values, 2 to 6."""
    finite = values[np.isfinite(values)]
    low, high = np.quantile(finite, [0.05, 0.95]) if finite.size else (0.0, 1.0)
    return 3 if high <= low else min(6, max(2, 3 - round(math.log10(high - low))))


def _said(entry: ReviewEntry) -> str:
    return f"{entry.who}, {entry.when[:10]}: {entry.why}"
