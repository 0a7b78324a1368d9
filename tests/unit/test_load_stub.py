"""Promises of `tools.load_stub`."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from pathlib import Path


def test_each_create_is_answered_once_it_is_whole() -> None:
    """Over one connection, also where the body comes after the head; no two objects are the same."""
    command, uids = [sys.executable, "-m", "tools.load_stub"], set()
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        connection = http.client.HTTPConnection("127.0.0.1", int(process.stdout.readline()), timeout=20)
        for encoded in (b"{}", b"x" * 300_000, b""):
            connection.putrequest("POST", "/apis/projects")
            connection.putheader("Content-Length", str(len(encoded)))
            connection.endheaders()
            connection.send(encoded)
            response = connection.getresponse()
            assert response.status == 201
            uids.add(json.loads(response.read())["metadata"]["uid"])
        connection.close()
        process.terminate()
    assert len(uids) == 3
