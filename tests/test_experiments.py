import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from benchmarks.experiments import online, run
from benchmarks.experiments.cells import Cell, Workshop
from benchmarks.experiments.figures import FIGURES
from benchmarks.experiments.folds import (
    HALF_REFERENCES,
    HALVES,
    MIXED,
    NAMES,
    OPPOSITE,
    SHADOWS,
    mixed,
    split,
    with_dealt,
)
from benchmarks.experiments.judge import REFERENCE, audit_spec
from benchmarks.experiments.plan import ATTACK, PUBLISHED, TARGET, Parameters, studies
from benchmarks.experiments.recipes import Study
from benchmarks.experiments.report import tables, write_page
from core.defenses.chain import Chain
from core.errors import DataError, SpecError
from core.training.hardening import HARDENINGS
from core.training.manifest import read_manifest
from core.training.settings import AttackTraining, TargetTraining

# ---------------------------------------------------------------- folds


def write_tables(folder, sequences, pairs=(), clip=()):
    """`sequences`: name -> number of frames; `pairs`: near-duplicates."""
    lines = ["stem\tsplit\tsequence\tframe"]
    for name, count in sequences.items():
        # Out of order, and with frame numbers that sort wrongly as text.
        frames = [(f"{name}_{n}", 8 + 30 * n) for n in range(count)][::-1]
        lines += [f"{stem}\t{'val' if stem in clip else 'train'}\t{name}\t{frame}" for stem, frame in frames]
    (folder / "sequences.tsv").write_text("\n".join(lines) + "\n")
    rows = [f"0.99\t{a}\ttrain\t{b}\ttrain" for a, b in pairs]
    (folder / "near_duplicates.tsv").write_text("\n".join(["corr\ta\tsplit_a\tb\tsplit_b", *rows]) + "\n")


def write_frames(folder, street_like, sequences):
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for place, (name, count) in enumerate(sequences.items()):
        for n in range(count):
            image, label = street_like((48, 64), 1000 * place + n)
            Image.fromarray(image).save(folder / "images" / f"{name}_{n}.jpg")
            Image.fromarray(label).save(folder / "labels" / f"{name}_{n}.png")


@pytest.fixture(scope="module")
def frames(tmp_path_factory, street_like):
    """A small CamVid of two sequences."""
    folder = tmp_path_factory.mktemp("frames")
    sequences = {"a": 24, "b": 20}
    write_frames(folder, street_like, sequences)
    write_tables(folder, sequences)
    return folder


def stems(fold):
    return [frame.stem for frame in fold.frames]


def test_blocks_go_to_the_folds_in_turn_with_gaps_between_them(frames):
    folds = split(frames, block=3, gap=1)
    assert stems(folds["P"]) == ["a_0", "a_1", "a_2", "a_16", "a_17", "a_18", "b_8", "b_9", "b_10"]
    assert stems(folds["Q"])[:3] == ["a_4", "a_5", "a_6"]
    assert folds["P"].blocks == ("a/0", "a/16", "b/8")
    used = {stem for fold in folds.values() for stem in stems(fold)}
    assert not used & {f"a_{n}" for n in range(3, 24, 4)}


def test_no_frame_and_no_block_is_in_two_folds(frames):
    folds = split(frames, block=3, gap=1)
    for one, other in combinations(folds.values(), 2):
        assert not set(stems(one)) & set(stems(other))
        assert not set(one.blocks) & set(other.blocks)


def test_both_of_a_pair_of_near_duplicates_in_two_folds_are_left_out(frames, street_like, tmp_path):
    write_frames(tmp_path, street_like, {"a": 24})
    # Folds P and Q; both in P; P and a frame of a gap.
    write_tables(tmp_path, {"a": 24}, pairs=[("a_0", "a_5"), ("a_1", "a_17"), ("a_2", "a_3")])
    folds = split(tmp_path, block=3, gap=1)
    assert stems(folds["P"]) == ["a_1", "a_2", "a_16", "a_17", "a_18"]
    assert stems(folds["Q"]) == ["a_4", "a_6", "a_20", "a_21", "a_22"]


