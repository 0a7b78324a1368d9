"""A round's record as a file beside the report: JSON, with a version of its own.

Every field is one of the record's. What hardly changes from one look to the next is written as changes. Bytes and
times in rows are marked as such.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import json
from collections.abc import Mapping
from typing import Any, TypeVar

import cattrs
from cattrs.preconf.json import make_converter

from harness.chapters.faults.errorlog import Trouble
from harness.chapters.faults.final_state import FinalState
from harness.chapters.faults.round_record import Look, RoundRecord, Settling
from harness.clients.mysql.tables import RowVersion
from harness.core.errors import HarnessError
from harness.spec.row import Row, Value

FORMAT = "ingester-acceptance round"
VERSION = 1

_BYTES, _TIME = "base64", "time"

T = TypeVar("T")
_Changes = dict[str, Any]


def encode(record: RoundRecord) -> str:
    """Return the record as text."""
    data = {"format": FORMAT, "version": VERSION, **_make_converter().unstructure(record)}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def decode(text: str) -> RoundRecord:
    """Return the record in the text; HarnessError where it is none, or of a later format."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise HarnessError(f"not a round: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise HarnessError(f"not a round: it does not say that its format is {FORMAT!r}")
    if data.get("version") != VERSION:
        raise HarnessError(
            f"a round in version {data.get('version')!r} of its format; this harness knows {VERSION}",
            hint="Judge it with the harness that wrote it, or with a newer one.",
        )
    try:
        return _make_converter().structure(data, RoundRecord)
    except cattrs.BaseValidationError as error:
        raise HarnessError(f"not a round: {'; '.join(cattrs.transform_error(error))}") from error


@functools.cache
def _make_converter() -> cattrs.Converter:
    converter, plain = make_converter(), make_converter()   # the plain one has no hooks for what is made of parts
    for one in (plain, converter):
        one.register_unstructure_hook(Row, _write_row)
        one.register_structure_hook(Row, lambda data, _: _read_row(data))
    converter.register_unstructure_hook(Settling, lambda settling: _write_settling(plain, settling))
    converter.register_structure_hook(Settling, lambda data, _: _read_settling(plain, data))
    converter.register_unstructure_hook(FinalState, lambda final: _write_final(plain, final))
    return converter


def _write_row(row: Row) -> dict[str, Any]:
    columns = {name: _write_value(value) for name, value in row.columns.items()}
    return {"table": row.table, "columns": columns, "labels": row.labels, "annotations": row.annotations}


def _read_row(data: Mapping[str, Any]) -> Row:
    columns = {name: _read_value(value) for name, value in data["columns"].items()}
    pairs = {name: tuple((key, value) for key, value in data[name]) for name in ("labels", "annotations")}
    return Row(data["table"], columns, **pairs)


def _write_value(value: Value) -> Any:
    if isinstance(value, bytes | bytearray):
        return {_BYTES: base64.b64encode(value).decode("ascii")}
    return {_TIME: value.isoformat()} if isinstance(value, dt.datetime) else value


def _read_value(value: Any) -> Value:
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]
    return base64.b64decode(value[_BYTES]) if _BYTES in value else dt.datetime.fromisoformat(value[_TIME])


def _write_settling(converter: cattrs.Converter, settling: Settling) -> dict[str, Any]:
    states = [_flatten(look) for look in settling.looks]
    before: list[tuple[Mapping[str, Any], ...]] = [({}, {}, {}), *states]
    looks = [
        {"at": look.at, "changes": [_write_changes(converter, *pair) for pair in zip(old, new, strict=True)]}
        for look, old, new in zip(settling.looks, before, states, strict=False)
    ]
    return {"began_at": settling.began_at, "targets": settling.targets, "looks": looks}


def _read_settling(converter: cattrs.Converter, data: Mapping[str, Any]) -> Settling:
    settling = Settling(data["began_at"], dict(data["targets"]))
    state: list[dict[str, Any]] = [{}, {}, {}]
    for look in data["looks"]:
        state = [_apply(old, changes) for old, changes in zip(state, look["changes"], strict=True)]
        objects, rows, troubles = state
        by_kind: dict[str, dict[str, RowVersion]] = {}
        for key, row in rows.items():
            kind, _, uid = key.partition("/")
            by_kind.setdefault(kind, {})[uid] = converter.structure(row, RowVersion)
        known = {name: converter.structure(each, Trouble) for name, each in troubles.items()}
        settling.looks.append(Look(look["at"], objects, by_kind, known))
    return settling


def _flatten(look: Look) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
    rows = {f"{kind}/{uid}": row for kind, rows in look.rows.items() for uid, row in rows.items()}
    return look.objects, rows, look.troubles


def _write_changes(converter: cattrs.Converter, old: Mapping[str, Any], new: Mapping[str, Any]) -> _Changes:
    """Return what is new or other, by key, and None for what is gone."""
    changed = {key: converter.unstructure(value) for key, value in new.items() if old.get(key) != value}
    return changed | {key: None for key in old if key not in new}


def _apply(old: Mapping[str, T], changes: _Changes) -> dict[str, T]:
    return {key: value for key, value in {**old, **changes}.items() if value is not None}


def _write_final(converter: cattrs.Converter, final: FinalState) -> dict[str, Any]:
    data = converter.unstructure(final)
    return {**data, "orphans": {kind: sorted(uids) for kind, uids in final.orphans.items()}}
