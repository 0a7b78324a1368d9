"""Bad input ends in a clear error and its exit code, with a report where a run had begun."""

from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path

import pytest
import yaml

from harness.core.record import Status
from harness.spec.bundle import render_crds, render_schema

from .conftest import ROOT, Acceptance
from .faults.fault import CONTRACT


def write_executable(path: Path, code: str) -> Path:
    """Write a Python program."""
    path.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--crd", "modle"), "did you mean Model"),
        (("--crd", "14"), "--crd: unknown value '14'"),
        (("--controllermgr", "/nowhere/mgr"), "--controllermgr: '/nowhere/mgr' does not exist"),
        (("--controllermgr", "README.md"), "--controllermgr: 'README.md' is not executable"),
        (("--profile", "upstream"), "did you mean upstream-main"),
        (("--crds", "/nowhere"), "--crds: '/nowhere' is not a folder"),
        (("--schema", "/nowhere.sql"), "--schema: '/nowhere.sql' is not a file"),
        (("--mysql-url", "mysql://root:secret@127.0.0.1/x"), "the password must not stand in the URL"),
        (("--sync-timeout", "-1"), "--sync-timeout: -1 is no time"),
        (("--baseline", "nothing"), "--baseline: unknown value 'nothing'"),
        (("--reports", "README.md"), "--reports: can't write a report below"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_option_is_a_usage_error(
    arguments: tuple[str, ...], message: str, acceptance: Acceptance
) -> None:
    """A wrong option ends with exit code 4 before anything starts, and names option, value and way out."""
    outcome = acceptance.run(*arguments)
    assert outcome.exit_code == 4
    assert message in outcome.output
    assert outcome.record is None


def test_a_binary_that_exits_at_once_is_quoted(acceptance: Acceptance, tmp_path: Path) -> None:
    """A controller manager that can't start fails the run, with how it ends and its last words."""
    program = write_executable(
        tmp_path / "dies", "import sys; print('config: no such key', file=sys.stderr); sys.exit(7)"
    )
    outcome = acceptance.run("--controllermgr", str(program), keep=False)
    assert outcome.exit_code == 1
    assert "CrashLoopBackOff (exit code 7): " in outcome.output
    assert outcome.record is not None
    assert outcome.record.headline.endswith("config: no such key")
    assert not outcome.record.interrupted
    cells = {check.status for check in outcome.record.checks if check.section in ("1.4", "1.5", "1.6", "2.1")}
    assert cells == {Status.NOT_RUN}


def test_a_schema_without_a_table_is_named(acceptance: Acceptance, tmp_path: Path) -> None:
    """A schema file that lacks a table ends the run with exit code 2, the file and the table."""
    schema = tmp_path / "schema.sql"
    schema.write_text(render_schema(CONTRACT.kinds) + "\nDROP TABLE model_labels;\n", encoding="utf-8")
    outcome = acceptance.run("--schema", str(schema), keep=False)
    assert outcome.exit_code == 2
    assert str(schema) in outcome.output
    assert "model_labels" in outcome.output
    assert outcome.record is not None


def test_a_schema_that_is_no_sql_is_named(acceptance: Acceptance, tmp_path: Path) -> None:
    """A schema file with an error in it ends the run with exit code 2, the file and MySQL's words."""
    schema = tmp_path / "schema.sql"
    schema.write_text("CREATE TABEL model (uid INT);\n", encoding="utf-8")
    outcome = acceptance.run("--schema", str(schema), keep=False)
    assert outcome.exit_code == 2
    assert str(schema) in outcome.output
    assert "TABEL" in outcome.output


def test_crds_without_a_kind_are_named(acceptance: Acceptance, tmp_path: Path) -> None:
    """A folder that lacks a kind's CRD is a version without it: the kind is named, and the others are judged."""
    for crd in render_crds(CONTRACT.cases)[:-1]:
        (tmp_path / f"{crd['metadata']['name']}.yaml").write_text(yaml.safe_dump(crd), encoding="utf-8")
    outcome = acceptance.run("--crds", str(tmp_path), keep=False)
    assert outcome.exit_code == 0, outcome.output
    assert outcome.record is not None
    assert "Deployment" not in [kind.name for kind in outcome.record.kinds]
    assert any("Deployment" in warning and "no CRD" in warning for warning in outcome.record.warnings)


def test_a_broken_template_costs_no_sandbox(acceptance: Acceptance, tmp_path: Path) -> None:
    """A broken template ends the run with exit code 2 and the template's name and line, before anything starts."""
    copy = tmp_path / "copy"
    shutil.copytree(
        ROOT, copy, ignore=shutil.ignore_patterns(".git", ".tox", ".ci", "reports", "*.egg-info", ".*_cache")
    )
    (copy / "fixtures/crs/03-model.yaml.j2").write_text("kind: Model\nmetadata: {{ oops\n", encoding="utf-8")
    outcome = acceptance.run(keep=False, root=copy)
    assert outcome.exit_code == 2
    assert "03-model.yaml.j2, line 2" in outcome.output
    assert "sandbox" not in (outcome.record.stages_s if outcome.record else {})


def test_a_port_that_is_taken_is_named(acceptance: Acceptance) -> None:
    """A port that somebody else holds ends `sandbox up` with exit code 2, the component and the port."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        done = acceptance.sandbox(["up", "--port", f"mysql={port}"])
    assert done.returncode in (2, 4)
    assert str(port) in done.stderr
    assert "mysql" in done.stderr
