"""Launches a supervisor process, and loads little for that: the plan is made while it loads its own modules."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import harness
from harness.sandbox.local.wire.channel import Channel
from harness.sandbox.local.wire.folder import MARKER_VARIABLE, lock_root, make_folder
from harness.sandbox.local.wire.logs import read_last_lines
from harness.sandbox.local.wire.sweep import sweep
from harness.sandbox.storage import get_root

_END_TIMEOUT_S = 20.0
_PACKAGE_PARENT = Path(harness.__file__).resolve().parents[1]


class SupervisorProcess:
    """A supervisor that this process started, in a new folder below `root`, and the connection to it.

    It ends by itself, with all that it owns, when this process is gone.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        with lock_root(root):
            self.folder, lock = make_folder(root)
        ours, theirs = socket.socketpair()
        environment = {
            **os.environ,
            MARKER_VARIABLE: str(self.folder.path),
            "TMPDIR": str(self.folder.temporary),
            "PYTHONPATH": os.pathsep.join([str(_PACKAGE_PARENT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        }
        try:
            with self.folder.supervisor_log.open("ab") as log:
                self._process = subprocess.Popen(
                    [
                        sys.executable, "-m", "harness.sandbox.local.supervisor", str(self.folder.path),
                        f"--lock={lock}", f"--owner={theirs.fileno()}",
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.folder.path,
                    env=environment,
                    pass_fds=(lock, theirs.fileno()),
                    start_new_session=True,
                )  # fmt: skip
        finally:
            os.close(lock)
            theirs.close()
        self.channel = Channel(ours)

    def quote_log(self) -> str:
        """Return the last lines of what the supervisor itself wrote, indented."""
        lines = read_last_lines(self.folder.supervisor_log, 15)
        return "\n".join(f"    {line}" for line in lines) or "    (it wrote nothing)"

    def end(self) -> None:
        """Make sure that it has ended, and all that it owned with it."""
        self.channel.close()
        try:
            self._process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self.folder.path.exists():
            with lock_root(self._root):
                sweep(self._root)

    def interrupt(self) -> None:
        """Make it end, whatever it does just now; from any thread. `end` is still due."""
        self._process.terminate()

    def detach(self) -> None:
        """Leave it running when this process ends."""
        self._process.returncode = 0   # else Python warns of a process that nobody waited for


def launch() -> SupervisorProcess:
    """Launch a supervisor, of which nothing is asked yet; HarnessError where none can be had."""
    root = get_root()
    with lock_root(root):
        sweep(root)
    return SupervisorProcess(root)
