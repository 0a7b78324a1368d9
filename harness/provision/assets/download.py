"""Fetches one file over HTTP: resumable, checked, and quick to give up where nobody answers.

What arrived stays beside the target as `.part` and the next attempt asks for the rest only. Refuses a
file whose SHA-512 is not the expected one, and to try again where a try brought nothing.
"""

from __future__ import annotations

import hashlib
import socket
import threading
import urllib.parse
from pathlib import Path

import requests

from harness.core.errors import HarnessError
from harness.core.progress import Progress
from harness.provision.assets.stage import begin_stage

_CONNECT_TIMEOUT_S = 2.0
_READ_TIMEOUT_S = 10.0
_TRIES = 5
_BLOCK = 1 << 14  # what is lost, at most, where a connection breaks off


def download(url: str, target: Path, *, sha512: str, progress: Progress, name: str) -> None:
    """Fetch `url` into the file `target`, going on with what an earlier attempt left beside it.

    Raises `HarnessError` where the server can't be reached in 2 s, answers with an error, stops sending,
    or sends a file with another SHA-512, which is then deleted.
    """
    part = target.with_name(f"{target.name}.part")
    _check_name_resolves(url)
    for attempt in range(1, _TRIES + 1):
        before = _get_size(part)
        try:
            _fetch_rest(url, part, before, progress, name)
            break
        except requests.RequestException as error:
            if attempt == _TRIES or _get_size(part) <= before:
                raise HarnessError(f"{url} can't be fetched: {_describe(error)}") from error
    found = _get_sha512(part)
    if found != sha512:
        part.unlink()
        raise HarnessError(
            f"{url} is not the file it should be, and was not used: its SHA-512 is {found}, expected {sha512}"
        )
    part.replace(target)


def _fetch_rest(url: str, part: Path, offset: int, progress: Progress, name: str) -> None:
    headers = {"Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    timeout_s = (_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S)
    with requests.get(url, headers=headers, stream=True, timeout=timeout_s) as response:
        if response.status_code == 416:
            return  # all of it was there already, or more: the checksum tells
        response.raise_for_status()
        if response.status_code != 206:
            offset = 0  # the server sends all of it again
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
            raise requests.RequestException(f"asked for the bytes from {offset} on, it sent others")
        length = response.headers.get("Content-Length", "")
        total = offset + int(length) if length.isdigit() else None
        with (
            begin_stage(progress, name, total, "bytes") as stage,
            part.open("ab" if offset else "wb") as file,
        ):
            for block in response.iter_content(_BLOCK):
                file.write(block)
                stage.advance(file.tell())


def _check_name_resolves(url: str) -> None:
    """Give up on a name server that does not answer, which the timeouts of a request don't cover."""
    if requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)):
        return  # then the proxy looks the name up
    host = urllib.parse.urlsplit(url).hostname
    done = threading.Event()
    problems: list[str] = []

    def look_up() -> None:
        try:
            socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
        except OSError as error:
            problems.append(str(error.strerror or error))
        done.set()

    threading.Thread(target=look_up, name="look-up", daemon=True).start()
    if not done.wait(_CONNECT_TIMEOUT_S):
        problems.append(f"no answer in {_CONNECT_TIMEOUT_S:g} s")
    if problems:
        raise HarnessError(f"{url} can't be fetched: looking up {host}: {problems[0]}")


def _describe(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP status {error.response.status_code}"
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection in {_CONNECT_TIMEOUT_S:g} s"
    if isinstance(error, requests.Timeout):
        return f"nothing was sent for {_READ_TIMEOUT_S:g} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off"
    cause = error.args[0] if error.args else error
    return str(getattr(cause, "reason", cause)).rpartition(": ")[2] or type(error).__name__


def _get_size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _get_sha512(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").hexdigest()
