"""The environment of Michelangelo's programs."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from harness.sandbox.local.servers.programs import OFFSET_S, ZONE, make_environment, make_zone
from harness.sandbox.local.wire.folder import SandboxFolder

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("offset_s", [OFFSET_S, -12600, 3600, 0])
def test_a_zone_is_as_far_from_utc_as_it_should_be(offset_s: int) -> None:
    """Its file is one that others read, and holds in all years."""
    zone = ZoneInfo.from_file(io.BytesIO(make_zone("X", offset_s)))
    assert NOON.astimezone(zone).utcoffset() == timedelta(seconds=offset_s)
    assert NOON.replace(year=2100, month=7).astimezone(zone).utcoffset() == timedelta(seconds=offset_s)


def test_a_program_takes_the_zone_for_its_host_s(tmp_path: Path) -> None:
    """It is neither UTC nor a whole hour off, whatever the machine's is."""
    environment = make_environment(SandboxFolder(tmp_path), tmp_path / "config", tmp_path / "kubeconfig")
    code = "import time; print(time.localtime(0).tm_gmtoff, time.localtime(0).tm_zone)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.split() == [str(OFFSET_S), ZONE]
    assert OFFSET_S % 3600
    assert environment["CONFIG_DIR"] == str(tmp_path / "config")
    assert environment["KUBECONFIG"] == str(tmp_path / "kubeconfig")
