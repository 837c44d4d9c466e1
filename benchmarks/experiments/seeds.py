"""All seeds of a study together, where each was run in a folder of its own and no scores are left to be pooled.

A number is then the mean of the seeds' numbers, and the ends of its interval are the means of theirs. Every seed judges
the same frames, so intervals move together from seed to seed; if they did so entirely, this would be the interval of
the mean, and as they do not, it is rather too wide.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

Study = Mapping[str, Any]
Row = Mapping[str, Any]
OF_MEANS = "mean of {} seeds"
_POOLED = re.compile(r"(\d+) seeds$")
RATIOS = ("distance", "tpr")


def with_means(results: Mapping[str, Any]) -> dict[str, Any]:
    """Results in which studies of all seeds that were not run are made of those of each seed, where all were."""
    known = {study["name"]: study for study in results["studies"]}
    return {**results, "studies": [_meant(study, known) for study in results["studies"]]}


def _meant(study: Study, known: Mapping[str, Study]) -> Study:
    counted = _POOLED.search(study["title"])
    if study["done"] or counted is None:
        return study
    seeds = [known.get(f"{study['name']}-seed{number}", {"done": False}) for number in range(int(counted[1]))]
    if not all(seed["done"] for seed in seeds):
        return study
    rows = [_row(same) for same in _together([seed["rows"] for seed in seeds])]
    differences = [_difference(same) for same in _together([seed["differences"] for seed in seeds])]
    title = _POOLED.sub(OF_MEANS.format(len(seeds)), study["title"])
    return {**study, "title": title, "done": True, "why": "", "rows": rows, "differences": differences}


def _together(seeds: Sequence[Sequence[Row]]) -> Iterator[list[Row]]:
    """The rows of every seed of one defense and attack."""
    others = [{(row["defense"], row["attack"]): row for row in rows} for rows in seeds[1:]]
    for row in seeds[0]:
        key = row["defense"], row["attack"]
        if all(key in rows for rows in others):
            yield [row, *(rows[key] for rows in others)]


def _row(seeds: Sequence[Row]) -> dict[str, Any]:
    sums = {key: sum(row[key] for row in seeds) for key in ("targets", "members", "non_members")}
    return {
        **{key: seeds[0][key] for key in ("defense", "attack")},
        **sums,
        "auc": _number([row["auc"] for row in seeds]),
        "tpr": {level: _number([row["tpr"][level] for row in seeds]) for level in seeds[0]["tpr"]},
        "curve": np.mean([row["curve"] for row in seeds], axis=0).round(5).tolist(),
        "at_threshold": None,
        "miou": {side: float(np.mean([row["miou"][side] for row in seeds])) for side in seeds[0]["miou"]},
    }


def _difference(seeds: Sequence[Row]) -> dict[str, Any]:
    ratios = {part: _number([row[part] for row in seeds]) for part in RATIOS if all(part in row for row in seeds)}
    return {
        **{key: seeds[0][key] for key in ("defense", "attack")},
        **_ends(seeds),
        **{part: number for part, number in ratios.items() if number is not None},
    }


def _ends(numbers: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    parts = [part for part in ("value", "low", "high") if all(part in number for number in numbers)]
    return {part: _mean([number[part] for number in numbers]) for part in parts}


def _number(numbers: Sequence[Mapping[str, Any] | None]) -> dict[str, float | None] | None:
    """None where a seed's could not be measured."""
    measured = [number for number in numbers if number is not None]
    return _ends(measured) if len(measured) == len(numbers) else None


def _mean(values: Sequence[float | None]) -> float | None:
    """None stands for infinity, which a ratio to 0 is."""
    finite = [value for value in values if value is not None]
    return float(np.mean(finite)) if len(finite) == len(values) else None
