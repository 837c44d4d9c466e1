"""The tour's stops, its pictures, and the page that shows them."""

import os
import re

import pytest
from PIL import Image

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from docs.tour.__main__ import PICTURES, SIZES, THEMES
from docs.tour.home import own_home
from docs.tour.stops import STOPS
from tests.test_docs import text_of

MOST_BYTES = 8_000_000


def pictures(*, themes=THEMES, sizes=SIZES):
    return [f"{stop}-{theme}-{width}.webp" for stop in STOPS for theme in themes for width, _ in sizes]


def test_the_page_shows_each_stop_in_order_and_links_to_its_other_pictures():
    page = text_of("docs/window.md")
    shown = re.findall(r"!\[[^]]+\]\(images/tour/([^)]+)\)", page)
    assert shown == pictures(themes=THEMES[:1], sizes=list(SIZES)[:1])
    assert set(re.findall(r"\(images/tour/([^)]+)\)", page)) == set(pictures())


def test_all_pictures_are_there_in_the_size_of_their_window_and_no_others():
    assert {path.name for path in PICTURES.iterdir()} == set(pictures())
    sizes = {width: (width, height) for width, height in SIZES}
    for path in PICTURES.iterdir():
        with Image.open(path) as picture:
            assert picture.size == sizes[int(path.stem.rpartition("-")[2])]
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < MOST_BYTES


def test_a_tour_has_a_home_of_its_own_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGLEAK_HOME", str(tmp_path / "mine"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with own_home() as home:
        assert home.parent == tmp_path
        assert (home / "streets" / "demo.toml").is_file()
        with pytest.raises(FileExistsError), own_home():
            pass
    assert not home.exists()
    assert os.environ["SEGLEAK_HOME"] == str(tmp_path / "mine")
