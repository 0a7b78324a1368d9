"""`harness.chapters.faults.errorlog`: what the Ingester complained of, and how often in a row."""

from __future__ import annotations

import json

from harness.chapters.faults.errorlog import ErrorLog, Trouble, await_line
from harness.sandbox.base import LogCursor
from tests.fakes.growing_log import GrowingLog


class FakeSandbox(GrowingLog):
    """A log of an Ingester's lines."""

    def write(self, message: str, *, error: str = "", name: str = "p", logger: str = "ingester.Project") -> None:
        """Add a line about an object."""
        fields = {"logger": logger, "msg": message, "namespace": "load", "name": name}
        self.lines.append(json.dumps(fields | ({"error": error} if error else {})))


def read(sandbox: FakeSandbox, log: ErrorLog | None = None) -> ErrorLog:
    """Return the log, read to its end."""
    log = log or ErrorLog(sandbox, "load")  # type: ignore[arg-type]
    log.read()
    return log


def summarise(log: ErrorLog) -> dict[str, tuple[int, str]]:
    """Return how often each object failed in a row, and its last error."""
    return {name: (each.failures, each.error) for name, each in log.troubles.items()}


def test_failures_in_a_row_are_counted_until_one_succeeds() -> None:
    """Each failed reconcile counts, and a success begins anew."""
    sandbox = FakeSandbox()
    log = read(sandbox)
    for _ in range(3):
        sandbox.write("Failed to upsert object to metadata storage", error="1290 read-only\nat x")
    assert summarise(read(sandbox, log)) == {"p": (3, "1290 read-only")}
    sandbox.write("Successfully synced object to metadata storage")
    sandbox.write("Failed to upsert object to metadata storage", error="again")
    assert summarise(read(sandbox, log)) == {"p": (1, "again")}


def test_others_don_t_count() -> None:
    """Lines of other controllers and of other namespaces are none of the Ingester's failures."""
    sandbox = FakeSandbox()
    log = read(sandbox)
    sandbox.write("Reconciler error", error="no", logger="cluster")
    sandbox.lines.append("not JSON")
    assert read(sandbox, log).troubles == {}


def test_a_line_is_awaited() -> None:
    """The first line that matches is found, one that does not come is none."""
    sandbox = FakeSandbox()
    for error in ("Error 1205: first", "Error 1205: second"):
        sandbox.write("Failed to upsert", error=error)
    line = await_line(sandbox, LogCursor(), "1205", 1.0)  # type: ignore[arg-type]
    assert line is not None
    assert line.fields["error"] == "Error 1205: first"
    assert await_line(sandbox, LogCursor(), "1213", 0.05) is None  # type: ignore[arg-type]


def test_failures_are_described() -> None:
    """An object that failed is described by how often and how long ago, one that did not by nothing."""
    assert Trouble("no", 1, 100.0).describe(102.4) == "1 failures in a row, not tried again for 2 s"
    assert Trouble("no", 0, 100.0).describe(102.4) == ""


def test_a_line_without_a_time_counts_from_now() -> None:
    """Where the log does not say when a reconcile failed, it is when the line was read."""
    sandbox = FakeSandbox()
    log = ErrorLog(sandbox, "load", clock=lambda: 7.0)  # type: ignore[arg-type]
    sandbox.write("Failed to upsert object to metadata storage", error="no")
    assert read(sandbox, log).troubles == {"p": Trouble("no", 1, 7.0)}
