"""The command `report judge`: judges a kept run again by today's checkers, without running anything.

A round of faults is judged from its file, any other check from its findings and the known issues of a profile.
"""

from __future__ import annotations

import argparse
import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.chapters import CHAPTERS
from harness.chapters.faults.again import judge_again as judge_round_again
from harness.chapters.faults.chapter import CHAPTER as FAULTS
from harness.chapters.faults.judgement import Limits
from harness.core.errors import HarnessError
from harness.core.record import Check, Evidence, Record
from harness.report.formatting import count
from harness.report.record import read_record, write_text
from harness.report.view import name_check
from harness.spec.profiles import load_profile
from harness.spec.versions import make_contract
from harness.suite.conclusion import conclude_issues, find_synced_section, summarise
from harness.suite.description import recall_features
from harness.suite.expectations import Expectations, resolve
from harness.suite.recorder import Recorder
from harness.suite.second_judgement import Basis, SecondJudgement, judge_again

_SHOWN = 5   # findings of one check that are new; the record that is written has all


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare `report judge`."""
    parser.epilog = "Exit codes: 0 every check succeeds, 1 one does not, 2 it can't be judged, 4 wrong usage."
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a report's folder, or its report.json")
    parser.add_argument(
        "--profile", metavar="NAME|FILE", help="whose known issues explain findings (default: the run's)"
    )
    parser.add_argument(
        "--sync-timeout",
        type=float,
        metavar="SECONDS",
        help="the margin of what rows may take after a fault (default: what the run had)",
    )
    parser.add_argument(
        "--converge-within",
        type=float,
        metavar="SECONDS",
        help="how long after a fault rows may take in all, whatever the documented back-off allows",
    )
    parser.add_argument(
        "--allow-stale-known-issues", action="store_true", help="a known issue that did not show is no failure"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the record as it is judged now")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    file = options.folder / "report.json" if options.folder.is_dir() else options.folder
    record = read_record(file)
    expectations = _expect(record, options)
    judged = _judge_record(record, file.parent, expectations, options)
    for line in _describe(judged):
        print(line)
    after = _conclude_record(record, judged, expectations)
    if options.output is not None:
        write_text(options.output, after.to_json())
    return after.exit_code or 0


def _judge_record(
    record: Record, folder: Path, expectations: Expectations, options: argparse.Namespace
) -> list[SecondJudgement]:
    """Return each check of the record as it is judged now; its files are in `folder`."""
    expecting = {each.number: each.expects_issues for chapter in CHAPTERS for each in chapter.sections}
    return [
        judge_again(
            check,
            expectations,
            expects_issues=expecting.get(check.section, True),
            stale_tolerated=_explain_tolerance(record, options),
            judge_file=_find_judge(check, folder, expectations, options),
        )
        for check in record.checks
    ]


def _explain_tolerance(record: Record, options: argparse.Namespace) -> str:
    if options.allow_stale_known_issues:
        return "--allow-stale-known-issues says so"
    was_tolerated = any(check.stale and check.status.succeeds for check in record.checks)
    return "its run tolerated it" if was_tolerated and options.profile is None else ""


def _conclude_record(record: Record, judged: list[SecondJudgement], expectations: Expectations) -> Record:
    """Return the record with its checks as they are judged now, and what follows from them."""
    checks = [each.after for each in judged]
    after = replace(record, checks=checks, known_issues=conclude_issues(expectations, checks))
    sections = [section for chapter in CHAPTERS for section in chapter.sections]
    return replace(
        after,
        headline=summarise(after, find_synced_section(sections)),
        exit_code=0 if all(check.status.succeeds for check in checks) else 1,
    )


def _expect(record: Record, options: argparse.Namespace) -> Expectations:
    """Return the known issues of the profile that a version with the record's features may have."""
    profile = load_profile(options.profile or record.profile)
    return resolve(profile, CHAPTERS, make_contract(profile, None, recall_features(record.contract)))


def _find_judge(
    check: Check, folder: Path, expectations: Expectations, options: argparse.Namespace
) -> Callable[[Evidence], Recorder] | None:
    """Return what judges the check from its file, None where its chapter has nothing that does."""
    if check.section not in {section.number for section in FAULTS.sections}:
        return None
    limits = Limits(options.sync_timeout, options.converge_within)
    return lambda item: judge_round_again(_read(folder / item.body), check.section, expectations, limits)


def _read(path: Path) -> str:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return file.read()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise HarnessError(f"can't read {path}: {error}", hint="Keep a report's folder together.") from error


def _describe(judged: list[SecondJudgement]) -> list[str]:
    """Return what is other than before, check by check, and how much was judged from what."""
    lines = []
    for each in judged:
        check = each.after
        if each.differs:
            title = f"{check.section} {name_check(check)}"
            lines.append(f"{title}: {each.before.status.label} → {check.status.label}, {each.basis}")
            new = [finding for finding in check.findings if finding not in each.before.findings]
            lines += [f"  {finding}" for finding in new[:_SHOWN]]
            lines += [f"  … and {len(new) - _SHOWN} more"] if len(new) > _SHOWN else []
            lines += [f"  {check.detail}"] if check.detail and not new else []
        elif each.basis is Basis.FILE:
            lines.append(f"{check.section} {name_check(check)}: {check.status.label}, as before, {each.basis}")
    numbers = {basis: sum(each.basis is basis for each in judged) for basis in Basis}
    said = ", ".join(f"{number} {basis}" for basis, number in numbers.items() if number)
    differing = sum(each.differs for each in judged)
    return [*lines, f"{count(len(judged), 'check')}: {said}; {differing or 'none'} judged otherwise than before"]
