"""Promises of `harness.sandbox.local.servers.credentials`."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import stat
import threading
from pathlib import Path

from harness.sandbox.local.servers.credentials import USER, make_credentials, write_kubeconfig


def test_client_that_trusts_the_authority_trusts_the_server(tmp_path: Path) -> None:
    """The serving certificate holds for 127.0.0.1 in the eyes of whoever has the kubeconfig's authority."""
    credentials = make_credentials(tmp_path / "credentials")
    write_kubeconfig(tmp_path / "kubeconfig", credentials, 6443)
    cluster = json.loads((tmp_path / "kubeconfig").read_text())["clusters"][0]["cluster"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(credentials.serving_certificate, credentials.serving_key)
    trusting = ssl.create_default_context(cadata=authority)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with serving.wrap_socket(theirs, server_side=True) as server:
            server.sendall(b"hello")

    thread = threading.Thread(target=serve)
    thread.start()
    with trusting.wrap_socket(ours, server_hostname="127.0.0.1") as client:
        greeting = client.recv(5)
    thread.join()
    assert (greeting, cluster["server"]) == (b"hello", "https://127.0.0.1:6443")


def test_administrator_has_the_token_of_the_kubeconfig(tmp_path: Path) -> None:
    """The token that the server accepts is the one in the kubeconfig, whose context is set."""
    credentials = make_credentials(tmp_path / "credentials")
    write_kubeconfig(tmp_path / "kubeconfig", credentials, 6443)
    kubeconfig = json.loads((tmp_path / "kubeconfig").read_text())
    token = kubeconfig["users"][0]["user"]["token"]
    assert credentials.token_file.read_text() == f'{token},{USER},{USER},"system:masters"\n'
    assert kubeconfig["current-context"] == kubeconfig["contexts"][0]["name"]


def test_every_sandbox_has_secrets_of_its_own(tmp_path: Path) -> None:
    """Nothing is shared between two sandboxes."""
    first, second = (make_credentials(tmp_path / name) for name in ("a", "b"))
    assert first.token != second.token
    assert first.service_account_key.read_text() != second.service_account_key.read_text()


def test_secrets_are_private(tmp_path: Path) -> None:
    """No file of the credentials can be read by others."""
    make_credentials(tmp_path / "credentials")
    write_kubeconfig(tmp_path / "credentials/kubeconfig", make_credentials(tmp_path / "b"), 1)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "credentials").iterdir()}
    assert modes == {0o600}
