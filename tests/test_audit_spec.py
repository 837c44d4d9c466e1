import tomllib

import pytest
import tomli_w

from core.audit.spec import parse_spec, read_spec, to_mapping, write_spec
from core.errors import SpecError
from tests.world import World

WORLD = World(None)


def parsed(**changes):
    return parse_spec(WORLD.spec_table(**changes))


def test_a_spec_survives_writing_and_reading(tmp_path):
    spec = parse_spec(WORLD.spec_table(), tmp_path)
    write_spec(spec, tmp_path / "audit.toml")
    again = read_spec(tmp_path / "audit.toml")
    assert again == spec
    assert again.sha256 == spec.sha256


def test_paths_are_rewritten_when_a_spec_moves_to_another_folder(tmp_path):
    table = WORLD.spec_table(
        defenses=[{"name": "hardened", "path": "hard.pt"}],
        images=[{"role": "member", "path": "/data/members"}, {"role": "suspect", "path": "suspects"}],
    )
    moved = parse_spec(table, tmp_path).moved_to(tmp_path / "out" / "x.segleak")
    assert moved.target.path == "../../target.safetensors"
    assert moved.scheme == "../../scheme.toml"
    assert [i.path for i in moved.images] == ["/data/members", "../../suspects"]
    assert moved.defenses[0].source.path == "../../hard.pt"
    assert moved.attacks[0].attack.network == "../../attack.safetensors"
    assert moved.resolve(moved.target.path).resolve() == (tmp_path / "target.safetensors").resolve()
    assert moved.moved_to(tmp_path / "out" / "x.segleak") == moved


def test_run_settings_do_not_change_what_is_asked_but_everything_else_does():
    plain = parsed()
    assert parsed(run={"batch": 7}).sha256 == plain.sha256
    assert parsed(name="other").sha256 == plain.sha256
    assert parsed(seed=4).sha256 != plain.sha256
    assert parsed(defenses=[{"name": "none"}]).sha256 != plain.sha256
    assert parsed(target={"path": "x.pt"}).sha256 != plain.sha256


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": 1}, ("colour", "Allowed keys")),
        ({"seed": "one"}, ("seed", "whole number")),
        ({"seed": -1}, ("seed", "at least 0")),
        ({"seed": True}, ("seed", "whole number")),
        ({"version": 99}, ("version", "99")),
        ({"target": {}}, ("target", "path")),
        ({"target": {"path": "x", "klasses": 3}}, ("klasses", "Allowed keys")),
        ({"target": {"path": "x", "preprocessing": {"channels": "gbr"}}}, ("channels", "rgb, bgr")),
        ({"images": []}, ("images", "[[images]]")),
        ({"images": [{"role": "victim", "path": "x"}]}, ("images[0]", "victim", "member, non-member, suspect")),
        ({"images": [{"role": "member"}]}, ("images[0]", "path")),
        ({"images": [{"role": "member", "path": "x", "limit": 0}]}, ("limit",)),
        ({"defenses": [{"name": "gauss", "sigma": -1}]}, ("sigma", "from 0 to 1")),
        ({"defenses": [{"name": "fog"}]}, ("fog", "gauss")),
        ({"defenses": [{"name": "none"}, {"name": "none"}]}, ("twice",)),
        ({"attacks": []}, ("attacks",)),
        ({"attacks": [{"name": "psychic"}]}, ("psychic", "loss")),
        ({"attacks": [{"name": "image"}]}, ("network", "missing")),
        ({"attacks": [{"name": "loss", "primary": True}, {"name": "dice", "primary": True}]}, ("primary",)),
        ({"attacks": [{"name": "loss", "id": "../../evil"}]}, ("id", "evil", "letters")),
        ({"attacks": [{"name": "loss", "id": "a--b"}]}, ("id", "a--b")),
        ({"attacks": [{"name": "loss", "id": "CON:"}]}, ("id", "CON:")),
        ({"images": [{"role": "member", "path": "x", "encoding": "morse"}]}, ("encoding", "morse", "palette")),
        ({"run": 3}, ("run", "a table")),
        ({"target": {"path": "x", "preprocessing": "none"}}, ("preprocessing", "a table")),
        ({"run": {"batch": 0}}, ("batch", "1 to 256")),
        ({"run": {"maps": "some"}}, ("maps", "all, primary, none")),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(change, words):
    with pytest.raises(SpecError) as caught:
        parsed(**change)
    for word in words:
        assert word in str(caught.value)


