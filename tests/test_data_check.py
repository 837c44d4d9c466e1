import csv
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from core.data.check import check_data
from core.data.duplicates import Fingerprint, exact_duplicates, fingerprint, near_duplicates
from core.data.samples import ImageSet, Role, Sample
from core.data.scheme import ClassEntry, ClassScheme
from core.data.shift import Appearance, appearance, differences, rank_test
from core.errors import Cancelled
from core.progress import Progress

SCHEME = ClassScheme("tiny", "Tiny", (ClassEntry("a", 0, 0, (255, 0, 0)), ClassEntry("b", 1, 1, (0, 255, 0))))
CAMVID = os.environ.get("SEGLEAK_CAMVID")


def picture(seed, size=(48, 64), brightness=0):
    """Soft random shapes: every seed another image, with much the same colours."""
    rng = np.random.default_rng(seed)
    small = rng.uniform(40, 200, (6, 8, 3)).astype(np.float32)
    large = cv2.resize(small, size[::-1], interpolation=cv2.INTER_CUBIC) + brightness
    return np.clip(large, 0, 255).astype(np.uint8)


def label_of(size=(48, 64), value=1):
    label = np.zeros(size, np.uint8)
    label[:, size[1] // 2 :] = value
    return label


class Folder:
    """Image sets on disk, made file by file."""

    def __init__(self, path):
        self.path = path
        self.samples = []
        path.mkdir()

    def add(self, name, image, label=None, group=None, **options):
        file = self.path / name
        if isinstance(image, bytes):
            file.write_bytes(image)
        else:
            Image.fromarray(image).save(file, **options)
        label_file = None
        if label is not None:
            label_file = self.path / f"{file.stem}_label.png"
            Image.fromarray(label).save(label_file)
        self.samples.append(Sample(name, file, label_file, group))
        return file

    def set(self, **options):
        return ImageSet(tuple(self.samples), "pairs", "Plain pairs.", **{"encoding": "train-id", **options})


@pytest.fixture
def folders(tmp_path):
    made = {role: Folder(tmp_path / role) for role in Role}
    for start, role in enumerate(Role):
        for seed in range(4):
            made[role].add(f"{role}{seed}.png", picture(100 * start + seed), label_of())
    return made


def checked(folders, **options):
    return check_data({role: [folder.set()] for role, folder in folders.items()}, SCHEME, **options)


def by_code(report):
    return {finding.code: finding for finding in report.findings}


def test_clean_sets_give_no_findings(folders):
    report = checked(folders)
    assert report.findings == ()
    assert report.ok
    assert {role: counts.images for role, counts in report.counts.items()} == dict.fromkeys(Role, 4)
    assert report.layouts[Role.MEMBER] == ("Plain pairs.",)


def test_an_image_in_both_folders_is_an_error_that_names_it(folders):
    copied = (folders[Role.MEMBER].path / "member2.png").read_bytes()
    other = folders[Role.NON_MEMBER].add("renamed.png", copied, label_of())
    report = checked(folders)
    finding = by_code(report)["exact-duplicates"]
    assert (finding.severity, report.ok) == ("error", False)
    assert "member2.png" in finding.sentence
    assert finding.items == ({"first": str(folders[Role.MEMBER].path / "member2.png"), "second": str(other)},)
    assert "near-duplicates" not in by_code(report)


@pytest.mark.parametrize(
    ("first", "second"),
    [(Role.MEMBER, Role.NON_MEMBER), (Role.SUSPECT, Role.MEMBER), (Role.SUSPECT, Role.NON_MEMBER)],
)
def test_a_recompressed_smaller_copy_in_another_role_is_found(folders, first, second):
    image = picture(777, (96, 128))
    folders[first].add("original.png", image, label_of((96, 128)))
    smaller = cv2.resize(image, (80, 60), interpolation=cv2.INTER_AREA)
    folders[second].add("copy.jpg", smaller, label_of((60, 80)), quality=60)
    finding = by_code(checked(folders))["near-duplicates"]
    assert finding.severity == "warning"
    assert "original.png = copy.jpg" in finding.sentence
    assert finding.items[0]["correlation"] > 0.99


def test_repeats_within_a_role_are_counted(folders):
    image = picture(777)
    folders[Role.MEMBER].add("again1.png", image, label_of())
    folders[Role.MEMBER].add("again2.png", image, label_of())
    folders[Role.MEMBER].add("again3.jpg", image, label_of(), quality=80)
    finding = by_code(checked(folders))["repeats-within"]
    assert (finding.severity, finding.items) == ("note", ({"exact": 1, "near": 2},))


def test_numbers_and_nouns_agree(folders):
    folders[Role.MEMBER].add("again.png", picture(0), label_of())
    sentence = by_code(checked(folders))["repeats-within"].sentence
    assert "1 repeated file and no pairs of near-duplicates" in sentence


def test_colours_outside_the_scheme_are_named_as_colours(folders):
    wrong = np.full((48, 64, 3), (0, 18, 52), np.uint8)
    folders[Role.MEMBER].add("wrong.png", picture(5), wrong)
    one = replace(folders[Role.MEMBER].set(encoding="colour"), samples=(folders[Role.MEMBER].samples[-1],))
    finding = by_code(check_data({Role.MEMBER: [one]}, SCHEME))["unknown-label-values"]
    assert "#001234" in finding.sentence
    assert finding.items[0]["value"] == "#001234"


def test_broken_files_become_findings_and_the_rest_goes_on(folders):
    good = (folders[Role.MEMBER].path / "member0.png").read_bytes()
    folders[Role.MEMBER].add("truncated.png", good[: len(good) // 2])
    folders[Role.MEMBER].add("text.jpg", b"this is no image")
    folders[Role.MEMBER].samples.append(Sample("gone.png", folders[Role.MEMBER].path / "gone.png"))
    (folders[Role.SUSPECT].path / "suspect1_label.png").write_bytes(b"\x89PNG")
    report = checked(folders)
    found = by_code(report)
    assert [Path(item["file"]).name for item in found["unreadable-images"].items] == [
        "truncated.png",
        "text.jpg",
        "gone.png",
    ]
    assert all(item["reason"] for item in found["unreadable-images"].items)
    assert [Path(item["file"]).name for item in found["unreadable-labels"].items] == ["suspect1_label.png"]
    assert (report.counts[Role.MEMBER].images, report.counts[Role.MEMBER].readable) == (7, 4)
    assert report.ok


def test_a_role_without_one_readable_image_is_an_error(folders):
    folders[Role.NON_MEMBER].samples.clear()
    folders[Role.NON_MEMBER].add("bad.png", b"")
    assert by_code(checked(folders))["unreadable-images"].severity == "error"


def test_images_over_the_pixel_limit_are_not_decoded(folders):
    report = checked(folders, pixel_limit=1000)
    assert len(by_code(report)["unreadable-images"].items) == 4
    assert "1,000" in by_code(report)["unreadable-images"].sentence


def test_missing_labels_and_orphans_are_listed(folders):
    folders[Role.MEMBER].add("bare.png", picture(55))
    folders[Role.SUSPECT].add("alone.png", picture(56))
    orphan = folders[Role.MEMBER].path / "orphan_label.png"
    sets = {role: [folder.set(orphans=(orphan,) * (role is Role.MEMBER))] for role, folder in folders.items()}
    report = check_data(sets, SCHEME)
    severities = {Path(f.items[0]["file"]).name: f.severity for f in report.findings if f.code == "missing-labels"}
    assert severities == {"bare.png": "warning", "alone.png": "note"}
    assert by_code(report)["orphan-labels"].items == ({"file": str(orphan)},)
    assert report.counts[Role.MEMBER].labelled == 4


def test_label_maps_of_another_size_or_all_void_are_found(folders):
    folders[Role.MEMBER].add("wide.png", picture(55), label_of((48, 60)))
    folders[Role.MEMBER].add("void.png", picture(56), np.full((48, 64), 255, np.uint8))
    report = checked(folders)
    misfit = by_code(report)["size-mismatch"]
    assert (misfit.severity, misfit.items[0]["image"], misfit.items[0]["label"]) == ("error", "64 x 48", "60 x 48")
    assert [Path(item["file"]).name for item in by_code(report)["void-labels"].items] == ["void_label.png"]


def test_values_outside_the_scheme_are_counted_by_value_pixel_and_file(folders):
    label = label_of()
    label[0, :5] = 9
    label[1, :2] = 7
    file = folders[Role.MEMBER].add("odd.png", picture(55), label)
    finding = by_code(checked(folders))["unknown-label-values"]
    assert finding.severity == "warning"
    first = str(file.with_name("odd_label.png"))
    assert finding.items == (
        {"value": 9, "pixels": 5, "files": 1, "first": first},
        {"value": 7, "pixels": 2, "files": 1, "first": first},
    )
    assert "9, 7, on 7 pixels" in finding.sentence


def test_a_wrong_scheme_is_an_error(folders):
    for folder in folders.values():
        for sample in folder.samples:
            Image.fromarray(np.full((48, 64), 40, np.uint8)).save(sample.label)
    assert by_code(checked(folders))["unknown-label-values"].severity == "error"


def test_absent_sides_are_noted_and_the_rest_is_checked(folders):
    del folders[Role.MEMBER]
    report = checked(folders)
    assert [finding.code for finding in report.findings] == ["no-members"]
    only_suspects = check_data({Role.SUSPECT: [folders[Role.SUSPECT].set()]})
    assert {finding.code for finding in only_suspects.findings} == {"no-members", "no-non-members"}


def test_the_report_is_ready_for_json_with_errors_first(folders):
    folders[Role.NON_MEMBER].add("same.png", (folders[Role.MEMBER].path / "member0.png").read_bytes(), label_of())
    folders[Role.SUSPECT].add("bare.png", picture(9))
    folders[Role.MEMBER].add("bad.png", b"", label_of())
    plain = json.loads(json.dumps(checked(folders).to_dict(), allow_nan=False))
    severities = [finding["severity"] for finding in plain["findings"]]
    assert severities == ["error", "warning", "note"]
    assert plain["counts"]["non-member"] == {"images": 5, "readable": 5, "labelled": 5, "groups": 0}


def test_progress_counts_every_image_and_a_cancel_stops_the_check(folders):
    seen = []
    checked(folders, progress=Progress(lambda p: seen.append((p.stage, p.done, p.total))))
    assert ("Checking images", 12, 12) in seen

    def stop_at_third(progress):
        if progress.done == 3:
            progress.cancel()

    stopping = Progress(stop_at_third)
    with pytest.raises(Cancelled):
        checked(folders, progress=stopping)
    assert stopping.done == 3


def test_brighter_members_are_reported_as_a_shift(tmp_path):
    made = {role: Folder(tmp_path / role) for role in (Role.MEMBER, Role.NON_MEMBER)}
    for seed in range(25):
        made[Role.MEMBER].add(f"m{seed}.png", picture(seed, brightness=25), label_of())
        made[Role.NON_MEMBER].add(f"n{seed}.png", picture(1000 + seed), label_of())
    found = by_code(checked(made))
    assert "brightness" in found["shift-colour"].sentence
    assert found["shift-looks"].items[0]["effect"] > 0.9


# Fingerprints


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


# Shift


def looks(rng, count, brightness=0.0, size=(100, 200), camera="Acme 1"):
    colours = rng.normal([50 + brightness, 0, 0, 20, 5, 5], [10, 4, 4, 4, 1, 1], (count, 6))
    layouts = rng.normal(0, 5, (count, 48))
    return [Appearance(size, camera, "JPEG", "", c, t) for c, t in zip(colours, layouts, strict=True)]


@pytest.mark.parametrize("count", [8, 30, 150])
def test_random_halves_of_one_set_are_not_reported(count):
    rng = np.random.default_rng(count)
    alarms = 0
    for _ in range(60):
        images = looks(rng, count) + looks(rng, count, brightness=15, size=(300, 400), camera="")
        rng.shuffle(images)
        alarms += bool(differences(images[:count], images[count:]))
    assert alarms <= 1


@pytest.mark.parametrize("count", [15, 100])
def test_a_brightness_shift_is_reported(count):
    rng = np.random.default_rng(0)
    found = {d.kind: d for d in differences(looks(rng, count, brightness=20), looks(rng, count))}
    assert "brightness" in found["colour"].sentence
    assert found["colour"].effect > 0.85
    assert ("looks" in found) == (count == 100)  # too few images for the classifier


@pytest.mark.parametrize(("kind", "other"), [("size", {"size": (100, 201)}), ("camera", {"camera": "Acme 2"})])
def test_another_size_or_camera_is_reported(kind, other):
    rng = np.random.default_rng(0)
    (found,) = differences(looks(rng, 15), looks(rng, 15, **other))
    assert (found.kind, found.effect) == (kind, 1.0)


def test_sizes_that_all_differ_are_compared_as_numbers():
    rng = np.random.default_rng(0)
    small = [image for i in range(40) for image in looks(rng, 1, size=(100 + i, 150))]
    large = [image for i in range(40) for image in looks(rng, 1, size=(130 + i, 150))]
    (found,) = differences(small, large)
    assert found.kind == "size"
    assert "AUC" in found.sentence


def test_groups_keep_scenes_out_of_the_classifiers_test():
    rng = np.random.default_rng(0)
    # Ten scenes a side, fifteen nearly equal images each: scenes can be learnt, membership cannot.
    sides = []
    for _ in range(2):
        scenes = looks(rng, 10)
        repeat = [Appearance(s.size, s.camera, s.format, "", s.colours, s.layout) for s in scenes for _ in range(15)]
        sides.append(repeat)
    groups = [[f"scene {side}{i // 15}" for i in range(150)] for side in "ab"]
    assert "looks" in {d.kind for d in differences(*sides)}
    assert "looks" not in {d.kind for d in differences(*sides, *groups)}


def test_the_rank_test_is_that_of_scipy():
    from scipy import stats

    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 8, 60).astype(float), rng.integers(2, 10, 50).astype(float)
    expected = stats.mannwhitneyu(first, second, use_continuity=False, method="asymptotic")
    area, p_value = rank_test(first, second)
    assert area == pytest.approx(expected.statistic / (60 * 50))
    assert p_value == pytest.approx(expected.pvalue)
    assert rank_test(np.ones(3), np.ones(3)) == (0.5, 1.0)


def test_camera_format_and_compression_are_read_from_the_file(tmp_path):
    image = picture(1)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Acme", "One"
    coarse, fine, png = tmp_path / "a.jpg", tmp_path / "b.jpg", tmp_path / "c.png"
    Image.fromarray(image).save(coarse, exif=exif, quality=40)
    Image.fromarray(image).save(fine, quality=95)
    Image.fromarray(image).save(png)
    seen = [appearance(path.read_bytes(), path, image) for path in (coarse, fine, png)]
    assert [(a.camera, a.format) for a in seen] == [("Acme One", "JPEG"), ("", "JPEG"), ("", "PNG")]
    assert len({a.compression for a in seen}) == 3
    assert seen[0].size == (48, 64)


def test_colours_are_those_of_the_lab_space():
    image = np.full((8, 8, 3), (255, 0, 0), np.uint8)
    png = cv2.imencode(".png", image)[1].tobytes()
    red = appearance(png, Path("red.png"), image)
    # CIE 1976 of sRGB red under D65: L* 53.24, a* 80.09, b* 67.20.
    assert red.colours == pytest.approx([53.24, 80.09, 67.20, 0, 0, 0], abs=0.1)


@pytest.mark.parametrize("size", [(1, 1), (1, 40_000), (40_000, 1)])
def test_images_of_odd_shapes_are_checked_like_others(folders, size):
    folders[Role.MEMBER].add("odd.png", picture(1)[:1, :1].repeat(size[0], 0).repeat(size[1], 1), label_of(size))
    assert checked(folders).counts[Role.MEMBER].readable == 5


def test_camera_names_from_files_are_made_safe_to_show(tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "Acme\x1b[31m" + "x" * 500
    path = tmp_path / "a.jpg"
    Image.fromarray(picture(1)).save(path, exif=exif)
    camera = appearance(path.read_bytes(), path, picture(1)).camera
    assert camera.startswith("Acme[31mxxx")
    assert len(camera) <= 80
