"""Whether an object that MySQL can't take holds up anything else: other objects, its own earlier row, its repair.

Each kind gets an object that can't be written, and one whose row is there and whose update can't be written. While
both are tried again and again, a good one of each kind is created; then both are repaired.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.chapters.hostile_input.checks import LOG, describe, require_proof
from harness.chapters.hostile_input.input import Input
from harness.chapters.hostile_input.inputs import Inputs
from harness.chapters.hostile_input.judgement import Outcome, find_crashes, get_database_error, judge
from harness.chapters.hostile_input.limits import TEXT_BYTES
from harness.chapters.hostile_input.places import ANNOTATION, Path
from harness.chapters.hostile_input.submission import Submission, Submitter
from harness.core import codes
from harness.core.outcomes import Invalid, NotApplicable
from harness.core.record import Finding
from harness.spec.model import Case, JsonObject
from harness.suite.recorder import Recorder

SECTION = "7.13"
_TOO_LONG = "x" * (TEXT_BYTES + 1)
_POISON: Mapping[Path, str] = {ANNOTATION: _TOO_LONG}


@dataclass
class Poisoning:
    """What one kind's objects came to. `update` is None for kinds whose objects leave Kubernetes."""

    poison: Submission
    after: Submission
    before: Submission | None = None
    update: Submission | None = None
    repaired: list[Submission] = field(default_factory=list)
    crashes: str = ""


def submit_poison(inputs: Inputs) -> dict[str, Poisoning]:
    """Send the objects of all kinds of the run, and return what they came to, by kind."""
    submitter, cases = inputs.submitter, inputs.list_cases()
    submitter.begin()

    def send(case: Case, name: str, changes: Mapping[Path, str]) -> Submission:
        return submitter.send(case, Input(name, changes), inputs.render(case), "in-7-13")

    stay = [case for case in cases if not inputs.context.is_immutable(case)]
    before = {case.name: send(case, "before", {}) for case in stay}
    submitter.await_rows(before.values())
    poison = {case.name: send(case, "poison", _POISON) for case in cases}
    updates = {
        name: submitter.patch(submission, Input("poisoned-update", _POISON), _as_patch(_TOO_LONG))
        for name, submission in before.items()
    }
    submitter.await_rows([*poison.values(), *updates.values()])
    after = {}
    for case in cases:
        after[case.name] = send(case, "after", {})
        submitter.await_rows([after[case.name]])
    found = {}
    for case in cases:
        own = Poisoning(poison[case.name], after[case.name], before.get(case.name), updates.get(case.name))
        submitter.read([d for d in (own.poison, own.after, own.before) if d is not None], case)
        found[case.name] = own
    _repair(submitter, found)
    for case in cases:
        submitter.clear(case)
    crashes = submitter.describe_crashes()
    for own in found.values():
        own.crashes = crashes
    return found


def _repair(submitter: Submitter, found: Mapping[str, Poisoning]) -> None:
    for own in found.values():
        for submission in (own.poison, own.update):
            if submission is not None and submission.stored is not None and submission.errors:
                given = Input(f"repaired-{submission.input.name}", {ANNOTATION: "repaired"})
                own.repaired.append(submitter.patch(submission, given, _as_patch("repaired")))
    submitter.await_rows([d for own in found.values() for d in own.repaired])
    for own in found.values():
        submitter.read(own.repaired, own.poison.case)


def _as_patch(text: str) -> JsonObject:
    return {"metadata": {"annotations": {str(ANNOTATION[-1]): text}}}


def check_poison(inputs: Inputs, case: Case, recorder: Recorder) -> None:
    """7.13: what can't be written holds up no other object, leaves its earlier row whole, and can be repaired.

    Raises NotApplicable where the database takes the object after all.
    """
    inputs.require(case)
    found = inputs.once(SECTION, lambda: submit_poison(inputs))[case.name]
    kept = [] if found.before is None or found.update is None else judge_kept(found.before, found.update)
    judgements = [judge(found.after), *map(judge, found.repaired)]
    recorder.facts |= describe_facts(found)
    recorder.evidence += describe(judgements)
    if found.poison.stored is None:
        raise Invalid(f"the API server did not take what MySQL can't: {found.poison.answer}")
    if found.poison.row is not None:
        raise NotApplicable("MySQL takes what was meant to be too long for it")
    recorder.findings += [finding for judgement in judgements for finding in judgement.findings] + kept
    if found.crashes:
        recorder.findings.append(find_crashes(case, found.crashes))
    recorder.problem = f"{case.name}: an object that can't be written is felt beyond itself"
    recorder.look_at = LOG
    require_proof(judgements, accepted=True)


def judge_kept(before: Submission, update: Submission) -> list[Finding]:
    """Return what is wrong with the row of an object whose update can't be written: it stays as it was, whole."""
    judgement = judge(before)
    where = f"{before.case.name}, input {update.input.name}"
    if judgement.outcome is not Outcome.INTACT or before.row is None:
        problems = "; ".join(str(finding) for finding in judgement.findings) or str(judgement.outcome)
        return [Finding(codes.ROW_CHANGED, where, "the row as it was before the update, whole", problems)]
    if before.row.res_version >= update.version:
        wanted = f"a row at a version before {update.version}"
        return [Finding(codes.ROW_VERSION, where, wanted, f"{before.row.res_version}")]
    return []


def describe_facts(found: Poisoning) -> dict[str, str]:
    """Return what was measured: the poison's error, and how soon the others arrived."""
    errors = found.poison.errors
    facts = {"poison": get_database_error(errors[-1]) if errors else judge(found.poison).detail}
    facts["attempts"] = str(len(errors))
    facts["good one after it"] = _show_time(found.after)
    return facts | {submission.input.name: _show_time(submission) for submission in found.repaired}


def _show_time(submission: Submission) -> str:
    return "never" if submission.arrived_s is None else f"{submission.arrived_s * 1000:.0f} ms"
