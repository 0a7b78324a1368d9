"""Promises of `harness.sandbox.k3d.podstate`."""

from __future__ import annotations

import pytest

from harness.sandbox.k3d import podstate
from tests.unit.sandbox.k3d.objects import JsonObject, make_pod


@pytest.mark.parametrize(
    ("pod", "well"),
    [
        (make_pod("a", ready=True), True),
        (make_pod("a", phase="Succeeded"), True),
        (make_pod("a"), False),
        (make_pod("a", phase="Failed", exited=1), False),
        ({"metadata": {"name": "a"}}, False),
    ],
)
def test_is_well_where_ready_or_done(pod: JsonObject, well: bool) -> None:
    """A pod is well once it is ready or has succeeded, and not before it says anything."""
    assert podstate.is_well(pod) is well


def test_lists_what_keeps_a_pod() -> None:
    """Scheduling, waiting and exit codes are reasons; a container that is only being made is none."""
    pod = make_pod("a", phase="Pending", unschedulable="no memory", waiting=("ErrImagePull", "denied"))
    assert podstate.list_reasons(pod) == [("Unschedulable", "no memory"), ("ErrImagePull", "denied")]
    assert podstate.list_reasons(make_pod("a", exited=3)) == [("Error", "exit code 3")]
    assert podstate.list_reasons(make_pod("a", exited=0)) == []
    assert podstate.list_reasons(make_pod("a", waiting=("ContainerCreating", ""))) == []


def test_describes_a_pod_on_one_line() -> None:
    """The line holds namespace, name, phase, reasons and restarts; of a healthy pod the first three."""
    pod = make_pod("a", waiting=("CrashLoopBackOff", "back-off 10s"), restarts=3)
    assert podstate.describe(pod) == "default/a: Running (CrashLoopBackOff: back-off 10s; 3 restarts)"
    assert podstate.describe(make_pod("a", ready=True)) == "default/a: Running"


def test_names_images_that_can_not_be_pulled() -> None:
    """Only images of containers that wait for them are named; init containers count as well."""
    pod = make_pod("a", waiting=("ImagePullBackOff", ""), image="ghcr.io/x/y:main")
    pod["status"]["initContainerStatuses"] = [{"image": "z:1", "state": {"terminated": {"exitCode": 0}}}]
    assert podstate.list_images(pod) == ["ghcr.io/x/y:main"]
