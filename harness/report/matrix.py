"""The two matrices of a report: their rows, what is said once instead of in each cell, the cells' evidence.

It selects from a record and orders; it judges nothing (`harness.report.verdict`) and writes no markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from harness.catalogue import KINDS
from harness.report.wording import count
from harness.results import ApiCell, ApiColumn, Cell, Check, Column, Evidence, Record, Status

AnyCell = Cell | ApiCell
AnyColumn = Column | ApiColumn

API_SECTIONS: dict[str, ApiColumn] = {
    "4.1": ApiColumn.PROTO,
    "4.2": ApiColumn.CREATED,
    "4.3": ApiColumn.SYNCED,
    "4.4": ApiColumn.UPDATED,
    "4.5": ApiColumn.UPDATE_SYNCED,
    "4.6": ApiColumn.DELETED,
}
"""The check that each cell of the second matrix consists of."""

_LAST_ROW = "SparkJob"   # the seed report's matrix ends with the kind that did not sync

ROW_ORDER: tuple[str, ...] = (
    *(kind.name for kind in KINDS if kind.name != _LAST_ROW),
    *(kind.name for kind in KINDS if kind.name == _LAST_ROW),
)
"""The kinds as the seed report's matrix lists them."""

_VERBS = {
    Status.NOT_RUN: ("did not run", "did not run"),
    Status.NOT_APPLICABLE: ("does not apply", "do not apply"),
    Status.KNOWN: ("falls short as expected", "fall short as expected"),
}
_PROTO_COMPARED = "their proto column, decoded and compared with the object."
_PROTO_EXPLANATION = f"The rows of the first matrix: {_PROTO_COMPARED}"
_EXPLANATION = "The same objects, written through Michelangelo's own API server instead of kubectl."
_SHARED_BY = 4   # a reason of more cells than this is said once


@dataclass(frozen=True)
class Row:
    """A row of a matrix: a kind and its cells, in the columns' order."""

    kind: str
    cells: tuple[AnyCell, ...]


@dataclass(frozen=True)
class SharedReason:
    """Why `number` cells of a matrix have `status`: said once beside the matrix instead of in each cell."""

    status: Status
    reason: str
    number: int

    def __str__(self) -> str:
        """Return it as a sentence: '8 cells did not run: no controllers'."""
        one, many = _VERBS[self.status]
        verb = one if self.number == 1 else many
        return f"{count(self.number, 'cell')} {verb}: {self.reason}".removesuffix(": ")


@dataclass(frozen=True)
class Matrix:
    """One of the record's matrices. `explanation` says how its objects were written, where there are two.

    `shared` are the reasons that many of its cells have. One that `is_idle` is not worth a table: no cell
    of it applies, and `shared` says why.
    """

    title: str
    explanation: str
    columns: tuple[AnyColumn, ...]
    cells: Sequence[AnyCell]
    rows: list[Row] = field(default_factory=list)
    shared: list[SharedReason] = field(default_factory=list)
    is_idle: bool = False

    @property
    def remarks(self) -> list[tuple[Status, str]]:
        """What stands beside the table, or of an idle matrix in its place, each with the status it is about."""
        if self.is_idle and len(self.shared) == 1:
            return [(Status.NOT_APPLICABLE, self.shared[0].reason or "nothing applies")]
        return [(item.status, str(item)) for item in self.shared]

    def explain(self, cell: AnyCell) -> str:
        """Return the detail of `cell`, or '' where the matrix says it once for many."""
        said = {(item.status, item.reason) for item in self.shared}
        return "" if (cell.status, cell.detail) in said else cell.detail


def build_matrix(record: Record) -> Matrix:
    """Return the first matrix: the objects as kubectl sends them."""
    return Matrix(
        "Results at a glance",
        "Objects as kubectl sends them, straight to kube-apiserver." if record.api_cells else "",
        tuple(Column),
        record.cells,
        _list_rows(record.cells, tuple(Column)),
        _list_shared_reasons(record.cells, _SHARED_BY, (Status.NOT_RUN,)),
    )


