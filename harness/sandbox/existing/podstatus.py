"""Reads pods as the API server sends them: which pod is meant, which container, and how it fares.

Only reads dicts; asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from harness.core.errors import HarnessError, SettingsError
from harness.sandbox.base import CONTROLLERMGR, ComponentStatus, Phase
from harness.spec.model import JsonObject

POD_OPTION = "--controllermgr-pod"

_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
_OF_DEPLOYMENT = r"-[a-z0-9]{1,10}-[a-z0-9]{5}"   # ReplicaSet's hash, pod's suffix
_OF_JOB = r"-[a-z0-9]{5}"
_OF_STATEFUL_SET = r"-\d+"


@dataclass(frozen=True)
class PodName:
    """Which pod is meant: by the name of itself or its Deployment, or by a label selector."""

    namespace: str
    name: str = ""
    selector: str = ""

    def __str__(self) -> str:
        """Return it as the option takes it."""
        return f"{self.namespace}/{self.name or self.selector}"

    def select(self, pods: Iterable[JsonObject]) -> list[JsonObject]:
        """Return those of the namespace's pods that are meant and not on their way out, the newest first.

        Where all that are meant are on their way out, they are returned.
        """
        meant = [pod for pod in pods if self.selector or belongs_to(pod, self.name)]
        staying = [pod for pod in meant if not pod["metadata"].get("deletionTimestamp")]
        return sorted(
            staying or meant, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), reverse=True
        )


def read_pod_name(word: str | None, namespace: str) -> PodName:
    """Return what `[NAMESPACE/]NAME` or `[NAMESPACE/]LABEL=VALUE` means; the default is the usual name."""
    if word is None:
        return PodName(namespace, CONTROLLERMGR)
    place, is_label, value = word.partition("=")
    parts = place.split("/")
    has_namespace = len(parts) > (2 if is_label and "." in parts[0] else 1)   # a label's prefix has a dot
    rest = parts[1:] if has_namespace else parts
    if not all(parts) or len(rest) > (2 if is_label else 1) or bool(is_label) != bool(value):
        raise SettingsError(
            f"{POD_OPTION}: {word!r} names no pod",
            hint=f"Valid: NAMESPACE/NAME or NAMESPACE/LABEL=VALUE, such as default/{CONTROLLERMGR}",
        )
    if has_namespace:
        namespace = parts[0]
    name = "/".join(rest)
    return PodName(namespace, selector=f"{name}={value}") if is_label else PodName(namespace, name)


def belongs_to(pod: JsonObject, name: str) -> bool:
    """Return whether the pod has that name, or one that a Deployment, StatefulSet or Job of that name gives."""
    found = str(pod["metadata"]["name"])
    return bool(re.fullmatch(f"{re.escape(name)}({_OF_DEPLOYMENT}|{_OF_JOB}|{_OF_STATEFUL_SET})?", found))


def get_container(pod: JsonObject) -> str:
    """Return the name of the container that counts: that which kubectl would take."""
    chosen = (pod["metadata"].get("annotations") or {}).get(_DEFAULT_CONTAINER)
    return str(chosen or pod["spec"]["containers"][0]["name"])


def get_restarts(pod: JsonObject) -> int:
    """Return how often the pod's container was started again."""
    return int(_get_status(pod).get("restartCount", 0))


def get_started_at(pod: JsonObject) -> datetime | None:
    """Return when the container that runs now was started; None where none runs."""
    started = _get_status(pod).get("state", {}).get("running", {}).get("startedAt")
    return datetime.fromisoformat(started) if started else None


def describe_pod(pod: JsonObject, name: str, *, restarts: int) -> ComponentStatus:
    """Return the pod as the component `name`, with as many restarts as the caller counts."""
    phase, reason = _read_phase(pod)
    status = _get_status(pod)
    started = get_started_at(pod)
    _, _, digest = str(status.get("imageID", "")).rpartition("sha256:")
    image = str(status.get("image") or pod["spec"]["containers"][0].get("image", ""))
    return ComponentStatus(
        name=name,
        phase=phase,
        restarts=restarts,
        reason=reason,
        started_at=started.timestamp() if started else None,
        version=image.rpartition("/")[2],
        path=f"pod {pod['metadata']['namespace']}/{pod['metadata']['name']}, image {image}",
        sha256=digest,
    )


def require_one(found: list[JsonObject], meant: PodName) -> JsonObject:
    """Return the pod that is meant; HarnessError where there is none or several."""
    if not found:
        raise HarnessError(
            f"there is no pod {meant}",
            hint=f"Name the controller manager's pod with {POD_OPTION}, or its log with --controllermgr-log",
        )
    if len(found) > 1:
        names = ", ".join(str(pod["metadata"]["name"]) for pod in found)
        raise HarnessError(
            f"{len(found)} pods could be {meant}: {names}",
            hint=f"Name one of them with {POD_OPTION}; with several replicas only the leader's log counts",
        )
    return found[0]


def _read_phase(pod: JsonObject) -> tuple[Phase, str]:
    """Return the container's phase, and the reason where all is not well."""
    state = _get_status(pod).get("state", {})
    if waiting := state.get("waiting"):
        reason = str(waiting.get("reason", ""))
        words = f"{reason}: {waiting['message']}" if waiting.get("message") else reason
        is_looping = reason == "CrashLoopBackOff"
        return (Phase.CRASH_LOOP, _describe_end(pod) or words) if is_looping else (Phase.PENDING, words)
    if terminated := state.get("terminated"):
        ended_well = terminated.get("exitCode") == 0
        return (Phase.COMPLETED, "") if ended_well else (Phase.FAILED, _describe_termination(terminated))
    return (Phase.RUNNING, "") if "running" in state else _read_pod_phase(pod.get("status", {}))


def _read_pod_phase(status: JsonObject) -> tuple[Phase, str]:
    """Return the phase of a pod of whose containers nothing is known."""
    match status.get("phase"):
        case "Succeeded":
            return Phase.COMPLETED, ""
        case "Running":
            return Phase.RUNNING, ""
        case "Failed":
            return Phase.FAILED, f"{status.get('reason', '')} {status.get('message', '')}".strip() or "failed"
    unmet = [c for c in status.get("conditions") or [] if c.get("status") == "False" and c.get("message")]
    return Phase.PENDING, "; ".join(f"{c.get('reason', c['type'])}: {c['message']}" for c in unmet)


def _describe_end(pod: JsonObject) -> str:
    terminated = _get_status(pod).get("lastState", {}).get("terminated")
    return _describe_termination(terminated) if terminated else ""


def _describe_termination(terminated: JsonObject) -> str:
    reason = str(terminated.get("reason", ""))
    code = f"exit code {terminated.get('exitCode')}"
    return f"{code}, {reason}" if reason and reason != "Error" else code


def _get_status(pod: JsonObject) -> JsonObject:
    """Return the status of the container that counts; empty before the node has told any."""
    wanted = get_container(pod)
    statuses = pod.get("status", {}).get("containerStatuses") or []
    found: JsonObject = next((status for status in statuses if status["name"] == wanted), {})
    return found
