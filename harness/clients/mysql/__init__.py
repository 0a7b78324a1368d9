"""Reads the Ingester's tables, and deletes a run's own rows; of the harness, only this imports `mysql.connector`.

No exception or object of the driver leaves it. The reference, a program of its own, and the servers of the local
sandbox have connections of their own. What disturbs a server on purpose is in `admin`.
"""

from harness.clients.mysql.database import Database
from harness.clients.mysql.deletion import delete_rows, may_delete_rows, render_deletion
from harness.clients.mysql.holding import HeldRow
from harness.clients.mysql.overtaking import OvertakenRow
from harness.clients.mysql.settings import explain_settings

__all__ = [
    "Database",
    "HeldRow",
    "OvertakenRow",
    "delete_rows",
    "explain_settings",
    "may_delete_rows",
    "render_deletion",
]
