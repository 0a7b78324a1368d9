"""What loads come to, as plain data: written, read again, compared and rendered.

Times of a load are seconds after its first write; moments are RFC 3339.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cattrs

from harness.core.errors import HarnessError, SettingsError
from harness.load.statistics import Latency, Window

SCHEMA_VERSION = 1
RECORD = "load.json"

Points = list[tuple[float, float]]
"""Seconds with values, in their order."""


@dataclass
class Requests:
    """What the clients sent, and how long the API server took by their clocks. `failed` counts by answer."""

    count: int = 0
    rate: float = 0.0
    p50_s: float | None = None
    p99_s: float | None = None
    failed: dict[str, int] = field(default_factory=dict)


@dataclass
class Clocks:
    """By which clocks rows were timed: what says when the API server answered, and when MySQL committed.

    `told` is the share of the writes whose answer's moment the server told. A row was committed at most `error_s`
    before it was noted. The API server stored a write before it answered: most (99 %) within `answer_s` after the
    request came, None where that is not known.
    """

    answers: str = ""
    commits: str = ""
    told: float = 0.0
    error_s: float = 0.0
    answer_s: float | None = None


@dataclass
class ComponentLoad:
    """What a component took: cores and bytes over time, and in all."""

    cores: Points = field(default_factory=list)
    memory: Points = field(default_factory=list)
    cpu_s: float = 0.0
    peak: float = 0.0


@dataclass
class ControllerLoad:
    """What the controller manager said of itself: the depth of its queues over time, and what it counted in all.

    Of the reconciles 99 % took no longer than `p99_s`, which is the bound of a bucket.
    """

    depth: Points = field(default_factory=list)
    retries: float = 0.0
    reconciles: float = 0.0
    errors: float = 0.0
    mean_s: float | None = None
    p99_s: float | None = None


@dataclass
class Audited:
    """What the audit afterwards says; `exit_code` as of the command `audit`."""

    exit_code: int
    verdict: str
    objects: int


@dataclass
class LoadResult:
    """One load. `latencies` by verb, `kinds` those of all verbs by kind.

    `caught_up_s` is when the last row came after the last write was answered, None where `open` ones never came
    while they were awaited; `stalled` says that no other one came either then. `highest_rate` is that at which p99
    stayed below `p99_limit_s`. `growth` is in bytes of the controller manager's memory for each write.
    """

    started_at: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    duration_s: float = 0.0
    requests: Requests = field(default_factory=Requests)
    latencies: dict[str, Latency] = field(default_factory=dict)
    kinds: dict[str, Latency] = field(default_factory=dict)
    windows: list[Window] = field(default_factory=list)
    backlog: Points = field(default_factory=list)
    highest_backlog: int = 0
    caught_up_s: float | None = None
    open: int = 0
    stalled: bool = False
    highest_rate: float | None = None
    p99_limit_s: float | None = None
    clocks: Clocks = field(default_factory=Clocks)
    components: dict[str, ComponentLoad] = field(default_factory=dict)
    growth: float | None = None
    controller: ControllerLoad | None = None
    audited: Audited | None = None
    interrupted: bool = False


@dataclass
class BackfillResult:
    """What a controller manager does at its start with objects that are there already.

    `took_s` is from its start to the last row, None where some never came while they were awaited; `kinds` has
    that of each kind.
    """

    objects: int
    created_s: float
    rows: Points = field(default_factory=list)
    took_s: float | None = None
    open: int = 0
    kinds: dict[str, float | None] = field(default_factory=dict)
    components: dict[str, ComponentLoad] = field(default_factory=dict)
    audited: Audited | None = None
    interrupted: bool = False


@dataclass
class LimitResult:
    """A limit that was given, the worst value that was measured, and whether that is beyond it.

    `value` is None where there is none, which is beyond every limit.
    """

    name: str
    title: str
    limit: float
    value: float | None
    exceeded: bool


@dataclass
class Change:
    """A value that differs from an earlier record's."""

    title: str
    before: float | None
    after: float | None
    worse: bool


@dataclass
class LoadRecord:
    """All loads and backfills of one command."""

    command: str = ""
    started_at: str = ""
    finished_at: str = ""
    harness_version: str = ""
    system_under_test: str = ""
    backend: str = ""
    profile: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    loads: list[LoadResult] = field(default_factory=list)
    backfills: list[BackfillResult] = field(default_factory=list)
    limits: list[LimitResult] = field(default_factory=list)
    baseline: str = ""
    changes: list[Change] = field(default_factory=list)
    problem: str = ""
    exit_code: int = 0
    schema_version: int = SCHEMA_VERSION

    @property
    def results(self) -> list[LoadResult | BackfillResult]:
        """All that was carried out."""
        return [*self.loads, *self.backfills]

    @property
    def interrupted(self) -> bool:
        """Whether it ended before it was through."""
        return any(each.interrupted for each in self.results)

    @property
    def audits(self) -> list[Audited]:
        """All audits that were made."""
        return [each.audited for each in self.results if each.audited is not None]

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(_round(asdict(self)), indent=1, ensure_ascii=False) + "\n"


def read_record(path: Path, option: str) -> LoadRecord:
    """Return the record in the file, or the folder; SettingsError, which names the option, where there is none."""
    file = path / RECORD if path.is_dir() else path
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        version = data.get("schema_version")
        if version != SCHEMA_VERSION:
            raise SettingsError(f"{option}: {file} is of version {version}, not of {SCHEMA_VERSION}")
        return cattrs.structure(data, LoadRecord)
    except HarnessError:
        raise
    except OSError as error:
        raise SettingsError(f"{option}: {str(file)!r} can't be read: {error.strerror}") from error
    except (ValueError, cattrs.BaseValidationError, AttributeError) as error:
        hint = f"Name a {RECORD} that the command load has left"
        raise SettingsError(f"{option}: {str(file)!r} is no record of a load", hint=hint) from error


def _round(value: Any) -> Any:
    """Return the value with a precision of microseconds: more is noise."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _round(each) for key, each in value.items()}
    return [_round(each) for each in value] if isinstance(value, list | tuple) else value
