"""The check of a section for one kind: what became of each input."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from harness.chapters.hostile_input.input import escape
from harness.chapters.hostile_input.input_sets import INPUT_SETS_BY_SECTION
from harness.chapters.hostile_input.inputs import Inputs
from harness.chapters.hostile_input.judgement import Judgement, Outcome, judge_batch
from harness.core.outcomes import Invalid, NotApplicable
from harness.core.record import Evidence
from harness.spec.model import Case
from harness.subject import evidence
from harness.suite.recorder import Recorder

LOG = "ingester-acceptance sandbox logs michelangelo-controllermgr"

_TEXT_SHOWN = 200
_ITEMS_SHOWN = 128    # of a list or an object: all labels or annotations of any input


def check_inputs(inputs: Inputs, case: Case, recorder: Recorder, *, section: str) -> None:
    """7.1 to 7.12, 7.15: each input is refused, or reaches MySQL whole; anything else is a finding.

    Raises NotApplicable where the kind has no such input, Invalid where the refusals prove nothing.
    """
    inputs.require(case)
    inputs_of = INPUT_SETS_BY_SECTION[section]
    if not inputs_of.list_inputs(case):
        raise NotApplicable(inputs_of.absence)
    judgements, findings = judge_batch(inputs.submit(section, case))
    recorder.facts |= count(judgements)
    if source := inputs_of.source():
        recorder.facts["made by"] = source
    recorder.evidence += describe(judgements)
    unread = inputs.context.explain_missing_log()
    if unread and findings and all(is_unexplained(j) for j in judgements if j.findings):
        raise NotApplicable(f"what was not synced can't be explained: {unread}")
    recorder.findings += findings
    damaged = sum(bool(j.findings) for j in judgements)
    of_all = f"{damaged} of {len(judgements)} objects"
    recorder.problem = f"{case.name}: {of_all} are neither refused nor whole in MySQL"
    recorder.look_at = f"table {case.kind.table}; {LOG}"
    require_proof(judgements)


def require_proof(judgements: Sequence[Judgement], *, accepted: bool = False) -> None:
    """Raise Invalid where refusals prove nothing: not due to the input, or of all texts; of any if `accepted`."""
    unproven = {Outcome.BARRED, Outcome.REFUSED} if accepted else {Outcome.BARRED}
    if barred := [j for j in judgements if j.outcome in unproven]:
        of_all = f"{len(barred)} of {len(judgements)} inputs were refused for nothing that is in them"
        raise Invalid(f"{of_all}: {barred[0].submission.input.name}: {barred[0].detail}")
    texts = [j for j in judgements if j.submission.input.textual and j.submission.input.changes]
    if texts and all(j.outcome is Outcome.REFUSED for j in texts):
        raise Invalid(f"all {len(texts)} texts were refused, so that nothing was proven: {texts[0].detail}")


def is_unexplained(judgement: Judgement) -> bool:
    """Whether the input has no row, and the log, which could say why, is silent."""
    return judgement.outcome is Outcome.LOST


def count(judgements: Sequence[Judgement]) -> dict[str, str]:
    """Return how many inputs there were, and how many came to what."""
    counts: Counter[Outcome] = Counter()
    for judgement in judgements:
        counts[judgement.outcome] += judgement.submission.input.parts
    shown = [o for o in Outcome if counts[o] or o in (Outcome.REFUSED, Outcome.INTACT)]
    return {"inputs": str(counts.total())} | {str(outcome): str(counts[outcome]) for outcome in shown}


def describe(judgements: Sequence[Judgement]) -> list[Evidence]:
    """Return one line per input, and all about each that did not reach MySQL whole."""
    lines = [
        f"{j.submission.input.name}: {j.outcome}, {j.detail}; sent: {j.submission.input.describe()}"
        for j in judgements
    ]
    found = [Evidence("comparison", f"{len(judgements)} objects", "\n".join(lines), time.time())]
    for judgement in judgements:
        if judgement.findings:
            found += _describe_one(judgement)
    return found


def shorten(value: Any) -> Any:
    """Return the value with what can't be printed as escapes, and with long texts and lists cut."""
    if isinstance(value, str):
        return escape(value, _TEXT_SHOWN)
    if isinstance(value, dict):
        items = list(value.items())[:_ITEMS_SHOWN]
        left = {"…": f"{len(value) - _ITEMS_SHOWN} more"} if len(value) > _ITEMS_SHOWN else {}
        return {escape(key, _TEXT_SHOWN): shorten(inner) for key, inner in items} | left
    if isinstance(value, list):
        shown = value[:_ITEMS_SHOWN]
        more = f"{len(value) - len(shown)} more"
        rest: Any = ["…", more] if all(isinstance(item, list) for item in shown) else f"… {more}"   # a pair too
        return [*map(shorten, shown), *([rest] if len(value) > len(shown) else [])]
    return value


def _describe_one(judgement: Judgement) -> list[Evidence]:
    submission = judgement.submission
    kind, metadata, name = submission.case.kind, submission.sent["metadata"], submission.input.name
    request = evidence.of_request("create", kind, metadata["namespace"], metadata["name"], submission.sent)
    row = evidence.of_row(submission.row, "the row", time.time())
    compared = evidence.of_comparison(judgement.findings, str(judgement.outcome))
    return [
        dataclasses.replace(each, title=f"{name}: {escape(each.title, _TEXT_SHOWN)}", data=shorten(each.data))
        if each is not compared
        else dataclasses.replace(each, title=f"{name}: {each.title}")
        for each in (request, row, compared)
    ]
