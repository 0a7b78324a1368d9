"""What a process holds is asked of the operating system, and of its metrics where it has any."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.sandbox.capabilities import MEMORY
from harness.sandbox.local.client.usage import measure

TEXT = """# HELP go_goroutines Number of goroutines that currently exist.
# TYPE go_goroutines gauge
go_goroutines 412
workqueue_depth{name="ingester_Project"} 3
"""


class _Metrics(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with the metrics."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(TEXT.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def metrics_port() -> Iterator[int]:
    """Yield the port of a program that serves metrics."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Metrics)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def _write(folder: Path, port: int) -> Path:
    path = folder / "base.yaml"
    path.write_text(json.dumps({"controllermgr": {"metricsBindAddress": f"127.0.0.1:{port}"}}), encoding="utf-8")
    return path


def test_files_and_threads_are_counted(tmp_path: Path) -> None:
    """Those of the process alone; without metrics there is no more."""
    base_yaml = _write(tmp_path, 1)
    before = measure(os.getpid(), base_yaml)
    with tempfile.TemporaryFile():
        during = measure(os.getpid(), base_yaml)
    assert set(before) == {"open files", "threads", MEMORY}
    assert during["open files"] == before["open files"] + 1
    assert before["threads"] >= 1
    assert before[MEMORY] > 1024 * 1024


def test_goroutines_are_read_of_the_metrics(tmp_path: Path, metrics_port: int) -> None:
    """Where they are served."""
    assert measure(os.getpid(), _write(tmp_path, metrics_port))["goroutines"] == 412


def test_a_process_that_is_gone_can_not_be_measured(tmp_path: Path) -> None:
    """It is said so."""
    with pytest.raises(HarnessError, match="can't be looked at"):
        measure(2**22 + 1, _write(tmp_path, 1))