def test_the_clip_that_is_one_scene_is_left_out(frames, street_like, tmp_path):
    write_frames(tmp_path, street_like, {"a": 8})
    write_tables(tmp_path, {"a": 8}, clip={"a_0", "a_1", "a_2", "a_3"})
    assert stems(split(tmp_path, block=2, gap=0)["P"]) == ["a_4", "a_5"]


def test_each_target_is_judged_and_attacked_with_other_frames_than_its_own():
    for fold in NAMES:
        assert OPPOSITE[OPPOSITE[fold]] == fold != OPPOSITE[fold]
        assert {fold, OPPOSITE[fold], *SHADOWS[fold]} == set(NAMES)


def test_the_folds_of_camvid_let_one_per_cent_be_measured(camvid):
    folds = split(camvid, Parameters().block, Parameters().gap)
    assert min(len(fold.frames) for fold in folds.values()) >= 100
    assert min(len(fold.blocks) for fold in folds.values()) >= 10


# ---------------------------------------------------------------- cells


def chain_of_cells(**changes):
    """A model, a network that needs it, rows that need the network; and a cell that needs neither."""
    model = Cell("model", "m", {"epochs": 3, "seed": 0} | changes)
    network = Cell("network", "n", {"patch": 90}, {"P": model})
    return model, network, Cell("rows", "r", {}, {"P": network}), Cell("model", "other", {"epochs": 3, "seed": 7})


def test_a_changed_setting_changes_a_cell_and_everything_behind_it():
    before, after = chain_of_cells(), chain_of_cells(epochs=4)
    assert [a.key == b.key for a, b in zip(before, after, strict=True)] == [False, False, False, True]


def test_the_same_settings_in_another_order_are_the_same_cell():
    assert Cell("model", "m", {"a": 1, "b": 2}).key == Cell("model", "x", {"b": 2, "a": 1}).key
    assert Cell("model", "m", {"a": 1}).key != Cell("audit", "m", {"a": 1}).key


def test_a_changed_label_map_changes_every_model_on_its_fold(frames, street_like, tmp_path):
    write_frames(tmp_path, street_like, {"a": 24, "b": 20})
    write_tables(tmp_path, {"a": 24, "b": 20})
    before = {s.name: s for s in studies(split(tmp_path, 3, 1), Parameters())}["unet"]
    Image.fromarray(np.zeros((48, 64), np.uint8)).save(tmp_path / "labels" / "a_0.png")  # a frame of fold P
    after = {s.name: s for s in studies(split(tmp_path, 3, 1), Parameters())}["unet"]
    for fold in NAMES:
        one, other = (s.audits[fold].needs["target"] for s in (before, after))
        assert (one.key == other.key) is (fold != "P")
        assert before.audits[fold].key != after.audits[fold].key


class Made:
    """Makers that note what they made, and stop before the given cell."""

    def __init__(self, stop=""):
        self.names, self.stop = [], stop

    def __call__(self, cell, shop):
        if cell.name == self.stop:
            raise KeyboardInterrupt
        self.names.append(cell.name)
        return {"name": cell.name}


def workshop(folder, make):
    return Workshop(folder, folder, {}, dict.fromkeys(("model", "network", "rows"), make))


def test_a_stopped_run_goes_on_with_what_is_not_done(tmp_path):
    *_, rows, _ = chain_of_cells()
    first = Made(stop="r")
    with pytest.raises(KeyboardInterrupt):
        workshop(tmp_path, first).finish(rows)
    assert first.names == ["m", "n"]
    second = Made()
    shop = workshop(tmp_path, second)
    assert [shop.done(cell) for cell in rows.with_needs()] == [True, True, False]
    shop.finish(rows)
    assert second.names == ["r"]
    assert shop.result(rows) == {"name": "r"}
    shop.finish(rows)
    assert second.names == ["r"]


def test_a_changed_setting_is_done_anew_beside_what_there_was(tmp_path):
    made = Made()
    shop = workshop(tmp_path, made)
    shop.finish(chain_of_cells()[2])
    shop.finish(chain_of_cells(epochs=4)[2])
    assert made.names == ["m", "n", "r"] * 2
    assert len(list((tmp_path / "rows").iterdir())) == 2


