"""Renders a result as a page without outside references, in the report's styles."""

from __future__ import annotations

from pathlib import Path

from harness.audit.classes import EXPLANATIONS, AuditClass
from harness.audit.finding import AuditFinding
from harness.audit.output.table import (
    describe_lags,
    format_age,
    group_findings,
    list_classes,
    list_problems,
    make_cell,
)
from harness.audit.result import FINDINGS, AuditResult
from harness.report.html import render_template
from harness.spec.model import Kind

TEMPLATES = Path(__file__).with_name("templates")
_TONES = {0: ("pass", "EQUAL"), 1: ("fail", "NOT EQUAL"), 2: ("warn", "NOT ALL TOLD")}


def render_page(result: AuditResult) -> str:
    """Return the result as an HTML document."""
    tone, word = _TONES[result.exit_code]
    kinds = {kind.name: _make_kind(kind.name, kind.plural, kind.tables) for kind in result.kinds}

    def list_commands(example: AuditFinding) -> list[str]:
        return example.list_commands(kinds[example.subject.kind], result.kubectl)

    return render_template(
        "audit.html.j2",
        folder=TEMPLATES,
        styles=("report.css", "audit.css"),
        result=result,
        tone="fail" if result.found else tone,
        word="NOT EQUAL" if result.found else word,
        classes=list_classes(result),
        all_classes=list(AuditClass),
        explanations=EXPLANATIONS,
        groups=list(group_findings(result)),
        problems=list_problems(result),
        lags=describe_lags(result),
        cell=lambda kind, each: make_cell(result, kind, each),
        age=lambda since: format_age(result, since),
        list_commands=list_commands,
        findings_file=FINDINGS,
    )


def _make_kind(name: str, plural: str, tables: tuple[str, str, str]) -> Kind:
    main, labels, annotations = tables
    return Kind(name, plural, (), main, labels.removeprefix(main), annotations.removeprefix(main))
