"""A row as it was read: a frozen record of plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

Value = str | int | float | bytes | dt.datetime | None


@dataclass(frozen=True)
class Row:
    """A row of a main table with its labels and annotations, as one snapshot saw them.

    `columns` maps column names to values (DATETIME without zone, in UTC; JSON as text). `labels` and
    `annotations` are sorted (key, value) pairs, duplicates included.
    """

    table: str
    columns: Mapping[str, Value]
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()

    @property
    def uid(self) -> str:
        """The object's key, which is the primary key: its uid, or what it was pinned to."""
        return str(self.columns["uid"])

    @property
    def full_name(self) -> tuple[str, str]:
        """The object's namespace and name."""
        return str(self.columns["namespace"]), str(self.columns["name"])

    @property
    def res_version(self) -> int:
        """The resourceVersion that the row holds."""
        return int(cast(int, self.columns["res_version"]))

    @property
    def update_time(self) -> dt.datetime | None:
        """When the row was last written (whole seconds, UTC)."""
        return cast("dt.datetime | None", self.columns["update_time"])

    @property
    def live(self) -> bool:
        """Whether the row is not soft-deleted."""
        return self.columns["delete_time"] is None
