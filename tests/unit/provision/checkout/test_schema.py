"""Promises of `harness.provision.checkout.schema`: the SQL file is known by what it creates."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.provision.checkout.schema import find_schema, parse_tables
from tests.fakes.contract import CONTRACT
from tests.unit.provision.checkout.conftest import SCHEMA, Edit

SQL = """\
CREATE DATABASE x; -- CREATE TABLE no (a INT);
/* CREATE TABLE neither (a INT); */
create table if not exists `model` (
    `uid` VARCHAR(255) NOT NULL COMMENT 'a, b',
    price decimal(10, 2),
    res_version bigint  unsigned NOT NULL,
    `key` VARCHAR (255),
    PRIMARY KEY (`uid`, `key`),
    KEY `by_key` (`key`), UNIQUE INDEX i (uid)
) ENGINE=InnoDB;
CREATE TABLE t(a INT);
"""


def test_tables_and_types_are_read() -> None:
    """Columns come with their types, without keys and comments, however they are written."""
    assert parse_tables(SQL) == {
        "model": {
            "uid": "VARCHAR(255)", "price": "DECIMAL(10, 2)",
            "res_version": "BIGINT UNSIGNED", "key": "VARCHAR(255)",
        },
        "t": {"a": "INT"},
    }  # fmt: skip


def test_the_complete_file_is_found_whatever_its_name(root: Path) -> None:
    """The file with all 39 tables is taken, with its digest, wherever in scripts/ it is."""
    found = find_schema(root, CONTRACT.tables)
    assert (found.path, found.others) == (root / SCHEMA, ())
    assert set(found.tables) == {table for kind in CONTRACT.kinds for table in kind.tables}
    assert found.digest == sha256((root / SCHEMA).read_bytes()).hexdigest()
    for path in (root / "scripts/ingester").iterdir():
        path.rename(root / "scripts" / path.name)
    assert find_schema(root, CONTRACT.tables).path == root / "scripts/all_tables.sql"


def test_a_twin_with_other_columns_is_known(root: Path, edit: Edit) -> None:
    """Of two complete files the first by name is taken; one that says something else is not forgotten."""
    twin = root / "scripts/ingester/zzz.sql"
    twin.write_text((root / SCHEMA).read_text())
    assert find_schema(root, CONTRACT.tables).others == ()
    edit("scripts/ingester/zzz.sql", "tier", "tear")
    found = find_schema(root, CONTRACT.tables)
    assert (found.path, found.others) == (root / SCHEMA, (twin,))


def test_no_schema_is_an_error(root: Path) -> None:
    """A checkout without the Ingester's tables is told apart from one with a few."""
    (root / SCHEMA).unlink()
    assert find_schema(root, CONTRACT.tables).path.name == "a_few.sql"
    (root / "scripts/ingester/a_few.sql").write_text("SELECT 1;")
    with pytest.raises(HarnessError, match="has no SQL file with the Ingester's tables"):
        find_schema(root, CONTRACT.tables)
