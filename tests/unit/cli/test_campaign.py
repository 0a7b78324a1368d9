"""`harness.cli.campaign`: what is asked for."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import pytest

import harness.cli.campaign
from harness.__main__ import main
from harness.campaign.campaign import Campaign, Crew
from harness.campaign.journal import Journal
from harness.campaign.record import UNTOLD, Attempt
from harness.cli.campaign import declare, read_versions
from harness.cli.soak import declare as declare_soak
from harness.cli.soak import read_rounds
from harness.core.errors import SettingsError
from harness.core.progress import SILENT


def parse(*words: str) -> argparse.Namespace:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser()
    declare(parser)
    return parser.parse_args(words)


@pytest.fixture
def executable(make_program: object, tmp_path: Path) -> str:
    """An executable."""
    path = tmp_path / "controllermgr"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_the_reference_with_a_database_of_its_own_is_usual() -> None:
    """As in a soak."""
    versions = read_versions(parse(), SILENT)
    assert list(versions) == [("reference", "own")]
    assert not versions["reference", "own"].alone


def test_each_version_meets_each_database(executable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They have the names that they were given, or that of their path; a database that is shared is known."""
    monkeypatch.setenv("MYSQL_PASSWORD", "secret")
    versions = read_versions(
        parse(
            "--version", "reference", "--version", f"new={executable}",
            "--database", "own", "--database", "mysql://me@127.0.0.1:3307/there",
        ),
        SILENT,
    )  # fmt: skip
    assert {key: version.alone for key, version in versions.items()} == {
        ("reference", "own"): False,
        ("reference", "127.0.0.1:3307/there"): True,
        ("new", "own"): False,
        ("new", "127.0.0.1:3307/there"): True,
    }
    assert versions["new", "own"].settings.target.sandbox.controllermgr.path == Path(executable)
    mysql = versions["new", "127.0.0.1:3307/there"].settings.target.sandbox.mysql
    assert mysql is not None
    assert mysql.password == "secret"


def test_a_round_is_repeated_by_a_soak(executable: str) -> None:
    """Its command is one that `soak` understands, and means the same round of the same version."""
    options = parse("--version", f"new={executable}", "--crd", "project", "--seeds", "7", "--retries", "1")
    command = read_versions(options, SILENT)["new", "own"].spell("mysql-kill", 7, 2.5)
    program, name, *words = shlex.split(command)
    parser = argparse.ArgumentParser()
    declare_soak(parser)
    soak = parser.parse_args(words)
    (plan,) = read_rounds(soak)
    assert (program, name) == ("ingester-acceptance", "soak")
    assert (soak.controllermgr, soak.crd, plan.name, plan.seed, plan.outage_s) == (
        executable, ["project"], "mysql-kill", 7, 2.5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--version", "a=reference", "--version", "a=reference"], "two are called 'a'"),
        (["--version", "nowhere/at/all"], "is no file, no folder and no URL"),
        (["--version", "reference", "--michelangelo", "."], "--version excludes"),
        (["--database", "postgres://a@b/c"], "--database: 'postgres://a@b/c' is no MySQL URL"),
    ],
)
def test_wrong_versions_are_refused(words: list[str], problem: str) -> None:
    """The option is named."""
    with pytest.raises(SettingsError, match=problem):
        read_versions(parse(*words), SILENT)


@pytest.mark.parametrize(
    "words",
    [
        ["--seeds", "x"], ["--fault", "none"], ["--retries", "-1"], ["--parallel", "0"], ["--round-timeout", "0"],
        ["--outage", "-1"], ["--crd", "none"],
    ],
)  # fmt: skip
def test_wrong_usage_ends_before_anything_starts(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With exit code 4."""
    monkeypatch.setattr(harness.cli.campaign, "find_missing", lambda: "")
    monkeypatch.setattr(harness.cli.campaign, "RayCrew", None)
    assert main(["campaign", "--output", str(tmp_path / "out"), *words]) == 4


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray is heavy, and no part of the harness."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install 'ingester-acceptance\[campaign\]'"):
        parse("--output", str(tmp_path)).run(parse("--output", str(tmp_path)))


def test_an_interruption_leaves_a_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C: what was judged is in it, the rest is NOT RUN, and all is closed; then it can be gone on with."""
    closed = []

    class FakeRay:
        def __init__(self, address: str, parallel: int) -> None:
            assert (address, parallel) == ("", 2)

        def describe(self) -> dict[str, str]:
            return {}

        def close(self) -> None:
            closed.append(True)

    def run(self: Campaign, crew: Crew) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(harness.cli.campaign, "find_missing", lambda: "")
    monkeypatch.setattr(harness.cli.campaign, "RayCrew", FakeRay)
    monkeypatch.setattr(harness.cli.campaign, "find_servers", lambda *_, **__: [])
    monkeypatch.setattr(Campaign, "run", run)
    words = ["campaign", "--output", str(tmp_path), "--seeds", "1-2", "--fault", "etcd-kill", "--parallel", "2"]
    assert main(words) == UNTOLD
    assert closed == [True]
    text = (tmp_path / "campaign.md").read_text()
    assert "no round was judged".capitalize() in text
    assert "| interrupted | 2 |" in text
    assert main(words) == 4
    assert main([*words, "--resume"]) == UNTOLD
    assert Journal(tmp_path, {}, resume=True).attempts == list[Attempt]()
