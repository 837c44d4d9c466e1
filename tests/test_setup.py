import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture
def bootstrap():
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "resources/setup/bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def commands(bootstrap, monkeypatch):
    """Records what bootstrap would run; every command ends well."""
    ran = []

    def run(command, **_):
        ran.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(bootstrap.subprocess, "run", run)
    return ran


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / ".venv").mkdir()
    return tmp_path


def fake_python(folder, name, version, code=0):
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho {version}\nexit {code}\n")
    file.chmod(0o755)
    return str(file)


# -- the Python version


def test_the_versions_are_those_of_pyproject(bootstrap):
    low, high = bootstrap.OLDEST, bootstrap.NEWEST
    assert PROJECT["project"]["requires-python"] == f">={low[0]}.{low[1]},<{high[0]}.{high[1] + 1}"


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ((3, 10, 13), False),
        ((3, 11, 0), True),
        ((3, 13, 9), True),
        ((3, 14, 0), False),
        ((2, 7, 18), False),
        (None, False),
    ],
)
def test_supported_versions(bootstrap, version, good):
    assert bootstrap.supported(version) is good


def test_the_running_python_is_asked_for_its_version(bootstrap):
    assert bootstrap.version_of(sys.executable) == tuple(sys.version_info[:3])
    assert bootstrap.version_of("/no/such/python") is None


def test_an_old_python_hands_over_to_the_newest_supported_one_on_path(bootstrap, monkeypatch, tmp_path):
    fake_python(tmp_path, "python3.11", "3 11 4")
    expected = fake_python(tmp_path, "python3.12", "3 12 1")
    fake_python(tmp_path, "python3.13", "3 13 0", code=127)  # a version manager's shim that only prints an error
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    assert bootstrap.choose_python() == expected


def test_without_a_supported_python_the_message_names_the_versions(bootstrap, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 14, 0))
    with pytest.raises(bootstrap.SetupError, match=r"needs Python 3\.11 to 3\.13; this is Python 3\.14\.0"):
        bootstrap.choose_python()


def test_older_pythons_can_parse_the_script(bootstrap):
    text = Path(bootstrap.__file__).read_text("utf-8")
    ast.parse(text, feature_version=(3, 8))
    assert "from __future__ import annotations\n" in text, "hints such as `int | None` must stay text there"


# -- shared libraries


def test_a_library_that_does_not_exist_is_not_found(bootstrap):
    assert not bootstrap.loads("libsegleak-nowhere.so.1")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="libraries are checked on Linux only")
def test_the_libraries_of_opencv_and_of_qt_are_asked_for(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "loads", lambda _: False)
    assert {"libGL.so.1", "libEGL.so.1"} <= set(bootstrap.missing_libraries())
    monkeypatch.setattr(bootstrap, "loads", lambda _: True)
    assert bootstrap.missing_libraries() == {}


def test_without_root_the_exact_command_is_named_and_nothing_runs(bootstrap, monkeypatch, commands):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    with pytest.raises(bootstrap.SetupError) as caught:
        bootstrap.install_packages(
            {"libglib-2.0.so.0": "libglib2.0-0", "libgthread-2.0.so.0": "libglib2.0-0", "libGL.so.1": "libgl1"}
        )
    assert "sudo apt-get update && sudo apt-get install -y libgl1 libglib2.0-0\n" in str(caught.value)
    assert commands == []


def test_root_updates_the_lists_and_installs(bootstrap, monkeypatch, commands):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0)
    bootstrap.install_packages({"libGL.so.1": "libgl1"})
    assert [c[2] for c in commands] == ["update", "install"]
    assert commands[1][-1] == "libgl1" and "-y" in commands[1]


def test_other_distributions_are_told_the_library_names(bootstrap, monkeypatch, commands):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _: None)
    with pytest.raises(bootstrap.SetupError, match=r"libGL\.so\.1.*\n.*package manager"):
        bootstrap.install_packages({"libGL.so.1": "libgl1"})
    assert commands == []


def test_a_failing_apt_get_is_an_error_with_the_command(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda c, **_: subprocess.CompletedProcess(c, 100))
    with pytest.raises(bootstrap.SetupError, match=r"'apt-get update' failed.*install -y libgl1"):
        bootstrap.apt("update", [], {}, ["libgl1"])


# -- the virtual environment


@pytest.fixture
def bare_machine(bootstrap, monkeypatch):
    """No root, apt-get, a Python 3.12 without ensurepip, no libGL."""
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    monkeypatch.setattr(bootstrap, "runs", lambda _: False)
    monkeypatch.setattr(bootstrap, "loads", lambda library: library != "libGL.so.1")
    monkeypatch.setattr(bootstrap, "version_of", lambda p: (3, 12, 3) if "fake" in p else None)
    monkeypatch.setattr(bootstrap, "choose_python", lambda: "/fake/python3.12")
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _: "/usr/bin/apt-get")
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)


@pytest.mark.usefixtures("bare_machine")
def test_everything_missing_is_named_in_one_command(bootstrap, tmp_path, commands):
    with pytest.raises(bootstrap.SetupError, match=r"apt-get install -y libgl1 python3\.12-venv\n"):
        bootstrap.ensure_system(tmp_path / ".venv")
    assert commands == []


@pytest.mark.usefixtures("bare_machine")
def test_a_library_that_stays_missing_after_the_installation_is_named(bootstrap, monkeypatch, tmp_path, commands):
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0)
    with pytest.raises(bootstrap.SetupError, match=r"still not found: libGL\.so\.1"):
        bootstrap.ensure_system(tmp_path / ".venv")
    assert len(commands) == 2


