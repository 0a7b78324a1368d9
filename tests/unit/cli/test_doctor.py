"""Promises of `harness.cli.doctor`: the command around the preflight."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from harness.cli.doctor import declare, diagnose
from harness.cli.options import TARGET_OPTIONS, add_to_parser, read_place, read_target
from harness.core.errors import SettingsError
from harness.core.progress import SILENT
from harness.doctor.diagnosis import Diagnosis, FindingStatus
from harness.sandbox.existing.options import ExistingSettings

_MISSING = Diagnosis("MySQL", FindingStatus.MISSING, "it does not answer", "Start it")


def test_command_prints_and_returns_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`doctor` hands the settings on, prints the table and ends with its exit code."""
    monkeypatch.setattr(
        "harness.doctor.preflight.examine_local", lambda s, *_: [_MISSING] * (s.profile == "upstream-main")
    )
    parser = argparse.ArgumentParser()
    declare(parser)
    options = parser.parse_args(["--profile", "upstream-main"])
    assert options.run(options) == 2
    assert "MISSING" in capsys.readouterr().out


def test_doctor_may_look_at_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A context that looks like production is examined, since nothing is made in it; a run in it is refused.

    Which the doctor says.
    """
    monkeypatch.setattr("harness.doctor.preflight.examine_existing", lambda *_: [])
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        "{contexts: [{name: prod, context: {cluster: c, user: u}}],"
        " clusters: [{name: c, cluster: {server: 'https://c'}}], users: [{name: u, user: {}}]}"
    )
    parser = argparse.ArgumentParser()
    add_to_parser(parser, TARGET_OPTIONS)
    words = ["--sandbox", "existing", "--context", "prod", "--mysql-url", "mysql://me@db/m"]
    options = parser.parse_args([*words, "--kubeconfig", str(kubeconfig)])
    place = read_place(options)
    assert isinstance(place, ExistingSettings)
    assert place.context.name == "prod"
    with pytest.raises(SettingsError, match="looks like production"):
        read_target(options, SILENT)
    (guard,) = diagnose(options)
    assert (guard.status, guard.name) == (FindingStatus.WARNING, "consent")
    options.yes_this_cluster = "prod"
    assert diagnose(options) == []
