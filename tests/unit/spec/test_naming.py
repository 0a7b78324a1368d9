"""Promises of `harness.spec.naming`: the tables that exist say how kinds are named, and nothing else does."""

from __future__ import annotations

import pytest

from harness.spec.naming import (
    KindTables,
    Naming,
    find_naming,
    find_tables,
    list_foreign_tables,
    name_table,
    snake_case,
)


@pytest.mark.parametrize(
    ("kind", "snake"), [("Model", "model"), ("PipelineRun", "pipeline_run"), ("HTTPRoute", "http_route")]
)
def test_words_are_told_apart(kind: str, snake: str) -> None:
    """A capital begins a word, and several of them are one."""
    assert snake_case(kind) == snake


def test_each_way_has_its_name() -> None:
    """The plural is that of the resource, whatever it is."""
    names = [name_table("RayJob", naming, "rayjobs") for naming in Naming]
    assert names == ["rayjob", "ray_job", "rayjobs", "ray_jobs"]
    assert name_table("Policy", Naming.LOWER_PLURAL, "policies") == "policies"


def test_the_tables_that_exist_are_found() -> None:
    """Main table and the suffixes of the other two are read; where those are absent, the usual ones are due."""
    tables = ["ray_job", "ray_job_label", "ray_job_annotations"]
    assert find_tables("RayJob", "rayjobs", tables) == KindTables("ray_job", "_label", "_annotations")
    assert find_tables("RayJob", "rayjobs", ["ray_job"]) == KindTables("ray_job")
    assert find_tables("SparkJob", "sparkjobs", tables) is None


def test_the_way_of_most_kinds_is_the_naming() -> None:
    """A kind of one word fits several ways, and so leaves the choice to the others."""
    kinds = [("Model", "models"), ("RayJob", "rayjobs")]
    assert find_naming(kinds, ["model", "ray_job"]) is Naming.SNAKE
    assert find_naming(kinds, ["model"]) is Naming.LOWER
    assert find_naming(kinds, ["other"]) is None


def test_foreign_tables_are_listed_once() -> None:
    """A table of no kind is named, and those of its labels and annotations with it."""
    tables = ["model", "model_labels", "model_annotations", "x", "x_labels", "x_annotations"]
    assert list_foreign_tables([KindTables("model")], tables) == ["x"]
