"""Says why a k3d sandbox did not come up: what its pods, their events and their logs say, and the way out.

Judges from what was written: the output of `sandbox.py` first, then the cluster, where there is one to ask. An
error while it asks must not hide the first one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.core.errors import HarnessError
from harness.sandbox.k3d import podstate
from harness.sandbox.k3d.cluster import CLUSTER
from harness.sandbox.k3d.kubectl import Kubectl
from harness.sandbox.ports import describe_holder
from harness.spec.model import JsonObject

_MOST_PODS = 6
_MOST_EVENTS = 5
_LOG_LINES = 12
_LEAVE_OUT = "leave out what the test does not need: --k3d-exclude ui --k3d-exclude ray (also worker, spark, …)"
_RAISE_LIMIT = "If it only needs longer, raise --k3d-wait-timeout"


@dataclass(frozen=True)
class Symptom:
    """Words in the output of `sandbox.py` that tell what went wrong, what that is, and the way out."""

    words: re.Pattern[str]
    problem: str
    way_out: str


_PORT = re.compile(
    r"(?:Bind for|listen tcp[46]?) \S*?:(?P<port>\d+)(?: failed)?: "
    r"(?:port is already allocated|bind: address already in use)"
)
_SYMPTOMS = (
    Symptom(
        re.compile(r"Cannot connect to the Docker daemon|permission denied .*docker\.sock"),
        "Docker does not answer",
        "Start Docker's daemon, and see that this user may use it",
    ),
    Symptom(
        re.compile(r"CR_PAT environment variable is not set"),
        "this sandbox.py wants a token for the container registry",
        "Set CR_PAT as it says, or use a newer checkout, which needs none",
    ),
    Symptom(
        re.compile(r"No such file or directory: .*values-k3d\.yaml"),
        "this sandbox.py lies apart from the Helm chart that it installs",
        "The package michelangelo does not carry the chart; name a checkout with --michelangelo PATH",
    ),
    Symptom(
        re.compile(r"is not a valid chart repository or cannot be reached|failed to fetch .*charts?"),
        "helm can't reach a chart repository",
        "Check the network and its proxy, or do without the operators: --k3d-exclude ray --k3d-exclude spark",
    ),
    Symptom(
        re.compile(r"failed to pull image|toomanyrequests|manifest unknown"),
        "an image of the cluster's own nodes can't be pulled",
        "Check the network and its proxy: `docker pull` of the image that is named shows what is wrong",
    ),
    Symptom(re.compile(r"no space left on device"), "the disk is full", "Make room; see `docker system df`"),
)


def find_symptom(output: str) -> tuple[str, str]:
    """Return the problem and the way out that the output tells of; empty texts where it tells of none."""
    if clash := _PORT.search(output):
        port = int(clash["port"])
        return (
            f"port {port} is taken by {describe_holder(port)}",
            f"End what listens on port {port}; sandbox.py has fixed ports, which `docker ps` shows where another "
            "cluster holds them",
        )
    for symptom in _SYMPTOMS:
        if symptom.words.search(output):
            return symptom.problem, symptom.way_out
    return "", ""


def explain_failure(what: str, output: Sequence[str], kubectl: Kubectl | None) -> HarnessError:
    """Return the error that `what` happened, with the last of `output`, what the pods say, and the way out."""
    problem, way_out = find_symptom("\n".join(output))
    last = [f"    {line}" for line in output if line.strip()][-_LOG_LINES:]
    lines = [f"{what}: {problem}" if problem else what, *last]
    if kubectl is not None and not problem:
        troubles, way_out = describe_pods(kubectl)
        lines += troubles
    return HarnessError("\n".join(lines), hint=way_out or _RAISE_LIMIT)


def describe_pods(
    kubectl: Kubectl, *, concerns: Callable[[JsonObject], bool] = lambda _: True
) -> tuple[list[str], str]:
    """Return what those pods that are not well and that `concerns` selects say, and the way out."""
    try:
        pods = [
            pod for pod in kubectl.list_everywhere("pods") if not podstate.is_well(pod) and concerns(pod)
        ]
        events = kubectl.list_everywhere("events")
        lines = [line for pod in pods[:_MOST_PODS] for line in _describe_pod(kubectl, pod, events)]
    except HarnessError as error:
        return [f"The cluster can't be asked why: {error.problem}"], ""
    if len(pods) > _MOST_PODS:
        lines.append(f"and {len(pods) - _MOST_PODS} more: {', '.join(map(podstate.get_name, pods[_MOST_PODS:]))}")
    return lines, _find_way_out(pods)


def _describe_pod(kubectl: Kubectl, pod: JsonObject, events: list[JsonObject]) -> list[str]:
    own = [event for event in events if event.get("involvedObject", {}).get("uid") == pod["metadata"].get("uid")]
    own.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    namespace, name = pod["metadata"].get("namespace", ""), pod["metadata"]["name"]
    previous = podstate.count_restarts(pod) > 0
    log = kubectl.read_log(namespace, name, _LOG_LINES, previous=previous)
    return [
        podstate.describe(pod),
        *(f"    event {event.get('reason', '')}: {event.get('message', '')}" for event in own[-_MOST_EVENTS:]),
        *(f"    log {line}" for line in log[-_LOG_LINES:]),
    ]


def _find_way_out(pods: list[JsonObject]) -> str:
    """Return the way out of the first trouble that has one."""
    reasons = {reason for pod in pods for reason, _ in podstate.list_reasons(pod)}
    images = sorted({image for pod in pods for image in podstate.list_images(pod)})
    if images:
        image = images[0]
        return (
            "Check the network and its proxy. To bring an image in by hand: "
            f"docker pull {image} && k3d image import {image} -c {CLUSTER}"
        )
    if "Unschedulable" in reasons:
        return f"Give Docker more memory and processors, or {_LEAVE_OUT}"
    if "CreateContainerConfigError" in reasons:
        return "The pod's ConfigMap or Secret is missing: --k3d-existing recreate makes the cluster anew"
    if {"CrashLoopBackOff", "Error", "OOMKilled"} & reasons:
        return "See the log above; `kubectl logs --previous` shows all of it"
    return _RAISE_LIMIT if pods else ""
