"""Promises of `harness.sandbox.k3d.diagnosis`."""

from __future__ import annotations

import socket

import pytest

from harness.sandbox.k3d.diagnosis import describe_pods, explain_failure, find_symptom
from harness.sandbox.k3d.kubectl import Kubectl
from tests.unit.sandbox.k3d.objects import make_event, make_pod
from tests.unit.sandbox.k3d.standins import StandIns


@pytest.mark.parametrize(
    ("output", "problem", "way_out"),
    [
        ("ERRO Cannot connect to the Docker daemon at unix:///x", "Docker does not answer", "Start Docker"),
        ("\nCR_PAT environment variable is not set. To pull", "wants a token", "CR_PAT"),
        ("No such file or directory: '/a/helm/values-k3d.yaml'", "Helm chart", "--michelangelo"),
        (
            'Error: looks like "https://x" is not a valid chart repository or cannot be reached: EOF',
            "chart repository",
            "--k3d-exclude ray",
        ),
        ("docker failed to pull image 'rancher/k3s:v1'", "can't be pulled", "proxy"),
        ("write /x: no space left on device", "disk is full", "docker system df"),
        ("something else", "", ""),
    ],
)
def test_knows_words(output: str, problem: str, way_out: str) -> None:
    """Known words in the output name the problem and the way out; unknown ones name nothing."""
    found = find_symptom(output)
    assert problem in found[0]
    assert way_out in found[1]
    assert bool(found[0]) == bool(problem)


@pytest.mark.parametrize(
    "words",
    [
        "Bind for 0.0.0.0:{port} failed: port is already allocated",
        "listen tcp4 0.0.0.0:{port}: bind: address already in use",
        "listen tcp [::]:{port}: bind: address already in use",
    ],
)
def test_names_the_port_that_is_taken_and_its_holder(words: str) -> None:
    """A clash of ports names the port and the process that holds it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        problem, way_out = find_symptom(f"driver failed: {words.format(port=port)} (exit 1)")
    assert problem.startswith(f"port {port} is taken by ")
    assert "pid" in problem
    assert str(port) in way_out


def test_quotes_the_last_lines_and_the_way_out() -> None:
    """The error says what failed, why, quotes the last 12 lines that say something, and ends with the way out."""
    output = [*(str(number) for number in range(20)), "", "Cannot connect to the Docker daemon"]
    error = explain_failure("sandbox.py create: exit code 1", output, None)
    assert error.problem.splitlines() == [
        "sandbox.py create: exit code 1: Docker does not answer",
        *(f"    {number}" for number in range(9, 20)),
        "    Cannot connect to the Docker daemon",
    ]
    assert error.hint.startswith("Start Docker")


def test_tells_events_and_logs_of_pods_that_are_not_well(standins: StandIns, kubectl: Kubectl) -> None:
    """A pod in trouble comes with its own last events, in order, and its log; a healthy one is not mentioned."""
    pod = make_pod("controllermgr", waiting=("CrashLoopBackOff", "back-off"), restarts=2)
    other = make_pod("mysql", ready=True)
    standins.put(
        pod,
        other,
        make_event(pod, "BackOff", "restarting failed container", "2026-01-01T00:00:09Z"),
        make_event(pod, "Pulled", "image is present", "2026-01-01T00:00:01Z"),
        make_event(other, "Started", "started"),
    )
    standins.put_log("controllermgr", "no mysql stanza\n", previous=True)
    lines, way_out = describe_pods(kubectl)
    assert lines == [
        "default/controllermgr: Running (CrashLoopBackOff: back-off; 2 restarts)",
        "    event Pulled: image is present",
        "    event BackOff: restarting failed container",
        "    log no mysql stanza",
    ]
    assert "log above" in way_out


@pytest.mark.parametrize(
    ("trouble", "way_out"),
    [
        ({"waiting": ("ImagePullBackOff", "denied"), "image": "x/y:main"}, "k3d image import x/y:main"),
        ({"unschedulable": "0/2 nodes: Insufficient memory"}, "Give Docker more memory"),
        ({"waiting": ("CreateContainerConfigError", 'secret "s" not found')}, "recreate"),
        ({"exited": 1}, "log above"),
        ({}, "--k3d-wait-timeout"),
    ],
)
def test_finds_the_way_out(standins: StandIns, kubectl: Kubectl, trouble: dict[str, object], way_out: str) -> None:
    """Each trouble of a pod has its own way out; without a known one it is more timeouts."""
    standins.put(make_pod("a", phase="Pending", **trouble))
    error = explain_failure("sandbox.py create: exit code 1", [], kubectl)
    assert way_out in error.hint
    assert "default/a: Pending" in error.problem


def test_does_not_hide_the_failure_behind_its_own(standins: StandIns, kubectl: Kubectl) -> None:
    """Where the cluster can't be asked, the error is still the first one, and says that too."""
    standins.fail("kubectl", output="The connection to the server was refused")
    error = explain_failure("sandbox.py create: exit code 1", ["ERROR: command failed"], kubectl)
    assert error.problem.startswith("sandbox.py create: exit code 1\n    ERROR: command failed\n")
    assert "can't be asked why" in error.problem
    assert "was refused" in error.problem


def test_names_the_pods_beyond_the_first_six(standins: StandIns, kubectl: Kubectl) -> None:
    """Many pods in trouble are told for six, the rest by name."""
    standins.put(*(make_pod(f"p{number}") for number in range(8)))
    lines, _ = describe_pods(kubectl)
    assert len(lines) == 7
    assert lines[-1] == "and 2 more: default/p6, default/p7"
