"""A snapshot of an audit that took in more defenses after the snapshot was made."""

import re
import shutil
import sqlite3
from dataclasses import replace

import pytest
from pypdf import PdfReader

import main
from core.audit.extension import EXTENDED
from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec, write_spec
from core.audit.store import SPEC_NAME, AuditStore
from core.defenses.chain import Chain
from core.progress import Progress
from core.snapshot.choices import Contents, Privacy, SnapshotChoices
from core.snapshot.verify import State, Verifier, read_snapshot
from gui.snapshot.export import write_snapshot
from tests.world import make_world

RUN = {"batch": 2, "resamples": 100, "data_check": False}
ADDED = ({"name": "gauss", "sigma": 0.3}, {"name": "temperature", "T": 3.0})
COVER = SnapshotChoices(contents=Contents(("cover", "provenance"), top=0))
REDACTED = replace(COVER, privacy=Privacy(redact=True))
SCORES = "12 scores of the audit"


@pytest.fixture(scope="module")
def made(tmp_path_factory, street_like, qapp):
    """An audit with a snapshot, plain and redacted, made before it took in two defenses, one after the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGLEAK_HOME", str(tmp_path_factory.mktemp("home")))
        world = make_world(tmp_path_factory.mktemp("since"), street_like, members=3, non_members=2, suspects=1)
        attacks = [{"name": "loss", "primary": True}, {"name": "entropy"}]
        spec = read_spec(world.write_spec(defenses=[{"name": "none"}], attacks=attacks, run=RUN))
        audit = world.folder / "small.segleak"
        run_audit(spec, audit, RunOptions("cpu"))
        plain = write_snapshot(audit, COVER, world.folder / "plain.pdf")
        redacted = write_snapshot(audit, REDACTED, world.folder / "redacted.pdf")
        for added in ADDED:
            spec = replace(spec, defenses=(*spec.defenses, Chain.parse(added)))
            run_audit(spec, audit, RunOptions("cpu", extend=True))
        yield world.folder, audit, plain, redacted


@pytest.fixture
def own(made):
    """A copy of the audit, beside it so that its relative paths lead to the same files, that may be spoiled."""
    copy = made[1].with_name("copy.segleak")
    shutil.copytree(made[1], copy)
    yield copy
    shutil.rmtree(copy)


def checked(path, audit=None):
    return {c.what: c for c in Verifier(read_snapshot(path), audit).check(Progress())}


def test_the_spec_is_told_to_be_extended_with_when_and_what(made):
    found = checked(made[2])
    assert {c.state for what, c in found.items() if what != "spec"} == {State.MATCHES}
    assert found["spec"].state is State.EXTENDED
    with AuditStore.read(made[1]) as store:
        first, second = store.fact(EXTENDED)
    assert f"{first['when']} it took in gauss(sigma=0.3)" in found["spec"].told
    assert f"{second['when']} it took in temperature(T=3)" in found["spec"].told


def test_a_redacted_snapshot_is_told_apart_too(made):
    assert checked(made[3], made[1])["spec"].state is State.EXTENDED
    assert checked(made[3])["spec"].state is State.UNKNOWN


def test_a_snapshot_made_after_the_first_extension_names_the_second_one_only(made, own, tmp_path):
    spec = read_spec(own / SPEC_NAME)
    more = replace(spec, defenses=(*spec.defenses, Chain.parse({"name": "argmax"})))
    path = write_snapshot(own, COVER, tmp_path / "later.pdf")
    run_audit(more, own, RunOptions("cpu", extend=True))
    told = checked(path)["spec"].told
    assert "argmax" in told and "gauss" not in told


def test_a_spec_that_was_changed_by_hand_is_no_extension(made, own):
    spec = read_spec(own / SPEC_NAME)
    for other in (
        replace(spec, seed=7),
        replace(spec, defenses=spec.defenses[:2]),  # not what the log says
        replace(spec, defenses=(*spec.defenses, Chain.parse({"name": "argmax"}))),
    ):
        write_spec(other, own / SPEC_NAME)
        assert checked(made[2], own)["spec"].state is State.CHANGED


def test_without_the_audit_s_log_it_is_only_a_change(made, own):
    with AuditStore.create(own) as store:
        store.set_fact(EXTENDED, [])
    assert checked(made[2], own)["spec"].state is State.CHANGED


def test_scores_that_were_changed_are_found_out(made, own):
    assert checked(made[2], own)[SCORES].state is State.MATCHES
    connection = sqlite3.connect(own / "results.sqlite")
    connection.execute("UPDATE scores SET score = score + 1e-9 WHERE image = 0 AND defense = 'none'")
    connection.commit()
    connection.close()
    found = checked(made[2], own)[SCORES]
    assert (found.state, found.told) == (State.CHANGED, "The audit has 10 of them.")


def test_where_there_is_no_audit_nothing_is_said_of_its_scores(made, own):
    (own / "results.sqlite").unlink()
    (own / "results.sqlite").mkdir()
    assert SCORES in checked(made[2])
    assert "spec" in checked(made[2]) and SCORES not in checked(made[3])


def test_the_command_line_names_the_extension_and_does_not_call_it_a_failure(made, capsys):
    assert main.main(["verify", str(made[2]), "--quiet"]) == 0
    said = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert "matches, extended since: spec" in said and "it took in gauss(sigma=0.3)" in said


def test_the_scores_of_an_extended_audit_are_computed_again_under_the_defenses_of_the_snapshot(made, capsys):
    given = ["verify", str(made[2]), "--rescore", "2", "--device", "cpu", "--quiet"]
    assert main.main(given) == 0
    assert capsys.readouterr().out.count("agrees: ") == 2


@pytest.mark.parametrize("choices", [COVER, REDACTED])
def test_a_snapshot_says_itself_what_the_audit_took_in_later(made, tmp_path, choices):
    path = write_snapshot(made[1], choices, tmp_path / "after.pdf")
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(path).pages))
    assert re.search(r"Taken in later \d{1,2} \w+ \d{4}, \d\d:\d\d UTC: gauss\(sigma=0\.3\)", text)
    assert set(checked(path, made[1])["spec"].told) == set()
