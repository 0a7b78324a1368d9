"""What a run prints: its progress, the matrices, what failed, the known issues.

With `harness.report.tables` the only module that imports `rich`. Text from logs can't steer the terminal.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

import rich.progress
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from harness.core.record import Check, IssueStatus, Record, Status
from harness.report import coverage
from harness.report.contract import list_differences
from harness.report.diff import compare_records
from harness.report.diff_formats import render_diff
from harness.report.evidence import describe_evidence
from harness.report.formatting import count, format_duration, format_offset
from harness.report.matrix import list_matrices
from harness.report.sections import ISSUE_TONES, list_failures, split_issues
from harness.report.tables import build_table, mark, plain, print_chapter, print_facts
from harness.report.verdict import judge, summarise
from harness.report.view import name_place, number_check

_TONES = {"pass": "bold green", "warn": "bold yellow", "fail": "bold red"}
_LOG_WIDTH = 110
_FAILURES = 20   # with all that was found; of more only the titles, the report has the rest
_FINDINGS = 10
_FACTS = 12
_SVG_WIDTH = 104

PLAIN_INTERVAL_S = 10.0
PLAIN_PERCENT = 10
_PLAIN_PAUSE_S = 1.0   # at least this between two lines of one stage, however fast it is


def make_console(file: TextIO | None = None) -> Console:
    """Return a console that writes to `file` (default: the process's own stderr), wide enough for the matrix."""
    stream = file or sys.__stderr__ or sys.stderr
    width = None if stream.isatty() or "COLUMNS" in os.environ else _LOG_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def print_matrix(
    record: Record, baseline: Record | None, console: Console, report: Path | None = None
) -> None:
    """Print the verdict, the matrices, what failed, the known issues, and where the `report` is."""
    verdict = judge(record)
    console.print()
    headline = Text.assemble((verdict.word, _TONES[verdict.tone]), f" {plain(record.headline)}")
    console.print(headline, soft_wrap=True)
    console.print(Text(summarise(record), "dim"), soft_wrap=True)
    for matrix in list_matrices(record):
        print_chapter(matrix, console)
    _print_failures(record, console)
    _print_issues(record, console)
    _print_contract(record, console)
    if record.coverage:
        console.print()
        console.print(Text(f"{coverage.TITLE}: {coverage.describe_total(record)}"))
    if baseline is not None:
        _print_differences(baseline, record, console)
    for warning in record.warnings:
        console.print(Text.assemble(("warning: ", "yellow"), plain(warning)), soft_wrap=True)
    if report is not None:
        console.print(Text.assemble(("Report: ", "bold"), str(report)), soft_wrap=True)


def print_evidence(record: Record, check: Check, console: Console) -> None:
    """Print everything about one check of `record`: what was sent, what each poll read, the logs, the verdict."""
    console.print()
    console.print(_title(record, check, console), soft_wrap=True)
    if check.detail:
        _print_block(check.detail, console)
    start = min((item.at for item in check.evidence), default=None)
    for item in check.evidence:
        offset = format_offset(item.at, start)
        head = Text.assemble("  ", (f"{item.kind}: ", "cyan"), plain(item.title), (f"  {offset}", "dim"))
        console.print(head, soft_wrap=True)
        _print_block(describe_evidence(item), console, indent=4)
    _print_findings(check, console)


def render_matrix_svg(record: Record) -> str:
    """Return the first matrix as an SVG picture of a terminal; it loads nothing from elsewhere."""
    console = Console(
        record=True, file=io.StringIO(), width=_SVG_WIDTH, force_terminal=True, color_system="truecolor"
    )
    for matrix in list_matrices(record)[:1]:
        console.print(build_table(matrix, console))
    svg = console.export_svg(title=record.command or "Ingester acceptance", theme=MONOKAI, unique_id="matrix")
    return re.sub(r"@font-face\s*\{.*?\}|<!--.*?-->", "", svg, flags=re.DOTALL)


def _title(record: Record, check: Check, console: Console) -> Text:
    place = name_place(record, check)
    title = f" {number_check(check)}"
    return mark(check.status, console).append(plain(f"{title} ({place})" if place else title))


def _print_failures(record: Record, console: Console) -> None:
    """Print what failed, the first ones with all that was found."""
    for number, check in enumerate(list_failures(record)):
        if number < _FAILURES:
            console.print()
        console.print(_title(record, check, console), soft_wrap=True)
        if number >= _FAILURES:
            continue
        if check.detail:
            _print_block(check.detail, console)
        _print_findings(check, console)


def _print_findings(check: Check, console: Console) -> None:
    print_facts(check, console)
    for item in check.findings[:_FINDINGS]:
        console.print(Text(f"  {plain(item.where)}"))
        console.print(Text.assemble("    expected  ", (plain(item.expected), "green")), soft_wrap=True)
        console.print(Text.assemble("    found     ", (plain(item.actual), "red")), soft_wrap=True)
    if len(check.findings) > _FINDINGS:
        console.print(Text(f"  and {count(len(check.findings) - _FINDINGS, 'more difference')} in the report"))
    if check.reproduce and check.status not in {Status.PASS, Status.NOT_APPLICABLE}:
        console.print(Text.assemble("  reproduce: ", (plain(check.reproduce), "bold")), soft_wrap=True)


def _print_issues(record: Record, console: Console) -> None:
    looked_for, passed_by = split_issues(record)
    if record.known_issues:
        console.print()
        console.print(Text("Known issues", "bold"))
    for issue in looked_for:
        symbol = mark(ISSUE_TONES[issue.status], console, issue.status.value.replace("_", " "))
        seen = f" ({issue.detail})" if issue.sections and issue.detail else ""
        console.print(symbol.append(f"  {plain(issue.title)}{plain(seen)}"), soft_wrap=True)
        if issue.workaround and issue.status == IssueStatus.REPRODUCED:
            console.print(Text(f"  workaround: {plain(issue.workaround)}", "dim"), soft_wrap=True)
    if passed_by:
        unseen = f"{count(len(passed_by), 'known issue')} of parts that were not selected"
        console.print(mark(Status.NOT_RUN, console, "not checked").append(f"  {unseen}"), soft_wrap=True)


def _print_contract(record: Record, console: Console) -> None:
    """Print what of the version's contract differs from that of the seed report; the report has all of it."""
    differences = list_differences(record)
    if not differences:
        return
    console.print()
    console.print(Text("The contract of this version, where it is not the seed report's", "bold"))
    for line in differences[:_FACTS]:
        console.print(Text(plain(f"  {line}")), soft_wrap=True)
    if len(differences) > _FACTS:
        console.print(Text(f"  and {count(len(differences) - _FACTS, 'more fact')} in the report"))


def _print_differences(baseline: Record, record: Record, console: Console) -> None:
    console.print()
    console.print(Text(f"Compared with the baseline {baseline.profile}", "bold"))
    differences = compare_records(baseline, record)
    console.print(Text(plain(render_diff(differences, before="baseline").rstrip())), soft_wrap=True)


def _print_block(body: str, console: Console, indent: int = 2) -> None:
    """Print text as it is, indented; lines are not broken, so that they can be copied."""
    for line in plain(body).splitlines():
        console.print(Text(" " * indent + line), soft_wrap=True)


class ConsoleProgress:
    """Shows how stages advance: bars on a terminal; lines where there is none, or in CI.

    Implements `harness.core.progress.Progress`. Stages may run in several threads.
    """

    def __init__(
        self,
        console: Console,
        *,
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._stages: dict[str, _Stage] = {}
        self._console = console
        self._bars: rich.progress.Progress | None = None
        if console.is_terminal and not console.is_dumb_terminal and not environment.get("CI"):
            self._bars = rich.progress.Progress(
                rich.progress.SpinnerColumn(),
                rich.progress.TextColumn("{task.description}", markup=False),
                rich.progress.BarColumn(),
                rich.progress.TextColumn("{task.fields[steps]}", markup=False),
                rich.progress.TimeElapsedColumn(),
                rich.progress.TextColumn("{task.fields[note]}", markup=False, style="dim"),
                console=console,
                transient=True,
            )

    def begin(self, stage: str, total: int | None = None, unit: str = "") -> None:
        """Announce `stage`, with `total` steps of `unit` where it is known."""
        with self._lock, contextlib.suppress(OSError, ValueError):   # a closed terminal must not end the run
            self._drop(stage)
            begun = _Stage(self._clock(), total, unit)
            self._stages[stage] = begun
            if self._bars is None:
                self._say(f"{stage} ...")
            else:
                self._bars.start()
                begun.bar = self._bars.add_task(stage, total=total, steps="", note="")

    def advance(self, stage: str, done: int, note: str = "") -> None:
        """Say that `done` steps of `stage` are behind it; `note` names the current one."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            begun = self._stages.get(stage)
            if begun is None:
                return
            steps = begun.describe(done)
            if self._bars is not None and begun.bar is not None:
                self._bars.update(begun.bar, completed=done, steps=steps, note=plain(note))
            elif begun.is_due(done, self._clock()):
                self._say(f"{stage}: {steps}" + (f" ({plain(note)})" if note else ""))

    def end(self, stage: str, note: str = "") -> None:
        """Say that `stage` is finished; `note` is its result."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            begun = self._stages.get(stage)
            if begun is None:
                return
            took = format_duration(self._clock() - begun.started)
            self._drop(stage)
            self._say(f"{stage}: done in {took}" + (f", {plain(note)}" if note else ""))

    def close(self) -> None:
        """Take away all bars, whatever they show; call it before the terminal is needed for something else."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            for stage in list(self._stages):
                self._drop(stage)

    def _drop(self, stage: str) -> None:
        begun = self._stages.pop(stage, None)
        if begun is not None and begun.bar is not None and self._bars is not None:
            self._bars.remove_task(begun.bar)
            if not self._stages:
                self._bars.stop()

    def _say(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)


class _Stage:
    """A stage that was begun, and when it was last heard of."""

    def __init__(self, started: float, total: int | None, unit: str) -> None:
        self.started = started
        self.bar: rich.progress.TaskID | None = None
        self._total = total
        self._unit = unit
        self._said_at = started
        self._said_percent = 0

    def describe(self, done: int) -> str:
        """Return how far it is, such as '120/1043 packages'."""
        steps = f"{done}/{self._total}" if self._total else str(done)
        return f"{steps} {self._unit}".strip()

    def is_due(self, done: int, now: float) -> bool:
        """Return whether a line is due: some seconds passed, or some percent, and not too soon."""
        percent = 100 * done // self._total if self._total else 0
        silent_s = now - self._said_at
        advanced = percent >= self._said_percent + PLAIN_PERCENT and silent_s >= _PLAIN_PAUSE_S
        if silent_s < PLAIN_INTERVAL_S and not advanced:
            return False
        self._said_at, self._said_percent = now, percent
        return True
