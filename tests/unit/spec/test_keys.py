"""What an object's row is found by, and which features a contract has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from harness.spec.annotations import KEY_ANNOTATION
from harness.spec.features import FEATURES, Life
from harness.spec.keys import get_key
from harness.spec.profiles import load_profile
from harness.spec.versions import make_contract
from tests.fakes.contract import CONTRACT

PINNED = replace(CONTRACT, features={"primary-key": "annotation"})


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [(None, "u1"), ({}, "u1"), ({KEY_ANNOTATION: ""}, "u1"), ({KEY_ANNOTATION: "u0"}, "u0"), ({"a": "b"}, "u1")],
)
def test_a_pinned_key_is_what_the_annotation_says(annotations: Any, expected: str) -> None:
    """Absent or empty, it is the uid."""
    obj = {"metadata": {"uid": "u1", "annotations": annotations}}
    assert get_key(PINNED.get_kind("Project"), obj) == expected


def test_elsewhere_the_annotation_says_nothing() -> None:
    """A version without the feature finds rows by uid."""
    obj = {"metadata": {"uid": "u1", "annotations": {KEY_ANNOTATION: "u0"}}}
    assert get_key(CONTRACT.get_kind("Project"), obj) == "u1"
    assert get_key(replace(PINNED, features={}).get_kind("Project"), obj) == "u1"


def test_a_feature_that_nobody_has_said_is_that_of_the_first_version() -> None:
    """And all of them can be judged."""
    assert {name: CONTRACT.get_feature(name) for name in FEATURES} == {name: v[0] for name, v in FEATURES.items()}
    assert CONTRACT.explain_unknown(FEATURES) == ""


def test_a_value_that_nobody_knows_is_told() -> None:
    """What stands on the others is judged."""
    contract = replace(CONTRACT, features={"finalizer": "webhook", "new": "thing"})
    assert contract.explain_unknown(["finalizer", "primary-key"]) == "feature finalizer is 'webhook'"
    assert contract.explain_unknown(["primary-key"]) == ""


def test_a_profile_says_features_and_lives(tmp_path: Any) -> None:
    """They stand beside what it extends; a MySQL-primary kind is not watched, and need not be known."""
    (tmp_path / "base.toml").write_text(
        'retained_kinds = ["PipelineRun"]\nmysql_primary_kinds = ["Metric", "Cluster"]\n'
        '[features]\nfinalizer = "ingester"\n'
    )
    (tmp_path / "more.toml").write_text('extends = "base.toml"\n[features]\nmissing-row = "done"\n')
    contract = make_contract(load_profile(str(tmp_path / "more.toml")))
    assert contract.features == {"finalizer": "ingester", "missing-row": "done"}
    assert (contract.get_life("PipelineRun"), contract.get_life("Project")) == (Life.RETAINED, Life.MUTABLE)
    assert contract.get_life("Metric") is Life.MYSQL_PRIMARY
    assert "Cluster" not in contract.names
