"""Judges a section of the chapter for one kind, and writes down what became of each input."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence

from harness.chapters.hostile_input.chapter import Inputs
from harness.chapters.hostile_input.input import escape
from harness.chapters.hostile_input.outcome import Judgement, Outcome, judge_batch
from harness.chapters.hostile_input.sections import SECTIONS_BY_NUMBER
from harness.core.outcomes import Invalid, NotApplicable
from harness.core.record import Check, Evidence
from harness.spec.model import Case
from harness.subject import evidence
from harness.suite.findings import conclude

_BODY_SHOWN = 2_000
_LOG = "python -m harness sandbox logs michelangelo-controllermgr"


def check_inputs(inputs: Inputs, case: Case, check: Check) -> None:
    """7.x: each input is refused, or reaches MySQL whole; or a known issue of the profile says why not.

    Raises NotApplicable where the kind has no such input, Invalid where none of them was accepted.
    """
    inputs.require(case)
    section = SECTIONS_BY_NUMBER[check.section]
    if not section.list_inputs(case.kind):
        raise NotApplicable(section.absence)
    judgements, findings = judge_batch(inputs.deliver(check.section, case))
    check.facts = count(judgements)
    if source := section.source():
        check.facts["made by"] = source
    check.evidence += describe(judgements)
    if not findings and not any(j.outcome is Outcome.INTACT for j in judgements):
        raise Invalid("no input was accepted, so that nothing was proven")
    unread = inputs.run.explain_missing_log()
    if unread and findings and all(is_unexplained(j) for j in judgements if j.findings):
        raise NotApplicable(f"what was not synced can't be explained: {unread}")
    conclude(
        inputs.run,
        check,
        findings,
        problem=f"{case.name}: {sum(bool(j.findings) for j in judgements)} of {len(judgements)} objects are"
        " neither refused nor whole in MySQL",
        look_at=f"table {case.kind.table}; {_LOG}",
    )


def is_unexplained(judgement: Judgement) -> bool:
    """Whether the input has no row, and the log, which could say why, is silent."""
    return judgement.outcome is Outcome.LOST


def count(judgements: Sequence[Judgement]) -> dict[str, str]:
    """Return how many inputs there were, and how many came to what."""
    counts: Counter[Outcome] = Counter()
    for judgement in judgements:
        counts[judgement.outcome] += judgement.delivery.input.parts
    shown = [o for o in Outcome if counts[o] or o in (Outcome.REFUSED, Outcome.INTACT)]
    return {"inputs": str(counts.total())} | {str(outcome): str(counts[outcome]) for outcome in shown}


def describe(judgements: Sequence[Judgement]) -> list[Evidence]:
    """Return one line per input, and all about each that did not reach MySQL whole."""
    lines = [
        f"{j.delivery.input.name}: {j.outcome}, {j.detail}; sent: {j.delivery.input.describe()}"
        for j in judgements
    ]
    found = [Evidence("comparison", f"{len(judgements)} objects", "\n".join(lines), time.time())]
    for judgement in judgements:
        if judgement.findings:
            found += _describe_one(judgement)
    return found


def _describe_one(judgement: Judgement) -> list[Evidence]:
    delivery = judgement.delivery
    name = delivery.input.name
    sent = escape(json.dumps(delivery.sent, ensure_ascii=False), _BODY_SHOWN)
    row = evidence.of_row(delivery.row, f"{name}: the row", time.time())
    differences = "\n".join(map(str, judgement.findings))
    return [
        Evidence("request", f"{name}: create {delivery.case.kind.plural}", sent, time.time()),
        Evidence("row", row.title, escape(row.body, _BODY_SHOWN).replace("\\n", "\n"), row.at),
        Evidence("comparison", f"{name}: {judgement.outcome}", differences, time.time()),
    ]
