"""What changed from one run to another: cells, findings, known issues, versions, latencies.

It compares what both records have; what only one of them knows is no difference, except for cells. A
chapter that the old run had nothing of is no difference either, nor are its known issues: it did not look.
It writes no text but names and values; `harness.report.diff_formats` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from harness.core.migrations import UNKNOWN_CODE
from harness.core.record import IssueResult, IssueStatus, KindContents, Record, Status, combine
from harness.report.contents import order_kinds
from harness.report.formatting import count, format_duration, join_names
from harness.report.matrix import Matrix, MatrixCell, list_matrices
from harness.report.sections import group_other_checks, list_explained, list_latencies
from harness.report.shift import measure_shift
from harness.report.view import name_row

LATENCY_FACTOR = 2.0
"""How many times slower or faster a write must have become to be worth a line."""

LATENCY_FLOOR_S = 0.1
"""Changes of a single write by less than this are the noise of a busy machine, whatever their factor."""

SHIFT_FLOOR_S = 0.03
"""What all kinds together became slower or faster by, so that it is worth a line."""

SHIFT_CONFIDENCE = 0.99   # of which eight kinds are enough

ABSENT = "absent"

_READABLE = 12   # so many lines that say the same, or one per kind, are still read


class Area(StrEnum):
    """What a difference is about; the value is its heading."""

    CELL = "Cells"
    FINDING = "Findings"
    ISSUE = "Known issues"
    VERSION = "Versions"
    LATENCY = "Latency"


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was.

    `worse` is about the product: a cell that got red or was not judged, a finding more, a known issue that is new,
    a write that takes longer. A new version is never worse.
    """

    area: Area
    subject: str
    before: str
    after: str
    worse: bool = False


def compare_records(
    old: Record,
    new: Record,
    *,
    latency_factor: float = LATENCY_FACTOR,
    latency_floor_s: float = LATENCY_FLOOR_S,
) -> list[Difference]:
    """Return what differs in `new` from `old`, in the order of `Area` and of the report."""
    return [
        *_compare_matrices(old, new),
        *_compare_others(old, new),
        *_compare_findings(old, new),
        *_compare_issues(old, new),
        *_compare_versions(old, new),
        *_compare_latencies(old, new, latency_factor, latency_floor_s),
        *_compare_shifts(old, new, latency_factor),
    ]


def find_changed_cells(old: Record, new: Record) -> dict[tuple[str, str], Status]:
    """Return the cells in `new` that had another status in `old`, by kind and column, with that status.

    A check of no kind stands there by '' and its name.
    """
    before = {place: status for matrix in list_matrices(old) for place, status in matrix.list_results().items()}
    return {
        place: before[place]
        for matrix in list_matrices(new)
        for place, status in matrix.list_results().items()
        if place in before and before[place] != status
    }


_SHORTFALLS = (Status.FAIL, Status.ERROR, Status.INVALID, Status.NOT_RUN, Status.KNOWN)


def _compare_matrices(old: Record, new: Record) -> Iterator[Difference]:
    """Yield what changed in each chapter that the old run had; the first one stands in every comparison."""
    before = {matrix.chapter: matrix for matrix in list_matrices(old)}
    after = {matrix.chapter: matrix for matrix in list_matrices(new)}
    kinds = _merge_kinds(old, new)
    for chapter in dict.fromkeys((*before, *after)):
        if chapter in before or after[chapter].leads:
            yield from _compare_cells(before.get(chapter), after.get(chapter), kinds)


def _merge_kinds(old: Record, new: Record) -> list[KindContents]:
    """Return the kinds of both runs, each once, in the new one's order."""
    return list({kind.name: kind for kind in (*new.kinds, *old.kinds)}.values())


