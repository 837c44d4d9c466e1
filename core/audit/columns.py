"""Whole columns of an audit's results as arrays: for readers of 100,000 images, who cannot afford an object for each.

Imports no torch.
"""

import json
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from core.audit.store import IMAGE_COLUMNS, AuditStore, ImageRow, _unpacked
from core.data.samples import Role

PART = 256
"""Images whose confusion counts are in memory at a time: 9 MB with the 66 classes of Mapillary."""

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class ColumnStore(AuditStore):
    """An audit folder to read from, with what a table of all its images needs.

    Where a method takes `images`, only those image ids are read; None means all of them.
    """

    @property
    def version(self) -> int:
        """A number that changes whenever the run writes something; asking costs microseconds."""
        with self._reading() as connection:
            return int(connection.execute("PRAGMA data_version").fetchone()[0])

    def states(self) -> tuple[IntArray, npt.NDArray[np.str_]]:
        """Ids and states (waiting, done, failed) of all images, in the spec's order."""
        with self._reading() as connection:
            found = connection.execute("SELECT id, state FROM images ORDER BY id").fetchall()
        return np.array([i for i, _ in found], np.int64), np.array([state for _, state in found], np.str_)

    def some_images(self, images: Sequence[int]) -> list[ImageRow]:
        """The images of these ids, in the spec's order."""
        query = f"SELECT {IMAGE_COLUMNS} FROM images WHERE {_among('id')} ORDER BY id"
        with self._reading() as connection:
            found = connection.execute(query, {"images": json.dumps(list(images))}).fetchall()
            return [ImageRow(row[0], Role(row[1]), *row[2:]) for row in found]

    def score_column(
        self, defense: str, attack: str, images: Sequence[int] | None = None
    ) -> tuple[IntArray, FloatArray]:
        """Image ids and image scores of one defense and attack; NaN where the attack could not judge."""
        query = f"SELECT image, score FROM scores WHERE defense = :defense AND attack = :attack AND {_among('image')}"
        values = {"defense": defense, "attack": attack, "images": _listed(images)}
        with self._reading() as connection:
            found = connection.execute(query, values).fetchall()
            return np.array([i for i, _ in found], np.int64), np.array([score for _, score in found], np.float64)

    def score_reason(self, image: int, defense: str, attack: str) -> str | None:
        """Why the attack could not judge this image; None where it could, or has not been there yet."""
        query = "SELECT reason FROM scores WHERE image = ? AND defense = ? AND attack = ?"
        with self._reading() as connection:
            found = connection.execute(query, (image, defense, attack)).fetchone()
            return None if found is None else found[0]

    def confusion_column(
        self, defense: str, images: Sequence[int] | None = None
    ) -> Iterator[tuple[list[int], IntArray]]:
        """Image ids and confusion counts `(m, C, C)`, rows = label, of every image counted under a defense, in parts.

        The images of a part have the same number of classes.
        """
        last = -1
        while found := self._some_confusions(defense, last, images):
            last = found[-1][0]
            for size in dict.fromkeys(counts.shape for _, counts in found):
                part = [(image, counts) for image, counts in found if counts.shape == size]
                yield [image for image, _ in part], np.stack([counts for _, counts in part])

    def _some_confusions(self, defense: str, last: int, images: Sequence[int] | None) -> list[tuple[int, IntArray]]:
        query = (
            "SELECT image, counts FROM confusions "
            f"WHERE image > :last AND defense = :defense AND {_among('image')} ORDER BY image LIMIT {PART}"
        )
        values = {"defense": defense, "last": last, "images": _listed(images)}
        with self._reading() as connection:
            found = connection.execute(query, values).fetchall()
            return [(image, _unpacked(blob)) for image, blob in found]


def _among(column: str) -> str:
    """A condition that holds for the ids of the parameter `images`, or for all where that is NULL."""
    return f"(:images IS NULL OR {column} IN (SELECT value FROM json_each(:images)))"


def _listed(images: Sequence[int] | None) -> str | None:
    return None if images is None else json.dumps([int(image) for image in images])