def test_every_number_of_the_plan_is_trained_on_other_frames_than_it_is_judged_on(frames):
    folds = with_dealt(split(frames, 3, 1))
    for study in studies(folds, Parameters()):
        if study.part == online.PART:  # its references are meant to have seen half
            continue
        for fold, audit in study.audits.items():
            sides = set(audit.settings["folds"].values())
            assert sides == {fold, OPPOSITE[fold]}
            assert audit.needs["target"].settings["fold"] == fold
            # Where no network is trained, references are all that the attacker trains.
            models = {part: need for part, need in audit.needs.items() if part.startswith(REFERENCE)}
            shadows = audit.needs["patch"].needs if "patch" in audit.needs else models
            assert {s.settings["fold"] for s in shadows.values()} == _shadow_folds(study, fold)
            seeds = [c.settings["training"]["seed"] for c in (audit.needs["target"], *shadows.values())]
            assert len(set(seeds)) == len(seeds), "target and shadows must not begin with the same weights"
            judged = {f.stem for side in sides for f in folds[side].frames}
            attackers = [c for part, need in audit.needs.items() if part != "target" for c in need.with_needs()]
            trained = {c.settings["fold"] for c in attackers if "fold" in c.settings}
            assert trained
            assert not judged & {f.stem for name in trained for f in folds[name].frames}
            references = audit.needs["target"].settings.get("references")
            assert references is None or references["fold"] not in sides


def _shadow_folds(study: Study, fold: str) -> set[str]:
    if study.name in {"adaptive-distillation-references", "adaptive-min-max"}:
        return set(HALVES)
    return {*SHADOWS[fold], *(MIXED if study.part.startswith(("evidence", "ratio")) else ())}


def test_half_of_the_references_that_may_see_images_have_seen_each_and_none_was_split_from_its_block(frames):
    folds = with_dealt(split(frames, 3, 1))
    found = [study for study in studies(folds, Parameters()) if study.part == online.PART and study.audits]
    assert len(found) == (4 + 2) * 3
    for audit in (audit for study in found for audit in study.audits.values()):
        judged = {f for side in audit.settings["folds"].values() for f in folds[side].frames}
        seen = [folds[c.settings["fold"]].frames for part, c in audit.needs.items() if part.startswith(REFERENCE)]
        assert all(sum(frame in frames for frames in seen) == len(seen) / 2 for frame in judged)
        for frames_of_one in seen:
            blocks = {frame.block for frame in frames_of_one}
            assert set(frames_of_one) == {frame for frame in judged if frame.block in blocks}
        assert len(set(seen)) > 2  # with so few blocks, some deals are alike


def test_reference_images_of_a_shadow_are_on_neither_side_of_it(frames):
    folds = with_dealt(split(frames, 3, 1))
    stems = {name: {f.stem for f in fold.frames} for name, fold in folds.items()}
    assert stems["R1"] | stems["R2"] == stems["R"]
    for fold, other in HALVES.items():
        shares = [stems[fold], stems[other], stems[HALF_REFERENCES[fold]]]
        assert all(shares)
        assert len(set.union(*shares)) == sum(map(len, shares))
    known = {study.name: study for study in studies(folds, Parameters())}
    network = known["adaptive-min-max"].audits["P"].needs["patch"]
    assert network.settings["exchange"] == HALVES
    for fold, shadow in network.needs.items():
        assert shadow.settings["references"]["fold"] == HALF_REFERENCES[fold]


