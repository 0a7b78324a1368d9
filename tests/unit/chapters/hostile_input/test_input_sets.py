"""The inputs of each section and kind: unique names, lengths and sizes as their names say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.chapters.hostile_input.input import Input
from harness.chapters.hostile_input.input_sets import INPUT_SETS, INPUT_SETS_BY_SECTION, PLAIN, pair
from harness.chapters.hostile_input.places import Path, find, get_width, put, split
from harness.spec.bundle import render_crds
from harness.spec.model import Case, JsonObject, Kind
from harness.spec.templates import Templates
from tests.fakes.contract import CONTRACT

ALL = pytest.mark.parametrize("case", CONTRACT.cases, ids=lambda case: case.name)
CRDS = {
    crd["spec"]["names"]["kind"]: crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for crd in render_crds(CONTRACT.cases)
}


def list_inputs(section: str, case: Case) -> dict[str, Input]:
    """Return the section's inputs by name."""
    return {given.name: given for given in INPUT_SETS_BY_SECTION[section].list_inputs(case)}


def get_keys(given: Input, field: str) -> list[str]:
    """Return the keys of the labels or annotations that the input sets."""
    return [str(path[-1]) for path in given.changes if path[:2] == ("metadata", field)]


@ALL
def test_objects_of_a_section_have_names_of_their_own(case: Case) -> None:
    """No two objects of a section share a name, the plain one included; it fits but where it is the input."""
    plain = Templates().render(case)
    for section in INPUT_SETS:
        inputs = [PLAIN, *section.list_inputs(case)]
        names = [given.build(plain, "in-7-10")["metadata"]["name"] for given in inputs]
        assert len(set(names)) == len(names), section.section
        assert len({given.name for given in inputs}) == len(inputs), section.section
        assert section.section == "7.10" or max(map(len, names)) <= 253


@ALL
def test_every_place_is_a_text_of_the_crd(case: Case) -> None:
    """The places are fields that the bundled CRDs have, and that hold text."""
    places = case.inputs.text
    for path in case.texts:
        assert get_schema(case, path)["type"] == "string", path
    for path in places.lists:
        assert get_schema(case, path)["items"] == {"type": "string"}, path
    for path in places.maps:
        assert get_schema(case, path)["type"] == "object", path


@ALL
def test_each_text_stands_in_each_kind(case: Case) -> None:
    """Every text of the classes is in every kind's annotations, and its lists and maps."""
    for number in ("7.1", "7.2", "7.3", "7.4", "7.5"):
        inputs = INPUT_SETS_BY_SECTION[number].list_inputs(case)
        named = {key.partition("/")[2] for given in inputs for key in get_keys(given, "annotations")}
        assert named == {name for given in inputs for name in given.name.split(".")}
        for path in (*case.inputs.text.lists, *case.inputs.text.maps):
            assert all(any(p[: len(split(path))] == split(path) for p in given.changes) for given in inputs)


def test_the_texts_take_turns_in_the_columns() -> None:
    """What stands beside a kind's column in one kind stands in the column of another."""
    texts = {"a": "1", "b": "2"}
    columns = {
        pair(case, texts)[0].changes[split(case.kind.text_columns[0].path)]
        for case in CONTRACT.cases
        if case.kind.text_columns
    }
    assert columns == {"1", "2"}


def test_texts_are_paired_and_counted() -> None:
    """Texts go two by two; the last one of an odd number goes alone."""
    inputs = pair(CONTRACT.get_case("RayJob"), {"a": "1", "b": "2", "c": "3"})
    assert [(given.name, given.parts) for given in inputs] == [("a.b", 2), ("c", 1)]


@ALL
def test_text_at_a_limit_has_its_column_s_length(case: Case) -> None:
    """What is at the limit fills every column, what is over it is one too long in one column."""
    inputs = list_inputs("7.6", case)
    for column in case.kind.text_columns:
        path, width = split(column.path), get_width(column)
        at = [given for name, given in inputs.items() if name.startswith("at-")]
        assert {len(given.changes[path]) for given in at} == {width}
        over = inputs[f"over-{column.name.replace('_', '-')}"]
        assert {p: len(value) for p, value in over.changes.items()} == {path: width + 1}
        assert inputs["over-by-spaces"].changes[path] == "x" * width + "  "


@ALL
def test_long_text_is_as_long_as_it_says(case: Case) -> None:
    """Long text has 64 KiB and more, and goes into no indexed column."""
    columns = {split(column.path) for column in case.kind.text_columns}
    for name, given in list_inputs("7.7", case).items():
        ((path, text),) = given.changes.items()
        assert path not in columns
        sizes = {"long-64k-less-1": 65_535, "long-64k": 65_536}
        assert len(text.encode()) == sizes.get(name, len(text.encode()))
        assert len(json.dumps(text, ensure_ascii=False).encode()) >= 65_535


@ALL
def test_keys_have_the_length_in_their_name(case: Case) -> None:
    """A key of a label or annotation is as long as its input is called."""
    for section, field in (("7.8", "annotations"), ("7.9", "labels")):
        for name, given in list_inputs(section, case).items():
            if "-key-" in name and name[-1].isdigit() and "name" not in name:
                assert [len(key) for key in get_keys(given, field)] == [int(name.rpartition("-")[2])]


