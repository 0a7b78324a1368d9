"""Whether an object that MySQL can't take holds up anything else: other objects, its own earlier row, its repair.

Each kind gets an object that can't be written, and one whose row is there and whose update can't be written. While
both are tried again and again, a good one of each kind is created; then both are repaired.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.chapters.hostile_input.chapter import Inputs
from harness.chapters.hostile_input.checks import describe
from harness.chapters.hostile_input.delivery import Courier, Delivery
from harness.chapters.hostile_input.input import Input
from harness.chapters.hostile_input.limits import TEXT_BYTES
from harness.chapters.hostile_input.outcome import Outcome, get_database_error, judge
from harness.chapters.hostile_input.places import ANNOTATION, Path
from harness.core.outcomes import Invalid, NotApplicable
from harness.core.record import Check, Finding
from harness.spec.model import Case, JsonObject
from harness.suite.findings import conclude

SECTION = "7.13"
_TOO_LONG = "x" * (TEXT_BYTES + 1)
_POISON: Mapping[Path, str] = {ANNOTATION: _TOO_LONG}


@dataclass
class Poisoning:
    """What one kind's objects came to. `update` is None for kinds whose objects leave Kubernetes."""

    poison: Delivery
    after: Delivery
    before: Delivery | None = None
    update: Delivery | None = None
    repaired: list[Delivery] = field(default_factory=list)
    crashes: str = ""


def deliver_poison(inputs: Inputs) -> dict[str, Poisoning]:
    """Send the objects of all kinds of the run, and return what they came to, by kind."""
    courier, run, cases = inputs.courier, inputs.run, inputs.list_cases()
    courier.begin()

    def send(case: Case, name: str, changes: Mapping[Path, str]) -> Delivery:
        return courier.send(case, Input(name, changes), inputs.render(case), "in-7-13")

    stay = [case for case in cases if case.name not in run.profile.immutable_kinds]
    before = {case.name: send(case, "before", {}) for case in stay}
    courier.await_rows(before.values())
    poison = {case.name: send(case, "poison", _POISON) for case in cases}
    updates = {
        name: courier.patch(delivery, Input("poisoned-update", _POISON), _as_patch(_TOO_LONG))
        for name, delivery in before.items()
    }
    courier.await_rows([*poison.values(), *updates.values()])
    after = {}
    for case in cases:
        after[case.name] = send(case, "after", {})
        courier.await_rows([after[case.name]])
    found = {}
    for case in cases:
        own = Poisoning(poison[case.name], after[case.name], before.get(case.name), updates.get(case.name))
        courier.read([d for d in (own.poison, own.after, own.before) if d is not None], case)
        found[case.name] = own
    _repair(courier, found)
    for case in cases:
        courier.clear(case)
    crashes = courier.describe_crashes()
    for own in found.values():
        own.crashes = crashes
    return found


def _repair(courier: Courier, found: Mapping[str, Poisoning]) -> None:
    for own in found.values():
        for delivery in (own.poison, own.update):
            if delivery is not None and delivery.stored is not None and delivery.errors:
                given = Input(f"repaired-{delivery.input.name}", {ANNOTATION: "repaired"})
                own.repaired.append(courier.patch(delivery, given, _as_patch("repaired")))
    courier.await_rows([d for own in found.values() for d in own.repaired])
    for own in found.values():
        courier.read(own.repaired, own.poison.case)


def _as_patch(text: str) -> JsonObject:
    return {"metadata": {"annotations": {str(ANNOTATION[-1]): text}}}


def check_poison(inputs: Inputs, case: Case, check: Check) -> None:
    """7.13: what can't be written holds up no other object, leaves its earlier row whole, and can be repaired.

    Raises NotApplicable where the database takes the object after all.
    """
    inputs.require(case)
    found = inputs.once(SECTION, lambda: deliver_poison(inputs))[case.name]
    kept = [] if found.before is None or found.update is None else judge_kept(found.before, found.update)
    judgements = [judge(found.after), *map(judge, found.repaired)]
    check.facts = describe_facts(found)
    check.evidence += describe(judgements)
    if found.poison.stored is None:
        raise Invalid(f"the API server did not take what MySQL can't: {found.poison.answer}")
    if found.poison.row is not None:
        raise NotApplicable("MySQL takes what was meant to be too long for it")
    findings = [finding for judgement in judgements for finding in judgement.findings] + kept
    if found.crashes:
        findings.append(Finding(f"{case.name}, controller manager", "no restart", found.crashes))
    conclude(
        inputs.run,
        check,
        findings,
        problem=f"{case.name}: an object that can't be written is felt beyond itself",
        look_at="python -m harness sandbox logs michelangelo-controllermgr",
    )


def judge_kept(before: Delivery, update: Delivery) -> list[Finding]:
    """Return what is wrong with the row of an object whose update can't be written: it stays as it was, whole."""
    judgement = judge(before)
    where = f"{before.case.name}, input {update.input.name}"
    if judgement.outcome is not Outcome.INTACT or before.row is None:
        problems = "; ".join(str(finding) for finding in judgement.findings) or str(judgement.outcome)
        return [Finding(where, "the row as it was before the update, whole", problems)]
    if before.row.res_version >= update.version:
        return [Finding(where, f"a row at a version before {update.version}", f"{before.row.res_version}")]
    return []


def describe_facts(found: Poisoning) -> dict[str, str]:
    """Return what was measured: the poison's error, and how soon the others arrived."""
    errors = found.poison.errors
    facts = {"poison": get_database_error(errors[-1]) if errors else judge(found.poison).detail}
    facts["attempts"] = str(len(errors))
    facts["good one after it"] = _show_time(found.after)
    return facts | {delivery.input.name: _show_time(delivery) for delivery in found.repaired}


def _show_time(delivery: Delivery) -> str:
    return "never" if delivery.arrived_s is None else f"{delivery.arrived_s * 1000:.0f} ms"
