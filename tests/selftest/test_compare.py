"""`compare` against the reference: a slower one is worse, and so is one with a fault; an equal one is not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from .conftest import ROOT, Acceptance

_SLOWER = """#!{python}
import sys, time
sys.path.insert(0, {root!r})
from harness.reference.process import Parts, main
from harness.reference.store import Store

class Slower(Store):
    def upsert(self, kind, row):
        time.sleep(0.01)
        super().upsert(kind, row)

sys.exit(main(['--profile', 'report-2026-03'], parts=Parts(store=Slower)))
"""


def _compare(target: str, folder: Path, kinds: Sequence[str]) -> tuple[int, dict[str, Any]]:
    words = [word for kind in kinds for word in ("--crd", kind)]
    command = [sys.executable, "-m", "harness", "compare", "--control", "reference", "--target", target, *words]
    done = subprocess.run(
        [*command, "--profile", "report-2026-03", "--reports", str(folder)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (folder / "compare.json").is_file(), done.stdout + done.stderr
    return done.returncode, json.loads((folder / "compare.json").read_text(encoding="utf-8"))


def test_a_version_is_not_worse_than_itself(tmp_path: Path) -> None:
    """The reference compared with itself: nothing differs, and no latency is judged to have grown."""
    code, found = _compare("reference", tmp_path, ["project", "rayjob"])
    assert (code, found["judgement"], found["differences"]) == (0, "not worse", [])


def test_ten_milliseconds_more_are_worse(tmp_path: Path) -> None:
    """Each operation of one that takes 10 ms more per sync is worse, and no cell is."""
    slower = tmp_path / "slower"
    slower.write_text(_SLOWER.format(python=sys.executable, root=str(ROOT)), encoding="utf-8")
    slower.chmod(0o755)
    code, found = _compare(str(slower), tmp_path, ["project", "rayjob"])
    assert (code, [operation["judgement"] for operation in found["operations"]]) == (1, ["worse", "worse"])
    assert not any(item["worse"] for item in found["differences"])


@pytest.mark.parametrize("fault", ["version-without-content"])
def test_a_fault_is_worse(fault: str, acceptance: Acceptance, tmp_path: Path) -> None:
    """A target whose patches don't reach the row's contents is worse by that cell, whatever its latencies."""
    target = acceptance.make_executable(fault, [fault], "report-2026-03")
    code, found = _compare(str(target), tmp_path, ["project", "rayjob"])
    worse = [item["subject"] for item in found["differences"] if item["worse"]]
    assert (code, worse) == (1, ["RayJob, Update in MySQL"])
