"""A server that answers each create at once and keeps nothing: against it, who makes a load is what limits it.

It is called by `tools.load_benchmark`, in a process of its own, and says on which port it listens.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re

from harness.sandbox.ports import LOOPBACK

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_NUMBERS = itertools.count(1)


class Stub(asyncio.Protocol):
    """One connection of a client that waits for each answer."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers go to."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  as a server's are
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if end and len(body) >= int(length[1] if length else 0):
            self._received = b""
            number = next(_NUMBERS)
            answer = json.dumps({"metadata": {"uid": str(number), "resourceVersion": str(number)}}).encode()
            self._transport.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))


async def serve() -> None:
    """Serve until it is ended."""
    server = await asyncio.get_running_loop().create_server(Stub, LOOPBACK, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
