import csv
import os
import time
from dataclasses import replace
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

    def turned(a):
        thumbnail = np.fliplr(a.thumbnail.reshape(24, 24)).ravel()
        return Fingerprint(a.sha256, a.mirrored_phash, thumbnail, a.phash)

    pairs = [(i, j, a, b) for i, a in enumerate(first) for j, b in enumerate(second)]
    return {(i, j) for i, j, a, b in pairs if near(a, b) or near(turned(a), b)}


def family(seed, count):
    """Images of growing distance from the first."""
    base, other = picture(seed).astype(np.float32), picture(seed + 5000).astype(np.float32)
    mixed = [((1 - t) * base + t * other).astype(np.uint8) for t in np.linspace(0, 0.6, count)]
    return [fingerprint(f"{seed}-{i}", image) for i, image in enumerate(mixed)]


def test_near_duplicates_are_those_of_a_plain_loop_over_pairs():
    first, second = family(1, 12) + family(2, 5), family(1, 7)[1:] + family(3, 4)
    second = [replace(p, sha256="other " + p.sha256) for p in second]
    expected = slow_near_pairs(first, second)
    found = near_duplicates(first, second)
    assert 0 < len(expected) < len(first) * len(second)
    assert {(i, j) for i, j, *_ in found.pairs} == expected
    assert found.count == len(expected)
    assert set(np.flatnonzero(found.first)) == {i for i, _ in expected}
    assert set(np.flatnonzero(found.second)) == {j for _, j in expected}
    strengths = [pair.correlation for pair in found.pairs]
    assert strengths == sorted(strengths, reverse=True)


def test_within_one_list_each_pair_counts_once():
    images = family(1, 12)
    expected = {(i, j) for i, j in slow_near_pairs(images, images) if i < j}
    assert {(i, j) for i, j, *_ in near_duplicates(images).pairs} == expected


def test_exact_copies_are_pairs_of_the_same_bytes():
    a, b, c = (Fingerprint(name, 0, np.zeros(576, np.float32), 0) for name in "abc")
    assert exact_duplicates([a, b, c, b], [c, b, b]) == [(1, 1), (2, 0), (3, 1)]
    assert exact_duplicates([a, b, a, b, b]) == [(2, 0), (3, 1), (4, 1)]
    assert near_duplicates([a, a], [a]).count == 0


@pytest.mark.parametrize("change", ["none", "jpeg", "half"])
def test_a_mirrored_copy_is_found_and_said_to_be_one(change):
    images = [picture(seed, (96, 128)) for seed in range(4)]
    turned = np.ascontiguousarray(images[2][:, ::-1])
    if change == "jpeg":
        turned = cv2.imdecode(cv2.imencode(".jpg", turned, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], 1)
    elif change == "half":
        turned = cv2.resize(turned, (64, 48), interpolation=cv2.INTER_AREA)
    first = [fingerprint(f"a{i}", image) for i, image in enumerate(images)]
    found = near_duplicates([fingerprint("turned", turned)], first)
    ((one, other, correlation, mirrored),) = found.pairs
    assert (one, other, mirrored) == (0, 2, True) and correlation > 0.97
    assert [pair[:2] for pair in near_duplicates([*first, fingerprint("turned", turned)]).pairs] == [(2, 4)]


def test_a_symmetric_image_is_no_copy_of_itself_and_its_copy_is_a_plain_one():
    half = picture(3, (96, 64))
    whole = np.concatenate([half, half[:, ::-1]], axis=1)
    one, other = fingerprint("a", whole), fingerprint("b", np.clip(whole.astype(int) + 20, 0, 255).astype(np.uint8))
    assert near_duplicates([one]).count == 0
    assert [(pair.first, pair.second, pair.mirrored) for pair in near_duplicates([one, other]).pairs] == [(0, 1, False)]


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
    first = [Fingerprint(f"a{i}", i, thumbnail, i) for i, thumbnail in enumerate(thumbnails)]
    second = [Fingerprint(f"b{i}", i, thumbnail, i) for i, thumbnail in enumerate(thumbnails[::-1])]
    start = time.perf_counter()
    found = near_duplicates(first, second)
    assert time.perf_counter() - start < 60
    assert found.count == 10_000
    assert all(i + j == 9_999 for i, j, *_ in found.pairs)


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
