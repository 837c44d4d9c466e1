import subprocess
import sys
from pathlib import Path

import pytest

import main
from core.cli import app as command_line
from gui import door
from tests.test_rooms import ROOT, TORCH, loaded_by

LINUX, MAC, WINDOWS = "linux", "darwin", "win32"


@pytest.fixture
def doors(monkeypatch):
    """Which doors were taken: the window's or the command line's, with what."""
    taken = []
    monkeypatch.setattr(
        door, "open_window", lambda path, demo=False: taken.append(("demo" if demo else "window", path)) or 0
    )
    monkeypatch.setattr(
        command_line, "run", lambda arguments, draw_snapshot: taken.append(("command", list(arguments))) or 0
    )
    return taken


def test_without_arguments_the_window_opens(doors):
    assert main.main([]) == 0
    assert doors == [("window", None)]


def test_the_demo_is_a_flag_of_the_window_and_a_subcommand_without_one(doors):
    assert main.main(["--demo"]) == main.main(["demo"]) == 0
    assert doors == [("demo", None), ("command", ["demo"])]


def test_a_path_opens_the_window_and_a_subcommand_does_not(doors, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("demo", "demo.segleak", "train"):
        (tmp_path / name).mkdir()
    for arguments in (["demo.segleak"], [str(tmp_path / "demo")], ["demo"], ["train"], ["info", "demo"], ["--help"]):
        main.main(arguments)
    assert doors == [
        ("window", Path("demo.segleak")),
        ("window", tmp_path / "demo"),
        ("command", ["demo"]),
        ("command", ["train"]),
        ("command", ["info", "demo"]),
        ("command", ["--help"]),
    ]


def test_what_is_not_there_goes_to_the_command_line_which_says_so(doors):
    main.main(["no-such-thing"])
    assert doors == [("command", ["no-such-thing"])]


def test_every_subcommand_has_its_file_where_the_door_looks():
    names = {path.stem for path in main.COMMANDS.iterdir()}
    assert {module.__name__.rpartition(".")[2] for module in command_line.COMMANDS} <= names


@pytest.mark.parametrize(
    ("platform", "variables", "there"),
    [
        (LINUX, {}, False),
        (LINUX, {"DISPLAY": ""}, False),
        (LINUX, {"DISPLAY": ":0"}, True),
        (LINUX, {"WAYLAND_DISPLAY": "wayland-0"}, True),
        (LINUX, {"QT_QPA_PLATFORM": "offscreen"}, True),
        (MAC, {}, True),
        (WINDOWS, {}, True),
    ],
)
def test_a_display_is_known_by_its_variables(platform, variables, there):
    assert door.has_display(platform, variables) is there


@pytest.mark.parametrize(("path", "command"), [(None, ["demo"]), (Path("a.segleak"), ["info", "a.segleak"])])
def test_without_a_display_a_sentence_says_so_and_the_headless_way_is_taken(monkeypatch, capsys, path, command):
    taken = []
    monkeypatch.setattr(command_line, "run", lambda arguments, draw_snapshot: taken.append(arguments) or 0)
    monkeypatch.setattr(door, "has_display", lambda: False)
    assert door.open_window(path) == 0
    assert door.open_window(None, demo=True) == 0
    assert taken == [command, ["demo"]]
    assert "There is no display" in capsys.readouterr().err


def outcome_without(module, error):
    """Exit code and words where importing the window fails."""
    code = (
        "import sys\n"
        "class Blocker:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] == {module!r}: raise {error}\n"
        "sys.meta_path.insert(0, Blocker())\n"
        "import main; sys.exit(main.main([]))"
    )
    environment = {"PATH": "", "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, env=environment, check=False
    )
    return done.returncode, done.stderr


def test_without_pyside_the_pip_line_is_said():
    code, words = outcome_without("PySide6", "ModuleNotFoundError('gone', name=name)")
    assert code == 2
    assert "-m pip install" in words
    assert "PySide6-Essentials" in words
    assert "<6.12" in words


def test_a_missing_system_library_is_named():
    code, words = outcome_without("PySide6", "ImportError('libEGL.so.1: cannot open shared object file', name=name)")
    assert code == 2
    assert "libEGL.so.1" in words
    assert "apt install" in words


def test_a_mistake_of_our_own_is_not_hidden():
    code, words = outcome_without("gui.app".partition(".")[0], "ImportError('cannot import name x', name=name)")
    assert code == 1
    assert "Traceback" in words


def test_the_first_frame_waits_for_nothing_heavy():
    loaded = loaded_by(["gui.app"])
    assert loaded.isdisjoint(
        {*TORCH, "numpy", "pyqtgraph", "cv2", "PIL", "scipy", "sklearn", "sqlite3", "multiprocessing"}
    )


def test_the_whole_window_never_loads_what_the_engine_computes_with():
    loaded = loaded_by(
        ["gui.furniture", "gui.browser", "gui.compare", "gui.help", "gui.palette", "gui.settings.dialog"]
    )
    assert loaded.isdisjoint({*TORCH, "scipy", "sklearn", "onnxruntime"})
