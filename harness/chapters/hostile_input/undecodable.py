"""Whether an object that the CRD accepts and the Ingester can't decode holds up the others of its kind.

An informer that can't decode one object can list and watch none: so a kind may stand still for one object, whoever
made it. The object is there for as long as it takes to see that; then it is removed, and the kind has to recover.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.chapters.hostile_input.checks import LOG, require_proof
from harness.chapters.hostile_input.input import Input, escape
from harness.chapters.hostile_input.inputs import Inputs
from harness.chapters.hostile_input.judgement import Outcome, judge
from harness.chapters.hostile_input.places import split
from harness.chapters.hostile_input.submission import Submission, Submitter
from harness.core.outcomes import NotApplicable
from harness.core.polling import wait_for
from harness.core.record import Evidence, Finding
from harness.spec.model import Case
from harness.suite.recorder import Recorder

SECTION = "7.14"
KIND_BLOCKED = "kind.blocked"   # one object holds up the others of its kind

_RECOVERY_S = 60.0
"""A client that can't list tries again with growing delays, of half a minute at most."""
_LINE_SHOWN = 1_000


@dataclass
class HeadOfLineBlocking:
    """What one kind's objects came to."""

    bad: Submission
    good: Submission
    lines: list[str] = field(default_factory=list)   # of the log, on what can't be decoded
    blocked: bool = False        # the good one did not arrive while the bad one was there
    recovered_s: float | None = None


def submit_undecodable(inputs: Inputs) -> dict[str, HeadOfLineBlocking]:
    """Send the objects of all kinds of the run that have such a field; return what they came to, by kind."""
    submitter = inputs.submitter
    submitter.begin()
    found, cases = {}, []
    for case in inputs.list_cases():
        given = case.inputs.undecodable
        if given is None:
            continue
        plain = inputs.render(case)
        bad = submitter.send(case, Input(given.name, {split(given.path): given.value}), plain, "in-7-14")
        good = submitter.send(case, Input(f"after-{given.name}", {}), plain, "in-7-14")
        found[case.name] = HeadOfLineBlocking(bad, good)
        cases.append(case)
    _watch(submitter, found, inputs.context.timeouts.sync_s)
    for blocking in found.values():
        if blocking.blocked:
            submitter.remove(blocking.bad)
    _await_recovery(submitter, found)
    for case in cases:
        submitter.read([found[case.name].bad, found[case.name].good], case)
        submitter.clear(case)
    return found


def _watch(submitter: Submitter, found: Mapping[str, HeadOfLineBlocking], timeout_s: float) -> None:
    """Wait until each good object has its row, or the log says that an object of its kind can't be decoded."""

    def look() -> bool:
        lines = submitter.read_log()
        for name, blocking in found.items():
            blocking.lines += [line for line in lines if f".{name}" in line]
        return all(b.lines or submitter.has_rows([d for d in (b.good, b.bad) if d.key]) for b in found.values())

    wait_for(look, bool, timeout_s=timeout_s, interval_s=0.02)
    for blocking in found.values():
        blocking.blocked = not submitter.has_rows([blocking.good])


def _await_recovery(submitter: Submitter, found: Mapping[str, HeadOfLineBlocking]) -> None:
    removed = time.monotonic()

    def look() -> bool:
        for blocking in found.values():
            if blocking.blocked and blocking.recovered_s is None and submitter.has_rows([blocking.good]):
                blocking.recovered_s = time.monotonic() - removed
        return all(b.recovered_s is not None for b in found.values() if b.blocked)

    wait_for(look, bool, timeout_s=_RECOVERY_S, interval_s=0.02)


def check_undecodable(inputs: Inputs, case: Case, recorder: Recorder) -> None:
    """7.14: an object that can't be decoded does not hold up the others of its kind."""
    inputs.require(case)
    if case.inputs.undecodable is None:
        raise NotApplicable("no field of the kind is known to mean more to the Ingester than to its CRD")
    found = inputs.once(SECTION, lambda: submit_undecodable(inputs))[case.name]
    judgement, name = judge(found.bad), found.bad.input.name
    recorder.facts |= describe_facts(found)
    lines = "\n".join(escape(line, _LINE_SHOWN) for line in found.lines[:5])
    recorder.evidence += [
        Evidence("request", f"{name}: sent", found.bad.input.describe(), time.time()),
        Evidence("row", f"{name}: the row", judgement.detail, time.time()),
        Evidence("log", "lines on what can't be decoded", lines or "no such line", time.time()),
    ]
    recorder.findings += list_findings(found)
    recorder.problem = f"{case.name}: one object that can't be decoded holds up its kind"
    recorder.look_at = LOG
    require_proof([judgement])
    require_proof([judge(found.good)], accepted=True)


def list_findings(found: HeadOfLineBlocking) -> list[Finding]:
    """Return what is wrong: with the good object, with the recovery, with the bad object's own row."""
    where = f"{found.bad.case.name}, input {found.bad.input.name}"
    judgement, good = judge(found.bad), judge(found.good)
    findings = []
    if found.blocked:
        why = escape(found.lines[0], _LINE_SHOWN) if found.lines else "and the log does not say why"
        wanted = "an object that is created after it to reach MySQL"
        findings.append(Finding(KIND_BLOCKED, where, wanted, f"no row for as long as it is there: {why}"))
        if found.recovered_s is None:
            wanted, seen = "the kind to recover once it is removed", f"no row {_RECOVERY_S:.0f} s after that"
            findings.append(Finding(KIND_BLOCKED, where, wanted, seen))
    elif judgement.outcome is not Outcome.REFUSED:
        findings += judgement.findings
    return [*findings, *good.findings]


def describe_facts(found: HeadOfLineBlocking) -> dict[str, str]:
    """Return what was measured."""
    outcome = "can't be decoded" if found.blocked else str(judge(found.bad).outcome)
    facts = {"input": found.bad.input.name, "outcome": outcome}
    facts["good one after it"] = "held up" if found.blocked else "arrived"
    if found.recovered_s is not None:
        facts["recovered after its removal in"] = f"{found.recovered_s:.1f} s"
    return facts
