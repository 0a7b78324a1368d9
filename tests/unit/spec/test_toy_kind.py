"""A kind is one module and one template: whoever adds these two has added the kind, and edits nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from harness.chapters.faults.load.plan import Verb, make_plan
from harness.chapters.hostile_input.input_sets import INPUT_SETS_BY_SECTION
from harness.core.errors import HarnessError
from harness.spec import kinds
from harness.spec.bundle import render_crds, render_schema
from harness.spec.contract import Contract
from harness.spec.profiles import load_profile
from harness.spec.templates import Templates
from harness.spec.versions import make_contract
from tests.fakes.contract import CONTRACT

MODULE = """
from harness.spec import columns
from harness.spec.model import Case, EnumField, InputPlaces, Kind, SpotCheck, TextPlaces, Turn, Undecodable

CASE = Case(
    14,
    Kind("Widget", "widgets", (columns.text("colour", "spec.colour"), *columns.reference("owner", "spec.owner"))),
    "14-widget.yaml.j2",
    patch={"spec": {"colour": "red"}},
    spot_checks=(SpotCheck("spec.colour", "red"),),
    requires=("Project",),
    status={"message": "status write"},
    inputs=InputPlaces(
        is_thorough=True,
        text=TextPlaces(("spec.label",), ("spec.parts",)),
        integer="spec.size",
        enum=EnumField("spec.type", "WIDGET_TYPE_"),
        undecodable=Undecodable("size-in-words", "spec.label", "large"),
        large_kib=(100,),
    ),
    load={"spec": {"colour": "{text}", "size": Turn((1, 2))}},
    fields={
        "spec": {
            "colour": "string",
            "owner": "Reference",
            "label": "string",
            "parts": ["string"],
            "links": "map",
            "size": "int",
            "type": "enum WIDGET_TYPE_ INVALID ROUND",
        },
        "status": {"message": "string"},
    },
)
"""
TEMPLATE = """
apiVersion: michelangelo.api/v2
kind: Widget
metadata:
  name: {{ name | default("ingester-test-widget") | tojson }}
  namespace: {{ namespace | default("ingester-test") | tojson }}
spec:
  colour: {{ colour | default("blue") | tojson }}
"""


@pytest.fixture
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Contract]:
    """The contract of a profile, once the two files have been written."""
    (tmp_path / "widget.py").write_text(MODULE)
    (tmp_path / "14-widget.yaml.j2").write_text(TEMPLATE)
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    yield make_contract(load_profile("report-2026-03"))
    sys.modules.pop("harness.spec.kinds.widget", None)


def test_the_kind_is_the_contract_s_last(contract: Contract) -> None:
    """It is known by every word that a kind is known by, with what it requires and its three tables."""
    assert contract.names[-2:] == ("Deployment", "Widget")
    for word in ("widget", "Widgets", "14", "14-widget.yaml"):
        assert contract.find_case(word).name == "Widget"
    assert [case.name for case in contract.get_prerequisites(contract.select(["widget"]))] == ["Project"]
    assert contract.tables[-3:] == ("widget", "widget_labels", "widget_annotations")
    assert contract.served_kinds[-1].plural == "widgets"


def test_its_objects_are_rendered(contract: Contract, tmp_path: Path) -> None:
    """Its template renders it, for a run in a cluster of others as well."""
    case = contract.get_case("Widget")
    obj = Templates(tmp_path, suffix="r1", cases=[case]).render(case, {"namespace": "n"})
    assert (obj["metadata"]["name"], obj["spec"]) == ("ingester-test-widget-r1", {"colour": "blue"})


def test_the_reference_serves_and_stores_it(contract: Contract) -> None:
    """The bundled CRDs and schema have it."""
    crd = render_crds(contract.cases)[-1]
    assert (crd["metadata"]["name"], crd["spec"]["names"]["singular"]) == ("widgets.michelangelo.api", "widget")
    schema = render_schema(contract.kinds)
    assert "CREATE TABLE IF NOT EXISTS `widget_annotations`" in schema
    assert "`colour` VARCHAR(255)" in schema


def test_hostile_input_reaches_all_its_places(contract: Contract) -> None:
    """Each section has inputs for it, and the other kinds' are as they were."""
    widget, project = contract.get_case("Widget"), contract.get_case("Project")
    assert all(inputs_of.list_inputs(widget) for inputs_of in INPUT_SETS_BY_SECTION.values())
    before = CONTRACT.get_case("Project")   # as it was without the widget
    assert INPUT_SETS_BY_SECTION["7.5"].list_inputs(project) == INPUT_SETS_BY_SECTION["7.5"].list_inputs(before)


def test_a_load_changes_it(contract: Contract) -> None:
    """The load's plan creates, patches and deletes it."""
    operations = list(islice(make_plan(1, 0, contract.select(["widget"])), 300))
    assert {operation.verb for operation in operations} == set(Verb)
    sizes = {op.body["spec"]["size"] for op in operations if op.verb is Verb.PATCH}
    assert sizes == {1, 2}


def test_two_modules_of_one_number_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who copies a module and forgets its number is told so."""
    (tmp_path / "widget.py").write_text(MODULE.replace("    14,", "    3,"))
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    try:
        with pytest.raises(HarnessError, match="Model and Widget are both number 3"):
            kinds.collect_cases()
    finally:
        sys.modules.pop("harness.spec.kinds.widget", None)
