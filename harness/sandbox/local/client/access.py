"""Says how a person or a script reaches a sandbox that is up; a password is only ever in a file."""

from __future__ import annotations

import shlex
import urllib.parse

from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.state import State


def describe_access(folder: SandboxFolder, state: State) -> str:
    """Return the lines to show to somebody who wants to look around in the sandbox."""
    options = shlex.quote(str(folder.mysql_options))
    grpc = state.apiserver_address
    michelangelo = [f"# Michelangelo's API server, gRPC: {grpc}"] if grpc else []
    return "\n".join(
        (
            f"export KUBECONFIG={shlex.quote(str(folder.kubeconfig))}",
            f"{state.mysql_client} --defaults-file={options}",
            *michelangelo,
            "ingester-acceptance sandbox status   # or: logs [COMPONENT] [-f], env, down",
        )
    )


def list_variables(folder: SandboxFolder, state: State) -> dict[str, str]:
    """Return the environment variables that lead kubectl, MySQL's client and this harness to the sandbox."""
    variables = {"KUBECONFIG": str(folder.kubeconfig), "MYSQL_DEFAULTS_FILE": str(folder.mysql_options)}
    if (mysql := state.mysql) is not None:
        user = urllib.parse.quote(mysql.user, safe="")
        variables["MYSQL_URL"] = f"mysql://{user}@{mysql.host}:{mysql.port}/{mysql.database}"
        variables["MYSQL_PASSWORD_FILE"] = str(folder.mysql_password)
    return variables
