"""Which image is a member of which shadow: the table that attack networks, LiRA and RMIA learn from."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import DataError
from core.files import write_text

NAME = "membership.csv"
_LEADING = ("sha256", "key", "group")


@dataclass(frozen=True)
class Membership:
    """A membership table.

    Attributes
    ----------
    shadows
        File names of the shadows' checkpoints, S of them.
    images
        SHA-256 of the image files, N of them.
    keys
        Their keys in the image set, for a person.
    groups
        What each shares with images it depends on; its own hash where nothing is known.
    members
        `(N, S)` bool: whether the shadow was trained on the image.
    """

    shadows: tuple[str, ...]
    images: tuple[str, ...]
    keys: tuple[str, ...]
    groups: tuple[str, ...]
    members: npt.NDArray[np.bool_]

    def of(self, shadow: str) -> dict[str, bool]:
        """SHA-256 -> member or not, of one shadow. Raises `DataError` where the table lacks it."""
        if shadow not in self.shadows:
            raise DataError(f"The membership table has no shadow '{shadow}'.", "Train the shadows anew.")
        column = self.members[:, self.shadows.index(shadow)]
        return dict(zip(self.images, column.tolist(), strict=True))

    def rows(self) -> dict[str, list[bool]]:
        """SHA-256 -> whether each shadow, in order, was trained on the image."""
        return dict(zip(self.images, self.members.tolist(), strict=True))


def random_halves(groups: Sequence[str], count: int, seed: int) -> npt.NDArray[np.bool_]:
    """Give every shadow about half of the images, whole groups at a time.

    Shadows come in pairs that exchange their halves: each image is a member of exactly one of a pair. So an attack
    network cannot learn which scenes are members in place of what membership looks like, and each image has as many
    shadows that know it as shadows that do not, which LiRA and RMIA need.

    Parameters
    ----------
    groups
        Group of each image.
    count
        Shadows, S. Where it is odd, the last one has no partner.
    seed
        Of the draw.

    Returns
    -------
    `(N, S)` bool.
    """
    of = np.asarray(groups)
    names = sorted(set(groups))
    table = np.zeros((len(groups), count), bool)
    for pair in range((count + 1) // 2):
        half = _half(of, names, np.random.default_rng([seed, pair]))
        table[:, 2 * pair] = half
        if 2 * pair + 1 < count:
            table[:, 2 * pair + 1] = ~half
    return table


def _half(of: npt.NDArray[np.str_], names: Sequence[str], rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Groups in random order, each to the side that is smaller so far."""
    sides: tuple[set[str], set[str]] = (set(), set())
    sizes = [0, 0]
    for name in rng.permutation(names).tolist():
        side = int(sizes[1] < sizes[0])
        sides[side].add(name)
        sizes[side] += int((of == name).sum())
    return np.isin(of, sorted(sides[0]))


def write_membership(folder: Path, membership: Membership) -> Path:
    """Write `membership.csv`, atomically; returns its path. 1 = member, 0 = non-member."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow((*_LEADING, *membership.shadows))
    rows = zip(membership.images, membership.keys, membership.groups, membership.members, strict=True)
    for sha256, key, group, row in rows:
        writer.writerow((sha256, key, group, *row.astype(int).tolist()))
    path = folder / NAME
    write_text(path, table.getvalue())
    return path


def shadow_files(folder: Path) -> list[Path]:
    """The checkpoints of a folder of shadows, in the order of its table. Raises `DataError` where it has none."""
    return [folder / Path(name).name for name in read_membership(folder / NAME).shadows]


def read_membership(path: Path) -> Membership:
    """Read a table, given the file or its folder. Raises `DataError` naming what is wrong."""
    path = path / NAME if path.is_dir() else path
    try:
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8"), newline="")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: no membership table can be read ({error}).", "Train the shadows first.") from error
    if not rows or tuple(rows[0][: len(_LEADING)]) != _LEADING or len(rows[0]) == len(_LEADING):
        raise DataError(f"{path}: is no membership table.", f"Its first line is {','.join(_LEADING)} and the shadows.")
    width = len(rows[0])
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != width or not set(row[len(_LEADING) :]) <= {"0", "1"}:
            raise DataError(f"{path}, line {number}: is damaged.", "Each shadow's column holds 0 or 1.")
    body = rows[1:]
    shadows = tuple(rows[0][len(_LEADING) :])
    members = np.array([[v == "1" for v in row[len(_LEADING) :]] for row in body], bool)
    images, keys, groups = (tuple(row[i] for row in body) for i in range(len(_LEADING)))
    return Membership(shadows, images, keys, groups, members.reshape(len(body), len(shadows)))
