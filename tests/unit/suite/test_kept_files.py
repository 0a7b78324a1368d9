"""`harness.suite.kept_files`: logs are kept with every run, cut where they are long, and without a password."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from harness.chapters import CHAPTERS
from harness.core.progress import SILENT
from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import ComponentStatus, LogCursor, LogLine, Phase
from harness.sandbox.redaction import CREDENTIAL, MARK
from harness.suite.kept_files import KeptFiles, read_whole_log
from harness.suite.session import RunSettings, Session

MYSQL = ComponentStatus("mysql", Phase.RUNNING)


class FakeSandbox:
    """A sandbox whose component has these runs, each with its lines."""

    mysql = MySQLEndpoint("db", 3306, "ma", "michelangelo", "hunter22")

    def __init__(self, *runs: list[str]) -> None:
        self._runs = runs

    def components(self) -> list[ComponentStatus]:
        """Return the component, and one that has no log."""
        return [MYSQL, ComponentStatus("etcd", Phase.RUNNING)]

    def log_cursor(self, component: str) -> LogCursor:
        """Return the end of the last run."""
        if component != "mysql":
            return LogCursor()
        return LogCursor(len(self._runs) - 1, sum(len(line) + 1 for line in self._runs[-1]))

    def read_log(
        self, component: str, since: LogCursor | None = None, until: LogCursor | None = None
    ) -> list[LogLine]:
        """Return the lines between two positions, in characters."""
        if component != "mysql" or since is None or until is None:
            return []
        lines = []
        for run in range(since.run, min(until.run, len(self._runs) - 1) + 1):
            text = "".join(f"{line}\n" for line in self._runs[run])
            part = text[since.offset if run == since.run else 0 : until.offset if run == until.run else None]
            lines += [LogLine(run, line) for line in part.splitlines()]
        return lines


def read(path: Path) -> str:
    """Return what a kept file has."""
    return gzip.decompress(path.read_bytes()).decode()


def keep(folder: Path, sandbox: Any) -> list[str]:
    """Keep the sandbox's logs."""
    return KeptFiles(folder).keep_logs(sandbox)


def test_each_component_that_has_said_something_has_a_file(tmp_path: Path) -> None:
    """All of its runs stand in it, in their order, and what has no log has no file."""
    assert keep(tmp_path, FakeSandbox(["a", "b"], ["c"])) == ["logs/mysql.log.gz"]
    assert read(tmp_path / "logs/mysql.log.gz") == "--- mysql, run 0\na\nb\n--- mysql, run 1\nc\n"


def test_no_password_is_kept(tmp_path: Path) -> None:
    """Neither the one that is known, nor one that another account's data source or a request has."""
    lines = ["dial ma:hunter22@tcp(db:3306)/x", "mysql://who:s3cret@db:3306/x", "Authorization: Bearer abcdefgh1"]
    keep(tmp_path, FakeSandbox(lines))
    text = read(tmp_path / "logs/mysql.log.gz")
    assert not any(secret in text for secret in ("hunter22", "s3cret", "abcdefgh1"))
    assert text.count(CREDENTIAL) + text.count(MARK) == 3


def test_a_log_that_says_nothing_secret_is_as_it_was(tmp_path: Path) -> None:
    """Times, addresses and mails are no passwords."""
    lines = ["12:30:45 listening on 127.0.0.1:3306", "mail to me@example.org:25", '{"a":"b:c","bearer":"of"}']
    keep(tmp_path, FakeSandbox(lines))
    assert read(tmp_path / "logs/mysql.log.gz").splitlines()[1:] == lines


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (100, "--- mysql, run 0\naaa\n--- mysql, run 1\nbbb\nccc\n"),
        (10, "--- mysql, run 0 (its end)\na\n--- mysql, run 1\nbbb\nccc\n"),
        (4, "--- mysql, run 1 (its end)\nccc\n"),
    ],
)
def test_of_a_long_log_the_end_is_kept(limit: int, expected: str) -> None:
    """What is older is left out, and the heading says so."""
    sandbox: Any = FakeSandbox(["aaa"], ["bbb", "ccc"])
    assert read_whole_log(sandbox, MYSQL, limit) == expected


def test_equal_texts_are_equal_files(tmp_path: Path) -> None:
    """A file holds no time of its own, so that two runs can be compared."""
    for folder in ("a", "b"):
        keep(tmp_path / folder, FakeSandbox(["a"]))
    assert len({(tmp_path / folder / "logs/mysql.log.gz").read_bytes() for folder in "ab"}) == 1


def test_a_run_keeps_its_logs_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a folder they are beside the record, which names them; one that can't be written is a warning."""
    for folder, warned in ((tmp_path, 0), (tmp_path / "report.json", 1)):
        session = Session(RunSettings(), CHAPTERS, "pytest", SILENT)
        monkeypatch.setattr(session, "_sandbox", FakeSandbox(["a"]))
        monkeypatch.setattr(session, "_describe_sandbox", lambda _: None)
        session.keep_files_in(folder)
        record = session.finish(exit_code=0, interrupted=False)
        assert record.environment.get("logs") == (None if warned else "logs/mysql.log.gz")
        assert len([each for each in record.warnings if "could not be kept" in each]) == warned
        (tmp_path / "report.json").touch()   # no folder
