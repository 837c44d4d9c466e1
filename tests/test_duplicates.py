import csv
import os
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.data.duplicates import Fingerprint, exact_duplicates, fingerprint, near_duplicates
from tests.pictures import picture

CAMVID = os.environ.get("SEGLEAK_CAMVID")


def slow_near_pairs(first, second):
    def near(a, b):
        correlation = float(np.corrcoef(a.thumbnail, b.thumbnail)[0, 1])
        return correlation > 0.97 or (correlation > 0.93 and bin(a.phash ^ b.phash).count("1") <= 8)

    return {(i, j) for i, a in enumerate(first) for j, b in enumerate(second) if near(a, b)}


def family(seed, count):
    """Images of growing distance from the first."""
    base, other = picture(seed).astype(np.float32), picture(seed + 5000).astype(np.float32)
    mixed = [((1 - t) * base + t * other).astype(np.uint8) for t in np.linspace(0, 0.6, count)]
    return [fingerprint(f"{seed}-{i}", image) for i, image in enumerate(mixed)]


def test_near_duplicates_are_those_of_a_plain_loop_over_pairs():
    first, second = family(1, 12) + family(2, 5), family(1, 7)[1:] + family(3, 4)
    second = [Fingerprint("other " + p.sha256, p.phash, p.thumbnail) for p in second]
    expected = slow_near_pairs(first, second)
    found = near_duplicates(first, second)
    assert 0 < len(expected) < len(first) * len(second)
    assert {(i, j) for i, j, _ in found.pairs} == expected
    assert found.count == len(expected)
    assert set(np.flatnonzero(found.first)) == {i for i, _ in expected}
    assert set(np.flatnonzero(found.second)) == {j for _, j in expected}
    strengths = [c for _, _, c in found.pairs]
    assert strengths == sorted(strengths, reverse=True)


def test_within_one_list_each_pair_counts_once():
    images = family(1, 12)
    expected = {(i, j) for i, j in slow_near_pairs(images, images) if i < j}
    assert {(i, j) for i, j, _ in near_duplicates(images).pairs} == expected


def test_exact_copies_are_pairs_of_the_same_bytes():
    a, b, c = (Fingerprint(name, 0, np.zeros(576, np.float32)) for name in "abc")
    assert exact_duplicates([a, b, c, b], [c, b, b]) == [(1, 1), (2, 0), (3, 1)]
    assert exact_duplicates([a, b, a, b, b]) == [(2, 0), (3, 1), (4, 1)]
    assert near_duplicates([a, a], [a]).count == 0


def test_images_of_one_colour_resemble_nothing():
    flat = [fingerprint(str(i), np.full((20, 30, 3), 10 * i, np.uint8)) for i in range(3)]
    assert near_duplicates(flat).count == 0


@pytest.mark.parametrize("change", ["jpeg", "half", "bright", "blur"])
def test_a_changed_copy_keeps_its_fingerprint(change):
    image = picture(5, (96, 128))
    changed = {
        "jpeg": lambda: cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 1),
        "half": lambda: cv2.resize(image, (64, 48), interpolation=cv2.INTER_AREA),
        "bright": lambda: np.clip(image.astype(int) + 30, 0, 255).astype(np.uint8),
        "blur": lambda: cv2.GaussianBlur(image, (9, 9), 0),
    }[change]()
    a, b = fingerprint("a", image), fingerprint("b", changed)
    assert float(a.thumbnail @ b.thumbnail) > 0.97
    assert (a.phash ^ b.phash).bit_count() <= 8


def test_ten_thousand_against_ten_thousand_take_seconds():
    rng = np.random.default_rng(0)
    thumbnails = rng.normal(size=(10_000, 576)).astype(np.float32)
    thumbnails /= np.linalg.norm(thumbnails, axis=1, keepdims=True)
    first = [Fingerprint(f"a{i}", i, thumbnail) for i, thumbnail in enumerate(thumbnails)]
    second = [Fingerprint(f"b{i}", i, thumbnail) for i, thumbnail in enumerate(thumbnails[::-1])]
    start = time.perf_counter()
    found = near_duplicates(first, second)
    assert time.perf_counter() - start < 60
    assert found.count == 10_000
    assert all(i + j == 9_999 for i, j, _ in found.pairs)


@pytest.mark.camvid
@pytest.mark.skipif(not CAMVID, reason="SEGLEAK_CAMVID is not set")
def test_the_known_near_duplicates_of_camvid_are_found():
    files = sorted((Path(CAMVID) / "images").iterdir())
    prints = [fingerprint(file.name, cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)) for file in files]
    stacked = np.stack([p.thumbnail for p in prints])
    place = {file.stem: i for i, file in enumerate(files)}
    with (Path(CAMVID) / "near_duplicates.tsv").open() as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    for row in rows:
        correlation = stacked[place[row["a"]]] @ stacked[place[row["b"]]]
        assert correlation == pytest.approx(float(row["corr"]), abs=2e-3)
    found = near_duplicates(prints)
    assert len(rows) <= found.count + 5
    assert found.count < 1.3 * len(rows)
