"""Build the virtual environment, from a machine that has nothing but Python.

Standard library only, and written so that an older Python can still read it: it has to say what is wrong there.

    python3 resources/setup/bootstrap.py [--extras dev,transformers]
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"

OLDEST, NEWEST = (3, 11), (3, 13)
"""The Python versions of `requires-python` in pyproject.toml; a test holds the two together."""

LIBRARIES = {
    # What the opencv-python wheel links against and does not bring: library -> Debian package.
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb.so.1": "libxcb1",
    # What Qt's platform plugins need.
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}


class SetupError(Exception):
    """What is wrong with this machine, and what to do about it."""


# -- Python ----------------------------------------------------------------------------------------------------------


def version_of(python: str) -> tuple[int, int, int] | None:
    """Version of a Python, or None where it does not run."""
    try:
        out = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:3])"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )  # fmt: skip - one argument a line would hide what is run
        major, minor, micro = out.stdout.decode().split()
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None
    return int(major), int(minor), int(micro)


def supported(version: tuple[int, ...] | None) -> bool:
    """Whether SegLeak runs on that Python."""
    return version is not None and OLDEST <= version[:2] <= NEWEST


def choose_python() -> str:
    """The running Python where it is supported, else the newest supported one on PATH."""
    if supported(sys.version_info[:3]):
        return sys.executable
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    for python in filter(None, map(shutil.which, names)):
        # Asked, because version managers put commands on PATH that only print an error.
        if supported(version_of(python)):
            return python
    have = ".".join(map(str, sys.version_info[:3]))
    raise SetupError(
        f"SegLeak needs Python 3.{OLDEST[1]} to 3.{NEWEST[1]}; this is Python {have}, "
        f"and none of {', '.join(names)} is on PATH.\n"
        "Install one of them, or name it: make PYTHON=/path/to/python3.11 ..."
    )


# -- System packages -------------------------------------------------------------------------------------------------


def loads(library: str) -> bool:
    """Whether the dynamic linker finds the library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_libraries() -> dict[str, str]:
    """Shared libraries that are needed and absent -> Debian packages. Linux only: elsewhere the wheels bring them."""
    if not sys.platform.startswith("linux"):
        return {}
    return {library: package for library, package in LIBRARIES.items() if not loads(library)}


def apt_command(packages: list[str]) -> str:
    """What a person types to install Debian packages."""
    return "sudo apt-get update && sudo apt-get install -y " + " ".join(packages)


def install_packages(missing: dict[str, str]) -> None:
    """Install Debian packages where this process may; else raise `SetupError` naming the command.

    `missing` is what is missing -> its Debian package; other distributions package it under other names.
    """
    packages, what = sorted(set(missing.values())), ", ".join(missing)
    if shutil.which("apt-get") is None:
        raise SetupError(
            f"Missing on this machine: {what}.\nInstall it with your system's package manager, then try again.\n"
            f"(On Debian and Ubuntu: {apt_command(packages)})"
        )
    if os.geteuid() != 0:
        raise SetupError(
            f"Missing on this machine: {what}.\nInstall it, then try again:\n\n    {apt_command(packages)}\n"
        )
    say(f"Installing {' '.join(packages)} (missing: {what})")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt("update", [], environment, packages)
    apt("install", ["-y", "--no-install-recommends", *packages], environment, packages)


def apt(action: str, arguments: list[str], environment: dict[str, str], packages: list[str]) -> None:
    """Run one apt-get action quietly; `SetupError` where it fails."""
    done = subprocess.run(["apt-get", "-q", action, *arguments], env=environment, check=False)
    if done.returncode:
        raise SetupError(f"'apt-get {action}' failed (see above). By hand: {apt_command(packages)}")


def ensure_system(venv: Path) -> None:
    """Have everything that pip cannot bring. All of it is looked for first, so that there is one command to type."""
    missing = missing_libraries()
    if not sound(venv):
        missing.update(missing_modules(choose_python()))
    if not missing:
        return
    install_packages(missing)
    if still := missing_libraries():
        raise SetupError("Installed, but still not found: " + ", ".join(still))


