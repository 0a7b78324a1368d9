"""Promises of `harness.sandbox.k3d.programs`."""

from __future__ import annotations

import pytest

from harness.core.errors import HarnessError
from harness.sandbox.k3d.programs import require_programs
from tests.unit.sandbox.k3d.standins import StandIns


def test_is_content_where_all_are_there(standins: StandIns) -> None:
    """With all programs and a daemon that answers, Docker was asked once and nothing was started."""
    require_programs()
    assert [call["program"] for call in standins.list_all_calls()] == ["docker"]


def test_names_all_that_are_missing_at_once(standins: StandIns) -> None:
    """Every missing program is named with how to get it, before anything is called."""
    for name in ("k3d", "helm"):
        (standins.folder / name).unlink()
    with pytest.raises(HarnessError) as caught:
        require_programs()
    assert "not on PATH: k3d, helm" in caught.value.problem
    assert "https://k3d.io" in caught.value.problem
    assert "https://helm.sh" in caught.value.problem
    assert standins.list_all_calls() == []


def test_quotes_docker_that_does_not_answer(standins: StandIns) -> None:
    """A client without a daemon is an error with Docker's own words."""
    standins.fail("docker", "version", output="Cannot connect to the Docker daemon at unix:///var/run/docker.sock.")
    with pytest.raises(HarnessError, match="Cannot connect to the Docker daemon"):
        require_programs()
