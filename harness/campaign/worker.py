"""What a task does where it is run: has what it needs unpacked, and one round run in a process of its own.

Whatever ends the task ends that process, and with it the sandbox: it is tied to the task by its standard input.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pickle
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import harness
from harness.campaign.one_round import Order
from harness.campaign.record import Attempt
from harness.campaign.shipping import Files, forget_versions, pack, relocate, unpack
from harness.campaign.verdict import read_attempt
from harness.core.errors import HarnessError
from harness.core.moment import get_moment
from harness.core.polling import wait_for
from harness.core.progress import SILENT
from harness.core.record import Record, Status
from harness.core.resources import PACKAGE
from harness.provision.assets.cache import Cache
from harness.report.record import RECORD_NAME

_END_TIMEOUT_S = 60.0   # for a sandbox to stop on a busy machine
_QUOTED = 12
_LOG = "round.log"
_PROGRAM = ("-m", "harness.campaign.one_round")


@dataclass(frozen=True)
class Task:
    """A round to run, in words that another process understands: `order` is an `Order`.

    `files` are those of its version, None where it needs none, or where they are at their place.
    """

    attempt: Attempt
    order: bytes
    files: Files | None
    timeout_s: float
    harness_version: str = harness.__version__


def run_task(task: Task, parcels: Mapping[str, Callable[[], bytes]]) -> tuple[Attempt, bytes]:
    """Run the task's round; return how it ended, and an archive of what is kept of it, empty where it passed.

    `parcels` are the archives that it may need, by their entry in the cache; each is asked for where that is not
    there. What keeps the round from being run is no error, but an attempt without a verdict.
    """
    began, started_at = time.monotonic(), get_moment()
    attempt = dataclasses.replace(task.attempt, started_at=started_at, node=platform.node())
    folder = Path(tempfile.mkdtemp(prefix="ingester-acceptance-round-"))
    try:
        attempt = _run(task, attempt, parcels, folder)
        kept = b"" if attempt.status.succeeds else pack({".": folder}, "w:gz")
    except HarnessError as error:
        attempt, kept = dataclasses.replace(attempt, status=Status.ERROR, detail=error.problem), b""
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return dataclasses.replace(attempt, duration_s=round(time.monotonic() - began, 1)), kept


def _run(task: Task, attempt: Attempt, parcels: Mapping[str, Callable[[], bytes]], folder: Path) -> Attempt:
    if task.harness_version != harness.__version__:
        raise HarnessError(
            f"{attempt.node} has version {harness.__version__} of the harness, not {task.harness_version}"
        )
    for entry, fetch in parcels.items():
        Cache().take_in(entry, lambda building, fetch=fetch: unpack(fetch(), building), SILENT)  # type: ignore[misc]
    order = task.order
    if task.files is not None:
        given: Order = pickle.loads(order)  # noqa: S301  from the campaign that this is a task of
        settings = relocate(given.settings, task.files, Cache().root / task.files.entry)
        order = pickle.dumps(dataclasses.replace(given, settings=settings))
        forget_versions()
    code = _run_apart(order, folder, task.timeout_s)
    record = folder / RECORD_NAME
    if not record.exists():
        what = f"it took longer than {task.timeout_s:g} s" if code is None else f"it ended with exit code {code}"
        raise HarnessError(f"{what}, without a record: {_quote(folder)}")
    return read_attempt(attempt, Record.from_json(record.read_text(encoding="utf-8")))


def _run_apart(order: bytes, folder: Path, timeout_s: float) -> int | None:
    """Run the round in a process of its own; return its exit code, None where it took too long and was ended."""
    command = [sys.executable, *_PROGRAM, str(folder)]
    path = os.pathsep.join(filter(None, (str(PACKAGE.parent), os.environ.get("PYTHONPATH"))))
    with (folder / _LOG).open("wb") as log:
        try:
            process = subprocess.Popen(
                command,
                env={**os.environ, "PYTHONPATH": path},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise HarnessError(f"the round's process can't be started: {error}") from error
    try:
        return _await(process, order, timeout_s)
    finally:
        _end(process)


def _await(process: subprocess.Popen[bytes], order: bytes, timeout_s: float) -> int | None:
    assert process.stdin is not None  # noqa: S101  it is a pipe
    with contextlib.suppress(BrokenPipeError):   # it has ended, and its log says why
        process.stdin.write(order)
        process.stdin.flush()
    return wait_for(process.poll, lambda code: code is not None, timeout_s=timeout_s).value


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process where it is still there: politely, so that it stops its sandbox."""
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    ended = wait_for(process.poll, lambda code: code is not None, timeout_s=_END_TIMEOUT_S)
    if not ended.satisfied:
        process.kill()
        process.wait()


def _quote(folder: Path) -> str:
    path = folder / _LOG
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    return " | ".join(lines[-_QUOTED:]) or "it said nothing"
