"""What the new-audit page is made of, without the page: paths, drafts, lists as texts, cards, what is missing."""

import tomllib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audit.spec import ReferenceEntry, attack_entries, read_spec
from core.defenses.chain import Chain
from core.engine.jobs import FoundSet, ReadCard
from core.errors import SegLeakError, SpecError
from core.targets.preprocessing import Preprocessing
from gui import door
from gui.wizard.cards import by_fit, sentences
from gui.wizard.draft import (
    again,
    draft_path,
    empty,
    free_name,
    of_spec,
    read_draft,
    save_beside,
    save_spec,
    write_draft,
)
from gui.wizard.kinds import Kind, kind_of
from gui.wizard.looking import Known
from gui.wizard.missing import duration, lacks, promise
from gui.wizard.saving import place_problem
from gui.wizard.texts import as_texts, from_texts, with_texts
from tests.gui.small_audit import small_audit
from tests.gui.wizard.stand_ins import SOUND, card, full_draft, image_folder

# ---------------------------------------------------------------- what a path is


def test_paths_are_told_apart_by_names_and_first_bytes(tmp_path):
    import safetensors.numpy

    saved = tmp_path / "saved"
    saved.mkdir()
    (saved / "config.json").write_text("{}", "utf-8")
    (saved / "model.safetensors").write_bytes(b"")
    tensors = {"a": np.zeros(1, np.float32)}
    safetensors.numpy.save_file(tensors, tmp_path / "net.safetensors", {"segleak_attack": "{}"})
    safetensors.numpy.save_file(tensors, tmp_path / "weights.safetensors")
    for name in ("model.onnx", "list.txt", "spec.toml", "model.pt"):
        (tmp_path / name).write_text("a = 1", "utf-8")
    (tmp_path / "broken.safetensors").write_bytes(b"\xff" * 4)
    audit = small_audit(tmp_path / "one.segleak")
    expected = {
        audit: Kind.AUDIT,
        audit / "audit.toml": Kind.AUDIT,
        saved: Kind.MODEL,
        tmp_path / "net.safetensors": Kind.NETWORK,
        tmp_path / "weights.safetensors": Kind.MODEL,
        tmp_path / "broken.safetensors": Kind.MODEL,
        tmp_path / "model.onnx": Kind.MODEL,
        tmp_path / "model.pt": Kind.MODEL,
        tmp_path / "list.txt": Kind.IMAGES,
        tmp_path / "spec.toml": Kind.SPEC,
        image_folder(tmp_path / "images"): Kind.IMAGES,
        tmp_path / "images" / "0.png": Kind.IMAGES,
    }
    assert {path: kind_of(path) for path in expected} == expected


@pytest.mark.parametrize("name", ["letter.docx", "classes.toml", "gone.pth"])
def test_what_is_nothing_known_is_refused_by_name(tmp_path, name):
    if name != "gone.pth":
        (tmp_path / name).write_text("classes = []", "utf-8")
    with pytest.raises(SegLeakError, match=name) as caught:
        kind_of(tmp_path / name)
    assert caught.value.remedy


def test_without_a_display_a_folder_of_images_is_checked_and_all_else_is_described(tmp_path, monkeypatch, capsys):
    taken = []
    monkeypatch.setattr("core.cli.app.run", lambda arguments, *more: taken.append(arguments) or 0)
    monkeypatch.setattr(door, "has_display", lambda: False)
    images, model = image_folder(tmp_path / "images"), tmp_path / "model.onnx"
    model.write_bytes(b"")
    for path in (images, model):
        assert door.open_window(path) == 0
    assert taken == [["check", "--suspects", str(images)], ["info", str(model)]]


# ---------------------------------------------------------------- the draft


def test_a_draft_with_or_without_gaps_is_read_as_it_was_written(tmp_path):
    for draft in (empty({}), full_draft(tmp_path)):
        write_draft(draft)
        assert read_draft() == draft
    bare = replace(empty({}), spec=replace(empty({}).spec, attacks=()))
    write_draft(bare)
    assert read_draft() == bare


@pytest.mark.parametrize("text", ["", "spec = 3", "not toml [", "place = 'x'\nfolder = ''\n[spec]\nversion = 99"])
def test_a_damaged_draft_is_as_if_there_were_none(text):
    draft_path().parent.mkdir(parents=True)
    draft_path().write_text(text, "utf-8")
    assert read_draft() is None


def test_a_saved_spec_names_what_lies_beside_it_relatively_and_all_else_in_full(tmp_path):
    draft = full_draft(tmp_path)
    path = save_beside(draft)
    table = tomllib.loads(path.read_text("utf-8"))
    assert path == tmp_path / "here" / "one.toml"
    assert [entry["path"] for entry in table["images"]] == ["members", "/x"]
    assert table["target"]["path"] == (tmp_path / "models" / "m.pt").as_posix()
    assert table["defenses"][1]["path"] == "h.pth"
    assert table["attacks"][0]["network"] == "slm"
    read = read_spec(path)
    assert read.resolve(read.images[0].path) == tmp_path / "here" / "members"


def test_a_spec_is_never_written_over_another_one(tmp_path):
    draft = full_draft(tmp_path)
    first = save_beside(draft)
    first.write_text(f"# mine\n{first.read_text('utf-8')}", "utf-8")
    assert save_beside(draft) == first, "it says the same"
    other = replace(draft, spec=replace(draft.spec, seed=6))
    assert save_beside(other).name == "one-2.toml"
    assert "# mine" in first.read_text("utf-8")


