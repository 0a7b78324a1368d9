"""Numbers and times at their limits, and enum values that no schema knows, by kind: data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.chapters.hostile_input.input import Input
from harness.chapters.hostile_input.places import Path, split
from harness.spec.model import Kind

_INTEGERS: Mapping[str, str] = {
    "Project": "spec.tier",
    "Model": "spec.revisionId",
    "InferenceServer": "spec.ownerSpec.tier",
    "TriggerRun": "spec.trigger.maxConcurrency",
    "Deployment": "spec.strategy.rolling.incrementPercentage",
}
"""An int32 of each kind that has one which no business controller acts on."""

_ENUMS: Mapping[str, tuple[str, str]] = {
    "Model": ("spec.kind", "MODEL_KIND_"),
    "Pipeline": ("spec.type", "PIPELINE_TYPE_"),
    "InferenceServer": ("spec.tenancyType", "TENANCY_TYPE_"),
    "Cluster": ("spec.sla", "SLA_TYPE_"),
    "SparkJob": ("spec.termination.type", "TERMINATION_TYPE_"),
    "RayCluster": ("spec.termination.type", "TERMINATION_TYPE_"),
    "Deployment": ("spec.definition.type", "TARGET_TYPE_"),
}
"""An enum of each kind that has one, and how its values begin."""

_DOUBLES: Mapping[str, str] = {"Model": "spec.decisionThreshold", "RayJob": "spec.objectStoreMemoryRatio"}

_FREE: Path = ("spec", "input", "number")
_EXACT = 2**53
"""Up to here every integer is a double."""


def list_numbers(kind: Kind) -> list[Input]:
    """Return the kind's numbers, times and enums; none where it has no such field."""
    inputs: list[Input] = []
    if path := _INTEGERS.get(kind.name):
        limits = {"max": 2**31 - 1, "min": -(2**31), "over": 2**31, "under": -(2**31) - 1}
        inputs += _vary("int32-{}", split(path), {**limits, "text": "7", "half": 0.5})
    if kind.name in _DOUBLES:
        inputs += _vary("double-{}", split(_DOUBLES[kind.name]), _list_doubles())
    if kind.name in _ENUMS:
        path, prefix = _ENUMS[kind.name]
        values = {"unknown": f"{prefix}MADE_UP", "lower": f"{prefix}INVALID".lower(), "empty": "", "number": 1}
        inputs += _vary("enum-{}", split(path), values)
    if kind.name == "PipelineRun":
        inputs += _vary("free-{}", _FREE, _list_doubles())
        inputs += _vary(
            "free-integer-{}",
            _FREE,
            {"2-53": _EXACT, "2-53-plus-1": _EXACT + 1, "2-63-less-1": 2**63 - 1, "minus-2-63": -(2**63)},
        )
        inputs += _vary("free-{}", _FREE, {"null": None, "mixed": [None, True, 0, "", {}, [], -1, "0", [[None]]]})
    if kind.name == "TriggerRun":
        inputs += _vary(
            "time-{}",
            split("spec.startTimestamp"),
            {
                "first": "0001-01-01T00:00:00Z",
                "last": "9999-12-31T23:59:59Z",
                "before-1970": "1969-12-31T23:59:59Z",
                "nanoseconds": "2026-02-28T23:59:59.123456789Z",
                "no-day": "2026-02-30T00:00:00Z",
                "no-zone": "2026-02-28T00:00:00",
                "other-zone": "2026-03-01T05:30:00+05:30",
            },
        )
    return inputs


def _vary(name: str, path: Path, values: Mapping[str, Any]) -> list[Input]:
    return [Input(name.format(word), {path: value}, textual=False) for word, value in values.items()]


def _list_doubles() -> dict[str, Any]:
    return {
        "largest": 1.7976931348623157e308,
        "smallest": 5e-324,
        "tenth": 0.1,
        "many-digits": 0.30000000000000004,
        "third": 1 / 3,
        "negative": -2.5e-7,
        "large-whole": 1e22,
    }
