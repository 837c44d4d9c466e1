import re
import shlex
import tomllib
from pathlib import Path

import pytest

from core.attacks.all import ATTACKS
from core.audit.spec import RunSettings, parse_spec
from core.cli import app
from core.data.layouts import LAYOUTS
from core.data.scheme import builtin_schemes, load_scheme
from core.defenses import DEFENSES
from core.parameters import parameters_of
from core.targets.options import TargetOptions
from core.targets.preprocessing import Preprocessing

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def text_of(page):
    return (ROOT / page).read_text("utf-8")


def blocks(page, language):
    """The fenced blocks of one language; "" for those that name none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", text_of(page), re.DOTALL | re.MULTILINE)
    return [block for named, block in found if named == language]


def code_of(page):
    """The text between backticks and in fenced blocks."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text_of(page), re.DOTALL))


def rows(page, header):
    """Cells of the table whose first header cell is `header`, without backticks."""
    table = text_of(page).partition(f"| {header} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in table]


def words(cell):
    return [word.strip() for word in cell.split(",") if word.strip()]


def names(cls):
    return [info.name for info in parameters_of(cls)]


def test_make_commands_in_the_pages_exist():
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    named = {word for page in PAGES for word in re.findall(r"\bmake ([a-z]+)\b(?=[`\s])", code_of(page))}
    assert {"run", "test", "check"} <= named <= targets


def commands():
    """Every `main.py` command of the pages, with its arguments as a shell would split them."""
    for page in PAGES:
        for block in blocks(page, ""):
            for line in block.replace("\\\n", " ").splitlines():
                words_of_line = shlex.split(line)
                if words_of_line[:1] == ["main.py"]:
                    yield page.name, words_of_line[1:]


def test_commands_in_the_pages_are_understood():
    found = list(commands())
    assert {arguments[0] for _, arguments in found} == {module.__name__.rpartition(".")[2] for module in app.COMMANDS}
    for page, arguments in found:
        try:
            app.parser().parse_args(arguments)
        except SystemExit:
            pytest.fail(f"{page}: main.py {shlex.join(arguments)}")


def test_the_command_line_page_lists_every_command():
    listed = {row[0].split()[0] for row in rows("docs/command-line.md", "command")}
    assert listed == {module.__name__.rpartition(".")[2] for module in app.COMMANDS}


def test_links_between_pages_lead_somewhere():
    broken = [
        f"{page.name}: {link}"
        for page in PAGES
        for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []


def test_every_page_is_in_the_index():
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", text_of("docs/index.md")))
    assert listed == {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"}


def test_the_example_spec_is_a_spec():
    (example,) = blocks("docs/spec.md", "toml")
    spec = parse_spec(tomllib.loads(example))
    assert spec.primary.id == "patch"
    assert [len(chain.defenses) for chain in spec.defenses] == [0, 1, 1, 2]


def test_the_example_scheme_is_a_scheme(tmp_path):
    example = next(block for block in blocks("docs/formats.md", "toml") if "[[classes]]" in block)
    (tmp_path / "yard.toml").write_text(example)
    assert load_scheme(str(tmp_path / "yard.toml")).classes == 2


def test_the_spec_page_lists_every_defense_and_its_parameters():
    listed = {row[0]: words(row[1]) for row in rows("docs/spec.md", "defense")}
    assert listed == {cls.name: names(cls) for cls in DEFENSES}


def test_the_spec_page_lists_every_attack_and_its_parameters():
    listed = {row[0]: words(row[2]) for row in rows("docs/spec.md", "attack")}
    assert listed == {cls.name: names(cls) for cls in ATTACKS}


def test_the_spec_page_names_every_key_of_target_and_run():
    text = code_of("docs/spec.md")
    for cls in (TargetOptions, Preprocessing, RunSettings):
        assert [n for n in names(cls) if not re.search(rf"\b{n}\b", text)] == [], cls.__name__


def test_the_formats_page_lists_every_layout_and_its_options():
    listed = {row[0]: words(row[2]) for row in rows("docs/formats.md", "layout")}
    assert listed == {cls.name: names(cls) for cls in LAYOUTS}


def test_the_formats_page_lists_every_built_in_scheme():
    section = text_of("docs/formats.md").partition("## Class schemes")[2].partition("```")[0]
    assert set(re.findall(r"`([a-z]+\d*(?:-[a-z]+)?\d+)`", section)) == set(builtin_schemes())
