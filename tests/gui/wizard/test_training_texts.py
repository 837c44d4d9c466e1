"""What is proposed for references, what is said before they are trained, and the command: without a window."""

import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.audit.spec import ImagesEntry
from core.cli.app import parser
from core.cli.flags import read_flags
from core.data.samples import Role
from core.engine.jobs import FoundArchitecture, FoundFleet, ImagesAsked, TrainReferences
from core.errors import SpecError
from core.targets.preprocessing import Preprocessing
from core.training.manifest import TrainingManifest, write_manifest
from core.training.settings import TargetTraining, of_shadow
from core.training.standing import Standing
from gui.wizard.draft import empty
from gui.wizard.foreseen import LOOKING, foreseen, size
from gui.wizard.looking import Known
from gui.wizard.trained import is_for, message
from gui.wizard.training import (
    EPOCHS_UNKNOWN,
    FurtherSettings,
    Proposal,
    ReferenceSettings,
    command,
    proposed,
    reads_alike,
    training_of,
)
from tests.gui.wizard.stand_ins import FACTS, SOUND, full_draft

ODD = TargetTraining(
    "smp:PSPNet", "resnet34", (128, 256), 60, 4, 2e-3, 1e-5, "sgd", "poly", "flip-crop", "float32", "group", seed=7
)
FLEET, MODEL = FoundFleet(images=40, classes=7, free=10**9), FoundArchitecture(weights=10**6)


def known(**facts):
    return Known(target=replace(SOUND, facts=FACTS | facts))


def job(settings=ODD, count=8, *entries, **asked):
    given = entries or (ImagesEntry(Role.MEMBER, "/data/in"), ImagesEntry(Role.SUSPECT, "who"))
    return TrainReferences(ImagesAsked(given, folder=Path("/base"), **asked), settings, count, Path("/data/refs"))


# ---------------------------------------------------------------- what is proposed


def test_a_target_that_was_trained_here_says_all_of_it(tmp_path):
    draft = full_draft(tmp_path)
    draft.target.parent.mkdir()
    write_manifest(draft.target, TrainingManifest("target", FACTS["sha256"], ("ab" * 32,), settings=ODD.to_mapping()))
    proposal = proposed(draft, known(architecture="smp:PSPNet resnet34"))
    assert proposal.unlike == ()
    assert training_of(proposal.settings, proposal.further) == replace(ODD, seed=0), "all but the seed"
    assert proposal.settings.count == 8


def test_what_a_target_was_trained_with_and_no_form_asks_for_is_said_with_its_flag(tmp_path):
    draft = full_draft(tmp_path)
    draft.target.parent.mkdir()
    settings = ODD.to_mapping() | {"start": "first.safetensors", "hardening": {"name": "dp-sgd"}, "half_supervised": 64}
    write_manifest(draft.target, TrainingManifest("target", FACTS["sha256"], ("ab" * 32,), settings=settings))
    proposal = proposed(draft, known(architecture="smp:PSPNet resnet34"))
    (told,) = proposal.unlike
    assert "weights of first.safetensors and was hardened by dp-sgd and was taught by half" in told
    assert "--start and --hardening and --half-supervised of the command" in told
    made = training_of(proposal.settings, proposal.further)
    assert (made.epochs, made.start, made.half_supervised) == (ODD.epochs, "", 0)


def test_a_target_from_elsewhere_says_what_its_file_says_and_the_rest_is_pointed_out(tmp_path):
    draft = full_draft(tmp_path)
    resized = Preprocessing(resize=(256, 500)).to_mapping()
    proposal = proposed(draft, known(architecture="SMP:unet resnet50", preprocessing=resized))
    first = proposal.settings
    assert (first.architecture, first.encoder, first.height, first.width) == ("smp:Unet", "resnet50", 256, 512)
    assert "takes 500 x 256 px" in proposal.unlike[0] and EPOCHS_UNKNOWN in proposal.unlike
    shaped = Known(target=replace(known().target, image=np.zeros((100, 200, 3), np.uint8)))
    proposal = proposed(draft, shaped)
    assert (proposal.settings.height, proposal.settings.width) == (192, 384), "the shape of an image"
    assert "does not say at what size" in proposal.unlike[0]


@pytest.mark.parametrize(
    ("architecture", "said"), [("", "A model in the format onnx"), ("transformers:Segformer", "transformers:Segformer")]
)
def test_a_target_that_cannot_be_trained_here_is_named_with_what_to_do(tmp_path, architecture, said):
    proposal = proposed(full_draft(tmp_path), known(architecture=architecture, format="onnx"))
    assert proposal.unlike[0].startswith(f"{said} cannot be trained here") and "choose the one" in proposal.unlike[0]
    assert proposal.settings.architecture == ReferenceSettings().architecture
    assert "choose it first" in proposed(full_draft(tmp_path), Known()).unlike[0]


