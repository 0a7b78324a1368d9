"""Promises of `harness.cli.audit`: what is audited, and what is refused before anything is read."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.__main__ import main
from harness.cli.audit import choose_kinds, declare, read_whereabouts
from harness.cli.options import PROGRAM, Shard, read_value
from harness.core.errors import HarnessError, SettingsError
from harness.sandbox.storage import ROOT_VARIABLE
from tests.fakes.contract import CONTRACT

KUBECONFIG = (
    "{contexts: [{name: prod, context: {cluster: c, user: u}}],"
    " clusters: [{name: c, cluster: {server: 'https://c'}}], users: [{name: u, user: {}}]}"
)


DOCS = Path(__file__).resolve().parents[3] / "docs"


def parse(*words: str) -> argparse.Namespace:
    """Return the options of an audit."""
    parser = argparse.ArgumentParser()
    declare(parser)
    return parser.parse_args(words)


@pytest.fixture(autouse=True)
def _root(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sandbox of this machine is seen."""
    monkeypatch.setenv(ROOT_VARIABLE, str(root))


def test_production_may_be_audited(tmp_path: Path) -> None:
    """A context is taken as it is, also one that looks like production: nothing is made in it."""
    file = tmp_path / "config"
    file.write_text(KUBECONFIG)
    options = parse("--context", "prod", "--kubeconfig", str(file), "--mysql-url", "mysql://me@db/m")
    access, profile = read_whereabouts(options)
    assert (access.context.name, access.mysql.host, profile) == ("prod", "db", "")


def test_without_a_context_the_kept_sandbox_is_audited() -> None:
    """Where none is kept, the way to one is named; options of a cluster are not ignored."""
    with pytest.raises(HarnessError, match="no sandbox is up"):
        read_whereabouts(parse())
    with pytest.raises(SettingsError, match="--mysql-url: the sandbox"):
        read_whereabouts(parse("--mysql-url", "mysql://me@db/m"))
    with pytest.raises(SettingsError, match="--sandbox: 'k3d'"):
        read_whereabouts(parse("--sandbox", "k3d"))


def test_shards_are_a_partition() -> None:
    """Each kind is in one part, and none has them all."""
    parts = [choose_kinds(parse("--shard", f"{index}/4"), CONTRACT)[0] for index in range(1, 5)]
    assert sorted(kind.name for part in parts for kind in part) == sorted(CONTRACT.names)
    assert all(3 <= len(part) <= 4 for part in parts)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--shard", "3/2"), "--shard: '3/2' is no I/N"),
        (("--shard", "0/2"), "--shard: '0/2' is no I/N"),
        (("--sample", "0"), "--sample: 0 is no share"),
        (("--sample", "101"), "--sample: 101 is no share"),
        (("--grace", "-1"), "--grace: -1 is no time"),
    ],
)
def test_wrong_value_is_named(words: tuple[str, str], said: str) -> None:
    """A value that can't be used is named with its option."""
    with pytest.raises(SettingsError, match=said):
        read_value(parse(*words), words[0].removeprefix("--"))


def test_more_parts_than_kinds_are_refused() -> None:
    """A part without a kind would look equal."""
    with pytest.raises(SettingsError, match="more parts than there are kinds"):
        choose_kinds(parse("--shard", "1/99"), CONTRACT)


def test_folder_without_a_result_cannot_be_merged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no result of an audit is named, and ends with exit code 2."""
    assert main(["audit", "--output", str(tmp_path / "out"), "--merge", str(tmp_path)]) == 2
    assert "is no result of an audit" in capsys.readouterr().err


def test_results_are_not_merged_into_one_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is to be merged is not written over."""
    assert main(["audit", "--output", str(tmp_path), "--merge", str(tmp_path)]) == 4
    assert "is among the results to merge" in capsys.readouterr().err


def test_watch_is_never_resumed(tmp_path: Path) -> None:
    """Rounds begin anew."""
    assert main(["audit", "--output", str(tmp_path), "--watch", "5", "--resume"]) == 4


def get_job(name: str, kind: str) -> Any:
    """Return the documented manifest's specification of a Job."""
    found = {each["kind"]: each for each in yaml.safe_load_all((DOCS / name).read_text())}
    spec = found[kind]["spec"]
    return spec["jobTemplate"]["spec"] if kind == "CronJob" else spec


def test_documented_cron_job_audits() -> None:
    """Its command is one, of options that there are."""
    (container,) = get_job("audit-cronjob.yaml", "CronJob")["template"]["spec"]["containers"]
    program, command, *words = container["command"]
    options = parse(*words)
    assert (program, command) == (PROGRAM, "audit")
    assert (options.context, options.kubeconfig, options.output) == ("here", "/config/config", "/audit")


def test_documented_job_divides_the_audit(tmp_path: Path) -> None:
    """Each of its parts is another one of as many as it has, with a folder of its own, as its shell reads it."""
    job = get_job("audit-job.yaml", "Job")
    (container,) = job["template"]["spec"]["containers"]
    program = tmp_path / PROGRAM
    program.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    program.chmod(0o755)
    parts, outputs = [], set()
    for index in range(job["completions"]):
        variables = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "JOB_COMPLETION_INDEX": str(index)}
        said = subprocess.run(container["command"], env=variables, check=True, capture_output=True).stdout
        command, *words = json.loads(said)
        options = parse(*words)
        assert (command, options.context) == ("audit", "here")
        parts.append(read_value(options, "shard"))
        outputs.add(options.output)
    assert parts == [Shard(index, len(parts)) for index in range(1, len(parts) + 1)]
    assert outputs == {f"/audit/{index}" for index in range(len(parts))}
