"""A load shows ingesters that are slow, that leak, and that never catch up, each beyond its limit."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from harness.__main__ import main
from harness.load.limits import EXCEEDED
from harness.load.record import read_record
from tests.selftest.conftest import ROOT, Acceptance
from tests.selftest.faults.load import FAULTS, LoadFault

_LOAD = ("--crd", "project", "--rate", "30", "--duration", "12", "--workers", "1", "--mix", "create=1,patch=1")


def make_executable(folder: Path, number: int) -> Path:
    """Return an executable that runs the reference with that fault."""
    path = folder / f"controllermgr-load-{number}"
    path.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from harness.reference.process import main\n"
        "from tests.selftest.faults.load import FAULTS\n"
        f"sys.exit(main(['--profile', 'report-2026-03'], parts=FAULTS[{number}].parts()))\n",
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "fault", [pytest.param(fault, id=fault.name) for fault in FAULTS]
)
def test_a_fault_is_beyond_its_limit(
    fault: LoadFault, acceptance: Acceptance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3, that limit alone, and the load shows what the fault is."""
    for name in ("TMPDIR", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(acceptance.folder))
    monkeypatch.setattr(tempfile, "tempdir", None)   # which remembers what TMPDIR was
    executable = make_executable(acceptance.folder, FAULTS.index(fault))
    words = ("--controllermgr", str(executable), "--profile", "report-2026-03", "--output", str(tmp_path))
    exit_code = main(["load", *_LOAD, *fault.words, *words])
    record = read_record(tmp_path, "--output")
    assert (exit_code, record.problem) == (EXCEEDED, "")
    assert [limit.name for limit in record.limits if limit.exceeded] == [fault.exceeds]
    assert fault.shows(record.loads[0])
