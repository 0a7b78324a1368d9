"""The matrices of a report: one per chapter, their rows, what is said once instead of in each cell, the evidence.

The first matrix is the record's own cells, the seed report's. Those of the later chapters are read off the checks:
one check is one cell. It selects from a record and orders; it judges nothing and writes no markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from harness.core.record import Cell, Check, Column, Evidence, Record, Status, combine
from harness.report.chapters import CHAPTERS, Chapter, find_chapter, rank_section
from harness.report.places import Heading, find_checks, head_section, list_own_evidence, name_row, number_section
from harness.report.wording import count, join_names
from harness.spec.catalogue import KINDS

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
_FIRST_TITLE = "Results at a glance"
_FIRST_EXPLANATION = "Objects as kubectl sends them, straight to kube-apiserver."
_NOT_SELECTED = "not selected"
_SHARED_BY = 4   # a reason of more cells than this is said once
_WIDE = 6   # with more columns than this, every reason stands beside the table: its cells are too narrow
_NAMED = 3   # this many cells are named, more are counted


@dataclass(frozen=True)
class MatrixCell:
    """A cell as it is shown. `evidence` is what none of its `checks` shows by itself."""

    kind: str
    column: Heading
    status: Status
    detail: str = ""
    checks: Sequence[Check] = ()
    evidence: Sequence[Evidence] = ()

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
    """One of the report's matrices, and the checks of its chapter that belong to no kind, in `others`.

    `explanation` says what it is about, where there are several. `shared` are the reasons that many of its cells
    have. One that `is_idle` is not worth a table: no cell of it applies, or none ran, and `shared` says why.
    `facts` are the names of what `others` measured, where they are the columns of a table of their own.
    """

    chapter: str
    title: str
    explanation: str
    columns: tuple[Heading, ...]
    cells: Sequence[MatrixCell]
    rows: list[Row] = field(default_factory=list)
    shared: list[SharedReason] = field(default_factory=list)
    is_idle: bool = False
    others: Sequence[Check] = ()
    facts: tuple[str, ...] = ()

    @property
    def is_wide(self) -> bool:
        """Whether its columns are too many for words in the cells."""
        return len(self.columns) > _WIDE

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

    def list_results(self) -> dict[tuple[str, str], Status]:
        """Return the status of each cell by kind and column, and of each other check by '' and its name."""
        results = {cell.place: cell.status for cell in self.cells}
        return results | {("", name_row(check)): check.status for check in self.others}


def build_matrix(record: Record) -> Matrix:
    """Return the first matrix: the objects as kubectl sends them. A cell that the record lacks did not run."""
    columns = tuple(Heading(column.value, column.heading) for column in Column)
    cells = [_show_cell(record, cell) for cell in record.cells]
    rows = _list_rows(cells, columns)
    return Matrix(
        "",
        _FIRST_TITLE,
        _FIRST_EXPLANATION if any(map(_goes_through_api, record.checks)) else "",
        columns,
        cells,
        rows,
        _list_shared_reasons(cells, _SHARED_BY, (Status.NOT_RUN,), with_place=False),
    )


def build_chapter(record: Record, chapter: Chapter) -> Matrix | None:
    """Return what a chapter's checks add up to, None where none of them was selected.

    It has the columns of which any check was selected.
    """
    checks = [check for check in record.checks if find_chapter(check.section) is chapter]
    if not checks:
        return None
    placed = [] if chapter.is_table else [check for check in checks if check.kind]
    others = sorted((c for c in checks if c not in placed), key=lambda check: rank_section(check.section))
    columns = tuple(_list_columns(placed))
    cells = list(_join_checks(placed, columns))
    is_idle = {cell.status for cell in cells} in ({Status.NOT_APPLICABLE}, {Status.NOT_RUN})
    rows = _list_rows(cells, columns)
    said_by = 0 if is_idle or len(columns) > _WIDE else _SHARED_BY
    title, explanation = _explain(chapter, columns)
    return Matrix(
        chapter.number,
        title,
        explanation,
        columns,
        cells,
        [] if is_idle else rows,
        _list_shared_reasons(cells if is_idle else [c for row in rows for c in row.cells], said_by, tuple(_VERBS)),
        is_idle,
        others,
        tuple(dict.fromkeys(name for check in others for name in check.facts)) if chapter.is_table else (),
    )


def list_matrices(record: Record) -> list[Matrix]:
    """Return the first matrix and those of the chapters, each where any of its checks was selected.

    The first one also stands, empty, where nothing was selected at all.
    """
    chapters = [matrix for chapter in CHAPTERS if (matrix := build_chapter(record, chapter))]
    return [build_matrix(record), *chapters] if record.cells or not chapters else chapters


def order_kinds(kinds: Iterable[str]) -> list[str]:
    """Return each of `kinds` once: the report's own order first, unknown ones after them by name."""
    found = set(kinds)
    return [kind for kind in ROW_ORDER if kind in found] + sorted(found.difference(ROW_ORDER))


