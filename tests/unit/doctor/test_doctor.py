"""The preflight: what it finds, how it says so, and what exit code it has."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from harness.clients.access_review import Right
from harness.core.errors import HarnessError, Refusal
from harness.core.settings import MySQLEndpoint, SandboxSettings
from harness.doctor import existing, local
from harness.doctor.diagnosis import Diagnosis, FindingStatus, get_exit_code, render_diagnoses, require_all
from harness.doctor.local import examine_local
from harness.provision.assets.cache import CACHE_VARIABLE, OFFLINE_VARIABLE
from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, LogLine, Phase
from harness.sandbox.existing.context import Context
from harness.sandbox.existing.options import ExistingSettings
from harness.sandbox.existing.podstatus import PodName
from harness.sandbox.log_coverage import LogCoverage
from tests.fakes.contract import CONTRACT

_OK = Diagnosis("Go", FindingStatus.OK, "1.26.8, /usr/bin/go")
_MISSING = Diagnosis("MySQL", FindingStatus.MISSING, "it does not answer " * 6, "Start it")
_WARNING = Diagnosis("tables", FindingStatus.WARNING, "rows stay")


def test_findings_are_a_table_with_a_verdict() -> None:
    """Each finding has its line, broken at words within the width; below it the way out, at last the verdict."""
    assert render_diagnoses([_OK, _MISSING, _WARNING], width=60) == (
        "Go      ok           1.26.8, /usr/bin/go\n"
        "MySQL   MISSING      it does not answer it does not answer\n"
        "                     it does not answer it does not answer\n"
        "                     it does not answer it does not answer\n"
        "                     -> Start it\n"
        "tables  warning      rows stay\n"
        "\n"
        "1 missing: MySQL"
    )
    assert render_diagnoses([_OK, _WARNING], width=60).endswith("All that a run needs is there; 1 warning")


def test_only_what_is_missing_counts() -> None:
    """A warning lets a run start, something missing does not: exit code 2, and an error that names it."""
    assert (get_exit_code([_OK, _WARNING]), get_exit_code([_OK, _MISSING])) == (0, 2)
    require_all([_OK, _WARNING])
    with pytest.raises(HarnessError, match=r"^MySQL: it does not answer") as caught:
        require_all([_OK, _MISSING, _WARNING])
    assert caught.value.hint == "Start it"


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine with room, and without any server or toolchain."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv(OFFLINE_VARIABLE, raising=False)
    monkeypatch.setattr(local, "get_root", lambda: tmp_path / "sandboxes")
    monkeypatch.setattr(local, "find_ready_control_plane", lambda _: None)
    monkeypatch.setattr(local, "find_ready_mysql_server", lambda _: None)
    monkeypatch.setattr(local, "find_toolchain_on_path", lambda: None)
    monkeypatch.setattr(local, "is_apt_system", lambda: True)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(10**12, 0, 10**11))
    return monkeypatch


def _statuses(findings: list[Diagnosis]) -> dict[str, FindingStatus]:
    return {finding.name: finding.status for finding in findings}


@pytest.mark.usefixtures("machine")
def test_empty_machine_with_a_network_will_do() -> None:
    """What can be fetched or built is a warning: the first run takes longer, and works."""
    found = _statuses(examine_local(SandboxSettings()))
    assert found == {
        "etcd, kube-apiserver": FindingStatus.WARNING,
        "Go": FindingStatus.WARNING,
        "MySQL server": FindingStatus.WARNING,
        "cache": FindingStatus.OK,
        "sandbox folder": FindingStatus.OK,
        "ports": FindingStatus.OK,
    }


def test_empty_machine_without_a_network_will_not(machine: pytest.MonkeyPatch) -> None:
    """Where nothing may be fetched, what is not there is missing, with the ways out."""
    machine.setenv(OFFLINE_VARIABLE, "1")
    found = {finding.name: finding for finding in examine_local(SandboxSettings())}
    for name in ("etcd, kube-apiserver", "MySQL server"):
        assert found[name].status is FindingStatus.MISSING
        assert found[name].way_out.startswith("Ways out")


def test_system_without_apt_needs_a_server(machine: pytest.MonkeyPatch) -> None:
    """Where packages can't be unpacked, a MySQL server must be there already."""
    machine.setattr(local, "is_apt_system", lambda: False)
    assert _statuses(examine_local(SandboxSettings()))["MySQL server"] is FindingStatus.MISSING


