"""Judges what the steps through Michelangelo's API server brought, and the proto column of any row: chapter 4."""

from __future__ import annotations

from harness.chapters.api_server.deletion import (
    Deletion,
    describe_object,
    describe_row,
    describe_versions,
    is_marked,
)
from harness.chapters.api_server.issues import SECTION
from harness.chapters.api_server.steps import ApiScenario
from harness.chapters.seed.checks import (
    raise_if_clean,
    record_awaited_row,
    record_creation,
    record_kept_row,
    record_patched_row,
    record_update,
)
from harness.clients.michelangelo.classes import MessageClasses
from harness.clients.michelangelo.comparison import examine_decoded
from harness.core import codes
from harness.core.errors import HarnessError, Refusal
from harness.core.outcomes import NotApplicable, NotRun
from harness.core.record import Finding
from harness.spec import features
from harness.spec.annotations import DELETING_ANNOTATION, INGESTER_FINALIZER, get_finalizers
from harness.spec.equality import compare_objects, show
from harness.spec.model import Case, JsonObject
from harness.spec.row_rules import examine_deleted
from harness.subject.examination import describe_absence
from harness.subject.steps import Sync
from harness.subject.subject import Subject
from harness.suite.proto_column import find_run_classes, require_classes
from harness.suite.recorder import Recorder

_LOOK_AT = "the API server's log and its metadataStorage setting"
_INVALID = "INVALID_ARGUMENT"   # gRPC's code for what an object's own validation refuses
_UNCHANGED = ("uid", "namespace", "name", "create_time")


def check_proto_column(scenario: ApiScenario, case: Case, recorder: Recorder) -> None:
    """4.1: the proto column, decoded, equals the json column and the object, field by field."""
    classes = require_classes(scenario.context)
    scenario.context.require_controller(case)
    record_proto(scenario.seed.sync(case), recorder, classes)


def check_created(scenario: ApiScenario, case: Case, recorder: Recorder) -> None:
    """4.2: the API server accepts the CR, stores all of it, answers what it stored, and adds the finalizer."""
    scenario.require(case)
    subject = scenario.create(case)
    _require_valid(subject)
    _record_created(subject, recorder, needs_finalizer=_adds_finalizer(scenario))


def check_created_row(scenario: ApiScenario, case: Case, recorder: Recorder) -> None:
    """4.3: the created object has exactly one row, equal to it, its proto column decoded included."""
    _require_accepted(scenario, case)
    sync = scenario.sync(case)
    record_awaited_row(sync, recorder)
    _record_proto_as_well(scenario, sync, recorder)


def check_updated(scenario: ApiScenario, case: Case, recorder: Recorder) -> None:
    """4.4: the API server accepts the update; an object of an immutable kind has left Kubernetes by then."""
    _require_accepted(scenario, case)
    record_update(scenario, case, recorder)


def check_updated_row(scenario: ApiScenario, case: Case, recorder: Recorder) -> None:
    """4.5: the row has reached the update's version, was written again, and holds what was updated."""
    _require_accepted(scenario, case)
    update = scenario.update(case)
    if scenario.context.is_immutable(case):
        record_kept_row(update, scenario.read_row(case), recorder)
        raise_if_clean(recorder, "immutable kind: the row stays as it is")
        return
    sync = scenario.sync_update(case)
    record_patched_row(sync, update, recorder)
    _record_proto_as_well(scenario, sync, recorder)


def check_deleted(scenario: ApiScenario, case: Case, recorder: Recorder) -> None:
    """4.6: the deletion is marked by annotation, the row soft-deleted, the finalizer removed, the object gone."""
    _require_accepted(scenario, case)
    if scenario.context.is_immutable(case):
        scenario.update(case)
        raise NotApplicable("immutable kind: there is nothing in Kubernetes to delete")
    _record_deleted(scenario.delete(case), recorder, needs_mark=_adds_finalizer(scenario))


def check_issues_show(scenario: ApiScenario, _: None, recorder: Recorder) -> None:
    """4.7: every known issue of the API server that the profile expects shows; one that doesn't is stale."""
    case = find_probe(scenario)
    found, as_the_server = Recorder(), _adds_finalizer(scenario)
    subject = scenario.create(case)
    _record_created(subject, found, needs_finalizer=as_the_server)
    if subject.accepted:
        _record_deleted(scenario.delete(case), found, needs_mark=as_the_server)
    recorder.evidence += found.evidence
    for issue in scenario.context.expectations.issues:
        if SECTION in issue.sections:
            shown = any(issue.explains(finding) for finding in found.findings)
            recorder.look_for(issue, shown=shown)
            if shown:
                recorder.detail = f"{issue.id}: {issue.impact}"


def find_probe(scenario: ApiScenario) -> Case:
    """Return the first case with which the API server's known issues can be shown; NotApplicable without one."""
    reasons = []
    for case in scenario.context.cases:
        reason = scenario.explain_absence(case)
        if not reason and not scenario.context.is_immutable(case):
            return case
        reasons.append(reason or "immutable kinds only")
    raise NotApplicable(reasons[0] if reasons else "no case")


