"""Makes pieces of evidence: what was sent, read or seen, as text that a reader can follow."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from harness.core.errors import Refusal
from harness.core.polling import Wait
from harness.core.record import Evidence, Finding
from harness.spec.model import JsonObject, Kind
from harness.spec.row import Row
from harness.subject.log import LogEntry


def of_request(verb: str, kind: Kind, namespace: str, name: str, body: Mapping[str, Any]) -> Evidence:
    """Return what was sent."""
    return Evidence("request", f"{verb} {kind.plural}/{name} in {namespace}", _pretty(body), time.time())


def of_answer(answer: JsonObject | Refusal) -> Evidence:
    """Return what the API server answered."""
    if isinstance(answer, Refusal):
        return Evidence("response", f"refused: {answer.status} {answer.reason}", str(answer), time.time())
    version = answer["metadata"]["resourceVersion"]
    return Evidence("response", f"accepted at resourceVersion {version}", _pretty(answer), time.time())


def of_object(obj: JsonObject, title: str) -> Evidence:
    """Return an object as it was at one version."""
    return Evidence("response", title, _pretty(obj), time.time())


def of_row(row: Row | None, title: str, read_at: float) -> Evidence:
    """Return a row with its labels and annotations, read at `read_at`; None says that there was none."""
    if row is None:
        return Evidence("row", title, "no row", read_at)
    lines = []
    for column, value in row.columns.items():
        if column == "json" and isinstance(value, str):
            lines.append(f"json: {_pretty_json(value)}")
        elif isinstance(value, bytes):
            lines.append(f"{column}: {len(value)} bytes")
        else:
            lines.append(f"{column}: {'NULL' if value is None else value}")
    lines += [f"label {key}: {value}" for key, value in row.labels]
    lines += [f"annotation {key}: {value}" for key, value in row.annotations]
    return Evidence("row", title, "\n".join(lines), read_at)


def of_wait(wait: Wait[Any], title: str) -> Evidence:
    """Return what a wait saw: every change, with the time since it began."""
    lines = [f"{look.after_s:8.3f} s  {'no row' if look.value is None else look.value}" for look in wait.looks]
    lines.append(f"{wait.duration_s:8.3f} s  end, after {wait.polls} polls")
    return Evidence("row", title, "\n".join(lines), time.time())


def of_log(entries: Iterable[LogEntry], title: str) -> Evidence:
    """Return lines of a log."""
    return Evidence("log", title, "\n".join(entry.text for entry in entries) or "no such line", time.time())


def of_comparison(mismatches: list[Finding], what: str) -> Evidence:
    """Return the outcome of a comparison."""
    if not mismatches:
        return Evidence("comparison", f"{what}: equal", "no difference", time.time())
    body = "\n".join(str(mismatch) for mismatch in mismatches)
    return Evidence("comparison", f"{what}: {len(mismatches)} differences", body, time.time())


def of_note(title: str, body: str = "") -> Evidence:
    """Return a remark."""
    return Evidence("note", title, body, time.time())


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _pretty_json(text: str) -> str:
    try:
        return _pretty(json.loads(text))
    except json.JSONDecodeError:
        return text
