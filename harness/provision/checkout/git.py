"""Asks git about repositories, and clones; nothing in a repository that is somebody's is ever written.

git gets none of the variables by which an outer git (a hook, say) points it elsewhere, takes no optional
locks, so that even the index stays as it is, asks nobody for a password, and starts no program that a
repository's own configuration names.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from harness.core.errors import HarnessError
from harness.provision.assets.command import Finished, run

_FORCED = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_DEFAULTS = {
    "GIT_ASKPASS": "true",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=15",
}
_ELSEWHERE = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_SHALLOW_FILE",
)  # fmt: skip
_SETTINGS = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "advice.detachedHead=false")

_PREFIXES = ("fatal:", "error:")


def ask_git(*arguments: str | Path, folder: Path | None = None, timeout_s: float = 30.0) -> Finished:
    """Run git to its end and return what it said, whatever its exit code.

    Raises `HarnessError` where there is no git, or it takes longer than `timeout_s`.
    """
    if shutil.which("git") is None:
        raise HarnessError("There is no git on PATH", hint="Install git: a checkout is read with it")
    kept = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    environment = {**_DEFAULTS, **kept, **_FORCED}
    return run(["git", *_SETTINGS, *arguments], timeout_s=timeout_s, folder=folder, environment=environment)


def get_words(finished: Finished) -> str:
    """Return why git failed: the first of its complaints, without its prefix."""
    lines = [line.strip() for line in finished.stderr if line.strip()]
    complaints = [line for line in lines if line.startswith(_PREFIXES)]
    words = (complaints or lines or [f"exit code {finished.exit_code}"])[0]
    return words.removeprefix("fatal:").removeprefix("error:").strip()
