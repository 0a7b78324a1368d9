"""CRs of a run that shares a cluster with others."""

from __future__ import annotations

from harness.spec.templates import Templates
from tests.fakes.contract import CONTRACT


def test_every_object_is_named_after_the_run() -> None:
    """With a suffix all 13 objects have names of the run's own; their labels stay."""
    plain, marked = Templates(), Templates(suffix="r1", cases=CONTRACT.cases)
    for case in CONTRACT.cases:
        before, after = plain.render(case)["metadata"], marked.render(case)["metadata"]
        assert after == {**before, "name": f"{before['name']}-r1"}


def test_references_follow_the_names() -> None:
    """An object that refers to another of the run's by name refers to its new name, and nothing else changes."""
    plain, marked = Templates(), Templates(suffix="r1", cases=CONTRACT.cases)
    spec = marked.render(CONTRACT.get_case("Model"))["spec"]
    assert spec["modelFamily"]["name"] == "ingester-test-model-family-r1"
    assert spec["owner"] == plain.render(CONTRACT.get_case("Model"))["spec"]["owner"]
    run = marked.render(CONTRACT.get_case("PipelineRun"), {"namespace": "elsewhere"})["spec"]["pipeline"]
    assert run == {"namespace": "elsewhere", "name": "ingester-test-pipeline-r1"}
