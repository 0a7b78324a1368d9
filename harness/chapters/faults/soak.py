"""Rounds of faults under load in one sandbox, each a check of its session's record.

Whatever ends them, the record is completed and the sandbox stopped. Which rounds they are, and what becomes of the
record, is for the caller to say.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from harness.chapters.faults.catalogue import Fault
from harness.chapters.faults.chapter import CHAPTER
from harness.chapters.faults.run import FaultRun
from harness.chapters.faults.schedule import RoundPlan
from harness.chapters.faults.shrinking import shrink
from harness.core.errors import HarnessError, Refusal, SettingsError
from harness.core.interruption import interrupt
from harness.core.progress import Progress
from harness.core.record import Check, Record, Status
from harness.spec.model import Case
from harness.suite.chapter import Section, Topic
from harness.suite.recorder import Recorder
from harness.suite.session import Session


def soak(
    session: Session,
    rounds: Iterable[RoundPlan],
    asked: Sequence[Fault],
    progress: Progress,
    publish: Callable[[Record], None],
    *,
    minutes: float | None = None,
    shrinks: bool = False,
) -> int:
    """Run the rounds as `run_rounds` does; complete the record, have it published, and stop the sandbox.

    An interruption is written into the record, and is no error: the exit code is then 2.
    """
    previous = signal.signal(signal.SIGTERM, interrupt)
    exit_code, interrupted = 2, False
    try:
        exit_code = run_rounds(session, rounds, asked, progress, minutes=minutes, shrinks=shrinks)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)   # once is enough: now the report is written
        try:
            session.finish(exit_code=exit_code, interrupted=interrupted)
            publish(session.record)
        finally:
            session.stop()
            signal.signal(signal.SIGTERM, previous)
    return exit_code


def run_rounds(
    session: Session,
    rounds: Iterable[RoundPlan],
    asked: Sequence[Fault],
    progress: Progress,
    *,
    minutes: float | None = None,
    shrinks: bool = False,
) -> int:
    """Run rounds of the faults that were asked for, until the time is up; return the exit code.

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
    faults = session.get_state(CHAPTER)
    absent = {fault.name: reason for fault in asked if (reason := faults.explain_absence(fault))}
    session.record.checks += [
        Check(fault.section, fault.title, status=Status.NOT_APPLICABLE, detail=absent[fault.name])
        for fault in asked
        if fault.name in absent
    ]
    if len(absent) == len(asked):
        session.record.headline = f"No round is possible here: {next(iter(absent.values()))}"
        return 2
    for plan in _until(rounds, minutes):
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
        if shrinks and check.status is Status.FAIL:
            _shrink(session, plan, check, progress)
    return 0 if all(check.status.succeeds for check in session.record.checks) else 1


def _until(rounds: Iterable[RoundPlan], minutes: float | None) -> Iterator[RoundPlan]:
    """Yield rounds until the time is up; the one under way then is finished."""
    deadline = float("inf") if minutes is None else time.monotonic() + 60 * minutes
    for plan in rounds:
        if time.monotonic() >= deadline:
            return
        yield plan


def _shrink(session: Session, plan: RoundPlan, check: Check, progress: Progress) -> None:
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
