"""Turns the outcome of a check into a verdict, in the light of what the profile knows to go wrong.

A failure that a known issue explains, signature and all, is KNOWN; any other failure stays one. A known issue
whose check passes has gone stale.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

from harness.chapters.seed.issues import KnownIssue, Probe
from harness.chapters.seed.run import Run, matches
from harness.core.errors import CheckFailure, Refusal
from harness.core.outcomes import Known, NotApplicable, NotRun
from harness.core.polling import wait_for
from harness.core.record import Check, Column, Evidence, IssueResult, IssueStatus, Status
from harness.sandbox.base import CONTROLLERMGR
from harness.spec.cases import CASES_BY_NAME
from harness.spec.equality import has_path
from harness.spec.model import Case, JsonObject
from harness.subject import evidence
from harness.subject.log import parse_log


@contextlib.contextmanager
def judging(run: Run, case: Case, column: Column, check: Check) -> Iterator[None]:
    """Judge one cell's check: the body carries it out, raising CheckFailure where the product is wrong.

    Raises NotRun where the kind has no registered controller, NotApplicable and Known as the profile says.
    """
    require_controller(run, case)
    issue = run.profile.find_issue(case.name, column)
    if issue and issue.cells[column] is Status.NOT_APPLICABLE:
        run.sync(case)
        if issue.id in run.reproduced:
            raise NotApplicable(f"known issue {issue.id}")
    try:
        yield
    except CheckFailure as failure:
        if issue and issue.cells[column] is Status.KNOWN and matches(issue, check.evidence):
            run.reproduced.setdefault(issue.id, list(check.evidence))
            raise Known(issue, f"known issue {issue.id}") from failure
        raise


def require_log(run: Run) -> None:
    """Raise NotApplicable where the controller manager's log can't be read."""
    if reason := run.explain_missing_log():
        raise NotApplicable(reason)


def require_controller(run: Run, case: Case) -> None:
    """Raise NotRun where the case's kind has no registered Ingester controller (section 1.3)."""
    registration = run.get_registration()
    if case.name in registration.missing:
        raise NotRun(f"1.3: {registration.headline}")


def probe_issue(run: Run, issue: KnownIssue, result: IssueResult) -> None:
    """Find out whether the known issue shows in this run, and write it into `result`."""
    case = CASES_BY_NAME[issue.kind]
    require_controller(run, case)
    if issue.probe is Probe.LOG:
        require_log(run)
    found = _probe(run, issue, case)
    shown = issue.id in run.reproduced or (issue.probe is not Probe.CELL and matches(issue, found))
    result.status = IssueStatus.REPRODUCED if shown else IssueStatus.STALE
    result.evidence = [*found, *run.worked_around.get(issue.id, [])]
    result.detail = (
        "shown by the evidence" if shown else f"expected by profile {run.profile.name}, but it did not show"
    )


def _probe(run: Run, issue: KnownIssue, case: Case) -> list[Evidence]:
    """Return the evidence in which the issue should show."""
    match issue.probe:
        case Probe.CELL:
            column = next(column for column, status in issue.cells.items() if status is Status.KNOWN)
            if column is Column.SYNCED:
                run.sync(case)
            else:
                run.update(case)
            return run.reproduced.get(issue.id, [])
        case Probe.LOG:
            return [_await_log_line(run, issue, case)]
        case Probe.UNKNOWN_FIELDS:
            return _try_unknown_fields(run, issue, case)


def _await_log_line(run: Run, issue: KnownIssue, case: Case) -> Evidence:
    creation = run.create(case)

    def read() -> Evidence:
        log = parse_log(run.sandbox.read_log(CONTROLLERMGR, creation.cursor))
        about = [entry for entry in log if matches(issue, [evidence.of_log([entry], "")])]
        return evidence.of_log(about[:3], f"lines of {CONTROLLERMGR} since {case.name} was created")

    wait = wait_for(
        read, lambda seen: matches(issue, [seen]), timeout_s=run.timeouts.issue_s, interval_s=0.02
    )
    return wait.value


def _try_unknown_fields(run: Run, issue: KnownIssue, case: Case) -> list[Evidence]:
    """Send the CR with the fields as a dry run; return the refusal, or which of them are dropped."""
    sent = run.create(case).sent
    probe: JsonObject = {**sent, "metadata": {**sent["metadata"], "name": f"{sent['metadata']['name']}-probe"}}
    probe["spec"] = _with_fields(sent["spec"], issue.probe_fields, "spec")
    try:
        stored = run.cluster.create(case.kind, probe, strict=True, dry_run=True)
    except Refusal as refusal:
        return [evidence.of_answer(refusal)]
    dropped = [path for path in issue.probe_fields if not has_path(stored, path)]
    return [evidence.of_answer(stored), evidence.of_note("dropped fields", "\n".join(dropped))]


def _with_fields(spec: JsonObject, fields: Any, prefix: str) -> JsonObject:
    changed: JsonObject = copy.deepcopy(spec)
    for path, value in fields.items():
        *parents, leaf = path.removeprefix(f"{prefix}.").split(".")
        target = changed
        for parent in parents:
            target = target.setdefault(parent, {})
        target[leaf] = value
    return changed
