"""Reads the Ingester's tables, and deletes a run's own rows; of the harness, only this imports `mysql.connector`.

The reference, a program of its own, the sandbox's server and the faults' admin have connections of their own.
"""

from harness.clients.mysql.database import Database, HeldRow
from harness.clients.mysql.deletion import delete_rows, may_delete_rows, render_deletion

__all__ = ["Database", "HeldRow", "delete_rows", "may_delete_rows", "render_deletion"]
