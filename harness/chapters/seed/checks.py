"""Judges what the steps brought: sections 1.4 to 2.4. Each function is one check of the report.

It records what it finds. What a row has to be is in `harness.subject.examination`.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Sequence
from typing import Any

from harness.chapters.seed.steps import Scenario, SeedScenario
from harness.clients.kube import get_version
from harness.core import codes
from harness.core.errors import Refusal
from harness.core.outcomes import NotApplicable, NotRun
from harness.core.record import Finding
from harness.spec.equality import compare_json, compare_proto, compare_spots, expect_column, get_path, show
from harness.spec.model import Case, JsonObject
from harness.spec.row import Row
from harness.subject import evidence
from harness.subject.examination import describe_crash, describe_refused_patch, examine_row
from harness.subject.log import find_sequence
from harness.subject.steps import Sync, Update
from harness.subject.subject import Subject
from harness.suite.recorder import Recorder

_LOG = "ingester-acceptance sandbox logs michelangelo-controllermgr"


def check_created(scenario: SeedScenario, case: Case, recorder: Recorder) -> None:
    """1.4: the API server accepts the CR, and stores all of what was sent."""
    _require(scenario, case, "1.4")
    record_creation(scenario.create(case), recorder)


def check_log_lines_after_creation(scenario: SeedScenario, case: Case, recorder: Recorder) -> None:
    """1.5: the Ingester logs its reconcile of the created object, in its order."""
    _require(scenario, case, "1.5")
    scenario.context.require_log()
    _record_log_lines(scenario.sync(case), scenario.context.get_expected_messages(case), recorder)


def check_row_after_creation(scenario: SeedScenario, case: Case, recorder: Recorder) -> None:
    """1.6: exactly one row, at the creation's version or a later one, equal to the object at that version."""
    _require(scenario, case, "1.6")
    sync = scenario.sync(case)
    record_awaited_row(sync, recorder)
    if sync.restarts > sync.write.subject.restarts:
        recorder.detail = "after restart"


def check_patched(scenario: SeedScenario, case: Case, recorder: Recorder) -> None:
    """2.1: the API server accepts the patch; an object of an immutable kind has left Kubernetes instead."""
    _require(scenario, case, "2.1")
    record_update(scenario, case, recorder)


def check_log_lines_after_patch(scenario: SeedScenario, case: Case, recorder: Recorder) -> None:
    """2.2: the Ingester logs its reconcile of the patched object, in its order."""
    _require(scenario, case, "2.2")
    if scenario.context.is_immutable(case):
        raise NotApplicable("immutable kind: there is no update to reconcile")
    scenario.context.require_log()
    _record_log_lines(scenario.sync_update(case), scenario.context.get_expected_messages(case), recorder)


def check_row_after_patch(scenario: SeedScenario, case: Case, recorder: Recorder) -> None:
    """2.3: the row has reached the patch's version, was written again, and holds what was patched."""
    _require(scenario, case, "2.3")
    update = scenario.update(case)
    if scenario.context.is_immutable(case):
        record_kept_row(update, scenario.read_row(case), recorder)
        raise_if_clean(recorder, "immutable kind: the row stays as it is")
    elif update.recreation is not None:
        _record_recreated_row(scenario.sync_update(case), update, recorder)
    else:
        record_patched_row(scenario.sync_update(case), update, recorder)


def check_bystander(scenario: SeedScenario, case: Case, recorder: Recorder) -> None:
    """2.4: the row of an object of the same kind and name in another namespace equals its object, untouched."""
    _require(scenario, case, "2.4")
    bystander, sync = scenario.sync_bystander(case)
    recorder.evidence += bystander.evidence
    record_awaited_row(sync, recorder)
    if scenario.context.is_immutable(case):
        raise_if_clean(recorder, "immutable kind: the other row is whole, but no update could have touched it")


def record_creation(subject: Subject, recorder: Recorder) -> None:
    """Record what is wrong with a creation: that it was refused, or that not all of it was stored."""
    recorder.evidence += subject.evidence
    if isinstance(subject.answer, Refusal):
        recorder.problem = f"{subject} was not accepted"
        recorder.look_at = f"{subject.case.origin} and the CRD of {subject.case.name}"
        recorder.find(codes.REQUEST_REFUSED, str(subject), "the API server to create it", str(subject.answer))
        return
    findings = _compare_sent(subject.sent, subject.answer)
    if not subject.answer["metadata"].get("uid"):
        findings.append(Finding(codes.OBJECT_FIELD, "metadata.uid", "a uid", "nothing"))
    recorder.problem = f"{subject} was not stored as it was sent"
    recorder.look_at = "the CRD's schema, which prunes fields"
    recorder.compare(findings, "what was sent against what was stored")


