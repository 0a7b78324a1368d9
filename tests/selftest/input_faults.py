"""Seeded faults that only hostile input shows: texts, numbers and keys that are not what they were, or that block.

Each breaks one kind where that is possible, so that the other kinds' cells must stay green.
"""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from harness.reference.errors import ReconcileError
from harness.reference.log import Log
from harness.reference.process import Parts
from harness.reference.reconciler import Reconciler
from harness.reference.row import Row
from harness.reference.store import Store
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject, Kind

from .faults import Fault, Sections, on_reconciler, on_row, on_store

WITH_TEXT_COLUMNS = ("ModelFamily", "Model", "Pipeline", "PipelineRun", "Revision", "TriggerRun")


def change_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return the JSON value with each of its texts changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [change_texts(item, change) for item in value]
    if isinstance(value, dict):
        return {key: change_texts(item, change) for key, item in value.items()}
    return value


def on_json(*kinds: str, change: Callable[[str], str]) -> Callable[[], Parts]:
    """Return parts that change each text of the spec in the json column."""

    def rewrite(row: Row, obj: JsonObject) -> Row:
        spec = change_texts(obj["spec"], change)
        return replace(row, json=json.dumps({**obj, "spec": spec}, ensure_ascii=False))

    return on_row(*kinds, change=rewrite)


def on_columns(*kinds: str, change: Callable[[str], str]) -> Callable[[], Parts]:
    """Return parts that change each text in the indexed columns."""
    return on_row(
        *kinds,
        change=lambda row, _obj: replace(
            row, columns={name: change(v) if isinstance(v, str) else v for name, v in row.columns.items()}
        ),
    )


def on_pairs(*kinds: str, field: str, change: Callable[[str, str], tuple[str, str] | None]) -> Callable[[], Parts]:
    """Return parts that change, or drop, each label or annotation."""

    def rewrite(row: Row, _obj: JsonObject) -> Row:
        pairs: Mapping[str, str] = getattr(row, field)
        kept = dict(pair for pair in (change(key, value) for key, value in pairs.items()) if pair is not None)
        return replace(row, labels=kept) if field == "labels" else replace(row, annotations=kept)

    return on_row(*kinds, change=rewrite)


def _keep_three_bytes(text: str) -> str:
    return "".join("?" if ord(c) > 0xFFFF else c for c in text)


def _strip_controls(text: str) -> str:
    return "".join(c for c in text if ord(c) >= 0x20)


def _round_numbers(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, list):
        return [_round_numbers(item) for item in value]
    return {key: _round_numbers(item) for key, item in value.items()} if isinstance(value, dict) else value


def _as_floats(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, list):
        return [_as_floats(item) for item in value]
    return {key: _as_floats(item) for key, item in value.items()} if isinstance(value, dict) else value


def _rewrite(change: Callable[[Any], Any]) -> Callable[[Row, JsonObject], Row]:
    return lambda row, obj: replace(row, json=json.dumps({**obj, "spec": change(obj["spec"])}))


def _retry_in_place(self: Reconciler, obj: JsonObject, log: Log) -> None:
    """Try again without letting go of the worker, until the object is gone or changed."""
    metadata = obj["metadata"]
    key = Key(metadata["namespace"], metadata["name"])
    while True:
        try:
            return Reconciler.sync(self, obj, log)
        except ReconcileError:
            now = self.objects.get(key)
            if self.kind.name != "Revision" or now is None or now["metadata"] != metadata:
                raise
            time.sleep(0.05)


def _write_labels_first(self: Store, kind: Kind, row: Row) -> None:
    """Commit the labels before the row, in a transaction of their own."""
    if kind.name == "Cluster":
        with self.transaction() as cursor:
            self.replace_pairs(cursor, kind.labels_table, row.uid, dict(row.labels))
    Store.upsert(self, kind, row)


def _fault(
    name: str,
    parts: Callable[[], Parts],
    fails: Sections,
    names: str,
    may: Sections | None = None,
) -> Fault:
    """Return the fault, to be tried with the kinds that it breaks and one that it must leave alone."""
    broken = sorted({kind for kinds in fails.values() for kind in kinds})
    bystander = "Cluster" if "Cluster" not in broken else "RayJob"
    crd = tuple(kind.lower() for kind in [*broken, bystander])
    return Fault(name, parts, fails, names, crd=crd, chapter="inputs", may=may or {})


