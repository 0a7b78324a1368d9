"""Each kind's case is whole, and bad words and templates get a helpful answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import HarnessError, SettingsError
from harness.spec.model import Case, Kind
from harness.spec.templates import Templates
from tests.fakes.contract import CONTRACT


def test_there_is_one_case_for_each_kind_in_order() -> None:
    """The cases are numbered as the report's and cover every kind once, with three tables each."""
    assert [case.number for case in CONTRACT.cases] == list(range(1, 14))
    assert len(set(CONTRACT.names)) == 13
    assert len(set(CONTRACT.tables)) == 39


@pytest.mark.parametrize("case", CONTRACT.cases, ids=lambda case: case.name)
def test_every_template_renders_with_its_defaults(case: Case) -> None:
    """A template needs no variable, and renders the report's namespace and its own kind."""
    obj = Templates().render(case)
    assert (obj["kind"], obj["metadata"]["namespace"]) == (case.name, "ingester-test")
    assert obj["metadata"]["labels"]["test"] == "ingester"
    assert case.patch
    assert case.spot_checks


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("model", "Model"),
        ("MODELFAMILY", "ModelFamily"),
        ("rayclusters", "RayCluster"),
        ("3", "Model"),
        ("05", "PipelineRun"),
        ("13-deployment", "Deployment"),
        ("11-sparkjob.yaml.j2", "SparkJob"),
        (" Cluster ", "Cluster"),
    ],
)
def test_a_case_is_found_by_any_of_its_names(word: str, expected: str) -> None:
    """Kind, plural, number and template name all mean the case."""
    assert CONTRACT.find_case(word).name == expected


def test_an_unknown_case_lists_the_valid_ones_and_the_nearest() -> None:
    """A typo is answered with what was probably meant."""
    with pytest.raises(SettingsError, match=r"--crd: unknown value 'modle'\ndid you mean Model .*Deployment"):
        CONTRACT.find_case("modle")


def test_prerequisites_are_in_order_and_without_the_chosen() -> None:
    """What a case requires comes along, once, unless it is chosen itself."""
    chosen = CONTRACT.select(["triggerrun", "rayjob"])
    assert [case.name for case in CONTRACT.get_prerequisites(chosen)] == ["Pipeline", "RayCluster"]
    assert CONTRACT.get_prerequisites(CONTRACT.select(["model", "modelfamily"])) == []


@pytest.mark.parametrize(
    "value", ['a "quoted" value', "line\nbreak", "{{ braces }}", "# no comment", "yes", "<&>'", "ü😀"]
)
def test_values_survive_rendering(value: str) -> None:
    """Whatever a variable holds arrives in the object as it is."""
    assert Templates().render(CONTRACT.find_case("model"), {"description": value})["spec"]["description"] == value


def test_an_unknown_variable_is_refused() -> None:
    """A misspelt variable is an error that names the valid ones, not a silent no-op."""
    with pytest.raises(SettingsError, match="unknown value 'ownr'\ndid you mean owner"):
        Templates().render(CONTRACT.find_case("model"), {"ownr": "me"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: {{ undefined_thing }}", "'undefined_thing' is undefined"),
        ("kind: {{ ", "line 1: unexpected 'end of template'"),
        ("kind: [", "renders no YAML"),
        ("kind: Pipeline", "renders kind 'Pipeline', expected 'Model'"),
        ("- a", "renders kind 'list', expected 'Model'"),
    ],
)
def test_a_broken_template_is_named(tmp_path: Path, text: str, message: str) -> None:
    """A template that can't be used is an error with its path and what is wrong."""
    (tmp_path / "03-model.yaml.j2").write_text(text)
    with pytest.raises(HarnessError, match=message) as caught:
        Templates(tmp_path).render(CONTRACT.find_case("model"))
    assert "03-model.yaml.j2" in str(caught.value)


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    """A template that isn't there is an error with the way out."""
    with pytest.raises(HarnessError, match=r"03-model.yaml.j2 can't be read .*\n.*git checkout"):
        Templates(tmp_path).render(CONTRACT.find_case("model"))


def test_a_kind_without_template_says_so() -> None:
    """A kind of which only its CRD and table are known can be named, and none of its objects can be made."""
    case = Case(0, Kind("Gadget", "gadgets"))
    assert case.words == {"gadget", "gadgets"}
    with pytest.raises(HarnessError, match="there is no template for Gadget"):
        Templates().render(case)


def test_tables_may_be_named_otherwise() -> None:
    """A version may have tables in snake case, and other suffixes for those of labels and annotations."""
    assert Kind("RayJob", "rayjobs").tables == ("rayjob", "rayjob_labels", "rayjob_annotations")
    kind = Kind("RayJob", "rayjobs", table="ray_job", labels_suffix="_tags", annotations_suffix="_notes")
    assert kind.tables == ("ray_job", "ray_job_tags", "ray_job_notes")