def test_every_cell_of_the_plan_can_be_made(frames, tmp_path):
    """Settings that exist, hardenings that go with them, references where they are needed, audits that parse."""
    shop = Workshop(tmp_path, frames, split(frames, 3, 1), {})
    for study in studies(shop.folds, Parameters()):
        for cell in study.rows.with_needs() if study.rows else ():
            wanted = cell.settings
            if cell.kind == "model":
                table = wanted["hardening"] | ({"teacher": "t.safetensors"} if "teacher" in cell.needs else {})
                hardening = HARDENINGS.make(table)
                needed = {"no": [False], "optional": [True, False], "needed": [True]}[hardening.references]
                assert ("references" in wanted) in needed
                settings = TargetTraining.from_mapping(wanted["training"])
                if "teacher" not in cell.needs:
                    hardening.check(settings)
            elif cell.kind == "network":
                AttackTraining.from_mapping(wanted["training"])
                assert Chain.parse(wanted["defense"])
            elif cell.kind == "audit":
                spec = audit_spec(cell, shop)
                if cell in study.audits.values():
                    assert [chain.id for chain in spec.defenses] == list(study.defenses)
                    assert tuple(entry.id for entry in spec.attacks) == study.attacks


def test_the_further_shadows_are_dealt_whole_blocks_of_r_and_s(frames):
    folds = split(frames, 3, 1)
    dealt = mixed(folds)
    stems = {name: [f.stem for f in fold.frames] for name, fold in (folds | dealt).items()}
    assert sorted(stems["V"] + stems["W"]) == sorted(stems["R"] + stems["S"])
    assert not set(dealt["V"].blocks) & set(dealt["W"].blocks)
    for source in "RS":
        assert set(stems["V"]) & set(stems[source])
        assert set(stems["W"]) & set(stems[source])


# ---------------------------------------------------------------- the whole, and the page

TINY = Parameters(
    block=3,
    gap=1,
    target=TARGET | {"encoder": "tu-mobilenetv3_small_050", "size": [32, 64], "epochs": 1, "batch": 4},
    attack=ATTACK | {"network": "small", "patch": 24, "iterations": 2, "batch": 4},
    published=PUBLISHED | {"network": "small", "patch": 24, "iterations": 1, "batch": 2},
    defenses=({"name": "none"}, {"name": "argmax"}, {"name": "gauss", "sigma": 0.1}),
    resamples=50,
)


@pytest.fixture(scope="module")
def experiment(frames, tmp_path_factory):
    """The headline alone, run on small frames."""
    out = tmp_path_factory.mktemp("experiment")
    run.main(["--data", str(frames), "--out", str(out), "--only", "unet", "--threads", "1"], TINY)
    return out


def known(out):
    return {study["name"]: study for study in json.loads((out / "results.json").read_text())["studies"]}


def test_a_tiny_run_gives_every_row_of_the_study(experiment):
    study = known(experiment)["unet"]
    assert study["done"]
    expected = {(d, a) for d in study["defenses"] for a in study["attacks"]}
    assert {(row["defense"], row["attack"]) for row in study["rows"]} == expected
    for row in study["rows"]:
        assert row["targets"] == 4
        assert row["members"] == row["non_members"]  # each frame is once the one and once the other
        assert row["auc"]["low"] <= row["auc"]["value"] <= row["auc"]["high"]
        assert row["auc"]["value"] == pytest.approx(np.mean(list(row["auc_each"].values())))


def test_the_models_of_a_run_know_the_frames_of_their_fold_alone(experiment):
    members = {path.name[:6]: set(read_manifest(path).members) for path in (experiment / "model").glob("*.safetensors")}
    assert sorted(members) == [f"unet-{fold}" for fold in NAMES]
    assert not any(one & other for one, other in combinations(members.values(), 2))
    for path in (experiment / "network").glob("*.safetensors"):
        one, other = path.name.split("-")[2]
        assert set(read_manifest(path).members) == members[f"unet-{one}"] | members[f"unet-{other}"]


def test_a_second_run_does_nothing_again(experiment, frames, capsys):
    before = {path: path.stat().st_mtime_ns for path in experiment.rglob("*") if path.name != "results.json"}
    run.main(["--data", str(frames), "--out", str(experiment), "--only", "unet"], TINY)
    after = {path: path.stat().st_mtime_ns for path in experiment.rglob("*") if path.name != "results.json"}
    assert before == after


