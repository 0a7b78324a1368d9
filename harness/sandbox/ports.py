"""Free ports on the loopback interface, and who holds one that is not free."""

from __future__ import annotations

import re
import socket

import psutil

LOOPBACK = "127.0.0.1"

_IN_USE = re.compile(r"address already in use|errno: 98\b", re.IGNORECASE)


def choose_port() -> int:
    """Return a port that is free now; whoever uses it must bear that another takes it first."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


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
