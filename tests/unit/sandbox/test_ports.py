"""Promises of `harness.sandbox.ports`."""

from __future__ import annotations

import os
import socket

import psutil
import pytest

from harness.sandbox.ports import (
    LOOPBACK,
    choose_lasting_port,
    choose_port,
    describe_holder,
    is_port_clash,
)


def test_chosen_port_is_free() -> None:
    """A server can listen on the port."""
    with socket.socket() as server:
        server.bind((LOOPBACK, choose_port()))


def test_holder_of_a_port_is_named() -> None:
    """Who listens on a port is named with its process id."""
    with socket.create_server((LOOPBACK, 0)) as server:
        holder = describe_holder(server.getsockname()[1])
    assert holder == f"{psutil.Process().name()} (pid {os.getpid()})"


def test_free_port_has_no_named_holder() -> None:
    """Where nobody can be seen, nobody is accused."""
    assert describe_holder(choose_port()) == "another process"


@pytest.mark.parametrize(
    ("message", "clash"),
    [
        ('failed to listen on 127.0.0.1:6443: listen tcp 127.0.0.1:6443: bind: address already in use"', True),
        ("[ERROR] Can't start server: Bind on TCP/IP port. Got error: 98: Address already in use", True),
        ("[ERROR] [MY-010262] [Server] Can't start server: Bind on TCP/IP port: Address already in use", True),
        ("[ERROR] Can't open the mysql.plugin table. errno: 981", False),
        ("killed", False),
    ],
)
def test_last_words_of_a_server_without_its_port_are_recognised(message: str, clash: bool) -> None:
    """What kube-apiserver, MariaDB and MySQL say of a taken port is told from other failures."""
    assert is_port_clash(message) == clash


def test_lasting_port_is_none_that_the_system_gives_away() -> None:
    """A server that is down for a while finds its port free: no client gets one of that range unasked."""
    port = choose_lasting_port()
    with socket.socket() as server:
        server.bind((LOOPBACK, port))
    assert 15_000 <= port < 32_768


def test_lasting_port_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that is taken is not chosen; where all tried ones are, one of the system's is."""
    with socket.create_server((LOOPBACK, 0)) as server:
        taken = int(server.getsockname()[1])
        monkeypatch.setattr("harness.sandbox.ports.secrets.randbelow", lambda _: taken - 15_000)
        assert choose_lasting_port() != taken
