"""Whether attacks can ask references online: counted by the engine, offered on the page at one click."""

from dataclasses import replace

import pytest

from core.audit.spec import ImagesEntry, ReferenceEntry, attack_entries
from core.data.samples import Role
from core.engine.jobs import CheckedReference, CheckReferences, CountSeen, FoundSet, Seen
from core.engine.jobs.base import Desk
from core.files import sha256_of_file
from core.progress import Progress
from core.training.manifest import TrainingManifest, write_manifest
from gui.wizard.looking import Known
from gui.wizard.online import BLOCKS, BOTH, ask_online, offer, question
from tests.fleet_world import asked as asked_of
from tests.fleet_world import write_world
from tests.gui.wizard.helpers import answer, asked
from tests.gui.wizard.stand_ins import full_draft
from tests.world import write_target

SAW = CheckedReference(sha256="ef" * 32, words="checkpoint", classes=7, members=2)


def spec(tmp_path, *attacks, references=2):
    entries = tuple(ReferenceEntry(f"r{n}.pt") for n in range(references))
    return replace(full_draft(tmp_path).spec, attacks=attack_entries(attacks), references=entries)


def known(spec, *found):
    return Known(sets=(FoundSet(images=2),), references=tuple(zip(spec.references, found, strict=False)))


def test_images_with_references_on_both_sides_are_counted(tmp_path, street_like):
    world = write_world(tmp_path, street_like, members=2, others=2)
    hashes = [sha256_of_file(path) for part in ("members", "others") for path in sorted((world / part).glob("??.png"))]
    entries = []
    for number, seen in enumerate((hashes[:2], hashes[:1])):  # both, one, none, none
        path = tmp_path / f"{number}.safetensors"
        write_target(path, number)
        write_manifest(path, TrainingManifest("target", sha256_of_file(path), tuple(seen)))
        entries.append(ReferenceEntry(str(path)))
    job = CountSeen(tuple(entries), asked_of(world))
    assert job.run(Desk(Progress(), None, lambda part: None)) == Seen(4, 1)


def test_references_taught_in_blocks_are_on_both_sides_of_what_they_have_seen(tmp_path, street_like):
    world = write_world(tmp_path, street_like, members=2, others=2)
    hashes = [sha256_of_file(path) for part in ("members", "others") for path in sorted((world / part).glob("??.png"))]
    path = tmp_path / "half.safetensors"
    write_target(path, 1)
    settings = {"half_supervised": 16, "size": [48, 64]}
    told = TrainingManifest(
        "target", sha256_of_file(path), tuple(hashes[:3]), settings=settings, others=tuple(hashes[2:3])
    )
    write_manifest(path, told)
    job = CountSeen((ReferenceEntry(str(path)),), asked_of(world))
    desk = Desk(Progress(), None, lambda part: None)
    assert job.run(desk) == Seen(4, 2), "one is unseen, and one has shaped it as a whole"
    write_manifest(path, replace(told, members=tuple(hashes), others=()))
    assert job.run(desk) == Seen(4, 4, in_blocks=True)


def test_beside_references_taught_in_blocks_attacks_ask_online_or_not_at_all(tmp_path):
    draft = spec(tmp_path, {"name": "rmia"})
    offered = offer(draft, Seen(4, 4, in_blocks=True))
    assert offered.words.startswith(BLOCKS) and "nothing with them but online" in offered.words
    bare = spec(tmp_path, {"name": "loss"})
    added = ask_online(bare, labels_only=False, in_blocks=True)[-1]
    assert (added.attack.name, added.attack.mode) == ("log-ratio", "online")
    added = ask_online(bare, labels_only=True, in_blocks=True)[-1]
    assert (added.attack.name, added.attack.mode) == ("correctness-difference", "online")


def test_nobody_is_asked_before_a_reference_is_known_to_have_seen_something(tmp_path):
    draft = spec(tmp_path)
    images = ImagesEntry(Role.MEMBER, "/a")
    assert question(draft, known(draft, SAW, replace(SAW, members=None)), images).entries == tuple(
        replace(entry, path=str(draft.resolve(entry.path))) for entry in draft.references
    )
    assert question(draft, known(draft, SAW), images) is None, "one is not known yet"
    assert question(draft, known(draft, replace(SAW, members=0), replace(SAW, members=None)), images) is None
    assert question(draft, known(draft, SAW, replace(SAW, problem="broken")), images) is None
    assert question(draft, replace(known(draft, SAW, SAW), sets=()), images) is None
    assert question(spec(tmp_path, references=1), known(draft, SAW), images) is None


@pytest.mark.parametrize(
    ("attacks", "seen", "words", "button"),
    [
        ([{"name": "rmia"}, {"name": "loss"}], Seen(4, 4), "Robust ratio (RMIA) would be far stronger", "Ask online"),
        ([{"name": "rmia", "mode": "online"}], Seen(4, 4), "", ""),
        ([{"name": "loss"}], Seen(4, 4), "No attack of this audit does", "Add an attack that does"),
        ([{"name": "rmia", "mode": "online"}], Seen(4, 3), "3 of 4 images", ""),
        ([{"name": "rmia"}], Seen(4, 3), "", ""),
        ([{"name": "rmia"}], Seen(4, 0), "", ""),
        ([{"name": "rmia"}], None, "", ""),
    ],
)
def test_what_is_said_depends_on_what_was_counted_and_on_the_attacks(tmp_path, attacks, seen, words, button):
    said = offer(spec(tmp_path, *attacks), seen)
    assert words in said.words and bool(words) == bool(said.words) and said.button == button


def test_every_attack_that_can_is_asked_online_and_keeps_its_other_settings(tmp_path):
    draft = spec(tmp_path, {"name": "rmia", "views": 3, "primary": True}, {"name": "loss"}, {"name": "loss-difference"})
    online = ask_online(draft, labels_only=False)
    assert [getattr(entry.attack, "mode", "") for entry in online] == ["online", "", "online"]
    assert (online[0].attack.views, online[0].primary) == (3, True)
    for labels_only, name in ((False, "rmia"), (True, "correctness-difference")):
        added = ask_online(spec(tmp_path, {"name": "loss"}), labels_only=labels_only)
        assert [entry.attack.name for entry in added] == ["loss", name] and added[1].attack.mode == "online"


def test_the_page_offers_it_and_one_click_is_enough(qtbot, window, page, tmp_path):
    page.composer.edit(attacks=attack_entries([{"name": "rmia"}]))
    page.composer.add_images(Role.MEMBER, [tmp_path / "in"])
    page.attacks.references.add([tmp_path / "r0.pt", tmp_path / "r1.pt"])
    qtbot.waitUntil(lambda: bool(asked(window, CheckReferences)), timeout=5000)
    page.looking._sets_found((FoundSet(images=2, labelled=2),))
    answer(window, CheckReferences, (SAW, SAW))
    notice = page.attacks.references.online
    assert notice.isHidden()
    answer(window, CountSeen, Seen(2, 2))
    assert not notice.isHidden() and BOTH in notice.notice.text
    notice.button.click()
    assert page.composer.draft.spec.attacks[0].attack.mode == "online"
    assert notice.isHidden() and len(asked(window, CountSeen)) == 1, "what was counted still holds"
