"""Short words for the indexed columns of the kinds' modules."""

from __future__ import annotations

from harness.spec.model import ColumnType, IndexedColumn


def text(name: str, path: str, sql_type: str = "VARCHAR(255)") -> IndexedColumn:
    """Return a column that repeats a text."""
    return IndexedColumn(name, path, sql_type=sql_type)


def integer(name: str, path: str) -> IndexedColumn:
    """Return a column that repeats a whole number."""
    return IndexedColumn(name, path, ColumnType.INTEGER)


def boolean(name: str, path: str) -> IndexedColumn:
    """Return a column that repeats true or false."""
    return IndexedColumn(name, path, ColumnType.BOOLEAN)


def enum(name: str, path: str, zero: str) -> IndexedColumn:
    """Return a column that repeats an enum, whose unset value is called `zero`."""
    return IndexedColumn(name, path, ColumnType.ENUM, zero)


def datetime(name: str, path: str) -> IndexedColumn:
    """Return a column that repeats a time."""
    return IndexedColumn(name, path, ColumnType.DATETIME, sql_type="DATETIME")


def reference(name: str, path: str) -> tuple[IndexedColumn, IndexedColumn]:
    """Return the `_namespace` and `_name` columns of a reference to another object."""
    return text(f"{name}_namespace", f"{path}.namespace"), text(f"{name}_name", f"{path}.name")
