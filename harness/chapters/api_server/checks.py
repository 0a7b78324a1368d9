"""Judges what the steps through Michelangelo's API server brought, and the proto column of any row.

Each function is one check of the report: it returns, or raises CheckFailure.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Sequence

from harness.chapters.api_server.deletion import is_marked
from harness.chapters.api_server.run import ApiRun
from harness.chapters.api_server.steps import ApiCreation, ApiDeletion
from harness.chapters.seed import checks
from harness.chapters.seed.issues import KnownIssue
from harness.chapters.seed.run import Run, matches
from harness.clients.michelangelo.comparison import examine_decoded
from harness.clients.michelangelo.package import find_missing, get_version
from harness.core.errors import CheckFailure, HarnessError, Refusal
from harness.core.outcomes import Known, NotApplicable
from harness.core.record import Check, Finding
from harness.sandbox.base import CONTROLLERMGR
from harness.spec.annotations import DELETING_ANNOTATION, INGESTER_FINALIZER, get_finalizers
from harness.spec.equality import compare_json, show
from harness.spec.model import Case, JsonObject
from harness.spec.row import Row
from harness.subject import evidence
from harness.subject.log import parse_log
from harness.subject.steps import Sync, Update, get_object
from harness.suite.failure import fail, fail_on, report_stale
from harness.suite.verdict import require_controller

REFERENCE_PROTO = "This is the reference: its proto column holds JSON"
"""What the bundled reference says of itself in its log, also where it runs with a seeded fault."""

_CLOCK_TOLERANCE = dt.timedelta(seconds=5)


@contextlib.contextmanager
def judging_api(api: ApiRun, case: Case, check: Check) -> Iterator[None]:
    """Judge one check of the API server's matrix: the body carries it out.

    Raises NotApplicable where there is no API server, no extra or no service for the kind, NotRun where the
    kind has no Ingester controller, Known where a known issue of the profile explains the failure.
    """
    if reason := api.explain_absence(case):
        raise NotApplicable(reason)
    require_controller(api.run, case)
    try:
        yield
    except CheckFailure as failure:
        for issue in api.run.profile.api_known_issues:
            if matches(issue, check.evidence):
                check.issues.append(issue.id)
                raise Known(issue, f"known issue {issue.id}") from failure
        raise


def explain_no_protobuf(run: Run) -> str:
    """Return why no proto column can be decoded (no extra, or the reference runs), '' where it can."""
    if missing := find_missing():
        return missing
    log = parse_log(run.sandbox.read_log(CONTROLLERMGR))
    if any(entry.message == REFERENCE_PROTO for entry in log):
        return "the bundled reference has no protobuf classes: its proto column holds JSON"
    return ""


def check_api_created(made: ApiCreation, check: Check) -> None:
    """The API server accepts the CR, stores all of it, answers what it stored, and adds the finalizer."""
    checks.check_created(made.creation, check)
    stored = get_object(made.creation)
    mismatches = compare_json(_without_bookkeeping(stored), _without_bookkeeping(made.answer or {}))
    check.evidence.append(evidence.of_comparison(mismatches, "what was stored against what was answered"))
    _fail_on(mismatches, made, check, "was not answered as it was stored")
    # Last, and its evidence not before: so that a known issue of the finalizer explains nothing else.
    check.evidence += made.evidence
    found = get_finalizers(stored)
    if INGESTER_FINALIZER not in found:
        mismatch = Finding("metadata.finalizers", f"to contain {INGESTER_FINALIZER}", show(found))
        _fail_on([mismatch], made, check, "was created without the Ingester's finalizer")


def check_proto(case: Case, row: Row | None, obj: JsonObject | None, check: Check) -> None:
    """The proto column, decoded, agrees field by field with the json column and with the object."""
    if row is None:
        fail(
            f"{case.name}: there is no row",
            expected=f"a row in table {case.kind.table}, whose proto column can be read",
            seen="no row",
            look_at="section 1.6",
        )
    comparison = examine_decoded(case.kind, row, obj)
    what = f"the proto column of res_version {row.res_version}, decoded by michelangelo {get_version()}"
    check.evidence.append(evidence.of_comparison(comparison.findings, what))
    fail_on(
        comparison.findings,
        check,
        f"{case.name}: the two copies of the object in its row differ",
        f"table {case.kind.table}, uid {row.uid}",
    )
    if comparison.unknown:
        places = ", ".join(f"{u.path or 'the object'} (field {u.numbers[0]})" for u in comparison.unknown[:5])
        raise HarnessError(
            f"{case.name}: the classes of michelangelo {get_version()} are older than the product and can't read "
            f"{places}",
            hint="Install the version of the package that belongs to the product.",
        )


def check_api_row(api: ApiRun, sync: Sync, check: Check) -> None:
    """The created object has exactly one row, equal to it, its proto column decoded included."""
    row = checks.check_row(sync, check)
    if not explain_no_protobuf(api.run):
        check_proto(sync.write.creation.case, row, sync.obj, check)


def check_api_updated_row(api: ApiRun, sync: Sync, update: Update, check: Check) -> None:
    """The row has reached the update's version, was written again, and holds what was updated, decoded as well."""
    checks.check_updated_row(sync, update, check)
    if not explain_no_protobuf(api.run):
        check_proto(sync.write.creation.case, sync.row, sync.obj, check)


