"""The chapter on a user's own objects, which needs some: a right ingester passes, faults turn their cells red."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.record import Status

from .conftest import Acceptance

OBJECTS = """
apiVersion: michelangelo.api/v2
kind: Cluster
metadata: {name: mine, namespace: theirs, labels: {test: mine}}
spec: {}
---
apiVersion: michelangelo.api/v2
kind: InferenceServer
metadata: {name: mine, namespace: theirs}
spec: {}
---
apiVersion: michelangelo.api/v2
kind: ModelFamily
metadata: {name: refused, namespace: theirs}
spec: {unheard: of}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
"""
PROFILE = "upstream-main"
CLUSTER, SERVER, REFUSED = "001-cluster-mine", "002-inferenceserver-mine", "003-modelfamily-refused"


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """Return a file of objects: two that are right, one that the API server refuses, one of another kind."""
    path = tmp_path / "objects.yaml"
    path.write_text(OBJECTS, encoding="utf-8")
    return path


def test_own_objects_pass_or_say_why(objects: Path, acceptance: Acceptance) -> None:
    """A refused one is no pass, and no failure; one of another kind is named."""
    outcome = acceptance.run("--profile", PROFILE, "-m", "objects", "--objects", str(objects))
    assert outcome.exit_code == 0, outcome.output
    right = {(section, own) for section in ("10.1", "10.2") for own in (CLUSTER, SERVER)}
    assert outcome.find(Status.PASS) == right
    assert outcome.find(Status.NOT_APPLICABLE) == {("10.1", REFUSED), ("10.2", REFUSED), ("10.3", "")}
    said = outcome.describe(Status.NOT_APPLICABLE)
    assert 'unknown field "spec.unheard"' in said
    assert "ConfigMap other of v1" in said


@pytest.mark.parametrize(
    ("fault", "cell", "names"),
    [("missing-label", ("10.1", CLUSTER), "key test"), ("hard-delete", ("10.2", SERVER), "deleted for good")],
)
def test_faults_turn_their_cells_red(
    fault: str, cell: tuple[str, str], names: str, objects: Path, acceptance: Acceptance
) -> None:
    """A row that differs from the object, and one that does not outlive it."""
    executable = acceptance.make_executable(f"objects-{fault}", [fault], PROFILE)
    outcome = acceptance.run(
        *("--controllermgr", str(executable), "--profile", PROFILE, "-m", "objects", "--objects", str(objects)),
    )
    assert outcome.find(Status.FAIL) == {cell}, outcome.output
    assert names in outcome.describe(Status.FAIL)
    assert outcome.exit_code == 1


def test_a_file_that_is_no_yaml_is_a_finding(tmp_path: Path, acceptance: Acceptance) -> None:
    """It is named, and nothing else is tried."""
    path = tmp_path / "broken.yaml"
    path.write_text("a: [", encoding="utf-8")
    outcome = acceptance.run("--profile", PROFILE, "-m", "objects", "--objects", str(path))
    assert outcome.find(Status.FAIL) == {("10.3", "")}, outcome.output
    assert "broken.yaml" in outcome.describe(Status.FAIL)


def test_without_objects_there_is_no_check(acceptance: Acceptance) -> None:
    """Nothing is collected."""
    assert acceptance.run("--profile", PROFILE, "-m", "objects").exit_code == pytest.ExitCode.NO_TESTS_COLLECTED
