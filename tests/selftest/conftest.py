"""Runs the acceptance tests in a process of their own, against an ingester with a seeded fault."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.report.record import read_record
from harness.results import Record, Status

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """How an acceptance run ended. `record` is None where it wrote none."""

    exit_code: int
    output: str
    record: Record | None

    def find(self, status: Status) -> set[tuple[str, str]]:
        """Return section and kind (or known issue) of each check with that status."""
        checks = self.record.checks if self.record else []
        return {
            (check.section, check.kind or check.title.partition(": ")[2])
            for check in checks
            if check.status is status
        }

    def describe(self, status: Status) -> str:
        """Return what the checks with that status say."""
        checks = self.record.checks if self.record else []
        return "\n".join(
            f"{check.title} {check.detail} {' '.join(map(str, check.mismatches))}"
            for check in checks
            if check.status is status
        )


class Acceptance:
    """Starts acceptance runs that share a sandbox of their own, kept between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "TMPDIR": str(folder), "XDG_RUNTIME_DIR": str(folder), "COLUMNS": "120"}
        self._runs = 0

    def run(self, *arguments: str, keep: bool = True) -> Outcome:
        """Run `pytest tests/acceptance` with the arguments."""
        self._runs += 1
        reports = self.folder / f"reports-{self._runs}"
        command = [sys.executable, "-m", "pytest", "tests/acceptance", "-p", "no:cacheprovider", "-q"]
        command += ["--reports", str(reports), *(["--keep-sandbox"] if keep else []), *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=180, check=False
        )
        file = reports / "latest" / "report.json"
        record = read_record(file) if file.exists() else None
        return Outcome(done.returncode, done.stdout + done.stderr, record)

    def make_executable(self, fault: str, profile: str) -> Path:
        """Return an executable that runs the reference with that fault."""
        path = self.folder / f"controllermgr-{fault}"
        path.write_text(
            f"#!{sys.executable}\n"
            f"import sys\n"
            f"sys.path.insert(0, {str(ROOT)!r})\n"
            f"from harness.reference.process import main\n"
            f"from tests.selftest.faults import FAULTS_BY_NAME\n"
            f"sys.exit(main(['--profile', {profile!r}], parts=FAULTS_BY_NAME[{fault!r}].parts()))\n",
            encoding="utf-8",
        )
        path.chmod(0o755)
        return path

    def sandbox(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run `python -m harness sandbox` with the arguments."""
        return subprocess.run(
            [sys.executable, "-m", "harness", "sandbox", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture(scope="session")
def acceptance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acceptance]:
    """Yield the starter of acceptance runs; its sandbox ends with the session."""
    runs = Acceptance(tmp_path_factory.mktemp("s"))
    yield runs
    runs.sandbox(["down"])
