"""Where a checkout and the harness disagree, found before anything runs.

The harness's side is the contract, its kinds and cases; the checkout's is its registered kinds, CRDs, generated
columns and SQL schema. Nothing here is a verdict on the product: that is what the run is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.provision.checkout.crds import CheckoutCrds
from harness.provision.checkout.golines import GENERATED_FOLDER, INGESTER_FOLDER, GeneratedKind, RegisteredList
from harness.provision.checkout.schema import Schema
from harness.provision.checkout.validation import Fate, Problem, find_field, find_problems
from harness.spec.contract import Contract
from harness.spec.model import Case, ColumnType, JsonObject, Kind
from harness.spec.templates import Templates

_MAIN_COLUMNS = (
    "uid", "group_ver", "namespace", "name", "res_version",
    "create_time", "update_time", "delete_time", "proto", "json",
)  # fmt: skip
_SIDE_COLUMNS = ("obj_uid", "key", "value")


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"       # cells of the run will fail, or fail to run, because of it
    WARNING = "warning"   # harness and checkout disagree; the run may show it
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


@dataclass(frozen=True)
class Sources:
    """What was read of a checkout. `registered` is None where the code has a shape that is not known."""

    kinds: Mapping[str, GeneratedKind]
    registered: RegisteredList | None
    crds: CheckoutCrds
    schema: Schema


def find_drift(sources: Sources, contract: Contract, templates: Templates | None = None) -> list[Disagreement]:
    """Return where the checkout and the contract disagree, errors first."""
    found = [
        *_compare_kinds(sources, contract),
        *(finding for kind in contract.kinds for finding in _compare_columns(kind, sources)),
        *_compare_tables(sources.schema, contract),
        *_check_cases(sources.crds, contract, templates or Templates()),
    ]
    order = list(Severity)
    return sorted(found, key=lambda finding: order.index(finding.severity))


def list_missing_kinds(crds: CheckoutCrds, kinds: Iterable[str]) -> list[str]:
    """Return those of the kinds for which the checkout has no CRD: with one missing, no run can start."""
    return [kind for kind in kinds if crds.find_schema(kind) is None]


def _compare_kinds(sources: Sources, contract: Contract) -> Iterator[Disagreement]:
    registered = sources.registered
    if registered is None:
        what = "The list of kinds that the ingester registers was not recognised; the run will tell them"
        yield Disagreement(Severity.NOTE, what, INGESTER_FOLDER)
    else:
        missing = [name for name in contract.names if name not in registered.kinds]
        if missing:
            count = f"{len(contract.names) - len(missing)} of the contract's {len(contract.names)} kinds"
            names = ", ".join(missing) if len(missing) < len(contract.names) else "all"
            what = f"{count} are registered with the ingester; missing: {names}"
            yield Disagreement(Severity.ERROR, what, registered.where)
        for name in registered.kinds:
            if name not in contract.names:
                yield Disagreement(
                    Severity.WARNING, f"{name} is registered with the ingester and not in the contract",
                    registered.where, name,
                )  # fmt: skip
    for name in list_missing_kinds(sources.crds, contract.names):
        yield Disagreement(Severity.ERROR, f"{name} is in the contract and has no CRD", GENERATED_FOLDER, name)
    known = {*contract.names, *(registered.kinds if registered else ())}
    for name in sources.crds.objects:
        if name not in known:
            yield Disagreement(
                Severity.NOTE, f"{name} has a CRD and is no kind of the ingester", _locate(sources, name), name
            )
    for kind in contract.kinds:
        crd = sources.crds.objects.get(kind.name)
        if crd is not None and crd["spec"]["names"]["plural"] != kind.plural:
            plural = crd["spec"]["names"]["plural"]
            what = f"{kind.name}: its plural is {plural}, the contract has {kind.plural}"
            yield Disagreement(Severity.ERROR, what, _locate(sources, kind.name), kind.name)


def _compare_columns(kind: Kind, sources: Sources) -> Iterator[Disagreement]:
    generated = sources.kinds.get(kind.name)
    if generated is None:
        what = f"{kind.name} has no GetIndexedKeyValuePairs"
        yield Disagreement(Severity.WARNING, what, GENERATED_FOLDER, kind.name)
        return
    ours = {column.name: column for column in kind.columns}
    theirs = {column.name: column for column in generated.columns}
    table = sources.schema.tables.get(kind.table)
    schema = sources.crds.find_schema(kind.name) or {}
    for name in theirs:
        if name not in ours:
            what = f"{kind.name}: the contract lacks the indexed column {name}"
            yield Disagreement(Severity.WARNING, what, generated.file, kind.name)
        if table is not None and name not in table:
            what = f"{kind.name}: the indexed column {name} is not in the table {kind.table}"
            yield Disagreement(Severity.ERROR, what, sources.schema.path.name, kind.name)
    for name, column in ours.items():
        other = theirs.get(name)
        if other is None:
            what = f"{kind.name}: the indexed column {name} is in the contract only"
            yield Disagreement(Severity.WARNING, what, generated.file, kind.name)
            continue
        if other.path and other.path != column.path:
            what = f"{kind.name}: {name} repeats {other.path}, in the contract {column.path}"
            yield Disagreement(Severity.WARNING, what, generated.file, kind.name)
        if other.is_enum != (column.type is ColumnType.ENUM):
            state = "is" if other.is_enum else "is not"
            what = f"{kind.name}: {name} {state} an enum's name, unlike in the contract"
            yield Disagreement(Severity.WARNING, what, generated.file, kind.name)
        values = (find_field(schema, column.path) or {}).get("enum")
        if column.zero and values and column.zero not in values:
            what = f"{kind.name}: {name} unset is {column.zero} in the contract, no value of {column.path}"
            yield Disagreement(Severity.WARNING, what, generated.file, kind.name)


def _compare_tables(schema: Schema, contract: Contract) -> Iterator[Disagreement]:
    where = schema.path.name
    for table in schema.tables:
        if table not in contract.tables:
            yield Disagreement(Severity.WARNING, f"The table {table} belongs to no kind of the contract", where)
    for kind in contract.kinds:
        expected = {column.name: column.sql_type for column in kind.columns}
        for table in kind.tables:
            columns = schema.tables.get(table)
            if columns is None:
                yield Disagreement(Severity.ERROR, f"The table {table} is missing", where, kind.name)
                continue
            is_main = table == kind.table
            basic = _MAIN_COLUMNS if is_main else _SIDE_COLUMNS
            for name in (*basic, *(expected if is_main else ())):
                if name not in columns:
                    what = f"The table {table} lacks the column {name}"
                    yield Disagreement(Severity.ERROR, what, where, kind.name)
            for name, sql_type in columns.items():
                if is_main and name in expected and sql_type != expected[name].upper():
                    what = f"{table}.{name} is {sql_type}, in the contract {expected[name]}"
                    yield Disagreement(Severity.WARNING, what, where, kind.name)
                if name not in (*basic, *expected, "id"):
                    what = f"{table}.{name} is in the schema and not in the contract"
                    yield Disagreement(Severity.WARNING, what, where, kind.name)
    for other in schema.others:
        what = f"{other.name} makes as many of the tables, with other columns; {where} is used"
        yield Disagreement(Severity.NOTE, what, other.name)


def _check_cases(crds: CheckoutCrds, contract: Contract, templates: Templates) -> Iterator[Disagreement]:
    for case in contract.cases:
        schema = crds.find_schema(case.name)
        if schema is not None and case.template is not None:
            yield from describe_problems(case, templates.render(case), schema)


def describe_problems(case: Case, obj: JsonObject, schema: JsonObject) -> Iterator[Disagreement]:
    """Yield what the schema would drop or refuse of a case's object and of its patch."""
    parts: Sequence[tuple[str, Iterable[Problem]]] = (
        (str(case.template), find_problems(obj, schema)),
        (f"the patch of {case.name}", find_problems(dict(case.patch), schema, partial=True)),
    )
    for where, problems in parts:
        for problem in problems:
            severity = Severity.ERROR if problem.fate is Fate.REFUSED else Severity.WARNING
            what = f"{case.name}: {problem.path} would be {problem.fate}: {problem.words}"
            yield Disagreement(severity, what, where, case.name)


def _locate(sources: Sources, kind: str) -> str:
    generated = sources.kinds.get(kind)
    return generated.file if generated else GENERATED_FOLDER
