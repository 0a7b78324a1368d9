"""Promises of `harness.sandbox.k3d.schema`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.core.errors import HarnessError
from harness.sandbox.k3d.kubectl import Kubectl
from harness.sandbox.k3d.schema import complete_schema, find_manifest, repeat_schema
from tests.unit.sandbox.k3d.objects import make_event, make_job, make_pod
from tests.unit.sandbox.k3d.standins import StandIns

_COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}


def _write_manifest(folder: Path, name: str, tables: int, *, job: str = "ingester-schema-init") -> Path:
    sql = "".join(f"CREATE TABLE t{number};" for number in range(tables))
    config_map = {"kind": "ConfigMap", "metadata": {"name": "schema"}, "data": {"init.sql": sql}}
    made = make_job(None)
    made["metadata"]["name"] = job
    path = folder / name
    path.write_text("\n---\n".join(json.dumps(each) for each in (config_map, made)))
    return path


def test_takes_the_manifest_that_makes_most_tables(tmp_path: Path) -> None:
    """Of several files that define the job, that with most tables counts; others are no candidates."""
    other = tmp_path / "other"
    other.mkdir()
    _write_manifest(tmp_path, "a.yaml", 15)
    wanted = _write_manifest(other, "b.yaml", 39)
    _write_manifest(tmp_path, "c.yaml", 99, job="another")
    (tmp_path / "d.yaml").write_text("a: [")
    assert find_manifest([tmp_path, other]) == wanted


def test_finds_no_manifest_where_there_is_none(tmp_path: Path) -> None:
    """Folders without the job, and folders that don't exist, have no manifest."""
    assert find_manifest([tmp_path, tmp_path / "nowhere"]) is None


def test_takes_a_complete_job_as_it_is(standins: StandIns, kubectl: Kubectl) -> None:
    """A job that is complete costs no change of the cluster."""
    standins.put(make_job())
    assert complete_schema(kubectl, None, timeout_s=1) == "complete"
    assert all(" get " in call for call in standins.list_calls("kubectl"))


def test_applies_a_missing_job(standins: StandIns, kubectl: Kubectl, tmp_path: Path) -> None:
    """Where the cluster has no job, its manifest is applied and awaited."""
    standins.configure(statuses={"job": _COMPLETE})
    manifest = _write_manifest(tmp_path, "job.yaml", 39)
    assert complete_schema(kubectl, manifest, timeout_s=1) == "applied from job.yaml, complete"
    assert standins.find("job", "ingester-schema-init") is not None


def test_repeats_a_job(standins: StandIns, kubectl: Kubectl, tmp_path: Path) -> None:
    """A job that is to run again is deleted first: Kubernetes runs no job twice."""
    standins.put(make_job())
    standins.configure(statuses={"job": _COMPLETE})
    repeat_schema(kubectl, _write_manifest(tmp_path, "job.yaml", 39), timeout_s=1)
    verbs = [call.split()[4] for call in standins.list_calls("kubectl")]
    assert verbs == ["delete", "apply", "get"]


def test_takes_a_missing_job_for_done_without_a_manifest(kubectl: Kubectl) -> None:
    """Without a manifest, a job that is gone is said to be gone."""
    assert complete_schema(kubectl, None, timeout_s=1).startswith("gone")


def test_quotes_the_pods_of_a_job_that_failed(standins: StandIns, kubectl: Kubectl) -> None:
    """A failed job ends the wait at once; its pod and MySQL's are quoted, others are not."""
    pod = make_pod("job-x", phase="Failed", exited=1, labels={"job-name": "ingester-schema-init"})
    standins.put(
        make_job("Failed"),
        pod,
        make_pod("mysql", phase="Pending", unschedulable="no memory"),
        make_pod("worker", phase="Pending"),
        make_event(pod, "BackoffLimitExceeded", "Job has reached the limit"),
    )
    standins.put_log("job-x", "ERROR 2002 (HY000): Can't connect to MySQL server\n")
    with pytest.raises(HarnessError) as caught:
        complete_schema(kubectl, None, timeout_s=30)
    assert caught.value.problem.splitlines() == [
        "Job ingester-schema-init is not complete (BackoffLimitExceeded: 4 times)",
        "default/job-x: Failed (Error: exit code 1)",
        "    event BackoffLimitExceeded: Job has reached the limit",
        "    log ERROR 2002 (HY000): Can't connect to MySQL server",
        "default/mysql: Pending (Unschedulable: no memory)",
    ]
    assert "kubectl delete job ingester-schema-init" in caught.value.hint
    assert "Give Docker more memory" in caught.value.hint


def test_says_that_the_job_is_late(standins: StandIns, kubectl: Kubectl) -> None:
    """A job that neither completes nor fails is an error after the time limit."""
    standins.put(make_job(None))
    with pytest.raises(HarnessError, match=r"not complete \(after \d+ s\)"):
        complete_schema(kubectl, None, timeout_s=0.1)
