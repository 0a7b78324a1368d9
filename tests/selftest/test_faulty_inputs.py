"""Faults that are not the ingester's: a schema or a CRD that is wrong turns exactly the right cells red."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.core.record import Status
from harness.spec.bundle import render_crds, render_schema

from .conftest import Acceptance
from .faults.fault import CONTRACT


def drop_region(schema: Any) -> None:
    """Take a field out of the Cluster's schema, which its CR sets."""
    del schema["properties"]["spec"]["properties"]["region"]


def freeze_entrypoint(schema: Any) -> None:
    """Make the RayJob's entrypoint immutable, which its patch changes."""
    schema["properties"]["spec"]["properties"]["entrypoint"]["x-kubernetes-validations"] = [
        {"rule": "self == oldSelf", "message": "entrypoint is immutable"}
    ]


@pytest.mark.parametrize(
    ("kind", "change", "fails", "not_run", "message"),
    [
        ("Cluster", drop_region, {"1.4"}, {"1.5", "1.6", "2.1", "2.2", "2.3", "2.4"}, "was not accepted"),
        ("RayJob", freeze_entrypoint, {"2.1"}, {"2.2", "2.3"}, "can't be patched"),
    ],
    ids=["creation-refused", "patch-refused"],
)
def test_a_wrong_crd_is_seen(
    kind: str,
    change: Callable[[Any], None],
    fails: set[str],
    not_run: set[str],
    message: str,
    own_acceptance: Acceptance,
    tmp_path: Path,
) -> None:
    """A CR or patch that the API server refuses fails its own cell, and what stands on it did not run."""
    for crd in render_crds(CONTRACT.cases):
        if crd["spec"]["names"]["kind"] == kind:
            change(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
        (tmp_path / f"{crd['metadata']['name']}.yaml").write_text(yaml.safe_dump(crd), encoding="utf-8")
    outcome = own_acceptance.run(
        "--profile", "upstream-main", "--sync-timeout", "3", "--crds", str(tmp_path), "--crd", kind, keep=False
    )
    assert {section for section, _ in outcome.find(Status.FAIL)} - {"3"} == fails, outcome.output
    assert {section for section, _ in outcome.find(Status.NOT_RUN)} - {"3"} == not_run
    assert message in outcome.describe(Status.FAIL)
    assert outcome.exit_code == 1


@pytest.mark.parametrize(
    ("sql", "where"),
    [
        ("ALTER TABLE model MODIFY description VARCHAR(255);", "table model, column description"),
        ("ALTER TABLE cluster_labels MODIFY value VARCHAR(10);", "table cluster_labels, column value"),
        ("ALTER TABLE rayjob MODIFY proto BLOB;", "table rayjob, column proto"),
    ],
)
def test_a_column_that_is_too_small_is_named(
    sql: str, where: str, own_acceptance: Acceptance, tmp_path: Path
) -> None:
    """A column that can't hold what it must fails 1.2 of its kind alone, though the rows of today fit."""
    schema = tmp_path / "schema.sql"
    schema.write_text(f"{render_schema(CONTRACT.kinds)}\n{sql}\n", encoding="utf-8")
    outcome = own_acceptance.run("--profile", "upstream-main", "--schema", str(schema), keep=False)
    kind = next(kind for section, kind in outcome.find(Status.FAIL) if section == "1.2")
    assert outcome.find(Status.FAIL) == {("1.2", kind)}, outcome.output
    assert kind.lower() in where
    assert where in outcome.describe(Status.FAIL)
