"""Machines and servers on which a right ingester must not look wrong."""

from __future__ import annotations

import contextlib
import shlex

import mysql.connector

from harness.core.record import Status

from .conftest import Acceptance, Enter
from .ledger import CleanEntry

NOBODY = "http://127.0.0.1:9"   # the port of the discard service: no proxy listens there
SETTINGS = {   # with what the report says of it
    "SET GLOBAL TRANSACTION ISOLATION LEVEL READ COMMITTED": "",
    "SET GLOBAL wait_timeout = 2": "wait_timeout is 2 s",
    "SET GLOBAL sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'": "sql_mode is 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
}


def _set_globals(runs: Acceptance) -> None:
    """Give the server of the sandbox that is kept these settings, for all connections that follow."""
    exports = (line.removeprefix("export ") for line in runs.sandbox(["env"]).stdout.splitlines())
    variables = dict(shlex.split(line)[0].split("=", 1) for line in exports if "=" in line)
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
    """A proxy that reaches nothing; a server that isolates less, hangs up early, reads quotes otherwise."""
    own_acceptance.environment |= {"HTTPS_PROXY": NOBODY, "HTTP_PROXY": NOBODY, "ALL_PROXY": NOBODY}
    for name in ("NO_PROXY", "no_proxy", "HOME"):
        own_acceptance.environment.pop(name, None)
    assert own_acceptance.sandbox(["up"]).returncode == 0
    _set_globals(own_acceptance)
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
