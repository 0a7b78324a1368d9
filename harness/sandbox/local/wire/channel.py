"""How clients and supervisors talk: one JSON object a line, over a Unix socket.

A request is `{"do": NAME, ...}`. It is answered by any number of `{"event": "stage", ...}` and one
`{"event": "done", "result": ...}` or `{"event": "failed", ...}`. The connection itself says something too:
its end tells the supervisor that the client is gone.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from typing import Any

from harness.core.errors import HarnessError, SettingsError
from harness.sandbox.capabilities import BusyError
from harness.sandbox.local.wire.folder import SandboxFolder

Message = dict[str, Any]


class CrashLoopError(HarnessError):
    """The controller manager ran and ended, again and again, before it was healthy; all else is up."""


class SupervisorLostError(HarnessError):
    """The supervisor is gone or does not answer."""


_ERRORS: dict[str, type[HarnessError]] = {
    "harness": HarnessError,
    "settings": SettingsError,
    "busy": BusyError,
    "crash loop": CrashLoopError,
}


class Channel:
    """A client's connection to a supervisor."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = connection.makefile("rb")
        self._turn = threading.Lock()

    @classmethod
    def connect(cls, folder: SandboxFolder) -> Channel:
        """Return a connection to the sandbox's supervisor; SupervisorLostError where none listens."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(folder.control_socket))
        except OSError as error:
            connection.close()
            raise SupervisorLostError(f"{folder.path} does not answer ({error.strerror})") from error
        return cls(connection)

    def request(
        self,
        name: str,
        *,
        timeout_s: float,
        on_stage: Callable[[str, float | None], None] | None = None,
        **values: Any,
    ) -> Any:
        """Have the supervisor do something and return its result when it is done; one thread after the other.

        Raises the `HarnessError` that it answers with, `SupervisorLostError` where it ends, or says nothing
        for `timeout_s`.
        """
        with self._turn:
            return self._request({"do": name, **values}, timeout_s, on_stage)

    def _request(
        self, request: Message, timeout_s: float, on_stage: Callable[[str, float | None], None] | None
    ) -> Any:
        self._connection.settimeout(timeout_s)
        try:
            self._connection.sendall(encode(request))
            while line := self._lines.readline():
                message = json.loads(line)
                if message["event"] == "done":
                    return message.get("result")   # a supervisor of an earlier version sends none
                if message["event"] == "failed":
                    raise _ERRORS[message["kind"]](message["problem"], hint=message["hint"])
                if on_stage is not None:
                    on_stage(message["name"], message["seconds"])
        except OSError as error:   # a time limit is one
            raise SupervisorLostError(f"The sandbox's supervisor does not answer ({error})") from error
        raise SupervisorLostError("The sandbox's supervisor ended")

    def close(self) -> None:
        """End the connection."""
        self._lines.close()
        self._connection.close()


def encode(message: Message) -> bytes:
    """Return a message as it is sent."""
    return json.dumps(message).encode() + b"\n"


def describe_error(error: HarnessError) -> Message:
    """Return the answer that makes the client raise `error`."""
    kind = next(name for name, cls in reversed(_ERRORS.items()) if isinstance(error, cls))
    return {"event": "failed", "kind": kind, "problem": error.problem, "hint": error.hint}
