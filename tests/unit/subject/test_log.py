"""`harness.subject.log`: which lines speak of which object, among lines of every form."""

from __future__ import annotations

import tracemalloc

import pytest

from harness.sandbox.base import LogLine
from harness.subject.log import (
    RECONCILED,
    LogEntry,
    find_crashes,
    find_object_entries,
    find_sequence,
    get_last_words,
    parse_log,
)
from tests.fakes.contract import CONTRACT

MODEL = CONTRACT.get_kind("Model")


def entries(*texts: str, run: int = 0) -> list[LogEntry]:
    """Return the lines as entries."""
    return parse_log(LogLine(run, text) for text in texts)


def line(message: str, logger: str = "ingester.Model", name: str = "m", namespace: str = "n") -> str:
    """Return a line of the Ingester."""
    return f'{{"logger":"{logger}","msg":"{message}","namespace":"{namespace}","name":"{name}"}}'


def test_lines_that_are_no_json_are_kept_without_fields() -> None:
    """A log of mixed lines is read whole."""
    found = entries("[Fx] RUN", '{"msg":"x"}', "{broken", "[]")
    assert [entry.message for entry in found] == ["", "x", "", ""]


def test_only_the_objects_own_ingester_lines_count() -> None:
    """Lines of another object, kind, namespace or controller are not taken for the object's."""
    texts = (
        line("mine"),
        line("other name", name="x"),
        line("other namespace", namespace="x"),
        line("other kind", logger="ingester.Pipeline"),
        line("business", logger="pipelinerun"),
        line("no kind given", logger="ingester"),
    )
    found = [LogLine(0, text) for text in texts]
    assert [e.message for e in find_object_entries(found, MODEL, "n", "m")] == ["mine", "no kind given"]


def test_the_three_lines_must_come_in_order() -> None:
    """Lines that repeat are skipped; one that is missing ends the sequence."""
    reconciling, syncing, synced = RECONCILED
    right = entries(line(reconciling), line(reconciling), line(syncing), line(synced))
    assert len(find_sequence(right, RECONCILED)) == 3
    assert len(find_sequence(entries(line(synced), line(reconciling), line(syncing)), RECONCILED)) == 2
    assert find_sequence(entries(line(synced)), RECONCILED) == []


def test_each_runs_crash_is_found() -> None:
    """A panic is found from its first line on, once for each run that had one."""
    log = [
        *entries("fine", "panic: nil pointer [recovered]", "goroutine 1", run=0),
        *entries("fine", run=1),
        *entries("panic: again", run=2),
    ]
    assert [[e.text for e in crash] for crash in find_crashes(log)] == [
        ["panic: nil pointer [recovered]", "goroutine 1"],
        ["panic: again"],
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"msg":"Failed to upsert","error":"Error 1205: Lock\\nstack"}', "Failed to upsert: Error 1205: Lock"),
        ('{"level":"info"}', '{"level":"info"}'),
        ("[Fx] ERROR\t\tFailed", "[Fx] ERROR Failed"),
    ],
)
def test_a_line_is_said_in_short(text: str, said: str) -> None:
    """Message and error without the stack trace; a line without either as it is."""
    assert entries(text)[0].describe() == said


def test_last_words_are_those_of_the_last_runs() -> None:
    """A run that has just begun has said little: the one before it speaks as well. Empty lines don't count."""
    log = [*entries("first", run=0), *entries("a", "b", "c", " ", run=1), *entries("begins", run=2)]
    assert [e.text for e in get_last_words(log, lines=2)] == ["b", "c", "begins"]


def test_a_long_line_is_parsed_and_not_remembered() -> None:
    """There are thousands that hold whole objects: all of them together would be gigabytes."""
    short, long = line("short", name="s"), line("long", name="x" * 100_000)
    tracemalloc.start()
    try:
        for number in range(100):
            (entry,) = entries(long.replace("long", f"long {number}"))
            assert entry.fields["name"] == "x" * 100_000
        del entry
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000
    assert entries(short)[0].fields is entries(short)[0].fields
