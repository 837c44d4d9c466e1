"""Draws the pages of an audit's snapshot for the documentation, four to a picture.

python -m benchmarks.snapshot_pages demo.segleak docs/images
"""

import shutil
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtGui import QImage

from core.audit.store import AuditStore
from core.snapshot.asking import asked
from core.snapshot.choices import Contents, Heading, Privacy, SnapshotChoices
from gui.snapshot.export import Draft, ensure_application
from gui.snapshot.folder import page_image

SCALE = 1.4
TOGETHER = 4
CHOICES = SnapshotChoices(
    Heading(organisation="Example organisation", case="Example 1"), Contents(top=3), Privacy(redact=True)
)


def pixels(image: QImage) -> np.ndarray:
    """The picture of a page as `(H, W, 3)` uint8, with a grey edge."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    page = rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3)
    return np.pad(page, ((6, 6), (6, 6), (0, 0)), constant_values=170)


def anonymous(audit: Path) -> Path:
    """A copy beside an audit, so that its paths lead to the same files, without the name of its machine."""
    copy = audit.with_name(f"anonymous-{audit.name}")
    shutil.copytree(audit, copy)
    with AuditStore.create(copy) as store:
        runs = store.fact("runs")
        for run in runs:
            run["versions"].pop("system")
        store.set_fact("runs", runs)
    return copy


def main(audit: Path, folder: Path) -> None:
    copy = anonymous(audit.absolute())
    try:
        draw(copy, folder)
    finally:
        shutil.rmtree(copy)


def draw(audit: Path, folder: Path) -> None:
    application = ensure_application()
    with closing(Draft.open(audit, CHOICES, predict=asked)) as draft:
        pages = [pixels(page_image(draft.pages, number, SCALE)) for number in range(len(draft.pages.pages))]
    blank = np.full_like(pages[0], 255)
    for number, start in enumerate(range(0, len(pages), TOGETHER), start=1):
        some = pages[start : start + TOGETHER]
        some += [blank] * (TOGETHER - len(some))
        picture = Image.fromarray(np.concatenate(some, axis=1)).quantize(256, kmeans=1)
        picture.save(folder / f"snapshot-{number}.png", optimize=True)
    del application


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
