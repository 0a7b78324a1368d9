"""`harness.spec.cases` and `harness.spec.templates`: the 13 cases are whole, and bad words get a helpful answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.errors import HarnessError, SettingsError
from harness.spec.cases import CASES, find_case, get_prerequisites
from harness.spec.catalogue import KINDS
from harness.spec.model import Case
from harness.spec.templates import Templates


def test_there_is_one_case_for_each_kind_in_order() -> None:
    """The cases are numbered as the report's and cover every kind once."""
    assert [case.number for case in CASES] == list(range(1, 14))
    assert {case.name for case in CASES} == {kind.name for kind in KINDS}
    assert len({table for kind in KINDS for table in kind.tables}) == 39


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
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
    assert find_case(word).name == expected


def test_an_unknown_case_lists_the_valid_ones_and_the_nearest() -> None:
    """A typo is answered with what was probably meant."""
    with pytest.raises(SettingsError, match=r"--crd: unknown value 'modle'\ndid you mean Model .*Deployment"):
        find_case("modle")


def test_prerequisites_are_in_order_and_without_the_chosen() -> None:
    """What a case requires comes along, once, unless it is chosen itself."""
    names = [case.name for case in get_prerequisites([find_case("triggerrun"), find_case("rayjob")])]
    assert names == ["Pipeline", "RayCluster"]
    assert get_prerequisites([find_case("model"), find_case("modelfamily")]) == []


@pytest.mark.parametrize(
    "value", ['a "quoted" value', "line\nbreak", "{{ braces }}", "# no comment", "yes", "<&>'", "ü😀"]
)
def test_values_survive_rendering(value: str) -> None:
    """Whatever a variable holds arrives in the object as it is."""
    assert Templates().render(find_case("model"), {"description": value})["spec"]["description"] == value


def test_an_unknown_variable_is_refused() -> None:
    """A misspelt variable is an error that names the valid ones, not a silent no-op."""
    with pytest.raises(SettingsError, match="unknown value 'ownr'\ndid you mean owner"):
        Templates().render(find_case("model"), {"ownr": "me"})


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
        Templates(tmp_path).render(find_case("model"))
    assert "03-model.yaml.j2" in str(caught.value)


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    """A template that isn't there is an error with the way out."""
    with pytest.raises(HarnessError, match=r"03-model.yaml.j2 can't be read .*\n.*git checkout"):
        Templates(tmp_path).render(find_case("model"))
