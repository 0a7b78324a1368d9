"""Log lines look like the controller manager's."""

from __future__ import annotations

import os
import time

import pytest

from harness.reference.log import Log, write_stderr
from tests.unit.reference.conftest import LogLines


def test_line_is_one_json_object_with_level_time_and_message(kept: LogLines) -> None:
    """Level, seconds since the epoch and message come first, then the values."""
    before = time.time()
    kept.log.info("Starting workers", controller="ingester_Model", **{"worker count": 1})
    (line,) = kept.lines
    times = before <= line.pop("ts") <= time.time()
    assert (times, list(line.items()), kept.texts[0].endswith("}\n")) == (
        True,
        [
            ("level", "info"),
            ("msg", "Starting workers"),
            ("controller", "ingester_Model"),
            ("worker count", 1),
        ],
        True,
    )


def test_logger_is_named_by_its_path(kept: LogLines) -> None:
    """Names are joined by dots, as zap does."""
    kept.log.named("ingester").named("Model").info("x")
    assert kept.lines[0]["logger"] == "ingester.Model"


def test_bound_values_are_in_every_line_and_in_no_others(kept: LogLines) -> None:
    """A context has its values, the one that it came from doesn't."""
    bound = kept.log.bound(namespace="n").bound(name="a")
    bound.info("x", state="s")
    bound.info("y")
    kept.log.info("z")
    found = [{k: v for k, v in line.items() if k not in ("level", "ts", "msg")} for line in kept.lines]
    assert found == [{"namespace": "n", "name": "a", "state": "s"}, {"namespace": "n", "name": "a"}, {}]


def test_failure_has_its_error(kept: LogLines) -> None:
    """An error is a line of its own level with the error's words."""
    kept.log.failure("Failed to start", ValueError("why"), kind="Model")
    (line,) = kept.lines
    assert (line["level"], line["error"], line["kind"]) == ("error", "why", "Model")


def test_line_break_in_a_value_does_not_break_the_line(kept: LogLines) -> None:
    """One event is one line, whatever is in it."""
    kept.log.info("x", stacktrace="a\nb")
    assert (kept.texts[0].count("\n"), kept.lines[0]["stacktrace"]) == (1, "a\nb")


def test_stderr_is_written_at_once_and_whole(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process wrote before it died is there, even if the system takes it in pieces."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:7]))
    write_stderr("é" * 100 + "\n")
    Log().info("x")
    assert capfd.readouterr().err.startswith("é" * 100 + '\n{"level": "info"')