def test_the_plan_shows_what_is_done(experiment, frames, capsys):
    run.main(["--data", str(frames), "--out", str(experiment), "--plan"], TINY)
    lines = capsys.readouterr().out.splitlines()
    comes_along = 1  # the table of learned-ratio
    assert sum(line.startswith("  done ") for line in lines) == 4 + 2 + 4 + 1 + comes_along
    assert any(line.startswith("  not done  model   pspnet-P-") for line in lines)
    assert any("shipped" in line and "no file was given" in line for line in lines)


def test_a_study_that_cannot_be_done_does_not_stop_the_others(frames, tmp_path, monkeypatch, capsys):
    def make(cell, shop):
        if "mix-up" in cell.name:
            raise SpecError("There is no hardening 'mix-up'.", "Choose another.")
        return {"rows": [], "differences": []}

    monkeypatch.setattr(run, "MAKERS", dict.fromkeys(run.MAKERS, make))
    run.main(["--data", str(frames), "--out", str(tmp_path), "--only", "hardened"], TINY)
    found = known(tmp_path)
    assert found["hardened-mix-up"]["why"].startswith("There is no hardening 'mix-up'.")
    assert found["hardened-min-max"]["done"]


def test_rows_of_another_folder_stand_where_nothing_they_depend_on_has_changed(
    experiment, frames, tmp_path, monkeypatch
):
    monkeypatch.setattr(run, "MAKERS", dict.fromkeys(run.MAKERS, lambda cell, shop: {"rows": [], "differences": []}))
    source = ["--data", str(frames), "--known", str(experiment / "results.json"), "--only", "hardened-mix-up"]
    run.main([*source, "--out", str(tmp_path / "same")], TINY)
    same, before = known(tmp_path / "same")["unet"], known(experiment)["unet"]
    assert same["done"]
    assert same["rows"] == before["rows"]
    run.main([*source, "--out", str(tmp_path / "other")], replace(TINY, resamples=51))
    assert not known(tmp_path / "other")["unet"]["done"]


def test_an_unknown_name_is_refused_with_those_there_are(frames, tmp_path):
    with pytest.raises(SystemExit, match=r"there is no nonsense; there are .*headline"):
        run.main(["--data", str(frames), "--out", str(tmp_path), "--only", "nonsense"], TINY)


@pytest.fixture
def page(experiment, tmp_path):
    """A page with a place for everything, and text around it."""
    results = json.loads((experiment / "results.json").read_text())
    places = [f"<!-- results: {part} -->\nold\n<!-- /results -->" for part in tables(results)]
    places += [f"<!-- figure: {n} -->\n<!-- /figure -->" for n in FIGURES]
    (tmp_path / "experiments.md").write_text("# Title\n\n" + "\n\nby hand\n\n".join(places) + "\n")
    return results, tmp_path


def test_the_page_shows_numbers_and_what_was_not_run(page):
    results, docs = page
    write_page(results, docs)
    text = (docs / "experiments.md").read_text()
    assert "\nold\n" not in text
    assert text.count("by hand") == text.count("<!-- /") - 1
    row = next(r for s in results["studies"] if s["name"] == "unet" for r in s["rows"] if r["defense"] == "argmax")
    assert f"|  | argmax | patch | {row['auc']['value']:.3f} (" in text
    assert "| PSPNet | none | patch | not run |" in text
    assert "not run (no file was given with --shipped)" in text
    assert "n/m" in text  # 1 % FPR with a dozen non-members
    for name in FIGURES:
        drawn = name in {"privacy-utility", "roc", "gauss"}
        image = docs / "images" / f"experiments-{name}.png"
        assert image.is_file() is drawn
        assert (f"](images/{image.name})" in text) is drawn


def test_writing_the_page_twice_changes_nothing(page):
    results, docs = page
    write_page(results, docs)
    before = {path: path.read_bytes() for path in docs.rglob("*") if path.is_file()}
    write_page(results, docs)
    assert before == {path: path.read_bytes() for path in docs.rglob("*") if path.is_file()}


def test_a_part_without_a_place_in_the_page_is_an_error(page):
    results, docs = page
    text = (docs / "experiments.md").read_text()
    (docs / "experiments.md").write_text(text.replace("results: adaptive", "results: something"))
    with pytest.raises(DataError, match="has 0 places for results 'adaptive'"):
        write_page(results, docs)
