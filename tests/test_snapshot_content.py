import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from core.audit import decisions, review
from core.audit.store import RESULTS_NAME, AuditStore
from core.data.samples import Role
from core.errors import SpecError, StoreError
from core.progress import Progress
from core.snapshot import words
from core.snapshot.blocks import Head, PictureRow, Table, Text
from core.snapshot.choices import Contents, Heading, Privacy, SnapshotChoices, read_profile, write_profile
from core.snapshot.content import opened
from core.snapshot.pictures import hatched
from core.snapshot.record import record_of
from core.snapshot.redaction import key_of
from core.snapshot.replacing import any_of, mapped
from core.snapshot.sections import blocks_of
from tests.snapshot_world import make_snapshot_world


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_snapshot_world(tmp_path_factory.mktemp("snapshot") / "Patienten-Köln")


@pytest.fixture
def own(tmp_path):
    return make_snapshot_world(tmp_path / "world")


def made(audit, choices=None):
    with opened(audit, choices or SnapshotChoices()) as content:
        record = record_of(content)
        return content, record, blocks_of(content, record, Progress())


def texts_of(thing):
    found = []
    mapped(thing, lambda text: found.append(text) or text)
    return found


def test_suspects_stand_with_the_highest_score_first(world):
    with opened(world.audit, SnapshotChoices()) as content:
        assert len(content.suspects) == 4
        for suspect in content.suspects:
            assert suspect.score == pytest.approx(world.scores[suspect.image, "none"])
        scores = [suspect.score for suspect in content.suspects]
        assert scores == sorted(scores, reverse=True)


def test_with_too_few_non_members_every_suspect_cannot_be_judged_and_the_reason_is_printed(world):
    _, _, blocks = made(world.audit)
    table = next(block for block in blocks if isinstance(block, Table) and block.head[1] == "Suspect")
    assert {row[-1] for row in table.rows} == {"cannot be judged"}
    assert any("cannot be judged: " in text.lower() for text in texts_of(blocks))


def test_evidence_in_the_summary_becomes_the_verdict_in_the_table(tmp_path):
    world = make_snapshot_world(tmp_path / "more", others=60, suspects=3, boost=5.0)
    content, _, blocks = made(world.audit)
    table = next(block for block in blocks if isinstance(block, Table) and block.head[1] == "Suspect")
    row = table.rows[0]
    scores = [world.scores[i, "none"] for i in range(8, 68)]
    assert row[-1] == "evidence of membership"
    assert row[3] == f"{sum(s >= content.suspects[0].score for s in scores)} of 60"
    assert words.headline(content)[2][0] == "3 of 3"


def test_the_auc_on_the_first_page_is_that_of_sklearn(world):
    truth = [1] * 8 + [0] * 12
    expected = roc_auc_score(truth, [world.scores[i, "none"] for i in range(20)])
    with opened(world.audit, SnapshotChoices()) as content:
        assert words.headline(content)[0][0] == f"{expected:.2f}"


def test_numbers_with_and_without_exclusions_are_both_there(own):
    review.append(own.audit, "exclude", image=0, why="wrong label map", who="me")
    with opened(own.audit, SnapshotChoices()) as content:
        everything = content.with_excluded
        assert content.result("none")["metrics"]["members"] == 7
        assert everything is not None and everything.members == 8
        scores = [own.scores[i, "none"] for i in range(20)]
        assert everything.auc == pytest.approx(roc_auc_score([1] * 8 + [0] * 12, scores))


def test_no_sentence_says_that_an_image_was_not_trained_on(world):
    _, _, blocks = made(world.audit)
    said = " ".join(texts_of(blocks)).lower()
    assert "not a member" not in said
    assert "never proof that an image was not trained on" in said


def test_image_pages_are_picked_flagged_and_highest_in_this_order(own):
    review.append(own.audit, "flag", image=5, why="", who="me")
    choices = SnapshotChoices(contents=Contents(top=2, picked=(3,)))
    with opened(own.audit, choices) as content:
        highest = sorted(range(20, 24), key=lambda i: -own.scores[i, "none"])[:2]
        assert content.pages == (3, 5, *highest)


