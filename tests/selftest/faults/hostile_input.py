"""Seeded faults that only hostile input shows: texts, numbers and keys that are not what they were, or that block.

See `fault` for what one is. Each breaks one kind where that is
possible, so that the other kinds' cells must stay green.
"""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from harness.reference.errors import ReconcileError, StoreError
from harness.reference.log import Log
from harness.reference.process import Parts
from harness.reference.reconciler import Reconciler
from harness.reference.row import Row
from harness.reference.store import Store
from harness.reference.workqueue import Key
from harness.spec.model import JsonObject, Kind
from tests.selftest.faults.fault import Fault, Sections, for_kind, in_sections, on_reconciler, on_row, on_store

_WITH_TEXT_COLUMNS = ("ModelFamily", "Model", "Pipeline", "PipelineRun", "Revision", "TriggerRun")


def _change_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Return the JSON value with each of its texts changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_change_texts(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _change_texts(item, change) for key, item in value.items()}
    return value


def _on_json(change: Callable[[str], str]) -> Callable[[], Parts]:
    """Return parts that change each text of the spec in the json column."""

    def rewrite(row: Row, obj: JsonObject) -> Row:
        spec = _change_texts(obj["spec"], change)
        return replace(row, json=json.dumps({**obj, "spec": spec}, ensure_ascii=False))

    return on_row(rewrite)


def _on_columns(change: Callable[[str], str]) -> Callable[[], Parts]:
    """Return parts that change each text in the indexed columns."""
    return on_row(
        lambda row, _obj: replace(
            row, columns={name: change(v) if isinstance(v, str) else v for name, v in row.columns.items()}
        )
    )


def _on_pairs(field: str, change: Callable[[str, str], tuple[str, str] | None]) -> Callable[[], Parts]:
    """Return parts that change, or drop, each label or annotation."""

    def rewrite(row: Row, _obj: JsonObject) -> Row:
        pairs: Mapping[str, str] = getattr(row, field)
        kept = dict(pair for pair in (change(key, value) for key, value in pairs.items()) if pair is not None)
        return replace(row, labels=kept) if field == "labels" else replace(row, annotations=kept)

    return on_row(rewrite)


def _refuse_many(self: Store, cursor: Any, table: str, uid: str, pairs: dict[str, str]) -> None:
    """Run out of time for them, as one statement for each may."""
    if len(pairs) > 10_000:
        raise StoreError("context deadline exceeded")
    Store.replace_pairs(self, cursor, table, uid, pairs)


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


def _drop_empty(value: Any) -> Any:
    """Return the value without what a Go type with `omitempty` leaves out."""
    if isinstance(value, list):
        return [_drop_empty(item) for item in value]
    if isinstance(value, dict):
        kept = {key: _drop_empty(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item or item is True}
    return value


def _null_as_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_null_as_text(item) for item in value]
    if isinstance(value, dict):
        return {key: _null_as_text(item) for key, item in value.items()}
    return "" if value is None else value


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
            if now is None or now["metadata"] != metadata:
                raise
            time.sleep(0.05)


def _write_labels_first(self: Store, kind: Kind, row: Row) -> None:
    """Commit the labels before the row, in a transaction of their own."""
    with self.transaction() as cursor:
        self.replace_pairs(cursor, kind.labels_table, row.uid, dict(row.labels))
    Store.upsert(self, kind, row)


def _skip_large(self: Reconciler, obj: JsonObject, log: Log) -> None:
    if len(json.dumps(obj)) < 250_000:
        Reconciler.sync(self, obj, log)


def _fault(
    name: str,
    parts: Callable[[], Parts],
    fails: Sections,
    names: str,
    may: Sections | None = None,
    *,
    kinds: tuple[str, ...] = (),
    alone: bool = False,
) -> Fault:
    return Fault(name, parts, fails, names, chapter="inputs", may=may or {}, kinds=kinds, alone=alone)


