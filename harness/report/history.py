"""What a series of runs says: each cell over time, since when it is red, how often it changed its mind, latencies.

It compares runs of records and judges no single one; it writes no markup (`harness.report.history_page`). A run
that did not judge a cell says nothing about it, so that gaps end no streak.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from harness.core.record import IssueStatus, Record, Status
from harness.report.contents import order_kinds
from harness.report.formatting import parse_time
from harness.report.matrix import list_matrices
from harness.report.verdict import Verdict, judge

OPERATIONS = ("create", "patch")

_CONTROLLERMGR = "controllermgr"
_DAY_S = 86_400.0
_JUDGED = (Status.PASS, Status.KNOWN, Status.NOT_APPLICABLE, Status.FAIL)
_COMMIT = re.compile(r"\bcommit ([0-9a-f]{7,40})\b")


@dataclass(frozen=True)
class Spread:
    """How long the writes of one operation took in a run, in seconds: the median, and the half about it."""

    low_s: float
    median_s: float
    high_s: float
    samples: int


@dataclass(frozen=True)
class Run:
    """One run as a column: what was tested, when, and how it ended.

    `commit` is '' where the record names none. `identity` is equal for runs that must end alike: the same
    executable, expected to do the same, judged by the same harness; '' where that can't be told.
    """

    started_at: str
    subject: str
    commit: str
    identity: str
    verdict: Verdict
    headline: str
    path: Path
    spreads: dict[str, Spread] = field(default_factory=dict)

    @property
    def at(self) -> float:
        """When it started, in seconds since the epoch; 0.0 where the record does not say."""
        return parse_time(self.started_at) or 0.0

    @property
    def name(self) -> str:
        """What was tested, in as few words as tell it from others."""
        return self.commit[:8] or Path(self.subject).name or "unknown"


@dataclass(frozen=True)
class Timeline:
    """A cell of all runs, or a check of no kind: its status in each, None where the run has no such cell.

    `repeats` are the pairs of neighbouring runs of one identity that both judged it, `flips` those that differ.
    `red_since` and `green_until` are indexes of runs: where the streak of failures began that lasts until now, and
    the last run before it that judged the cell otherwise.
    """

    kind: str
    name: str
    statuses: tuple[Status | None, ...]
    repeats: int = 0
    flips: int = 0
    red_since: int | None = None
    green_until: int | None = None

    @property
    def subject(self) -> str:
        """Its kind and column, or the check."""
        return f"{self.kind}, {self.name}" if self.kind else self.name

    @property
    def has_changed(self) -> bool:
        """Whether it was ever judged in two ways."""
        return len({status for status in self.statuses if status in _JUDGED}) > 1

    @property
    def flake_rate(self) -> float | None:
        """The share of repeats that ended differently, None without repeats."""
        return self.flips / self.repeats if self.repeats else None


@dataclass(frozen=True)
class IssueAge:
    """A known issue over time: the runs that looked for it, those in which it showed, and since when it does.

    `since` and `until` are indexes of the first and the last run of its latest streak; `age_days` is between them.
    """

    id: str
    title: str
    statuses: tuple[IssueStatus | None, ...]
    since: int | None
    until: int | None
    age_days: float

    @property
    def shown(self) -> int:
        """In how many runs it showed."""
        return sum(status is IssueStatus.REPRODUCED for status in self.statuses)

    @property
    def looked_for(self) -> int:
        """In how many runs it could have."""
        return sum(status not in (None, IssueStatus.NOT_CHECKED) for status in self.statuses)


@dataclass(frozen=True)
class History:
    """All runs, the oldest first, and what they say together."""

    runs: tuple[Run, ...]
    chapters: dict[str, list[Timeline]]   # by title, in the newest run's order
    kinds: list[str]
    issues: list[IssueAge]

    @property
    def timelines(self) -> list[Timeline]:
        """The cells of all chapters."""
        return [line for lines in self.chapters.values() for line in lines]

    @property
    def red(self) -> list[Timeline]:
        """The cells that are red now, those that are so for the longest first."""
        found = [line for line in self.timelines if line.red_since is not None]
        return sorted(found, key=lambda line: line.red_since or 0)


def build_history(records: Iterable[tuple[Path, Record]]) -> History:
    """Return the history of these records, each with its file; a record given twice counts once."""
    unique = {(record.started_at, record.command, record.namespace): (path, record) for path, record in records}
    ordered = sorted(unique.values(), key=lambda item: parse_time(item[1].started_at) or 0.0)
    runs = tuple(_describe_run(path, record) for path, record in ordered)
    found = [record for _, record in ordered]
    kinds = {kind.name: kind for record in reversed(found) for kind in record.kinds}
    order = order_kinds(list(kinds.values()), kinds)
    return History(runs, _list_timelines(found, runs, order), order, _list_issues(found, runs))


def _describe_run(path: Path, record: Record) -> Run:
    component = next((item for item in record.components if item.name.endswith(_CONTROLLERMGR)), None)
    stated = _COMMIT.search(component.version) if component else None
    commit = record.environment.get("commit", "") or (stated.group(1) if stated else "")
    identity = (component.sha256 if component else "", record.profile, record.harness_version, record.backend)
    return Run(
        record.started_at,
        record.system_under_test,
        commit,
        "/".join(identity) if identity[0] else "",
        judge(record),
        record.headline,
        path,
        {name: spread for name in OPERATIONS if (spread := _measure(record, name)) is not None},
    )


def _measure(record: Record, operation: str) -> Spread | None:
    seconds = sorted(item.seconds for item in record.latencies if item.operation == operation)
    if not seconds:
        return None
    if len(seconds) == 1:
        return Spread(seconds[0], seconds[0], seconds[0], 1)
    low, middle, high = quantiles(seconds, n=4, method="inclusive")
    return Spread(low, middle, high, len(seconds))


def _list_timelines(
    records: Sequence[Record], runs: Sequence[Run], order: list[str]
) -> dict[str, list[Timeline]]:
    """Return the cells of all runs by chapter; what the newest run has stands first."""
    titles = {chapter.key: chapter.title for record in reversed(records) for chapter in record.chapters}
    columns: dict[str, dict[str, None]] = {key: {} for key in titles}
    results: dict[tuple[str, str, str], dict[int, Status]] = {}
    for number in reversed(range(len(records))):
        for matrix in list_matrices(records[number]):
            unselected = {cell.place for cell in matrix.cells if not cell.checks}
            for (kind, name), status in matrix.list_results().items():
                if (kind, name) in unselected:
                    continue
                columns[matrix.chapter].setdefault(name)
                results.setdefault((matrix.chapter, kind, name), {})[number] = status
    chapters: dict[str, list[Timeline]] = {}
    for key, names in columns.items():
        for kind, name in itertools.product(("", *order), names):
            found = results.get((key, kind, name))
            if found is not None:
                statuses = tuple(found.get(number) for number in range(len(records)))
                chapters.setdefault(titles[key], []).append(_follow(kind, name, statuses, runs))
    return chapters


def _follow(kind: str, name: str, statuses: tuple[Status | None, ...], runs: Sequence[Run]) -> Timeline:
    """Return the cell with what its statuses say one after the other."""
    judged = [(number, status) for number, status in enumerate(statuses) if status in _JUDGED]
    red_since = green_until = None
    for number, status in reversed(judged):
        if status is not Status.FAIL:
            green_until = number if red_since is not None else None
            break
        red_since = number
    pairs = [
        (status, later)
        for (number, status), (following, later) in itertools.pairwise(judged)
        if runs[number].identity and runs[number].identity == runs[following].identity
    ]
    flips = sum(before is not after for before, after in pairs)
    return Timeline(kind, name, statuses, len(pairs), flips, red_since, green_until)


def _list_issues(records: Sequence[Record], runs: Sequence[Run]) -> list[IssueAge]:
    """Return each known issue that showed in any run, the one that shows for the longest first."""
    titles: dict[str, str] = {}
    statuses: dict[str, dict[int, IssueStatus]] = {}
    for number, record in enumerate(records):
        for issue in record.known_issues:
            titles[issue.id] = issue.title
            statuses.setdefault(issue.id, {})[number] = issue.status
    ages = [
        _date(name, titles[name], tuple(found.get(number) for number in range(len(records))), runs)
        for name, found in statuses.items()
        if IssueStatus.REPRODUCED in found.values()
    ]
    return sorted(ages, key=lambda issue: (issue.since is None, -issue.age_days, issue.id))


def _date(id_: str, title: str, statuses: tuple[IssueStatus | None, ...], runs: Sequence[Run]) -> IssueAge:
    since = until = None
    for number, status in reversed([*enumerate(statuses)]):
        if status is not None and status.is_absent and since is not None:
            break
        if status is IssueStatus.REPRODUCED:
            since, until = number, number if until is None else until
    age = (runs[until].at - runs[since].at) / _DAY_S if since is not None and until is not None else 0.0
    return IssueAge(id_, title, statuses, since, until, max(age, 0.0))


def format_day(run: Run) -> str:
    """Return the day of the run: '03-09'; '' where the record does not say when it was."""
    return f"{datetime.datetime.fromtimestamp(run.at, datetime.UTC):%m-%d}" if run.at else ""