def _compare_cells(old: Matrix | None, new: Matrix | None, known: list[KindContents]) -> Iterator[Difference]:
    """Yield each changed cell of one matrix; in one line those that did not run, and many that ceased to apply."""
    before, after = (matrix.list_results() if matrix else {} for matrix in (old, new))
    columns = [column.name for matrix in (old, new) if matrix for column in matrix.columns]
    kinds = order_kinds(known, (kind for kind, _ in (*before, *after)))
    places = [(kind, name) for kind in kinds for name in columns]
    others = [place for place in (*before, *after) if not place[0]]
    changes: list[tuple[str, Difference]] = []
    not_run: list[str] = []
    for kind, name in dict.fromkeys((*places, *others)):
        was, now = before.get((kind, name)), after.get((kind, name))
        if was == now or (was is None and now is Status.NOT_RUN):
            continue
        if was is not None and now in {None, Status.NOT_RUN}:
            not_run.append(kind)
            continue
        worse = was is not None and now in _SHORTFALLS and combine([was, now]) == now
        subject = f"{kind}, {name}" if kind else name
        changes.append((kind, Difference(Area.CELL, subject, _word(was), _word(now), worse)))
    title = next((matrix.title for matrix in (old, new) if matrix and not matrix.leads), "")
    place = f" ({title})" if title else ""
    yield from _gather(changes, place, known)
    if not_run:
        subject = f"{_name_cells(not_run, known)}{place}"
        yield Difference(Area.CELL, subject, "judged", Status.NOT_RUN.label.lower(), worse=True)


def _gather(
    changes: list[tuple[str, Difference]], place: str, known: list[KindContents]
) -> Iterator[Difference]:
    """Yield the changes; equal ones to or from 'not applicable' in one line where they are too many to read."""
    equal: dict[tuple[str, str], list[str]] = {}
    for kind, item in changes:
        if kind and _word(Status.NOT_APPLICABLE) in {item.before, item.after} and not item.worse:
            equal.setdefault((item.before, item.after), []).append(kind)
    gathered = {pair: kinds for pair, kinds in equal.items() if len(kinds) > max(len(known), _READABLE)}
    for _, item in changes:
        if item.worse or (item.before, item.after) not in gathered:
            yield item
    for (was, now), kinds in gathered.items():
        yield Difference(Area.CELL, f"{_name_cells(kinds, known)}{place}", was, now)


def _name_cells(kinds: list[str], known: list[KindContents]) -> str:
    """Return how many cells there are and of which kinds, given the kind of each; '' is a check of no kind."""
    names = order_kinds(known, filter(None, kinds))
    checks = count(kinds.count(""), "check") if "" in kinds else ""
    if not names:
        return checks
    named = "all kinds" if len(names) > 1 and {kind.name for kind in known} <= set(names) else join_names(names)
    cells = f"{count(len(kinds) - kinds.count(''), 'cell')} of {named}"
    return f"{cells}, {checks}" if checks else cells


def _word(status: Status | None) -> str:
    return ABSENT if status is None else status.label.lower()


def _compare_others(old: Record, new: Record) -> Iterator[Difference]:
    """Yield the checks in no matrix, such as the tables', that both runs have and judged differently."""
    before, after = (
        {(item.section, item.kind, item.topic): item for group in group_other_checks(record) for item in group}
        for record in (old, new)
    )
    for place, check in after.items():
        was = before[place].status if place in before else check.status
        if was is not check.status:
            worse = check.status in _SHORTFALLS and combine([was, check.status]) is check.status
            yield Difference(Area.CELL, name_row(check), _word(was), _word(check.status), worse=worse)


def _compare_findings(old: Record, new: Record) -> Iterator[Difference]:
    """Yield the cells that fall short as before, with findings of other codes."""
    before = {cell.place: cell for cell in _list_cells(old)}
    for cell in _list_cells(new):
        was = before.get(cell.place)
        if was is not None and was.status is cell.status and cell.status in (Status.FAIL, Status.KNOWN):
            codes, now = _list_codes(was), _list_codes(cell)
            if codes != now and codes:
                subject = f"{cell.kind}, {cell.column.name}"
                yield Difference(
                    Area.FINDING, subject, ", ".join(codes), ", ".join(now), worse=not set(now) <= set(codes)
                )


