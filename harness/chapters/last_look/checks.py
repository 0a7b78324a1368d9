"""The check of the last look: each object of the run that had a row, against that row as it is now.

What must not happen can happen late: a row that is purged, revived, soft-deleted or overwritten once nobody looks.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise

from harness.clients.kube import get_version
from harness.core import codes
from harness.core.outcomes import NotApplicable
from harness.core.polling import hold, wait_for
from harness.core.record import Finding
from harness.sandbox.base import APISERVER, CONTROLLERMGR, LogCursor
from harness.sandbox.redaction import MARK
from harness.spec.annotations import DELETING_ANNOTATION, IMMUTABLE_ANNOTATION
from harness.spec.equality import compare_row
from harness.spec.model import Case, JsonObject
from harness.spec.row import Row
from harness.spec.row_rules import compare_kept
from harness.subject.pairing import pair_rows
from harness.subject.subject import Subject
from harness.suite.context import RunContext
from harness.suite.recorder import Recorder

_WHAT = "the row"
_LINES_SHOWN = 5
_REST_S = 3.5        # update_time has whole seconds: who rewrites all the time is seen three times
_REWRITES = 3        # who comes back every two seconds, or later, is not
_RESTING = 10        # objects of a kind that are looked at
_REST_INTERVAL_S = 0.2


class LastLook:
    """The objects of the run, as they and their rows are when all else is over."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self._since: float | None = None   # when rows were first awaited
        self._rewrites: Mapping[str, Mapping[str, int]] | None = None   # by kind and key

    def list_subjects(self, case: Case) -> list[Subject]:
        """Return the kind's objects whose rows had followed them, or were looked at, and are still theirs."""
        last_of_key = {s.key: s for s in self.context.surroundings.subjects if s.case.name == case.name}
        return [s for s in last_of_key.values() if s.has_row or s.seen is not None]

    def list_names_taken(self, subjects: Sequence[Subject]) -> set[str]:
        """Return the keys of those whose name has been taken by another one since."""
        last_of_name = {(s.case.name, s.namespace, s.name): s.key for s in self.context.surroundings.subjects}
        return {s.key for s in subjects if last_of_name[s.case.name, s.namespace, s.name] != s.key}

    def find_live(self, case: Case, subjects: Sequence[Subject]) -> Mapping[str, JsonObject]:
        """Return those objects that are there to stay: neither being deleted nor marked to leave; by uid."""
        namespaces = dict.fromkeys(subject.namespace for subject in subjects)
        found = (obj for each in namespaces for obj in self.context.cluster.list_objects(case.kind, each))
        return {o["metadata"]["uid"]: o for o in found if not _is_leaving(o)}

    def wait_for_rows(self, case: Case, keys: Sequence[str], versions: Mapping[str, int]) -> Mapping[str, Row]:
        """Return the rows by key, once those of `versions` have reached them, or the time for it is over.

        All kinds have the same time: nothing is asked of any of them meanwhile.
        """
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        waited = wait_for(
            lambda: self.context.database.get_rows_of(case.kind, keys),
            lambda rows: all(key in rows and rows[key].res_version >= versions[key] for key in versions),
            timeout_s=max(0.0, self._since + self.context.timeouts.sync_s - now),
        )
        return waited.value

    def count_rewrites(self, case: Case) -> Mapping[str, int]:
        """Return how often rows of the kind were rewritten for no other version, by key; of all kinds at once."""
        if self._rewrites is None:
            self._rewrites = self._watch_rest()
        return self._rewrites[case.name]

    def _watch_rest(self) -> Mapping[str, Mapping[str, int]]:
        resting = {case.name: self._list_resting(case) for case in self.context.cases}
        writes: dict[tuple[str, str], list[tuple[int, dt.datetime | None]]] = {}

        def look() -> None:
            for case in self.context.cases:
                found = self.context.database.get_writes_of(case.kind, resting[case.name])
                for key, write in found.items():
                    seen = writes.setdefault((case.name, key), [])
                    if write not in seen[-1:]:
                        seen.append(write)

        hold(look, lambda _: True, for_s=_REST_S, interval_s=_REST_INTERVAL_S)
        rewrites: dict[str, dict[str, int]] = {name: {} for name in resting}
        for (name, key), seen in writes.items():
            rewrites[name][key] = sum(before == after for (before, _), (after, _) in pairwise(seen))
        return rewrites

    def _list_resting(self, case: Case) -> Sequence[str]:
        """Return the keys of some objects that are there to stay, the newest."""
        subjects = self.list_subjects(case)
        live = self.find_live(case, subjects)
        return [subject.key for subject in subjects if subject.uid in live][-_RESTING:]


def check_rows(look: LastLook, case: Case, recorder: Recorder) -> None:
    """11.1: the rows of objects that are there follow them, the others are as they were left."""
    if blocking := look.context.expectations.find_blocking(case.name):
        raise NotApplicable(f"known issue {blocking.id}")
    subjects = look.list_subjects(case)
    if not subjects:
        raise NotApplicable("no row of the kind was looked at before")
    live = look.find_live(case, subjects)
    versions = {s.key: get_version(live[s.uid]) for s in subjects if s.uid in live}
    rows = look.wait_for_rows(case, [subject.key for subject in subjects], versions)
    objects = dict(_pair(look.context, case, subjects, rows, live))
    taken = look.list_names_taken(subjects)
    for subject in subjects:
        row, obj = rows.get(subject.key), live.get(subject.uid)
        found = (
            _examine_followed(subject, row, versions[subject.key], objects.get(subject.key))
            if obj is not None
            else _examine_left(subject, row, immutable=look.context.is_immutable(case))
        )
        if subject.key in taken:
            found = [each for each in found if not _tells_of_successor(subject, each)]
        recorder.findings += [each.within(f"{subject}, ") for each in found]
    alone = len(subjects) - len(versions)
    recorder.facts |= {"rows with their objects": str(len(versions)), "rows alone": str(alone)}
    recorder.problem = f"{case.name}: rows are not as they were, or have not followed, at the end of the run"
    recorder.look_at = f"table {case.kind.table}"


