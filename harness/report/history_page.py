"""Renders a history as one page: cells by runs, what is red since when, known issues, latencies; and as text.

It is complete in itself, and its filters are style sheets: no script. Links lead to the runs' own reports where
they stand beside their records.
"""

from __future__ import annotations

import os
import urllib.parse
from pathlib import Path

from markupsafe import Markup

from harness.core.record import IssueStatus, Status
from harness.report.formatting import count, format_moment
from harness.report.history import OPERATIONS, History, Run, Timeline, format_day
from harness.report.html import render_template
from harness.report.sections import ISSUE_TONES
from harness.report.trend import describe_spread, draw_trend
from harness.report.verdict import count_statuses
from harness.report.view import GLYPHS

REPORT_NAME = "report.html"


def render_history(history: History, folder: Path) -> str:
    """Return the page; links are relative to `folder`, in which it will stand."""
    return render_template(
        "history.html.j2",
        styles=("report.css", "history.css"),
        history=history,
        plot=Markup(draw_trend(history.runs)),  # noqa: S704  our own drawing, which escapes its texts
        glyphs=GLYPHS,
        statuses=list(Status),
        shown=IssueStatus.REPRODUCED,
        issue_tones=ISSUE_TONES,
        operations=OPERATIONS,
        tell_red=lambda line: tell_red(history, line),
        link=lambda run: _link(run, folder),
        day=format_day,
        describe_spread=describe_spread,
        flaky=[line for line in history.timelines if line.flips],
    )


def _link(run: Run, folder: Path) -> str:
    """Return where the run's report is, seen from `folder`, or '' where there is none."""
    report = run.path.with_name(REPORT_NAME)
    if not report.is_file():
        return ""
    return urllib.parse.quote(os.path.relpath(report.resolve(), folder.resolve()))


def tell_red(history: History, line: Timeline) -> str:
    """Return since when a cell is red, and until when it was not; '' of one that is not red."""
    if line.red_since is None:
        return ""
    first = _name_run(history.runs[line.red_since])
    if line.green_until is None:
        return f"red since {first}, the first run that judged it"
    return f"red since {first}; not yet in {_name_run(history.runs[line.green_until])}"


def _name_run(run: Run) -> str:
    return f"{run.name} of {format_moment(run.started_at)}"


def render_history_text(history: History) -> str:
    """Return in a few lines what is red now and since when, what changed its mind, and which issues show."""
    runs = history.runs
    lines = [f"{count(len(runs), 'run')}, from {format_moment(runs[0].started_at)} to {_name_run(runs[-1])}."]
    lines += [f"  {line.subject}: {tell_red(history, line)}" for line in history.red]
    lines += [
        f"  {line.subject}: changed its verdict in {line.flips} of {count(line.repeats, 'repeat')}"
        for line in history.timelines
        if line.flips
    ]
    lines += [
        f"  known issue {issue.id}: seen in {issue.shown} of {count(issue.looked_for, 'run')}, "
        f"{issue.age_days:.1f} days old"
        for issue in history.issues
    ]
    return "\n".join(lines) + "\n"


def render_rates(history: History) -> str:
    """Return a line for each cell that did not end alike in all runs, or fell short: how often it ended how."""
    lines = []
    for line in history.timelines:
        found = [status for status in line.statuses if status is not None]
        counts = count_statuses(found)
        if len(counts) > 1 or not all(status.succeeds for status in found):
            ended = ", ".join(f"{status.label.lower()} {number} of {len(found)}" for status, number in counts)
            lines.append(f"  {line.subject}: {ended}")
    told = f"{count(len(lines), 'cell')} fell short or differed" if lines else "all cells alike, none fell short"
    return "\n".join([f"{count(len(history.runs), 'run')}: {told}", *lines]) + "\n"
