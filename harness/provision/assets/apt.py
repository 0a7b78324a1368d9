"""Unpacks packages of the distribution into a folder, without root and without installing them.

apt works with state and cache folders of its own, so that the system's are neither needed nor touched; it
checks the signatures as always. Libraries that the system has already are not fetched again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.core.errors import HarnessError
from harness.core.progress import Progress
from harness.provision.assets.command import Finished, run
from harness.provision.assets.stage import begin_stage

_TIMEOUT_S = 900.0
_NOT_NEEDED = ("usr/share/doc", "usr/share/man", "usr/share/lintian", "usr/share/locale")
_INDEXES_NOT_NEEDED = ("DEP-11", "DEP-11-icons", "DEP-11-icons-small", "DEP-11-icons-hidpi", "CNF", "Contents-deb")


def is_apt_system() -> bool:
    """Return whether this system has what `unpack_packages` needs."""
    return all(shutil.which(program) for program in ("apt-get", "apt-cache", "dpkg-deb"))


class Apt:
    """One private state of apt, below the folder `workspace`, where a later attempt goes on."""

    def __init__(self, workspace: Path, progress: Progress) -> None:
        self._progress = progress
        self._workspace = workspace
        self._configuration = _write_configuration(workspace)
        self._complaints: tuple[str, ...] = ()

    def update(self) -> None:
        """Fetch the package lists; sources that can't be reached are left out, as apt does."""
        self._complaints = _get_complaints(self._run_with_progress("fetch package lists", "update"))

    def find_names(self, prefix: str) -> list[str]:
        """Return the names of packages that begin with `prefix`, in alphabetical order."""
        finished = self._run("apt-cache", "pkgnames", prefix)
        return sorted(line for line in finished.stdout.split("\n") if line)

    def unpack(self, names: Sequence[str], folder: Path) -> None:
        """Download packages, and those that they need and this system lacks, and unpack them into `folder`.

        Raises `HarnessError` with apt's last words where that fails.
        """
        # --reinstall: a package that the system has would not be fetched otherwise
        finished = self._run_with_progress(
            f"download {names[0]}",
            "install", "--download-only", "--no-install-recommends", "--reinstall", "--yes", *names,
        )  # fmt: skip
        archives = sorted((self._workspace / "cache/archives").glob("*.deb"))
        if finished.exit_code != 0 or not archives:
            words = "\n".join(f"    {line}" for line in (*self._complaints, *_get_complaints(finished)))
            raise HarnessError(f"apt could not download {', '.join(names)}:\n{words}")
        with begin_stage(self._progress, "unpack packages", len(archives), "packages") as stage:
            for done, archive in enumerate(archives, start=1):
                unpacked = run(["dpkg-deb", "--extract", archive, folder], timeout_s=_TIMEOUT_S)
                if unpacked.exit_code != 0:
                    raise HarnessError(f"{archive.name} can't be unpacked:\n{unpacked.last_words()}")
                stage.advance(done, archive.name.partition("_")[0])
        for path in _NOT_NEEDED:
            shutil.rmtree(folder / path, ignore_errors=True)

    def _run_with_progress(self, name: str, *arguments: str) -> Finished:
        with begin_stage(self._progress, name, 100, "%") as stage:

            def show(line: str) -> None:
                kind, *fields = line.split(":", 3)
                if kind == "dlstatus" and len(fields) == 3:
                    stage.advance(int(float(fields[1])), fields[2])

            finished = self._run("apt-get", *arguments, on_line=show)
            if finished.exit_code != 0:
                stage.result = f"exit code {finished.exit_code}"
        return finished

    def _run(self, program: str, *arguments: str, on_line: Callable[[str], None] | None = None) -> Finished:
        return run(
            [program, "-c", self._configuration, *arguments],
            timeout_s=_TIMEOUT_S,
            environment={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            on_line=on_line,
        )


def _get_complaints(finished: Finished) -> tuple[str, ...]:
    return tuple(line for line in finished.stderr if line.startswith(("E:", "W:")))


def _write_configuration(workspace: Path) -> Path:
    shutil.rmtree(workspace / "cache", ignore_errors=True)  # what an earlier attempt left may be outdated
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (workspace / folder).mkdir(parents=True, exist_ok=True)
    lines = [
        f'Dir::State "{workspace}/state";',
        f'Dir::Cache "{workspace}/cache";',
        'Dir::State::status "/var/lib/dpkg/status";',
        'Debug::NoLocking "true";',       # the lock of the system's own state is none of ours
        'APT::Status-Fd "2";',
        'Acquire::Retries "1";',
        'Acquire::http::Timeout "15";',
        'Acquire::https::Timeout "15";',
        'Acquire::Languages "none";',
        "#clear APT::Update::Pre-Invoke;",          # hooks of the system, which want root
        "#clear APT::Update::Post-Invoke;",
        "#clear APT::Update::Post-Invoke-Success;",
        *(f"#clear Acquire::IndexTargets::deb::{name};" for name in _INDEXES_NOT_NEEDED),
    ]  # fmt: skip
    if os.geteuid() == 0:
        lines.append('APT::Sandbox::User "root";')  # apt's own user could not write to a folder of root's
    configuration = workspace / "apt.conf"
    configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return configuration
