"""What changed from one run to another: cells, known issues, versions, latencies.

It compares what both records have; what only one of them knows is no difference, except for cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from harness.report.outline import ROW_ORDER, list_latencies, order_kinds
from harness.report.wording import count, format_duration, join_names
from harness.results import Column, Record, Status, combine

LATENCY_FACTOR = 2.0
"""How many times slower or faster a write must have become to be worth a line."""

LATENCY_FLOOR_S = 0.1
"""Changes by less than this are the noise of a busy machine, whatever their factor."""

ABSENT = "absent"


class Area(StrEnum):
    """What a difference is about; the value is its heading."""

    CELL = "Cells"
    ISSUE = "Known issues"
    VERSION = "Versions"
    LATENCY = "Latency"


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was. `worse` is about the product; a new version is never worse."""

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
        *_compare_cells(old, new),
        *_compare_issues(old, new),
        *_compare_versions(old, new),
        *_compare_latencies(old, new, latency_factor, latency_floor_s),
    ]


def render_diff(
    differences: list[Difference], *, before: str = "before", after: str = "now", markdown: bool = False
) -> str:
    """Return `differences` as text, or as Markdown; `before` and `after` name the two runs."""
    if not differences:
        return "No differences.\n"
    lines: list[str] = []
    for area in Area:
        chosen = [difference for difference in differences if difference.area == area]
        if chosen:
            lines += ["", f"**{area}**" if markdown else area, *([""] if markdown else [])]
            lines += [
                f"{'-' if markdown else ' '} {item.subject}: "
                f"{before}: {_quote(item.before, markdown)}, {after}: {_quote(item.after, markdown)}"
                f"{' (worse)' if item.worse else ''}"
                for item in chosen
            ]
    return "\n".join(lines[1:]) + "\n"


def _quote(value: str, markdown: bool) -> str:
    """Return `value` so that Markdown leaves a version or a digest as it is."""
    return f"`{value}`" if markdown and value and "`" not in value else value or ABSENT


def find_changed_cells(old: Record, new: Record) -> dict[tuple[str, Column], Status]:
    """Return the cells of `new` that have another status than in `old`, with the status that they had there."""
    before = {(cell.kind, cell.column): cell.status for cell in old.cells}
    return {
        key: before[key]
        for cell in new.cells
        if (key := (cell.kind, cell.column)) in before and before[key] != cell.status
    }


_SHORTFALLS = (Status.FAIL, Status.ERROR, Status.NOT_RUN, Status.KNOWN)


def _compare_cells(old: Record, new: Record) -> Iterator[Difference]:
    """Yield each changed cell, and those that did not run or are in one run only in one line."""
    before = {(cell.kind, cell.column): cell.status for cell in old.cells}
    after = {(cell.kind, cell.column): cell.status for cell in new.cells}
    not_run: list[tuple[str, Column]] = []
    for kind in order_kinds(kind for kind, _ in (*before, *after)):
        for column in Column:
            key = (kind, column)
            was, now = before.get(key), after.get(key)
            if was == now:
                continue
            if was is not None and now in {None, Status.NOT_RUN}:
                not_run.append(key)
                continue
            worse = was is not None and now in _SHORTFALLS and combine([was, now]) == now
            yield Difference(Area.CELL, f"{kind}, {column.heading}", _word(was), _word(now), worse)
    if not_run:
        kinds = order_kinds(kind for kind, _ in not_run)
        named = "all kinds" if len(kinds) == len(ROW_ORDER) else join_names(kinds)
        subject = f"{count(len(not_run), 'cell')} of {named}"
        yield Difference(Area.CELL, subject, "judged", Status.NOT_RUN.label.lower(), worse=True)


def _word(status: Status | None) -> str:
    return ABSENT if status is None else status.label.lower()


def _compare_issues(old: Record, new: Record) -> Iterator[Difference]:
    before = {issue.id: issue for issue in old.known_issues}
    after = {issue.id: issue for issue in new.known_issues}
    for name in [*after, *(name for name in before if name not in after)]:
        was = before[name].status.value.replace("_", " ") if name in before else ABSENT
        now = after[name].status.value.replace("_", " ") if name in after else ABSENT
        if was != now:
            yield Difference(Area.ISSUE, name, was, now)


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
