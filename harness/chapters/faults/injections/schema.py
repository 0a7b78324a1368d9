"""Faults of the schema: one kind's table is away, or a column of it has another name. The others must go on."""

from __future__ import annotations

import time

from harness.chapters.faults.injections.base import InjectionContext
from harness.chapters.faults.injections.refusals import RefusingMySQL
from harness.core.codes import ROW_BEHIND
from harness.core.polling import wait_for
from harness.core.record import Finding
from harness.spec.model import Kind

_FOLLOW_S = 5.0   # within which the other kinds must follow, while one can't


class BrokenTable(RefusingMySQL):
    """What is wrong with one kind's table, and that the other kinds' rows follow all the while.

    It is the table of `kind`, or where the load has none of it, of the first kind with an indexed column.
    """

    def __init__(self, kind: str = "Pipeline") -> None:
        self._name = kind
        self._was_injected = False

    def choose_kind(self, context: InjectionContext) -> Kind:
        """Return the kind whose table is broken."""
        named = [kind for kind in context.kinds if kind.name == self._name]
        indexed = [kind for kind in context.kinds if kind.columns]
        return (*named, *indexed, *context.kinds)[0]

    def examine(self, context: InjectionContext) -> list[Finding]:
        """Return the other kinds whose rows don't reach what was acknowledged by now."""
        now, broken = time.monotonic(), self.choose_kind(context)
        others = [kind for kind in context.kinds if kind != broken]
        wanted = {kind: context.history.find_newest(kind.name, until=now) for kind in others}

        def find_behind() -> list[Kind]:
            return [kind for kind in others if self._is_behind(context, kind, wanted[kind])]

        behind = wait_for(find_behind, lambda found: not found, timeout_s=_FOLLOW_S, interval_s=0.1).value
        return [
            Finding(
                ROW_BEHIND,
                f"{kind.name}, while table {broken.table} is broken",
                "its rows to follow",
                f"behind what was acknowledged {_FOLLOW_S:g} s before",
            )
            for kind in behind
        ]

    @staticmethod
    def _is_behind(context: InjectionContext, kind: Kind, wanted: dict[str, int]) -> bool:
        """Whether a live row of the kind has not reached its version."""
        rows = context.follower.rows.get(kind.name, {})
        return any(uid not in rows or (rows[uid].live and rows[uid].res_version < n) for uid, n in wanted.items())


class TableMissing(BrokenTable):
    """The kind's main table has been renamed."""

    line = r"\b1146\b|doesn't exist"

    def inject(self, context: InjectionContext) -> None:
        """Rename the table."""
        table = self.choose_kind(context).table
        context.admin.execute(f"RENAME TABLE `{table}` TO `{table}_away`")
        self._was_injected = True

    def recover(self, context: InjectionContext) -> None:
        """Rename it back."""
        if self._was_injected:
            table = self.choose_kind(context).table
            context.admin.execute(f"RENAME TABLE `{table}_away` TO `{table}`")


class ColumnRenamed(BrokenTable):
    """An indexed column of the kind's table has another name, as after half a migration."""

    line = r"\b1054\b|Unknown column"

    def inject(self, context: InjectionContext) -> None:
        """Rename the column."""
        column = self.choose_kind(context).columns[0].name
        self._rename(context, column, f"{column}_away")
        self._was_injected = True

    def recover(self, context: InjectionContext) -> None:
        """Rename it back."""
        if self._was_injected:
            column = self.choose_kind(context).columns[0].name
            self._rename(context, f"{column}_away", column)

    def _rename(self, context: InjectionContext, old: str, new: str) -> None:
        table = self.choose_kind(context).table
        context.admin.execute(f"ALTER TABLE `{table}` RENAME COLUMN `{old}` TO `{new}`")
