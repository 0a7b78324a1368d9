"""Makes pieces of evidence: what was sent, read or seen. What has a structure keeps it until it is shown."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.core.errors import Refusal
from harness.core.polling import Wait
from harness.core.record import Evidence, Finding
from harness.spec.model import JsonObject, Kind
from harness.spec.row import Row, Value
from harness.subject.log import LogEntry


def of_request(verb: str, kind: Kind, namespace: str, name: str, body: Mapping[str, Any]) -> Evidence:
    """Return what was sent."""
    return Evidence("request", f"{verb} {kind.plural}/{name} in {namespace}", "", time.time(), dict(body))


def of_answer(answer: JsonObject | Refusal, *, brief: bool = False) -> Evidence:
    """Return what the API server answered; where `brief`, of an object its version alone."""
    if isinstance(answer, Refusal):
        return Evidence("response", f"refused: {answer.status} {answer.reason}", str(answer), time.time())
    version = answer["metadata"]["resourceVersion"]
    title = f"accepted at resourceVersion {version}"
    return Evidence("response", title, "", time.time(), None if brief else answer)


def of_object(obj: JsonObject, title: str) -> Evidence:
    """Return an object as it was at one version."""
    return Evidence("response", title, "", time.time(), obj)


def of_row(row: Row | None, title: str, read_at: float) -> Evidence:
    """Return a row with its labels and annotations, read at `read_at`; None says that there was none."""
    if row is None:
        return Evidence("row", title, "no row", read_at)
    columns = {name: _as_json(name, value) for name, value in row.columns.items()}
    labels, annotations = [list(pair) for pair in row.labels], [list(pair) for pair in row.annotations]
    data = {"columns": columns, "labels": labels, "annotations": annotations}
    return Evidence("row", title, "", read_at, data)


def of_wait(wait: Wait[Any], title: str) -> Evidence:
    """Return what a wait saw: every change, with the time since it began."""
    lines = [f"{look.after_s:8.3f} s  {'no row' if look.value is None else look.value}" for look in wait.looks]
    lines.append(f"{wait.duration_s:8.3f} s  end, after {wait.polls} polls")
    return Evidence("row", title, "\n".join(lines), time.time())


def of_log(entries: Iterable[LogEntry], title: str) -> Evidence:
    """Return lines of a log."""
    return Evidence("log", title, "\n".join(entry.text for entry in entries) or "no such line", time.time())


def of_comparison(findings: Sequence[Finding], what: str) -> Evidence:
    """Return the outcome of a comparison."""
    if not findings:
        return Evidence("comparison", f"{what}: equal", "no difference", time.time())
    data = [dataclasses.asdict(finding) for finding in findings]
    return Evidence("comparison", f"{what}: {len(findings)} differences", "", time.time(), data)


def of_note(title: str, body: str = "") -> Evidence:
    """Return a remark."""
    return Evidence("note", title, body, time.time())


def of_timeline(data: Mapping[str, Any], title: str) -> Evidence:
    """Return what was measured over time; `harness.report.timeline` says what the data has, and draws it."""
    return Evidence("timeline", title, "", time.time(), dict(data))


def of_file(path: str, title: str) -> Evidence:
    """Return a file beside the report, by its path from there."""
    return Evidence("file", title, path, time.time())


def _as_json(name: str, value: Value) -> Any:
    """Return a column's value as JSON has it: the json column as its object, bytes by their number."""
    if name == "json" and isinstance(value, str):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return value if value is None or isinstance(value, int | str) else str(value)
