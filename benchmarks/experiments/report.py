"""Writes the experiment's tables and figures into the documentation.

    python -m benchmarks.experiments.report --results FOLDER --docs docs

In docs/experiments.md whatever stands between a `results` or `figure` comment and the comment that ends it is made
here; all other text is written by hand. What was not run is shown as "not run".
"""

import argparse
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.experiments.figures import FIGURES
from benchmarks.experiments.seeds import with_means
from core.errors import DataError
from core.files import write_text

PAGE = "experiments.md"
NOT_RUN = "not run"
NOT_MEASURABLE = "n/m"
ALL = (
    "target, attack network",
    "defense",
    "attack",
    "AUC (95 %, blocks)",
    "TPR at 5 % FPR",
    "TPR at 1 % FPR",
    "F1 (all members)",
    "mIoU members / non-members",
)
DIFFERENCES = ("target, attack network", "defense", "attack", "AUC minus that of the loss (95 %, blocks)")
GAINS = (
    *("target", "defense", "attack", "AUC (95 %, blocks)", "minus that of the loss", "1 - AUC, times the loss's"),
    *("TPR at 5 % FPR", "times the loss's", "mIoU members / non-members"),
)
GAINS_PARTS: Mapping[str, tuple[str, ...]] = {
    "evidence": (),
    "evidence-seeds": ("loss", "rmia", "slm", "slm-pair", "combination"),
    "ratio": (),
    "online": (),
}
"""Parts whose attacks are shown beside the loss -> the attacks that are shown, undefended; none named: all of them."""
DIFFERENCES_PART = "differences"
FOLDS_PART = "folds"

Study = Mapping[str, Any]
Lines = Iterator[Sequence[str]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write tables and figures."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.experiments.report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--results", type=Path, required=True, help="folder of the experiment")
    parser.add_argument("--docs", type=Path, default=Path("docs"), help="folder of the documentation")
    args = parser.parse_args(arguments)
    results = json.loads((args.results / "results.json").read_text("utf-8"))
    print(f"Written: {write_page(results, args.docs)}")


def write_page(results: Mapping[str, Any], docs: Path) -> Path:
    """Fill the page's marked places, and draw the figures for which there are rows. Returns the page's path.

    Raises `DataError` where a part of the experiment has no place in the page.
    """
    page, results = docs / PAGE, with_means(results)
    text = page.read_text("utf-8")
    for part, table in tables(results).items():
        text = _filled(text, "results", part, table)
    for name, (title, draw) in FIGURES.items():
        image = docs / "images" / f"experiments-{name}.png"
        drawn = draw(results, image)
        text = _filled(text, "figure", name, f"![{title}](images/{image.name})" if drawn else f"*{title}: {NOT_RUN}.*")
    write_text(page, text)
    return page


def _filled(text: str, kind: str, name: str, content: str) -> str:
    """The text with `content` between `<!-- kind: name -->` and `<!-- /kind -->`."""
    marked = re.compile(rf"(<!-- {kind}: {re.escape(name)} -->\n).*?(<!-- /{kind} -->)", re.DOTALL)
    text, count = marked.subn(lambda m: f"{m[1]}\n{content}\n\n{m[2]}", text)
    if count != 1:
        raise DataError(
            f"{PAGE}: has {count} places for {kind} '{name}'.",
            f"Write <!-- {kind}: {name} --> and <!-- /{kind} --> on lines of their own, once.",
        )
    return text


def tables(results: Mapping[str, Any]) -> dict[str, str]:
    """Part -> its table in Markdown."""
    parts: dict[str, list[Study]] = {}
    for study in results["studies"]:
        parts.setdefault(study["part"], []).append(study)
    gains = {part: parts.pop(part, []) for part in GAINS_PARTS}
    found = {part: _table(ALL, (line for s in studies for line in _rows(s))) for part, studies in parts.items()}
    for part, studies in gains.items():
        shown = (line for study in studies for line in _gains(study, GAINS_PARTS[part]))
        found[part] = _table(GAINS, shown)
    others = (study for studies in parts.values() for study in studies)
    found[DIFFERENCES_PART] = _table(DIFFERENCES, (line for study in others for line in _differences(study)))
    folds = ((name, str(f["frames"]), str(f["blocks"])) for name, f in results["folds"].items())
    found[FOLDS_PART] = _table(("fold", "frames", "blocks"), folds)
    return found


