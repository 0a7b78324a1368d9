"""Renders a record as HTML: one section to stand above pytest-html's table, or a page of its own.

Either is complete in itself: styles and drawings are inline, and nothing is fetched. The templates only lay
out what `harness.report.sections` selects; everything in them is escaped unless it is ours.
"""

from __future__ import annotations

import functools
from pathlib import Path

import jinja2
from markupsafe import Markup

from harness.core.record import Evidence, Record, combine
from harness.report import coverage
from harness.report.contract import EXPLANATION, TITLE, group_facts
from harness.report.diff import compare_records, find_changed_cells
from harness.report.evidence import describe_evidence, list_findings
from harness.report.formatting import (
    count,
    format_duration,
    format_milliseconds,
    format_moment,
    format_offset,
    parse_time,
    split_difference,
)
from harness.report.latency import draw_latencies
from harness.report.matrix import Matrix, MatrixCell, list_matrices
from harness.report.sections import (
    ISSUE_TONES,
    group_other_checks,
    list_explained,
    list_failures,
    list_latencies,
    list_row_counts,
    split_issues,
)
from harness.report.timeline import draw_timeline, list_headings, list_steps
from harness.report.verdict import count_statuses, judge
from harness.report.view import name_check, name_row, name_subject, number_check

TEMPLATES = Path(__file__).with_name("templates")

LONG_BODY_LINES = 18
LONG_BODY_CHARACTERS = 1800
"""Evidence longer than either scrolls in a box of its own, which the keyboard must then reach."""

BODY_LIMIT = 20_000
VALUE_LIMIT = 2_000
"""Characters of a piece of evidence, and of a value that differs, that the page shows; `report.json` has all."""


def render_section(record: Record, baseline: Record | None = None) -> str:
    """Return the report as an HTML fragment for pytest-html's summary, with the styles for the whole page."""
    return _render("section.html.j2", record, baseline, styles=("report.css", "pytest.css"))


def render_page(record: Record, baseline: Record | None = None) -> str:
    """Return the report as an HTML document of its own."""
    return _render("page.html.j2", record, baseline, styles=("report.css",))


def load_templates() -> None:
    """Compile the templates, while there is something to wait for anyway."""
    for path in TEMPLATES.glob("*.j2"):
        _make_environment(TEMPLATES).get_template(path.name)


def load_css(*names: str, folder: Path = TEMPLATES) -> str:
    """Return the style sheets `names` of the folder, or of the report's: `report.css`, `pytest.css`."""
    paths = (next(path for place in (folder, TEMPLATES) if (path := place / name).exists()) for name in names)
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def render_template(
    name: str, /, *, styles: tuple[str, ...] = ("report.css",), folder: Path = TEMPLATES, **values: object
) -> str:
    """Return what the template makes of these values and of the style sheets, as text that a file can hold.

    A template of another folder may use the report's.
    """
    css = Markup(load_css(*styles, folder=folder))  # noqa: S704  our own files
    text = _make_environment(folder).get_template(name).render(css=css, **values)
    return text.encode("utf-8", "replace").decode("utf-8")   # a lone surrogate can't be written to a file


def _render(template: str, record: Record, baseline: Record | None, styles: tuple[str, ...]) -> str:
    start = parse_time(record.started_at)
    latencies = list_latencies(record)
    kind_counts, other_counts = list_row_counts(record)
    looked_for, passed_by = split_issues(record)
    matrices = list_matrices(record)
    anchors = _name_anchors(record, matrices)
    return render_template(
        template,
        styles=styles,
        record=record,
        baseline=baseline,
        verdict=judge(record),
        matrices=matrices,
        failures=list_failures(record),
        other_checks=group_other_checks(record),
        changed=find_changed_cells(baseline, record) if baseline else {},
        differences=compare_records(baseline, record) if baseline else [],
        latencies=latencies,
        plot=Markup(draw_latencies(latencies)),  # noqa: S704  our own drawing, which escapes its texts
        versions={"harness": record.harness_version, "namespace": record.namespace, **record.environment},
        kind_counts=kind_counts,
        main_tables={kind.name: kind.tables[0] for kind in record.kinds if kind.tables},
        other_counts=other_counts,
        longest_stage_s=max(record.stages_s.values(), default=0.0),
        looked_for=looked_for,
        passed_by=passed_by,
        contract=group_facts(record),
        contract_title=TITLE,
        contract_explanation=EXPLANATION,
        coverage_title=coverage.TITLE,
        coverage_explanation=coverage.EXPLANATION,
        coverage_total=coverage.describe_total(record),
        issue_titles={issue.id: issue.title for issue in record.known_issues},
        explained=functools.partial(list_explained, record),
        anchor=lambda check: anchors[id(check)],
        offset=functools.partial(format_offset, start=start),
        issue_tones=ISSUE_TONES,
    )


@functools.cache
def _make_environment(folder: Path) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, TEMPLATES]),
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
        body_limit=BODY_LIMIT,
        cell_id=_name_cell,
        combine=combine,
        count_statuses=count_statuses,
        describe_evidence=describe_evidence,
        draw_timeline=lambda data: Markup(draw_timeline(data)),  # noqa: S704  our own drawing, as above
        is_long=_is_long,
        list_headings=list_headings,
        list_steps=list_steps,
        mark_findings=_mark_findings,
        matrix_id=_name_matrix,
        name_check=name_check,
        name_row=name_row,
        name_subject=name_subject,
        number_check=number_check,
        shorten=_shorten,
        split_difference=split_difference,
        value_limit=VALUE_LIMIT,
    )
    return environment


def _name_cell(cell: MatrixCell) -> str:
    """Return the id of a cell's element, which no cell of another matrix has."""
    return f"ia-{cell.kind}-{cell.column.key}"


def _name_matrix(matrix: Matrix) -> str:
    return f"ia-chapter-{matrix.chapter}"


def _name_anchors(record: Record, matrices: list[Matrix]) -> dict[int, str]:
    """Return the id of the element that opens to a check's evidence, by the check's own id; '' where none does."""
    cells = [cell for matrix in matrices for row in matrix.rows for cell in row.cells]
    anchors = {id(check): _name_cell(cell) for cell in cells for check in cell.checks}
    numbers = {id(check): number for number, check in enumerate(record.checks)}
    anchors |= {id(check): f"ia-check-{numbers[id(check)]}" for matrix in matrices for check in matrix.others}
    return dict.fromkeys(numbers, "") | anchors


def _shorten(text: str, limit: int) -> str:
    """Return `text`, or its beginning and how much more there is."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n[{len(text) - limit} more characters in report.json]"


def _is_long(text: str) -> bool:
    return text.count("\n") >= LONG_BODY_LINES or len(text) > LONG_BODY_CHARACTERS


def _mark_findings(item: Evidence) -> list[tuple[str, bool]]:
    """Return the lines of a comparison, and whether each states a finding."""
    lines = {line for finding in list_findings(item) for line in finding.splitlines()}
    return [(line, line in lines) for line in _shorten(describe_evidence(item), BODY_LIMIT).splitlines()]
