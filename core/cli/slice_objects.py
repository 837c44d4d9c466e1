"""What `main.py slices --objects` prints: the single objects that stand highest."""

import csv
import io
from collections.abc import Mapping, Sequence

from core.audit.objects import FoundObject, FoundObjects, placed
from core.audit.store import ImageRow
from core.cli.screen import Screen, table
from core.metrics.objects import SMALLEST

COLUMNS = ("role", "image", "class", "pixels", "x", "y", "value", "as_high", "of", "percentile")


def show(found: FoundObjects, most: int, rows: Mapping[int, ImageRow], screen: Screen, title: str) -> str:
    """Print at most so many objects; `rows` are the images by id. Returns them as CSV."""
    objects = found.listed[:most]
    made = table(title, "image", "role", "class", "pixels", "centre", "value", "as high", "percentile", texts=3)
    for one in objects:
        row = rows[one.image]
        above = "" if one.percentile is None else f"{one.percentile:.1f}"
        place = "{:.0f}, {:.0f}".format(*placed(one, row))
        compared = f"{one.as_high} of {one.of}"
        made.add_row(row.key, str(row.role), one.name, str(one.pixels), place, f"{one.value:.4g}", compared, above)
    screen.print(made)
    screen.note(
        f"{len(objects)} of {found.of:,} objects of at least {SMALLEST} pixels of the attack grid: connected areas of "
        "one class. Each is compared with the objects of the same class and of similar size in other non-members. "
        f"{found.shares} Exploratory: the best of so many looks better than it is."
    )
    return _csv(objects, rows)


def _csv(objects: Sequence[FoundObject], rows: Mapping[int, ImageRow]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in objects:
        row = rows[one.image]
        x, y = (round(v, 1) for v in placed(one, row))
        place = one.name, one.pixels, x, y
        writer.writerow([row.role, row.key, *place, one.value, one.as_high, one.of, one.percentile])
    return buffer.getvalue()
