"""Machines and servers on which a right ingester must not look wrong."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import kubernetes.client
import kubernetes.config
import mysql.connector
import pytest
import yaml

from harness.core.polling import wait_for
from harness.core.record import Status

from .conftest import ROOT, Acceptance, Enter
from .ledger import CleanEntry

NOBODY = "http://127.0.0.1:9"   # the port of the discard service: no proxy listens there
SETTINGS = {   # with what the report says of it
    "SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED": "",
    "SET GLOBAL wait_timeout = 2": "wait_timeout is 2 s",
    "SET GLOBAL sql_select_limit = 1, max_join_size = 10": "",
    "SET GLOBAL max_statement_time = 0.2": "max_statement_time is 0.2 s",
    "SET GLOBAL time_zone = '+05:45', innodb_lock_wait_timeout = 1": "",
    "SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'": "sql_mode is 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
}


def _start_sandbox(runs: Acceptance) -> dict[str, str]:
    """Start a sandbox that is kept, and return the variables that lead to its servers."""
    assert runs.sandbox(["up"]).returncode == 0
    exports = (line.removeprefix("export ") for line in runs.sandbox(["env"]).stdout.splitlines())
    return dict(shlex.split(line)[0].split("=", 1) for line in exports if "=" in line)


def _set_globals(variables: Mapping[str, str]) -> None:
    """Give the sandbox's server these settings, for all connections that follow."""
    _, _, place = variables["MYSQL_URL"].partition("//")
    user, _, server = place.partition("@")
    host, port = server.partition("/")[0].split(":")
    with open(variables["MYSQL_PASSWORD_FILE"], encoding="utf-8") as file:  # noqa: PTH123
        password = file.read().strip()
    connection = mysql.connector.connect(host=host, port=int(port), user=user, password=password)
    with contextlib.closing(connection), contextlib.closing(connection.cursor()) as cursor:
        for statement in SETTINGS:
            cursor.execute(statement)


def test_an_unusual_machine_and_server_raise_no_alarm(own_acceptance: Acceptance, enter: Enter) -> None:
    """A proxy that reaches nothing, settings of other programs; a server that isolates less."""
    own_acceptance.environment |= {"HTTPS_PROXY": NOBODY, "HTTP_PROXY": NOBODY, "ALL_PROXY": NOBODY}
    own_acceptance.environment |= {"ETCD_CLIENT_CERT_AUTH": "true", "PYTHONOPTIMIZE": "1"}
    for name in ("NO_PROXY", "no_proxy", "HOME"):
        own_acceptance.environment.pop(name, None)
    _set_globals(_start_sandbox(own_acceptance))
    outcome = own_acceptance.run(
        *("--profile", "upstream-main", "-m", "report or contract"),
        *("--crd", "project", "--crd", "model", "--crd", "deployment"),
    )
    alarms = {cell for status in Status if not status.succeeds for cell in outcome.find(status)}
    enter(CleanEntry("an unusual machine and server", alarms, outcome.seconds))
    assert outcome.exit_code == 0, outcome.output
    assert outcome.record is not None
    for words in SETTINGS.values():
        assert words in " ".join(outcome.record.warnings)


LOOPBACK_UP = """
import fcntl, os, socket, struct, sys
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
flags = struct.unpack("16sh", fcntl.ioctl(link, 0x8913, struct.pack("16sh", b"lo", 0)))[1]   # SIOCGIFFLAGS
fcntl.ioctl(link, 0x8914, struct.pack("16sh", b"lo", flags | 1))   # SIOCSIFFLAGS: IFF_UP
"""
WITHOUT_IPV4 = """
address = struct.pack("16sH2x4s8x", b"lo", socket.AF_INET, bytes(4))
fcntl.ioctl(link, 0x8916, address)   # SIOCSIFADDR: none
"""
THEN = "os.execv(sys.argv[1], sys.argv[1:])"
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
ISOLATED = ("unshare", "-r", "-n", sys.executable, "-c", LOOPBACK_UP + THEN)   # a network of loopback alone


def _require(*command: str) -> None:
    """Skip the test where the machine does not let us have such surroundings."""
    true = shutil.which("true") or ""
    if shutil.which(command[0]) is None or subprocess.run([*command, true], check=False).returncode:
        pytest.skip(f"{' '.join(command[:3])} is not permitted here")


def test_a_machine_without_a_default_route_is_enough(own_acceptance: Acceptance) -> None:
    """Nor does it take a home folder, where the cache is named."""
    _require(*ISOLATED)
    own_acceptance.environment.pop("HOME", None)
    outcome = own_acceptance.run("--crd", "project", keep=False, within=ISOLATED)
    assert outcome.exit_code == 0, outcome.output


