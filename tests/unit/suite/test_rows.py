"""What is recorded of an awaited row, and when a step goes no further."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.core import codes
from harness.core.record import Evidence, Finding
from harness.subject.steps import Sync
from harness.suite import rows
from harness.suite.recorder import Recorder
from harness.suite.rows import OverdueError, record_row
from tests.fakes.contract import CONTRACT

LATE = Finding(codes.ROW_BEHIND, "column res_version", "7", "6")


class FakeSubject:
    """A Model that remembers the rows that were noted."""

    case = CONTRACT.get_case("Model")

    def __init__(self) -> None:
        self.noted: list[Any] = []
        self.note_row = self.noted.append


def make_sync(res_version: int | None) -> Sync:
    """Return a wait for version 7 that ended with the row at that version, or without one."""
    row = None if res_version is None else SimpleNamespace(res_version=res_version, labels=(), annotations=())
    write = SimpleNamespace(version=7, subject=FakeSubject())
    sync: Any = SimpleNamespace(
        row=row,
        write=write,
        waited_s=0.1,
        arrived=res_version == 7,
        describe=lambda: [Evidence("row", "the row", "", 0.0)],
    )
    return cast(Sync, sync)


@pytest.mark.parametrize("res_version", [6, None])
def test_a_row_that_does_not_follow_ends_the_step(
    res_version: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found stands, with all evidence, and nothing else is awaited in vain."""
    monkeypatch.setattr(rows, "examine_row", lambda *_: [LATE])
    recorder = Recorder()
    with pytest.raises(OverdueError):
        record_row(recorder, make_sync(res_version), "patched")
    assert recorder.findings == [Finding(LATE.code, "patched: column res_version", "7", "6")]
    assert [item.title for item in recorder.evidence] == [
        "the row",
        "patched: the row against the object: 1 differences",
        "the rest of this section was not tried",
    ]


def test_a_row_that_follows_and_differs_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong row is recorded with its code, and the step goes on."""
    monkeypatch.setattr(rows, "examine_row", lambda *_: [Finding(codes.ROW_COLUMN, "column name", "m", "x")])
    recorder = Recorder()
    record_row(recorder, make_sync(7), "patched")
    assert recorder.findings == [Finding(codes.ROW_COLUMN, "patched: column name", "m", "x")]


def test_a_row_that_is_right_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its evidence is not made, which takes its time; earlier objects of the name are passed on."""
    earlier: list[str] = []

    def examine(_sync: Sync, uids: Sequence[str]) -> list[Finding]:
        earlier.extend(uids)
        return []

    monkeypatch.setattr(rows, "examine_row", examine)
    recorder = Recorder()
    sync = make_sync(7)
    record_row(recorder, sync, "created again", earlier=["u1"])
    assert cast(Any, sync.write.subject).noted == [sync.row]
    assert (recorder.findings, earlier) == ([], ["u1"])
    assert [item.title for item in recorder.evidence] == [
        "created again: the row equals the object at resourceVersion 7"
    ]
