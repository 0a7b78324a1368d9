"""What every format shows of a result: the table of kinds and classes, and the problems, each sentence once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from harness.audit.classes import AuditClass
from harness.audit.finding import AuditFinding
from harness.audit.result import AuditResult, KindResult
from harness.report.formatting import count, join_names, parse_time

_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
_ALWAYS = (AuditClass.EQUAL, AuditClass.LATE)


@dataclass(frozen=True)
class Cell:
    """How many there are, and how old the oldest is ('' where nothing tells)."""

    number: int
    oldest: str = ""

    def __str__(self) -> str:
        """Return it in few words."""
        number = f"{self.number:,}" if self.number else "-"
        return f"{number} ({self.oldest})" if self.oldest else number


@dataclass(frozen=True)
class ClassFindings:
    """The findings of a class: how many, and some of them."""

    audit_class: AuditClass
    number: int
    examples: tuple[AuditFinding, ...]


def list_classes(result: AuditResult) -> list[AuditClass]:
    """Return the classes that have a column: those that were seen, and the first ones always."""
    counts = result.counts
    return [each for each in AuditClass if counts[each] or each in _ALWAYS]


def make_cell(result: AuditResult, kind: KindResult, audit_class: AuditClass) -> Cell:
    """Return the cell of a kind and a class."""
    oldest = kind.tally.oldest.get(audit_class, "")
    age = format_age(result, oldest) if audit_class.is_finding else ""
    return Cell(kind.tally.counts[audit_class], age)


def format_age(result: AuditResult, since: str) -> str:
    """Return how long before the audit a moment was, in the largest unit that it fills: '3 h'."""
    began, then = parse_time(result.started_at), parse_time(since)
    if began is None or then is None:
        return ""
    seconds = max(int(began + result.duration_s - then), 0)
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= size), _UNITS[-1])
    return f"{seconds // size} {unit}"


def get_age_s(result: AuditResult, kind: KindResult, audit_class: AuditClass) -> float | None:
    """Return how old the oldest of a kind and a class is, in seconds; None where nothing tells."""
    began = parse_time(result.started_at)
    then = parse_time(kind.tally.oldest.get(audit_class, ""))
    return None if began is None or then is None else max(began + result.duration_s - then, 0.0)


def group_findings(result: AuditResult) -> Iterator[ClassFindings]:
    """Yield the findings by class."""
    for audit_class in AuditClass:
        number = result.counts[audit_class]
        if audit_class.is_finding and number:
            found = (example for kind in result.kinds for example in kind.tally.examples.get(audit_class, ()))
            yield ClassFindings(audit_class, number, tuple(found))


def list_problems(result: AuditResult) -> list[tuple[str, str]]:
    """Return what could not be told, each sentence once with all its kinds, and the way out."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for problem in result.problems:
        kinds.setdefault((problem.words, problem.hint), []).append(problem.kind)
    return [
        (f"{join_names(names)}: {words}" if (names := [name for name in found if name]) else words, hint)
        for (words, hint), found in kinds.items()
    ]


def describe_lags(result: AuditResult) -> str:
    """Return how late the late rows were; '' where none was."""
    quantiles = [(name, result.find_quantile(share)) for name, share in (("half", 0.5), ("90 %", 0.9), ("all", 1))]
    if not result.lags_s:
        return ""
    words = ", ".join(f"{name} within {lag:.1f} s" for name, lag in quantiles if lag is not None)
    return f"{count(len(result.lags_s), 'late row')} caught up: {words}"


def format_now() -> str:
    """Return the present moment for a line of a round."""
    return dt.datetime.now().astimezone().strftime("%H:%M:%S")
