"""`harness.suite.sampling`: by turns, in pairs, and what does not come is said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from harness.spec.model import Case
from harness.suite import sampling
from harness.suite.sampling import Sampler
from tests.fakes.contract import CONTRACT

Call = tuple[str, str, str]


def _make_context(*kinds: str, blocked: str = "", missing: str = "", immutable: str = "") -> Any:
    return SimpleNamespace(
        cases=[CONTRACT.get_case(kind) for kind in kinds],
        cluster=None,
        registration=SimpleNamespace(missing=[missing]),
        expectations=SimpleNamespace(find_blocking=lambda kind: kind if kind == blocked else None),
        is_immutable=lambda case: case.name == immutable,
    )


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """Return what is measured: side, kind and operation; RayJob's patches never reach the target's rows."""
    made: list[Call] = []

    def measure(side: Any, case: Case, operation: str, _turn: int) -> float | None:
        made.append((side.name, case.name, operation))
        return None if made[-1] == ("target", "RayJob", "patch") else {"control": 0.1, "target": 0.2}[side.name]

    monkeypatch.setattr(sampling._Side, "measure", measure)
    return made


def test_both_are_measured_by_turns(calls: list[Call]) -> None:
    """Each object is written to in both before the next; which is first alternates; the control leads a pair."""
    sampler = Sampler(_make_context("Project", "Revision"), _make_context("Revision", "Project"))
    sampler.take_round()
    assert [side for side, *_ in calls] == ["control", "target"] * 2 + ["target", "control"] * 2
    assert [operation for *_, operation in calls[::2]] == ["create", "patch"] * 2
    assert sampler.samples.pairs == {"create": [(0.1, 0.2)] * 2, "patch": [(0.1, 0.2)] * 2}
    assert sampler.samples.fewest == 2


def test_only_what_both_can_sync_is_measured(calls: list[Call]) -> None:
    """A kind that one lacks, that has no controller there, or that a known issue blocks, is left out."""
    kinds = ("Project", "Revision", "RayJob", "Pipeline")
    control = _make_context(*kinds, blocked="Revision", missing="RayJob")
    sampler = Sampler(control, _make_context("Project", "Revision", "RayJob"))
    sampler.take_round()
    assert {kind for _, kind, _ in calls} == {"Project"}


def test_immutable_kinds_are_only_created(calls: list[Call]) -> None:
    """Of an object that leaves Kubernetes there is nothing to patch."""
    Sampler(_make_context("Project", "Model"), _make_context("Project", "Model", immutable="Model")).take_round()
    assert ("control", "Model", "create") in calls
    assert ("control", "Model", "patch") not in calls


def test_a_row_that_does_not_come_ends_its_kind(calls: list[Call]) -> None:
    """It is named with its side, gives no pair, and costs no further wait."""
    sampler = Sampler(_make_context("RayJob", "Project"), _make_context("RayJob", "Project"))
    sampler.take_round()
    sampler.take_round()
    assert sampler.samples.in_vain == ["RayJob, patch, target"]
    assert len(sampler.samples.pairs["patch"]) == 2
    assert calls.count(("control", "RayJob", "create")) == 1
