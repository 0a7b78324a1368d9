"""Whether an object that the CRD accepts and the Ingester can't decode holds up the others of its kind.

An informer that can't decode one object can list and watch none: so a kind may stand still for one object, whoever
made it. The object is there for as long as it takes to see that; then it is removed, and the kind has to recover.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.chapters.hostile_input.chapter import Inputs
from harness.chapters.hostile_input.delivery import Courier, Delivery
from harness.chapters.hostile_input.input import Input, escape
from harness.chapters.hostile_input.outcome import Outcome, judge
from harness.chapters.hostile_input.places import Path, split
from harness.core.outcomes import NotApplicable
from harness.core.polling import wait_for
from harness.core.record import Check, Evidence, Finding
from harness.spec.model import Case
from harness.suite.findings import conclude

SECTION = "7.14"
_RECOVERY_S = 60.0
"""A client that can't list tries again with growing delays, of half a minute at most."""
_LINE_SHOWN = 1_000

UNDECODABLE: Mapping[str, tuple[str, Mapping[Path, str]]] = {
    "TriggerRun": ("interval-in-words", {split("spec.trigger.intervalSchedule.interval"): "five minutes"}),
    "Deployment": ("duration-in-words", {split("spec.shadowSpec.duration"): "an hour"}),
    "RayCluster": ("integer-of-19-digits", {split("spec.head.pod.metadata.generation"): "9" * 19}),
}
"""What passes each kind's CRD, as a plain string or by its pattern, and is more to the Ingester."""


@dataclass
class Blockage:
    """What one kind's objects came to."""

    bad: Delivery
    good: Delivery
    lines: list[str] = field(default_factory=list)   # of the log, on what can't be decoded
    blocked: bool = False        # the good one did not arrive while the bad one was there
    recovered_s: float | None = None


def deliver_undecodable(inputs: Inputs) -> dict[str, Blockage]:
    """Send the objects of all kinds of the run that have such a field; return what they came to, by kind."""
    courier = inputs.courier
    cases = [case for case in inputs.list_cases() if case.name in UNDECODABLE]
    courier.begin()
    found = {}
    for case in cases:
        name, changes = UNDECODABLE[case.name]
        plain = inputs.render(case)
        bad = courier.send(case, Input(name, changes), plain, "in-7-14")
        found[case.name] = Blockage(bad, courier.send(case, Input(f"after-{name}", {}), plain, "in-7-14"))
    _watch(courier, found, inputs.run.timeouts.sync_s)
    for blockage in found.values():
        if blockage.blocked:
            courier.remove(blockage.bad)
    _await_recovery(courier, found)
    for case in cases:
        courier.read([found[case.name].bad, found[case.name].good], case)
        courier.clear(case)
    return found


def _watch(courier: Courier, found: Mapping[str, Blockage], timeout_s: float) -> None:
    """Wait until each good object has its row, or the log says that an object of its kind can't be decoded."""

    def look() -> bool:
        lines = courier.read_log()
        for name, blockage in found.items():
            blockage.lines += [line for line in lines if f".{name}" in line]
        return all(b.lines or courier.has_rows([d for d in (b.good, b.bad) if d.uid]) for b in found.values())

    wait_for(look, bool, timeout_s=timeout_s, interval_s=0.02)
    for blockage in found.values():
        blockage.blocked = not courier.has_rows([blockage.good])


def _await_recovery(courier: Courier, found: Mapping[str, Blockage]) -> None:
    removed = time.monotonic()

    def look() -> bool:
        for blockage in found.values():
            if blockage.blocked and blockage.recovered_s is None and courier.has_rows([blockage.good]):
                blockage.recovered_s = time.monotonic() - removed
        return all(b.recovered_s is not None for b in found.values() if b.blocked)

    wait_for(look, bool, timeout_s=_RECOVERY_S, interval_s=0.02)


def check_undecodable(inputs: Inputs, case: Case, check: Check) -> None:
    """7.14: an object that can't be decoded does not hold up the others of its kind."""
    inputs.require(case)
    if case.name not in UNDECODABLE:
        raise NotApplicable("no field of the kind is known to mean more to the Ingester than to its CRD")
    found = inputs.once(SECTION, lambda: deliver_undecodable(inputs))[case.name]
    judgement = judge(found.bad)
    check.facts = describe_facts(found)
    lines = "\n".join(escape(line, _LINE_SHOWN) for line in found.lines[:5])
    check.evidence += [
        Evidence("request", f"{found.bad.input.name}: sent", found.bad.input.describe(), time.time()),
        Evidence("row", f"{found.bad.input.name}: the row", judgement.detail, time.time()),
        Evidence("log", "lines on what can't be decoded", lines or "no such line", time.time()),
    ]
    conclude(
        inputs.run,
        check,
        list_findings(found),
        problem=f"{case.name}: one object that can't be decoded holds up its kind",
        look_at="python -m harness sandbox logs michelangelo-controllermgr",
    )


def list_findings(found: Blockage) -> list[Finding]:
    """Return what is wrong: with the good object, with the recovery, with the bad object's own row."""
    where = f"{found.bad.case.name}, input {found.bad.input.name}"
    judgement, good = judge(found.bad), judge(found.good)
    findings = []
    if found.blocked:
        why = escape(found.lines[0], _LINE_SHOWN) if found.lines else "and the log does not say why"
        wanted = "an object that is created after it to reach MySQL"
        findings.append(Finding(where, wanted, f"no row for as long as it is there: {why}"))
        if found.recovered_s is None:
            findings.append(
                Finding(where, "the kind to recover once it is removed", f"no row {_RECOVERY_S:.0f} s after that")
            )
    elif judgement.outcome is not Outcome.REFUSED:
        findings += judgement.findings
    return [*findings, *good.findings]


def describe_facts(found: Blockage) -> dict[str, str]:
    """Return what was measured."""
    outcome = "can't be decoded" if found.blocked else str(judge(found.bad).outcome)
    facts = {"input": found.bad.input.name, "outcome": outcome}
    facts["good one after it"] = "held up" if found.blocked else "arrived"
    if found.recovered_s is not None:
        facts["recovered after its removal in"] = f"{found.recovered_s:.1f} s"
    return facts