def build_api_matrix(record: Record) -> Matrix | None:
    """Return the second matrix, of the objects that went through Michelangelo's API server; None without one.

    It has the columns of which any check was selected: without an API server that is the proto column alone.
    """
    cells = record.api_cells
    if not cells:
        return None
    is_idle = all(cell.status == Status.NOT_APPLICABLE for cell in cells)
    columns = tuple(column for column in ApiColumn if any(cell.column == column for cell in cells))
    title, explanation = "Through Michelangelo's API server", _EXPLANATION
    if columns == (ApiColumn.PROTO,):
        title, explanation = "Proto column", _PROTO_EXPLANATION
    elif ApiColumn.PROTO in columns:
        explanation += f" The first column is about the rows of the first matrix: {_PROTO_COMPARED}"
    return Matrix(
        title,
        explanation,
        columns,
        cells,
        [] if is_idle else _list_rows(cells, columns),
        _list_shared_reasons(cells, 0 if is_idle else _SHARED_BY, tuple(_VERBS)),
        is_idle,
    )


def list_matrices(record: Record) -> list[Matrix]:
    """Return the record's matrices, the second one only where any of its checks was selected."""
    second = build_api_matrix(record)
    return [build_matrix(record), *([second] if second else [])]


def order_kinds(kinds: Iterable[str]) -> list[str]:
    """Return each of `kinds` once: the report's own order first, unknown ones after them by name."""
    found = set(kinds)
    return [kind for kind in ROW_ORDER if kind in found] + sorted(found.difference(ROW_ORDER))


def name_column(column: AnyColumn) -> str:
    """Return the heading of `column`, so that it can't be taken for one of the other matrix."""
    through_api = isinstance(column, ApiColumn) and column is not ApiColumn.PROTO
    return f"API server: {column.heading}" if through_api else column.heading


def find_column(check: Check) -> AnyColumn | None:
    """Return the column of either matrix that `check` counts towards, None for a check of no cell."""
    if check.kind is None:
        return None
    return check.column or API_SECTIONS.get(check.section.partition(" ")[0])


def name_place(check: Check) -> str:
    """Return the kind and the column of `check` in words, such as 'Model, Synced to MySQL', or ''."""
    column = find_column(check)
    return ", ".join(filter(None, (check.kind, column and name_column(column))))


def name_check(check: Check) -> str:
    """Return the title of `check` without its kind, which a run's titles end with and the report has beside it."""
    return check.title.removesuffix(f": {check.kind}")


def find_checks(record: Record, cell: AnyCell) -> list[Check]:
    """Return the checks that add up to `cell`."""
    return [
        check
        for check in record.checks
        if check.kind == cell.kind and find_column(check) is cell.column   # equal strings name either's columns
    ]


def find_cells(record: Record, check: Check) -> Sequence[AnyCell]:
    """Return the cells that `check` counts towards: one, or none."""
    column = find_column(check)
    cells: Sequence[AnyCell] = record.api_cells if isinstance(column, ApiColumn) else record.cells
    return [cell for cell in cells if cell.kind == check.kind and cell.column == column]


def list_evidence(record: Record, check: Check) -> list[Evidence]:
    """Return a check's evidence, and that of its cell, which the checks of one cell share."""
    cells = find_cells(record, check)
    return check.evidence + [item for cell in cells for item in list_own_evidence(record, cell)]


def list_own_evidence(record: Record, cell: AnyCell) -> list[Evidence]:
    """Return the evidence of `cell` that none of its checks already shows."""
    shown = [item for check in find_checks(record, cell) for item in check.evidence]
    return [item for item in cell.evidence if item not in shown]


def _list_rows(cells: Sequence[AnyCell], columns: tuple[AnyColumn, ...]) -> list[Row]:
    """Return the rows; a cell that the record lacks is NOT RUN, so that a gap can't look green."""
    found = {(cell.kind, cell.column): cell for cell in cells}
    return [
        Row(kind, tuple(found.get((kind, column)) or _make_cell(kind, column) for column in columns))
        for kind in order_kinds(cell.kind for cell in cells)
    ]


def _make_cell(kind: str, column: AnyColumn) -> AnyCell:
    return ApiCell(kind, column) if isinstance(column, ApiColumn) else Cell(kind, column)


def _list_shared_reasons(
    cells: Sequence[AnyCell], more_than: int, statuses: tuple[Status, ...]
) -> list[SharedReason]:
    reasons = Counter((cell.status, cell.detail) for cell in cells if cell.status in statuses)
    return [
        SharedReason(status, reason, number)
        for (status, reason), number in reasons.items()
        if number > more_than and (reason or not more_than)
    ]
