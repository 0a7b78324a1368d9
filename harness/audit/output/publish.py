"""Writes all formats of a result into the audit's folder; the result itself comes first."""

from __future__ import annotations

from pathlib import Path

from harness.audit.output.html import render_page
from harness.audit.output.junit import render_junit
from harness.audit.output.markdown import render_markdown
from harness.audit.output.prometheus import render_metrics
from harness.audit.result import RESULT, AuditResult
from harness.report.record import write_text

PAGE = "audit.html"


def publish(result: AuditResult, folder: Path) -> Path:
    """Write the files, and return the page's. Raises OSError."""
    write_text(folder / RESULT, result.to_json())
    write_text(folder / "audit.md", render_markdown(result))
    write_text(folder / "audit.prom", render_metrics(result))
    write_text(folder / "junit.xml", render_junit(result))
    write_text(folder / PAGE, render_page(result))
    return folder / PAGE
