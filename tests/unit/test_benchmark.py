"""Promises of `tools.benchmark`, where no run is needed."""

from __future__ import annotations

import pytest

from harness.cli.options import read_profile, read_sandbox_settings
from tools.benchmark import parse, split


def test_the_parts_of_a_run_add_up() -> None:
    """Every second of the process has its place; a part of a stage is not counted twice."""
    marks = {"loaded": 101.0, "configured": 103.0, "collected": 104.0, "tested": 110.0, "reported": 111.0}
    parts = split({"sandbox": 3.0, "sandbox: etcd": 1.0, "checks of 1.1": 2.0}, marks, 100.0, 111.5)
    assert parts["between the checks"] == pytest.approx(1.0)
    assert parts["end of the interpreter"] == pytest.approx(0.5)
    total, inner = parts.pop("total"), parts.pop("sandbox: etcd")
    assert (total, inner, sum(parts.values())) == pytest.approx((11.5, 1.0, 11.5))


def test_the_bare_script_has_the_options_of_the_run() -> None:
    """What it is given is read as a run reads it, although there are more options there."""
    options = parse(["--controllermgr", "reference", "--repeat", "1"])
    assert (read_profile(options), read_sandbox_settings(options).profile) == ("upstream-main", "upstream-main")
    assert parse(["--profile", "report-2026-03"]).profile == "report-2026-03"
