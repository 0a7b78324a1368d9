"""The command `soak`: rounds of faults under load until the time is up, or one round again.

Each round is a check of the record, which is written and rendered as that of an acceptance run, also where the
soak is interrupted. Nothing is left running then.
"""

from __future__ import annotations

import argparse
import itertools
import shlex
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from harness.chapters import CHAPTERS
from harness.chapters.faults.catalogue import FAULTS, find_fault
from harness.chapters.faults.chapter import CHAPTER
from harness.chapters.faults.run import FaultRun
from harness.chapters.faults.schedule import RoundPlan, can_join, draw_schedule, order_faults
from harness.chapters.faults.shrinking import shrink
from harness.cli.options import PROGRAM, SOAK_OPTIONS, add_to_parser, read_run_settings, read_value
from harness.core.errors import HarnessError, Refusal, SettingsError
from harness.core.interruption import interrupt
from harness.core.record import Check, Record, Status
from harness.report.console import ConsoleProgress, make_console, print_matrix
from harness.report.folder import ReportFolder, prepare_report_folder
from harness.report.html import render_page
from harness.report.publish import publish
from harness.report.record import SEED_BASELINE, load_baseline, write_text
from harness.spec.model import Case
from harness.suite.chapter import Section, Topic
from harness.suite.recorder import Recorder
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
    previous = signal.signal(signal.SIGTERM, interrupt)
    exit_code, interrupted = 2, False
    try:
        exit_code = soak(session, rounds, progress, options)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        progress.close()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)   # once is enough: now the report is written
        try:
            session.finish(exit_code=exit_code, interrupted=interrupted)
            _render(session.record, baseline, folder)
        finally:
            session.stop()
            signal.signal(signal.SIGTERM, previous)
    return exit_code


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


def soak(
    session: Session, rounds: Iterable[RoundPlan], progress: ConsoleProgress, options: argparse.Namespace
) -> int:
    """Run the rounds; return the exit code.

    It is 0, 1 where one failed or proved nothing, 2 where the sandbox did not come up or knows none of the faults.
    A round that could not be run is the last one: the next would fare no better.
    """
    try:
        session.start(faults=True)
    except (HarnessError, Refusal) as error:
        session.record.headline = str(error).partition("\n")[0]
        progress.end("sandbox", session.record.headline)
        return 4 if isinstance(error, SettingsError) else 2
    session.select([])
    session.record.chapters = [CHAPTER.describe()]   # a profile has the issues of all
    asked, faults = [find_fault(name) for name in options.fault] or FAULTS, session.get_state(CHAPTER)
    absent = {fault.name: reason for fault in asked if (reason := faults.explain_absence(fault))}
    session.record.checks += [
        Check(fault.section, fault.title, status=Status.NOT_APPLICABLE, detail=absent[fault.name])
        for fault in asked
        if fault.name in absent
    ]
    if len(absent) == len(asked):
        session.record.headline = f"No round is possible here: {next(iter(absent.values()))}"
        return 2
    for plan in _until(rounds, options.minutes):
        if absent.keys() & {fault.name for fault in plan.faults}:
            continue
        stage = f"round {plan.number}: {plan.name}"
        progress.begin(stage)
        check = Check(plan.faults[0].section, plan.title, detail="not reached")
        session.record.checks.append(check)
        run_round(session, plan, check)
        progress.end(stage, _describe(check))
        if check.status in (Status.NOT_RUN, Status.ERROR):
            session.record.headline = check.detail
            break
        if options.shrink and check.status is Status.FAIL:
            _shrink(session, plan, check, progress)
    return 0 if all(check.status.succeeds for check in session.record.checks) else 1


def _until(rounds: Iterable[RoundPlan], minutes: float | None) -> Iterator[RoundPlan]:
    """Yield rounds until the time is up; the one under way then is finished."""
    deadline = float("inf") if minutes is None else time.monotonic() + 60 * minutes
    for plan in rounds:
        if time.monotonic() >= deadline:
            return
        yield plan


def _shrink(session: Session, plan: RoundPlan, check: Check, progress: ConsoleProgress) -> None:
    """Find the fewest kinds with which the round fails, and the command for it."""
    stage = f"round {plan.number}: with fewer kinds"
    progress.begin(stage)
    command = check.reproduce

    def fails(cases: Sequence[Case]) -> bool:
        nonlocal command
        again = Check(check.section, check.title)
        run_round(session, plan, again, cases)
        if again.status is Status.FAIL:
            command = again.reproduce
        return again.status is Status.FAIL

    found = shrink(session.get_state(CHAPTER).cases, fails)
    check.facts["fails with"] = ", ".join(case.name for case in found)
    check.reproduce = command
    progress.end(stage, f"fails with {check.facts['fails with']}\n  repeat it: {command}")


def run_round(
    session: Session, plan: RoundPlan, check: Check, cases: Sequence[Case] | None = None
) -> None:
    """Run one round, with some of the cases where given, and write into its check how it ended."""

    def run(faults: FaultRun, chosen: Sequence[Case] | None, recorder: Recorder) -> None:
        faults.run_round(
            plan.faults, recorder, seed=plan.seed, outage_s=plan.outage_s, cases=chosen, section=check.section
        )

    section = Section(check.section, "", check.title, CHAPTER.explanation, run)
    session.note(CHAPTER, section, Topic("", cases), check)


def _describe(check: Check) -> str:
    """Return how a round ended in one line, and the command that repeats it where it did not pass."""
    words = [check.status.label, check.detail, check.facts.get("operations", ""), check.facts.get("converged", "")]
    line = ", ".join(word for word in words if word)
    return line if check.status.succeeds else f"{line}\n  repeat it: {check.reproduce}"


def _render(record: Record, baseline: Record | None, folder: ReportFolder) -> None:
    write_text(folder.html, render_page(record, baseline))
    publish(record, baseline, folder)
    print_matrix(record, baseline, make_console(sys.stdout), folder.html)
