"""Deletes the rows of a namespace that a run made itself, where the account may."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any, cast

import mysql.connector

from harness.clients.mysql.connection import connect
from harness.core.errors import HarnessError
from harness.core.settings import MySQLEndpoint
from harness.spec.model import Kind


def may_delete_rows(endpoint: MySQLEndpoint, tables: Iterable[str]) -> bool:
    """Return whether the account may delete rows of all `tables`; only the plans of deletions are asked for."""
    try:
        with contextlib.closing(connect(endpoint)) as connection:
            cursor = connection.cursor()
            for table in tables:
                cursor.execute(f"EXPLAIN DELETE FROM `{table}` WHERE 1 = 0")  # noqa: S608
                cursor.fetchall()
            cursor.close()
    except mysql.connector.Error:
        return False
    return True


def delete_rows(endpoint: MySQLEndpoint, kinds: Iterable[Kind], namespace: str) -> int:
    """Delete the namespace's rows from the kinds' tables and return of how many objects they were.

    Raises `HarnessError` where the account may not; rows of other kinds may be gone by then.
    """
    deleted = 0
    try:
        with contextlib.closing(connect(endpoint)) as connection:
            cursor = connection.cursor()
            for kind in kinds:
                cursor.execute(f"SELECT COUNT(*) FROM `{kind.table}` WHERE namespace = %s", (namespace,))  # noqa: S608
                deleted += int(cast("list[Any]", cursor.fetchall())[0][0])
                cursor.execute(render_deletion(kind, "%s"), (namespace,))
            cursor.close()
    except mysql.connector.Error as error:
        raise HarnessError(f"the rows of namespace {namespace} can't be deleted: {error}") from error
    return deleted


def render_deletion(kind: Kind, namespace: str) -> str:
    """Return the SQL that deletes the kind's rows of a namespace, which is given as SQL."""
    main, labels, annotations = kind.tables
    return (
        f"DELETE m, l, a FROM `{main}` m LEFT JOIN `{labels}` l ON l.obj_uid = m.uid"
        f" LEFT JOIN `{annotations}` a ON a.obj_uid = m.uid WHERE m.namespace = {namespace}"
    )
