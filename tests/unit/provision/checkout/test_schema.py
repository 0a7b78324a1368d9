"""Promises of `harness.provision.checkout.schema`: the SQL file is known by what it creates."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.provision.checkout.schema import find_schema
from harness.spec.sql import extract_sql, parse_tables
from tests.fakes.contract import CONTRACT
from tests.unit.provision.checkout.conftest import SCHEMA, Edit

KINDS = [(kind.name, kind.plural) for kind in CONTRACT.kinds]
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
    found = find_schema(root, KINDS)
    assert (found.path, found.contradictions) == (root / SCHEMA, ())
    assert set(found.tables) == {table for kind in CONTRACT.kinds for table in kind.tables}
    assert found.digest == sha256((root / SCHEMA).read_bytes()).hexdigest()
    for path in (root / "scripts/ingester").iterdir():
        path.rename(root / "scripts" / path.name)
    assert find_schema(root, KINDS).path == root / "scripts/all_tables.sql"


def test_a_file_that_was_moved_elsewhere_is_found(root: Path) -> None:
    """Where none of the usual places has the tables, the whole checkout is looked through."""
    place = root / "deploy/database/tables.sql"
    place.parent.mkdir(parents=True)
    (root / SCHEMA).rename(place)
    assert find_schema(root, KINDS).path == place


def test_a_twin_with_other_columns_is_known(root: Path, edit: Edit) -> None:
    """Of two complete files in one place the first by name is taken; what another says is not forgotten."""
    twin = root / "scripts/ingester/zzz.sql"
    twin.write_text((root / SCHEMA).read_text())
    assert find_schema(root, KINDS).contradictions == ()
    edit("scripts/ingester/zzz.sql", "tier", "tear")
    found = find_schema(root, KINDS)
    assert (found.path, found.contradictions) == (
        root / SCHEMA, ("scripts/ingester/zzz.sql makes other tables: other columns in project",),
    )  # fmt: skip


def test_the_newest_place_goes_first(root: Path) -> None:
    """Where later versions keep their schema, it is read there: in the sandbox's ConfigMap, or in the chart."""
    sql = (root / SCHEMA).read_text()
    indented = "".join(f"    {line}\n" for line in sql.splitlines())
    manifest = root / "python/michelangelo/cli/sandbox/resources/mysql-ingester.yaml"
    chart = root / "helm/michelangelo/files/schema/mysql-init-schema.sql"
    for path, text in ((manifest, f"kind: ConfigMap\ndata:\n  a.sql: |\n{indented}"), (chart, sql)):
        path.parent.mkdir(parents=True)
        path.write_text(text)
        found = find_schema(root, KINDS)
        assert (found.path, len(found.tables), found.contradictions) == (path, 39, ())


def test_the_file_with_most_kinds_goes_before_the_newest_place(root: Path) -> None:
    """A newer place that lacks a kind is told, and not used; tables may be in snake case as well."""
    chart = root / "helm/schema.sql"
    chart.parent.mkdir()
    sql = (root / SCHEMA).read_text().replace("`rayjob", "`ray_job")
    chart.write_text(sql.replace("TABLE IF NOT EXISTS `model`", "VIEW"))
    found = find_schema(root, KINDS)
    assert found.path == root / SCHEMA
    assert found.contradictions == (
        "helm/schema.sql makes other tables: it lacks model, rayjob, rayjob_labels, rayjob_annotations;"
        " it has beside them ray_job, ray_job_labels, ray_job_annotations",
    )


def test_sql_is_found_inside_of_yaml() -> None:
    """ConfigMaps hold it, other objects and broken YAML do not; a file of SQL is SQL."""
    manifest = """\
kind: ConfigMap
data:
  a: CREATE TABLE a (x INT);
  b: nothing
---
kind: Job
data:
  c: CREATE TABLE c (x INT)
"""
    assert extract_sql(manifest, "x.yaml") == "CREATE TABLE a (x INT);"
    assert extract_sql("{{ no }} yaml: [", "x.yaml") == ""
    assert extract_sql("SELECT 1;", "x.sql") == "SELECT 1;"


def test_no_schema_is_an_error(root: Path) -> None:
    """A checkout without the Ingester's tables is told apart from one with a few."""
    (root / SCHEMA).unlink()
    assert find_schema(root, KINDS).path.name == "a_few.sql"
    (root / "scripts/ingester/a_few.sql").write_text("SELECT 1;")
    with pytest.raises(HarnessError, match="has no SQL with the Ingester's tables"):
        find_schema(root, KINDS)