FAULTS: tuple[Fault, ...] = (
    _fault(
        "columns-cut-at-255",
        _on_columns(lambda text: text[:255]),
        {"7.6": _WITH_TEXT_COLUMNS},
        "input over-",
    ),
    _fault(
        "backslashes-lost",
        _on_json(lambda text: text.replace("\\", "")),
        in_sections("Pipeline", "7.1", "7.4", "7.7"),
        "backslash-alone.backslash-at-end",
        may={"7.5": ("Pipeline",)},   # what is generated changes with hypothesis's version
    ),
    _fault(
        "quotes-doubled",
        _on_pairs("annotations", lambda key, text: (key, text.replace("'", "''"))),
        in_sections("Revision", "7.1", "7.4", "7.8"),
        "revision_annotations, key inputs.example.com/quote-single",
        may={"7.5": ("Revision",)},
    ),
    _fault(
        "four-bytes-lost",
        _on_columns(_keep_three_bytes),
        in_sections("Model", "7.3", "7.6"),
        "at-four-bytes",
        may={"7.5": ("Model",)},
    ),
    _fault(
        "controls-stripped",
        _on_json(_strip_controls),
        in_sections("RayJob", "7.2", "7.4", "7.7"),
        "nul-within",
        may={"7.5": ("RayJob",)},
    ),
    _fault(
        "json-in-latin-1",
        _on_json(lambda text: text.encode("latin-1", "replace").decode("latin-1")),
        in_sections("SparkJob", "7.3", "7.4", "7.7"),
        "cyrillic-greek",
        may={"7.5": ("SparkJob",)},
    ),
    _fault(
        "text-ends-at-nul",
        _on_columns(lambda text: text.partition("\0")[0]),
        {"7.2": ("PipelineRun",)},
        "nul-within",
        may={"7.5": ("PipelineRun",)},
    ),
    _fault(
        "spaces-trimmed",
        _on_columns(str.strip),
        in_sections("ModelFamily", "7.2", "7.6"),
        "at-spaces",
        may=in_sections("ModelFamily", "7.1", "7.3", "7.4", "7.5"),
    ),
    _fault(
        "unicode-normalised",
        _on_json(lambda text: unicodedata.normalize("NFC", text)),
        {"7.3": ("InferenceServer",)},
        "composed.decomposed",
        may={"7.5": ("InferenceServer",)},
    ),
    _fault(
        "doubles-rounded", on_row(_rewrite(_round_numbers)), {"7.11": ("Model",)}, "double-third"
    ),
    _fault(
        "integers-as-doubles",
        on_row(_rewrite(_as_floats)),
        {"7.11": ("PipelineRun",)},
        "free-integer-2-63-less-1",
    ),
    _fault(
        "empty-values-dropped",
        on_row(_rewrite(_drop_empty)),
        in_sections("PipelineRun", "7.15"),
        "spec.input",
        may=in_sections("PipelineRun", "7.4", "7.11"),
    ),
    _fault(
        "null-becomes-text",
        on_row(_rewrite(_null_as_text)),
        in_sections("PipelineRun", "7.15"),
        "spec.input.null",
        may=in_sections("PipelineRun", "7.11"),
    ),
    _fault(
        "empty-texts-of-maps-dropped",
        on_row(_rewrite(_drop_empty)),
        in_sections("Project", "7.15"),
        "supportingLinks",
        may=in_sections("Project", "7.4"),
    ),
    _fault(
        "labels-end-at-a-thousand",
        on_row(lambda row, _obj: replace(row, labels=dict([*dict(row.labels).items()][:1000]))),
        in_sections("Cluster", "7.16"),
        "pairs-1100",
    ),
    _fault(
        "too-many-annotations-at-once",
        on_store(replace_pairs=_refuse_many),
        in_sections("Project", "7.16"),
        "annotations-20000",
    ),
    _fault(
        "label-keys-in-lower-case",
        _on_pairs("labels", lambda key, value: (key.lower(), value)),
        {"7.9": ("RayCluster",)},
        "label-keys-in-case-only",
    ),
    _fault(
        "long-annotations-dropped",
        _on_pairs("annotations", lambda k, text: (k, text) if len(text) < 2**16 else None),
        {"7.8": ("Project",)},
        "annotation-65536",
    ),
    _fault(
        "long-annotations-cut",
        _on_pairs("annotations", lambda key, text: (key, text[:21_845])),
        {"7.8": ("TriggerRun",)},
        "annotation-65535",
    ),
    _fault(
        "name-cut-at-128",
        on_row(lambda row, _obj: replace(row, name=row.name[:128])),
        {"7.10": ("Deployment",)},
        "name-253",
    ),
    _fault(
        "large-objects-skipped",
        on_reconciler(sync=_skip_large),
        in_sections("TriggerRun", "7.12"),
        "input large-300k",
    ),
    _fault(
        "labels-committed-first",
        on_store(upsert=_write_labels_first),
        {"7.8": ("Cluster",)},
        "cluster_labels: expected nothing without a row",
    ),
    _fault(
        "poison-blocks-its-kind",   # alone: it keeps MySQL busy
        for_kind("Revision", on_reconciler(sync=_retry_in_place)),
        in_sections("Revision", "7.6", "7.8", "7.9", "7.13"),
        "no row, and no error",
        kinds=("Revision", "Cluster"),
        alone=True,
    ),
)
