"""What a pod's status means: whether it does its work, and if not, why, in the cluster's own words.

Only reads dicts as the API server sends them; asks nobody.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.spec.model import JsonObject

IMAGE_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})


def get_name(obj: JsonObject) -> str:
    """Return NAMESPACE/NAME of an object."""
    metadata = obj["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata['name']}"


def is_well(pod: JsonObject) -> bool:
    """Return whether the pod is ready, or has done its work."""
    if pod.get("status", {}).get("phase") == "Succeeded":
        return True
    return get_condition(pod, "Ready").get("status") == "True"


def get_condition(obj: JsonObject, kind: str) -> JsonObject:
    """Return the object's condition of that type, an empty one where it has none."""
    conditions = obj.get("status", {}).get("conditions") or []
    found: JsonObject = next((each for each in conditions if each.get("type") == kind), {})
    return found


def list_reasons(pod: JsonObject) -> list[tuple[str, str]]:
    """Return reason and message of all that keeps the pod from its work; none where nothing is said."""
    found = []
    scheduled = get_condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        found.append((str(scheduled.get("reason", "")), str(scheduled.get("message", ""))))
    for container in _list_containers(pod):
        state = container.get("state") or {}
        waiting, terminated = state.get("waiting"), state.get("terminated")
        if waiting and waiting.get("reason") not in (None, "PodInitializing", "ContainerCreating"):
            found.append((str(waiting["reason"]), str(waiting.get("message", ""))))
        if terminated and terminated.get("exitCode"):
            reason = str(terminated.get("reason") or "Error")
            found.append((reason, f"exit code {terminated['exitCode']} {terminated.get('message', '')}".strip()))
    return found


def count_restarts(pod: JsonObject) -> int:
    """Return how often the pod's containers were started again."""
    return sum(int(container.get("restartCount", 0)) for container in _list_containers(pod))


def list_images(pod: JsonObject, reasons: frozenset[str] = IMAGE_REASONS) -> list[str]:
    """Return the images of the containers that wait for one of `reasons`."""
    return [
        str(container.get("image", ""))
        for container in _list_containers(pod)
        if ((container.get("state") or {}).get("waiting") or {}).get("reason") in reasons
    ]


def describe(pod: JsonObject) -> str:
    """Return the pod and what is known of its trouble, on one line."""
    phase = pod.get("status", {}).get("phase", "Pending")
    reasons = [f"{reason}: {message}" if message else reason for reason, message in list_reasons(pod)]
    restarts = count_restarts(pod)
    restarted = [f"{restarts} restarts"] if restarts else []
    details = "; ".join([*reasons, *restarted])
    return f"{get_name(pod)}: {phase}" + (f" ({details})" if details else "")


def _list_containers(pod: JsonObject) -> Iterator[JsonObject]:
    status = pod.get("status", {})
    yield from status.get("initContainerStatuses") or []
    yield from status.get("containerStatuses") or []
