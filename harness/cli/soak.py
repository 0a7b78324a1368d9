"""The command `soak`: rounds of faults under load until the time is up, or one round again.

Each round is a check of the record, which is written and rendered as that of an acceptance run, also where the
soak is interrupted. Nothing is left running then.
"""

from __future__ import annotations

import argparse
import itertools
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from harness.chapters import CHAPTERS
from harness.chapters.faults.catalogue import FAULTS, find_fault
from harness.chapters.faults.schedule import RoundPlan, can_join, draw_schedule, order_faults
from harness.chapters.faults.soak import soak
from harness.cli.options import PROGRAM, SOAK_OPTIONS, add_to_parser, read_run_settings, read_value
from harness.core.errors import SettingsError
from harness.core.record import Record
from harness.report.console import ConsoleProgress, make_console, print_matrix
from harness.report.folder import ReportFolder, prepare_report_folder
from harness.report.html import render_page
from harness.report.publish import publish
from harness.report.record import SEED_BASELINE, load_baseline, write_text
from harness.suite.session import Session

_MINUTES = 10.0


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `soak`."""
    add_to_parser(parser, SOAK_OPTIONS)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    rounds = read_rounds(options)
    progress = ConsoleProgress(make_console())
    settings = read_run_settings(options, progress)
    session = Session(settings, CHAPTERS, shlex.join([PROGRAM, *sys.argv[1:]]), progress)
    folder = prepare_report_folder(Path(options.reports).resolve(), session.profile.name)
    session.keep_files_in(folder.path)
    baseline = load_baseline(options.baseline or SEED_BASELINE, required=bool(options.baseline))
    asked = [find_fault(name) for name in options.fault] or FAULTS

    def show(record: Record) -> None:
        progress.close()
        _render(record, baseline, folder)

    return soak(session, rounds, asked, progress, show, minutes=options.minutes, shrinks=options.shrink)


def read_rounds(options: argparse.Namespace) -> Iterable[RoundPlan]:
    """Return the rounds that are asked for; SettingsError names the option that is wrong."""
    faults = [find_fault(name) for name in options.fault]
    minutes, outage = read_value(options, "minutes"), read_value(options, "outage")
    if not faults or minutes is not None:
        if outage is not None:
            raise SettingsError("--outage goes with one round", hint="Name its --fault, and leave out --minutes")
        options.minutes = minutes or _MINUTES
        return draw_schedule(options.seed, faults or FAULTS)
    for one, other in itertools.combinations(faults, 2):
        if not can_join(one, other):
            raise SettingsError(
                f"--fault: {one.name} and {other.name} can't hold at once", hint="Give --minutes, or one of them"
            )
    outage_s = max(fault.outage_s for fault in faults) if outage is None else outage
    return [RoundPlan(1, order_faults(faults), options.seed, outage_s)]


def _render(record: Record, baseline: Record | None, folder: ReportFolder) -> None:
    write_text(folder.html, render_page(record, baseline))
    publish(record, baseline, folder)
    print_matrix(record, baseline, make_console(sys.stdout), folder.html)
