"""Who may import whom: the rules that keep the window fast and the engine headless."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QT = ("PySide6", "PyQt5", "PyQt6", "pyqtgraph", "qtpy", "superqt")
TORCH = ("torch", "torchvision", "segmentation_models_pytorch", "transformers", "timm", "opacus")


def modules_of(package):
    """Dotted names of every module of a package or module file, by what lies on disk."""
    path = ROOT / package.replace(".", "/")
    files = [path.with_suffix(".py")] if path.with_suffix(".py").is_file() else sorted(path.rglob("*.py"))
    assert files, f"{package} is not there"
    names = [".".join(f.relative_to(ROOT).with_suffix("").parts) for f in files]
    return [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]


def loaded_by(modules):
    """Top-level packages in `sys.modules` after importing the modules in a fresh interpreter."""
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "print('\\nLOADED', *sorted({m.partition('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code, *modules], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("LOADED")[2].split())


def sources(*rooms):
    return [f for room in rooms for f in sorted((ROOT / room).rglob("*.py"))]


def imports_of(file):
    """Top-level packages a file names in any import statement, however deep."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


def offenders(rooms, forbidden):
    return [f"{f.relative_to(ROOT)}: {name}" for f in sources(*rooms) for name in imports_of(f) if name in forbidden]


def test_core_never_names_qt_or_the_window():
    assert offenders(["core"], {*QT, "gui"}) == []


def test_the_window_never_names_torch():
    assert offenders(["gui"], set(TORCH)) == []


def test_importing_all_of_core_loads_no_qt():
    assert loaded_by(modules_of("core")).isdisjoint(QT)


TORCH_FREE = (
    "core.errors",
    "core.progress",
    "core.files",
    "core.randomness",
    "core.parameters",
    "core.grid",
    "core.data",
    "core.metrics",
    "core.defenses",
    "core.attacks.base",
    "core.targets.preprocessing",
    "core.audit.spec",
    "core.audit.store",
    "core.engine.client",
    "core.engine.jobs",
    "core.engine.process",
)


def test_what_the_window_needs_of_core_loads_neither_torch_nor_scipy():
    loaded = loaded_by([name for room in (*TORCH_FREE, "gui") for name in modules_of(room)])
    assert loaded.isdisjoint({*TORCH, "scipy", "sklearn", "onnxruntime"})


def test_the_door_opens_without_anything_heavy():
    heavy = {*TORCH, *QT, "numpy", "scipy", "cv2", "PIL", "onnx", "onnxruntime", "rich"}
    assert loaded_by(["main"]).isdisjoint(heavy)


COMES_WITH = {"huggingface_hub": "transformers"}
"""The half of a declared package that it publishes under another name: its downloader, which must be kept offline."""


def declared_distributions():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [*project["dependencies"]]
    for extra, requirements in project["optional-dependencies"].items():
        lines += requirements if extra != "dev" else []
    return {re.split(r"[^A-Za-z0-9._-]", line)[0].lower().replace("_", "-") for line in lines}


def test_the_program_imports_only_what_it_declares():
    """A package that comes along with another one today may not come along tomorrow; test tools never come along."""
    declared = declared_distributions()
    known = importlib.metadata.packages_distributions()
    own = {"core", "gui", "resources", "main"}
    undeclared = []
    for file in [*sources("core", "gui"), ROOT / "main.py"]:
        for name in set(imports_of(file)) - own - set(sys.stdlib_module_names):
            distributions = known.get(name, [name])
            names = {d.lower().replace("_", "-") for d in (COMES_WITH.get(name, d) for d in distributions)}
            if not names & declared:
                undeclared.append(f"{file.relative_to(ROOT)}: {name}")
    assert undeclared == []


def test_cv2_comes_through_the_one_module_that_cleans_up_after_it():
    users = {file.relative_to(ROOT).as_posix() for file in sources("core", "gui") if "cv2" in set(imports_of(file))}
    assert users <= {"core/data/_cv.py"}


def test_importing_cv2_leaves_the_variables_of_qt_alone():
    code = (
        "import os; from core.data._cv import cv2; "
        "print([k for k in ('QT_QPA_PLATFORM_PLUGIN_PATH', 'QT_QPA_FONTDIR') if k in os.environ])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def loads_without_weights_only(file):
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
            given = {k.arg: ast.unparse(k.value) for k in node.keywords}
            if given.get("weights_only") != "True":
                yield f"{file.relative_to(ROOT)}:{node.lineno}"


def test_torch_loads_weights_only():
    assert [place for file in sources("core") for place in loads_without_weights_only(file)] == []


def test_the_words_are_those_of_the_glossary():
    pages = [*sources("core", "gui"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    wrong = re.compile(r"heat.?map|victim", re.IGNORECASE)
    assert [f.relative_to(ROOT).as_posix() for f in pages if wrong.search(f.read_text("utf-8"))] == []