def test_a_machine_with_ipv6_alone_is_named(own_acceptance: Acceptance) -> None:
    """The servers of a sandbox listen on 127.0.0.1: where there is none, one sentence says so."""
    ipv6 = (*ISOLATED[:-1], LOOPBACK_UP + WITHOUT_IPV4 + THEN)
    _require(*ipv6)
    outcome = own_acceptance.run("--crd", "project", keep=False, within=ipv6)
    assert outcome.exit_code == 2, outcome.output
    assert "no port can be had on 127.0.0.1: Cannot assign requested address" in outcome.output
    assert "Traceback" not in outcome.output


def test_a_checkout_that_is_read_only_is_enough(own_acceptance: Acceptance) -> None:
    """Where the report goes elsewhere; nothing else is written to it."""
    read_only = ("unshare", "-r", "-m", "sh", "-c", READ_ONLY, str(ROOT))
    _require(*read_only)
    outcome = own_acceptance.run("--crd", "project", "-m", "report or fields", keep=False, within=read_only)
    assert outcome.exit_code == 0, outcome.output


def test_a_user_without_home_and_entry_is_told_what_to_set(own_acceptance: Acceptance) -> None:
    """In one sentence that names the variable, and with the exit code of a wrong setting."""
    stranger = ("unshare", "-U", "--map-user=12345", "--map-group=12345")
    _require(*stranger)
    for name in ("HOME", "XDG_CACHE_HOME", "INGESTER_ACCEPTANCE_CACHE"):
        own_acceptance.environment.pop(name, None)
    outcome = own_acceptance.run("--crd", "project", keep=False, within=stranger)
    assert outcome.exit_code == 4, outcome.output
    assert "INGESTER_ACCEPTANCE_CACHE: not set, and there is no home folder" in outcome.output


POLICY = """
metadata: {name: deny}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [michelangelo.api], apiVersions: [v2], operations: [CREATE], resources: ["*"]}]
  validations: [{expression: "!object.metadata.name.startsWith('in-7-1')"}]
"""
BINDING = """
metadata: {name: deny}
spec: {policyName: deny, validationActions: [Deny]}
"""


def _deny(variables: Mapping[str, str]) -> None:
    """Let the sandbox's API server deny each object of the policy; return once it does."""
    client: Any = kubernetes.config.new_client_from_config(variables["KUBECONFIG"])
    policies: Any = kubernetes.client.AdmissionregistrationV1Api(client)
    policies.create_validating_admission_policy(yaml.safe_load(POLICY))
    policies.create_validating_admission_policy_binding(yaml.safe_load(BINDING))
    objects = kubernetes.client.CustomObjectsApi(client)
    probe = {"apiVersion": "michelangelo.api/v2", "kind": "Project", "metadata": {"name": "in-7-1"}}

    def is_denied() -> bool:
        try:
            objects.create_namespaced_custom_object(
                "michelangelo.api", "v2", "default", "projects", probe, dry_run="All"
            )
        except kubernetes.client.ApiException as error:
            return "denied request" in str(error.body)
        return False

    assert wait_for(is_denied, bool, timeout_s=30).satisfied


@pytest.mark.parametrize("component", ["mysql", "kube-apiserver", "supervisor"])
def test_a_run_ends_with_its_sandbox(component: str, own_acceptance: Acceptance) -> None:
    """At once, with exit code 2 and a report that says what ended, and how. What is tested is not blamed."""
    run = own_acceptance.start("-m", "contract or restarts")
    begun = wait_for(lambda: [*own_acceptance.folder.glob("*/*/namespaces.txt")], bool, timeout_s=60)
    said = json.loads(begun.value[0].with_name("state.json").read_text(encoding="utf-8"))
    pid = said["supervisor_pid"] if component == "supervisor" else said["components"][component]["pid"]
    os.kill(pid, signal.SIGKILL)
    exit_code = run.wait(60)   # where its rows would have been awaited for minutes
    assert exit_code == 2, own_acceptance.read_output()[-6000:]
    record = own_acceptance.read_record()
    assert record is not None
    assert record.headline.startswith(
        "the sandbox in" if component == "supervisor" else f"{component} has ended (killed by SIGKILL)"
    )
    assert not [check for check in record.checks if check.status is Status.FAIL]
    assert [check for check in record.checks if check.status is Status.NOT_RUN]


def test_what_denies_every_input_proves_nothing(own_acceptance: Acceptance) -> None:
    """A policy that lets no hostile object in guards MySQL from nothing: invalid, and nobody's fault."""
    _deny(_start_sandbox(own_acceptance))
    outcome = own_acceptance.run("-m", "inputs", "-k", "7.1- or 7.2-", "--crd", "project")
    assert outcome.find(Status.INVALID) == {("7.1", "Project")}, outcome.output
    assert outcome.find(Status.PASS) == {("7.2", "Project")}
    assert "denied request" in outcome.describe(Status.INVALID)
    assert outcome.exit_code != 0