def test_annotations_have_the_size_in_their_name() -> None:
    """Sizes are in bytes: of the one value, or of all keys and values, which the API server counts."""
    inputs = list_inputs("7.8", CONTRACT.get_case("Project"))
    for name, given in inputs.items():
        word = name.split("-")
        total = sum(len(f"{path[-1]}{value}".encode()) for path, value in given.changes.items())
        if name.startswith(("annotations-26", "annotation-26")):
            assert total == int(word[1])
        elif name.startswith("annotation-65"):
            assert {len(value.encode()) for value in given.changes.values()} == {int(word[1])}


def test_an_applied_object_carries_itself() -> None:
    """An object sent as kubectl apply does has its configuration in an annotation, beyond what TEXT holds."""
    given = list_inputs("7.8", CONTRACT.get_case("Project"))["applied-70k"]
    obj = given.build(Templates().render(CONTRACT.get_case("Project")), "in")
    (applied,) = obj["metadata"]["annotations"].values()
    assert len(applied.encode()) > 65_535


def test_a_large_object_is_sent_of_every_kind_that_has_room_for_one() -> None:
    """Who skips large objects may skip those of one kind alone."""
    for case in CONTRACT.cases:
        assert "large-300k" in list_inputs("7.12", case), case.name


def test_large_and_deep_objects_are_as_large_and_deep_as_they_say() -> None:
    """An object has 1.4 MiB, one more than etcd takes; nesting has the depth in its name."""
    project, run = CONTRACT.get_case("Project"), CONTRACT.get_case("PipelineRun")
    large = list_inputs("7.12", project)["large-1434k"]
    assert [len(value) for value in large.changes.values()] == [1_434 * 1024]
    for name in ("depth-20", "depth-120"):
        (value,) = list_inputs("7.12", run)[name].changes.values()
        assert get_depth(value) == int(name.rpartition("-")[2])


def test_names_are_as_long_as_kubernetes_takes_them_and_longer() -> None:
    """There are names of 253 characters, with dots and without, and one of 254."""
    names = {n: g.object_name for n, g in list_inputs("7.10", CONTRACT.get_case("Cluster")).items()}
    assert {len(names[name]) for name in ("name-253", "name-253-no-dots", "name-253-other-end")} == {253}
    assert len(names["name-254"]) == 254


@ALL
def test_numbers_are_those_of_fields_that_the_crd_has(case: Case) -> None:
    """Numbers, times and enums are sent to fields of the bundled CRDs."""
    for given in INPUT_SETS_BY_SECTION["7.11"].list_inputs(case):
        for path in given.changes:
            assert get_schema(case, ".".join(map(str, path[:2]))), given.name


def test_what_is_undecodable_passes_the_crd() -> None:
    """What is meant to be undecodable is sent to fields that are plain strings, or anything, for the CRD."""
    found = {case.name: case.inputs.undecodable for case in CONTRACT.cases if case.inputs.undecodable}
    assert set(found) == {"TriggerRun", "Deployment", "RayCluster"}
    for name, given in found.items():
        assert get_schema(CONTRACT.get_case(name), given.path) in ({"type": "string"}, {}), name


def test_values_are_put_at_their_places() -> None:
    """Values reach fields, list items and keys with dots in them; the object given stays as it was."""
    plain: JsonObject = {"metadata": {"name": "a"}, "spec": {}}
    changes: dict[Path, Any] = {
        ("spec", "a", "b.c"): 1,
        ("spec", "list", 0): "x",
        ("metadata", "labels", "k/v"): "w",
    }
    changed = put(plain, changes)
    assert changed == {
        "metadata": {"name": "a", "labels": {"k/v": "w"}},
        "spec": {"a": {"b.c": 1}, "list": ["x"]},
    }
    assert [find(changed, path) for path in changes] == [1, "x", "w"]
    assert find(changed, ("spec", "none", "such")) is None
    assert plain == {"metadata": {"name": "a"}, "spec": {}}


def get_schema(case: Case, path: str) -> Any:
    """Return the schema of a field in the bundled CRD; {} below a field of unknown content."""
    schema = CRDS[case.name]
    for key in path.split("."):
        if schema.get("x-kubernetes-preserve-unknown-fields"):
            return {}
        schema = schema["properties"][key]
    return schema


def get_depth(value: Any) -> int:
    """Return how many objects stand in each other."""
    return 1 + get_depth(next(iter(value.values()))) if isinstance(value, dict) else 0


_OF_KNOWN_KINDS = ("7.6", "7.7", "7.11", "7.12", "7.15")


def test_a_kind_of_which_nothing_is_known_gets_what_every_kind_can_take() -> None:
    """Texts, lengths and names go into its metadata; nothing goes into fields that may not exist."""
    case = Case(0, Kind("Gadget", "gadgets"))
    for inputs_of in INPUT_SETS:
        inputs = inputs_of.list_inputs(case)
        assert bool(inputs) == (inputs_of.section not in _OF_KNOWN_KINDS), inputs_of.section
        assert inputs or inputs_of.absence
        assert {path[0] for given in inputs for path in given.changes} <= {"metadata"}
