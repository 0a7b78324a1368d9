"""Promises of `harness.sandbox.local.client.identity`."""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from harness.core.errors import SettingsError
from harness.core.settings import ControllerManager, MySQLEndpoint, SandboxSettings
from harness.provision.assets.cache import CACHE_VARIABLE, Cache
from harness.sandbox.local.client import identity
from harness.sandbox.local.client.identity import identify, make_request, plan_controllermgr

_MYSQL = MySQLEndpoint("db.example", 3306, "me", "michelangelo", "secret")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    """A cache of the test's own."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return Cache()


@pytest.fixture
def binary(tmp_path: Path) -> Path:
    """Something like a controller manager."""
    path = tmp_path / "controllermgr"
    path.write_bytes(b"\x7fELF...build\tvcs=git\nbuild\tvcs.revision=" + b"ab" * 20 + b"\nrest")
    return path


def test_executable_is_known_by_digest_and_commit(binary: Path) -> None:
    """The report can say exactly which program ran, and from which commit Go built it."""
    found = identify(binary)
    assert found.sha256 == sha256(binary.read_bytes()).hexdigest()
    assert (found.path, found.version) == (str(binary), f"commit {'ab' * 20}")


def test_file_without_commit_has_no_version(tmp_path: Path) -> None:
    """A program that says nothing of itself, even an empty one, is identified all the same."""
    for content in (b"#!/bin/sh", b""):
        (tmp_path / "program").write_bytes(content)
        found = identify(tmp_path / "program")
        assert (found.version, found.sha256) == ("", sha256(content).hexdigest())


def test_digest_is_remembered(binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is as it was is not read again."""
    first = identify(binary)
    monkeypatch.setattr(identity, "get_sha256", lambda path: pytest.fail(f"{path} was read again"))
    assert identify(binary) == first


def test_changed_file_is_read_again(binary: Path) -> None:
    """A program that was built anew at the same place is another one, even of the same size."""
    first = identify(binary)
    binary.write_bytes(binary.read_bytes().replace(b"rest", b"tser"))
    os.utime(binary, ns=(1, 1))
    assert identify(binary).sha256 != first.sha256


def test_unwritable_cache_costs_nothing_but_time(binary: Path, tmp_path: Path) -> None:
    """Where nothing can be remembered, the digest is right all the same."""
    (tmp_path / "file").write_text("no folder")
    assert identify(binary, Cache(tmp_path / "file")) == identify(binary)


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A program that isn't there gives an error with its path."""
    with pytest.raises(SettingsError, match=str(tmp_path / "none")):
        identify(tmp_path / "none")


def test_reference_runs_in_the_profile() -> None:
    """The profile says how the reference behaves, so another one is another controller manager."""
    first = plan_controllermgr(SandboxSettings(profile="report-2026-03"))
    second = plan_controllermgr(SandboxSettings(profile="upstream-main"))
    assert first.command[-2:] == ("--profile", "report-2026-03")
    assert first.digest != second.digest


def test_binary_is_the_same_in_every_profile(binary: Path) -> None:
    """What is expected of a binary doesn't change it, so it need not be replaced."""
    settings = SandboxSettings(controllermgr=ControllerManager(binary, ("-v",)))
    plans = [plan_controllermgr(replace(settings, profile=name)) for name in ("report-2026-03", "upstream-main")]
    assert plans[0] == plans[1]
    assert (plans[0].command, plans[0].expands_variables) == ((str(binary), "-v"), True)


def test_rebuilt_binary_differs(binary: Path) -> None:
    """A binary with other content is another controller manager, in the same sandbox."""
    settings = SandboxSettings(controllermgr=ControllerManager(binary))
    first = make_request(settings, {})
    binary.write_bytes(b"rebuilt")
    second = make_request(settings, {})
    assert first.controllermgr.digest != second.controllermgr.digest
    assert first.digest == second.digest


def test_sandboxes_with_equal_settings_are_equal() -> None:
    """The digest depends on what was asked for and on nothing else: not on the time limit, for one."""
    settings = SandboxSettings(mysql=_MYSQL)
    digests = {
        make_request(settings, {}).digest,
        make_request(replace(settings, start_timeout_s=5.0, profile="upstream-main"), {}).digest,
    }
    assert len(digests) == 1


def test_sandboxes_with_other_parts_differ(tmp_path: Path) -> None:
    """Another schema, MySQL server, password or port is another sandbox; so is a schema edited in place."""
    schema = tmp_path / "schema.sql"
    digests = set()
    for text in ("SELECT 1", "SELECT 2"):
        schema.write_text(text)
        digests.add(make_request(SandboxSettings(schema=schema), {}).digest)
    for mysql in (None, _MYSQL, replace(_MYSQL, password="other"), replace(_MYSQL, database="other")):
        digests.add(make_request(SandboxSettings(mysql=mysql), {}).digest)
    digests.add(make_request(SandboxSettings(), {"mysql": 3306}).digest)
    assert len(digests) == 7


def test_sources_are_named_for_errors(tmp_path: Path) -> None:
    """Errors can say whether CRDs and schema are the bundled ones or whose."""
    schema = tmp_path / "schema.sql"
    schema.write_text("SELECT 1")
    request = make_request(SandboxSettings(schema=schema), {})
    assert (request.crds_source, request.schema_source) == ("the bundled CRDs", str(schema))


def test_unknown_component_has_no_port() -> None:
    """A port for what has none is an error that lists the components which have one."""
    with pytest.raises(SettingsError, match=r"port: unknown value 'mysq'.*\ndid you mean mysql"):
        make_request(SandboxSettings(), {"mysq": 1})


def test_unreadable_schema_is_named(tmp_path: Path) -> None:
    """A schema file that isn't there, or is no text, is named with its option."""
    (tmp_path / "binary.sql").write_bytes(b"\xff\xfe")
    for name in ("none.sql", "binary.sql"):
        with pytest.raises(SettingsError, match=f"--schema: .*{name}"):
            make_request(SandboxSettings(schema=tmp_path / name), {})


def test_another_api_server_or_key_or_faults_are_another_sandbox(binary: Path) -> None:
    """A sandbox with another API server, with keys of base.yaml set or for faults is not taken for this one."""
    plain = SandboxSettings()
    others = (
        replace(plain, apiserver=binary),
        replace(plain, base_yaml_overrides=(("k8s.qps", 1),)),
        replace(plain, faults=True),
    )
    assert len({make_request(settings, {}).digest for settings in (plain, *others)}) == 4


def test_a_given_version_is_the_one_that_is_said(binary: Path) -> None:
    """Whoever knows which version an executable is says it for both programs; with it the plan is another."""
    manager = ControllerManager(binary, version="commit 1, changed")
    request = make_request(SandboxSettings(controllermgr=manager, apiserver=binary), {})
    assert request.apiserver is not None
    assert (request.controllermgr.executable.version, request.apiserver.version) == ("commit 1, changed",) * 2
    unnamed = plan_controllermgr(SandboxSettings(controllermgr=ControllerManager(binary)))
    assert unnamed.executable.version == f"commit {'ab' * 20}"
    assert unnamed.digest != request.controllermgr.digest


def test_keys_that_cannot_be_set_are_found_early() -> None:
    """A key that leads through a value ends the run before anything starts."""
    with pytest.raises(SettingsError, match="host is a value"):
        make_request(SandboxSettings(base_yaml_overrides=(("mysql.host.x", 1),)), {})