def test_what_cannot_be_is_said_with_what_can():
    for values, words in (({"count": 7}, "even number"), ({"height": 100}, "such as 96 or 128")):
        with pytest.raises(SpecError) as caught:
            ReferenceSettings(**values)
        assert words in caught.value.remedy


def test_settings_go_into_the_forms_and_back():
    proposal = Proposal.of(ODD, 4)
    assert training_of(proposal.settings, proposal.further) == ODD and proposal.settings.count == 4
    other = ReferenceSettings(architecture="torchvision:fcn_resnet50", encoder="typed before")
    assert training_of(other, FurtherSettings()).encoder == TargetTraining().encoder


def test_what_pairs_exchange_is_in_the_form_in_the_command_and_in_what_is_refused():
    proposal = Proposal.of(ODD, 4, "blocks")
    assert proposal.settings.exchange == "blocks" and training_of(proposal.settings, proposal.further) == ODD
    wanted = replace(job(ODD, 4, scheme="camvid11"), exchange="blocks")
    args = parser().parse_args(shlex.split(command(wanted))[2:])
    assert (args.exchange, read_flags(args, TargetTraining)) == ("blocks", ODD)
    assert "--exchange" not in command(job(ODD, 4, scheme="camvid11"))
    kept = tuple((n, of_shadow(ODD, n, "blocks").to_mapping()) for n in range(2))
    fleet = replace(FLEET, standing=Standing(8, frozenset({"aa"}), kept, False, ODD, exchange="blocks"))
    assert foreseen(replace(wanted, count=8), fleet, MODEL).begin == "Go on"
    refused = foreseen(job(ODD), fleet, MODEL)
    assert "exchange blocks instead of images" in refused.problem and refused.kept


@pytest.mark.parametrize(
    "begun", [{"half_supervised": 32, "exchange": "blocks"}, {"start": "base.safetensors"}, {"count": 7}]
)
def test_settings_that_the_form_cannot_say_are_not_offered_to_be_taken(begun):
    exchange, count = begun.get("exchange", "images"), begun.get("count", 8)
    settings = replace(ODD, **{k: v for k, v in begun.items() if k not in {"exchange", "count"}})
    kept = ((0, of_shadow(settings, 0, exchange).to_mapping()),)
    fleet = replace(FLEET, standing=Standing(count, frozenset({"aa"}), kept, False, settings, exchange=exchange))
    refused = foreseen(replace(job(ODD, 8), exchange=exchange), fleet, MODEL)
    assert refused.problem and not refused.kept
    assert refused.remedy == "Go on with them in a terminal, as they were begun, or choose another folder."


# ---------------------------------------------------------------- the command


def test_the_command_is_the_programs_own_and_means_the_same_settings():
    text = command(job(ODD, 4, scheme="camvid11"))
    words = shlex.split(text)
    assert Path(words[1]).name == "main.py" and Path(words[1]).is_file()
    args = parser().parse_args(words[2:])
    assert read_flags(args, TargetTraining) == ODD
    assert (args.images, args.scheme, args.count, args.out) == (
        ["/data/in", "/base/who"],
        "camvid11",
        4,
        Path("/data/refs"),
    )
    plain = parser().parse_args(shlex.split(command(job(TargetTraining())))[2:])
    assert read_flags(plain, TargetTraining) is None and plain.scheme is None
    assert command(TrainReferences(ImagesAsked(()), ODD, 8, Path("/x"))) == ""


def test_how_folders_are_read_is_in_the_command_where_it_is_the_same_for_all():
    one = ImagesEntry(Role.MEMBER, "/a", "pairs", {"labels": "masks"}, encoding="id", limit=5)
    alike, unlike = job(ODD, 2, one, replace(one, path="/b")), job(ODD, 2, one, ImagesEntry(Role.SUSPECT, "/b"))
    args = parser().parse_args(shlex.split(command(alike))[2:])
    assert (args.layout, args.encoding, args.limit) == ("pairs:labels=masks", "id", 5)
    assert reads_alike(alike) and not reads_alike(unlike)
    assert parser().parse_args(shlex.split(command(unlike))[2:]).layout == "auto"


def test_a_scheme_in_a_file_is_named_by_its_full_path():
    args = parser().parse_args(shlex.split(command(job(ODD, 2, scheme="mine.toml")))[2:])
    assert args.scheme == "/base/mine.toml"


# ---------------------------------------------------------------- what is said before