def _all_of(kind: str, *sections: str) -> Sections:
    return dict.fromkeys(sections, (kind,))


INPUT_FAULTS: tuple[Fault, ...] = (
    _fault(
        "columns-cut-at-255",
        on_columns(*WITH_TEXT_COLUMNS, change=lambda text: text[:255]),
        {"7.6": WITH_TEXT_COLUMNS},
        "input over-",
    ),
    _fault(
        "backslashes-lost",
        on_json("Pipeline", change=lambda text: text.replace("\\", "")),
        _all_of("Pipeline", "7.1", "7.4", "7.7"),
        "backslash-alone.backslash-at-end",
        may={"7.5": ("Pipeline",)},   # what is generated changes with hypothesis's version
    ),
    _fault(
        "quotes-doubled",
        on_pairs("Revision", field="annotations", change=lambda key, text: (key, text.replace("'", "''"))),
        _all_of("Revision", "7.1", "7.4", "7.8"),
        "revision_annotations, key inputs.example.com/quote-single",
        may={"7.5": ("Revision",)},
    ),
    _fault(
        "four-bytes-lost",
        on_columns("Model", change=_keep_three_bytes),
        _all_of("Model", "7.3", "7.6"),
        "at-four-bytes",
        may={"7.5": ("Model",)},
    ),
    _fault(
        "controls-stripped",
        on_json("RayJob", change=_strip_controls),
        _all_of("RayJob", "7.2", "7.4", "7.7"),
        "nul-within",
        may={"7.5": ("RayJob",)},
    ),
    _fault(
        "json-in-latin-1",
        on_json("SparkJob", change=lambda text: text.encode("latin-1", "replace").decode("latin-1")),
        _all_of("SparkJob", "7.3", "7.4", "7.7"),
        "cyrillic-greek",
        may={"7.5": ("SparkJob",)},
    ),
    _fault(
        "text-ends-at-nul",
        on_columns("PipelineRun", change=lambda text: text.partition("\0")[0]),
        {"7.2": ("PipelineRun",)},
        "nul-within",
        may={"7.5": ("PipelineRun",)},
    ),
    _fault(
        "spaces-trimmed",
        on_columns("ModelFamily", change=str.strip),
        _all_of("ModelFamily", "7.2", "7.6"),
        "at-spaces",
        may=_all_of("ModelFamily", "7.1", "7.3", "7.4", "7.5"),
    ),
    _fault(
        "unicode-normalised",
        on_json("InferenceServer", change=lambda text: unicodedata.normalize("NFC", text)),
        {"7.3": ("InferenceServer",)},
        "composed.decomposed",
        may={"7.5": ("InferenceServer",)},
    ),
    _fault(
        "doubles-rounded", on_row("Model", change=_rewrite(_round_numbers)), {"7.11": ("Model",)}, "double-third"
    ),
    _fault(
        "integers-as-doubles",
        on_row("PipelineRun", change=_rewrite(_as_floats)),
        {"7.11": ("PipelineRun",)},
        "free-integer-2-63-less-1",
    ),
    _fault(
        "label-keys-in-lower-case",
        on_pairs("RayCluster", field="labels", change=lambda key, value: (key.lower(), value)),
        {"7.9": ("RayCluster",)},
        "label-keys-in-case-only",
    ),
    _fault(
        "long-annotations-dropped",
        on_pairs("Project", field="annotations", change=lambda k, text: (k, text) if len(text) < 2**16 else None),
        {"7.8": ("Project",)},
        "annotation-65536",
    ),
    _fault(
        "long-annotations-cut",
        on_pairs("TriggerRun", field="annotations", change=lambda key, text: (key, text[:21_845])),
        {"7.8": ("TriggerRun",)},
        "annotation-65535",
    ),
    _fault(
        "name-cut-at-128",
        on_row("Deployment", change=lambda row, _obj: replace(row, name=row.name[:128])),
        {"7.10": ("Deployment",)},
        "name-253",
    ),
    _fault(
        "labels-committed-first",
        on_store(upsert=_write_labels_first),
        {"7.8": ("Cluster",)},
        "cluster_labels: expected nothing without a row",
    ),
    _fault(
        "poison-blocks-its-kind",
        on_reconciler(sync=_retry_in_place),
        _all_of("Revision", "7.6", "7.8", "7.9", "7.13"),
        "no row, and no error",
    ),
)
