"""The job that makes the Ingester's tables in a k3d sandbox: found, or applied from its manifest, and awaited."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from harness.core.errors import HarnessError
from harness.core.polling import wait_for
from harness.sandbox.base import SCHEMA_INIT
from harness.sandbox.k3d import podstate
from harness.sandbox.k3d.diagnosis import describe_pods
from harness.sandbox.k3d.kubectl import Kubectl
from harness.spec.model import JsonObject

_INTERVAL_S = 0.5
_LONGEST_INTERVAL_S = 2.0
_JOB_LABEL = "job-name"


def find_manifest(folders: Iterable[Path]) -> Path | None:
    """Return the file in `folders` that defines the job, of several the one that makes most tables."""
    files = (path for folder in folders for path in sorted(folder.glob("*.y*ml")))
    counted = [(_count_tables(path), path) for path in files]
    count, path = max(counted, default=(0, None), key=lambda pair: pair[0])
    return path if count else None


def complete_schema(kubectl: Kubectl, manifest: Path | None, *, timeout_s: float) -> str:
    """Return how the job stands once it is complete; apply `manifest` where the cluster has no such job.

    Kubernetes removes the job a day after its end: without a manifest a missing one is taken for done, and the
    run finds out whether the tables are there. Raises `HarnessError` where it fails or is not complete in time.
    """
    said = "complete"
    if kubectl.get("job", SCHEMA_INIT) is None:
        if manifest is None:
            return "gone: it is removed a day after its end"
        kubectl.apply(manifest)
        said = f"applied from {manifest.name}, complete"
    _wait_for_job(kubectl, timeout_s)
    return said


def repeat_schema(kubectl: Kubectl, manifest: Path, *, timeout_s: float) -> None:
    """Run the job again, for a MySQL server that has lost its tables; HarnessError where it does not complete."""
    kubectl.delete("job", SCHEMA_INIT, timeout_s=timeout_s)
    kubectl.apply(manifest)
    _wait_for_job(kubectl, timeout_s)


def _wait_for_job(kubectl: Kubectl, timeout_s: float) -> None:
    wait = wait_for(
        lambda: kubectl.get("job", SCHEMA_INIT) or {},
        lambda job: _has(job, "Complete"),
        give_up=lambda job: _has(job, "Failed"),
        timeout_s=timeout_s,
        interval_s=_INTERVAL_S,
        max_interval_s=_LONGEST_INTERVAL_S,
    )
    if not wait.satisfied:
        raise _explain(kubectl, wait.value, wait.duration_s)


def _explain(kubectl: Kubectl, job: JsonObject, after_s: float) -> HarnessError:
    failed = podstate.get_condition(job, "Failed")
    reason = f"after {after_s:.0f} s"
    if failed:
        reason = f"{failed.get('reason', 'failed')}: {failed.get('message', '')}"
    said = [f"Job {SCHEMA_INIT} is not complete ({reason})"]
    pods, way_out = describe_pods(kubectl, concerns=_is_of_job)
    hint = f"Once its cause is gone: kubectl delete job {SCHEMA_INIT}, and run again. {way_out}"
    return HarnessError("\n".join([*said, *pods]), hint=hint.strip())


def _is_of_job(pod: JsonObject) -> bool:
    """Return whether the pod is the job's, or MySQL's, for which the job waits."""
    labels = pod["metadata"].get("labels") or {}
    return labels.get(_JOB_LABEL) == SCHEMA_INIT or labels.get("app") == "mysql"


def _has(job: JsonObject, kind: str) -> bool:
    return podstate.get_condition(job, kind).get("status") == "True"


def _count_tables(path: Path) -> int:
    """Return how many tables the file's job makes; 0 where it does not define the job."""
    try:
        found = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return 0
    documents = [each for each in found if isinstance(each, dict)]
    names = {(each.get("kind"), (each.get("metadata") or {}).get("name")) for each in documents}
    if ("Job", SCHEMA_INIT) not in names:
        return 0
    scripts = (text for each in documents if each.get("kind") == "ConfigMap" for text in each["data"].values())
    return sum(text.upper().count("CREATE TABLE") for text in scripts)
