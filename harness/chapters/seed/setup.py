"""Judges what stands before the first CR: components, tables, registered controllers (sections 1.1 to 1.3)."""

from __future__ import annotations

import re

from harness.chapters.seed.steps import Scenario
from harness.core import codes
from harness.core.outcomes import NotApplicable
from harness.sandbox.base import SCHEMA_INIT, Phase
from harness.spec.model import Case
from harness.spec.naming import find_tables
from harness.subject import evidence
from harness.subject.log import get_last_words, parse_log
from harness.suite.recorder import Recorder

_CHILD_COLUMNS = {"obj_uid": "varchar(36)", "key": "varchar(255)"}
_MAIN_COLUMNS = {   # what values can be long: a uid 36, a namespace 63, an object's name 253 characters
    "uid": "varchar(36)",
    "group_ver": "varchar(63)",
    "namespace": "varchar(63)",
    "name": "varchar(253)",
    "res_version": "bigint unsigned",
    "create_time": "datetime",
    "update_time": "datetime",
    "delete_time": "datetime",
    "proto": "mediumblob",
    "json": "json",
}
_WIDER = {   # types that hold all that the key holds
    "varchar": ("varchar", "text", "mediumtext", "longtext"),
    "text": ("text", "mediumtext", "longtext"),
    "bigint unsigned": ("bigint unsigned",),
    "datetime": ("datetime", "timestamp"),
    "mediumblob": ("mediumblob", "longblob"),
    "json": ("json", "longtext"),   # MariaDB's JSON is a LONGTEXT
}


def check_components(scenario: Scenario, _: None, recorder: Recorder) -> None:
    """1.1: every component runs, and the schema init job has completed."""
    sandbox = scenario.context.sandbox
    components = sandbox.components()
    recorder.problem, recorder.look_at = "not every component is up", "ingester-acceptance sandbox logs"
    recorder.note(
        "components",
        "\n".join(f"{c.name}: {c.phase}, {c.restarts} restarts {c.reason}".rstrip() for c in components),
    )
    for component in components:
        expected = Phase.COMPLETED if component.name == SCHEMA_INIT else Phase.RUNNING
        if component.phase is not expected or component.restarts:
            found = f"{component.phase} with {component.restarts} restarts {component.reason}".rstrip()
            recorder.find(codes.COMPONENT_STATE, component.name, f"{expected} with 0 restarts", found)
            log = parse_log(sandbox.read_log(component.name))
            recorder.evidence.append(evidence.of_log(get_last_words(log), f"last lines of {component.name}"))


def check_all_tables(scenario: Scenario, _: None, recorder: Recorder) -> None:
    """1.2: all tables of the contract's kinds exist, by name."""
    expected, found = scenario.context.contract.tables, set(scenario.context.tables)
    recorder.note(f"{len(found)} tables", "\n".join(sorted(found)))
    missing = [table for table in expected if table not in found]
    recorder.problem = f"{len(missing)} of {len(expected)} tables are missing"
    recorder.look_at = "the schema's SQL file"
    for table in missing:
        recorder.find(codes.TABLE_MISSING, f"table {table}", "to exist", "no such table")


def check_columns(scenario: Scenario, case: Case, recorder: Recorder) -> None:
    """1.2: the kind's three tables exist, with the columns that it needs."""
    kind, tables = case.kind, scenario.context.tables
    expected = {
        kind.table: _MAIN_COLUMNS | {column.name: column.sql_type.lower() for column in kind.columns},
        kind.labels_table: _CHILD_COLUMNS | {"value": "varchar(63)"},
        kind.annotations_table: _CHILD_COLUMNS | {"value": "text"},
    }
    recorder.problem = f"{kind.name}'s tables are not as it needs them"
    recorder.look_at = "the schema's SQL file"
    for table, columns in expected.items():
        recorder.note(f"table {table}", "\n".join(f"{c} {t}" for c, t in tables.get(table, {}).items()))
        if table not in tables:
            recorder.find(codes.TABLE_MISSING, f"table {table}", "to exist", "no such table")
            continue
        for column, sql_type in columns.items():
            found = tables[table].get(column, "no such column")
            if not _holds(found, sql_type):
                where = f"table {table}, column {column}"
                recorder.find(codes.TABLE_COLUMN, where, f"{sql_type} or wider", found)


def check_registration(scenario: Scenario, _: None, recorder: Recorder) -> None:
    """1.3: exactly the expected controllers are registered, by kind, each once.

    A kind of which the contract knows nothing is no mistake where it has a table: nothing told beforehand that the
    Ingester mirrors it.
    """
    registration = scenario.context.registration
    if registration.unknown:
        raise NotApplicable(registration.unknown)
    recorder.evidence += registration.evidence
    recorder.problem, recorder.look_at = registration.headline, registration.look_at
    for kind in registration.missing:
        recorder.find(codes.CONTROLLER_MISSING, f"controller of {kind}", "registered", "not registered")
    repeated = {kind for kind in registration.registered if registration.registered.count(kind) > 1}
    for kind in registration.unexpected:
        tables = None if not kind or kind in repeated else find_tables(kind, "", scenario.context.tables)
        if tables is not None:
            recorder.facts[kind] = f"registered and not tested: nothing is known of it but its table {tables.main}"
            continue
        where = f"controller of {kind or '(no kind)'}"
        recorder.find(codes.CONTROLLER_UNEXPECTED, where, "not registered, or once", "registered (again)")


def _holds(found: str, needed: str) -> bool:
    """Whether a column of type `found` holds every value of type `needed`, as information_schema shows types."""
    name, length = _split_type(found)
    needed_name, needed_length = _split_type(needed)
    if name == "varchar" == needed_name:
        return length >= needed_length
    return name in _WIDER.get(needed_name, (needed_name,))


def _split_type(sql_type: str) -> tuple[str, int]:
    """Return a type's name and length: 'varchar(255)' gives 'varchar' and 255. Widths of integers are dropped."""
    match = re.fullmatch(r"([a-z]+)(?:\((\d+)\))?( unsigned)?", sql_type)
    return (f"{match[1]}{match[3] or ''}", int(match[2] or 0)) if match else (sql_type, 0)
