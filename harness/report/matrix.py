"""The matrices of a report: one per chapter, their rows, what is said once instead of in each cell.

A cell is all checks of a kind in the sections of a column, and as good as the worst of them. It selects from a
record and orders; it judges nothing and writes no markup.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from harness.core.record import ChapterContents, Check, Layout, Record, Status, combine
from harness.report.contents import Column, Contents, list_columns, list_groups, order_kinds
from harness.report.formatting import count, join_names
from harness.report.view import name_row

_VERBS = {
    Status.NOT_RUN: ("did not run", "did not run"),
    Status.NOT_APPLICABLE: ("does not apply", "do not apply"),
    Status.KNOWN: ("falls short as expected", "fall short as expected"),
}
_NOT_SELECTED = "not selected"
_SHARED_BY = 4   # a reason of more cells than this is said once
_WIDE = 6   # with more columns than this, every reason stands beside the table: its cells are too narrow
_NARROW = 4   # columns that fit side by side on a telephone
_NAMED = 3   # this many cells are named, more are counted


@dataclass(frozen=True)
class MatrixCell:
    """A cell as it is shown: the checks of a kind in the sections of a column."""

    kind: str
    column: Column
    status: Status
    detail: str = ""
    checks: Sequence[Check] = ()

    @property
    def place(self) -> tuple[str, str]:
        """What names the cell within a report."""
        return self.kind, self.column.name


@dataclass(frozen=True)
class Row:
    """A row of a matrix: a kind and its cells, in the columns' order."""

    kind: str
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True)
class SharedReason:
    """Why `number` cells of a matrix have `status`: said once beside the matrix instead of in each cell."""

    status: Status
    reason: str
    number: int
    where: str = ""

    @property
    def cells(self) -> str:
        """How many cells they are, and where they stand: '13 cells of 5.7'."""
        return f"{count(self.number, 'cell')}{self.where}"

    def __str__(self) -> str:
        """Return it as a sentence: '8 cells did not run: no controllers'."""
        one, many = _VERBS[self.status]
        return f"{self.cells} {one if self.number == 1 else many}: {self.reason}".removesuffix(": ")


