"""What a run found: checks with their evidence, the cells that they add up to, known issues, the record.

The record is the run. HTML, Markdown, JUnit, the console and a diff of two runs only render it. Everything
here is plain data that survives a round trip through JSON (`Record.to_json`, `Record.from_json`); the
layout is versioned by `SCHEMA_VERSION`.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from harness.core.errors import HarnessError

SCHEMA_VERSION = 2


class Status(StrEnum):
    """The verdict of a check or a cell.

    ERROR: the harness could not tell. INVALID: it could, but nothing was proven, since the fault did not strike or
    the load was not there.
    """

    PASS = "pass"  # noqa: S105  no password
    FAIL = "fail"
    KNOWN = "known"
    NOT_APPLICABLE = "not_applicable"
    NOT_RUN = "not_run"
    ERROR = "error"
    INVALID = "invalid"

    @property
    def succeeds(self) -> bool:
        """Whether a run may succeed with it."""
        return self in (Status.PASS, Status.KNOWN, Status.NOT_APPLICABLE)

    @property
    def symbol(self) -> str:
        """The mark that the seed report uses, or one in its style."""
        return _SYMBOLS[self]

    @property
    def label(self) -> str:
        """The status in words, for those who can't see or print the symbol."""
        return self.value.replace("_", " ").upper()


_SYMBOLS = {
    Status.PASS: "✅",
    Status.FAIL: "❌",
    Status.KNOWN: "⚠️",
    Status.NOT_APPLICABLE: "N/A",
    Status.NOT_RUN: "—",
    Status.ERROR: "💥",
    Status.INVALID: "🚫",
}

_WORST_FIRST = (
    Status.FAIL,
    Status.ERROR,
    Status.INVALID,
    Status.NOT_RUN,
    Status.KNOWN,
    Status.PASS,
    Status.NOT_APPLICABLE,
)


def combine(statuses: list[Status]) -> Status:
    """Return the status of a cell whose checks have `statuses`: the worst one; of none, NOT_RUN."""
    return min(statuses, key=_WORST_FIRST.index, default=Status.NOT_RUN)


class Column(StrEnum):
    """The columns of the first matrix; those of later chapters are their sections."""

    CREATED = "created"
    SYNCED = "synced"
    UPDATED = "updated"
    UPDATE_SYNCED = "update_synced"

    @property
    def heading(self) -> str:
        """The column's heading, as in the seed report."""
        return _HEADINGS[self]


_HEADINGS = {
    Column.CREATED: "Created",
    Column.SYNCED: "Synced to MySQL",
    Column.UPDATED: "Updated",
    Column.UPDATE_SYNCED: "Update in MySQL",
}


class IssueStatus(StrEnum):
    """Whether a known issue showed in this run."""

    REPRODUCED = "reproduced"
    STALE = "stale"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True)
class Evidence:
    """One thing that was sent, read or seen.

    `kind` is one of `request`, `response`, `row`, `log`, `component`, `comparison`, `note`; `at` is seconds
    since the epoch; `body` is text (JSON pretty-printed, log lines as they are).
    """

    kind: str
    title: str
    body: str
    at: float


@dataclass(frozen=True)
class Mismatch:
    """One difference between what was expected and what was found. `where` is a MySQL column or JSON path."""

    where: str
    expected: str
    actual: str

    def __str__(self) -> str:
        """Return it on one line."""
        return f"{self.where}: expected {self.expected}, got {self.actual}"


@dataclass
class Check:
    """The result of one test of the report: a section, and the kind and column that it counts towards.

    `issues` are the ids of the known issues that explain what was found; `facts` are what was measured, by name.
    """

    section: str
    title: str
    kind: str | None = None
    column: Column | None = None
    status: Status = Status.NOT_RUN
    detail: str = ""
    duration_s: float = 0.0
    reproduce: str = ""
    issues: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    mismatches: list[Mismatch] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)


@dataclass
class Cell:
    """One cell of the first matrix: what all checks of one kind and column add up to."""

    kind: str
    column: Column
    status: Status = Status.NOT_RUN
    detail: str = ""
    evidence: list[Evidence] = field(default_factory=list)


@dataclass
class IssueResult:
    """What became of one known issue of the profile.

    `sections` are those of later chapters in which it shows; the checks that it explains name its id.
    """

    id: str
    title: str
    status: IssueStatus = IssueStatus.NOT_CHECKED
    detail: str = ""
    impact: str = ""
    workaround: str = ""
    link: str = ""
    evidence: list[Evidence] = field(default_factory=list)
    fix: str = ""                              # the change of the product that would mend it
    sections: list[str] = field(default_factory=list)


@dataclass
class Component:
    """A part of the sandbox as it was at the end of the run, and exactly what it was."""

    name: str
    phase: str
    restarts: int = 0
    reason: str = ""
    version: str = ""
    path: str = ""
    sha256: str = ""


@dataclass
class Latency:
    """How long one write took to reach MySQL. `operation` is `create` or `patch`."""

    kind: str
    operation: str
    seconds: float


@dataclass
class Record:
    """One whole run."""

    schema_version: int = SCHEMA_VERSION
    started_at: str = ""                       # ISO 8601, UTC
    finished_at: str = ""
    duration_s: float = 0.0
    exit_code: int | None = None
    interrupted: bool = False
    headline: str = ""                         # the first thing that a reader must know
    command: str = ""
    profile: str = ""
    system_under_test: str = ""
    backend: str = ""
    namespace: str = ""
    harness_version: str = ""
    environment: dict[str, str] = field(default_factory=dict)   # Python, operating system, packages
    digests: dict[str, str] = field(default_factory=dict)       # CRDs, schema, templates
    components: list[Component] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    known_issues: list[IssueResult] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    row_counts: dict[str, int] = field(default_factory=dict)    # table -> rows of this run
    stages_s: dict[str, float] = field(default_factory=dict)    # stage of the run -> seconds
    warnings: list[str] = field(default_factory=list)

    def cell(self, kind: str, column: Column) -> Cell:
        """Return the cell of `kind` and `column`; KeyError where the matrix has none."""
        for cell in self.cells:
            if cell.kind == kind and cell.column == column:
                return cell
        raise KeyError((kind, column))

    def to_json(self) -> str:
        """Return the record as indented JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Return the record in `text`; HarnessError if it is none or of another schema."""
        try:
            data: dict[str, Any] = json.loads(text)
        except json.JSONDecodeError as error:
            raise HarnessError(f"not a record: {error}") from error
        version = data.get("schema_version")
        if version != SCHEMA_VERSION:
            raise HarnessError(
                f"record has schema version {version!r}, this harness reads {SCHEMA_VERSION}",
                hint="Regenerate it with this version of the harness.",
            )
        record: Record = _load(cls, data)
        return record


_NESTED: dict[str, Any] = {
    "components": Component,
    "checks": Check,
    "cells": Cell,
    "known_issues": IssueResult,
    "latencies": Latency,
    "evidence": Evidence,
    "mismatches": Mismatch,
}


def _load(cls: Any, data: dict[str, Any]) -> Any:
    """Build dataclass `cls` from `data`, nested records and enums included."""
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name in _NESTED:
            values[name] = [_load(_NESTED[name], item) for item in value]
        elif name == "column":
            values[name] = None if value is None else Column(value)
        elif name == "status":
            values[name] = IssueStatus(value) if cls is IssueResult else Status(value)
        else:
            values[name] = value
    return cls(**values)
