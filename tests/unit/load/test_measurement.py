"""Writes and commits put together: which row is whose, by which clock, and what never has one."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from harness.clients.mysql.commits import Commit
from harness.load.answers import Answer, AnswerLog
from harness.load.measurement import Measurement
from harness.load.plan import Template, Verb
from harness.load.statistics import Timed
from harness.load.writes import Write, WriteFile

PROJECT = Template("Project", "projects", "{}")


def make_write(verb: Verb, at: float, version: int, *, uid: str = "u", status: int = 200) -> Write:
    """Return a write that was answered at that time, by the client's clock."""
    return Write(verb, 0, "p", at - 0.1, at, status, f"audit-{at:g}", uid, version)


def measure(writes: list[Write], *commits: Commit, **answers: Answer) -> list[Timed]:
    """Return what the writes come to with these commits."""
    measurement = Measurement((PROJECT,))
    measurement.add_writes(writes)
    measurement.add_commits(commits)
    return measurement.join(answers)


def test_a_row_of_a_later_version_will_do() -> None:
    """Versions that the Ingester skipped are in MySQL with the next one."""
    writes = [make_write(Verb.CREATE, 1.0, 10), make_write(Verb.PATCH, 2.0, 12), make_write(Verb.PATCH, 3.0, 13)]
    timed = measure(writes, Commit("u", 10, False, 1.5), Commit("u", 15, False, 3.25))
    assert [each.row_at for each in timed] == [1.5, 3.25, 3.25]


def test_the_first_row_counts() -> None:
    """What is written again later, or at an older version, moves no moment."""
    commits = [Commit("u", 10, False, 1.5), Commit("u", 9, False, 1.6), Commit("u", 10, False, 8.0)]
    for order in itertools.permutations(commits):
        (timed,) = measure([make_write(Verb.CREATE, 1.0, 10)], *order)
        assert timed.row_at == 1.5


def test_a_deletion_is_a_soft_delete() -> None:
    """A newer version is no deletion, and only the first soft delete is."""
    writes = [make_write(Verb.CREATE, 1.0, 10), make_write(Verb.DELETE, 2.0, 11)]
    commits = [Commit("u", 10, False, 1.5), Commit("u", 11, False, 2.25), Commit("u", 11, True, 2.5)]
    timed = measure(writes, *commits, Commit("u", 11, True, 3.0))
    assert [each.row_at for each in timed] == [1.5, 2.5]


def test_a_patch_may_be_overtaken_by_the_deletion() -> None:
    """No row is due for what was written before a deletion that came first; it is no latency."""
    writes = [make_write(Verb.CREATE, 1.0, 10), make_write(Verb.PATCH, 2.0, 11), make_write(Verb.DELETE, 2.1, 12)]
    _, patch, delete = measure(writes, Commit("u", 10, False, 1.5), Commit("u", 10, True, 2.5))
    assert (patch.overtaken, patch.latency_s, delete.overtaken, delete.row_at) == (True, None, False, 2.5)


def test_an_object_without_any_row_that_is_gone_is_fleeting() -> None:
    """It is not awaited, and not missing; one that is still there is both."""
    measurement = Measurement((PROJECT,))
    measurement.add_writes(
        [
            make_write(Verb.CREATE, 1.0, 10),
            make_write(Verb.DELETE, 1.1, 11),
            make_write(Verb.CREATE, 1.2, 12, uid="other"),
        ]
    )
    assert measurement.count_open() == 1
    assert [each.fleeting for each in measurement.join({})] == [True, True, False]
    assert [each.missing for each in measurement.join({})] == [False, False, True]
    measurement.add_commits([Commit("other", 12, False, 1.5)])
    assert measurement.count_open() == 0


def test_a_fleeting_object_that_got_a_row_after_all_is_timed() -> None:
    """Whoever was slow is not excused: the row is there, late."""
    writes = [make_write(Verb.CREATE, 1.0, 10), make_write(Verb.DELETE, 1.1, 11)]
    timed = measure(writes, Commit("u", 10, False, 9.0), Commit("u", 10, True, 9.5))
    assert [each.latency_s for each in timed] == [8.0, 8.4]


def test_what_was_not_done_is_no_write() -> None:
    """Refusals and broken connections are counted apart."""
    measurement = Measurement((PROJECT,))
    failed = [make_write(Verb.CREATE, 1.0, 0, uid="", status=status) for status in (0, 409, 503)]
    measurement.add_writes(failed)
    assert (measurement.writes, measurement.failed, measurement.count_open()) == ([], failed, 0)


def test_the_servers_clock_goes_before_the_clients() -> None:
    """Where the API server told when it answered, that counts; else when the client read it."""
    writes = [make_write(Verb.CREATE, 1.0, 10), make_write(Verb.CREATE, 2.0, 11, uid="v")]
    first, second = measure(writes, **{"audit-1": Answer(0.875, 0.9375)})
    assert (first.at, second.at) == (0.9375, 2.0)


def test_the_error_of_looks_is_told() -> None:
    """It is that of nearly all commits; exact ones have none."""
    measurement = Measurement((PROJECT,))
    assert measurement.find_look_error_s() == 0.0
    measurement.add_commits([Commit(f"{n}", 1, False, float(n), error_s=n / 1000) for n in range(101)])
    assert measurement.find_look_error_s() == pytest.approx(0.099)


def test_when_something_came_last_is_known() -> None:
    """Answers and rows both are signs of life."""
    measurement = Measurement((PROJECT,))
    measurement.add_writes([make_write(Verb.CREATE, 5.0, 10)])
    assert measurement.newest_at == 5.0
    measurement.add_commits([Commit("u", 10, False, 6.0), Commit("v", 1, False, 4.0)])
    assert measurement.newest_at == 6.0


def test_writes_are_read_as_their_file_grows(tmp_path: Path) -> None:
    """Each line once, a line under way when it is whole, and nothing of a file that is not there yet."""
    path = tmp_path / "writes"
    file = WriteFile(path)
    assert list(file.read()) == []
    write = make_write(Verb.PATCH, 3.0, 12)
    whole = '["patch", 0, "p", 2.9, 3.0, 200, "audit-3", "u", 12]\n'
    path.write_text(whole + whole[:20])
    assert list(file.read()) == [write]
    with path.open("a") as end:
        end.write(whole[20:])
    assert list(file.read()) == [write]
    assert list(file.read()) == []
    assert Write.from_list(write.to_list()) == write


def test_answers_are_read_from_the_audit_log(tmp_path: Path) -> None:
    """Only whole lines, only ends of requests, and only what comes after the beginning."""
    line = (
        '{"kind":"Event","stage":"%s","auditID":"%s","requestReceivedTimestamp":"2026-11-26T00:06:52.609260Z",'
        '"stageTimestamp":"2026-11-26T00:06:52.689063Z"}\n'
    )
    path = tmp_path / "log"
    path.write_text(line % ("ResponseComplete", "before"))
    log = AnswerLog(path)
    with path.open("a") as file:
        file.write(line % ("ResponseComplete", "a") + line % ("ResponseStarted", "b") + '{"kind"')
    log.read()
    assert list(log.answers) == ["a"]
    answer = log.answers["a"]
    assert (answer.received_at, answer.answered_at) == pytest.approx((1795651612.60926, 1795651612.689063))
    AnswerLog(tmp_path / "none").read()
