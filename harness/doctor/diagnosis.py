"""What the preflight finds: one line each, in words, with the way out where something is missing."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.core.errors import HarnessError

_WIDEST = 120
_NARROWEST = 60


class FindingStatus(StrEnum):
    """What was found. Only MISSING keeps a run from starting."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "MISSING"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Diagnosis:
    """One thing that a run needs, and how it was found; `way_out` is empty where all is well."""

    name: str
    status: FindingStatus
    detail: str
    way_out: str = ""


def render_diagnoses(findings: Sequence[Diagnosis], width: int | None = None) -> str:
    """Return the findings as a plain table, `width` columns wide (default: the terminal), and the verdict."""
    columns = width or max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns))
    name_width = max((len(finding.name) for finding in findings), default=0)
    status_width = max(len(status) for status in FindingStatus)
    indent = " " * (name_width + status_width + 4)
    lines = []
    for finding in findings:
        head = f"{finding.name:{name_width}}  {finding.status:{status_width}}  "
        lines += _wrap(finding.detail, columns, head, indent)
        if finding.way_out:
            lines += _wrap(finding.way_out, columns, f"{indent}-> ", f"{indent}   ")
    return "\n".join([*lines, "", summarise(findings)])


def summarise(findings: Sequence[Diagnosis]) -> str:
    """Return the verdict in one line."""
    missing = [finding.name for finding in findings if finding.status is FindingStatus.MISSING]
    warnings = sum(finding.status is FindingStatus.WARNING for finding in findings)
    if missing:
        return f"{len(missing)} missing: {', '.join(missing)}"
    noted = f"; {warnings} {'warning' if warnings == 1 else 'warnings'}" if warnings else ""
    return f"All that a run needs is there{noted}"


def get_exit_code(findings: Sequence[Diagnosis]) -> int:
    """Return 2 where something is missing, else 0."""
    return 2 if any(finding.status is FindingStatus.MISSING for finding in findings) else 0


def require_all(findings: Sequence[Diagnosis]) -> None:
    """Raise HarnessError, which names each missing thing with its way out, where something is missing."""
    missing = [finding for finding in findings if finding.status is FindingStatus.MISSING]
    if not missing:
        return
    problem = "; ".join(f"{finding.name}: {finding.detail}" for finding in missing)
    hints = dict.fromkeys(finding.way_out for finding in missing if finding.way_out)
    raise HarnessError(problem, hint="\n".join(hints))


def from_error(name: str, error: HarnessError) -> Diagnosis:
    """Return the finding that an error is."""
    return Diagnosis(name, FindingStatus.MISSING, error.problem, error.hint)


def _wrap(text: str, columns: int, head: str, indent: str) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        columns,
        initial_indent=head,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [head.rstrip()]