def missing_modules(python: str) -> dict[str, str]:
    """What Debian splits off from Python's standard library and a virtual environment needs -> its package."""
    if not sys.platform.startswith("linux") or runs([python, "-c", "import ensurepip, venv"]):
        return {}
    version = version_of(python) or sys.version_info[:3]
    return {"Python's ensurepip module": f"python3.{version[1]}-venv"}


# -- The virtual environment -----------------------------------------------------------------------------------------


def venv_python(venv: Path) -> Path:
    """The Python inside a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def sound(venv: Path) -> bool:
    """Whether there is a virtual environment with a supported Python and pip, and not one that was half made."""
    inside = str(venv_python(venv))
    return supported(version_of(inside)) and runs([inside, "-c", "import pip"])


def ensure_venv(venv: Path) -> None:
    """Have a sound virtual environment; a broken one is built anew."""
    if sound(venv):
        return
    python = choose_python()
    say(f"Making {venv} with {python}")
    stamp_file(venv).unlink(missing_ok=True)
    if subprocess.run([python, "-m", "venv", "--clear", str(venv)], check=False).returncode:
        raise SetupError(f"'{python} -m venv {venv}' failed (see above).")


def runs(command: list[str]) -> bool:
    """Whether a command starts and ends well."""
    try:
        return (
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
        )
    except OSError:
        return False


def stamp_file(venv: Path) -> Path:
    """Where an environment notes what was installed into it."""
    return venv / "segleak-installed.json"


def fingerprint(root: Path, version: tuple[int, ...] | None) -> str:
    """What an installation depends on: the project's requirements and place, and the Python inside."""
    digest = hashlib.sha256((root / "pyproject.toml").read_bytes())
    digest.update(f"\0{root}\0{version}".encode())
    return digest.hexdigest()


def read_stamp(venv: Path) -> tuple[str, set[str]]:
    """The fingerprint and extras of the last finished installation; ("", set()) where there is none."""
    try:
        stamp = json.loads(stamp_file(venv).read_text("utf-8"))
        return str(stamp["fingerprint"]), set(map(str, stamp["extras"]))
    except (OSError, ValueError, KeyError, TypeError):
        return "", set()


def write_stamp(venv: Path, mark: str, extras: set[str]) -> None:
    """Note a finished installation."""
    text = json.dumps({"fingerprint": mark, "extras": sorted(extras)}, indent=2)
    stamp_file(venv).write_text(text + "\n", encoding="utf-8")


def requirement(root: Path, extras: set[str]) -> str:
    """The project as pip names it, such as "/path[dev]"."""
    return f"{root}[{','.join(sorted(extras))}]" if extras else str(root)


def ensure_installed(root: Path, venv: Path, extras: set[str]) -> None:
    """Have the project and the extras installed. Extras add up: one environment serves running and testing."""
    python = venv_python(venv)
    mark = fingerprint(root, version_of(str(python)))
    old_mark, had = read_stamp(venv)
    if mark == old_mark and extras <= had:
        return
    wanted = extras | had
    say("Installing SegLeak and its libraries (several gigabytes the first time; some minutes)")
    # Where from is the user's own pip configuration.
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "-e", requirement(root, wanted)]
    if subprocess.run(command, check=False).returncode:
        raise SetupError("The installation failed (pip says why above). Run the same command again to go on.")
    write_stamp(venv, mark, wanted)


def say(sentence: str) -> None:
    """Tell the person at the terminal, in order with what subprocesses print."""
    print(sentence, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Prepare the environment; 0 when it is ready, 1 with a sentence on stderr when it cannot be."""
    parser = argparse.ArgumentParser(description="Build SegLeak's virtual environment.")
    parser.add_argument("--extras", default="", help="comma-separated extras of pyproject.toml, such as dev")
    extras = {word for word in parser.parse_args(arguments).extras.split(",") if word}
    try:
        ensure_system(VENV)
        ensure_venv(VENV)
        ensure_installed(ROOT, VENV, extras)
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
