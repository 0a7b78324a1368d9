"""Writes everything that a report consists of into its folder; the record comes first."""

from __future__ import annotations

from harness.core.record import Record
from harness.report.folder import ReportFolder
from harness.report.junit import render_junit
from harness.report.markdown import render_markdown
from harness.report.record import write_record, write_text


def publish(record: Record, baseline: Record | None, folder: ReportFolder) -> None:
    """Write the record, the Markdown and the JUnit file, and make the folder the latest one. Raises OSError."""
    write_record(record, folder.path)
    write_text(folder.markdown, render_markdown(record, baseline))
    write_text(folder.junit, render_junit(record))
    folder.publish()