def test_a_place_that_cannot_be_written_to_is_said(tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(SpecError, match="file"):
        save_spec(full_draft(tmp_path), tmp_path / "file" / "a.toml")


def test_the_same_again_is_the_same_spec_under_a_free_name(tmp_path):
    folder = small_audit(tmp_path / "Small.segleak")
    draft = again(read_spec(folder / "audit.toml"), folder)
    assert (draft.spec.name, draft.place) == ("Small-2", tmp_path)
    assert draft.target == folder / "target.safetensors"
    assert free_name(tmp_path, "Small") == "Small-2"
    assert of_spec(folder / "audit.toml").place == folder


def test_only_a_place_without_results_is_free(tmp_path):
    draft = replace(full_draft(tmp_path), place=tmp_path)
    assert place_problem(draft) == ""
    small_audit(tmp_path / "one.segleak", done=0)
    assert place_problem(draft) == "", "nothing is lost there"
    small_audit(tmp_path / "two.segleak")
    assert "two.segleak" in place_problem(replace(draft, spec=replace(draft.spec, name="two")))
    image_folder(tmp_path / "three.segleak")
    assert "three.segleak" in place_problem(replace(draft, spec=replace(draft.spec, name="three")))
    for name in ("a/b", ".hidden", 'x"y'):
        assert "name" in place_problem(replace(draft, spec=replace(draft.spec, name=name)))
    (tmp_path / "file").write_text("", "utf-8")
    assert "is a file" in place_problem(replace(draft, place=tmp_path / "file"))


# ---------------------------------------------------------------- forms with lists


numbers = st.floats(0.001, 300, allow_nan=False).map(lambda value: float(f"{value:.6g}"))


@given(st.lists(numbers, min_size=3, max_size=3), st.lists(numbers, min_size=3, max_size=3))
def test_lists_survive_being_texts(mean, std):
    values = Preprocessing(mean=tuple(mean), std=tuple(std), resize=(64, 128)).to_mapping()
    assert from_texts(Preprocessing, as_texts(Preprocessing, values)) == values


@pytest.mark.parametrize(("key", "text"), [("mean", "1, 2"), ("std", "a, b, c"), ("resize", "64"), ("std", "0, 1, 1")])
def test_a_list_that_cannot_be_is_refused_by_its_name(key, text):
    shown = with_texts(Preprocessing).from_mapping({key: text})
    with pytest.raises(SpecError, match=key):
        from_texts(Preprocessing, shown)


# ---------------------------------------------------------------- cards, times, what is missing


def test_networks_that_fit_come_first_then_those_made_for_the_release():
    cards = {"slm": card(), "slm-argmax": card(defense="argmax"), "slm-sharp": card(classes=19)}
    assert by_fit(cards, 7, labels_only=False) == ["slm", "slm-argmax", "slm-sharp"]
    assert by_fit(cards, 7, labels_only=True)[0] == "slm-argmax"


def test_a_card_says_how_well_it_did_on_targets_it_had_not_seen():
    judged = [{"auc": a, "defense": "none", "target": "T"} for a in (0.9173, 0.7747)] + [
        {"auc": 0.1, "defense": "argmax", "target": "T"}
    ]
    assert "AUC 0.77 to 0.92 on 2 targets" in sentences(card(extra={"judged": judged}))
    assert "AUC 0.98 on shadow images" in sentences(card(extra={"shadow_auc": 0.984}))


@pytest.mark.parametrize(("seconds", "words"), [(3, "under a minute."), (600, "about 10 min."), (5400, "about 1.5 h.")])
def test_rough_times_are_rough(seconds, words):
    assert duration(seconds) == words


def test_what_will_be_run_counts_a_pass_for_each_defense_that_asks_the_target_again(tmp_path):
    known = Known(sets=(FoundSet(images=1000),), target=replace(SOUND, seconds=0.2))
    draft = full_draft(tmp_path)  # a hardened target besides
    assert promise(draft, known) == "1,000 images, 2 defenses and 2 attacks; about 10 min."
    models = (ReferenceEntry("a"), ReferenceEntry("b"))
    draft = replace(draft, spec=replace(draft.spec, references=models))
    assert promise(draft, known) == "1,000 images, 2 defenses and 2 attacks; about 10 min.", "nobody asks them"
    draft = replace(draft, spec=replace(draft.spec, attacks=attack_entries([{"name": "rmia"}])))
    assert promise(draft, known) == "1,000 images, 2 defenses and 1 attack; about 20 min."


def test_everything_that_is_missing_is_named(tmp_path):
    assert [lack.sentence for lack in lacks(empty({}), Known())] == [
        "Choose a model.",
        "Add images: members, non-members or suspects.",
    ]
    draft = full_draft(tmp_path)
    assert lacks(draft, Known()) == []
    twice = replace(draft, spec=replace(draft.spec, defenses=(Chain(), Chain()), attacks=()))
    words = " ".join(lack.sentence for lack in lacks(twice, Known(sets=(FoundSet(problem="Nothing there."),))))
    for part in ("Nothing there.", "Add an attack", "listed twice"):
        assert part in words
    unfit = Known(target=SOUND, cards={"slm": ReadCard(card(classes=19))})
    assert "19 classes" in lacks(draft, unfit)[0].sentence