def record_proto(sync: Sync, recorder: Recorder, classes: MessageClasses) -> None:
    """Record where the row's proto column, decoded, differs from its json column and from the object.

    Raises HarnessError where the classes are older than the product, and nothing else is wrong.
    """
    case, row = sync.write.subject.case, sync.row
    if row is None:
        recorder.problem, recorder.look_at = f"{case.name}: there is no row", "section 1.6"
        recorder.findings.append(describe_absence(sync))
        return
    comparison = examine_decoded(case.kind, row, sync.obj, classes)
    recorder.problem = f"{case.name}: the two copies of the object in its row differ"
    recorder.look_at = f"table {case.kind.table}, uid {row.uid}"
    what = f"the proto column of res_version {row.res_version}, decoded by {classes.source}"
    recorder.compare(comparison.findings, what)
    recorder.facts["decoded by"] = classes.source
    unknown = [each for each in comparison.unknown if not each.empty]
    if unknown and not recorder.findings:
        places = ", ".join(f"{each.path or 'the object'} (field {each.numbers[0]})" for each in unknown[:5])
        raise HarnessError(
            f"{case.name}: {classes.source} is older than the product, and its classes can't read {places}",
            hint="Name its checkout with --michelangelo, or install the package's version that belongs to it.",
        )


def _require_accepted(scenario: ApiScenario, case: Case) -> None:
    scenario.require(case)
    subject = scenario.create(case)
    _require_valid(subject)
    if not subject.accepted:
        raise NotRun(f"the API server did not accept the CR: {subject.answer}")


def _require_valid(subject: Subject) -> None:
    """Raise NotApplicable where an object made of its CRD alone breaks a rule of the server's own code."""
    answer = subject.answer
    if subject.case.template is None and isinstance(answer, Refusal) and answer.reason == _INVALID:
        raise NotApplicable(f"not judged: the API server's code asks for more than the CRD: {answer.message}")


def _record_proto_as_well(scenario: ApiScenario, sync: Sync, recorder: Recorder) -> None:
    if not recorder.findings and (classes := find_run_classes(scenario.context)) is not None:
        record_proto(sync, recorder, classes)


def _adds_finalizer(scenario: ApiScenario) -> bool:
    """Whether the API server adds the finalizer; else the Ingester does, and a plain deletion will do."""
    return scenario.context.contract.get_feature(features.FINALIZER) == features.API_SERVER


def _record_created(subject: Subject, recorder: Recorder, *, needs_finalizer: bool) -> None:
    record_creation(subject, recorder)
    if not isinstance(subject.answered, dict) or recorder.findings or not subject.accepted:
        return
    stored = subject.created.obj
    recorder.look_at = _LOOK_AT
    recorder.problem = f"{subject} was not answered as it was stored"
    answered = _without_bookkeeping(subject.answered)
    found = compare_objects(subject.case.kind, _without_bookkeeping(stored), answered)
    recorder.compare(found, "what was stored against what was answered")
    finalizers = get_finalizers(stored)
    recorder.note("finalizers of the created object", ", ".join(finalizers) or "none")
    if needs_finalizer and INGESTER_FINALIZER not in finalizers:
        if not found:
            recorder.problem = f"{subject} was created without the Ingester's finalizer"
        expected = f"to contain {INGESTER_FINALIZER}"
        recorder.find(codes.FINALIZER_MISSING, "metadata.finalizers", expected, show(finalizers))


def _record_deleted(deletion: Deletion, recorder: Recorder, *, needs_mark: bool) -> None:
    """Record what is wrong with a deletion, which where it `needs_mark` is asked for by annotation.

    An object that is being deleted and held by finalizers of others counts as gone: they are not the Ingester's.
    """
    recorder.evidence += deletion.evidence
    if deletion.refusal is not None:
        recorder.problem, recorder.look_at = f"{deletion.subject} can't be deleted", "the API server's log"
        expected = "the API server to accept the deletion"
        recorder.find(codes.REQUEST_REFUSED, str(deletion.subject), expected, str(deletion.refusal))
        return
    recorder.problem = f"{deletion.subject} was not deleted as the Ingester's contract says"
    recorder.look_at = _LOOK_AT
    marked = not needs_mark or any(is_marked(version) for version in deletion.versions)
    if not marked:   # nobody has asked the Ingester for anything, so that a live row is a part of this
        seen = (
            f"never set in {describe_versions(deletion)}; the object at the end: {describe_object(deletion)}; "
            f"the row at the end: {describe_row(deletion)}"
        )
        where = f"annotation {DELETING_ANNOTATION}"
        recorder.find(codes.ANNOTATION_MISSING, where, "true, in a version of the object", seen)
    recorder.findings += [f for f in _compare_deleted_row(deletion) if marked or f.code != codes.ROW_LIVE]
    if deletion.remaining is not None:
        held_by = get_finalizers(deletion.remaining)
        if INGESTER_FINALIZER in held_by:
            expected = f"without {INGESTER_FINALIZER}"
            recorder.find(codes.FINALIZER_KEPT, "metadata.finalizers", expected, show(held_by))
        if "deletionTimestamp" not in deletion.remaining["metadata"]:
            where, expected = "the object in Kubernetes", "gone, or being deleted"
            recorder.find(codes.OBJECT_KEPT, where, expected, "there, undeleted")
        recorder.detail = f"held by {', '.join(held_by)}"


def _compare_deleted_row(deletion: Deletion) -> list[Finding]:
    found, row = examine_deleted(deletion.after, deletion.asked_at, deletion.looked_at), deletion.after
    if row is None or row.live or deletion.before is None:
        return found
    before = deletion.before.columns
    return found + [
        Finding(codes.ROW_CHANGED, f"column {name}", show(before[name]), show(row.columns.get(name)))
        for name in _UNCHANGED
        if row.columns.get(name) != before[name]
    ]


def _without_bookkeeping(obj: JsonObject) -> JsonObject:
    """Return the object without what an answer leaves out: managed fields, kind, apiVersion."""
    rest = {name: value for name, value in obj.items() if name not in ("apiVersion", "kind")}
    metadata = {name: value for name, value in obj.get("metadata", {}).items() if name != "managedFields"}
    return {**rest, "metadata": metadata}
