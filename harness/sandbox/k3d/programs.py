"""The programs that `sandbox.py` starts: whether they are there, and how to get those that are not.

Looked at before anything starts, all of them at once, so that nobody installs one, runs, and learns of the next.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from harness.core.errors import HarnessError
from harness.provision.assets import command

_DOCKER_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Program:
    """A program that must be on PATH, what it is for, and where to read how it is installed."""

    name: str
    purpose: str
    source: str


PROGRAMS = (
    Program("docker", "runs the cluster's nodes as containers", "https://docs.docker.com/get-started/get-docker"),
    Program("k3d", "makes the cluster", "https://k3d.io"),
    Program("kubectl", "talks to the cluster", "https://kubernetes.io/docs/tasks/tools/#kubectl"),
    Program("helm", "installs the operators for Ray and Spark", "https://helm.sh/docs/intro/install"),
)


def require_programs() -> None:
    """Return where all programs are on PATH and Docker's daemon answers; HarnessError says what is missing."""
    missing = [program for program in PROGRAMS if shutil.which(program.name) is None]
    if missing:
        lines = [f"    {program.name}: {program.purpose}; see {program.source}" for program in missing]
        names = ", ".join(program.name for program in missing)
        raise HarnessError(
            "\n".join([f"--sandbox k3d needs programs that are not on PATH: {names}", *lines]),
            hint="Install them, or use --sandbox local, which needs none of them",
        )
    _require_daemon()


def _require_daemon() -> None:
    answer = command.run(
        ["docker", "version", "--format", "{{.Server.Version}}"], timeout_s=_DOCKER_TIMEOUT_S, merged=True
    )
    if answer.exit_code != 0:
        raise HarnessError(
            f"--sandbox k3d: Docker does not answer (docker version: exit code {answer.exit_code}):\n"
            f"{answer.last_words()}",
            hint="Start Docker's daemon, see that this user may use it, or use --sandbox local, which needs none",
        )
