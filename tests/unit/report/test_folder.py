"""`harness.report.folder`: a dated folder per run, `latest`, and only our own old folders pruned."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from harness.core.errors import SettingsError
from harness.report.folder import prepare_report_folder

NOW = datetime.datetime(2026, 3, 9, 20, 50, 0, tzinfo=datetime.UTC)


def _names(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


def test_a_folder_is_named_by_time_and_profile(tmp_path: Path) -> None:
    """A report's folder is named by the start of its run in UTC and by its profile, below a new root too."""
    east = datetime.timezone(datetime.timedelta(hours=2))
    folder = prepare_report_folder(tmp_path / "deep" / "reports", "upstream-main", now=NOW.astimezone(east))
    assert folder.path == tmp_path / "deep" / "reports" / "20260309T205000Z-upstream-main"
    assert folder.path.is_dir()


def test_a_profile_cannot_lead_out_of_the_root(tmp_path: Path) -> None:
    """A profile that is a path becomes a plain name."""
    folder = prepare_report_folder(tmp_path, "../up/own profile", now=NOW)
    assert folder.path == tmp_path / "20260309T205000Z-..-up-own-profile"


def test_two_runs_of_one_second_have_two_folders(tmp_path: Path) -> None:
    """A second run in the same second neither fails nor writes over the first one's report."""
    first = prepare_report_folder(tmp_path, "p", now=NOW)
    second = prepare_report_folder(tmp_path, "p", now=NOW)
    assert (first.path.name, second.path.name) == ("20260309T205000Z-p", "20260309T205000Z-p-2")


def test_an_unwritable_root_is_refused_before_the_run(tmp_path: Path) -> None:
    """Where no folder can be made, the error names the option, the path, the reason and the way out."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError) as raised:
        prepare_report_folder(tmp_path / "file" / "reports", "p", now=NOW)
    assert str(raised.value) == (
        f"--reports: can't write a report below '{tmp_path}/file/reports' (Not a directory)\n"
        "Name a folder that you may write to, such as --reports ./reports, or free some space."
    )


def test_a_root_whose_files_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that can be made but not be written into is refused before the run too."""

    def refuse(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("harness.report.folder.write_text", refuse)
    with pytest.raises(SettingsError, match="No space left on device"):
        prepare_report_folder(tmp_path, "p", now=NOW)


def test_a_latest_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    """A folder `latest` that is no report is refused before the run, and stays."""
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "thesis.txt").write_text("years of work")
    with pytest.raises(SettingsError, match="latest' exists and is no report"):
        prepare_report_folder(tmp_path, "p", now=NOW)
    assert _names(tmp_path / "latest") == ["thesis.txt"]


def test_old_folders_are_pruned(tmp_path: Path) -> None:
    """Of the harness's own folders the newest ones stay, the new one included."""
    for day in range(1, 6):
        prepare_report_folder(tmp_path, "p", now=NOW.replace(day=day), keep=3)
    assert _names(tmp_path) == ["20260303T205000Z-p", "20260304T205000Z-p", "20260305T205000Z-p"]


def test_a_new_folder_is_never_pruned(tmp_path: Path) -> None:
    """Where the clock went back, the new run's folder stays, and an older run's goes."""
    for day in (5, 4):
        folder = prepare_report_folder(tmp_path, "p", now=NOW.replace(day=day), keep=1)
    assert _names(tmp_path) == [folder.path.name] == ["20260304T205000Z-p"]


def test_only_own_folders_are_pruned(tmp_path: Path) -> None:
    """Folders without the harness's marker, with another name, and links stay, however old."""
    own = prepare_report_folder(tmp_path, "p", now=NOW.replace(day=1))
    (tmp_path / "20200101T000000Z-mine").mkdir()
    (tmp_path / "baselines").mkdir()
    (tmp_path / "20990101T000000Z-link").symlink_to(own.path, target_is_directory=True)
    prepare_report_folder(tmp_path, "p", now=NOW.replace(day=2))
    prepare_report_folder(tmp_path, "p", now=NOW, keep=1)
    assert _names(tmp_path) == [
        "20200101T000000Z-mine",
        "20260309T205000Z-p",
        "20990101T000000Z-link",
        "baselines",
    ]


def test_latest_is_a_link_to_the_newest_report(tmp_path: Path) -> None:
    """`latest` shows the report that was published last, by a relative link that survives a move."""
    for day in (1, 2):
        folder = prepare_report_folder(tmp_path, "p", now=NOW.replace(day=day))
        folder.record.write_text(f"day {day}")
        folder.publish()
        folder.publish()
    assert str(folder.latest.readlink()) == "20260302T205000Z-p"
    assert (tmp_path / "latest" / "report.json").read_text() == "day 2"
    assert _names(tmp_path) == ["20260301T205000Z-p", "20260302T205000Z-p", "latest"]


def test_latest_is_a_copy_where_there_are_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system without symbolic links `latest` is a copy, and replaced like a link."""

    def refuse(self: Path, target: Path, target_is_directory: bool = False) -> None:
        raise OSError(1, "Operation not permitted")

    prepare_report_folder(tmp_path, "p", now=NOW.replace(day=1)).publish()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "symlink_to", refuse)
        for day in (2, 3):
            folder = prepare_report_folder(tmp_path, "p", now=NOW.replace(day=day))
            folder.record.write_text(f"day {day}")
            folder.publish()
            assert not folder.latest.is_symlink()
            assert (folder.latest / "report.json").read_text() == f"day {day}"
    prepare_report_folder(tmp_path, "p", now=NOW.replace(day=4)).publish()
    assert (tmp_path / "latest").is_symlink()
    assert [name for name in _names(tmp_path) if not name.startswith("2026")] == ["latest"]


def test_the_files_of_a_report_have_their_names(tmp_path: Path) -> None:
    """The files that CI recipes and readers rely on keep their names."""
    folder = prepare_report_folder(tmp_path, "p", now=NOW)
    files = (folder.record, folder.html, folder.markdown, folder.junit)
    assert [path.relative_to(folder.path).as_posix() for path in files] == [
        "report.json",
        "report.html",
        "report.md",
        "junit.xml",
    ]
