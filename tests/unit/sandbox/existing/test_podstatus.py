"""Which pod is meant and how it fares."""

from __future__ import annotations

import pytest

from harness.core.errors import HarnessError, SettingsError
from harness.sandbox.base import CONTROLLERMGR, Phase
from harness.sandbox.existing.podstatus import (
    PodName,
    belongs_to,
    describe_pod,
    get_container,
    read_pod_name,
    require_one,
)
from harness.spec.model import JsonObject
from tests.unit.sandbox.existing.pods import make_pod


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (None, PodName("here", CONTROLLERMGR)),
        ("mgr", PodName("here", "mgr")),
        ("there/mgr", PodName("there", "mgr")),
        ("app=mgr", PodName("here", selector="app=mgr")),
        ("there/app=mgr", PodName("there", selector="app=mgr")),
        ("app.kubernetes.io/name=mgr", PodName("here", selector="app.kubernetes.io/name=mgr")),
        ("there/app.kubernetes.io/name=mgr", PodName("there", selector="app.kubernetes.io/name=mgr")),
    ],
)
def test_option_names_a_pod(word: str | None, expected: PodName) -> None:
    """A name or a label, with or without namespace; the usual name is the default."""
    assert read_pod_name(word, "here") == expected


@pytest.mark.parametrize("word", ["", "/", "there/", "/mgr", "a/b/c", "app=", "=mgr", "a/b/c/d=e"])
def test_option_that_names_no_pod_is_refused(word: str) -> None:
    """Whatever has another form is named with a valid example."""
    with pytest.raises(SettingsError, match="--controllermgr-pod"):
        read_pod_name(word, "here")


@pytest.mark.parametrize(
    ("pod", "expected"),
    [("mgr", True), ("mgr-5d9c7b8f4-x2x7k", True), ("mgr-0", True), ("mgr-x2x7k", True),
     ("mgr-other-5d9c7b8f4-x2x7k", False), ("another-mgr", False), ("mgrs", False)],
)  # fmt: skip
def test_pods_of_a_deployment_belong_to_its_name(pod: str, expected: bool) -> None:
    """Pods that a Deployment, StatefulSet or Job of the name makes are meant; others with a like name aren't."""
    assert belongs_to(make_pod(pod), "mgr") is expected


def test_pod_on_its_way_out_gives_way_to_the_new_one() -> None:
    """In a rollout the pod that stays is taken, even if it is the older; the last one is taken if all go."""
    old = make_pod("mgr-1", creationTimestamp="2026-01-01T00:00:00Z")
    leaving = make_pod("mgr-2", creationTimestamp="2026-01-02T00:00:00Z", deletionTimestamp="2026-01-02T00:01:00Z")
    assert PodName("default", "mgr").select([leaving, old]) == [old]
    assert PodName("default", "mgr").select([leaving]) == [leaving]


def test_none_and_several_pods_are_named() -> None:
    """No pod, or two of them, is an error that names what was found and the option."""
    with pytest.raises(HarnessError, match="there is no pod default/mgr"):
        require_one([], PodName("default", "mgr"))
    with pytest.raises(HarnessError, match="2 pods could be default/mgr: mgr-0, mgr-1"):
        require_one([make_pod("mgr-0"), make_pod("mgr-1")], PodName("default", "mgr"))


_ENDED = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}


@pytest.mark.parametrize(
    ("state", "last", "phase", "reason"),
    [
        ({"running": {"startedAt": "2026-11-24T06:00:00Z"}}, {}, Phase.RUNNING, ""),
        ({"waiting": {"reason": "CrashLoopBackOff"}}, _ENDED, Phase.CRASH_LOOP, "exit code 137, OOMKilled"),
        ({"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}, {}, Phase.PENDING,
         "ImagePullBackOff: no such image"),
        ({"terminated": {"exitCode": 0, "reason": "Completed"}}, {}, Phase.COMPLETED, ""),
        ({"terminated": {"exitCode": 2, "reason": "Error"}}, {}, Phase.FAILED, "exit code 2"),
    ],
)  # fmt: skip
def test_phase_is_that_of_the_container(state: JsonObject, last: JsonObject, phase: Phase, reason: str) -> None:
    """The container's state decides, with the words of Kubernetes and the exit code as reason."""
    status = describe_pod(make_pod(state=state, last=last), CONTROLLERMGR, restarts=3)
    assert (status.phase, status.reason, status.restarts) == (phase, reason, 3)


def test_unscheduled_pod_says_why() -> None:
    """A pod without containers yet gives the condition that is not met."""
    pod = make_pod()
    pod["status"] = {
        "phase": "Pending",
        "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
        ],
    }
    status = describe_pod(pod, CONTROLLERMGR, restarts=0)
    assert (status.phase, status.reason) == (Phase.PENDING, "Unschedulable: 0/1 nodes")


def test_pod_is_described_exactly() -> None:
    """Image and digest are in the description, so that a report says what was tested."""
    status = describe_pod(make_pod(), CONTROLLERMGR, restarts=0)
    assert (status.version, status.sha256) == ("app:main", "ab" * 32)
    assert status.path == "pod default/michelangelo-controllermgr, image registry.example/app:main"
    assert status.started_at == 1795500000.0


def test_container_is_the_one_that_kubectl_takes() -> None:
    """Beside sidecars the annotated container counts, else the first."""
    assert get_container(make_pod()) == "app"
    assert get_container(make_pod(annotations={"kubectl.kubernetes.io/default-container": "mgr"})) == "mgr"