def test_full_disk_is_named_with_both_numbers(machine: pytest.MonkeyPatch) -> None:
    """Too little room says how much there is and how much is needed, and where to go."""
    machine.setattr(shutil, "disk_usage", lambda _: _Usage(10**9, 0, 100 * 1024**2))
    found = {finding.name: finding for finding in examine_local(SandboxSettings())}
    assert found["sandbox folder"].status is FindingStatus.MISSING
    assert "100 MiB free; 500 are needed" in found["sandbox folder"].detail
    assert "INGESTER_ACCEPTANCE_SANDBOXES" in found["sandbox folder"].way_out


def test_cache_that_is_no_folder_is_named(machine: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache that can't be written to is missing, with the variable that chooses another."""
    (tmp_path / "file").write_text("")
    machine.setenv(CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    found = {finding.name: finding for finding in examine_local(SandboxSettings())}["cache"]
    assert (found.status, CACHE_VARIABLE in found.way_out) == (FindingStatus.MISSING, True)


def test_damaged_cache_is_a_finding_and_no_crash(machine: pytest.MonkeyPatch) -> None:
    """An error while looking is itself what was found."""

    def fail(_: object) -> None:
        raise HarnessError("The cached file x is damaged", hint="Remove it")

    machine.setattr(local, "find_ready_mysql_server", fail)
    found = {finding.name: finding for finding in examine_local(SandboxSettings())}["MySQL server"]
    assert found == Diagnosis("MySQL server", FindingStatus.MISSING, "The cached file x is damaged", "Remove it")


_CONTEXT = Context("dev", "c", "https://dev:6443", "ma", {"server": "https://dev:6443"}, "tester", {})
_SETTINGS = ExistingSettings(
    _CONTEXT, MySQLEndpoint("db", 3306, "u", "ma", "secret"), None, PodName("ma", CONTROLLERMGR), False, None
)


class _Rights:
    """Grants all but some."""

    missing: frozenset[Right] = frozenset()

    def __init__(self, _: Path) -> None:
        """Ask nobody."""

    def has(self, right: Right) -> bool:
        return right not in self.missing


def _examine_rights(
    monkeypatch: pytest.MonkeyPatch, *missing: Right, given: bool = False
) -> dict[str, tuple[FindingStatus, str]]:
    monkeypatch.setattr(existing, "Rights", type("Some", (_Rights,), {"missing": frozenset(missing)}))
    settings = ExistingSettings(
        _CONTEXT, _SETTINGS.mysql, None, PodName("ma", CONTROLLERMGR), pod_is_given=given, log=None
    )
    found = existing.examine_rights(settings, CONTRACT.kinds, Path("unused"))
    return {finding.name: (finding.status, finding.detail) for finding in found}


def test_missing_right_is_named_for_its_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a hundred rights the one that is missing is named; the others are counted."""
    found = _examine_rights(monkeypatch, Right("watch", "models", "michelangelo.api"))
    assert found["rights: 13 kinds"] == (
        FindingStatus.MISSING, "tester may not watch models.michelangelo.api cluster-wide",
    )  # fmt: skip
    assert found["rights: own namespace"] == (FindingStatus.OK, "all 3 are granted")


def test_right_that_all_kinds_lack_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A verb that is missing on every kind is not repeated thirteen times."""
    lacking = [Right("patch", kind.plural, "michelangelo.api") for kind in CONTRACT.kinds]
    found = _examine_rights(monkeypatch, *lacking)
    assert found["rights: 13 kinds"][1] == "tester may not patch *.michelangelo.api cluster-wide"


def test_log_may_be_missing_unless_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the right to the log a run is poorer and says so; who names the pod must be able to see it."""
    right = Right("get", "pods", subresource="log", namespace="ma")
    status, detail = _examine_rights(monkeypatch, right)["rights: pods and log"]
    assert (status, "rows alone are the proof" in detail) == (FindingStatus.WARNING, True)
    status, detail = _examine_rights(monkeypatch, right, given=True)["rights: pods and log"]
    assert (status, detail) == (FindingStatus.MISSING, "tester may not get pods/log in namespace ma")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Refusal(401, "Unauthorized", "Unauthorized"), "does not accept the credentials of context 'dev'"),
        (Refusal(403, "Forbidden", "no"), "refuses context 'dev': no"),
        (
            HarnessError(
                "kube-apiserver does not answer: HTTPSConnectionPool(host='dev', port=6443): Max retries exceeded "
                "(Caused by NewConnectionError('x: Failed to connect: [Errno 111] Connection refused'))"
            ),
            "https://dev:6443 (context dev) does not answer: [Errno 111] Connection refused",
        ),
    ],
)
def test_unreachable_cluster_ends_the_look(
    monkeypatch: pytest.MonkeyPatch, error: Exception, expected: str
) -> None:
    """Where the API server can't be asked, that is the only finding, in one sentence with a way out."""

    class Dead:
        def __init__(self, *_: object, **__: object) -> None:
            """Connect to nothing."""

        def get_server_version(self, _: float) -> str:
            raise error

    monkeypatch.setattr(existing, "Cluster", Dead)
    (found,) = existing.examine_existing(_SETTINGS, CONTRACT.kinds)
    assert (found.name, found.status) == ("API server", FindingStatus.MISSING)
    assert expected in found.detail
    assert "Max retries" not in found.detail


class _Manager:
    """A controller manager with a log."""

    is_observed = True

    def __init__(
        self, *messages: str, reach: LogCoverage = LogCoverage.WHOLE, phase: Phase = Phase.RUNNING
    ) -> None:
        self.log_coverage, self._phase = reach, phase
        self.log_limit = "" if reach is LogCoverage.WHOLE else "kept since noon only"
        self._lines = [LogLine(0, message) for message in messages]

    def read(self, *_: object) -> list[LogLine]:
        return self._lines

    def get_status(self) -> ComponentStatus:
        return ComponentStatus(CONTROLLERMGR, self._phase, reason="exit code 2", path="pod ma/mgr")

    def close(self) -> None:
        """Do nothing."""


_UP = '{"msg": "Setting up ingester controllers"}'
_OFF = '{"msg": "Metadata storage not configured, skipping ingester controller setup"}'
_PROJECT = '{"msg": "Ingester controller registered successfully", "kind": "Project"}'


@pytest.mark.parametrize(
    ("manager", "expected"),
    [
        (_Manager(_UP, _PROJECT), ("ingester", FindingStatus.WARNING, "1 of 13 controllers are registered")),
        (_Manager(_OFF), ("ingester", FindingStatus.MISSING, "switched off")),
        (_Manager("hello"), ("ingester", FindingStatus.WARNING, "no line")),
        (_Manager("x", reach=LogCoverage.RECENT), ("ingester", FindingStatus.NOT_CHECKED, "kept since noon only")),
        (
            _Manager(reach=LogCoverage.NONE),
            ("controller manager", FindingStatus.WARNING, "rows alone are the proof"),
        ),
        (_Manager("x", phase=Phase.CRASH_LOOP), ("controller manager", FindingStatus.MISSING, "exit code 2")),
    ],
)
def test_gates_are_read_from_the_log(
    monkeypatch: pytest.MonkeyPatch, manager: _Manager, expected: tuple[str, FindingStatus, str]
) -> None:
    """On, off, half registered, not told any more, not seen, crashing: each is told apart."""
    monkeypatch.setattr(existing, "find_manager", lambda *_, **__: manager)
    with ExitStack() as stack:
        found = existing._examine_controllermgr(_SETTINGS, CONTRACT.kinds, None, stack)[-1]  # type: ignore[arg-type]
    name, status, words = expected
    assert (found.name, found.status) == (name, status)
    assert words in found.detail
