"""Where a checkout contradicts itself, or what is sent to it, found before anything runs.

What is merely different in a version is no finding: the contract of the version is read, and the report tells it.
Nothing here is a verdict on the product: that is what the run is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.provision.checkout.crds import CheckoutCrds
from harness.provision.checkout.golines import GENERATED_FOLDER, INGESTER_FOLDER
from harness.provision.checkout.reading import Sources
from harness.provision.checkout.schema import Schema
from harness.provision.checkout.validation import Fate, Problem, find_problems
from harness.spec.contract import Contract
from harness.spec.model import Case, JsonObject, Kind
from harness.spec.templates import Templates

_MAIN_COLUMNS = (
    "uid", "group_ver", "namespace", "name", "res_version",
    "create_time", "update_time", "delete_time", "proto", "json",
)  # fmt: skip
_SIDE_COLUMNS = ("obj_uid", "key", "value")


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"       # cells of the run will fail, or fail to run, because of it
    WARNING = "warning"   # the run may show it
    NOTE = "note"         # good to know


@dataclass(frozen=True)
class Disagreement:
    """One disagreement: what it is, where it is to be seen, and the kind that it is about, if one."""

    severity: Severity
    what: str
    where: str
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.severity}: {self.what} ({self.where})"


def find_drift(sources: Sources, contract: Contract, templates: Templates | None = None) -> list[Disagreement]:
    """Return where the checkout contradicts itself, or its contract's cases, errors first."""
    found = [
        *_compare_kinds(sources, contract),
        *(finding for kind in contract.kinds for finding in _compare_columns(kind, sources)),
        *_compare_tables(sources.schema, contract),
        *_check_cases(sources.crds, contract, templates or Templates()),
    ]
    order = list(Severity)
    return sorted(found, key=lambda finding: order.index(finding.severity))


def _compare_kinds(sources: Sources, contract: Contract) -> Iterator[Disagreement]:
    registered = sources.registered
    if registered is None:
        what = "The list of kinds that the ingester registers was not recognised; the run will tell them"
        yield Disagreement(Severity.NOTE, what, INGESTER_FOLDER)
        return
    missing = [name for name in contract.names if name not in registered.kinds]
    if missing:
        count = f"{len(contract.names) - len(missing)} of the contract's {len(contract.names)} kinds"
        names = ", ".join(missing) if len(missing) < len(contract.names) else "all"
        what = f"{count} are registered with the ingester; missing: {names}"
        yield Disagreement(Severity.ERROR, what, registered.where)
    for name in registered.kinds:
        if name not in contract.names and name not in contract.mysql_primary_kinds:
            what = f"{name} is registered with the ingester and has no CRD"
            yield Disagreement(Severity.ERROR, what, registered.where, name)


def _compare_columns(kind: Kind, sources: Sources) -> Iterator[Disagreement]:
    generated = sources.kinds.get(kind.name)
    if generated is None:
        what = f"{kind.name} has no GetIndexedKeyValuePairs, so that nothing says which columns are filled"
        yield Disagreement(Severity.NOTE, what, GENERATED_FOLDER, kind.name)
        return
    table = sources.schema.tables.get(kind.table)
    declared = sources.declared.get(kind.name)
    where = declared.where if declared else generated.file
    if declared is not None and declared.immutable is not generated.immutable:
        meant, made = ("immutable", "is not") if declared.immutable else ("mutable", "is immutable")
        what = f"{kind.name} is declared to be {meant}, and {made} by its generated code"
        yield Disagreement(Severity.ERROR, what, where, kind.name)
    filled = {column.name for column in generated.columns}
    for column in sources.list_columns(generated):
        if column.name not in filled:
            what = f"{kind.name}: the indexed column {column.name} is declared, of {column.path}; no code fills it"
            yield Disagreement(Severity.ERROR, what, where, kind.name)
    for column in generated.columns:
        if table is not None and column.name not in table:
            what = f"{kind.name}: the indexed column {column.name} is not in the table {kind.table}"
            yield Disagreement(Severity.ERROR, what, sources.schema.path.name, kind.name)
        if not column.path:
            what = f"{kind.name}: the field of the indexed column {column.name} was not recognised"
            yield Disagreement(Severity.NOTE, what, generated.file, kind.name)


def _compare_tables(schema: Schema, contract: Contract) -> Iterator[Disagreement]:
    where = schema.path.name
    for kind in contract.kinds:
        for table in kind.tables:
            columns = schema.tables.get(table)
            if columns is None:
                yield Disagreement(Severity.ERROR, f"The table {table} is missing", where, kind.name)
                continue
            for name in _MAIN_COLUMNS if table == kind.table else _SIDE_COLUMNS:
                if name not in columns:
                    what = f"The table {table} lacks the column {name}"
                    yield Disagreement(Severity.ERROR, what, where, kind.name)
    for what in schema.contradictions:
        yield Disagreement(Severity.NOTE, f"{what}; {where} is used", where)


def _check_cases(crds: CheckoutCrds, contract: Contract, templates: Templates) -> Iterator[Disagreement]:
    for case in contract.cases:
        schema = crds.find_schema(case.name)
        if schema is not None and case.can_be_made:
            yield from describe_problems(case, templates.render(case), schema)


def describe_problems(case: Case, obj: JsonObject, schema: JsonObject) -> Iterator[Disagreement]:
    """Yield what the schema would drop or refuse of a case's object and of its patch."""
    parts: Sequence[tuple[str, Iterable[Problem]]] = (
        (case.template or case.origin, find_problems(obj, schema)),
        (f"the patch of {case.name}", find_problems(dict(case.patch), schema, partial=True)),
    )
    for where, problems in parts:
        for problem in problems:
            severity = Severity.ERROR if problem.fate is Fate.REFUSED else Severity.WARNING
            what = f"{case.name}: {problem.path} would be {problem.fate}: {problem.words}"
            yield Disagreement(severity, what, where, case.name)
