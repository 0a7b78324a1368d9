"""The command `bisect`: the first commit between a good and a bad one with which the run got worse.

It is `git bisect` in a working tree of its own. What counts is what got worse from GOOD to BAD, cell by cell, so
that neither needs to be all green. A commit that can't be tested is skipped.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.cli.options import PROGRAM, RUN_OPTIONS, add_to_parser, spell
from harness.cli.repeat import run_apart
from harness.core.errors import HarnessError, SettingsError
from harness.core.record import Record
from harness.provision.checkout.worktree import ask_in_worktree, make_worktree, resolve_ref
from harness.report.diff import Area, Difference, compare_records
from harness.report.diff_formats import render_diff
from harness.report.folder import LATEST
from harness.report.formatting import format_duration
from harness.report.record import read_record

FOUND = "is the first bad commit"
_TESTED = (0, 1)   # exit codes of a run that could tell

Test = Callable[[str], Record | None]
"""Returns the record of a run with the working tree at a commit, None where that can't be tested."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `bisect`."""
    parser.epilog = "Exit codes: 0 the commit was found, 2 it could not be, 4 wrong usage."
    parser.add_argument("good", metavar="GOOD", help="a ref of the checkout that --michelangelo names")
    parser.add_argument("bad", metavar="BAD", help="a later one, which is worse")
    parser.add_argument("-m", dest="marks", default="report", metavar="MARKS", help="chapters (default: report)")
    parser.add_argument("-k", dest="words", default="", metavar="WORDS", help="checks, as pytest's -k chooses")
    add_to_parser(parser, [option for option in RUN_OPTIONS if option.attribute != "verdict_within"])
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if not options.michelangelo or not Path(options.michelangelo).expanduser().is_dir():
        raise SettingsError("--michelangelo: bisect needs the folder of a checkout", hint="Clone it, and name it")
    checkout = Path(options.michelangelo).expanduser().resolve()
    good, bad = (resolve_ref(checkout, ref, "bisect") for ref in (options.good, options.bad))
    root = Path(options.reports).resolve()
    with tempfile.TemporaryDirectory(prefix=f"{PROGRAM}-bisect-") as folder:
        tree = make_worktree(checkout, Path(folder) / "michelangelo", good)
        choice = ["-q", "-m", options.marks, *(["-k", options.words] if options.words else [])]

        def test(commit: str) -> Record | None:   # its cells must not depend on the time
            reports = root / f"bisect-{commit[:8]}"
            changes = {"michelangelo": str(tree), "reports": str(reports), "keep_sandbox": None}
            given = spell(options, **changes, verdict_within=0)
            if run_apart([*choice, *given]) not in _TESTED:
                return None
            return read_record(reports / LATEST)

        try:
            found = bisect(tree, good, bad, test)
        except KeyboardInterrupt:
            print("Interrupted: what was tried is above, and its reports are kept.", file=sys.stderr)
            return 2
    print(describe(found, ask_in_worktree(checkout, "log", "-1", "--format=%H%n%an, %ad%n%s", found.commit)))
    print(f"Reports: {root / f'bisect-{found.commit[:8]}'}")
    return 0


@dataclass(frozen=True)
class Found:
    """The first bad commit, what got worse with it, how many were tried."""

    commit: str
    differences: Sequence[Difference]
    tried: int


def bisect(tree: Path, good: str, bad: str, test: Test) -> Found:
    """Return the first bad commit. HarnessError where it can't be found, SettingsError where `bad` is no worse."""
    records: dict[str, Record | None] = {}

    def try_out(commit: str, name: str) -> Record | None:
        started = time.monotonic()
        ask_in_worktree(tree, "checkout", "--quiet", "--detach", commit)
        record = records[commit] = test(commit)
        told = "can't be tested" if record is None else record.headline
        print(f"{name} {commit[:8]}, {format_duration(time.monotonic() - started)}: {told}", flush=True)
        return record

    control, target = try_out(good, "good"), try_out(bad, "bad")
    if control is None or target is None:
        raise HarnessError(f"{good[:8] if control is None else bad[:8]} can't be tested", hint="Its log is above")
    sought = {item.subject for item in _list_worse(control, target)}
    if not sought:
        problem = f"bisect: {bad[:8]} is not worse than {good[:8]}"
        raise SettingsError(problem, hint="Give -m and -k for other checks")
    said = ask_in_worktree(tree, "bisect", "start", bad, good)
    while FOUND not in said:
        commit = ask_in_worktree(tree, "rev-parse", "HEAD")
        record = try_out(commit, "try")
        if record is None:
            word = "skip"
        else:
            word = "bad" if sought & {item.subject for item in _list_worse(control, record)} else "good"
        try:
            said = ask_in_worktree(tree, "bisect", word)
        except HarnessError as error:   # git ends so where nothing but what was skipped is left
            raise HarnessError(
                f"the first bad commit can't be told: {error.problem}", hint="What was tried is above"
            ) from error
        print(f"  {word}", flush=True)
    commit = ask_in_worktree(tree, "rev-parse", "refs/bisect/bad")
    return Found(commit, _list_worse(control, records[commit] or target), len(records))


def _list_worse(control: Record, record: Record) -> list[Difference]:
    """Return the results that are worse; latencies of different times say nothing."""
    return [item for item in compare_records(control, record) if item.worse and item.area is not Area.LATENCY]


def describe(found: Found, log: str) -> str:
    """Return the commit, given git's words for it, and what turned red with it."""
    lines = log.splitlines()
    told = render_diff(found.differences, before="good", after="with it")
    return "\n".join([f"{lines[0]} {FOUND}", *lines[1:], "", f"{found.tried} commits were tried.", "", told])
