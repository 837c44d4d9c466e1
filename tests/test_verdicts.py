"""Verdicts on written audits: what is judged, what is refused and why, and what people may override."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from core.attacks.base import AttackResult
from core.audit import review
from core.audit.export import scores_table
from core.audit.independence import SHOWN_TO_ATTACKS, HashedImage, seen_in_training
from core.audit.protocol import calibration_images
from core.audit.runner import open_audit
from core.audit.spec import parse_spec, read_spec, to_mapping, write_spec
from core.audit.store import SPEC_NAME, AuditStore, ImageResult, ImageRow
from core.audit.summary import summarise
from core.audit.verdicts import Kind, verdicts_of
from core.cli import app
from core.data.samples import Role
from core.errors import SpecError, StoreError
from core.training.manifest import ShadowRecord, TrainingManifest
from resources.demo import recipe

DEMO = Path(__file__).resolve().parents[1] / "resources" / "demo"
CHECKED = {"findings": []}
KEYS = {Role.MEMBER: "m", Role.NON_MEMBER: "n", Role.SUSPECT: "s"}
SHIFT = "Suspects and non-members differ in colour (brightness: ...)."
NEAR = "Near-duplicates between suspects and members: 1 pair of 1 and 1 image (the closest: s0 = m0)."
SAME = "Files of the suspects that are also among the non-members, byte for byte: 1 (s0)."


def spec_of(**changes):
    table = {
        "target": {"path": "target.safetensors"},
        "images": [{"role": str(role), "path": f"{role}s"} for role in Role],
        "defenses": [{"name": "none"}, {"name": "argmax"}],
        "attacks": [{"name": "confidence"}, {"name": "entropy", "primary": True}],
        "run": {"resamples": 100},
    }
    return parse_spec(table | changes)


def rows_of(counts, groups=None):
    rows = []
    for entry, role in enumerate(Role):
        for number in range(counts[role]):
            key = f"{KEYS[role]}{number}"
            group = (groups or {}).get(key)
            rows.append(ImageRow(len(rows), role, entry, key, f"/data/{key}.png", group=group))
    return rows


def written(folder, scores, spec=None, groups=None, report=CHECKED, facts=None, finished="now"):
    """An audit whose primary attack gives these scores by role; a text instead of a score is the reason for none."""
    spec = spec or spec_of()
    rows = rows_of({role: len(scores.get(role, ())) for role in Role}, groups)
    values = [value for role in Role for value in scores.get(role, ())]
    with AuditStore.create(folder) as store:
        write_spec(spec, folder / SPEC_NAME)
        store.add_images(rows)
        for row, value in zip(rows, values, strict=True):
            outcome = value if isinstance(value, str) else AttackResult(float(value))
            results = {("none", "entropy"): outcome, ("argmax", "entropy"): AttackResult(0.0)}
            store.write(ImageResult(row.id, f"{row.id:064x}", None, 1, results))
        store.set_fact("finished", finished)
        if report is not None:
            store.set_fact("data_check", report)
        for key, fact in (facts or {}).items():
            store.set_fact(key, fact)
    return folder


def judged(folder):
    store, spec = open_audit(folder)
    with store:
        return verdicts_of(store, spec, review.read(folder))


def kinds(verdicts):
    return [verdict.kind for verdict in verdicts.verdicts]


def scores(suspects, non_members=range(39), members=(50, 51, -1)):
    return {Role.MEMBER: members, Role.NON_MEMBER: non_members, Role.SUSPECT: suspects}


def test_verdicts_worked_out_by_hand(tmp_path):
    found = judged(written(tmp_path / "a", scores([100, 20, 0])))
    high, middle, low = found.verdicts
    assert (high.higher, high.calibration, high.p) == (0, 39, 1 / 40)
    assert (middle.higher, middle.p) == (19, 20 / 40)
    assert low.p == 1
    assert high.q == pytest.approx(3 / 40)
    assert kinds(found) == [Kind.NO_EVIDENCE] * 3
    assert found.fewest == 2
    alone = judged(written(tmp_path / "b", scores([100])))
    assert kinds(alone) == [Kind.EVIDENCE]
    assert alone.verdicts[0].sentence == (
        "Evidence of membership: of 39 known non-members, none scores this high (p = 0.025, q = 0.025)."
    )


def test_the_demo_s_verdicts_are_the_truth(tmp_path):
    with (DEMO / "scores.csv").open(newline="") as stream:
        lines = [line for line in csv.DictReader(stream) if (line["defense"], line["attack"]) == ("none", "patch")]
    spec = read_spec(DEMO / "demo.toml")
    with AuditStore.create(tmp_path / "demo") as store:
        store.add_images(
            ImageRow(int(line["id"]), Role(line["role"]), 0, line["image"], line["image"]) for line in lines
        )
        for line in lines:
            results = {("none", "patch"): AttackResult(float(line["score"]))}
            store.write(ImageResult(int(line["id"]), line["sha256"], None, 1, results))
        store.set_fact("data_check", CHECKED)
        store.set_fact("finished", "now")
        found = verdicts_of(store, spec, [])
    expected = [Kind.EVIDENCE if i in recipe.TRAINED_SUSPECTS else Kind.NO_EVIDENCE for i in range(recipe.SUSPECTS)]
    assert kinds(found) == expected
    assert found.power > 0.8 and found.power_interval.low > 0.7


def test_nothing_ever_says_that_an_image_is_not_a_member(tmp_path):
    found = judged(written(tmp_path / "a", scores([100, 20, "no label map"])))
    texts = [*map(str, Kind), *found.sentences, *(verdict.sentence for verdict in found.verdicts)]
    assert not [text for text in texts if "not a member" in text or "non-member." in text or "not trained" in text]


def test_what_too_few_non_members_cannot_support_is_refused(tmp_path):
    spec = spec_of(protocol={"level": 0.01})
    found = judged(written(tmp_path / "a", scores([100], range(98)), spec))
    assert found.needs == "needs at least 99 calibration non-members for 1 %, there are 98"
    assert kinds(found) == [Kind.UNJUDGED]
    assert "needs at least 99" in found.verdicts[0].sentence
    assert found.verdicts[0].score == 100 and found.verdicts[0].p is None
    assert kinds(judged(written(tmp_path / "b", scores([100], range(99)), spec))) == [Kind.EVIDENCE]


def test_where_groups_count_the_number_that_is_needed_is_of_groups(tmp_path):
    pairs = {f"n{number}": f"g{number // 2}" for number in range(36)}
    found = judged(written(tmp_path / "a", scores([100], range(36)), groups=pairs))
    assert found.needs == "needs at least 19 groups of calibration non-members for 5 %, there are 18"


def test_before_the_audit_is_finished_nothing_is_judged(tmp_path):
    """Who looks again and again until a suspect stands out finds one."""
    found = judged(written(tmp_path / "a", scores([100]), finished=None))
    assert kinds(found) == [Kind.UNJUDGED]
    assert found.verdicts[0].sentence == "Cannot be judged: the audit is not finished."


def test_without_non_members_nothing_is_judged(tmp_path):
    found = judged(written(tmp_path / "a", scores([1, 2], [])))
    assert kinds(found) == [Kind.UNJUDGED] * 2 and "there are none" in found.needs


def test_without_members_the_power_is_not_known_and_that_is_said(tmp_path):
    found = judged(written(tmp_path / "a", scores([3], members=[])))
    assert found.power is None and found.power_needs == "needs known members"
    assert "cannot be measured: needs known members" in found.verdicts[0].sentence


def test_a_suspect_without_a_score_is_refused_with_the_reason(tmp_path):
    found = judged(written(tmp_path / "a", scores(["needs a label map", 100])))
    assert kinds(found) == [Kind.UNJUDGED, Kind.EVIDENCE]
    assert found.verdicts[0].sentence.startswith("Cannot be judged: it has no score: needs a label map. To judge it, ")
    assert "labels = 'hidden'" in found.verdicts[0].sentence
    assert found.judged == 1


def test_only_the_primary_attack_on_the_released_output_gives_verdicts(tmp_path):
    folder = written(tmp_path / "a", scores([100]))
    assert (judged(folder).chain, judged(folder).attack) == ("none", "entropy")
    other = spec_of(defenses=[{"name": "none"}, {"name": "argmax", "released": True}])
    found = judged(written(tmp_path / "b", scores([100]), other))
    assert found.chain == "argmax" and kinds(found) == [Kind.NO_EVIDENCE]
    store, spec = open_audit(folder)
    with store:
        results = summarise(store, spec)["results"]
    assert [(r["defense"], r["attack"]) for r in results if not r["exploratory"]] == [("none", "entropy")]


def test_a_shift_of_the_suspects_stops_all_verdicts_until_it_is_overridden_with_a_reason(tmp_path):
    report = {"findings": [{"code": "shift-colour", "sentence": SHIFT, "severity": "warning", "items": []}]}
    folder = written(tmp_path / "a", scores([100, 0]), report=report)
    assert kinds(judged(folder)) == [Kind.UNJUDGED] * 2
    assert SHIFT[1:] in judged(folder).verdicts[0].sentence
    with pytest.raises(StoreError, match="needs a reason"):
        review.append(folder, "override", image=None, why=" ", value="shift")
    review.append(folder, "override", image=None, why="Taken at dusk, as the others.", value="shift", who="Kim")
    found = judged(folder)
    assert Kind.UNJUDGED not in kinds(found)
    assert "Overridden by Kim on" in found.doubts[0].told and "Taken at dusk" in found.doubts[0].told
    review.append(folder, "restore", image=None, why="It was not dusk.", value="shift")
    assert kinds(judged(folder)) == [Kind.UNJUDGED] * 2


def test_a_shift_between_members_and_non_members_stops_no_verdict(tmp_path):
    sentence = "Members and non-members differ in colour."
    report = {"findings": [{"code": "shift-colour", "sentence": sentence, "items": []}]}
    assert kinds(judged(written(tmp_path / "a", scores([100]), report=report))) == [Kind.EVIDENCE]


def test_a_suspect_that_resembles_a_member_is_not_judged(tmp_path):
    items = [{"first": "/data/s0.png", "second": "/data/m0.png", "correlation": 0.99}]
    report = {"findings": [{"code": "near-duplicates", "sentence": NEAR, "items": items}]}
    folder = written(tmp_path / "a", scores([100, 99]), report=report)
    found = judged(folder)
    assert kinds(found) == [Kind.UNJUDGED, Kind.EVIDENCE] and found.judged == 1
    assert "a near-duplicate of a known member" in found.verdicts[0].sentence
    items[0]["mirrored"] = True
    turned = judged(written(tmp_path / "b", scores([100, 99]), report=report))
    assert "a mirrored near-duplicate of a known member" in turned.verdicts[0].sentence
    review.append(folder, "override", image=found.verdicts[1].image, why="Looked at.", value="near-duplicate")
    assert kinds(judged(folder))[0] is Kind.UNJUDGED
    review.append(folder, "override", image=found.verdicts[0].image, why="Another junction.", value="near-duplicate")
    assert Kind.UNJUDGED not in kinds(judged(folder))


def test_where_not_all_near_duplicates_were_listed_no_suspect_is_judged(tmp_path):
    items = [{"first": "/data/gone.png", "second": "/data/m0.png"}] * 1000
    report = {"findings": [{"code": "near-duplicates", "sentence": NEAR, "items": items}]}
    assert kinds(judged(written(tmp_path / "a", scores([100]), report=report))) == [Kind.UNJUDGED]


def test_a_suspect_that_is_a_known_image_is_not_judged(tmp_path):
    report = {"findings": [{"code": "exact-duplicates", "sentence": SAME, "items": [{"first": "/data/s0.png"}]}]}
    found = judged(written(tmp_path / "a", scores([100]), report=report))
    assert "among the known non-members, byte for byte" in found.verdicts[0].sentence


def test_without_the_data_check_no_suspect_is_judged(tmp_path):
    found = judged(written(tmp_path / "a", scores([100]), report=None))
    assert kinds(found) == [Kind.UNJUDGED] and "data check was left out" in found.verdicts[0].sentence


def test_images_that_the_attack_was_trained_with_neither_calibrate_nor_are_judged(tmp_path):
    plain = scores([100, 90], range(40))
    rows = {row.key: row.id for row in rows_of({role: len(plain[role]) for role in Role})}
    shown = {"entropy": [f"{rows[key]:064x}" for key in ("m0", "n39", "s0")]}
    found = judged(written(tmp_path / "a", plain, facts={SHOWN_TO_ATTACKS: shown}))
    assert kinds(found) == [Kind.UNJUDGED, Kind.EVIDENCE]
    assert found.calibration == 39 and found.powers[-1].members == 2


def test_what_an_attack_and_its_shadows_were_trained_with_is_found():
    images = [HashedImage(key, Role.NON_MEMBER, key * 64) for key in "abcd"]
    manifest = TrainingManifest("attack", "0" * 64, ("a" * 64,), ("b" * 64,), (ShadowRecord("1" * 64, ("c" * 64,)),))
    assert seen_in_training(manifest, images) == ["a" * 64, "b" * 64, "c" * 64]
    assert seen_in_training(None, images) == []


def test_excluded_images_are_in_nothing(tmp_path):
    folder = written(tmp_path / "a", scores([100, 99], range(40)))
    images = {verdict.key: verdict.image for verdict in judged(folder).verdicts}
    review.append(folder, "exclude", image=images["s0"], why="blurred")
    review.append(folder, "exclude", image=3, why="blurred")
    found = judged(folder)
    assert [verdict.key for verdict in found.verdicts] == ["s1"] and found.calibration == 39


def test_a_group_of_suspects_is_judged_once(tmp_path):
    groups = {"s0": "drive", "s1": "drive", "n0": "other", "n1": "other"}
    found = judged(written(tmp_path / "a", scores([100, 60, 5], range(41)), groups=groups))
    one, two, _ = found.verdicts
    assert (found.grouped, found.calibration, found.judged) == (True, 40, 2)
    assert (one.group, one.q, one.sentence) == (two.group, two.q, two.sentence)
    assert "groups of known non-members" in one.sentence


# ---------------------------------------------------------------- the protocol


def test_a_share_of_the_non_members_calibrates_whichever_are_excluded():
    rows = rows_of({Role.MEMBER: 2, Role.NON_MEMBER: 40, Role.SUSPECT: 2})
    chosen = calibration_images(spec_of(protocol={"calibration": 0.25}), rows)
    assert len(chosen) == 10 and {rows[i].role for i in chosen} == {Role.NON_MEMBER}
    assert chosen == calibration_images(spec_of(protocol={"calibration": 0.25}), rows[::-1])
    assert chosen != calibration_images(spec_of(protocol={"calibration": 0.25}, seed=1), rows)
    assert chosen < calibration_images(spec_of(protocol={"calibration": 0.5}), rows)
    assert len(calibration_images(spec_of(), rows)) == 40


def test_groups_are_not_split_between_calibration_and_the_rest():
    groups = {f"n{i}": f"drive {i % 8}" for i in range(40)}
    rows = rows_of({Role.MEMBER: 0, Role.NON_MEMBER: 40, Role.SUSPECT: 0}, groups)
    chosen = calibration_images(spec_of(protocol={"calibration": 0.5}), rows)
    inside = {row.group for row in rows if row.id in chosen}
    assert len(inside) == 4 and all((row.group in inside) == (row.id in chosen) for row in rows)


def test_a_table_marked_calibration_calibrates_alone():
    images = [
        {"role": "member", "path": "m"},
        {"role": "non-member", "path": "n"},
        {"role": "non-member", "path": "held-out.txt", "calibration": True},
    ]
    spec = spec_of(images=images)
    rows = [ImageRow(i, Role.NON_MEMBER, 1 + i % 2, f"{i}", f"{i}") for i in range(6)]
    assert calibration_images(spec, rows) == {1, 3, 5}
    with pytest.raises(SpecError, match="a member cannot be 'calibration'"):
        spec_of(images=[{"role": "member", "path": "m", "calibration": True}])


def test_calibration_non_members_set_no_threshold(tmp_path):
    spec = spec_of(protocol={"calibration": 0.5})
    non_members = np.random.default_rng(2).permutation(np.arange(40.0))
    folder = written(tmp_path / "a", scores([1], non_members, members=np.arange(20.0, 60.0)), spec)
    with AuditStore.read(folder) as store:
        before = summarise(store, spec)["results"][1]["metrics"]["at_threshold"]["threshold"]["value"]
        free = [
            r
            for r in store.images()
            if r.role is Role.NON_MEMBER and r.id not in calibration_images(spec, store.images())
        ]
        known = {s.image: s.score for s in store.scores("none", "entropy")}
    outside = [known[row.id] for row in free]
    inside = np.arange(20.0, 60.0)
    gains = {t: np.mean(inside >= t) - np.mean(np.array(outside) >= t) for t in [*inside, *outside]}
    assert gains[before] == max(gains.values())
    assert len(outside) == 20


def test_the_protocol_is_written_and_read_again_and_an_old_spec_keeps_its_hash(tmp_path):
    plain = spec_of()
    assert not {"protocol", "released", "calibration"} & set(json.dumps(to_mapping(plain)).replace('"', " ").split())
    changed = spec_of(
        protocol={"level": 0.1, "calibration": 0.5}, defenses=[{"name": "none"}, {"name": "argmax", "released": True}]
    )
    write_spec(changed, tmp_path / "spec.toml")
    again = read_spec(tmp_path / "spec.toml")
    assert (again.protocol, again.release.id) == (changed.protocol, "argmax")
    assert len({plain.sha256, changed.sha256, spec_of(protocol={"level": 0.1}).sha256}) == 3


def test_how_attack_and_output_were_chosen_is_told_with_the_verdicts(tmp_path):
    words = "On two shadows of another city, before the suspects were seen."
    chosen = spec_of(protocol={"chosen": words})
    assert to_mapping(chosen)["protocol"] == {"chosen": words}
    assert judged(written(tmp_path / "a", scores([100]), chosen)).sentences[-1].endswith(words)
    assert not any("chosen" in words for words in judged(written(tmp_path / "b", scores([100]))).sentences)


def test_two_released_outputs_are_refused():
    with pytest.raises(SpecError, match="more than one is 'released'"):
        spec_of(defenses=[{"name": name, "released": True} for name in ("none", "argmax")])


# ---------------------------------------------------------------- what is printed and exported


def test_the_table_of_scores_has_p_q_and_verdict_where_they_belong(tmp_path):
    folder = written(tmp_path / "a", scores([100, "too small"]))
    store, spec = open_audit(folder)
    with store:
        lines = list(csv.DictReader(scores_table(store, spec).splitlines()))
    told = [(line["image"], line["p"], line["verdict"]) for line in lines if line["verdict"]]
    assert told == [("s0", "0.025", "evidence of membership"), ("s1", "", "cannot be judged")]
    assert {line["defense"] for line in lines if line["verdict"]} == {"none"}


def test_the_command_line_tells_verdicts_and_overrides(tmp_path, capsys):
    report = {"findings": [{"code": "shift-colour", "sentence": SHIFT, "severity": "warning", "items": []}]}
    folder = str(written(tmp_path / "a", scores([100]), report=report))
    assert app.run(["info", folder]) == 0
    assert "1 cannot be judged" in capsys.readouterr().out
    assert app.run(["review", folder, "override", "--why", "same camera"]) == 2
    assert app.run(["review", folder, "override", "--check", "shift", "--why", "same camera"]) == 0
    assert json.loads((tmp_path / "a" / "summary.json").read_text())["verdicts"]["counts"][str(Kind.EVIDENCE)] == 1
    capsys.readouterr()
    assert app.run(["info", folder]) == 0
    out, err = capsys.readouterr()
    assert "s0: Evidence of membership: of 39 known non-members, none scores this high" in out
    assert "same camera" in err and "exploratory, no verdict" in err