def record_awaited_row(sync: Sync, recorder: Recorder, earlier: Sequence[str] = ()) -> Row | None:
    """Record what is wrong with an awaited row; return it where it has arrived."""
    recorder.evidence += sync.evidence
    write, subject = sync.write, sync.write.subject
    if not sync.arrived:
        last = sync.entries[-1].text if sync.entries else "no line about this object"
        recorder.problem = f"{subject}: its row did not reach resourceVersion {write.version}"
        recorder.look_at = f"its last log line: {last}"
        recorder.findings += examine_row(sync, earlier)
        return None
    row = sync.row
    recorder.problem = f"{subject}: its row differs from the object"
    recorder.look_at = f"table {subject.case.kind.table}, uid {write.uid}"
    version = row.res_version if row else "?"
    recorder.compare(examine_row(sync, earlier), f"the row against the object at {version}")
    return row


def record_update(scenario: Scenario, case: Case, recorder: Recorder) -> None:
    """Record what is wrong with the case's patch; NotApplicable where its object has left, as it must."""
    update = scenario.update(case)
    if not scenario.context.is_immutable(case):
        record_patch(update, recorder)
        return
    record_departure(update, recorder)
    raise_if_clean(recorder, "immutable kind: the object has left Kubernetes")


def record_patch(update: Update, recorder: Recorder) -> None:
    """Record what is wrong with a patch: that it was refused, or that the answer does not hold it."""
    recorder.evidence += update.evidence
    subject, case = update.subject, update.subject.case
    if isinstance(update.answer, Refusal):
        recorder.problem = f"{subject} can't be patched"
        recorder.look_at = "who deletes or locks the object: its log lines are in the evidence"
        recorder.findings.append(describe_refused_patch(update))
        return
    findings = compare_spots(case.spot_checks, update.answer, "the answer")
    before, after = subject.created.version, get_version(update.answer)
    if after <= before:
        findings.append(Finding(codes.OBJECT_VERSION, "resourceVersion", f"above {before}", str(after)))
    recorder.problem, recorder.look_at = f"{subject}: the patch did not take", f"the CRD of {case.name}"
    recorder.findings += findings
    if "spec" not in case.patch:
        recorder.detail = "label update"


def record_departure(update: Update, recorder: Recorder) -> None:
    """Record that an object of an immutable kind has not left Kubernetes, so that there is something to patch."""
    recorder.evidence += update.evidence
    gone = isinstance(update.answer, Refusal) and update.answer.not_found
    if not (update.departed and gone):
        recorder.problem = f"{update.subject} is still in Kubernetes"
        recorder.look_at = "the profile (--profile): does this version treat the kind as immutable?"
        expected = "to leave Kubernetes once it is in MySQL, as an object of an immutable kind"
        recorder.find(codes.OBJECT_KEPT, str(update.subject), expected, "the API server still has it")


def record_kept_row(update: Update, row: Row | None, recorder: Recorder) -> None:
    """Record that the row of an object that has left Kubernetes is not live any more, or changed."""
    recorder.evidence.append(evidence.of_row(update.previous, "the row before", update.previous_at))
    recorder.evidence.append(evidence.of_row(row, "the row now", time.time()))
    if update.previous is None or row is None or not row.live or row.columns != update.previous.columns:
        recorder.problem = f"{update.subject}: its row did not outlive the object"
        recorder.look_at = f"table {update.subject.case.kind.table}"
        seen = "no row" if row is None else f"delete_time {show(row.columns['delete_time'])}, or other values"
        expected = "live, as it was when the object left Kubernetes"
        recorder.find(codes.ROW_CHANGED, "the row", expected, seen)


