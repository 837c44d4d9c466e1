import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from core.data.check import check_data
from core.data.samples import ImageSet, Role, Sample
from core.data.scheme import ClassEntry, ClassScheme
from core.errors import Cancelled
from core.progress import Progress
from tests.pictures import picture

SCHEME = ClassScheme("tiny", "Tiny", (ClassEntry("a", 0, 0, (255, 0, 0)), ClassEntry("b", 1, 1, (0, 255, 0))))


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


@pytest.mark.parametrize("size", [(1, 1), (1, 40_000), (40_000, 1)])
def test_images_of_odd_shapes_are_checked_like_others(folders, size):
    folders[Role.MEMBER].add("odd.png", picture(1)[:1, :1].repeat(size[0], 0).repeat(size[1], 1), label_of(size))
    assert checked(folders).counts[Role.MEMBER].readable == 5


def test_images_without_a_group_beside_others_with_one_are_counted(folders):
    made = {role: folder.set() for role, folder in folders.items()}
    first, *others = made[Role.NON_MEMBER].samples
    made[Role.NON_MEMBER] = replace(made[Role.NON_MEMBER], samples=(first, *(replace(s, group="g") for s in others)))
    report = check_data({role: [images] for role, images in made.items()}, SCHEME)
    assert [f.code for f in report.findings] == ["groups-missing"]  # the roles without any group are no finding
    assert report.findings[0].severity == "warning"
    assert "Of 4 non-members 1 have no group" in report.findings[0].sentence


def test_groups_with_images_of_two_roles_are_warned_of(folders):
    groups = {Role.MEMBER: "aabb", Role.NON_MEMBER: "ccdd", Role.SUSPECT: "eafb"}
    made = {
        role: replace(folder.set(), samples=tuple(map(_grouped, folder.set().samples, groups[role])))
        for role, folder in folders.items()
    }
    report = check_data({role: [images] for role, images in made.items()}, SCHEME)
    assert [f.code for f in report.findings] == ["groups-shared"]
    sentence = report.findings[0].sentence
    assert "suspects and members in them: 2, with 2 suspects and 4 members" in sentence


def _grouped(sample, group):
    return replace(sample, group=group)


def test_suspects_are_held_against_the_non_members_that_calibrate(tmp_path):
    """The others look like the suspects, and would hide that those with which they are compared do not."""
    made = {name: Folder(tmp_path / name) for name in ("suspects", "others", "calibrating")}
    for start, (name, brightness) in enumerate((("suspects", 0), ("others", 0), ("calibrating", 50))):
        for seed in range(150 if name == "others" else 25):
            made[name].add(f"{seed}.png", picture(1000 * start + seed, brightness=brightness))
    sets = {name: folder.set() for name, folder in made.items()}
    calibrating = replace(sets["calibrating"], calibrates=True)

    def shifts(*non_members):
        report = check_data({Role.SUSPECT: [sets["suspects"]], Role.NON_MEMBER: non_members}, SCHEME)
        return [finding.code for finding in report.findings if finding.code.startswith("shift-")]

    assert "shift-colour" in shifts(sets["others"], calibrating)
    assert not shifts(sets["others"], sets["calibrating"])  # a seventh of all that calibrate
    assert not shifts(replace(sets["others"], calibrates=True), sets["calibrating"])