def test_contributions_by_class_add_up_to_the_image_score(world):
    with opened(world.audit, SnapshotChoices()) as content:
        for image in (0, 9, 21):
            total = sum(value for _, value in content.pictures.contributions(image, "none"))
            evidence = content.pictures.map(image, "none", "evidence")
            assert total == pytest.approx(float(evidence.sum(dtype=np.float64)), abs=1e-6)


def test_left_out_sections_are_not_there_but_limits_always_are(world):
    _, _, blocks = made(world.audit, SnapshotChoices(contents=Contents(sections=("glossary",))))
    assert [block.text for block in blocks if isinstance(block, Head)] == ["Limits", "Glossary"]


@pytest.mark.parametrize(
    ("contents", "named"),
    [({"defenses": ("gauss-nothing",)}, "gauss-nothing"), ({"picked": (999,)}, "999"), ({"sections": ("x",)}, "'x'")],
)
def test_choices_that_do_not_fit_the_audit_are_refused_by_name(world, contents, named):
    with pytest.raises(SpecError, match=named):
        made(world.audit, SnapshotChoices(contents=Contents(**contents)))


def test_the_same_audit_gives_the_same_attachments(world):
    first, second = (made(world.audit)[1] for _ in range(2))
    assert first == second
    assert json.loads(first.document)["manifests"][0]["files"] == 24


def test_a_folder_that_is_no_audit_is_refused(tmp_path):
    with pytest.raises(StoreError, match="is not an audit"):
        made(tmp_path)


def test_a_profile_keeps_what_another_audit_can_use(tmp_path):
    choices = SnapshotChoices(Heading(examiner="Ä. B."), Contents(("cover",), ("none",), 3, picked=(1,)), Privacy(True))
    write_profile(choices, tmp_path / "p.toml")
    kept = read_profile(tmp_path / "p.toml")
    assert (kept.heading, kept.privacy) == (choices.heading, choices.privacy)
    assert kept.contents == Contents(("cover",), (), 3)


# ---------------------------------------------------------------- redaction


def secrets_of(world):
    names = [f"{role}-{n:03d}" for role in Role for n in range(3)]
    return [*names, "Straße", "Patienten-Köln", "target.safetensors", str(world.folder), "scheme.toml", "drive 7"]


@pytest.mark.parametrize("pictures", ["show", "blur", "omit"])
def test_a_redacted_snapshot_names_no_path_file_or_group(world, pictures):
    review.append(world.audit, "note", image=20, why="suspect-000.png is that of Straße/suspect-001.png", who="me")
    _, record, blocks = made(world.audit, SnapshotChoices(privacy=Privacy(redact=True, pictures=pictures)))
    everything = "\n".join([*texts_of(blocks), record.document.decode(), record.scores.decode()])
    assert [secret for secret in secrets_of(world) if secret in everything] == []


def entry_texts(own, choices=None):
    _, record, blocks = made(own.audit, choices or SnapshotChoices(privacy=Privacy(redact=True)))
    return "\n".join([*texts_of(blocks), record.document.decode(), record.scores.decode()])


def test_people_go_by_numbers_in_a_redacted_snapshot(own):
    for image, who in ((20, "grossmann"), (21, "Anna K."), (20, "grossmann")):
        review.append(own.audit, "note", image=image, why="seen by grossmann and Anna K.", who=who)
    everything = entry_texts(own)
    assert "grossmann" not in everything and "Anna K." not in everything
    assert "seen by reviewer 1 and reviewer 2" in everything
    assert "Note of reviewer 2" in everything
    plain = entry_texts(own, SnapshotChoices())
    assert "Note of Anna K." in plain and "grossmann" in plain


def test_who_overrode_a_check_goes_by_a_number_in_the_sentence_too(own):
    with AuditStore.create(own.audit) as store:
        store.set_fact("data_check", None)
    review.append(own.audit, "override", image=None, why="schmidt has looked", value="data-check", who="schmidt")
    everything = entry_texts(own)
    assert "Overridden by reviewer 1" in everything and "reviewer 1 has looked" in everything
    assert "schmidt" not in everything
    assert '"value": "data-check"' in everything


def test_a_note_that_was_taken_back_stays_away_when_redacted(own):
    note = review.append(own.audit, "note", image=20, why="meier is in suspect-000", who="meier")
    review.append(own.audit, "note", image=20, why="", value=decisions.withdrawal(note), who="meier")
    with opened(own.audit, SnapshotChoices(privacy=Privacy(redact=True))) as content:
        assert decisions.standing_notes(content.entries) == {}