def test_a_file_that_is_no_toml_or_is_missing_is_named(tmp_path):
    (tmp_path / "bad.toml").write_text("name = [")
    with pytest.raises(SpecError, match=r"bad\.toml"):
        read_spec(tmp_path / "bad.toml")
    with pytest.raises(SpecError, match=r"none\.toml"):
        read_spec(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"')
    with pytest.raises(SpecError, match=r"latin\.toml"):
        read_spec(tmp_path / "latin.toml")


def test_attacks_of_one_kind_get_names_of_their_own():
    spec = parsed(attacks=[{"name": "loss"}, {"name": "loss"}, {"name": "loss", "id": "third"}])
    assert [a.id for a in spec.attacks] == ["loss", "loss-2", "third"]
    assert spec.primary.id == "loss"


def test_the_mapping_is_plain_toml():
    table = to_mapping(parsed())
    assert tomllib.loads(tomli_w.dumps(table)) == table


def test_a_spec_without_defenses_judges_the_undefended_target():
    table = WORLD.spec_table()
    del table["defenses"]
    assert [c.id for c in parse_spec(table).defenses] == ["none"]


def test_ids_that_only_some_file_systems_tell_apart_are_told_apart_by_a_number():
    spec = parsed(attacks=[{"name": "loss"}, {"name": "dice", "id": "LOSS"}])
    assert [a.id for a in spec.attacks] == ["loss", "LOSS-2"]


def test_a_home_folder_is_written_out_wherever_a_path_may_stand(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    spec = parsed(
        scheme="~/s.toml",
        target={"path": "~/t.pt"},
        images=[{"role": "member", "path": "~/m"}],
        defenses=[{"name": "hardened", "path": "~/h.pt"}],
        attacks=[{"name": "patch", "network": "~/n.safetensors"}],
    )
    assert spec.resolve("~/m") == tmp_path / "m"
    moved = spec.moved_to(tmp_path / "elsewhere")
    home = tmp_path.as_posix()
    paths = (moved.scheme, moved.target.path, moved.images[0].path, moved.defenses[0].source.path)
    assert paths == (f"{home}/s.toml", f"{home}/t.pt", f"{home}/m", f"{home}/h.pt")
    assert moved.attacks[0].attack.network == f"{home}/n.safetensors"
    with pytest.raises(SpecError, match="home folder"):
        spec.resolve("~nobody-of-this-name/x")


def test_paths_lead_to_the_same_files_through_a_symbolic_link(tmp_path):
    data, disk = tmp_path / "data", tmp_path / "disk" / "deep"
    data.mkdir()
    disk.mkdir(parents=True)
    (data / "target.safetensors").write_bytes(b"x")
    (tmp_path / "link").symlink_to(disk)
    moved = parse_spec(WORLD.spec_table(), data).moved_to(tmp_path / "link" / "a.segleak")
    for route in (tmp_path / "link", disk):
        folder = route / "a.segleak"
        folder.mkdir(exist_ok=True)
        write_spec(moved, folder / "audit.toml")
        again = read_spec(folder / "audit.toml")
        assert again.resolve(again.target.path).samefile(data / "target.safetensors")
        assert (folder / again.target.path).samefile(data / "target.safetensors")
        assert again.sha256 == moved.sha256


def test_paths_on_another_drive_stay_absolute(tmp_path, monkeypatch):
    def other_drive(path, start):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    spec = parse_spec(WORLD.spec_table(), tmp_path)
    monkeypatch.setattr("os.path.relpath", other_drive)
    moved = spec.moved_to(tmp_path / "x.segleak")
    assert moved.target.path == (tmp_path / "target.safetensors").as_posix()


def test_consent_to_run_code_asks_nothing_new():
    trusted = parsed(target={"path": "target.safetensors", "trust": "ab" * 32})
    assert trusted.target.trust
    assert trusted.sha256 == parsed().sha256