def _table(columns: Sequence[str], lines: Lines) -> str:
    """A Markdown table; what is the same as in the line above is left out of the first two columns."""
    shown = [_line(columns), _line(["---"] * len(columns))]
    before: list[str] = []
    for line in lines:
        lead = list(line[:2])
        cut = 2 if lead == before else int(lead[:1] == before[:1])
        shown.append(_line([*[""] * cut, *line[cut:]]))
        before = lead
    return "\n".join(shown)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rows(study: Study) -> Lines:
    """A line for each defense and attack, run or not."""
    found = {(row["defense"], row["attack"]): row for row in study["rows"]}
    for defense, title in study["defenses"].items():
        for attack in study["attacks"]:
            row = found.get((defense, attack))
            numbers = _not_run(study) if row is None else _numbers(row)
            yield study["title"], title, attack, *numbers


def _not_run(study: Study) -> tuple[str, ...]:
    """Instead of numbers: that there are none, and why where that is known."""
    why = "no scores" if study["done"] else study["why"]
    return (f"{NOT_RUN} ({why})" if why else NOT_RUN, "", "", "", "")


def _numbers(row: Mapping[str, Any]) -> tuple[str, ...]:
    at, miou = row["at_threshold"], row["miou"]
    return (
        _measured(row["auc"]),
        *(_share(row["tpr"][level]) for level in ("0.05", "0.01")),
        f"{at['f1']:.2f} ({at['base_rate_f1']:.2f})" if at else "",
        f"{miou['member']:.3f} / {miou['non-member']:.3f}",
    )


def _measured(number: Mapping[str, float]) -> str:
    return f"{number['value']:.3f} ({number['low']:.2f} to {number['high']:.2f})"


def _share(number: Mapping[str, float] | None) -> str:
    if number is None:
        return NOT_MEASURABLE
    return f"{number['value']:.2f} ({number['low']:.2f} to {number['high']:.2f})"


def _differences(study: Study) -> Lines:
    """A line for each attack with a network, of studies that are done."""
    for found in study["differences"]:
        interval = f"{found['low']:+.3f} to {found['high']:+.3f}"
        yield (
            study["title"],
            study["defenses"][found["defense"]],
            found["attack"],
            f"{found['value']:+.3f} ({interval})",
        )


def _gains(study: Study, only: Sequence[str]) -> Lines:
    """A line for each defense and attack that has scores there, beside the loss; one line where nothing was run."""
    if not study["done"]:
        yield study["title"], "", "", *_not_run(study), ""
    differences = {(d["defense"], d["attack"]): d for d in study["differences"]}
    for row in study["rows"]:
        if only and (row["attack"] not in only or row["defense"] != "none"):
            continue
        gain = differences.get((row["defense"], row["attack"]))
        yield (
            study["title"],
            study["defenses"][row["defense"]],
            row["attack"],
            _measured(row["auc"]),
            f"{gain['value']:+.3f} ({gain['low']:+.3f} to {gain['high']:+.3f})" if gain else "",
            _times(gain, "distance"),
            _share(row["tpr"]["0.05"]),
            _times(gain, "tpr"),
            f"{row['miou']['member']:.3f} / {row['miou']['non-member']:.3f}",
        )


def _times(gain: Mapping[str, Any] | None, part: str) -> str:
    """A ratio to the loss with its interval, where one was drawn; what has no number is infinite."""
    if gain is None:
        return ""
    if part not in gain:
        return NOT_MEASURABLE
    value, *ends = ("inf" if number is None else f"{number:.2f}" for number in gain[part].values())
    return f"{value} ({' to '.join(ends)})" if ends else value


if __name__ == "__main__":
    main()
