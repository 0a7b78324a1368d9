"""Runs Locust: a master and its workers, as processes of their own, in a folder that goes with them.

They end by themselves once the plan is through, and are ended before it where the engine is closed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.clients.login import Login
from harness.core.errors import HarnessError, SettingsError
from harness.core.extras import explain_missing
from harness.core.polling import wait_for
from harness.core.resources import PACKAGE
from harness.load.plan import LoadPlan
from harness.load.writes import LOGIN, PLAN, WRITES, WriteFile
from harness.sandbox.ports import LOOPBACK, choose_port
from harness.sandbox.storage import write_private

_LOCUSTFILE = Path(__file__).with_name("locustfile.py")
_START_TIMEOUT_S = 120.0   # for the workers to be there: a busy machine loads their modules slowly
_END_TIMEOUT_S = 12.0
_GRACE_S = 5               # for requests that are under way
_QUOTED = 12
_PACKAGES = ("locust", "prometheus_client")


def find_missing() -> str:
    """Return what an environment lacks for a load, in a sentence with the way out; '' where it lacks nothing."""
    return explain_missing(_PACKAGES, "load")


class Engine:
    """One load under way. Raises HarnessError where Locust can't be started, or ends otherwise than it should."""

    def __init__(self, plan: LoadPlan, login: Login) -> None:
        if missing := find_missing():
            raise SettingsError(f"a load needs more than is there: {missing}")
        self.folder = Path(tempfile.mkdtemp(prefix="ingester-acceptance-load-"))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        write_private(self.folder / "plan.json", plan.to_json())
        write_private(self.folder / "login.json", login.to_json())
        self.writes = WriteFile(self.folder / "writes.ndjson")
        port = choose_port()
        master = [
            *("--master", "--headless", "--only-summary", f"--stop-timeout={_GRACE_S}", "--exit-code-on-error=0"),
            *(f"--expect-workers={plan.workers}", f"--expect-workers-max-wait={_START_TIMEOUT_S:.0f}"),
            *(f"--master-bind-host={LOOPBACK}", f"--master-bind-port={port}"),
        ]
        try:
            self._processes["master"] = start(self.folder, "master", master)
            for number in range(plan.workers):
                name = f"worker-{number + 1}"
                words = ["--worker", f"--master-host={LOOPBACK}", f"--master-port={port}"]
                self._processes[name] = start(self.folder, name, words)
        except BaseException:
            self.close()
            raise

    @property
    def pids(self) -> list[int]:
        """Its processes that run."""
        return [process.pid for process in self._processes.values() if process.poll() is None]

    def has_ended(self) -> bool:
        """Whether the load is through; HarnessError where Locust failed."""
        for name, process in self._processes.items():
            code = process.poll()
            if code not in (None, 0):
                raise HarnessError(f"Locust's {name} ended with exit code {code}:\n{self._quote(name)}")
        return self._processes["master"].poll() is not None

    def check(self) -> None:
        """Raise HarnessError where it went through without a single answer, which the master's log explains."""
        if not (self.folder / "writes.ndjson").exists():
            raise HarnessError(f"Locust has sent nothing:\n{self._quote('master')}\n{self._quote('worker-1')}")

    def end(self) -> None:
        """End it, politely, so that what was answered is written down; returns once its processes are gone."""
        if not self._processes:
            return
        master, *workers = self._processes.values()
        for processes in ([master], workers):   # the master asks the workers for their last answers
            for process in processes:
                if process.poll() is None:
                    process.terminate()
            self._wait_for(processes)
        for process in self._processes.values():
            if process.poll() is None:
                process.kill()
            process.wait()

    def _wait_for(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        def list_running() -> list[int]:
            return [process.pid for process in processes if process.poll() is None]

        wait_for(list_running, lambda running: not running, timeout_s=_END_TIMEOUT_S)

    def close(self) -> None:
        """End it, and remove the folder, which holds what logs in."""
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _quote(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
        return "\n".join(f"    {line}" for line in lines[-_QUOTED:] or ["(it said nothing)"])


def start(folder: Path, name: str, words: list[str]) -> subprocess.Popen[bytes]:
    """Start a process of Locust that reads plan and login in the folder, and logs there.

    What the environment and files say to Locust itself is none of its business. Ctrl-C does not reach it.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LOCUST_")}
    environment |= {
        PLAN: str(folder / "plan.json"),
        LOGIN: str(folder / "login.json"),
        WRITES: str(folder / "writes.ndjson"),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(PACKAGE.parent), os.environ.get("PYTHONPATH")))),
    }
    command = [sys.executable, "-m", "locust", f"--locustfile={_LOCUSTFILE}", "--loglevel=WARNING", *words]
    with (folder / f"{name}.log").open("wb") as log:
        try:
            return subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise HarnessError(f"Locust can't be started: {error}") from error
