"""The numbers of an audit as one long table: a line for each number, so that any program can pick what it needs."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

COLUMNS = ("defense", "attack", "primary", "role", "measure", "at", "value", "low", "high", "level", "why_not")
Line = dict[str, Any]
PLAIN = ("members", "non_members", "balanced_accuracy", "advantage", "base_rate_f1")
AT_THRESHOLD = ("tpr", "fpr", "balanced_accuracy", "precision", "f1")
UTILITY = ("images", "miou", "pixel_accuracy")


def metrics_table(summary: Mapping[str, Any]) -> str:
    """The table as CSV, from what `core.audit.summary.summarise` returns.

    `at` is the FPR of a TPR, the threshold of an accuracy, or the class of an IoU; `low` and `high` are the ends of the
    interval of that `level`; `why_not` says why there is no value.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for line in (*_membership(summary), *_utility(summary)):
        writer.writerow({name: "" if value is None else value for name, value in line.items()})
    return buffer.getvalue()


def _membership(summary: Mapping[str, Any]) -> Iterator[Line]:
    for result in summary["results"]:
        base = {"defense": result["defense"], "attack": result["attack"], "primary": int(result["primary"])}
        for line in (*_metrics(result["metrics"]), *_at_shadow(result["at_shadow_threshold"])):
            yield base | line


def _metrics(metrics: Mapping[str, Any]) -> Iterator[Line]:
    yield {"measure": "auc", "value": metrics["auc"], "why_not": metrics["needs"]} | _interval(metrics["auc_interval"])
    for at in metrics["tpr_at"]:
        line = {"measure": "tpr_at_fpr", "at": at["fpr"], "value": at["value"], "why_not": at["needs"]}
        yield line | _interval(at["interval"])
    for name in PLAIN:
        yield {"measure": name, "value": metrics[name]}


def _at_shadow(judged: Mapping[str, Any] | None) -> Iterator[Line]:
    if judged is not None:
        for name in AT_THRESHOLD:
            yield {"measure": f"{name}_at_shadow_threshold", "at": judged["threshold"]["value"], "value": judged[name]}


def _utility(summary: Mapping[str, Any]) -> Iterator[Line]:
    names = summary["classes"].get("names", [])
    for defense, roles in summary["segmentation"].items():
        for role, utility in roles.items():
            base = {"defense": defense, "role": role}
            for measure in UTILITY:
                yield base | {"measure": measure, "value": utility[measure]}
            for train_id, value in enumerate(utility["iou"]):
                named = names[train_id] if train_id < len(names) else train_id
                yield base | {"measure": "iou", "at": named, "value": value}


def _interval(interval: Mapping[str, Any] | None) -> Line:
    return {} if interval is None else {name: interval[name] for name in ("low", "high", "level")}
