"""Says which of a server's settings lose what a right Ingester writes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_STRICT = {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "TRADITIONAL"}
_LARGEST_STATEMENT = 4 << 20
"""Bytes: an object of etcd's greatest size, 1.5 MiB, as `proto` and as `json`, with quotes escaped."""
_SHORTEST_IDLE_S = 30


def explain_settings(settings: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each setting that a run's findings may be due to, with its value and the way out.

    `settings` are the server's global variables by name; what is not there is not judged.
    """
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
