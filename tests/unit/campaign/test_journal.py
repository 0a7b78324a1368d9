"""What a campaign that was interrupted goes on from."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.campaign.journal import JOURNAL, Journal
from harness.campaign.record import Attempt
from harness.core.errors import SettingsError
from harness.core.record import Status
from tests.unit.campaign.sample import VERSIONS, judge, make_plan

FIRST, SECOND, *_ = make_plan()


def open_journal(folder: Path, *, resume: bool = False, versions: dict[str, str] | None = None) -> Journal:
    """Return the folder's journal."""
    return Journal(folder, VERSIONS if versions is None else versions, resume=resume)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Each attempt with all that it says, verdicts and others."""
    journal = open_journal(tmp_path)
    attempts = [Attempt(FIRST, lost=True, detail="lost: \u2028 gone"), judge(FIRST, Status.FAIL, number=2)]
    assert [journal.write(attempt) for attempt in attempts] == [True, True]
    again = open_journal(tmp_path, resume=True)
    assert (again.attempts, again.judged) == (attempts, {FIRST})


def test_a_round_has_one_verdict(tmp_path: Path) -> None:
    """A second one is refused, now and after it was resumed."""
    journal = open_journal(tmp_path)
    assert journal.write(judge(FIRST))
    assert not journal.write(judge(FIRST, Status.FAIL))
    again = open_journal(tmp_path, resume=True)
    assert not again.write(judge(FIRST, Status.FAIL))
    assert [attempt.status for attempt in again.attempts] == [Status.PASS]


def test_a_line_that_was_cut_off_is_cut_away(tmp_path: Path) -> None:
    """Its round is run again, and what is written then can be read."""
    journal = open_journal(tmp_path)
    journal.write(judge(FIRST))
    with journal.path.open("a") as file:
        file.write('{"round": {"version": "go')
    again = open_journal(tmp_path, resume=True)
    assert again.judged == {FIRST}
    again.write(judge(SECOND))
    assert open_journal(tmp_path, resume=True).judged == {FIRST, SECOND}


def test_one_that_was_hardly_begun_is_begun_anew(tmp_path: Path) -> None:
    """Where not even the first line was written whole."""
    (tmp_path / JOURNAL).write_text('{"versions"')
    open_journal(tmp_path, resume=True).write(judge(FIRST))
    assert open_journal(tmp_path, resume=True).judged == {FIRST}


def test_a_campaign_is_not_gone_on_with_silently(tmp_path: Path) -> None:
    """Nor written over."""
    open_journal(tmp_path)
    with pytest.raises(SettingsError, match="holds a campaign"):
        open_journal(tmp_path)


def test_another_version_of_that_name_is_refused(tmp_path: Path) -> None:
    """Its rounds would be put together with those of what it was before; a new name is welcome, and remembered."""
    open_journal(tmp_path)
    with pytest.raises(SettingsError, match="lossy is not what it was"):
        open_journal(tmp_path, resume=True, versions={"lossy": "cc"})
    open_journal(tmp_path, resume=True, versions={"new": "dd"})
    with pytest.raises(SettingsError, match="new is not what it was"):
        open_journal(tmp_path, resume=True, versions={"new": "ee"})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no JSON\n", "is no journal"),
        ("[1]\n", "is no journal"),
        ('{"a": 1}\n', "is no journal"),
        ('{"versions": {}, "format": "ingester-acceptance campaign", "version": 9}\n', "another format"),
    ],
)
def test_another_file_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    """It says what it is not."""
    (tmp_path / JOURNAL).write_text(text)
    with pytest.raises(SettingsError, match=problem):
        open_journal(tmp_path, resume=True)
