import threading
import time

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QUndoStack

from core.errors import SegLeakError
from gui.browser import BrowserPanel
from gui.browser import loader as loading
from gui.browser.loader import ThumbnailLoader
from gui.browser.thumbnails import SIDE, ThumbnailStore, shrunk
from gui.selection import Selection
from tests.gui.browser.helpers import RIGHT_NOW
from tests.gui.small_audit import small_audit


def test_a_thumbnail_shows_each_part_in_its_mean_colour():
    image = np.zeros((200, 600, 3), np.uint8)
    image[:, :300, 0], image[:, 300:, 2] = 200, 100
    small = shrunk(image)
    assert small.shape == (64, SIDE, 3)
    assert small[:, :90].reshape(-1, 3).mean(axis=0).tolist() == [200, 0, 0]
    assert small[:, 100:].reshape(-1, 3).mean(axis=0).tolist() == [0, 0, 100]
    assert shrunk(image[:10, :20]).shape == (10, 20, 3)


def test_thumbnails_are_kept_and_made_anew_for_a_changed_file(thumbnails, tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (300, 100), (250, 0, 0)).save(path)
    first = thumbnails.picture(path, 10**6)
    (kept,) = (tmp_path / "thumbnails").rglob("*.jpg")
    Image.new("RGB", (192, 64), (0, 250, 0)).save(kept)
    assert thumbnails.picture(path, 10**6)[0, 0].argmax() == 1  # what is kept is what is shown
    kept.write_bytes(b"damaged")
    np.testing.assert_array_equal(thumbnails.picture(path, 10**6), first)
    Image.new("RGB", (300, 101), (0, 0, 250)).save(path)
    assert thumbnails.picture(path, 10**6)[0, 0].argmax() == 2
    with pytest.raises(SegLeakError, match=r"gone\.png"):
        thumbnails.picture(tmp_path / "gone.png", 10**6)


def test_the_oldest_thumbnails_go_when_there_are_too_many(tmp_path):
    store = ThumbnailStore(tmp_path, quota=1000)
    for number in range(10):
        file = tmp_path / f"{number}.jpg"
        file.write_bytes(bytes(150))
        stamp = time.time() - 100 + number
        __import__("os").utime(file, (stamp, stamp))
    store.prune()
    assert sorted(file.stem for file in tmp_path.glob("*.jpg")) == ["5", "6", "7", "8", "9"]


class SlowStore:
    """A store that notes what it is asked for and answers only when it may."""

    def __init__(self):
        self.asked = []
        self.may = threading.Semaphore(0)

    def picture(self, path, pixel_limit):
        self.asked.append(path.stem)
        self.may.acquire()
        return np.zeros((4, 6, 3), np.uint8)

    def prune(self):
        pass


def test_what_is_not_in_view_any_more_is_never_decoded(document, qtbot):
    store = SlowStore()
    loader = ThumbnailLoader(store)
    loader.show(document)
    loader.want([1, 2, 3, 4, 5])
    qtbot.waitUntil(lambda: len(store.asked) == loading.THREADS, timeout=RIGHT_NOW)
    loader.want([11, 12, 1])
    for _ in range(20):
        store.may.release()
    qtbot.waitUntil(lambda: all(loader.pixmap(image) for image in (1, 2, 11, 12)), timeout=RIGHT_NOW)
    assert sorted(store.asked) == ["00", "01", "10", "11"]  # image ids count from 1, files from 0
    loader.close()


def test_thumbnails_of_the_audit_before_do_not_arrive(document, qtbot, heard):
    store = SlowStore()
    loader = ThumbnailLoader(store)
    came = heard(loader.ready)
    loader.show(document)
    loader.want([1])
    qtbot.waitUntil(lambda: len(store.asked) == 1, timeout=RIGHT_NOW)
    loader.show(None)
    for _ in range(5):
        store.may.release()
    loader.close()
    qtbot.wait(20)
    assert came.got == []
    assert loader.pixmap(1) is None


@pytest.mark.parametrize("grid", [False, True])
def test_thumbnails_are_made_of_visible_images_only(qtbot, tmp_path, grid, opened):
    document = opened(small_audit(tmp_path / "many.segleak", per_role=60))
    store = SlowStore()
    selection = Selection()
    browser = BrowserPanel(selection, QUndoStack(selection), store)
    qtbot.addWidget(browser)
    browser.resize(420, 420)
    browser.restore_state({"grid": grid})
    browser.show()
    for _ in range(500):
        store.may.release()
    selection.document = document
    view = browser.images.view
    qtbot.waitUntil(lambda: browser.model.rowCount() == 120 and len(view.visible_rows()) > 3, timeout=RIGHT_NOW)
    expected = {f"{row:02d}" for row in view.visible_rows()}
    qtbot.waitUntil(lambda: expected <= set(store.asked), timeout=RIGHT_NOW)
    assert set(store.asked) == expected
    bar = view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    bar.setValue(bar.maximum())
    end = {f"{row:02d}" for row in view.visible_rows()}
    qtbot.waitUntil(lambda: end <= set(store.asked), timeout=RIGHT_NOW)
    assert set(store.asked) == expected | end
    assert len(expected) < 25
    browser.close_threads()
