"""`harness.chapters.faults.errorlog`: what the Ingester complained of, and how often in a row."""

from __future__ import annotations

import json

from harness.chapters.faults.errorlog import ErrorLog, await_line
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


def test_failures_in_a_row_are_counted_until_one_succeeds() -> None:
    """Each failed reconcile counts, and a success begins anew."""
    sandbox = FakeSandbox()
    log = read(sandbox)
    for _ in range(3):
        sandbox.write("Failed to upsert object to metadata storage", error="1290 read-only\nat x")
    assert (read(sandbox, log).failures["p"], log.errors) == (3, {"p": "1290 read-only"})
    sandbox.write("Successfully synced object to metadata storage")
    sandbox.write("Failed to upsert object to metadata storage", error="again")
    assert (read(sandbox, log).failures["p"], log.errors) == (1, {"p": "again"})


def test_others_don_t_count() -> None:
    """Lines of other controllers and of other namespaces are none of the Ingester's failures."""
    sandbox = FakeSandbox()
    log = read(sandbox)
    sandbox.write("Reconciler error", error="no", logger="cluster")
    sandbox.lines.append("not JSON")
    assert read(sandbox, log).failures == {}


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
    sandbox = FakeSandbox()
    log = read(sandbox)
    sandbox.write("Failed to upsert object to metadata storage", error="no")
    assert read(sandbox, log).describe_failures("p") == "1 failures in a row, not tried again for 0 s"
    assert log.describe_failures("q") == ""