def record_patched_row(sync: Sync, update: Update, recorder: Recorder) -> None:
    """Record what is wrong with the row of a patched object."""
    row = record_awaited_row(sync, recorder)
    if row is None or recorder.findings:
        return
    case, earlier = update.subject.case, update.synced or update.previous
    findings = []
    if earlier is not None and not _is_later(row.update_time, earlier.update_time):
        expected = f"after {show(earlier.update_time)}"
        findings.append(Finding(codes.ROW_TIME, "column update_time", expected, show(row.update_time)))
    kept = [spot for spot in case.spot_checks if not _was_rewritten(sync, spot.path)]
    if len(kept) < len(case.spot_checks):
        recorder.note("a patched field was rewritten by another controller before the row was read")
    stored = json.loads(str(row.columns["json"]))
    findings += compare_spots(kept, stored, "column json")
    findings += compare_proto([spot.value for spot in kept if isinstance(spot.value, str)], row)
    paths = {spot.path for spot in kept}
    for column in case.kind.columns:
        if column.path in paths:
            wanted, found = expect_column(column, sync.write.obj), row.columns.get(column.name)
            if found != wanted:
                findings.append(Finding(codes.ROW_COLUMN, f"column {column.name}", show(wanted), show(found)))
    recorder.problem = f"{sync.write.subject}: the row does not hold the patch"
    recorder.look_at = ""
    recorder.compare(findings, "spot checks of the patched values")


def raise_if_clean(recorder: Recorder, reason: str) -> None:
    """Raise NotApplicable, with the reason, where nothing was found: what was to be seen instead was seen."""
    if not recorder.findings:
        raise NotApplicable(reason)


def _record_recreated_row(sync: Sync, update: Update, recorder: Recorder) -> None:
    """Record what is wrong with the row of an object that was created again: it has one of its own."""
    record_awaited_row(sync, recorder, [update.subject.uid])
    if not recorder.findings and not update.recreation_stays:
        recorder.problem, recorder.look_at = f"{sync.write.subject} was deleted again", _LOG
        expected = "to be left alone once it is created again"
        recorder.find(codes.OBJECT_GONE, str(sync.write.subject), expected, "it is gone")
    recorder.detail = "on re-create"


def _record_log_lines(sync: Sync, messages: Sequence[str], recorder: Recorder) -> None:
    if not messages:
        raise NotApplicable("what this version logs of a reconcile could not be read from its code")
    found = find_sequence(sync.entries, messages)
    recorder.evidence.append(evidence.of_log(found or sync.entries[:12], "log lines about the object"))
    if sync.crash:
        recorder.evidence += sync.evidence
    if len(found) < len(messages):
        missing = messages[len(found)]
        recorder.problem, recorder.look_at = f"{sync.write.subject}: the log lacks {missing!r}", _LOG
        seen = " → ".join(entry.message for entry in sync.entries) or "no line about this object"
        recorder.find(
            codes.LOG_MISSING, "controller manager's log", " → ".join(messages), describe_crash(sync) or seen
        )


def _require(scenario: Scenario, case: Case, section: str) -> None:
    """Raise NotRun where the kind has no controller, NotApplicable where an issue that showed rules it out."""
    context = scenario.context
    context.require_controller(case)
    issue = context.expectations.find_ruling_out(section, case.name)
    if issue and isinstance(scenario, SeedScenario):
        scenario.sync(case)
        if issue.id in scenario.reproduced:
            raise NotApplicable(f"known issue {issue.id}")
    if section != "1.4" and not scenario.create(case).accepted:
        raise NotRun(f"1.4: the CR was not accepted: {scenario.create(case).answer}")


def _was_rewritten(sync: Sync, path: str) -> bool:
    """Whether somebody else changed the patched field between the patch and the version of the row."""
    return sync.obj is not None and get_path(sync.obj, path) != get_path(sync.write.obj, path)


def _compare_sent(sent: JsonObject, stored: JsonObject) -> list[Finding]:
    """Return what was sent and is not in the stored object; what the server adds doesn't count."""

    def narrow(stored_part: Any, sent_part: Any) -> Any:
        if isinstance(stored_part, dict) and isinstance(sent_part, dict):
            return {key: narrow(stored_part[key], sent_part[key]) for key in sent_part if key in stored_part}
        return stored_part

    return compare_json(sent, narrow(stored, sent))


def _is_later(found: dt.datetime | None, than: dt.datetime | None) -> bool:
    return found is not None and (than is None or found > than)
