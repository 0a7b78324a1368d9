"""Promises of `harness.spec.generic`: of a kind that nobody wrote down, an object and a patch."""

from __future__ import annotations

from typing import Any

import pytest

from harness.core.errors import SettingsError
from harness.spec.generic import make_case
from harness.spec.model import Kind, SpotCheck
from harness.spec.templates import Templates

KIND = Kind("Gadget", "gadgets")


def _schema(**spec: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"spec": {"type": "object", **spec}}}


def test_plain_fields_are_set_and_one_is_patched() -> None:
    """Texts and enums at the top of spec have values; an enum's is not that of an unset one."""
    case = make_case(
        KIND,
        _schema(
            properties={
                "colour": {"type": "string", "enum": ["COLOUR_INVALID", "COLOUR_RED"]},
                "uri": {"type": "string"},
                "size": {"type": "integer"},
                "at": {"type": "string", "format": "date-time"},
                "part": {"type": "object", "properties": {"id": {"type": "string"}}},
            }
        ),
    )
    assert case.example["spec"] == {"colour": "COLOUR_RED", "uri": "uri-12"}
    assert case.patch == {"spec": {"uri": "UPDATED: ingester-test"}}
    assert case.spot_checks == (SpotCheck("spec.uri", "UPDATED: ingester-test"),)
    assert (case.number, case.template, case.can_be_made) == (0, None, True)
    assert case.make_change(1, "other") == {"spec": {"uri": "other"}}


def test_what_is_required_is_there() -> None:
    """Required fields have a value of their type, and so have those inside of them."""
    part = {
        "type": "object",
        "required": ["id", "at", "long", "on", "many", "ratio"],
        "properties": {
            "id": {"type": "string"},
            "at": {"type": "string", "format": "date-time"},
            "long": {"type": "string", "pattern": r"^-?\d{1,19}$"},
            "on": {"type": "boolean"},
            "many": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 3}},
            "ratio": {"type": "number"},
        },
    }
    case = make_case(KIND, _schema(required=["part"], properties={"part": part}))
    assert case.example["spec"]["part"] == {
        "id": "id-11",
        "at": "2001-02-14T15:16:17Z",
        "long": "11",
        "on": True,
        "many": [11, 12],
        "ratio": 11.5,
    }


def test_without_a_plain_text_a_label_is_patched() -> None:
    """A schema of which nothing is known is enough."""
    case = make_case(KIND, {})
    assert case.example["spec"] == {}
    assert case.patch == {"metadata": {"labels": {"updated": "true"}}}
    assert case.spot_checks == (SpotCheck("metadata.labels.updated", "true"),)


def test_its_object_is_rendered_like_any_other() -> None:
    """Name and namespace can be given, a suffix is added, and the case's own example stays as it is."""
    case = make_case(KIND, {})
    obj = Templates(suffix="r1", cases=[case]).render(case, {"namespace": "n"})
    assert obj["metadata"] == {"name": "ingester-test-gadget-r1", "namespace": "n"}
    assert Templates().render(case, {"name": "x"})["metadata"]["name"] == "x"
    assert case.example["metadata"] == {"name": "ingester-test-gadget", "namespace": "ingester-test"}
    assert "kind: Gadget" in Templates().render_text(case)
    assert Templates().get_variables(case) == {"name", "namespace"}
    with pytest.raises(SettingsError, match="variable of Gadget: unknown value 'colour'"):
        Templates().render(case, {"colour": "red"})