@pytest.mark.parametrize(("stem", "sentence"), [("kreuzung", "as in kreuzung, the car"), ("loss", "see loss here")])
def test_a_name_that_is_a_plain_word_is_left_out_of_what_people_wrote(own, stem, sentence):
    with closing(sqlite3.connect(own.audit / RESULTS_NAME)) as data, data:
        data.execute("update images set key = ? where id = 20", (f"{stem}.png",))
    review.append(own.audit, "note", image=20, why=sentence, who="me")
    everything = entry_texts(own)
    assert sentence not in everything
    assert sentence.replace(stem, "suspect 1") in everything
    assert "structured loss map" in everything  # the program's own words stay


def test_hashes_of_images_are_keyed_and_the_key_stays_in_the_audit(world):
    content, record, _ = made(world.audit, SnapshotChoices(privacy=Privacy(redact=True)))
    plain = {sha for row in content.rows.values() for sha in (row.sha256, row.label_sha256)}
    everything = record.document.decode() + record.scores.decode()
    assert not any(sha in everything for sha in plain)
    assert key_of(world.audit).hex() not in everything
    assert (world.audit / "snapshot.key").is_file()


def test_blurred_and_omitted_pictures_cannot_be_had_back(world):
    with opened(world.audit, SnapshotChoices(privacy=Privacy(pictures="blur"))) as content:
        blurred = content.pictures.photograph(0).pixels
        assert blurred is not None
        steps = np.abs(np.diff(blurred.astype(int), axis=1)).max()
        assert steps < 40, "neighbouring pixels of noise differ by up to 255"
    with opened(world.audit, SnapshotChoices(privacy=Privacy(pictures="omit"))) as content:
        assert content.pictures.photograph(0).pixels is None
        assert content.pictures.thumbnail(0).pixels is None


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=8), min_size=1, max_size=30, unique=True))
def test_a_pattern_of_many_words_finds_each_whole_word(words_):
    import re

    pattern = re.compile(any_of(sorted(words_)))
    assert all(pattern.match(word).group() == word for word in words_)


def test_every_block_kind_is_used_by_the_full_snapshot(world):
    _, _, blocks = made(world.audit)
    kinds = {type(block) for block in blocks}
    assert {Head, Text, Table, PictureRow} <= kinds


def test_what_speaks_against_membership_is_hatched_so_that_it_is_seen_without_colour():
    values = np.where(np.arange(24) < 12, -1.0, 1.0)[None].repeat(12, axis=0).astype(np.float32)
    shown = hatched(np.full((12, 24, 4), 80, np.uint8), values)
    assert (shown[:, :12] == 255).all(axis=2).mean() == pytest.approx(1 / 6)
    assert (shown[:, 12:] == 80).all()


@pytest.mark.parametrize(
    ("iso", "said"),
    [
        ("2026-11-29T11:37:59+00:00", "29 November 2026, 11:37 UTC"),
        ("2026-01-02T03:04:05+01:00", "2 January 2026, 03:04 UTC+01:00"),
        ("2026-01-02T03:04:05", "2 January 2026, 03:04"),
        ("not finished", "not finished"),
    ],
)
def test_moments_are_written_as_people_write_them(iso, said):
    assert words.moment(iso) == said


def test_the_review_log_says_which_region_and_which_check(own):
    review.append(
        own.audit, "region", image=20, why="", value={"id": "A", "points": [[0, 0], [9, 0], [9, 9]]}, who="me"
    )
    review.append(own.audit, "override", image=None, why="looked", value="shift", who="me")
    table = next(b for b in made(own.audit)[2] if isinstance(b, Table) and b.head[0] == "When")
    assert [row[2] for row in table.rows] == ["region A", "override shift"]


@pytest.mark.parametrize(
    ("low", "answer"), [(0.6, "Yes: this attack"), (0.4, "This attack did not"), (None, "How sure")]
)
def test_the_finding_begins_with_an_answer_and_never_says_more_than_the_interval(world, low, answer):
    with opened(world.audit, SnapshotChoices()) as content:
        interval = low and {"low": low, "high": 0.9, "level": 0.95, "unit": "image"}
        content.result("none")["metrics"]["auc_interval"] = interval
        assert words.found(content).startswith(answer)
        assert "without any defense" in words.found(content)
