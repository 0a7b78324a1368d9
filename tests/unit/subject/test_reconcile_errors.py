"""What is taken from the controller manager's log: failed writes, each once."""

from __future__ import annotations

import json
from typing import Any, cast

from harness.sandbox.base import Sandbox
from harness.subject.reconcile_errors import FailedWrite, ReconcileErrors
from tests.fakes.growing_log import GrowingLog


def make_line(message: str = "Failed to upsert object to metadata storage", **fields: Any) -> str:
    """Return a line of an Ingester's logger."""
    return json.dumps({"logger": "ingester.Model", "msg": message, "namespace": "n", "name": "a", **fields})


def read(log: GrowingLog, failures: ReconcileErrors) -> list[FailedWrite]:
    """Return the failed writes since the last look."""
    return failures.read()[0]


def test_failed_writes_are_told_by_object() -> None:
    """Whatever had to be written, each failure is told with kind, name and error; a conflict is none."""
    log = GrowingLog()
    log.lines = [make_line(error="before")]
    failures = ReconcileErrors(cast(Sandbox, log))
    log.lines += [
        make_line(error="Data too long"),
        make_line("Failed to ensure object is in metadata storage", error="too"),
        make_line("Failed to pin the primary key", error="metadata.annotations: Too long"),
        make_line("Failed to add finalizer", error="Operation cannot be fulfilled on models: modified"),
        make_line("Syncing object to metadata storage"),
        json.dumps({"msg": "Reconciler error", "error": "Failed to upsert object to metadata storage"}),
        "Failed to upsert object to metadata storage, and no JSON",
    ]
    assert read(log, failures) == [
        FailedWrite("Model", "n", "a", "Data too long"),
        FailedWrite("Model", "n", "a", "too"),
        FailedWrite("Model", "n", "a", "metadata.annotations: Too long"),
    ]
    assert read(log, failures) == []


def test_undecodable_objects_are_told_as_they_are_logged() -> None:
    """The client's own lines, which are no JSON, are kept whole."""
    log = GrowingLog()
    failures = ReconcileErrors(cast(Sandbox, log))
    line = "W1124 reflector.go:561] failed to list *v2.TriggerRun: bad Duration"
    log.lines += [line, "I1124 all is well"]
    assert failures.read() == ([], [line])
