"""Looks at what the controller manager's process holds: by the operating system, and by its own metrics.

The metrics are Prometheus' text at `controllermgr.metricsBindAddress`; a program that serves none there, as the
reference, has none.
"""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Mapping
from pathlib import Path

import psutil
import yaml

from harness.core.errors import HarnessError
from harness.sandbox.capabilities import MEMORY

_METRICS = {"go_goroutines": "goroutines"}
_TIMEOUT_S = 2.0


def measure(pid: int, base_yaml: Path) -> Mapping[str, float]:
    """Return how much the process holds, by name; HarnessError where it is gone."""
    try:
        process = psutil.Process(pid)
        held = {
            "open files": float(process.num_fds()),
            "threads": float(process.num_threads()),
            MEMORY: float(process.memory_info().rss),
        }
    except psutil.Error as error:
        raise HarnessError(f"the controller manager's process can't be looked at: {error}") from error
    return {**held, **_read_metrics(base_yaml)}


def parse_metrics(text: str) -> Mapping[str, float]:
    """Return the metrics that tell what is held, by the names that they have here."""
    pairs = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {_METRICS[pair[0]]: float(pair[1]) for pair in pairs if len(pair) >= 2 and pair[0] in _METRICS}


def _read_metrics(base_yaml: Path) -> Mapping[str, float]:
    address = yaml.safe_load(base_yaml.read_text(encoding="utf-8"))["controllermgr"]["metricsBindAddress"]
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=_TIMEOUT_S)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        if answer.status == http.client.OK:
            return parse_metrics(answer.read().decode("utf-8", "replace"))
    return {}
