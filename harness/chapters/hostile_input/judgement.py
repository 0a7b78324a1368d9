"""What an input came to, and what is wrong with that: pure judgement over what was delivered.

Refused is an outcome, intact is one, and so is never synced, with the database's own error: whether that is a
failure is for the profile's known issues to say. Anything else is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from harness.chapters.hostile_input.input import escape
from harness.chapters.hostile_input.places import find
from harness.chapters.hostile_input.refusals import is_deserved
from harness.chapters.hostile_input.submission import Batch, Submission
from harness.core import codes
from harness.core.errors import Refusal
from harness.core.record import Finding
from harness.spec.equality import compare_objects, compare_row, show
from harness.spec.model import Case, JsonObject

ROW_REFUSED = "row.refused"   # every attempt to write it fails

WHOLE = "a row equal to the object, or a refusal"
_ERROR_SHOWN = 300
_REFUSAL_SHOWN = 160


class Outcome(StrEnum):
    """What became of an input."""

    REFUSED = "refused"     # by the API, for what is in it
    BARRED = "refused for another reason"   # which proves nothing
    INTACT = "intact"
    NEVER_SYNCED = "never synced"
    DAMAGED = "damaged"     # its row differs from the object
    LOST = "lost"           # no row, and no error


@dataclass(frozen=True)
class Judgement:
    """The outcome of one input, in words, and what is wrong with it."""

    submission: Submission
    outcome: Outcome
    detail: str
    findings: tuple[Finding, ...] = ()


def judge(submission: Submission) -> Judgement:
    """Return what became of the input."""
    answer, row = submission.answer, submission.row
    if isinstance(answer, Refusal):
        deserved = is_deserved(submission.input, submission.sent, answer)
        outcome = Outcome.REFUSED if deserved else Outcome.BARRED
        return Judgement(submission, outcome, escape(str(answer), _REFUSAL_SHOWN))
    if row is None:
        return _judge_absence(submission)
    if submission.obj is None:
        wanted = f"{submission.version}, or a later one"
        found = [Finding(codes.ROW_VERSION, "column res_version", wanted, str(row.res_version))]
    else:
        found = compare_row(submission.case.kind, submission.obj, row)
        found += _compare_proto(submission, submission.obj, row.columns.get("proto"))
    if found:
        findings = tuple(_locate(submission, mismatch) for mismatch in found)
        return Judgement(submission, Outcome.DAMAGED, f"{len(found)} differences at {row.res_version}", findings)
    changed = describe_change(submission, answer)
    return Judgement(submission, Outcome.INTACT, f"at {row.res_version}{changed}")


def judge_batch(batch: Batch) -> tuple[list[Judgement], list[Finding]]:
    """Return the judgement of each input, and all that is wrong with the whole."""
    judgements = [judge(submission) for submission in batch.submissions]
    findings = [finding for judgement in judgements for finding in judgement.findings]
    if batch.strays:
        where = f"{batch.case.name}, table {batch.case.kind.table}"
        seen = f"also {', '.join(batch.strays)}"
        findings.append(Finding(codes.ROW_STRAY, where, "rows of the objects that were sent", seen))
    if batch.crashes:
        findings.append(find_crashes(batch.case, batch.crashes))
    return judgements, findings


def find_crashes(case: Case, crashes: str) -> Finding:
    """Return that the controller manager did not keep running while the case's inputs were sent."""
    return Finding(codes.CONTROLLERMGR_STATE, f"{case.name}, controller manager", "no restart", crashes)


def describe_change(submission: Submission, stored: JsonObject) -> str:
    """Return what the API server stored in place of what was sent, '' where it is the same."""
    changed = [
        escape(show(find(stored, path)))
        for path, value in submission.input.changes.items()
        if value and find(stored, path) != value
    ]
    return f"; the API server stored {changed[0]} instead" if changed else ""


def get_database_error(error: str) -> str:
    """Return the database's own error out of the Ingester's, which may begin with the whole of a value."""
    own = re.search(r"(Error )?\d{4} \([0-9A-Z]{5}\).*", error, re.DOTALL)
    return escape(own.group(0) if own else error, _ERROR_SHOWN)


def _judge_absence(submission: Submission) -> Judgement:
    if submission.errors:
        error = get_database_error((submission.own_errors or submission.errors)[-1])
        found = [Finding(ROW_REFUSED, "", WHOLE, f"never synced: {error}")]
        outcome, detail = Outcome.NEVER_SYNCED, f"{error} ({len(submission.errors)} attempts)"
    else:
        found = [Finding(codes.ROW_MISSING, "", WHOLE, "no row, and no error in the log")]
        outcome, detail = Outcome.LOST, "no row, and no error in the log"
    found += [
        Finding(codes.ROW_STRAY, f"table {table}", "nothing without a row", "its rows")
        for table in submission.leftovers
    ]
    return Judgement(submission, outcome, detail, tuple(_locate(submission, mismatch) for mismatch in found))


def _locate(submission: Submission, mismatch: Finding) -> Finding:
    where = ", ".join(
        part for part in (submission.case.name, f"input {submission.input.name}", escape(mismatch.where)) if part
    )
    return Finding(mismatch.code, where, escape(mismatch.expected), escape(mismatch.actual))


def _compare_proto(submission: Submission, obj: JsonObject, stored: Any) -> list[Finding]:
    """Return the texts of the input that the proto column lacks; protobuf writes strings as they are.

    An ingester that keeps JSON there (as the reference does) has the whole object compared.
    """
    if not isinstance(stored, bytes):
        return []   # compare_row says so
    if stored.startswith(b"{"):
        try:
            found = compare_objects(submission.case.kind, obj, json.loads(stored), code=codes.ROW_PROTO)
        except ValueError as error:
            return [Finding(codes.ROW_PROTO, "column proto", "JSON, as it begins like some", str(error))]
        return [each.within("column proto, ") for each in found]
    if not submission.input.textual:
        return []
    texts = dict.fromkeys(_list_texts(find(obj, path) for path in submission.input.changes))
    return [
        Finding(codes.ROW_PROTO, "column proto", f"to contain {show(text)}", f"{len(stored)} bytes without it")
        for text in texts
        if text.encode() not in stored
    ]


def _list_texts(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from value
            yield from _list_texts(value.values())
        elif isinstance(value, list):
            yield from _list_texts(value)
