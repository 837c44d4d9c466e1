"""Verdicts by attacks whose references have seen images of the audit: only where they have seen both kinds alike."""

import pytest

from core.audit import review
from core.audit.asked_alike import ASKING_REFERENCES, SEEN_BY_REFERENCES, seen_counts
from core.audit.doubts import Check
from core.audit.runner import RunOptions, open_audit, run_audit
from core.audit.spec import read_spec
from core.audit.store import AuditStore
from core.audit.verdicts import Kind, verdicts_of
from core.files import sha256_of_file
from core.training.manifest import TrainingManifest, write_manifest
from core.training.membership import random_halves
from tests.test_verdicts import judged, kinds, scores, written
from tests.world import make_world, write_target

MEMBERS, NON_MEMBERS = 3, 39
SHA = "{:064x}".format


def audit(folder, suspects, non_members, asking=("entropy",), groups=None):
    """Suspects that all score high; how many references have seen each suspect and each non-member."""
    counts = [0] * MEMBERS + list(non_members) + list(suspects)
    facts = {
        SEEN_BY_REFERENCES: {SHA(row): count for row, count in enumerate(counts) if count},
        ASKING_REFERENCES: list(asking),
    }
    return written(folder, scores([100] * len(suspects), range(len(non_members))), facts=facts, groups=groups)


def test_references_that_have_seen_all_alike_are_in_nobody_s_way(tmp_path):
    assert kinds(judged(audit(tmp_path / "none", [0] * 6, [0] * NON_MEMBERS))) == [Kind.EVIDENCE] * 6
    found = judged(audit(tmp_path / "half", [4] * 6, [4] * NON_MEMBERS))
    assert kinds(found) == [Kind.EVIDENCE] * 6
    assert not found.doubts


@pytest.mark.parametrize(("suspects", "non_members"), [(0, 4), (4, 0)])
def test_where_one_side_was_never_seen_no_suspect_is_judged_until_a_reason_is_written(tmp_path, suspects, non_members):
    folder = audit(tmp_path / "a", [suspects] * 6, [non_members] * NON_MEMBERS)
    found = judged(folder)
    assert kinds(found) == [Kind.UNJUDGED] * 6
    assert f"{suspects:.1f} references were trained on a suspect and {non_members:.1f} on" in found.verdicts[0].sentence
    review.append(folder, "override", image=None, why="Drawn alike, by another list.", value=str(Check.REFERENCES))
    assert kinds(judged(folder)) == [Kind.EVIDENCE] * 6


def test_a_single_suspect_outside_what_non_members_have_is_not_judged_and_the_others_are(tmp_path):
    found = judged(audit(tmp_path / "a", [4, 0, 4, 4, 4, 4], [4] * NON_MEMBERS))
    assert kinds(found) == [Kind.EVIDENCE, Kind.UNJUDGED, *[Kind.EVIDENCE] * 4]
    assert "0 references were trained on it, on each non-member that calibrates 4" in found.verdicts[1].sentence


def test_an_attack_that_asks_no_reference_is_not_concerned(tmp_path):
    found = judged(audit(tmp_path / "a", [0] * 6, [4] * NON_MEMBERS, asking=("rmia",)))
    assert kinds(found) == [Kind.EVIDENCE] * 6


def test_random_halves_are_all_but_never_refused_though_an_odd_reference_has_no_partner(tmp_path):
    """Groups of three, as frames of a video are; 5 references."""
    non_members = 120
    groups = [f"g{row // 3}" for row in range(non_members + 12)]
    keys = [f"n{i}" for i in range(non_members)] + [f"s{i}" for i in range(12)]
    refused = 0
    for seed in range(40):
        seen = random_halves(groups, 5, seed).sum(axis=1).tolist()
        split = seen[non_members:], seen[:non_members]
        found = judged(audit(tmp_path / str(seed), *split, groups=dict(zip(keys, groups, strict=True))))
        refused += Kind.UNJUDGED in kinds(found)
    assert refused <= 3


def test_what_references_have_seen_is_counted():
    known = [frozenset({"a", "b"}), None, frozenset({"b", "elsewhere"})]
    assert seen_counts(known, ["a", "b", "c", "b"]) == {"a": 1, "b": 2}


def test_an_audit_records_who_asks_and_what_was_seen(tmp_path, street_like):
    world = make_world(tmp_path, street_like, members=2, non_members=3, suspects=2)
    images = [
        world.folder / "non-members" / "00.png",
        *(world.folder / "suspects" / f"0{number}.png" for number in range(2)),
    ]
    write_target(tmp_path / "one.safetensors", 1)
    hashes = tuple(sha256_of_file(image) for image in images)
    manifest = TrainingManifest("target", sha256_of_file(tmp_path / "one.safetensors"), hashes)
    write_manifest(tmp_path / "one.safetensors", manifest)
    attacks = [{"name": "loss"}, {"name": "rmia", "primary": True}]
    spec = world.write_spec(
        attacks=attacks,
        references=[{"path": "one.safetensors"}],
        run={"cache_gb": 0.0, "resamples": 100, "data_check": False},
    )
    run_audit(read_spec(spec), tmp_path / "seen.segleak", RunOptions(device="cpu"))
    with AuditStore.read(tmp_path / "seen.segleak") as store:
        assert store.fact(ASKING_REFERENCES) == ["rmia"]
        assert store.fact(SEEN_BY_REFERENCES) == dict.fromkeys(sorted(hashes), 1)
    store, opened = open_audit(tmp_path / "seen.segleak")
    with store:
        assert {verdict.kind for verdict in verdicts_of(store, opened, ()).verdicts} == {Kind.UNJUDGED}
