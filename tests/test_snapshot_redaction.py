"""A redacted snapshot says nothing of how files, folders and groups are called: other names, the same snapshot."""

import json
import re
import shutil
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.audit import decisions, review
from core.audit.spec import read_spec, write_spec
from core.audit.store import RESULTS_NAME, SPEC_NAME, AuditStore
from core.progress import Progress
from core.snapshot.choices import Contents, Heading, Privacy, SnapshotChoices
from core.snapshot.content import opened
from core.snapshot.record import record_of
from core.snapshot.redaction import KEY_NAME
from core.snapshot.replacing import mapped, replacer
from core.snapshot.sections import blocks_of
from tests.snapshot_world import make_snapshot_world

KINDS = ("set", "stem", "group", "target", "folder")
NAMES = st.lists(
    st.text(st.sampled_from("äЖ語7Qzé2"), min_size=1, max_size=9), min_size=len(KINDS), max_size=len(KINDS), unique=True
)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = make_snapshot_world(tmp_path_factory.mktemp("redaction") / "w", members=2, others=3, suspects=2, maps=False)
    (made.audit / KEY_NAME).write_text("ab" * 32 + "\n", "ascii")
    return made


def renamed(world, folder, names):
    """A copy of the audit in which one image, its folder, its group, the target and the audit have these names."""
    one = dict(zip(KINDS, names, strict=True))
    audit = folder / f"{one['folder']}.segleak"
    shutil.rmtree(audit, ignore_errors=True)
    shutil.copytree(world.audit, audit)
    spec = read_spec(audit / SPEC_NAME)
    paths = {spec.target.path: one["target"], spec.images[2].path: one["set"]}
    write_spec(spec.with_paths(lambda path: paths.get(path, path)), audit / SPEC_NAME)
    path = f"/srv/{one['folder']}/{one['set']}/{one['stem']}.png"
    with closing(sqlite3.connect(audit / RESULTS_NAME)) as data, data:
        columns = "key = ?, path = ?, state = 'failed', reason = ?, grp = ?"
        data.execute(f"update images set {columns} where id = 5", (one["stem"], path, f"{path}: gone.", one["group"]))
    with AuditStore.create(audit) as store:
        store.set_fact("target", {**store.fact("target"), "file": one["target"]})
        store.set_fact("sets", [{"path": one["set"], "found": f"In {one['set']}; 2 images, 2 with a label map."}])
        store.set_fact("independence", [f"Warning: {one['target']}: its shadow 1 is a target of this audit."])
        items = [{"first": path, "second": path}]
        finding = {"severity": "error", "code": "x", "sentence": f"Same: 1 ({one['stem']}.png).", "items": items}
        store.set_fact("data_check", {"findings": [finding]})
    said = f"see {one['stem']}, {one['set']}/{one['stem']} and {one['group']} of {one['folder']}"
    when = review.append(audit, "note", image=6, why=said, who="W")
    review.append(audit, "note", image=6, why="", value=decisions.withdrawal(when), who="W")
    lines = (audit / review.REVIEW_NAME).read_text("utf-8")
    (audit / review.REVIEW_NAME).write_text(lines.replace(when.when, "2026-07-02T07:22:00+00:00"), "utf-8")
    return audit, said


def said_by(audit, notes):
    choices = SnapshotChoices(Heading(notes=notes), Contents(top=2, predictions=False), Privacy(redact=True))
    with opened(audit, choices) as content:
        assert decisions.standing_notes(content.entries) == {}
        record = record_of(content)
        found = [content.title, record.document.decode(), record.scores.decode()]
        mapped(blocks_of(content, record, Progress()), lambda text: found.append(text) or text)
    everything = "\n".join(found).replace(content.created, "")
    files = re.sub(r"[0-9a-f]{16,64}", "#", everything)  # the hash of the spec is that of a file with paths in it
    return files.replace("2026-07-02T07:22:00+00:00", "")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=NAMES)
def test_other_names_of_any_length_give_the_same_redacted_snapshot(world, tmp_path, names):
    plain = said_by(*renamed(world, tmp_path, ["Set A", "Stem A", "Group A", "Target A", "Folder A"]))
    assert said_by(*renamed(world, tmp_path, names)) == plain


def test_numbers_that_are_names_stay_where_they_are_numbers(world, tmp_path):
    """An image called 2026.png takes no year out of the dates."""
    audit, _ = renamed(world, tmp_path, ["a", "2026", "b", "c", "d"])
    with opened(audit, SnapshotChoices(privacy=Privacy(redact=True))) as content:
        table = json.loads(record_of(content).document)
    assert table["facts"]["finished"].startswith("2026-01-01T")


def test_a_hardened_target_with_a_label_does_not_tell_its_file(tmp_path):
    world = make_snapshot_world(
        tmp_path / "w", members=1, others=1, suspects=1, hardened="models/secretname.safetensors"
    )
    with opened(world.audit, SnapshotChoices(privacy=Privacy(redact=True))) as content:
        record = record_of(content)
        assert b"secretname" not in record.document + record.scores
        assert "secretname" not in str(blocks_of(content, record, Progress()))
        assert content.title_of(content.chains[-1]) == "Hard one"
    with opened(world.audit, SnapshotChoices()) as content:
        assert any("secretname" in source for source in json.loads(record_of(content).document)["facts"]["used"])


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=6), st.just("<>"), max_size=8))
def test_a_word_alone_is_replaced_however_it_is_written(known):
    change = replacer(known)
    for word in known:
        assert change(word) == "<>"
        if word.upper().lower() == word:
            assert change(word.upper()) == "<>"
