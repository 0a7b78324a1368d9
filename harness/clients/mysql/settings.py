"""Says which of a server's settings lose what a right Ingester writes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_STRICT = {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "TRADITIONAL"}
_LARGEST_STATEMENT = 4 << 20
"""Bytes: an object of etcd's greatest size, 1.5 MiB, as `proto` and as `json`, with quotes escaped."""
_SHORTEST_IDLE_S = 30
_SHORTEST_STATEMENT_S = 10
NAMES = (
    "sql_mode",
    "tx_isolation",
    "transaction_isolation",
    "max_allowed_packet",
    "wait_timeout",
    "autocommit",
    "read_only",
    "max_statement_time",
)
"""The settings that are read: what is written to a server, and what it says, depends on them."""


def explain_settings(settings: Mapping[str, str], *, is_replica: bool = False) -> Iterator[str]:
    """Yield a sentence for each setting that a run's findings may be due to, with its value and the way out.

    `settings` are the server's global variables by name; what is not there is not judged.
    """
    if is_replica:
        yield (
            "This MySQL server is a replica: in which order things happen can't be observed there, since no row"
            " can be held from the Ingester. Name the server that it writes to with --mysql-url"
        )
    modes = settings.get("sql_mode")
    if modes is not None and not _STRICT & set(modes.split(",")):
        yield (
            f"MySQL's sql_mode is {modes!r}, which is not strict: values that do not fit are cut without an error,"
            " whoever writes them. SET GLOBAL sql_mode = 'STRICT_TRANS_TABLES'"
        )
    largest = int(settings.get("max_allowed_packet", _LARGEST_STATEMENT))
    if largest < _LARGEST_STATEMENT:
        yield (
            f"MySQL's max_allowed_packet is {largest}: objects near Kubernetes' greatest size can't be written."
            f" SET GLOBAL max_allowed_packet = {_LARGEST_STATEMENT}"
        )
    idle_s = int(settings.get("wait_timeout", _SHORTEST_IDLE_S))
    if idle_s < _SHORTEST_IDLE_S:
        yield (
            f"MySQL's wait_timeout is {idle_s} s: the Ingester loses each connection that idles as long."
            f" SET GLOBAL wait_timeout = {_SHORTEST_IDLE_S}"
        )
    if not _is_set(settings, "autocommit", usually="ON"):
        yield (
            "MySQL's autocommit is OFF: what the Ingester writes outside of a transaction, such as a soft delete,"
            " is undone. SET GLOBAL autocommit = ON"
        )
    if _is_set(settings, "read_only", usually="OFF") and not is_replica:
        yield (
            "MySQL's read_only is ON: only accounts that it does not hold for can write rows."
            " SET GLOBAL read_only = OFF"
        )
    limit_s = float(settings.get("max_statement_time", 0))   # MariaDB's, which ends writes as well
    if 0 < limit_s < _SHORTEST_STATEMENT_S:
        yield (
            f"MySQL's max_statement_time is {limit_s:g} s: a write that has to wait for a row is ended."
            " SET GLOBAL max_statement_time = 0"
        )


def _is_set(settings: Mapping[str, str], name: str, *, usually: str) -> bool:
    return settings.get(name, usually).upper() in ("ON", "1")
