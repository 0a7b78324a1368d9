"""What a run found: checks with their evidence, known issues, the table of contents, the record.

The record is the run. HTML, Markdown, JUnit, the console and a diff of two runs only render it. Everything
here is plain data that survives a round trip through JSON (`Record.to_json`, `Record.from_json`); the
layout is versioned by `SCHEMA_VERSION`.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from harness.core.errors import HarnessError
from harness.core.migrations import SCHEMA_VERSION, migrate


class Status(StrEnum):
    """The verdict of a check or a cell.

    ERROR: the harness could not tell. INVALID: it could, but nothing was proven: the fault was not injected or
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


class IssueStatus(StrEnum):
    """Whether a known issue showed in this run. STALE: it did not, which fails; GONE: it may have been mended."""

    REPRODUCED = "reproduced"
    STALE = "stale"
    GONE = "gone"
    NOT_CHECKED = "not_checked"

    @property
    def is_absent(self) -> bool:
        """Whether it was looked for, and did not show."""
        return self in (IssueStatus.STALE, IssueStatus.GONE)


@dataclass(frozen=True)
class Evidence:
    """One thing that was sent, read or seen.

    `kind` is one of `request`, `response`, `row`, `log`, `component`, `comparison`, `note`, `timeline`, `file`;
    `at` is seconds since the epoch. What has a structure carries it as `data`, plain JSON values, and is made
    readable where it is shown (`harness.report.evidence`): an object; a row as `{"columns", "labels",
    "annotations"}`; a comparison as its findings; what was measured over time (`harness.report.timeline`).
    Anything else is text, in `body`; of a file its path, beside the record.
    """

    kind: str
    title: str
    body: str
    at: float
    data: Any = None


@dataclass(frozen=True)
class Finding:
    """One difference between what was expected and what was found.

    `code` names the kind of difference (`row.missing`, `row.column`, `finalizer.kept`, ...), whatever the words:
    `harness.core.codes` lists them. `where` is a MySQL column, a JSON path, or what else was looked at.
    """

    code: str
    where: str
    expected: str
    actual: str

    def __str__(self) -> str:
        """Return it on one line."""
        return f"{self.where}: expected {self.expected}, got {self.actual}"

    def within(self, context: str) -> Finding:
        """Return it as found within a larger thing, or at a moment: `context` comes before `where`, as it is."""
        return replace(self, where=f"{context}{self.where}")


@dataclass
class Check:
    """The result of one check: one section for one kind, or for another `topic` (an issue, a fault).

    `issues` are the ids of the known issues that explain what was found, `stale` of those that should have shown
    and did not; `facts` are what was measured, by name.
    """

    section: str
    title: str
    kind: str | None = None
    topic: str = ""
    status: Status = Status.NOT_RUN
    detail: str = ""
    duration_s: float = 0.0
    reproduce: str = ""
    issues: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)


class Layout(StrEnum):
    """How a chapter's checks are shown."""

    MATRIX = "matrix"   # a row per kind, a column per section or group of sections; checks of no kind below
    TABLE = "table"     # a row per check, with what it measured as columns


@dataclass(frozen=True)
class SectionContents:
    """A section of the report: its number, and its heading in a few words; '' leaves that to its checks' title.

    One that is about another chapter's objects has a title and an explanation of its own, for where it stands
    alone.
    """

    number: str
    heading: str = ""
    title: str = ""
    explanation: str = ""


@dataclass(frozen=True)
class ColumnContents:
    """A column of a matrix: the checks of its sections, for one kind, are one cell.

    A cell of several sections is NOT RUN as long as one of them has not run.
    """

    key: str
    heading: str
    sections: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ChapterContents:
    """A chapter of the report, so that whoever renders a record needs to know none."""

    key: str
    title: str
    explanation: str = ""
    layout: Layout = Layout.MATRIX
    sections: list[SectionContents] = field(default_factory=list)
    columns: list[ColumnContents] = field(default_factory=list)


@dataclass(frozen=True)
class KindContents:
    """A kind of the run's contract, in the report's order; its tables are main, labels and annotations."""

    name: str
    tables: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ContractFact:
    """A fact of the version's contract: under which heading it stands, and where it was read.

    `seed` is what it was in the seed report's version, '' where that is the same or can't be compared.
    """

    group: str
    name: str
    value: str
    source: str = ""
    seed: str = ""


@dataclass
class IssueResult:
    """What became of one known issue of the profile.

    `sections` are those in which it may show; the checks that it explains name its id.
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


@dataclass(frozen=True)
class FileCoverage:
    """How much of a source file of the system under test ran: of how many statements; and which lines never did.

    `never` are ranges of lines, such as '120-124'.
    """

    path: str
    statements: int
    ran: int
    never: list[str] = field(default_factory=list)


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
    chapters: list[ChapterContents] = field(default_factory=list)   # the table of contents, selected or not
    kinds: list[KindContents] = field(default_factory=list)         # in the order of the matrices' rows
    contract: list[ContractFact] = field(default_factory=list)      # what was expected of this version
    checks: list[Check] = field(default_factory=list)
    known_issues: list[IssueResult] = field(default_factory=list)
    latencies: list[Latency] = field(default_factory=list)
    row_counts: dict[str, int] = field(default_factory=dict)    # table -> rows of this run
    stages_s: dict[str, float] = field(default_factory=dict)    # stage of the run -> seconds
    warnings: list[str] = field(default_factory=list)
    coverage: list[FileCoverage] = field(default_factory=list)  # of the Ingester's sources, where it was counted

    def to_json(self) -> str:
        """Return the record as indented JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Return the record in `text`; HarnessError if it is none or of another schema."""
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise HarnessError(f"not a record: {error}") from error
        if not isinstance(data, dict):
            raise HarnessError("not a record: it is no JSON object")
        import cattrs  # noqa: PLC0415  it takes its time, and most of a run does without

        try:
            return cattrs.Converter(forbid_extra_keys=True).structure(migrate(data), cls)
        except cattrs.BaseValidationError as error:
            raise HarnessError(f"not a record: {'; '.join(cattrs.transform_error(error))}") from error
        except (AttributeError, KeyError, TypeError) as error:   # a record of an earlier version, edited by hand
            raise HarnessError(f"not a record: {type(error).__name__} {error}") from error
