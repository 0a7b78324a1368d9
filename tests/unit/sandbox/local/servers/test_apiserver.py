"""Promises of `servers.apiserver`, with a program that stands for Michelangelo's API server."""

from __future__ import annotations

import asyncio
import json

from harness.core.settings import MySQLEndpoint
from harness.sandbox.base import APISERVER
from harness.sandbox.local.servers.apiserver import start_apiserver, takes_connections
from harness.sandbox.local.wire.folder import SandboxFolder
from harness.sandbox.local.wire.logs import get_log
from harness.sandbox.local.wire.plan import Executable
from harness.sandbox.local.wire.process import wait_until
from harness.sandbox.ports import choose_port
from tests.unit.conftest import MakeProgram

_SERVER = """
import json, os, pathlib, socket
folder = pathlib.Path(os.environ["CONFIG_DIR"])
config = json.loads((folder / "base.yaml").read_text())
yarpc = config["apiserver"]["yarpc"]
server = socket.create_server((yarpc["host"], yarpc["port"]))
seen = [config["mysql"]["password"], config["k8s"]["qps"], os.environ["KUBECONFIG"]]
(folder / "seen").write_text(json.dumps(seen))
while True: server.accept()
"""


def test_it_is_told_where_to_listen(folder: SandboxFolder, make_program: MakeProgram) -> None:
    """It finds its port, the cluster and the keys that were set in a CONFIG_DIR of its own, private one."""
    program = make_program("apiserver", _SERVER)
    mysql = MySQLEndpoint("127.0.0.1", 3306, "me", "michelangelo", "p$w")

    async def run() -> None:
        port = choose_port()
        assert not takes_connections(port)
        log = get_log(folder.logs, APISERVER, 0)
        server = start_apiserver(
            Executable(str(program)), folder, mysql, port=port, overrides=[("k8s.qps", 7)], log=log
        )
        try:
            async with asyncio.timeout(20):
                await wait_until(lambda: takes_connections(port), server)
                await wait_until((folder.apiserver_config / "seen").exists, server)
        finally:
            await server.stop()

    asyncio.run(run())
    seen = json.loads((folder.apiserver_config / "seen").read_text())
    assert seen == ["p$$w", 7, str(folder.kubeconfig)]
    assert (folder.apiserver_config / "base.yaml").stat().st_mode & 0o077 == 0
