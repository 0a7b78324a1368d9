"""Understands the controller manager's log: JSON lines among others, and which of them speak of which object."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.sandbox.base import LogLine
from harness.spec.model import Kind
from harness.spec.read import SetupLines

WORKERS_STARTED = "Starting workers"   # a line of controller-runtime, like the next
_CONTROLLER_STARTED = "Starting Controller"
RECONCILED: tuple[str, ...] = (
    "Reconciling object",
    "Syncing object to metadata storage",
    "Successfully synced object to metadata storage",
)
RECONCILED_IMMUTABLE: tuple[str, ...] = (
    "Reconciling object",
    "Object is immutable, removing from K8s/ETCD",
    "Successfully moved immutable object to metadata storage only",
)

_INGESTER = "ingester"   # the logger of its controllers, or the first part of it
_REMEMBERED = 20_000   # lines: a check of each kind reads what the others have read
_SHORT = 2_000         # characters of one that is remembered: others hold whole objects, and there are thousands


@dataclass(frozen=True)
class LogEntry:
    """A line of the log. `fields` are those of a JSON line, empty for any other."""

    run: int
    text: str
    fields: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def message(self) -> str:
        """The `msg` field."""
        return str(self.fields.get("msg", ""))

    def describe(self) -> str:
        """Return what the line says on one line, without its stack trace and the like."""
        error = str(self.fields.get("error", "")).partition("\n")[0]
        return ": ".join(filter(None, (self.message, error))) or " ".join(self.text.split())

    def kinds(self) -> set[str]:
        """Return the kinds that the line names, by field or by logger; empty where it names none."""
        named = {str(self.fields[key]) for key in ("kind", "controllerKind") if key in self.fields}
        logger, _, suffix = str(self.fields.get("logger", "")).partition(".")
        if logger == _INGESTER and suffix:
            named.add(suffix)
        return named


def parse_log(lines: Iterable[LogLine]) -> list[LogEntry]:
    """Return the lines with their fields."""
    return [LogEntry(line.run, line.text, _parse_fields(line.text)) for line in lines]


def find_registrations(entries: Iterable[LogEntry], run: int, lines: SetupLines) -> list[LogEntry]:
    """Return the lines by which that run of the controller manager registered the Ingester's controllers.

    Where it says nothing of them, they are those by which controller-runtime starts them.
    """
    own = [entry for entry in entries if entry.run == run]
    return [entry for entry in own if entry.message == lines.registered] or [
        entry
        for entry in own
        if entry.message == _CONTROLLER_STARTED and str(entry.fields.get("controller", "")).startswith(_INGESTER)
    ]


def get_registered_kinds(entries: Iterable[LogEntry], run: int, lines: SetupLines) -> list[str]:
    """Return the kinds whose Ingester controller that run of the controller manager registered, in order."""
    found = find_registrations(entries, run, lines)
    return [str(entry.fields.get("kind", entry.fields.get("controllerKind", "?"))) for entry in found]


def find_object_entries(lines: Iterable[LogLine], kind: Kind, namespace: str, name: str) -> list[LogEntry]:
    """Return the Ingester's lines about one object. A line that names no kind counts for every kind.

    Only lines in which the name stands are parsed: other controllers may log whole objects, time and again.
    """
    return [
        entry
        for entry in parse_log(line for line in lines if name in line.text and _INGESTER in line.text)
        if entry.fields.get("namespace") == namespace
        and entry.fields.get("name") == name
        and str(entry.fields.get("logger", "")).split(".")[0] == _INGESTER
        and (not entry.kinds() or kind.name in entry.kinds())
    ]


def find_sequence(entries: Sequence[LogEntry], messages: Sequence[str]) -> list[LogEntry]:
    """Return the entries that carry `messages` in this order, as many of them as there are."""
    found: list[LogEntry] = []
    for entry in entries:
        if len(found) < len(messages) and entry.message == messages[len(found)]:
            found.append(entry)
    return found


def find_crashes(entries: Sequence[LogEntry], *, lines: int = 30) -> list[list[LogEntry]]:
    """Return each run's panic or fatal error, from its first line on, at most `lines` of it."""
    crashes = []
    for run in sorted({entry.run for entry in entries}):
        own = [entry for entry in entries if entry.run == run]
        start = next(
            (i for i, entry in enumerate(own) if entry.text.startswith(("panic:", "fatal error:"))), None
        )
        if start is not None:
            crashes.append(own[start : start + lines])
    return crashes


def quote_crashes(entries: Sequence[LogEntry]) -> list[str]:
    """Return the panics in the log, each as its lines."""
    return ["\n".join(entry.text for entry in trace) for trace in find_crashes(entries)]


def get_last_words(entries: Sequence[LogEntry], *, runs: int = 2, lines: int = 12) -> list[LogEntry]:
    """Return the last `lines` that say something of each of the last `runs`: the very last may just have begun."""
    spoken = [entry for entry in entries if entry.text.strip()]
    last = sorted({entry.run for entry in spoken})[-runs:]
    return [entry for run in last for entry in [e for e in spoken if e.run == run][-lines:]]


def _parse_fields(text: str) -> dict[str, Any]:
    return _parse_short(text) if len(text) <= _SHORT else _parse(text)


def _parse(text: str) -> dict[str, Any]:
    if not text.startswith("{"):
        return {}
    try:
        fields = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return fields if isinstance(fields, dict) else {}


_parse_short = functools.lru_cache(_REMEMBERED)(_parse)
