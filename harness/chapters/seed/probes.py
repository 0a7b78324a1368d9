"""Section 3: looks for each known issue of the seed report's chapters, and says where it did not show.

An issue of other sections shows in what their steps brought. Two have nothing else to show in: they are looked for
in the log, and by a request that changes nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from harness.chapters.seed.steps import SeedScenario
from harness.core import codes
from harness.core.errors import HarnessError, Refusal
from harness.core.known_issue import Action, KnownIssue
from harness.core.polling import wait_for
from harness.core.record import Finding
from harness.sandbox.base import CONTROLLERMGR
from harness.spec.equality import has_path
from harness.spec.model import Case, JsonObject
from harness.subject import evidence
from harness.subject.examination import describe_absence, describe_refused_patch
from harness.subject.log import parse_log
from harness.suite.chapter import Selection, Topic
from harness.suite.recorder import Recorder

SECTION = "3"
_DRIVER_FIELDS: Mapping[str, Any] = {"spec.driver.cores": 1, "spec.driver.memory": "1g"}

Probe = Callable[[SeedScenario, KnownIssue, Case, Recorder], bool]
"""Looks for an issue, records the evidence, and returns whether the issue showed."""


def list_issues(selection: Selection) -> list[Topic]:
    """Return a topic per known issue that is looked for here and is about a kind of the run."""
    names = {case.name for case in selection.cases}
    return [
        Topic(issue.id, issue, next(kind for kind in issue.kinds if kind in names))
        for issue in selection.expectations.issues
        if SECTION in issue.sections and names.intersection(issue.kinds)
    ]


def check_issue_shows(scenario: SeedScenario, issue: KnownIssue, recorder: Recorder) -> None:
    """3: the known issue is reproduced from evidence and its workaround applied; one that isn't seen is stale."""
    case = scenario.context.contract.get_case(next(k for k in issue.kinds if k in scenario.context.contract.names))
    scenario.context.require_controller(case)
    recorder.look_for(issue, shown=_choose(issue)(scenario, issue, case, recorder))
    recorder.evidence += scenario.worked_around.get(issue.id, [])


def _choose(issue: KnownIssue) -> Probe:
    """Return how to look for an issue: by its workaround's step, or by the kind of finding that it is."""
    if issue.action is Action.DELETE:
        return _look_at_creation
    if issue.action is Action.RECREATE:
        return _look_at_patch
    if issue.code == codes.LOG_LINE:
        return _look_at_log
    if issue.code == codes.OBJECT_PRUNED:
        return _try_unknown_fields
    raise HarnessError(f"known issue {issue.id}: section {SECTION} has no way to look for {issue.code or 'it'}")


def _look_at_creation(scenario: SeedScenario, issue: KnownIssue, case: Case, recorder: Recorder) -> bool:
    sync = scenario.sync(case)
    recorder.evidence += sync.evidence
    return not sync.arrived and issue.explains(describe_absence(sync))


def _look_at_patch(scenario: SeedScenario, issue: KnownIssue, case: Case, recorder: Recorder) -> bool:
    update = scenario.update(case)
    recorder.evidence += update.evidence
    return isinstance(update.answer, Refusal) and issue.explains(describe_refused_patch(update))


def _look_at_log(scenario: SeedScenario, issue: KnownIssue, case: Case, recorder: Recorder) -> bool:
    context, subject = scenario.context, scenario.create(case)
    context.require_log()

    def read() -> list[Finding]:
        log = parse_log(context.sandbox.read_log(CONTROLLERMGR, subject.cursor))
        lines = [Finding(codes.LOG_LINE, f"{CONTROLLERMGR}'s log", "no such line", entry.text) for entry in log]
        return [line for line in lines if issue.explains(line)]

    found = wait_for(read, bool, timeout_s=context.timeouts.issue_s, interval_s=0.02).value
    recorder.note(
        f"lines of {CONTROLLERMGR} since {case.name} was created",
        "\n".join(line.actual for line in found[:3]) or "no such line",
    )
    return bool(found)


def _try_unknown_fields(scenario: SeedScenario, issue: KnownIssue, case: Case, recorder: Recorder) -> bool:
    """Send the CR with the fields as a dry run: they are refused, or dropped."""
    sent = scenario.create(case).sent
    probe: JsonObject = {**sent, "metadata": {**sent["metadata"], "name": f"{sent['metadata']['name']}-probe"}}
    probe["spec"] = _with_fields(sent["spec"], _DRIVER_FIELDS, "spec")
    try:
        stored = scenario.context.cluster.create(case.kind, probe, strict=True, dry_run=True)
    except Refusal as refusal:
        recorder.evidence.append(evidence.of_answer(refusal))
        seen = str(refusal)
    else:
        recorder.evidence.append(evidence.of_answer(stored))
        seen = ", ".join(path for path in _DRIVER_FIELDS if not has_path(stored, path))
    pruned = Finding(codes.OBJECT_PRUNED, "the CRD's fields", "those of the probe", seen)
    recorder.note("fields that are refused or dropped", seen or "none")
    return issue.explains(pruned)


def _with_fields(spec: JsonObject, fields: Mapping[str, Any], prefix: str) -> JsonObject:
    changed: JsonObject = copy.deepcopy(spec)
    for path, value in fields.items():
        *parents, leaf = path.removeprefix(f"{prefix}.").split(".")
        target = changed
        for parent in parents:
            target = target.setdefault(parent, {})
        target[leaf] = value
    return changed