def test_a_half_made_environment_is_built_anew_and_its_stamp_forgotten(bootstrap, monkeypatch, tmp_path, commands):
    venv = tmp_path / ".venv"
    venv.mkdir()
    bootstrap.write_stamp(venv, "mark", {"dev"})
    monkeypatch.setattr(bootstrap, "version_of", lambda _: tuple(sys.version_info[:3]))
    monkeypatch.setattr(
        bootstrap, "runs", lambda command: "import pip" not in command
    )  # Python starts, pip is not there
    bootstrap.ensure_venv(venv)
    assert commands == [[sys.executable, "-m", "venv", "--clear", str(venv)]]
    assert bootstrap.read_stamp(venv) == ("", set())


def test_a_sound_environment_is_left_alone(bootstrap, monkeypatch, tmp_path, commands):
    monkeypatch.setattr(bootstrap, "version_of", lambda _: (3, 11, 2))
    monkeypatch.setattr(bootstrap, "runs", lambda _: True)
    bootstrap.ensure_venv(tmp_path)
    assert commands == []


def test_the_installation_runs_once_and_again_when_something_changes(bootstrap, monkeypatch, project, commands):
    venv = project / ".venv"
    monkeypatch.setattr(bootstrap, "version_of", lambda _: (3, 11, 2))

    def installs(extras):
        commands.clear()
        bootstrap.ensure_installed(project, venv, extras)
        return [c[-1] for c in commands]

    assert installs(set()) == [str(project)]
    assert installs(set()) == []
    assert installs({"dev"}) == [f"{project}[dev]"]
    assert installs(set()) == [], "what runs needs is a part of what tests need"
    assert installs({"transformers"}) == [f"{project}[dev,transformers]"], "extras add up"
    (project / "pyproject.toml").write_text("[project]\nname = 'y'\n")
    assert installs(set()) == [f"{project}[dev,transformers]"]
    monkeypatch.setattr(bootstrap, "version_of", lambda _: (3, 12, 1))
    assert installs({"dev"}) == [f"{project}[dev,transformers]"]


def test_where_packages_come_from_is_left_to_the_user(bootstrap, monkeypatch, project, commands):
    monkeypatch.setattr(bootstrap, "version_of", lambda _: (3, 11, 2))
    bootstrap.ensure_installed(project, project / ".venv", {"dev"})
    assert not any("index" in word or "find-links" in word for word in commands[0])


def test_a_failed_installation_leaves_no_stamp(bootstrap, monkeypatch, project):
    monkeypatch.setattr(bootstrap, "version_of", lambda _: (3, 11, 2))
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda c, **_: subprocess.CompletedProcess(c, 1))
    with pytest.raises(bootstrap.SetupError, match="installation failed"):
        bootstrap.ensure_installed(project, project / ".venv", {"dev"})
    assert not bootstrap.stamp_file(project / ".venv").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"fingerprint": 1}', "null"])
def test_a_damaged_stamp_counts_as_none(bootstrap, tmp_path, text):
    bootstrap.stamp_file(tmp_path).write_text(text)
    assert bootstrap.read_stamp(tmp_path) == ("", set())


def test_main_says_what_is_wrong_and_fails(bootstrap, monkeypatch, capsys):
    def refuse(*_):
        raise bootstrap.SetupError("Missing: libGL.so.1")

    monkeypatch.setattr(bootstrap, "ensure_system", refuse)
    assert bootstrap.main(["--extras", "dev"]) == 1
    assert "Missing: libGL.so.1" in capsys.readouterr().err


# -- Makefile, pyproject and changelog agree


def make(*arguments):
    """Run make as from a terminal, though these tests may themselves have been started by make."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k not in {"MFLAGS", "ARGS"}}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("target", ["run", "test", "check", "bench", "clean"])
def test_make_knows_every_target(target):
    done = make("--dry-run", target)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("target", ["run", "test", "check", "bench"])
def test_every_target_that_needs_the_environment_builds_it_first(target):
    first = make("--dry-run", target).stdout.splitlines()[0]
    assert "resources/setup/bootstrap.py" in first
    extras = re.search(r"--extras (\S+)", first)
    assert set(extras.group(1).split(",") if extras else ()) <= set(PROJECT["project"]["optional-dependencies"])


def test_arguments_reach_pytest():
    assert "-k roc" in make("--dry-run", "test", "ARGS=-k roc").stdout


@pytest.mark.parametrize(
    ("arguments", "command"),
    [((), "main.py --demo"), (("ARGS=",), "main.py --demo"), (("ARGS=audit spec.toml",), "main.py audit spec.toml")],
)
def test_make_run_opens_the_demo_unless_it_is_told_what_to_run(arguments, command):
    assert make("--dry-run", "run", *arguments).stdout.splitlines()[-1].endswith(command)


def test_every_requirement_has_a_floor_and_a_ceiling():
    extras = PROJECT["project"]["optional-dependencies"].values()
    for line in [*PROJECT["project"]["dependencies"], *(r for group in extras for r in group)]:
        assert ">=" in line and "<" in line, line
        assert "==" not in line and "@" not in line, line


def test_the_changelog_has_this_version():
    version = PROJECT["project"]["version"]
    assert re.search(rf"^## \[{re.escape(version)}\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)


def test_the_stamp_is_readable(bootstrap, tmp_path):
    bootstrap.write_stamp(tmp_path, "abc", {"dev", "transformers"})
    assert json.loads(bootstrap.stamp_file(tmp_path).read_text()) == {
        "fingerprint": "abc",
        "extras": ["dev", "transformers"],
    }