def trained(*numbers, count=8, settings=ODD, begun=False):
    kept = tuple((n, replace(settings, seed=settings.seed + n).to_mapping()) for n in numbers)
    return replace(FLEET, standing=Standing(count, frozenset({"aa"}), kept, begun, settings))


def test_before_the_first_the_room_is_said_and_the_button_counts():
    said = foreseen(job(), FLEET, MODEL)
    assert (said.begin, said.problem, said.told) == ("Train 8 references", "", "")
    # 40 images of 128 x 256 px in 4 bytes, and 16 bytes for each of a million weights.
    assert "each reference takes 4.0 MB, all of them 32 MB; 1.0 GB are free. In memory 21 MB" in said.cost
    assert "131 MB to 393 MB for a step of 4 images" in said.cost
    many = foreseen(job(), replace(FLEET, images=10**6), MODEL)
    assert "read again in each epoch" in many.cost and "In memory 16 MB" in many.cost
    assert foreseen(job(), None, None).told == LOOKING == foreseen(job(), FLEET, None).told


def test_what_was_stopped_goes_on():
    said = foreseen(job(), trained(0, 1, 2), MODEL)
    assert (said.begin, said.told) == ("Go on", "3 of 8 references are trained.")
    said = foreseen(job(), trained(0, begun=True), MODEL)
    assert said.told == "1 of 8 references is trained. One more is begun, and goes on where it was."
    said = foreseen(job(), trained(begun=True), MODEL)
    assert (said.begin, said.told) == ("Go on", "The first of the references is begun. It goes on where it was.")
    said = foreseen(job(), trained(*range(8)), MODEL)
    assert (said.begin, said.told) == ("Add them to the audit", "All 8 are trained already.")


def test_other_settings_are_named_one_by_one_and_keep_it_from_going_on():
    said = foreseen(job(replace(ODD, epochs=40, size=(64, 64))), trained(0, 1), MODEL)
    assert said.problem == (
        "2 of 8 references are trained in this folder with other settings: size 128 x 256 instead of 64 x 64, "
        "epochs 60 instead of 40."
    )
    assert (said.begin, said.kept) == ("", True) and "choose another folder" in said.remedy
    said = foreseen(job(count=4), trained(begun=True), MODEL)
    assert "count 8 instead of 4" in said.problem and said.begin == ""


def test_a_first_one_that_is_not_trained_yet_may_begin_anew_and_that_is_said():
    said = foreseen(job(replace(ODD, epochs=40)), trained(begun=True), MODEL)
    assert said.told == "The first reference was begun with epochs 60 instead of 40. It would begin anew."
    assert (said.begin, said.kept) == ("Train 8 references", True)


@pytest.mark.parametrize(
    ("fleet", "classes", "words", "remedy"),
    [
        (FoundFleet("2 of 9 images have no label map.", "Add them."), 7, "2 of 9 images", "Add them."),
        (replace(trained(0), same_images=False), 7, "other images", "another folder"),
        (FLEET, 19, "have 7 classes, the target 19", "class scheme"),
        (replace(FLEET, free=40_000_000), 7, "need 44 MB on the disk, and 40 MB are free", "Make room"),
    ],
)
def test_what_stands_against_it_is_said_with_what_to_do(fleet, classes, words, remedy):
    said = foreseen(job(), fleet, MODEL, classes)
    assert words in said.problem and remedy in said.remedy and said.begin == ""


def test_an_architecture_that_cannot_be_built_is_said_too():
    said = foreseen(job(), FLEET, FoundArchitecture("There is no encoder 'x'.", "Set another."))
    assert (said.problem, said.remedy) == ("There is no encoder 'x'.", "Set another.")


def test_bytes_are_said_in_readable_numbers():
    assert [size(n) for n in (10, 45_600_000, 1_200_000, 2_500_000_000, 63e9)] == [
        "1 kB",
        "46 MB",
        "1.2 MB",
        "2.5 GB",
        "63 GB",
    ]


# ---------------------------------------------------------------- afterwards


def test_a_draft_that_has_some_of_the_images_is_the_one_they_were_trained_for(tmp_path):
    draft = empty({})
    assert not is_for(job(), draft)
    images = (ImagesEntry(Role.NON_MEMBER, "/data/in"), ImagesEntry(Role.SUSPECT, "/new"))
    assert is_for(job(), replace(draft, spec=replace(draft.spec, images=images)))
    assert not is_for(job(), replace(draft, spec=replace(draft.spec, images=images[1:])))
    assert "added to the new audit" in message(job(), added=True).title
    assert "/data/refs" in message(job(), added=False).title
