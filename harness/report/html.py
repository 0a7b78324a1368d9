"""Renders a record as HTML: one section to stand above pytest-html's table, or a page of its own.

Either is complete in itself: styles and drawings are inline, and nothing is fetched. The templates only lay
out what `harness.report.outline` selects; everything in them is escaped unless it is ours.
"""

from __future__ import annotations

import functools
from pathlib import Path

import jinja2
from markupsafe import Markup

from harness.report.diff import compare_records, find_changed_cells
from harness.report.latency import draw_latencies
from harness.report.matrix import (
    AnyCell,
    AnyColumn,
    find_cells,
    find_checks,
    list_matrices,
    list_own_evidence,
    name_check,
)
from harness.report.outline import group_other_checks, list_failures, list_latencies, list_row_counts
from harness.report.verdict import count_statuses, judge
from harness.report.wording import (
    count,
    format_duration,
    format_milliseconds,
    format_moment,
    format_offset,
    parse_time,
    split_difference,
)
from harness.results import ApiCell, Check, Evidence, IssueStatus, Record, Status, combine

TEMPLATES = Path(__file__).with_name("templates")

ISSUE_TONES = {
    IssueStatus.REPRODUCED: Status.KNOWN,
    IssueStatus.STALE: Status.FAIL,
    IssueStatus.NOT_CHECKED: Status.NOT_RUN,
}

LONG_BODY_LINES = 18
LONG_BODY_CHARACTERS = 1800
"""Evidence longer than either scrolls in a box of its own, which the keyboard must then reach."""


def render_section(record: Record, baseline: Record | None = None) -> str:
    """Return the report as an HTML fragment for pytest-html's summary, with the styles for the whole page."""
    return _render("section.html.j2", record, baseline, styles=("report.css", "pytest.css"))


def render_page(record: Record, baseline: Record | None = None) -> str:
    """Return the report as an HTML document of its own."""
    return _render("page.html.j2", record, baseline, styles=("report.css",))


def load_css(*names: str) -> str:
    """Return the style sheets `names` of the templates folder: `report.css`, `pytest.css`."""
    return "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)


def _render(template: str, record: Record, baseline: Record | None, styles: tuple[str, ...]) -> str:
    start = parse_time(record.started_at)
    latencies = list_latencies(record)
    kind_counts, other_counts = list_row_counts(record)
    text = _load_templates().get_template(template).render(
        record=record,
        baseline=baseline,
        verdict=judge(record),
        matrices=list_matrices(record),
        failures=list_failures(record),
        other_checks=group_other_checks(record),
        changed=_find_changed(baseline, record),
        differences=compare_records(baseline, record) if baseline else [],
        latencies=latencies,
        plot=Markup(draw_latencies(latencies)),  # noqa: S704  our own drawing, escaped by ElementTree
        versions={"harness": record.harness_version, "namespace": record.namespace, **record.environment},
        kind_counts=kind_counts,
        other_counts=other_counts,
        longest_stage_s=max(record.stages_s.values(), default=0.0),
        css=Markup(load_css(*styles)),  # noqa: S704  our own files
        cell_checks=functools.partial(find_checks, record),
        check_cells=functools.partial(find_cells, record),
        own_evidence=functools.partial(list_own_evidence, record),
        offset=functools.partial(format_offset, start=start),
        issue_tones=ISSUE_TONES,
    )
    return text.encode("utf-8", "replace").decode("utf-8")   # a lone surrogate can't be written to a file


@functools.cache
def _load_templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        counted=count,
        duration=format_duration,
        milliseconds=format_milliseconds,
        moment=format_moment,
    )
    environment.globals.update(
        cell_id=_name_cell,
        combine=combine,
        count_statuses=count_statuses,
        is_long=_is_long,
        mark_lines=_mark_lines,
        name_check=name_check,
        split_difference=split_difference,
    )
    return environment


def _find_changed(baseline: Record | None, record: Record) -> list[dict[tuple[str, AnyColumn], Status]]:
    """Return the changed cells of each matrix: apart, as the names of the columns of both are equal."""
    old = baseline or Record()
    return [find_changed_cells(old.cells, record.cells), find_changed_cells(old.api_cells, record.api_cells)]


def _name_cell(cell: AnyCell) -> str:
    """Return the id of a cell's element, which no cell of the other matrix has."""
    return f"ia-{'api-' if isinstance(cell, ApiCell) else ''}{cell.kind}-{cell.column.value}"


def _is_long(item: Evidence) -> bool:
    return item.body.count("\n") >= LONG_BODY_LINES or len(item.body) > LONG_BODY_CHARACTERS


def _mark_lines(item: Evidence, checks: list[Check]) -> list[tuple[str, bool]]:
    """Return the lines of a comparison, and whether each states one of the mismatches of `checks`."""
    places = tuple(f"{mismatch.where}:" for check in checks for mismatch in check.mismatches)
    return [(line, line.lstrip().startswith(places)) for line in item.body.splitlines()]
