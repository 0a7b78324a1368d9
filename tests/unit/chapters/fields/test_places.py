"""Which places of an object findings are about."""

from __future__ import annotations

import pytest

from harness.chapters.fields.places import Places


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("spec.steps[0].name", True),
        ("spec.steps[0]", True),
        ("spec.steps", True),
        ("spec.steps[0].name.first", True),
        ("spec.steps[1].name", False),
        ("spec.steps[0].named", False),
        ("status", False),
    ],
)
def test_a_place_is_concerned_within_and_around(place: str, expected: bool) -> None:
    """Also where a finding names the column in front; a name that begins alike is another one."""
    assert Places(["column json, spec.steps[0].name"]).concern(place) is expected
