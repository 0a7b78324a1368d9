"""A finding as it is kept and shown: plain values, those of users redacted unless they may be shown."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import shlex
from dataclasses import dataclass
from typing import Any

from harness.audit.classes import EXPLANATIONS, AuditClass
from harness.audit.classification import Judgement
from harness.core import codes
from harness.core.record import Finding
from harness.spec.model import Kind

_OF_USERS = {codes.ROW_COLUMN, codes.ROW_JSON, codes.ROW_PROTO, codes.ROW_LABELS, codes.ROW_ANNOTATIONS}
_TELLS_NOTHING = {"NULL", "nothing", "no row", '""', "{}", "[]", "0", "true", "false"}


@dataclass(frozen=True)
class Subject:
    """Which object and row a judgement is of. Versions are 0 where there is no object, or no row."""

    kind: str
    key: str
    namespace: str
    name: str
    object_version: int = 0
    row_version: int = 0


@dataclass(frozen=True)
class AuditFinding:
    """What was found of one object and its row. `since` is the moment of the last write that tells it (UTC)."""

    audit_class: AuditClass
    subject: Subject
    differences: tuple[Finding, ...] = ()
    since: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        differences = [dataclasses.asdict(each) for each in self.differences]
        subject = dataclasses.asdict(self.subject)
        return {"class": self.audit_class.value, **subject, "since": self.since, "differences": differences}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> AuditFinding:
        """Return the finding that `to_json` made the data of."""
        fields = {field.name: data[field.name] for field in dataclasses.fields(Subject)}
        differences = tuple(Finding(**each) for each in data["differences"])
        return cls(AuditClass(data["class"]), Subject(**fields), differences, data["since"])

    def list_commands(self, kind: Kind, kubectl: str) -> list[str]:
        """Return the commands of its class, for this object and row."""
        subject = dataclasses.asdict(self.subject)
        names = {
            "kubectl": kubectl,
            "plural": kind.plural,
            "table": kind.table,
            "labels_table": kind.labels_table,
            "annotations_table": kind.annotations_table,
        }
        in_shell = {name: shlex.quote(str(value)) for name, value in subject.items()}   # a row may hold anything
        in_sql = {name: _escape_sql(str(value)) for name, value in subject.items()}
        return [
            _fill(command, {**(in_shell if command.startswith("{kubectl}") else in_sql), **names})
            for command in EXPLANATIONS[self.audit_class].commands
        ]


def make_finding(judged: Judgement, subject: Subject, *, show_values: bool) -> AuditFinding:
    """Return the finding that a judgement is."""
    differences = judged.findings if show_values else tuple(map(redact, judged.findings))
    return AuditFinding(judged.audit_class, subject, differences, format_moment(judged.since))


def redact(finding: Finding) -> Finding:
    """Return the finding without what users have written; where it differs stays."""
    if finding.code not in _OF_USERS:
        return finding
    return dataclasses.replace(finding, expected=_redact(finding.expected), actual=_redact(finding.actual))


def format_moment(moment: dt.datetime | None) -> str:
    """Return a moment of MySQL's (UTC, without zone) as RFC 3339; '' for None."""
    return "" if moment is None else f"{moment.isoformat()}Z"


def _redact(text: str) -> str:
    return text if text in _TELLS_NOTHING else f"redacted ({len(text)} characters)"


def _escape_sql(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "''")


def _fill(command: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: values[match[1]], command)
