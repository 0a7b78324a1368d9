"""Promises of `harness.sandbox.local.wire.channel`."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from harness.core.errors import HarnessError, SettingsError
from harness.sandbox.capabilities import BusyError
from harness.sandbox.local.wire.channel import Channel, SupervisorLostError, describe_error, encode
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.process import ProcessEndedError


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    """A client's channel, and the supervisor's end of it."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    yield channel, theirs
    channel.close()
    theirs.close()


def test_request_says_what_to_do_and_with_what(ends: tuple[Channel, socket.socket]) -> None:
    """A request reaches the supervisor as one line with its values, and its result comes back."""
    channel, supervisor = ends
    supervisor.sendall(encode({"event": "done", "result": {"pid": 1}}))
    assert channel.request("restart", timeout_s=5, within_s=60) == {"pid": 1}
    assert json.loads(supervisor.recv(1000)) == {"do": "restart", "within_s": 60}


def test_stages_are_passed_on_before_the_end(ends: tuple[Channel, socket.socket]) -> None:
    """Whoever waits hears of the stages meanwhile."""
    channel, supervisor = ends
    for seconds in (None, 0.5):
        supervisor.sendall(encode({"event": "stage", "name": "etcd", "seconds": seconds}))
    supervisor.sendall(encode({"event": "done", "result": None}))
    heard: list[Any] = []
    channel.request("start", timeout_s=5, on_stage=lambda *stage: heard.append(stage))
    assert heard == [("etcd", None), ("etcd", 0.5)]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (HarnessError("p", hint="h"), HarnessError),
        (ProcessEndedError("p", hint="h"), HarnessError),
        (SettingsError("p", hint="h"), SettingsError),
        (BusyError("p", hint="h"), BusyError),
    ],
)
def test_errors_arrive_as_what_they_were(
    ends: tuple[Channel, socket.socket], error: HarnessError, expected: type[HarnessError]
) -> None:
    """The client gets the supervisor's error: its kind, its words, its hint."""
    channel, supervisor = ends
    supervisor.sendall(encode(describe_error(error)))
    with pytest.raises(HarnessError) as caught:
        channel.request("start", timeout_s=5)
    assert (type(caught.value), caught.value.problem, caught.value.hint) == (expected, "p", "h")


def test_supervisor_that_ends_is_lost(ends: tuple[Channel, socket.socket]) -> None:
    """A supervisor that goes away without an answer is an error, not a wait."""
    channel, supervisor = ends
    supervisor.close()
    with pytest.raises(SupervisorLostError):
        channel.request("start", timeout_s=5)


def test_supervisor_that_is_silent_is_lost(ends: tuple[Channel, socket.socket]) -> None:
    """Waiting for an answer has an end."""
    channel, _ = ends
    with pytest.raises(SupervisorLostError, match="does not answer"):
        channel.request("start", timeout_s=0.05)


def test_nobody_listening_is_lost(folder: SandboxFolder) -> None:
    """A sandbox without a supervisor can't be connected to."""
    with pytest.raises(SupervisorLostError, match=str(folder.path)):
        Channel.connect(folder)
