"""Free ports on the loopback interface, and who holds one that is not free."""

from __future__ import annotations

import re
import secrets
import socket
from contextlib import suppress

import psutil

from harness.core.errors import HarnessError

LOOPBACK = "127.0.0.1"

_FIRST_LASTING = 15_000
_FIRST_GIVEN = 32_768   # on Linux by default; macOS begins at 49152
_ATTEMPTS = 100
_IN_USE = re.compile(r"address already in use|errno: 98\b", re.IGNORECASE)


def choose_port() -> int:
    """Return a port that is free now; whoever uses it must bear that another takes it first.

    Raises HarnessError where there is none, as without IPv4 on the loopback interface.
    """
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, 0))
        except OSError as error:
            raise HarnessError(
                f"no port can be had on {LOOPBACK}: {error.strerror}",
                hint="The sandbox's servers listen there: give the interface lo that address, or free some ports",
            ) from error
        return int(probe.getsockname()[1])


def choose_lasting_port() -> int:
    """Return a port that is free now, for a server that may be down for a while and must have it again.

    It is not of the range from which the system gives ports to clients: one of those could take it meanwhile,
    and a client that tries it again and again would at some time be connected with itself.
    """
    for _ in range(_ATTEMPTS):
        port = _FIRST_LASTING + secrets.randbelow(_FIRST_GIVEN - _FIRST_LASTING)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
    return choose_port()


def is_port_clash(message: str) -> bool:
    """Return whether a server's last words say that its port was taken."""
    return bool(_IN_USE.search(message))


def describe_holder(port: int) -> str:
    """Return who listens on the port, such as 'nginx (pid 4711)'; 'another process' where it can't be seen."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            address = connection.laddr
            if connection.status == psutil.CONN_LISTEN and address and address.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return "another process"