def check_rest(look: LastLook, case: Case, recorder: Recorder) -> None:
    """11.3: no row of an object that is there to stay is rewritten every second, at the same version."""
    if blocking := look.context.expectations.find_blocking(case.name):
        raise NotApplicable(f"known issue {blocking.id}")
    rewrites = look.count_rewrites(case)
    if not rewrites:
        raise NotApplicable("no object of the kind is there to stay whose row was looked at before")
    subjects = {subject.key: subject for subject in look.list_subjects(case)}
    for key, times in rewrites.items():
        if times >= _REWRITES:
            seen = f"another one {times} times in {_REST_S:g} s, at the same res_version"
            recorder.find(codes.ROW_REWRITTEN, f"{subjects[key]}, column update_time", "as it was", seen)
    recorder.facts["rows watched"] = str(len(rewrites))
    recorder.problem = f"{case.name}: a row is rewritten again and again, although its object does not change"
    recorder.look_at = f"table {case.kind.table}, column update_time"


def check_secrets(look: LastLook, _: None, recorder: Recorder) -> None:
    """11.2: no line of the programs under test has the MySQL password, be it in an error or a configuration."""
    look.context.require_log()
    sandbox = look.context.sandbox
    for name in [c.name for c in sandbox.components() if c.name in (APISERVER, CONTROLLERMGR)]:
        since = LogCursor(look.context.first_start if name == CONTROLLERMGR else 0)
        number, found = 0, []
        for line in sandbox.read_log(name, since):
            number += 1
            if MARK in line.text:
                found.append(line.text)
        if found:
            recorder.find(codes.LOG_SECRET, f"the log of {name}", "no password", f"{len(found)} lines with it")
            recorder.note(f"lines of {name} with the password", "\n".join(found[:_LINES_SHOWN]))
        recorder.facts[f"lines of {name}"] = str(number)
    recorder.problem = f"the MySQL password ({MARK} in this report) stands in a log"
    recorder.look_at = f"ingester-acceptance sandbox logs {CONTROLLERMGR}"


def _pair(
    context: RunContext,
    case: Case,
    subjects: Sequence[Subject],
    rows: Mapping[str, Row],
    live: Mapping[str, JsonObject],
) -> Iterator[tuple[str, JsonObject]]:
    """Yield the object at its row's version, by key, for those that are there and have been followed.

    Of a row that is behind no more need be known, and the version that it is at may be forgotten by now.
    """
    followed = (s for s in subjects if s.uid in live and s.key in rows)
    there = sorted(
        (s for s in followed if rows[s.key].res_version >= get_version(live[s.uid])), key=lambda s: s.namespace
    )
    for namespace, group in groupby(there, lambda subject: subject.namespace):
        own = list(group)
        known = [live[subject.uid] for subject in own]
        yield from pair_rows(
            context.cluster, case.kind, namespace, [rows[subject.key] for subject in own], known
        ).items()


def _is_leaving(obj: JsonObject) -> bool:
    annotations = obj["metadata"].get("annotations") or {}
    marked = any(annotations.get(name) == "true" for name in (DELETING_ANNOTATION, IMMUTABLE_ANNOTATION))
    return marked or "deletionTimestamp" in obj["metadata"]


def _examine_followed(subject: Subject, row: Row | None, version: int, obj: JsonObject | None) -> list[Finding]:
    """Return what is wrong with the row of an object that is there."""
    if row is None:
        return [Finding(codes.ROW_LOST, _WHAT, f"at version {version}", "no row any more")]
    if row.res_version < version:
        return [Finding(codes.ROW_BEHIND, "column res_version", f"{version}", f"{row.res_version}")]
    if obj is None:
        return [Finding(codes.ROW_VERSION, "column res_version", "a version of the object", f"{row.res_version}")]
    return compare_row(subject.case.kind, obj, row)


def _tells_of_successor(subject: Subject, finding: Finding) -> bool:
    """Whether it says no more than that a live row was soft-deleted: of one name the last alone is live."""
    was_live = subject.seen is not None and subject.seen.live
    return was_live and finding.code == codes.ROW_CHANGED and finding.where.endswith("column delete_time")


def _examine_left(subject: Subject, row: Row | None, *, immutable: bool) -> list[Finding]:
    """Return what is wrong with the row of an object that is gone, or going."""
    if row is None:
        return [Finding(codes.ROW_LOST, _WHAT, "there", "no row any more")]
    if subject.seen is None:   # something was asked for since, which was nobody's to look at
        return []
    is_retired = immutable or (IMMUTABLE_ANNOTATION, "true") in row.annotations   # by business controllers
    if subject.is_there and not is_retired:
        return [Finding(codes.OBJECT_GONE, "the object", "there: nobody has deleted it", "gone, or going")]
    if subject.seen.live and row.live and row.res_version > subject.seen.res_version:
        obj = subject.history.find(row.res_version)   # others, such as business controllers, wrote to it
        if obj is not None:
            return compare_row(subject.case.kind, obj, row)
        if subject.history.has_gaps:   # nobody knows any more what that version was
            return []
    return compare_kept(subject.seen, row, _WHAT)
