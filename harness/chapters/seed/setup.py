"""Judges what stands before the first CR: components, tables, registered controllers (sections 1.1 to 1.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.core.outcomes import NotApplicable
from harness.core.record import Check, Finding
from harness.sandbox.base import SCHEMA_INIT, Phase, Sandbox
from harness.spec.catalogue import KINDS
from harness.spec.model import Kind
from harness.subject import evidence
from harness.subject.log import get_last_words, parse_log
from harness.subject.registration import Registration
from harness.suite.failure import fail_on

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


def check_components(sandbox: Sandbox, check: Check) -> None:
    """1.1: every component runs, and the schema init job has completed."""
    components = sandbox.components()
    check.evidence.append(
        evidence.of_note(
            "components",
            "\n".join(f"{c.name}: {c.phase}, {c.restarts} restarts {c.reason}".rstrip() for c in components),
        )
    )
    mismatches = []
    for component in components:
        expected = Phase.COMPLETED if component.name == SCHEMA_INIT else Phase.RUNNING
        if component.phase is not expected or component.restarts:
            found = f"{component.phase} with {component.restarts} restarts {component.reason}".rstrip()
            mismatches.append(Finding(component.name, f"{expected} with 0 restarts", found))
            log = parse_log(sandbox.read_log(component.name))
            check.evidence.append(evidence.of_log(get_last_words(log), f"last lines of {component.name}"))
    fail_on(mismatches, check, "not every component is up", "python -m harness sandbox logs")


def check_tables(kind: Kind, tables: dict[str, dict[str, str]], check: Check) -> None:
    """1.2: the kind's three tables exist, with the columns that it needs."""
    expected = {
        kind.table: _MAIN_COLUMNS | {column.name: column.sql_type.lower() for column in kind.columns},
        kind.labels_table: _CHILD_COLUMNS | {"value": "varchar(63)"},
        kind.annotations_table: _CHILD_COLUMNS | {"value": "text"},
    }
    check.evidence += [
        evidence.of_note(f"table {table}", "\n".join(f"{c} {t}" for c, t in tables.get(table, {}).items()))
        for table in expected
    ]
    mismatches = []
    for table, columns in expected.items():
        if table not in tables:
            mismatches.append(Finding(f"table {table}", "to exist", "no such table"))
            continue
        for column, sql_type in columns.items():
            found = tables[table].get(column, "no such column")
            if not _holds(found, sql_type):
                mismatches.append(Finding(f"table {table}, column {column}", f"{sql_type} or wider", found))
    fail_on(mismatches, check, f"{kind.name}'s tables are not as it needs them", "the schema's SQL file")


def check_no_missing_tables(tables: Iterable[str], check: Check) -> None:
    """1.2: all 39 tables exist, by name."""
    found = set(tables)
    expected = [table for kind in KINDS for table in kind.tables]
    check.evidence.append(evidence.of_note(f"{len(found)} tables", "\n".join(sorted(found))))
    missing = [Finding(f"table {table}", "to exist", "no such table") for table in expected if table not in found]
    fail_on(missing, check, f"{len(missing)} of {len(expected)} tables are missing", "the schema's SQL file")


def check_registration(registration: Registration, check: Check) -> None:
    """1.3: exactly the expected controllers are registered, by kind, each once."""
    if registration.unknown:
        raise NotApplicable(registration.unknown)
    check.evidence += registration.evidence
    mismatches = [
        Finding(f"controller of {kind}", "registered", "not registered") for kind in registration.missing
    ]
    mismatches += [
        Finding(f"controller of {kind or '(no kind)'}", "not registered, or once", "registered (again)")
        for kind in registration.unexpected
    ]
    fail_on(mismatches, check, registration.headline, registration.look_at)


def _holds(found: str, needed: str) -> bool:
    """Whether a column of type `found` holds every value of type `needed`, as information_schema shows types."""
    name, length = _split_type(found)
    needed_name, needed_length = _split_type(needed)
    if name == "varchar" == needed_name:
        return length >= needed_length
    return name in _WIDER[needed_name]


def _split_type(sql_type: str) -> tuple[str, int]:
    """Return a type's name and length: 'varchar(255)' gives 'varchar' and 255. Widths of integers are dropped."""
    match = re.fullmatch(r"([a-z]+)(?:\((\d+)\))?( unsigned)?", sql_type)
    return (f"{match[1]}{match[3] or ''}", int(match[2] or 0)) if match else (sql_type, 0)