def _list_cells(record: Record) -> Iterator[MatrixCell]:
    return (cell for matrix in list_matrices(record) for cell in matrix.cells)


def _list_codes(cell: MatrixCell) -> list[str]:
    """Return the codes of what was found, none of a record that did not know any."""
    found = {finding.code for check in cell.checks for finding in check.findings}
    return [] if UNKNOWN_CODE in found else sorted(found)


def _compare_issues(old: Record, new: Record) -> Iterator[Difference]:
    before = {issue.id: issue for issue in old.known_issues}
    looked_at = {check.section for check in old.checks}
    after = {
        issue.id: issue
        for issue in new.known_issues
        if issue.id in before or not issue.sections or looked_at.intersection(issue.sections)
    }
    for name in [*after, *(name for name in before if name not in after)]:
        was = before[name].status.value.replace("_", " ") if name in before else ABSENT
        now = after[name].status.value.replace("_", " ") if name in after else ABSENT
        if was != now:
            worse = _is_new(old, new, before.get(name), after.get(name))
            yield Difference(Area.ISSUE, name, was, now, worse=worse)


def _is_new(old: Record, new: Record, was: IssueResult | None, now: IssueResult | None) -> bool:
    """Whether an issue shows that did not: one that the old run looked for, or whose cells were right in it."""
    if now is None or now.status is not IssueStatus.REPRODUCED:
        return False
    if was is not None:
        return was.status.is_absent
    right = {(check.section, check.kind, check.topic) for check in old.checks if check.status is Status.PASS}
    return any((check.section, check.kind, check.topic) in right for check in list_explained(new, now))


def _compare_versions(old: Record, new: Record) -> Iterator[Difference]:
    before, after = _list_versions(old), _list_versions(new)
    for subject, was in before.items():
        now = after.get(subject, "")
        if was and now and was != now:
            yield Difference(Area.VERSION, subject, was, now)


def _list_versions(record: Record) -> dict[str, str]:
    versions = {
        "profile": record.profile,
        "system under test": record.system_under_test,
        "backend": record.backend,
        "harness": record.harness_version,
    }
    for component in record.components:
        versions[component.name] = component.version
        versions[f"{component.name}, SHA-256"] = component.sha256
    versions |= record.environment
    versions |= {f"{name}, digest": digest for name, digest in record.digests.items()}
    return versions


def _compare_latencies(old: Record, new: Record, factor: float, floor_s: float) -> Iterator[Difference]:
    before = {row.kind: row for row in list_latencies(old)}
    for row in list_latencies(new):
        if row.kind not in before:
            continue
        pairs = (
            ("create", before[row.kind].create_s, row.create_s),
            ("patch", before[row.kind].patch_s, row.patch_s),
        )
        for operation, was, now in pairs:
            if was is None or now is None or abs(now - was) < floor_s:
                continue
            if max(was, now) >= factor * min(was, now):
                subject = f"{row.kind}, {operation} to row"
                yield Difference(
                    Area.LATENCY, subject, format_duration(was), format_duration(now), worse=now > was
                )


def _compare_shifts(old: Record, new: Record, factor: float) -> Iterator[Difference]:
    """Yield the operations that take all kinds together another time than chance explains."""
    before = {row.kind: row for row in list_latencies(old)}
    rows = [(before[row.kind], row) for row in list_latencies(new) if row.kind in before]
    for operation, pairs in (
        ("create", [(was.create_s, now.create_s) for was, now in rows]),
        ("patch", [(was.patch_s, now.patch_s) for was, now in rows]),
    ):
        measured = [(was, now) for was, now in pairs if was is not None and now is not None]
        shift = measure_shift(measured, confidence=SHIFT_CONFIDENCE)
        if shift is None or max(shift.low_s, -shift.high_s) < SHIFT_FLOOR_S:
            continue
        was, now = shift.before_s, shift.after_s
        if max(was, now) >= factor * min(was, now):
            subject = f"{count(shift.samples, 'kind')}, {operation} to row"
            yield Difference(Area.LATENCY, subject, format_duration(was), format_duration(now), worse=now > was)