def _show_cell(record: Record, cell: Cell) -> MatrixCell:
    heading = Heading(cell.column.value, cell.column.heading)
    checks, own = find_checks(record, cell), list_own_evidence(record, cell)
    return MatrixCell(cell.kind, heading, cell.status, cell.detail, checks, own)


def _goes_through_api(check: Check) -> bool:
    chapter = find_chapter(check.section)
    return bool(check.kind and chapter and chapter.aside)


def _list_columns(checks: list[Check]) -> Iterator[Heading]:
    """Yield the columns that have checks, each once, in the order of their numbers."""
    sections = {number_section(check): check for check in checks}
    for section in sorted(sections, key=rank_section):
        yield head_section(sections[section])


def _join_checks(checks: list[Check], columns: tuple[Heading, ...]) -> Iterator[MatrixCell]:
    """Yield the cell of each kind and section that has checks; it is as good as the worst of them.

    Its detail does not say again which kind it is about, so that equal reasons of several kinds are equal.
    """
    headings = {column.key: column for column in columns}
    places: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        places.setdefault((check.kind or "", number_section(check)), []).append(check)
    for (kind, section), own in places.items():
        status = combine([check.status for check in own])
        told = (check.detail.removeprefix(f"{kind}: ") for check in own if check.status is status)
        details = dict.fromkeys(filter(None, told))
        yield MatrixCell(kind, headings[section], status, "; ".join(details), own)


def _explain(chapter: Chapter, columns: tuple[Heading, ...]) -> tuple[str, str]:
    """Return the title and the explanation of a chapter, whose columns may be about the first matrix."""
    aside = chapter.aside
    if aside is None or aside.section not in {column.key for column in columns}:
        return chapter.title, chapter.explanation
    if len(columns) == 1:
        return aside.title, aside.explanation
    about = f"{aside.explanation[0].lower()}{aside.explanation[1:]}"
    return chapter.title, f"{chapter.explanation} The first column is about {about}"


def _list_rows(cells: Sequence[MatrixCell], columns: tuple[Heading, ...]) -> list[Row]:
    """Return the rows; a cell that is missing is NOT RUN, so that a gap can't look green."""
    found = {cell.place: cell for cell in cells}
    return [
        Row(kind, tuple(found.get((kind, column.name)) or _leave_open(kind, column) for column in columns))
        for kind in order_kinds(cell.kind for cell in cells)
    ]


def _leave_open(kind: str, column: Heading) -> MatrixCell:
    return MatrixCell(kind, column, Status.NOT_RUN, _NOT_SELECTED if column.section else "")


def _list_shared_reasons(
    cells: Sequence[MatrixCell], more_than: int, statuses: tuple[Status, ...], *, with_place: bool = True
) -> list[SharedReason]:
    groups: dict[tuple[Status, str], list[MatrixCell]] = {}
    for cell in cells:
        if cell.status in statuses:
            groups.setdefault((cell.status, cell.detail), []).append(cell)
    return [
        SharedReason(status, reason, len(group), _locate(group) if with_place else "")
        for (status, reason), group in groups.items()
        if len(group) > more_than and (reason or not more_than)
    ]


def _locate(cells: list[MatrixCell]) -> str:
    """Return where the cells stand, as far as few words can say it, or ''."""
    if len(cells) <= _NAMED:
        return f" ({', '.join(f'{cell.kind} {cell.column.section}' for cell in cells)})"
    for names in ({cell.column.section: None for cell in cells}, {cell.kind: None for cell in cells}):
        if len(names) < _NAMED:
            return f" of {join_names(list(names))}"
    return ""