@dataclass(frozen=True)
class Matrix:
    """A chapter of the report: its matrix, and the checks of it that are in no cell, in `others`.

    `explanation` says what it is about, where there are several. The first chapter of the contents `leads`, and
    needs no name. `shared` are the reasons that many of its cells have. One that `is_idle` is not worth a table:
    no cell of it applies, or none ran, and `shared` says why. `facts` are the names of what `others` measured,
    where they are the columns of a table of their own.
    """

    chapter: str
    title: str
    explanation: str
    columns: tuple[Column, ...]
    cells: Sequence[MatrixCell]
    rows: list[Row] = field(default_factory=list)
    shared: list[SharedReason] = field(default_factory=list)
    is_idle: bool = False
    others: Sequence[Check] = ()
    facts: tuple[str, ...] = ()
    leads: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether its columns are too many for words in the cells."""
        return len(self.columns) > _WIDE

    @property
    def is_narrow(self) -> bool:
        """Whether its columns stand side by side on a telephone."""
        return len(self.columns) <= _NARROW

    @property
    def statuses(self) -> list[Status]:
        """The status of each cell, and of each check beside them."""
        return [*(cell.status for cell in self.cells), *(check.status for check in self.others)]

    @property
    def size(self) -> str:
        """How much there is of it: '52 cells', '91 cells and 4 checks'."""
        cells = count(len(self.cells), "cell") if self.cells else ""
        return " and ".join(filter(None, (cells, count(len(self.others), "check") if self.others else "")))

    @property
    def remarks(self) -> list[tuple[Status, str]]:
        """What stands beside the table, or of an idle matrix in its place, each with the status it is about."""
        if self.is_idle and len(self.shared) == 1:
            status, reason = self.shared[0].status, self.shared[0].reason
            return [(status, reason or ("nothing applies" if status is Status.NOT_APPLICABLE else "nothing ran"))]
        return [(item.status, str(item)) for item in self.shared]

    def explain(self, cell: MatrixCell) -> str:
        """Return the detail of `cell`, or '' where the matrix says it once for many."""
        said = {(item.status, item.reason) for item in self.shared}
        return "" if (cell.status, cell.detail) in said else cell.detail

    def list_checks(self) -> list[Check]:
        """Return the checks that stand in it."""
        return [*(check for cell in self.cells for check in cell.checks), *self.others]

    def list_results(self) -> dict[tuple[str, str], Status]:
        """Return the status of each cell by kind and column, and of each other check by '' and its name."""
        results = {cell.place: cell.status for cell in self.cells}
        return results | {("", name_row(check)): check.status for check in self.others}


def build_matrix(record: Record, chapter: ChapterContents) -> Matrix | None:
    """Return what a chapter's checks add up to, None where none of them is a cell or a row of it.

    Sections have a column each where any check of a kind was selected. A matrix of groups of sections is whole:
    each group is a column, each kind of the record a row, and the chapter's other checks stand outside
    (`harness.report.sections.group_other_checks`).
    """
    contents = Contents(record)
    checks = contents.list_checks(record, chapter)
    columns = list_columns(chapter, checks)
    is_table, is_whole = chapter.layout is Layout.TABLE, bool(list_groups(chapter))
    cells = list(_list_cells(record, checks, columns, is_whole=is_whole))
    others = [] if is_whole else [check for check in checks if is_table or not check.kind]
    if not cells and not others:
        return None
    is_idle = not is_whole and {cell.status for cell in cells} in ({Status.NOT_APPLICABLE}, {Status.NOT_RUN})
    rows = _list_rows(record, cells, columns)
    said_by = 0 if is_idle or len(columns) > _WIDE else _SHARED_BY
    title, explanation = _explain(contents, chapter, columns)
    return Matrix(
        chapter.key,
        title,
        explanation,
        columns,
        cells,
        [] if is_idle else rows,
        _list_shared_reasons(cells if is_idle else [c for row in rows for c in row.cells], said_by),
        is_idle,
        sorted(others, key=lambda check: contents.rank(check.section)),
        tuple(dict.fromkeys(name for check in others for name in check.facts)) if is_table else (),
        leads=chapter is record.chapters[0],
    )


def list_matrices(record: Record) -> list[Matrix]:
    """Return a matrix for each chapter of which anything was selected, in the order of the contents.

    Where nothing was selected at all, the first one stands empty. It explains itself only beside others.
    """
    matrices = [matrix for chapter in record.chapters if (matrix := build_matrix(record, chapter))]
    if not matrices:
        return [_leave_empty(chapter) for chapter in record.chapters[:1]]
    return [dataclasses.replace(matrices[0], explanation="")] if _is_alone(matrices) else matrices


def _is_alone(matrices: list[Matrix]) -> bool:
    return len(matrices) == 1 and matrices[0].leads


def _leave_empty(chapter: ChapterContents) -> Matrix:
    return Matrix(chapter.key, chapter.title, "", list_columns(chapter, ()), (), leads=True)


def _list_cells(
    record: Record, checks: list[Check], columns: tuple[Column, ...], *, is_whole: bool
) -> Iterator[MatrixCell]:
    """Yield the cells that have checks, and where the matrix is whole the others too, once any has."""
    placed: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        for column in columns:
            if check.kind and check.section in column.sections:
                placed.setdefault((check.kind, column.key), []).append(check)
    kinds = [kind for kind, _ in placed]
    if placed and is_whole:
        kinds += [kind.name for kind in record.kinds]
    for kind in order_kinds(record.kinds, kinds):
        for column in columns:
            own = placed.get((kind, column.key), [])
            if own or is_whole:
                yield _join_checks(kind, column, own)


def _join_checks(kind: str, column: Column, checks: list[Check]) -> MatrixCell:
    """Return the cell that the checks add up to; NOT RUN while one of its sections has none.

    Its detail does not say again which kind it is about, so that equal reasons of several kinds are equal.
    """
    missing = [section for section in column.sections if section not in {check.section for check in checks}]
    status = combine([check.status for check in checks] + [Status.NOT_RUN] * len(missing))
    told = [check.detail.removeprefix(f"{kind}: ") for check in checks if check.status is status]
    if missing and status is Status.NOT_RUN:
        told.append(f"{_NOT_SELECTED}: {', '.join(missing)}")
    return MatrixCell(kind, column, status, "; ".join(dict.fromkeys(filter(None, told))), checks)


def _explain(contents: Contents, chapter: ChapterContents, columns: tuple[Column, ...]) -> tuple[str, str]:
    """Return the title and the explanation of a chapter, whose first column may be about something else."""
    first = contents.find_section(columns[0].section) if columns else None
    if first is None or not first.explanation:
        return chapter.title, chapter.explanation
    if len(columns) == 1:
        return first.title or first.heading, first.explanation
    about = f"{first.explanation[0].lower()}{first.explanation[1:]}"
    return chapter.title, f"{chapter.explanation} The first column is about {about}"


def _list_rows(record: Record, cells: Sequence[MatrixCell], columns: tuple[Column, ...]) -> list[Row]:
    """Return the rows; a cell that is missing is NOT RUN, so that a gap can't look green."""
    found = {cell.place: cell for cell in cells}
    return [
        Row(kind, tuple(found.get((kind, column.name)) or _leave_open(kind, column) for column in columns))
        for kind in order_kinds(record.kinds, (cell.kind for cell in cells))
    ]


def _leave_open(kind: str, column: Column) -> MatrixCell:
    return MatrixCell(kind, column, Status.NOT_RUN, _NOT_SELECTED)


def _list_shared_reasons(cells: Sequence[MatrixCell], more_than: int) -> list[SharedReason]:
    groups: dict[tuple[Status, str], list[MatrixCell]] = {}
    for cell in cells:
        if cell.status in _VERBS:
            groups.setdefault((cell.status, cell.detail), []).append(cell)
    return [
        SharedReason(status, reason, len(group), _locate(group))
        for (status, reason), group in groups.items()
        if len(group) > more_than and (reason or not more_than)
    ]


def _locate(cells: list[MatrixCell]) -> str:
    """Return where the cells stand, as far as few words and the numbers of sections can say it, or ''."""
    if not all(cell.column.section for cell in cells):
        return ""
    if len(cells) <= _NAMED:
        return f" ({', '.join(f'{cell.kind} {cell.column.section}' for cell in cells)})"
    for names in ({cell.column.section: None for cell in cells}, {cell.kind: None for cell in cells}):
        if len(names) < _NAMED:
            return f" of {join_names(list(names))}"
    return ""