def check_api_deleted(deletion: ApiDeletion, check: Check) -> None:
    """The deletion is marked by annotation, the row soft-deleted, the finalizer removed, the object gone.

    An object that is being deleted and held by finalizers of others counts as gone: they are not the Ingester's.
    """
    check.evidence += deletion.evidence
    if isinstance(deletion.refusal, Refusal):
        fail(
            f"{_name(deletion.made)} can't be deleted",
            expected="the API server to accept the deletion",
            seen=str(deletion.refusal),
            look_at="the API server's log",
        )
    mismatches = []
    if not any(is_marked(version) for version in deletion.versions):
        versions = ", ".join(str(version.number) for version in deletion.versions) or "no version since then"
        mismatches.append(
            Finding(f"annotation {DELETING_ANNOTATION}", "true, in a version of the object", f"not in {versions}")
        )
    mismatches += _compare_deleted_row(deletion)
    if deletion.remaining is not None:
        held_by = get_finalizers(deletion.remaining)
        if INGESTER_FINALIZER in held_by:
            mismatches.append(Finding("metadata.finalizers", f"without {INGESTER_FINALIZER}", show(held_by)))
        if "deletionTimestamp" not in deletion.remaining["metadata"]:
            mismatches.append(Finding("the object in Kubernetes", "gone, or being deleted", "there, undeleted"))
        check.detail = f"held by {', '.join(held_by)}"
    if mismatches:
        check.detail = ""
    _fail_on(mismatches, deletion.made, check, "was not deleted as the Ingester's contract says")


def check_api_issue(issue: KnownIssue, api: ApiRun, case: Case, check: Check, *, allow_stale: bool) -> None:
    """A known issue of the API server shows when the case's CR is created and deleted; else it is stale."""
    made = api.create(case)
    found = [*made.evidence]
    if not isinstance(made.creation.answer, Refusal):
        found += api.delete(case).evidence
    check.evidence += found
    if matches(issue, found):
        check.issues.append(issue.id)
        check.detail = f"{issue.id}: {issue.impact}"
        return
    if allow_stale:
        check.detail = f"{issue.id} is stale; tolerated by --allow-stale-known-issues"
    report_stale(issue.id, issue.title, f"no sign of it with {_name(made)}", allow_stale=allow_stale)


def find_probe(api: ApiRun, cases: Sequence[Case]) -> Case:
    """Return the first case with which the API server's known issues can be shown; NotApplicable without one."""
    reasons = [api.explain_absence(case) or "immutable kinds only" for case in cases]
    for case, reason in zip(cases, reasons, strict=True):
        if reason == "immutable kinds only" and not api.is_immutable(case):
            return case
    raise NotApplicable(reasons[0] if reasons else "no case")


def _compare_deleted_row(deletion: ApiDeletion) -> list[Finding]:
    row = deletion.after
    if row is None:
        return [Finding("the row", "there, with delete_time set", "no row: it was deleted for good")]
    deleted_at = row.columns["delete_time"]
    if not isinstance(deleted_at, dt.datetime):
        return [Finding("column delete_time", "set", "NULL: the row stays live")]
    earliest, latest = deletion.asked_at - _CLOCK_TOLERANCE, deletion.looked_at + _CLOCK_TOLERANCE
    mismatches = []
    if not earliest <= deleted_at <= latest:
        expected = f"between {show(deletion.asked_at)} and {show(deletion.looked_at)} (UTC)"
        mismatches.append(Finding("column delete_time", expected, show(deleted_at)))
    if deletion.before is not None:
        mismatches += [
            Finding(f"column {name}", show(deletion.before.columns[name]), show(row.columns.get(name)))
            for name in ("uid", "namespace", "name", "create_time")
            if row.columns.get(name) != deletion.before.columns[name]
        ]
    return mismatches


def _without_bookkeeping(obj: JsonObject) -> JsonObject:
    """Return the object without what an answer leaves out: managed fields, kind, apiVersion."""
    rest = {name: value for name, value in obj.items() if name not in ("apiVersion", "kind")}
    metadata = {name: value for name, value in obj.get("metadata", {}).items() if name != "managedFields"}
    return {**rest, "metadata": metadata}


def _name(made: ApiCreation) -> str:
    return f"{made.creation.case.name} {made.creation.sent['metadata']['name']}"


def _fail_on(mismatches: list[Finding], made: ApiCreation, check: Check, problem: str) -> None:
    fail_on(mismatches, check, f"{_name(made)} {problem}", "the API server's log and its metadataStorage setting")
